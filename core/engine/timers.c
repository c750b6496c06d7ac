/* timers: waits and retries of parked tasks, taken up while other tasks run.
 *
 * A due timer asks for one empty checkpoint, whose reply says whether the
 * service agrees; an operation found unfinished is looked at again after 1, 2,
 * 4, at most 10 s.  Times from the service are moved onto the caller's clock by
 * the skew seen last. */
#include "engine/internal.h"

void dur_timer_arm(dur_engine *e, dur_op *op, int64_t service_ms) {
  if (op->armed || service_ms == 0)
    return;
  if (dur_heap_push(&e->timers, service_ms - e->skew_ms, op) != 0) {
    dur_oom(e);
    return;
  }
  op->armed = 1;
}

static int is_live(const dur_op *op) {
  return op->phase != DUR_PHASE_SETTLED && !op->orphan &&
         !dur_ctx_is_dead(op->ctx) && op->entry && op->entry->known &&
         (op->entry->op.status == DUR_STATUS_PENDING ||
          op->entry->op.status == DUR_STATUS_STARTED);
}

int64_t dur_timer_next(dur_engine *e) {
  const dur_heap_item *top;
  while ((top = dur_heap_top(&e->timers)) != NULL) {
    dur_op *op = top->value;
    if (is_live(op))
      return top->key;
    op->armed = 0;
    dur_heap_pop(&e->timers);
  }
  return INT64_MAX;
}

static int due_push(dur_engine *e, dur_op *op) {
  if (e->due_count == e->due_cap) {
    uint32_t cap = e->due_cap ? e->due_cap * 2 : 16;
    dur_op **due = dur_realloc(&e->mem, e->due, e->due_cap * sizeof *due,
                               cap * sizeof *due);
    if (!due)
      return dur_oom(e);
    e->due = due;
    e->due_cap = cap;
  }
  e->due[e->due_count++] = op;
  return 0;
}

int dur_timer_collect(dur_engine *e) {
  while (dur_timer_next(e) <= e->now_ms) {
    dur_op *op = dur_heap_pop(&e->timers);
    if (!op)
      break;
    op->armed = 0;
    if (due_push(e, op) != 0)
      return DUR_E_NOMEM;
  }
  return (int)e->due_count;
}

void dur_timer_rearm(dur_engine *e) {
  static const int64_t pace_ms[] = {1000, 2000, 4000, 8000, 10000};
  for (uint32_t i = 0; i < e->due_count; i++) {
    dur_op *op = e->due[i];
    if (!is_live(op) || op->armed)
      continue;
    int64_t delay = pace_ms[op->refreshes < 4 ? op->refreshes : 4];
    if (op->refreshes < 4)
      op->refreshes++;
    dur_timer_arm(e, op, e->now_ms + delay + e->skew_ms);
  }
  e->due_count = 0;
}
