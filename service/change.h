/* change: everything that moves an execution on.
 *
 * Three sources: updates that the invocation sends, completions that the
 * service makes by itself (timers, callbacks, chained invokes), and the end of
 * the execution.  Each writes its history event at once and leaves the rows
 * marked dirty: the caller ends with dur_run_save.  Lock held. */
#ifndef DUR_SERVICE_CHANGE_H
#define DUR_SERVICE_CHANGE_H

#include "model.h"
#include "wire/update.h"

/* A validated update. */
void dur_apply(durable_service *s, dur_run *run, const dur_update *update,
               int64_t now_ms);
/* End a WAIT, CALLBACK or CHAINED_INVOKE that is STARTED, and wake the run. */
void dur_settle_item(durable_service *s, dur_item *item, dur_status status,
                     dur_bytes result, const dur_error *error, int64_t now_ms);
/* Arm the timers that an open operation needs, from its fields. */
void dur_arm_item(durable_service *s, dur_item *item);
/* End the execution and tell the chained invoke that started it, if any. */
void dur_end_run(durable_service *s, dur_run *run, int status, dur_bytes result,
                 const dur_error *error, int64_t now_ms);
/* Everything due at |now_ms|, in order; each run is saved. */
void dur_fire_due(durable_service *s, int64_t now_ms);
/* The target of a chained invoke: a nested execution, a plain call, or a
 * failure at once (chain.c). */
void dur_chain_start(durable_service *s, dur_item *item, int64_t now_ms);
void dur_chain_cancel(durable_service *s, dur_item *item, int64_t now_ms);
/* A plain call that a STARTED chained invoke wants (again, after a restart). */
void dur_chain_call(durable_service *s, dur_item *item, dur_function *f);
/* The nested execution |run| is over. */
void dur_chain_ended(durable_service *s, dur_run *run, dur_bytes result,
                     const dur_error *error, int64_t now_ms);

#endif
