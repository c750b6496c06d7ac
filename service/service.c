/* service: the public functions, save answer (dispatch.c). */
#include <durable/service.h>

#include "change.h"
#include "commit.h"
#include "dispatch.h"
#include "inbox.h"
#include "load.h"
#include "request.h"
#include "run.h"
#include "start.h"
#include "tick.h"
#include "tokens.h"
#include "wire/limits.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  MESSAGE_SIZE = 512,
  DEFAULT_THREADS = 16,
  LOOK_MS = 20,
  VISIT_MS = 1000
};

/* The text of this thread's last failed call, and on which service. */
static _Thread_local struct {
  const durable_service *service;
  char text[MESSAGE_SIZE];
} last_error;

static int fail(const durable_service *s, int rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(const durable_service *s, int rc, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(last_error.text, sizeof last_error.text, format, args);
  va_end(args);
  last_error.service = s;
  return rc;
}

const char *durable_service_error(const durable_service *s) {
  return s != NULL && last_error.service == s ? last_error.text : "";
}

/* A size-first struct of the caller: 0 when it is one that we can read. */
static int check_size(const void *options, size_t given, size_t known) {
  const unsigned char *bytes = options;
  if (given < sizeof(size_t))
    return -1;
  for (size_t i = known; i < given; i++)
    if (bytes[i] != 0)
      return -1;
  return 0;
}

/* ---- opening */

static int init_sync(durable_service *s) {
  pthread_condattr_t attr;
  if (pthread_condattr_init(&attr) != 0)
    return -1;
  int rc = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  rc |= pthread_mutex_init(&s->lock, NULL);
  rc |= pthread_mutex_init(&s->visit, NULL);
  rc |= pthread_cond_init(&s->changed, &attr);
  rc |= pthread_cond_init(&s->timer, &attr);
  rc |= pthread_cond_init(&s->work, NULL);
  rc |= pthread_cond_init(&s->notice, NULL);
  pthread_condattr_destroy(&attr);
  return rc;
}

static void drop(durable_service *s) {
  dur_function *f = s->functions;
  dur_unload(s);
  dur_map_drop(&s->runs);
  dur_map_drop(&s->names);
  dur_timers_drop(&s->timers);
  while (f != NULL) {
    dur_function *next = f->next;
    free(f->name);
    free(f);
    f = next;
  }
  dur_writes_free(s->writes);
  free(s->region);
  free(s->account);
  pthread_cond_destroy(&s->changed);
  pthread_cond_destroy(&s->timer);
  pthread_cond_destroy(&s->work);
  pthread_cond_destroy(&s->notice);
  pthread_mutex_destroy(&s->visit);
  pthread_mutex_destroy(&s->lock);
  free(s);
}

static durable_service *make(const durable_service_options *o) {
  durable_service *s = calloc(1, sizeof *s);
  if (s == NULL)
    return NULL;
  s->store.guard_fd = -1;
  dur_map_init(&s->runs, &dur_mem_default);
  dur_map_init(&s->names, &dur_mem_default);
  s->region = strdup(o->region ? o->region : "us-east-1");
  s->account = strdup(o->account_id ? o->account_id : "123456789012");
  s->collapse = o->collapse != 0;
  s->no_dispatch = o->no_dispatch != 0;
  s->hold_callbacks = o->hold_callbacks != 0;
  s->max_threads = o->max_threads ? o->max_threads : DEFAULT_THREADS;
  s->next_row = 1;
  if (init_sync(s) != 0 || s->region == NULL || s->account == NULL) {
    drop(s);
    return NULL;
  }
  return s;
}

/* A visitor (see inbox.h) has the guard for a moment, a server for good. */
static int serve_alone(durable_service *s, char *message, size_t size) {
  const struct timespec rest = {0, 10 * 1000000};
  int64_t until = dur_boot_ms() + VISIT_MS;
  long pid;
  int rc;
  while ((rc = dur_store_guard(&s->store, &pid)) == 0 && dur_boot_ms() < until)
    nanosleep(&rest, NULL);
  if (rc == 1)
    return 0;
  if (rc == 0)
    snprintf(message, size, "%s is being served by process %ld", s->store.path,
             pid);
  else
    snprintf(message, size, "%s-lock cannot be written", s->store.path);
  return DURABLE_E_STORE;
}

/* Become the server: guard, memory, time. */
static int take_over(durable_service *s, const durable_service_options *o,
                     char *message, size_t size) {
  int64_t newest_ms = 0;
  char why[DUR_LOAD_WHY];
  int rc = serve_alone(s, message, size);
  if (rc != 0)
    return rc;
  pthread_mutex_lock(&s->lock);
  rc = dur_load_running(s, &newest_ms, why, sizeof why);
  dur_clock_init(&s->clock, o->virtual_time != 0, o->time_scale, newest_ms);
  pthread_mutex_unlock(&s->lock);
  if (rc == 0 && dur_store_expire(&s->store, dur_clock_now(&s->clock)) != 0) {
    rc = DURABLE_E_STORE;
    snprintf(why, sizeof why, "%s", sqlite3_errmsg(s->store.db));
  }
  if (rc != 0) {
    snprintf(message, size, "%s cannot be read: %s",
             s->store.path ? s->store.path : "the database", why);
    return rc;
  }
  dur_store_changed(&s->store);
  if (s->store.path != NULL)
    dur_inbox_serve(s);
  if (pthread_create(&s->timer_thread, NULL, dur_tick_thread, s) != 0) {
    snprintf(message, size, "no thread could be started");
    return DURABLE_E_NOMEM;
  }
  s->has_timer_thread = 1;
  return 0;
}

static int check_options(const durable_service_options *o, char *message,
                         size_t size) {
  if (check_size(o, o->size, sizeof *o) != 0) {
    snprintf(message, size, "the options are of a newer version");
    return DURABLE_E_ABI;
  }
  if (o->time_scale < 0 || (o->no_dispatch && o->path == NULL) ||
      (o->account_id && (strlen(o->account_id) != 12 ||
                         strspn(o->account_id, "0123456789") != 12))) {
    snprintf(message, size, "an option is out of its range");
    return DURABLE_E_ARGUMENT;
  }
  return 0;
}

int durable_service_open(durable_service **out,
                         const durable_service_options *options, char *message,
                         size_t message_size) {
  char text[MESSAGE_SIZE] = "";
  durable_service_options o = DURABLE_SERVICE_OPTIONS_INIT;
  if (out == NULL)
    return DURABLE_E_ARGUMENT;
  *out = NULL;
  int rc = 0;
  if (options != NULL) {
    rc = check_size(options, options->size, sizeof o) == 0 ? 0 : DURABLE_E_ABI;
    memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    o.size = rc == 0 ? sizeof o : 0;
    rc = check_options(&o, text, sizeof text);
  }
  durable_service *s = rc == 0 ? make(&o) : NULL;
  if (rc == 0 && s == NULL) {
    rc = DURABLE_E_NOMEM;
    snprintf(text, sizeof text, "out of memory");
  }
  if (rc == 0) {
    rc = dur_store_open(&s->store, o.path, !o.read_only, text, sizeof text);
    if (rc != 0) {
      drop(s);
      s = NULL;
    }
  }
  if (rc == 0 && o.no_dispatch)
    dur_clock_init(&s->clock, 0, 1.0, 0);
  else if (rc == 0)
    rc = take_over(s, &o, text, sizeof text);
  if (rc != 0 && s != NULL) {
    dur_store_close(&s->store);
    drop(s);
  }
  if (message != NULL && message_size > 0)
    snprintf(message, message_size, "%s", text);
  if (rc == 0)
    *out = s;
  return rc;
}

void durable_service_close(durable_service *s) {
  if (s == NULL)
    return;
  dur_dispatch_stop(s);
  pthread_mutex_lock(&s->lock);
  dur_commit_wait(s, s->queued);
  s->stopping = 2;
  pthread_cond_broadcast(&s->timer);
  pthread_cond_broadcast(&s->notice);
  pthread_mutex_unlock(&s->lock);
  if (s->has_timer_thread)
    pthread_join(s->timer_thread, NULL);
  if (s->has_notice_thread)
    pthread_join(s->notice_thread, NULL);
  dur_store_close(&s->store);
  drop(s);
}

/* ---- functions */

static int name_ok(const char *name) {
  return name != NULL && dur_execution_name_ok(dur_cstr(name));
}

static dur_function *function_slot(durable_service *s, const char *name) {
  dur_function *f = dur_function_find(s, dur_cstr(name));
  if (f != NULL)
    return f;
  f = calloc(1, sizeof *f);
  if (f == NULL || (f->name = strdup(name)) == NULL) {
    free(f);
    return NULL;
  }
  f->next = s->functions;
  s->functions = f;
  return f;
}

static void resume(durable_service *s, dur_function *f) {
  for (size_t i = 0; i < s->runs.cap; i++) {
    dur_run *run = s->runs.slots[i].value;
    if (run == NULL || dur_run_is_over(run))
      continue;
    if (dur_bytes_is(run->function, f->name))
      dur_dispatch_run(s, run);
    for (size_t k = 1; f->not_durable && k < run->count; k++) {
      dur_item *item = run->items[k];
      if (item->op.type == DUR_TYPE_CHAINED_INVOKE && !item->called &&
          item->op.status == DUR_STATUS_STARTED &&
          dur_function_find(s, item->target) == f)
        dur_chain_call(s, item, f);
    }
  }
}

int durable_service_register(durable_service *s, const char *name,
                             durable_service_function *function, void *user,
                             const durable_service_function_options *options) {
  durable_service_function_options o = DURABLE_SERVICE_FUNCTION_OPTIONS_INIT;
  if (s == NULL)
    return DURABLE_E_ARGUMENT;
  if (!name_ok(name) || function == NULL)
    return fail(s, DURABLE_E_ARGUMENT,
                "a function needs a name of 1 to 64 letters, digits, - or _ "
                "and code");
  if (options != NULL) {
    if (check_size(options, options->size, sizeof o) != 0)
      return fail(s, DURABLE_E_ABI, "the options are of a newer version");
    memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
  }
  if (o.timeout_s < 0 || o.execution_timeout_s < 0 ||
      o.execution_timeout_s > DUR_SECONDS_MAX || o.retention_days < 0 ||
      o.retention_days > 90)
    return fail(s, DURABLE_E_ARGUMENT,
                "a timeout or the retention is out of its range");
  int rc = 0;
  pthread_mutex_lock(&s->lock);
  dur_function *f = function_slot(s, name);
  if (f == NULL) {
    rc = fail(s, DURABLE_E_NOMEM, "out of memory");
  } else {
    f->call = function;
    f->user = user;
    f->timeout_s = o.timeout_s ? o.timeout_s : 900;
    f->execution_timeout_s =
        o.execution_timeout_s ? o.execution_timeout_s : 31536000;
    f->retention_days = o.retention_days ? o.retention_days : 7;
    f->concurrency = o.concurrency;
    f->not_durable = o.not_durable != 0;
    f->tenant_isolation = o.tenant_isolation != 0;
    resume(s, f);
  }
  pthread_mutex_unlock(&s->lock);
  return rc;
}

/* ---- requests */

void dur_request_now(durable_service *s, dur_request *r, dur_reply *reply) {
  if (r->body.len > DUR_EVENT_BYTES_MAX)
    dur_reply_error(reply, DUR_ERROR_TOO_LARGE,
                    "Request must be smaller than %u bytes",
                    DUR_EVENT_BYTES_MAX);
  else if (dur_request_parse(r) != 0)
    dur_reply_error(reply, DUR_ERROR_INVALID, "Malformed request line");
  else if (s->no_dispatch && dur_request_changes(r))
    dur_inbox_visit(s, r, reply);
  else
    dur_request_run(s, r, reply);
  pthread_mutex_lock(&s->lock);
  if (dur_commit_wait(s, reply->mark) != 0)
    dur_reply_error(reply, DUR_ERROR_SERVICE, "%s", s->failed);
  pthread_mutex_unlock(&s->lock);
}

static void hand_out(dur_reply *reply, durable_service_response *out) {
  size_t size = out->size;
  durable_service_response full = {
      .size = size,
      .status = reply->status,
      .error_type = reply->error_type,
      .body = dur_to_public(dur_buf_view(&reply->body)),
      .arn = reply->arn[0] ? reply->arn : NULL,
      .owner = reply,
      .function_error = reply->function_error};
  memcpy(out, &full, size < sizeof full ? size : sizeof full);
}

int durable_service_request(durable_service *s, const char *method,
                            const char *target, const char *const *headers,
                            durable_bytes body, durable_service_response *out) {
  if (s == NULL || method == NULL || target == NULL || out == NULL ||
      (body.data == NULL && body.len > 0))
    return DURABLE_E_ARGUMENT;
  if (out->size < offsetof(durable_service_response, function_error))
    return fail(s, DURABLE_E_ABI, "the response struct has no size");
  dur_reply *reply = calloc(1, sizeof *reply);
  if (reply == NULL)
    return fail(s, DURABLE_E_NOMEM, "out of memory");
  dur_request r = {.method = method,
                   .target = target,
                   .headers = headers,
                   .body = dur_from_public(body)};
  dur_arena_init(&r.arena, &dur_mem_default);
  dur_buf_init(&reply->body, &dur_mem_default, SIZE_MAX);
  reply->status = 200;
  dur_request_now(s, &r, reply);
  dur_reply_finish(s, reply);
  dur_arena_drop(&r.arena);
  if (reply->body.failed) {
    free(reply);
    return fail(s, DURABLE_E_NOMEM, "out of memory");
  }
  hand_out(reply, out);
  return DURABLE_OK;
}

void durable_service_response_drop(durable_service_response *r) {
  if (r == NULL || r->owner == NULL)
    return;
  dur_reply *reply = r->owner;
  dur_buf_drop(&reply->body);
  free(reply);
  r->owner = NULL;
  r->body = (durable_bytes){NULL, 0};
  r->arn = NULL;
}

/* ---- starting and following */

static int check_start(const durable_service *s,
                       const durable_service_start_options *o,
                       dur_bytes input) {
  if (!dur_is_json(input))
    return fail(s, DURABLE_E_ARGUMENT, "the input is not valid JSON");
  if (input.len > DUR_PAYLOAD_MAX)
    return fail(s, DURABLE_E_LIMIT, "the input is larger than %d bytes",
                DUR_PAYLOAD_MAX);
  if (o->name && !dur_execution_name_ok(dur_cstr(o->name)))
    return fail(s, DURABLE_E_ARGUMENT,
                "an execution's name has 1 to 64 letters, digits, - or _");
  if (o->tenant_id && !dur_tenant_ok(dur_cstr(o->tenant_id)))
    return fail(s, DURABLE_E_ARGUMENT, "the tenant id is malformed");
  return 0;
}

int durable_service_start(durable_service *s, const char *function,
                          durable_bytes input,
                          const durable_service_start_options *options,
                          char *arn) {
  durable_service_start_options o = DURABLE_SERVICE_START_OPTIONS_INIT;
  if (s == NULL || function == NULL || arn == NULL)
    return DURABLE_E_ARGUMENT;
  if (options != NULL) {
    if (check_size(options, options->size, sizeof o) != 0)
      return fail(s, DURABLE_E_ABI, "the options are of a newer version");
    memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
  }
  dur_bytes text = input.data ? dur_from_public(input) : DUR_LIT("{}");
  int rc = check_start(s, &o, text);
  if (rc != 0)
    return rc;
  uint64_t mark = 0;
  pthread_mutex_lock(&s->lock);
  const dur_start spec = {.function = dur_function_find(s, dur_cstr(function)),
                          .input = text,
                          .name = dur_cstr(o.name),
                          .tenant = dur_cstr(o.tenant_id)};
  if (spec.function == NULL || spec.function->not_durable)
    rc = fail(s, DURABLE_E_ARGUMENT, "no durable function %s is registered",
              function);
  else if (spec.function->tenant_isolation && o.tenant_id == NULL)
    rc = fail(s, DURABLE_E_ARGUMENT, "function %s needs a tenant id", function);
  else
    rc = dur_start_named(s, &spec, arn, &mark);
  if (rc == DURABLE_E_EXISTS)
    fail(s, rc, "an execution named %s was started with another input", o.name);
  else if (rc == DURABLE_E_NOMEM)
    fail(s, rc, "out of memory");
  else if (rc == DURABLE_E_STORE)
    fail(s, rc, "the database cannot be read");
  if (rc >= 0 && dur_commit_wait(s, mark) != 0)
    rc = fail(s, DURABLE_E_STORE, "%s", s->failed);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

/* The status on disk, or DURABLE_E_ARGUMENT: unknown, or DURABLE_E_STORE. */
static int stored_status(durable_service *s, const char *arn) {
  int status = -1, step = SQLITE_ERROR;
  pthread_mutex_lock(&s->store.lock);
  sqlite3_stmt *stmt =
      dur_prepare(&s->store, "SELECT status FROM execution WHERE arn = ?1");
  if (stmt != NULL) {
    sqlite3_bind_text(stmt, 1, arn, -1, SQLITE_STATIC);
    step = sqlite3_step(stmt);
    if (step == SQLITE_ROW)
      status = dur_run_status_of(dur_column(stmt, 0));
  }
  sqlite3_finalize(stmt);
  pthread_mutex_unlock(&s->store.lock);
  if (step != SQLITE_ROW && step != SQLITE_DONE)
    return fail(s, DURABLE_E_STORE, "the database cannot be read");
  if (status < 0)
    return fail(s, DURABLE_E_ARGUMENT, "Execution %s not found", arn);
  return status;
}

/* Nothing but a callback or a timer in the future can wake it. */
static int is_settled(const durable_service *s, const dur_run *run) {
  int invokes = 0;
  if (run->job != NULL)
    return 0;
  if (run->wanted && run->backoff.slot == 0)
    return dur_function_find(s, run->function) == NULL;
  if (s->clock.is_virtual && s->timers.jumps > 0)
    return 0; /* time is about to move */
  for (size_t i = 1; i < run->count; i++)
    invokes |= run->items[i]->op.type == DUR_TYPE_CHAINED_INVOKE &&
               run->items[i]->op.status == DUR_STATUS_STARTED;
  return !invokes || dur_is_quiet(s);
}

/* Follow a run that this process does not have in memory. */
static int look(durable_service *s, const char *arn, int64_t until_ms,
                int once) {
  for (;;) {
    int status = stored_status(s, arn);
    if (status != DURABLE_EXECUTION_RUNNING || once ||
        dur_boot_ms() >= until_ms)
      return status;
    struct timespec t = {0, LOOK_MS * 1000000L};
    nanosleep(&t, NULL);
  }
}

static int follow(durable_service *s, const char *arn, int64_t timeout_ms,
                  int settle) {
  int64_t until_ms = timeout_ms < 0 ? INT64_MAX : dur_boot_ms() + timeout_ms;
  int status = -1;
  if (s->no_dispatch)
    return look(s, arn, until_ms, settle);
  pthread_mutex_lock(&s->lock);
  while (status < 0 && s->failed == NULL) {
    dur_run *run = dur_run_find(s, dur_cstr(arn));
    int64_t left = until_ms - dur_boot_ms();
    if (run == NULL)
      break;
    if (dur_run_is_over(run) && run->mark <= s->committed) {
      status = run->status;
    } else if (dur_run_is_over(run)) {
      dur_commit_wait(s, run->mark);
    } else if (left <= 0 || (settle && is_settled(s, run))) {
      status = DURABLE_EXECUTION_RUNNING;
    } else {
      struct timespec until = dur_wait_until(left < 1000 ? left : 1000);
      pthread_cond_timedwait(&s->changed, &s->lock, &until);
    }
  }
  const char *failed = s->failed;
  pthread_mutex_unlock(&s->lock);
  if (status >= 0)
    return status;
  if (failed != NULL)
    return fail(s, DURABLE_E_STORE, "%s", failed);
  return stored_status(s, arn);
}

int durable_service_wait(durable_service *s, const char *arn,
                         int64_t timeout_ms) {
  if (s == NULL || arn == NULL)
    return DURABLE_E_ARGUMENT;
  return follow(s, arn, timeout_ms, 0);
}

int durable_service_settle(durable_service *s, const char *arn,
                           int64_t timeout_ms) {
  if (s == NULL || arn == NULL)
    return DURABLE_E_ARGUMENT;
  return follow(s, arn, timeout_ms, 1);
}

/* ---- time and events */

int64_t durable_service_now(durable_service *s) {
  if (s == NULL)
    return DURABLE_E_ARGUMENT;
  pthread_mutex_lock(&s->lock);
  int64_t now_ms = dur_clock_now(&s->clock);
  pthread_mutex_unlock(&s->lock);
  return now_ms;
}

int durable_service_advance(durable_service *s, int64_t by_ms) {
  if (s == NULL || by_ms < 0)
    return DURABLE_E_ARGUMENT;
  if (!s->clock.is_virtual || s->no_dispatch)
    return fail(s, DURABLE_E_STATE, "time is real here");
  pthread_mutex_lock(&s->lock);
  while (s->advance_to > 0 && s->failed == NULL) /* another one's turn */
    pthread_cond_wait(&s->changed, &s->lock);
  s->advance_to = dur_clock_now(&s->clock) + by_ms;
  pthread_cond_signal(&s->timer);
  while (s->advance_to > 0 && s->failed == NULL)
    pthread_cond_wait(&s->changed, &s->lock);
  const char *failed = s->failed;
  pthread_mutex_unlock(&s->lock);
  return failed ? fail(s, DURABLE_E_STORE, "%s", failed) : DURABLE_OK;
}

int durable_service_on_event(durable_service *s, durable_service_event_fn *fn,
                             void *user) {
  if (s == NULL)
    return DURABLE_E_ARGUMENT;
  int rc = DURABLE_OK;
  pthread_mutex_lock(&s->lock);
  s->on_event = fn;
  s->on_event_user = user;
  if (fn != NULL && !s->has_notice_thread) {
    s->has_notice_thread =
        pthread_create(&s->notice_thread, NULL, dur_notice_thread, s) == 0;
    if (!s->has_notice_thread)
      rc = fail(s, DURABLE_E_NOMEM, "no thread could be started");
  }
  pthread_mutex_unlock(&s->lock);
  return rc;
}
