/* fuzz_engine: the engine's door, called in any order with any handles.
 *
 * The input is a list of bytes that choose the next call and its arguments:
 * claims, next, outcomes, decisions, polls, replies whose JSON is mutated, calls
 * with stale and foreign handles.  After each call the engine has to keep what
 * it promises to whoever misuses it: an error code of the table, at most one
 * request in flight, no memory left behind.  A libFuzzer entry point. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <durable/engine.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HANDLES = 64, CALLS = 4000 };

typedef struct run {
  const uint8_t *at, *end;
  durable_engine *e;
  int32_t handles[HANDLES]; /* of any kind, also ended and negative ones */
  size_t count;
  int64_t now_ms;
  int in_flight, over;
  uint32_t request;
  size_t blocks;
  uint32_t tokens;
} run;

static void require(int truth) {
  if (!truth)
    abort();
}

/* ---- memory */

static void *counting(void *user, void *ptr, size_t old, size_t size) {
  run *r = user;
  (void)old;
  r->blocks += (ptr == NULL) - (size_t)(size == 0);
  if (size == 0) {
    free(ptr);
    return NULL;
  }
  return realloc(ptr, size);
}

/* ---- arguments */

static unsigned byte(run *r) {
  return r->at < r->end ? *r->at++ : 0;
}

static int32_t handle(run *r) {
  unsigned b = byte(r);
  if (b < 8)
    return (int32_t)b - 4;
  if (b < 16)
    return (int32_t)(b * 0x01234567u);
  return r->count ? r->handles[b % r->count] : 1;
}

static int32_t recent(run *r) {
  unsigned b = byte(r) % 4;
  return r->count > b ? r->handles[r->count - 1 - b] : handle(r);
}

static void keep(run *r, int32_t h) {
  if (h <= 0)
    return;
  if (r->count < HANDLES)
    r->handles[r->count++] = h;
  else
    r->handles[byte(r) % HANDLES] = h;
}

static const char *name(run *r) {
  static const char *const names[] = {NULL, "", "a", "step", "\x7f\x01", "b c"};
  return names[byte(r) % 6];
}

static durable_bytes text(run *r) {
  static const char *const texts[] = {
      NULL,
      "",
      "1",
      "null",
      "\"v\"",
      "{\"ErrorMessage\":\"m\",\"ErrorType\":\"T\"}",
      "{\"ErrorMessage\":1}",
      "{\"a\":[1,2,{\"b\":null}]}",
      "[",
      "{\"t\":\"s\",\"v\":\"x\"}"};
  const char *t = texts[byte(r) % 10];
  return (durable_bytes){t, t ? strlen(t) : 0};
}

/* ---- checks */

/* |rc| is an answer or a code of the table. */
static int known(run *r, int rc) {
  require(rc >= 0 || strcmp(durable_error_name(rc), "?") != 0);
  require(rc >= 0 || durable_engine_error(r->e) != NULL);
  return rc;
}

static void drain(run *r) {
  durable_engine_record record = DURABLE_ENGINE_RECORD_INIT;
  while (durable_engine_record_next(r->e, &record) == 1)
    require(record.json.data != NULL);
}

/* Getters take any handle and change nothing. */
static void look(run *r, int32_t h) {
  durable_engine_decision decision = DURABLE_ENGINE_DECISION_INIT;
  durable_engine_item item = DURABLE_ENGINE_ITEM_INIT;
  int status = durable_engine_op_status(r->e, h);
  require(status == DURABLE_E_HANDLE || (status >= DURABLE_STATUS_STARTED &&
                                         status <= DURABLE_STATUS_STOPPED));
  durable_bytes result = durable_engine_op_result(r->e, h);
  require(!result.data || status > 0);
  (void)durable_engine_op_error(r->e, h);
  (void)durable_engine_op_error_field(r->e, h, (int)byte(r) % 6);
  (void)durable_engine_op_error_kind(r->e, h);
  (void)durable_engine_op_state(r->e, h);
  (void)durable_engine_op_callback_id(r->e, h);
  (void)durable_engine_op_current(r->e, h);
  (void)durable_engine_op_ctx(r->e, h);
  (void)durable_engine_op_winner(r->e, h);
  (void)durable_engine_op_is_replayed(r->e, h);
  (void)durable_engine_op_replays_children(r->e, h);
  (void)durable_engine_ctx_is_replaying(r->e, h);
  (void)durable_engine_ctx_parent_id(r->e, h);
  (void)durable_engine_now_ms(r->e, h);
  (void)durable_engine_group_count(r->e, h, DURABLE_STATUS_FAILED);
  (void)durable_engine_group_reason(r->e, h);
  known(r, durable_engine_group_item(r->e, h, byte(r) % 8, &item));
  known(r, durable_engine_op_decision(r->e, h, &decision));
}

