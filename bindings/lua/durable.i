/* durable.i: the private module durable.native.
 *
 * Who requires it is the module durable and nobody else: its names and shapes
 * change without notice.
 *
 * A durable_engine or durable_host argument is the invocation's userdata.  Calls
 * of the engine are made between enter and leave, one by one.  A negative
 * answer is nil, a message and the code.  Option structs are tables; structs
 * that a call fills are further results. */
%module durable_native

%{
#include "native.h"
%}

/* The prefix is what `require` gives. */
%rename("%(regex:/^(durable|DURABLE)_(.*)/\\2/)s") "";

/* Structs are tables and results here: see below. */
%ignore durable_bytes;
%ignore durable_retry_policy;
%ignore durable_engine_options;
%ignore durable_step_options;
%ignore durable_invoke_options;
%ignore durable_callback_options;
%ignore durable_child_options;
%ignore durable_group_options;
%ignore durable_with_retry_options;
%ignore durable_engine_branch_info;
%ignore durable_engine_item;
%ignore durable_engine_decision;
%ignore durable_engine_record;
%ignore durable_host_event;
%ignore durable_host_files;
%ignore durable_host_invocation;
%ignore durable_transport_request;

/* ---- in */

%typemap(in, checkfn="lua_isuserdata") durable_engine *e (dur_lua_run *run),
                                       const durable_engine *e (dur_lua_run *run) {
  run = dur_lua_run_at(L, $input);
  $1 = durable_host_engine(run->host);
}
%typemap(in, checkfn="lua_isuserdata") durable_host *host,
                                       const durable_host *host {
  $1 = dur_lua_run_at(L, $input)->host;
}
%typemap(in, checkfn="SWIG_lua_isnilstring") const char * {
  $1 = (char *)dur_lua_to_text(L, $input);
}
%typemap(in, checkfn="SWIG_lua_isnilstring") durable_bytes {
  $1 = dur_lua_to_bytes(L, $input);
}
%typemap(in, checkfn="lua_isnumber") int, int32_t, uint32_t, int64_t, durable_ctx_id,
                                     durable_task_id, durable_op_id {
  $1 = ($1_type)lua_tonumber(L, $input);
}

%typemap(in) const durable_retry_policy * (durable_retry_policy room) {
  $1 = (durable_retry_policy *)dur_lua_policy(L, $input, &room);
}
%typemap(in) const durable_step_options * (durable_step_options room,
                                           durable_retry_policy again) {
  $1 = (durable_step_options *)dur_lua_step(L, $input, &room, &again);
}
%typemap(in) const durable_child_options * (durable_child_options room) {
  $1 = (durable_child_options *)dur_lua_child(L, $input, &room);
}
%typemap(in) const durable_group_options * (durable_group_options room) {
  $1 = (durable_group_options *)dur_lua_group(L, $input, &room);
}
%typemap(in) const durable_invoke_options * (durable_invoke_options room) {
  room = (durable_invoke_options)DURABLE_INVOKE_OPTIONS_INIT;
  room.tenant_id = dur_lua_text(L, $input, "tenant_id");
  room.trace_id = dur_lua_text(L, $input, "trace_id");
  $1 = &room;
}
%typemap(in) const durable_callback_options * (durable_callback_options room) {
  room = (durable_callback_options)DURABLE_CALLBACK_OPTIONS_INIT;
  room.timeout_s = dur_lua_int(L, $input, "timeout");
  room.heartbeat_timeout_s = dur_lua_int(L, $input, "heartbeat_timeout");
  room.sub_type = dur_lua_text(L, $input, "sub_type");
  $1 = &room;
}
%typemap(in) const durable_with_retry_options * (durable_with_retry_options room,
                                                 durable_retry_policy again,
                                                 durable_child_options around) {
  room = (durable_with_retry_options)DURABLE_WITH_RETRY_OPTIONS_INIT;
  room.unwrapped = (uint32_t)dur_lua_int(L, $input, "unwrapped");
  room.retry = dur_lua_policy_field(L, $input, "retry", &again);
  room.child = dur_lua_child(L, $input, &around);
  $1 = &room;
}

/* ---- out */

%typemap(out) int, int32_t, int64_t, durable_ctx_id, durable_task_id, durable_op_id {
  SWIG_arg += dur_lua_status(L, (int64_t)$1);
}
%typemap(out) durable_bytes { dur_lua_bytes(L, $1); SWIG_arg++; }

