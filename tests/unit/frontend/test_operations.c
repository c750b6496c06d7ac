/* Every operation, live and replayed. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

static int setup(void **state) {
  *state = fake_new();
  return 0;
}

static int teardown(void **state) {
  fake_free(*state);
  return 0;
}

static int runs; /* of the body at hand */

static const durable_handler *handler(durable_handler_fn *fn) {
  static durable_handler h;
  h = (durable_handler){.size = sizeof h, .name = "test", .fn = fn};
  runs = 0;
  return &h;
}

/* The execution ends with |status| and |result|, and a replay says the same
 * without running a body. */
static void expect(fake *f, durable_handler_fn *fn, const char *input,
                   const char *status, const char *result) {
  const durable_handler *h = handler(fn);
  assert_string_equal(fake_run(f, h, input), status);
  assert_string_equal(fake_result(f), result);
  int before = runs;
  assert_string_equal(fake_replay(f, h, input), status);
  assert_string_equal(fake_result(f), result);
  assert_int_equal(runs, before);
}

/* ---- step */

static int twice(durable_step_ctx *step, void *arg,
                 const durable_value **result) {
  runs++;
  assert_int_equal(durable_step_attempt(step), 1);
  *result = durable_value_int(durable_step_values(step), 2 * *(int *)arg);
  return DURABLE_OK;
}

static int steps(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  int n = (int)durable_value_get_int(event, "n", 0);
  const durable_value *first, *second;
  int rc = durable_step(ctx, "first", twice, &n, &first, NULL);
  if (rc)
    return rc;
  n = (int)durable_value_as_int(first, 0);
  rc = durable_step(ctx, "second", twice, &n, &second,
                    DURABLE_STEP(.at_most_once = 1));
  *result = durable_value_pack(durable_ctx_values(ctx), "[vv]", first, second);
  return rc;
}

static void test_steps(void **state) {
  expect(*state, steps, "{\"n\":5}", "SUCCEEDED", "[10,20]");
  assert_int_equal(runs, 2);
  assert_int_equal(fake_updates(*state, "STEP", "SUCCEED", NULL), 2);
}

static int flaky(durable_step_ctx *step, void *arg,
                 const durable_value **result) {
  (void)arg;
  runs++;
  if (durable_step_attempt(step) < 3)
    return durable_step_fail(step, "Busy", "attempt %d",
                             durable_step_attempt(step));
  *result = durable_value_int(durable_step_values(step), runs);
  return DURABLE_OK;
}

static int retried(durable_ctx *ctx, const durable_value *event,
                   const durable_value **result) {
  (void)event;
  return durable_step(ctx, "flaky", flaky, NULL, result, NULL);
}

static void test_a_failing_step_is_tried_again(void **state) {
  expect(*state, retried, "{}", "SUCCEEDED", "3");
  assert_int_equal(fake_updates(*state, "STEP", "RETRY", "flaky"), 2);
}

static int decline(durable_step_ctx *step, void *arg,
                   const durable_value **result) {
  static const char *const stack[] = {"at charge", "at order"};
  (void)arg;
  (void)result;
  runs++;
  return durable_step_fail_with(step, "Declined", "no funds", "card 17", stack,
                                2);
}

static int caught(durable_ctx *ctx, const durable_value *event,
                  const durable_value **result) {
  (void)event;
  int rc = durable_step(ctx, "charge", decline, NULL, NULL,
                        DURABLE_STEP(.retry = DURABLE_RETRY(.preset = "none")));
  if (rc != DURABLE_FAILED)
    return rc;
  const durable_failure *f = durable_last_failure(ctx);
  assert_int_equal(f->kind, DURABLE_OPERATION_ERROR_STEP);
  assert_string_equal(f->name, "StepError");
  assert_string_equal(f->type, "Declined");
  assert_string_equal(f->message, "no funds");
  assert_string_equal(f->data, "card 17");
  assert_int_equal(f->stack_count, 2);
  assert_string_equal(f->stack[1], "at order");
  assert_string_equal(f->cause->name, "DurableOperationError");
  assert_string_equal(f->cause->type, "Declined");
  *result = durable_value_str(durable_ctx_values(ctx), "went on");
  return DURABLE_OK;
}

static void test_a_failed_step_can_be_caught(void **state) {
  expect(*state, caught, "{}", "SUCCEEDED", "\"went on\"");
}

