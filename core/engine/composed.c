/* composed: wait_for_callback and with_retry, made of simpler operations.
 *
 * The caller drives one handle; the inner operations are claimed here, in the
 * context of the composed one, in an order that never changes.  An inner
 * operation that moves on wakes whoever waits for the composed one (op->outer).
 */
#include "engine/internal.h"

/* The inner name for |what|, in e->text until the next composition. */
static dur_bytes inner_name(dur_engine *e, const dur_op *op, dur_inner what,
                            uint64_t n) {
  dur_buf_reset(&e->text);
  if (!dur_dialect_inner_name(e->set.dialect, &e->text, what, op->name, n))
    return DUR_NONE;
  return dur_text(e);
}

void dur_composed_need(dur_engine *e, dur_op *op) {
  dur_op *parts[2] = {0};
  if (op->kind == DUR_KIND_WAIT_FOR_CALLBACK) {
    parts[0] = op->u.wfc.callback;
    parts[1] = op->u.wfc.step;
  } else if (op->kind == DUR_KIND_WITH_RETRY) {
    parts[0] = op->u.again.backoff;
    parts[1] = op->u.again.attempt;
  }
  for (int i = 0; i < 2; i++)
    if (parts[i])
      dur_queue_need(e, parts[i]);
}

static int close_failed(dur_engine *e, dur_op *op, const dur_op *inner) {
  op->error = inner->error;
  op->error.type = dur_error_type(e, dur_error_kind_name(inner->error_kind));
  dur_error_kind kind = inner->kind == DUR_KIND_STEP
                            ? DUR_ERR_CALLBACK_SUBMITTER
                            : (dur_error_kind)inner->error_kind;
  return dur_context_fail(e, op, kind) != 0 ? DUR_SUSPEND : DUR_PARK;
}

/* ---- wait_for_callback */

int dur_wfc_claim(dur_engine *e, dur_ctx *ctx, const dur_leaf_spec *spec,
                  int64_t timeout_s, int64_t heartbeat_s,
                  const dur_retry *submitter, dur_op **out) {
  dur_claim claim = {DUR_KIND_WAIT_FOR_CALLBACK, DUR_TYPE_CONTEXT,
                     "WaitForCallback", spec->name, 0};
  int rc = dur_claim_op(e, ctx, &claim, out);
  if (rc != 0)
    return rc;
  dur_op *op = *out;
  if (op->u.wfc.callback || dur_status_is_terminal(dur_op_recorded(op)))
    return 0;
  op->retry = submitter;
  if (dur_context_start(e, op) != 0 || dur_context_open(e, op) != 0)
    return e->fatal;
  dur_leaf_spec inner = {inner_name(e, op, DUR_INNER_CALLBACK, 0),
                         spec->sub_type};
  rc = dur_callback_claim(e, op->inner, &inner, timeout_s, heartbeat_s,
                          &op->u.wfc.callback);
  if (rc == 0)
    op->u.wfc.callback->outer = op;
  return rc;
}

/* The class under which a stored failure of the context surfaces. */
static dur_error_kind recorded_kind(const dur_op *op) {
  dur_error_kind kind = dur_error_kind_of(op->entry->op.error.type);
  if (op->entry->op.status != DUR_STATUS_FAILED)
    return DUR_ERR_CHILD;
  if (kind == DUR_ERR_STEP)
    return DUR_ERR_CALLBACK_SUBMITTER;
  return kind >= DUR_ERR_CALLBACK && kind <= DUR_ERR_CALLBACK_SUBMITTER
             ? kind
             : DUR_ERR_CHILD;
}

static int claim_submitter(dur_engine *e, dur_op *op) {
  dur_op **step = &op->u.wfc.step;
  dur_leaf_spec inner = {inner_name(e, op, DUR_INNER_SUBMITTER, 0), NULL};
  int rc = dur_step_claim(e, op->inner, &inner, 0, op->retry, step);
  if (rc == 0)
    (*step)->outer = op;
  return rc;
}

static int submit(dur_engine *e, dur_op *op) {
  if (!op->u.wfc.step && claim_submitter(e, op) != 0)
    return DUR_SUSPEND;
  dur_op *step = op->u.wfc.step;
  int answer = step->phase == DUR_PHASE_SETTLED  ? DUR_DONE
               : step->phase == DUR_PHASE_DECIDE ? DUR_DECIDE
                                                 : dur_op_next(e, step);
  if (answer == DUR_RUN) {
    op->phase = DUR_PHASE_RUNNING;
    op->cut = 0;
    op->body = DUR_BODY_SUBMITTER;
    op->attempt = step->attempt;
  } else if (answer == DUR_DECIDE) {
    op->phase = DUR_PHASE_DECIDE;
  } else if (answer == DUR_DONE) {
    dur_ctx_after(e, step);
  }
  return answer;
}

