/* Suite "callback". */
#include "conformance.h"
#include <string.h>
#include <time.h>

/* A callback that is named by the event, which is null in 4-2. */
static int create(durable_ctx *ctx, const durable_value *event,
                  durable_callback **callback,
                  const durable_callback_config *config) {
  return durable_create_callback(ctx, durable_value_as_str(event, "approval"),
                                 callback, config);
}

/* 4-1..4-6: create it and wait for its result. */
static int approval(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result,
                    const durable_callback_config *config) {
  durable_callback *callback;
  int rc = create(ctx, event, &callback, config);
  return rc ? rc : durable_callback_result(ctx, callback, result);
}

static int basic(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  return approval(ctx, event, result, NULL);
}

static int timeout(durable_ctx *ctx, const durable_value *event,
                   const durable_value **result) {
  return approval(ctx, event, result, DURABLE_CALLBACK(.timeout_s = 5));
}

static int short_heartbeat(durable_ctx *ctx, const durable_value *event,
                           const durable_value **result) {
  return approval(ctx, event, result,
                  DURABLE_CALLBACK(.heartbeat_timeout_s = 5));
}

static int heartbeat(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  return approval(ctx, event, result,
                  DURABLE_CALLBACK(.heartbeat_timeout_s = 10));
}

/* 4-7, 4-8: a step before the result is waited for */
static int with_step(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result,
                     const durable_callback_config *config) {
  durable_callback *callback;
  int rc = create(ctx, event, &callback, config);
  if (rc == DURABLE_OK)
    rc = durable_step(ctx, NULL, give, text(ctx, "meanwhile"), NULL, NULL);
  return rc ? rc : durable_callback_result(ctx, callback, result);
}

static int step_between(durable_ctx *ctx, const durable_value *event,
                        const durable_value **result) {
  return with_step(ctx, event, result, NULL);
}

static int step_and_timeout(durable_ctx *ctx, const durable_value *event,
                            const durable_value **result) {
  return with_step(ctx, event, result, DURABLE_CALLBACK(.timeout_s = 5));
}

/* 4-9..4-11: a wait before the result is waited for */
static int with_wait(durable_ctx *ctx, const durable_value *event,
                     int64_t seconds, const durable_value **result,
                     const durable_callback_config *config) {
  durable_callback *callback;
  int rc = create(ctx, event, &callback, config);
  if (rc == DURABLE_OK)
    rc = durable_wait(ctx, NULL, seconds);
  return rc ? rc : durable_callback_result(ctx, callback, result);
}

static int wait_between(durable_ctx *ctx, const durable_value *event,
                        const durable_value **result) {
  return with_wait(ctx, event, 5, result, NULL);
}

static int timeout_in_wait(durable_ctx *ctx, const durable_value *event,
                           const durable_value **result) {
  return with_wait(ctx, event, 6, result, DURABLE_CALLBACK(.timeout_s = 3));
}

/* 4-12 */
static int then_wait(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  int rc = approval(ctx, event, result, NULL);
  return rc ? rc : durable_wait(ctx, NULL, 2);
}

/* 4-13, 4-14: what failed is told after a wait. */
static int caught(durable_ctx *ctx, const durable_value *event,
                  const durable_value **result,
                  const durable_callback_config *config) {
  int rc = approval(ctx, event, result, config);
  if (rc != DURABLE_FAILED)
    return rc;
  *result = text(ctx, durable_last_failure(ctx)->message);
  return durable_wait(ctx, NULL, 2);
}

static int failure_caught(durable_ctx *ctx, const durable_value *event,
                          const durable_value **result) {
  return caught(ctx, event, result, NULL);
}

static int timeout_caught(durable_ctx *ctx, const durable_value *event,
                          const durable_value **result) {
  return caught(ctx, event, result, DURABLE_CALLBACK(.timeout_s = 3));
}

/* 4-15: JSON whose member "timestamp" becomes seconds since 1970 */
static int64_t seconds_of(const char *iso) {
  struct tm tm = {0};
  return strptime(iso, "%Y-%m-%dT%H:%M:%S", &tm) ? timegm(&tm) : -1;
}

