/* run: one invocation, and the calls of the engine whose shape SWIG cannot give.
 */
#include "native.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static _Thread_local char why[512];

/* ---- the userdata */

dur_lua_run *dur_lua_run_at(lua_State *L, int index) {
  dur_lua_run *run = luaL_checkudata(L, index, DUR_LUA_RUN);
  if (!run->host)
    luaL_error(L, "the invocation is over");
  return run;
}

durable_engine *dur_lua_enter(dur_lua_run *run) {
  return durable_host_enter(run->host);
}

void dur_lua_leave(dur_lua_run *run, int rc) {
  if (rc < 0)
    snprintf(why, sizeof why, "%s",
             durable_engine_error(durable_host_engine(run->host)));
  durable_host_leave(run->host);
}

int dur_lua_status(lua_State *L, int64_t rc) {
  if (rc >= 0) {
    lua_pushinteger(L, (lua_Integer)rc);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, why[0] ? why : durable_error_text((int)rc));
  lua_pushinteger(L, (lua_Integer)rc);
  why[0] = '\0';
  return 3;
}

void dur_lua_bytes(lua_State *L, durable_bytes bytes) {
  if (bytes.data)
    lua_pushlstring(L, bytes.data, bytes.len);
  else
    lua_pushnil(L);
}

durable_bytes dur_lua_to_bytes(lua_State *L, int index) {
  durable_bytes out = {NULL, 0};
  if (!lua_isnoneornil(L, index)) {
    luaL_checktype(L, index, LUA_TSTRING);
    out.data = lua_tolstring(L, index, &out.len);
  }
  return out;
}

const char *dur_lua_to_text(lua_State *L, int index) {
  durable_bytes text = dur_lua_to_bytes(L, index);
  if (text.data && memchr(text.data, 0, text.len))
    luaL_error(L, "a string with a zero byte cannot be used here");
  return text.data;
}

/* ---- opening and closing */

static void engine_options(lua_State *L, int index, durable_engine_options *o) {
  o->dialect = (uint32_t)dur_lua_int(L, index, "dialect");
  o->deadline_ms = dur_lua_int(L, index, "deadline_ms");
  o->linger_ms = (uint32_t)dur_lua_int(L, index, "linger_ms");
  o->stay_ms = (uint32_t)dur_lua_int(L, index, "stay_ms");
  o->records = (uint32_t)dur_lua_int(L, index, "records");
  o->seed = (uint64_t)dur_lua_int(L, index, "seed");
  o->set =
      (dur_lua_int(L, index, "set_linger") ? DURABLE_ENGINE_SET_LINGER : 0u) |
      (dur_lua_int(L, index, "set_seed") ? DURABLE_ENGINE_SET_SEED : 0u);
  o->request_id = dur_lua_text(L, index, "request_id");
}

static const durable_transport *transport(lua_State *L, int index) {
  lua_getfield(L, index, "transport");
  const durable_transport *t = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return t;
}

/* open(event, options): a run; or nil, a message and a code, PROTOCOL when the
 * event is none of a durable execution. */
