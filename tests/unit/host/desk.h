/* desk: a stand-in for the durable service, behind a transport of a test's own.
 *
 * It grants every update at once: STEP and CONTEXT START is STARTED, SUCCEED is
 * SUCCEEDED, WAIT and CALLBACK START is STARTED.  Thread-safe; a request can be
 * held at its gate. */
#ifndef DUR_TEST_DESK_H
#define DUR_TEST_DESK_H

#include "http_env.h"

#include "base/arena.h"
#include "base/json.h"

typedef struct desk {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int calls, updates; /* so far */
  int inside;         /* requests being answered now */
  int gate_closed;
  int fail_next;               /* so many requests get no answer */
  int status_next;             /* HTTP status of the next answer, 0: 200 */
  const char *more_operations; /* of GET_STATE; NULL: refuse it */
  pthread_t last_thread;       /* that performed a request */
} desk;

static inline void desk_init(desk *k) {
  memset(k, 0, sizeof *k);
  pthread_mutex_init(&k->lock, NULL);
  pthread_cond_init(&k->changed, NULL);
}

static inline void desk_drop(desk *k) {
  pthread_mutex_destroy(&k->lock);
  pthread_cond_destroy(&k->changed);
}

static inline void desk_gate(desk *k, int closed) {
  pthread_mutex_lock(&k->lock);
  k->gate_closed = closed;
  pthread_cond_broadcast(&k->changed);
  pthread_mutex_unlock(&k->lock);
}

/* Block until so many requests have arrived. */
static inline void desk_wait_calls(desk *k, int calls) {
  pthread_mutex_lock(&k->lock);
  while (k->calls < calls)
    pthread_cond_wait(&k->changed, &k->lock);
  pthread_mutex_unlock(&k->lock);
}

static inline int desk_calls(desk *k) {
  pthread_mutex_lock(&k->lock);
  int calls = k->calls;
  pthread_mutex_unlock(&k->lock);
  return calls;
}

typedef struct desk_update {
  dur_bytes id, type, action, name, parent, sub_type, payload;
} desk_update;

static inline void desk_put(dur_json_out *out, const char *key, dur_bytes b) {
  if (!b.data)
    return;
  dur_json_key(out, key);
  dur_json_string(out, b);
}

static inline void desk_details(dur_json_out *out, const desk_update *u,
                                int over) {
  int is_step = dur_bytes_is(u->type, "STEP"),
      is_callback = dur_bytes_is(u->type, "CALLBACK");
  if (is_callback) {
    dur_json_key(out, "CallbackDetails");
    dur_json_begin_object(out);
    desk_put(out, "CallbackId", u->id);
    dur_json_end_object(out);
  } else if (over) {
    dur_json_key(out, is_step ? "StepDetails" : "ContextDetails");
    dur_json_begin_object(out);
    desk_put(out, "Result", u->payload);
    dur_json_end_object(out);
  }
}

static inline void desk_operation(dur_json_out *out, const desk_update *u) {
  int over = dur_bytes_is(u->action, "SUCCEED");
  dur_json_begin_object(out);
  desk_put(out, "Id", u->id);
  desk_put(out, "Type", u->type);
  desk_put(out, "Status", over ? DUR_LIT("SUCCEEDED") : DUR_LIT("STARTED"));
  desk_put(out, "ParentId", u->parent);
  desk_put(out, "Name", u->name);
  desk_put(out, "SubType", u->sub_type);
  desk_details(out, u, over);
  dur_json_end_object(out);
}

static inline void desk_read_update(dur_json *in, dur_arena *arena,
                                    desk_update *u) {
  static const char *const keys[] = {"Id",       "Type",    "Action", "Name",
                                     "ParentId", "SubType", "Payload"};
  dur_bytes *const fields[] = {&u->id,     &u->type,     &u->action, &u->name,
                               &u->parent, &u->sub_type, &u->payload};
  memset(u, 0, sizeof *u);
  while (dur_json_next(in) == DUR_JSON_KEY) {
    size_t i = 0;
    while (i < 7 && !dur_json_text_is(in, keys[i]))
      i++;
    if (i == 7) {
      dur_json_skip(in);
      continue;
    }
    dur_json_next(in);
    dur_json_text(in, arena, fields[i]);
  }
}

enum { DESK_UPDATES = 256 };

/* As the service does, each operation once, in its newest state. */
static inline void desk_grant(desk *k, dur_json *in, dur_json_out *out,
                              dur_arena *arena) {
  desk_update updates[DESK_UPDATES];
  int n = 0;
  dur_json_next(in);
  while (dur_json_next(in) == DUR_JSON_OBJECT) {
    assert_true(n < DESK_UPDATES);
    desk_read_update(in, arena, &updates[n++]);
  }
  for (int i = 0; i < n; i++) {
    int newer = i + 1;
    while (newer < n && !dur_bytes_eq(updates[i].id, updates[newer].id))
      newer++;
    if (newer == n)
      desk_operation(out, &updates[i]);
  }
  k->updates += n;
}

/* The answer to a checkpoint as a NUL-terminated heap string. */
static inline char *desk_checkpoint(desk *k, durable_bytes updates) {
  dur_buf buf;
  dur_json in;
  dur_json_out out;
  dur_arena arena;
  dur_buf_init(&buf, &dur_mem_default, 1 << 24);
  dur_arena_init(&arena, &dur_mem_default);
  dur_json_init(&in, (dur_bytes){updates.data, updates.len}, 0);
  dur_buf_str(&buf, "{\"CheckpointToken\":\"");
  dur_buf_str(&buf, "VG9r");
  dur_buf_i64(&buf, k->calls);
  dur_buf_str(&buf, "\",\"NewExecutionState\":{\"Operations\":");
  dur_json_out_init(&out, &buf, 0);
  dur_json_begin_array(&out);
  desk_grant(k, &in, &out, &arena);
  dur_json_end_array(&out);
  dur_buf_str(&buf, "}}");
  char *text = strdup(dur_buf_cstr(&buf));
  dur_arena_drop(&arena);
  dur_buf_drop(&buf);
  return text;
}

