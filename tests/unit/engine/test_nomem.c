/* Memory runs out at every single allocation of whole executions.
 *
 * Invariant: a call says so, the invocation ends with ABORT, nothing leaks, and
 * what the service has is never wrong: the next invocation, with memory again,
 * ends as if nothing had happened. */
#include "script.h"

typedef int program_fn(void); /* DONE, SUSPEND or a negative code */

static int settle(int op);

/* What user code does in a body that has a context of its own. */
static int inside(int op) {
  durable_ctx_id before = sc.ctx;
  durable_ctx_id ctx = durable_engine_op_ctx(sc.e, op);
  int answer = DONE;
  if (ctx > 0) {
    sc.ctx = ctx;
    answer = settle(sc_step("inner"));
    sc.ctx = before;
  }
  return answer;
}

static int body(int op) {
  int kind = durable_engine_op_body(sc.e, op);
  if (kind == DURABLE_BODY_PAYLOAD) {
    int rc = durable_engine_op_compose(sc.e, op, DURABLE_FORM_TAGGED);
    if (rc == DURABLE_E_SERDES) /* inputs are plain */
      rc = durable_engine_op_compose(sc.e, op, DURABLE_FORM_PLAIN);
    if (rc != 0)
      return rc;
    rc = durable_engine_op_succeed(sc.e, op,
                                   durable_engine_op_composed(sc.e, op));
    sc_drain();
    return rc;
  }
  int answer = kind == DURABLE_BODY_SUBMITTER ? DONE : inside(op);
  if (answer != DONE) {
    durable_engine_op_abandon(sc.e, op, 0);
    sc_drain();
    return answer;
  }
  if (kind == DURABLE_BODY_SUBMITTER || durable_engine_op_attempt(sc.e, op) > 1)
    return sc_ok(op, "1");
  durable_bytes name = durable_engine_op_name(sc.e, op);
  if (name.len > 5 && memcmp(name.data, "flaky", 5) == 0)
    return sc_fails(op, "ValueError", "flaky", 1);
  return sc_ok(op, "1");
}

static int run_branch(int group) {
  durable_engine_branch_info b = DURABLE_ENGINE_BRANCH_INFO_INIT;
  int rc = durable_engine_branch(sc.e, group, &b);
  if (rc != 0)
    return rc;
  durable_task_id before = sc.task;
  sc.task = b.task;
  int answer = settle(b.op);
  sc.task = before;
  rc = durable_engine_task_end(sc.e, b.task);
  return answer == DONE ? rc : answer;
}

/* Nothing moves before the deadline: a reply that found no memory is asked for
 * again.  1: something moved. */
static int patience(void) {
  if (sc.ev.kind != NONE || sc.ev.deadline_ms == INT64_MAX)
    return 0;
  sc.now_ms = sc.ev.deadline_ms;
  sc_pump();
  return 1;
}

/* Drive one operation to its end, whatever it asks. */
static int settle(int op) {
  if (op < 0)
    return op;
  for (;;) {
    int rc = 0, answer = sc_go(op);
    if (answer == RUN)
      rc = body(op);
    else if (answer == SPAWN)
      rc = run_branch(op);
    else if (answer == DECIDE)
      rc = durable_engine_op_decide(sc.e, op, DURABLE_DECIDE_STOP, 0);
    else if (answer == SUMMARY)
      rc = durable_engine_op_summary(sc.e, op, (durable_bytes){"s", 1});
    else if (answer != PARK)
      return answer;
    else if (!patience())
      return SUSPEND;
    sc_drain();
    if (rc != 0)
      return rc;
  }
}

/* ---- programs */

static int leaves(void) {
  char uuid[DURABLE_UUID_SIZE];
  int rc = settle(sc_step("s"));
  if (rc == DONE)
    rc = settle(sc_step("flaky s"));
  if (rc == DONE)
    rc = settle(sc_wait("w", 5));
  if (rc == DONE)
    rc = settle(durable_engine_invoke(sc.e, sc.task, sc.ctx, "i", "fn",
                                      (durable_bytes){"1", 1}, NULL));
  if (rc == DONE)
    rc = settle(durable_engine_condition(sc.e, sc.task, sc.ctx, "c",
                                         (durable_bytes){"0", 1}, NULL));
  if (rc == DONE && durable_engine_uuid(sc.e, sc.ctx, uuid) != 0)
    return DURABLE_E_NOMEM;
  return rc;
}

