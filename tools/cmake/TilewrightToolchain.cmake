# SPDX-License-Identifier: MIT
#
# Which targets can be compiled here: arch/registry.def's machines times the compilers found.
#
#   TW_NVCC           CUDA's compiler, 12.4 or newer        (cuda:*)   -DTW_NVCC= leaves it out
#   TW_CLANG_AMDGPU   a clang, 22 or newer, with amdgcn     (hip:*)    -DTW_CLANG_AMDGPU= leaves it out
#
# Sets TW_TARGETS_cpu, TW_TARGETS_emu, TW_TARGETS_cuda and TW_TARGETS_hip, each a list of targets as `tw`
# names them, of all machines; TW_TARGETS_MISSING, those whose compiler is not here; and TW_MACHINES.
include_guard(DIRECTORY)

if(NOT TW_ROOT) # the installed package has set it
    get_filename_component(TW_ROOT "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
endif()
set(registry "${TW_ROOT}/arch/registry.def")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${registry}")

find_program(TW_NVCC nvcc PATHS $ENV{CUDA_HOME} /usr/local/cuda PATH_SUFFIXES bin
             DOC "CUDA's compiler for the cuda targets; empty leaves them out")
find_program(TW_CLANG_AMDGPU NAMES clang-24 clang-23 clang-22
             DOC "Clang with the amdgcn back end for the hip targets; empty leaves them out")

set(TW_MACHINES "")
set(TW_TARGETS_cpu cpu)
set(TW_TARGETS_emu "")
set(TW_TARGETS_cuda "")
set(TW_TARGETS_hip "")
file(STRINGS "${registry}" rows REGEX "^TW_MACHINE_ROW\\(")
foreach(row IN LISTS rows)
    string(REGEX MATCH "\\(([a-z0-9]+), *([a-z]+), *([a-z0-9_]+)," _ "${row}")
    set(machine ${CMAKE_MATCH_1})
    set(vendor ${CMAKE_MATCH_2})
    list(APPEND TW_MACHINES ${machine})
    set(TW_CODE_${machine} ${CMAKE_MATCH_3})
    if(vendor STREQUAL nvidia)
        list(APPEND TW_TARGETS_emu emu:${machine})
        list(APPEND TW_TARGETS_cuda cuda:${machine})
    elseif(vendor STREQUAL amd)
        list(APPEND TW_TARGETS_emu emu:${machine})
        list(APPEND TW_TARGETS_hip hip:${machine})
    endif()
endforeach()

set(TW_TARGETS_MISSING "")
if(NOT TW_NVCC)
    list(APPEND TW_TARGETS_MISSING ${TW_TARGETS_cuda})
    list(JOIN TW_TARGETS_cuda ", " left_out)
    message(NOTICE "Tilewright: no nvcc (CUDA 12.4 or newer), so nothing is compiled for ${left_out}")
endif()
if(NOT TW_CLANG_AMDGPU)
    list(APPEND TW_TARGETS_MISSING ${TW_TARGETS_hip})
    list(JOIN TW_TARGETS_hip ", " left_out)
    message(NOTICE "Tilewright: no clang-22 (Debian: clang-22 lld-22), so nothing is compiled for ${left_out}")
endif()

# tw_add_kernel may be called from another directory's scope (FetchContent), where variables do not reach.
foreach(list TW_TARGETS_cpu TW_TARGETS_emu TW_TARGETS_cuda TW_TARGETS_hip TW_TARGETS_MISSING)
    set_property(GLOBAL PROPERTY ${list} "${${list}}")
endforeach()
