/* call: the bodies of the two API calls that an invocation makes, of the event
 * that starts it and of its answer.
 *
 * CheckpointDurableExecution:
 *   POST /2025-12-01/durable-executions/{Arn}/checkpoint
 * GetDurableExecutionState:
 *   GET /2025-12-01/durable-executions/{Arn}/state
 *
 * The engine reads events and pages and writes checkpoints; the service does
 * the reverse.  Readers hand every Operation and OperationUpdate to a callback
 * as it is read, so a page costs no list.  A reader that answers -1 has set
 * *why (dur_wire_no_memory when memory ran out), unless its callback stopped
 * it. */
#ifndef DUR_WIRE_CALL_H
#define DUR_WIRE_CALL_H

#include "wire/operation.h"
#include "wire/update.h"

#define DUR_API_PREFIX "/2025-12-01/durable-executions/"

/* target = DUR_API_PREFIX + percent-encoded arn + suffix ("/checkpoint") */
void dur_checkpoint_target(dur_buf *out, dur_bytes arn);
/* with ?CheckpointToken=..&Marker=..&MaxItems=1000 */
void dur_state_target(dur_buf *out, dur_bytes arn, dur_bytes token,
                      dur_bytes marker);

/* {"CheckpointToken":t,"Updates":[...],"ClientToken":c}: begin, the updates one
 * by one through |out|, end. */
void dur_checkpoint_begin(dur_json_out *out, dur_bytes token);
void dur_checkpoint_end(dur_json_out *out, dur_bytes client_token);

/* Callbacks return non-zero to stop the reader, which then answers -1 and
 * leaves *why; a NULL callback drops what it would be given. */

typedef int dur_update_fn(void *user, const dur_update *update);
typedef struct dur_checkpoint {
  dur_bytes token;        /* absent when missing, null or "" */
  dur_bytes client_token; /* likewise */
} dur_checkpoint;
/* A checkpoint request.  What the API calls required, and every limit, is the
 * caller's to check: all that is checked here is the shape.  0, or -1. */
int dur_checkpoint_read(dur_bytes body, dur_arena *arena, dur_update_fn *each,
                        void *user, dur_checkpoint *out, const char **why);

typedef int dur_operation_fn(void *user, const dur_operation *op);

typedef struct dur_state_page {
  dur_bytes token; /* CheckpointToken; absent when the response has none */
  dur_bytes next_marker; /* absent or "": the last page */
} dur_state_page;

/* A checkpoint response {"CheckpointToken"?,"NewExecutionState"?{Operations,
 * NextMarker}} or, when |state| is set, a state response {Operations,
 * NextMarker}.  Timestamps in seconds.  0, or -1 with *why. */
int dur_page_read(dur_bytes body, int state, dur_arena *arena,
                  dur_operation_fn *each, void *user, dur_state_page *out,
                  const char **why);
/* Write such a response: begin, the operations one by one through |out| in
 * DUR_TIME_S, end.  An absent or empty token or marker is not written. */
void dur_page_begin(dur_json_out *out, int state, dur_bytes token);
void dur_page_end(dur_json_out *out, int state, dur_bytes next_marker);

/* The invocation event.  Timestamps in milliseconds. */
typedef struct dur_event {
  dur_bytes arn, token, next_marker;
} dur_event;
typedef int dur_id_fn(void *user, dur_bytes id);
/* Required: DurableExecutionArn and CheckpointToken as non-empty strings; null
 * or missing InitialExecutionState, Operations and UpdatedOperationIds read as
 * empty.  0, or -1 with *why, which for a missing key says that the function is
 * not configured for durable execution. */
int dur_event_read(dur_bytes body, dur_arena *arena, dur_operation_fn *each,
                   dur_id_fn *updated, void *user, dur_event *out,
                   const char **why);

/* Write an event: begin, the operations one by one through |out| in
 * DUR_TIME_MS, updated, the ids one by one as strings, end. */
void dur_event_begin(dur_json_out *out, dur_bytes arn, dur_bytes token);
void dur_event_updated(dur_json_out *out, dur_bytes next_marker);
void dur_event_end(dur_json_out *out);

/* ---- the answer to Lambda: {"Status":...,"Result"?,"Error"?} in this order */
void dur_output_write(dur_buf *out, const char *status, dur_bytes result,
                      const dur_error *error);
typedef struct dur_output {
  dur_bytes status;
  dur_bytes result; /* absent when null or missing */
  dur_error error;
  int has_error;
} dur_output;
int dur_output_read(dur_bytes body, dur_arena *arena, dur_output *out,
                    const char **why);

/* ---- failed calls */
typedef enum dur_category {
  DUR_CATEGORY_INVOCATION, /* the invocation is to be retried */
  DUR_CATEGORY_EXECUTION   /* the execution fails */
} dur_category;

typedef struct dur_api_error {
  int status;     /* HTTP status */
  dur_bytes code; /* from the header when given, else the body's Type, __type or
                   * code, cut before ':' and after '#' */
  dur_bytes message;
} dur_api_error;
/* |header_type|: x-amzn-ErrorType, or absent.  The body may be anything.  The
 * slices borrow both or live in |arena|; one that finds no memory is absent. */
void dur_api_error_read(int status, dur_bytes header_type, dur_bytes body,
                        dur_arena *arena, dur_api_error *out);
/* The four KMS codes: EXECUTION at any status; 4xx but 429 with a code or
 * message, and not a stale token ("Invalid checkpoint token", any case, under
 * InvalidParameterValueException or no code): EXECUTION; else INVOCATION. */
dur_category dur_api_error_category(const dur_api_error *error);
/* The body of a refusal: {"Type":code,"message":text}, with "Message" instead
 * under the statuses where the API writes it so (404 and 5xx). */
void dur_api_error_write(dur_buf *out, const dur_api_error *error);
/* Worth sending again: no answer (status 0), 429, 5xx other than KMS */
int dur_api_error_may_resend(const dur_api_error *error);

#endif
