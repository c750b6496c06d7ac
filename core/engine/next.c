/* next: the one verb, and the outcomes of bodies.
 *
 * Each kind answers what its own state machine says; here are only the rules
 * that hold for all: when a task has to unwind, who may be told to RUN, what a
 * park means. */
#include "engine/group.h"

int dur_op_is_mute(const dur_engine *e, const dur_op *op) {
  return e->fatal || e->closed_by_service || op->orphan ||
         (e->stage >= DUR_STAGE_CLOSING && e->outcome == DUR_OUTCOME_PENDING) ||
         dur_ctx_is_mute(op->ctx) ||
         (op->kind == DUR_KIND_CHILD && op->inner && op->inner->left);
}

int dur_op_run(dur_engine *e, dur_op *op, int body, uint32_t attempt) {
  if (e->draining && body != DUR_BODY_PAYLOAD)
    return DUR_SUSPEND;
  op->phase = DUR_PHASE_RUNNING;
  op->cut = 0;
  op->body = (uint8_t)body;
  op->attempt = attempt;
  if (body == DUR_BODY_USER || (body == DUR_BODY_ATTEMPT && attempt == 1))
    dur_note_body_start(e, op);
  return DUR_RUN;
}

int dur_op_next(dur_engine *e, dur_op *op) {
  switch ((dur_op_kind)op->kind) {
  case DUR_KIND_STEP:
    return dur_step_next(e, op);
  case DUR_KIND_WAIT:
    return dur_wait_next(e, op);
  case DUR_KIND_CALLBACK:
    return dur_callback_next(e, op);
  case DUR_KIND_CALLBACK_RESULT:
    return dur_callback_result_next(e, op);
  case DUR_KIND_INVOKE:
    return dur_invoke_next(e, op);
  case DUR_KIND_CONDITION:
    return dur_condition_next(e, op);
  case DUR_KIND_CHILD:
    return dur_child_next(e, op);
  case DUR_KIND_GROUP:
    return dur_group_next(e, op);
  case DUR_KIND_WAIT_FOR_CALLBACK:
    return dur_wfc_next(e, op);
  case DUR_KIND_WITH_RETRY:
    return dur_again_next(e, op);
  case DUR_KIND_COMBINE:
    return dur_combine_next(e, op);
  }
  return DUR_SUSPEND;
}

static int has_body(const dur_op *op) {
  return op->kind != DUR_KIND_WAIT && op->kind != DUR_KIND_CALLBACK &&
         op->kind != DUR_KIND_CALLBACK_RESULT && op->kind != DUR_KIND_INVOKE;
}

void dur_op_look(dur_engine *e, dur_op *op) {
  if (op->phase != DUR_PHASE_SETTLED && !has_body(op))
    dur_op_next(e, op);
}

/* Somebody else drives this operation: only wait for it. */
static int is_driven_by_another(const dur_op *op, const dur_task *task) {
  return has_body(op) && op->runner && op->runner != task &&
         op->runner->state != DUR_TASK_ENDED;
}

static int is_branch(const dur_op *op) {
  return op->kind == DUR_KIND_CHILD && op->u.branch;
}

/* The bodies that |op| was claimed in, up to the start of its strand, are being
 * unwound: whatever they end in is not their outcome. */
static void cut(const dur_task *task, const dur_op *op) {
  if (is_branch(op))
    return;
  for (const dur_ctx *ctx = op->ctx; ctx->owner && ctx != task->ctx;
       ctx = ctx->owner->ctx) {
    dur_op *owner = ctx->owner;
    if (owner->closed)
      break;
    if (owner->phase == DUR_PHASE_RUNNING)
      owner->cut = 1;
    if (is_branch(owner))
      break;
  }
}

void dur_task_cut(dur_task *task) {
  for (dur_op *body = task->bodies; body; body = body->around)
    body->cut = 1;
}

static int suspended(dur_engine *e, dur_task *task, dur_op *op) {
  dur_task_cut(task);
  cut(task, op);
  dur_ctx_after(e, op);
  return DUR_SUSPEND;
}