static int uncaught(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  (void)event;
  return durable_step(ctx, "charge", decline, NULL, result,
                      DURABLE_STEP(.retry = DURABLE_RETRY(.preset = "none")));
}

static void test_a_failure_up_the_stack_fails_the_execution(void **state) {
  expect(*state, uncaught, "{}", "FAILED",
         "{\"ErrorMessage\":\"no funds\",\"ErrorType\":\"StepError\","
         "\"ErrorData\":\"card 17\",\"StackTrace\":[\"at charge\",\"at "
         "order\"]}");
}

/* ---- retries decided by the user */

static int decided_with;
static int decide_retry(void *user, const durable_failure *failure,
                        int attempts, int64_t *delay_s) {
  (void)user;
  assert_string_equal(failure->type, "Busy");
  decided_with = attempts;
  *delay_s = 7;
  return 1;
}

static int decided(durable_ctx *ctx, const durable_value *event,
                   const durable_value **result) {
  (void)event;
  return durable_step(
      ctx, "flaky", flaky, NULL, result,
      DURABLE_STEP(.retry = DURABLE_RETRY(.decide = decide_retry)));
}

static void test_a_function_decides_on_retries(void **state) {
  expect(*state, decided, "{}", "SUCCEEDED", "3");
  assert_int_equal(decided_with, 2);
}

static int filter_case;
static int filtered(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  static const char *const contains[] = {"zebra", "funds", NULL};
  static const char *const matches[] = {"^no +f[a-z]*s$", NULL};
  static const char *const types[] = {"Declined", NULL};
  static const char *const others[] = {"Other", NULL};
  static const char *const none[] = {NULL};
  durable_error_filter only = DURABLE_ERROR_FILTER_INIT;
  (void)event;
  only.contains = filter_case == 0 ? contains : filter_case == 5 ? none : NULL;
  only.matches = filter_case == 1 ? matches : NULL;
  only.types = filter_case == 2 ? types : filter_case == 3 ? others : NULL;
  return durable_step(
      ctx, "charge", decline, NULL, result,
      DURABLE_STEP(.retry = DURABLE_RETRY(.preset = "fixed", .only = &only)));
}

static void test_filters_say_what_is_tried_again(void **state) {
  static const int tries[] = {5, 5, 5, 1, 5, 1};
  (void)state;
  for (filter_case = 0; filter_case < 6; filter_case++) {
    fake *f = fake_new();
    assert_string_equal(fake_run(f, handler(filtered), "{}"), "FAILED");
    assert_int_equal(runs, tries[filter_case]);
    fake_free(f);
  }
}

/* ---- wait, invoke, callbacks */

static int waits(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  (void)event;
  runs++;
  int rc = durable_wait(ctx, "pause", 3600);
  *result = durable_value_str(durable_ctx_values(ctx), "awake");
  return rc;
}

static void test_a_wait_suspends(void **state) {
  assert_string_equal(fake_run(*state, handler(waits), "{}"), "SUCCEEDED");
  assert_string_equal(fake_result(*state), "\"awake\"");
  assert_int_equal(fake_invocations(*state), 2);
}

static const char *echo(void *user, const char *function, const char *payload,
                        int *error) {
  static char text[256];
  (void)user;
  *error = strcmp(function, "broken") == 0;
  snprintf(text, sizeof text, "%s",
           *error ? "{\"ErrorType\":\"Oops\",\"ErrorMessage\":\"it broke\"}"
                  : payload);
  return text;
}

static int invokes(durable_ctx *ctx, const durable_value *event,
                   const durable_value **result) {
  const durable_value *echoed;
  int rc = durable_invoke(ctx, "call", "echo", event, &echoed, NULL);
  if (rc)
    return rc;
  rc = durable_invoke(ctx, "call", "broken", NULL, NULL,
                      DURABLE_INVOKE(.tenant_id = "t1"));
  if (rc != DURABLE_FAILED)
    return rc;
  const durable_failure *f = durable_last_failure(ctx);
  *result = durable_value_pack(durable_ctx_values(ctx), "[v s s s]", echoed,
                               f->name, f->type, f->message);
  return DURABLE_OK;
}

