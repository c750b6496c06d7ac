/* Steps: every status on record, retries, interrupted steps, DECIDE. */
#include "script.h"

/* ---- nothing on record */

static void first_run_at_least_once(void **state) {
  (void)state;
  sc_open();
  int op = sc_step("charge");
  assert_true(op > 0);
  sc_says(op, RUN);
  assert_int_equal(durable_engine_op_attempt(sc.e, op), 1);
  assert_int_equal(durable_engine_op_body(sc.e, op), DURABLE_BODY_USER);
  sc_sent_is("");
  assert_int_equal(sc_ok(op, "{'x':1}"), 0);
  sc_says(op, DONE);
  sc_sent_is("STEP 1 START, STEP 1 SUCCEED ={'x':1}");
  sc_result_is(op, "{'x':1}");
  assert_string_equal(sc_update(1, "Name"), "charge");
  assert_string_equal(sc_update(1, "SubType"), "Step");
  assert_string_equal(sc_update(1, "ParentId"), "");
  assert_int_equal(durable_engine_op_status(sc.e, op),
                   DURABLE_STATUS_SUCCEEDED);
  assert_int_equal(durable_engine_op_is_replayed(sc.e, op), 0);
  assert_int_equal(sc_return("1"), FINISH);
  sc_output_is("{'Status':'SUCCEEDED','Result':'1'}");
}

static void first_run_at_most_once(void **state) {
  (void)state;
  sc_open();
  int op = sc_step_once("charge");
  sc_says(op, RUN);
  sc_sent_is("STEP 1 START"); /* on record before the body */
  assert_int_equal(sc_ok(op, "1"), 0);
  sc_says(op, DONE);
  sc_sent_is("STEP 1 SUCCEED =1");
}

static void null_result(void **state) {
  (void)state;
  sc_open();
  int op = sc_step(NULL);
  assert_int_equal(sc_do(op, NULL), DONE);
  sc_sent_is("STEP 1 START, STEP 1 SUCCEED");
  sc_result_is(op, "-");
}

/* ---- on record */

static void ready(void **state) {
  (void)state;
  sc_rec("STEP", "1", "READY", "'StepDetails':{'Attempt':2}");
  sc_open();
  int op = sc_step(NULL);
  sc_says(op, RUN);
  assert_int_equal(durable_engine_op_attempt(sc.e, op), 3);
  sc_ok(op, "1");
  sc_says(op, DONE);
  sc_sent_is("STEP 1 START, STEP 1 SUCCEED =1");
}

static void ready_at_most_once(void **state) {
  (void)state;
  sc_rec("STEP", "1", "READY", "'StepDetails':{'Attempt':1}");
  sc_open();
  int op = sc_step_once(NULL);
  sc_says(op, RUN);
  sc_sent_is("STEP 1 START");
  assert_int_equal(durable_engine_op_attempt(sc.e, op), 2);
}

static void started_at_least_once(void **state) {
  (void)state;
  sc_rec("STEP", "1", "STARTED", "'StepDetails':{'Attempt':0}");
  sc_open();
  int op = sc_step(NULL);
  sc_says(op, RUN);
  assert_int_equal(durable_engine_op_attempt(sc.e, op), 1);
  sc_ok(op, "1");
  sc_says(op, DONE);
  sc_sent_is("STEP 1 SUCCEED =1"); /* no second START */
}

static void started_at_most_once_is_interrupted(void **state) {
  (void)state;
  sc_rec("STEP", "1", "STARTED", "'Name':'pay','StepDetails':{'Attempt':0}");
  sc_open();
  int op = sc_step_with("pay", "fixed", 1);
  sc_says(op, SUSPEND);
  char expected[256];
  snprintf(expected, sizeof expected,
           "STEP 1 RETRY !StepInterruptedError:Step operation_id=%s name=pay "
           "was previously interrupted +5s",
           sc_id("1"));
  sc_sent_is(expected);
  assert_int_equal(sc_unwind(), FINISH);
  sc_output_is("{'Status':'PENDING'}");
  sc_again(5000);
  op = sc_step_with("pay", "fixed", 1);
  sc_says(op, RUN);
  assert_int_equal(durable_engine_op_attempt(sc.e, op), 2);
  sc_sent_is("STEP 1 START");
}

