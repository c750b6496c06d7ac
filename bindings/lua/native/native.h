/* native: what the C files of the private module durable.native share.
 *
 * One source for Lua 5.1 to 5.4 and LuaJIT.  Nothing here calls a Lua function
 * that may yield, and no lock of a host is held while Lua allocates: a Lua
 * error leaves by longjmp. */
#ifndef DUR_LUA_NATIVE_H
#define DUR_LUA_NATIVE_H

#include <durable/host.h>
#include <durable/value.h>

#include <lauxlib.h>
#include <lua.h>

#if LUA_VERSION_NUM < 502
#define lua_rawlen lua_objlen
#endif
#if LUA_VERSION_NUM < 503
#define lua_isinteger(L, i) 0
#endif
#ifndef LUA_TCDATA
#define LUA_TCDATA 10 /* LuaJIT's 64-bit integers, among others */
#endif

/* Where a Lua number stops being exact as an integer. */
#define DUR_LUA_EXACT ((int64_t)1 << 53)

/* One invocation: the host, which owns the engine.  Closed by close, or when it
 * is collected. */
typedef struct dur_lua_run {
  durable_host *host; /* NULL: closed */
} dur_lua_run;

#define DUR_LUA_RUN "durable.run"
/* The open run at |index|, or a Lua error. */
dur_lua_run *dur_lua_run_at(lua_State *L, int index);

/* ---- results of C calls */

/* Around a call of the engine by one of the generated wrappers: the text of its
 * failure is kept, for this thread, until dur_lua_status(). */
durable_engine *dur_lua_enter(dur_lua_run *run);
void dur_lua_leave(dur_lua_run *run, int rc);
/* Push |rc|; or, when it is negative, nil, a message and |rc|.  Answers how many
 * values these are. */
int dur_lua_status(lua_State *L, int64_t rc);
/* Push a string; nil for absent bytes. */
void dur_lua_bytes(lua_State *L, durable_bytes bytes);
/* The string at |index|, or absent for nil; anything else is a Lua error. */
durable_bytes dur_lua_to_bytes(lua_State *L, int index);
/* The string at |index|, without NUL inside, or NULL for nil. */
const char *dur_lua_to_text(lua_State *L, int index);

/* ---- fields of option tables; |index| may be nil or a table */

int64_t dur_lua_int(lua_State *L, int index, const char *key);
double dur_lua_float(lua_State *L, int index, const char *key);
const char *dur_lua_text(lua_State *L, int index, const char *key);

/* The policy in the table at |index|: {preset=}, or the fields of
 * durable_retry_policy, where what is given is set.  NULL for nil. */
const durable_retry_policy *dur_lua_policy(lua_State *L, int index,
                                           durable_retry_policy *room);
/* The same of the field |key| of the table at |index|. */
const durable_retry_policy *dur_lua_policy_field(lua_State *L, int index,
                                                 const char *key,
                                                 durable_retry_policy *room);
const durable_step_options *dur_lua_step(lua_State *L, int index,
                                         durable_step_options *room,
                                         durable_retry_policy *retry);
const durable_child_options *dur_lua_child(lua_State *L, int index,
                                           durable_child_options *room);
/* The names are a Lua userdata that is left on the stack. */
const durable_group_options *dur_lua_group(lua_State *L, int index,
                                           durable_group_options *room);

/* ---- values */

/* The Lua value at |index| as a value of |in|; NULL, with why it cannot be one
 * in |why|.  Raises no Lua error. */
durable_value *dur_lua_to_value(lua_State *L, int index, durable_values *in,
                                char *why, size_t size);
/* Push |value|.  0, or -1 with nothing pushed and |why|. */
int dur_lua_push_value(lua_State *L, const durable_value *value, char *why,
                       size_t size);
/* The value at |index| as a text of |form|, in |in|; and a text pushed as a value
 * (absent: nil).  0, or -1 with |why|. */
int dur_lua_print(lua_State *L, int index, int form, durable_values *in,
                  durable_bytes *out, char *why, size_t size);
int dur_lua_parse(lua_State *L, durable_bytes text, int form,
                  durable_values *in, char *why, size_t size);
/* Make a userdata that owns a pool, and leave it on the stack. */
durable_values *dur_lua_pool(lua_State *L);
void dur_lua_pool_drop(lua_State *L, int index);

/* ---- functions of the module, written by hand */

/* What they need in |L|'s registry, and durable.null and the marks in the module
 * on top of the stack. */
void dur_lua_init(lua_State *L);

int dur_lua_open(lua_State *L);      /* run.c */
int dur_lua_close(lua_State *L);     /* run.c */
int dur_lua_outcome(lua_State *L);   /* run.c */
int dur_lua_body(lua_State *L);      /* run.c */
int dur_lua_succeed(lua_State *L);   /* run.c */
int dur_lua_task_wait(lua_State *L); /* run.c */
int dur_lua_combine(lua_State *L);   /* run.c */
int dur_lua_uuid(lua_State *L);      /* run.c */
int dur_lua_abi(lua_State *L);       /* run.c */
int dur_lua_wall_ms(lua_State *L);   /* run.c */
int dur_lua_encode(lua_State *L);    /* value.c */
int dur_lua_decode(lua_State *L);    /* value.c */
int dur_lua_store(lua_State *L);     /* files.c */
int dur_lua_load(lua_State *L);      /* files.c */
int dur_lua_lambda(lua_State *L);    /* lambda.c */

#endif