int dur_lua_open(lua_State *L) {
  durable_engine_options eo = DURABLE_ENGINE_OPTIONS_INIT;
  durable_host_options ho = DURABLE_HOST_OPTIONS_INIT;
  durable_engine *engine = NULL;
  durable_bytes event = dur_lua_to_bytes(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  engine_options(L, 2, &eo);
  const durable_transport *wire = transport(L, 2);
  dur_lua_run *run = lua_newuserdata(L, sizeof *run);
  run->host = NULL;
  luaL_getmetatable(L, DUR_LUA_RUN);
  lua_setmetatable(L, -2);
  ho.pull_records = 1; /* no thread of the host may call Lua */
  ho.event_loop = 2;   /* what one round of the coroutines asks goes together,
                          unless a body blocks */
  int rc = durable_host_new(&run->host, &ho);
  if (rc == DURABLE_OK) {
    eo.now_ms = durable_host_now(run->host);
    rc = durable_engine_new(&engine, &eo, event);
  }
  if (rc == DURABLE_OK)
    rc = durable_host_attach(run->host, engine, wire);
  if (rc == DURABLE_OK)
    return 1;
  if (engine)
    snprintf(why, sizeof why, "%s", durable_engine_error(engine));
  durable_engine_free(engine);
  durable_host_close(run->host);
  run->host = NULL;
  return dur_lua_status(L, rc);
}

int dur_lua_close(lua_State *L) {
  dur_lua_run *run = luaL_checkudata(L, 1, DUR_LUA_RUN);
  durable_host *host = run->host;
  run->host = NULL;
  durable_host_close(host);
  return 0;
}

/* ---- bodies */

/* body(run, op): which body RUN asks for, and its attempt */
int dur_lua_body(lua_State *L) {
  dur_lua_run *run = dur_lua_run_at(L, 1);
  durable_op_id op = (durable_op_id)luaL_checkinteger(L, 2);
  durable_engine *e = dur_lua_enter(run);
  int kind = durable_engine_op_body(e, op);
  int attempt = durable_engine_op_attempt(e, op);
  dur_lua_leave(run, 0);
  lua_pushinteger(L, kind);
  lua_pushinteger(L, attempt);
  return 2;
}

/* succeed(run, op, value, form): the outcome of a body, in a built-in form:
 *   a number                the payload's size
 *   false, message          the value cannot be stored
 *   nil, message, code      the engine refused it */
int dur_lua_succeed(lua_State *L) {
  char wrong[512] = "";
  dur_lua_run *run = dur_lua_run_at(L, 1);
  durable_op_id op = (durable_op_id)luaL_checkinteger(L, 2);
  int form = (int)luaL_checkinteger(L, 4), rc;
  durable_bytes text;
  durable_values *in = dur_lua_pool(L);
  int pool = lua_gettop(L);
  if (dur_lua_print(L, 3, form, in, &text, wrong, sizeof wrong) != 0) {
    dur_lua_pool_drop(L, pool);
    lua_pushboolean(L, 0);
    lua_pushstring(L, wrong);
    return 2;
  }
  rc = durable_engine_op_succeed(dur_lua_enter(run), op, text);
  dur_lua_leave(run, rc);
  int64_t size = (int64_t)text.len;
  dur_lua_pool_drop(L, pool);
  return dur_lua_status(L, rc < 0 ? rc : size);
}

/* ---- what an operation came to */

/* outcome(run, op, form): of a settled operation
 *   true, value          it succeeded; |form| nil: the payload as it is
 *   false, message       it succeeded, but its payload is not of that form
 *   nil, status, kind, ErrorObject   it did not */
int dur_lua_outcome(lua_State *L) {
  char wrong[512] = "";
  dur_lua_run *run = dur_lua_run_at(L, 1);
  durable_op_id op = (durable_op_id)luaL_checkinteger(L, 2);
  int kind = 0;
  durable_engine *e = dur_lua_enter(run);
  int status = durable_engine_op_status(e, op);
  durable_bytes text = durable_engine_op_result(e, op);
  if (status != DURABLE_STATUS_SUCCEEDED) {
    kind = durable_engine_op_error_kind(e, op);
    text = durable_engine_op_error(e, op);
  }
  dur_lua_leave(run, status);
  if (status != DURABLE_STATUS_SUCCEEDED) {
    lua_pushnil(L);
    lua_pushinteger(L, status);
    lua_pushinteger(L, kind);
    dur_lua_bytes(L, text);
    return 4;
  }
  if (lua_isnoneornil(L, 3) || !text.data) {
    lua_pushboolean(L, 1);
    dur_lua_bytes(L, text);
    return 2;
  }
  durable_values *in = dur_lua_pool(L);
  int pool = lua_gettop(L);
  lua_pushboolean(L, 1);
  int ok = dur_lua_parse(L, text, (int)lua_tointeger(L, 3), in, wrong,
                         sizeof wrong) == 0;
  dur_lua_pool_drop(L, pool);
  if (ok)
    return 2;
  lua_pushboolean(L, 0);
  lua_pushstring(L, wrong);
  return 2;
}

/* ---- arrays of operations */

static durable_op_id *ops_at(lua_State *L, int index, size_t *count) {
  luaL_checktype(L, index, LUA_TTABLE);
  *count = lua_rawlen(L, index);
  durable_op_id *ops = lua_newuserdata(L, (*count + 1) * sizeof *ops);
  for (size_t i = 0; i < *count; i++) {
    lua_rawgeti(L, index, (int)i + 1);
    ops[i] = (durable_op_id)lua_tointeger(L, -1);
    lua_pop(L, 1);
  }
  return ops;
}

/* task_wait(run, task, ops, all): as durable_host_task_wait_for() that never
 * blocks */
int dur_lua_task_wait(lua_State *L) {
  size_t count;
  dur_lua_run *run = dur_lua_run_at(L, 1);
  durable_task_id task = (durable_task_id)luaL_checkinteger(L, 2);
  durable_op_id *ops = ops_at(L, 3, &count);
  int rc = durable_host_task_wait_for(run->host, task, ops, count,
                                      lua_toboolean(L, 4), 0);
  return dur_lua_status(L, rc);
}

/* combine(run, task, ctx, name, mode, ops) */
int dur_lua_combine(lua_State *L) {
  size_t count;
  dur_lua_run *run = dur_lua_run_at(L, 1);
  const char *name = dur_lua_to_text(L, 4);
  durable_op_id *ops = ops_at(L, 6, &count);
  durable_engine *e = dur_lua_enter(run);
  int rc = durable_engine_combine(e, (durable_task_id)lua_tointeger(L, 2),
                                  (durable_ctx_id)lua_tointeger(L, 3), name,
                                  (int)lua_tointeger(L, 5), ops, count);
  dur_lua_leave(run, rc);
  return dur_lua_status(L, rc);
}

/* ---- small things */

/* uuid(run, ctx) */
int dur_lua_uuid(lua_State *L) {
  char text[DURABLE_UUID_SIZE] = "";
  dur_lua_run *run = dur_lua_run_at(L, 1);
  durable_engine *e = dur_lua_enter(run);
  int rc =
      durable_engine_uuid(e, (durable_ctx_id)luaL_checkinteger(L, 2), text);
  dur_lua_leave(run, rc);
  if (rc < 0)
    return dur_lua_status(L, rc);
  lua_pushstring(L, text);
  return 1;
}

/* wall_ms(): Unix milliseconds */
int dur_lua_wall_ms(lua_State *L) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  lua_pushinteger(L, (lua_Integer)t.tv_sec * 1000 + t.tv_nsec / 1000000);
  return 1;
}

