/* update: one OperationUpdate of a checkpoint call (AWS API type). */
#ifndef DUR_WIRE_UPDATE_H
#define DUR_WIRE_UPDATE_H

#include "wire/error.h"
#include "wire/names.h"

typedef struct dur_update {
  dur_bytes id;
  dur_type type;
  dur_action action;
  dur_bytes type_text, action_text;    /* as read, when OTHER */
  dur_bytes parent_id, name, sub_type; /* absent or "" are not written */
  dur_bytes payload;                   /* "" is written, absent is not */
  dur_error error;
  int has_error;
  /* options: written when the flag is set */
  int has_context, replay_children;       /* ContextOptions */
  int has_step, has_wait, has_callback;   /* StepOptions, WaitOptions, ... */
  int64_t next_attempt_delay_s;           /* StepOptions */
  int64_t wait_s;                         /* WaitOptions */
  int64_t timeout_s, heartbeat_timeout_s; /* CallbackOptions, both written */
  int has_invoke;                         /* ChainedInvokeOptions */
  dur_bytes function_name;
  dur_bytes tenant_id, trace_id; /* absent: not written */
} dur_update;

/* Key order: Id, Type, Action, ParentId, Name, SubType, Payload, Error,
 * ContextOptions, StepOptions, WaitOptions, CallbackOptions,
 * ChainedInvokeOptions.  Never a null. */
void dur_update_write(dur_json_out *out, const dur_update *update);
/* Bytes of the compact JSON text that dur_update_write gives. */
size_t dur_update_size(const dur_update *update);
/* Read the next value; 0, or -1 with *why.  An unknown Type or Action reads as
 * OTHER with its text: the caller decides. */
int dur_update_read(dur_json *json, dur_arena *arena, dur_update *out,
                    const char **why);

#endif
