/* durable run: an execution from its start, or from where it was left, to its
 * end, in the foreground. */
#include "cli.h"
#include "format.h"
#include "functions.h"
#include "interrupt.h"
#include "kill.h"
#include "progress.h"
#include "store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum {
  LOOK_MS = 100,   /* between two looks at signals and the last line */
  GRACE_MS = 3000, /* for invocations of other executions */
  MAX_TIMEOUT_S = 31622400
};

static char *db, *name, *input, *handler_name, **with, *time_scale, *timeout;
static int json, skip_time, verbose, collapse;

static const struct poptOption OPTIONS[] = {
    {"input", 'i', POPT_ARG_STRING, &input, 0,
     "the input; default: {}, or what it was started with", "JSON|@FILE"},
    CLI_DB_OPTION(&db),
    {"name", 'n', POPT_ARG_STRING, &name, 0,
     "the execution's name; an existing one goes on", "NAME"},
    {"handler", 'H', POPT_ARG_STRING, &handler_name, 0,
     "which handler of FILE; default: its first, of a script \"handler\"",
     "HANDLER"},
    {"with", 'w', POPT_ARG_ARGV, &with, 0,
     "functions to be invoked, too; any number of times", "OTHER"},
    {"skip-time", 's', POPT_ARG_NONE, &skip_time, 0,
     "virtual time: waits and retry delays take none, callbacks do", NULL},
    {"time-scale", 0, POPT_ARG_STRING, &time_scale, 0,
     "seconds that one second of a wait takes; default: 1", "FACTOR"},
    {"timeout", 't', POPT_ARG_STRING, &timeout, 0,
     "end it as TIMED_OUT after that long; default: a year", "SECONDS"},
    {"collapse", 0, POPT_ARG_NONE, &collapse, 0,
     "hand out no children of finished contexts, as AWS Lambda does", NULL},
    {"verbose", 'v', POPT_ARG_NONE, &verbose, 0,
     "tell about each operation, also when stderr is no terminal", NULL},
    CLI_JSON_OPTION(&json),
    CLI_END_OPTIONS};

static const cli_syntax SYNTAX = {
    .command = "run",
    .operands = "FILE",
    .about = "Run a workflow to its end: start an execution, or go on with the "
             "one of that\nname.  The result goes to stdout.  Of one that has "
             "ended, the stored outcome is\nprinted.  FILE is a shared object "
             "with handlers (.so) or a script (.lua, .py).",
    .more = "Kill it at any time: the same command goes on from there.  Other "
            "unfinished\nexecutions of the same functions in the database go "
            "on, too, meanwhile.\n\nFor tests: DURABLE_KILL_AT=before:N or "
            "after:N in the environment has it killed\nat its N-th accepted "
            "checkpoint.",
    .options = OPTIONS,
    .min = 1,
    .max = 1};

/* All that one run needs. */
typedef struct job {
  const char *file;
  cli_functions functions;
  cli_text input;
  char name[65];
  double time_scale; /* 0: not given */
  long timeout_s;    /* the same */
  int kills;         /* DURABLE_KILL_AT is set */
  cli_store store;
  cli_progress progress;
  char arn[DURABLE_ARN_SIZE];
} job;

/* ---- before anything is opened */

static int check_options(job *j) {
  if (name && !cli_check_execution_name(name))
    return CLI_REFUSED;
  if (db && db[0] == '\0')
    return cli_refuse("--db is empty: expected the path of a file, or %s",
                      CLI_DB_MEMORY);
  if (skip_time && time_scale)
    return cli_refuse("--skip-time and --time-scale exclude each other");
  int answer = cli_number_read(&j->time_scale, "--time-scale", time_scale,
                               CLI_TIME_SCALE_MIN, CLI_TIME_SCALE_MAX);
  if (answer == CLI_GO_ON)
    answer =
        cli_integer_read(&j->timeout_s, "--timeout", timeout, 1, MAX_TIMEOUT_S);
  if (answer != CLI_GO_ON)
    return answer;
  j->kills = cli_kill_wanted();
  return j->kills == CLI_REFUSED ? CLI_REFUSED : CLI_GO_ON;
}

static int make_name(job *j) {
  unsigned char random[4];
  if (name) {
    snprintf(j->name, sizeof j->name, "%s", name);
    return CLI_GO_ON;
  }
  if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
    return cli_refuse("no random numbers for a name: give one by --name");
  snprintf(j->name, sizeof j->name, "%.48s-%02x%02x%02x%02x", j->functions.name,
           random[0], random[1], random[2], random[3]);
  return CLI_GO_ON;
}

static int prepare(job *j) {
  int answer = check_options(j);
  if (answer == CLI_GO_ON && input)
    answer = cli_json_read(&j->input, "--input", input, CLI_INPUT_MAX);
  if (answer == CLI_GO_ON)
    answer = cli_functions_load(&j->functions, j->file, handler_name, with);
  return answer == CLI_GO_ON ? make_name(j) : answer;
}

/* ---- start */

static int open_service(job *j) {
  durable_service_options options = DURABLE_SERVICE_OPTIONS_INIT;
  options.virtual_time = (uint32_t)skip_time;
  options.hold_callbacks = 1; /* who answers them lives in real time */
  options.collapse = (uint32_t)collapse;
  options.time_scale = j->time_scale;
  return cli_store_open(&j->store, db, &options);
}

