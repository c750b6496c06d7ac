/* Our own suite "determinism": see ../requirements. */
#include "conformance.h"

static int same(durable_ctx *ctx, const durable_value *event,
                const durable_value **result) {
  const durable_value *value, *answer;
  (void)event;
  int rc = durable_step(ctx, "same", give, text(ctx, "x"), &value, NULL);
  if (rc == DURABLE_OK)
    rc = answer_to(ctx, "go", &answer);
  if (rc == DURABLE_OK)
    *result =
        durable_value_pack(durable_ctx_values(ctx), "[v, v]", value, answer);
  return rc;
}

const durable_handler DETERMINISM[] = {
    HANDLER("11-1", same), HANDLER("11-2", same), HANDLER("11-3", same),
    HANDLER("11-4", same), HANDLER("11-5", same), HANDLERS_END,
};
