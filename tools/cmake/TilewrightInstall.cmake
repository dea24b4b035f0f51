# SPDX-License-Identifier: MIT
#
# What `cmake --install` puts where, so that find_package(Tilewright) finds it:
#   include/tilewright/    the tree a kernel sees: tilewright.h, tiles, ops, arch, examples, host headers
#   lib/                   libtilewright_host.a and cmake/Tilewright
#   bin/tw                 the tool
include(CMakePackageConfigHelpers)

set(headers ${CMAKE_INSTALL_INCLUDEDIR}/tilewright)
set(config ${CMAKE_INSTALL_LIBDIR}/cmake/Tilewright)

install(FILES tilewright.h DESTINATION ${headers})
install(DIRECTORY tiles ops arch examples host DESTINATION ${headers}
        FILES_MATCHING PATTERN "*.h" PATTERN "*.inc" PATTERN "*.def")
install(DIRECTORY tests/conformance DESTINATION ${headers}/tests # what `tw verify` compiles
        FILES_MATCHING PATTERN "*.h" PATTERN "*.c" PATTERN "host" EXCLUDE)
file(GLOB kernel_sources RELATIVE ${PROJECT_SOURCE_DIR} examples/*/*.c)
list(FILTER kernel_sources EXCLUDE REGEX "_host\\.c$|/reference\\.c$")
foreach(source IN LISTS kernel_sources)
    get_filename_component(folder ${source} DIRECTORY)
    install(FILES ${source} DESTINATION ${headers}/${folder})
endforeach()

set(targets tilewright tilewright_host)
if(TARGET tw)
    list(APPEND targets tw)
endif()
install(TARGETS ${targets} EXPORT TilewrightTargets)
install(EXPORT TilewrightTargets NAMESPACE Tilewright:: DESTINATION ${config})

set(TW_CONFIG_OPENMP ${OpenMP_C_FOUND})
configure_package_config_file(tools/cmake/TilewrightConfig.cmake.in
    ${PROJECT_BINARY_DIR}/TilewrightConfig.cmake INSTALL_DESTINATION ${config}
    PATH_VARS headers)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/TilewrightConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES
    ${PROJECT_BINARY_DIR}/TilewrightConfig.cmake
    ${PROJECT_BINARY_DIR}/TilewrightConfigVersion.cmake
    tools/cmake/TilewrightToolchain.cmake
    tools/cmake/TilewrightKernel.cmake
    DESTINATION ${config})
