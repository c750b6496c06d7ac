/* Waits and chained invokes: every status on record. */
#include "script.h"

static void first_run_suspends_at_once(void **state) {
  (void)state;
  sc_open();
  int op = sc_wait("nap", 7);
  sc_says(op, SUSPEND);
  sc_sent_is("WAIT 1 START 7s");
  assert_string_equal(sc_update(0, "Name"), "nap");
  assert_string_equal(sc_update(0, "SubType"), "Wait");
  assert_int_equal(sc_unwind(), FINISH);
  sc_output_is("{'Status':'PENDING'}");
  sc_again(7000);
  op = sc_wait("nap", 7);
  assert_int_equal(sc_next(op), DONE);
  sc_result_is(op, "-");
  assert_int_equal(sc_return("1"), FINISH);
  sc_sent_is("");
}

/* The service answers the START with a wait that is over. */
static void completes_inside_the_start(void **state) {
  (void)state;
  sc.manual = 1;
  sc_open();
  int op = sc_wait(NULL, 1);
  assert_int_equal(sc_go(op), PARK);
  assert_int_equal(sc.ev.kind, SEND);
  char body[512];
  snprintf(body, sizeof body,
           "{'CheckpointToken':'t','NewExecutionState':{'Operations':[{'Id':"
           "'%s','Type':'WAIT','Status':'SUCCEEDED','StartTimestamp':1.0}]}}",
           sc_id("1"));
  assert_int_equal(sc_reply(200, body), 0);
  sc_pump();
  assert_int_equal(sc_next(op), DONE);
}

static void durations(void **state) {
  (void)state;
  sc_open();
  assert_int_equal(sc_wait(NULL, 0), DURABLE_E_ARGUMENT);
  assert_string_equal(durable_engine_error(sc.e),
                      "duration must be at least 1 second");
  assert_int_equal(sc_wait(NULL, -5), DURABLE_E_ARGUMENT);
  assert_int_equal(sc_wait(NULL, 31622401), DURABLE_E_LIMIT);
  int op = sc_wait(NULL, 31622400); /* nothing was consumed before */
  sc_says(op, SUSPEND);
  sc_sent_is("WAIT 1 START 31622400s");
}

static void on_record(void **state) {
  (void)state;
  sc_rec("WAIT", "1", "SUCCEEDED", NULL);
  sc_rec("WAIT", "2", "STARTED",
         "'WaitDetails':{'ScheduledEndTimestamp':1009000}");
  sc_open();
  assert_int_equal(sc_next(sc_wait(NULL, 5)), DONE);
  sc_says(sc_wait(NULL, 5), SUSPEND);
  sc_sent_is(""); /* no second START */
  sc_unwind();
  sc_output_is("{'Status':'PENDING'}");
}

/* */
static void other_terminal_statuses(void **state) {
  (void)state;
  const char *statuses[] = {"FAILED", "CANCELLED", "TIMED_OUT", "STOPPED"};
  const char *paths[] = {"1", "2", "3", "4"};
  for (int i = 0; i < 4; i++)
    sc_rec("WAIT", paths[i], statuses[i], NULL);
  sc_rec("WAIT", "5", "FAILED",
         "'WaitDetails':{},'Error':{'ErrorMessage':'ignored'}");
  sc_open();
  for (int i = 0; i < 4; i++) {
    int op = sc_wait(NULL, 5);
    char expected[160];
    assert_int_equal(sc_next(op), DONE);
    snprintf(expected, sizeof expected,
             "DurableOperationError|%s|Unknown error. No ErrorObject exists on "
             "the Checkpoint Operation.",
             i == 0 ? "DurableOperationError" : statuses[i]);
    sc_error_is(op, expected);
  }
}

static void start_accepted_without_a_record(void **state) {
  (void)state;
  sc_hide("1");
  sc_open();
  int op = sc_wait(NULL, 5);
  sc_says(op, DONE);
  sc_sent_is("WAIT 1 START 5s"); /* once */
  sc_error_is(op, "InvalidStateError|InvalidStateError|Invalid CheckResult "
                  "state: neither terminal nor ready to execute");
}

