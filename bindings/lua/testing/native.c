/* native: the private module durable.testing_native: the embedded service for
 * functions that are Lua.
 *
 * The service invokes on threads of its own, which may not touch Lua.  So an
 * invocation is put into an inbox, its thread waits, and the Lua program takes
 * it out, runs it and answers.  Its requests are direct calls of the request
 * function, through the transport that this module offers. */
#include <durable/host.h>
#include <durable/service.h>

#include <lauxlib.h>
#include <lua.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BENCH "durable.testing.service"
enum { LOOK_MS = 100, PAUSE_MS = 10 };

/* One invocation; on the stack of the thread that waits for its answer. */
typedef struct job {
  struct job *next;
  const durable_service_invocation *inv;
  int answered;
} job;

typedef struct bench {
  durable_service *service; /* NULL: closed */
  durable_transport transport;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  job *first, **last; /* not yet taken */
  int closing;
  /* the thread that waits for |arn| to settle */
  pthread_t watcher;
  int watching, settled, is_virtual;
  int64_t advance_ms; /* first move the clock on */
  char arn[DURABLE_ARN_SIZE];
  /* the newest answer: Lua may raise while it takes it over */
  durable_service_response reply;
} bench;

/* ---- threads of the service */

static void invoke(void *user, durable_service *service,
                   const durable_service_invocation *inv) {
  bench *b = user;
  job j = {.inv = inv};
  (void)service;
  pthread_mutex_lock(&b->lock);
  if (!b->closing) {
    *b->last = &j;
    b->last = &j.next;
    pthread_cond_broadcast(&b->changed);
  }
  while (!j.answered && !b->closing)
    pthread_cond_wait(&b->changed, &b->lock);
  pthread_mutex_unlock(&b->lock);
}

static void drop_reply(durable_transport_reply *reply) {
  durable_service_response *response = reply->owner;
  durable_service_response_drop(response);
  free(response);
}

static int send(void *user, const durable_transport_request *request,
                durable_transport_reply *reply) {
  durable_service_response *response = malloc(sizeof *response);
  char *target = strndup(request->target.data, request->target.len);
  int rc = -1;
  if (response && target) {
    *response = (durable_service_response)DURABLE_SERVICE_RESPONSE_INIT;
    rc = durable_service_request(user, request->method, target, NULL,
                                 request->body, response);
  }
  free(target);
  if (rc != 0) {
    free(response);
    reply->why = "out of memory";
    return -1;
  }
  const char *type = response->error_type;
  reply->status = response->status;
  reply->body = response->body;
  reply->error_type = (durable_bytes){type, type ? strlen(type) : 0};
  reply->owner = response;
  reply->drop = drop_reply;
  return 0;
}

static int64_t boot_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Well before its time is up settle() answers only when there is nothing to wait
 * for.  Where time is real, timers are none of that: who asks again is not to do
 * so at once. */
static void *watch(void *arg) {
  bench *b = arg;
  int settled = 0, closing = 0;
  if (b->advance_ms > 0) /* until what came due has run */
    (void)durable_service_advance(b->service, b->advance_ms);
  while (!settled && !closing) {
    int64_t from = boot_ms();
    int rc = durable_service_settle(b->service, b->arn, LOOK_MS);
    settled = rc != DURABLE_EXECUTION_RUNNING || boot_ms() - from < LOOK_MS / 2;
    pthread_mutex_lock(&b->lock);
    closing = b->closing;
    pthread_mutex_unlock(&b->lock);
  }
  if (!b->is_virtual && !closing)
    nanosleep(&(struct timespec){0, PAUSE_MS * 1000000L}, NULL);
  pthread_mutex_lock(&b->lock);
  b->settled = 1;
  pthread_cond_broadcast(&b->changed);
  pthread_mutex_unlock(&b->lock);
  return NULL;
}

/* ---- Lua's side */

static bench *bench_at(lua_State *L) {
  bench *b = luaL_checkudata(L, 1, BENCH);
  if (!b->service)
    luaL_error(L, "the service is closed");
  return b;
}

static durable_bytes bytes_at(lua_State *L, int index) {
  durable_bytes out = {NULL, 0};
  if (!lua_isnoneornil(L, index))
    out.data = luaL_checklstring(L, index, &out.len);
  return out;
}

