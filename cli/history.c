/* durable history: what happened in an execution. */
#include "cli.h"
#include "format.h"
#include "store.h"
#include "timeline.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char *db, *endpoint;
static int json, events;

static const struct poptOption OPTIONS[] = {
    CLI_DB_OPTION(&db),
    CLI_ENDPOINT_OPTION(&endpoint),
    CLI_JSON_OPTION(&json),
    {"events", 'e', POPT_ARG_NONE, &events, 0,
     "print one line per event instead of the timeline", NULL},
    CLI_END_OPTIONS};

static const cli_syntax SYNTAX = {
    .command = "history",
    .operands = "EXECUTION",
    .about = "Print what happened in an execution, given by its name or ARN: a "
             "line for\neach operation, with a bar for the time it took.",
    .options = OPTIONS,
    .min = 1,
    .max = 1};

static void print_events(const cJSON *list) {
  const cJSON *event;
  cJSON_ArrayForEach(event, list) {
    char when[CLI_TIME_SIZE];
    cli_instant(when, cli_ms_of(event, "EventTimestamp"));
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(event, "EventId");
    printf("%4d  %s  %-24s %s\n", id ? id->valueint : 0, when,
           cli_text_of(event, "EventType"), cli_text_of(event, "Name"));
  }
}

static const char *plural(size_t count) {
  return count == 1 ? "" : "s";
}

static int print_timeline(cli_store *s, const char *arn, const cJSON *list) {
  cli_journal journal;
  cJSON *execution = NULL;
  const cJSON *event;
  char name[DURABLE_ARN_SIZE], took[CLI_TIME_SIZE];
  int answer = cli_store_get(s, arn, &execution);
  if (answer != CLI_GO_ON)
    return answer;
  cli_journal_init(&journal);
  answer = CLI_OK;
  cJSON_ArrayForEach(event, list) {
    if (cli_journal_add(&journal, event, NULL) != 0)
      answer = cli_no_memory();
  }
  cli_arn_name(arn, name);
  cli_duration(took, (journal.to_ms >= 0 ? journal.to_ms : journal.last_ms) -
                         journal.from_ms);
  printf("%s  %s  %s  ", name, cli_text_of(execution, "Status"), took);
  printf("%zu operation%s, %zu event%s, %d invocation%s\n\n", journal.count,
         plural(journal.count), journal.events, plural(journal.events),
         journal.invocations, plural((size_t)journal.invocations));
  cli_timeline_print(stdout, &journal, cli_columns(STDOUT_FILENO));
  cli_journal_drop(&journal);
  cJSON_Delete(execution);
  return answer;
}

static int show(cli_store *s, const char *arn) {
  cJSON *list = NULL;
  int answer = cli_store_events(s, arn, &list);
  if (answer != CLI_GO_ON)
    return answer;
  if (json)
    return cli_print_json(list);
  if (events)
    print_events(list);
  answer = events ? CLI_OK : print_timeline(s, arn, list);
  cJSON_Delete(list);
  return answer;
}

int cli_history(int argc, const char **argv) {
  return cli_about_execution(argc, argv, &SYNTAX, &db, &endpoint, show);
}
