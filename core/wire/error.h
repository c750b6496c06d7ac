/* error: the ErrorObject {ErrorMessage, ErrorType, ErrorData, StackTrace}. */
#ifndef DUR_WIRE_ERROR_H
#define DUR_WIRE_ERROR_H

#include "base/json.h"

typedef struct dur_error {
  dur_bytes message, type, data; /* absent when data == NULL */
  dur_bytes stack;               /* raw JSON array of strings, or absent */
} dur_error;

/* The *why of every reader of core/wire whose memory ran out, and of no other
 * failure: compare the pointers. */
extern const char dur_wire_no_memory[];

/* Read the next value.  1: an object was read (all members may be absent);
 * 0: it was null or {}; -1: malformed (json->error, or the type is wrong) or
 * out of memory.  Unknown keys are skipped. */
int dur_error_read(dur_json *json, dur_arena *arena, dur_error *out);
/* A whole text, as above; *why says what was wrong. */
int dur_error_parse(dur_bytes text, dur_arena *arena, dur_error *out,
                    const char **why);
/* Keys in the order above, absent members omitted. */
void dur_error_write(dur_json_out *out, const dur_error *error);
/* Bytes of the compact JSON text that dur_error_write gives. */
size_t dur_error_size(const dur_error *error);
/* 0, or -1 when memory is out. */
int dur_error_copy(dur_arena *arena, const dur_error *from, dur_error *to);
/* Drop the data, then the last lines of the stack, then cut the message and the
 * type (on a character boundary) until the object's compact JSON text is at
 * most |max| bytes.  0, or -1 when memory is out. */
int dur_error_truncate(dur_arena *arena, dur_error *error, size_t max);

#endif
