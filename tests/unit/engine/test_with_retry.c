/* with_retry: wrapped and unwrapped, live and replayed. */
#include "script.h"

static int again(const char *name, int unwrapped, const char *preset) {
  durable_with_retry_options o = DURABLE_WITH_RETRY_OPTIONS_INIT;
  durable_retry_policy policy = DURABLE_RETRY_POLICY_INIT;
  if (preset && strcmp(preset, "caller") == 0)
    policy.kind = DURABLE_BACKOFF_CALLER;
  else if (preset)
    assert_int_equal(durable_retry_preset(preset, &policy), 0);
  o.unwrapped = (uint32_t)unwrapped;
  o.retry = preset ? &policy : NULL;
  int op = durable_engine_with_retry(sc.e, sc.task, sc.ctx, name, &o);
  sc_drain();
  return op;
}

static void attempt_is(int op, int n) {
  sc_says(op, RUN);
  assert_int_equal(durable_engine_op_body(sc.e, op), DURABLE_BODY_ATTEMPT);
  assert_int_equal(durable_engine_op_attempt(sc.e, op), n);
  sc_into(op);
}

static void wrapped_succeeds(void **state) {
  (void)state;
  sc_open();
  int op = again("r", 0, NULL);
  attempt_is(op, 1);
  assert_int_equal(sc_do(sc_step(NULL), "1"), DONE);
  sc_ok(op, "2");
  sc_says(op, DONE);
  sc_result_is(op, "2");
  sc_sent_is("CONTEXT 1 START, STEP 1.1 START, STEP 1.1 SUCCEED =1 | CONTEXT 1 "
             "SUCCEED =2");
  assert_string_equal(sc_update(0, "SubType"), "RunInChildContext");
  assert_string_equal(sc_update(0, "Name"), "r");
}

static void wrapped_backs_off_and_replays(void **state) {
  (void)state;
  sc_open();
  int op = again("r", 0, "fixed");
  attempt_is(op, 1);
  assert_int_equal(sc_do(sc_step(NULL), "1"), DONE);
  sc_fails(op, "E", "m", 1);
  sc_says(op, SUSPEND);
  sc_sent_is("CONTEXT 1 START, STEP 1.1 START, STEP 1.1 SUCCEED =1 | WAIT 1.2 "
             "START 5s");
  assert_string_equal(sc_update(3, "Name"), "r-backoff-1");
  assert_string_equal(sc_update(3, "ParentId"), "1");
  sc_unwind();
  sc_output_is("{'Status':'PENDING'}");

  sc_again(5000);
  op = again("r", 0, "fixed");
  attempt_is(op, 1); /* attempts are made again, over their records */
  assert_int_equal(sc_next(sc_step(NULL)), DONE);
  sc_fails(op, "E", "m", 1);
  attempt_is(op, 2);
  assert_int_equal(sc_do(sc_step(NULL), "3"), DONE);
  sc_ok(op, "4");
  sc_says(op, DONE);
  sc_sent_is("STEP 1.3 START, STEP 1.3 SUCCEED =3 | CONTEXT 1 SUCCEED =4");

  sc_again(0);
  op = again("r", 0, "fixed");
  assert_int_equal(sc_next(op), DONE);
  sc_result_is(op, "4");
}

static void unnamed_backoff(void **state) {
  (void)state;
  sc_open();
  int op = again(NULL, 0, "fixed");
  attempt_is(op, 1);
  sc_fails(op, "E", "m", 1);
  sc_says(op, SUSPEND);
  assert_string_equal(sc_update(1, "Name"), "");
}

static void wrapped_gives_up(void **state) {
  (void)state;
  sc_open();
  int op = again("r", 0, "none");
  attempt_is(op, 1);
  sc_fails(op, "StepError", "m", 1);
  sc_says(op, DONE);
  sc_sent_is("CONTEXT 1 START, CONTEXT 1 FAIL !StepError:m");
  sc_error_is(op, "ChildContextError|StepError|m");
}

static void not_retryable(void **state) {
  (void)state;
  sc_open();
  int op = again("r", 0, "fixed");
  attempt_is(op, 1);
  sc_fails(op, "E", "m", 0);
  sc_says(op, DONE);
  sc_sent_is("CONTEXT 1 START, CONTEXT 1 FAIL !E:m");
}

static void three_attempts_by_default(void **state) {
  (void)state;
  sc_rec("CONTEXT", "1", "STARTED", NULL);
  sc_rec("WAIT", "1.1", "SUCCEEDED", NULL);
  sc_rec("WAIT", "1.2", "SUCCEEDED", NULL);
  sc_open();
  int op = again(NULL, 0, NULL);
  for (int n = 1; n <= 3; n++) {
    attempt_is(op, n);
    sc_fails(op, "E", "m", 1);
  }
  sc_says(op, DONE);
  sc_sent_is("CONTEXT 1 FAIL !E:m");
}

