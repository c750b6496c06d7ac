/* driver: what to do next, in the order WAKE, SEND, FINISH.
 *
 * Never idle: what is queued goes out when a parked task needs it, when nothing
 * is runnable, when a batch is full, or when its oldest update has been held
 * for the linger. At most one request is in flight, since each consumes the
 * token and returns the next. */
#include "engine/internal.h"

static int todo(dur_todo *out, int kind) {
  out->kind = kind;
  return kind;
}

static int idle_until(dur_todo *out, int64_t when_ms) {
  if (when_ms < out->deadline_ms)
    out->deadline_ms = when_ms;
  return todo(out, DUR_EV_NONE);
}

static int wake(dur_engine *e, dur_todo *out) {
  dur_task *task = e->wake_head;
  e->wake_head = task->wake_next;
  if (!e->wake_head)
    e->wake_tail = NULL;
  task->queued = 0;
  out->task = task;
  return todo(out, DUR_EV_WAKE);
}

/* ---- sending */

static int send(dur_engine *e, dur_todo *out) {
  e->in_flight = 1;
  e->resend = 0;
  e->request++;
  e->tries++;
  return todo(out, DUR_EV_SEND);
}

static int send_state_call(dur_engine *e, dur_todo *out) {
  dur_buf_reset(&e->target);
  dur_buf_reset(&e->body);
  dur_state_target(&e->target, e->arn, e->token, e->marker);
  if (e->target.failed) {
    dur_oom(e);
    return idle_until(out, e->now_ms);
  }
  e->is_state_call = 1;
  e->tries = 0;
  return send(e, out);
}

static int send_checkpoint(dur_engine *e, dur_todo *out) {
  if (dur_queue_send(e) != 0)
    return idle_until(out, e->now_ms);
  e->is_state_call = 0;
  e->tries = 0;
  return send(e, out);
}

static int64_t linger_end(const dur_engine *e) {
  return e->queue.head->stamp_ms + e->set.linger_ms;
}

static int should_send(dur_engine *e) {
  dur_item *oldest = e->queue.head;
  if (!oldest)
    return 0;
  if (oldest->stamp_ms == 0)
    oldest->stamp_ms = e->now_ms;
  return e->send_needed || e->runnable == 0 || e->draining ||
         e->stage == DUR_STAGE_CLOSING ||
         e->queue.count >= DUR_BATCH_UPDATES_MAX ||
         e->queue.bytes >= DUR_BATCH_BYTES_MAX || e->now_ms >= linger_end(e);
}

/* Due timers are taken up in place while other tasks run, or while a timer is
 * near enough to be stayed for. */
static int should_refresh(dur_engine *e) {
  return e->stage == DUR_STAGE_OPEN && !e->draining &&
         (e->runnable > 0 || e->set.stay_ms > 0) &&
         dur_timer_next(e) <= e->now_ms && dur_timer_collect(e) > 0;
}

/* ---- the deadline */

static void find_cutoff(dur_engine *e) {
  enum { MARGIN_MS = 5000 };
  if (e->cutoff_ms || !e->set.deadline_ms)
    return;
  int64_t left = e->set.deadline_ms - e->now_ms;
  int64_t margin = left / 10 < MARGIN_MS ? left / 10 : MARGIN_MS;
  e->cutoff_ms = e->set.deadline_ms - (margin > 0 ? margin : 0);
}

static void drain(dur_engine *e) {
  e->draining = 1;
  dur_note_log(e, "WARN",
               "the invocation is close to its deadline: no body is started "
               "any more",
               DUR_NONE);
  dur_task_wake_all(e);
}

/* ---- ending */

static int finish(dur_engine *e, dur_todo *out) {
  if (e->outcome == DUR_OUTCOME_OPEN)
    dur_ending_drained(e);
  if (dur_ending_checkpoint(e) > 0)
    return send_checkpoint(e, out);
  e->stage = DUR_STAGE_OVER;
  dur_note_invocation_end(e);
  return todo(out, dur_ending_output(e));
}

/* Nothing runs: wait in place for a near timer, or suspend. */
static int stand_still(dur_engine *e, dur_todo *out) {
  int64_t next = dur_timer_next(e);
  if (e->set.stay_ms && next != INT64_MAX &&
      next - e->now_ms <= (int64_t)e->set.stay_ms)
    return idle_until(out, next);
  dur_ending_suspend(e);
  return e->wake_head ? wake(e, out) : idle_until(out, e->now_ms);
}

static int nothing_to_send(dur_engine *e, dur_todo *out) {
  if (e->live_count == 0)
    return finish(e, out);
  if (e->stage == DUR_STAGE_OPEN && e->runnable == 0 && !e->draining)
    return stand_still(e, out);
  if (e->queue.head)
    idle_until(out, linger_end(e));
  if (e->stage == DUR_STAGE_OPEN && !e->draining) /* as should_refresh */
    idle_until(out, dur_timer_next(e));
  return todo(out, DUR_EV_NONE);
}

int dur_poll(dur_engine *e, int64_t now_ms, dur_todo *out) {
  *out = (dur_todo){.deadline_ms = INT64_MAX};
  if (e->stage == DUR_STAGE_OVER)
    return dur_refuse(e, DUR_E_STATE, "the invocation is over", NULL);
  e->now_ms = now_ms;
  find_cutoff(e);
  if (e->cutoff_ms && now_ms >= e->cutoff_ms && !e->draining &&
      e->stage == DUR_STAGE_OPEN)
    drain(e);
  if (e->wake_head)
    return wake(e, out);
  if (e->cutoff_ms && !e->draining && e->stage == DUR_STAGE_OPEN)
    out->deadline_ms = e->cutoff_ms;
  if (e->in_flight)
    return todo(out, DUR_EV_NONE);
  if (e->resend)
    return now_ms >= e->resend_at_ms ? send(e, out)
                                     : idle_until(out, e->resend_at_ms);
  if (e->marker.len && !e->fatal)
    return send_state_call(e, out);
  if (should_send(e))
    return send_checkpoint(e, out);
  if (should_refresh(e))
    return send_checkpoint(e, out);
  return nothing_to_send(e, out);
}
