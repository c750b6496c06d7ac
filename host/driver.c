/* driver: the one background thread of the process.  See driver.h. */
#include "host/driver.h"

#include "host/clock.h"
#include "host/sockets.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

enum { STACK_SIZE = 512 * 1024, SLEEP_MAX_MS = 1000000000 };

typedef struct driver {
  pthread_mutex_t lock;
  pthread_cond_t idle; /* a callback returned */
  CURLM *multi;
  int started;
  int poked;        /* something changed that the thread has yet to look at */
  int sleeping;     /* the thread is in, or on its way into, its poll */
  int64_t until_ms; /* while sleeping: when it wakes by itself */
  unsigned generation;
  dur_job queued, running; /* list heads */
  dur_timer timers;        /* list head, unordered */
} driver;

static driver d = {.lock = PTHREAD_MUTEX_INITIALIZER,
                   .idle = PTHREAD_COND_INITIALIZER};
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* ---- lists */

static void job_link(dur_job *head, dur_job *job) {
  job->prev = head->prev;
  job->next = head;
  head->prev->next = job;
  head->prev = job;
}

static void job_unlink(dur_job *job) {
  job->prev->next = job->next;
  job->next->prev = job->prev;
}

static void timer_unlink(dur_timer *timer) {
  timer->prev->next = timer->next;
  timer->next->prev = timer->prev;
  timer->armed = 0;
}

static void lists_reset(void) {
  d.queued.prev = d.queued.next = &d.queued;
  d.running.prev = d.running.next = &d.running;
  d.timers.prev = d.timers.next = &d.timers;
}

/* ---- fork */

static void before_fork(void) {
  pthread_mutex_lock(&d.lock);
}

static void after_fork_parent(void) {
  pthread_mutex_unlock(&d.lock);
}

/* The parent's multi handle belongs to a thread that is not here: it is left
 * alone for good. */
static void after_fork_child(void) {
  pthread_mutex_init(&d.lock, NULL);
  pthread_cond_init(&d.idle, NULL);
  d.multi = NULL;
  d.started = d.sleeping = d.poked = 0;
  d.generation++;
  lists_reset();
  dur_sockets_close_all();
}

static void init_once(void) {
  lists_reset();
  pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}

static void lock(void) {
  pthread_once(&once, init_once);
  pthread_mutex_lock(&d.lock);
}

static void unlock(void) {
  pthread_mutex_unlock(&d.lock);
}

/* ---- the thread; each of these is called with the lock and returns with it */

static void call_done(dur_job *job, int rc, durable_transport_reply *reply) {
  job->state = DUR_JOB_IDLE;
  job->calling = 1;
  unlock();
  job->done(job, rc, reply);
  lock();
  job->calling = 0;
  pthread_cond_broadcast(&d.idle);
}

static curl_socket_t open_socket(void *user, curlsocktype purpose,
                                 struct curl_sockaddr *address) {
  (void)user;
  (void)purpose;
  lock();
  int fd =
      dur_sockets_open(address->family, address->socktype, address->protocol);
  unlock();
  return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int close_socket(void *user, curl_socket_t fd) {
  (void)user;
  lock();
  int rc = dur_sockets_close(fd);
  unlock();
  return rc;
}

static void start_queued(void) {
  while (d.queued.next != &d.queued) {
    dur_job *job = d.queued.next;
    job_unlink(job);
    job_link(&d.running, job);
    job->state = DUR_JOB_RUNNING;
    unlock();
    int rc =
        dur_http_prepare(&job->http, &job->request, open_socket, close_socket);
    if (!rc) {
      curl_easy_setopt(job->http.easy, CURLOPT_PRIVATE, job);
      rc = curl_multi_add_handle(d.multi, job->http.easy) ? -1 : 0;
    }
    lock();
    if (rc) {
      durable_transport_reply reply = DURABLE_TRANSPORT_REPLY_INIT;
      reply.why = job->http.why;
      job_unlink(job);
      call_done(job, -1, &reply);
    }
  }
}

static void drop_cancelled(void) {
  for (;;) {
    dur_job *job = d.running.next;
    while (job != &d.running && !job->cancelled)
      job = job->next;
    if (job == &d.running)
      return;
    job_unlink(job);
    unlock();
    curl_multi_remove_handle(d.multi, job->http.easy);
    lock();
    job->state = DUR_JOB_IDLE;
    pthread_cond_broadcast(&d.idle);
  }
}

static void complete(CURL *easy, CURLcode code) {
  dur_job *job = NULL;
  durable_transport_reply reply = DURABLE_TRANSPORT_REPLY_INIT;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&job);
  unlock();
  curl_multi_remove_handle(d.multi, easy);
  int rc = dur_http_finish(&job->http, code, &reply);
  if (rc == 1)
    rc = curl_multi_add_handle(d.multi, easy) ? -1 : 1;
  lock();
  if (rc == 1)
    return;
  job_unlink(job);
  if (job->cancelled) {
    job->state = DUR_JOB_IDLE;
    pthread_cond_broadcast(&d.idle);
  } else {
    call_done(job, rc, &reply);
  }
}

