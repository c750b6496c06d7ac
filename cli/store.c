/* store: see store.h. */
#include "store.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char API[] = "/2025-12-01/";

int cli_store_open(cli_store *out, const char *db,
                   const durable_service_options *options) {
  char message[1024] = "";
  durable_service_options all = *options;
  out->shown = db ? db : CLI_DB_DEFAULT;
  all.path = strcmp(out->shown, CLI_DB_MEMORY) == 0 ? NULL : out->shown;
  int rc = durable_service_open(&out->service, &all, message, sizeof message);
  if (rc == DURABLE_OK)
    return CLI_GO_ON;
  if (message[0])
    return cli_refuse("the database %s", message);
  return cli_refuse("the database cannot be used: %s", durable_error_text(rc));
}

int cli_store_inspect(cli_store *out, const char *db, const char *endpoint) {
  durable_service_options options = DURABLE_SERVICE_OPTIONS_INIT;
  options.no_dispatch = 1;
  options.read_only = 1;
  if (db && endpoint)
    return cli_refuse("--db and --endpoint exclude each other: the service has "
                      "its database");
  out->shown = endpoint;
  if (endpoint)
    return cli_remote_open(&out->remote, endpoint);
  if (db && (strcmp(db, CLI_DB_MEMORY) == 0 || db[0] == '\0'))
    return cli_refuse("--db \"%s\" cannot be looked at: expected the path of a "
                      "file",
                      db);
  return cli_store_open(out, db, &options);
}

void cli_store_close(cli_store *s) {
  durable_service_close(s->service);
  cli_remote_close(s->remote);
  *s = (cli_store){0};
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

static int refuse_reply(const char *error_type, const cJSON *body) {
  const char *message = cli_text_of(body, "Message");
  if (message[0] == '\0')
    message = cli_text_of(body, "message");
  return cli_refuse("%s", message[0]   ? message
                          : error_type ? error_type
                                       : "the request was refused");
}

/* The tree of an answer, or what it says was wrong. */
static int take_reply(long status, const char *error_type, durable_bytes body,
                      cJSON **out) {
  int answer = CLI_GO_ON;
  cJSON *tree =
      body.len > 0 ? cJSON_ParseWithLength(body.data, body.len) : NULL;
  if (status >= 300)
    answer = refuse_reply(error_type, tree);
  else if (body.len > 0 && !tree)
    answer = cli_refuse("the answer is no JSON: is that the service?");
  if (answer == CLI_GO_ON && out) {
    *out = tree;
    tree = NULL;
  }
  cJSON_Delete(tree);
  return answer;
}

static int call_remote(cli_remote *remote, const char *method,
                       const char *target, durable_bytes body, cJSON **out) {
  cli_remote_reply reply;
  int answer = cli_remote_ask(remote, method, target, NULL, body, &reply);
  if (answer != CLI_GO_ON)
    return answer;
  answer = take_reply(reply.status, NULL,
                      (durable_bytes){reply.body, reply.len}, out);
  cli_remote_reply_drop(&reply);
  return answer;
}

int cli_store_call(cli_store *s, const char *method, const char *target,
                   durable_bytes body, cJSON **out) {
  durable_service_response reply = DURABLE_SERVICE_RESPONSE_INIT;
  if (!target)
    return cli_no_memory();
  if (s->remote)
    return call_remote(s->remote, method, target, body, out);
  int rc =
      durable_service_request(s->service, method, target, NULL, body, &reply);
  if (rc != DURABLE_OK)
    return cli_refuse("%s", durable_error_text(rc));
  int answer = take_reply(reply.status, reply.error_type, reply.body, out);
  durable_service_response_drop(&reply);
  return answer;
}

int cli_store_get(cli_store *s, const char *arn, cJSON **out) {
  const durable_bytes none = {NULL, 0};
  char *target = cli_store_target("durable-executions", arn, "");
  int answer = cli_store_call(s, "GET", target, none, out);
  free(target);
  return answer;
}

/* Append the members of |key| of all pages to a new array. */
static int gather(cli_store *s, const char *base, const char *key,
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

int cli_store_list(cli_store *s, const char *query, cJSON **out) {
  char *base = cli_format("%sdurable-executions%s", API, query);
  int answer =
      base ? gather(s, base, "DurableExecutions", out) : cli_no_memory();
  free(base);
  return answer;
}

int cli_store_events(cli_store *s, const char *arn, cJSON **out) {
  char *base = cli_store_target("durable-executions", arn,
                                "history?IncludeExecutionData=true");
  int answer = base ? gather(s, base, "Events", out) : cli_no_memory();
  free(base);
  return answer;
}

static int list_named(cli_store *s, const char *name, cJSON **out) {
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

int cli_store_find(cli_store *s, const char *given,
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
    answer =
        cli_refuse("there is no execution called \"%s\" in %s; `durable "
                   "list --%s %s` names them",
                   given, s->shown, s->remote ? "endpoint" : "db", s->shown);
  else if (answer == CLI_GO_ON && cJSON_GetArraySize(found) > 1)
    answer = refuse_several(given, found);
  if (answer == CLI_GO_ON)
    snprintf(arn, DURABLE_ARN_SIZE, "%s",
             cli_text_of(cJSON_GetArrayItem(found, 0), "DurableExecutionArn"));
  cJSON_Delete(found);
  return answer;
}

int cli_store_lookup(cli_store *s, const char *function, const char *name,
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

int cli_about_execution(int argc, const char **argv, const cli_syntax *syntax,
                        char *const *db, char *const *endpoint,
                        int (*fn)(cli_store *s, const char *arn)) {
  cli_args args;
  cli_store s = {0};
  char arn[DURABLE_ARN_SIZE];
  int answer = cli_args_read(&args, syntax, argc, argv);
  if (answer == CLI_GO_ON)
    answer = cli_store_inspect(&s, *db, *endpoint);
  if (answer == CLI_GO_ON)
    answer = cli_store_find(&s, args.operands[0], arn);
  if (answer == CLI_GO_ON)
    answer = fn(&s, arn);
  cli_store_close(&s);
  cli_args_drop(&args);
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
