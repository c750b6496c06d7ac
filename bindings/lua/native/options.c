/* options: option tables of Lua to the structs of durable/engine.h. */
#include "native.h"

#include <stdint.h>
#include <string.h>

static void field(lua_State *L, int index, const char *key) {
  if (lua_istable(L, index))
    lua_getfield(L, index, key);
  else
    lua_pushnil(L);
}

static int64_t whole(lua_State *L, const char *key) {
  double n = (double)lua_tonumber(L, -1);
  if (lua_type(L, -1) != LUA_TNUMBER || n < -9007199254740992.0 ||
      n > 9007199254740992.0 || n != (double)(int64_t)n)
    luaL_error(L, "%s: a whole number was expected", key);
  return (int64_t)n;
}

int64_t dur_lua_int(lua_State *L, int index, const char *key) {
  field(L, index, key);
  int64_t n = 0;
  if (lua_type(L, -1) == LUA_TBOOLEAN)
    n = lua_toboolean(L, -1);
  else if (!lua_isnil(L, -1))
    n = whole(L, key);
  lua_pop(L, 1);
  return n;
}

static uint32_t count(lua_State *L, int index, const char *key) {
  int64_t n = dur_lua_int(L, index, key);
  if (n < 0 || n > UINT32_MAX)
    luaL_error(L, "%s: a number from 0 to 4294967295 was expected", key);
  return (uint32_t)n;
}

double dur_lua_float(lua_State *L, int index, const char *key) {
  field(L, index, key);
  if (!lua_isnil(L, -1) && lua_type(L, -1) != LUA_TNUMBER)
    luaL_error(L, "%s: a number was expected", key);
  double n = (double)lua_tonumber(L, -1);
  lua_pop(L, 1);
  return n;
}

/* The table keeps the string alive. */
const char *dur_lua_text(lua_State *L, int index, const char *key) {
  field(L, index, key);
  const char *text = NULL;
  if (!lua_isnil(L, -1)) {
    if (lua_type(L, -1) != LUA_TSTRING)
      luaL_error(L, "%s: a string was expected", key);
    text = dur_lua_to_text(L, lua_gettop(L));
  }
  lua_pop(L, 1);
  return text;
}

static int is_given(lua_State *L, int index, const char *key) {
  field(L, index, key);
  int given = !lua_isnil(L, -1);
  lua_pop(L, 1);
  return given;
}

static uint32_t bit(lua_State *L, int index, const char *key, uint32_t bit) {
  return is_given(L, index, key) ? bit : 0;
}

const durable_retry_policy *dur_lua_policy(lua_State *L, int index,
                                           durable_retry_policy *room) {
  durable_retry_policy *p = room;
  *p = (durable_retry_policy)DURABLE_RETRY_POLICY_INIT;
  if (!lua_istable(L, index))
    return NULL;
  const char *preset = dur_lua_text(L, index, "preset");
  if (preset && durable_retry_preset(preset, p) < 0)
    luaL_error(L, "there is no retry preset of the name \"%s\"", preset);
  if (preset)
    return p;
  p->kind = count(L, index, "kind");
  p->jitter = count(L, index, "jitter");
  p->max_attempts = count(L, index, "max_attempts");
  p->initial_delay_s = dur_lua_int(L, index, "initial_delay");
  p->max_delay_s = dur_lua_int(L, index, "max_delay");
  p->increment_s = dur_lua_int(L, index, "increment");
  p->backoff_rate = dur_lua_float(L, index, "backoff_rate");
  p->set = bit(L, index, "max_attempts", DURABLE_RETRY_SET_MAX_ATTEMPTS) |
           bit(L, index, "initial_delay", DURABLE_RETRY_SET_INITIAL_DELAY) |
           bit(L, index, "max_delay", DURABLE_RETRY_SET_MAX_DELAY) |
           bit(L, index, "increment", DURABLE_RETRY_SET_INCREMENT) |
           bit(L, index, "backoff_rate", DURABLE_RETRY_SET_BACKOFF_RATE);
  return p;
}

const durable_retry_policy *dur_lua_policy_field(lua_State *L, int index,
                                                 const char *key,
                                                 durable_retry_policy *room) {
  field(L, index, key);
  const durable_retry_policy *p = dur_lua_policy(L, lua_gettop(L), room);
  lua_pop(L, 1);
  return p;
}

const durable_step_options *dur_lua_step(lua_State *L, int index,
                                         durable_step_options *room,
                                         durable_retry_policy *retry) {
  if (!lua_istable(L, index))
    return NULL;
  *room = (durable_step_options)DURABLE_STEP_OPTIONS_INIT;
  room->at_most_once = count(L, index, "at_most_once");
  room->retry = dur_lua_policy_field(L, index, "retry", retry);
  room->sub_type = dur_lua_text(L, index, "sub_type");
  return room;
}

const durable_child_options *dur_lua_child(lua_State *L, int index,
                                           durable_child_options *room) {
  if (!lua_istable(L, index))
    return NULL;
  *room = (durable_child_options)DURABLE_CHILD_OPTIONS_INIT;
  room->sub_type = dur_lua_text(L, index, "sub_type");
  room->is_virtual = count(L, index, "is_virtual");
  room->has_summary = count(L, index, "has_summary");
  return room;
}

/* A false entry asks for the default name. */
static const char *const *names(lua_State *L, int index) {
  field(L, index, "names");
  if (!lua_istable(L, -1))
    return NULL;
  size_t n = (size_t)dur_lua_int(L, index, "branches");
  const char **out = lua_newuserdata(L, (n + 1) * sizeof *out);
  for (size_t i = 0; i < n; i++) {
    lua_rawgeti(L, -2, (int)i + 1);
    out[i] = lua_isstring(L, -1) ? dur_lua_to_text(L, lua_gettop(L)) : NULL;
    lua_pop(L, 1);
  }
  return out;
}

const durable_group_options *dur_lua_group(lua_State *L, int index,
                                           durable_group_options *room) {
  durable_group_options *o = room;
  *o = (durable_group_options)DURABLE_GROUP_OPTIONS_INIT;
  o->kind = count(L, index, "kind");
  o->flat = count(L, index, "flat");
  o->has_summary = count(L, index, "has_summary");
  o->caller_decides = count(L, index, "caller_decides");
  o->max_concurrency = count(L, index, "max_concurrency");
  o->min_successful = count(L, index, "min_successful");
  o->tolerated_failures = count(L, index, "tolerated_failure_count");
  o->tolerated_percentage =
      dur_lua_float(L, index, "tolerated_failure_percentage");
  o->set = bit(L, index, "max_concurrency", DURABLE_GROUP_SET_MAX_CONCURRENCY) |
           bit(L, index, "min_successful", DURABLE_GROUP_SET_MIN_SUCCESSFUL) |
           bit(L, index, "tolerated_failure_count",
               DURABLE_GROUP_SET_TOLERATED_FAILURES) |
           bit(L, index, "tolerated_failure_percentage",
               DURABLE_GROUP_SET_TOLERATED_PERCENTAGE);
  o->names = names(L, index);
  return o;
}
