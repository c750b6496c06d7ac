/* run: an execution in memory, with its operations.
 *
 * Every call wants durable_service.lock.  A run's changes are gathered (marked
 * dirty) and queued for the disk by dur_run_save, once per request, so an
 * operation that changes twice in a batch is written once. */
#ifndef DUR_SERVICE_RUN_H
#define DUR_SERVICE_RUN_H

#include "model.h"

typedef struct dur_run_spec {
  int64_t row;
  dur_bytes arn, function, name, id, tenant, parent, parent_op, input;
  dur_bytes endpoint, context, identity, trace_id;
  int64_t start_ms, timeout_s, retention_days;
} dur_run_spec;

/* A run with its EXECUTION operation, in the map of runs.  NULL: no memory. */
dur_run *dur_run_new(durable_service *s, const dur_run_spec *spec);
dur_run *dur_run_find(const durable_service *s, dur_bytes arn); /* in memory */
void dur_run_free(durable_service *s, dur_run *run);
/* Drop the finished runs that nobody needs and that are on disk. */
void dur_runs_sweep(durable_service *s);
/* Queue all that changed. */
void dur_run_save(durable_service *s, dur_run *run);

/* The parts of an item that never change. */
typedef struct dur_item_spec {
  dur_bytes id, parent_id, name, sub_type, callback_id, target, tenant, input;
  dur_bytes trace_id;
  dur_type type;
} dur_item_spec;

dur_item *dur_item_new(dur_run *run, const dur_item_spec *spec);
dur_item *dur_item_find(const dur_run *run, dur_bytes id);
/* Replace result and error; |error| NULL: none.  0, or -1: out of memory. */
int dur_item_outcome(dur_item *item, dur_bytes result, const dur_error *error);
void dur_item_forget_input(dur_item *item);
/* The item changed: to be written, and to be delivered. */
void dur_item_touch(dur_item *item);
/* As above, by the service itself: UpdatedOperationIds will name it. */
void dur_item_touch_news(dur_item *item);
/* The invocation is being told of all changes so far. */
void dur_run_delivered(dur_run *run);

void dur_answers_drop(dur_run *run);
int dur_run_is_over(const dur_run *run);
const char *dur_run_status_text(int status); /* "RUNNING" */
int dur_run_status_of(dur_bytes text);       /* -1: unknown */

#endif
