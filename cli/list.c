/* durable list: the executions of a database. */
#include "cli.h"
#include "format.h"
#include "store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *db, *endpoint, *function, *status;
static int json;

static const struct poptOption OPTIONS[] = {
    CLI_DB_OPTION(&db),
    CLI_ENDPOINT_OPTION(&endpoint),
    {"function", 'f', POPT_ARG_STRING, &function, 0,
     "only those of this function", "NAME"},
    {"status", 's', POPT_ARG_STRING, &status, 0,
     "only RUNNING, SUCCEEDED, FAILED, TIMED_OUT or STOPPED ones", "STATUS"},
    CLI_JSON_OPTION(&json),
    CLI_END_OPTIONS};

static const cli_syntax SYNTAX = {
    .command = "list",
    .operands = "",
    .about = "Print the executions of a database, the oldest first.",
    .options = OPTIONS};

static int check_status(void) {
  static const char *const KNOWN[] = {"RUNNING", "SUCCEEDED", "FAILED",
                                      "TIMED_OUT", "STOPPED"};
  for (size_t i = 0; status && i < sizeof KNOWN / sizeof *KNOWN; i++)
    if (strcmp(status, KNOWN[i]) == 0)
      return CLI_GO_ON;
  if (!status)
    return CLI_GO_ON;
  return cli_refuse("there is no status \"%s\": expected RUNNING, SUCCEEDED, "
                    "FAILED, TIMED_OUT or STOPPED",
                    status);
}

static int check_function(void) {
  return function && !cli_check_function_name(function) ? CLI_REFUSED
                                                        : CLI_GO_ON;
}

static int name_width(const cJSON *list) {
  size_t width = sizeof "NAME" - 1;
  const cJSON *item;
  cJSON_ArrayForEach(item, list) {
    char name[DURABLE_ARN_SIZE];
    cli_arn_name(cli_text_of(item, "DurableExecutionArn"), name);
    if (strlen(name) > width)
      width = strlen(name);
  }
  return (int)width;
}

static void print_line(const cJSON *execution, int width) {
  const char *arn = cli_text_of(execution, "DurableExecutionArn");
  char name[DURABLE_ARN_SIZE], of[DURABLE_ARN_SIZE];
  char started[CLI_TIME_SIZE], took[CLI_TIME_SIZE] = "-";
  int64_t from = cli_ms_of(execution, "StartTimestamp");
  int64_t to = cli_ms_of(execution, "EndTimestamp");
  cli_arn_name(arn, name);
  cli_arn_function(arn, of);
  cli_instant(started, from);
  started[19] = '\0'; /* to the second */
  if (to)
    cli_duration(took, to - from);
  printf("%-*s %-12s %-9s %-19s %9s\n", width, name, of,
         cli_text_of(execution, "Status"), started, took);
}

static int print_list(cJSON *list) {
  cJSON *item;
  if (!json) {
    int width = name_width(list);
    printf("%-*s %-12s %-9s %-19s %9s\n", width, "NAME", "FUNCTION", "STATUS",
           "STARTED (UTC)", "TOOK");
    cJSON_ArrayForEach(item, list) {
      print_line(item, width);
    }
    cJSON_Delete(list);
    return CLI_OK;
  }
  cJSON *out = cJSON_CreateArray();
  cJSON_ArrayForEach(item, list) {
    cJSON_AddItemToArray(out, cli_execution_json(item));
  }
  cJSON_Delete(list);
  return cli_print_json(out);
}

static int show(cli_store *s) {
  cJSON *list = NULL;
  char *query =
      cli_format("?%s%s%s%s%s", status ? "Statuses=" : "", status ? status : "",
                 status && function ? "&" : "", function ? "FunctionName=" : "",
                 function ? function : "");
  int answer = query ? cli_store_list(s, query, &list) : cli_no_memory();
  free(query);
  return answer == CLI_GO_ON ? print_list(list) : answer;
}

int cli_list(int argc, const char **argv) {
  cli_args args;
  cli_store s = {0};
  int answer = cli_args_read(&args, &SYNTAX, argc, argv);
  if (answer == CLI_GO_ON)
    answer = check_status();
  if (answer == CLI_GO_ON)
    answer = check_function();
  if (answer == CLI_GO_ON)
    answer = cli_store_inspect(&s, db, endpoint);
  if (answer == CLI_GO_ON)
    answer = show(&s);
  cli_store_close(&s);
  cli_args_drop(&args);
  return answer;
}
