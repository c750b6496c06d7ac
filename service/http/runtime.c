/* runtime: the Lambda Runtime API of one process.
 *
 * Every process has a listener of its own, so it needs no name: what comes in
 * there is its. */
#include "base/json.h"
#include "process.h"
#include "service/request.h"
#include "service/tokens.h"
#include "wire/limits.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CONNECTIONS = 16, IDLE_S = 900, ID_ROOM = 64 };

static const char ROOT[] = "/2018-06-01/runtime/";

static void answer(dur_exchange *x, int status, const char *body) {
  x->status = status;
  dur_buf_reset(&x->answer);
  dur_buf_str(&x->answer, body);
}

static void refuse(dur_exchange *x, int status, const char *type,
                   const char *message) {
  char body[256];
  snprintf(body, sizeof body, "{\"errorMessage\":\"%s\",\"errorType\":\"%s\"}",
           message, type);
  answer(x, status, body);
}

/* ---- next */

static void put_arn(dur_exchange *x, const dur_program *program) {
  dur_buf arn;
  dur_buf_init(&arn, &dur_mem_default, DUR_ARN_MAX);
  dur_function_arn_write(&arn, program->fleet->service,
                         dur_cstr(program->name));
  if (dur_buf_cstr(&arn) != NULL)
    dur_exchange_put(x, "Lambda-Runtime-Invoked-Function-Arn",
                     dur_buf_cstr(&arn));
  dur_buf_drop(&arn);
}

/* The caller's; else Root=1-8 hex-24 hex;Parent=16 hex;Sampled=0, made of two
 * fresh ids. */
static void put_trace(dur_exchange *x, const char *given, int64_t now_ms) {
  char a[DUR_UUID_SIZE], b[DUR_UUID_SIZE], text[128];
  if (given != NULL && *given != '\0') {
    dur_exchange_put(x, "Lambda-Runtime-Trace-Id", given);
    return;
  }
  if (dur_uuid(a) != 0 || dur_uuid(b) != 0)
    return;
  snprintf(text, sizeof text,
           "Root=1-%08llx-%.8s%.4s%.12s;Parent=%.4s%.12s;Sampled=0",
           (unsigned long long)(now_ms / 1000), a, a + 9, a + 24, b, b + 24);
  dur_exchange_put(x, "Lambda-Runtime-Trace-Id", text);
}

static void deliver(dur_process *p, dur_exchange *x) {
  const durable_service_invocation *inv = p->inv;
  const dur_job *job = dur_job_of(inv);
  char deadline[32];
  dur_process_turn(p, inv->request_id); /* so far: the invocation before */
  p->delivered = 1;
  snprintf(deadline, sizeof deadline, "%lld", (long long)inv->deadline_ms);
  dur_exchange_put(x, "Lambda-Runtime-Aws-Request-Id", inv->request_id);
  dur_exchange_put(x, "Lambda-Runtime-Deadline-Ms", deadline);
  put_arn(x, p->program);
  put_trace(x, inv->trace_id, dur_real_ms());
  if (dur_uuid(p->invocation_id) == 0)
    dur_exchange_put(x, "Lambda-Runtime-Invocation-Id", p->invocation_id);
  if (inv->tenant_id)
    dur_exchange_put(x, "Lambda-Runtime-Aws-Tenant-Id", inv->tenant_id);
  if (job->context)
    dur_exchange_put(x, "Lambda-Runtime-Client-Context", job->context);
  if (job->identity)
    dur_exchange_put(x, "Lambda-Runtime-Cognito-Identity", job->identity);
  x->status = 200;
  dur_buf_bytes(&x->answer, dur_from_public(inv->event));
}

void dur_runtime_offer(dur_process *p) {
  dur_exchange *x = p->parked;
  if (x == NULL || p->inv == NULL || p->delivered)
    return;
  p->parked = NULL;
  deliver(p, x);
  dur_exchange_resume(x);
}

void dur_runtime_leave(dur_process *p) {
  dur_exchange *x = p->parked;
  if (x == NULL)
    return;
  p->parked = NULL;
  refuse(x, 500, "Runtime.Stopping", "The environment is shut down");
  dur_exchange_resume(x);
}

static int next(dur_process *p, dur_exchange *x) {
  if (p->parked != NULL || (p->inv != NULL && p->delivered && !p->answered)) {
    refuse(x, 403, "InvalidStateTransition",
           "An invocation is open, or next was asked for already");
    return 0;
  }
  if (p->dead || p->program->fleet->stopping) {
    refuse(x, 500, "Runtime.Stopping", "The environment is shut down");
    return 0;
  }
  if (p->inv != NULL && !p->delivered) {
    deliver(p, x);
    return 0;
  }
  p->parked = x;
  dur_exchange_suspend(x);
  return 1;
}

/* ---- response and error */

/* Whether |x| is about the open invocation; otherwise it is refused. */
static int is_open(dur_process *p, dur_exchange *x, const char *id) {
  const char *echo = dur_exchange_header(x, "Lambda-Runtime-Invocation-Id");
  if (p->inv == NULL || !p->delivered || strcmp(id, p->inv->request_id) != 0 ||
      (echo != NULL && strcmp(echo, p->invocation_id) != 0))
    refuse(x, 400, "InvalidRequestID", "Invalid request ID");
  else if (p->answered)
    refuse(x, 403, "InvalidStateTransition", "It was answered already");
  else if (p->inv->deadline_ms <= dur_real_ms())
    refuse(x, 410, "InvocationTimeout", "The invocation has timed out");
  else
    return 1;
  return 0;
}