/* What has to move before |op| can: its inputs, or its own record. */
static int wait_on(dur_engine *e, dur_task *task, dur_op *op) {
  if (op->kind == DUR_KIND_COMBINE && op->phase == DUR_PHASE_CLAIMED)
    for (uint32_t i = 0; i < op->u.combine.count; i++)
      if (op->u.combine.ops[i]->phase != DUR_PHASE_SETTLED &&
          dur_task_wait_on(e, task, op->u.combine.ops[i]) != 0)
        return -1;
  return dur_task_wait_on(e, task, op);
}

/* Leave a waiter that spawns the branch again, and unwind its thread. */
static int give_up(dur_engine *e, dur_task *task, dur_op *op) {
  task->give_up = 1;
  if (task->branch->op->inner)
    task->branch->op->inner->left = 1;
  if (wait_on(e, task, op) != 0)
    return DUR_SUSPEND;
  return suspended(e, task, op);
}

static int park(dur_engine *e, dur_task *task, dur_op *op) {
  if (e->draining) {
    /* a step that waits for a START which is not written any more */
    int kept =
        op->kind == DUR_KIND_STEP && dur_op_recorded(op) != DUR_STATUS_PENDING;
    dur_task_drained(e, task, kept);
    (void)wait_on(e, task, op);
    return suspended(e, task, op);
  }
  if (dur_group_should_give_up(e, task, op))
    return give_up(e, task, op);
  if (wait_on(e, task, op) != 0)
    return DUR_SUSPEND;
  dur_task_park(e, task);
  return DUR_PARK;
}

static int done(dur_engine *e, dur_op *op) {
  dur_ctx *ctx = op->ctx;
  (void)e;
  dur_ctx_after(e, op);
  if (op->entry && op->entry->known && op->entry->op.end_ms > ctx->now_ms)
    ctx->now_ms = op->entry->op.end_ms;
  return DUR_DONE;
}

int dur_next(dur_engine *e, dur_task *task, dur_op *op) {
  if (task->state != DUR_TASK_RUNNABLE)
    dur_task_idle(e, task, 0);
  if (e->fatal || e->stage >= DUR_STAGE_CLOSING || task->give_up ||
      op->orphan || dur_ctx_is_mute(op->ctx))
    return suspended(e, task, op);
  if (op->phase == DUR_PHASE_SETTLED)
    return done(e, op);
  if (is_driven_by_another(op, task))
    return park(e, task, op);
  if (op->phase == DUR_PHASE_RUNNING)
    return dur_refuse_bytes(e, DUR_E_STATE, "operation ", op->id,
                            " was answered RUN: its outcome is owed");
  if (has_body(op))
    op->runner = task;
  int answer = op->phase == DUR_PHASE_DECIDE    ? DUR_DECIDE
               : op->phase == DUR_PHASE_SUMMARY ? DUR_SUMMARY
                                                : dur_op_next(e, op);
  if (e->fatal)
    return suspended(e, task, op);
  if (answer == DUR_DONE || op->phase == DUR_PHASE_SETTLED)
    return done(e, op);
  if (answer == DUR_SUSPEND) {
    if (e->draining)
      dur_task_drained(e, task, 1);
    return suspended(e, task, op);
  }
  if (answer == DUR_RUN) {
    op->around = task->bodies;
    task->bodies = op;
  }
  return answer == DUR_PARK ? park(e, task, op) : answer;
}

/* ---- acknowledgements */

void dur_op_acked(dur_engine *e, dur_op *op, dur_action action) {
  if (action == DUR_ACTION_START)
    op->start_acked = 1;
  switch ((dur_op_kind)op->kind) {
  case DUR_KIND_STEP:
  case DUR_KIND_CONDITION:
    dur_step_acked(e, op, action);
    break;
  case DUR_KIND_CHILD:
  case DUR_KIND_GROUP:
  case DUR_KIND_WAIT_FOR_CALLBACK:
  case DUR_KIND_WITH_RETRY:
  case DUR_KIND_COMBINE:
    dur_context_acked(e, op, action);
    break;
  default:
    break;
  }
}

/* ---- outcomes */

