/* Combinators: all, settled, any and race, live and replayed. */
#include "script.h"

static int combine(int mode, const int *ops, size_t count) {
  int op = durable_engine_combine(sc.e, sc.task, sc.ctx, "j", mode, ops, count);
  sc_drain();
  return op;
}

static int callback(void) {
  int op = durable_engine_callback(sc.e, sc.task, sc.ctx, NULL, NULL);
  sc_drain();
  return op;
}

static int result_of(int op) {
  return durable_engine_callback_result(sc.e, sc.task, op);
}

/* Give the built-in payload. */
static void composed(int op) {
  sc_says(op, RUN);
  assert_int_equal(durable_engine_op_body(sc.e, op), DURABLE_BODY_PAYLOAD);
  assert_int_equal(durable_engine_op_compose(sc.e, op, DURABLE_FORM_PLAIN), 0);
  assert_int_equal(
      durable_engine_op_succeed(sc.e, op, durable_engine_op_composed(sc.e, op)),
      0);
  sc_drain();
  sc_says(op, DONE);
}

/* Three callbacks, of which the service settles some, at times given. */
static void three(int ops[3]) {
  int callbacks[3];
  for (int i = 0; i < 3; i++)
    callbacks[i] = callback();
  for (int i = 0; i < 3; i++) {
    sc_says(callbacks[i], DONE);
    ops[i] = result_of(callbacks[i]);
  }
}

static void settle(const char *path, const char *status, int end_ms) {
  char more[256];
  snprintf(more, sizeof more,
           "'EndTimestamp':%d,'CallbackDetails':{'CallbackId':'c',%s}", end_ms,
           strcmp(status, "SUCCEEDED") == 0
               ? "'Result':'v'"
               : "'Error':{'ErrorMessage':'bad','ErrorType':'T'}");
  sc_settle(path, status, more);
}

/* First invocation claims and suspends; the second finds things settled. */
static int resumed(int mode, int ops[3]) {
  sc_open();
  three(ops);
  sc_says(combine(mode, ops, 3), SUSPEND);
  sc_unwind();
  sc_output_is("{'Status':'PENDING'}");
  return 0;
}

static int resume(int mode, int ops[3]) {
  sc_again(0);
  three(ops);
  return combine(mode, ops, 3);
}

static void all_values(void **state) {
  (void)state;
  int ops[3];
  resumed(DURABLE_COMBINE_ALL, ops);
  settle("1", "SUCCEEDED", 1000003);
  settle("2", "SUCCEEDED", 1000001);
  sc_says(resume(DURABLE_COMBINE_ALL, ops), SUSPEND); /* one is missing */
  sc_unwind();
  settle("3", "SUCCEEDED", 1000002);
  int op = resume(DURABLE_COMBINE_ALL, ops);
  composed(op);
  sc_sent_is("CONTEXT 4 SUCCEED =['v','v','v']");
  assert_int_equal(durable_engine_op_winner(sc.e, op), -1);
  op = resume(DURABLE_COMBINE_ALL, ops);
  assert_int_equal(sc_next(op), DONE);
  sc_result_is(op, "['v','v','v']");
  sc_sent_is("");
}

static void all_with_a_failure(void **state) {
  (void)state;
  int ops[3];
  resumed(DURABLE_COMBINE_ALL, ops);
  settle("3", "FAILED", 1000001);
  settle("2", "FAILED", 1000002);
  int op = resume(DURABLE_COMBINE_ALL, ops); /* 1 is still open */
  sc_says(op, DONE);
  sc_sent_is("CONTEXT 4 FAIL !PromiseCombinatorError:bad");
  sc_error_is(op, "PromiseCombinatorError|PromiseCombinatorError|bad");
  assert_int_equal(durable_engine_op_winner(sc.e, op), 2);
  op = resume(DURABLE_COMBINE_ALL, ops);
  assert_int_equal(sc_next(op), DONE);
  sc_error_is(op, "PromiseCombinatorError|PromiseCombinatorError|bad");
}

