/* claim: see claim.h. */
#include "frontend/claim.h"

#include <stdio.h>

#include "frontend/drive.h"
#include "frontend/filter.h"
#include "frontend/future.h"
#include "frontend/plan.h"
#include "frontend/scope.h"
#include "host/look.h"

void dur_call_init(dur_call *call, dur_scope *scope, dur_call_kind kind,
                   durable_values *values, const durable_serdes *serdes) {
  *call = (dur_call){.kind = kind,
                     .space = scope->space,
                     .ctx = scope->id,
                     .values = values ? values : scope->space->values,
                     .at_once = !values,
                     .serdes = serdes ? serdes : scope->run->handler.serdes};
}

durable_engine *dur_claim_begin(dur_scope *scope) {
  return durable_host_enter(scope->run->host);
}

int dur_claim_end(dur_scope *scope, dur_call *call, durable_op_id op) {
  char message[512] = "";
  if (op < 0)
    snprintf(message, sizeof message, "%s",
             durable_engine_error(scope->run->engine));
  if (call->at_once && op >= 0)
    dur_host_looked(scope->run->host); /* the drive starts what is to be */
  else
    durable_host_leave(scope->run->host);
  if (op < 0)
    return dur_scope_refuse(scope, op, message);
  call->op = op;
  return DURABLE_OK;
}

int dur_retry_in(dur_scope *scope, dur_call *call, const durable_retry *from,
                 durable_retry_policy *room, const durable_retry_policy **use) {
  durable_retry *r = &call->retry;
  *use = NULL;
  if (dur_config_in(r, sizeof *r, from) != 0 ||
      dur_config_in(&call->only, sizeof call->only, r->only) != 0)
    return dur_scope_refuse(scope, DURABLE_E_ABI, NULL);
  const char *wrong = dur_filter_check(&call->only, scope->space->values);
  if (r->decide && (r->preset || r->policy))
    wrong = "a retry has a policy or a function, not both";
  *room = (durable_retry_policy)DURABLE_RETRY_POLICY_INIT;
  if (!wrong && r->preset && durable_retry_preset(r->preset, room) < 0)
    wrong = "there is no retry preset of that name";
  if (wrong)
    return dur_scope_refuse(scope, DURABLE_E_ARGUMENT, wrong);
  if (r->decide)
    room->kind = DURABLE_BACKOFF_CALLER;
  *use = r->decide || r->preset ? room : r->policy;
  return DURABLE_OK;
}

int dur_call_answer(dur_scope *scope, const dur_call *call, int rc) {
  if (rc == DURABLE_OK)
    return rc;
  if (rc == DURABLE_FAILED)
    return dur_scope_fail(scope, rc, call->failure);
  if (rc < 0)
    rc = dur_scope_refuse(scope, rc, NULL);
  if (rc == DURABLE_SUSPENDED) {
    if (call->plan)
      dur_plan_join(call->plan);
    dur_future_join(scope->run, scope->space);
  }
  return rc;
}

int dur_call_finish(dur_scope *scope, dur_call *call, int rc,
                    const durable_value **result) {
  if (result)
    *result = NULL;
  if (rc != DURABLE_OK)
    return rc;
  rc = dur_call_answer(scope, call, dur_drive(scope->strand, call));
  if (rc == DURABLE_OK && result)
    *result = call->value;
  return rc;
}