/* ---- claims */

static durable_retry_policy policy(run *r) {
  durable_retry_policy p = DURABLE_RETRY_POLICY_INIT;
  p.kind = byte(r) % 7;
  p.set = byte(r) % 32;
  p.jitter = byte(r) % 4;
  p.max_attempts = byte(r) % 4;
  p.initial_delay_s = (int64_t)byte(r) - 2;
  p.max_delay_s = byte(r);
  p.increment_s = byte(r);
  p.backoff_rate = byte(r) / 16.0;
  return p;
}

static int32_t claim_group(run *r, int32_t task, int32_t ctx, const char *n) {
  durable_group_options o = DURABLE_GROUP_OPTIONS_INIT;
  o.kind = byte(r) % 3;
  o.flat = byte(r) % 2;
  o.has_summary = byte(r) % 2;
  o.caller_decides = byte(r) % 4 == 0;
  o.set = o.caller_decides ? 0 : byte(r) % 8;
  o.max_concurrency = byte(r) % 4;
  o.min_successful = byte(r) % 4;
  o.tolerated_failures = byte(r) % 3;
  o.tolerated_percentage = byte(r) / 2.0;
  return durable_engine_group(r->e, task, ctx, n, byte(r) % 6, &o);
}

static int32_t claim_composed(run *r, unsigned what, int32_t task, int32_t ctx,
                              const char *n) {
  durable_retry_policy p = policy(r);
  durable_callback_options callback = DURABLE_CALLBACK_OPTIONS_INIT;
  durable_with_retry_options again = DURABLE_WITH_RETRY_OPTIONS_INIT;
  callback.timeout_s = (int64_t)byte(r) - 1;
  callback.heartbeat_timeout_s = byte(r);
  again.unwrapped = byte(r) % 2;
  again.retry = &p;
  switch (what) {
  case 0:
    return durable_engine_callback(r->e, task, ctx, n, &callback);
  case 1:
    return durable_engine_wait_for_callback(r->e, task, ctx, n, &callback, &p);
  case 2:
    return durable_engine_with_retry(r->e, task, ctx, n, &again);
  case 3:
    return durable_engine_condition(r->e, task, ctx, n, text(r), &p);
  default:
    return durable_engine_callback_result(r->e, task, recent(r));
  }
}

static int32_t claim(run *r) {
  int32_t task = byte(r) % 8 ? durable_engine_root_task(r->e) : handle(r);
  int32_t ctx = byte(r) % 4 ? durable_engine_root_ctx(r->e) : handle(r);
  unsigned what = byte(r) % 11;
  const char *n = name(r);
  durable_step_options step = DURABLE_STEP_OPTIONS_INIT;
  durable_child_options child = DURABLE_CHILD_OPTIONS_INIT;
  durable_op_id ops[4];
  durable_retry_policy p;
  switch (what) {
  case 0:
    p = policy(r);
    step.at_most_once = byte(r) % 2;
    step.retry = byte(r) % 2 ? &p : NULL;
    return durable_engine_step(r->e, task, ctx, n, &step);
  case 1:
    return durable_engine_wait(r->e, task, ctx, n, (int64_t)byte(r) - 1);
  case 2:
    return durable_engine_invoke(r->e, task, ctx, n, byte(r) % 4 ? "f" : n,
                                 text(r), NULL);
  case 3:
    child.is_virtual = byte(r) % 2;
    child.has_summary = byte(r) % 2;
    child.sub_type = byte(r) % 8 ? NULL : n;
    return durable_engine_child(r->e, task, ctx, n, &child);
  case 4:
    return claim_group(r, task, ctx, n);
  case 5:
    for (size_t i = 0; i < 4; i++)
      ops[i] = recent(r);
    return durable_engine_combine(r->e, task, ctx, n, (int)byte(r) % 6, ops,
                                  byte(r) % 5);
  default:
    return claim_composed(r, what - 6, task, ctx, n);
  }
}

/* ---- the driver */