static int use_stored_input(job *j) {
  cJSON *execution = NULL;
  int answer = cli_store_get(&j->store, j->arn, &execution);
  if (answer != CLI_GO_ON)
    return answer;
  j->input.data = strdup(cli_text_of(execution, "InputPayload"));
  cJSON_Delete(execution);
  if (!j->input.data)
    return cli_no_memory();
  j->input.len = strlen(j->input.data);
  return CLI_GO_ON;
}

static int use_default_input(job *j) {
  j->input.data = strdup("{}");
  j->input.len = 2;
  return j->input.data ? CLI_GO_ON : cli_no_memory();
}

/* Look for an execution to go on with before anything can run. */
static int look_up(job *j) {
  int found = cli_store_lookup(&j->store, j->functions.name, j->name, j->arn);
  if (found < 0)
    return CLI_REFUSED;
  int answer =
      found ? cli_progress_load(&j->progress, &j->store, j->arn) : CLI_GO_ON;
  if (answer != CLI_GO_ON || j->input.data)
    return answer;
  return found ? use_stored_input(j) : use_default_input(j);
}

static int start(job *j) {
  durable_service_start_options options = DURABLE_SERVICE_START_OPTIONS_INIT;
  options.name = j->name;
  int rc = durable_service_start(j->store.service, j->functions.name,
                                 (durable_bytes){j->input.data, j->input.len},
                                 &options, j->arn);
  if (rc >= 0)
    return CLI_GO_ON;
  if (rc == DURABLE_E_EXISTS)
    return cli_refuse("the execution %s was started with another input: leave "
                      "--input out to go on with it, or choose another --name",
                      j->name);
  return cli_refuse("the execution cannot be started: %s",
                    durable_service_error(j->store.service));
}

/* ---- to the end */

static int say_interrupted(const job *j) {
  if (db && strcmp(db, CLI_DB_MEMORY) == 0) {
    fprintf(stderr, "durable: interrupted; nothing is kept of %s\n", j->name);
    return CLI_INTERRUPTED;
  }
  fprintf(stderr,
          "durable: interrupted; all that was done is kept.  To go on:\n"
          "    durable run %s --db %s --name %s",
          j->file, db ? db : CLI_DB_DEFAULT, j->name);
  if (handler_name)
    fprintf(stderr, " --handler %s", handler_name);
  for (size_t i = 0; with && with[i]; i++)
    fprintf(stderr, " --with %s", with[i]);
  fputc('\n', stderr);
  return CLI_INTERRUPTED;
}

static int follow(job *j) {
  for (;;) {
    int status = durable_service_wait(j->store.service, j->arn, LOOK_MS);
    if (status < 0)
      return cli_refuse("%s", durable_service_error(j->store.service));
    if (status != DURABLE_EXECUTION_RUNNING)
      return CLI_GO_ON;
    if (cli_interrupt_came()) {
      cli_progress_end(&j->progress);
      return say_interrupted(j);
    }
    cli_progress_tick(&j->progress, durable_service_now(j->store.service));
  }
}

static void print_failure(const cJSON *execution, const char *status) {
  const cJSON *error = cJSON_GetObjectItemCaseSensitive(execution, "Error");
  char *line = error ? cli_error_line(error) : NULL;
  fprintf(stderr, "durable: %s%s%s\n", status, line && line[0] ? ": " : "",
          line ? line : "");
  free(line);
}

static int print_outcome(job *j) {
  cJSON *execution = NULL;
  int answer = cli_store_get(&j->store, j->arn, &execution);
  if (answer != CLI_GO_ON)
    return answer;
  const char *status = cli_text_of(execution, "Status");
  answer = strcmp(status, "SUCCEEDED") == 0 ? CLI_OK : CLI_UNSUCCESSFUL;
  if (json && cli_print_json(cli_execution_json(execution)) != CLI_OK)
    answer = CLI_REFUSED;
  else if (!json && answer == CLI_OK)
    puts(cli_text_of(execution, "Result"));
  else if (!json)
    print_failure(execution, status);
  cJSON_Delete(execution);
  return answer;
}

static int run_on_service(job *j) {
  int answer = look_up(j);
  if (answer == CLI_GO_ON &&
      durable_service_on_event(j->store.service, cli_progress_event,
                               &j->progress) < 0)
    answer = cli_refuse("%s", durable_service_error(j->store.service));
  if (answer == CLI_GO_ON)
    answer = cli_functions_register(&j->functions, j->store.service,
                                    j->timeout_s, j->kills);
  if (answer == CLI_GO_ON)
    answer = start(j);
  if (answer == CLI_GO_ON)
    answer = follow(j);
  if (answer == CLI_GO_ON) {
    durable_service_on_event(j->store.service, NULL, NULL);
    cli_progress_end(&j->progress);
    answer = print_outcome(j);
  }
  return answer;
}

static int run(job *j) {
  int answer = prepare(j);
  if (answer != CLI_GO_ON)
    return answer;
  cli_interrupt_init();
  cli_progress_init(&j->progress, j->functions.name, j->name, db, verbose);
  answer = open_service(j);
  if (answer == CLI_GO_ON)
    answer = run_on_service(j);
  if (!cli_functions_halt(&j->functions, GRACE_MS)) {
    fflush(NULL);
    _exit(answer);
  }
  cli_store_close(&j->store);
  cli_progress_drop(&j->progress);
  return answer;
}

int cli_run(int argc, const char **argv) {
  cli_args args;
  job j = {0};
  int answer = cli_args_read(&args, &SYNTAX, argc, argv);
  if (answer == CLI_GO_ON) {
    j.file = args.operands[0];
    answer = run(&j);
  }
  cli_functions_close(&j.functions);
  cli_text_drop(&j.input);
  cli_args_drop(&args);
  return answer;
}
