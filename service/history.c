/* history: see history.h. */
#include "history.h"
#include "commit.h"
#include <stdio.h>

typedef struct event {
  durable_service *s;
  dur_run *run;
  dur_buf buf;
  dur_json_out out;
} event;

static void put_text_if(dur_json_out *out, const char *key, dur_bytes text) {
  if (text.len == 0)
    return;
  dur_json_key(out, key);
  dur_json_string(out, text);
}

static void put_int(dur_json_out *out, const char *key, int64_t n) {
  dur_json_key(out, key);
  dur_json_i64(out, n);
}

static void put_time(dur_json_out *out, const char *key, int64_t ms) {
  dur_json_key(out, key);
  dur_time_write(out, DUR_TIME_S, ms);
}

/* Opens the event and its details object; |item| NULL: of no operation. */
static void begin(event *e, durable_service *s, dur_run *run, const char *type,
                  int64_t now_ms, const dur_item *item) {
  char details[48];
  snprintf(details, sizeof details, "%sDetails", type);
  e->s = s;
  e->run = run;
  dur_buf_init(&e->buf, &dur_mem_default, SIZE_MAX);
  dur_json_out_init(&e->out, &e->buf, 0);
  dur_json_begin_object(&e->out);
  dur_json_key(&e->out, "EventType");
  dur_json_cstr(&e->out, type);
  put_time(&e->out, "EventTimestamp", now_ms);
  put_int(&e->out, "EventId", run->next_event);
  if (item != NULL) {
    put_text_if(&e->out, "SubType", item->op.sub_type);
    put_text_if(&e->out, "Id", item->op.id);
    put_text_if(&e->out, "Name", item->op.name);
    put_text_if(&e->out, "ParentId", item->op.parent_id);
  }
  dur_json_key(&e->out, details);
  dur_json_begin_object(&e->out);
}

static void end(event *e) {
  dur_json_end_object(&e->out);
  dur_json_end_object(&e->out);
  if (e->buf.failed)
    dur_give_up(e->s, "out of memory");
  else
    dur_queue_event(e->s, DUR_ROW_ID(e->run->row, e->run->next_event),
                    dur_buf_view(&e->buf), e->run->arn);
  e->run->next_event++;
  dur_buf_drop(&e->buf);
}

/* "Input" or "Result": {"Payload"?, "Truncated": false} */
static void put_payload(dur_json_out *out, const char *key, dur_bytes text) {
  dur_json_key(out, key);
  dur_json_begin_object(out);
  if (text.data != NULL) {
    dur_json_key(out, "Payload");
    dur_json_string(out, text);
  }
  dur_json_key(out, "Truncated");
  dur_json_bool(out, 0);
  dur_json_end_object(out);
}

static void put_error(dur_json_out *out, const dur_error *error) {
  dur_json_key(out, "Error");
  dur_json_begin_object(out);
  if (error != NULL) {
    dur_json_key(out, "Payload");
    dur_error_write(out, error);
  }
  dur_json_key(out, "Truncated");
  dur_json_bool(out, 0);
  dur_json_end_object(out);
}

void dur_history_run_started(durable_service *s, dur_run *run) {
  event e;
  begin(&e, s, run, "ExecutionStarted", run->start_ms, run->items[0]);
  put_payload(&e.out, "Input", run->input);
  put_int(&e.out, "ExecutionTimeout", run->timeout_s);
  end(&e);
}

void dur_history_run_over(durable_service *s, dur_run *run, dur_bytes result,
                          const dur_error *error) {
  static const char *const TYPES[] = {"", "ExecutionSucceeded",
                                      "ExecutionFailed", "ExecutionTimedOut",
                                      "ExecutionStopped"};
  event e;
  begin(&e, s, run, TYPES[run->status], run->end_ms, run->items[0]);
  if (run->status == DURABLE_EXECUTION_SUCCEEDED)
    put_payload(&e.out, "Result", result);
  else
    put_error(&e.out, error);
  end(&e);
}

