/* server: see server.h. */
#include "service/http/server.h"
#include "admin.h"
#include "cloudwatch.h"
#include "faults.h"
#include "service/commit.h"
#include "service/tokens.h"
#include "wire/limits.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
  THREADS = 16, /* each holds a request until it is on disk: a group */
  CONNECTIONS = 8 * 256,
  IDLE_S = 60,
  SEND_MS = 1000,
  SHOWN = 256 /* of a target in the log */
};

/* One exchange that the service answers. */
typedef struct errand {
  dur_exchange *x;
  dur_reply reply;
  struct errand *next; /* among those that wait */
} errand;

struct dur_server {
  durable_service *service;
  dur_fleet *fleet;
  dur_cloudwatch *cloudwatch;
  dur_faults *faults; /* NULL: none are to be had */
  dur_listener *listener;
  dur_server_options options;
  pthread_t waiter;
  errand *waiting; /* service->lock */
  uint64_t seen;   /* service->ends when |waiting| was looked through */
  int stopping;    /* service->lock */
  unsigned open;   /* exchanges that are not over; service->lock */
};

/* ---- answers */

static int ends_in(const dur_exchange *x, const char *verb) {
  size_t len = strcspn(x->target, "?"), n = strlen(verb);
  return len > n && memcmp(x->target + len - n, verb, n) == 0;
}

static int names_error(const dur_server *server, const dur_exchange *x) {
  return !server->options.for_sam || ends_in(x, "/checkpoint") ||
         ends_in(x, "/state");
}

static void say(const char *prefix, const dur_exchange *x) {
  size_t len = strcspn(x->target, "?");
  fprintf(stderr, "%s: %s %.*s %d\n", prefix, x->method,
          (int)(len < SHOWN ? len : SHOWN), x->target, x->status);
}

static void fill(dur_server *server, errand *e) {
  dur_exchange *x = e->x;
  dur_reply *reply = &e->reply;
  dur_buf answer = x->answer;
  x->answer = reply->body;
  reply->body = answer;
  x->status = reply->status;
  if (reply->error_type && names_error(server, x))
    dur_exchange_put(x, "x-amzn-ErrorType", reply->error_type);
  if (reply->function_error)
    dur_exchange_put(x, "X-Amz-Function-Error", reply->function_error);
  int invoked = strncmp(x->target, "/2015-03-31/", 12) == 0;
  if (invoked && reply->arn[0])
    dur_exchange_put(x, "X-Amz-Durable-Execution-Arn", reply->arn);
  if (invoked && x->status < 300)
    dur_exchange_put(x, "X-Amz-Executed-Version", "$LATEST");
  if (server->options.log)
    say(server->options.log, x);
}

static void put_request_id(dur_exchange *x) {
  char id[DUR_UUID_SIZE];
  if (dur_uuid(id) == 0)
    dur_exchange_put(x, "x-amzn-RequestId", id);
}

/* ---- those that wait */

/* Take out the ones whose outcome has come, or all of them. */
static errand *take_due(dur_server *server, int all) {
  errand *due = NULL, **link = &server->waiting;
  while (*link != NULL) {
    errand *e = *link;
    if (!all && !dur_reply_is_due(server->service, &e->reply)) {
      link = &e->next;
      continue;
    }
    *link = e->next;
    e->next = due;
    due = e;
  }
  return due;
}

static void give_up(errand *e) {
  if (e->reply.wait_call == NULL) /* otherwise its job writes to it */
    e->reply.wait_run = 0;
  e->reply.wait_call = NULL;
  dur_reply_error(&e->reply, DUR_ERROR_SERVICE, "The service is stopping");
}

static void hand_out(dur_server *server, errand *e, int all) {
  if (all)
    give_up(e);
  else
    dur_reply_finish(server->service, &e->reply);
  fill(server, e);
  dur_exchange_resume(e->x);
}

static void *waiter(void *user) {
  dur_server *server = user;
  durable_service *s = server->service;
  pthread_mutex_lock(&s->lock);
  for (;;) {
    int all = server->stopping;
    errand *due = NULL;
    if (all || server->seen != s->ends || s->failed != NULL)
      due = take_due(server, all);
    server->seen = s->ends;
    if (due == NULL) {
      if (all)
        break;
      struct timespec until = dur_wait_until(1000);
      pthread_cond_timedwait(&s->changed, &s->lock, &until);
      continue;
    }
    pthread_mutex_unlock(&s->lock);
    while (due != NULL) {
      errand *next = due->next;
      hand_out(server, due, all);
      due = next;
    }
    pthread_mutex_lock(&s->lock);
  }
  pthread_mutex_unlock(&s->lock);
  return NULL;
}

/* 1: it waits; 0: there is nothing to wait for any more. */
static int wait_for(dur_server *server, errand *e) {
  durable_service *s = server->service;
  int waits = 0;
  pthread_mutex_lock(&s->lock);
  if (server->stopping) {
    give_up(e);
  } else if (!dur_reply_is_due(s, &e->reply)) {
    dur_exchange_suspend(e->x);
    e->next = server->waiting;
    server->waiting = e;
    waits = 1;
  }
  pthread_mutex_unlock(&s->lock);
  return waits;
}

/* ---- requests */

