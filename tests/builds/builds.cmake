# SPDX-License-Identifier: MIT
#
# The whole project, built and tested other ways, each in a folder of its own below the build (the presets
# `clang` and `sanitize` use the same ones): by clang, under the sanitizers, without any device compiler, and
# as a package in somebody else's project.

# No device compilers, and few machines: the main build has them all. The sanitizers look at the host and at the CPU's
# kernels; of the emulated machines they see the unit tests.
set(fewer -DTW_NVCC= -DTW_CLANG_AMDGPU= -DTW_BUILD_DEFAULT_KERNELS=OFF)

# tw_build_test(NAME [OPTIONS -D...] [TESTS label regex] [NOT name regex]): configure, build, and run the tests with
# these labels but not these names.
function(tw_build_test name)
    cmake_parse_arguments(PARSE_ARGV 1 build "" "TESTS;NOT" "OPTIONS")
    set(but "")
    if(build_NOT)
        set(but -E "${build_NOT}")
    endif()
    tw_test(builds.${name} LABELS builds TIMEOUT 3600 PROCESSORS 2
        COMMAND ${CMAKE_CTEST_COMMAND} --build-and-test ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/${name}
            --build-generator ${CMAKE_GENERATOR} --build-noclean
            --build-options -DTW_TEST_OTHER_BUILDS=OFF -DTW_INSTALL=OFF ${build_OPTIONS}
            --test-command ${CMAKE_CTEST_COMMAND} --output-on-failure --no-tests=error --parallel 2 -L ${build_TESTS} ${but})
endfunction()

# What another compiler or a sanitizer sees in these it sees in attention, linear_attention and checker.planted, too.
set(elsewhere "^examples[.](attention_masks|in_parts)[.]|^checker[.]check$|^bench[.](python|without_json)$")

if(TW_CLANG)
    tw_build_test(clang TESTS "^(unit|kernels)$"
        NOT "^examples.*emu|${elsewhere}" # emulated by clang: the conformance suite
        OPTIONS -DCMAKE_C_COMPILER=${TW_CLANG} -DCMAKE_BUILD_TYPE=Release -DTW_TEST_TARGETS=cpu,emu:gfx950
            ${fewer})
endif()
tw_build_test(sanitize TESTS "^(unit|kernels)$" NOT "${elsewhere}"
    OPTIONS -DCMAKE_C_COMPILER=${CMAKE_C_COMPILER} -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_C_FLAGS_DEBUG=-O1 -g"
            -DTW_SANITIZE=address,undefined -DTW_TEST_TARGETS=cpu ${fewer})

foreach(way find_package fetch_content)
    tw_test(builds.package-${way} LABELS builds TIMEOUT 600
        COMMAND ${CMAKE_CURRENT_LIST_DIR}/test_package.sh ${way} ${CMAKE_COMMAND} ${CMAKE_GENERATOR}
                ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
endforeach()
tw_test(builds.no-device-compilers LABELS builds
    COMMAND ${CMAKE_CURRENT_LIST_DIR}/test_no_device_compilers.sh ${CMAKE_COMMAND} ${CMAKE_GENERATOR}
            ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/no-device-compilers)