static int receive(dur_engine *e, dur_op *op) {
  dur_op **result = &op->u.wfc.result;
  if (!*result && dur_callback_result_claim(e, op->u.wfc.callback, result) != 0)
    return DUR_SUSPEND;
  (*result)->outer = op;
  if ((*result)->phase != DUR_PHASE_SETTLED &&
      dur_callback_result_next(e, *result) == DUR_PARK)
    return DUR_PARK;
  if ((*result)->status != DUR_STATUS_SUCCEEDED)
    return close_failed(e, op, *result);
  op->state = (*result)->result;
  return dur_op_run(e, op, DUR_BODY_PAYLOAD, 0);
}

int dur_wfc_next(dur_engine *e, dur_op *op) {
  if (op->phase == DUR_PHASE_WAITING)
    return DUR_PARK;
  if (dur_status_is_terminal(dur_op_recorded(op)) && !op->unacked) {
    dur_settle_recorded(e, op, recorded_kind(op));
    return DUR_DONE;
  }
  dur_op *callback = op->u.wfc.callback;
  if (!callback)
    return DUR_SUSPEND;
  if (callback->phase != DUR_PHASE_SETTLED) {
    if (dur_callback_next(e, callback) == DUR_PARK)
      return DUR_PARK;
    dur_ctx_after(e, callback);
  }
  if (callback->status != DUR_STATUS_SUCCEEDED)
    return close_failed(e, op, callback);
  int answer = submit(e, op);
  if (answer != DUR_DONE)
    return answer;
  if (op->u.wfc.step->status != DUR_STATUS_SUCCEEDED)
    return close_failed(e, op, op->u.wfc.step);
  return receive(e, op);
}

/* ---- with_retry */

int dur_again_claim(dur_engine *e, dur_ctx *ctx, const dur_child_spec *spec,
                    int unwrapped, const dur_retry *retry, dur_op **out) {
  dur_buf_reset(&e->text);
  int named = dur_dialect_inner_name(e->set.dialect, &e->text, DUR_INNER_RETRY,
                                     spec->name, 0);
  dur_claim claim = {
      DUR_KIND_WITH_RETRY, DUR_TYPE_CONTEXT,
      spec->sub_type.data ? spec->sub_type.data
                          : dur_dialect_retry_sub_type(e->set.dialect),
      named ? dur_text(e) : DUR_NONE, spec->is_virtual || unwrapped};
  int rc = unwrapped ? dur_claim_at(e, ctx, &claim, DUR_NONE, 0, out)
                     : dur_claim_op(e, ctx, &claim, out);
  if (rc != 0)
    return rc;
  dur_op *op = *out;
  op->retry = retry;
  op->has_summary = spec->has_summary != 0;
  op->u.again.unwrapped = unwrapped != 0;
  if (unwrapped)
    op->inner = ctx;
  else if (dur_context_start(e, op) != 0)
    return e->fatal;
  return 0;
}

/* May the failed attempt be followed by another?  Of one that failed in an
 * earlier invocation only what followed it tells. */
static int was_retryable(dur_engine *e, const dur_op *op) {
  dur_bytes next;
  if (!op->u.again.attempt->replayed)
    return !op->u.again.final;
  if (dur_ctx_peek(e, op->inner, &next) != 0)
    return 1;
  const dur_entry *entry = dur_entry_find(e, next);
  return !entry || !entry->known ||
         (entry->op.type == DUR_TYPE_WAIT &&
          dur_bytes_eq(entry->op.name,
                       inner_name(e, op, DUR_INNER_BACKOFF, op->attempt)));
}

