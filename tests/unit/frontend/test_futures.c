/* Futures and the combinators over them. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "play.h"

static int twice(durable_step_ctx *step, void *arg,
                 const durable_value **result) {
  int64_t n = *(int64_t *)arg;
  body_runs++;
  if (n < 0)
    return durable_step_fail(step, "Negative", "%d is negative", (int)n);
  *result = durable_value_int(durable_step_values(step), 2 * n);
  return DURABLE_OK;
}

static const durable_retry once = {.size = sizeof once, .preset = "none"};

static durable_future *start(durable_ctx *ctx, int64_t n) {
  durable_future *f = NULL;
  int64_t *arg = durable_keep(ctx, &n, sizeof n);
  assert_int_equal(durable_step_start(ctx, "twice", twice, arg, &f,
                                      DURABLE_STEP(.retry = &once)),
                   DURABLE_OK);
  return f;
}

/* ---- every operation can be started */

static int kid(durable_ctx *ctx, void *arg, const durable_value **result) {
  int rc = durable_wait(ctx, NULL, 5);
  return rc ? rc : durable_step(ctx, "twice", twice, arg, result, NULL);
}

static int item(durable_ctx *ctx, const durable_value *v, size_t index,
                void *arg, const durable_value **result) {
  int64_t n = durable_value_as_int(v, 0);
  (void)index;
  (void)arg;
  return durable_step(ctx, "twice", twice, &n, result, NULL);
}

static int check(durable_step_ctx *step, const durable_value *state, void *arg,
                 const durable_value **result) {
  (void)arg;
  *result = durable_value_int(durable_step_values(step),
                              durable_value_as_int(state, 0) + 1);
  return DURABLE_OK;
}

static int below_two(void *user, const durable_value *state, int looks) {
  (void)user;
  (void)looks;
  return durable_value_as_int(state, 0) < 2;
}

static int attempt(durable_ctx *ctx, int n, void *arg,
                   const durable_value **result) {
  if (n < 2)
    return durable_fail(ctx, "NotYet", "attempt %d", n);
  return durable_step(ctx, "twice", twice, arg, result, NULL);
}

static int submit(durable_step_ctx *step, const char *id, void *arg) {
  (void)step;
  (void)id;
  (void)arg;
  return DURABLE_OK;
}

enum { KINDS = 9 };
static int start_all(durable_ctx *ctx, int64_t *n, durable_future **f) {
  durable_values *in = durable_ctx_values(ctx);
  const durable_value *items = durable_value_pack(in, "[ii]", 3, 4);
  durable_branch *b = durable_alloc(ctx, sizeof *b);
  durable_callback *cb;
  *b = (durable_branch){"b", kid, n};
  int rc = durable_step_start(ctx, "s", twice, n, &f[0], NULL);
  rc |= durable_wait_start(ctx, "w", 7, &f[1]);
  rc |= durable_invoke_start(ctx, "i", "echo", items, &f[2], NULL);
  rc |= durable_child_start(ctx, "c", kid, n, &f[3], NULL);
  rc |= durable_wait_for_condition_start(ctx, "wfc", check, NULL,
                                         durable_value_int(in, 0), &f[4],
                                         DURABLE_CONDITION(.more = below_two));
  rc |= durable_with_retry_start(ctx, "wr", attempt, n, &f[5], NULL);
  rc |= durable_wait_for_callback_start(ctx, "wfcb", submit, NULL, &f[6], NULL);
  rc |= durable_map_start(ctx, "m", items, item, NULL, &f[7], NULL);
  rc |= durable_parallel_start(ctx, "p", b, 1, &f[8], NULL);
  rc |= durable_callback_start(ctx, "cb", &cb, NULL);
  rc |= durable_callback_result_start(ctx, cb, &f[9]);
  return rc;
}

static int everything(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  durable_future *f[KINDS + 1];
  durable_values *in = durable_ctx_values(ctx);
  int64_t five = 5, *n = durable_keep(ctx, &five, sizeof five);
  (void)event;
  assert_int_equal(start_all(ctx, n, f), DURABLE_OK);
  durable_value *list = durable_value_list(in);
  for (int i = 0; i <= KINDS; i++) {
    const durable_value *v;
    const durable_batch *batch;
    int rc = i == 7 || i == 8 ? durable_await_batch(ctx, f[i], &batch)
                              : durable_await(ctx, f[i], &v);
    if (rc)
      return rc;
    if (i == 7 || i == 8)
      v = durable_batch_at(batch, 0, 0)->result;
    durable_value_append(in, list, durable_value_copy(in, v));
  }
  *result = list;
  return DURABLE_OK;
}

static const char *echo(void *user, const char *function, const char *payload,
                        int *error) {
  (void)user;
  (void)function;
  (void)error;
  return strcmp(payload, "[3,4]") == 0 ? "[3,4]" : "\"?\"";
}

