/* clock: the two clocks of the system.  Wall time goes to the service and into
 * signatures; monotonic time is what threads sleep by. */
#ifndef DUR_HOST_CLOCK_H
#define DUR_HOST_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

int64_t dur_wall_ms(void);
int64_t dur_mono_ms(void);
/* now + |ms|, saturating; |ms| below 0 means never: INT64_MAX */
int64_t dur_mono_after(int64_t ms);

/* A condition whose timed waits go by the monotonic clock. */
void dur_cond_init(pthread_cond_t *cond);
/* Wait until signalled or until |until_ms| (monotonic; INT64_MAX: never). */
void dur_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock,
                   int64_t until_ms);

#endif
