/* settle: the end of an operation, and the error objects that it may end with.
 *
 * Invariant: an operation settles once; its result, status and error never
 * change afterwards. */
#include <string.h>

#include "engine/internal.h"

static const char *const kind_names[] = {
    [DUR_ERR_NONE] = "",
    [DUR_ERR_OPERATION] = "DurableOperationError",
    [DUR_ERR_STEP] = "StepError",
    [DUR_ERR_INVOKE] = "InvokeError",
    [DUR_ERR_CHILD] = "ChildContextError",
    [DUR_ERR_CONDITION] = "WaitForConditionError",
    [DUR_ERR_CALLBACK] = "CallbackError",
    [DUR_ERR_CALLBACK_EXTERNAL] = "CallbackExternalError",
    [DUR_ERR_CALLBACK_TIMEOUT] = "CallbackTimeoutError",
    [DUR_ERR_CALLBACK_SUBMITTER] = "CallbackSubmitterError",
    [DUR_ERR_COMBINATOR] = "PromiseCombinatorError",
    [DUR_ERR_INVALID_STATE] = "InvalidStateError",
};

const char *dur_error_kind_name(dur_error_kind kind) {
  if (kind < DUR_ERR_OPERATION || kind > DUR_ERR_INVALID_STATE)
    return "";
  return kind_names[kind];
}

/* The name of a class without what qualifies it in any dialect. */
static dur_bytes bare(dur_bytes type) {
  for (int d = 0; d < DUR_DIALECTS; d++) {
    dur_bytes before = dur_dialect_errors(dur_dialect_get(d));
    if (before.len && type.len > before.len &&
        memcmp(type.data, before.data, before.len) == 0)
      return (dur_bytes){type.data + before.len, type.len - before.len};
  }
  return type;
}

dur_error_kind dur_error_kind_of(dur_bytes type) {
  type = bare(type);
  for (int k = DUR_ERR_OPERATION; k <= DUR_ERR_INVALID_STATE; k++)
    if (dur_bytes_is(type, kind_names[k]))
      return (dur_error_kind)k;
  return DUR_ERR_NONE;
}

dur_bytes dur_error_type(dur_engine *e, const char *name) {
  dur_bytes before = dur_dialect_errors(e->set.dialect);
  dur_bytes bare_name = dur_cstr(name);
  if (!e->set.qualified_errors || !before.len)
    return bare_name;
  char *type = dur_arena_alloc(&e->arena, before.len + bare_name.len + 1);
  if (!type) {
    dur_oom(e);
    return bare_name;
  }
  memcpy(type, before.data, before.len);
  memcpy(type + before.len, name, bare_name.len + 1);
  return (dur_bytes){type, before.len + bare_name.len};
}

int dur_keep(dur_engine *e, dur_bytes bytes, dur_bytes *out) {
  *out = dur_arena_copy(&e->arena, bytes);
  return dur_bytes_copied(bytes, *out) ? 0 : dur_oom(e);
}

dur_status dur_op_recorded(const dur_op *op) {
  return op->entry && op->entry->known ? op->entry->op.status
                                       : DUR_STATUS_OTHER;
}

static void settle(dur_engine *e, dur_op *op, dur_status status) {
  if (op->phase == DUR_PHASE_SETTLED)
    return;
  op->phase = DUR_PHASE_SETTLED;
  op->status = (uint8_t)status;
  op->settle_number = ++e->settled;
  if (e->draining) /* whoever waited for it was told to unwind */
    e->cut_short = 1;
  if (op->kind == DUR_KIND_CHILD && op->u.branch)
    dur_group_branch_settled(e, op->u.branch);
  dur_op_wake(e, op);
}

void dur_settle_ok(dur_engine *e, dur_op *op, dur_bytes result) {
  if (op->phase == DUR_PHASE_SETTLED)
    return;
  op->result = result;
  settle(e, op, DUR_STATUS_SUCCEEDED);
}

void dur_settle_error(dur_engine *e, dur_op *op, dur_status status,
                      dur_error_kind kind, const dur_error *error) {
  if (op->phase == DUR_PHASE_SETTLED)
    return;
  op->result = DUR_NONE; /* of an earlier check or attempt */
  op->error = *error;
  op->error_kind = (uint8_t)kind;
  if (dur_error_json(e, error, &op->error_json) != 0)
    return;
  settle(e, op, status);
}

void dur_settle_recorded(dur_engine *e, dur_op *op, dur_error_kind kind) {
  const dur_operation *was = &op->entry->op;
  dur_error error = was->error;
  if (was->status == DUR_STATUS_SUCCEEDED) {
    dur_settle_ok(e, op, was->result);
    return;
  }
  if (!was->has_error) {
    error = (dur_error){
        .message = DUR_LIT("Unknown error. No ErrorObject exists on the "
                           "Checkpoint Operation."),
        .type = was->status == DUR_STATUS_FAILED
                    ? dur_error_type(e, dur_error_kind_name(kind))
                    : dur_cstr(dur_status_text(was->status))};
  } else if (!error.type.data) {
    error.type = was->status == DUR_STATUS_FAILED
                     ? dur_error_type(e, dur_error_kind_name(kind))
                     : dur_cstr(dur_status_text(was->status));
  }
  dur_settle_error(e, op, was->status, kind, &error);
}

void dur_settle_invalid(dur_engine *e, dur_op *op, const char *message) {
  dur_error error = {.message = dur_cstr(message),
                     .type = dur_error_type(e, "InvalidStateError")};
  dur_settle_error(e, op, DUR_STATUS_FAILED, DUR_ERR_INVALID_STATE, &error);
}

int dur_error_json(dur_engine *e, const dur_error *error, dur_bytes *out) {
  dur_json_out json;
  dur_buf_reset(&e->text);
  dur_json_out_init(&json, &e->text, 0);
  dur_error_write(&json, error);
  if (e->text.failed)
    return dur_oom(e);
  return dur_keep(e, dur_text(e), out);
}

int dur_op_take_error(dur_engine *e, dur_op *op, dur_bytes json) {
  const char *why = NULL;
  dur_bytes copy;
  if (dur_keep(e, json, &copy) != 0)
    return DUR_E_NOMEM;
  dur_error error = {0};
  if (json.len && dur_error_parse(copy, &e->arena, &error, &why) < 0)
    return dur_refuse(e, DUR_E_ARGUMENT, "not an ErrorObject: ", why, NULL);
  if (dur_error_truncate(&e->arena, &error, DUR_ERROR_ROOM) != 0)
    return dur_oom(e);
  op->error = error;
  return 0;
}
