/* clock: the service's time, in Unix milliseconds.
 *
 * Invariant: it never goes back, not over a restart either (dur_clock_init is
 * given the newest time on disk).  Real time runs with the system; scaled time
 * runs 1/scale as fast; virtual time stands still and moves only by
 * dur_clock_set.  Steps of the system's clock do not disturb it. */
#ifndef DUR_SERVICE_CLOCK_H
#define DUR_SERVICE_CLOCK_H

#include <stdint.h>
#include <time.h>

typedef struct dur_clock {
  int is_virtual;
  double scale;    /* real milliseconds per service millisecond */
  int64_t base_ms; /* service time at |base_boot_ms|; virtual: now */
  int64_t base_boot_ms;
} dur_clock;

void dur_clock_init(dur_clock *clock, int is_virtual, double scale,
                    int64_t newest_ms);
int64_t dur_clock_now(const dur_clock *clock);
void dur_clock_set(dur_clock *clock,
                   int64_t now_ms); /* virtual, forward only */
/* Real milliseconds until the clock reads |due_ms|; 0: it does already. */
int64_t dur_clock_until(const dur_clock *clock, int64_t due_ms);

int64_t dur_real_ms(void); /* CLOCK_REALTIME */
int64_t dur_boot_ms(void); /* CLOCK_BOOTTIME: time that has passed */
/* CLOCK_MONOTONIC now + |ms|, for condition variables of this library */
struct timespec dur_wait_until(int64_t ms);

#endif