/* The attempt as a context of its own: drive it, then take its outcome. */
static int wrapped(dur_engine *e, dur_op *op) {
  dur_op *child = op->u.again.attempt;
  int answer =
      child->phase == DUR_PHASE_SETTLED ? DUR_DONE : dur_child_next(e, child);
  if (answer == DUR_RUN) {
    op->phase = DUR_PHASE_RUNNING;
    op->cut = 0;
    op->body = DUR_BODY_ATTEMPT;
    return DUR_RUN;
  }
  if (answer != DUR_DONE)
    return answer;
  dur_ctx_after(e, child);
  int retryable = was_retryable(e, op);
  op->u.again.attempt = NULL;
  op->error = child->error;
  int rc = child->status == DUR_STATUS_SUCCEEDED
               ? dur_again_succeed(e, op, child->result)
               : dur_again_fail(e, op, retryable);
  if (rc != 0)
    return DUR_SUSPEND;
  return op->phase == DUR_PHASE_CLAIMED  ? dur_again_next(e, op)
         : op->phase == DUR_PHASE_DECIDE ? DUR_DECIDE
                                         : DUR_PARK;
}

static int claim_attempt(dur_engine *e, dur_op *op, uint32_t n) {
  dur_child_spec spec = {.name = inner_name(e, op, DUR_INNER_ATTEMPT, n)};
  if (dur_child_claim(e, op->inner, &spec, &op->u.again.attempt) != 0)
    return DUR_SUSPEND;
  op->u.again.attempt->outer = op;
  op->u.again.final = 0;
  op->attempt = n;
  return wrapped(e, op);
}

static int attempt(dur_engine *e, dur_op *op, uint32_t n) {
  if (e->draining)
    return DUR_SUSPEND; /* and no id is taken for what will not run */
  if (n == 1 && !op->u.again.unwrapped && dur_context_open(e, op) != 0)
    return DUR_SUSPEND;
  return dur_dialect_wraps_attempts(e->set.dialect)
             ? claim_attempt(e, op, n)
             : dur_op_run(e, op, DUR_BODY_ATTEMPT, n);
}

int dur_again_next(dur_engine *e, dur_op *op) {
  dur_status status = dur_op_recorded(op);
  dur_op *backoff = op->u.again.backoff;
  if (op->phase == DUR_PHASE_WAITING)
    return DUR_PARK;
  if (dur_status_is_terminal(status) && !op->rebuild) {
    if (status != DUR_STATUS_SUCCEEDED || !op->entry->op.replay_children) {
      dur_settle_recorded(e, op, DUR_ERR_CHILD);
      return DUR_DONE;
    }
    op->rebuild = 1;
  }
  if (op->u.again.attempt)
    return wrapped(e, op);
  if (!backoff)
    return attempt(e, op, 1);
  if (backoff->phase != DUR_PHASE_SETTLED &&
      dur_wait_next(e, backoff) == DUR_PARK)
    return DUR_PARK;
  dur_ctx_after(e, backoff);
  op->u.again.backoff = NULL;
  return attempt(e, op, op->attempt + 1);
}

int dur_again_succeed(dur_engine *e, dur_op *op, dur_bytes payload) {
  if (!op->u.again.unwrapped)
    return dur_context_succeed(e, op, payload);
  dur_settle_ok(e, op, payload);
  return 0;
}

static int back_off(dur_engine *e, dur_op *op, int64_t delay_s) {
  dur_op **wait = &op->u.again.backoff;
  int rc = dur_wait_claim(e, op->inner,
                          inner_name(e, op, DUR_INNER_BACKOFF, op->attempt),
                          delay_s < 1 ? 1 : delay_s, wait);
  if (rc != 0)
    return rc;
  (*wait)->outer = op;
  op->phase = DUR_PHASE_CLAIMED;
  return 0;
}

static int give_up(dur_engine *e, dur_op *op) {
  if (!op->u.again.unwrapped)
    return dur_context_fail(e, op, DUR_ERR_CHILD);
  dur_error_kind kind = dur_error_kind_of(op->error.type);
  dur_settle_error(e, op, DUR_STATUS_FAILED, kind ? kind : DUR_ERR_OPERATION,
                   &op->error);
  return 0;
}

int dur_again_fail(dur_engine *e, dur_op *op, int retryable) {
  if (!retryable)
    return give_up(e, op);
  if (op->retry->kind == DUR_BACKOFF_CALLER) {
    op->phase = DUR_PHASE_DECIDE;
    return 0;
  }
  int64_t delay =
      dur_retry_delay(op->retry, op->attempt, dur_prng_unit(&e->prng));
  return delay < 0 ? give_up(e, op) : back_off(e, op, delay);
}

int dur_again_decide(dur_engine *e, dur_op *op, int decision, int64_t delay_s) {
  return decision ? back_off(e, op, delay_s) : give_up(e, op);
}
