/* Callbacks, their results, and wait_for_callback. */
#include "script.h"

static int callback(const char *name, int64_t timeout_s, int64_t heartbeat_s) {
  durable_callback_options o = DURABLE_CALLBACK_OPTIONS_INIT;
  o.timeout_s = timeout_s;
  o.heartbeat_timeout_s = heartbeat_s;
  int op = durable_engine_callback(sc.e, sc.task, sc.ctx, name, &o);
  sc_drain();
  return op;
}

static int result_of(int op) {
  return durable_engine_callback_result(sc.e, sc.task, op);
}

static const char *callback_id(int op) {
  static char id[64];
  durable_bytes b = durable_engine_op_callback_id(sc.e, op);
  snprintf(id, sizeof id, "%.*s", (int)b.len, b.data ? b.data : "");
  return id;
}

static void first_run(void **state) {
  (void)state;
  sc_open();
  int op = callback("approve", 60, 30);
  sc_says(op, DONE);
  sc_sent_is("CALLBACK 1 START t60 h30");
  assert_string_equal(sc_update(0, "SubType"), "Callback");
  assert_string_equal(callback_id(op), "cb-1");
  int result = result_of(op);
  sc_says(result, SUSPEND);
  sc_sent_is("");
  sc_unwind();
  sc_output_is("{'Status':'PENDING'}");
  sc_settle("1", "SUCCEEDED", "'CallbackDetails':{'Result':'yes'}");
  sc_again(0);
  op = callback("approve", 60, 30);
  assert_int_equal(sc_next(op), DONE);
  result = result_of(op);
  assert_int_equal(sc_next(result), DONE);
  sc_result_is(result, "yes");
  int step = sc_step(NULL); /* the result took no id */
  sc_says(step, RUN);
  sc_ok(step, "1");
  sc_says(step, DONE);
  sc_sent_is("STEP 2 START, STEP 2 SUCCEED =1");
}

static void never_fails_for_the_outcome(void **state) {
  (void)state;
  const char *statuses[] = {"FAILED",    "CANCELLED", "STOPPED",
                            "TIMED_OUT", "SUCCEEDED", "STARTED"};
  const char *paths[] = {"1", "2", "3", "4", "5", "6"};
  const char *errors[] = {
      "CallbackExternalError|CallbackExternalError|m",
      "CallbackExternalError|CallbackExternalError|Callback failed",
      "CallbackExternalError|CallbackExternalError|Callback failed",
      "CallbackTimeoutError|CallbackTimeoutError|Callback timed out"};
  for (int i = 0; i < 6; i++)
    sc_rec("CALLBACK", paths[i], statuses[i],
           i == 0 ? "'CallbackDetails':{'CallbackId':'c','Error':"
                    "{'ErrorMessage':'m','ErrorType':'Theirs'}}"
                  : "'CallbackDetails':{'CallbackId':'c'}");
  sc_open();
  int results[6];
  for (int i = 0; i < 6; i++) {
    int op = callback(NULL, 0, 0);
    assert_int_equal(sc_next(op), DONE);
    assert_int_equal(durable_engine_op_status(sc.e, op),
                     DURABLE_STATUS_SUCCEEDED);
    results[i] = result_of(op);
  }
  for (int i = 0; i < 4; i++) {
    assert_int_equal(sc_next(results[i]), DONE);
    sc_error_is(results[i], errors[i]);
  }
  assert_int_equal(sc_next(results[4]), DONE);
  sc_result_is(results[4], "-");
  sc_says(results[5], SUSPEND);
}

static void details_missing(void **state) {
  (void)state;
  sc_rec("CALLBACK", "1", "STARTED", NULL);
  sc_open();
  int op = callback(NULL, 0, 0);
  assert_int_equal(sc_next(op), DONE);
  char expected[200];
  snprintf(expected, sizeof expected,
           "CallbackError|CallbackError|Missing callback details for "
           "operation: %s",
           sc_id("1"));
  sc_error_is(op, expected);
}

static void start_without_a_record(void **state) {
  (void)state;
  sc_hide("1");
  sc_open();
  int op = callback(NULL, 0, 0);
  sc_says(op, DONE);
  assert_int_equal(durable_engine_op_error_kind(sc.e, op),
                   DURABLE_OPERATION_ERROR_INVALID_STATE);
  sc_sent_is("CALLBACK 1 START t0 h0");
}

