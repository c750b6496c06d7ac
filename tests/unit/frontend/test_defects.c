/* Defects of the peers that a front end could have: each test fails on the
 * peer's behaviour, or on anything but it where it is kept. */
#include "test.h"

#include <stdlib.h>

#include "play.h"

/* ---- a failure that asks for the invocation to be retried */

static int retries(durable_ctx *ctx, const durable_value *event,
                   const durable_value **result) {
  (void)event;
  (void)result;
  return durable_retry_invocation(ctx, "the network is %s", "down");
}

static void q16_a_retried_invocation_says_why(void **state) {
  durable_handler h = play_handler(retries);
  assert_string_equal(fake_run(*state, &h, "{}"), "ABORT");
  assert_non_null(strstr(fake_result(*state), "the network is down"));
}

/* ---- Q-19, kept: results leave nulls out, counts do not */

static int item(durable_ctx *ctx, const durable_value *value, size_t index,
                void *arg, const durable_value **result) {
  (void)ctx;
  (void)index;
  (void)arg;
  *result = durable_value_kind_of(value) == DURABLE_KIND_NULL ? NULL : value;
  return DURABLE_OK;
}

static int counts(durable_ctx *ctx, const durable_value *event,
                  const durable_value **result) {
  const durable_batch *batch;
  size_t results;
  int rc = durable_map(ctx, "m", event, item, NULL, &batch, NULL);
  if (rc)
    return rc;
  (void)durable_batch_results(batch, &results);
  *result = durable_value_pack(
      durable_ctx_values(ctx), "[i i]", (int)results,
      (int)durable_batch_count(batch, DURABLE_STATUS_SUCCEEDED));
  return DURABLE_OK;
}

static void q19_results_leave_nulls_out(void **state) {
  play_expect(*state, counts, "[null,0]", "SUCCEEDED", "[1,2]");
}

/* ---- two invocations of one handler at once keep apart */

static fake *other;
static char heard[256];

static void hear(const char *what, const durable_value *info) {
  strcat(heard, what);
  strcat(heard, durable_value_get_str(info, "request_id", "?"));
  strcat(heard, " ");
}

static int invoke(fake *f, const durable_handler *h, const char *request_id) {
  durable_invocation inv = DURABLE_INVOCATION_INIT;
  durable_output out = DURABLE_OUTPUT_INIT;
  char *event = fake_event(f, "{}");
  inv.transport = fake_transport(f);
  inv.request_id = request_id;
  int rc = durable_invoke_handler(h, (durable_bytes){event, strlen(event)},
                                  &inv, &out);
  free(event);
  durable_output_drop(&out);
  return rc;
}

static int starts(void *user, const durable_value *info) {
  hear("+", info);
  if (strcmp(durable_value_get_str(info, "request_id", ""), "outer") == 0)
    return invoke(other, user, "inner");
  return 0;
}

static int ends(void *user, const durable_value *info) {
  (void)user;
  hear("-", info);
  return 0;
}

static int nothing(durable_ctx *ctx, const durable_value *event,
                   const durable_value **result) {
  (void)ctx;
  (void)event;
  (void)result;
  return DURABLE_OK;
}

static void q26_invocations_at_once_keep_apart(void **state) {
  durable_handler h = play_handler(nothing);
  durable_plugin plugin = DURABLE_PLUGIN_INIT;
  const durable_plugin *plugins[] = {&plugin, NULL};
  plugin.name = "listener";
  plugin.user = &h;
  plugin.on_invocation_start = starts;
  plugin.on_invocation_end = ends;
  h.plugins = plugins;
  other = fake_new();
  heard[0] = '\0';
  assert_int_equal(invoke(*state, &h, "outer"), DURABLE_OK);
  assert_string_equal(heard, "+outer +inner -inner -outer ");
  fake_free(other);
}

/* ---- without any criterion a map fails fast, whatever its docs say */

static int fails(durable_ctx *ctx, const durable_value *value, size_t index,
                 void *arg, const durable_value **result) {
  (void)value;
  (void)arg;
  (void)result;
  return index == 0 ? durable_fail(ctx, "Bad", "first") : DURABLE_OK;
}

static int stops(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  const durable_batch *batch;
  int rc = durable_map(ctx, "m", event, fails, NULL, &batch,
                       DURABLE_BATCH(.max_concurrency = 1));
  if (rc)
    return rc;
  *result =
      durable_value_str(durable_ctx_values(ctx), durable_batch_reason(batch));
  return DURABLE_OK;
}

static void q29_a_map_without_criteria_fails_fast(void **state) {
  play_expect(*state, stops, "[1,2]", "SUCCEEDED",
              "\"FAILURE_TOLERANCE_EXCEEDED\"");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PLAY(q16_a_retried_invocation_says_why),
      PLAY(q19_results_leave_nulls_out),
      PLAY(q26_invocations_at_once_keep_apart),
      PLAY(q29_a_map_without_criteria_fails_fast),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
