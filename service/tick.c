/* tick: see tick.h. */
#include "tick.h"
#include "change.h"
#include "commit.h"
#include "dispatch.h"
#include "inbox.h"
#include <stdlib.h>

enum { INBOX_MS = 50, LONGEST_MS = 3600 * 1000 };

/* Virtual time goes to the next timer when nothing runs: to any timer while one
 * that may be jumped to is armed (so that an earlier one is not passed over),
 * and as far as durable_service_advance asked.  1: it moved. */
static int move_virtual(durable_service *s) {
  if (!s->clock.is_virtual || !dur_is_quiet(s))
    return 0;
  const dur_timer *first = dur_timers_first(&s->timers);
  if (first != NULL &&
      (s->timers.jumps > 0 || first->due_ms <= s->advance_to)) {
    dur_clock_set(&s->clock, first->due_ms);
    return 1;
  }
  if (s->advance_to > 0) {
    dur_clock_set(&s->clock, s->advance_to);
    s->advance_to = 0;
    pthread_cond_broadcast(&s->changed);
  }
  return 0;
}

/* Real milliseconds until something is to be done. */
static int64_t patience(const durable_service *s, int64_t deadline_ms) {
  int64_t ms = LONGEST_MS;
  const dur_timer *first = dur_timers_first(&s->timers);
  if (s->store.path != NULL)
    ms = INBOX_MS;
  if (first != NULL && !s->clock.is_virtual) {
    int64_t until = dur_clock_until(&s->clock, first->due_ms);
    ms = until < ms ? until : ms;
  }
  if (deadline_ms != INT64_MAX) {
    int64_t until = deadline_ms - dur_real_ms();
    ms = until < ms ? until : ms;
  }
  return ms > 0 ? ms : 0;
}

static void look_into_inbox(durable_service *s, int64_t *looked_ms) {
  int64_t now_ms = dur_boot_ms();
  if (s->store.path == NULL || now_ms - *looked_ms < INBOX_MS - 5)
    return;
  *looked_ms = now_ms;
  pthread_mutex_unlock(&s->lock);
  if (dur_store_changed(&s->store))
    dur_inbox_serve(s);
  pthread_mutex_lock(&s->lock);
}

void *dur_tick_thread(void *service) {
  durable_service *s = service;
  int64_t looked_ms = 0;
  pthread_mutex_lock(&s->lock);
  while (s->stopping < 2) {
    if (s->failed != NULL) {
      pthread_cond_wait(&s->timer, &s->lock);
      continue;
    }
    dur_fire_due(s, dur_clock_now(&s->clock));
    int64_t deadline_ms = dur_abandon_overdue(s, dur_real_ms());
    if (move_virtual(s))
      continue;
    if (s->committed < s->queued && !s->hold) {
      dur_commit_wait(s, s->queued);
      continue;
    }
    look_into_inbox(s, &looked_ms);
    struct timespec until = dur_wait_until(patience(s, deadline_ms));
    if (s->stopping < 2)
      pthread_cond_timedwait(&s->timer, &s->lock, &until);
  }
  pthread_mutex_unlock(&s->lock);
  return NULL;
}

void *dur_notice_thread(void *service) {
  durable_service *s = service;
  pthread_mutex_lock(&s->lock);
  while (s->stopping < 2 || s->notices != NULL) {
    dur_notice *n = s->notices;
    if (n == NULL) {
      pthread_cond_wait(&s->notice, &s->lock);
      continue;
    }
    s->notices = n->next;
    if (s->notices == NULL)
      s->last_notice = NULL;
    durable_service_event_fn *fn = s->on_event;
    void *user = s->on_event_user;
    pthread_mutex_unlock(&s->lock);
    if (fn != NULL)
      fn(user, (durable_bytes){n->text, n->len});
    free(n);
    pthread_mutex_lock(&s->lock);
  }
  pthread_mutex_unlock(&s->lock);
  return NULL;
}
