/* settle: what the service completes by itself, by timers and at the end. */
#include "change.h"
#include "commit.h"
#include "dispatch.h"
#include "history.h"
#include "run.h"
#include <stddef.h>
#include <stdio.h>

static void arm(durable_service *s, dur_timer *timer, dur_timer_kind kind,
                int64_t due_ms, int jump) {
  if (dur_timers_arm(&s->timers, timer, kind, due_ms, jump) != 0)
    dur_give_up(s, "out of memory");
  if (dur_timers_first(&s->timers) == timer)
    pthread_cond_signal(&s->timer);
}

void dur_arm_item(durable_service *s, dur_item *item) {
  const dur_operation *op = &item->op;
  int hold = s->hold_callbacks;
  if (op->type == DUR_TYPE_WAIT && op->status == DUR_STATUS_STARTED)
    arm(s, &item->due, DUR_TIMER_ITEM_DUE, op->scheduled_end_ms, 1);
  if (op->type == DUR_TYPE_STEP && op->status == DUR_STATUS_PENDING)
    arm(s, &item->due, DUR_TIMER_ITEM_DUE, op->next_attempt_ms, 1);
  if (op->type != DUR_TYPE_CALLBACK || op->status != DUR_STATUS_STARTED)
    return;
  if (item->timeout_s > 0)
    arm(s, &item->due, DUR_TIMER_ITEM_DUE,
        op->start_ms + item->timeout_s * 1000, !hold);
  if (item->beat_ms > 0)
    arm(s, &item->beat, DUR_TIMER_ITEM_BEAT, item->beat_ms, !hold);
}

static void disarm_item(durable_service *s, dur_item *item) {
  dur_timers_disarm(&s->timers, &item->due);
  dur_timers_disarm(&s->timers, &item->beat);
}

void dur_settle_item(durable_service *s, dur_item *item, dur_status status,
                     dur_bytes result, const dur_error *error, int64_t now_ms) {
  disarm_item(s, item);
  item->op.status = status;
  item->op.end_ms = now_ms;
  if (dur_item_outcome(item, result, error) != 0)
    dur_give_up(s, "out of memory");
  dur_item_forget_input(item);
  dur_item_touch_news(item);
  dur_history_settled(s, item, now_ms, 0);
  dur_run_wake(s, item->run);
}

static void step_ready(durable_service *s, dur_item *item) {
  item->op.status = DUR_STATUS_READY;
  item->op.next_attempt_ms = 0;
  dur_item_touch_news(item);
  dur_run_wake(s, item->run);
}

static void item_due(durable_service *s, dur_item *item, int64_t now_ms) {
  static const dur_error TIMEOUT = {.message = {"Callback timed out", 18},
                                    .type = {"Callback.Timeout", 16}};
  if (item->op.type == DUR_TYPE_WAIT)
    dur_settle_item(s, item, DUR_STATUS_SUCCEEDED, DUR_NONE, NULL, now_ms);
  else if (item->op.type == DUR_TYPE_STEP)
    step_ready(s, item);
  else
    dur_settle_item(s, item, DUR_STATUS_TIMED_OUT, DUR_NONE, &TIMEOUT, now_ms);
}

static void item_beat(durable_service *s, dur_item *item, int64_t now_ms) {
  static const dur_error BEAT = {
      .message = {"Callback timed out on heartbeat", 31},
      .type = {"Callback.Heartbeat", 18}};
  dur_settle_item(s, item, DUR_STATUS_TIMED_OUT, DUR_NONE, &BEAT, now_ms);
}

static void run_timeout(durable_service *s, dur_run *run, int64_t now_ms) {
  char text[80];
  snprintf(text, sizeof text, "Execution timed out after %lld seconds.",
           (long long)run->timeout_s);
  const dur_error error = {.message = dur_cstr(text)};
  dur_end_run(s, run, DURABLE_EXECUTION_TIMED_OUT, DUR_NONE, &error, now_ms);
}

static void run_retry(durable_service *s, dur_run *run) {
  run->retry_ms = 0;
  dur_run_wake(s, run);
}

#define OWNER(timer, type, member)                                             \
  ((type *)(void *)((char *)(timer)-offsetof(type, member)))

static dur_run *fire(durable_service *s, dur_timer *timer, int64_t now_ms) {
  dur_item *item;
  dur_run *run;
  switch ((dur_timer_kind)timer->kind) {
  case DUR_TIMER_ITEM_DUE:
    item = OWNER(timer, dur_item, due);
    item_due(s, item, now_ms);
    return item->run;
  case DUR_TIMER_ITEM_BEAT:
    item = OWNER(timer, dur_item, beat);
    item_beat(s, item, now_ms);
    return item->run;
  case DUR_TIMER_TIMEOUT:
    run = OWNER(timer, dur_run, timeout);
    run_timeout(s, run, now_ms);
    return run;
  default:
    run = OWNER(timer, dur_run, backoff);
    run_retry(s, run);
    return run;
  }
}

void dur_fire_due(durable_service *s, int64_t now_ms) {
  dur_timer *timer;
  while ((timer = dur_timers_first(&s->timers)) != NULL &&
         timer->due_ms <= now_ms) {
    dur_timers_disarm(&s->timers, timer);
    dur_run_save(s, fire(s, timer, now_ms));
  }
}

static void queue_outcome(durable_service *s, const dur_run *run,
                          dur_bytes result, const dur_error *error) {
  dur_buf buf;
  dur_buf_init(&buf, &dur_mem_default, SIZE_MAX);
  if (error != NULL) {
    dur_json_out out;
    dur_json_out_init(&out, &buf, 0);
    dur_error_write(&out, error);
  }
  const dur_value v[] = {
      DUR_INT(run->row), DUR_TEXT(result),
      DUR_TEXT(error != NULL ? dur_buf_view(&buf) : DUR_NONE)};
  if (buf.failed)
    dur_give_up(s, "out of memory");
  else
    dur_queue(s, DUR_STMT_PUT_OUTCOME, v, 3);
  dur_buf_drop(&buf);
}

void dur_end_run(durable_service *s, dur_run *run, int status, dur_bytes result,
                 const dur_error *error, int64_t now_ms) {
  run->status = status;
  run->end_ms = now_ms;
  s->ends++;
  run->wanted = 0;
  run->retry_ms = 0;
  run->row_dirty |= 1;
  dur_timers_disarm(&s->timers, &run->timeout);
  dur_timers_disarm(&s->timers, &run->backoff);
  for (size_t i = 0; i < run->count; i++)
    disarm_item(s, run->items[i]);
  dur_history_run_over(s, run, result, error);
  queue_outcome(s, run, result, error);
  dur_unready(s, run);
  if (!run->closing) {
    run->closing = 1;
    run->next = s->closing;
    s->closing = run;
  }
  dur_run_save(s, run);
  dur_chain_ended(s, run, result, error, now_ms);
}