static void perform(void) {
  int running, left;
  unlock();
  curl_multi_perform(d.multi, &running);
  CURLMsg *message = curl_multi_info_read(d.multi, &left);
  lock();
  while (message) {
    if (message->msg == CURLMSG_DONE)
      complete(message->easy_handle, message->data.result);
    message = curl_multi_info_read(d.multi, &left);
  }
}

static void fire_due(void) {
  int64_t now = dur_mono_ms();
  for (;;) {
    dur_timer *timer = d.timers.next;
    while (timer != &d.timers && timer->at_ms > now)
      timer = timer->next;
    if (timer == &d.timers)
      return;
    timer_unlink(timer);
    timer->calling = 1;
    unlock();
    timer->fire(timer);
    lock();
    timer->calling = 0;
    pthread_cond_broadcast(&d.idle);
  }
}

static void sleep_until_needed(void) {
  int64_t until = INT64_MAX;
  for (dur_timer *timer = d.timers.next; timer != &d.timers;
       timer = timer->next)
    until = timer->at_ms < until ? timer->at_ms : until;
  if (d.poked)
    return;
  d.sleeping = 1;
  d.until_ms = until;
  unlock();
  int64_t ms = until == INT64_MAX ? SLEEP_MAX_MS : until - dur_mono_ms();
  ms = ms < 0 ? 0 : ms > SLEEP_MAX_MS ? SLEEP_MAX_MS : ms;
  curl_multi_poll(d.multi, NULL, 0, (int)ms, NULL);
  lock();
  d.sleeping = 0;
}

static void *driver_main(void *unused) {
  (void)unused;
  lock();
  for (;;) {
    d.poked = 0;
    drop_cancelled();
    start_queued();
    fire_due();
    perform();
    sleep_until_needed();
  }
  return NULL;
}

/* ---- the callers' side */

/* Signals are for the application's threads. */
static int thread_start(void) {
  pthread_attr_t attr;
  pthread_t thread;
  sigset_t all, before;
  sigfillset(&all);
  pthread_attr_init(&attr);
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attr, STACK_SIZE);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int rc = pthread_create(&thread, &attr, driver_main, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attr);
  return rc ? -1 : 0;
}

static int start(void) {
  if (d.started)
    return 0;
  dur_curl_init();
  if (!d.multi && !(d.multi = curl_multi_init()))
    return -1;
  if (thread_start())
    return -1;
  d.started = 1;
  return 0;
}

static void nudge(void) {
  d.poked = 1;
  if (d.sleeping) {
    d.sleeping = 0; /* one wake-up is enough */
    curl_multi_wakeup(d.multi);
  }
}

unsigned dur_driver_generation(void) {
  lock();
  unsigned generation = d.generation;
  unlock();
  return generation;
}

void dur_job_init(dur_job *job) {
  memset(job, 0, sizeof *job);
  dur_http_init(&job->http);
}

void dur_job_drop(dur_job *job) {
  dur_http_drop(&job->http);
}

int dur_driver_submit(dur_job *job) {
  lock();
  int rc = start();
  if (!rc) {
    job->generation = d.generation;
    job->state = DUR_JOB_QUEUED;
    job->cancelled = 0;
    job_link(&d.queued, job);
    nudge();
  }
  unlock();
  return rc;
}

void dur_driver_cancel(dur_job *job) {
  lock();
  while (job->generation == d.generation) {
    if (job->state == DUR_JOB_QUEUED) {
      job_unlink(job);
      job->state = DUR_JOB_IDLE;
    }
    if (job->state == DUR_JOB_IDLE && !job->calling)
      break;
    job->cancelled = 1;
    nudge();
    pthread_cond_wait(&d.idle, &d.lock);
  }
  unlock();
}

int dur_driver_arm(dur_timer *timer, int64_t at_ms) {
  lock();
  if (timer->armed && timer->generation == d.generation)
    timer_unlink(timer);
  int rc = at_ms == INT64_MAX ? 0 : start();
  if (!rc && at_ms != INT64_MAX) {
    timer->generation = d.generation;
    timer->at_ms = at_ms;
    timer->armed = 1;
    timer->next = &d.timers;
    timer->prev = d.timers.prev;
    d.timers.prev->next = timer;
    d.timers.prev = timer;
    if (d.sleeping && at_ms < d.until_ms)
      nudge();
  }
  unlock();
  return rc;
}

void dur_driver_disarm(dur_timer *timer) {
  lock();
  if (timer->generation == d.generation) {
    if (timer->armed)
      timer_unlink(timer);
    while (timer->calling)
      pthread_cond_wait(&d.idle, &d.lock);
  }
  unlock();
}
