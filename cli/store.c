/* store: see store.h. */
#include "store.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char API[] = "/2025-12-01/";

static const char *shown(const char *db) {
  return db ? db : CLI_DB_DEFAULT;
}

int cli_store_open(durable_service **out, const char *db,
                   const durable_service_options *options) {
  char message[1024] = "";
  durable_service_options all = *options;
  all.path = strcmp(shown(db), CLI_DB_MEMORY) == 0 ? NULL : shown(db);
  int rc = durable_service_open(out, &all, message, sizeof message);
  if (rc == DURABLE_OK)
    return CLI_GO_ON;
  return cli_refuse("the database cannot be used: %s",
                    message[0] ? message : durable_error_text(rc));
}

int cli_store_inspect(durable_service **out, const char *db) {
  durable_service_options options = DURABLE_SERVICE_OPTIONS_INIT;
  options.no_dispatch = 1;
  options.read_only = 1;
  if (db && (strcmp(db, CLI_DB_MEMORY) == 0 || db[0] == '\0'))
    return cli_refuse("--db \"%s\" cannot be looked at: expected the path of a "
                      "file",
                      db);
  return cli_store_open(out, db, &options);
}

char *cli_store_target(const char *collection, const char *id,
                       const char *verb) {
  static const char HEX[] = "0123456789ABCDEF";
  static const char SAFE[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "abcdefghijklmnopqrstuvwxyz0123456789-_.~";
  char *escaped = malloc(3 * strlen(id) + 1), *to = escaped;
  if (!escaped)
    return NULL;
  for (const char *p = id; *p; p++) {
    unsigned char c = (unsigned char)*p;
    if (strchr(SAFE, c)) {
      *to++ = (char)c;
      continue;
    }
    *to++ = '%';
    *to++ = HEX[c >> 4];
    *to++ = HEX[c & 15];
  }
  *to = '\0';
  char *target = cli_format("%s%s/%s%s%s", API, collection, escaped,
                            verb[0] ? "/" : "", verb);
  free(escaped);
  return target;
}

static int refuse_reply(const durable_service_response *reply,
                        const cJSON *body) {
  const char *message = cli_text_of(body, "Message");
  if (message[0] == '\0')
    message = cli_text_of(body, "message");
  return cli_refuse("%s", message[0]          ? message
                          : reply->error_type ? reply->error_type
                                              : "the request was refused");
}

int cli_store_call(durable_service *s, const char *method, const char *target,
                   durable_bytes body, cJSON **out) {
  durable_service_response reply = DURABLE_SERVICE_RESPONSE_INIT;
  cJSON *tree = NULL;
  int answer = CLI_GO_ON;
  if (!target)
    return cli_no_memory();
  int rc = durable_service_request(s, method, target, NULL, body, &reply);
  if (rc != DURABLE_OK)
    return cli_refuse("%s", durable_error_text(rc));
  if (reply.body.len > 0)
    tree = cJSON_ParseWithLength(reply.body.data, reply.body.len);
  if (reply.status >= 300)
    answer = refuse_reply(&reply, tree);
  else if (reply.body.len > 0 && !tree)
    answer = cli_no_memory();
  durable_service_response_drop(&reply);
  if (answer == CLI_GO_ON && out) {
    *out = tree;
    tree = NULL;
  }
  cJSON_Delete(tree);
  return answer;
}

int cli_store_get(durable_service *s, const char *arn, cJSON **out) {
  const durable_bytes none = {NULL, 0};
  char *target = cli_store_target("durable-executions", arn, "");
  int answer = cli_store_call(s, "GET", target, none, out);
  free(target);
  return answer;
}

/* Append the members of |key| of all pages to a new array. */
static int gather(durable_service *s, const char *base, const char *key,
                  cJSON **out) {
  const durable_bytes none = {NULL, 0};
  char marker[256] = "";
  cJSON *all = cJSON_CreateArray();
  int answer = all ? CLI_GO_ON : cli_no_memory();
  do {
    cJSON *page = NULL, *item;
    char *target =
        cli_format("%s%cMaxItems=1000%s%s", base, strchr(base, '?') ? '&' : '?',
                   marker[0] ? "&Marker=" : "", marker);
    if (answer == CLI_GO_ON)
      answer = cli_store_call(s, "GET", target, none, &page);
    free(target);
    cJSON *items = cJSON_GetObjectItemCaseSensitive(page, key);
    while (items && (item = cJSON_DetachItemFromArray(items, 0)) != NULL)
      cJSON_AddItemToArray(all, item);
    snprintf(marker, sizeof marker, "%s", cli_text_of(page, "NextMarker"));
    cJSON_Delete(page);
  } while (answer == CLI_GO_ON && marker[0]);
  if (answer != CLI_GO_ON) {
    cJSON_Delete(all);
    all = NULL;
  }
  *out = all;
  return answer;
}

int cli_store_list(durable_service *s, const char *query, cJSON **out) {
  char *base = cli_format("%sdurable-executions%s", API, query);
  int answer =
      base ? gather(s, base, "DurableExecutions", out) : cli_no_memory();
  free(base);
  return answer;
}

int cli_store_events(durable_service *s, const char *arn, cJSON **out) {
  char *base = cli_store_target("durable-executions", arn,
                                "history?IncludeExecutionData=true");
  int answer = base ? gather(s, base, "Events", out) : cli_no_memory();
  free(base);
  return answer;
}

static int list_named(durable_service *s, const char *name, cJSON **out) {
  char query[128];
  snprintf(query, sizeof query, "?DurableExecutionName=%s", name);
  return cli_store_list(s, query, out);
}

static int refuse_several(const char *name, const cJSON *found) {
  const cJSON *it;
  int answer =
      cli_refuse("%d executions are called \"%s\": give the ARN of one",
                 cJSON_GetArraySize(found), name);
  cJSON_ArrayForEach(it, found) {
    fprintf(stderr, "  %s\n", cli_text_of(it, "DurableExecutionArn"));
  }
  return answer;
}

int cli_store_find(durable_service *s, const char *db, const char *given,
                   char arn[DURABLE_ARN_SIZE]) {
  cJSON *found = NULL;
  if (cli_is_arn(given)) {
    if (strlen(given) >= DURABLE_ARN_SIZE)
      return cli_refuse("the ARN has %zu characters: at most %d are allowed",
                        strlen(given), DURABLE_ARN_SIZE - 1);
    strcpy(arn, given);
    int answer = cli_store_get(s, arn, &found);
    cJSON_Delete(found);
    return answer;
  }
  if (!cli_check_execution_name(given))
    return CLI_REFUSED;
  int answer = list_named(s, given, &found);
  if (answer == CLI_GO_ON && cJSON_GetArraySize(found) == 0)
    answer = cli_refuse("there is no execution called \"%s\" in %s; `durable "
                        "list` names them",
                        given, shown(db));
  else if (answer == CLI_GO_ON && cJSON_GetArraySize(found) > 1)
    answer = refuse_several(given, found);
  if (answer == CLI_GO_ON)
    snprintf(arn, DURABLE_ARN_SIZE, "%s",
             cli_text_of(cJSON_GetArrayItem(found, 0), "DurableExecutionArn"));
  cJSON_Delete(found);
  return answer;
}

int cli_store_lookup(durable_service *s, const char *function, const char *name,
                     char arn[DURABLE_ARN_SIZE]) {
  cJSON *found = NULL;
  const cJSON *it;
  int answer = 0;
  if (list_named(s, name, &found) != CLI_GO_ON)
    return -1;
  cJSON_ArrayForEach(it, found) {
    char of[DURABLE_ARN_SIZE];
    cli_arn_function(cli_text_of(it, "DurableExecutionArn"), of);
    if (strcmp(of, function) != 0)
      continue;
    snprintf(arn, DURABLE_ARN_SIZE, "%s",
             cli_text_of(it, "DurableExecutionArn"));
    answer = 1;
  }
  cJSON_Delete(found);
  return answer;
}

const char *cli_text_of(const cJSON *object, const char *key) {
  const char *text =
      cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
  return text ? text : "";
}

int64_t cli_ms_of(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  return cJSON_IsNumber(item) ? llround(item->valuedouble * 1000) : 0;
}
