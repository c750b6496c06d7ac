/* notify: tell the customer.  A durable function that others invoke.
 *
 * Input   {"order": "A-17"}
 * Result  {"order", "sent": true} */
#include "ledger.h"

static int send_mail(durable_step_ctx *step, void *arg,
                     const durable_value **result) {
  const durable_value *const *event = arg;
  if (ledger_note(step, "notify") != 0)
    return durable_step_fail(step, "Ledger", "the ledger cannot be written");
  ledger_work(20);
  *result =
      durable_value_pack(durable_step_values(step), "{s:s, s:b}", "order",
                         durable_value_get_str(*event, "order", ""), "sent", 1);
  return DURABLE_OK;
}

static int notify(durable_ctx *ctx, const durable_value *event,
                  const durable_value **result) {
  return durable_step(ctx, "send", send_mail, &event, result, NULL);
}

DURABLE_HANDLER(notify);
