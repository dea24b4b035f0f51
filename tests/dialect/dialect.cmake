# SPDX-License-Identifier: MIT
#
# The same headers and kernels in every dialect, without a warning: each compiler and standard below, for each
# machine it can be for. A test is dialect.<compiler>-<standard>.<machine>; a compiler that is not here has none.

set(warnings -Wall -Wextra -Werror -Wundef)
set(everything ${CMAKE_CURRENT_LIST_DIR}/everything.c)
set(attention ${CMAKE_CURRENT_LIST_DIR}/attention.c)
set(include -I${PROJECT_SOURCE_DIR})
# Kernels whose own tests and gates compile them as C11, as CUDA and as C for amdgcn: here the other dialects, and
# without a warning, once.
set(companions based cross_entropy delta_rule gated_linear_attention linear_attention rotary row_norm selective_scan softmax
    ssm state_scan)

find_program(TW_GCC gcc)
find_program(TW_GXX g++)
find_program(TW_CLANG NAMES clang clang-14)
find_program(TW_CLANGXX NAMES clang++ clang++-14)

# tw_dialect(NAME COMMAND...): compile to nothing.
function(tw_dialect name)
    tw_test(dialect.${name} LABELS dialect COMMAND ${ARGN})
endfunction()

# On the host: the CPU, and each GPU machine as the emulator runs it.
foreach(machine IN LISTS TW_MACHINES)
    set(source -DTW_MACHINE=${machine} ${include} -c -o /dev/null)
    foreach(standard c11 c17)
        set(depth -O1)
        if(standard STREQUAL c17) # what optimisation warns of, C11 has shown
            set(depth -fsyntax-only)
        endif()
        if(TW_GCC)
            tw_dialect(gcc-${standard}.${machine} ${TW_GCC} -std=${standard} ${depth} ${warnings} ${source} ${everything})
        endif()
        if(TW_CLANG)
            tw_dialect(clang-${standard}.${machine} ${TW_CLANG} -std=${standard} ${depth} ${warnings} ${source} ${everything})
        endif()
    endforeach()
    if(TW_CLANG)
        tw_dialect(clang-c11-attention.${machine} ${TW_CLANG} -std=c11 -O1 ${warnings} ${source} ${attention})
    endif()
    if(TW_GXX)
        tw_dialect(g++-c++17.${machine} ${TW_GXX} -std=c++17 -O1 ${warnings} ${source} -x c++ ${everything})
        tw_dialect(g++-c++17-attention.${machine} ${TW_GXX} -std=c++17 -O1 ${warnings} ${source} -x c++ ${attention})
    endif()
    if(TW_CLANGXX)
        tw_dialect(clang++-c++17.${machine} ${TW_CLANGXX} -std=c++17 -O1 ${warnings} ${source} -x c++ ${everything})
    endif()
endforeach()

foreach(kernel IN LISTS companions)
    set(source ${include} -c -o /dev/null -x c++ ${PROJECT_SOURCE_DIR}/examples/${kernel}/${kernel}.c)
    if(TW_GXX)
        tw_dialect(g++-c++17-${kernel}.sm90 ${TW_GXX} -std=c++17 -O1 ${warnings} -DTW_MACHINE=sm90 ${source})
    endif()
    if(TW_CLANGXX)
        tw_dialect(clang++-c++17-${kernel}.cpu ${TW_CLANGXX} -std=c++17 -O1 ${warnings} -DTW_MACHINE=cpu ${source})
    endif()
    if(TW_NVCC)
        tw_dialect(nvcc-${kernel}.sm80 ${TW_NVCC} -std=c++17 ${include} -gencode=arch=compute_80,code=sm_80
                   -Werror all-warnings -x cu -cubin -o /dev/null ${PROJECT_SOURCE_DIR}/examples/${kernel}/${kernel}.c)
    endif()
    if(TW_CLANG_AMDGPU)
        tw_dialect(hip-${kernel}.gfx942 ${TW_CLANG_AMDGPU} -x hip --offload-arch=gfx942 -nogpuinc -nogpulib -std=c++17
                   ${warnings} ${include} --cuda-device-only -O3 -S -o /dev/null
                   ${PROJECT_SOURCE_DIR}/examples/${kernel}/${kernel}.c)
    endif()
endforeach()

# On the device: as C++ in CUDA and HIP, the machine named by the build or found from the compiler, a user's own
# file with its <<<>>> launch; and on AMD as plain C, freestanding.
if(TW_NVCC)
    set(host_warnings -Wall,-Wextra,-Werror) # CUDA's own headers do not pass -Wundef
    foreach(target IN LISTS TW_TARGETS_cuda)
        string(REPLACE "cuda:" "" machine ${target})
        set(code ${TW_CODE_${machine}})
        string(REPLACE "sm_" "compute_" virtual ${code})
        set(nvcc ${TW_NVCC} -std=c++17 ${include} -gencode=arch=${virtual},code=${code} -Werror all-warnings
            -Xcompiler ${host_warnings})
        tw_dialect(nvcc.${machine} ${nvcc} -DTW_MACHINE=${machine} -x cu -cubin -o /dev/null ${everything})
        tw_dialect(nvcc-attention.${machine} ${nvcc} -DTW_MACHINE=${machine} -x cu -cubin -o /dev/null ${attention})
        tw_dialect(nvcc-user-file.${machine} ${nvcc} -c -o /dev/null ${CMAKE_CURRENT_LIST_DIR}/user.cu)
    endforeach()
endif()
if(TW_CLANG_AMDGPU)
    foreach(target IN LISTS TW_TARGETS_hip)
        string(REPLACE "hip:" "" machine ${target})
        set(code ${TW_CODE_${machine}})
        foreach(standard c11 c17)
            set(depth -O3 -c)
            if(standard STREQUAL c17)
                set(depth -fsyntax-only)
            endif()
            tw_dialect(amdgcn-${standard}.${machine} ${TW_CLANG_AMDGPU} --target=amdgcn-amd-amdhsa -mcpu=${code} -nogpulib
                       -ffreestanding -std=${standard} ${depth} ${warnings} ${include} -DTW_MACHINE=${machine}
                       -o /dev/null ${everything})
        endforeach()
        set(hip ${TW_CLANG_AMDGPU} -x hip --offload-arch=${code} -nogpuinc -nogpulib -std=c++17 ${warnings} ${include})
        tw_dialect(hip.${machine} ${hip} --cuda-device-only -O3 -S -o /dev/null ${everything})
        tw_dialect(hip-attention.${machine} ${hip} --cuda-device-only -O3 -S -o /dev/null ${attention})
        tw_dialect(hip-user-file.${machine} ${hip} -O3 -c -o /dev/null ${CMAKE_CURRENT_LIST_DIR}/user.hip)
    endforeach()
endif()