static int read_dated(void *user, durable_serdes_call *call, durable_bytes json,
                      const durable_value **out) {
  (void)user;
  durable_values *in = durable_serdes_values(call);
  const durable_value *read;
  if (durable_value_parse(in, DURABLE_FORM_PLAIN, json, &read) != DURABLE_OK)
    return durable_serdes_fail(call, 0, "%s", durable_values_error(in));
  *out = durable_value_pack(
      in, "{s:v, s:v, s:I}", "id", durable_value_get(read, "id"), "message",
      durable_value_get(read, "message"), "timestamp",
      seconds_of(durable_value_get_str(read, "timestamp", "")));
  return DURABLE_OK;
}

static int typed_object(durable_ctx *ctx, const durable_value *event,
                        const durable_value **result) {
  const durable_serdes dated = {.size = sizeof dated,
                                .deserialize = read_dated};
  const durable_value *received = NULL;
  int rc = approval(ctx, event, &received, DURABLE_CALLBACK(.serdes = &dated));
  if (rc == DURABLE_OK)
    *result = durable_value_pack(durable_ctx_values(ctx), "{s:v}", "received",
                                 received);
  return rc;
}

/* 4-16 */
static int read_number(void *user, durable_serdes_call *call,
                       durable_bytes digits, const durable_value **out) {
  (void)user;
  durable_value *number;
  if (durable_value_read(durable_serdes_values(call), DURABLE_KIND_INT, digits,
                         &number) != DURABLE_OK)
    return durable_serdes_fail(call, 0, "that is no number");
  *out = number;
  return DURABLE_OK;
}

static int numeric(durable_ctx *ctx, const durable_value *event,
                   const durable_value **result) {
  const durable_serdes number = {.size = sizeof number,
                                 .deserialize = read_number};
  const durable_value *count = NULL;
  int rc = approval(ctx, event, &count, DURABLE_CALLBACK(.serdes = &number));
  if (rc == DURABLE_OK)
    *result = durable_value_pack(durable_ctx_values(ctx), "{s:v, s:I}", "count",
                                 count, "doubled",
                                 durable_value_as_int(count, 0) * 2);
  return rc;
}

/* 4-17 */
static int one_by_one(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  const durable_value *a, *b;
  int rc = approval(ctx, durable_value_at(event, 0), &a, NULL);
  if (rc == DURABLE_OK)
    rc = approval(ctx, durable_value_at(event, 1), &b, NULL);
  if (rc == DURABLE_OK)
    *result = durable_value_pack(durable_ctx_values(ctx), "[v, v]", a, b);
  return rc;
}

/* 4-18, 4-19: both are created, then waited for, from the |first| on */
static int both(durable_ctx *ctx, const durable_value *event, int first,
                const durable_value **result) {
  durable_callback *callback[2];
  const durable_value *value[2];
  int rc = create(ctx, durable_value_at(event, 0), &callback[0], NULL);
  if (rc == DURABLE_OK)
    rc = create(ctx, durable_value_at(event, 1), &callback[1], NULL);
  if (rc == DURABLE_OK)
    rc = durable_callback_result(ctx, callback[first], &value[first]);
  if (rc == DURABLE_OK)
    rc = durable_callback_result(ctx, callback[!first], &value[!first]);
  if (rc == DURABLE_OK)
    *result = durable_value_pack(durable_ctx_values(ctx), "[v, v]", value[0],
                                 value[1]);
  return rc;
}

static int in_order(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  return both(ctx, event, 0, result);
}

static int in_reverse(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  return both(ctx, event, 1, result);
}

const durable_handler CALLBACK[] = {
    HANDLER("4-1", basic),
    HANDLER("4-2", basic),
    HANDLER("4-3", timeout),
    HANDLER("4-4", short_heartbeat),
    HANDLER("4-5", heartbeat),
    HANDLER("4-6", basic),
    HANDLER("4-7", step_between),
    HANDLER("4-8", step_and_timeout),
    HANDLER("4-9", wait_between),
    HANDLER("4-10", wait_between),
    HANDLER("4-11", timeout_in_wait),
    HANDLER("4-12", then_wait),
    HANDLER("4-13", failure_caught),
    HANDLER("4-14", timeout_caught),
    HANDLER("4-15", typed_object),
    HANDLER("4-16", numeric),
    HANDLER("4-17", one_by_one),
    HANDLER("4-18", in_order),
    HANDLER("4-19", in_reverse),
    HANDLERS_END,
};
