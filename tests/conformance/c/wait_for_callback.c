/* Suite "wait_for_callback". */
#include "conformance.h"

/* The runner finds callbacks by itself, so there is nobody to be told. */
static int submit(durable_step_ctx *step, const char *callback_id, void *arg) {
  (void)step, (void)callback_id, (void)arg;
  return DURABLE_OK;
}

static int wait_for(durable_ctx *ctx, const char *name,
                    const durable_value **result,
                    const durable_callback_config *config) {
  return durable_wait_for_callback(ctx, name, submit, NULL, result, config);
}

static const char *name_of(const durable_value *event) {
  return durable_value_as_str(event, NULL);
}

/* 7-1, 7-4, 7-15 */
static int basic(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  return wait_for(ctx, name_of(event), result, NULL);
}

/* 7-2 */
static int named(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  (void)event;
  return wait_for(ctx, "approval", result, NULL);
}

/* 7-3 */
static int nameless(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  (void)event;
  return wait_for(ctx, NULL, result, NULL);
}

/* 7-5 */
static int timeout(durable_ctx *ctx, const durable_value *event,
                   const durable_value **result) {
  return wait_for(ctx, name_of(event), result,
                  DURABLE_CALLBACK(.timeout_s = 3));
}

/* 7-6 */
static int caught(durable_ctx *ctx, const durable_value *event,
                  const durable_value **result) {
  int rc = basic(ctx, event, result);
  if (rc != DURABLE_FAILED)
    return rc;
  *result = text(ctx, "recovered");
  return DURABLE_OK;
}

/* 7-7 */
static int cannot_submit(durable_step_ctx *step, const char *callback_id,
                         void *arg) {
  (void)callback_id;
  return fail(step, arg, NULL);
}

static int submitter_fails(durable_ctx *ctx, const durable_value *event,
                           const durable_value **result) {
  return durable_wait_for_callback(ctx, name_of(event), cannot_submit, NULL,
                                   result,
                                   DURABLE_CALLBACK(.retry = &RETRY_ONCE));
}

/* 7-8 */
static int wrapper(durable_ctx *ctx, void *arg, const durable_value **result) {
  return basic(ctx, arg, result);
}

static int in_child(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  return durable_child(ctx, "wrapper", wrapper, as_arg(event), result, NULL);
}

/* 7-9 */
static int sequential(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  (void)event;
  int rc = wait_for(ctx, "first", NULL, NULL);
  return rc ? rc : wait_for(ctx, "second", result, NULL);
}

/* 7-10 */
static int after_others(durable_ctx *ctx, const durable_value *event,
                        const durable_value **result) {
  int rc = durable_wait(ctx, NULL, 1);
  if (rc == DURABLE_OK)
    rc = durable_step(ctx, NULL, give, text(ctx, "fixed data"), NULL, NULL);
  return rc ? rc : basic(ctx, event, result);
}

/* 7-11 */
static int json_object(durable_ctx *ctx, const durable_value *event,
                       const durable_value **result) {
  const durable_value *answer;
  int rc = wait_for(ctx, name_of(event), &answer,
                    DURABLE_CALLBACK(.serdes = durable_serdes_plain()));
  if (rc == DURABLE_OK)
    *result = durable_value_get(answer, "status");
  return rc;
}

/* 7-12 */
static int short_heartbeat(durable_ctx *ctx, const durable_value *event,
                           const durable_value **result) {
  return wait_for(ctx, name_of(event), result,
                  DURABLE_CALLBACK(.heartbeat_timeout_s = 5));
}

/* 7-13 */
static int heartbeat(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  return wait_for(ctx, name_of(event), result,
                  DURABLE_CALLBACK(.heartbeat_timeout_s = 10));
}

/* 7-14 */
static int timeout_caught(durable_ctx *ctx, const durable_value *event,
                          const durable_value **result) {
  int rc = timeout(ctx, event, result);
  if (rc != DURABLE_FAILED)
    return rc;
  *result = text(ctx, "timed-out-handled");
  return DURABLE_OK;
}

const durable_handler WAIT_FOR_CALLBACK[] = {
    HANDLER("7-1", basic),           HANDLER("7-2", named),
    HANDLER("7-3", nameless),        HANDLER("7-4", basic),
    HANDLER("7-5", timeout),         HANDLER("7-6", caught),
    HANDLER("7-7", submitter_fails), HANDLER("7-8", in_child),
    HANDLER("7-9", sequential),      HANDLER("7-10", after_others),
    HANDLER("7-11", json_object),    HANDLER("7-12", short_heartbeat),
    HANDLER("7-13", heartbeat),      HANDLER("7-14", timeout_caught),
    HANDLER("7-15", basic),          HANDLERS_END,
};
