/* reach: functions that nobody described, at a Lambda endpoint. */
#include "process.h"
#include "service/tokens.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int dur_fleet_knows(dur_fleet *fleet, const char *name) {
  pthread_mutex_lock(&fleet->lock);
  const dur_program *it = fleet->programs;
  while (it != NULL && strcmp(it->name, name) != 0)
    it = it->next;
  pthread_mutex_unlock(&fleet->lock);
  return it != NULL;
}

/* 1 when there is no function of this name, and a place to invoke it. */
static int is_wanted(dur_fleet *fleet, const char *name, int brings) {
  pthread_mutex_lock(&fleet->lock);
  int placed = brings || fleet->endpoint != NULL;
  pthread_mutex_unlock(&fleet->lock);
  return placed && !dur_fleet_knows(fleet, name);
}

void dur_fleet_reach(dur_fleet *fleet, const char *name, int brings) {
  char why[256];
  if (name != NULL && is_wanted(fleet, name, brings))
    (void)dur_fleet_undescribed(fleet, name, why, sizeof why);
}

typedef struct place {
  char *name;
  int brings;
} place;

/* The functions of all running executions; the caller frees. */
static place *running(durable_service *s, size_t *count) {
  *count = 0;
  pthread_mutex_lock(&s->lock);
  place *all = calloc(s->runs.count + 1, sizeof *all);
  for (size_t i = 0; all != NULL && i < s->runs.cap; i++) {
    const dur_run *run = s->runs.slots[i].value;
    if (run == NULL)
      continue;
    all[*count].name = strndup(run->function.data, run->function.len);
    all[(*count)++].brings = run->endpoint.data != NULL;
  }
  pthread_mutex_unlock(&s->lock);
  return all;
}

void dur_fleet_reach_running(dur_fleet *fleet) {
  size_t count;
  place *all = running(fleet->service, &count);
  for (size_t i = 0; i < count; i++) {
    dur_fleet_reach(fleet, all[i].name, all[i].brings);
    free(all[i].name);
  }
  free(all);
}

int dur_fleet_default(dur_fleet *fleet, const char *url, char *why,
                      size_t size) {
  char *copy = dur_is_http_url(dur_cstr(url)) ? strdup(url) : NULL;
  if (copy == NULL) {
    snprintf(why, size, "expected http://HOST:PORT");
    return -1;
  }
  pthread_mutex_lock(&fleet->lock);
  free(fleet->endpoint);
  fleet->endpoint = copy;
  pthread_mutex_unlock(&fleet->lock);
  dur_fleet_reach_running(fleet);
  return 0;
}
