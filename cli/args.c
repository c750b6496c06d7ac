/* args: one way to read arguments and to answer --help. */
#include "cli.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_help(poptContext context, const cli_syntax *syntax) {
  char *usage = cli_format("[OPTION...] %s", syntax->operands);
  if (usage)
    poptSetOtherOptionHelp(context, usage);
  poptPrintHelp(context, stdout, 0);
  printf("\n%s\n", syntax->about);
  if (syntax->more)
    printf("\n%s\n", syntax->more);
  free(usage);
}

static int refuse_usage(const cli_syntax *syntax, const char *what,
                        const char *why) {
  return cli_refuse("%s: %s; see `%s %s --help`", what, why, cli_program,
                    syntax->command);
}

static int count_operands(cli_args *args) {
  args->operands = poptGetArgs(args->context);
  while (args->operands && args->operands[args->count])
    args->count++;
  return args->count;
}

int cli_args_read(cli_args *args, const cli_syntax *syntax, int argc,
                  const char **argv) {
  *args = (cli_args){0};
  char *name = cli_format("%s %s", cli_program, syntax->command);
  if (!name)
    return cli_no_memory();
  const char *first = argv[0];
  argv[0] = name;
  args->context = poptGetContext(cli_program, argc, argv, syntax->options, 0);
  int rc = args->context ? poptGetNextOpt(args->context) : POPT_ERROR_MALLOC;
  int answer = CLI_GO_ON;
  if (rc == CLI_OPTION_HELP) {
    print_help(args->context, syntax);
    answer = CLI_OK;
  } else if (rc < -1) {
    answer = refuse_usage(
        syntax,
        args->context ? poptBadOption(args->context, POPT_BADOPTION_NOALIAS)
                      : "arguments",
        poptStrerror(rc));
  } else if (count_operands(args) < syntax->min) {
    answer = refuse_usage(syntax, syntax->operands, "missing");
  } else if (args->count > syntax->max) {
    answer = refuse_usage(syntax, args->operands[syntax->max],
                          "one argument too many");
  }
  argv[0] = first;
  free(name);
  return answer;
}

void cli_args_drop(cli_args *args) {
  if (args->context)
    poptFreeContext(args->context);
  *args = (cli_args){0};
}
