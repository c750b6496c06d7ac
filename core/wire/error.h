/* error: the ErrorObject {ErrorMessage, ErrorType, ErrorData, StackTrace}. */
#ifndef DUR_WIRE_ERROR_H
#define DUR_WIRE_ERROR_H

#include "base/json.h"

typedef struct dur_error {
  dur_bytes message, type, data; /* absent when data == NULL */
  dur_bytes stack;               /* raw JSON array of strings, or absent */
} dur_error;

/* Read the next value.  1: an object was read (all members may be absent);
 * 0: it was null or {}; -1: malformed (json->error, or the type is wrong) or
 * out of memory.  Unknown keys are skipped. */
int dur_error_read(dur_json *json, dur_arena *arena, dur_error *out);
/* A whole text, as above; *why and *at say what was wrong. */
int dur_error_parse(dur_bytes text, dur_arena *arena, dur_error *out,
                    const char **why);
/* Keys in the order above, absent members omitted. */
void dur_error_write(dur_json_out *out, const dur_error *error);
int dur_error_copy(dur_arena *arena, const dur_error *from, dur_error *to);
/* Cut the data, then the stack, then the message (on a character boundary)
 * until the object's JSON text is at most |max| bytes. */
int dur_error_truncate(dur_arena *arena, dur_error *error, size_t max);

#endif
