/* limits: sizes and ranges of the Lambda durable API, in one place. */
#ifndef DUR_WIRE_LIMITS_H
#define DUR_WIRE_LIMITS_H

#include "base/mem.h"

#define DUR_NAME_MAX            256 /* printable ASCII */
#define DUR_ID_MAX              64
#define DUR_SUB_TYPE_MAX        32
#define DUR_ARN_MAX             1024
#define DUR_TOKEN_MAX           2048
#define DUR_CALLBACK_ID_MAX     1024
#define DUR_CLIENT_TOKEN_MAX    64
#define DUR_FUNCTION_NAME_MAX   256
#define DUR_TENANT_MAX          256
#define DUR_TRACE_MAX           8192
#define DUR_EXECUTION_NAME_MAX  64
#define DUR_PAYLOAD_MAX         6291456 /* Payload, Result, InputPayload */
#define DUR_RESULT_MAX          262144  /* one operation's result */
#define DUR_ERROR_MAX           32768   /* one error object, as JSON text */
#define DUR_ERROR_ROOM          32512   /* the same, with room for separators */
#define DUR_CALLBACK_RESULT_MAX 262144
#define DUR_INVOKE_INPUT_MAX    1048576
#define DUR_RESPONSE_MAX        6291406 /* handler output: 6 MiB - 50 */
#define DUR_OUTPUT_MAX          6291556 /* what Lambda takes for an answer */
#define DUR_BATCH_BYTES_MAX     768000
#define DUR_BATCH_UPDATES_MAX   250
#define DUR_SECONDS_MAX         31622400 /* waits, retry delays, execution timeout */
#define DUR_PAGE_ITEMS_MAX      1000
#define DUR_EVENT_BYTES_MAX     (64u * 1024 * 1024)
#define DUR_STACK_LINES_MAX     256

int dur_name_ok(dur_bytes name);          /* 1..256 of 0x20..0x7E */
int dur_id_ok(dur_bytes id);              /* 1..64 of [A-Za-z0-9_-] */
int dur_sub_type_ok(dur_bytes sub_type);  /* 1..32 of [A-Za-z0-9_-] */
int dur_tenant_ok(dur_bytes tenant);      /* 1..256 of [A-Za-z0-9._:/=+\-@ ] */
int dur_trace_ok(dur_bytes trace_id);     /* 0..8192 of 0x20..0x7E: a header */
int dur_function_name_ok(dur_bytes name); /* the API's FunctionName pattern */
/* NAME in a FunctionName: a name, NAME:QUALIFIER, ACCOUNT:NAME, a partial or a
 * whole ARN.  Absent when it is none of these. */
dur_bytes dur_function_bare(dur_bytes name);
int dur_execution_name_ok(dur_bytes name); /* 1..64 of [A-Za-z0-9_-] */
int dur_client_token_ok(dur_bytes token);  /* 1..64 of 0x21..0x7E */

#endif