/* ---- chained invoke */

static int invoke_with(const char *name, const char *function,
                       const char *payload, const char *tenant,
                       const char *trace_id) {
  durable_invoke_options o = DURABLE_INVOKE_OPTIONS_INIT;
  o.tenant_id = tenant;
  o.trace_id = trace_id;
  int op = durable_engine_invoke(
      sc.e, sc.task, sc.ctx, name, function,
      (durable_bytes){payload, payload ? strlen(payload) : 0}, &o);
  sc_drain();
  return op;
}

static int invoke(const char *name, const char *function, const char *payload,
                  const char *tenant) {
  return invoke_with(name, function, payload, tenant, NULL);
}

/* Only a START carries a trace. */
static void invoke_with_a_trace(void **state) {
  static const char trace[] = "Root=1-5bef4de7;Sampled=1";
  (void)state;
  sc_open();
  assert_int_equal(durable_engine_next_is_new(sc.e, sc.ctx), 1);
  sc_says(invoke_with("call", "fn", "1", "t1", trace), SUSPEND);
  sc_sent_is("CHAINED_INVOKE 1 START =1 ->fn @t1 ~Root=1-5bef4de7;Sampled=1");
  sc_unwind();
  sc_settle("1", "SUCCEEDED", "'ChainedInvokeDetails':{'Result':'[2]'}");
  sc_again(0);
  assert_int_equal(durable_engine_next_is_new(sc.e, sc.ctx), 0);
  sc_says(invoke_with("call", "fn", "1", "t1", "another"), DONE);
  assert_int_equal(durable_engine_next_is_new(sc.e, sc.ctx), 1);
  sc_says(invoke_with("more", "fn", "1", NULL, ""), SUSPEND);
  sc_sent_is("CHAINED_INVOKE 2 START =1 ->fn ~");
}

static void invoke_first_run(void **state) {
  (void)state;
  sc_open();
  int op = invoke("call", "fn:1", "{\"a\": 1}", "t1");
  sc_says(op, SUSPEND);
  sc_sent_is("CHAINED_INVOKE 1 START ={'a': 1} ->fn:1 @t1");
  assert_string_equal(sc_update(0, "SubType"), "ChainedInvoke");
  sc_unwind();
  sc_output_is("{'Status':'PENDING'}");
  sc_settle("1", "SUCCEEDED", "'ChainedInvokeDetails':{'Result':'[2]'}");
  sc_again(0);
  op = invoke("call", "fn:1", "{\"a\": 1}", "t1");
  assert_int_equal(sc_next(op), DONE);
  sc_result_is(op, "[2]");
}

static void invoke_without_payload_or_tenant(void **state) {
  (void)state;
  sc_open();
  sc_says(invoke(NULL, "fn", NULL, NULL), SUSPEND);
  sc_sent_is("CHAINED_INVOKE 1 START ->fn");
}

static void invoke_fails_inside_the_start(void **state) {
  (void)state;
  sc.manual = 1;
  sc_open();
  int op = invoke(NULL, "fn", "1", NULL);
  assert_int_equal(sc_go(op), PARK);
  char body[512];
  snprintf(body, sizeof body,
           "{'CheckpointToken':'t','NewExecutionState':{'Operations':[{'Id':"
           "'%s','Type':'CHAINED_INVOKE','Status':'FAILED','StartTimestamp':1,"
           "'ChainedInvokeDetails':{'Error':{'ErrorMessage':'m','ErrorType':"
           "'X'}}}]}}",
           sc_id("1"));
  assert_int_equal(sc_reply(200, body), 0);
  sc_pump();
  assert_int_equal(sc_next(op), DONE);
  sc_error_is(op, "InvokeError|X|m");
}