static void test_invokes(void **state) {
  fake_on_invoke(*state, echo, NULL);
  expect(*state, invokes, "{\"a\":[1]}", "SUCCEEDED",
         "[{\"a\":[1]},\"InvokeError\",\"Oops\",\"it broke\"]");
}

static int complete_all(void *user, fake *f) {
  return fake_callback(f, NULL, "SUCCEEDED", user) > 0;
}

static int callbacks(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  durable_callback *cb;
  const char *id;
  const durable_value *text;
  (void)event;
  int rc = durable_create_callback(ctx, "approval", &cb,
                                   DURABLE_CALLBACK(.timeout_s = 60));
  if (rc)
    return rc;
  rc = durable_callback_id(ctx, cb, &id);
  assert_int_equal(rc, DURABLE_OK);
  assert_string_equal(id, "cb-1");
  rc = durable_callback_result(ctx, cb, &text);
  *result = text;
  return rc;
}

static void test_a_callback_answers_raw_text(void **state) {
  fake_on_idle(*state, complete_all, (void *)"{\"yes\": 1}");
  expect(*state, callbacks, "{}", "SUCCEEDED", "\"{\\\"yes\\\": 1}\"");
}

static void test_a_failed_callback(void **state) {
  const durable_handler *h = handler(callbacks);
  assert_string_equal(fake_run(*state, h, "{}"), "PENDING");
  assert_int_equal(fake_callback(*state, "cb-1", "TIMED_OUT",
                                 "{\"ErrorMessage\":\"too late\"}"),
                   1);
  assert_string_equal(fake_run(*state, h, "{}"), "FAILED");
  assert_string_equal(fake_result(*state),
                      "{\"ErrorMessage\":\"too late\",\"ErrorType\":"
                      "\"CallbackTimeoutError\"}");
}

static int submit(durable_step_ctx *step, const char *callback_id, void *arg) {
  runs++;
  assert_int_equal(durable_step_attempt(step), 1);
  snprintf(arg, 32, "%s", callback_id);
  return DURABLE_OK;
}

static int approval(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  char id[32];
  (void)event;
  return durable_wait_for_callback(
      ctx, "approve", submit, id, result,
      DURABLE_CALLBACK(.serdes = durable_serdes_plain()));
}

static void test_wait_for_callback(void **state) {
  fake_on_idle(*state, complete_all, (void *)"{\"ok\":true}");
  expect(*state, approval, "{}", "SUCCEEDED", "{\"ok\":true}");
  assert_int_equal(runs, 1);
}

static int bad_submit(durable_step_ctx *step, const char *callback_id,
                      void *arg) {
  (void)callback_id;
  (void)arg;
  return durable_step_fail(step, "Down", "mail is down");
}

static int submitter_fails(durable_ctx *ctx, const durable_value *event,
                           const durable_value **result) {
  (void)event;
  return durable_wait_for_callback(
      ctx, "approve", bad_submit, NULL, result,
      DURABLE_CALLBACK(.retry = DURABLE_RETRY(.preset = "none")));
}

static void test_a_failing_submitter(void **state) {
  expect(*state, submitter_fails, "{}", "FAILED",
         "{\"ErrorMessage\":\"mail is down\",\"ErrorType\":"
         "\"CallbackSubmitterError\"}");
}

/* ---- child contexts */

static int kid(durable_ctx *ctx, void *arg, const durable_value **result) {
  const durable_value *a, *b;
  int n = *(int *)arg;
  int rc = durable_step(ctx, "in kid", twice, &n, &a, NULL);
  if (rc == DURABLE_OK)
    rc = durable_wait(ctx, NULL, 1);
  n = (int)durable_value_as_int(a, 0);
  if (rc == DURABLE_OK)
    rc = durable_step(ctx, "in kid", twice, &n, &b, NULL);
  if (rc == DURABLE_OK)
    *result = durable_value_pack(durable_ctx_values(ctx), "{s:v}", "b", b);
  return rc;
}

static int children(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  int n = 1;
  const durable_value *plain, *virtual;
  (void)event;
  int rc = durable_child(ctx, "kid", kid, &n, &plain, NULL);
  if (rc)
    return rc;
  rc = durable_child(ctx, "ghost", kid, &n, &virtual,
                     DURABLE_CHILD(.is_virtual = 1));
  if (rc == DURABLE_OK)
    *result =
        durable_value_pack(durable_ctx_values(ctx), "[vv]", plain, virtual);
  return rc;
}

