/* map and parallel. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "play.h"

static int square_step(durable_step_ctx *step, void *arg,
                       const durable_value **result) {
  int64_t n = *(int64_t *)arg;
  body_runs++;
  if (n < 0)
    return durable_step_fail(step, "Negative", "%d is negative", (int)n);
  *result = durable_value_int(durable_step_values(step), n * n);
  return DURABLE_OK;
}

static int square(durable_ctx *ctx, const durable_value *item, size_t index,
                  void *arg, const durable_value **result) {
  int64_t n = item ? durable_value_as_int(item, 0) : (int64_t)index;
  (void)arg;
  return durable_step(ctx, "square", square_step, &n, result,
                      DURABLE_STEP(.retry = DURABLE_RETRY(.preset = "none")));
}

/* What a batch says, as a value. */
static durable_value *describe(durable_values *in, const durable_batch *b) {
  size_t results, failures;
  (void)durable_batch_results(b, &results);
  const durable_failure *const *f = durable_batch_failures(b, &failures);
  durable_value *list = durable_value_list(in);
  for (size_t i = 0; i < durable_batch_count(b, 0); i++)
    durable_value_append(
        in, list, durable_value_copy(in, durable_batch_at(b, 0, i)->result));
  return durable_value_pack(
      in, "[V s i i i i i s]", list, durable_batch_reason(b),
      (int)durable_batch_count(b, DURABLE_STATUS_SUCCEEDED),
      (int)durable_batch_count(b, DURABLE_STATUS_FAILED),
      (int)durable_batch_count(b, DURABLE_STATUS_STARTED), (int)results,
      (int)failures, failures ? f[0]->message : "");
}

static durable_batch_config config_of(const durable_value *event) {
  durable_batch_config c = DURABLE_BATCH_INIT;
  c.max_concurrency = (uint32_t)durable_value_get_int(event, "at once", 0);
  c.flat = (uint32_t)durable_value_get_bool(event, "flat", 0);
  c.count = (uint32_t)durable_value_get_int(event, "count", 0);
  if (durable_value_get(event, "tolerate")) {
    c.set = DURABLE_GROUP_SET_TOLERATED_FAILURES;
    c.tolerated_failures =
        (uint32_t)durable_value_get_int(event, "tolerate", 0);
  }
  if (durable_value_get(event, "enough")) {
    c.set = DURABLE_GROUP_SET_MIN_SUCCESSFUL;
    c.min_successful = (uint32_t)durable_value_get_int(event, "enough", 0);
  }
  return c;
}

static int maps(durable_ctx *ctx, const durable_value *event,
                const durable_value **result) {
  durable_batch_config c = config_of(event);
  const durable_batch *batch;
  int rc = durable_map(ctx, "squares", durable_value_get(event, "items"),
                       square, NULL, &batch, &c);
  if (rc == DURABLE_OK)
    *result = describe(durable_ctx_values(ctx), batch);
  return rc;
}

static void test_a_map(void **state) {
  play_expect(*state, maps, "{\"items\":[1,2,3]}", "SUCCEEDED",
              "[[1,4,9],\"ALL_COMPLETED\",3,0,0,3,0,\"\"]");
  assert_int_equal(body_runs, 3);
}

static void test_a_map_of_nothing(void **state) {
  play_expect(*state, maps, "{\"items\":[]}", "SUCCEEDED",
              "[[],\"ALL_COMPLETED\",0,0,0,0,0,\"\"]");
}

static void test_a_map_may_count(void **state) {
  play_expect(*state, maps, "{\"count\":4,\"at once\":1}", "SUCCEEDED",
              "[[0,1,4,9],\"ALL_COMPLETED\",4,0,0,4,0,\"\"]");
}

static void test_a_flat_map(void **state) {
  play_expect(*state, maps, "{\"items\":[1,2,3],\"flat\":true}", "SUCCEEDED",
              "[[1,4,9],\"ALL_COMPLETED\",3,0,0,3,0,\"\"]");
  assert_int_equal(fake_updates(*state, "CONTEXT", "SUCCEED", NULL), 1);
}

static void test_failures_are_in_the_batch(void **state) {
  play_expect(*state, maps, "{\"items\":[1,-2,3],\"tolerate\":1}", "SUCCEEDED",
              "[[1,null,9],\"ALL_COMPLETED\",2,1,0,2,1,\"-2 is negative\"]");
}

static void test_a_map_fails_fast(void **state) {
  play_expect(*state, maps, "{\"items\":[-1,2,3],\"at once\":1}", "SUCCEEDED",
              "[[null],\"FAILURE_TOLERANCE_EXCEEDED\",0,1,0,0,1,\"-1 is "
              "negative\"]");
}

