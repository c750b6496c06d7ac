/* body: what RUN asks for: the user's function, and its outcome. */
#include <string.h>

#include "frontend/drive.h"
#include "frontend/failure.h"
#include "frontend/filter.h"
#include "frontend/plugin.h"
#include "frontend/scope.h"
#include "frontend/serdes.h"

/* What the engine says of the body that it wants run. */
typedef struct facts {
  int body, attempt;
  durable_ctx_id ctx;
  durable_bytes callback_id, state;
} facts;

static void look(dur_run *run, const dur_call *call, facts *f) {
  durable_engine *e = durable_host_enter(run->host);
  f->body = durable_engine_op_body(e, call->op);
  f->attempt = durable_engine_op_attempt(e, call->op);
  f->ctx = durable_engine_op_ctx(e, call->op);
  f->callback_id = durable_engine_op_callback_id(e, call->op);
  f->state = durable_engine_op_state(e, call->op);
  durable_host_leave(run->host);
}

/* ---- calling the user */

typedef struct user_body {
  dur_call *call;
  const facts *facts;
  dur_scope *scope;
  const durable_value *result;
} user_body;

static durable_ctx *as_ctx(dur_scope *scope) {
  return (durable_ctx *)(void *)scope;
}

static durable_step_ctx *as_step(dur_scope *scope) {
  return (durable_step_ctx *)(void *)scope;
}

static int call_branch(user_body *b) {
  const dur_plan *plan = b->call->plan;
  uint32_t i = b->call->index;
  if (plan->branches)
    return plan->branches[i].fn(as_ctx(b->scope), plan->branches[i].arg,
                                &b->result);
  return plan->map(as_ctx(b->scope), plan->items ? plan->items[i] : NULL, i,
                   plan->arg, &b->result);
}

static int call_submitter(user_body *b) {
  const char *id =
      durable_values_keep(b->scope->space->values, b->facts->callback_id).data;
  if (!id)
    return DURABLE_E_NOMEM;
  return b->call->fn.submit(as_step(b->scope), id, b->call->arg);
}

static int call_check(user_body *b) {
  const durable_value *state;
  dur_fault fault;
  if (dur_deserialize(b->scope->run, b->call->op, b->call->serdes,
                      b->scope->space->values, b->facts->state, &state,
                      &fault) != DURABLE_OK)
    return dur_scope_fail(b->scope, DURABLE_E_SERDES, fault.failure);
  return b->call->fn.check(as_step(b->scope), state, b->call->arg, &b->result);
}

static int call_user(void *arg) {
  user_body *b = arg;
  dur_call *call = b->call;
  switch (call->kind) {
  case DUR_CALL_STEP:
    return call->fn.step(as_step(b->scope), call->arg, &b->result);
  case DUR_CALL_WAIT_FOR_CALLBACK:
    return call_submitter(b);
  case DUR_CALL_CONDITION:
    return call_check(b);
  case DUR_CALL_CHILD:
    return call->fn.child(as_ctx(b->scope), call->arg, &b->result);
  case DUR_CALL_WITH_RETRY:
    return call->fn.attempt(as_ctx(b->scope), b->facts->attempt, call->arg,
                            &b->result);
  case DUR_CALL_BRANCH:
    return call_branch(b);
  default:
    return DURABLE_E_STATE;
  }
}

/* A step, a check or a submitter: nothing durable is done inside. */
static int is_attempt(const dur_call *call) {
  return call->kind == DUR_CALL_STEP || call->kind == DUR_CALL_CONDITION ||
         call->kind == DUR_CALL_WAIT_FOR_CALLBACK;
}

/* ---- giving the outcome */

static int give_failure(user_body *b, const durable_failure *failure,
                        int retryable) {
  return dur_give_failure(b->scope->run, b->call->op, failure, retryable);
}

static int give_refused(user_body *b, int code) {
  if (durable_error_is_fatal(code))
    return code;
  return give_failure(b,
                      dur_failure_of_code(b->scope->space->values, code,
                                          "the result is too large to be "
                                          "stored"),
                      0);
}

/* A virtual context's value goes up as it is. */
static int give_raw(user_body *b) {
  b->call->raw = b->result;
  b->call->ran_raw = 1;
  return dur_give_payload(b->scope->run, b->call->op, (durable_bytes){NULL, 0});
}

static int give_result(user_body *b) {
  dur_call *call = b->call;
  durable_bytes payload;
  dur_fault fault;
  const durable_serdes *serdes =
      call->kind == DUR_CALL_BRANCH ? call->plan->item_serdes : call->serdes;
  if (call->is_raw)
    return give_raw(b);
  if (dur_serialize(b->scope->run, call->op, serdes, b->scope->space->values,
                    b->result, &payload, &fault) != DURABLE_OK)
    return give_failure(b, fault.failure, fault.retryable);
  if (call->summary && payload.len > DUR_INLINE_MAX)
    call->large = durable_values_keep(call->values, payload);
  int rc = dur_give_payload(b->scope->run, call->op, payload);
  return rc == DURABLE_OK ? rc : give_refused(b, rc);
}

static int give(user_body *b, int code) {
  dur_scope *scope = b->scope;
  if (scope->strand->suspended)
    return dur_give_nothing(scope->run, b->call->op, 0);
  if (code != DURABLE_OK && scope->retry_invocation)
    return dur_give_nothing(scope->run, b->call->op, 1);
  if (code == DURABLE_OK)
    code = durable_values_status(scope->space->values);
  if (code == DURABLE_OK)
    return give_result(b);
  const durable_failure *failure = dur_scope_failure(scope, code);
  return give_failure(b, failure, dur_filter_passes(&b->call->only, failure));
}

/* ---- the door */

int dur_body_run(dur_strand *strand, dur_call *call) {
  facts f;
  dur_scope scope;
  look(strand->run, call, &f);
  if (f.body == DURABLE_BODY_PAYLOAD)
    return dur_payload_run(strand, call);
  int has_attempt = is_attempt(call) || call->kind == DUR_CALL_WITH_RETRY;
  if (dur_scope_init(&scope, strand->run, strand, f.ctx > 0 ? f.ctx : call->ctx,
                     call, has_attempt ? f.attempt : 0) != DURABLE_OK)
    return dur_give_failure(strand->run, call->op, &dur_failure_no_memory, 1);
  user_body b = {.call = call, .facts = &f, .scope = &scope};
  int code =
      dur_wrap(&scope, is_attempt(call) ? DUR_WRAP_ATTEMPT : DUR_WRAP_CHILD,
               call_user, &b);
  int rc = give(&b, code);
  if (call->ran_raw && rc == DURABLE_OK)
    dur_space_keep(strand->run, call->space, dur_space_hold(scope.space));
  dur_scope_end(&scope);
  return rc;
}
