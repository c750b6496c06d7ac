/* Our own suite "combinators": see ../requirements. */
#include "conformance.h"

static int start_step(durable_ctx *ctx, const char *name,
                      durable_future **future) {
  return durable_step_start(ctx, name, give, text(ctx, name), future, NULL);
}

static int start_failing(durable_ctx *ctx, const char *name,
                         durable_future **future) {
  return durable_step_start(ctx, name, fail, NULL, future,
                            DURABLE_STEP(.retry = &NO_RETRY));
}

static int all_values(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  durable_future *f[3];
  (void)event;
  int rc = start_step(ctx, "a", &f[0]);
  if (rc == DURABLE_OK)
    rc = start_step(ctx, "b", &f[1]);
  if (rc == DURABLE_OK)
    rc = durable_wait_start(ctx, NULL, 1, &f[2]);
  if (rc == DURABLE_OK)
    rc = durable_all(ctx, NULL, f, 3, result, NULL);
  return rc ? rc : durable_wait(ctx, NULL, 1);
}

static int good_and_bad(durable_ctx *ctx, durable_future *f[2]) {
  int rc = start_step(ctx, "a", &f[0]);
  return rc ? rc : start_failing(ctx, "b", &f[1]);
}

static int all_fails(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  durable_future *f[2];
  (void)event;
  int rc = good_and_bad(ctx, f);
  return rc ? rc : durable_all(ctx, NULL, f, 2, result, NULL);
}

static int settled(durable_ctx *ctx, const durable_value *event,
                   const durable_value **result) {
  durable_future *f[2];
  const durable_value *outcomes;
  (void)event;
  int rc = good_and_bad(ctx, f);
  if (rc == DURABLE_OK)
    rc = durable_settled(ctx, NULL, f, 2, &outcomes, NULL);
  if (rc)
    return rc;
  const durable_value *a = durable_value_at(outcomes, 0),
                      *b = durable_value_at(outcomes, 1);
  *result = durable_value_pack(
      durable_ctx_values(ctx), "[[v, v], [v, s]]",
      durable_value_get(a, "status"), durable_value_get(a, "value"),
      durable_value_get(b, "status"),
      durable_value_get_str(durable_value_get(b, "reason"), "ErrorType", ""));
  return DURABLE_OK;
}

static int any_value(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  durable_future *f[2];
  (void)event;
  int rc = start_failing(ctx, "a", &f[0]);
  if (rc == DURABLE_OK)
    rc = start_step(ctx, "b", &f[1]);
  if (rc == DURABLE_OK)
    rc = durable_any(ctx, NULL, f, 2, result, NULL);
  return rc ? rc : durable_wait(ctx, NULL, 1);
}

static int race(durable_ctx *ctx, const durable_value *event,
                const durable_value **result) {
  durable_future *f[2];
  (void)event;
  int rc = start_step(ctx, "a", &f[0]);
  if (rc == DURABLE_OK)
    rc = durable_wait_start(ctx, NULL, 60, &f[1]);
  if (rc == DURABLE_OK)
    rc = durable_race(ctx, NULL, f, 2, result, NULL);
  return rc ? rc : durable_wait(ctx, NULL, 1);
}

const durable_handler COMBINATORS[] = {
    HANDLER("12-1", all_values), HANDLER("12-2", all_fails),
    HANDLER("12-3", settled),    HANDLER("12-4", any_value),
    HANDLER("12-5", race),       HANDLERS_END,
};
