/* reach: functions that nobody described, at the default Lambda endpoint. */
#include "process.h"
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_known(dur_fleet *fleet, const char *name) {
  pthread_mutex_lock(&fleet->lock);
  const dur_program *it = fleet->programs;
  while (it != NULL && strcmp(it->name, name) != 0)
    it = it->next;
  pthread_mutex_unlock(&fleet->lock);
  return it != NULL;
}

void dur_fleet_reach(dur_fleet *fleet, const char *name) {
  char why[256];
  if (fleet->endpoint != NULL && name != NULL && !is_known(fleet, name))
    (void)dur_fleet_endpoint(fleet, name, fleet->endpoint, why, sizeof why);
}

/* "arn:P:lambda:R:A:function:NAME:..." */
static void reach_arn(dur_fleet *fleet, const char *arn) {
  const char *at = arn ? strstr(arn, ":function:") : NULL;
  if (at == NULL)
    return;
  at += strlen(":function:");
  char *name = strndup(at, strcspn(at, ":/"));
  dur_fleet_reach(fleet, name);
  free(name);
}

/* One page of running executions; *marker is of the next one, or "". */
static int reach_page(dur_fleet *fleet, char *marker, size_t size) {
  char target[512];
  durable_service_response reply = DURABLE_SERVICE_RESPONSE_INIT;
  snprintf(target, sizeof target,
           "/2025-12-01/durable-executions?Statuses=RUNNING&MaxItems=1000%s%s",
           marker[0] ? "&Marker=" : "", marker);
  if (durable_service_request(fleet->service, "GET", target, NULL,
                              (durable_bytes){NULL, 0}, &reply) != DURABLE_OK)
    return -1;
  cJSON *page = cJSON_ParseWithLength(reply.body.data, reply.body.len);
  durable_service_response_drop(&reply);
  const cJSON *one;
  cJSON_ArrayForEach(
      one, cJSON_GetObjectItemCaseSensitive(page, "DurableExecutions")) {
    reach_arn(fleet, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
                         one, "DurableExecutionArn")));
  }
  const char *next = cJSON_GetStringValue(
      cJSON_GetObjectItemCaseSensitive(page, "NextMarker"));
  snprintf(marker, size, "%s", next ? next : "");
  int rc = page ? 0 : -1;
  cJSON_Delete(page);
  return rc;
}

int dur_fleet_default(dur_fleet *fleet, const char *url, char *why,
                      size_t size) {
  char marker[128] = "";
  fleet->endpoint = strdup(url);
  int rc = fleet->endpoint ? 0 : -1;
  if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) {
    snprintf(why, size, "expected http://HOST:PORT");
    return -1;
  }
  do {
    if (rc == 0)
      rc = reach_page(fleet, marker, sizeof marker);
  } while (rc == 0 && marker[0]);
  if (rc != 0)
    snprintf(why, size, "the running executions cannot be listed");
  return rc;
}
