/* history: the events of an execution.
 *
 * Invariant: an event gets the next EventId at the moment it happens and is
 * never changed, moved or renumbered.  Payloads are kept as they came.
 * Lock held in every call. */
#ifndef DUR_SERVICE_HISTORY_H
#define DUR_SERVICE_HISTORY_H

#include "model.h"

void dur_history_run_started(durable_service *s, dur_run *run);
/* Succeeded, Failed, TimedOut or Stopped, by run->status. */
void dur_history_run_over(durable_service *s, dur_run *run, dur_bytes result,
                          const dur_error *error);
/* XStarted.  |child_arn|: of a chained invoke's execution, or absent. */
void dur_history_started(durable_service *s, dur_item *item, int64_t now_ms,
                         dur_bytes child_arn);
/* What ended an operation or, for a STEP now PENDING, an attempt of it, by its
 * type and status.  |delay_s| of the next attempt. */
void dur_history_settled(durable_service *s, dur_item *item, int64_t now_ms,
                         int64_t delay_s);
void dur_history_invocation(durable_service *s, dur_run *run,
                            const dur_job *job, int64_t now_ms,
                            const dur_error *error);

#endif