static int expect(dur_engine *e, const dur_op *op, dur_phase phase,
                  const char *what) {
  if (op->phase == phase)
    return 0;
  return dur_refuse(e, DUR_E_STATE, what,
                    " needs an operation that was "
                    "answered ",
                    phase == DUR_PHASE_RUNNING  ? "RUN"
                    : phase == DUR_PHASE_DECIDE ? "DECIDE"
                                                : "SUMMARY",
                    NULL);
}

/* The body's outcome is dropped; should the operation be driven again (its
 * branch gets another thread), it starts over. */
static int drop(dur_op *op) {
  op->phase = DUR_PHASE_CLAIMED;
  if (op->kind == DUR_KIND_WITH_RETRY) {
    if (op->u.again.attempt)
      op->u.again.attempt->phase = DUR_PHASE_CLAIMED;
    op->u.again.attempt = NULL;
    op->u.again.backoff = NULL;
  }
  if (op->kind == DUR_KIND_WAIT_FOR_CALLBACK && op->u.wfc.step &&
      op->u.wfc.step->phase == DUR_PHASE_RUNNING)
    op->u.wfc.step->phase = DUR_PHASE_CLAIMED;
  return 0;
}

/* The body is over, one way or another. */
static void leave(dur_op *op) {
  dur_op **at = op->runner ? &op->runner->bodies : NULL;
  while (at && *at && *at != op)
    at = &(*at)->around;
  if (at && *at)
    *at = op->around;
}

/* The outcome may not be written, or is none. */
static int is_void(const dur_engine *e, const dur_op *op) {
  return op->cut || dur_op_is_mute(e, op);
}

/* The attempt's own context, which takes the outcome first; or NULL. */
static dur_op *own_context(const dur_op *op) {
  return op->kind == DUR_KIND_WITH_RETRY ? op->u.again.attempt : NULL;
}

static int is_submitter(const dur_op *op) {
  return op->kind == DUR_KIND_WAIT_FOR_CALLBACK &&
         op->body == DUR_BODY_SUBMITTER;
}

static int check_sent(dur_engine *e, dur_bytes payload) {
  if (payload.len <= DUR_PAYLOAD_MAX)
    return 0;
  return dur_refuse(e, DUR_E_LIMIT, "a payload has at most 6,291,456 bytes",
                    NULL);
}

/* What a context ends in need not fit one update: of a large one only a summary
 * is sent. */
static int check_result(dur_engine *e, const dur_op *op, dur_bytes payload) {
  if (op->kind == DUR_KIND_STEP || op->kind == DUR_KIND_CONDITION ||
      is_submitter(op))
    return check_sent(e, payload);
  if (payload.len <= DUR_EVENT_BYTES_MAX)
    return 0;
  return dur_refuse(e, DUR_E_LIMIT, "a context's result has at most 64 MiB",
                    NULL);
}

/* Who a body's start was noted for: a submitter is the step inside; a group is
 * one body, from its first branch to its payload. */
static void note_end(dur_engine *e, const dur_op *op, const dur_error *error) {
  if (is_submitter(op))
    dur_note_body_end(e, op->u.wfc.step, error);
  else if (op->body != DUR_BODY_PAYLOAD || op->kind == DUR_KIND_GROUP)
    dur_note_body_end(e, op, error);
}

int dur_op_succeed(dur_engine *e, dur_op *op, dur_bytes payload) {
  dur_bytes copy;
  int rc = expect(e, op, DUR_PHASE_RUNNING, "op_succeed");
  if (rc == 0)
    rc = check_result(e, op, payload);
  if (rc != 0)
    return rc;
  leave(op);
  note_end(e, op, NULL);
  if (is_void(e, op))
    return drop(op);
  if (payload.data == op->composed.data && payload.data)
    copy = op->composed;
  else if (dur_keep(e, payload, &copy) != 0)
    return DUR_E_NOMEM;
  if (is_submitter(op)) {
    op->phase = DUR_PHASE_CLAIMED;
    return dur_step_succeed(e, op->u.wfc.step, copy);
  }
  if (own_context(op)) {
    op->phase = DUR_PHASE_CLAIMED;
    return dur_context_succeed(e, own_context(op), copy);
  }
  switch ((dur_op_kind)op->kind) {
  case DUR_KIND_STEP:
    return dur_step_succeed(e, op, copy);
  case DUR_KIND_CONDITION:
    return dur_condition_succeed(e, op, copy);
  case DUR_KIND_WITH_RETRY:
    return dur_again_succeed(e, op, copy);
  default:
    return dur_context_succeed(e, op, copy);
  }
}

