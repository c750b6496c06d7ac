/* request: performing what the engine wants sent, by the driver, a worker
 * thread, the thread that waits for it, or the caller's own client.  See
 * model.h. */
#include "host/model.h"

#include "host/clock.h"

#include <signal.h>
#include <string.h>

enum { WORKER_STACK = 1024 * 1024 };

void dur_request_fill(const durable_host *host,
                      durable_transport_request *request) {
  const durable_engine_event *send = &host->send;
  *request = (durable_transport_request){
      .size = sizeof *request,
      .method = send->method,
      .target = send->target,
      .body = send->body,
      .call = send->call,
      .arn = host->arn,
      .token = send->token,
      .client_token = send->client_token,
      .marker = send->marker,
      .updates = send->updates,
      .now_ms = host->options.now ? durable_host_now(host) : 0};
}

void dur_request_answer(durable_host *host, int rc,
                        durable_transport_reply *reply) {
  uint32_t id = host->send.request;
  int64_t now = durable_host_now(host);
  host->sending = 0;
  host->place = DUR_SEND_NOWHERE;
  /* What the engine thinks of the answer shows in its next poll. */
  if (host->closing || host->over)
    return;
  if (rc >= 0)
    (void)durable_engine_reply(host->engine, id, reply->status,
                               reply->error_type, reply->body, now);
  else
    (void)durable_engine_fail(host->engine, id,
                              reply->why ? reply->why : "no answer came", now);
}

static void drop_reply(durable_transport_reply *reply) {
  if (reply->drop)
    reply->drop(reply);
}

/* ---- by the driver */

static void on_done(dur_job *job, int rc, durable_transport_reply *reply) {
  durable_host *host = job->user;
  pthread_mutex_lock(&host->lock);
  dur_request_answer(host, rc, reply);
  dur_host_pump(host, DUR_PUMP_SERVICE);
  pthread_mutex_unlock(&host->lock);
}

void dur_request_fired(dur_timer *timer) {
  durable_host *host = timer->user;
  pthread_mutex_lock(&host->lock);
  host->armed_ms = INT64_MAX;
  dur_host_pump(host, DUR_PUMP_SERVICE);
  pthread_mutex_unlock(&host->lock);
}

/* ---- by a transport that blocks: with the lock, released meanwhile */

static void call_transport(durable_host *host) {
  durable_transport_request request;
  durable_transport_reply reply = DURABLE_TRANSPORT_REPLY_INIT;
  dur_request_fill(host, &request);
  pthread_mutex_unlock(&host->lock);
  int rc = host->transport->send(host->transport->user, &request, &reply);
  pthread_mutex_lock(&host->lock);
  dur_request_answer(host, rc, &reply);
  drop_reply(&reply);
}

static int is_work(const durable_host *host) {
  return host->sending && host->place == DUR_SEND_WORKER;
}

static void *worker_main(void *user) {
  durable_host *host = user;
  pthread_mutex_lock(&host->lock);
  while (!host->closing) {
    if (is_work(host)) {
      call_transport(host);
      dur_host_pump(host, DUR_PUMP_PASS);
    } else {
      pthread_cond_wait(&host->worker_work, &host->lock);
    }
  }
  pthread_mutex_unlock(&host->lock);
  return NULL;
}

static int start_worker(durable_host *host) {
  if (host->has_worker)
    return 0;
  pthread_attr_t attr;
  sigset_t all, before;
  sigfillset(&all);
  pthread_attr_init(&attr);
  pthread_attr_setstacksize(&attr, WORKER_STACK);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  host->has_worker = !pthread_create(&host->worker, &attr, worker_main, host);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attr);
  return host->has_worker ? 0 : -1;
}

int dur_request_inline(durable_host *host) {
  if (!host->sending || host->place != DUR_SEND_INLINE)
    return 0;
  host->place = DUR_SEND_NOWHERE;
  call_transport(host);
  dur_host_pump(host, DUR_PUMP_BLOCK);
  return 1;
}

/* ---- choosing */

static void fail_start(durable_host *host) {
  durable_transport_reply reply = DURABLE_TRANSPORT_REPLY_INIT;
  reply.why = "the thread that performs requests could not be started";
  dur_request_answer(host, -1, &reply);
}

static int start_job(durable_host *host) {
  host->place = DUR_SEND_DRIVER;
  dur_request_fill(host, &host->job.request);
  host->job.done = on_done;
  host->job.user = host;
  return dur_driver_submit(&host->job);
}

static int start_work(durable_host *host) {
  host->place = DUR_SEND_WORKER;
  pthread_cond_signal(&host->worker_work);
  return start_worker(host);
}

void dur_request_start(durable_host *host, dur_pump_mode mode) {
  const durable_transport *t = host->transport;
  int rc = 0;
  if (!t) {
    rc = start_job(host);
  } else if (t->flags & DURABLE_TRANSPORT_PULL) {
    host->place = DUR_SEND_PULL;
    host->pull_told = 0;
  } else if ((t->flags & DURABLE_TRANSPORT_INLINE) && mode == DUR_PUMP_BLOCK) {
    host->place = DUR_SEND_INLINE;
  } else {
    rc = start_work(host);
  }
  if (rc)
    fail_start(host);
}

void dur_request_hand_over(durable_host *host) {
  if (!host->sending || host->place != DUR_SEND_INLINE ||
      dur_waiter_nudge(host))
    return;
  if (start_work(host))
    fail_start(host);
}

void dur_request_stop(durable_host *host) {
  dur_driver_disarm(&host->timer);
  dur_driver_cancel(&host->job);
  if (!host->has_worker)
    return;
  pthread_mutex_lock(&host->lock);
  pthread_cond_signal(&host->worker_work);
  pthread_mutex_unlock(&host->lock);
  pthread_join(host->worker, NULL);
}

/* ---- by the caller */

static int outcome(durable_host *host, uint32_t request, int rc,
                   durable_transport_reply *reply) {
  if (!host)
    return DURABLE_E_ARGUMENT;
  pthread_mutex_lock(&host->lock);
  int ours = host->sending && host->place == DUR_SEND_PULL &&
             host->send.request == request;
  if (ours) {
    dur_request_answer(host, rc, reply);
    dur_host_pump(host, DUR_PUMP_TURN);
  }
  pthread_mutex_unlock(&host->lock);
  return ours ? DURABLE_OK : DURABLE_E_STATE;
}

int durable_host_reply(durable_host *host, uint32_t request, int http_status,
                       durable_bytes error_type, durable_bytes body) {
  durable_transport_reply reply = {
      .status = http_status, .error_type = error_type, .body = body};
  return outcome(host, request, 0, &reply);
}

int durable_host_fail(durable_host *host, uint32_t request, const char *why) {
  durable_transport_reply reply = {.why = why};
  return outcome(host, request, -1, &reply);
}
