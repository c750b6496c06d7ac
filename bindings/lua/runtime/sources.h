/* sources: the Lua modules that durable-lua has inside; made by sources.cmake. */
#ifndef DUR_LUA_SOURCES_H
#define DUR_LUA_SOURCES_H

#include <stddef.h>

typedef struct dur_lua_source {
  const char *module, *chunk, *text;
  size_t len;
} dur_lua_source;

extern const dur_lua_source dur_lua_sources[]; /* ends with a NULL module */

#endif
