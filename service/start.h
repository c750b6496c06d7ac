/* start: new executions, and finding the one that a name already has. */
#ifndef DUR_SERVICE_START_H
#define DUR_SERVICE_START_H

#include "model.h"

typedef struct dur_start {
  dur_function *function;
  dur_bytes input;    /* JSON text */
  dur_bytes name, id; /* absent: made up */
  dur_bytes tenant;
  dur_bytes trace_id; /* that the function is handed, or absent */
  dur_bytes endpoint; /* a Lambda endpoint that is to be invoked; or absent */
  dur_bytes context;  /* JSON: the caller's client context, or absent */
  dur_bytes identity; /* JSON: the caller's Cognito identity, or absent */
  dur_bytes parent, parent_op; /* the chained invoke that starts it */
  int64_t timeout_s;           /* 0: the function's */
  int no_timeout;
  int again;              /* start another one when there is one of that name */
  int64_t retention_days; /* 0: the function's */
} dur_start;

/* Lock held in both. */

/* Start it.  0, or DURABLE_E_NOMEM. */
int dur_start_run(durable_service *s, const dur_start *start, dur_run **run);
/* Start it, or find the newest execution that has its name, save when
 * |start->again|.  0: new; 1: found, with the same input; DURABLE_E_EXISTS:
 * found, with another; DURABLE_E_NOMEM; DURABLE_E_STORE: it cannot be told.
 * |arn| gets DURABLE_ARN_SIZE bytes, *mark what dur_commit_wait wants. */
int dur_start_named(durable_service *s, const dur_start *start, char *arn,
                    uint64_t *mark);

#endif
