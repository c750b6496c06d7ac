/* door: what the exporters share: handles, options, conversions.
 *
 * Every exported function checks its arguments here and calls core; no rule of
 * the engine lives in abi/. */
#ifndef DUR_ABI_DOOR_H
#define DUR_ABI_DOOR_H

#include <durable/engine.h>

#include "engine/group.h"

#define DUR_TEXT(b) ((dur_bytes){(b).data, (b).len})
#define DUR_OUT(b)  ((durable_bytes){(b).data, (b).len})

/* Copy a size-first struct into |to| (|size| bytes of this library's version):
 * NULL is all zeros, a smaller one is padded, a larger one must end in zeros.
 * 0, or DURABLE_E_ABI (or ARGUMENT when |size| is nonsense) with the message
 * set when |e| is not NULL. */
int dur_options_in(dur_engine *e, void *to, size_t size, const void *from,
                   const char *what);
/* Copy |from| (this library's version) out to a size-first struct of the
 * caller. */
int dur_options_out(dur_engine *e, void *to, const void *from, size_t size,
                    const char *what);

/* The same in two parts, for what takes something in between: 0 when |to| can be
 * filled, and the copy. */
int dur_options_room(dur_engine *e, const void *to, const char *what);
void dur_options_fill(void *to, const void *from, size_t size);

/* A policy as the core has it, in the engine's arena; |preset| is used for NULL
 * and for DURABLE_BACKOFF_DEFAULT.  NULL: *rc says why. */
const dur_retry *dur_policy_in(dur_engine *e, const durable_retry_policy *from,
                               const char *preset, int *rc);

/* NULL with the message set when the handle is not one of |e|. */
dur_ctx *dur_ctx_in(dur_engine *e, durable_ctx_id handle);
dur_task *dur_task_in(dur_engine *e, durable_task_id handle);
dur_op *dur_op_in(dur_engine *e, durable_op_id handle);
/* For getters, which set no message. */
const dur_op *dur_op_peek(const dur_engine *e, durable_op_id handle);
const dur_ctx *dur_ctx_look(const dur_engine *e, durable_ctx_id handle);

/* 0, or DURABLE_E_ARGUMENT: bytes with a length and no data */
int dur_bytes_in(dur_engine *e, durable_bytes b, const char *what);

#endif