static void interrupted_and_exhausted(void **state) {
  (void)state;
  sc_rec("STEP", "1", "STARTED", "'StepDetails':{'Attempt':0}");
  sc_open();
  int op = sc_step_with(NULL, "none", 1);
  sc_says(op, DONE);
  assert_int_equal(durable_engine_op_error_kind(sc.e, op),
                   DURABLE_OPERATION_ERROR_STEP);
  char expected[256];
  snprintf(expected, sizeof expected,
           "StepError|StepInterruptedError|Step operation_id=%s name=None was "
           "previously interrupted",
           sc_id("1"));
  sc_error_is(op, expected);
}

static void interrupted_and_the_caller_decides(void **state) {
  (void)state;
  sc_rec("STEP", "1", "STARTED", "'StepDetails':{'Attempt':3}");
  sc_open();
  int op = sc_step_with(NULL, "caller", 1);
  sc_says(op, DECIDE);
  durable_engine_decision d = DURABLE_ENGINE_DECISION_INIT;
  assert_int_equal(durable_engine_op_decision(sc.e, op, &d), 0);
  assert_int_equal(d.what, DURABLE_DECISION_RETRY);
  assert_int_equal(d.attempt, 4);
  assert_int_equal(durable_engine_op_decide(sc.e, op, DURABLE_DECIDE_STOP, 0),
                   0);
  sc_says(op, DONE);
}

static void pending(void **state) {
  (void)state;
  for (int once = 0; once <= 1; once++) {
    if (once)
      sc_setup(NULL);
    sc_rec("STEP", "1", "PENDING",
           "'StepDetails':{'Attempt':1,'NextAttemptTimestamp':1005000}");
    sc_open();
    int op = sc_step_with(NULL, NULL, once);
    sc_says(op, SUSPEND);
    sc_sent_is("");
    assert_int_equal(sc_unwind(), FINISH);
    sc_output_is("{'Status':'PENDING'}");
    if (!once)
      sc_teardown(NULL);
  }
}

static void succeeded(void **state) {
  (void)state;
  sc_rec("STEP", "1", "SUCCEEDED", "'StepDetails':{'Attempt':1,'Result':'7'}");
  sc_rec("STEP", "2", "SUCCEEDED", "'StepDetails':{'Attempt':1}");
  sc_rec("STEP", "3", "SUCCEEDED", "'StepDetails':{'Attempt':1,'Result':''}");
  sc_open();
  int op = sc_step(NULL), null = sc_step_once(NULL), empty = sc_step(NULL);
  assert_int_equal(sc_next(op), DONE);
  sc_result_is(op, "7");
  assert_int_equal(durable_engine_op_is_replayed(sc.e, op), 1);
  assert_int_equal(sc_next(null), DONE);
  sc_result_is(null, "-");
  assert_int_equal(sc_next(empty), DONE);
  sc_result_is(empty, ""); /* present, for the serdes to judge */
  sc_sent_is("");
}

static void failed(void **state) {
  (void)state;
  sc_rec("STEP", "1", "FAILED",
         "'StepDetails':{'Attempt':3,'Error':{'ErrorMessage':'no',"
         "'ErrorType':'ValueError','ErrorData':'d','StackTrace':['a','b']}}");
  sc_rec("STEP", "2", "FAILED", "'StepDetails':{'Attempt':3}");
  sc_open();
  int op = sc_step(NULL), bare = sc_step(NULL);
  assert_int_equal(sc_next(op), DONE);
  sc_error_is(op, "StepError|ValueError|no");
  durable_bytes stack =
      durable_engine_op_error_field(sc.e, op, DURABLE_ERROR_STACK);
  assert_memory_equal(stack.data, "[\"a\",\"b\"]", stack.len);
  assert_int_equal(sc_next(bare), DONE);
  sc_error_is(bare, "StepError|StepError|Unknown error. No ErrorObject exists "
                    "on the Checkpoint Operation.");
}

