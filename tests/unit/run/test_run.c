/* The C API on the embedded service. */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <durable/run.h>

static atomic_int bodies;

static int add_one(durable_step_ctx *step, void *arg,
                   const durable_value **result) {
  bodies++;
  *result = durable_value_int(durable_step_values(step), *(int64_t *)arg + 1);
  return DURABLE_OK;
}

static int flaky(durable_step_ctx *step, void *arg,
                 const durable_value **result) {
  bodies++;
  if (durable_step_attempt(step) < 3)
    return durable_step_fail(step, "Busy", "not yet");
  return add_one(step, arg, result);
}

static int item(durable_ctx *ctx, const durable_value *v, size_t index,
                void *arg, const durable_value **result) {
  int64_t n = durable_value_as_int(v, 0);
  (void)arg;
  int rc = durable_step(ctx, "first", add_one, &n, NULL, NULL);
  if (rc == DURABLE_OK)
    rc = durable_wait(ctx, "pause", 60 * ((int64_t)index + 1));
  if (rc == DURABLE_OK)
    rc = durable_step(ctx, "second", index ? add_one : flaky, &n, result, NULL);
  return rc;
}

static int more(void *user, const durable_value *state, int looks) {
  (void)user;
  (void)looks;
  return durable_value_as_int(state, 0) < 3;
}

static int look(durable_step_ctx *step, const durable_value *state, void *arg,
                const durable_value **result) {
  int64_t n = durable_value_as_int(state, 0);
  (void)arg;
  return add_one(step, &n, result);
}

static durable_service *service_of_test;

static int submit(durable_step_ctx *step, const char *callback_id, void *arg) {
  char target[1200];
  durable_service_response response = DURABLE_SERVICE_RESPONSE_INIT;
  (void)step;
  (void)arg;
  size_t at = (size_t)snprintf(target, sizeof target, "%s",
                               "/2025-12-01/durable-execution-callbacks/");
  for (; *callback_id; callback_id++)
    at += (size_t)snprintf(target + at, sizeof target - at,
                           strchr("+/=:", *callback_id) ? "%%%02X" : "%c",
                           *callback_id);
  snprintf(target + at, sizeof target - at, "/succeed");
  durable_bytes body = {"{\"by\":\"eve\"}", 12};
  assert_int_equal(durable_service_request(service_of_test, "POST", target,
                                           NULL, body, &response),
                   0);
  if (response.status / 100 != 2)
    fail_msg("%d %.*s", response.status, (int)response.body.len,
             response.body.data);
  durable_service_response_drop(&response);
  return DURABLE_OK;
}

static int other(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  int rc = durable_wait(ctx, "slow", 30);
  *result = durable_value_pack(durable_ctx_values(ctx), "{s:v}", "echo", event);
  return rc;
}

static int everything(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  const durable_value *state, *approval, *echo, *raced;
  const durable_batch *batch;
  durable_future *f[2];
  durable_values *in = durable_ctx_values(ctx);
  int rc = durable_map(ctx, "items", durable_value_get(event, "items"), item,
                       NULL, &batch, NULL);
  if (rc == DURABLE_OK)
    rc = durable_batch_check(ctx, batch);
  if (rc == DURABLE_OK)
    rc = durable_wait_for_condition(ctx, "settled", look, NULL,
                                    durable_value_int(in, 0), &state,
                                    DURABLE_CONDITION(.more = more));
  if (rc == DURABLE_OK)
    rc = durable_wait_for_callback(
        ctx, "approval", submit, NULL, &approval,
        DURABLE_CALLBACK(.serdes = durable_serdes_plain()));
  if (rc == DURABLE_OK)
    rc = durable_invoke(ctx, "other", "other", approval, &echo, NULL);
  if (rc == DURABLE_OK)
    rc = durable_wait_start(ctx, "long", 86400, &f[0]);
  if (rc == DURABLE_OK)
    rc = durable_invoke_start(ctx, "other", "other", state, &f[1], NULL);
  if (rc == DURABLE_OK)
    rc = durable_race(ctx, "race", f, 2, &raced, NULL);
  if (rc)
    return rc;
  size_t count;
  const durable_value *const *results = durable_batch_results(batch, &count);
  *result = durable_value_pack(in, "[i v v v v v]", (int)count, results[2],
                               state, approval, echo, raced);
  return DURABLE_OK;
}

static const durable_handler handler = {
    .size = sizeof handler, .name = "everything", .fn = everything};
static const durable_handler other_handler = {
    .size = sizeof other_handler, .name = "other", .fn = other};

static void run_with(uint32_t collapse) {
  char message[256];
  durable_service_options o = DURABLE_SERVICE_OPTIONS_INIT;
  durable_outcome out = DURABLE_OUTCOME_INIT;
  o.virtual_time = 1;
  o.collapse = collapse;
  bodies = 0;
  if (durable_service_open(&service_of_test, &o, message, sizeof message))
    fail_msg("%s", message);
  assert_int_equal(
      durable_service_register_handler(service_of_test, &other_handler, NULL),
      0);
  durable_bytes input = {"{\"items\":[10,20,30]}", 20};
  for (int again = 0; again < 2; again++) {
    int rc =
        durable_service_run(service_of_test, &handler, "n", input, NULL, &out);
    if (rc)
      fail_msg("%d %s", rc, durable_service_error(service_of_test));
    if (out.status != DURABLE_EXECUTION_SUCCEEDED)
      fail_msg("%d %s", out.status, out.error.data);
    assert_string_equal(
        out.result.data,
        "[3,31,3,{\"by\":\"eve\"},{\"echo\":{\"by\":\"eve\"}},{\"echo\":3}]");
    assert_int_equal(out.found, again);
    durable_outcome_drop(&out);
  }
  assert_int_equal(bodies, 3 + (4 + 2) + 3); /* first, second, look */
  durable_service_close(service_of_test);
}

static void test_everything(void **state) {
  (void)state;
  run_with(0);
}

static void test_everything_collapsed(void **state) {
  (void)state;
  run_with(1);
}

static int bad(durable_ctx *ctx, const durable_value *event,
               const durable_value **result) {
  (void)event;
  (void)result;
  return durable_fail_with(ctx, "Bad", "it is bad", "data", NULL, 0);
}

static void test_a_failure(void **state) {
  static const durable_handler h = {.size = sizeof h, .name = "bad", .fn = bad};
  durable_service *s;
  durable_service_options o = DURABLE_SERVICE_OPTIONS_INIT;
  durable_outcome out = DURABLE_OUTCOME_INIT;
  (void)state;
  assert_int_equal(durable_service_open(&s, &o, NULL, 0), 0);
  assert_int_equal(
      durable_service_run(s, &h, NULL, (durable_bytes){"{}", 2}, NULL, &out),
      0);
  assert_int_equal(out.status, DURABLE_EXECUTION_FAILED);
  assert_non_null(strstr(out.error.data, "it is bad"));
  durable_outcome_drop(&out);
  durable_service_close(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_everything),
      cmocka_unit_test(test_everything_collapsed),
      cmocka_unit_test(test_a_failure),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