static void poll(run *r) {
  durable_engine_event ev = DURABLE_ENGINE_EVENT_INIT;
  int kind = known(r, durable_engine_poll(r->e, r->now_ms, &ev));
  require(kind < 0 || kind == ev.kind);
  require(!r->over || kind < 0);
  switch (kind) {
  case DURABLE_EVENT_SEND:
    require(!r->in_flight);
    require(ev.method && ev.target.data && ev.token.len);
    require(ev.client_token.data || ev.call == DURABLE_CALL_GET_STATE);
    r->in_flight = 1;
    r->request = ev.request;
    break;
  case DURABLE_EVENT_WAKE:
    require(ev.task > 0);
    break;
  case DURABLE_EVENT_FINISH:
  case DURABLE_EVENT_ABORT:
    require(!r->in_flight && ev.body.len > 0);
    r->over = 1;
    break;
  default:
    break;
  }
}

/* A reply that knows some of the operations, with some bytes changed. */
static void reply(run *r) {
  static const char *const statuses[] = {
      "STARTED", "PENDING", "READY", "SUCCEEDED", "FAILED", "TIMED_OUT", "NEW"};
  static const char *const types[] = {"STEP",    "WAIT",           "CALLBACK",
                                      "CONTEXT", "CHAINED_INVOKE", "EXECUTION"};
  char body[2048];
  int len = snprintf(body, sizeof body,
                     "{\"CheckpointToken\":\"t%u\",\"NewExecutionState\":"
                     "{\"Operations\":[",
                     r->tokens++);
  unsigned count = byte(r) % 4;
  for (unsigned i = 0; i < count; i++) {
    durable_bytes id = durable_engine_op_id(r->e, recent(r));
    len += snprintf(
        body + len, sizeof body - (size_t)len,
        "%s{\"Id\":\"%.*s\",\"Type\":\"%s\",\"Status\":\"%s\","
        "\"StepDetails\":{\"Attempt\":%u,\"NextAttemptTimestamp\":%u},"
        "\"CallbackDetails\":{\"CallbackId\":\"c\"}}",
        i ? "," : "", (int)(id.data ? id.len : 1), id.data ? id.data : "x",
        types[byte(r) % 6], statuses[byte(r) % 7], byte(r) % 5, byte(r));
  }
  len += snprintf(body + len, sizeof body - (size_t)len, "]%s}}",
                  byte(r) % 8 ? "" : ",\"NextMarker\":\"m\"");
  for (unsigned i = byte(r) % 8; i > 5; i--)
    body[(byte(r) * 256 + byte(r)) % (unsigned)len] = (char)byte(r);
  if (byte(r) % 16 == 0)
    len /= 2;
  int status = byte(r) % 8 ? 200 : (int)byte(r) * 4;
  uint32_t request = r->request - (byte(r) % 16 == 0);
  int rc = known(
      r, durable_engine_reply(r->e, request, status, (durable_bytes){NULL, 0},
                              (durable_bytes){body, (size_t)len}, r->now_ms));
  if (request == r->request && rc != DURABLE_E_ARGUMENT)
    r->in_flight = 0;
}

/* ---- user code */

static void spawn(run *r, int32_t group) {
  durable_engine_branch_info info = DURABLE_ENGINE_BRANCH_INFO_INIT;
  if (known(r, durable_engine_branch(r->e, group, &info)) < 0)
    return;
  keep(r, info.task);
  keep(r, info.op);
}

static void next(run *r) {
  int32_t op = byte(r) % 4 ? recent(r) : handle(r);
  int32_t task = byte(r) % 4 ? durable_engine_root_task(r->e) : handle(r);
  int answer = known(r, durable_engine_next(r->e, task, op));
  require(answer <= DURABLE_NEXT_SUSPEND && answer != 0);
  if (answer == DURABLE_NEXT_SPAWN)
    spawn(r, op);
  if (answer == DURABLE_NEXT_RUN)
    keep(r, durable_engine_op_ctx(r->e, op));
}

static void outcome(run *r) {
  int32_t op = byte(r) % 4 ? recent(r) : handle(r);
  switch (byte(r) % 8) {
  case 0:
    known(r, durable_engine_op_fail(r->e, op, text(r), (int)byte(r) % 2));
    return;
  case 1:
    known(r, durable_engine_op_abandon(r->e, op, byte(r) % 16 == 0));
    return;
  case 2:
    known(r, durable_engine_op_decide(r->e, op, (int)byte(r) % 4 - 1,
                                      (int64_t)byte(r) - 1));
    return;
  case 3:
    known(r, durable_engine_op_summary(r->e, op, text(r)));
    return;
  case 4:
    if (known(r, durable_engine_op_compose(r->e, op, (int)byte(r) % 3)) == 0)
      known(r, durable_engine_op_succeed(r->e, op,
                                         durable_engine_op_composed(r->e, op)));
    return;
  default:
    known(r, durable_engine_op_succeed(r->e, op, text(r)));
    return;
  }
}