static void settle(dur_process *p, int outcome, dur_bytes body) {
  dur_process_drain(p);
  p->outcome = outcome;
  p->answered = 1;
  dur_buf_reset(&p->body);
  dur_buf_bytes(&p->body, body);
  pthread_cond_broadcast(&p->program->fleet->changed);
}

static void take_response(dur_process *p, dur_exchange *x) {
  static const char LARGE[] =
      "{\"errorMessage\":\"Response payload size exceeded the maximum allowed "
      "payload size\",\"errorType\":\"Function.ResponseSizeTooLarge\"}";
  if (x->body.len > DUR_PAYLOAD_MAX) {
    settle(p, DURABLE_SERVICE_RAISED, DUR_LIT(LARGE));
    answer(x, 413, LARGE);
    return;
  }
  settle(p, DURABLE_SERVICE_RETURNED, dur_buf_view(&x->body));
  answer(x, 202, "{\"status\":\"OK\"}");
}

/* Its body when that is JSON, else an error of the type in the header. */
static void error_of(const dur_exchange *x, dur_buf *out) {
  const char *type =
      dur_exchange_header(x, "Lambda-Runtime-Function-Error-Type");
  dur_bytes body = dur_buf_view(&x->body);
  if (body.len > 1 && body.data[0] == '{' && dur_is_json(body)) {
    dur_buf_bytes(out, body);
    return;
  }
  dur_json_out json;
  dur_json_out_init(&json, out, 0);
  dur_json_begin_object(&json);
  dur_json_key(&json, "errorMessage");
  dur_json_string(&json, body.len ? body : DUR_LIT(""));
  dur_json_key(&json, "errorType");
  dur_json_cstr(&json, type ? type : "Runtime.Unknown");
  dur_json_end_object(&json);
}

static void take_error(dur_process *p, dur_exchange *x) {
  dur_buf error;
  dur_buf_init(&error, &dur_mem_default, SIZE_MAX);
  error_of(x, &error);
  settle(p, DURABLE_SERVICE_RAISED, dur_buf_view(&error));
  dur_buf_drop(&error);
  answer(x, 202, "{\"status\":\"OK\"}");
}

static void take_init_error(dur_process *p, dur_exchange *x) {
  dur_buf_reset(&p->init_error);
  error_of(x, &p->init_error);
  answer(x, 202, "{\"status\":\"OK\"}");
}

/* ---- routes */

/* "invocation/ID/VERB": 1, with the id. */
static int is_about(const char *path, const char *verb, char id[ID_ROOM]) {
  static const char PREFIX[] = "invocation/";
  size_t at = sizeof PREFIX - 1;
  if (strncmp(path, PREFIX, at) != 0)
    return 0;
  size_t len = strcspn(path + at, "/");
  if (len >= ID_ROOM || path[at + len] != '/' ||
      strcmp(path + at + len + 1, verb) != 0)
    return 0;
  memcpy(id, path + at, len);
  id[len] = '\0';
  return 1;
}

static int route(dur_process *p, dur_exchange *x, const char *path) {
  char id[ID_ROOM];
  int is_post = strcmp(x->method, "POST") == 0;
  if (strcmp(x->method, "GET") == 0 && strcmp(path, "invocation/next") == 0)
    return next(p, x);
  if (is_post && is_about(path, "response", id)) {
    if (is_open(p, x, id))
      take_response(p, x);
  } else if (is_post && is_about(path, "error", id)) {
    if (is_open(p, x, id))
      take_error(p, x);
  } else if (is_post && strcmp(path, "init/error") == 0) {
    take_init_error(p, x);
  } else {
    refuse(x, 404, "NotFound", "There is no such path");
  }
  return 0;
}

static int handle(void *user, dur_exchange *x) {
  dur_process *p = user;
  pthread_mutex_t *lock = &p->program->fleet->lock;
  x->target[strcspn(x->target, "?")] = '\0';
  if (strncmp(x->target, ROOT, sizeof ROOT - 1) != 0) {
    refuse(x, 404, "NotFound", "There is no such path");
    return 0;
  }
  pthread_mutex_lock(lock);
  int suspended = route(p, x, x->target + sizeof ROOT - 1);
  pthread_mutex_unlock(lock);
  return suspended;
}

static void drop(void *user, dur_exchange *x) {
  dur_process *p = user;
  pthread_mutex_t *lock = &p->program->fleet->lock;
  pthread_mutex_lock(lock);
  if (p->parked == x)
    p->parked = NULL;
  pthread_mutex_unlock(lock);
}

int dur_runtime_open(dur_process *p, char *why, size_t size) {
  const dur_listener_options listen = {
      .host = "127.0.0.1",
      .threads = 1,
      .connections = CONNECTIONS,
      .idle_s = IDLE_S,
      .body_max = 2u * DUR_PAYLOAD_MAX,
      .too_large =
          "{\"errorMessage\":\"Exceeded maximum allowed payload size\","
          "\"errorType\":\"RequestEntityTooLarge\"}",
      .handle = handle,
      .drop = drop,
      .user = p};
  return dur_listener_open(&p->api, &listen, why, size);
}