static void test_child_contexts(void **state) {
  expect(*state, children, "{}", "SUCCEEDED", "[{\"b\":4},{\"b\":4}]");
  assert_int_equal(fake_updates(*state, "CONTEXT", "SUCCEED", "kid"), 1);
  assert_int_equal(fake_updates(*state, "CONTEXT", NULL, "ghost"), 0);
}

static int bad_kid(durable_ctx *ctx, void *arg, const durable_value **result) {
  (void)result;
  if (arg)
    return durable_fail(ctx, "KidError", "kid %d", 7);
  return durable_step(ctx, "s", decline, NULL, NULL,
                      DURABLE_STEP(.retry = DURABLE_RETRY(.preset = "none")));
}

static int failing_children(durable_ctx *ctx, const durable_value *event,
                            const durable_value **result) {
  int own = 1;
  (void)event;
  if (durable_child(ctx, "a", bad_kid, &own, NULL, NULL) == DURABLE_FAILED) {
    const durable_failure *f = durable_last_failure(ctx);
    assert_string_equal(f->name, "ChildContextError");
    assert_string_equal(f->type, "KidError");
    assert_string_equal(f->message, "kid 7");
  }
  return durable_child(ctx, "b", bad_kid, NULL, result, NULL);
}

static void test_failing_children(void **state) {
  expect(*state, failing_children, "{}", "FAILED",
         "{\"ErrorMessage\":\"no funds\",\"ErrorType\":\"ChildContextError\","
         "\"ErrorData\":\"card 17\",\"StackTrace\":[\"at charge\",\"at "
         "order\"]}");
  assert_non_null(strstr(fake_update_payload(*state, "CONTEXT", "FAIL", "b"),
                         "\"StepError\""));
}

static int large(durable_ctx *ctx, void *arg, const durable_value **result) {
  static char text[300001];
  const durable_value *step;
  (void)arg;
  int n = 3;
  int rc = durable_step(ctx, "small", twice, &n, &step, NULL);
  memset(text, 'x', 300000);
  *result = durable_value_str(durable_ctx_values(ctx), text);
  return rc;
}

static int summary(void *user, durable_values *in, const durable_value *result,
                   const char **text) {
  (void)in;
  (void)user;
  *text = durable_value_text(result).len == 300000 ? "300000 x" : "?";
  return DURABLE_OK;
}

static int large_result(durable_ctx *ctx, const durable_value *event,
                        const durable_value **result) {
  const durable_value *v;
  (void)event;
  int rc = durable_child(ctx, "large", large, NULL, &v,
                         DURABLE_CHILD(.summary = summary));
  if (rc == DURABLE_OK)
    *result = durable_value_int(durable_ctx_values(ctx),
                                (int64_t)durable_value_text(v).len);
  return rc;
}

static void test_a_large_result_is_summarized(void **state) {
  expect(*state, large_result, "{}", "SUCCEEDED", "300000");
  assert_string_equal(
      fake_update_payload(*state, "CONTEXT", "SUCCEED", "large"), "300000 x");
}

/* ---- conditions */

static int count_up(durable_step_ctx *step, const durable_value *state,
                    void *arg, const durable_value **result) {
  (void)arg;
  runs++;
  *result = durable_value_int(durable_step_values(step),
                              durable_value_as_int(state, 0) + 1);
  return DURABLE_OK;
}

static int below_three(void *user, const durable_value *state, int looks) {
  (void)user;
  assert_int_equal(looks, durable_value_as_int(state, -1));
  return durable_value_as_int(state, 0) < 3;
}

static int conditions(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  return durable_wait_for_condition(ctx, "settled", count_up, NULL,
                                    durable_value_get(event, "from"), result,
                                    DURABLE_CONDITION(.more = below_three));
}

static void test_conditions(void **state) {
  expect(*state, conditions, "{\"from\":0}", "SUCCEEDED", "3");
  assert_int_equal(fake_updates(*state, "STEP", "RETRY", "settled"), 2);
}

static int decide_poll(void *user, const durable_value *state, int looks,
                       int64_t *delay_s) {
  (void)user;
  (void)looks;
  *delay_s = 11;
  return durable_value_as_int(state, 0) < 2;
}