static int composed(void) {
  int rc = settle(
      durable_engine_wait_for_callback(sc.e, sc.task, sc.ctx, "w", NULL, NULL));
  if (rc == DONE)
    rc = settle(
        durable_engine_with_retry(sc.e, sc.task, sc.ctx, "flaky r", NULL));
  if (rc == DONE)
    rc = settle(sc_child("kid"));
  return rc;
}

static int batches(void) {
  durable_group_options o = DURABLE_GROUP_OPTIONS_INIT;
  o.max_concurrency = 2;
  int ops[2] = {sc_wait("a", 3), sc_wait("b", 2)};
  if (ops[0] < 0 || ops[1] < 0)
    return ops[0] < 0 ? ops[0] : ops[1];
  int rc = settle(durable_engine_combine(sc.e, sc.task, sc.ctx, "j",
                                         DURABLE_COMBINE_ALL, ops, 2));
  if (rc == DONE)
    rc = settle(durable_engine_group(sc.e, sc.task, sc.ctx, "m", 3, &o));
  return rc;
}

/* ---- the torture */

/* One invocation: FINISH, ABORT or a negative code. */
static int invoke(program_fn *program) {
  int rc = sc_new();
  if (rc != 0)
    return rc;
  sc.task = sc.root = durable_engine_root_task(sc.e);
  sc.ctx = durable_engine_root_ctx(sc.e);
  int kind = sc_pump();
  if (kind == NONE && sc_woken(sc.root)) {
    rc = program();
    sc_drain();
    rc = rc == DONE ? durable_engine_return(sc.e, (durable_bytes){"1", 1})
                    : durable_engine_unwound(sc.e);
    sc_drain();
    if (durable_engine_task_end(sc.e, sc.root) != 0)
      return DURABLE_E_STATE;
    kind = sc_pump();
    while (kind == NONE && patience())
      kind = sc.ev.kind;
  }
  return kind;
}

static int is_out_of_memory(int kind) {
  return kind == DURABLE_E_NOMEM || kind == ABORT;
}

/* Invocations until the execution ends; how many there were. */
static int execute(program_fn *program, size_t fail_at, int persistent) {
  for (int invocations = 1; invocations < 40; invocations++) {
    size_t failures = sc.memory.failures;
    int kind = invoke(program);
    if (sc.memory.failures == failures && kind != FINISH)
      fail_msg("request %zu: %d without a failure: %s", fail_at, kind,
               sc.e ? durable_engine_error(sc.e) : "");
    if (kind != FINISH && !is_out_of_memory(kind))
      fail_msg("request %zu: ended with %d: %s", fail_at, kind,
               sc.e ? durable_engine_error(sc.e) : "");
    if (kind == FINISH && strcmp(sc.output, "{'Status':'PENDING'}") != 0) {
      if (strcmp(sc.output, "{'Status':'SUCCEEDED','Result':'1'}") != 0)
        fail_msg("request %zu: %s", fail_at, sc.output);
      return invocations;
    }
    if (kind != FINISH && persistent)
      sc.memory.fail_at = 0; /* memory is back for the next invocation */
    sc.now_ms += 60000;
    sc_settle_all();
  }
  fail_msg("request %zu: the execution does not end", fail_at);
  return 0;
}

static void torture(program_fn *program) {
  for (int persistent = 0; persistent <= 1; persistent++)
    for (size_t i = 1;; i++) {
      assert_int_equal(sc_teardown(NULL), 0);
      sc_setup(NULL);
      sc.options.records = 1;
      sc.memory.fail_at = i;
      sc.memory.persistent = persistent;
      execute(program, i, persistent);
      if (sc.memory.failures == 0)
        break;
    }
}

static void leaves_survive(void **state) {
  (void)state;
  torture(leaves);
}

static void composed_survive(void **state) {
  (void)state;
  torture(composed);
}

static void batches_survive(void **state) {
  (void)state;
  torture(batches);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SC_TEST(leaves_survive),
      SC_TEST(composed_survive),
      SC_TEST(batches_survive),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