static const char *prefix(dur_type type) {
  switch (type) {
  case DUR_TYPE_CONTEXT:
    return "Context";
  case DUR_TYPE_STEP:
    return "Step";
  case DUR_TYPE_WAIT:
    return "Wait";
  case DUR_TYPE_CALLBACK:
    return "Callback";
  case DUR_TYPE_CHAINED_INVOKE:
    return "ChainedInvoke";
  default:
    return "Execution";
  }
}

static int64_t wait_duration(const dur_operation *op) {
  return (op->scheduled_end_ms - op->start_ms + 500) / 1000;
}

static void put_invoke_started(dur_json_out *out, const dur_item *item,
                               dur_bytes child_arn) {
  dur_json_key(out, "FunctionName");
  dur_json_string(out, item->target);
  put_text_if(out, "TenantId", item->tenant);
  put_payload(out, "Input", item->input);
  dur_json_key(out, "ExecutedVersion");
  dur_json_cstr(out, "$LATEST");
  put_text_if(out, "DurableExecutionArn", child_arn);
}

void dur_history_started(durable_service *s, dur_item *item, int64_t now_ms,
                         dur_bytes child_arn) {
  const dur_operation *op = &item->op;
  char type[32];
  event e;
  snprintf(type, sizeof type, "%sStarted", prefix(op->type));
  begin(&e, s, item->run, type, now_ms, item);
  if (op->type == DUR_TYPE_WAIT) {
    put_int(&e.out, "Duration", wait_duration(op));
    put_time(&e.out, "ScheduledEndTimestamp", op->scheduled_end_ms);
  } else if (op->type == DUR_TYPE_CALLBACK) {
    put_text_if(&e.out, "CallbackId", op->callback_id);
    put_int(&e.out, "HeartbeatTimeout", item->heartbeat_s);
    put_int(&e.out, "Timeout", item->timeout_s);
  } else if (op->type == DUR_TYPE_CHAINED_INVOKE) {
    put_invoke_started(&e.out, item, child_arn);
  }
  end(&e);
}

/* The word for how an operation, or an attempt of a step, ended. */
static const char *ending(const dur_operation *op) {
  switch (op->status) {
  case DUR_STATUS_PENDING:
    return op->has_error ? "Failed" : "Succeeded";
  case DUR_STATUS_FAILED:
    return "Failed";
  case DUR_STATUS_TIMED_OUT:
    return "TimedOut";
  case DUR_STATUS_STOPPED:
    return "Stopped";
  case DUR_STATUS_CANCELLED:
    return op->type == DUR_TYPE_WAIT ? "Cancelled" : "Stopped";
  default:
    return "Succeeded";
  }
}

void dur_history_settled(durable_service *s, dur_item *item, int64_t now_ms,
                         int64_t delay_s) {
  const dur_operation *op = &item->op;
  const char *how = ending(op);
  char type[32];
  event e;
  snprintf(type, sizeof type, "%s%s", prefix(op->type), how);
  begin(&e, s, item->run, type, now_ms, item);
  if (op->type == DUR_TYPE_WAIT) {
    if (op->status == DUR_STATUS_SUCCEEDED)
      put_int(&e.out, "Duration", wait_duration(op));
  } else if (how[0] == 'S' && how[1] == 'u') {
    put_payload(&e.out, "Result", op->result);
  } else {
    put_error(&e.out, op->has_error ? &op->error : NULL);
  }
  if (op->type == DUR_TYPE_STEP) {
    dur_json_key(&e.out, "RetryDetails");
    dur_json_begin_object(&e.out);
    put_int(&e.out, "CurrentAttempt", op->attempt);
    put_int(&e.out, "NextAttemptDelaySeconds", delay_s);
    dur_json_end_object(&e.out);
  }
  end(&e);
}

void dur_history_invocation(durable_service *s, dur_run *run,
                            const dur_job *job, int64_t now_ms,
                            const dur_error *error) {
  event e;
  begin(&e, s, run, "InvocationCompleted", now_ms, NULL);
  put_time(&e.out, "StartTimestamp", job->start_ms);
  put_time(&e.out, "EndTimestamp", now_ms);
  dur_json_key(&e.out, "RequestId");
  dur_json_cstr(&e.out, job->request_id);
  if (error != NULL)
    put_error(&e.out, error);
  end(&e);
}
