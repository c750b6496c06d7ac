/* durable serve: the local durable service over HTTP. */
#include "serving.h"

enum { PORT = 9014 };

static char *db, *host, *config, *log_dir, *lambda_endpoint, *port, *time_scale;
static const char **functions;
static int skip_time, collapse, test_faults;

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
    {"test-faults", 0, POPT_ARG_NONE, &test_faults, 0,
     "let PUT /faults make checkpoints fail", NULL},
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

static int check(cli_serving *s) {
  if (skip_time && time_scale)
    return cli_refuse("--skip-time and --time-scale exclude each other");
  int answer = cli_integer_read(&s->port, "--port", port, 0, CLI_PORT_MAX);
  if (answer == CLI_GO_ON)
    answer = cli_number_read(&s->time_scale, "--time-scale", time_scale,
                             CLI_TIME_SCALE_MIN, CLI_TIME_SCALE_MAX);
  return answer;
}

int cli_serve(int argc, const char **argv) {
  cli_args args;
  int answer = cli_args_read(&args, &SYNTAX, argc, argv);
  cli_serving s = {.db = db,
                   .host = host,
                   .port = PORT,
                   .config = config,
                   .functions = functions,
                   .lambda_endpoint = lambda_endpoint,
                   .log_dir = log_dir,
                   .skip_time = skip_time,
                   .collapse = collapse,
                   .test_faults = test_faults};
  if (answer == CLI_GO_ON)
    answer = check(&s);
  if (answer == CLI_GO_ON)
    answer = cli_serving_run(&s);
  cli_args_drop(&args);
  return answer;
}