static void task_call(run *r) {
  int32_t h = byte(r) % 4 ? recent(r) : handle(r);
  durable_op_id ops[3] = {recent(r), recent(r), handle(r)};
  char uuid[DURABLE_UUID_SIZE];
  switch (byte(r) % 6) {
  case 0:
    keep(r,
         known(r, durable_engine_task_new(
                      r->e, byte(r) % 2 ? durable_engine_root_ctx(r->e) : h)));
    return;
  case 1:
    if (known(r, durable_engine_task_end(r->e, h)) == 0)
      require(durable_engine_task_end(r->e, h) == DURABLE_E_HANDLE);
    return;
  case 2:
    known(r, durable_engine_task_idle(r->e, h, (int)byte(r) % 2));
    return;
  case 3:
    known(r, durable_engine_task_wait(r->e, h, ops, byte(r) % 4,
                                      (int)byte(r) % 2));
    return;
  case 4:
    known(r, durable_engine_uuid(r->e, h, uuid));
    return;
  default:
    (void)durable_engine_random(r->e, h);
    return;
  }
}

static void end(run *r) {
  switch (byte(r) % 4) {
  case 0:
    known(r, durable_engine_return(r->e, text(r)));
    return;
  case 1:
    known(r, durable_engine_raise(r->e, text(r), (int)byte(r) % 2));
    return;
  case 2:
    known(r, durable_engine_unwound(r->e));
    return;
  default:
    known(r, durable_engine_task_end(r->e, durable_engine_root_task(r->e)));
    return;
  }
}

static void step(run *r) {
  switch (byte(r) % 16) {
  case 0:
  case 1:
  case 2:
    keep(r, known(r, claim(r)));
    break;
  case 3:
  case 4:
  case 5:
    next(r);
    break;
  case 6:
  case 7:
    outcome(r);
    break;
  case 8:
  case 9:
  case 10:
    poll(r);
    break;
  case 11:
  case 12:
    reply(r);
    break;
  case 13:
    task_call(r);
    break;
  case 14:
    r->now_ms += byte(r) * (byte(r) % 4 ? 1 : 1000);
    look(r, handle(r));
    break;
  default:
    if (byte(r) % 8 == 0)
      end(r);
    else if (known(r, durable_engine_fail(r->e, r->request, "lost",
                                          r->now_ms)) == 0)
      r->in_flight = 0;
    break;
  }
  if (byte(r) % 32)
    drain(r);
}

static int open_engine(run *r, const durable_mem *mem) {
  static const char event[] =
      "{\"DurableExecutionArn\":\"arn:aws:lambda:us-east-1:123456789012:"
      "function:f:1/durable-execution/n/inv\",\"CheckpointToken\":\"t\","
      "\"InitialExecutionState\":{\"Operations\":[{\"Id\":\"inv\",\"Type\":"
      "\"EXECUTION\",\"Status\":\"STARTED\",\"StartTimestamp\":1000,"
      "\"ExecutionDetails\":{\"InputPayload\":\"{}\"}}],\"NextMarker\":\"\"}}";
  durable_engine_options o = DURABLE_ENGINE_OPTIONS_INIT;
  o.mem = mem;
  o.set = DURABLE_ENGINE_SET_SEED;
  o.dialect = byte(r) % 4;
  o.records = byte(r) % 2;
  o.max_threads = byte(r) % 3;
  o.now_ms = r->now_ms;
  if (byte(r) % 4 == 0)
    o.deadline_ms = r->now_ms + byte(r) * 100;
  return durable_engine_new(&r->e, &o,
                            (durable_bytes){event, sizeof event - 1});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  run r = {.at = data, .end = data + size, .now_ms = 100000};
  durable_mem mem = {counting, &r};
  require(open_engine(&r, &mem) == 0);
  keep(&r, durable_engine_root_ctx(r.e));
  keep(&r, durable_engine_root_task(r.e));
  drain(&r);
  poll(&r);
  for (int i = 0; i < CALLS && r.at < r.end; i++)
    step(&r);
  durable_engine_free(r.e);
  require(r.blocks == 0);
  return 0;
}