static void arguments(void **state) {
  (void)state;
  sc_open();
  assert_int_equal(callback(NULL, -1, 0), DURABLE_E_ARGUMENT);
  assert_int_equal(callback(NULL, 0, -1), DURABLE_E_ARGUMENT);
  int step = sc_step(NULL);
  assert_int_equal(result_of(step), DURABLE_E_HANDLE);
  assert_string_equal(durable_engine_error(sc.e),
                      "the operation is not a callback");
}

/* ---- wait_for_callback */

static int wfc_with(const char *name, const char *preset) {
  durable_retry_policy policy = DURABLE_RETRY_POLICY_INIT;
  if (strcmp(preset, "caller") == 0)
    policy.kind = DURABLE_BACKOFF_CALLER;
  else
    assert_int_equal(durable_retry_preset(preset, &policy), 0);
  int op = durable_engine_wait_for_callback(sc.e, sc.task, sc.ctx, name, NULL,
                                            &policy);
  sc_drain();
  return op;
}

static int wfc(const char *name) {
  return wfc_with(name, "fixed");
}

static void whole_trail(void **state) {
  (void)state;
  sc_open();
  int op = wfc("w");
  sc_says(op, RUN);
  sc_sent_is("CONTEXT 1 START, CALLBACK 1.1 START t0 h0");
  assert_string_equal(sc_update(0, "SubType"), "WaitForCallback");
  assert_string_equal(sc_update(1, "Name"), "w create callback id");
  assert_int_equal(durable_engine_op_body(sc.e, op), DURABLE_BODY_SUBMITTER);
  assert_string_equal(callback_id(op), "cb-1.1");
  assert_int_equal(durable_engine_op_attempt(sc.e, op), 1);
  sc_ok(op, "null");
  sc_says(op, SUSPEND);
  sc_sent_is("STEP 1.2 START, STEP 1.2 SUCCEED =null");
  assert_string_equal(sc_update(2, "Name"), "w submitter");
  assert_string_equal(sc_update(2, "ParentId"), "1");
  sc_unwind();
  sc_output_is("{'Status':'PENDING'}");
  sc_settle("1.1", "SUCCEEDED", "'CallbackDetails':{'Result':'yes'}");
  sc_again(0);
  op = wfc("w");
  sc_says(op, RUN);
  assert_int_equal(durable_engine_op_body(sc.e, op), DURABLE_BODY_PAYLOAD);
  durable_bytes raw = durable_engine_op_state(sc.e, op);
  assert_memory_equal(raw.data, "yes", raw.len);
  assert_int_equal(durable_engine_op_compose(sc.e, op, DURABLE_FORM_PLAIN), 0);
  assert_int_equal(
      durable_engine_op_succeed(sc.e, op, durable_engine_op_composed(sc.e, op)),
      0);
  sc_says(op, DONE);
  sc_sent_is("CONTEXT 1 SUCCEED ='yes'");
  sc_result_is(op, "'yes'");
  sc_again(0); /* its children are gone */
  op = wfc("w");
  assert_int_equal(sc_next(op), DONE);
  sc_result_is(op, "'yes'");
}

static void names_without_a_name(void **state) {
  (void)state;
  sc_open();
  int op = wfc(NULL);
  sc_says(op, RUN);
  sc_ok(op, NULL);
  sc_says(op, SUSPEND);
  assert_string_equal(sc_update(0, "Name"), "");
  assert_string_equal(sc_update(1, "Name"), "create callback id");
  assert_string_equal(sc_update(2, "Name"), "submitter");
}

static void the_submitter_is_retried(void **state) {
  (void)state;
  sc_open();
  int op = wfc("w");
  sc_says(op, RUN);
  sc_fails(op, "ValueError", "no", 1);
  sc_says(op, SUSPEND);
  sc_sent_is("CONTEXT 1 START, CALLBACK 1.1 START t0 h0 | STEP 1.2 START, STEP "
             "1.2 RETRY !ValueError:no +5s");
  sc_unwind();
  sc_again(5000);
  op = wfc("w");
  sc_says(op, RUN);
  assert_int_equal(durable_engine_op_attempt(sc.e, op), 2);
  sc_ok(op, NULL);
  sc_says(op, SUSPEND);
  sc_sent_is("STEP 1.2 START, STEP 1.2 SUCCEED");
}

static void the_submitter_fails(void **state) {
  (void)state;
  sc_open();
  int op = wfc("w");
  sc_says(op, RUN);
  sc_fails(op, "ValueError", "no", 0);
  sc_says(op, DONE);
  sc_sent_is("CONTEXT 1 START, CALLBACK 1.1 START t0 h0 | STEP 1.2 START, STEP "
             "1.2 FAIL !ValueError:no | CONTEXT 1 FAIL !StepError:no");
  sc_error_is(op, "CallbackSubmitterError|StepError|no");
  sc_again(0);
  op = wfc("w");
  assert_int_equal(sc_next(op), DONE); /* the same on replay */
  sc_error_is(op, "CallbackSubmitterError|StepError|no");
}

