/* Suite "wait". */
#include "conformance.h"

enum { MINUTE_S = 60, HOUR_S = 60 * MINUTE_S };

/* 2-1 */
static int basic(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  (void)event, (void)result;
  return durable_wait(ctx, NULL, 2);
}

/* 2-2 */
static int named(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  (void)event, (void)result;
  return durable_wait(ctx, "custom_wait_name", 2);
}

/* 2-3 */
static int sequential(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  (void)event;
  int rc = durable_wait(ctx, "wait-1", 2);
  if (rc == DURABLE_OK)
    rc = durable_wait(ctx, "wait-2", 2);
  if (rc == DURABLE_OK)
    *result = durable_value_pack(durable_ctx_values(ctx), "{s:i}",
                                 "completedWaits", 2);
  return rc;
}

/* 2-4 */
static int a_minute(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  (void)event, (void)result;
  return durable_wait(ctx, NULL, MINUTE_S);
}

/* 2-5 */
static int an_hour(durable_ctx *ctx, const durable_value *event,
                   const durable_value **result) {
  (void)event, (void)result;
  return durable_wait(ctx, NULL, HOUR_S);
}

const durable_handler WAIT[] = {
    HANDLER("2-1", basic),      HANDLER("2-2", named),
    HANDLER("2-3", sequential), HANDLER("2-4", a_minute),
    HANDLER("2-5", an_hour),    HANDLERS_END,
};
