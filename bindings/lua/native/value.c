/* value: Lua values to durable_value trees and back, and their texts.
 *
 *   nil, durable.null      null
 *   true, false            boolean
 *   integer                integer; of a Lua without them, a whole number up to
 *                          2^53 in size, and LuaJIT's 64-bit cdata
 *   other number           float
 *   string                 string
 *   table                  array with keys 1..n, object with string keys; an
 *                          empty one is an object unless it is marked
 *
 * A mark is the field __durable of a table's metatable: "array", "tuple",
 * "object" (its field keys, a list, gives an order: other keys follow sorted),
 * or the name of a kind that JSON does not have, whose text is the table's field
 * text. */
#include "native.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 500 };

/* Where in the tree something is. */
typedef struct place {
  const struct place *up;
  const void *table; /* the container that it is in */
  const char *key;   /* NULL: |index| */
  size_t len;
  int64_t index;
} place;

typedef struct writer {
  lua_State *L;
  durable_values *in;
  char *why;
  size_t size;
} writer;

/* ---- saying what is wrong, with the path */

static void put_path(char *out, size_t size, const place *at) {
  if (!at || !at->table) {
    snprintf(out, size, "$");
    return;
  }
  put_path(out, size, at->up);
  size_t n = strlen(out);
  if (at->key)
    snprintf(out + n, size - n, ".%.*s", (int)(at->len > 64 ? 64 : at->len),
             at->key);
  else
    snprintf(out + n, size - n, "[%" PRId64 "]", at->index);
}

static void refuse(char *why, size_t size, const place *at, const char *what) {
  char path[256];
  put_path(path, sizeof path, at);
  snprintf(why, size, "%s: %s", path, what);
}

static durable_value *refused(const writer *w, const place *at,
                              const char *what) {
  refuse(w->why, w->size, at, what);
  return NULL;
}

static durable_value *made(const writer *w, durable_value *value) {
  if (!value)
    snprintf(w->why, w->size, "out of memory");
  return value;
}

/* ---- to values */

static durable_value *to_value(writer *w, int index, const place *at,
                               int depth);

static durable_value *number(const writer *w, int index) {
  if (lua_isinteger(w->L, index))
    return made(w,
                durable_value_int(w->in, (int64_t)lua_tointeger(w->L, index)));
  double n = (double)lua_tonumber(w->L, index);
#if LUA_VERSION_NUM < 503
  if (n == floor(n) && fabs(n) <= (double)DUR_LUA_EXACT)
    return made(w, durable_value_int(w->in, (int64_t)n));
#endif
  return made(w, durable_value_float(w->in, n));
}

/* LuaJIT writes its 64-bit integers as 1LL and 1ULL. */
static durable_value *cdata(const writer *w, int index, const place *at) {
  char text[32] = "";
  durable_value *value = NULL;
  lua_getglobal(w->L, "tostring");
  lua_pushvalue(w->L, index);
  if (lua_pcall(w->L, 1, 1, 0) == 0 && lua_isstring(w->L, -1))
    snprintf(text, sizeof text, "%s", lua_tostring(w->L, -1));
  lua_pop(w->L, 1);
  size_t digits = strspn(text, "-0123456789");
  if (digits == 0 ||
      (strcmp(text + digits, "LL") != 0 && strcmp(text + digits, "ULL") != 0))
    return refused(w, at, "cdata other than a 64-bit integer cannot be stored");
  if (durable_value_read(w->in, DURABLE_KIND_INT, (durable_bytes){text, digits},
                         &value) != 0)
    return made(w, NULL);
  return value;
}

/* The mark of the table at |index|: a string that its metatable holds, or NULL.
 */
static const char *mark_of(lua_State *L, int index) {
  const char *mark = NULL;
  if (!lua_getmetatable(L, index))
    return NULL;
  lua_pushliteral(L, "__durable");
  lua_rawget(L, -2);
  if (lua_type(L, -1) == LUA_TSTRING)
    mark = lua_tostring(L, -1);
  lua_pop(L, 2);
  return mark;
}

