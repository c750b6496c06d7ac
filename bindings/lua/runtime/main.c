/* main: durable-lua, a custom runtime of AWS Lambda for workflows in Lua.
 *
 * One program with Lua, the module durable and its native part inside: it needs
 * libdurable, and no file of its own.  _HANDLER and LAMBDA_TASK_ROOT name the
 * handler, AWS_LAMBDA_RUNTIME_API the server of invocations. */
#include <durable/engine.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources.h"

int luaopen_durable_native(lua_State *L);

static const char USAGE[] =
    "usage: durable-lua [--version | --help]\n"
    "\n"
    "Serve a workflow in Lua as a custom runtime of AWS Lambda.  Environment:\n"
    "  _HANDLER                MODULE.NAME, such as order.handler\n"
    "  LAMBDA_TASK_ROOT        where modules are looked for first; default: .\n"
    "  AWS_LAMBDA_RUNTIME_API  HOST:PORT of the Runtime API\n"
    "On one's own machine: durable run order.lua\n";

/* ---- what is inside */

static int load_source(lua_State *L) {
  const dur_lua_source *source = lua_touserdata(L, lua_upvalueindex(1));
  if (luaL_loadbuffer(L, source->text, source->len, source->chunk) != 0)
    return lua_error(L);
  lua_pushstring(L, source->module);
  lua_call(L, 1, 1);
  return 1;
}

static void preload(lua_State *L) {
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "preload");
  lua_pushcfunction(L, luaopen_durable_native);
  lua_setfield(L, -2, "durable.native");
  for (const dur_lua_source *s = dur_lua_sources; s->module; s++) {
    lua_pushlightuserdata(L, (void *)(uintptr_t)s);
    lua_pushcclosure(L, load_source, 1);
    lua_setfield(L, -2, s->module);
  }
  lua_pop(L, 2);
}

/* ---- where the user's modules are */

static void prepend(lua_State *L, const char *key, const char *root,
                    const char *pattern) {
  lua_getglobal(L, "package");
  lua_getfield(L, -1, key);
  const char *rest = lua_tostring(L, -1);
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (const char *p = pattern; *p; p++) {
    if (*p == '%')
      luaL_addstring(&b, root);
    else
      luaL_addlstring(&b, p, 1);
  }
  luaL_addstring(&b, rest ? rest : "");
  luaL_pushresult(&b);
  lua_setfield(L, -3, key);
  lua_pop(L, 2);
}

static void set_paths(lua_State *L) {
  const char *root = getenv("LAMBDA_TASK_ROOT");
  if (!root || !*root)
    root = ".";
  prepend(L, "path", root, "%/?.lua;%/?/init.lua;");
  prepend(L, "cpath", root, "%/?.so;");
}

/* ---- running */

static int run(lua_State *L) {
  luaL_openlibs(L);
  preload(L);
  set_paths(L);
  lua_getglobal(L, "require");
  lua_pushliteral(L, "durable.runtime");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "main");
  lua_call(L, 0, 1);
  return 1;
}

static int serve(void) {
  lua_State *L = luaL_newstate();
  int status = 1;
  if (!L) {
    fputs("durable-lua: out of memory\n", stderr);
    return status;
  }
  lua_pushcfunction(L, run);
  if (lua_pcall(L, 0, 1, 0) == 0)
    status = (int)lua_tointeger(L, -1);
  else
    fprintf(stderr, "durable-lua: %s\n", lua_tostring(L, -1));
  lua_close(L);
  return status;
}

int main(int argc, char **argv) {
  const char *option = argc > 1 ? argv[1] : "";
  if (strcmp(option, "--version") == 0) {
    printf("durable-lua %s (%s)\n", durable_version_string(), LUA_RELEASE);
    return 0;
  }
  if (strcmp(option, "--help") == 0) {
    fputs(USAGE, stdout);
    return 0;
  }
  /* The runtime's entry point may be given the handler's name. */
  if (option[0] == '-') {
    fprintf(stderr, "durable-lua: %s: no such option\n%s", option, USAGE);
    return 2;
  }
  return serve();
}