static int decided_condition(durable_ctx *ctx, const durable_value *event,
                             const durable_value **result) {
  return durable_wait_for_condition(ctx, "settled", count_up, NULL,
                                    durable_value_get(event, "from"), result,
                                    DURABLE_CONDITION(.decide = decide_poll));
}

static void test_a_function_decides_on_a_condition(void **state) {
  expect(*state, decided_condition, "{\"from\":0}", "SUCCEEDED", "2");
}

static int bad_check(durable_step_ctx *step, const durable_value *state,
                     void *arg, const durable_value **result) {
  (void)state;
  (void)arg;
  (void)result;
  return durable_step_fail(step, "Gone", "no such order");
}

static int failing_condition(durable_ctx *ctx, const durable_value *event,
                             const durable_value **result) {
  (void)event;
  return durable_wait_for_condition(ctx, "c", bad_check, NULL, NULL, result,
                                    NULL);
}

static void test_a_failing_check(void **state) {
  expect(*state, failing_condition, "{}", "FAILED",
         "{\"ErrorMessage\":\"no such order\",\"ErrorType\":"
         "\"WaitForConditionError\"}");
}

/* ---- with_retry */

static int attempt_body(durable_ctx *ctx, int attempt, void *arg,
                        const durable_value **result) {
  const durable_value *v;
  (void)arg;
  int n = attempt;
  int rc = durable_step(ctx, "part", twice, &n, &v, NULL);
  if (rc)
    return rc;
  if (attempt < 3)
    return durable_fail(ctx, "NotYet", "attempt %d", attempt);
  *result = v;
  return DURABLE_OK;
}

static int attempts(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  durable_attempts_config config = DURABLE_ATTEMPTS_INIT;
  config.unwrapped = (uint32_t)durable_value_get_bool(event, "bare", 0);
  return durable_with_retry(ctx, "all of it", attempt_body, NULL, result,
                            &config);
}

static void test_with_retry(void **state) {
  expect(*state, attempts, "{}", "SUCCEEDED", "6");
  assert_int_equal(runs, 3);
  assert_int_equal(fake_updates(*state, "WAIT", "START", NULL), 2);
}

static void test_with_retry_unwrapped(void **state) {
  expect(*state, attempts, "{\"bare\":true}", "SUCCEEDED", "6");
  assert_int_equal(fake_updates(*state, "CONTEXT", NULL, NULL), 0);
}

static int give_up_body(durable_ctx *ctx, int attempt, void *arg,
                        const durable_value **result) {
  (void)arg;
  (void)result;
  return durable_fail(ctx, "Never", "attempt %d", attempt);
}

static int given_up(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  durable_attempts_config config = DURABLE_ATTEMPTS_INIT;
  config.unwrapped = (uint32_t)durable_value_get_bool(event, "bare", 0);
  return durable_with_retry(ctx, "x", give_up_body, NULL, result, &config);
}

static void test_with_retry_gives_up(void **state) {
  expect(*state, given_up, "{}", "FAILED",
         "{\"ErrorMessage\":\"attempt 3\",\"ErrorType\":"
         "\"ChildContextError\"}");
}

static void test_unwrapped_attempts_give_up_with_their_own_error(void **state) {
  expect(*state, given_up, "{\"bare\":true}", "FAILED",
         "{\"ErrorMessage\":\"attempt 3\",\"ErrorType\":\"Never\"}");
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(test_steps),
      T(test_a_failing_step_is_tried_again),
      T(test_a_failed_step_can_be_caught),
      T(test_a_failure_up_the_stack_fails_the_execution),
      T(test_a_function_decides_on_retries),
      cmocka_unit_test(test_filters_say_what_is_tried_again),
      T(test_a_wait_suspends),
      T(test_invokes),
      T(test_a_callback_answers_raw_text),
      T(test_a_failed_callback),
      T(test_wait_for_callback),
      T(test_a_failing_submitter),
      T(test_child_contexts),
      T(test_failing_children),
      T(test_a_large_result_is_summarized),
      T(test_conditions),
      T(test_a_function_decides_on_a_condition),
      T(test_a_failing_check),
      T(test_with_retry),
      T(test_with_retry_unwrapped),
      T(test_with_retry_gives_up),
      T(test_unwrapped_attempts_give_up_with_their_own_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