static void invoke_on_record(void **state) {
  (void)state;
  sc_rec("CHAINED_INVOKE", "1", "SUCCEEDED", "'ChainedInvokeDetails':{}");
  sc_rec("CHAINED_INVOKE", "2", "FAILED",
         "'ChainedInvokeDetails':{'Error':{'ErrorMessage':'no'}}");
  sc_rec("CHAINED_INVOKE", "3", "TIMED_OUT",
         "'ChainedInvokeDetails':{'Error':{'ErrorMessage':'late',"
         "'ErrorType':'T'}}");
  sc_rec("CHAINED_INVOKE", "4", "STOPPED", NULL);
  sc_rec("CHAINED_INVOKE", "5", "CANCELLED", NULL);
  sc_rec("CHAINED_INVOKE", "6", "STARTED", NULL);
  sc_rec("CHAINED_INVOKE", "7", "PENDING", NULL);
  sc_open();
  int ops[7];
  for (int i = 0; i < 7; i++)
    ops[i] = invoke(NULL, "fn", "1", NULL);
  for (int i = 0; i < 5; i++)
    assert_int_equal(sc_next(ops[i]), DONE);
  sc_result_is(ops[0], "-");
  sc_error_is(ops[1], "InvokeError|InvokeError|no");
  sc_error_is(ops[2], "InvokeError|T|late");
  sc_error_is(ops[3], "InvokeError|STOPPED|Unknown error. No ErrorObject "
                      "exists on the Checkpoint Operation.");
  sc_error_is(ops[4], "InvokeError|CANCELLED|Unknown error. No ErrorObject "
                      "exists on the Checkpoint Operation.");
  sc_says(ops[5], SUSPEND);
  sc_says(ops[6], SUSPEND);
  sc_sent_is("");
}

static void invoke_arguments(void **state) {
  (void)state;
  sc_open();
  assert_int_equal(invoke(NULL, NULL, "1", NULL), DURABLE_E_ARGUMENT);
  assert_int_equal(invoke(NULL, "no such name!", "1", NULL),
                   DURABLE_E_ARGUMENT);
  assert_int_equal(invoke(NULL, "fn", "1", "bad\ttenant"), DURABLE_E_ARGUMENT);
  assert_int_equal(invoke("caf\xc3\xa9", "fn", "1", NULL), DURABLE_E_LIMIT);
  assert_int_equal(invoke_with(NULL, "fn", "1", NULL, "Root=1\r\nHost: x"),
                   DURABLE_E_ARGUMENT);
  char *long_trace = calloc(1, 8194);
  memset(long_trace, 'a', 8193);
  assert_int_equal(invoke_with(NULL, "fn", "1", NULL, long_trace),
                   DURABLE_E_ARGUMENT);
  free(long_trace);
  char *big = malloc(1048578);
  memset(big, '1', 1048577);
  big[1048577] = '\0';
  assert_int_equal(invoke(NULL, "fn", big, NULL), DURABLE_E_LIMIT);
  free(big);
  sc_says(invoke(NULL, "fn", "1", NULL), SUSPEND);
  sc_sent_is("CHAINED_INVOKE 1 START =1 ->fn");
}

static void invoke_start_without_a_record(void **state) {
  (void)state;
  sc_hide("1");
  sc_open();
  int op = invoke(NULL, "fn", "1", NULL);
  sc_says(op, DONE);
  assert_int_equal(durable_engine_op_error_kind(sc.e, op),
                   DURABLE_OPERATION_ERROR_INVALID_STATE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SC_TEST(first_run_suspends_at_once),
      SC_TEST(completes_inside_the_start),
      SC_TEST(durations),
      SC_TEST(on_record),
      SC_TEST(other_terminal_statuses),
      SC_TEST(start_accepted_without_a_record),
      SC_TEST(invoke_first_run),
      SC_TEST(invoke_without_payload_or_tenant),
      SC_TEST(invoke_with_a_trace),
      SC_TEST(invoke_fails_inside_the_start),
      SC_TEST(invoke_on_record),
      SC_TEST(invoke_arguments),
      SC_TEST(invoke_start_without_a_record),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