static void the_submitter_asks_the_caller(void **state) {
  (void)state;
  sc_open();
  int op = wfc_with("w", "caller");
  sc_says(op, RUN);
  sc_fails(op, "E", "m", 1);
  sc_says(op, DECIDE);
  durable_engine_decision d = DURABLE_ENGINE_DECISION_INIT;
  assert_int_equal(durable_engine_op_decision(sc.e, op, &d), 0);
  assert_int_equal(d.what, DURABLE_DECISION_RETRY);
  assert_int_equal(d.attempt, 1);
  assert_int_equal(
      durable_engine_op_decide(sc.e, op, DURABLE_DECIDE_CONTINUE, 9), 0);
  sc_says(op, SUSPEND);
  sc_sent_is("CONTEXT 1 START, CALLBACK 1.1 START t0 h0 | STEP 1.2 START, STEP "
             "1.2 RETRY !E:m +9s");
}

/* Errors keep their class and message, live and replayed. */
static void callback_errors_pass_through(void **state) {
  (void)state;
  const char *statuses[] = {"FAILED", "TIMED_OUT", "CANCELLED"};
  const char *expected[] = {
      "CallbackExternalError|CallbackExternalError|m",
      "CallbackTimeoutError|CallbackTimeoutError|Callback timed out",
      "CallbackExternalError|CallbackExternalError|Callback failed"};
  for (int i = 0; i < 3; i++) {
    if (i) {
      assert_int_equal(sc_teardown(NULL), 0);
      sc_setup(NULL);
    }
    sc_open();
    int op = wfc("w");
    sc_says(op, RUN);
    sc_ok(op, NULL);
    sc_says(op, SUSPEND);
    sc_unwind();
    sc_settle("1.1", statuses[i],
              i == 0 ? "'CallbackDetails':{'CallbackId':'c','Error':"
                       "{'ErrorMessage':'m','ErrorType':'Theirs'}}"
                     : "'CallbackDetails':{'CallbackId':'c'}");
    for (int replay = 0; replay < 2; replay++) {
      sc_again(0);
      op = wfc("w");
      sc_says(op, DONE);
      sc_error_is(op, expected[i]);
    }
    sc_sent_is("");
  }
}

static void other_failures_stay_child_errors(void **state) {
  (void)state;
  sc_rec("CONTEXT", "1", "FAILED",
         "'SubType':'WaitForCallback','ContextDetails':{'Error':"
         "{'ErrorMessage':'m','ErrorType':'SerDesError'}}");
  sc_rec("CONTEXT", "2", "STOPPED", "'SubType':'WaitForCallback'");
  sc_open();
  int op = wfc(NULL), stopped = wfc(NULL);
  assert_int_equal(sc_next(op), DONE);
  sc_error_is(op, "ChildContextError|SerDesError|m");
  assert_int_equal(sc_next(stopped), DONE);
  sc_error_is(stopped, "ChildContextError|STOPPED|Unknown error. No "
                       "ErrorObject exists on the Checkpoint Operation.");
}

static void the_payload_fails(void **state) {
  (void)state;
  sc_open();
  int op = wfc("w");
  sc_says(op, RUN);
  sc_ok(op, NULL);
  sc_says(op, SUSPEND);
  sc_unwind();
  sc_settle("1.1", "SUCCEEDED", "'CallbackDetails':{'Result':'yes'}");
  sc_again(0);
  op = wfc("w");
  sc_says(op, RUN);
  sc_fails(op, "SerDesError", "bad", 0); /* is on record before it surfaces */
  sc_says(op, DONE);
  sc_sent_is("CONTEXT 1 FAIL !SerDesError:bad");
  sc_error_is(op, "ChildContextError|SerDesError|bad");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SC_TEST(first_run),
      SC_TEST(never_fails_for_the_outcome),
      SC_TEST(details_missing),
      SC_TEST(start_without_a_record),
      SC_TEST(arguments),
      SC_TEST(whole_trail),
      SC_TEST(names_without_a_name),
      SC_TEST(the_submitter_is_retried),
      SC_TEST(the_submitter_fails),
      SC_TEST(the_submitter_asks_the_caller),
      SC_TEST(callback_errors_pass_through),
      SC_TEST(other_failures_stay_child_errors),
      SC_TEST(the_payload_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
