/* wait_for_condition: every status on record, polling, exhaustion, failures. */
#include "script.h"

static int condition(const char *state, const char *preset) {
  durable_retry_policy pace = DURABLE_RETRY_POLICY_INIT;
  if (preset && strcmp(preset, "caller") == 0)
    pace.kind = DURABLE_BACKOFF_CALLER;
  else if (preset)
    assert_int_equal(durable_retry_preset(preset, &pace), 0);
  int op = durable_engine_condition(
      sc.e, sc.task, sc.ctx, "c",
      (durable_bytes){state, state ? strlen(state) : 0}, preset ? &pace : NULL);
  sc_drain();
  return op;
}

static const char *state_of(int op) {
  static char text[64];
  durable_bytes b = durable_engine_op_state(sc.e, op);
  snprintf(text, sizeof text, "%.*s", (int)b.len, b.data ? b.data : "");
  return b.data ? text : "-";
}

static int decide(int op, int decision, int64_t delay_s) {
  int rc = durable_engine_op_decide(sc.e, op, decision, delay_s);
  sc_drain();
  return rc;
}

static void polls_until_it_is_met(void **state) {
  (void)state;
  sc_open();
  int op = condition("0", "fixed");
  sc_says(op, RUN);
  assert_string_equal(state_of(op), "0");
  assert_int_equal(durable_engine_op_attempt(sc.e, op), 1);
  sc_ok(op, "1");
  sc_says(op, DECIDE);
  durable_engine_decision d = DURABLE_ENGINE_DECISION_INIT;
  assert_int_equal(durable_engine_op_decision(sc.e, op, &d), 0);
  assert_int_equal(d.what, DURABLE_DECISION_POLL);
  assert_int_equal(d.attempt, 1);
  assert_memory_equal(d.state.data, "1", d.state.len);
  /* a policy of its own gives the delay */
  assert_int_equal(decide(op, DURABLE_DECIDE_CONTINUE, 77), 0);
  sc_says(op, SUSPEND);
  sc_sent_is("STEP 1 START, STEP 1 RETRY =1 +5s");
  assert_string_equal(sc_update(0, "SubType"), "WaitForCondition");
  sc_unwind();
  sc_output_is("{'Status':'PENDING'}");

  sc_again(5000);
  op = condition("0", "fixed");
  sc_says(op, RUN);
  assert_string_equal(state_of(op), "1");
  assert_int_equal(durable_engine_op_attempt(sc.e, op), 2);
  sc_ok(op, "2");
  sc_says(op, DECIDE);
  assert_int_equal(decide(op, DURABLE_DECIDE_STOP, 0), 0);
  sc_says(op, DONE);
  sc_sent_is("STEP 1 START, STEP 1 SUCCEED =2");
  sc_result_is(op, "2");

  sc_again(0);
  op = condition("0", "fixed");
  assert_int_equal(sc_next(op), DONE);
  sc_result_is(op, "2");
}

static void ready_without_a_state(void **state) {
  (void)state;
  sc_rec("STEP", "1", "READY",
         "'Name':'c','SubType':'WaitForCondition','StepDetails':{'Attempt':1}");
  sc_open();
  int op = condition("[0]", NULL);
  sc_says(op, RUN);
  assert_string_equal(state_of(op), "[0]");
  assert_int_equal(durable_engine_op_attempt(sc.e, op), 2);
}

/* The START of a claim may be on record, and the state off it, before anybody
 * drives the operation. */
static void state_survives_its_start(void **state) {
  (void)state;
  sc_rec("STEP", "1", "READY",
         "'Name':'c','SubType':'WaitForCondition','StepDetails':{'Attempt':2,"
         "'Result':'7'}");
  sc_open();
  int op = condition("0", NULL);
  assert_int_equal(sc_do(sc_step(NULL), "1"), DONE);
  sc_sent_is("STEP 1 START, STEP 2 START, STEP 2 SUCCEED =1");
  sc_says(op, RUN);
  assert_string_equal(state_of(op), "7");
  assert_int_equal(durable_engine_op_attempt(sc.e, op), 3);
}

