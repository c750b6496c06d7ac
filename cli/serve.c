/* durable serve: the local durable service over HTTP.
 *
 * SIGINT and SIGTERM end it: no invocation starts any more, those that run may
 * end within a time of grace, then Invokes that wait are told.  What did not end
 * is invoked again by the next `durable serve` on the same database. */
#include "cli.h"
#include "service/http/server.h"
#include "store.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PORT = 9014, PORT_MAX = 65535, GRACE_MS = 3000, THREADS_MAX = 256 };
enum { CONFIG_MAX = 1048576 };

static char *db, *host, *config, *log_dir, *lambda_endpoint, *port, *time_scale;
static const char **functions;
static int skip_time, collapse;

static const struct poptOption OPTIONS[] = {
    {"port", 'p', POPT_ARG_STRING, &port, 0,
     "default: 9014; 0: any that is free", "PORT"},
    {"host", 0, POPT_ARG_STRING, &host, 0, "default: 127.0.0.1", "ADDRESS"},
    {"db", 'd', POPT_ARG_STRING, &db, 0, "the database; default: durable.db",
     "PATH"},
    {"function", 'f', POPT_ARG_ARGV, &functions, 0,
     "a function and the command that runs it; any number of times",
     "NAME=COMMAND"},
    {"config", 'c', POPT_ARG_STRING, &config, 0, "functions, as JSON", "FILE"},
    {"lambda-endpoint", 0, POPT_ARG_STRING, &lambda_endpoint, 0,
     "invoke all other functions there", "URL"},
    {"skip-time", 's', POPT_ARG_NONE, &skip_time, 0,
     "virtual time: waits and retry delays take none", NULL},
    {"time-scale", 0, POPT_ARG_STRING, &time_scale, 0,
     "seconds that one second of a wait takes", "FACTOR"},
    {"collapse", 0, POPT_ARG_NONE, &collapse, 0,
     "hand out no children of finished contexts, as AWS does", NULL},
    {"log-dir", 'l', POPT_ARG_STRING, &log_dir, 0,
     "what functions print goes to DIR/NAME.jsonl, not to stderr", "DIR"},
    CLI_END_OPTIONS};

static const cli_syntax SYNTAX = {
    .command = "serve",
    .operands = "",
    .about = "Serve durable executions over HTTP, for the SDKs and clients of "
             "AWS Lambda, and\nrun functions as custom runtimes.  For "
             "development and tests.",
    .more = "  durable serve --function order=./bootstrap\n"
            "  AWS_ENDPOINT_URL_LAMBDA=http://127.0.0.1:9014 aws lambda invoke "
            "...",
    .options = OPTIONS};

typedef struct serving {
  cli_store store;
  dur_fleet *fleet;
  dur_server *server;
  cli_text config;
  long port;
  double time_scale; /* 0: not given */
} serving;

static int check(serving *it) {
  it->port = PORT;
  if (skip_time && time_scale)
    return cli_refuse("--skip-time and --time-scale exclude each other");
  int answer = cli_integer_read(&it->port, "--port", port, 0, PORT_MAX);
  if (answer == CLI_GO_ON)
    answer = cli_number_read(&it->time_scale, "--time-scale", time_scale,
                             CLI_TIME_SCALE_MIN, CLI_TIME_SCALE_MAX);
  if (answer != CLI_GO_ON)
    return answer;
  for (size_t i = 0; functions && functions[i]; i++) {
    const char *equals = strchr(functions[i], '=');
    if (!equals || equals == functions[i] || !equals[1])
      return cli_refuse("--function %s: expected NAME=COMMAND", functions[i]);
  }
  if (!config)
    return CLI_GO_ON;
  char *file = cli_format("@%s", config);
  answer = file ? cli_text_read(&it->config, "--config", file, CONFIG_MAX)
                : cli_no_memory();
  free(file);
  return answer;
}

/* ---- start */

static int open_service(serving *it) {
  durable_service_options options = DURABLE_SERVICE_OPTIONS_INIT;
  options.virtual_time = (uint32_t)skip_time;
  options.hold_callbacks = 1; /* who answers them lives in real time */
  options.collapse = (uint32_t)collapse;
  options.time_scale = it->time_scale;
  options.max_threads = THREADS_MAX;
  return cli_store_open(&it->store, db, &options);
}

