/* Our own suite "faults": see ../requirements. */
#include "conformance.h"
#include <stdio.h>

static int once(durable_ctx *ctx, const char *name,
                const durable_value **result) {
  return durable_step(ctx, name, give, text(ctx, name), result,
                      DURABLE_STEP(.at_most_once = 1));
}

static int three_steps(durable_ctx *ctx, const durable_value *event,
                       const durable_value **result) {
  const durable_value *a, *b, *c;
  char joined[8];
  (void)event;
  int rc = once(ctx, "a", &a);
  if (rc == DURABLE_OK)
    rc = once(ctx, "b", &b);
  if (rc == DURABLE_OK)
    rc = durable_wait(ctx, NULL, 1);
  if (rc == DURABLE_OK)
    rc = once(ctx, "c", &c);
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
