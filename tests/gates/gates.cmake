# SPDX-License-Identifier: MIT
#
# What a GPU's compiler makes of each kernel: the instructions that expected.tsv requires and none that it forbids, no
# spill, no stack frame, within a minute. A variant of a row is a test, gates.<kernel>.<machine>[.<settings>].

set(expected ${CMAKE_CURRENT_LIST_DIR}/expected.tsv)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${expected})
file(READ ${expected} text)
string(REPLACE ";" "|" text "${text}") # between variants; a list's own separator
string(REGEX MATCHALL "(^|\n)[a-z_]+\t[a-z]+:[a-z0-9]+\t[^\t]+" rows "${text}")
foreach(row IN LISTS rows)
    string(REGEX MATCH "([a-z_]+)\t([a-z]+):([a-z0-9]+)\t(.+)" _ "${row}")
    set(kernel ${CMAKE_MATCH_1})
    set(target ${CMAKE_MATCH_2}:${CMAKE_MATCH_3})
    set(machine ${CMAKE_MATCH_3})
    string(REGEX REPLACE " *[|] *" ";" variants "${CMAKE_MATCH_4}")
    foreach(variant IN LISTS variants)
        set(name gates.${kernel}.${machine})
        set(settings ${variant})
        if(variant STREQUAL "default")
            set(settings "")
        else()
            string(REGEX REPLACE "[ =]+" "_" suffix "${variant}")
            string(APPEND name .${suffix})
        endif()
        tw_test(${name} LABELS gates COMMAND ${CMAKE_CURRENT_LIST_DIR}/gate.sh ${kernel} ${target} "${settings}")
    endforeach()
endforeach()
tw_test(gates.catch-what-they-should LABELS gates COMMAND ${CMAKE_CURRENT_LIST_DIR}/test_gate.sh)