static int refused(lua_State *L, const bench *b) {
  lua_pushnil(L);
  lua_pushstring(L, durable_service_error(b->service));
  return 2;
}

static int64_t whole(lua_State *L, int index, const char *key) {
  lua_getfield(L, index, key);
  int64_t n = lua_isboolean(L, -1) ? lua_toboolean(L, -1)
                                   : (int64_t)lua_tonumber(L, -1);
  lua_pop(L, 1);
  return n;
}

static void join(bench *b) {
  if (b->watching)
    pthread_join(b->watcher, NULL);
  b->watching = 0;
}

static int drop(lua_State *L) {
  bench *b = luaL_checkudata(L, 1, BENCH);
  if (!b->service)
    return 0;
  pthread_mutex_lock(&b->lock);
  b->closing = 1;
  pthread_cond_broadcast(&b->changed);
  pthread_mutex_unlock(&b->lock);
  join(b);
  durable_service_response_drop(&b->reply);
  durable_service_close(b->service);
  b->service = NULL;
  pthread_cond_destroy(&b->changed);
  pthread_mutex_destroy(&b->lock);
  return 0;
}

/* open{path, virtual_time, hold_callbacks, collapse}: a service; or nil, why */
static int open_service(lua_State *L) {
  char why[512] = "";
  durable_service_options o = DURABLE_SERVICE_OPTIONS_INIT;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_getfield(L, 1, "path");
  o.path = lua_tostring(L, -1);
  o.virtual_time = (uint32_t)whole(L, 1, "virtual_time");
  o.hold_callbacks = (uint32_t)whole(L, 1, "hold_callbacks");
  o.collapse = (uint32_t)whole(L, 1, "collapse");
  bench *b = lua_newuserdata(L, sizeof *b);
  memset(b, 0, sizeof *b);
  luaL_getmetatable(L, BENCH);
  lua_setmetatable(L, -2);
  int rc = durable_service_open(&b->service, &o, why, sizeof why);
  if (rc != 0) {
    b->service = NULL;
    lua_pushnil(L);
    lua_pushstring(L, why[0] ? why : durable_error_text(rc));
    return 2;
  }
  pthread_mutex_init(&b->lock, NULL);
  pthread_cond_init(&b->changed, NULL);
  b->last = &b->first;
  b->is_virtual = (int)o.virtual_time;
  b->transport = (durable_transport)DURABLE_TRANSPORT_INIT;
  b->transport.flags = DURABLE_TRANSPORT_INLINE;
  b->transport.user = b->service;
  b->transport.send = send;
  return 1;
}

/* service:transport(): for durable.native */
static int transport(lua_State *L) {
  lua_pushlightuserdata(L, &bench_at(L)->transport);
  return 1;
}

/* service:register(name, {timeout, execution_timeout, not_durable}) */
static int add(lua_State *L) {
  bench *b = bench_at(L);
  durable_service_function_options o = DURABLE_SERVICE_FUNCTION_OPTIONS_INIT;
  const char *name = luaL_checkstring(L, 2);
  luaL_checktype(L, 3, LUA_TTABLE);
  o.timeout_s = whole(L, 3, "timeout");
  o.execution_timeout_s = whole(L, 3, "execution_timeout");
  o.not_durable = (uint32_t)whole(L, 3, "not_durable");
  if (durable_service_register(b->service, name, invoke, b, &o) != 0)
    return refused(L, b);
  lua_pushboolean(L, 1);
  return 1;
}

/* service:start(function, input, name): arn, whether it was there; or nil, why
 */
static int start(lua_State *L) {
  char arn[DURABLE_ARN_SIZE];
  bench *b = bench_at(L);
  durable_service_start_options o = DURABLE_SERVICE_START_OPTIONS_INIT;
  o.name = luaL_optstring(L, 4, NULL);
  int rc = durable_service_start(b->service, luaL_checkstring(L, 2),
                                 bytes_at(L, 3), &o, arn);
  if (rc < 0)
    return refused(L, b);
  lua_pushstring(L, arn);
  lua_pushboolean(L, rc);
  return 2;
}

/* service:watch(arn, ms): move the clock on by |ms|; from here on next() also
 * tells when |arn| has settled after that */
