# One place for the compiler's flags.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(CCACHE ccache)
mark_as_advanced(CCACHE)
if(CCACHE AND NOT CMAKE_C_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(durable_flags INTERFACE)
target_compile_options(durable_flags INTERFACE
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion
  -Wno-sign-conversion $<$<BOOL:${DURABLE_WERROR}>:-Werror>)
target_compile_definitions(durable_flags INTERFACE _GNU_SOURCE)
if(DURABLE_SANITIZE)
  target_compile_options(durable_flags INTERFACE
    -fsanitize=${DURABLE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(durable_flags INTERFACE -fsanitize=${DURABLE_SANITIZE})
endif()

# One layer: an object library of all sources of its folder.  Empty folders are fine.
function(durable_layer name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${ARGV1}/*.c)
  if(NOT sources)
    return()
  endif()
  add_library(durable_${name} OBJECT ${sources})
  target_include_directories(durable_${name} PRIVATE
    ${PROJECT_SOURCE_DIR}/core ${PROJECT_SOURCE_DIR}/abi/include ${PROJECT_SOURCE_DIR}/abi
    ${PROJECT_SOURCE_DIR})
  target_link_libraries(durable_${name} PRIVATE durable_flags)
endfunction()

# Hardened, versioned shared library out of layers.
function(durable_shared target output map)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${output}
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
    LINK_DEPENDS ${map})
  target_link_options(${target} PRIVATE -Wl,--version-script=${map} -Wl,-z,relro,-z,now)
  if(NOT DURABLE_SANITIZE) # the sanitizer's own names come with the program
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
endfunction()