static int kind_of_mark(const char *mark) {
  static const struct {
    const char *mark;
    int kind;
  } KINDS[] = {
      {"array", DURABLE_KIND_LIST},        {"tuple", DURABLE_KIND_TUPLE},
      {"object", DURABLE_KIND_OBJECT},     {"bytes", DURABLE_KIND_BYTES},
      {"uuid", DURABLE_KIND_UUID},         {"decimal", DURABLE_KIND_DECIMAL},
      {"datetime", DURABLE_KIND_DATETIME}, {"date", DURABLE_KIND_DATE}};
  for (size_t i = 0; mark && i < sizeof KINDS / sizeof *KINDS; i++)
    if (strcmp(mark, KINDS[i].mark) == 0)
      return KINDS[i].kind;
  return -1;
}

static durable_value *list(writer *w, int index, int kind, const place *at,
                           int depth) {
  size_t n = lua_rawlen(w->L, index);
  durable_value *out = durable_value_container(w->in, kind);
  place here = {.up = at, .table = lua_topointer(w->L, index)};
  for (size_t i = 1; out && i <= n; i++) {
    here.index = (int64_t)i;
    lua_rawgeti(w->L, index, (int)i);
    durable_value *item = to_value(w, lua_gettop(w->L), &here, depth + 1);
    lua_pop(w->L, 1);
    if (!item)
      return NULL;
    if (durable_value_append(w->in, out, item) != 0)
      return refused(w, &here, durable_values_error(w->in));
  }
  return made(w, out);
}

typedef struct name {
  const char *text;
  size_t len;
} name;

static int by_bytes(const void *a, const void *b) {
  const name *x = a, *y = b;
  size_t n = x->len < y->len ? x->len : y->len;
  int order = memcmp(x->text, y->text, n);
  return order ? order : (x->len > y->len) - (x->len < y->len);
}

static int set_member(writer *w, int index, durable_value *out, const name *key,
                      const place *at, int depth) {
  place here = {.up = at,
                .table = lua_topointer(w->L, index),
                .key = key->text,
                .len = key->len};
  durable_value *item = to_value(w, lua_gettop(w->L), &here, depth + 1);
  lua_pop(w->L, 1);
  if (!item)
    return -1;
  if (durable_value_set_key(w->in, out, (durable_bytes){key->text, key->len},
                            item) == 0)
    return 0;
  refuse(w->why, w->size, &here, durable_values_error(w->in));
  return -1;
}

/* The members that the mark names, in its order. */
static int set_ordered(writer *w, int index, durable_value *out,
                       const place *at, int depth) {
  lua_State *L = w->L;
  if (!lua_getmetatable(L, index))
    return 0;
  lua_pushliteral(L, "keys");
  lua_rawget(L, -2);
  lua_remove(L, -2);
  int keys = lua_gettop(L), rc = 0;
  size_t n = lua_istable(L, keys) ? lua_rawlen(L, keys) : 0;
  for (size_t i = 1; rc == 0 && i <= n; i++) {
    name key = {NULL, 0};
    lua_rawgeti(L, keys, (int)i);
    if (lua_type(L, -1) == LUA_TSTRING)
      key.text = lua_tolstring(L, -1, &key.len);
    lua_rawget(L, index);
    if (key.text && !lua_isnil(L, -1))
      rc = set_member(w, index, out, &key, at, depth);
    else
      lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return rc;
}

/* The keys of an object, sorted.  -1: one is no string. */
static int keys_of(lua_State *L, int index, name **out, size_t *count) {
  size_t n = 0, cap = 8;
  name *names = malloc(cap * sizeof *names);
  lua_pushnil(L);
  while (names && lua_next(L, index)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING) {
      lua_pop(L, 1);
      free(names);
      return -1;
    }
    if (n == cap) {
      name *more = realloc(names, (cap *= 2) * sizeof *names);
      if (!more)
        free(names);
      names = more;
      if (!names) {
        lua_pop(L, 1);
        break;
      }
    }
    names[n].text = lua_tolstring(L, -1, &names[n].len);
    n++;
  }
  *out = names;
  *count = n;
  if (!names)
    return -2;
  qsort(names, n, sizeof *names, by_bytes);
  return 0;
}

