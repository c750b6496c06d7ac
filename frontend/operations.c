/* operations: step, wait, invoke, child context, condition, with_retry.
 *
 * Each has one claim, and two public functions: one drives it, one makes a
 * future of it. */
#include "frontend/claim.h"
#include "frontend/failure.h"
#include "frontend/future.h"
#include "frontend/scope.h"
#include "frontend/serdes.h"

static int refuse(dur_scope *s, const char *why) {
  return dur_scope_refuse(s, DURABLE_E_ARGUMENT, why);
}

/* ---- step */

static int claim_step(dur_scope *s, dur_call *call, durable_values *values,
                      const char *name, durable_step_fn *fn, void *arg,
                      const durable_step_config *config) {
  durable_step_config c;
  durable_step_options o = DURABLE_STEP_OPTIONS_INIT;
  durable_retry_policy room;
  if (!fn)
    return refuse(s, "a step needs a function");
  if (dur_config_in(&c, sizeof c, config) != 0)
    return dur_scope_refuse(s, DURABLE_E_ABI, NULL);
  dur_call_init(call, s, DUR_CALL_STEP, values, c.serdes);
  call->fn.step = fn;
  call->arg = arg;
  o.at_most_once = c.at_most_once;
  int rc = dur_retry_in(s, call, c.retry, &room, &o.retry);
  if (rc != DURABLE_OK)
    return rc;
  durable_engine *e = dur_claim_begin(s);
  return dur_claim_end(
      s, call, durable_engine_step(e, s->strand->task, s->id, name, &o));
}

int durable_step(durable_ctx *ctx, const char *name, durable_step_fn *fn,
                 void *arg, const durable_value **result,
                 const durable_step_config *config) {
  dur_scope *s = &ctx->scope;
  dur_call call;
  int rc = claim_step(s, &call, NULL, name, fn, arg, config);
  return dur_call_finish(s, &call, rc, result);
}

int durable_step_start(durable_ctx *ctx, const char *name, durable_step_fn *fn,
                       void *arg, durable_future **future,
                       const durable_step_config *config) {
  dur_scope *s = &ctx->scope;
  durable_future *f = dur_future_new(s);
  int rc = f ? claim_step(s, &f->call, f->call.values, name, fn, arg, config)
             : dur_scope_refuse(s, DURABLE_E_NOMEM, NULL);
  return dur_future_start(s, f, rc, future);
}

/* ---- wait */

static int claim_wait(dur_scope *s, dur_call *call, durable_values *values,
                      const char *name, int64_t seconds) {
  dur_call_init(call, s, DUR_CALL_WAIT, values, NULL);
  durable_engine *e = dur_claim_begin(s);
  return dur_claim_end(
      s, call, durable_engine_wait(e, s->strand->task, s->id, name, seconds));
}

int durable_wait(durable_ctx *ctx, const char *name, int64_t seconds) {
  dur_scope *s = &ctx->scope;
  dur_call call;
  int rc = claim_wait(s, &call, NULL, name, seconds);
  return dur_call_finish(s, &call, rc, NULL);
}

int durable_wait_start(durable_ctx *ctx, const char *name, int64_t seconds,
                       durable_future **future) {
  dur_scope *s = &ctx->scope;
  durable_future *f = dur_future_new(s);
  int rc = f ? claim_wait(s, &f->call, f->call.values, name, seconds)
             : dur_scope_refuse(s, DURABLE_E_NOMEM, NULL);
  return dur_future_start(s, f, rc, future);
}

/* ---- invoke */

static const durable_serdes *or_plain(const durable_serdes *serdes) {
  return serdes ? serdes : durable_serdes_plain();
}

static int claim_invoke(dur_scope *s, dur_call *call, durable_values *values,
                        const char *name, const char *function,
                        const durable_value *payload,
                        const durable_invoke_config *config) {
  durable_invoke_config c;
  durable_invoke_options o = DURABLE_INVOKE_OPTIONS_INIT;
  durable_bytes text;
  dur_fault fault;
  if (dur_config_in(&c, sizeof c, config) != 0)
    return dur_scope_refuse(s, DURABLE_E_ABI, NULL);
  dur_call_init(call, s, DUR_CALL_INVOKE, values, or_plain(c.serdes));
  if (dur_write(s->run, 0, or_plain(c.payload_serdes), call->values, payload,
                &text, &fault) != DURABLE_OK)
    return dur_scope_fail(s, DURABLE_E_SERDES,
                          dur_failure_copy(s->space->values, fault.failure));
  o.tenant_id = c.tenant_id;
  o.trace_id = c.trace_id;
  durable_engine *e = dur_claim_begin(s);
  return dur_claim_end(s, call,
                       durable_engine_invoke(e, s->strand->task, s->id, name,
                                             function, text, &o));
}