static int complete_all(void *user, fake *f) {
  (void)user;
  return fake_callback(f, NULL, "SUCCEEDED", "done") > 0;
}

static void test_everything_can_be_started(void **state) {
  fake_on_invoke(*state, echo, NULL);
  fake_on_idle(*state, complete_all, NULL);
  play_expect(*state, everything, "{}", "SUCCEEDED",
              "[10,null,[3,4],10,2,10,\"done\",6,10,\"done\"]");
  assert_int_equal(body_runs, 6);
}

/* ---- combinators */

static int combined(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  const durable_value *list = durable_value_get(event, "n");
  const char *mode = durable_value_get_str(event, "mode", "");
  durable_combine_config c = DURABLE_COMBINE_INIT;
  durable_future *f[8];
  size_t n = 0;
  for (const durable_value *v = durable_value_first(list); v;
       v = durable_value_next(v))
    f[n++] = start(ctx, durable_value_as_int(v, 0));
  if (durable_value_get_bool(event, "tagged", 0))
    c.serdes = durable_serdes_tagged();
  if (strcmp(mode, "all") == 0)
    return durable_all(ctx, "x", f, n, result, &c);
  if (strcmp(mode, "settled") == 0)
    return durable_settled(ctx, "x", f, n, result, &c);
  if (strcmp(mode, "any") == 0)
    return durable_any(ctx, "x", f, n, result, &c);
  return durable_race(ctx, "x", f, n, result, &c);
}

static void test_all(void **state) {
  play_expect(*state, combined, "{\"mode\":\"all\",\"n\":[1,2,3]}", "SUCCEEDED",
              "[2,4,6]");
}

static void test_all_of_another_serdes(void **state) {
  play_expect(*state, combined,
              "{\"mode\":\"all\",\"n\":[1,2,3],\"tagged\":true}", "SUCCEEDED",
              "[2,4,6]");
}

static void test_all_of_none(void **state) {
  play_expect(*state, combined, "{\"mode\":\"all\",\"n\":[]}", "SUCCEEDED",
              "[]");
}

static void test_all_fails_with_the_first(void **state) {
  durable_handler h = play_handler(combined);
  assert_string_equal(fake_run(*state, &h, "{\"mode\":\"all\",\"n\":[1,-2]}"),
                      "FAILED");
  assert_non_null(strstr(fake_result(*state), "PromiseCombinatorError"));
  assert_non_null(strstr(fake_result(*state), "-2 is negative"));
}

static const char settled_result[] =
    "[{\"status\":\"fulfilled\",\"value\":2},{\"status\":\"rejected\","
    "\"reason\":{\"ErrorMessage\":\"-2 is negative\",\"ErrorType\":";

static void test_settled(void **state) {
  durable_handler h = play_handler(combined);
  assert_string_equal(
      fake_run(*state, &h, "{\"mode\":\"settled\",\"n\":[1,-2]}"), "SUCCEEDED");
  assert_memory_equal(fake_result(*state), settled_result,
                      sizeof settled_result - 1);
}

static void test_settled_of_another_serdes(void **state) {
  durable_handler h = play_handler(combined);
  assert_string_equal(
      fake_run(*state, &h,
               "{\"mode\":\"settled\",\"n\":[1,-2],\"tagged\":true}"),
      "SUCCEEDED");
  assert_memory_equal(fake_result(*state), settled_result,
                      sizeof settled_result - 1);
}

static void test_any(void **state) {
  play_expect(*state, combined, "{\"mode\":\"any\",\"n\":[-1,2]}", "SUCCEEDED",
              "4");
}

static void test_any_of_failures(void **state) {
  durable_handler h = play_handler(combined);
  assert_string_equal(fake_run(*state, &h, "{\"mode\":\"any\",\"n\":[-1,-2]}"),
                      "FAILED");
  assert_non_null(strstr(fake_result(*state), "PromiseCombinatorError"));
}

static void test_race(void **state) {
  play_expect(*state, combined, "{\"mode\":\"race\",\"n\":[7]}", "SUCCEEDED",
              "14");
}

/* A wait that loses a race does not hold the winner up. */
static int race_of_waits(durable_ctx *ctx, const durable_value *event,
                         const durable_value **result) {
  durable_future *f[2];
  const durable_value *v;
  int64_t five = 5, *n = durable_keep(ctx, &five, sizeof five);
  (void)event;
  int rc = durable_wait_start(ctx, "long", 86400, &f[0]);
  rc |= durable_child_start(ctx, "short", kid, n, &f[1], NULL);
  assert_int_equal(rc, DURABLE_OK);
  rc = durable_race(ctx, "first", f, 2, &v, NULL);
  if (rc)
    return rc;
  *result = v;
  return DURABLE_OK;
}

