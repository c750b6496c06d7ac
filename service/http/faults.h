/* faults: failures of checkpoints that a test asks for.
 *
 *   PUT /faults  [{"call": 3, "kind": "429", "times": 2, "function": "order"}]
 *   GET /faults  the same, with "left": how often each is still to happen
 *
 * The requests of each execution to its /checkpoint are counted from 1, resent
 * ones too, from the PUT on.  A fault belongs to the first execution (of its
 * function, when it names one) that gets to its call, and hits that request and
 * the next ones, |times| in all.
 * Invariant: of one function and of all, no request is meant by two faults.
 * Any thread may call.  Used by: server.c. */
#ifndef DUR_HTTP_FAULTS_H
#define DUR_HTTP_FAULTS_H

#include "exchange.h"
#include "service/request.h"

typedef struct dur_faults dur_faults;

typedef enum dur_fault_kind {
  DUR_FAULT_NONE,
  DUR_FAULT_STALE_TOKEN, /* refused as with an old token */
  DUR_FAULT_NO_TOKEN,    /* carried out, the answer has no CheckpointToken */
  DUR_FAULT_429,         /* TooManyRequestsException */
  DUR_FAULT_500,         /* ServiceException */
  DUR_FAULT_RESET        /* carried out, the connection reset unanswered */
} dur_fault_kind;

dur_faults *dur_faults_open(void); /* NULL: out of memory */
void dur_faults_close(dur_faults *faults);

/* 1 when |x| is about /faults: |reply| has the answer. */
int dur_faults_take(dur_faults *faults, const dur_exchange *x,
                    dur_reply *reply);
/* What is to happen to |x|; counts it when it is a checkpoint. */
dur_fault_kind dur_faults_meet(dur_faults *faults, const dur_exchange *x);
/* Before the service is asked: 1 when it is not to be, with the error. */
int dur_fault_refuse(dur_fault_kind kind, dur_reply *reply);
/* After it was. */
void dur_fault_spoil(dur_fault_kind kind, dur_exchange *x, dur_reply *reply);

#endif
