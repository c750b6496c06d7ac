/* Functions that run inside the service. */
#include <durable/durable.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

enum { TOGETHER = 12, PATIENCE_S = 60 };

static int echo(durable_ctx *ctx, const durable_value *event,
                const durable_value **result) {
  (void)ctx;
  *result = event;
  return DURABLE_OK;
}

static int fail(durable_ctx *ctx, const durable_value *event,
                const durable_value **result) {
  (void)event;
  (void)result;
  return durable_fail(ctx, "Broken", "as told");
}

static int say(durable_step_ctx *step, void *arg,
               const durable_value **result) {
  durable_step_log(step, DURABLE_LOG_INFO, "in %s", (const char *)arg);
  durable_step_log(step, DURABLE_LOG_DEBUG, "not shown");
  if (durable_step_attempt(step) == 1)
    return durable_step_fail(step, "Flaky", "once");
  *result = durable_value_str(durable_step_values(step), arg);
  return DURABLE_OK;
}

static int steps(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  static char name[] = "done";
  (void)event;
  durable_log(ctx, DURABLE_LOG_WARN, "begin");
  int rc = durable_step(ctx, "flaky", say, name, result, NULL);
  return rc ? rc : durable_wait(ctx, "pause", 1);
}

/* Answers how many were in here at once. */
static int crowd(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  static atomic_int inside;
  const struct timespec moment = {0, 20000000};
  (void)event;
  int count = atomic_fetch_add(&inside, 1) + 1;
  nanosleep(&moment, NULL);
  atomic_fetch_sub(&inside, 1);
  *result = durable_value_int(durable_ctx_values(ctx), count);
  return DURABLE_OK;
}

/* Ends when TOGETHER are in here. */
static int meet(durable_ctx *ctx, const durable_value *event,
                const durable_value **result) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
  static int inside;
  struct timespec until;
  (void)event;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += PATIENCE_S;
  pthread_mutex_lock(&lock);
  inside++;
  pthread_cond_broadcast(&changed);
  while (inside < TOGETHER &&
         pthread_cond_timedwait(&changed, &lock, &until) == 0)
    continue;
  int met = inside >= TOGETHER;
  pthread_mutex_unlock(&lock);
  *result = durable_value_bool(durable_ctx_values(ctx), met);
  return DURABLE_OK;
}

static int hang(durable_ctx *ctx, const durable_value *event,
                const durable_value **result) {
  (void)ctx;
  *result = event;
  sleep(PATIENCE_S);
  return DURABLE_OK;
}

DURABLE_HANDLERS(DURABLE_FN(echo), DURABLE_FN(fail), DURABLE_FN(steps),
                 DURABLE_FN(crowd), DURABLE_FN(meet), DURABLE_FN(hang));
