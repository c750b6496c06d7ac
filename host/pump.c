/* pump: asking the engine what to do and doing it.  See model.h. */
#include "host/model.h"

#include "host/clock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { TURN_MAY_BLOCK = 2, TURN_MS = 10 }; /* see options.event_loop */

const char dur_lost_memory[] =
    "{\"errorMessage\":\"out of memory\",\"errorType\":\"OutOfMemory\"}";
static const char lost_engine[] =
    "{\"errorMessage\":\"the engine refused to go on\","
    "\"errorType\":\"InvalidStateError\"}";

/* ---- events for those who poll */

static int has_pull(const durable_host *host) {
  return host->sending && host->place == DUR_SEND_PULL && !host->pull_told;
}

int dur_host_has_event(const durable_host *host) {
  return (host->options.pull_records && dur_records_pending(host)) ||
         host->wake_count || host->dirty || has_pull(host) ||
         (host->over && !host->over_told);
}

/* The descriptor's counter is 1 exactly while |event_on| is. */
static void set_descriptor(durable_host *host, int on) {
  uint64_t value = 1;
  if (host->event_fd < 0 || host->event_on == on)
    return;
  ssize_t n = on ? write(host->event_fd, &value, sizeof value)
                 : read(host->event_fd, &value, sizeof value);
  if (n == sizeof value)
    host->event_on = on;
}

void dur_host_notify(durable_host *host) {
  set_descriptor(host, dur_host_has_event(host));
  if (host->blocked)
    pthread_cond_broadcast(&host->changed);
}

static int wake_push(durable_host *host, durable_task_id task) {
  if (host->wake_count == host->wake_cap) {
    size_t cap = host->wake_cap ? host->wake_cap * 2 : 16;
    durable_task_id *more = malloc(cap * sizeof *more);
    if (!more)
      return -1;
    for (size_t i = 0; i < host->wake_count; i++)
      more[i] = host->wakes[(host->wake_at + i) % host->wake_cap];
    free(host->wakes);
    host->wakes = more;
    host->wake_cap = cap;
    host->wake_at = 0;
  }
  host->wakes[(host->wake_at + host->wake_count++) % host->wake_cap] = task;
  return 0;
}

void dur_wakes_forget(durable_host *host, durable_task_id task) {
  size_t kept = 0;
  for (size_t i = 0; i < host->wake_count; i++) {
    durable_task_id one = host->wakes[(host->wake_at + i) % host->wake_cap];
    if (one != task)
      host->wakes[(host->wake_at + kept++) % host->wake_cap] = one;
  }
  host->wake_count = kept;
}

static void on_wake(durable_host *host, durable_task_id task) {
  if (task == durable_engine_root_task(host->engine))
    host->root_woken = 1;
  if (dur_waiter_wake(host, task))
    return;
  if (wake_push(host, task))
    dur_host_break(host, dur_lost_memory);
}

static void on_over(durable_host *host, int kind, durable_bytes body) {
  host->over = kind;
  host->over_body = body;
  host->armed_ms = INT64_MAX;
  dur_driver_arm(&host->timer, INT64_MAX);
  dur_waiter_wake_all(host);
}

void dur_host_break(durable_host *host, const char *body) {
  if (!host->over)
    on_over(host, DURABLE_EVENT_ABORT, (durable_bytes){body, strlen(body)});
}

/* A timer that is set to an earlier moment is left to fire for nothing: that is
 * cheaper than moving it at every call. */
static void arm(durable_host *host, int64_t deadline_ms, int64_t now_ms) {
  if (deadline_ms == INT64_MAX)
    return;
  int64_t at = dur_mono_after(deadline_ms > now_ms ? deadline_ms - now_ms : 0);
  if (at >= host->armed_ms)
    return;
  host->armed_ms = at;
  if (dur_driver_arm(&host->timer, at))
    dur_host_break(host, dur_lost_memory);
}

/* Answers 0 when there is nothing more to do now, 2 when the engine asks to be
 * polled |again|, which it is once before the timer takes over. */
