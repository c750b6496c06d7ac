# What a builder may choose.
option(DURABLE_BUILD_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(DURABLE_CORE_ONLY "Only core and the engine's ABI: no libcurl, no service" OFF)
option(DURABLE_TOOLS "Build the command line, `durable serve`, the examples and the benches" ON)
option(DURABLE_WERROR "Treat warnings as errors" ${PROJECT_IS_TOP_LEVEL})
option(DURABLE_FUZZ "Build the fuzz targets with libFuzzer (clang)" OFF)
set(DURABLE_SANITIZE "" CACHE STRING "Sanitizers, comma separated: address,undefined or thread")
set(DURABLE_PYTHON AUTO CACHE STRING "Build the Python binding: ON, OFF, or AUTO (where it can be)")
set_property(CACHE DURABLE_PYTHON PROPERTY STRINGS AUTO ON OFF)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()
