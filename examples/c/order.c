/* order: from an order to its delivery.
 *
 *   validate -> reserve every item -> charge -> ship and invoice -> wait
 *            -> the customer confirms (callback) -> notify (another function)
 *
 * Input   {"order": "A-17", "items": [{"sku": "tea", "count": 2, "price": 450,
 *          "flaky": false}, ...]}
 * Result  {"order", "total", "reserved", "receipt", "tracking", "invoice",
 *          "confirmed", "notified"}
 *
 *   durable run order.so --with notify.so --input @order.json --name order-1
 *   durable callback succeed --of order-1 confirm --result '"yes"' */
#include "ledger.h"
#include <string.h>

enum { WAIT_S = 2, CONFIRM_WITHIN_S = 86400, MAX_ITEMS = 32 };

/* Kept for as long as the handler's context lives. */
typedef struct purchase {
  const durable_value *event;
  const char *id;
  int64_t total;
} purchase;

static const durable_retry_policy SOON = {
    .size = sizeof(durable_retry_policy),
    .set = DURABLE_RETRY_SET_MAX_ATTEMPTS | DURABLE_RETRY_SET_INITIAL_DELAY,
    .kind = DURABLE_BACKOFF_FIXED,
    .jitter = DURABLE_JITTER_NONE,
    .max_attempts = 5,
    .initial_delay_s = 1};
static const durable_retry AGAIN = {.size = sizeof(durable_retry),
                                    .policy = &SOON};

/* Begin a body: it is in the ledger before it does anything. */
static int begin(durable_step_ctx *step, const char *body, long ms) {
  if (ledger_note(step, body) != 0)
    return durable_step_fail(step, "Ledger", "the ledger cannot be written");
  ledger_work(ms);
  return DURABLE_OK;
}

/* ---- bodies */

static int validate(durable_step_ctx *step, void *arg,
                    const durable_value **result) {
  const purchase *o = arg;
  int64_t total = 0;
  int rc = begin(step, "validate", 10);
  if (rc)
    return rc;
  const durable_value *items = durable_value_get(o->event, "items");
  size_t count = durable_value_count(items);
  if (o->id[0] == '\0' || count == 0 || count > MAX_ITEMS)
    return durable_step_fail(step, "order.InvalidOrder",
                             "an order has an id and 1 to %d items", MAX_ITEMS);
  for (const durable_value *v = durable_value_first(items); v;
       v = durable_value_next(v))
    total += durable_value_get_int(v, "count", 1) *
             durable_value_get_int(v, "price", 0);
  *result = durable_value_int(durable_step_values(step), total);
  return DURABLE_OK;
}

static int reserve(durable_step_ctx *step, void *arg,
                   const durable_value **result) {
  const durable_value *const *item = arg;
  int rc = begin(step, "reserve", 15);
  if (rc)
    return rc;
  if (durable_value_get_bool(*item, "flaky", 0) &&
      durable_step_attempt(step) == 1)
    return durable_step_fail(step, "order.WarehouseBusy", "no answer about %s",
                             durable_value_get_str(*item, "sku", "?"));
  *result = durable_value_copy(durable_step_values(step),
                               durable_value_get(*item, "sku"));
  return DURABLE_OK;
}

/* Runs at most once for each attempt; the operation's id lets the bank see two
 * attempts as one. */
static int charge(durable_step_ctx *step, void *arg,
                  const durable_value **result) {
  const purchase *o = arg;
  int rc = begin(step, "charge", 30);
  if (rc)
    return rc;
  *result = durable_value_pack(durable_step_values(step), "{s:s, s:I}", "order",
                               o->id, "paid", o->total);
  return DURABLE_OK;
}

static int ship(durable_step_ctx *step, void *arg,
                const durable_value **result) {
  const purchase *o = arg;
  char tracking[80];
  int rc = begin(step, "ship", 40);
  snprintf(tracking, sizeof tracking, "TRACK-%.60s", o->id);
  *result = durable_value_str(durable_step_values(step), tracking);
  return rc;
}

static int invoice(durable_step_ctx *step, void *arg,
                   const durable_value **result) {
  const purchase *o = arg;
  char number[80];
  int rc = begin(step, "invoice", 20);
  snprintf(number, sizeof number, "INV-%.60s", o->id);
  *result = durable_value_str(durable_step_values(step), number);
  return rc;
}

/* Here the id would go out by mail. */
static int ask(durable_step_ctx *step, const char *callback_id, void *arg) {
  (void)callback_id;
  (void)arg;
  return begin(step, "ask", 10);
}

