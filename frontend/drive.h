/* drive: the one loop of the front end, and its one way to block. */
#ifndef DUR_FRONTEND_DRIVE_H
#define DUR_FRONTEND_DRIVE_H

#include "frontend/model.h"

/* durable_host_next(): DURABLE_NEXT_* (never PARK), or an error. */
int dur_ask(dur_strand *strand, durable_op_id op);
/* Block until |op|, which another strand drives, has settled: DURABLE_OK or
 * DURABLE_SUSPENDED. */
int dur_wait_settled(dur_strand *strand, durable_op_id op);

/* Drive a claimed call to its end: DURABLE_OK with its value or batch,
 * DURABLE_FAILED with its failure, DURABLE_SUSPENDED, or an error. */
int dur_drive(dur_strand *strand, dur_call *call);

/* ---- the parts of the loop; 0 to go on, else what dur_drive() answers */

int dur_body_run(dur_strand *strand, dur_call *call);    /* RUN */
int dur_payload_run(dur_strand *strand, dur_call *call); /* RUN of a PAYLOAD */
int dur_branch_spawn(dur_strand *strand, dur_call *call);
int dur_decide(dur_strand *strand, dur_call *call);
int dur_summarize(dur_strand *strand, dur_call *call);
/* DONE: take the outcome over. */
int dur_take_outcome(dur_strand *strand, dur_call *call);

/* Give the operation the outcome that its body had: a payload, or a failure. 0,
 * or an error of the engine. */
int dur_give_payload(dur_run *run, durable_op_id op, durable_bytes payload);
int dur_give_failure(dur_run *run, durable_op_id op,
                     const durable_failure *failure, int retryable);
int dur_give_nothing(dur_run *run, durable_op_id op, int retry_invocation);

#endif
