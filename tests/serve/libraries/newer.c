/* What a libdurable to come might bring: a handler that says more. */
#include <durable/durable.h>

static int only(durable_ctx *ctx, const durable_value *event,
                const durable_value **result) {
  (void)ctx;
  *result = event;
  return DURABLE_OK;
}

static const struct {
  durable_handler known;
  int more;
} HANDLER = {{.size = sizeof HANDLER, .name = "only", .fn = only}, 1};

DURABLE_API extern const durable_handler *const durable_handler_table[];
const durable_handler *const durable_handler_table[] = {&HANDLER.known, NULL};
