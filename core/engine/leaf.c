/* leaf: operations without a body: wait, callback, its result, chained invoke.
 *
 * Their START is queued by the claim.  Each is settled by its record; until
 * then it parks.  A START that was accepted without a record is an error of the
 * service. */
#include "engine/internal.h"

static const char no_record[] =
    "Invalid CheckResult state: neither terminal nor ready to execute";

/* A node for the START, or NULL when none is due. */
static dur_node *start(dur_engine *e, dur_op *op, dur_type type) {
  if (op->started || op->entry->known || dur_op_is_mute(e, op))
    return NULL;
  dur_node *node = dur_update_new(e, op, type, DUR_ACTION_START);
  if (node)
    op->started = 1;
  return node;
}

/* PARK, or DONE when the START was answered without a record. */
static int parked(dur_engine *e, dur_op *op) {
  if (!op->start_acked || op->entry->known)
    return DUR_PARK;
  dur_settle_invalid(e, op, no_record);
  return DUR_DONE;
}

/* ---- wait */

int dur_wait_claim(dur_engine *e, dur_ctx *ctx, dur_bytes name, int64_t seconds,
                   dur_op **out) {
  dur_claim claim = {DUR_KIND_WAIT, DUR_TYPE_WAIT, "Wait", name, 0};
  int rc = dur_claim_op(e, ctx, &claim, out);
  if (rc != 0)
    return rc;
  (*out)->u.seconds = seconds;
  dur_node *node = start(e, *out, DUR_TYPE_WAIT);
  if (!node)
    return 0;
  node->update.has_wait = 1;
  node->update.wait_s = seconds;
  dur_update_push(e, node);
  return 0;
}

int dur_wait_next(dur_engine *e, dur_op *op) {
  if (dur_status_is_terminal(dur_op_recorded(op))) {
    dur_settle_recorded(e, op, DUR_ERR_OPERATION);
    return DUR_DONE;
  }
  if (op->entry->known)
    dur_timer_arm(e, op, op->entry->op.scheduled_end_ms);
  return parked(e, op);
}

/* ---- callback */

int dur_callback_claim(dur_engine *e, dur_ctx *ctx, const dur_leaf_spec *spec,
                       int64_t timeout_s, int64_t heartbeat_s, dur_op **out) {
  dur_claim claim = {DUR_KIND_CALLBACK, DUR_TYPE_CALLBACK,
                     spec->sub_type ? spec->sub_type : "Callback", spec->name,
                     0};
  int rc = dur_claim_op(e, ctx, &claim, out);
  if (rc != 0)
    return rc;
  dur_node *node = start(e, *out, DUR_TYPE_CALLBACK);
  if (!node)
    return 0;
  node->update.has_callback = 1;
  node->update.timeout_s = timeout_s;
  node->update.heartbeat_timeout_s = heartbeat_s;
  dur_update_push(e, node);
  return 0;
}

int dur_callback_next(dur_engine *e, dur_op *op) {
  if (!op->entry->known)
    return parked(e, op);
  if (op->entry->op.callback_id.len) {
    dur_settle_ok(e, op, DUR_NONE);
    return DUR_DONE;
  }
  dur_buf_reset(&e->text);
  dur_buf_str(&e->text, "Missing callback details for operation: ");
  dur_buf_bytes(&e->text, op->id);
  dur_error error = {.type = dur_error_type(e, "CallbackError")};
  if (dur_keep(e, dur_text(e), &error.message) == 0)
    dur_settle_error(e, op, DUR_STATUS_FAILED, DUR_ERR_CALLBACK, &error);
  return DUR_DONE;
}

/* ---- the callback's outcome */

int dur_callback_result_claim(dur_engine *e, dur_op *callback, dur_op **out) {
  dur_claim claim = {.kind = DUR_KIND_CALLBACK_RESULT,
                     .type = DUR_TYPE_CALLBACK,
                     .name = callback->name};
  int rc = dur_claim_at(e, callback->ctx, &claim, DUR_NONE, 0, out);
  if (rc != 0)
    return rc;
  (*out)->u.result_of.callback = callback;
  (*out)->entry = callback->entry;
  (*out)->id = callback->id;
  (*out)->replayed = callback->replayed;
  return 0;
}

int dur_callback_result_next(dur_engine *e, dur_op *op) {
  const dur_operation *was = &op->entry->op;
  dur_status status = dur_op_recorded(op);
  if (!dur_status_is_terminal(status))
    return DUR_PARK;
  if (status == DUR_STATUS_SUCCEEDED) {
    dur_settle_ok(e, op, was->result);
    return DUR_DONE;
  }
  int late = status == DUR_STATUS_TIMED_OUT;
  dur_error_kind kind =
      late ? DUR_ERR_CALLBACK_TIMEOUT : DUR_ERR_CALLBACK_EXTERNAL;
  dur_error error = was->error;
  if (error.message.len == 0)
    error.message =
        late ? DUR_LIT("Callback timed out") : DUR_LIT("Callback failed");
  error.type = dur_error_type(e, dur_error_kind_name(kind));
  dur_settle_error(e, op, status, kind, &error);
  return DUR_DONE;
}

/* ---- chained invoke */

int dur_invoke_claim(dur_engine *e, dur_ctx *ctx, const dur_invoke_spec *spec,
                     dur_op **out) {
  dur_claim claim = {DUR_KIND_INVOKE, DUR_TYPE_CHAINED_INVOKE, "ChainedInvoke",
                     spec->name, 0};
  int rc = dur_claim_op(e, ctx, &claim, out);
  if (rc != 0)
    return rc;
  dur_node *node = start(e, *out, DUR_TYPE_CHAINED_INVOKE);
  if (!node)
    return 0;
  node->update.has_invoke = 1;
  if (dur_keep(e, spec->function, &node->update.function_name) != 0 ||
      dur_keep(e, spec->tenant, &node->update.tenant_id) != 0 ||
      dur_keep(e, spec->trace_id, &node->update.trace_id) != 0 ||
      dur_keep(e, spec->payload, &node->update.payload) != 0)
    return DUR_E_NOMEM;
  dur_update_push(e, node);
  return 0;
}

int dur_invoke_next(dur_engine *e, dur_op *op) {
  if (!dur_status_is_terminal(dur_op_recorded(op)))
    return parked(e, op);
  dur_settle_recorded(e, op, DUR_ERR_INVOKE);
  return DUR_DONE;
}
