/* Child contexts: every status on record, virtual ones, large payloads. */
#include "script.h"

static int child_with(const char *name, const char *sub_type, int is_virtual,
                      int has_summary) {
  durable_child_options o = DURABLE_CHILD_OPTIONS_INIT;
  o.sub_type = sub_type;
  o.is_virtual = (uint32_t)is_virtual;
  o.has_summary = (uint32_t)has_summary;
  int op = durable_engine_child(sc.e, sc.task, sc.ctx, name, &o);
  sc_drain();
  return op;
}

/* Its context is where claims go from now on; the context before. */
static durable_ctx_id enter(int op) {
  durable_ctx_id before = sc.ctx;
  sc_says(op, RUN);
  assert_int_equal(durable_engine_op_body(sc.e, op), DURABLE_BODY_USER);
  sc_into(op);
  return before;
}

static int succeed_with(int op, size_t len) {
  char *text = malloc(len);
  memset(text, '1', len);
  int rc = durable_engine_op_succeed(sc.e, op, (durable_bytes){text, len});
  free(text);
  sc_drain();
  return rc;
}

static void one_call_holds_it_all(void **state) {
  (void)state;
  sc_open();
  int op = sc_child("kid");
  durable_ctx_id root = enter(op);
  int step = sc_step("s");
  sc_says(step, RUN);
  sc_ok(step, "1");
  sc_says(step, DONE);
  sc.ctx = root;
  sc_ok(op, "[1]");
  sc_says(op, DONE);
  sc_result_is(op, "[1]");
  sc_sent_is("CONTEXT 1 START, STEP 1.1 START, STEP 1.1 SUCCEED =1 | CONTEXT 1 "
             "SUCCEED =[1]");
  assert_string_equal(sc_update(0, "Name"), "kid");
  assert_string_equal(sc_update(0, "SubType"), "RunInChildContext");
  assert_string_equal(sc_update(1, "ParentId"), "1");
  assert_int_equal(sc_do(sc_step(NULL), "2"), DONE);
  sc_sent_is("STEP 2 START, STEP 2 SUCCEED =2");
}

static void sub_type(void **state) {
  (void)state;
  sc_open();
  assert_int_equal(child_with(NULL, "no spaces", 0, 0), DURABLE_E_LIMIT);
  assert_string_equal(
      durable_engine_error(sc.e),
      "sub-type \"no spaces\" is not 1 to 32 of A-Z a-z 0-9 - _");
  int op = child_with(NULL, "Mine", 0, 0);
  assert_int_equal(sc_do(op, NULL), DONE);
  assert_string_equal(sc_update(0, "SubType"), "Mine");
  sc_sent_is("CONTEXT 1 START, CONTEXT 1 SUCCEED");
}

static void started_runs_without_a_start(void **state) {
  (void)state;
  sc_rec("CONTEXT", "1", "STARTED", NULL);
  sc_rec("STEP", "1.1", "SUCCEEDED", "'StepDetails':{'Result':'5'}");
  sc_open();
  int op = sc_child(NULL);
  enter(op);
  int step = sc_step(NULL);
  assert_int_equal(sc_next(step), DONE);
  sc_result_is(step, "5");
  sc_ok(op, "6");
  sc_says(op, DONE);
  sc_sent_is("CONTEXT 1 SUCCEED =6");
}

static void settled_on_record(void **state) {
  (void)state;
  sc_rec("CONTEXT", "1", "SUCCEEDED", "'ContextDetails':{'Result':'9'}");
  sc_rec("CONTEXT", "2", "SUCCEEDED", NULL);
  sc_rec("CONTEXT", "3", "FAILED",
         "'ContextDetails':{'Error':{'ErrorMessage':'m','ErrorType':"
         "'StepError'}}");
  sc_rec("CONTEXT", "4", "STOPPED", NULL);
  sc_open();
  int op = sc_child(NULL);
  assert_int_equal(sc_next(op), DONE);
  sc_result_is(op, "9");
  op = sc_child(NULL);
  assert_int_equal(sc_next(op), DONE);
  sc_result_is(op, "-");
  op = sc_child(NULL);
  assert_int_equal(sc_next(op), DONE);
  sc_error_is(op, "ChildContextError|StepError|m");
  op = sc_child(NULL);
  assert_int_equal(sc_next(op), DONE); /* */
  sc_error_is(op, "ChildContextError|STOPPED|Unknown error. No ErrorObject "
                  "exists on the Checkpoint Operation.");
  sc_sent_is("");
}

