/* Suite "wait_for_condition". */
#include "conformance.h"
#include <stdio.h>
#include <string.h>

static const durable_retry_policy EVERY_SECOND = {
    .size = sizeof(durable_retry_policy),
    .set = DURABLE_RETRY_SET_INITIAL_DELAY,
    .kind = DURABLE_BACKOFF_FIXED,
    .jitter = DURABLE_JITTER_NONE,
    .initial_delay_s = 1};
static const durable_retry_policy EVERY_TWO_SECONDS = {
    .size = sizeof(durable_retry_policy),
    .set = DURABLE_RETRY_SET_INITIAL_DELAY,
    .kind = DURABLE_BACKOFF_FIXED,
    .jitter = DURABLE_JITTER_NONE,
    .initial_delay_s = 2};
static const durable_retry_policy THREE_LOOKS = {
    .size = sizeof(durable_retry_policy),
    .set = DURABLE_RETRY_SET_MAX_ATTEMPTS | DURABLE_RETRY_SET_INITIAL_DELAY,
    .kind = DURABLE_BACKOFF_FIXED,
    .jitter = DURABLE_JITTER_NONE,
    .max_attempts = 3,
    .initial_delay_s = 1};

/* ---- a counter: from |initial| to |threshold| */

static int increment(durable_step_ctx *step, const durable_value *state,
                     void *arg, const durable_value **result) {
  (void)arg;
  *result = durable_value_int(durable_step_values(step),
                              durable_value_as_int(state, 0) + 1);
  return DURABLE_OK;
}

static int below(void *user, const durable_value *state, int looks) {
  (void)looks;
  const int64_t *threshold = user;
  return durable_value_as_int(state, 0) < *threshold;
}

static int count(durable_ctx *ctx, const char *name, int64_t initial,
                 int64_t threshold, const durable_retry_policy *pace,
                 const durable_value **result) {
  return durable_wait_for_condition(
      ctx, name, increment, NULL,
      durable_value_int(durable_ctx_values(ctx), initial), result,
      DURABLE_CONDITION(.pace = pace, .more = below, .user = &threshold));
}

/* 6-1 */
static int basic(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  return count(ctx, NULL, 0, durable_value_as_int(event, 0), &EVERY_SECOND,
               result);
}

/* 6-2 */
static int same(durable_step_ctx *step, const durable_value *state, void *arg,
                const durable_value **result) {
  (void)step, (void)arg;
  *result = state;
  return DURABLE_OK;
}

static int immediate(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  int64_t threshold = 5;
  return durable_wait_for_condition(
      ctx, NULL, same, NULL, event, result,
      DURABLE_CONDITION(.more = below, .user = &threshold));
}

/* 6-3 */
static int named(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  return count(ctx, "poll-status", 0, durable_value_as_int(event, 0),
               &EVERY_SECOND, result);
}

/* 6-4 */
static int from_five(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  return count(ctx, NULL, 5, durable_value_as_int(event, 0), &EVERY_SECOND,
               result);
}

/* 6-5 */
static int fixed_delay(durable_ctx *ctx, const durable_value *event,
                       const durable_value **result) {
  return count(ctx, NULL, 0, durable_value_as_int(event, 0), &EVERY_TWO_SECONDS,
               result);
}

/* 6-6 */
static int never_met(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  (void)event;
  return count(ctx, NULL, 0, INT64_MAX, &THREE_LOOKS, result);
}

/* ---- 6-7: a check that fails */

static int broken(durable_step_ctx *step, const durable_value *state, void *arg,
                  const durable_value **result) {
  (void)state;
  return fail(step, arg, result);
}

static int check_fails(durable_ctx *ctx, const durable_value *event,
                       const durable_value **result) {
  (void)event;
  return durable_wait_for_condition(ctx, NULL, broken, NULL, NULL, result,
                                    NULL);
}

/* 6-8 */
static int caught(durable_ctx *ctx, const durable_value *event,
                  const durable_value **result) {
  int rc = check_fails(ctx, event, result);
  if (rc != DURABLE_FAILED)
    return rc;
  *result = text(ctx, "recovered");
  return DURABLE_OK;
}

/* ---- other states */

/* 6-9: {"status", "attempts"} */
static int attempt(durable_step_ctx *step, const durable_value *state,
                   void *arg, const durable_value **result) {
  (void)arg;
  int64_t attempts = durable_value_get_int(state, "attempts", 0) + 1;
  *result = durable_value_pack(durable_step_values(step), "{s:s, s:I}",
                               "status", attempts < 2 ? "PENDING" : "DONE",
                               "attempts", attempts);
  return DURABLE_OK;
}