/* a status that cannot happen raises, with the status as type */
static void other_terminal_statuses(void **state) {
  (void)state;
  sc_rec("STEP", "1", "CANCELLED", NULL);
  sc_rec("STEP", "2", "TIMED_OUT", NULL);
  sc_rec("STEP", "3", "STOPPED", NULL);
  sc_open();
  const char *types[] = {"CANCELLED", "TIMED_OUT", "STOPPED"};
  for (int i = 0; i < 3; i++) {
    int op = sc_step(NULL);
    char expected[160];
    assert_int_equal(sc_next(op), DONE);
    snprintf(expected, sizeof expected,
             "StepError|%s|Unknown error. No ErrorObject exists on the "
             "Checkpoint Operation.",
             types[i]);
    sc_error_is(op, expected);
  }
  sc_sent_is("");
}

static void unknown_status_is_carried(void **state) {
  (void)state;
  sc_rec("STEP", "1", "HIBERNATING", NULL);
  sc_open();
  int op = sc_step(NULL);
  sc_says(op, RUN);
  sc_sent_is(""); /* a START might be refused */
}

/* ---- failures and retries */

static void retry_until_it_succeeds(void **state) {
  (void)state;
  sc_open();
  int op = sc_step_with("s", "fixed", 0);
  sc_says(op, RUN);
  assert_int_equal(sc_fails(op, "ValueError", "no", 1), 0);
  sc_says(op, SUSPEND);
  sc_sent_is("STEP 1 START, STEP 1 RETRY !ValueError:no +5s");
  assert_int_equal(sc_unwind(), FINISH);
  sc_output_is("{'Status':'PENDING'}");

  sc_again(4999);
  op = sc_step_with("s", "fixed", 0);
  sc_says(op, SUSPEND);
  sc_unwind();

  sc_again(1);
  op = sc_step_with("s", "fixed", 0);
  sc_says(op, RUN);
  assert_int_equal(durable_engine_op_attempt(sc.e, op), 2);
  sc_ok(op, "1");
  sc_says(op, DONE);
  sc_sent_is("STEP 1 START, STEP 1 SUCCEED =1");
}

static void attempts_run_out(void **state) {
  (void)state;
  sc_rec("STEP", "1", "READY", "'StepDetails':{'Attempt':4}");
  sc_open();
  int op = sc_step_with(NULL, "fixed", 0); /* five attempts */
  sc_says(op, RUN);
  sc_fails(op, "ValueError", "no", 1);
  sc_says(op, DONE);
  sc_sent_is("STEP 1 START, STEP 1 FAIL !ValueError:no");
  sc_error_is(op, "StepError|ValueError|no");
  assert_int_equal(durable_engine_op_status(sc.e, op), DURABLE_STATUS_FAILED);
}

static void not_retryable(void **state) {
  (void)state;
  sc_open();
  int op = sc_step(NULL);
  sc_says(op, RUN);
  sc_fails(op, "KeyError", "k", 0);
  sc_says(op, DONE);
  sc_sent_is("STEP 1 START, STEP 1 FAIL !KeyError:k");
}

static void default_policy_makes_six_attempts(void **state) {
  (void)state;
  sc_rec("STEP", "1", "READY", "'StepDetails':{'Attempt':5}");
  sc_rec("STEP", "2", "READY", "'StepDetails':{'Attempt':4}");
  sc_open();
  int last = sc_step(NULL), before = sc_step(NULL);
  sc_says(last, RUN);
  sc_fails(last, "E", "m", 1);
  sc_says(last, DONE);
  sc_says(before, RUN);
  sc_fails(before, "E", "m", 1);
  sc_says(before, SUSPEND);
  assert_non_null(strstr(sc_sent(), "STEP 2 RETRY !E:m +"));
}

static void the_caller_decides(void **state) {
  (void)state;
  sc_open();
  int op = sc_step_with(NULL, "caller", 0);
  sc_says(op, RUN);
  sc_fails(op, "E", "m", 1);
  sc_says(op, DECIDE);
  durable_engine_decision d = DURABLE_ENGINE_DECISION_INIT;
  assert_int_equal(durable_engine_op_decision(sc.e, op, &d), 0);
  assert_int_equal(d.attempt, 1);
  assert_memory_equal(d.error.data, "{\"ErrorMessage\":\"m\"", 19);
  /* below one second counts as one */
  assert_int_equal(
      durable_engine_op_decide(sc.e, op, DURABLE_DECIDE_CONTINUE, 0), 0);
  sc_says(op, SUSPEND);
  sc_sent_is("STEP 1 START, STEP 1 RETRY !E:m +1s");
  sc_unwind();
  sc_again(1000);
  op = sc_step_with(NULL, "caller", 0);
  sc_says(op, RUN);
  sc_fails(op, "E", "m2", 1);
  sc_says(op, DECIDE);
  assert_int_equal(durable_engine_op_decide(sc.e, op, DURABLE_DECIDE_STOP, 0),
                   0);
  sc_says(op, DONE);
  sc_error_is(op, "StepError|E|m2");
}

