/* Our own suite "handover": see ../requirements. */
#include "conformance.h"

/* ---- 15-1..15-7: |serdes| is that of who else takes part; NULL: JSON. */

static int second(durable_ctx *ctx, void *arg, const durable_value **result) {
  return durable_step(ctx, "second", give, text(ctx, "two"), result,
                      DURABLE_STEP(.serdes = arg));
}

static int times_ten(durable_step_ctx *step, void *arg,
                     const durable_value **result) {
  *result = durable_value_int(durable_step_values(step),
                              durable_value_as_int(arg, 0) * 10);
  return DURABLE_OK;
}

static int item(durable_ctx *ctx, const durable_value *value, size_t index,
                void *arg, const durable_value **result) {
  (void)index;
  return durable_step(ctx, "times ten", times_ten, as_arg(value), result,
                      DURABLE_STEP(.serdes = arg));
}

static int begin(durable_ctx *ctx, const durable_serdes *serdes,
                 const durable_value **first, const durable_value **inside,
                 const durable_batch **items) {
  durable_values *in = durable_ctx_values(ctx);
  durable_value *made =
      durable_value_pack(in, "{s:i, s:[s, s]}", "n", 1, "tags", "a", "b");
  void *arg = (void *)(uintptr_t)serdes;
  int rc = durable_step(ctx, "first", give, made, first,
                        DURABLE_STEP(.serdes = serdes));
  if (rc == DURABLE_OK)
    rc = durable_child(ctx, "inside", second, arg, inside,
                       DURABLE_CHILD(.serdes = serdes));
  if (rc == DURABLE_OK)
    rc = durable_map(ctx, "items", durable_value_pack(in, "[i, i]", 1, 2), item,
                     arg, items,
                     DURABLE_BATCH(.max_concurrency = 1, .serdes = serdes));
  return rc;
}

static int handover(durable_ctx *ctx, const durable_serdes *serdes,
                    const durable_value **result) {
  const durable_value *first, *inside, *third, *one, *two;
  const durable_batch *items;
  int rc = begin(ctx, serdes, &first, &inside, &items);
  if (rc == DURABLE_OK)
    rc = answer_to(ctx, "go-1", &one);
  if (rc == DURABLE_OK)
    rc = durable_step(ctx, "third", give, text(ctx, "three"), &third,
                      DURABLE_STEP(.serdes = serdes));
  if (rc)
    return rc;
  durable_log(ctx, DURABLE_LOG_INFO, "c goes on");
  rc = answer_to(ctx, "go-2", &two);
  if (rc)
    return rc;
  durable_log(ctx, DURABLE_LOG_INFO, "c ends");
  *result = durable_value_pack(
      durable_ctx_values(ctx), "{s:v, s:v, s:v, s:v, s:[v, v]}", "first", first,
      "inside", inside, "items", results_of(ctx, items), "third", third,
      "answers", one, two);
  return DURABLE_OK;
}

static int with_python(durable_ctx *ctx, const durable_value *event,
                       const durable_value **result) {
  (void)event;
  return handover(ctx, durable_serdes_tagged(), result);
}

static int with_javascript(durable_ctx *ctx, const durable_value *event,
                           const durable_value **result) {
  (void)event;
  return handover(ctx, NULL, result);
}

const durable_handler HANDOVER[] = {
    HANDLER("15-1", with_python),
    HANDLER("15-4", with_python),
    HANDLER("15-5", with_python),
    HANDLER("15-6", with_javascript, .dialect = DURABLE_DIALECT_JS),
    HANDLERS_END,
};