static void test_enough_is_enough(void **state) {
  play_expect(*state, maps, "{\"items\":[1,2,3],\"at once\":1,\"enough\":2}",
              "SUCCEEDED", "[[1,4],\"MIN_SUCCESSFUL_REACHED\",2,0,0,2,0,\"\"]");
}

static int two_of(void *user, const durable_progress *p) {
  assert_string_equal(user, "user");
  return p->succeeded >= 2 ? DURABLE_DECIDE_STOP
         : p->failed > 0   ? DURABLE_DECIDE_FAIL
                           : DURABLE_DECIDE_CONTINUE;
}

static int predicated(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  durable_batch_config c = config_of(event);
  const durable_batch *batch;
  c.complete = two_of;
  c.user = (void *)"user";
  int rc = durable_map(ctx, "squares", durable_value_get(event, "items"),
                       square, NULL, &batch, &c);
  if (rc == DURABLE_OK)
    *result = describe(durable_ctx_values(ctx), batch);
  return rc;
}

static void test_a_predicate_decides(void **state) {
  play_expect(*state, predicated, "{\"items\":[1,2,3],\"at once\":1}",
              "SUCCEEDED",
              "[[1,4],\"CUSTOM_COMPLETION_SUCCEEDED\",2,0,0,2,0,\"\"]");
}

static void test_a_predicate_fails(void **state) {
  play_expect(*state, predicated, "{\"items\":[-1,2,3],\"at once\":1}",
              "SUCCEEDED",
              "[[null],\"CUSTOM_COMPLETION_FAILED\",0,1,0,0,1,\"-1 is "
              "negative\"]");
}

static int checked(durable_ctx *ctx, const durable_value *event,
                   const durable_value **result) {
  durable_batch_config c = config_of(event);
  const durable_batch *batch;
  int rc = durable_map(ctx, NULL, durable_value_get(event, "items"), square,
                       NULL, &batch, &c);
  (void)result;
  return rc ? rc : durable_batch_check(ctx, batch);
}

static void test_check_names_the_item(void **state) {
  play_expect(*state, checked, "{\"items\":[1,-2],\"tolerate\":9}", "FAILED",
              "{\"ErrorMessage\":\"item 1: -2 is negative\",\"ErrorType\":"
              "\"ChildContextError\"}");
}

/* ---- parallel */

static int branch(durable_ctx *ctx, void *arg, const durable_value **result) {
  int64_t n = *(int64_t *)arg;
  return durable_step(ctx, "square", square_step, &n, result, NULL);
}

static int parallel(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  int64_t a = 5, b = 6;
  durable_branch branches[] = {{"five", branch, &a}, {NULL, branch, &b}};
  const durable_batch *batch;
  (void)event;
  int rc = durable_parallel(ctx, "both", branches, 2, &batch, NULL);
  if (rc == DURABLE_OK)
    *result = describe(durable_ctx_values(ctx), batch);
  return rc;
}

static void test_a_parallel(void **state) {
  play_expect(*state, parallel, "{}", "SUCCEEDED",
              "[[25,36],\"ALL_COMPLETED\",2,0,0,2,0,\"\"]");
  assert_int_equal(fake_updates(*state, "CONTEXT", "SUCCEED", "five"), 1);
}

/* ---- large batches */

static int large_item(durable_ctx *ctx, const durable_value *item, size_t index,
                      void *arg, const durable_value **result) {
  char text[2001];
  (void)item;
  (void)arg;
  body_runs++;
  memset(text, 'a' + (char)(index % 26), 2000);
  text[2000] = '\0';
  *result = durable_value_str(durable_ctx_values(ctx), text);
  return DURABLE_OK;
}

static int summary(void *user, durable_values *in, const durable_value *result,
                   const char **text) {
  (void)user;
  durable_value *said = durable_value_int(
      in, (int64_t)durable_value_count(durable_value_get(result, "all")));
  durable_bytes out;
  int rc = durable_value_print(in, DURABLE_FORM_PLAIN, said, &out);
  *text = out.data;
  return rc;
}

static int large(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  const durable_batch *batch;
  (void)event;
  int rc = durable_map(ctx, "large", NULL, large_item, NULL, &batch,
                       DURABLE_BATCH(.count = 200, .summary = summary));
  if (rc)
    return rc;
  int64_t bytes = 0;
  for (size_t i = 0; i < durable_batch_count(batch, 0); i++)
    bytes +=
        (int64_t)durable_value_text(durable_batch_at(batch, 0, i)->result).len;
  *result = durable_value_int(durable_ctx_values(ctx), bytes);
  return DURABLE_OK;
}

enum { HUGE_ITEMS = 80, HUGE_ITEM = 100000 };

