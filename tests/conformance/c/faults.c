/* Our own suite "faults": see ../requirements. */
#include "conformance.h"
#include <stdio.h>

static int three_steps(durable_ctx *ctx, const durable_value *event,
                       const durable_value **result) {
  const durable_value *a, *b, *c;
  char joined[8];
  (void)event;
  int rc = durable_step(ctx, "a", give, text(ctx, "a"), &a, NULL);
  if (rc == DURABLE_OK)
    rc = durable_step(ctx, "b", give, text(ctx, "b"), &b, NULL);
  if (rc == DURABLE_OK)
    rc = durable_wait(ctx, NULL, 1);
  if (rc == DURABLE_OK)
    rc = durable_step(ctx, "c", give, text(ctx, "c"), &c, NULL);
  if (rc)
    return rc;
  snprintf(joined, sizeof joined, "%s%s%s", durable_value_as_str(a, "?"),
           durable_value_as_str(b, "?"), durable_value_as_str(c, "?"));
  *result = text(ctx, joined);
  return DURABLE_OK;
}

const durable_handler FAULTS[] = {
    HANDLER("14-1", three_steps), HANDLER("14-2", three_steps),
    HANDLER("14-3", three_steps), HANDLER("14-4", three_steps),
    HANDLER("14-5", three_steps), HANDLERS_END,
};
