# SPDX-License-Identifier: MIT
#
# The instances that the build ships, in build/kernels, where the host library looks first. Any other instance
# is compiled when it is first asked for, so this list stays short: what `tw run` and `tw verify` want at once.

add_custom_target(kernels ALL)

# tw_default_kernel(KERNEL TARGETS TARGET... [SET OPTION=VALUE...]): one instance of a described kernel per target.
# The tool names the object by the instance's key, so the build follows a stamp beside it.
function(tw_default_kernel kernel)
    cmake_parse_arguments(PARSE_ARGV 1 instance "" "" "TARGETS;SET")
    tw_expand_targets(targets ${instance_TARGETS})
    tw_tool_command(tool)
    set(settings "")
    foreach(setting IN LISTS instance_SET)
        list(APPEND settings --set ${setting})
    endforeach()
    string(JOIN "." name ${kernel} ${instance_SET})
    foreach(target IN LISTS targets)
        string(REPLACE ":" "-" stamp "${PROJECT_BINARY_DIR}/kernels/stamps/${name}.${target}")
        add_custom_command(OUTPUT "${stamp}"
            COMMAND ${tool} compile ${kernel} --target ${target} ${settings}
                    --into "${PROJECT_BINARY_DIR}/kernels" --depfile "${stamp}.d" --stamp "${stamp}"
            DEPENDS tw
            DEPFILE "${stamp}.d"
            COMMENT "Kernel ${name} for ${target}"
            VERBATIM)
        list(APPEND stamps "${stamp}")
    endforeach()
    string(REPLACE "=" "-" name "kernels.${name}")
    add_custom_target(${name} DEPENDS ${stamps})
    add_dependencies(kernels ${name})
endfunction()

tw_default_kernel(gemm TARGETS cpu emu cuda hip)
tw_default_kernel(gemm TARGETS cpu emu cuda hip SET trans_b=0)
tw_default_kernel(attention TARGETS cpu emu cuda hip)
tw_default_kernel(attention TARGETS cpu cuda hip SET causal=1)
tw_default_kernel(attention TARGETS cpu cuda hip SET d=64)
tw_default_kernel(attention TARGETS cpu cuda hip SET d=64 causal=1)
