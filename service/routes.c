/* routes: from method and path to the function that answers. */
#include "base/json.h"
#include "dispatch.h"
#include "request.h"
#include "run.h"
#include "tokens.h"
#include <stdlib.h>
#include <string.h>

static const char API[] = "2025-12-01";

typedef struct route {
  const char *method, *collection, *suffix; /* after the id; NULL: nothing */
  dur_route_fn *run;
  int changes;
} route;

static const route ROUTES[] = {
    {"POST", "durable-executions", "checkpoint", dur_route_checkpoint, 1},
    {"GET", "durable-executions", "state", dur_route_state, 0},
    {"GET", "durable-executions", "history", dur_route_history, 0},
    {"POST", "durable-executions", "stop", dur_route_stop, 1},
    {"GET", "durable-executions", NULL, dur_route_get, 0},
    {"POST", "durable-execution-callbacks", "succeed", dur_route_succeed, 1},
    {"POST", "durable-execution-callbacks", "fail", dur_route_fail, 1},
    {"POST", "durable-execution-callbacks", "heartbeat", dur_route_heartbeat,
     1},
    {"GET", "functions", "durable-executions", dur_route_list_function, 0},
};

/* Segments first..last-1 with '/' between: an id that came unencoded. */
static dur_bytes join(dur_request *r, size_t first, size_t last) {
  if (last - first == 1)
    return r->segments[first];
  size_t size = 0;
  for (size_t i = first; i < last; i++)
    size += r->segments[i].len + 1;
  char *text = dur_arena_alloc(&r->arena, size), *at = text;
  if (text == NULL)
    return DUR_NONE;
  for (size_t i = first; i < last; i++) {
    memcpy(at, r->segments[i].data, r->segments[i].len);
    at += r->segments[i].len;
    *at++ = '/';
  }
  return (dur_bytes){text, size - 1};
}

static const route *find_api(dur_request *r) {
  size_t n = r->segment_count;
  if (n < 3 || !dur_bytes_is(r->segments[0], API))
    return NULL;
  for (size_t i = 0; i < sizeof ROUTES / sizeof *ROUTES; i++) {
    const route *it = &ROUTES[i];
    size_t last = n;
    if (strcmp(it->method, r->method) != 0 ||
        !dur_bytes_is(r->segments[1], it->collection))
      continue;
    if (it->suffix != NULL) {
      if (n < 4 || !dur_bytes_is(r->segments[n - 1], it->suffix))
        continue;
      last = n - 1;
    }
    r->id = join(r, 2, last);
    return it;
  }
  return NULL;
}

static int path_is(const dur_request *r, const char *method, const char *a,
                   const char *b) {
  return strcmp(r->method, method) == 0 && r->segment_count == (b ? 2u : 1u) &&
         dur_bytes_is(r->segments[0], a) &&
         (b == NULL || dur_bytes_is(r->segments[1], b));
}

static const route *find(dur_request *r) {
  static const route HEALTH = {"GET", NULL, NULL, dur_route_health, 0};
  static const route START = {"POST", NULL, NULL, dur_route_start, 1};
  static const route LIST = {"GET", NULL, NULL, dur_route_list, 0};
  static const route METRICS = {"GET", NULL, NULL, dur_route_metrics, 0};
  static const route INVOKE = {"POST", NULL, NULL, dur_route_invoke, 1};
  if (path_is(r, "GET", "health", NULL))
    return &HEALTH;
  if (path_is(r, "GET", "metrics", NULL))
    return &METRICS;
  if (path_is(r, "POST", "start-durable-execution", NULL))
    return &START;
  if (path_is(r, "GET", API, "durable-executions"))
    return &LIST;
  if (r->segment_count == 4 && strcmp(r->method, "POST") == 0 &&
      dur_bytes_is(r->segments[0], "2015-03-31") &&
      dur_bytes_is(r->segments[1], "functions") &&
      dur_bytes_is(r->segments[3], "invocations")) {
    r->id = r->segments[2];
    return &INVOKE;
  }
  return find_api(r);
}

int dur_request_changes(const dur_request *request) {
  const route *it = find((dur_request *)(uintptr_t)request);
  return it != NULL && it->changes;
}

dur_bytes dur_request_checkpoint(dur_request *r) {
  const route *it = find(r);
  return it != NULL && it->run == dur_route_checkpoint ? r->id : DUR_NONE;
}

void dur_request_run(durable_service *s, dur_request *r, dur_reply *reply) {
  const route *it = find(r);
  if (it == NULL) {
    dur_bytes path = {r->target, strcspn(r->target, "?")};
    dur_reply_error(reply, DUR_ERROR_NOT_FOUND, "Unknown path pattern: %s %.*s",
                    r->method, (int)(path.len < 1024 ? path.len : 1024),
                    path.data);
    return;
  }
  it->run(s, r, reply);
}

void dur_route_health(durable_service *s, dur_request *r, dur_reply *reply) {
  (void)s;
  (void)r;
  dur_buf_str(&reply->body, "{\"status\":\"healthy\"}");
}

static void put_count(dur_json_out *out, const char *key, size_t n) {
  dur_json_key(out, key);
  dur_json_i64(out, (int64_t)n);
}

void dur_route_metrics(durable_service *s, dur_request *r, dur_reply *reply) {
  dur_json_out out;
  (void)r;
  dur_json_out_init(&out, &reply->body, 0);
  dur_json_begin_object(&out);
  dur_json_key(&out, "metrics");
  dur_json_begin_object(&out);
  pthread_mutex_lock(&s->lock);
  size_t running = 0, queued = 0;
  for (size_t i = 0; i < s->runs.cap; i++) {
    const dur_run *run = s->runs.slots[i].value;
    running += run != NULL && !dur_run_is_over(run);
  }
  for (const dur_job *job = s->ready; job != NULL; job = job->next)
    queued++;
  put_count(&out, "RunningExecutions", running);
  put_count(&out, "RunningInvocations", s->busy);
  put_count(&out, "QueuedInvocations", queued);
  pthread_mutex_unlock(&s->lock);
  dur_json_end_object(&out);
  dur_json_end_object(&out);
}
