/* wait: the calls that block a thread until the engine has an answer.  See
 * model.h. */
#include "host/model.h"

#include "host/clock.h"

#include <string.h>

/* ---- blocked threads */

static dur_waiter *list_of(durable_host *host, durable_task_id task) {
  return &host->waiters[(uint32_t)task % DUR_WAITER_LISTS];
}

static void waiter_add(durable_host *host, dur_waiter *w) {
  dur_waiter *head = list_of(host, w->task);
  dur_cond_init(&w->cond);
  w->woken = 0;
  w->next = head;
  w->prev = head->prev;
  head->prev->next = w;
  head->prev = w;
  host->waiting++;
}

static void waiter_remove(durable_host *host, dur_waiter *w) {
  w->prev->next = w->next;
  w->next->prev = w->prev;
  host->waiting--;
  pthread_cond_destroy(&w->cond);
}

static void waiter_go(dur_waiter *w) {
  w->woken = 1;
  pthread_cond_signal(&w->cond);
}

int dur_waiter_wake(durable_host *host, durable_task_id task) {
  int found = 0;
  dur_waiter *head = list_of(host, task);
  for (dur_waiter *w = head->next; w != head; w = w->next) {
    if (w->task == task) {
      waiter_go(w);
      found = 1;
    }
  }
  return found;
}

/* Woken threads look at everything before they go on or block again, so one
 * that is awake already will do. */
int dur_waiter_nudge(durable_host *host) {
  if (host->blocked) {
    pthread_cond_broadcast(&host->changed);
    return 1;
  }
  for (size_t i = 0; host->waiting && i < DUR_WAITER_LISTS; i++) {
    dur_waiter *w = host->waiters[i].next;
    if (w != &host->waiters[i]) {
      waiter_go(w);
      return 1;
    }
  }
  return 0;
}

void dur_waiter_wake_all(durable_host *host) {
  for (size_t i = 0; i < DUR_WAITER_LISTS; i++) {
    dur_waiter *head = &host->waiters[i];
    for (dur_waiter *w = head->next; w != head; w = w->next)
      waiter_go(w);
  }
  if (host->blocked)
    pthread_cond_broadcast(&host->changed);
}

void dur_host_block(durable_host *host, int64_t until_ms) {
  host->blocked++;
  dur_cond_wait(&host->changed, &host->lock, until_ms);
  host->blocked--;
}

/* ---- leaving a call that may have blocked */

/* Everything that the caller's answer follows from is with the sink, and a
 * request that this thread was to perform has another one. */
static void settle_before_return(durable_host *host, dur_pump_mode mode) {
  dur_host_pump(host, mode);
  if (!host->options.pull_records)
    (void)dur_records_settle(host);
  dur_request_hand_over(host);
}

/* ---- next and task_wait */

typedef struct question {
  durable_task_id task;
  durable_op_id op;
  const durable_op_id *ops; /* NULL: next on |op| */
  size_t count;
  int all;
} question;

static int ask(durable_host *host, const question *q) {
  int rc = q->ops ? durable_engine_task_wait(host->engine, q->task, q->ops,
                                             q->count, q->all)
                  : durable_engine_next(host->engine, q->task, q->op);
  return rc == DURABLE_NEXT_PARK && host->over ? DURABLE_NEXT_SUSPEND : rc;
}

static int is_past(int64_t until_ms) {
  return until_ms != INT64_MAX && dur_mono_ms() >= until_ms;
}

/* Block until the task may ask again: 1; 0: time is up. */
static int park(durable_host *host, durable_task_id task, int64_t until_ms) {
  dur_waiter w = {.task = task};
  int in_time = 1;
  waiter_add(host, &w);
  dur_host_pump(host, until_ms == INT64_MIN ? DUR_PUMP_TURN : DUR_PUMP_BLOCK);
  while (!w.woken && !host->over && in_time) {
    if (is_past(until_ms))
      in_time = 0;
    else if (!dur_request_inline(host))
      dur_cond_wait(&w.cond, &host->lock, until_ms);
  }
  waiter_remove(host, &w);
  return in_time;
}

static int next_until(durable_host *host, const question *q,
                      int64_t timeout_ms) {
  if (!host || !host->engine)
    return DURABLE_E_ARGUMENT;
  int64_t until = timeout_ms == 0 ? INT64_MIN : dur_mono_after(timeout_ms);
  pthread_mutex_lock(&host->lock);
  int rc = 0, settled;
  do {
    dur_wakes_forget(host, q->task);
    settled = dur_records_settle(host);
    rc = settled ? settled : ask(host, q);
  } while (rc == DURABLE_NEXT_PARK && park(host, q->task, until));
  if (settled >= 0)
    settle_before_return(host, timeout_ms ? DUR_PUMP_PASS : DUR_PUMP_TURN);
  pthread_mutex_unlock(&host->lock);
  return rc;
}

int durable_host_next_for(durable_host *host, durable_task_id task,
                          durable_op_id op, int64_t timeout_ms) {
  question q = {.task = task, .op = op};
  return next_until(host, &q, timeout_ms);
}

int durable_host_next(durable_host *host, durable_task_id task,
                      durable_op_id op) {
  return durable_host_next_for(host, task, op, -1);
}

int durable_host_task_wait_for(durable_host *host, durable_task_id task,
                               const durable_op_id *ops, size_t count, int all,
                               int64_t timeout_ms) {
  static const durable_op_id none;
  question q = {.task = task, .ops = ops, .count = count, .all = all};
  if (!ops)
    q.ops = &none;
  return ops || !count ? next_until(host, &q, timeout_ms) : DURABLE_E_ARGUMENT;
}

int durable_host_task_wait(durable_host *host, durable_task_id task,
                           const durable_op_id *ops, size_t count, int all) {
  return durable_host_task_wait_for(host, task, ops, count, all, -1);
}

/* ---- the two ends of an invocation */

/* Block until the root task may run (|for_begin|) or the invocation is over. */
static int block_until(durable_host *host, int for_begin) {
  for (;;) {
    dur_host_pump(host, DUR_PUMP_BLOCK);
    if (host->options.pull_records && dur_records_pending(host))
      return DURABLE_HOST_RECORDS;
    if (for_begin && host->root_woken)
      return DURABLE_EVENT_WAKE;
    if (host->over)
      return host->over;
    if (!dur_request_inline(host))
      dur_host_block(host, INT64_MAX);
  }
}

int durable_host_begin(durable_host *host) {
  if (!host || !host->engine)
    return DURABLE_E_ARGUMENT;
  pthread_mutex_lock(&host->lock);
  int rc = block_until(host, 1);
  if (rc == DURABLE_EVENT_WAKE)
    dur_wakes_forget(host, durable_engine_root_task(host->engine));
  settle_before_return(host, DUR_PUMP_PASS);
  pthread_mutex_unlock(&host->lock);
  return rc;
}

int durable_host_finish(durable_host *host, durable_host_event *out) {
  if (!host || !host->engine || !out || out->size < sizeof(size_t))
    return DURABLE_E_ARGUMENT;
  durable_host_event event = DURABLE_HOST_EVENT_INIT;
  pthread_mutex_lock(&host->lock);
  event.kind = block_until(host, 0);
  if (host->over == event.kind)
    event.body = host->over_body;
  settle_before_return(host, DUR_PUMP_PASS);
  pthread_mutex_unlock(&host->lock);
  event.size = out->size;
  memcpy(out, &event, out->size < sizeof event ? out->size : sizeof event);
  return event.kind;
}
