/* Asks for a function that libdurable does not have. */
#include <durable/durable.h>

extern int durable_not_yet(durable_ctx *ctx);

static int only(durable_ctx *ctx, const durable_value *event,
                const durable_value **result) {
  *result = event;
  return durable_not_yet(ctx);
}

DURABLE_HANDLER(only);