static void all_settled(void **state) {
  (void)state;
  int ops[3];
  resumed(DURABLE_COMBINE_SETTLED, ops);
  settle("1", "SUCCEEDED", 1000001);
  settle("2", "TIMED_OUT", 1000001);
  sc_says(resume(DURABLE_COMBINE_SETTLED, ops), SUSPEND);
  sc_unwind();
  settle("3", "FAILED", 1000001);
  int op = resume(DURABLE_COMBINE_SETTLED, ops);
  composed(op);
  const char *result = sc_result(op);
  assert_non_null(strstr(result, "'fulfilled'"));
  assert_non_null(strstr(result, "'value'"));
  assert_non_null(strstr(result, "'rejected'"));
  assert_non_null(strstr(result, "'CallbackTimeoutError'"));
  assert_non_null(strstr(result, "'CallbackExternalError'"));
}

static void any_value(void **state) {
  (void)state;
  int ops[3];
  resumed(DURABLE_COMBINE_ANY, ops);
  settle("1", "FAILED", 1000001);
  sc_says(resume(DURABLE_COMBINE_ANY, ops), SUSPEND);
  sc_unwind();
  settle("3", "SUCCEEDED", 1000002);
  settle("2", "SUCCEEDED", 1000003);
  int op = resume(DURABLE_COMBINE_ANY, ops);
  composed(op);
  assert_int_equal(durable_engine_op_winner(sc.e, op), 2);
  sc_sent_is("CONTEXT 4 SUCCEED ='v'");
}

static void any_of_failures(void **state) {
  (void)state;
  int ops[3];
  resumed(DURABLE_COMBINE_ANY, ops);
  settle("1", "FAILED", 1000003);
  settle("2", "FAILED", 1000002);
  settle("3", "FAILED", 1000004);
  int op = resume(DURABLE_COMBINE_ANY, ops);
  sc_says(op, DONE);
  sc_sent_is("CONTEXT 4 FAIL !PromiseCombinatorError:All operations failed; "
             "the first: bad");
  assert_int_equal(durable_engine_op_winner(sc.e, op), 1);
}

static void race(void **state) {
  (void)state;
  int ops[3];
  resumed(DURABLE_COMBINE_RACE, ops);
  settle("3", "SUCCEEDED", 1000001);
  settle("1", "FAILED", 1000002);
  int op = resume(DURABLE_COMBINE_RACE, ops);
  composed(op);
  assert_int_equal(durable_engine_op_winner(sc.e, op), 2);
  sc_sent_is("CONTEXT 4 SUCCEED ='v'");
  /* what settles later changes nothing: the winner is on record */
  settle("2", "SUCCEEDED", 900001);
  op = resume(DURABLE_COMBINE_RACE, ops);
  assert_int_equal(sc_next(op), DONE);
  sc_result_is(op, "'v'");
}

static void race_lost_to_a_failure(void **state) {
  (void)state;
  int ops[3];
  resumed(DURABLE_COMBINE_RACE, ops);
  settle("2", "FAILED", 1000001);
  settle("1", "SUCCEEDED", 1000002);
  int op = resume(DURABLE_COMBINE_RACE, ops);
  sc_says(op, DONE);
  sc_sent_is("CONTEXT 4 FAIL !PromiseCombinatorError:bad");
  assert_int_equal(durable_engine_op_winner(sc.e, op), 1);
}

static void of_nothing(void **state) {
  (void)state;
  sc_open();
  assert_int_equal(combine(DURABLE_COMBINE_ANY, NULL, 0), DURABLE_E_ARGUMENT);
  assert_int_equal(combine(DURABLE_COMBINE_RACE, NULL, 0), DURABLE_E_ARGUMENT);
  assert_int_equal(combine(9, NULL, 0), DURABLE_E_ARGUMENT);
  int op = combine(DURABLE_COMBINE_ALL, NULL, 0);
  composed(op);
  sc_result_is(op, "[]");
  sc_sent_is("CONTEXT 1 START, CONTEXT 1 SUCCEED =[]");
}

