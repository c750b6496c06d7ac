/* callback: create_callback, its result, wait_for_callback. */
#include "frontend/claim.h"
#include "frontend/drive.h"
#include "frontend/future.h"
#include "frontend/scope.h"

static durable_callback_options options_of(const durable_callback_config *c) {
  durable_callback_options o = DURABLE_CALLBACK_OPTIONS_INIT;
  o.timeout_s = c->timeout_s;
  o.heartbeat_timeout_s = c->heartbeat_timeout_s;
  return o;
}

/* ---- create_callback */

int durable_callback_start(durable_ctx *ctx, const char *name,
                           durable_callback **callback,
                           const durable_callback_config *config) {
  dur_scope *s = &ctx->scope;
  durable_callback_config c;
  if (!callback)
    return dur_scope_refuse(s, DURABLE_E_ARGUMENT, NULL);
  *callback = NULL;
  if (dur_config_in(&c, sizeof c, config) != 0)
    return dur_scope_refuse(s, DURABLE_E_ABI, NULL);
  durable_callback *made = durable_values_alloc(s->space->values, sizeof *made);
  if (!made)
    return dur_scope_refuse(s, DURABLE_E_NOMEM, NULL);
  *made = (durable_callback){.received = c.serdes};
  dur_call_init(&made->call, s, DUR_CALL_CALLBACK, s->space->values, NULL);
  durable_callback_options o = options_of(&c);
  durable_engine *e = dur_claim_begin(s);
  int rc = dur_claim_end(
      s, &made->call,
      durable_engine_callback(e, s->strand->task, s->id, name, &o));
  if (rc == DURABLE_OK)
    *callback = made;
  return rc;
}

int durable_callback_id(durable_ctx *ctx, durable_callback *callback,
                        const char **id) {
  dur_scope *s = &ctx->scope;
  if (!callback || !id)
    return dur_scope_refuse(s, DURABLE_E_ARGUMENT, NULL);
  *id = callback->id;
  if (callback->id)
    return DURABLE_OK;
  int rc = dur_call_finish(s, &callback->call, DURABLE_OK, NULL);
  if (rc != DURABLE_OK)
    return rc;
  durable_engine *e = durable_host_enter(s->run->host);
  durable_bytes text = durable_engine_op_callback_id(e, callback->call.op);
  durable_host_leave(s->run->host);
  callback->id = durable_values_keep(callback->call.values, text).data;
  if (!callback->id)
    return dur_scope_refuse(s, DURABLE_E_NOMEM, NULL);
  *id = callback->id;
  return DURABLE_OK;
}

int durable_create_callback(durable_ctx *ctx, const char *name,
                            durable_callback **callback,
                            const durable_callback_config *config) {
  const char *id;
  int rc = durable_callback_start(ctx, name, callback, config);
  return rc == DURABLE_OK ? durable_callback_id(ctx, *callback, &id) : rc;
}

/* ---- its result */

static int claim_result(dur_scope *s, dur_call *call, durable_values *values,
                        const durable_callback *callback) {
  if (!callback)
    return dur_scope_refuse(s, DURABLE_E_ARGUMENT, "there is no callback");
  dur_call_init(call, s, DUR_CALL_CALLBACK_RESULT, values, NULL);
  call->received = callback->received;
  durable_engine *e = dur_claim_begin(s);
  return dur_claim_end(
      s, call,
      durable_engine_callback_result(e, s->strand->task, callback->call.op));
}

int durable_callback_result(durable_ctx *ctx, durable_callback *callback,
                            const durable_value **result) {
  dur_scope *s = &ctx->scope;
  dur_call call;
  int rc = claim_result(s, &call, NULL, callback);
  return dur_call_finish(s, &call, rc, result);
}

int durable_callback_result_start(durable_ctx *ctx, durable_callback *callback,
                                  durable_future **future) {
  dur_scope *s = &ctx->scope;
  durable_future *f = dur_future_new(s);
  int rc = f ? claim_result(s, &f->call, f->call.values, callback)
             : dur_scope_refuse(s, DURABLE_E_NOMEM, NULL);
  return dur_future_start(s, f, rc, future);
}

/* ---- wait_for_callback */

static int claim_wait(dur_scope *s, dur_call *call, durable_values *values,
                      const char *name, durable_submit_fn *submit, void *arg,
                      const durable_callback_config *config) {
  durable_callback_config c;
  durable_retry_policy room;
  const durable_retry_policy *retry;
  if (!submit)
    return dur_scope_refuse(s, DURABLE_E_ARGUMENT,
                            "wait_for_callback needs a submitter");
  if (dur_config_in(&c, sizeof c, config) != 0)
    return dur_scope_refuse(s, DURABLE_E_ABI, NULL);
  dur_call_init(call, s, DUR_CALL_WAIT_FOR_CALLBACK, values, NULL);
  call->fn.submit = submit;
  call->arg = arg;
  call->received = c.serdes;
  int rc = dur_retry_in(s, call, c.retry, &room, &retry);
  if (rc != DURABLE_OK)
    return rc;
  durable_callback_options o = options_of(&c);
  durable_engine *e = dur_claim_begin(s);
  return dur_claim_end(s, call,
                       durable_engine_wait_for_callback(
                           e, s->strand->task, s->id, name, &o, retry));
}

int durable_wait_for_callback(durable_ctx *ctx, const char *name,
                              durable_submit_fn *submit, void *arg,
                              const durable_value **result,
                              const durable_callback_config *config) {
  dur_scope *s = &ctx->scope;
  dur_call call;
  int rc = claim_wait(s, &call, NULL, name, submit, arg, config);
  return dur_call_finish(s, &call, rc, result);
}

int durable_wait_for_callback_start(durable_ctx *ctx, const char *name,
                                    durable_submit_fn *submit, void *arg,
                                    durable_future **future,
                                    const durable_callback_config *config) {
  dur_scope *s = &ctx->scope;
  durable_future *f = dur_future_new(s);
  int rc =
      f ? claim_wait(s, &f->call, f->call.values, name, submit, arg, config)
        : dur_scope_refuse(s, DURABLE_E_NOMEM, NULL);
  return dur_future_start(s, f, rc, future);
}
