/* memory: a workflow in Lua in which the n-th allocation of Lua fails, for many
 * n.  Whatever comes of it, nothing crashes, nothing hangs, and a leak is the
 * sanitizer's to find: no lock is held and no pool is lost when Lua raises.
 *
 *   memory FILE.lua [RUNS]     LUA_PATH finds the module durable */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>

int luaopen_durable_native(lua_State *L);
int luaopen_durable_testing_native(lua_State *L);

typedef struct heap {
  long count; /* allocations so far */
  long fail;  /* the one that fails, and its second try behind a collection of
                 garbage; 0: none */
} heap;

static void *allocate(void *user, void *old, size_t old_size, size_t size) {
  heap *h = user;
  if (size == 0) {
    free(old);
    return NULL;
  }
  /* Lua takes it for granted that a block can shrink. */
  int grows = !old || size > old_size;
  h->count += grows;
  if (grows && h->fail && (h->count == h->fail || h->count == h->fail + 1))
    return NULL;
  return realloc(old, size);
}

static int setup(lua_State *L) {
  const char *file = lua_tostring(L, 1);
  luaL_openlibs(L);
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "preload");
  lua_pushcfunction(L, luaopen_durable_native);
  lua_setfield(L, -2, "durable.native");
  lua_pushcfunction(L, luaopen_durable_testing_native);
  lua_setfield(L, -2, "durable.testing_native");
  if (luaL_loadfile(L, file) != 0)
    return lua_error(L);
  lua_call(L, 0, 1); /* the flow, a function */
  return 1;
}

/* 1: the flow went well; 0: it raised.  *used: its allocations. */
static int run(const char *file, long fail, long *used) {
  heap h = {0, 0};
  lua_State *L = lua_newstate(allocate, &h);
  if (!L)
    exit(2);
  lua_pushcfunction(L, setup);
  lua_pushstring(L, file);
  if (lua_pcall(L, 1, 1, 0) != 0) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    exit(2);
  }
  long before = h.count;
  h.fail = fail ? before + fail : 0;
  int ok = lua_pcall(L, 0, 0, 0) == 0;
  if (!ok && !fail) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    exit(2);
  }
  *used = h.count - before;
  h.fail = 0;
  lua_close(L);
  return ok;
}

int main(int argc, char **argv) {
  long used, ignored, runs = argc > 2 ? atol(argv[2]) : 100;
  int good = 0;
  if (argc < 2)
    return 2;
  (void)run(argv[1], 0, &used);
  for (long i = 0; i < runs; i++)
    good += run(argv[1], 1 + i * used / runs, &ignored);
  printf("%ld of %ld allocations failed, %d flows went well all the same\n",
         runs, used, good);
  return good == runs ? 1 : 0; /* then none of them had failed */
}
