/* ending: how an invocation ends, and what it hands to Lambda.
 *
 * PENDING is answered only when the service itself has something to wake the
 * execution for; standing still without that is a failure with its reason. */
#include "engine/internal.h"
#include "wire/arn.h"

void dur_engine_close(dur_engine *e, dur_outcome outcome) {
  int loading = e->stage == DUR_STAGE_LOADING;
  if (e->stage == DUR_STAGE_OVER)
    return;
  if (e->outcome == DUR_OUTCOME_OPEN || e->fatal)
    e->outcome = outcome;
  e->stage = DUR_STAGE_CLOSING;
  if (!loading) {
    dur_task_wake_all(e);
    return;
  }
  while (e->live) /* user code never started: nobody has to unwind */
    dur_task_finish(e, e->live);
}

static int take_outcome(dur_engine *e) {
  if (e->stage == DUR_STAGE_LOADING)
    return dur_refuse(e, DUR_E_STATE, "the state is not loaded yet", NULL);
  if (e->payload.data || (e->has_error && !e->fatal) || e->unwound)
    return dur_refuse(e, DUR_E_STATE, "the handler's outcome was given already",
                      NULL);
  return 0;
}

int dur_engine_return(dur_engine *e, dur_bytes payload) {
  int rc = take_outcome(e);
  if (rc != 0)
    return rc;
  if (payload.len > DUR_EVENT_BYTES_MAX)
    return dur_refuse(e, DUR_E_LIMIT, "a result has at most 64 MiB", NULL);
  if (dur_keep(e, payload.data ? payload : DUR_LIT("null"), &e->payload) != 0)
    return DUR_E_NOMEM;
  if (!e->fatal && e->outcome == DUR_OUTCOME_OPEN)
    dur_engine_close(e, DUR_OUTCOME_SUCCEEDED);
  return 0;
}

int dur_engine_raise(dur_engine *e, dur_bytes error, int retry_invocation) {
  const char *why = "";
  dur_bytes copy;
  dur_error parsed = {0};
  int rc = take_outcome(e);
  if (rc != 0)
    return rc;
  if (dur_keep(e, error, &copy) != 0)
    return DUR_E_NOMEM;
  if (copy.len && dur_error_parse(copy, &e->arena, &parsed, &why) < 0)
    return dur_refuse(e, DUR_E_ARGUMENT, "not an ErrorObject: ", why, NULL);
  e->payload = DUR_LIT("");
  if (e->fatal || e->outcome != DUR_OUTCOME_OPEN)
    return 0;
  e->error = parsed;
  e->has_error = 1;
  dur_engine_close(e,
                   retry_invocation ? DUR_OUTCOME_RETRY : DUR_OUTCOME_FAILED);
  return 0;
}

int dur_engine_unwound(dur_engine *e) {
  int rc = take_outcome(e);
  e->unwound = rc == 0;
  return rc;
}

void dur_ending_suspend(dur_engine *e) {
  if (e->pending > 0) {
    dur_engine_close(e, DUR_OUTCOME_PENDING);
    return;
  }
  dur_latch(e, DUR_E_FATAL, 0, "ExecutionError",
            DUR_LIT("nothing is running and the service has nothing pending "
                    "that would wake this execution"));
}

void dur_ending_drained(dur_engine *e) {
  if (e->pending > 0 && !e->cut_short) {
    dur_engine_close(e, DUR_OUTCOME_PENDING);
    return;
  }
  if (!e->draining) {
    dur_latch(e, DUR_E_FATAL, 0, "ExecutionError",
              DUR_LIT("the handler ended without an outcome"));
    return;
  }
  dur_latch(e, DUR_E_FATAL, 1, "InvocationError",
            e->pending > 0 ? DUR_LIT("the deadline was reached with work left")
                           : DUR_LIT("the deadline was reached with nothing "
                                     "pending"));
}

/* ---- the output */

static int write_output(dur_engine *e) {
  dur_buf_reset(&e->body);
  if (e->outcome == DUR_OUTCOME_SUCCEEDED)
    dur_output_write(&e->body, "SUCCEEDED",
                     e->final_sent ? DUR_LIT("") : e->payload, NULL);
  else if (e->outcome == DUR_OUTCOME_FAILED)
    dur_output_write(&e->body, "FAILED", DUR_NONE,
                     e->final_sent ? NULL : &e->error);
  else
    dur_output_write(&e->body, "PENDING", DUR_NONE, NULL);
  return e->body.failed ? dur_oom(e) : 0;
}

static int too_large(dur_engine *e) {
  if (e->outcome == DUR_OUTCOME_SUCCEEDED)
    return e->payload.len > DUR_RESPONSE_MAX;
  if (e->outcome != DUR_OUTCOME_FAILED)
    return 0;
  return write_output(e) == 0 && e->body.len > DUR_RESPONSE_MAX;
}

int dur_ending_checkpoint(dur_engine *e) {
  if (e->fatal || e->closed_by_service || e->final_sent || !too_large(e))
    return 0;
  int ok = e->outcome == DUR_OUTCOME_SUCCEEDED;
  dur_node *node = dur_update_new(e, NULL, DUR_TYPE_EXECUTION,
                                  ok ? DUR_ACTION_SUCCEED : DUR_ACTION_FAIL);
  if (!node)
    return 0;
  dur_buf_reset(&e->text);
  dur_dialect_result_id(e->set.dialect, e->hasher, &e->text,
                        dur_arn_last(e->arn), e->now_ms);
  if (e->text.failed || dur_keep(e, dur_text(e), &node->update.id) != 0 ||
      (!ok && dur_error_truncate(&e->arena, &e->error, DUR_ERROR_ROOM) != 0)) {
    dur_oom(e);
    return 0;
  }
  if (ok)
    node->update.payload = e->payload;
  node->update.error = e->error;
  node->update.has_error = !ok;
  e->final_sent = 1;
  dur_update_push(e, node);
  return 1;
}

static int abort_output(dur_engine *e) {
  dur_json_out out;
  dur_buf_reset(&e->body);
  dur_json_out_init(&out, &e->body, 0);
  dur_json_begin_object(&out);
  dur_json_key(&out, "errorMessage");
  dur_json_string(&out, e->error.message);
  dur_json_key(&out, "errorType");
  dur_json_string(&out, e->error.type.len ? e->error.type
                                          : DUR_LIT("InvocationError"));
  dur_json_end_object(&out);
  return DUR_EV_ABORT;
}

int dur_ending_output(dur_engine *e) {
  if (e->outcome != DUR_OUTCOME_RETRY && write_output(e) == 0)
    return DUR_EV_FINISH;
  return abort_output(e);
}
