/* durable/version.h: one place for the version and the visibility macros. */
#ifndef DURABLE_VERSION_H
#define DURABLE_VERSION_H

#include <stddef.h>
#include <stdint.h>

#define DURABLE_VERSION_MAJOR  1
#define DURABLE_VERSION_MINOR  4
#define DURABLE_VERSION_PATCH  0
#define DURABLE_VERSION_NUMBER 10400 /* major * 10000 + minor * 100 + patch */
#define DURABLE_VERSION_STRING "1.4.0"

#if defined(SWIG) || !defined(__GNUC__)
#define DURABLE_API
#define DURABLE_NODISCARD
#else
#define DURABLE_API       __attribute__((visibility("default")))
#define DURABLE_NODISCARD __attribute__((warn_unused_result))
#endif

/* The initializer of a size-first struct: its size, and zero in all else. */
#ifdef __cplusplus
#define DURABLE_SIZED(type)                                                    \
  { sizeof(type) }
#else
#define DURABLE_SIZED(type)                                                    \
  { .size = sizeof(type) }
#endif

#endif
