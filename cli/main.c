/* durable: run workflows on the local durable service, and look at them. */
#include "cli.h"
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct command {
  const char *name, *summary;
  cli_run_fn *run;
} command;

static const command COMMANDS[] = {
    {"run", "run a workflow to its end, or go on with one", cli_run},
    {"serve", "serve the contract of AWS Lambda over HTTP", cli_serve},
    {"invoke", "invoke a function of a service", cli_invoke},
    {"list", "list the executions of a database", cli_list},
    {"get", "show one execution: status, input, outcome", cli_get},
    {"history", "show what happened in one, as a timeline", cli_history},
    {"callback", "succeed, fail or keep alive a callback", cli_callback},
    {"stop", "stop an execution", cli_stop},
    {"logs", "print what a function of a service printed", cli_logs},
};
enum { COMMAND_COUNT = sizeof COMMANDS / sizeof *COMMANDS };

static void print_usage(FILE *to) {
  fprintf(to, "Usage: durable COMMAND [OPTION...]\n\n"
              "Run durable workflows on this machine, and look at them.\n\n"
              "Commands:\n");
  for (size_t i = 0; i < COMMAND_COUNT; i++)
    fprintf(to, "  %-10s%s\n", COMMANDS[i].name, COMMANDS[i].summary);
  fprintf(to, "\nOptions:\n"
              "  --help      print this; `durable COMMAND --help` tells more\n"
              "  --version   print the version\n\n"
              "Exit codes: 0 succeeded; 1 failed, timed out or stopped; 2 "
              "wrong usage or\ninput; 130 interrupted.\n");
}

static int refuse_unknown(const char *name) {
  char known[128] = "";
  for (size_t i = 0; i < COMMAND_COUNT; i++) {
    size_t len = strlen(known);
    snprintf(known + len, sizeof known - len, "%s%s", i ? ", " : "",
             COMMANDS[i].name);
  }
  return cli_refuse("there is no command \"%s\": expected one of %s", name,
                    known);
}

static int dispatch(int argc, const char **argv) {
  const char *name = argc > 1 ? argv[1] : NULL;
  if (!name) {
    print_usage(stderr);
    return CLI_REFUSED;
  }
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
      strcmp(name, "help") == 0) {
    print_usage(stdout);
    return CLI_OK;
  }
  if (strcmp(name, "--version") == 0) {
    printf("durable %s\n", durable_version_string());
    return CLI_OK;
  }
  for (size_t i = 0; i < COMMAND_COUNT; i++)
    if (strcmp(name, COMMANDS[i].name) == 0)
      return COMMANDS[i].run(argc - 1, argv + 1);
  return refuse_unknown(name);
}

static int is_called(const char *path, const char *name) {
  const char *slash = strrchr(path, '/');
  return strcmp(slash ? slash + 1 : path, name) == 0;
}

int main(int argc, char **argv) {
  setlocale(LC_CTYPE, "");
  const char **arguments = (const char **)(uintptr_t)argv;
  int code = is_called(argc > 0 ? argv[0] : "", "dex-local-runner")
                 ? cli_dex(argc, arguments)
                 : dispatch(argc, arguments);
  if (fflush(stdout) != 0 || ferror(stdout))
    return cli_refuse("stdout could not be written");
  return code;
}
