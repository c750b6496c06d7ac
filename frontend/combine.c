/* combine: waiting for futures, and the combinators over them. */
#include <string.h>

#include "frontend/claim.h"
#include "frontend/future.h"
#include "frontend/scope.h"

/* ---- await */

int durable_await(durable_ctx *ctx, durable_future *future,
                  const durable_value **result) {
  dur_scope *s = &ctx->scope;
  if (result)
    *result = NULL;
  if (!future)
    return dur_scope_refuse(s, DURABLE_E_ARGUMENT, "there is no future");
  int rc =
      dur_call_answer(s, &future->call, dur_future_await(s->strand, future));
  if (rc == DURABLE_OK && result)
    *result = future->call.value;
  return rc;
}

int durable_await_batch(durable_ctx *ctx, durable_future *future,
                        const durable_batch **batch) {
  dur_scope *s = &ctx->scope;
  if (batch)
    *batch = NULL;
  if (future && future->call.kind != DUR_CALL_GROUP)
    return dur_scope_refuse(s, DURABLE_E_ARGUMENT,
                            "the future is not of a map or parallel");
  int rc = durable_await(ctx, future, NULL);
  if (rc == DURABLE_OK && batch)
    *batch = future->call.batch;
  return rc;
}

/* ---- combinators */

static durable_op_id claim_op(dur_scope *s, dur_call *call, const char *name,
                              durable_op_id *ops) {
  for (size_t i = 0; i < call->count; i++)
    ops[i] = call->inputs[i]->call.op;
  return durable_engine_combine(s->run->engine, s->strand->task, s->id, name,
                                call->mode, ops, call->count);
}

static int claim_combine(dur_scope *s, dur_call *call, durable_values *values,
                         const char *name, int mode,
                         durable_future *const *futures, size_t count,
                         const durable_combine_config *config) {
  durable_combine_config c;
  if (dur_config_in(&c, sizeof c, config) != 0)
    return dur_scope_refuse(s, DURABLE_E_ABI, NULL);
  dur_call_init(call, s, DUR_CALL_COMBINE, values, c.serdes);
  for (size_t i = 0; i < count; i++)
    if (!futures || !futures[i])
      return dur_scope_refuse(s, DURABLE_E_ARGUMENT, "a future is NULL");
  durable_future **inputs =
      durable_values_alloc(call->values, (count + 1) * sizeof *inputs);
  durable_op_id *ops =
      durable_values_alloc(call->values, (count + 1) * sizeof *ops);
  if (!inputs || !ops)
    return dur_scope_refuse(s, DURABLE_E_NOMEM, NULL);
  if (count)
    memcpy(inputs, futures, count * sizeof *inputs);
  call->inputs = inputs;
  call->count = count;
  call->mode = mode;
  (void)dur_claim_begin(s);
  return dur_claim_end(s, call, claim_op(s, call, name, ops));
}

static int combine(durable_ctx *ctx, const char *name, int mode,
                   durable_future *const *futures, size_t count,
                   const durable_value **result,
                   const durable_combine_config *config) {
  dur_scope *s = &ctx->scope;
  dur_call call;
  int rc = claim_combine(s, &call, NULL, name, mode, futures, count, config);
  return dur_call_finish(s, &call, rc, result);
}

int durable_all(durable_ctx *ctx, const char *name,
                durable_future *const *futures, size_t count,
                const durable_value **result,
                const durable_combine_config *config) {
  return combine(ctx, name, DURABLE_COMBINE_ALL, futures, count, result,
                 config);
}

int durable_settled(durable_ctx *ctx, const char *name,
                    durable_future *const *futures, size_t count,
                    const durable_value **result,
                    const durable_combine_config *config) {
  return combine(ctx, name, DURABLE_COMBINE_SETTLED, futures, count, result,
                 config);
}

int durable_any(durable_ctx *ctx, const char *name,
                durable_future *const *futures, size_t count,
                const durable_value **result,
                const durable_combine_config *config) {
  return combine(ctx, name, DURABLE_COMBINE_ANY, futures, count, result,
                 config);
}

int durable_race(durable_ctx *ctx, const char *name,
                 durable_future *const *futures, size_t count,
                 const durable_value **result,
                 const durable_combine_config *config) {
  return combine(ctx, name, DURABLE_COMBINE_RACE, futures, count, result,
                 config);
}

int durable_combine_start(durable_ctx *ctx, const char *name, int mode,
                          durable_future *const *futures, size_t count,
                          durable_future **future,
                          const durable_combine_config *config) {
  dur_scope *s = &ctx->scope;
  durable_future *f = dur_future_new(s);
  int rc = f ? claim_combine(s, &f->call, f->call.values, name, mode, futures,
                             count, config)
             : dur_scope_refuse(s, DURABLE_E_NOMEM, NULL);
  return dur_future_start(s, f, rc, future);
}