/* abi(): nothing, or why this library is too old */
int dur_lua_abi(lua_State *L) {
  char text[256] = "";
  if (durable_engine_abi(DURABLE_VERSION_MAJOR, DURABLE_VERSION_MINOR, text,
                         sizeof text) == DURABLE_OK)
    return 0;
  lua_pushstring(L, text);
  return 1;
}

/* ---- the module */

static int drop_pool(lua_State *L) {
  dur_lua_pool_drop(L, 1);
  return 0;
}

static void finalizer(lua_State *L, const char *type, lua_CFunction fn) {
  luaL_newmetatable(L, type);
  lua_pushcfunction(L, fn);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
}

/* A metatable that says what its tables are. */
static void mark(lua_State *L, const char *kind) {
  char name[32];
  snprintf(name, sizeof name, "durable.%s", kind);
  if (luaL_newmetatable(L, name)) {
    lua_pushstring(L, kind);
    lua_setfield(L, -2, "__durable");
  }
  lua_setfield(L, -2, kind);
}

void dur_lua_init(lua_State *L) {
  static const char *const KINDS[] = {"array",   "tuple",    "bytes", "uuid",
                                      "decimal", "datetime", "date"};
  finalizer(L, DUR_LUA_RUN, dur_lua_close);
  finalizer(L, "durable.pool", drop_pool);
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  lua_newtable(L);
  for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
    mark(L, KINDS[i]);
  lua_setfield(L, -2, "marks");
}
