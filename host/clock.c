/* clock: the two clocks of the system.  See clock.h. */
#include "host/clock.h"

static int64_t read_ms(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t dur_wall_ms(void) {
  return read_ms(CLOCK_REALTIME);
}

int64_t dur_mono_ms(void) {
  return read_ms(CLOCK_MONOTONIC);
}

int64_t dur_mono_after(int64_t ms) {
  int64_t now = dur_mono_ms();
  return ms < 0 || ms > INT64_MAX - now ? INT64_MAX : now + ms;
}

void dur_cond_init(pthread_cond_t *cond) {
  pthread_condattr_t attr;
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_cond_init(cond, &attr);
  pthread_condattr_destroy(&attr);
}

void dur_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock,
                   int64_t until_ms) {
  if (until_ms == INT64_MAX) {
    pthread_cond_wait(cond, lock);
    return;
  }
  struct timespec t = {.tv_sec = (time_t)(until_ms / 1000),
                       .tv_nsec = (long)(until_ms % 1000) * 1000000};
  pthread_cond_timedwait(cond, lock, &t);
}
