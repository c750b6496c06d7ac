/* lambda: a client of the Lambda Runtime API, for durable.runtime. */
#include "native.h"

#define LAMBDA "durable.lambda"

static durable_host_lambda *client_at(lua_State *L) {
  durable_host_lambda **box = luaL_checkudata(L, 1, LAMBDA);
  if (!*box)
    luaL_error(L, "the client is closed");
  return *box;
}

static int answer(lua_State *L, durable_host_lambda *client, int rc) {
  if (rc >= 0) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, durable_host_lambda_message(client));
  lua_pushinteger(L, rc);
  return 3;
}

static void put(lua_State *L, const char *key, const char *text) {
  if (!text || !*text)
    return;
  lua_pushstring(L, text);
  lua_setfield(L, -2, key);
}

/* client:next(): the invocation as a table; or nil, why, code */
static int next(lua_State *L) {
  durable_host_lambda *client = client_at(L);
  durable_host_invocation inv = DURABLE_HOST_INVOCATION_INIT;
  int rc = durable_host_lambda_next(client, &inv);
  if (rc < 0)
    return answer(L, client, rc);
  lua_createtable(L, 0, 8);
  dur_lua_bytes(L, inv.event);
  lua_setfield(L, -2, "event");
  put(L, "request_id", inv.request_id);
  put(L, "function_arn", inv.function_arn);
  put(L, "trace_id", inv.trace_id);
  put(L, "client_context", inv.client_context);
  put(L, "cognito_identity", inv.cognito_identity);
  put(L, "tenant_id", inv.tenant_id);
  lua_pushinteger(L, (lua_Integer)inv.deadline_ms);
  lua_setfield(L, -2, "deadline_ms");
  return 1;
}

/* client:respond(body), client:error(object, category), :init_error likewise */
static int respond(lua_State *L) {
  durable_host_lambda *client = client_at(L);
  return answer(L, client,
                durable_host_lambda_respond(client, dur_lua_to_bytes(L, 2)));
}

static int error(lua_State *L) {
  durable_host_lambda *client = client_at(L);
  return answer(L, client,
                durable_host_lambda_error(client, dur_lua_to_bytes(L, 2),
                                          dur_lua_to_text(L, 3)));
}

static int init_error(lua_State *L) {
  durable_host_lambda *client = client_at(L);
  return answer(L, client,
                durable_host_lambda_init_error(client, dur_lua_to_bytes(L, 2),
                                               dur_lua_to_text(L, 3)));
}

static int drop(lua_State *L) {
  durable_host_lambda **box = luaL_checkudata(L, 1, LAMBDA);
  durable_host_lambda_free(*box);
  *box = NULL;
  return 0;
}

static void method(lua_State *L, const char *name, lua_CFunction fn) {
  lua_pushcfunction(L, fn);
  lua_setfield(L, -2, name);
}

static void metatable(lua_State *L) {
  if (!luaL_newmetatable(L, LAMBDA))
    return;
  lua_newtable(L);
  method(L, "next", next);
  method(L, "respond", respond);
  method(L, "error", error);
  method(L, "init_error", init_error);
  lua_setfield(L, -2, "__index");
  method(L, "__gc", drop);
}

/* lambda(api): a client; |api| nil: AWS_LAMBDA_RUNTIME_API.  nil, why, code when
 * there is none. */
int dur_lua_lambda(lua_State *L) {
  const char *api = dur_lua_to_text(L, 1);
  durable_host_lambda **box = lua_newuserdata(L, sizeof *box);
  *box = NULL;
  metatable(L);
  lua_setmetatable(L, -2);
  int rc = durable_host_lambda_new(box, api, 1);
  return rc < 0 ? dur_lua_status(L, rc) : 1;
}
