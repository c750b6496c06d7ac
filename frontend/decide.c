/* decide: the answers of users' functions: retry strategies, conditions,
 * completion predicates, summaries. */
#include "frontend/drive.h"
#include "frontend/failure.h"
#include "frontend/serdes.h"

static int answer(dur_run *run, durable_op_id op, int decision,
                  int64_t delay_s) {
  durable_engine *e = durable_host_enter(run->host);
  int rc = durable_engine_op_decide(e, op, decision, delay_s);
  durable_host_leave(run->host);
  return rc < 0 ? rc : DURABLE_OK;
}

static int decide_retry(dur_run *run, dur_call *call, durable_values *in,
                        const durable_engine_decision *d) {
  int64_t delay_s = 1;
  const durable_failure *failure =
      dur_failure_of_json(in, DURABLE_OPERATION_ERROR_NONE, d->error);
  int again = call->retry.decide ? call->retry.decide(call->retry.user, failure,
                                                      (int)d->attempt, &delay_s)
                                 : 0;
  return answer(run, call->op,
                again == 1 ? DURABLE_DECIDE_CONTINUE : DURABLE_DECIDE_STOP,
                delay_s);
}

static int is_met(const durable_value *state) {
  int kind = durable_value_kind_of(state);
  if (kind == DURABLE_KIND_BOOL)
    return durable_value_as_bool(state, 0);
  return kind != DURABLE_KIND_NULL;
}

static int decide_poll(dur_run *run, dur_call *call, durable_values *in,
                       const durable_engine_decision *d) {
  const durable_condition_config *pace = &call->pace;
  const durable_value *state;
  dur_fault fault;
  int64_t delay_s = 1;
  int more;
  if (dur_deserialize(run, call->op, call->serdes, in, d->state, &state,
                      &fault) != DURABLE_OK)
    return dur_give_failure(run, call->op, fault.failure, 0);
  if (pace->decide)
    more = pace->decide(pace->user, state, (int)d->attempt, &delay_s);
  else if (pace->more)
    more = pace->more(pace->user, state, (int)d->attempt);
  else
    more = !is_met(state);
  return answer(run, call->op,
                more ? DURABLE_DECIDE_CONTINUE : DURABLE_DECIDE_STOP, delay_s);
}

static int decide_completion(dur_run *run, dur_call *call,
                             const durable_engine_decision *d) {
  durable_progress p = {.size = sizeof p,
                        .total = d->total,
                        .succeeded = d->succeeded,
                        .failed = d->failed,
                        .started = d->started};
  int decision = call->plan->complete(call->plan->user, &p);
  if (decision != DURABLE_DECIDE_STOP && decision != DURABLE_DECIDE_FAIL)
    decision = DURABLE_DECIDE_CONTINUE;
  return answer(run, call->op, decision, 0);
}

int dur_decide(dur_strand *strand, dur_call *call) {
  dur_run *run = strand->run;
  durable_engine_decision d = DURABLE_ENGINE_DECISION_INIT;
  durable_values *in;
  durable_engine *e = durable_host_enter(run->host);
  int rc = durable_engine_op_decision(e, call->op, &d);
  durable_host_leave(run->host);
  if (rc < 0)
    return rc;
  if (d.what == DURABLE_DECISION_COMPLETION)
    return decide_completion(run, call, &d);
  if (durable_values_new(&in, NULL) != 0)
    return answer(run, call->op, DURABLE_DECIDE_STOP, 0);
  rc = d.what == DURABLE_DECISION_RETRY ? decide_retry(run, call, in, &d)
                                        : decide_poll(run, call, in, &d);
  durable_values_free(in);
  return rc;
}

/* ---- summaries */

static const char *summarize(dur_run *run, dur_call *call, durable_values *in) {
  const durable_value *value = NULL;
  const char *text = NULL;
  dur_fault fault;
  if (call->summary &&
      dur_deserialize(run, call->op, call->serdes, in, call->large, &value,
                      &fault) == DURABLE_OK &&
      call->summary(call->summary_user, in, value, &text) != DURABLE_OK)
    return NULL;
  return text;
}

int dur_summarize(dur_strand *strand, dur_call *call) {
  dur_run *run = strand->run;
  durable_values *in = NULL;
  const char *text =
      durable_values_new(&in, NULL) == 0 ? summarize(run, call, in) : NULL;
  durable_engine *e = durable_host_enter(run->host);
  int rc = durable_engine_op_summary(e, call->op, dur_c(text));
  durable_host_leave(run->host);
  durable_values_free(in);
  return rc < 0 ? rc : DURABLE_OK;
}