int durable_invoke(durable_ctx *ctx, const char *name, const char *function,
                   const durable_value *payload, const durable_value **result,
                   const durable_invoke_config *config) {
  dur_scope *s = &ctx->scope;
  dur_call call;
  int rc = claim_invoke(s, &call, NULL, name, function, payload, config);
  return dur_call_finish(s, &call, rc, result);
}

int durable_invoke_start(durable_ctx *ctx, const char *name,
                         const char *function, const durable_value *payload,
                         durable_future **future,
                         const durable_invoke_config *config) {
  dur_scope *s = &ctx->scope;
  durable_future *f = dur_future_new(s);
  int rc = f ? claim_invoke(s, &f->call, f->call.values, name, function,
                            payload, config)
             : dur_scope_refuse(s, DURABLE_E_NOMEM, NULL);
  return dur_future_start(s, f, rc, future);
}

/* ---- child context */

static void child_in(dur_call *call, const durable_child_config *c,
                     durable_child_options *o) {
  call->is_raw = c->is_virtual != 0;
  call->summary = c->summary;
  call->summary_user = c->summary_user;
  o->sub_type = c->sub_type;
  o->is_virtual = c->is_virtual;
  o->has_summary = c->summary != NULL;
}

static int claim_child(dur_scope *s, dur_call *call, durable_values *values,
                       const char *name, durable_child_fn *fn, void *arg,
                       const durable_child_config *config) {
  durable_child_config c;
  durable_child_options o = DURABLE_CHILD_OPTIONS_INIT;
  if (!fn)
    return refuse(s, "a child context needs a function");
  if (dur_config_in(&c, sizeof c, config) != 0)
    return dur_scope_refuse(s, DURABLE_E_ABI, NULL);
  dur_call_init(call, s, DUR_CALL_CHILD, values, c.serdes);
  call->fn.child = fn;
  call->arg = arg;
  child_in(call, &c, &o);
  durable_engine *e = dur_claim_begin(s);
  return dur_claim_end(
      s, call, durable_engine_child(e, s->strand->task, s->id, name, &o));
}

int durable_child(durable_ctx *ctx, const char *name, durable_child_fn *fn,
                  void *arg, const durable_value **result,
                  const durable_child_config *config) {
  dur_scope *s = &ctx->scope;
  dur_call call;
  int rc = claim_child(s, &call, NULL, name, fn, arg, config);
  return dur_call_finish(s, &call, rc, result);
}

int durable_child_start(durable_ctx *ctx, const char *name,
                        durable_child_fn *fn, void *arg,
                        durable_future **future,
                        const durable_child_config *config) {
  dur_scope *s = &ctx->scope;
  durable_future *f = dur_future_new(s);
  int rc = f ? claim_child(s, &f->call, f->call.values, name, fn, arg, config)
             : dur_scope_refuse(s, DURABLE_E_NOMEM, NULL);
  return dur_future_start(s, f, rc, future);
}

/* ---- condition */

static int pace_in(dur_scope *s, const durable_condition_config *c,
                   durable_retry_policy *room,
                   const durable_retry_policy **use) {
  *room = (durable_retry_policy)DURABLE_RETRY_POLICY_INIT;
  if (c->decide && (c->more || c->preset || c->pace))
    return refuse(s, "a condition has a pace or a function that decides it, "
                     "not both");
  if (c->preset && durable_retry_preset(c->preset, room) < 0)
    return refuse(s, "there is no pace of that name");
  if (c->decide)
    room->kind = DURABLE_BACKOFF_CALLER;
  *use = c->decide || c->preset ? room : c->pace;
  return DURABLE_OK;
}