static int ask_service(dur_server *server, dur_exchange *x, errand *e) {
  const char *headers[2 * DUR_HEADERS_READ + 1] = {NULL};
  size_t n = 0;
  for (const char *const *name = dur_request_headers; *name; name++) {
    const char *value = dur_exchange_header(x, *name);
    if (value == NULL)
      continue;
    headers[n++] = *name;
    headers[n++] = value;
  }
  dur_request r = {.method = x->method,
                   .target = x->target,
                   .headers = headers,
                   .names_repeat = server->options.for_sam,
                   .body = dur_buf_view(&x->body)};
  dur_arena_init(&r.arena, &dur_mem_default);
  dur_request_now(server->service, &r, &e->reply);
  dur_arena_drop(&r.arena);
  if ((e->reply.wait_run || e->reply.wait_call) && wait_for(server, e))
    return 1;
  dur_reply_finish(server->service, &e->reply);
  return 0;
}

static void count_open(dur_server *server, int change) {
  durable_service *s = server->service;
  pthread_mutex_lock(&s->lock);
  server->open += (unsigned)change;
  if (server->stopping)
    pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
}

/* 1: suspended, 0: answered. */
static int answer(dur_server *server, dur_exchange *x, errand *e) {
  if (dur_cloudwatch_take(server->cloudwatch, x, &e->reply) ||
      dur_admin_take(server->fleet, x, &e->reply))
    return 0;
  if (server->faults == NULL)
    return ask_service(server, x, e);
  if (dur_faults_take(server->faults, x, &e->reply))
    return 0;
  dur_fault_kind kind = dur_faults_meet(server->faults, x);
  if (dur_fault_refuse(kind, &e->reply))
    return 0;
  int suspended = ask_service(server, x, e);
  if (!suspended)
    dur_fault_spoil(kind, x, &e->reply);
  return suspended;
}

static int handle(void *user, dur_exchange *x) {
  dur_server *server = user;
  put_request_id(x);
  errand *e = calloc(1, sizeof *e);
  if (e == NULL) {
    x->status = 500;
    return 0;
  }
  x->owner = e;
  e->x = x;
  count_open(server, 1);
  e->reply.status = 200;
  dur_buf_init(&e->reply.body, &dur_mem_default, SIZE_MAX);
  if (answer(server, x, e))
    return 1;
  fill(server, e);
  return 0;
}

static void drop(void *user, dur_exchange *x) {
  errand *e = x->owner;
  if (e == NULL)
    return;
  count_open(user, -1);
  dur_buf_drop(&e->reply.body);
  free(e);
}

/* ---- lifecycle */

/* The other half of what may be open is for functions and the database. */
static unsigned connections(void) {
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
      files.rlim_cur / 2 < (rlim_t)CONNECTIONS)
    return (unsigned)(files.rlim_cur / 2);
  return CONNECTIONS;
}

int dur_server_would_refuse(const char *path) {
  return dur_store_is_foreign(path);
}

static int open_parts(dur_server *server, dur_fleet *fleet,
                      const dur_server_options *options) {
  server->cloudwatch = dur_cloudwatch_open(fleet);
  if (options->test_faults)
    server->faults = dur_faults_open();
  return server->cloudwatch && (server->faults || !options->test_faults) ? 0
                                                                         : -1;
}

static void free_server(dur_server *server) {
  dur_cloudwatch_close(server->cloudwatch);
  dur_faults_close(server->faults);
  free(server);
}

int dur_server_open(dur_server **out, durable_service *service,
                    dur_fleet *fleet, const dur_server_options *options,
                    char *message, size_t size) {
  dur_server *server = calloc(1, sizeof *server);
  *out = NULL;
  if (server == NULL || open_parts(server, fleet, options) != 0) {
    if (server != NULL)
      free_server(server);
    snprintf(message, size, "out of memory");
    return -1;
  }
  server->service = service;
  server->fleet = fleet;
  server->options = *options;
  const dur_listener_options listen = {
      .host = options->host,
      .port = options->port,
      .threads = THREADS,
      .connections = connections(),
      .idle_s = IDLE_S,
      .body_max = DUR_EVENT_BYTES_MAX,
      .too_large = "{\"Type\":\"RequestTooLargeException\",\"message\":"
                   "\"The request is too large\"}",
      .handle = handle,
      .drop = drop,
      .user = server};
  if (dur_listener_open(&server->listener, &listen, message, size) == 0) {
    if (pthread_create(&server->waiter, NULL, waiter, server) == 0) {
      *out = server;
      return 0;
    }
    snprintf(message, size, "no thread could be started");
    dur_listener_close(server->listener);
  }
  free_server(server);
  return -1;
}

unsigned dur_server_port(const dur_server *server) {
  return dur_listener_port(server->listener);
}

void dur_server_quiesce(dur_server *server) {
  durable_service *s = server->service;
  dur_listener_quiesce(server->listener);
  pthread_mutex_lock(&s->lock);
  int first = !server->stopping;
  server->stopping = 1;
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
  if (!first)
    return;
  pthread_join(server->waiter, NULL);
  int64_t until_ms = dur_boot_ms() + SEND_MS;
  pthread_mutex_lock(&s->lock);
  while (server->open > 0 && dur_boot_ms() < until_ms) {
    struct timespec until = dur_wait_until(SEND_MS);
    pthread_cond_timedwait(&s->changed, &s->lock, &until);
  }
  pthread_mutex_unlock(&s->lock);
}

void dur_server_close(dur_server *server) {
  if (server == NULL)
    return;
  dur_server_quiesce(server);
  dur_listener_close(server->listener);
  free_server(server);
}
