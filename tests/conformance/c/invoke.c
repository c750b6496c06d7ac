/* Suite "invoke", and the functions that it invokes. */
#include "conformance.h"
#include <string.h>

/* ---- targets: they take a second, so that who invoked them suspends. */

static int target_echo(durable_ctx *ctx, const durable_value *event,
                       const durable_value **result) {
  *result = event;
  return durable_wait(ctx, NULL, 1);
}

static int target_error(durable_ctx *ctx, const durable_value *event,
                        const durable_value **result) {
  (void)event, (void)result;
  int rc = durable_wait(ctx, NULL, 1);
  return rc ? rc : durable_fail(ctx, "RuntimeError", "as told");
}

static int echo(durable_ctx *ctx, const char *name,
                const durable_value *payload, const durable_value **result) {
  return durable_invoke(ctx, name, "TargetEcho", payload, result, NULL);
}

/* ---- 5-1, 5-3, 5-4: the event comes back. */

static int basic(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  return echo(ctx, NULL, event, result);
}

/* 5-2 */
static int named(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  return echo(ctx, durable_value_get_str(event, "name", NULL),
              durable_value_get(event, "payload"), result);
}

/* 5-5 */
static int fails(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  return durable_invoke(ctx, NULL, "TargetError", event, result, NULL);
}

/* 5-6 */
static int caught(durable_ctx *ctx, const durable_value *event,
                  const durable_value **result) {
  int rc = fails(ctx, event, result);
  if (rc != DURABLE_FAILED)
    return rc;
  *result = text(ctx, "fallback");
  return DURABLE_OK;
}

/* 5-7 */
enum { LARGE = 200 * 1024 };

static int large_payload(durable_ctx *ctx, const durable_value *event,
                         const durable_value **result) {
  (void)event;
  durable_values *in = durable_ctx_values(ctx);
  char *large = durable_values_alloc(in, LARGE);
  if (!large)
    return durable_values_status(in);
  memset(large, 'x', LARGE);
  const durable_bytes payload = {large, LARGE};
  const durable_value *back;
  int rc = echo(ctx, NULL, durable_value_data(in, DURABLE_KIND_STRING, payload),
                &back);
  if (rc)
    return rc;
  *result = durable_value_int(in, (int64_t)durable_value_text(back).len);
  return DURABLE_OK;
}

/* 5-8 */
static int tenant(durable_ctx *ctx, const durable_value *event,
                  const durable_value **result) {
  const char *id = durable_value_get_str(event, "tenantId", NULL);
  return durable_invoke(ctx, NULL, "TargetEchoTenant",
                        durable_value_get(event, "payload"), result,
                        DURABLE_INVOKE(.tenant_id = id));
}

/* 5-9 */
static int then_wait(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  int rc = echo(ctx, NULL, event, result);
  return rc ? rc : durable_wait(ctx, NULL, 1);
}

/* 5-10 */
static int caught_then_wait(durable_ctx *ctx, const durable_value *event,
                            const durable_value **result) {
  int rc = caught(ctx, event, result);
  return rc ? rc : durable_wait(ctx, NULL, 1);
}

/* 5-11 */
static int step_first(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  (void)event;
  const durable_value *made;
  int rc = durable_step(ctx, NULL, give, text(ctx, "made"), &made, NULL);
  return rc ? rc : echo(ctx, NULL, made, result);
}

/* 5-12 */
static int step_after(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  const durable_value *back;
  int rc = echo(ctx, NULL, event, &back);
  return rc ? rc : durable_step(ctx, NULL, give, as_arg(back), result, NULL);
}

/* 5-13 */
static int invoke_inside(durable_ctx *ctx, void *arg,
                         const durable_value **result) {
  return echo(ctx, NULL, arg, result);
}

static int in_child(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  return durable_child(ctx, NULL, invoke_inside, as_arg(event), result, NULL);
}

/* 5-14 */
static int sequential(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  const durable_value *first;
  int rc = echo(ctx, NULL, event, &first);
  return rc ? rc : echo(ctx, NULL, first, result);
}

/* 5-15: JSON whose strings are in upper case; keys are lower case here. */
static int write_loud(void *user, durable_serdes_call *call,
                      const durable_value *value, durable_bytes *out) {
  (void)user;
  durable_values *in = durable_serdes_values(call);
  durable_value *loud = durable_value_object(in);
  for (const durable_value *v = durable_value_first(value); v;
       v = durable_value_next(v)) {
    durable_value *upper = upper_case(in, durable_value_text(v));
    if (durable_value_set_key(in, loud, durable_value_key(v), upper) != 0)
      return durable_values_status(in);
  }
  return durable_value_print(in, DURABLE_FORM_PLAIN, loud, out);
}

static int payload_serdes(durable_ctx *ctx, const durable_value *event,
                          const durable_value **result) {
  const durable_serdes loud = {.size = sizeof loud, .serialize = write_loud};
  return durable_invoke(ctx, NULL, "TargetEcho", event, result,
                        DURABLE_INVOKE(.payload_serdes = &loud));
}

/* 5-16: the text of the result as it is, in upper case */
static int read_loud(void *user, durable_serdes_call *call, durable_bytes json,
                     const durable_value **out) {
  (void)user;
  *out = upper_case(durable_serdes_values(call), json);
  return DURABLE_OK;
}

static int result_serdes(durable_ctx *ctx, const durable_value *event,
                         const durable_value **result) {
  const durable_serdes loud = {.size = sizeof loud, .deserialize = read_loud};
  return durable_invoke(ctx, NULL, "TargetEcho", event, result,
                        DURABLE_INVOKE(.serdes = &loud));
}

const durable_handler INVOKE[] = {
    HANDLER("5-1", basic),
    HANDLER("5-2", named),
    HANDLER("5-3", basic),
    HANDLER("5-4", basic),
    HANDLER("5-5", fails),
    HANDLER("5-6", caught),
    HANDLER("5-7", large_payload),
    HANDLER("5-8", tenant),
    HANDLER("5-9", then_wait),
    HANDLER("5-10", caught_then_wait),
    HANDLER("5-11", step_first),
    HANDLER("5-12", step_after),
    HANDLER("5-13", in_child),
    HANDLER("5-14", sequential),
    HANDLER("5-15", payload_serdes),
    HANDLER("5-16", result_serdes),
    HANDLER("TargetEcho", target_echo),
    HANDLER("TargetEchoTenant", target_echo),
    HANDLER("TargetError", target_error),
    HANDLERS_END,
};
