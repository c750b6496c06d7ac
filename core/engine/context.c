/* context: what all operations with a CONTEXT record share, and the plain
 * child.
 *
 * A CONTEXT is opened by a held START, closed by SUCCEED or FAIL.  Closing
 * makes orphans of everything below: their updates are refused from then on and
 * their parked tasks are told to unwind.  A virtual context has an id but no
 * record. */
#include "engine/group.h"

int dur_context_start(dur_engine *e, dur_op *op) {
  if (op->started || op->is_virtual || op->entry->known ||
      dur_op_is_mute(e, op))
    return 0;
  dur_node *node = dur_update_new(e, op, DUR_TYPE_CONTEXT, DUR_ACTION_START);
  if (!node)
    return e->fatal;
  op->started = 1;
  dur_update_push(e, node);
  return 0;
}

enum { PATH_BYTES_MAX = 65536 };

/* The path is the same however often the context is opened. */
static int make_path(dur_engine *e, const dur_op *op, dur_bytes *out) {
  int is_branch = op->kind == DUR_KIND_CHILD && op->u.branch;
  dur_buf_reset(&e->text);
  if (is_branch)
    dur_dialect_branch_path(e->set.dialect, &e->text, op->ctx->path,
                            (uint32_t)op->number, op->id);
  else
    dur_dialect_child_path(e->set.dialect, &e->text, op->ctx->path, op->number,
                           op->id);
  if (e->text.failed == DUR_BUF_TOO_LARGE || e->text.len > PATH_BYTES_MAX)
    return dur_latch(e, DUR_E_LIMIT, 0, "ExecutionError",
                     DUR_LIT("contexts are nested too deeply"));
  if (e->text.failed)
    return dur_oom(e);
  return dur_keep(e, dur_text(e), out);
}

/* A body that is run again in one invocation replays what it did before; one
 * that is on record replays with its context; another has nothing to replay. */
static int starts_replaying(const dur_op *op) {
  if (op->inner)
    return 1;
  return op->ctx->replaying && (op->is_virtual || op->entry->known);
}

int dur_context_open(dur_engine *e, dur_op *op) {
  dur_bytes path = op->inner ? op->inner->path : DUR_NONE;
  if (!path.data && make_path(e, op, &path) != 0)
    return e->fatal;
  dur_bytes parent = op->is_virtual ? op->ctx->parent_id : op->id;
  dur_ctx *inner = dur_ctx_make(e, op, path, parent, starts_replaying(op));
  if (!inner)
    return e->fatal;
  op->inner = inner;
  return 0;
}

void dur_context_close(dur_engine *e, dur_op *op) {
  op->closed = 1;
  for (dur_task *task = e->live; task; task = task->next) {
    const dur_ctx *ctx = task->branch ? task->branch->op->ctx : task->ctx;
    if (ctx && task->state != DUR_TASK_RUNNABLE && dur_ctx_is_dead(ctx))
      dur_task_wake(e, task);
  }
}

static int succeed(dur_engine *e, dur_op *op, dur_bytes payload) {
  dur_node *node = dur_update_new(e, op, DUR_TYPE_CONTEXT, DUR_ACTION_SUCCEED);
  if (!node)
    return e->fatal;
  node->update.payload = payload;
  node->update.has_context = 1;
  node->update.replay_children = op->large;
  op->phase = DUR_PHASE_WAITING;
  dur_update_push(e, node);
  return 0;
}

int dur_context_succeed(dur_engine *e, dur_op *op, dur_bytes payload) {
  op->result = payload;
  dur_context_close(e, op);
  if (op->rebuild || op->is_virtual) {
    dur_note_context_end(e, op);
    dur_settle_ok(e, op, payload);
    return 0;
  }
  if (payload.len <= DUR_RESULT_MAX)
    return succeed(e, op, payload);
  op->large = 1;
  if (!op->has_summary)
    return op->kind == DUR_KIND_GROUP ? dur_group_summary(e, op, DUR_NONE)
           : op->kind == DUR_KIND_COMBINE
               ? dur_combine_summary(e, op)
               : dur_context_summary(e, op, DUR_LIT(""));
  op->phase = DUR_PHASE_SUMMARY;
  return 0;
}

int dur_context_summary(dur_engine *e, dur_op *op, dur_bytes text) {
  return succeed(e, op, text.data ? text : DUR_LIT(""));
}

int dur_context_fail(dur_engine *e, dur_op *op, dur_error_kind kind) {
  op->error_kind = (uint8_t)kind;
  dur_context_close(e, op);
  if (op->rebuild || op->is_virtual) {
    dur_note_context_end(e, op);
    dur_settle_error(e, op, DUR_STATUS_FAILED, kind, &op->error);
    return 0;
  }
  dur_node *node = dur_update_new(e, op, DUR_TYPE_CONTEXT, DUR_ACTION_FAIL);
  if (!node)
    return e->fatal;
  node->update.error = op->error;
  node->update.has_error = 1;
  op->phase = DUR_PHASE_WAITING;
  dur_update_push(e, node);
  return 0;
}

void dur_context_acked(dur_engine *e, dur_op *op, dur_action action) {
  if (action == DUR_ACTION_SUCCEED)
    dur_settle_ok(e, op, op->result);
  else if (action == DUR_ACTION_FAIL)
    dur_settle_error(e, op, DUR_STATUS_FAILED, op->error_kind, &op->error);
}

/* ---- run_in_child_context, and the branches of a group */

int dur_child_claim(dur_engine *e, dur_ctx *ctx, const dur_child_spec *spec,
                    dur_op **out) {
  dur_claim claim = {DUR_KIND_CHILD, DUR_TYPE_CONTEXT,
                     spec->sub_type.data ? spec->sub_type.data
                                         : "RunInChildContext",
                     spec->name, spec->is_virtual};
  int rc = dur_claim_op(e, ctx, &claim, out);
  if (rc != 0)
    return rc;
  (*out)->has_summary = spec->has_summary != 0;
  return dur_context_start(e, *out) ? e->fatal : 0;
}

int dur_child_next(dur_engine *e, dur_op *op) {
  dur_status status = dur_op_recorded(op);
  if (op->phase == DUR_PHASE_WAITING)
    return DUR_PARK;
  if (dur_status_is_terminal(status)) {
    if (status != DUR_STATUS_SUCCEEDED || !op->entry->op.replay_children) {
      dur_settle_recorded(e, op, DUR_ERR_CHILD);
      return DUR_DONE;
    }
    op->rebuild = 1;
  }
  if (e->draining)
    return DUR_SUSPEND;
  if (dur_context_start(e, op) != 0 || dur_context_open(e, op) != 0)
    return DUR_SUSPEND;
  return dur_op_run(e, op, DUR_BODY_USER, op->entry->known ? 0 : 1);
}
