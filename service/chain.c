/* chain: invokes from one execution of another registered function.
 *
 * A durable target becomes an execution of its own that names its parent; it is
 * written in the transaction that writes the parent's operation, so one never
 * exists without the other.  A plain target is called, and called again when
 * the service died before it answered. */
#include "change.h"
#include "commit.h"
#include "dispatch.h"
#include "history.h"
#include "run.h"
#include "start.h"
#include "tokens.h"
#include <stdio.h>

static void refuse(durable_service *s, dur_item *item, const char *type,
                   const char *message, int64_t now_ms) {
  const dur_error error = {.message = dur_cstr(message),
                           .type = dur_cstr(type)};
  dur_history_started(s, item, now_ms, DUR_NONE);
  dur_settle_item(s, item, DUR_STATUS_FAILED, DUR_NONE, &error, now_ms);
}

static void start_nested(durable_service *s, dur_item *item, dur_function *f,
                         int64_t now_ms) {
  dur_run *parent = item->run;
  dur_start start = {.function = f,
                     .input = item->input,
                     .tenant = item->tenant,
                     .trace_id = item->trace_id,
                     .parent = parent->arn,
                     .parent_op = item->op.id};
  dur_run *child = NULL;
  if (dur_start_run(s, &start, &child) < 0) {
    dur_give_up(s, "out of memory");
    return;
  }
  dur_history_started(s, item, now_ms, child->arn);
}

void dur_chain_call(durable_service *s, dur_item *item, dur_function *f) {
  const dur_call call = {.function = f,
                         .event = item->input,
                         .tenant = item->tenant,
                         .trace_id = item->trace_id,
                         .parent = item->run->arn,
                         .parent_op = item->op.id};
  item->called = 1;
  if (dur_dispatch_call(s, &call) != 0)
    dur_give_up(s, "out of memory");
}

void dur_chain_start(durable_service *s, dur_item *item, int64_t now_ms) {
  char message[160 + DURABLE_ARN_SIZE];
  dur_function *f = dur_function_find(s, item->target);
  if (f == NULL) {
    snprintf(message, sizeof message, "Function not found: %.*s",
             (int)item->target.len, item->target.data);
    refuse(s, item, "ResourceNotFoundException", message, now_ms);
  } else if (f->tenant_isolation && item->tenant.len == 0) {
    refuse(s, item, "InvalidParameterValueException",
           "The invoked function is enabled with tenancy configuration. Add a "
           "valid tenant ID in your request and try again.",
           now_ms);
  } else if (!dur_is_json(item->input)) {
    refuse(s, item, "InvalidRequestContentException",
           "Could not parse request body into json", now_ms);
  } else if (f->not_durable) {
    dur_history_started(s, item, now_ms, DUR_NONE);
    dur_chain_call(s, item, f);
  } else {
    start_nested(s, item, f, now_ms);
  }
}

static dur_run *child_of(const durable_service *s, const dur_item *item) {
  for (size_t i = 0; i < s->runs.cap; i++) {
    dur_run *run = s->runs.slots[i].value;
    if (run != NULL && !dur_run_is_over(run) &&
        dur_bytes_eq(run->parent_op, item->op.id) &&
        dur_bytes_eq(run->parent, item->run->arn))
      return run;
  }
  return NULL;
}

void dur_chain_cancel(durable_service *s, dur_item *item, int64_t now_ms) {
  item->op.status = DUR_STATUS_CANCELLED;
  item->op.end_ms = now_ms;
  dur_item_forget_input(item);
  dur_item_touch(item);
  dur_history_settled(s, item, now_ms, 0);
  dur_run *child = child_of(s, item);
  const dur_error error = {.message = DUR_LIT("The invoke was cancelled.")};
  if (child != NULL)
    dur_end_run(s, child, DURABLE_EXECUTION_STOPPED, DUR_NONE, &error, now_ms);
}

void dur_chain_ended(durable_service *s, dur_run *run, dur_bytes result,
                     const dur_error *error, int64_t now_ms) {
  static const dur_status STATUS[] = {DUR_STATUS_STARTED, DUR_STATUS_SUCCEEDED,
                                      DUR_STATUS_FAILED, DUR_STATUS_TIMED_OUT,
                                      DUR_STATUS_STOPPED};
  if (run->parent.len == 0)
    return;
  dur_run *parent = dur_run_find(s, run->parent);
  dur_item *item = parent ? dur_item_find(parent, run->parent_op) : NULL;
  if (item == NULL || dur_run_is_over(parent) ||
      item->op.status != DUR_STATUS_STARTED)
    return;
  dur_settle_item(s, item, STATUS[run->status], result, error, now_ms);
  dur_run_save(s, parent);
}