/* Inputs with bodies are driven by tasks of their own. */
static void over_steps_of_other_tasks(void **state) {
  (void)state;
  sc_open();
  int ops[2] = {sc_step("a"), sc_step("b")};
  int op = combine(DURABLE_COMBINE_RACE, ops, 2);
  int tasks[2];
  for (int i = 0; i < 2; i++)
    tasks[i] = durable_engine_task_new(sc.e, sc.ctx);
  for (int i = 0; i < 2; i++) {
    sc.task = tasks[i];
    assert_int_equal(sc_next(ops[i]), RUN);
  }
  sc.task = sc.root;
  assert_int_equal(sc_next(op), PARK);
  sc.task = tasks[1];
  sc_ok(ops[1], "2");
  assert_int_equal(sc_next(ops[1]), PARK);
  sc_pump();
  assert_true(sc_woken(sc.root));
  assert_true(sc_woken(tasks[1]));
  sc.task = sc.root;
  composed(op);
  sc_result_is(op, "2");
  /* the loser goes on, its result is dropped */
  sc.task = tasks[0];
  sc_ok(ops[0], "1");
  sc_says(ops[0], DONE);
  sc_result_is(ops[0], "1");
  sc_sent_is("STEP 1 START, STEP 2 START, CONTEXT 3 START, STEP 2 SUCCEED =2 | "
             "CONTEXT 3 SUCCEED =2 | STEP 1 SUCCEED =1");
}

static void large_results_are_made_again(void **state) {
  (void)state;
  int ops[3];
  resumed(DURABLE_COMBINE_ALL, ops);
  settle("1", "SUCCEEDED", 1000001);
  settle("2", "SUCCEEDED", 1000001);
  settle("3", "SUCCEEDED", 1000001);
  int op = resume(DURABLE_COMBINE_ALL, ops);
  sc_says(op, RUN);
  size_t len = 262145;
  char *big = malloc(len);
  memset(big, '1', len);
  assert_int_equal(
      durable_engine_op_succeed(sc.e, op, (durable_bytes){big, len}), 0);
  free(big);
  sc_says(op, DONE);
  sc_sent_is("CONTEXT 4 SUCCEED = children");
  op = resume(DURABLE_COMBINE_ALL, ops);
  composed(op);
  sc_sent_is("");
  sc_result_is(op, "['v','v','v']");
}

static void tagged_form(void **state) {
  (void)state;
  int ops[3];
  resumed(DURABLE_COMBINE_ALL, ops);
  settle("1", "SUCCEEDED", 1000001);
  settle("2", "SUCCEEDED", 1000001);
  settle("3", "SUCCEEDED", 1000001);
  int op = resume(DURABLE_COMBINE_ALL, ops);
  sc_says(op, RUN);
  int rc = durable_engine_op_compose(sc.e, op, DURABLE_FORM_TAGGED);
  assert_int_equal(rc, 0);
  durable_bytes text = durable_engine_op_composed(sc.e, op);
  assert_true(text.len > 0);
}

/* A callback's result may be as large as 256 KiB. */
static void a_large_callback_result(void **state) {
  (void)state;
  size_t len = 200000;
  char *more = malloc(len + 200), *big = malloc(len + 1);
  memset(big, 'x', len);
  big[len] = '\0';
  snprintf(more, len + 200,
           "'CallbackDetails':{'CallbackId':'c','Result':'%s'}", big);
  sc_rec("CALLBACK", "1", "SUCCEEDED", more);
  sc_open();
  int input = callback();
  assert_int_equal(sc_next(input), DONE);
  input = result_of(input);
  int op = combine(DURABLE_COMBINE_RACE, &input, 1);
  composed(op);
  assert_int_equal(durable_engine_op_result(sc.e, op).len, len + 2);
  free(more);
  free(big);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SC_TEST(all_values),
      SC_TEST(all_with_a_failure),
      SC_TEST(all_settled),
      SC_TEST(any_value),
      SC_TEST(any_of_failures),
      SC_TEST(race),
      SC_TEST(race_lost_to_a_failure),
      SC_TEST(of_nothing),
      SC_TEST(over_steps_of_other_tasks),
      SC_TEST(large_results_are_made_again),
      SC_TEST(tagged_form),
      SC_TEST(a_large_callback_result),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