static void unwrapped_takes_no_id(void **state) {
  (void)state;
  sc_open();
  int op = again("r", 1, "fixed");
  attempt_is(op, 1);
  assert_int_equal(sc_do(sc_step(NULL), "1"), DONE);
  sc_fails(op, "E", "m", 1);
  sc_says(op, SUSPEND);
  sc_sent_is("STEP 1 START, STEP 1 SUCCEED =1 | WAIT 2 START 5s");
  sc_unwind();
  sc_again(5000);
  op = again("r", 1, "fixed");
  attempt_is(op, 1);
  assert_int_equal(sc_next(sc_step(NULL)), DONE);
  sc_fails(op, "E", "m", 1);
  attempt_is(op, 2);
  assert_int_equal(sc_do(sc_step(NULL), "2"), DONE);
  sc_ok(op, "3");
  sc_says(op, DONE);
  sc_result_is(op, "3");
  sc_sent_is("STEP 3 START, STEP 3 SUCCEED =2");
}

static void unwrapped_keeps_the_error(void **state) {
  (void)state;
  sc_open();
  int op = again("r", 1, "none");
  attempt_is(op, 1);
  sc_fails(op, "StepError", "m", 1);
  sc_says(op, DONE);
  sc_error_is(op, "StepError|StepError|m");
  op = again("r", 1, "none");
  attempt_is(op, 1);
  sc_fails(op, "ValueError", "m", 1);
  sc_says(op, DONE);
  sc_error_is(op, "DurableOperationError|ValueError|m");
  sc_sent_is("");
}

static void the_caller_decides(void **state) {
  (void)state;
  sc_open();
  int op = again("r", 0, "caller");
  attempt_is(op, 1);
  sc_fails(op, "E", "m", 1);
  sc_says(op, DECIDE);
  durable_engine_decision d = DURABLE_ENGINE_DECISION_INIT;
  assert_int_equal(durable_engine_op_decision(sc.e, op, &d), 0);
  assert_int_equal(d.what, DURABLE_DECISION_RETRY);
  assert_int_equal(d.attempt, 1);
  assert_int_equal(
      durable_engine_op_decide(sc.e, op, DURABLE_DECIDE_CONTINUE, 0), 0);
  sc_says(op, SUSPEND);
  sc_sent_is("CONTEXT 1 START, WAIT 1.1 START 1s");
  sc_unwind();
  sc_again(1000);
  op = again("r", 0, "caller");
  attempt_is(op, 1);
  sc_fails(op, "E", "m", 1);
  sc_says(op, DECIDE);
  assert_int_equal(
      durable_engine_op_decide(sc.e, op, DURABLE_DECIDE_CONTINUE, 0), 0);
  attempt_is(op, 2);
  sc_fails(op, "E", "m2", 1);
  sc_says(op, DECIDE);
  assert_int_equal(durable_engine_op_decide(sc.e, op, DURABLE_DECIDE_STOP, 0),
                   0);
  sc_says(op, DONE);
  sc_sent_is("CONTEXT 1 FAIL !E:m2");
}

static void suspended_in_an_attempt(void **state) {
  (void)state;
  sc_open();
  int op = again("r", 0, "fixed");
  attempt_is(op, 1);
  sc_says(sc_wait(NULL, 5), SUSPEND);
  assert_int_equal(durable_engine_op_abandon(sc.e, op, 0), 0);
  sc_unwind();
  sc_sent_is("CONTEXT 1 START, WAIT 1.1 START 5s");
  sc_output_is("{'Status':'PENDING'}");
}

/* a retryable infrastructure failure passes */
static void infrastructure_failures_pass(void **state) {
  (void)state;
  sc_open();
  int op = again("r", 0, "fixed");
  attempt_is(op, 1);
  assert_int_equal(durable_engine_op_abandon(sc.e, op, 1), 0);
  sc_says(op, SUSPEND);
  assert_int_equal(sc_unwind(), ABORT);
}

static void stored_as_its_children(void **state) {
  (void)state;
  sc_rec("CONTEXT", "1", "SUCCEEDED",
         "'ContextDetails':{'Result':'','ReplayChildren':true}");
  sc_rec("WAIT", "1.1", "SUCCEEDED", NULL);
  sc_open();
  int op = again(NULL, 0, "fixed");
  attempt_is(op, 1);
  sc_fails(op, "E", "m", 1);
  attempt_is(op, 2);
  sc_ok(op, "[2]");
  assert_int_equal(sc_next(op), DONE);
  sc_result_is(op, "[2]");
  sc_sent_is("");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SC_TEST(wrapped_succeeds),
      SC_TEST(wrapped_backs_off_and_replays),
      SC_TEST(unnamed_backoff),
      SC_TEST(wrapped_gives_up),
      SC_TEST(not_retryable),
      SC_TEST(three_attempts_by_default),
      SC_TEST(unwrapped_takes_no_id),
      SC_TEST(unwrapped_keeps_the_error),
      SC_TEST(the_caller_decides),
      SC_TEST(suspended_in_an_attempt),
      SC_TEST(infrastructure_failures_pass),
      SC_TEST(stored_as_its_children),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