static durable_value *object(writer *w, int index, int is_marked,
                             const place *at, int depth) {
  name *names = NULL;
  size_t n = 0;
  durable_value *out = durable_value_object(w->in);
  int rc = out ? keys_of(w->L, index, &names, &n) : -2;
  if (rc == -1)
    return refused(w, at,
                   "a table is an array with the keys 1..n, or an object whose "
                   "keys are all strings");
  if (rc != 0)
    return made(w, NULL);
  if (is_marked)
    rc = set_ordered(w, index, out, at, depth);
  for (size_t i = 0; rc == 0 && i < n; i++) {
    durable_bytes key = {names[i].text, names[i].len};
    if (is_marked && durable_value_get_key(out, key))
      continue;
    lua_pushlstring(w->L, key.data, key.len); /* interned: it is a key */
    lua_rawget(w->L, index);
    rc = set_member(w, index, out, &names[i], at, depth);
  }
  free(names);
  return rc == 0 ? out : NULL;
}

static durable_value *typed(const writer *w, int index, int kind,
                            const place *at) {
  durable_value *out = NULL;
  durable_bytes text = {NULL, 0};
  lua_pushliteral(w->L, "text");
  lua_rawget(w->L, index);
  if (lua_type(w->L, -1) == LUA_TSTRING)
    text.data = lua_tolstring(w->L, -1, &text.len);
  lua_pop(w->L, 1); /* the table holds it */
  if (!text.data)
    return refused(w, at, "a value of a named kind has a field text");
  if (kind == DURABLE_KIND_BYTES)
    return made(w, durable_value_data(w->in, kind, text));
  if (durable_value_read(w->in, kind, text, &out) != 0)
    return refused(w, at, durable_values_error(w->in));
  return out;
}

/* The key on the top of the stack is one of 1..n. */
static int is_place(lua_State *L, size_t n) {
  if (lua_type(L, -1) != LUA_TNUMBER)
    return 0;
  double key = (double)lua_tonumber(L, -1);
  return key >= 1 && key <= (double)n && key == floor(key);
}

/* Every key is one of 1..n. */
static int is_list(lua_State *L, int index) {
  size_t n = lua_rawlen(L, index), count = 0;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    lua_pop(L, 1);
    count++;
    if (!is_place(L, n)) {
      lua_pop(L, 1);
      return 0;
    }
  }
  return count == n;
}

static durable_value *table(writer *w, int index, const place *at, int depth) {
  const void *self = lua_topointer(w->L, index);
  for (const place *p = at; p; p = p->up)
    if (p->table == self)
      return refused(w, at, "a table that contains itself cannot be stored");
  if (depth > DEPTH_MAX || !lua_checkstack(w->L, 12))
    return refused(w, at, "nested too deeply to be stored");
  int kind = kind_of_mark(mark_of(w->L, index));
  if (kind == DURABLE_KIND_LIST || kind == DURABLE_KIND_TUPLE) {
    if (is_list(w->L, index))
      return list(w, index, kind, at, depth);
    return refused(w, at, "an array has the keys 1..n and no others");
  }
  if (kind == DURABLE_KIND_OBJECT)
    return object(w, index, 1, at, depth);
  if (kind >= 0)
    return typed(w, index, kind, at);
  if (lua_rawlen(w->L, index) > 0 && is_list(w->L, index))
    return list(w, index, DURABLE_KIND_LIST, at, depth);
  return object(w, index, 0, at, depth);
}

static durable_value *to_value(writer *w, int index, const place *at,
                               int depth) {
  lua_State *L = w->L;
  char what[64];
  durable_bytes text;
  switch (lua_type(L, index)) {
  case LUA_TNONE:
  case LUA_TNIL:
    return made(w, durable_value_null(w->in));
  case LUA_TBOOLEAN:
    return made(w, durable_value_bool(w->in, lua_toboolean(L, index)));
  case LUA_TNUMBER:
    return number(w, index);
  case LUA_TSTRING:
    text.data = lua_tolstring(L, index, &text.len);
    return made(w, durable_value_data(w->in, DURABLE_KIND_STRING, text));
  case LUA_TTABLE:
    return table(w, index, at, depth);
  case LUA_TCDATA:
    return cdata(w, index, at);
  case LUA_TLIGHTUSERDATA:
    if (!lua_touserdata(L, index))
      return made(w, durable_value_null(w->in));
    /* fall through */
  default:
    snprintf(what, sizeof what, "a %s cannot be stored",
             lua_typename(L, lua_type(L, index)));
    return refused(w, at, what);
  }
}