static int pending(void *user, const durable_value *state, int looks) {
  (void)user, (void)looks;
  return strcmp(durable_value_get_str(state, "status", ""), "PENDING") == 0;
}

static int object_state(durable_ctx *ctx, const durable_value *event,
                        const durable_value **result) {
  (void)event;
  const durable_value *initial =
      durable_value_pack(durable_ctx_values(ctx), "{s:s, s:i}", "status",
                         "PENDING", "attempts", 0);
  return durable_wait_for_condition(
      ctx, NULL, attempt, NULL, initial, result,
      DURABLE_CONDITION(.pace = &EVERY_SECOND, .more = pending));
}

/* 6-10 */
static int done(void *user, const durable_value *state, int looks) {
  (void)user, (void)state, (void)looks;
  return 0;
}

static int null_state(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  (void)event;
  return durable_wait_for_condition(ctx, NULL, same, NULL, NULL, result,
                                    DURABLE_CONDITION(.more = done));
}

/* 6-11: "xx" is stored as "state:xx", which is no JSON. */
static const char PREFIX[] = "state:";
enum { PREFIX_LEN = sizeof PREFIX - 1 };

static int encode(void *user, durable_serdes_call *call,
                  const durable_value *value, durable_bytes *out) {
  (void)user;
  durable_values *in = durable_serdes_values(call);
  char stored[64];
  int len = snprintf(stored, sizeof stored, "%s%s", PREFIX,
                     durable_value_as_str(value, ""));
  *out = durable_values_keep(in, (durable_bytes){stored, (size_t)len});
  return DURABLE_OK;
}

static int decode(void *user, durable_serdes_call *call, durable_bytes stored,
                  const durable_value **out) {
  (void)user;
  if (stored.len < PREFIX_LEN || memcmp(stored.data, PREFIX, PREFIX_LEN) != 0)
    return durable_serdes_fail(call, 0, "no state: %.*s", (int)stored.len,
                               stored.data);
  *out = durable_value_data(
      durable_serdes_values(call), DURABLE_KIND_STRING,
      (durable_bytes){stored.data + PREFIX_LEN, stored.len - PREFIX_LEN});
  return DURABLE_OK;
}

static int append_x(durable_step_ctx *step, const durable_value *state,
                    void *arg, const durable_value **result) {
  char longer[64];
  (void)arg;
  snprintf(longer, sizeof longer, "%sx", durable_value_as_str(state, ""));
  *result = durable_value_str(durable_step_values(step), longer);
  return DURABLE_OK;
}

static int shorter_than_two(void *user, const durable_value *state, int looks) {
  (void)user, (void)looks;
  return durable_value_text(state).len < 2;
}

static int custom_serdes(durable_ctx *ctx, const durable_value *event,
                         const durable_value **result) {
  const durable_serdes prefixed = {
      .size = sizeof prefixed, .serialize = encode, .deserialize = decode};
  (void)event;
  return durable_wait_for_condition(
      ctx, NULL, append_x, NULL, text(ctx, ""), result,
      DURABLE_CONDITION(.pace = &EVERY_SECOND, .more = shorter_than_two,
                        .serdes = &prefixed));
}

/* ---- 6-12: with other operations */

static int times_ten(durable_step_ctx *step, void *arg,
                     const durable_value **result) {
  *result = durable_value_int(durable_step_values(step),
                              durable_value_as_int(arg, 0) * 10);
  return DURABLE_OK;
}

static int then_step(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  const durable_value *counted;
  int rc = basic(ctx, event, &counted);
  if (rc)
    return rc;
  return durable_step(ctx, NULL, times_ten, as_arg(counted), result, NULL);
}

/* 6-13 */
static int sequential(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  (void)event;
  const durable_value *two;
  int rc = count(ctx, NULL, 0, 2, &EVERY_SECOND, &two);
  if (rc)
    return rc;
  return count(ctx, NULL, durable_value_as_int(two, 0), 4, &EVERY_SECOND,
               result);
}

const durable_handler CONDITION[] = {
    HANDLER("6-1", basic),          HANDLER("6-2", immediate),
    HANDLER("6-3", named),          HANDLER("6-4", from_five),
    HANDLER("6-5", fixed_delay),    HANDLER("6-6", never_met),
    HANDLER("6-7", check_fails),    HANDLER("6-8", caught),
    HANDLER("6-9", object_state),   HANDLER("6-10", null_state),
    HANDLER("6-11", custom_serdes), HANDLER("6-12", then_step),
    HANDLER("6-13", sequential),    HANDLERS_END,
};
