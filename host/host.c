/* host: making, entering and closing a durable_host.  See model.h. */
#include "host/model.h"

#include "host/clock.h"
#include "host/look.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Copy a caller's size-first struct into ours.  DURABLE_E_ABI: it is larger
 * and what we do not know is not zero. */
static int take_sized(void *to, size_t to_size, const void *from) {
  size_t size = *(const size_t *)from;
  if (size < sizeof(size_t))
    return DURABLE_E_ARGUMENT;
  for (size_t i = to_size; i < size; i++) {
    if (((const char *)from)[i])
      return DURABLE_E_ABI;
  }
  memcpy(to, from, size < to_size ? size : to_size);
  return DURABLE_OK;
}

int durable_host_new(durable_host **out, const durable_host_options *options) {
  if (!out)
    return DURABLE_E_ARGUMENT;
  *out = NULL;
  durable_host *host = calloc(1, sizeof *host);
  if (!host)
    return DURABLE_E_NOMEM;
  int rc = options ? take_sized(&host->options, sizeof host->options, options)
                   : DURABLE_OK;
  if (rc) {
    free(host);
    return rc;
  }
  pthread_mutex_init(&host->lock, NULL);
  dur_cond_init(&host->changed);
  dur_cond_init(&host->worker_work);
  for (size_t i = 0; i < DUR_WAITER_LISTS; i++)
    host->waiters[i].prev = host->waiters[i].next = &host->waiters[i];
  host->generation = dur_driver_generation();
  host->event_fd = -1;
  host->armed_ms = INT64_MAX;
  dur_job_init(&host->job);
  host->timer.fire = dur_request_fired;
  host->timer.user = host;
  *out = host;
  return DURABLE_OK;
}

static int check_transport(const durable_transport *t) {
  durable_transport mine;
  int rc = take_sized(&mine, sizeof mine, t);
  if (rc)
    return rc;
  int pull = (mine.flags & DURABLE_TRANSPORT_PULL) != 0;
  return pull == (t->send == NULL) ? DURABLE_OK : DURABLE_E_ARGUMENT;
}

int durable_host_attach(durable_host *host, durable_engine *engine,
                        const durable_transport *transport) {
  if (!host || !engine)
    return DURABLE_E_ARGUMENT;
  if (transport == durable_host_curl_transport())
    transport = NULL;
  int rc = transport ? check_transport(transport) : DURABLE_OK;
  if (rc)
    return rc;
  pthread_mutex_lock(&host->lock);
  if (host->engine) {
    rc = DURABLE_E_STATE;
  } else {
    host->engine = engine;
    host->transport = transport;
    host->arn = durable_engine_arn(engine);
    host->request_id = durable_engine_request_id(engine);
  }
  pthread_mutex_unlock(&host->lock);
  return rc;
}

void durable_host_close(durable_host *host) {
  if (!host)
    return;
  /* In a forked child the threads that may hold the lock do not exist. */
  if (host->generation == dur_driver_generation()) {
    pthread_mutex_lock(&host->lock);
    host->closing = 1;
    pthread_mutex_unlock(&host->lock);
    dur_request_stop(host);
    pthread_cond_destroy(&host->changed);
    pthread_cond_destroy(&host->worker_work);
    pthread_mutex_destroy(&host->lock);
    dur_job_drop(&host->job);
  }
  dur_records_drop(host);
  if (host->event_fd >= 0)
    close(host->event_fd);
  durable_engine_free(host->engine);
  free(host->wakes);
  free(host);
}

durable_engine *durable_host_engine(const durable_host *host) {
  return host ? host->engine : NULL;
}

int64_t durable_host_now(const durable_host *host) {
  return host && host->options.now ? host->options.now(host->options.now_user)
                                   : dur_wall_ms();
}

durable_engine *durable_host_enter(durable_host *host) {
  if (!host)
    return NULL;
  pthread_mutex_lock(&host->lock);
  return host->engine;
}

void durable_host_leave(durable_host *host) {
  if (!host)
    return;
  dur_host_pump(host, DUR_PUMP_TURN);
  pthread_mutex_unlock(&host->lock);
}

void dur_host_looked(durable_host *host) {
  pthread_mutex_unlock(&host->lock);
}

void durable_host_buffer_drop(durable_host_buffer *buffer) {
  if (!buffer)
    return;
  free(buffer->data);
  *buffer = (durable_host_buffer){NULL, 0};
}