durable_value *dur_lua_to_value(lua_State *L, int index, durable_values *in,
                                char *why, size_t size) {
  writer w = {.L = L, .in = in, .why = why, .size = size};
  return to_value(&w, index, NULL, 0);
}

/* ---- from values */

typedef struct reader {
  lua_State *L;
  char *why;
  size_t size;
} reader;

static int push(reader *r, const durable_value *v, const place *at);

static int mark(lua_State *L, const char *type) {
  luaL_getmetatable(L, type);
  lua_setmetatable(L, -2);
  return 0;
}

static int push_list(reader *r, const durable_value *v, const place *at) {
  place here = {.up = at, .table = v};
  lua_createtable(r->L, (int)durable_value_count(v), 0);
  for (const durable_value *m = durable_value_first(v); m;
       m = durable_value_next(m)) {
    here.index++;
    if (push(r, m, &here) != 0) {
      lua_pop(r->L, 1);
      return -1;
    }
    lua_rawseti(r->L, -2, (int)here.index);
  }
  return mark(r->L, durable_value_kind_of(v) == DURABLE_KIND_TUPLE
                        ? "durable.tuple"
                        : "durable.array");
}

static int push_object(reader *r, const durable_value *v, const place *at) {
  lua_createtable(r->L, 0, (int)durable_value_count(v));
  for (const durable_value *m = durable_value_first(v); m;
       m = durable_value_next(m)) {
    durable_bytes key = durable_value_key(m);
    place here = {.up = at, .table = v, .key = key.data, .len = key.len};
    lua_pushlstring(r->L, key.data, key.len);
    if (push(r, m, &here) != 0) {
      lua_pop(r->L, 2);
      return -1;
    }
    lua_rawset(r->L, -3);
  }
  return 0;
}

static int no_integer(reader *r, const place *at, const char *digits) {
  char what[160];
  snprintf(what, sizeof what,
           "the integer %.40s is not exact in this Lua (%s): keep it as a "
           "string, or run Lua 5.3 or later",
           digits, LUA_VERSION);
  refuse(r->why, r->size, at, what);
  return -1;
}

static int push_int(reader *r, const durable_value *v, const place *at) {
  char digits[32];
  durable_bytes text = durable_value_text(v);
  if (text.data) {
    snprintf(digits, sizeof digits, "%.*s",
             (int)(text.len < 30 ? text.len : 30), text.data);
    if (LUA_VERSION_NUM < 503)
      return no_integer(r, at, digits);
    refuse(r->why, r->size, at, "an integer does not fit into 64 bits");
    return -1;
  }
  int64_t n = durable_value_as_int(v, 0);
#if LUA_VERSION_NUM < 503
  if (n > DUR_LUA_EXACT || n < -DUR_LUA_EXACT) {
    snprintf(digits, sizeof digits, "return %" PRId64 "LL", n);
    if (luaL_loadbuffer(r->L, digits, strlen(digits), "=integer") == 0) {
      lua_call(r->L, 0, 1); /* LuaJIT: a 64-bit integer */
      return 0;
    }
    lua_pop(r->L, 1);
    snprintf(digits, sizeof digits, "%" PRId64, n);
    return no_integer(r, at, digits);
  }
#endif
  lua_pushinteger(r->L, (lua_Integer)n);
  return 0;
}

static int push_typed(reader *r, const durable_value *v, const char *type) {
  durable_bytes text = durable_value_text(v);
  lua_createtable(r->L, 0, 1);
  lua_pushlstring(r->L, text.data, text.len);
  lua_setfield(r->L, -2, "text");
  return mark(r->L, type);
}

