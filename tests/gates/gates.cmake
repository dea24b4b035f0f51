# SPDX-License-Identifier: MIT
#
# What a GPU's compiler makes of each kernel's default instance: no spill, no stack frame, the matrix instruction
# that expected.tsv names, within a minute. A row of that table is a test, gates.<kernel>.<target>.

set(expected ${CMAKE_CURRENT_LIST_DIR}/expected.tsv)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${expected})
file(STRINGS ${expected} rows REGEX "^[^#]")
foreach(row IN LISTS rows)
    string(REGEX MATCH "^([a-z_]+)\t([a-z]+):([a-z0-9]+)\t" _ "${row}")
    tw_test(gates.${CMAKE_MATCH_1}.${CMAKE_MATCH_3} LABELS gates
        COMMAND ${CMAKE_CURRENT_LIST_DIR}/gate.sh ${CMAKE_MATCH_1} ${CMAKE_MATCH_2}:${CMAKE_MATCH_3})
endforeach()
tw_test(gates.catch-what-they-should LABELS gates COMMAND ${CMAKE_CURRENT_LIST_DIR}/test_gate.sh)
