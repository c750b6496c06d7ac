/* future: operations that were started and are not waited for yet.
 *
 * An operation with a body gets a thread, of which at most max_threads are at
 * work (not parked) at once; those above wait in a queue.  Their tasks are the
 * engine's from the start, so nothing is suspended while one waits.  One
 * without a body is driven by whoever awaits it. */
#ifndef DUR_FRONTEND_FUTURE_H
#define DUR_FRONTEND_FUTURE_H

#include "frontend/model.h"

/* An empty future of |scope|, or NULL. */
durable_future *dur_future_new(dur_scope *scope);
void dur_future_free(durable_future *future);
/* Its call was claimed, with the answer |rc|: set it going. */
int dur_future_start(dur_scope *scope, durable_future *future, int rc,
                     durable_future **out);
/* Drive it, or wait for the one who does. */
int dur_future_await(dur_strand *strand, durable_future *future);

/* Of a strand in |run->workers|: its thread is about to block, and goes on. */
void dur_future_parks(dur_strand *strand);
void dur_future_goes_on(dur_strand *strand);

/* The context is over: take its futures out of the queue. */
void dur_future_forget(dur_run *run, dur_space *space);
/* Wait until nothing started in |space| is at work any more.  Only when the
 * strand is being unwound, so that they are, too. */
void dur_future_join(dur_run *run, dur_space *space);

#endif