/* ---- branches */

static int reserve_item(durable_ctx *ctx, const durable_value *item,
                        size_t index, void *arg, const durable_value **result) {
  (void)index;
  (void)arg;
  return durable_step(ctx, "reserve", reserve, &item, result,
                      DURABLE_STEP(.retry = &AGAIN));
}

static int ship_it(durable_ctx *ctx, void *arg, const durable_value **result) {
  return durable_step(ctx, "ship", ship, arg, result,
                      DURABLE_STEP(.retry = &AGAIN));
}

static int invoice_it(durable_ctx *ctx, void *arg,
                      const durable_value **result) {
  return durable_step(ctx, "invoice", invoice, arg, result,
                      DURABLE_STEP(.retry = &AGAIN));
}

/* ---- the workflow, in three acts */

static int take(durable_ctx *ctx, purchase *o, durable_value *out) {
  durable_values *values = durable_ctx_values(ctx);
  const durable_value *total, *receipt;
  const durable_batch *reserved;
  int rc = durable_step(ctx, "validate", validate, o, &total, NULL);
  if (rc)
    return rc;
  o->total = durable_value_as_int(total, 0);
  rc = durable_map(ctx, "reserve-items", durable_value_get(o->event, "items"),
                   reserve_item, NULL, &reserved,
                   DURABLE_BATCH(.max_concurrency = 2));
  if (rc == DURABLE_OK)
    rc = durable_batch_check(ctx, reserved);
  if (rc)
    return rc;
  rc = durable_step(ctx, "charge", charge, o, &receipt,
                    DURABLE_STEP(.at_most_once = 1, .retry = &AGAIN));
  if (rc)
    return rc;
  size_t count;
  const durable_value *const *skus = durable_batch_results(reserved, &count);
  durable_value *list = durable_value_list(values);
  for (size_t i = 0; i < count; i++)
    durable_value_append(values, list, durable_value_copy(values, skus[i]));
  durable_value_set(values, out, "total", durable_value_int(values, o->total));
  durable_value_set(values, out, "reserved", list);
  durable_value_set(values, out, "receipt",
                    durable_value_copy(values, receipt));
  return durable_values_status(values);
}

static int send_out(durable_ctx *ctx, purchase *o, durable_value *out) {
  durable_values *values = durable_ctx_values(ctx);
  const durable_branch branches[] = {{"ship", ship_it, o},
                                     {"invoice", invoice_it, o}};
  const durable_batch *sent;
  int rc = durable_parallel(ctx, "send-out", branches, 2, &sent, NULL);
  if (rc == DURABLE_OK)
    rc = durable_batch_check(ctx, sent);
  if (rc)
    return rc;
  for (size_t i = 0; i < 2; i++)
    durable_value_set(
        values, out, i == 0 ? "tracking" : "invoice",
        durable_value_copy(
            values,
            durable_batch_at(sent, DURABLE_STATUS_SUCCEEDED, i)->result));
  return durable_wait(ctx, "delivery", WAIT_S);
}

static int conclude(durable_ctx *ctx, purchase *o, durable_value *out) {
  durable_values *values = durable_ctx_values(ctx);
  const durable_value *confirmed, *notified;
  int rc = durable_wait_for_callback(
      ctx, "confirm", ask, o, &confirmed,
      DURABLE_CALLBACK(.timeout_s = CONFIRM_WITHIN_S,
                       .serdes = durable_serdes_plain(), .retry = &AGAIN));
  if (rc)
    return rc;
  durable_value_set(values, out, "confirmed",
                    durable_value_copy(values, confirmed));
  rc = durable_invoke(ctx, "notify", "notify",
                      durable_value_pack(values, "{s:s}", "order", o->id),
                      &notified, NULL);
  if (rc)
    return rc;
  durable_value_set(values, out, "notified",
                    durable_value_copy(values, notified));
  return durable_values_status(values);
}

static int order(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  durable_values *values = durable_ctx_values(ctx);
  purchase *o = durable_alloc(ctx, sizeof *o);
  if (!o)
    return DURABLE_E_NOMEM;
  *o = (purchase){.event = event,
                  .id = durable_value_get_str(event, "order", "")};
  durable_value *out = durable_value_pack(values, "{s:s}", "order", o->id);
  int rc = take(ctx, o, out);
  if (rc == DURABLE_OK)
    rc = send_out(ctx, o, out);
  if (rc == DURABLE_OK)
    rc = conclude(ctx, o, out);
  *result = out;
  return rc;
}

DURABLE_HANDLER(order);
