/* tokens: the opaque texts that the service hands out and gets back.
 *
 * A checkpoint token is base64 of {"arn","seq","inv"}, a callback id base64 of
 * {"arn","op"}, both compact JSON, in the alphabet A-Z a-z 0-9 + / =. */
#ifndef DUR_SERVICE_TOKENS_H
#define DUR_SERVICE_TOKENS_H

#include "base/arena.h"
#include "base/buf.h"
#include "model.h"

/* What is said to a token that is not the newest. */
#define DUR_STALE_TOKEN "Invalid checkpoint token"

int dur_uuid(char out[DUR_UUID_SIZE]); /* version 4; 0, or -1: no randomness */
void dur_token_write(dur_buf *out, dur_bytes arn, uint64_t seq,
                     const char *invocation);
/* 1 when |text| is the token of this run, sequence number and invocation. */
int dur_token_is(dur_bytes text, const dur_run *run);
void dur_callback_id_write(dur_buf *out, dur_bytes arn, dur_bytes op);
/* 0, or -1 with *why. */
int dur_callback_id_read(dur_bytes text, dur_arena *arena, dur_bytes *arn,
                         dur_bytes *op, const char **why);
/* arn:aws:lambda:R:A:function:F, the qualifier and the rest as asked for */
void dur_function_arn_write(dur_buf *out, const durable_service *s,
                            dur_bytes function);
void dur_execution_arn_write(dur_buf *out, const durable_service *s,
                             dur_bytes function, dur_bytes name, dur_bytes id);
int dur_is_json(dur_bytes text);     /* one well-formed value */
int dur_is_http_url(dur_bytes text); /* http:// or https:// and a host */

#endif