static int start_watch(lua_State *L) {
  bench *b = bench_at(L);
  const char *arn = luaL_checkstring(L, 2);
  luaL_argcheck(L, strlen(arn) < sizeof b->arn, 2, "no ARN is so long");
  join(b);
  strcpy(b->arn, arn);
  b->settled = 0;
  b->advance_ms = (int64_t)luaL_optnumber(L, 3, 0);
  if (pthread_create(&b->watcher, NULL, watch, b) != 0)
    return luaL_error(L, "no thread can be started");
  b->watching = 1;
  return 0;
}

static void put(lua_State *L, const char *key, const char *text) {
  if (!text)
    return;
  lua_pushstring(L, text);
  lua_setfield(L, -2, key);
}

/* service:next(): the next invocation, to be answered; nil once what is watched
 * has settled.  Blocks. */
static int next(lua_State *L) {
  bench *b = bench_at(L);
  pthread_mutex_lock(&b->lock);
  while (!b->first && !b->settled)
    pthread_cond_wait(&b->changed, &b->lock);
  job *j = b->first;
  if (j) {
    b->first = j->next;
    if (!b->first)
      b->last = &b->first;
  }
  pthread_mutex_unlock(&b->lock);
  if (!j) {
    lua_pushnil(L);
    return 1;
  }
  lua_createtable(L, 0, 8);
  lua_pushlightuserdata(L, j);
  lua_setfield(L, -2, "job");
  put(L, "function_name", j->inv->function);
  put(L, "request_id", j->inv->request_id);
  put(L, "arn", j->inv->arn);
  put(L, "tenant_id", j->inv->tenant_id);
  lua_pushlstring(L, j->inv->event.data, j->inv->event.len);
  lua_setfield(L, -2, "event");
  lua_pushinteger(L, (lua_Integer)j->inv->deadline_ms);
  lua_setfield(L, -2, "deadline_ms");
  return 1;
}

/* service:answer(job, outcome, body): once */
static int answer(lua_State *L) {
  bench *b = bench_at(L);
  job *j = lua_touserdata(L, 2);
  int outcome = (int)luaL_checkinteger(L, 3);
  durable_bytes body = bytes_at(L, 4);
  if (body.data)
    (void)durable_service_answer(b->service, j->inv, outcome, body);
  pthread_mutex_lock(&b->lock);
  j->answered = 1;
  pthread_cond_broadcast(&b->changed);
  pthread_mutex_unlock(&b->lock);
  return 0;
}

/* service:request(method, target, body): status, body, error type */
static int request(lua_State *L) {
  bench *b = bench_at(L);
  const char *method = luaL_checkstring(L, 2), *target = luaL_checkstring(L, 3);
  durable_bytes body = bytes_at(L, 4);
  durable_service_response *r = &b->reply;
  durable_service_response_drop(r);
  *r = (durable_service_response)DURABLE_SERVICE_RESPONSE_INIT;
  if (durable_service_request(b->service, method, target, NULL, body, r) != 0)
    return luaL_error(L, "out of memory");
  lua_pushinteger(L, r->status);
  lua_pushlstring(L, r->body.data ? r->body.data : "", r->body.len);
  lua_pushstring(L, r->error_type);
  return 3;
}

static int now(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)durable_service_now(bench_at(L)->service));
  return 1;
}

static const struct {
  const char *name;
  lua_CFunction fn;
} METHODS[] = {{"transport", transport}, {"register", add}, {"start", start},
               {"watch", start_watch},   {"next", next},    {"answer", answer},
               {"request", request},     {"now", now},      {"close", drop}};

int luaopen_durable_testing_native(lua_State *L);

__attribute__((visibility("default"))) int
luaopen_durable_testing_native(lua_State *L) {
  if (luaL_newmetatable(L, BENCH)) {
    lua_newtable(L);
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++) {
      lua_pushcfunction(L, METHODS[i].fn);
      lua_setfield(L, -2, METHODS[i].name);
    }
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, drop);
    lua_setfield(L, -2, "__gc");
  }
  lua_newtable(L);
  lua_pushcfunction(L, open_service);
  lua_setfield(L, -2, "open");
  return 1;
}
