/* fake: see fake.h. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <openssl/evp.h>

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double bench_wall_s(void) {
  return seconds(CLOCK_MONOTONIC);
}

double bench_cpu_s(void) {
  return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

long bench_peak_kib(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

long bench_rss_kib(void) {
  long pages = 0, skipped = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file && fscanf(file, "%ld %ld", &skipped, &pages) != 2)
    pages = 0;
  if (file)
    fclose(file);
  return pages * 4;
}

/* ---- answering */

/* One member's text, quotes included, of the update that starts at |at|. */
static const char *member(const char *at, const char *key, int *len) {
  const char *found = strstr(at, key);
  const char *end = found ? found + strlen(key) + 1 : NULL;
  while (end && *end != '"')
    end += *end == '\\' ? 2 : 1;
  *len = found ? (int)(end - found - (long)strlen(key)) + 1 : 0;
  return found ? found + strlen(key) : "";
}

static size_t answer_one(char *out, const char *at) {
  int id, type, action, payload;
  const char *id_text = member(at, "\"Id\":", &id);
  const char *type_text = member(at, "\"Type\":", &type);
  const char *action_text = member(at, "\"Action\":", &action);
  const char *next = strstr(at + 1, "{\"Id\":");
  const char *text = member(at, "\"Payload\":", &payload);
  if (next && text > next)
    payload = 0;
  int started = strncmp(action_text, "\"START\"", 7) == 0;
  int step = strncmp(type_text, "\"STEP\"", 6) == 0;
  int n =
      sprintf(out,
              "{\"Id\":%.*s,\"Type\":%.*s,\"Status\":\"%s\","
              "\"StartTimestamp\":1.5,\"%s\":{%s",
              id, id_text, type, type_text, started ? "STARTED" : "SUCCEEDED",
              step ? "StepDetails" : "ContextDetails",
              step ? "\"Attempt\":1" : "\"ReplayChildren\":false");
  if (payload)
    n += sprintf(out + n, ",\"Result\":%.*s", payload, text);
  return (size_t)n + (size_t)sprintf(out + n, "}}");
}

static void drop(durable_transport_reply *reply) {
  free(reply->owner);
}

static int send(void *user, const durable_transport_request *request,
                durable_transport_reply *reply) {
  fake *f = user;
  double start = seconds(CLOCK_THREAD_CPUTIME_ID);
  char *body = malloc(request->updates.len * 3 + 4096);
  char *updates = malloc(request->updates.len + 1);
  if (!body || !updates)
    return -1;
  memcpy(updates, request->updates.data, request->updates.len);
  updates[request->updates.len] = '\0';
  size_t n = (size_t)sprintf(body,
                             "{\"CheckpointToken\":\"t%ld\","
                             "\"NewExecutionState\":{\"Operations\":[",
                             ++f->calls);
  for (const char *at = strstr(updates, "{\"Id\":"); at;
       at = strstr(at + 1, "{\"Id\":")) {
    if (body[n - 1] == '}')
      body[n++] = ',';
    n += answer_one(body + n, at);
    f->updates++;
  }
  n += (size_t)sprintf(body + n, "]}}");
  free(updates);
  f->cpu_s += seconds(CLOCK_THREAD_CPUTIME_ID) - start;
  if (f->latency_ms) {
    struct timespec wait = {f->latency_ms / 1000,
                            f->latency_ms % 1000 * 1000000};
    nanosleep(&wait, NULL);
  }
  reply->status = 200;
  reply->body = (durable_bytes){body, n};
  reply->owner = body;
  reply->drop = drop;
  return 0;
}

void fake_transport(fake *f, durable_transport *out) {
  *out = (durable_transport)DURABLE_TRANSPORT_INIT;
  out->flags = f->latency_ms ? 0 : DURABLE_TRANSPORT_INLINE;
  out->user = f;
  out->send = send;
}

/* ---- the event */

static void id_of(long n, char *out) {
  unsigned char digest[64];
  char text[24];
  unsigned len = 0;
  sprintf(text, "%ld", n);
  EVP_Digest(text, strlen(text), digest, &len, EVP_blake2b512(), NULL);
  for (int i = 0; i < 32; i++)
    sprintf(out + 2 * i, "%02x", digest[i]);
}

char *bench_event(long finished, size_t *len) {
  char *event = malloc((size_t)finished * 260 + 1024), id[65];
  if (!event)
    abort();
  size_t n = (size_t)sprintf(
      event, "{\"DurableExecutionArn\":\"arn:aws:lambda:us-east-1:"
             "123456789012:function:f:1/durable-execution/e/inv\","
             "\"CheckpointToken\":\"t0\",\"InitialExecutionState\":"
             "{\"Operations\":[{\"Id\":\"inv\",\"Type\":\"EXECUTION\","
             "\"Status\":\"STARTED\",\"StartTimestamp\":1735689600123,"
             "\"ExecutionDetails\":{\"InputPayload\":\"{}\"}}");
  for (long i = 0; i < finished; i++) {
    id_of(i + 1, id);
    n += (size_t)sprintf(
        event + n,
        ",{\"Id\":\"%s\",\"Type\":\"STEP\",\"SubType\":\"Step\",\"Name\":\"s\","
        "\"Status\":\"SUCCEEDED\",\"StepDetails\":{\"Attempt\":1,"
        "\"Result\":\"%ld\"}}",
        id, i);
  }
  n += (size_t)sprintf(event + n, "],\"NextMarker\":\"\"}}");
  *len = n;
  return event;
}