static void body_fails(void **state) {
  (void)state;
  sc_open();
  int op = sc_child(NULL);
  enter(op);
  sc_fails(op, "ValueError", "no", 1); /* never tried again */
  sc_says(op, DONE);
  sc_sent_is("CONTEXT 1 START, CONTEXT 1 FAIL !ValueError:no");
  sc_error_is(op, "ChildContextError|ValueError|no");
  sc_again(0);
  op = sc_child(NULL);
  assert_int_equal(sc_next(op), DONE);
  sc_error_is(op, "ChildContextError|ValueError|no");
}

static void suspended_inside(void **state) {
  (void)state;
  sc_open();
  int op = sc_child(NULL);
  enter(op);
  sc_says(sc_wait(NULL, 5), SUSPEND);
  assert_int_equal(durable_engine_op_abandon(sc.e, op, 0), 0);
  sc_unwind();
  sc_output_is("{'Status':'PENDING'}");
  sc_sent_is("CONTEXT 1 START, WAIT 1.1 START 5s");
  sc_again(5000);
  op = sc_child(NULL);
  enter(op);
  assert_int_equal(sc_next(sc_wait(NULL, 5)), DONE);
  sc_ok(op, "1");
  sc_says(op, DONE);
  sc_sent_is("CONTEXT 1 SUCCEED =1");
}

/* ---- virtual */

static void virtual_writes_nothing_of_its_own(void **state) {
  (void)state;
  sc_open();
  int op = child_with("v", NULL, 1, 0);
  durable_ctx_id root = enter(op);
  assert_int_equal(sc_do(sc_step(NULL), "1"), DONE);
  sc.ctx = root;
  sc_ok(op, "2");
  sc_says(op, DONE); /* at once: nothing to wait for */
  sc_result_is(op, "2");
  sc_sent_is("STEP 1.1 START, STEP 1.1 SUCCEED =1");
  assert_string_equal(sc_update(0, "ParentId"), "");
}

static void virtual_in_a_child_reports_to_it(void **state) {
  (void)state;
  sc_open();
  enter(sc_child(NULL));
  int op = child_with(NULL, NULL, 1, 0);
  enter(op);
  assert_int_equal(sc_do(sc_step(NULL), "1"), DONE);
  sc_sent_is("CONTEXT 1 START, STEP 1.1.1 START, STEP 1.1.1 SUCCEED =1");
  assert_string_equal(sc_update(1, "ParentId"), "1");
  sc_fails(op, "E", "m", 0);
  sc_says(op, DONE);
  sc_error_is(op, "ChildContextError|E|m");
  sc_sent_is("");
}

/* ---- the limit of 262,144 bytes */

static void at_the_limit(void **state) {
  (void)state;
  sc_open();
  int op = child_with(NULL, NULL, 0, 1);
  enter(op);
  succeed_with(op, 262144);
  sc_says(op, DONE);
  sc_sent_is("CONTEXT 1 START, CONTEXT 1 SUCCEED =262144 bytes");
  assert_int_equal(durable_engine_op_replays_children(sc.e, op), 0);
}

/* Over it: an empty payload, and the body runs again on replay. */
static void over_the_limit(void **state) {
  (void)state;
  sc_open();
  int op = child_with(NULL, NULL, 0, 0);
  durable_ctx_id root = enter(op);
  assert_int_equal(sc_do(sc_step(NULL), "7"), DONE);
  sc.ctx = root;
  succeed_with(op, 262145);
  sc_says(op, DONE);
  assert_int_equal(durable_engine_op_result(sc.e, op).len, 262145);
  assert_int_equal(durable_engine_op_replays_children(sc.e, op), 1);
  sc_sent_is("CONTEXT 1 START, STEP 1.1 START, STEP 1.1 SUCCEED =7 | CONTEXT 1 "
             "SUCCEED = children");
  sc_again(0);
  op = child_with(NULL, NULL, 0, 0);
  enter(op);
  int step = sc_step(NULL);
  assert_int_equal(sc_next(step), DONE);
  sc_result_is(step, "7");
  sc_ok(op, "[8]");
  assert_int_equal(sc_next(op), DONE);
  sc_result_is(op, "[8]"); /* what this body gave */
  assert_int_equal(durable_engine_op_replays_children(sc.e, op), 1);
  sc_sent_is("");
}

