# Headers, libraries with SONAMEs, pkg-config files, a CMake package, the CLI.
include(CMakePackageConfigHelpers)

set(libraries durable)
set(headers version.h engine.h value.h)
if(NOT DURABLE_CORE_ONLY)
  file(GLOB headers RELATIVE ${PROJECT_SOURCE_DIR}/abi/include/durable CONFIGURE_DEPENDS
    abi/include/durable/*.h)
endif()
if(TARGET durable-service)
  list(APPEND libraries durable-service)
else()
  list(REMOVE_ITEM headers run.h service.h)
endif()
list(TRANSFORM headers PREPEND abi/include/durable/)
install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/durable)

set_target_properties(${libraries} PROPERTIES INSTALL_RPATH "$ORIGIN")
install(TARGETS ${libraries} EXPORT DurableTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET durable-cli)
  set_target_properties(durable-cli PROPERTIES
    INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  install(TARGETS durable-cli DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/dex-local-runner
    DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# find_package(Durable): Durable::durable and Durable::service.
set_target_properties(durable PROPERTIES EXPORT_NAME durable)
if(TARGET durable-service)
  set_target_properties(durable-service PROPERTIES EXPORT_NAME service)
endif()
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Durable)
install(EXPORT DurableTargets NAMESPACE Durable:: DESTINATION ${package})
configure_package_config_file(cmake/DurableConfig.cmake.in
  ${PROJECT_BINARY_DIR}/DurableConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/DurableConfigVersion.cmake
  COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/DurableConfig.cmake
  ${PROJECT_BINARY_DIR}/DurableConfigVersion.cmake DESTINATION ${package})

# The pkg-config files find the prefix from their own place.  They name no private
# requirements: there are only shared libraries, and no header includes a foreign one
# but cjson.h, whose users have cJSON.
file(RELATIVE_PATH DURABLE_PC_PREFIX
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_LIBDIR BASE_DIRECTORY "\${prefix}"
  OUTPUT_VARIABLE DURABLE_PC_LIBDIR)
cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_INCLUDEDIR BASE_DIRECTORY "\${prefix}"
  OUTPUT_VARIABLE DURABLE_PC_INCLUDEDIR)
foreach(library IN LISTS libraries)
  configure_file(cmake/${library}.pc.in ${PROJECT_BINARY_DIR}/${library}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${library}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
