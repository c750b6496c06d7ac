/* timers: see timers.h. */
#include "timers.h"
#include <stdlib.h>

void dur_timers_drop(dur_timers *timers) {
  free(timers->heap);
  *timers = (dur_timers){0};
}

static int before(const dur_timer *a, const dur_timer *b) {
  if (a->due_ms != b->due_ms)
    return a->due_ms < b->due_ms;
  return a->order < b->order;
}

static void place(dur_timers *t, size_t i, dur_timer *timer) {
  t->heap[i] = timer;
  timer->slot = (uint32_t)i + 1;
}

static void sift_up(dur_timers *t, size_t i, dur_timer *timer) {
  while (i > 0 && before(timer, t->heap[(i - 1) / 2])) {
    place(t, i, t->heap[(i - 1) / 2]);
    i = (i - 1) / 2;
  }
  place(t, i, timer);
}

static void sift_down(dur_timers *t, size_t i, dur_timer *timer) {
  for (;;) {
    size_t child = 2 * i + 1;
    if (child >= t->count)
      break;
    if (child + 1 < t->count && before(t->heap[child + 1], t->heap[child]))
      child++;
    if (!before(t->heap[child], timer))
      break;
    place(t, i, t->heap[child]);
    i = child;
  }
  place(t, i, timer);
}

void dur_timers_disarm(dur_timers *t, dur_timer *timer) {
  if (timer->slot == 0)
    return;
  size_t i = timer->slot - 1;
  timer->slot = 0;
  t->jumps -= timer->jump;
  dur_timer *last = t->heap[--t->count];
  if (last == timer)
    return;
  if (i > 0 && before(last, t->heap[(i - 1) / 2]))
    sift_up(t, i, last);
  else
    sift_down(t, i, last);
}

int dur_timers_arm(dur_timers *t, dur_timer *timer, dur_timer_kind kind,
                   int64_t due_ms, int jump) {
  dur_timers_disarm(t, timer);
  if (t->count == t->cap) {
    size_t cap = t->cap ? t->cap * 2 : 64;
    dur_timer **heap = realloc(t->heap, cap * sizeof *heap);
    if (heap == NULL)
      return -1;
    t->heap = heap;
    t->cap = cap;
  }
  timer->due_ms = due_ms;
  timer->order = t->next_order++;
  timer->kind = (uint8_t)kind;
  timer->jump = jump != 0;
  t->jumps += timer->jump;
  sift_up(t, t->count++, timer);
  return 0;
}

dur_timer *dur_timers_first(const dur_timers *t) {
  return t->count ? t->heap[0] : NULL;
}
