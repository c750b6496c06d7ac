/* drive: see drive.h. */
#include "frontend/drive.h"

#include "frontend/failure.h"
#include "frontend/future.h"

/* |settled|: only until |op| has settled; else for what to do about it. */
static int ask(dur_strand *strand, durable_op_id op, int settled,
               int64_t timeout_ms) {
  durable_host *host = strand->run->host;
  if (settled)
    return durable_host_task_wait_for(host, strand->task, &op, 1, 1,
                                      timeout_ms);
  return durable_host_next_for(host, strand->task, op, timeout_ms);
}

static int ask_or_block(dur_strand *strand, durable_op_id op, int settled) {
  int answer;
  if (!strand->is_worker) {
    answer = ask(strand, op, settled, -1);
  } else {
    answer = ask(strand, op, settled, 0);
    if (answer == DURABLE_NEXT_PARK) {
      dur_future_parks(strand);
      answer = ask(strand, op, settled, -1);
      dur_future_goes_on(strand);
    }
  }
  if (answer == DURABLE_NEXT_SUSPEND)
    strand->suspended = 1;
  return answer;
}

int dur_ask(dur_strand *strand, durable_op_id op) {
  return ask_or_block(strand, op, 0);
}

int dur_wait_settled(dur_strand *strand, durable_op_id op) {
  int answer = ask_or_block(strand, op, 1);
  return answer == DURABLE_NEXT_DONE      ? DURABLE_OK
         : answer == DURABLE_NEXT_SUSPEND ? DURABLE_SUSPENDED
         : answer < 0                     ? answer
                                          : DURABLE_E_STATE;
}

/* 0 to go on. */
static int act(dur_strand *strand, dur_call *call, int answer) {
  switch (answer) {
  case DURABLE_NEXT_RUN:
    return dur_body_run(strand, call);
  case DURABLE_NEXT_SPAWN:
    return dur_branch_spawn(strand, call);
  case DURABLE_NEXT_DECIDE:
    return dur_decide(strand, call);
  case DURABLE_NEXT_SUMMARY:
    return dur_summarize(strand, call);
  case DURABLE_NEXT_SUSPEND:
    return DURABLE_SUSPENDED;
  default:
    return answer < 0 ? answer : DURABLE_E_STATE;
  }
}

int dur_drive(dur_strand *strand, dur_call *call) {
  for (;;) {
    int answer = dur_ask(strand, call->op);
    if (answer == DURABLE_NEXT_DONE)
      return dur_take_outcome(strand, call);
    int rc = act(strand, call, answer);
    if (rc != DURABLE_OK) {
      if (durable_error_is_fatal(rc)) {
        strand->suspended = 1;
        rc = DURABLE_SUSPENDED;
      }
      return rc;
    }
  }
}

/* ---- outcomes */

int dur_give_payload(dur_run *run, durable_op_id op, durable_bytes payload) {
  durable_engine *e = durable_host_enter(run->host);
  int rc = durable_engine_op_succeed(e, op, payload);
  durable_host_leave(run->host);
  return rc < 0 ? rc : DURABLE_OK;
}

int dur_give_failure(dur_run *run, durable_op_id op,
                     const durable_failure *failure, int retryable) {
  dur_buf text;
  dur_buf_init(&text, &dur_mem_default, 64 * 1024 * 1024);
  dur_failure_write(&text, failure);
  dur_bytes json = text.failed ? DUR_LIT("{}") : dur_buf_view(&text);
  durable_engine *e = durable_host_enter(run->host);
  int rc = durable_engine_op_fail(e, op, dur_view(json), retryable);
  durable_host_leave(run->host);
  dur_buf_drop(&text);
  return rc < 0 ? rc : DURABLE_OK;
}

int dur_give_nothing(dur_run *run, durable_op_id op, int retry_invocation) {
  durable_engine *e = durable_host_enter(run->host);
  int rc = durable_engine_op_abandon(e, op, retry_invocation);
  durable_host_leave(run->host);
  return rc < 0 ? rc : DURABLE_OK;
}