/* whether there is such a preset is all that is asked */
%typemap(in, numinputs=0) durable_retry_policy *out (durable_retry_policy room) {
  room = (durable_retry_policy)DURABLE_RETRY_POLICY_INIT;
  $1 = &room;
}
/* index, task, op */
%typemap(in, numinputs=0) durable_engine_branch_info *out (durable_engine_branch_info info) {
  info = (durable_engine_branch_info)DURABLE_ENGINE_BRANCH_INFO_INIT;
  $1 = &info;
}
%typemap(argout) durable_engine_branch_info *out {
  lua_pushinteger(L, (lua_Integer)$1->index);
  lua_pushinteger(L, $1->task);
  lua_pushinteger(L, $1->op);
  SWIG_arg += 3;
}
/* status, op, result, error */
%typemap(in, numinputs=0) durable_engine_item *out (durable_engine_item item) {
  item = (durable_engine_item)DURABLE_ENGINE_ITEM_INIT;
  $1 = &item;
}
%typemap(argout) durable_engine_item *out {
  lua_pushinteger(L, $1->status);
  lua_pushinteger(L, $1->op);
  dur_lua_bytes(L, $1->result);
  dur_lua_bytes(L, $1->error);
  SWIG_arg += 4;
}
/* what, attempt, error, state, total, succeeded, failed, started */
%typemap(in, numinputs=0) durable_engine_decision *out (durable_engine_decision d) {
  d = (durable_engine_decision)DURABLE_ENGINE_DECISION_INIT;
  $1 = &d;
}
%typemap(argout) durable_engine_decision *out {
  lua_pushinteger(L, $1->what);
  lua_pushinteger(L, (lua_Integer)$1->attempt);
  dur_lua_bytes(L, $1->error);
  dur_lua_bytes(L, $1->state);
  lua_pushinteger(L, (lua_Integer)$1->total);
  lua_pushinteger(L, (lua_Integer)$1->succeeded);
  lua_pushinteger(L, (lua_Integer)$1->failed);
  lua_pushinteger(L, (lua_Integer)$1->started);
  SWIG_arg += 8;
}
/* task, body */
%typemap(in, numinputs=0) durable_host_event *out (durable_host_event event) {
  event = (durable_host_event)DURABLE_HOST_EVENT_INIT;
  $1 = &event;
}
%typemap(argout) durable_host_event *out {
  lua_pushinteger(L, $1->task);
  dur_lua_bytes(L, $1->body);
  SWIG_arg += 2;
}
/* kind, op, json */
%typemap(in, numinputs=0) durable_engine_record *out (durable_engine_record record) {
  record = (durable_engine_record)DURABLE_ENGINE_RECORD_INIT;
  $1 = &record;
}
%typemap(argout) durable_engine_record *out {
  lua_pushinteger(L, $1->kind);
  lua_pushinteger(L, $1->op);
  dur_lua_bytes(L, $1->json);
  SWIG_arg += 3;
}

/* ---- calls of the engine: under the host's lock, which is left before Lua
 * allocates anything; the engine's bytes outlive that */

%define LOCKED(name)
%exception durable_engine_##name {
  dur_lua_enter(run1);
  $action
  dur_lua_leave(run1, 0);
}
%enddef
%define LOCKED_RC(name)
%exception durable_engine_##name {
  dur_lua_enter(run1);
  $action
  dur_lua_leave(run1, result < 0 ? -1 : 0);
}
%enddef
LOCKED(input)
LOCKED(operations)
LOCKED_RC(is_first)
LOCKED_RC(return)
LOCKED_RC(raise)
LOCKED_RC(unwound)
LOCKED_RC(task_new)
LOCKED_RC(task_end)
LOCKED_RC(task_idle)
LOCKED_RC(ctx_is_replaying)
LOCKED(ctx_parent_id)
LOCKED_RC(step)
LOCKED_RC(wait)
LOCKED_RC(invoke)
LOCKED_RC(callback)
LOCKED_RC(callback_result)
LOCKED_RC(condition)
LOCKED_RC(child)
LOCKED_RC(group)
LOCKED_RC(wait_for_callback)
LOCKED_RC(with_retry)
LOCKED_RC(next)
LOCKED_RC(op_succeed)
LOCKED_RC(op_fail)
LOCKED_RC(op_abandon)
LOCKED_RC(op_decision)
LOCKED_RC(op_decide)
LOCKED_RC(op_summary)
LOCKED_RC(op_compose)
LOCKED(op_composed)
LOCKED_RC(op_body)
LOCKED_RC(op_current)
LOCKED_RC(op_ctx)
LOCKED_RC(op_status)
LOCKED(op_id)
LOCKED(op_name)
LOCKED(op_parent_id)
LOCKED(op_state)
LOCKED(op_callback_id)
LOCKED(op_result)
LOCKED(op_error)
LOCKED(op_error_field)
LOCKED_RC(op_error_kind)
LOCKED_RC(op_attempt)
LOCKED_RC(op_is_replayed)
LOCKED_RC(op_replays_children)
LOCKED_RC(op_winner)
LOCKED_RC(branch)
LOCKED_RC(group_item)
LOCKED_RC(group_count)
LOCKED(group_reason)
LOCKED_RC(now_ms)
LOCKED_RC(random)

%include "common.i"

/* ---- by hand */

%native(open) int dur_lua_open(lua_State *L);
%native(close) int dur_lua_close(lua_State *L);
%native(outcome) int dur_lua_outcome(lua_State *L);
%native(body) int dur_lua_body(lua_State *L);
%native(succeed) int dur_lua_succeed(lua_State *L);
%native(task_wait) int dur_lua_task_wait(lua_State *L);
%native(combine) int dur_lua_combine(lua_State *L);
%native(uuid) int dur_lua_uuid(lua_State *L);
%native(abi) int dur_lua_abi(lua_State *L);
%native(wall_ms) int dur_lua_wall_ms(lua_State *L);
%native(encode) int dur_lua_encode(lua_State *L);
%native(decode) int dur_lua_decode(lua_State *L);
%native(store) int dur_lua_store(lua_State *L);
%native(load) int dur_lua_load(lua_State *L);
%native(lambda) int dur_lua_lambda(lua_State *L);

%init %{
  dur_lua_init(L);
%}
