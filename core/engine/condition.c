/* condition: a check that is polled until the user's strategy says stop.
 *
 * On the wire it is a STEP whose RETRY carries the state instead of an error.
 * A check that fails is not tried again. */
#include "engine/internal.h"

static int start(dur_engine *e, dur_op *op) {
  if (op->started || e->draining || dur_op_is_mute(e, op))
    return 0;
  dur_node *node = dur_update_new(e, op, DUR_TYPE_STEP, DUR_ACTION_START);
  if (!node)
    return e->fatal;
  op->started = 1;
  dur_update_push(e, node);
  return 0;
}

/* The state on record, before a START can take it from there. */
static void take_state(dur_op *op) {
  if (op->entry && op->entry->known && op->entry->op.result.len)
    op->state = op->entry->op.result;
}

int dur_condition_claim(dur_engine *e, dur_ctx *ctx, dur_bytes name,
                        dur_bytes state, const dur_retry *pace, dur_op **out) {
  dur_claim claim = {DUR_KIND_CONDITION, DUR_TYPE_STEP, "WaitForCondition",
                     name, 0};
  dur_bytes initial;
  if (dur_keep(e, state, &initial) != 0)
    return DUR_E_NOMEM;
  int rc = dur_claim_op(e, ctx, &claim, out);
  if (rc != 0)
    return rc;
  dur_op *op = *out;
  op->retry = pace;
  if (!op->state.data) /* claimed again, it keeps what it came to */
    op->state = initial;
  take_state(op);
  if (op->entry &&
      (!op->entry->known || op->entry->op.status == DUR_STATUS_READY))
    return start(e, op);
  return 0;
}

int dur_condition_next(dur_engine *e, dur_op *op) {
  dur_status status = dur_op_recorded(op);
  if (op->phase == DUR_PHASE_WAITING)
    return DUR_PARK;
  if (dur_status_is_terminal(status)) {
    dur_settle_recorded(e, op, DUR_ERR_CONDITION);
    return DUR_DONE;
  }
  if (status == DUR_STATUS_PENDING) {
    dur_timer_arm(e, op, op->entry->op.next_attempt_ms);
    return DUR_PARK;
  }
  take_state(op);
  if (status != DUR_STATUS_STARTED && start(e, op) != 0)
    return DUR_SUSPEND;
  uint32_t completed = op->entry->known ? op->entry->op.attempt : 0;
  return dur_op_run(e, op, DUR_BODY_USER, completed + 1);
}

int dur_condition_succeed(dur_engine *e, dur_op *op, dur_bytes payload) {
  (void)e;
  op->result = payload;
  op->phase = DUR_PHASE_DECIDE;
  return 0;
}

int dur_condition_fail(dur_engine *e, dur_op *op) {
  dur_node *node = dur_update_new(e, op, DUR_TYPE_STEP, DUR_ACTION_FAIL);
  if (!node)
    return e->fatal;
  node->update.error = op->error;
  node->update.has_error = 1;
  op->phase = DUR_PHASE_WAITING;
  dur_update_push(e, node);
  return 0;
}

static int exhausted(dur_engine *e, dur_op *op) {
  dur_buf_reset(&e->text);
  dur_buf_str(&e->text, "wait_for_condition exhausted ");
  dur_buf_u64(&e->text, op->retry->max_attempts);
  dur_buf_str(&e->text, " attempts before the condition was met");
  op->error = (dur_error){.type = dur_error_type(e, "WaitForConditionError")};
  if (dur_keep(e, dur_text(e), &op->error.message) != 0)
    return DUR_E_NOMEM;
  return dur_condition_fail(e, op);
}

int dur_condition_decide(dur_engine *e, dur_op *op, int decision,
                         int64_t delay_s) {
  int64_t delay = delay_s < 1 ? 1 : delay_s;
  if (decision && op->retry->kind != DUR_BACKOFF_CALLER) {
    delay = dur_retry_delay(op->retry, op->attempt, dur_prng_unit(&e->prng));
    if (delay < 0)
      return exhausted(e, op);
  }
  dur_node *node = dur_update_new(
      e, op, DUR_TYPE_STEP, decision ? DUR_ACTION_RETRY : DUR_ACTION_SUCCEED);
  if (!node)
    return e->fatal;
  node->update.payload = op->result;
  if (decision) {
    node->update.has_step = 1;
    node->update.next_attempt_delay_s = delay;
    op->state = op->result;
  }
  op->phase = DUR_PHASE_WAITING;
  dur_update_push(e, node);
  return 0;
}