static void the_strategy_raises(void **state) {
  (void)state;
  sc_open();
  int op = sc_step_with(NULL, "caller", 0);
  sc_says(op, RUN);
  sc_fails(op, "E", "m", 1);
  sc_says(op, DECIDE);
  assert_int_equal(durable_engine_op_abandon(sc.e, op, 0), 0);
  assert_int_equal(sc_raise("StrategyError", "oops"), FINISH);
  sc_output_is("{'Status':'FAILED','Error':{'ErrorMessage':'oops',"
               "'ErrorType':'StrategyError'}}");
  sc_sent_is("STEP 1 START"); /* the held START is flushed, nothing else */
}

static void abandon_to_retry_the_invocation(void **state) {
  (void)state;
  sc_open();
  int op = sc_step(NULL);
  sc_says(op, RUN);
  assert_int_equal(durable_engine_op_abandon(sc.e, op, 1), 0);
  sc_says(op, SUSPEND);
  assert_int_equal(sc_unwind(), ABORT);
  sc_output_is("{'errorMessage':'a body asked for the invocation to be "
               "retried','errorType':'InvocationError'}");
  sc_sent_is("");
}

/* ---- a START that the service answers oddly */

static void start_accepted_without_a_record(void **state) {
  (void)state;
  sc_hide("1");
  sc_open();
  int op = sc_step_once(NULL);
  sc_says(op, DONE);
  sc_error_is(op, "InvalidStateError|InvalidStateError|Unexpected status after "
                  "START checkpoint: None");
}

static void result_over_the_payload_ceiling(void **state) {
  (void)state;
  sc_open();
  int op = sc_step(NULL);
  sc_says(op, RUN);
  size_t len = 6291457;
  char *big = malloc(len);
  memset(big, '1', len);
  assert_int_equal(
      durable_engine_op_succeed(sc.e, op, (durable_bytes){big, len}),
      DURABLE_E_LIMIT);
  assert_string_equal(durable_engine_error(sc.e),
                      "a payload has at most 6,291,456 bytes");
  assert_int_equal(
      durable_engine_op_succeed(sc.e, op, (durable_bytes){big, len - 1}), 0);
  free(big);
}

static void outcome_is_owed(void **state) {
  (void)state;
  sc_open();
  int op = sc_step("s");
  assert_int_equal(sc_ok(op, "1"), DURABLE_E_STATE); /* before RUN */
  sc_says(op, RUN);
  assert_int_equal(sc_next(op), DURABLE_E_STATE); /* RUN twice */
  assert_int_equal(sc_ok(op, "1"), 0);
  assert_int_equal(sc_ok(op, "1"), DURABLE_E_STATE); /* twice */
  sc_says(op, DONE);
  assert_int_equal(sc_next(op), DONE); /* as often as one likes */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SC_TEST(first_run_at_least_once),
      SC_TEST(first_run_at_most_once),
      SC_TEST(null_result),
      SC_TEST(ready),
      SC_TEST(ready_at_most_once),
      SC_TEST(started_at_least_once),
      SC_TEST(started_at_most_once_is_interrupted),
      SC_TEST(interrupted_and_exhausted),
      SC_TEST(interrupted_and_the_caller_decides),
      SC_TEST(pending),
      SC_TEST(succeeded),
      SC_TEST(failed),
      SC_TEST(other_terminal_statuses),
      SC_TEST(unknown_status_is_carried),
      SC_TEST(retry_until_it_succeeds),
      SC_TEST(attempts_run_out),
      SC_TEST(not_retryable),
      SC_TEST(default_policy_makes_six_attempts),
      SC_TEST(the_caller_decides),
      SC_TEST(the_strategy_raises),
      SC_TEST(abandon_to_retry_the_invocation),
      SC_TEST(start_accepted_without_a_record),
      SC_TEST(result_over_the_payload_ceiling),
      SC_TEST(outcome_is_owed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