static int add_function(serving *it, const char *pair) {
  char why[512];
  size_t len = strcspn(pair, "=");
  char *name = strndup(pair, len);
  if (!name)
    return cli_no_memory();
  int rc = dur_fleet_command(it->fleet, name, pair + len + 1, why, sizeof why);
  free(name);
  return rc == 0 ? CLI_GO_ON : cli_refuse("--function %s: %s", pair, why);
}

static int open_fleet(serving *it) {
  char why[512] = "";
  const dur_fleet_options options = {.log_dir = log_dir};
  if (dur_fleet_open(&it->fleet, it->store.service, &options, why,
                     sizeof why) != 0)
    return cli_refuse("--log-dir: %s", why);
  if (it->config.data &&
      dur_fleet_configure(it->fleet,
                          (durable_bytes){it->config.data, it->config.len}, why,
                          sizeof why) != 0)
    return cli_refuse("--config %s: %s", config, why);
  int answer = CLI_GO_ON;
  for (size_t i = 0; answer == CLI_GO_ON && functions && functions[i]; i++)
    answer = add_function(it, functions[i]);
  if (answer == CLI_GO_ON && lambda_endpoint &&
      dur_fleet_default(it->fleet, lambda_endpoint, why, sizeof why) != 0)
    answer = cli_refuse("--lambda-endpoint %s: %s", lambda_endpoint, why);
  return answer;
}

/* Programs reach a server on all addresses by the loopback one. */
static int announce(serving *it, const char *at) {
  const char *reach = strcmp(at, "0.0.0.0") == 0 ? "127.0.0.1"
                      : strcmp(at, "::") == 0    ? "::1"
                                                 : at;
  int is_v6 = strchr(reach, ':') != NULL;
  char *url = cli_format("http://%s%s%s:%u", is_v6 ? "[" : "", reach,
                         is_v6 ? "]" : "", dur_server_port(it->server));
  int rc = url ? dur_fleet_announce(it->fleet, url) : -1;
  if (rc == 0)
    fprintf(stderr, "durable: serving on %s\n", url);
  free(url);
  return rc == 0 ? CLI_GO_ON : cli_no_memory();
}

static int listen_on(serving *it) {
  char why[512] = "";
  const dur_server_options options = {.host = host ? host : "127.0.0.1",
                                      .port = (unsigned)it->port};
  if (dur_server_open(&it->server, it->store.service, it->fleet, &options, why,
                      sizeof why) != 0)
    return cli_refuse("it cannot listen: %s", why);
  return announce(it, options.host);
}

/* ---- end */

static void stop(serving *it) {
  int quiet =
      !it->fleet || dur_fleet_halt(it->fleet, it->server ? GRACE_MS : 0);
  if (it->server)
    dur_server_quiesce(it->server);
  if (!quiet) {
    fflush(NULL);
    _exit(it->server ? CLI_OK : CLI_REFUSED);
  }
  dur_server_close(it->server);
  cli_store_close(&it->store);
  dur_fleet_close(it->fleet);
  cli_text_drop(&it->config);
}

/* Signals are taken by sigwait alone: before the first thread starts. */
static void prepare_process(sigset_t *ends) {
  struct rlimit files;
  sigemptyset(ends);
  sigaddset(ends, SIGINT);
  sigaddset(ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, ends, NULL);
  signal(SIGPIPE, SIG_IGN);
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
  }
}

int cli_serve(int argc, const char **argv) {
  cli_args args;
  serving it = {0};
  sigset_t ends;
  int number;
  int answer = cli_args_read(&args, &SYNTAX, argc, argv);
  if (answer == CLI_GO_ON)
    answer = check(&it);
  if (answer == CLI_GO_ON) {
    prepare_process(&ends);
    answer = open_service(&it);
  }
  if (answer == CLI_GO_ON)
    answer = open_fleet(&it);
  if (answer == CLI_GO_ON)
    answer = listen_on(&it);
  if (answer == CLI_GO_ON) {
    sigwait(&ends, &number);
    answer = CLI_OK;
  }
  stop(&it);
  cli_args_drop(&args);
  return answer;
}