static void test_a_race_of_waits(void **state) {
  play_expect(*state, race_of_waits, "{}", "SUCCEEDED", "10");
}

/* ---- awaiting */

static int many_times(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  durable_future *f = start(ctx, 21);
  const durable_value *a, *b;
  (void)event;
  int rc = durable_await(ctx, f, &a);
  if (rc == DURABLE_OK)
    rc = durable_await(ctx, f, &b);
  if (rc)
    return rc;
  assert_ptr_equal(a, b);
  *result = b;
  return DURABLE_OK;
}

static void test_a_future_can_be_awaited_again(void **state) {
  play_expect(*state, many_times, "{}", "SUCCEEDED", "42");
}

static int failed_future(durable_ctx *ctx, const durable_value *event,
                         const durable_value **result) {
  durable_future *f = start(ctx, -1);
  (void)event;
  assert_int_equal(durable_await_batch(ctx, f, NULL), DURABLE_E_ARGUMENT);
  return durable_await(ctx, f, result);
}

static void test_a_failed_future(void **state) {
  play_expect(*state, failed_future, "{}", "FAILED",
              "{\"ErrorMessage\":\"-1 is negative\",\"ErrorType\":"
              "\"StepError\"}");
}

static int from_child(durable_ctx *ctx, void *arg,
                      const durable_value **result) {
  return durable_await(ctx, arg, result);
}

static int shared(durable_ctx *ctx, const durable_value *event,
                  const durable_value **result) {
  durable_future *f = start(ctx, 4);
  durable_branch b[] = {{"a", from_child, f}, {"b", from_child, f}};
  const durable_batch *batch;
  (void)event;
  int rc = durable_parallel(ctx, NULL, b, 2, &batch, NULL);
  if (rc == DURABLE_OK)
    *result = durable_value_int(
        durable_ctx_values(ctx),
        (int64_t)durable_batch_count(batch, DURABLE_STATUS_SUCCEEDED));
  return rc;
}

static void test_branches_share_a_future(void **state) {
  play_expect(*state, shared, "{}", "SUCCEEDED", "2");
}

/* What nobody awaits does not change the outcome. */
static int forgotten(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  durable_future *f;
  int64_t five = 5, *n = durable_keep(ctx, &five, sizeof five);
  (void)event;
  int rc = durable_child_start(ctx, "kid", kid, n, &f, NULL);
  rc |= durable_wait_start(ctx, "w", 1000, &f);
  assert_int_equal(rc, DURABLE_OK);
  *result = durable_value_str(durable_ctx_values(ctx), "over");
  return DURABLE_OK;
}

static void test_a_forgotten_future(void **state) {
  durable_handler h = play_handler(forgotten);
  assert_string_equal(fake_run(*state, &h, "{}"), "SUCCEEDED");
  assert_string_equal(fake_result(*state), "\"over\"");
}

/* ---- more futures than threads */

enum { MANY = 300 };
static int many(durable_ctx *ctx, const durable_value *event,
                const durable_value **result) {
  durable_future **f = durable_alloc(ctx, MANY * sizeof *f);
  int64_t *n = durable_alloc(ctx, MANY * sizeof *n), sum = 0;
  const durable_value *list;
  (void)event;
  for (int i = 0; i < MANY; i++) {
    n[i] = i;
    int rc = i % 2 ? durable_step_start(ctx, NULL, twice, &n[i], &f[i], NULL)
                   : durable_child_start(ctx, NULL, kid, &n[i], &f[i], NULL);
    if (rc)
      return rc;
  }
  int rc = durable_all(ctx, "all", f, MANY, &list, NULL);
  if (rc)
    return rc;
  for (const durable_value *v = durable_value_first(list); v;
       v = durable_value_next(v))
    sum += durable_value_as_int(v, 0);
  *result = durable_value_int(durable_ctx_values(ctx), sum);
  return DURABLE_OK;
}

static void test_more_futures_than_threads(void **state) {
  durable_handler h = play_handler(many);
  h.max_threads = 4;
  play_expect_handler(*state, &h, "{}", "SUCCEEDED", "89700");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PLAY(test_everything_can_be_started),
      PLAY(test_all),
      PLAY(test_all_of_another_serdes),
      PLAY(test_all_of_none),
      PLAY(test_all_fails_with_the_first),
      PLAY(test_settled),
      PLAY(test_settled_of_another_serdes),
      PLAY(test_any),
      PLAY(test_any_of_failures),
      PLAY(test_race),
      PLAY(test_a_race_of_waits),
      PLAY(test_a_future_can_be_awaited_again),
      PLAY(test_a_failed_future),
      PLAY(test_branches_share_a_future),
      PLAY(test_a_forgotten_future),
      PLAY(test_more_futures_than_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
