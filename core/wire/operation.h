/* operation: what the service says of one operation (AWS API type Operation).
 *
 * Two encodings differ only in timestamps: the invocation event carries integer
 * Unix milliseconds, REST bodies carry Unix seconds with a fraction.  Here both
 * are int64 milliseconds; 0 means absent.  Unknown keys are skipped. */
#ifndef DUR_WIRE_OPERATION_H
#define DUR_WIRE_OPERATION_H

#include "wire/error.h"
#include "wire/names.h"

typedef enum dur_time_form {
  DUR_TIME_MS, /* 1735689600123 */
  DUR_TIME_S   /* 1735689600.123 */
} dur_time_form;

typedef struct dur_operation {
  dur_bytes id;                        /* required */
  dur_type type;                       /* required; */
  dur_status status;                   /* required */
  dur_bytes type_text, status_text;    /* set when OTHER */
  dur_bytes parent_id, name, sub_type; /* absent when missing, null or "" */
  int64_t start_ms, end_ms;
  dur_bytes input; /* ExecutionDetails.InputPayload */
  dur_bytes
      result; /* Result of whichever details object has one; absent = null */
  dur_error error;
  int has_error;       /* an Error object that is not null or {} */
  int has_details;     /* a non-empty details object for its type was there */
  int replay_children; /* ContextDetails */
  uint32_t attempt;    /* StepDetails.Attempt: completed attempts */
  int64_t next_attempt_ms;  /* StepDetails */
  int64_t scheduled_end_ms; /* WaitDetails */
  dur_bytes callback_id;    /* CallbackDetails */
} dur_operation;

/* Read the next value, which must be an Operation object.  0, or -1 with *why:
 * a static sentence naming the field, json->error, or dur_wire_no_memory.
 * Slices borrow the source or live in |arena|.  Number timestamps are read in
 * |form|; dur_operation_read takes milliseconds, as the event has them. */
int dur_operation_read_as(dur_json *json, dur_arena *arena, dur_time_form form,
                          dur_operation *out, const char **why);
int dur_operation_read(dur_json *json, dur_arena *arena, dur_operation *out,
                       const char **why);
/* Keys in the API's order: Id, ParentId, Name, Type, SubType, StartTimestamp,
 * EndTimestamp, Status, then the details object of its type, which is left out
 * when it would be empty (an empty one reads as absent); when
 * |has_details| is set, StepDetails always has Attempt, and ContextDetails
 * Result, which may be null. */
void dur_operation_write(dur_json_out *out, const dur_operation *op,
                         dur_time_form form);
/* Bytes of the compact JSON text that dur_operation_write gives. */
size_t dur_operation_size(const dur_operation *op, dur_time_form form);
/* 0, or -1 when memory is out. */
int dur_operation_copy(dur_arena *arena, const dur_operation *from,
                       dur_operation *to);
/* Read the next value: a number becomes milliseconds, what is finer being cut
 * off; an ISO 8601 string is read too, and null as 0.  0, or -1. */
int dur_time_read(dur_json *json, dur_time_form form, int64_t *ms);
void dur_time_write(dur_json_out *out, dur_time_form form, int64_t ms);

#endif
