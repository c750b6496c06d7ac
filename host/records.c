/* records: the way of plugin and log records from the engine to their sink, one
 * at a time and in order.  See model.h. */
#include "host/log.h"
#include "host/model.h"

#include <stdlib.h>
#include <string.h>

static dur_host_record *copy_record(const durable_engine_record *from) {
  dur_host_record *node = malloc(sizeof *node + from->json.len + 1);
  if (!node)
    return NULL;
  char *text = (char *)(node + 1);
  if (from->json.len)
    memcpy(text, from->json.data, from->json.len);
  text[from->json.len] = '\0';
  node->next = NULL;
  node->record = *from;
  node->record.size = sizeof node->record;
  node->record.json.data = text;
  return node;
}

static void push(durable_host *host, dur_host_record *node) {
  if (host->last_record)
    host->last_record->next = node;
  else
    host->first_record = node;
  host->last_record = node;
}

static dur_host_record *pop(durable_host *host) {
  dur_host_record *node = host->first_record;
  host->first_record = node->next;
  if (!host->first_record)
    host->last_record = NULL;
  return node;
}

int dur_records_collect(durable_host *host) {
  durable_engine_record record = DURABLE_ENGINE_RECORD_INIT;
  int rc = 0;
  while (durable_engine_record_next(host->engine, &record) == 1) {
    dur_host_record *node = copy_record(&record);
    if (node)
      push(host, node);
    else
      rc = -1;
  }
  return rc;
}

/* One that record_next answered counts until it is asked for the next. */
int dur_records_pending(const durable_host *host) {
  return host->first_record || host->taken;
}

static int is_deliverer(const durable_host *host) {
  return host->delivering && pthread_equal(host->deliverer, pthread_self());
}

static void give(durable_host *host, const durable_engine_record *record) {
  if (host->options.record)
    host->options.record(host->options.record_user, record);
  else
    (void)dur_host_log_from(
        (dur_bytes){host->arn.data, host->arn.len},
        (dur_bytes){host->request_id.data, host->request_id.len}, record);
}

static void deliver_all(durable_host *host) {
  host->delivering = 1;
  host->deliverer = pthread_self();
  while (host->first_record) {
    dur_host_record *node = pop(host);
    pthread_mutex_unlock(&host->lock);
    give(host, &node->record);
    free(node);
    pthread_mutex_lock(&host->lock);
    if (dur_records_collect(host))
      dur_host_break(host, dur_lost_memory);
  }
  host->delivering = 0;
  if (host->blocked)
    pthread_cond_broadcast(&host->changed);
}

int dur_records_deliver(durable_host *host, dur_pump_mode mode) {
  if (host->delivering)
    return 0;
  if (!dur_records_pending(host))
    return 1;
  if (host->options.pull_records) {
    dur_waiter_nudge(host);
    return 0;
  }
  /* A blocked thread of this host takes over from one that serves others. */
  if (mode == DUR_PUMP_SERVICE && dur_waiter_nudge(host))
    return 0;
  deliver_all(host);
  return 1;
}

int dur_records_settle(durable_host *host) {
  for (;;) {
    if (dur_records_collect(host))
      dur_host_break(host, dur_lost_memory);
    if (is_deliverer(host))
      return DURABLE_E_STATE;
    if (host->options.pull_records)
      return dur_records_pending(host) ? DURABLE_HOST_RECORDS : 0;
    if (host->delivering)
      dur_host_block(host, INT64_MAX);
    else if (dur_records_deliver(host, DUR_PUMP_BLOCK))
      return 0;
  }
}

int durable_host_record_next(durable_host *host, durable_engine_record *out) {
  if (!host || !out || out->size < sizeof(size_t))
    return DURABLE_E_ARGUMENT;
  pthread_mutex_lock(&host->lock);
  while (host->delivering && !is_deliverer(host))
    dur_host_block(host, INT64_MAX);
  free(host->taken);
  host->taken = NULL;
  if (dur_records_collect(host))
    dur_host_break(host, dur_lost_memory);
  int found = host->options.pull_records && host->first_record;
  if (found) {
    host->taken = pop(host);
    durable_engine_record record = host->taken->record;
    record.size = out->size;
    memcpy(out, &record, out->size < sizeof record ? out->size : sizeof record);
  }
  int went_on = !found && host->delivering;
  host->delivering = found;
  host->deliverer = pthread_self();
  if (went_on)
    dur_host_pump(host, DUR_PUMP_PASS);
  if (!host->delivering && host->blocked)
    pthread_cond_broadcast(&host->changed);
  pthread_mutex_unlock(&host->lock);
  return found;
}

void dur_records_drop(durable_host *host) {
  while (host->first_record)
    free(pop(host));
  free(host->taken);
  host->taken = NULL;
}
