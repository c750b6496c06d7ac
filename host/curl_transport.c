/* curl_transport: the built-in transport as one that blocks, for transports
 * that wrap it.  A host that is given it talks to the driver directly and never
 * comes here. */
#include "host/clock.h"
#include "host/driver.h"

#include <stdlib.h>
#include <string.h>

typedef struct blocking {
  dur_job job;
  pthread_mutex_t lock;
  pthread_cond_t done;
  int over, rc;
  durable_transport_reply reply;
} blocking;

static void on_done(dur_job *job, int rc, durable_transport_reply *reply) {
  blocking *b = job->user;
  pthread_mutex_lock(&b->lock);
  b->rc = rc;
  b->reply = *reply;
  b->over = 1;
  pthread_cond_signal(&b->done);
  pthread_mutex_unlock(&b->lock);
}

static void blocking_free(blocking *b) {
  pthread_cond_destroy(&b->done);
  pthread_mutex_destroy(&b->lock);
  dur_job_drop(&b->job);
  free(b);
}

static void drop(durable_transport_reply *reply) {
  blocking_free(reply->owner);
}

/* cancel: the driver has left the job for good when it returns */
static int perform(blocking *b) {
  if (dur_driver_submit(&b->job)) {
    b->reply.why = "the thread that performs requests could not be started";
    return -1;
  }
  pthread_mutex_lock(&b->lock);
  while (!b->over)
    pthread_cond_wait(&b->done, &b->lock);
  pthread_mutex_unlock(&b->lock);
  dur_driver_cancel(&b->job);
  return b->rc;
}

static int curl_send(void *user, const durable_transport_request *request,
                     durable_transport_reply *reply) {
  (void)user;
  blocking *b = calloc(1, sizeof *b);
  if (!b) {
    reply->why = "out of memory";
    return -1;
  }
  dur_job_init(&b->job);
  b->job.request = *request;
  b->job.done = on_done;
  b->job.user = b;
  pthread_mutex_init(&b->lock, NULL);
  dur_cond_init(&b->done);
  int rc = perform(b);
  size_t size = reply->size;
  *reply = b->reply;
  reply->size = size;
  reply->owner = b;
  reply->drop = drop;
  return rc;
}

const durable_transport *durable_host_curl_transport(void) {
  static const durable_transport transport = {.size = sizeof transport,
                                              .send = curl_send};
  return &transport;
}