static int claim_condition(dur_scope *s, dur_call *call, durable_values *values,
                           const char *name, durable_check_fn *check, void *arg,
                           const durable_value *initial,
                           const durable_condition_config *config) {
  durable_retry_policy room;
  const durable_retry_policy *pace = NULL;
  durable_bytes state;
  dur_fault fault;
  if (!check)
    return refuse(s, "`check` is required for wait_for_condition");
  dur_call_init(call, s, DUR_CALL_CONDITION, values, NULL);
  if (dur_config_in(&call->pace, sizeof call->pace, config) != 0)
    return dur_scope_refuse(s, DURABLE_E_ABI, NULL);
  if (call->pace.serdes)
    call->serdes = call->pace.serdes;
  call->fn.check = check;
  call->arg = arg;
  int rc = pace_in(s, &call->pace, &room, &pace);
  if (rc != DURABLE_OK)
    return rc;
  if (dur_serialize(s->run, 0, call->serdes, call->values, initial, &state,
                    &fault) != DURABLE_OK)
    return dur_scope_fail(s, DURABLE_E_SERDES,
                          dur_failure_copy(s->space->values, fault.failure));
  durable_engine *e = dur_claim_begin(s);
  return dur_claim_end(
      s, call,
      durable_engine_condition(e, s->strand->task, s->id, name, state, pace));
}

int durable_wait_for_condition(durable_ctx *ctx, const char *name,
                               durable_check_fn *check, void *arg,
                               const durable_value *initial,
                               const durable_value **result,
                               const durable_condition_config *config) {
  dur_scope *s = &ctx->scope;
  dur_call call;
  int rc = claim_condition(s, &call, NULL, name, check, arg, initial, config);
  return dur_call_finish(s, &call, rc, result);
}

int durable_wait_for_condition_start(durable_ctx *ctx, const char *name,
                                     durable_check_fn *check, void *arg,
                                     const durable_value *initial,
                                     durable_future **future,
                                     const durable_condition_config *config) {
  dur_scope *s = &ctx->scope;
  durable_future *f = dur_future_new(s);
  int rc = f ? claim_condition(s, &f->call, f->call.values, name, check, arg,
                               initial, config)
             : dur_scope_refuse(s, DURABLE_E_NOMEM, NULL);
  return dur_future_start(s, f, rc, future);
}

/* ---- with_retry */

static int claim_attempts(dur_scope *s, dur_call *call, durable_values *values,
                          const char *name, durable_attempt_fn *fn, void *arg,
                          const durable_attempts_config *config) {
  durable_attempts_config c;
  durable_child_config child;
  durable_with_retry_options o = DURABLE_WITH_RETRY_OPTIONS_INIT;
  durable_child_options around = DURABLE_CHILD_OPTIONS_INIT;
  durable_retry_policy room;
  if (!fn)
    return refuse(s, "with_retry needs a function");
  if (dur_config_in(&c, sizeof c, config) != 0 ||
      dur_config_in(&child, sizeof child, c.child) != 0)
    return dur_scope_refuse(s, DURABLE_E_ABI, NULL);
  if (c.unwrapped && values)
    return refuse(s, "unwrapped attempts use the context of their caller: "
                     "they cannot be started beside it");
  dur_call_init(call, s, DUR_CALL_WITH_RETRY, values, child.serdes);
  call->fn.attempt = fn;
  call->arg = arg;
  child_in(call, &child, &around);
  call->is_raw |= c.unwrapped != 0;
  o.unwrapped = c.unwrapped;
  o.child = &around;
  int rc = dur_retry_in(s, call, c.retry, &room, &o.retry);
  if (rc != DURABLE_OK)
    return rc;
  durable_engine *e = dur_claim_begin(s);
  return dur_claim_end(
      s, call, durable_engine_with_retry(e, s->strand->task, s->id, name, &o));
}

int durable_with_retry(durable_ctx *ctx, const char *name,
                       durable_attempt_fn *fn, void *arg,
                       const durable_value **result,
                       const durable_attempts_config *config) {
  dur_scope *s = &ctx->scope;
  dur_call call;
  int rc = claim_attempts(s, &call, NULL, name, fn, arg, config);
  return dur_call_finish(s, &call, rc, result);
}

int durable_with_retry_start(durable_ctx *ctx, const char *name,
                             durable_attempt_fn *fn, void *arg,
                             durable_future **future,
                             const durable_attempts_config *config) {
  dur_scope *s = &ctx->scope;
  durable_future *f = dur_future_new(s);
  int rc =
      f ? claim_attempts(s, &f->call, f->call.values, name, fn, arg, config)
        : dur_scope_refuse(s, DURABLE_E_NOMEM, NULL);
  return dur_future_start(s, f, rc, future);
}
