# SPDX-License-Identifier: MIT
#
# tw_add_kernel: compile one kernel source for a list of targets.
#
#   tw_add_kernel(NAME SOURCE FILE TARGETS TARGET... [OPTIONS MACRO=VALUE...] [OUTPUT_DIRECTORY DIR])
#
#   NAME       a custom target that builds every object, part of `all`
#   SOURCE     the kernel's file
#   TARGETS    targets as `tw targets` lists them, or whole families: cpu, emu, cuda, hip. A target whose
#              compiler is missing is left out (one notice was given when the compilers were looked for).
#   OPTIONS    the instance's options, each a macro definition
#   OUTPUT_DIRECTORY   where the objects go, default ${CMAKE_CURRENT_BINARY_DIR}
#
# The objects are NAME.<target>.so, .cubin or .co with `-` for the target's `:`; the custom target's
# property TW_OBJECTS lists them. The flags are the tool's business: its table of compile commands is the
# one place that knows them.
#
#   find_package(Tilewright REQUIRED)
#   tw_add_kernel(scale SOURCE scale.c TARGETS cpu emu:gfx942 cuda OPTIONS SCALE_TILE=64)
include_guard(DIRECTORY)

# Expand families, drop targets without a compiler, refuse unknown ones.
function(tw_expand_targets result)
    foreach(family cpu emu cuda hip MISSING)
        get_property(TW_TARGETS_${family} GLOBAL PROPERTY TW_TARGETS_${family})
    endforeach()
    set(all ${TW_TARGETS_cpu} ${TW_TARGETS_emu} ${TW_TARGETS_cuda} ${TW_TARGETS_hip})
    set(chosen "")
    foreach(target IN LISTS ARGN)
        if(target MATCHES "^(cpu|emu|cuda|hip)$")
            list(APPEND chosen ${TW_TARGETS_${target}})
        elseif(target IN_LIST all)
            list(APPEND chosen ${target})
        else()
            list(JOIN all ", " all)
            message(FATAL_ERROR "tw_add_kernel: no target ${target}; there are ${all}, "
                                "and the families cpu, emu, cuda and hip")
        endif()
    endforeach()
    list(REMOVE_DUPLICATES chosen)
    if(TW_TARGETS_MISSING)
        list(REMOVE_ITEM chosen ${TW_TARGETS_MISSING})
    endif()
    set(${result} ${chosen} PARENT_SCOPE)
endfunction()

# The environment in which the tool compiles: the compilers CMake found.
function(tw_tool_command result)
    set(environment "TW_CC=${CMAKE_C_COMPILER}")
    if(TW_NVCC)
        list(APPEND environment "TW_NVCC=${TW_NVCC}")
    endif()
    if(TW_CLANG_AMDGPU)
        list(APPEND environment "TW_CLANG_AMDGPU=${TW_CLANG_AMDGPU}")
    endif()
    if(TW_SANITIZE)
        list(APPEND environment "TW_CFLAGS=${TW_SANITIZE_FLAGS}")
    endif()
    set(${result} ${CMAKE_COMMAND} -E env ${environment} $<TARGET_FILE:Tilewright::tw> PARENT_SCOPE)
endfunction()

function(tw_add_kernel name)
    cmake_parse_arguments(PARSE_ARGV 1 kernel "" "SOURCE;OUTPUT_DIRECTORY" "TARGETS;OPTIONS")
    if(NOT kernel_SOURCE OR NOT kernel_TARGETS OR kernel_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "tw_add_kernel(${name}): want SOURCE FILE TARGETS TARGET... "
                            "[OPTIONS MACRO=VALUE...] [OUTPUT_DIRECTORY DIR], not ${ARGN}")
    endif()
    if(NOT TARGET Tilewright::tw)
        message(FATAL_ERROR "tw_add_kernel(${name}): the tool tw is not built; set TW_BUILD_TOOL to ON")
    endif()
    get_filename_component(source "${kernel_SOURCE}" ABSOLUTE)
    if(NOT kernel_OUTPUT_DIRECTORY)
        set(kernel_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
    endif()

    tw_expand_targets(targets ${kernel_TARGETS})
    tw_tool_command(tool)
    list(TRANSFORM kernel_OPTIONS PREPEND -D OUTPUT_VARIABLE definitions)
    set(objects "")
    foreach(target IN LISTS targets)
        string(REPLACE ":" "-" file "${kernel_OUTPUT_DIRECTORY}/${name}.${target}")
        if(target MATCHES "^cuda")
            string(APPEND file .cubin)
        elseif(target MATCHES "^hip")
            string(APPEND file .co)
        else()
            string(APPEND file .so)
        endif()
        add_custom_command(OUTPUT "${file}"
            COMMAND ${tool} compile --source "${source}" --target ${target} ${definitions}
                    -o "${file}" --depfile "${file}.d"
            DEPENDS "${source}" Tilewright::tw
            DEPFILE "${file}.d"
            COMMENT "Kernel ${name} for ${target}"
            VERBATIM)
        list(APPEND objects "${file}")
    endforeach()
    add_custom_target(${name} ALL DEPENDS ${objects})
    set_property(TARGET ${name} PROPERTY TW_OBJECTS "${objects}")
endfunction()
