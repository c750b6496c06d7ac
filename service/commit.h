/* commit: from memory to disk, one transaction for all that came together.
 *
 * Whoever changes something under durable_service.lock queues statements, then
 * waits until they are on disk.  The first waiter that finds nobody committing
 * takes all that is queued and commits it with the lock released; what comes
 * meanwhile goes out together in the next transaction.  So one lonely client
 * pays no thread switch, and a hundred share a sync.
 *
 * A commit that fails poisons the service: memory is ahead of the disk, so
 * nothing more is answered with success (durable_service.failed). */
#ifndef DUR_SERVICE_COMMIT_H
#define DUR_SERVICE_COMMIT_H

#include "model.h"

/* All of these: lock held. */
void dur_queue(durable_service *s, dur_stmt stmt, const dur_value *values,
               size_t count);
/* As above for an event; |arn| names its execution to the listener. */
void dur_queue_event(durable_service *s, int64_t id, dur_bytes json,
                     dur_bytes arn);
/* Wait until everything queued up to |mark| (a value of s->queued) is on disk.
 * 0, or -1: the service has failed. */
int dur_commit_wait(durable_service *s, uint64_t mark);
/* Memory ran out in the middle of a change: nothing may be kept of it. */
void dur_give_up(durable_service *s, const char *why);

#endif
