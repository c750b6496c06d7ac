/* step: one body, tried until it succeeds or its policy gives up.
 *
 *   on record     at least once            at most once
 *   nothing       START held, RUN          START on record, RUN
 *   READY         START held, RUN          START on record, RUN
 *   STARTED       RUN, no START            interrupted: a failed attempt
 *   PENDING       PARK until the service makes it READY
 *   SUCCEEDED     DONE                     FAILED and the others: StepError */
#include "engine/internal.h"

static void start(dur_engine *e, dur_op *op) {
  dur_status status = dur_op_recorded(op);
  if (op->started || e->draining || dur_op_is_mute(e, op) ||
      (status != DUR_STATUS_OTHER && status != DUR_STATUS_READY))
    return;
  if (op->entry->known && status == DUR_STATUS_OTHER)
    return; /* a status newer than this library: the service knows better */
  dur_node *node = dur_update_new(e, op, DUR_TYPE_STEP, DUR_ACTION_START);
  if (!node)
    return;
  op->started = 1;
  op->start_acked = 0;
  dur_update_push(e, node);
}

int dur_step_claim(dur_engine *e, dur_ctx *ctx, const dur_leaf_spec *spec,
                   int at_most_once, const dur_retry *retry, dur_op **out) {
  dur_claim claim = {DUR_KIND_STEP, DUR_TYPE_STEP,
                     spec->sub_type ? spec->sub_type : "Step", spec->name, 0};
  int rc = dur_claim_op(e, ctx, &claim, out);
  if (rc != 0)
    return rc;
  (*out)->at_most_once = at_most_once != 0;
  (*out)->retry = retry;
  start(e, *out);
  return 0;
}

/* Queue RETRY after |delay_s|, or FAIL when it is negative. */
static int end_attempt(dur_engine *e, dur_op *op, int64_t delay_s) {
  dur_action action = delay_s < 0 ? DUR_ACTION_FAIL : DUR_ACTION_RETRY;
  dur_node *node = dur_update_new(e, op, DUR_TYPE_STEP, action);
  if (!node)
    return e->fatal;
  node->update.error = op->error;
  node->update.has_error = 1;
  if (delay_s >= 0) {
    node->update.has_step = 1;
    node->update.next_attempt_delay_s = delay_s < 1 ? 1 : delay_s;
  }
  op->phase = DUR_PHASE_WAITING;
  dur_update_push(e, node);
  return 0;
}

int dur_step_fail(dur_engine *e, dur_op *op, int retryable) {
  if (!retryable)
    return end_attempt(e, op, -1);
  if (op->retry->kind == DUR_BACKOFF_CALLER) {
    op->phase = DUR_PHASE_DECIDE;
    return 0;
  }
  double u = dur_prng_unit(&e->prng);
  return end_attempt(e, op, dur_retry_delay(op->retry, op->attempt, u));
}

int dur_step_decide(dur_engine *e, dur_op *op, int decision, int64_t delay_s) {
  int64_t delay = delay_s < 1 ? 1 : delay_s;
  return end_attempt(e, op, decision ? delay : -1);
}

int dur_step_succeed(dur_engine *e, dur_op *op, dur_bytes payload) {
  dur_node *node = dur_update_new(e, op, DUR_TYPE_STEP, DUR_ACTION_SUCCEED);
  if (!node)
    return e->fatal;
  op->result = payload;
  node->update.payload = payload;
  op->phase = DUR_PHASE_WAITING;
  dur_update_push(e, node);
  return 0;
}

/* Its START was on record before this invocation: the body may have run. */
static int interrupted(dur_engine *e, dur_op *op) {
  dur_bytes text;
  dur_buf_reset(&e->text);
  dur_buf_str(&e->text, "Step operation_id=");
  dur_buf_bytes(&e->text, op->id);
  dur_buf_str(&e->text, " name=");
  dur_buf_bytes(&e->text, op->name.len ? op->name : DUR_LIT("None"));
  dur_buf_str(&e->text, " was previously interrupted");
  if (dur_keep(e, dur_text(e), &text) != 0)
    return DUR_SUSPEND;
  op->attempt = op->entry->op.attempt + 1;
  op->error = (dur_error){.message = text,
                          .type = dur_error_type(e, "StepInterruptedError")};
  if (dur_op_is_mute(e, op) || e->draining || dur_step_fail(e, op, 1) != 0)
    return DUR_SUSPEND;
  return op->phase == DUR_PHASE_DECIDE ? DUR_DECIDE : DUR_PARK;
}

static int run(dur_engine *e, dur_op *op) {
  uint32_t completed = op->entry->known ? op->entry->op.attempt : 0;
  return dur_op_run(e, op, DUR_BODY_USER, completed + 1);
}

int dur_step_next(dur_engine *e, dur_op *op) {
  dur_status status = dur_op_recorded(op);
  if (op->phase == DUR_PHASE_WAITING)
    return DUR_PARK;
  if (dur_status_is_terminal(status)) {
    dur_settle_recorded(e, op, DUR_ERR_STEP);
    return DUR_DONE;
  }
  if (status == DUR_STATUS_PENDING) {
    dur_timer_arm(e, op, op->entry->op.next_attempt_ms);
    return DUR_PARK;
  }
  if (status == DUR_STATUS_STARTED && !op->started)
    return op->at_most_once ? interrupted(e, op) : run(e, op);
  start(e, op);
  if (!op->at_most_once || (op->start_acked && status == DUR_STATUS_STARTED))
    return run(e, op);
  if (!op->start_acked)
    return DUR_PARK;
  dur_buf_reset(&e->text);
  dur_settle_invalid(e, op, "Unexpected status after START checkpoint: None");
  return DUR_DONE;
}

/* The attempt was given up and the service was told: the next one starts anew.
 */
static void retried(dur_engine *e, dur_op *op) {
  op->phase = DUR_PHASE_CLAIMED;
  op->started = 0;
  op->start_acked = 0;
  op->refreshes = 0;
  if (dur_op_recorded(op) == DUR_STATUS_OTHER ||
      (dur_op_recorded(op) == DUR_STATUS_STARTED && !op->entry->changed))
    dur_journal_set_status(e, op->entry, DUR_STATUS_PENDING);
}

void dur_step_acked(dur_engine *e, dur_op *op, dur_action action) {
  switch (action) {
  case DUR_ACTION_START:
    op->start_acked = 1;
    break;
  case DUR_ACTION_SUCCEED:
    dur_settle_ok(e, op, op->result);
    break;
  case DUR_ACTION_FAIL:
    dur_settle_error(e, op, DUR_STATUS_FAILED,
                     op->kind == DUR_KIND_CONDITION ? DUR_ERR_CONDITION
                                                    : DUR_ERR_STEP,
                     &op->error);
    break;
  case DUR_ACTION_RETRY:
    retried(e, op);
    break;
  default:
    break;
  }
}