/* It is not sent, so the ceiling of what is sent is not for it. */
static void over_the_ceiling_of_a_payload(void **state) {
  (void)state;
  sc_open();
  int op = child_with(NULL, NULL, 0, 0);
  enter(op);
  succeed_with(op, 6291457);
  sc_says(op, DONE);
  assert_int_equal(durable_engine_op_result(sc.e, op).len, 6291457);
  sc_sent_is("CONTEXT 1 START, CONTEXT 1 SUCCEED = children");
}

static void with_a_summary(void **state) {
  (void)state;
  sc_open();
  int op = child_with(NULL, NULL, 0, 1);
  durable_ctx_id root = enter(op);
  succeed_with(op, 262145);
  sc_says(op, SUMMARY);
  assert_int_equal(
      durable_engine_op_summary(sc.e, op, (durable_bytes){"sum", 3}), 0);
  sc_says(op, DONE);
  sc_sent_is("CONTEXT 1 START, CONTEXT 1 SUCCEED =sum children");
  sc.ctx = root;
  int bare = child_with(NULL, NULL, 0, 1);
  enter(bare);
  succeed_with(bare, 262145);
  sc_says(bare, SUMMARY);
  assert_int_equal(
      durable_engine_op_summary(sc.e, bare, (durable_bytes){NULL, 0}), 0);
  sc_says(bare, DONE);
  sc_sent_is("CONTEXT 2 START, CONTEXT 2 SUCCEED = children");
}

/* a body that fails while it is run again writes nothing. */
static void failing_while_it_is_made_again(void **state) {
  (void)state;
  sc_rec("CONTEXT", "1", "SUCCEEDED",
         "'ContextDetails':{'Result':'','ReplayChildren':true}");
  sc_open();
  int op = sc_child(NULL);
  enter(op);
  sc_fails(op, "E", "m", 0);
  assert_int_equal(sc_next(op), DONE);
  sc_error_is(op, "ChildContextError|E|m");
  sc_sent_is("");
}

/* A body that ran into SUSPEND and ends in some outcome after all. */
static void an_outcome_after_suspend_is_not_written(void **state) {
  (void)state;
  sc.options.deadline_ms = 1010000;
  sc_open();
  int op = sc_child(NULL);
  enter(op);
  int wait = sc_wait(NULL, 60);
  int busy = durable_engine_task_new(sc.e, durable_engine_root_ctx(sc.e));
  assert_true(busy > 0);
  assert_int_equal(sc_next(wait), PARK);
  sc_pump();
  sc.now_ms = 1009500; /* too late for more */
  sc_pump();
  assert_true(sc_woken(sc.root));
  assert_int_equal(sc_next(wait), SUSPEND);
  assert_int_equal(sc_fails(op, "Swallowed", "it", 0), 0);
  assert_int_equal(sc_next(op), SUSPEND);
  assert_int_equal(durable_engine_task_end(sc.e, busy), 0);
  sc_unwind();
  sc_sent_is("CONTEXT 1 START, WAIT 1.1 START 60s");
  sc_output_is("{'Status':'PENDING'}");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SC_TEST(one_call_holds_it_all),
      SC_TEST(sub_type),
      SC_TEST(started_runs_without_a_start),
      SC_TEST(settled_on_record),
      SC_TEST(body_fails),
      SC_TEST(suspended_inside),
      SC_TEST(virtual_writes_nothing_of_its_own),
      SC_TEST(virtual_in_a_child_reports_to_it),
      SC_TEST(at_the_limit),
      SC_TEST(over_the_limit),
      SC_TEST(over_the_ceiling_of_a_payload),
      SC_TEST(with_a_summary),
      SC_TEST(failing_while_it_is_made_again),
      SC_TEST(an_outcome_after_suspend_is_not_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
