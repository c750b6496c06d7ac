/* clock: see clock.h. */
#include "clock.h"
#include <math.h>

static int64_t read_ms(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t dur_real_ms(void) {
  return read_ms(CLOCK_REALTIME);
}

int64_t dur_boot_ms(void) {
  return read_ms(CLOCK_BOOTTIME);
}

void dur_clock_init(dur_clock *clock, int is_virtual, double scale,
                    int64_t newest_ms) {
  clock->is_virtual = is_virtual;
  clock->scale = scale > 0 ? scale : 1.0;
  clock->base_boot_ms = dur_boot_ms();
  clock->base_ms = dur_real_ms();
  if (clock->base_ms < newest_ms)
    clock->base_ms = newest_ms;
}

int64_t dur_clock_now(const dur_clock *clock) {
  if (clock->is_virtual)
    return clock->base_ms;
  int64_t passed = dur_boot_ms() - clock->base_boot_ms;
  if (clock->scale != 1.0)
    passed = (int64_t)((double)passed / clock->scale);
  return clock->base_ms + passed;
}

void dur_clock_set(dur_clock *clock, int64_t now_ms) {
  if (clock->base_ms < now_ms)
    clock->base_ms = now_ms;
}

int64_t dur_clock_until(const dur_clock *clock, int64_t due_ms) {
  int64_t left = due_ms - dur_clock_now(clock);
  if (left <= 0)
    return 0;
  double real = ceil((double)left * clock->scale);
  return real < 1 ? 1 : (int64_t)real;
}

struct timespec dur_wait_until(int64_t ms) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  t.tv_sec += (time_t)(ms / 1000);
  t.tv_nsec += (long)(ms % 1000) * 1000000;
  if (t.tv_nsec >= 1000000000) {
    t.tv_sec++;
    t.tv_nsec -= 1000000000;
  }
  return t;
}
