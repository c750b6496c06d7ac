/* fake: the fake service for work.lua, as the Lua module bench_fake. */
#include "../fake/fake.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdlib.h>

static fake service;
static durable_transport transport;

/* fake(latency_ms): the transport, for durable.invoke() */
static int make(lua_State *L) {
  service.latency_ms = (long)luaL_checkinteger(L, 1);
  fake_transport(&service, &transport);
  lua_pushlightuserdata(L, &transport);
  return 1;
}

/* event(finished): that of an execution with so many finished steps */
static int event(lua_State *L) {
  size_t len;
  char *text = bench_event((long)luaL_checkinteger(L, 1), &len);
  lua_pushlstring(L, text, len);
  free(text);
  return 1;
}

/* now(): wall seconds, CPU seconds without the service's, resident and peak KiB,
 * calls, updates */
static int now(lua_State *L) {
  lua_pushnumber(L, bench_wall_s());
  lua_pushnumber(L, bench_cpu_s() - service.cpu_s);
  lua_pushinteger(L, bench_rss_kib());
  lua_pushinteger(L, bench_peak_kib());
  lua_pushinteger(L, service.calls);
  lua_pushinteger(L, service.updates);
  return 6;
}

int luaopen_bench_fake(lua_State *L);

__attribute__((visibility("default"))) int luaopen_bench_fake(lua_State *L) {
  lua_newtable(L);
  lua_pushcfunction(L, make);
  lua_setfield(L, -2, "fake");
  lua_pushcfunction(L, event);
  lua_setfield(L, -2, "event");
  lua_pushcfunction(L, now);
  lua_setfield(L, -2, "now");
  return 1;
}