static int push(reader *r, const durable_value *v, const place *at) {
  lua_State *L = r->L;
  durable_bytes text;
  if (!lua_checkstack(L, 8)) {
    refuse(r->why, r->size, at, "nested too deeply");
    return -1;
  }
  switch (durable_value_kind_of(v)) {
  case DURABLE_KIND_BOOL:
    lua_pushboolean(L, durable_value_as_bool(v, 0));
    return 0;
  case DURABLE_KIND_INT:
    return push_int(r, v, at);
  case DURABLE_KIND_FLOAT:
    lua_pushnumber(L, (lua_Number)durable_value_as_float(v, 0));
    return 0;
  case DURABLE_KIND_STRING:
    text = durable_value_text(v);
    lua_pushlstring(L, text.data, text.len);
    return 0;
  case DURABLE_KIND_TUPLE:
  case DURABLE_KIND_LIST:
    return push_list(r, v, at);
  case DURABLE_KIND_OBJECT:
  case DURABLE_KIND_BATCH:
    return push_object(r, v, at);
  case DURABLE_KIND_BYTES:
    return push_typed(r, v, "durable.bytes");
  case DURABLE_KIND_UUID:
    return push_typed(r, v, "durable.uuid");
  case DURABLE_KIND_DECIMAL:
    return push_typed(r, v, "durable.decimal");
  case DURABLE_KIND_DATETIME:
    return push_typed(r, v, "durable.datetime");
  case DURABLE_KIND_DATE:
    return push_typed(r, v, "durable.date");
  default:
    lua_pushlightuserdata(L, NULL);
    return 0;
  }
}

int dur_lua_push_value(lua_State *L, const durable_value *value, char *why,
                       size_t size) {
  reader r = {.L = L, .why = why, .size = size};
  if (durable_value_kind_of(value) == DURABLE_KIND_NULL) {
    lua_pushnil(L); /* alone, null is nil */
    return 0;
  }
  return push(&r, value, NULL);
}

/* ---- texts */

int dur_lua_print(lua_State *L, int index, int form, durable_values *in,
                  durable_bytes *out, char *why, size_t size) {
  const durable_value *value = dur_lua_to_value(L, index, in, why, size);
  if (value && durable_value_print(in, form, value, out) == 0)
    return 0;
  if (value)
    snprintf(why, size, "%s", durable_values_error(in));
  return -1;
}

int dur_lua_parse(lua_State *L, durable_bytes text, int form,
                  durable_values *in, char *why, size_t size) {
  const durable_value *value = NULL;
  if (!text.data || durable_value_parse(in, form, text, &value) == 0)
    return dur_lua_push_value(L, value, why, size);
  snprintf(why, size, "%s", durable_values_error(in));
  return -1;
}

static const char POOL[] = "durable.pool";
static const char SPARE[] = "durable.pool.spare";

/* A pool in a userdata: a Lua error frees it with the garbage.  The userdata is
 * used again, since one with a finalizer is dear; unless it is in use, or was
 * left behind by an error: then another takes its place. */
durable_values *dur_lua_pool(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, SPARE);
  durable_values **box = lua_touserdata(L, -1);
  if (!box || *box) {
    lua_pop(L, 1);
    box = lua_newuserdata(L, sizeof *box);
    *box = NULL;
    luaL_getmetatable(L, POOL);
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, SPARE);
  }
  if (durable_values_new(box, NULL) != 0)
    luaL_error(L, "out of memory");
  return *box;
}

void dur_lua_pool_drop(lua_State *L, int index) {
  durable_values **box = lua_touserdata(L, index);
  durable_values_free(*box);
  *box = NULL;
}

static int fault(lua_State *L, const char *why) {
  lua_pushnil(L);
  lua_pushstring(L, why);
  return 2;
}

/* encode(value, form): a text; or nil and why not */
int dur_lua_encode(lua_State *L) {
  char why[512] = "";
  int form = (int)luaL_checkinteger(L, 2);
  durable_bytes text;
  durable_values *in = dur_lua_pool(L);
  int pool = lua_gettop(L);
  int rc = dur_lua_print(L, 1, form, in, &text, why, sizeof why);
  if (rc == 0)
    lua_pushlstring(L, text.data, text.len);
  dur_lua_pool_drop(L, pool);
  return rc == 0 ? 1 : fault(L, why);
}

/* decode(text, form): true and the value; or nil and why not */
int dur_lua_decode(lua_State *L) {
  char why[512] = "";
  durable_bytes text = dur_lua_to_bytes(L, 1);
  int form = (int)luaL_checkinteger(L, 2);
  durable_values *in = dur_lua_pool(L);
  int pool = lua_gettop(L);
  lua_pushboolean(L, 1);
  int rc = dur_lua_parse(L, text, form, in, why, sizeof why);
  dur_lua_pool_drop(L, pool);
  return rc == 0 ? 2 : fault(L, why);
}
