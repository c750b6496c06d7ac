/* A library with one handler. */
#include <durable/durable.h>

static int only(durable_ctx *ctx, const durable_value *event,
                const durable_value **result) {
  *result = durable_value_pack(durable_ctx_values(ctx), "[v]", event);
  return DURABLE_OK;
}

DURABLE_HANDLER(only);
