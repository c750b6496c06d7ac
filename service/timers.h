/* timers: one heap of everything that is due at some service time.
 *
 * Invariant: an armed timer is in the heap exactly once and knows its slot, so
 * it is disarmed in O(log n) and nothing stale is ever left behind.  Among
 * equal times the one armed first comes first.
 *
 * A timer is embedded in what it belongs to (dur_item, dur_run) and |kind| says
 * which member it is. */
#ifndef DUR_SERVICE_TIMERS_H
#define DUR_SERVICE_TIMERS_H

#include <stddef.h>
#include <stdint.h>

typedef enum dur_timer_kind {
  DUR_TIMER_ITEM_DUE,  /* dur_item.due */
  DUR_TIMER_ITEM_BEAT, /* dur_item.beat */
  DUR_TIMER_TIMEOUT,   /* dur_run.timeout */
  DUR_TIMER_BACKOFF    /* dur_run.backoff */
} dur_timer_kind;

typedef struct dur_timer {
  int64_t due_ms;
  uint64_t order;
  uint32_t slot; /* 1-based place in the heap; 0: not armed */
  uint8_t kind;
  uint8_t jump; /* virtual time may jump to it */
} dur_timer;

typedef struct dur_timers {
  dur_timer **heap;
  size_t count, cap;
  uint64_t next_order;
  size_t jumps; /* armed timers with |jump| */
} dur_timers;

void dur_timers_drop(dur_timers *timers);
/* Arm, or move, |timer|.  0, or -1: out of memory. */
int dur_timers_arm(dur_timers *timers, dur_timer *timer, dur_timer_kind kind,
                   int64_t due_ms, int jump);
void dur_timers_disarm(dur_timers *timers, dur_timer *timer);
dur_timer *dur_timers_first(const dur_timers *timers); /* NULL: none */

#endif