static int fail(dur_engine *e, dur_op *op, int retryable) {
  if (is_submitter(op)) {
    dur_op *step = op->u.wfc.step;
    step->error = op->error;
    op->phase = DUR_PHASE_CLAIMED;
    return dur_step_fail(e, step, retryable);
  }
  if (own_context(op)) {
    own_context(op)->error = op->error;
    op->u.again.final = !retryable;
    op->phase = DUR_PHASE_CLAIMED;
    return dur_context_fail(e, own_context(op), DUR_ERR_CHILD);
  }
  switch ((dur_op_kind)op->kind) {
  case DUR_KIND_STEP:
    return dur_step_fail(e, op, retryable);
  case DUR_KIND_CONDITION:
    return dur_condition_fail(e, op);
  case DUR_KIND_WITH_RETRY:
    return dur_again_fail(e, op, retryable);
  default:
    return dur_context_fail(e, op, DUR_ERR_CHILD);
  }
}

int dur_op_fail(dur_engine *e, dur_op *op, dur_bytes error, int retryable) {
  int deciding =
      op->kind == DUR_KIND_CONDITION && op->phase == DUR_PHASE_DECIDE;
  int rc = deciding ? 0 : expect(e, op, DUR_PHASE_RUNNING, "op_fail");
  if (rc == 0)
    rc = dur_op_take_error(e, op, error);
  if (rc != 0)
    return rc;
  leave(op);
  if (!deciding)
    note_end(e, op, &op->error);
  return is_void(e, op) ? drop(op) : fail(e, op, retryable);
}

int dur_op_abandon(dur_engine *e, dur_op *op, int retry_invocation) {
  int rc = op->phase == DUR_PHASE_DECIDE || op->phase == DUR_PHASE_SUMMARY
               ? 0
               : expect(e, op, DUR_PHASE_RUNNING, "op_abandon");
  if (rc != 0)
    return rc;
  leave(op);
  drop(op);
  if (retry_invocation)
    dur_latch(e, DUR_E_FATAL, 1, "InvocationError",
              DUR_LIT("a body asked for the invocation to be retried"));
  return 0;
}

int dur_op_decide(dur_engine *e, dur_op *op, int decision, int64_t delay_s) {
  int rc = expect(e, op, DUR_PHASE_DECIDE, "op_decide");
  if (rc != 0)
    return rc;
  if (dur_op_is_mute(e, op))
    return drop(op);
  switch ((dur_op_kind)op->kind) {
  case DUR_KIND_STEP:
    return dur_step_decide(e, op, decision, delay_s);
  case DUR_KIND_CONDITION:
    return dur_condition_decide(e, op, decision, delay_s);
  case DUR_KIND_WITH_RETRY:
    return dur_again_decide(e, op, decision, delay_s);
  case DUR_KIND_WAIT_FOR_CALLBACK:
    op->phase = DUR_PHASE_CLAIMED;
    return dur_step_decide(e, op->u.wfc.step, decision, delay_s);
  default:
    return dur_group_decide(e, op, decision);
  }
}

int dur_op_summary(dur_engine *e, dur_op *op, dur_bytes text) {
  dur_bytes copy;
  int rc = expect(e, op, DUR_PHASE_SUMMARY, "op_summary");
  if (rc == 0)
    rc = check_sent(e, text);
  if (rc != 0)
    return rc;
  if (dur_op_is_mute(e, op))
    return drop(op);
  if (dur_keep(e, text, &copy) != 0)
    return DUR_E_NOMEM;
  return op->kind == DUR_KIND_GROUP ? dur_group_summary(e, op, copy)
                                    : dur_context_summary(e, op, copy);
}
