/* durable stop: end an execution from outside. */
#include "cli.h"
#include "format.h"
#include "store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *db, *endpoint, *type, *message;
static int json;

static const struct poptOption OPTIONS[] = {
    CLI_DB_OPTION(&db),
    CLI_ENDPOINT_OPTION(&endpoint),
    {"message", 'm', POPT_ARG_STRING, &message, 0, "why, for the record",
     "TEXT"},
    {"type", 't', POPT_ARG_STRING, &type, 0, "the type of that error", "TYPE"},
    CLI_JSON_OPTION(&json),
    CLI_END_OPTIONS};

static const cli_syntax SYNTAX = {
    .command = "stop",
    .operands = "EXECUTION",
    .about = "Stop an execution, given by its name or ARN: its status becomes "
             "STOPPED.  One\nthat has ended already stays as it is.",
    .options = OPTIONS,
    .min = 1,
    .max = 1};

static int send_stop(cli_store *s, const char *arn) {
  cJSON *error = cJSON_CreateObject();
  if (message)
    cJSON_AddStringToObject(error, "ErrorMessage", message);
  if (type)
    cJSON_AddStringToObject(error, "ErrorType", type);
  char *body = message || type ? cJSON_PrintUnformatted(error) : NULL;
  char *target = cli_store_target("durable-executions", arn, "stop");
  int answer = cli_store_call(
      s, "POST", target, (durable_bytes){body, body ? strlen(body) : 0}, NULL);
  free(target);
  cJSON_free(body);
  cJSON_Delete(error);
  return answer;
}

static int stop(cli_store *s, const char *arn) {
  char name[DURABLE_ARN_SIZE];
  cJSON *execution = NULL;
  int answer = send_stop(s, arn);
  if (answer == CLI_GO_ON)
    answer = cli_store_get(s, arn, &execution);
  if (answer != CLI_GO_ON)
    return answer;
  cli_arn_name(arn, name);
  if (json)
    answer = cli_print_json(cli_execution_json(execution));
  else
    printf("%s %s\n", name, cli_text_of(execution, "Status"));
  cJSON_Delete(execution);
  return answer == CLI_GO_ON ? CLI_OK : answer;
}

int cli_stop(int argc, const char **argv) {
  return cli_about_execution(argc, argv, &SYNTAX, &db, &endpoint, stop);
}
