/* dex-local-runner: the same program under the name that SAM CLI starts, with
 * the flags and the environment that go with it.
 *
 * A flag counts before its variable, and that before the default.  Some mean
 * nothing here and are taken all the same, since scripts pass them. */
#include "cli.h"
#include "service/http/server.h"
#include "serving.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PORT = 5000, TIMEOUT_S_MAX = 86400, EXECUTION_S_MAX = 31622400 };

/* A setting: what the flag said, the variable that stands in for it. */
typedef struct setting {
  const char *flag, *variable;
  char *given;
} setting;

enum {
  HOST,
  AT_PORT,
  LOG_LEVEL,
  LAMBDA_ENDPOINT,
  STORE_TYPE,
  STORE_PATH,
  EXECUTION_TIMEOUT,
  INVOCATION_TIMEOUT,
  TIME_SCALE,
  UNUSED,
  SETTINGS
};

static setting settings[SETTINGS] = {
    [HOST] = {"--host", "AWS_DEX_HOST", NULL},
    [AT_PORT] = {"--port", "AWS_DEX_PORT", NULL},
    [LOG_LEVEL] = {"--log-level", "AWS_DEX_LOG_LEVEL", NULL},
    [LAMBDA_ENDPOINT] = {"--lambda-endpoint", "AWS_DEX_LAMBDA_ENDPOINT", NULL},
    [STORE_TYPE] = {"--store-type", "AWS_DEX_STORE_TYPE", NULL},
    [STORE_PATH] = {"--store-path", "AWS_DEX_STORE_PATH", NULL},
    [EXECUTION_TIMEOUT] = {"--execution-timeout", NULL, NULL},
    [INVOCATION_TIMEOUT] = {"--invocation-timeout", NULL, NULL},
    [TIME_SCALE] = {NULL, "DURABLE_EXECUTION_TIME_SCALE", NULL},
};
static int skip_time;

#define TEXT(name, which, about, what)                                         \
  { name, 0, POPT_ARG_STRING, &settings[which].given, 0, about, what }

static const struct poptOption OPTIONS[] = {
    TEXT("host", HOST, "default: 127.0.0.1", "ADDRESS"),
    TEXT("port", AT_PORT, "default: 5000; 0: any that is free", "PORT"),
    TEXT("lambda-endpoint", LAMBDA_ENDPOINT,
         "invoke functions there; default: http://127.0.0.1:3001", "URL"),
    TEXT("store-type", STORE_TYPE,
         "memory (default), sqlite or filesystem; the last is a directory with "
         "a SQLite file in it",
         "TYPE"),
    TEXT("store-path", STORE_PATH,
         "default: durable-executions.db, .durable_executions", "PATH"),
    TEXT("log-level", LOG_LEVEL,
         "DEBUG and NOTSET: a line on stderr for each answer", "LEVEL"),
    TEXT("invocation-timeout", INVOCATION_TIMEOUT, "default: 900", "SECONDS"),
    TEXT("execution-timeout", EXECUTION_TIMEOUT,
         "of executions that are started without one; default: a year",
         "SECONDS"),
    {"skip-time", 0, POPT_ARG_VAL, &skip_time, 1,
     "virtual time: waits and retry delays take none", NULL},
    {"no-skip-time", 0, POPT_ARG_VAL, &skip_time, 0, "the default", NULL},
    TEXT("local-runner-endpoint", UNUSED, "taken, and means nothing here",
         "URL"),
    TEXT("local-runner-region", UNUSED, "the same", "REGION"),
    TEXT("local-runner-mode", UNUSED, "the same", "MODE"),
    CLI_END_OPTIONS};

static const cli_syntax SYNTAX = {
    .command = "start-server",
    .operands = "",
    .about = "Serve durable executions over HTTP for SAM CLI: `durable serve` "
             "under another\nname, with other flags.",
    .more = "Each of the first six has a variable: AWS_DEX_HOST, AWS_DEX_PORT, "
            "...\nDURABLE_EXECUTION_TIME_SCALE: seconds that one second of a "
            "wait takes.",
    .options = OPTIONS};

/* The value and where it comes from, or NULL. */
static const char *value_of(int which, const char **from) {
  const setting *it = &settings[which];
  *from = it->flag;
  if (it->given)
    return it->given;
  const char *value = it->variable ? getenv(it->variable) : NULL;
  if (!value || !value[0])
    return NULL;
  *from = it->variable;
  return value;
}

static const char *text_of(int which, const char *fallback) {
  const char *from, *value = value_of(which, &from);
  return value ? value : fallback;
}

static int read_integer(long *out, int which, long min, long max) {
  const char *from, *value = value_of(which, &from);
  return cli_integer_read(out, from, value, min, max);
}

static int read_level(cli_serving *s) {
  static const char *const LEVELS[] = {"CRITICAL", "FATAL", "ERROR", "WARN",
                                       "WARNING",  "INFO",  "DEBUG", "NOTSET"};
  const char *from, *value = value_of(LOG_LEVEL, &from);
  if (!value)
    return CLI_GO_ON;
  s->log = strcmp(value, "DEBUG") == 0 || strcmp(value, "NOTSET") == 0;
  for (size_t i = 0; i < sizeof LEVELS / sizeof *LEVELS; i++)
    if (strcmp(value, LEVELS[i]) == 0)
      return CLI_GO_ON;
  return cli_refuse("%s %s: expected CRITICAL, FATAL, ERROR, WARN, WARNING, "
                    "INFO, DEBUG or NOTSET",
                    from, value);
}