static int huge_item(durable_ctx *ctx, const durable_value *item, size_t index,
                     void *arg, const durable_value **result) {
  durable_values *in = durable_ctx_values(ctx);
  (void)item;
  (void)index;
  (void)arg;
  char *text = durable_values_alloc(in, HUGE_ITEM);
  if (!text)
    return DURABLE_E_NOMEM;
  memset(text, 'h', HUGE_ITEM);
  *result = durable_value_data(in, DURABLE_KIND_STRING,
                               (durable_bytes){text, HUGE_ITEM});
  return DURABLE_OK;
}

static int huge(durable_ctx *ctx, const durable_value *event,
                const durable_value **result) {
  const durable_batch *batch;
  size_t count;
  (void)event;
  int rc = durable_map(ctx, "huge", NULL, huge_item, NULL, &batch,
                       DURABLE_BATCH(.count = HUGE_ITEMS));
  if (rc)
    return rc;
  (void)durable_batch_results(batch, &count);
  *result = durable_value_int(durable_ctx_values(ctx), (int64_t)count);
  return DURABLE_OK;
}

/* Small items may add up to more than any payload that is sent. */
static void test_a_batch_larger_than_a_payload(void **state) {
  play_expect(*state, huge, "{}", "SUCCEEDED", "80");
}

static void test_a_large_batch_is_made_again(void **state) {
  play_expect(*state, large, "{}", "SUCCEEDED", "400000");
  assert_non_null(
      strstr(fake_update_payload(*state, "CONTEXT", "SUCCEED", "large"),
             "\"summary\": \"200\""));
}

/* ---- branches that wait */

static int patient(durable_ctx *ctx, const durable_value *item, size_t index,
                   void *arg, const durable_value **result) {
  int64_t n = durable_value_as_int(item, 0);
  (void)arg;
  int rc = durable_step(ctx, "before", square_step, &n, NULL, NULL);
  if (rc == DURABLE_OK)
    rc = durable_wait(ctx, "pause", 10 + (int64_t)index);
  if (rc == DURABLE_OK)
    rc = durable_step(ctx, "after", square_step, &n, result, NULL);
  return rc;
}

static int patience(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  const durable_batch *batch;
  int rc = durable_map(ctx, "patient", event, patient, NULL, &batch, NULL);
  if (rc == DURABLE_OK)
    *result = describe(durable_ctx_values(ctx), batch);
  return rc;
}

static void test_branches_suspend_and_go_on(void **state) {
  play_expect(*state, patience, "[1,2,3]", "SUCCEEDED",
              "[[1,4,9],\"ALL_COMPLETED\",3,0,0,3,0,\"\"]");
  assert_int_equal(body_runs, 6);
}

/* ---- bad calls */

static int bad_calls(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  const durable_batch *batch;
  durable_branch hollow = {NULL, NULL, NULL};
  (void)result;
  assert_int_equal(durable_map(ctx, NULL, event, NULL, NULL, &batch, NULL),
                   DURABLE_E_ARGUMENT);
  assert_null(batch);
  assert_int_equal(durable_parallel(ctx, NULL, &hollow, 1, &batch, NULL),
                   DURABLE_E_ARGUMENT);
  assert_int_equal(durable_map(ctx, NULL, durable_value_get(event, "text"),
                               square, NULL, &batch, NULL),
                   DURABLE_E_ARGUMENT);
  assert_string_equal(durable_last_failure(ctx)->name, "ValidationError");
  return durable_map(ctx, NULL, durable_value_get(event, "items"), square, NULL,
                     &batch,
                     DURABLE_BATCH(.set = DURABLE_GROUP_SET_MIN_SUCCESSFUL,
                                   .min_successful = 5));
}

static void test_bad_calls(void **state) {
  play_expect(*state, bad_calls, "{\"text\":\"x\",\"items\":[1]}", "FAILED",
              "{\"ErrorMessage\":\"min_successful cannot be greater than total "
              "items: 5 > 1\",\"ErrorType\":\"ValidationError\"}");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PLAY(test_a_map),
      PLAY(test_a_map_of_nothing),
      PLAY(test_a_map_may_count),
      PLAY(test_a_flat_map),
      PLAY(test_failures_are_in_the_batch),
      PLAY(test_a_map_fails_fast),
      PLAY(test_enough_is_enough),
      PLAY(test_a_predicate_decides),
      PLAY(test_a_predicate_fails),
      PLAY(test_check_names_the_item),
      PLAY(test_a_parallel),
      PLAY(test_a_large_batch_is_made_again),
      PLAY(test_a_batch_larger_than_a_payload),
      PLAY(test_branches_suspend_and_go_on),
      PLAY(test_bad_calls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
