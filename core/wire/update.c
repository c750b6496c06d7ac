/* update: the API's OperationUpdate object, written, measured and read.
 *
 * Invariant: dur_update_size and dur_update_write take the same walk, so a
 * batch measured with the one is as long as the other writes it.  The engine
 * writes updates, the service reads them. */
#include "wire/update.h"

#include "wire/put.h"
#include "wire/read.h"

/* ---- writing */

static void put_options(dur_put *put, const dur_update *u) {
  if (u->has_context) {
    dur_put_open(put, "ContextOptions");
    dur_put_flag(put, "ReplayChildren", u->replay_children);
    dur_put_close(put);
  }
  if (u->has_step) {
    dur_put_open(put, "StepOptions");
    dur_put_i64(put, "NextAttemptDelaySeconds", u->next_attempt_delay_s);
    dur_put_close(put);
  }
  if (u->has_wait) {
    dur_put_open(put, "WaitOptions");
    dur_put_i64(put, "WaitSeconds", u->wait_s);
    dur_put_close(put);
  }
  if (u->has_callback) {
    dur_put_open(put, "CallbackOptions");
    dur_put_i64(put, "TimeoutSeconds", u->timeout_s);
    dur_put_i64(put, "HeartbeatTimeoutSeconds", u->heartbeat_timeout_s);
    dur_put_close(put);
  }
  if (u->has_invoke) {
    dur_put_open(put, "ChainedInvokeOptions");
    dur_put_text(put, "FunctionName", u->function_name);
    dur_put_text_if(put, "TenantId", u->tenant_id);
    dur_put_text_if(put, "XAmznTraceId", u->trace_id);
    dur_put_close(put);
  }
}

static void put_update(dur_put *put, const dur_update *u) {
  dur_bytes type = u->type != DUR_TYPE_OTHER ? dur_cstr(dur_type_text(u->type))
                                             : u->type_text;
  dur_bytes action = u->action != DUR_ACTION_OTHER
                         ? dur_cstr(dur_action_text(u->action))
                         : u->action_text;
  dur_put_open(put, NULL);
  dur_put_text(put, "Id", u->id);
  dur_put_text(put, "Type", type);
  dur_put_text(put, "Action", action);
  dur_put_filled_if(put, "ParentId", u->parent_id);
  dur_put_filled_if(put, "Name", u->name);
  dur_put_filled_if(put, "SubType", u->sub_type);
  dur_put_text_if(put, "Payload", u->payload);
  if (u->has_error)
    dur_put_error(put, "Error", &u->error);
  put_options(put, u);
  dur_put_close(put);
}

void dur_update_write(dur_json_out *out, const dur_update *update) {
  dur_put put = {.out = out};
  put_update(&put, update);
}

size_t dur_update_size(const dur_update *update) {
  dur_put put = {0};
  put_update(&put, update);
  return put.size;
}

/* ---- reading */

#define OPTION(kind, object, key, member)                                      \
  DUR_FIELD(kind, object, key, dur_update, member)

static const dur_field CONTEXT_FIELDS[] = {
    OPTION(flag, "ContextOptions.", "ReplayChildren", replay_children),
};
static const dur_field STEP_FIELDS[] = {
    OPTION(whole, "StepOptions.", "NextAttemptDelaySeconds",
           next_attempt_delay_s),
};
static const dur_field WAIT_FIELDS[] = {
    OPTION(whole, "WaitOptions.", "WaitSeconds", wait_s),
};
static const dur_field CALLBACK_FIELDS[] = {
    OPTION(whole, "CallbackOptions.", "TimeoutSeconds", timeout_s),
    OPTION(whole, "CallbackOptions.", "HeartbeatTimeoutSeconds",
           heartbeat_timeout_s),
};
static const dur_field INVOKE_FIELDS[] = {
    OPTION(string, "ChainedInvokeOptions.", "FunctionName", function_name),
    OPTION(string, "ChainedInvokeOptions.", "TenantId", tenant_id),
    OPTION(string, "ChainedInvokeOptions.", "XAmznTraceId", trace_id),
};

#define OPTIONS(key, flag, fields)                                             \
  DUR_FIELD_OBJECT("OperationUpdate.", key, dur_update, flag, fields)

static const dur_field UPDATE_FIELDS[] = {
    OPTION(filled, "OperationUpdate.", "Id", id),
    OPTION(filled, "OperationUpdate.", "Type", type_text),
    OPTION(filled, "OperationUpdate.", "Action", action_text),
    OPTION(filled, "OperationUpdate.", "ParentId", parent_id),
    OPTION(filled, "OperationUpdate.", "Name", name),
    OPTION(filled, "OperationUpdate.", "SubType", sub_type),
    OPTION(string, "OperationUpdate.", "Payload", payload),
    DUR_FIELD_ERROR("OperationUpdate.", dur_update, error, has_error),
    OPTIONS("ContextOptions", has_context, CONTEXT_FIELDS),
    OPTIONS("StepOptions", has_step, STEP_FIELDS),
    OPTIONS("WaitOptions", has_wait, WAIT_FIELDS),
    OPTIONS("CallbackOptions", has_callback, CALLBACK_FIELDS),
    OPTIONS("ChainedInvokeOptions", has_invoke, INVOKE_FIELDS),
};

int dur_read_update(const dur_reader *r, dur_update *out) {
  *out = (dur_update){0};
  if (dur_read_members(r, DUR_FIELDS(UPDATE_FIELDS), out) < 0)
    return -1;
  if (out->id.data == NULL)
    return dur_read_no(r, "OperationUpdate.Id is missing");
  if (out->type_text.data == NULL)
    return dur_read_no(r, "OperationUpdate.Type is missing");
  if (out->action_text.data == NULL)
    return dur_read_no(r, "OperationUpdate.Action is missing");
  out->type = dur_type_of(out->type_text);
  out->action = dur_action_of(out->action_text);
  if (out->type != DUR_TYPE_OTHER)
    out->type_text = DUR_NONE;
  if (out->action != DUR_ACTION_OTHER)
    out->action_text = DUR_NONE;
  return 0;
}

int dur_update_read(dur_json *json, dur_arena *arena, dur_update *out,
                    const char **why) {
  dur_reader r = {json, arena, why, DUR_TIME_S};
  if (dur_json_next(json) != DUR_JSON_OBJECT)
    return dur_read_no(&r, "OperationUpdate is not an object");
  return dur_read_update(&r, out);
}
