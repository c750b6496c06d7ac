/* dispatch: functions are invoked, on threads, one live invocation per run.
 *
 * A job waits in the ready queue until its function has room and a thread is
 * free.  What it shows to the function (the event) is on disk first.  A job
 * that overruns its deadline is abandoned: it counts as failed at once, and
 * what its thread says later is ignored.  Lock held unless said otherwise. */
#ifndef DUR_SERVICE_DISPATCH_H
#define DUR_SERVICE_DISPATCH_H

#include "base/arena.h"
#include "model.h"

dur_function *dur_function_find(const durable_service *s, dur_bytes name);

/* The run wants to be invoked, and is as soon as that is possible. */
void dur_run_wake(durable_service *s, dur_run *run);
/* Queue an invocation that is wanted, unless something stands in its way. */
void dur_dispatch_run(durable_service *s, dur_run *run);
/* An ended run needs its queued invocation no more. */
void dur_unready(durable_service *s, dur_run *run);

typedef struct dur_call {
  dur_function *function;
  dur_bytes event, tenant, context, identity, trace_id;
  dur_bytes parent, parent_op; /* the chained invoke it answers, or absent */
  dur_plain *waiter;           /* who waits for the outcome, or NULL */
} dur_call;
/* A plain call.  0, or -1: out of memory. */
int dur_dispatch_call(durable_service *s, const dur_call *call);

/* 1 when no invocation runs or could start now. */
int dur_is_quiet(const durable_service *s);
/* Give up the jobs that are overdue; answers the next real deadline, or
 * INT64_MAX. */
int64_t dur_abandon_overdue(durable_service *s, int64_t real_ms);
/* Stop the threads, after their jobs.  Lock not held. */
void dur_dispatch_stop(durable_service *s);

/* What the outcome of |job| means for its run (outcome.c).  |late|: it overran
 * its deadline. */
void dur_outcome(durable_service *s, dur_job *job, int late);
/* The error in |body|: an ErrorObject, or Lambda's own {"errorMessage",
 * "errorType"}; empty when it is neither. */
void dur_read_failure(dur_bytes body, dur_arena *arena, dur_error *error);
/* The Lambda event of an invocation that begins (event.c). */
void dur_event_build(durable_service *s, dur_job *job);

#endif
