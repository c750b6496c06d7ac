/* operation: the API's Operation object, read and written.
 *
 * Invariant: reading allocates only for a string that holds an escape, so the
 * time for an event is that of scanning it.  Callable by core/ and service/. */
#include "wire/operation.h"

#include "wire/put.h"
#include "wire/read.h"

/* What is known only while an object is being read: which details it has. */
typedef struct reading {
  dur_operation op;
  int execution, context, step, wait, callback, invoke;
} reading;

#define DETAIL(kind, object, key, member)                                      \
  DUR_FIELD(kind, object, key, reading, op.member)
#define DETAIL_ERROR(object)                                                   \
  DUR_FIELD_ERROR(object, reading, op.error, op.has_error)

static const dur_field EXECUTION_FIELDS[] = {
    DETAIL(string, "ExecutionDetails.", "InputPayload", input),
};
static const dur_field CONTEXT_FIELDS[] = {
    DETAIL(string, "ContextDetails.", "Result", result),
    DETAIL_ERROR("ContextDetails."),
    DETAIL(flag, "ContextDetails.", "ReplayChildren", replay_children),
};
static const dur_field STEP_FIELDS[] = {
    DETAIL(count, "StepDetails.", "Attempt", attempt),
    DETAIL(time, "StepDetails.", "NextAttemptTimestamp", next_attempt_ms),
    DETAIL(string, "StepDetails.", "Result", result),
    DETAIL_ERROR("StepDetails."),
};
static const dur_field WAIT_FIELDS[] = {
    DETAIL(time, "WaitDetails.", "ScheduledEndTimestamp", scheduled_end_ms),
};
static const dur_field CALLBACK_FIELDS[] = {
    DETAIL(string, "CallbackDetails.", "CallbackId", callback_id),
    DETAIL(string, "CallbackDetails.", "Result", result),
    DETAIL_ERROR("CallbackDetails."),
};
static const dur_field INVOKE_FIELDS[] = {
    DETAIL(string, "ChainedInvokeDetails.", "Result", result),
    DETAIL_ERROR("ChainedInvokeDetails."),
};

#define DETAILS(key, flag, fields)                                             \
  DUR_FIELD_OBJECT("Operation.", key, reading, flag, fields)

static const dur_field OPERATION_FIELDS[] = {
    DETAIL(filled, "Operation.", "Id", id),
    DETAIL(filled, "Operation.", "ParentId", parent_id),
    DETAIL(filled, "Operation.", "Name", name),
    DETAIL(filled, "Operation.", "Type", type_text),
    DETAIL(filled, "Operation.", "SubType", sub_type),
    DETAIL(time, "Operation.", "StartTimestamp", start_ms),
    DETAIL(time, "Operation.", "EndTimestamp", end_ms),
    DETAIL(filled, "Operation.", "Status", status_text),
    DETAILS("StepDetails", step, STEP_FIELDS),
    DETAILS("ContextDetails", context, CONTEXT_FIELDS),
    DETAILS("WaitDetails", wait, WAIT_FIELDS),
    DETAILS("CallbackDetails", callback, CALLBACK_FIELDS),
    DETAILS("ChainedInvokeDetails", invoke, INVOKE_FIELDS),
    DETAILS("ExecutionDetails", execution, EXECUTION_FIELDS),
};

static int details_of_type(const reading *in) {
  switch (in->op.type) {
  case DUR_TYPE_EXECUTION:
    return in->execution;
  case DUR_TYPE_CONTEXT:
    return in->context;
  case DUR_TYPE_STEP:
    return in->step;
  case DUR_TYPE_WAIT:
    return in->wait;
  case DUR_TYPE_CALLBACK:
    return in->callback;
  case DUR_TYPE_CHAINED_INVOKE:
    return in->invoke;
  case DUR_TYPE_OTHER:
    return 0;
  }
  return 0;
}

int dur_read_operation(const dur_reader *r, dur_operation *out) {
  reading in = {0};
  if (dur_read_members(r, DUR_FIELDS(OPERATION_FIELDS), &in) < 0)
    return -1;
  if (in.op.id.data == NULL)
    return dur_read_no(r, "Operation.Id is missing");
  if (in.op.type_text.data == NULL)
    return dur_read_no(r, "Operation.Type is missing");
  if (in.op.status_text.data == NULL)
    return dur_read_no(r, "Operation.Status is missing");
  in.op.type = dur_type_of(in.op.type_text);
  in.op.status = dur_status_of(in.op.status_text);
  in.op.has_details = details_of_type(&in);
  if (in.op.type != DUR_TYPE_OTHER)
    in.op.type_text = DUR_NONE;
  if (in.op.status != DUR_STATUS_OTHER)
    in.op.status_text = DUR_NONE;
  *out = in.op;
  return 0;
}

int dur_operation_read_as(dur_json *json, dur_arena *arena, dur_time_form form,
                          dur_operation *out, const char **why) {
  dur_reader r = {json, arena, why, form};
  if (dur_json_next(json) != DUR_JSON_OBJECT)
    return dur_read_no(&r, "Operation is not an object");
  return dur_read_operation(&r, out);
}

