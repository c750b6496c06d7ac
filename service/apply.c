/* apply: what each update does to its operation. */
#include "change.h"
#include "commit.h"
#include "history.h"
#include "run.h"
#include "tokens.h"

static void no_memory(durable_service *s) {
  dur_give_up(s, "out of memory");
}

static void started(dur_item *item, int64_t now_ms) {
  item->op.status = DUR_STATUS_STARTED;
  if (item->op.start_ms == 0)
    item->op.start_ms = now_ms;
  dur_item_touch(item);
}

/* A closing update: status, outcome, end. */
static void closed(durable_service *s, dur_item *item, dur_status status,
                   const dur_update *u, int64_t now_ms) {
  dur_operation *op = &item->op;
  op->status = status;
  if (op->start_ms == 0)
    op->start_ms = now_ms;
  if (status != DUR_STATUS_PENDING)
    op->end_ms = now_ms;
  if (dur_item_outcome(item, u->payload, u->has_error ? &u->error : NULL) != 0)
    no_memory(s);
  dur_item_touch(item);
}

static void apply_step(durable_service *s, dur_item *item, const dur_update *u,
                       int64_t now_ms) {
  dur_operation *op = &item->op;
  int64_t delay_s = 0;
  op->next_attempt_ms = 0;
  switch (u->action) {
  case DUR_ACTION_START:
    /* the state of a condition stays: an attempt that crashes is made again */
    if (dur_item_outcome(item, op->result, NULL) != 0)
      no_memory(s);
    started(item, now_ms);
    dur_history_started(s, item, now_ms, DUR_NONE);
    return;
  case DUR_ACTION_RETRY:
    delay_s = u->next_attempt_delay_s;
    op->next_attempt_ms = now_ms + delay_s * 1000;
    closed(s, item, DUR_STATUS_PENDING, u, now_ms);
    break;
  case DUR_ACTION_SUCCEED:
    closed(s, item, DUR_STATUS_SUCCEEDED, u, now_ms);
    break;
  default:
    closed(s, item, DUR_STATUS_FAILED, u, now_ms);
  }
  op->attempt++;
  dur_history_settled(s, item, now_ms, delay_s);
  dur_arm_item(s, item);
}

static void apply_context(durable_service *s, dur_item *item,
                          const dur_update *u, int64_t now_ms) {
  if (u->action == DUR_ACTION_START) {
    started(item, now_ms);
    dur_history_started(s, item, now_ms, DUR_NONE);
    return;
  }
  item->op.replay_children = u->has_context && u->replay_children;
  closed(s, item,
         u->action == DUR_ACTION_SUCCEED ? DUR_STATUS_SUCCEEDED
                                         : DUR_STATUS_FAILED,
         u, now_ms);
  dur_history_settled(s, item, now_ms, 0);
}

static void apply_wait(durable_service *s, dur_item *item, const dur_update *u,
                       int64_t now_ms) {
  if (u->action == DUR_ACTION_CANCEL) {
    item->op.status = DUR_STATUS_CANCELLED;
    item->op.end_ms = now_ms;
    dur_timers_disarm(&s->timers, &item->due);
    dur_item_touch(item);
    dur_history_settled(s, item, now_ms, 0);
    return;
  }
  started(item, now_ms);
  item->op.scheduled_end_ms = now_ms + u->wait_s * 1000;
  dur_history_started(s, item, now_ms, DUR_NONE);
  dur_arm_item(s, item);
}

static void apply_callback(durable_service *s, dur_item *item,
                           const dur_update *u, int64_t now_ms) {
  started(item, now_ms);
  if (u->has_callback) {
    item->timeout_s = u->timeout_s;
    item->heartbeat_s = u->heartbeat_timeout_s;
  }
  if (item->heartbeat_s > 0)
    item->beat_ms = now_ms + item->heartbeat_s * 1000;
  dur_history_started(s, item, now_ms, DUR_NONE);
  dur_arm_item(s, item);
}

static void apply_invoke(durable_service *s, dur_item *item,
                         const dur_update *u, int64_t now_ms) {
  if (u->action == DUR_ACTION_CANCEL) {
    dur_chain_cancel(s, item, now_ms);
    return;
  }
  started(item, now_ms);
  dur_chain_start(s, item, now_ms);
}

static void apply_execution(durable_service *s, dur_run *run,
                            const dur_update *u, int64_t now_ms) {
  if (u->action == DUR_ACTION_SUCCEED) {
    dur_end_run(s, run, DURABLE_EXECUTION_SUCCEEDED, u->payload, NULL, now_ms);
    return;
  }
  const dur_error missing = {
      .message = DUR_LIT("There is no error details but EXECUTION checkpoint "
                         "action is not SUCCEED.")};
  dur_end_run(s, run, DURABLE_EXECUTION_FAILED, DUR_NONE,
              u->has_error ? &u->error : &missing, now_ms);
}

static dur_item *make_item(durable_service *s, dur_run *run,
                           const dur_update *u) {
  dur_buf id;
  dur_buf_init(&id, &dur_mem_default, SIZE_MAX);
  dur_item_spec spec = {.id = u->id,
                        .type = u->type,
                        .parent_id = u->parent_id,
                        .name = u->name,
                        .sub_type = u->sub_type};
  if (u->type == DUR_TYPE_CALLBACK) {
    dur_callback_id_write(&id, run->arn, u->id);
    spec.callback_id = dur_buf_view(&id);
  } else if (u->type == DUR_TYPE_CHAINED_INVOKE) {
    spec.target = u->function_name;
    spec.tenant = u->tenant_id;
    spec.trace_id = u->trace_id;
    spec.input = u->payload.len > 0 ? u->payload : DUR_LIT("null");
  }
  dur_item *item = id.failed ? NULL : dur_item_new(run, &spec);
  dur_buf_drop(&id);
  if (item == NULL)
    no_memory(s);
  return item;
}

void dur_apply(durable_service *s, dur_run *run, const dur_update *u,
               int64_t now_ms) {
  if (u->type == DUR_TYPE_EXECUTION) {
    apply_execution(s, run, u, now_ms);
    return;
  }
  dur_item *item = dur_item_find(run, u->id);
  if (item == NULL)
    item = make_item(s, run, u);
  if (item == NULL)
    return;
  switch (u->type) {
  case DUR_TYPE_STEP:
    apply_step(s, item, u, now_ms);
    break;
  case DUR_TYPE_CONTEXT:
    apply_context(s, item, u, now_ms);
    break;
  case DUR_TYPE_WAIT:
    apply_wait(s, item, u, now_ms);
    break;
  case DUR_TYPE_CALLBACK:
    apply_callback(s, item, u, now_ms);
    break;
  default:
    apply_invoke(s, item, u, now_ms);
  }
}