static int read_scale(cli_serving *s) {
  const char *from, *value = value_of(TIME_SCALE, &from);
  double scale = 1;
  int answer = cli_number_read(&scale, from, value, 0, CLI_TIME_SCALE_MAX);
  if (value && !skip_time)
    s->time_scale = scale > CLI_TIME_SCALE_MIN ? scale : CLI_TIME_SCALE_MIN;
  return answer;
}

/* ---- the store */

static int refuse_path(const char *path, const char *why) {
  const char *from;
  (void)value_of(STORE_PATH, &from);
  return cli_refuse("%s %s: %s", from, path, why);
}

/* The directory that |path| is in, made when it is missing. */
static int make_parent(const char *path) {
  const char *slash = strrchr(path, '/');
  if (!slash || slash == path)
    return CLI_GO_ON;
  char *parent = strndup(path, (size_t)(slash - path));
  if (!parent)
    return cli_no_memory();
  int rc = mkdir(parent, 0777);
  int answer = rc != 0 && errno != EEXIST ? refuse_path(path, strerror(errno))
                                          : CLI_GO_ON;
  free(parent);
  return answer;
}

/* Users of the Python emulator have its database there: it is left alone. */
static int place_file(const char *path, char **db) {
  int answer = make_parent(path);
  if (answer != CLI_GO_ON)
    return answer;
  int foreign = dur_server_would_refuse(path);
  *db = cli_format("%s%s", path, foreign ? "-durable" : "");
  if (!*db)
    return cli_no_memory();
  if (foreign)
    cli_tell("%s is a database of another program: %s is used", path, *db);
  return CLI_GO_ON;
}

static int place_directory(const char *path, char **db) {
  struct stat is;
  int answer = make_parent(path);
  if (answer != CLI_GO_ON)
    return answer;
  if (mkdir(path, 0777) != 0 && errno != EEXIST)
    return refuse_path(path, strerror(errno));
  if (stat(path, &is) != 0 || !S_ISDIR(is.st_mode))
    return refuse_path(path, "is no directory, and the store type filesystem "
                             "needs one");
  *db = cli_format("%s/executions.db", path);
  return *db ? CLI_GO_ON : cli_no_memory();
}

static int place_store(char **db) {
  const char *from, *type = value_of(STORE_TYPE, &from);
  if (!type || strcmp(type, "memory") == 0) {
    *db = strdup(":memory:");
    return *db ? CLI_GO_ON : cli_no_memory();
  }
  if (strcmp(type, "sqlite") == 0)
    return place_file(text_of(STORE_PATH, "durable-executions.db"), db);
  if (strcmp(type, "filesystem") == 0)
    return place_directory(text_of(STORE_PATH, ".durable_executions"), db);
  return cli_refuse("%s %s: expected memory, sqlite or filesystem", from, type);
}

/* ---- the command */

static int start_server(int argc, const char **argv) {
  cli_args args;
  char *db = NULL;
  cli_serving s = {.port = PORT, .for_sam = 1};
  int answer = cli_args_read(&args, &SYNTAX, argc, argv);
  s.host = text_of(HOST, NULL);
  s.lambda_endpoint = text_of(LAMBDA_ENDPOINT, "http://127.0.0.1:3001");
  s.skip_time = skip_time;
  if (answer == CLI_GO_ON)
    answer = read_integer(&s.port, AT_PORT, 0, CLI_PORT_MAX);
  if (answer == CLI_GO_ON)
    answer = read_level(&s);
  if (answer == CLI_GO_ON)
    answer = read_scale(&s);
  if (answer == CLI_GO_ON)
    answer = read_integer(&s.timeout_s, INVOCATION_TIMEOUT, 1, TIMEOUT_S_MAX);
  if (answer == CLI_GO_ON)
    answer = read_integer(&s.execution_timeout_s, EXECUTION_TIMEOUT, 1,
                          EXECUTION_S_MAX);
  if (answer == CLI_GO_ON)
    answer = place_store(&db);
  s.db = db;
  if (answer == CLI_GO_ON)
    answer = cli_serving_run(&s);
  free(db);
  cli_args_drop(&args);
  return answer;
}

static void print_usage(FILE *to) {
  fprintf(to, "Usage: dex-local-runner start-server [OPTION...]\n\n"
              "The local durable service for SAM CLI.  `dex-local-runner "
              "start-server --help`\ntells more, and `durable --help` what "
              "else this program does under its own name.\n");
}

int cli_dex(int argc, const char **argv) {
  const char *command = argc > 1 ? argv[1] : "";
  cli_program = "dex-local-runner";
  if (strcmp(command, "start-server") == 0)
    return start_server(argc - 1, argv + 1);
  if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0) {
    print_usage(stdout);
    return CLI_OK;
  }
  if (!command[0]) {
    print_usage(stderr);
    return CLI_REFUSED;
  }
  return cli_refuse("there is no command \"%s\": expected start-server; "
                    "`durable` has the others",
                    command);
}