int dur_operation_read(dur_json *json, dur_arena *arena, dur_operation *out,
                       const char **why) {
  return dur_operation_read_as(json, arena, DUR_TIME_MS, out, why);
}

/* ---- writing */

static void put_outcome(dur_put *put, const dur_operation *op) {
  dur_put_text_if(put, "Result", op->result);
  if (op->has_error)
    dur_put_error(put, "Error", &op->error);
}

/* Its Result is null while there is none; others leave theirs out. */
static void put_context(dur_put *put, const dur_operation *op) {
  if (!op->has_details && !op->replay_children && op->result.data == NULL &&
      !op->has_error)
    return;
  dur_put_open(put, "ContextDetails");
  if (op->replay_children)
    dur_put_flag(put, "ReplayChildren", 1);
  if (op->result.data == NULL)
    dur_put_raw(put, "Result", DUR_LIT("null"));
  put_outcome(put, op);
  dur_put_close(put);
}

static void put_step(dur_put *put, const dur_operation *op,
                     dur_time_form form) {
  if (!op->has_details && op->attempt == 0 && op->next_attempt_ms == 0 &&
      op->result.data == NULL && !op->has_error)
    return;
  dur_put_open(put, "StepDetails");
  dur_put_i64(put, "Attempt", op->attempt);
  dur_put_time_if(put, "NextAttemptTimestamp", form, op->next_attempt_ms);
  put_outcome(put, op);
  dur_put_close(put);
}

static void put_callback(dur_put *put, const dur_operation *op) {
  if (op->callback_id.data == NULL && op->result.data == NULL && !op->has_error)
    return;
  dur_put_open(put, "CallbackDetails");
  dur_put_text_if(put, "CallbackId", op->callback_id);
  put_outcome(put, op);
  dur_put_close(put);
}

static void put_invoke(dur_put *put, const dur_operation *op) {
  if (op->result.data == NULL && !op->has_error)
    return;
  dur_put_open(put, "ChainedInvokeDetails");
  put_outcome(put, op);
  dur_put_close(put);
}

static void put_details(dur_put *put, const dur_operation *op,
                        dur_time_form form) {
  switch (op->type) {
  case DUR_TYPE_EXECUTION:
    if (op->input.data == NULL)
      return;
    dur_put_open(put, "ExecutionDetails");
    dur_put_text(put, "InputPayload", op->input);
    dur_put_close(put);
    return;
  case DUR_TYPE_CONTEXT:
    put_context(put, op);
    return;
  case DUR_TYPE_STEP:
    put_step(put, op, form);
    return;
  case DUR_TYPE_WAIT:
    if (op->scheduled_end_ms == 0)
      return;
    dur_put_open(put, "WaitDetails");
    dur_put_time(put, "ScheduledEndTimestamp", form, op->scheduled_end_ms);
    dur_put_close(put);
    return;
  case DUR_TYPE_CALLBACK:
    put_callback(put, op);
    return;
  case DUR_TYPE_CHAINED_INVOKE:
    put_invoke(put, op);
    return;
  case DUR_TYPE_OTHER:
    return;
  }
}

static void put_operation(dur_put *put, const dur_operation *op,
                          dur_time_form form) {
  dur_bytes type = op->type != DUR_TYPE_OTHER
                       ? dur_cstr(dur_type_text(op->type))
                       : op->type_text;
  dur_bytes status = op->status != DUR_STATUS_OTHER
                         ? dur_cstr(dur_status_text(op->status))
                         : op->status_text;
  dur_put_open(put, NULL);
  dur_put_text(put, "Id", op->id);
  dur_put_filled_if(put, "ParentId", op->parent_id);
  dur_put_filled_if(put, "Name", op->name);
  dur_put_text(put, "Type", type);
  dur_put_filled_if(put, "SubType", op->sub_type);
  dur_put_time_if(put, "StartTimestamp", form, op->start_ms);
  dur_put_time_if(put, "EndTimestamp", form, op->end_ms);
  dur_put_text(put, "Status", status);
  put_details(put, op, form);
  dur_put_close(put);
}

void dur_operation_write(dur_json_out *out, const dur_operation *op,
                         dur_time_form form) {
  dur_put put = {.out = out};
  put_operation(&put, op, form);
}

size_t dur_operation_size(const dur_operation *op, dur_time_form form) {
  dur_put put = {0};
  put_operation(&put, op, form);
  return put.size;
}

/* ---- copying */

static int copy(dur_arena *arena, dur_bytes *text) {
  dur_bytes from = *text;
  *text = dur_arena_copy(arena, from);
  return dur_bytes_copied(from, *text);
}

int dur_operation_copy(dur_arena *arena, const dur_operation *from,
                       dur_operation *to) {
  dur_operation op = *from;
  if (!copy(arena, &op.id) || !copy(arena, &op.type_text) ||
      !copy(arena, &op.status_text) || !copy(arena, &op.parent_id) ||
      !copy(arena, &op.name) || !copy(arena, &op.sub_type) ||
      !copy(arena, &op.input) || !copy(arena, &op.result) ||
      !copy(arena, &op.callback_id) ||
      dur_error_copy(arena, &from->error, &op.error) < 0)
    return -1;
  *to = op;
  return 0;
}