static void started_sends_no_start(void **state) {
  (void)state;
  sc_rec("STEP", "1", "STARTED",
         "'Name':'c','SubType':'WaitForCondition','StepDetails':"
         "{'Attempt':1,'Result':'5'}");
  sc_open();
  int op = condition("0", NULL);
  sc_says(op, RUN);
  assert_string_equal(state_of(op), "5");
  sc_ok(op, "6");
  sc_says(op, DECIDE);
  decide(op, DURABLE_DECIDE_STOP, 0);
  sc_says(op, DONE);
  sc_sent_is("STEP 1 SUCCEED =6");
}

static void pending_and_failed(void **state) {
  (void)state;
  sc_rec("STEP", "1", "FAILED",
         "'Name':'c','SubType':'WaitForCondition','StepDetails':{'Attempt':1,"
         "'Error':{'ErrorMessage':'m','ErrorType':'T'}}");
  sc_rec("STEP", "2", "CANCELLED", "'Name':'c','SubType':'WaitForCondition'");
  sc_rec("STEP", "3", "PENDING",
         "'Name':'c','SubType':'WaitForCondition','StepDetails':{'Attempt':1,"
         "'NextAttemptTimestamp':1009000}");
  sc_open();
  int op = condition("0", NULL);
  assert_int_equal(sc_next(op), DONE);
  sc_error_is(op, "WaitForConditionError|T|m");
  op = condition("0", NULL);
  assert_int_equal(sc_next(op), DONE);
  sc_error_is(op, "WaitForConditionError|CANCELLED|Unknown error. No "
                  "ErrorObject exists on the Checkpoint Operation.");
  sc_says(condition("0", NULL), SUSPEND);
  sc_sent_is("");
}

static void the_caller_paces(void **state) {
  (void)state;
  sc_open();
  int op = condition("0", "caller");
  sc_says(op, RUN);
  sc_ok(op, "1");
  sc_says(op, DECIDE);
  decide(op, DURABLE_DECIDE_CONTINUE, 0);
  sc_says(op, SUSPEND);
  sc_sent_is("STEP 1 START, STEP 1 RETRY =1 +1s");
}

static void a_failing_check_is_terminal(void **state) {
  (void)state;
  sc_open();
  int op = condition("0", NULL);
  sc_says(op, RUN);
  sc_fails(op, "ValueError", "no", 1);
  sc_says(op, DONE);
  sc_sent_is("STEP 1 START, STEP 1 FAIL !ValueError:no");
  sc_error_is(op, "WaitForConditionError|ValueError|no");
}

static void a_raising_strategy_is_terminal(void **state) {
  (void)state;
  sc_open();
  int op = condition("0", NULL);
  sc_says(op, RUN);
  sc_ok(op, "1");
  sc_says(op, DECIDE);
  assert_int_equal(sc_fails(op, "StrategyError", "oops", 1), 0);
  sc_says(op, DONE);
  sc_sent_is("STEP 1 START, STEP 1 FAIL !StrategyError:oops");
}

static void attempts_run_out(void **state) {
  (void)state;
  sc_rec("STEP", "1", "READY",
         "'Name':'c','SubType':'WaitForCondition','StepDetails':"
         "{'Attempt':4,'Result':'4'}");
  sc_open();
  int op = condition("0", "fixed");
  sc_says(op, RUN);
  sc_ok(op, "5");
  sc_says(op, DECIDE);
  decide(op, DURABLE_DECIDE_CONTINUE, 0);
  sc_says(op, DONE);
  sc_sent_is("STEP 1 START, STEP 1 FAIL !WaitForConditionError:"
             "wait_for_condition exhausted 5 attempts before the condition was "
             "met");
  assert_int_equal(durable_engine_op_error_kind(sc.e, op),
                   DURABLE_OPERATION_ERROR_WAIT_FOR_CONDITION);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SC_TEST(polls_until_it_is_met),
      SC_TEST(ready_without_a_state),
      SC_TEST(state_survives_its_start),
      SC_TEST(started_sends_no_start),
      SC_TEST(pending_and_failed),
      SC_TEST(the_caller_paces),
      SC_TEST(a_failing_check_is_terminal),
      SC_TEST(a_raising_strategy_is_terminal),
      SC_TEST(attempts_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
