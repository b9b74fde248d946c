# The library consists of all rooms except cli and app: libportico.so, libportico.a, the public rooms' headers, and the files by
# which build systems find them. One library has three names: portico::io, portico::http and portico::server (decision
# 7).
include(CMakePackageConfigHelpers)

get_property(objects GLOBAL PROPERTY portico_objects)
get_property(headers GLOBAL PROPERTY portico_headers)
get_property(libraries GLOBAL PROPERTY portico_libraries)
list(REMOVE_DUPLICATES libraries)
file(GLOB top CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/portico/*.h)  # portico/portico.h, portico/version.h
list(APPEND headers ${top})

# A room that is not public provides only those of its headers that public headers include.
set(unread ${headers})
while(unread)
  list(POP_FRONT unread header)
  set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
  file(STRINGS ${header} includes REGEX "^#include \"portico/")
  list(TRANSFORM includes REPLACE "^#include \"([^\"]+)\".*" "${PROJECT_SOURCE_DIR}/\\1")
  list(REMOVE_ITEM includes ${headers})
  list(APPEND headers ${includes})
  list(APPEND unread ${includes})
endwhile()

# The headers that the reference documents (script/reference).
list(TRANSFORM headers REPLACE "^${PROJECT_SOURCE_DIR}/" "" OUTPUT_VARIABLE names)
list(SORT names)
list(JOIN names "\n" names)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/public_headers.txt CONTENT "${names}\n" @ONLY)

foreach(kind static shared)
  string(TOUPPER ${kind} KIND)
  add_library(portico_${kind} ${KIND} ${objects})
  set_target_properties(portico_${kind} PROPERTIES OUTPUT_NAME portico EXPORT_NAME ${kind} LINKER_LANGUAGE CXX)
  target_compile_features(portico_${kind} PUBLIC cxx_std_23)
  target_link_libraries(portico_${kind} PRIVATE ${libraries})
  target_sources(portico_${kind} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${headers})
  install(TARGETS portico_${kind} EXPORT portico-${kind}-targets
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
          FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(EXPORT portico-${kind}-targets NAMESPACE portico:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/portico)
endforeach()

# Symbols carry their version as long as a new minor version means an incompatible change. If a program that was linked
# with 0.1 finds 0.2, the loader reports that.
set_target_properties(portico_shared PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
configure_file(${CMAKE_CURRENT_LIST_DIR}/portico.map.in ${PROJECT_BINARY_DIR}/portico.map @ONLY)
set_property(TARGET portico_shared APPEND PROPERTY LINK_DEPENDS ${PROJECT_BINARY_DIR}/portico.map)
target_link_libraries(portico_shared PRIVATE $<BUILD_INTERFACE:portico_compile>)
target_link_options(portico_shared PRIVATE -Wl,--version-script=${PROJECT_BINARY_DIR}/portico.map
                    -Wl,-Bsymbolic-functions -Wl,--no-undefined -Wl,--as-needed ${PORTICO_LTO_LIBRARY})

# The compiler's data for link-time optimisation fits only this version of the compiler.
if(PORTICO_LTO)
  add_custom_command(TARGET portico_static POST_BUILD VERBATIM COMMAND
    ${CMAKE_OBJCOPY} --wildcard --remove-section=.gnu.lto_* --remove-section=.gnu.debuglto_* $<TARGET_FILE:portico_static>)
endif()

# For CMake: find_package(portico).
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/portico-config.cmake.in ${PROJECT_BINARY_DIR}/portico-config.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/portico)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/portico-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/portico-config.cmake ${PROJECT_BINARY_DIR}/portico-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/portico)

# For all others: pkg-config portico. The folders are relative to portico.pc, so that the tree may be moved.
file(RELATIVE_PATH include_from_pc ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_FULL_INCLUDEDIR})
configure_file(${CMAKE_CURRENT_LIST_DIR}/portico.pc.in ${PROJECT_BINARY_DIR}/portico.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/portico.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