static int step(durable_host *host, dur_pump_mode mode, int again) {
  durable_engine_event event = DURABLE_ENGINE_EVENT_INIT;
  int64_t now = durable_host_now(host);
  int kind = durable_engine_poll(host->engine, now, &event);
  switch (kind) {
  case DURABLE_EVENT_NONE:
    if (event.deadline_ms <= now && !again)
      return 2;
    arm(host, event.deadline_ms, now);
    return 0;
  case DURABLE_EVENT_SEND:
    host->sending = 1;
    host->send = event;
    dur_request_start(host, mode);
    return 1;
  case DURABLE_EVENT_WAKE:
    on_wake(host, event.task);
    return 1;
  case DURABLE_EVENT_FINISH:
  case DURABLE_EVENT_ABORT:
    on_over(host, kind, event.body);
    return 1;
  default:
    dur_host_break(host,
                   kind == DURABLE_E_NOMEM ? dur_lost_memory : lost_engine);
    return 1;
  }
}

/* A turn that blocks is not waited for. */
static void arm_turn(durable_host *host) {
  int64_t now = durable_host_now(host);
  if (host->options.event_loop == TURN_MAY_BLOCK && !host->turn_armed)
    arm(host, now + TURN_MS, now);
  host->turn_armed = 1;
}

void dur_host_pump(durable_host *host, dur_pump_mode mode) {
  int rc = 1, defer = mode == DUR_PUMP_TURN && host->options.event_loop;
  host->dirty = defer && !host->over;
  if (host->dirty)
    arm_turn(host);
  else
    host->turn_armed = 0;
  while (rc && host->engine && !host->closing) {
    if (dur_records_collect(host))
      dur_host_break(host, dur_lost_memory);
    if (!dur_records_deliver(host, mode) || host->over || defer)
      break;
    rc = step(host, mode, rc == 2);
  }
  dur_host_notify(host);
}

/* ---- the public side of events */

static durable_task_id wake_pop(durable_host *host) {
  durable_task_id task = host->wakes[host->wake_at];
  host->wake_at = (host->wake_at + 1) % host->wake_cap;
  host->wake_count--;
  return task;
}

static void fill_event(durable_host *host, durable_host_event *out) {
  if (host->options.pull_records && dur_records_pending(host)) {
    out->kind = DURABLE_HOST_RECORDS;
  } else if (host->wake_count) {
    out->kind = DURABLE_EVENT_WAKE;
    out->task = wake_pop(host);
  } else if (has_pull(host)) {
    host->pull_told = 1;
    out->kind = DURABLE_EVENT_SEND;
    out->request = host->send.request;
    dur_request_fill(host, &out->send);
  } else if (host->over && !host->over_told) {
    host->over_told = 1;
    out->kind = host->over;
    out->body = host->over_body;
  }
}

int durable_host_poll(durable_host *host, durable_host_event *out) {
  if (!host || !out || out->size < sizeof(size_t))
    return DURABLE_E_ARGUMENT;
  durable_host_event event = DURABLE_HOST_EVENT_INIT;
  pthread_mutex_lock(&host->lock);
  /* While a task is still to be resumed, what it will queue is waited for. */
  dur_host_pump(host, host->wake_count ? DUR_PUMP_TURN : DUR_PUMP_PASS);
  fill_event(host, &event);
  set_descriptor(host, dur_host_has_event(host));
  pthread_mutex_unlock(&host->lock);
  event.size = out->size;
  memcpy(out, &event, out->size < sizeof event ? out->size : sizeof event);
  return event.kind;
}

int durable_host_wait(durable_host *host, int64_t deadline_ms) {
  if (!host)
    return DURABLE_E_ARGUMENT;
  int64_t until = INT64_MAX;
  if (deadline_ms != INT64_MAX) {
    int64_t left = deadline_ms - dur_wall_ms();
    until = dur_mono_after(left > 0 ? left : 0);
  }
  pthread_mutex_lock(&host->lock);
  int found;
  for (;;) {
    dur_host_pump(host, DUR_PUMP_BLOCK);
    found = dur_host_has_event(host);
    if (found || (until != INT64_MAX && dur_mono_ms() >= until))
      break;
    if (!dur_request_inline(host))
      dur_host_block(host, until);
  }
  dur_request_hand_over(host);
  pthread_mutex_unlock(&host->lock);
  return found;
}

int durable_host_eventfd(durable_host *host) {
  if (!host)
    return DURABLE_E_ARGUMENT;
  pthread_mutex_lock(&host->lock);
  if (host->event_fd < 0)
    host->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  int fd = host->event_fd >= 0 ? host->event_fd : DURABLE_E_IO;
  dur_host_pump(host, DUR_PUMP_PASS);
  pthread_mutex_unlock(&host->lock);
  return fd;
}
