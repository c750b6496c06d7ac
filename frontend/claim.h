/* claim: what the public functions of all operations share. */
#ifndef DUR_FRONTEND_CLAIM_H
#define DUR_FRONTEND_CLAIM_H

#include "frontend/model.h"

/* A call of |kind| on |scope|, with the handler's serdes unless |serdes| is
 * given; |values| NULL: the context's, and who claims it drives it next. */
void dur_call_init(dur_call *call, dur_scope *scope, dur_call_kind kind,
                   durable_values *values, const durable_serdes *serdes);

/* Around one claim: begin answers the engine, end takes what it said. */
durable_engine *dur_claim_begin(dur_scope *scope);
int dur_claim_end(dur_scope *scope, dur_call *call, durable_op_id op);

/* A retry of the user's: keep it in |call|; *use is the policy for the engine,
 * which may be in |room|.  0, or a code with the failure noted. */
int dur_retry_in(dur_scope *scope, dur_call *call, const durable_retry *from,
                 durable_retry_policy *room, const durable_retry_policy **use);

/* Drive a claimed call whose claim answered |rc|; what the public function
 * answers.  |result| may be NULL. */
int dur_call_finish(dur_scope *scope, dur_call *call, int rc,
                    const durable_value **result);
/* What a public function answers for |rc|, the answer of a drive. */
int dur_call_answer(dur_scope *scope, const dur_call *call, int rc);

#endif