static inline void desk_free(durable_transport_reply *reply) {
  free(reply->owner);
}

static inline char *desk_state(const desk *k) {
  char *text = malloc(4096);
  snprintf(text, 4096, "{\"Operations\":%s}", k->more_operations);
  return text;
}

static inline int desk_send(void *user, const durable_transport_request *r,
                            durable_transport_reply *reply) {
  desk *k = user;
  pthread_mutex_lock(&k->lock);
  k->calls++;
  k->last_thread = pthread_self();
  k->inside++;
  assert_int_equal(k->inside, 1);
  pthread_cond_broadcast(&k->changed);
  while (k->gate_closed)
    pthread_cond_wait(&k->changed, &k->lock);
  int rc = 0;
  if (k->fail_next) {
    k->fail_next--;
    reply->why = "the desk is closed";
    rc = -1;
  } else {
    char *text = r->call == DURABLE_CALL_CHECKPOINT
                     ? desk_checkpoint(k, r->updates)
                     : desk_state(k);
    reply->status = k->status_next ? k->status_next : 200;
    reply->body = (durable_bytes){text, strlen(text)};
    reply->owner = text;
    reply->drop = desk_free;
  }
  k->inside--;
  pthread_mutex_unlock(&k->lock);
  return rc;
}

static inline durable_transport desk_transport(desk *k, uint32_t flags) {
  durable_transport t = DURABLE_TRANSPORT_INIT;
  t.flags = flags;
  t.user = k;
  t.send = flags & DURABLE_TRANSPORT_PULL ? NULL : desk_send;
  return t;
}

/* ---- the rest of a run */

#define DESK_ARN                                                               \
  "arn:aws:lambda:us-east-1:123456789012:function:f:1/durable-execution/n/i"
#define DESK_EXECUTION                                                         \
  "{\"Id\":\"i\",\"Type\":\"EXECUTION\",\"Status\":\"STARTED\","               \
  "\"StartTimestamp\":1735689600123,\"ExecutionDetails\":{\"InputPayload\":"   \
  "\"{\\\"q\\\":1}\"}}"
#define DESK_EVENT(operations, marker)                                         \
  "{\"DurableExecutionArn\":\"" DESK_ARN "\",\"CheckpointToken\":\"VG9r\","    \
  "\"InitialExecutionState\":{\"Operations\":[" operations                     \
  "],\"NextMarker\":\"" marker "\"}}"

static inline durable_engine *
desk_engine(const char *event, const durable_engine_options *options) {
  durable_engine *e;
  assert_int_equal(
      durable_engine_new(&e, options, (durable_bytes){event, strlen(event)}),
      0);
  return e;
}

static inline durable_host *desk_host(const durable_host_options *options,
                                      const durable_transport *transport) {
  durable_host *host;
  assert_int_equal(durable_host_new(&host, options), 0);
  assert_int_equal(
      durable_host_attach(
          host, desk_engine(DESK_EVENT(DESK_EXECUTION, ""), NULL), transport),
      0);
  return host;
}

static inline durable_op_id run_claim(durable_host *h, durable_task_id task,
                                      durable_ctx_id ctx, const char *name) {
  durable_op_id op =
      durable_engine_step(durable_host_enter(h), task, ctx, name, NULL);
  durable_host_leave(h);
  assert_true(op > 0);
  return op;
}

static inline void run_succeed(durable_host *h, durable_op_id op,
                               const char *payload) {
  int rc = durable_engine_op_succeed(durable_host_enter(h), op,
                                     (durable_bytes){payload, strlen(payload)});
  durable_host_leave(h);
  assert_int_equal(rc, 0);
}

/* One whole step. */
static inline void run_step(durable_host *h, durable_task_id task,
                            durable_ctx_id ctx, const char *name) {
  durable_op_id op = run_claim(h, task, ctx, name);
  assert_int_equal(durable_host_next(h, task, op), DURABLE_NEXT_RUN);
  run_succeed(h, op, "\"r\"");
  assert_int_equal(durable_host_next(h, task, op), DURABLE_NEXT_DONE);
  durable_bytes result = durable_engine_op_result(durable_host_enter(h), op);
  durable_host_leave(h);
  assert_bytes(result, "\"r\"");
}

static inline void run_begin(durable_host *h, durable_task_id *task,
                             durable_ctx_id *ctx) {
  assert_int_equal(durable_host_begin(h), DURABLE_EVENT_WAKE);
  *task = durable_engine_root_task(durable_host_engine(h));
  *ctx = durable_engine_root_ctx(durable_host_engine(h));
}

static inline void run_return(durable_host *h, const char *payload) {
  durable_engine *e = durable_host_enter(h);
  int rc = durable_engine_return(e, (durable_bytes){payload, strlen(payload)});
  if (!rc)
    rc = durable_engine_task_end(e, durable_engine_root_task(e));
  durable_host_leave(h);
  assert_int_equal(rc, 0);
}

static inline void run_finish(durable_host *h, int kind, const char *part) {
  durable_host_event out = DURABLE_HOST_EVENT_INIT;
  assert_int_equal(durable_host_finish(h, &out), kind);
  char *text = strndup(out.body.data, out.body.len);
  if (!strstr(text, part))
    fail_msg("'%s' does not say '%s'", text, part);
  free(text);
}

#endif
