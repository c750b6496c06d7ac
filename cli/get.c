/* durable get: one execution. */
#include "cli.h"
#include "format.h"
#include "pending.h"
#include "store.h"
#include <stdio.h>
#include <stdlib.h>

static char *db, *endpoint;
static int json;

static const struct poptOption OPTIONS[] = {
    CLI_DB_OPTION(&db), CLI_ENDPOINT_OPTION(&endpoint), CLI_JSON_OPTION(&json),
    CLI_END_OPTIONS};

static const cli_syntax SYNTAX = {
    .command = "get",
    .operands = "EXECUTION",
    .about = "Print the status, input and outcome of an execution, given by "
             "its name or ARN,\nand the callbacks it waits for.",
    .options = OPTIONS,
    .min = 1,
    .max = 1};

static void print_field(const char *key, const char *value) {
  char *plain = cli_plain(value);
  if (plain && plain[0])
    printf("%-10s%s\n", key, plain);
  free(plain);
}

static void print_times(const cJSON *execution) {
  int64_t from = cli_ms_of(execution, "StartTimestamp");
  int64_t to = cli_ms_of(execution, "EndTimestamp");
  char text[CLI_TIME_SIZE];
  print_field("started", cli_instant(text, from));
  if (to == 0)
    return;
  print_field("ended", cli_instant(text, to));
  print_field("took", cli_duration(text, to - from));
}

static void print_callback(void *user, const char *name, const char *id) {
  (void)user;
  printf("%-10s%s %s\n", "callback", name, id);
}

static int print_execution(cli_store *s, const char *arn,
                           const cJSON *execution) {
  char part[DURABLE_ARN_SIZE];
  cli_arn_name(arn, part);
  print_field("name", part);
  cli_arn_function(arn, part);
  print_field("function", part);
  print_field("status", cli_text_of(execution, "Status"));
  print_times(execution);
  print_field("input", cli_text_of(execution, "InputPayload"));
  print_field("result", cli_text_of(execution, "Result"));
  const cJSON *error = cJSON_GetObjectItemCaseSensitive(execution, "Error");
  char *line = error ? cli_error_line(error) : NULL;
  if (line)
    print_field("error", line);
  free(line);
  print_field("arn", arn);
  return cli_pending_each(s, arn, print_callback, NULL);
}

static int show(cli_store *s, const char *arn) {
  cJSON *execution = NULL;
  int answer = cli_store_get(s, arn, &execution);
  if (answer != CLI_GO_ON)
    return answer;
  if (json)
    answer = cli_print_json(cli_execution_json(execution));
  else
    answer = print_execution(s, arn, execution);
  cJSON_Delete(execution);
  return answer == CLI_GO_ON ? CLI_OK : answer;
}

int cli_get(int argc, const char **argv) {
  return cli_about_execution(argc, argv, &SYNTAX, &db, &endpoint, show);
}
