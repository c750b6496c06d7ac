/* cli: what the commands of `durable` share.
 *
 * Rules
 *   - A command answers its exit code.  Results go to stdout, everything that
 *     is about them to stderr.
 *   - An error is one sentence on stderr that names what was wrong and what was
 *     expected.  Nothing is changed before all input was checked.
 *   - The program is one thread of control: the options of a command are static
 *     variables of its file. */
#ifndef DUR_CLI_CLI_H
#define DUR_CLI_CLI_H

#include <durable/service.h>
#include <popt.h>

enum {
  CLI_OK = 0,            /* SUCCEEDED */
  CLI_UNSUCCESSFUL = 1,  /* FAILED, TIMED_OUT, STOPPED */
  CLI_REFUSED = 2,       /* usage, input, store */
  CLI_INTERRUPTED = 130, /* SIGINT, SIGTERM */
  CLI_GO_ON = -1         /* no exit code: all is well so far */
};

typedef int cli_run_fn(int argc, const char **argv);
cli_run_fn cli_run, cli_serve, cli_invoke, cli_list, cli_get, cli_history,
    cli_callback, cli_stop, cli_logs;
/* The whole program under the name dex-local-runner. */
cli_run_fn cli_dex;

/* ---- args.c: arguments */

typedef struct cli_syntax {
  const char *command;  /* "run" */
  const char *operands; /* "FILE.so", or "" */
  const char *about;    /* printed below the usage line */
  const char *more;     /* printed after the options, or NULL */
  const struct poptOption *options;
  int min, max; /* operands */
} cli_syntax;

typedef struct cli_args {
  poptContext context;
  const char **operands; /* NULL-terminated; until cli_args_drop */
  int count;
} cli_args;

/* CLI_GO_ON with |args| filled, or an exit code (0 after --help).  |args| is
 * always to be dropped. */
int cli_args_read(cli_args *args, const cli_syntax *syntax, int argc,
                  const char **argv);
void cli_args_drop(cli_args *args);

#define CLI_DB_OPTION(at)                                                      \
  {                                                                            \
    "db", 'd', POPT_ARG_STRING, (at), 0,                                       \
        "the database; default: durable.db, made by run", "PATH"               \
  }
#define CLI_ENDPOINT_OPTION(at)                                                \
  {                                                                            \
    "endpoint", 'E', POPT_ARG_STRING, (at), 0,                                 \
        "ask the service at this address, not a database", "URL"               \
  }
#define CLI_JSON_OPTION(at)                                                    \
  { "json", 'j', POPT_ARG_NONE, (at), 0, "print JSON", NULL }
enum { CLI_OPTION_HELP = 1000 };
/* --help, and the end of the table */
#define CLI_END_OPTIONS                                                        \
  {"help", 'h', POPT_ARG_NONE, NULL, CLI_OPTION_HELP, "print this", NULL}, {   \
    NULL, 0, 0, NULL, 0, NULL, NULL                                            \
  }

/* ---- say.c: messages */

extern const char *cli_program; /* the name that the program goes by */
/* Print that, ": ..." and a line end; refuse answers CLI_REFUSED. */
int cli_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
void cli_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cli_no_memory(void); /* the same about memory */
/* |text| with what a terminal would obey replaced by '?'.  The caller frees. */
char *cli_plain(const char *text);
/* malloc'ed printf; NULL: no memory. */
char *cli_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- names.c: names and ARNs */

/* 1 when |name| is 1..64 of [A-Za-z0-9_-]; otherwise 0, and it was said. */
int cli_check_execution_name(const char *name);
int cli_check_function_name(const char *name);
/* The same for 1..256 printable ASCII characters. */
int cli_check_operation_name(const char *name);
int cli_is_arn(const char *text);
/* Parts of a durable execution ARN, "" where there are none. */
void cli_arn_function(const char *arn, char out[DURABLE_ARN_SIZE]);
void cli_arn_name(const char *arn, char out[DURABLE_ARN_SIZE]);

/* ---- input.c: texts, JSON and numbers from the command line */

enum { CLI_INPUT_MAX = 6291456, CLI_CALLBACK_MAX = 262144 };
#define CLI_TIME_SCALE_MIN 1e-6 /* seconds that a second of a wait takes */
#define CLI_TIME_SCALE_MAX 1e6

typedef struct cli_text {
  char *data; /* with a NUL behind */
  size_t len;
} cli_text;

/* The value of an option |what| ("--input"): the text, @FILE, or @- for stdin.
 * CLI_GO_ON, or an exit code: no such file, or more than |max| bytes. */
int cli_text_read(cli_text *out, const char *what, const char *value,
                  size_t max);
/* The same; it has to be JSON, else it is said where it is not. */
int cli_json_read(cli_text *out, const char *what, const char *value,
                  size_t max);
void cli_text_drop(cli_text *text);

/* The number that an option |what| ("--timeout") was given, or *out as it is
 * when |value| is NULL.  CLI_GO_ON, or an exit code: it is no number, or not
 * from |min| to |max|. */
int cli_number_read(double *out, const char *what, const char *value,
                    double min, double max);
int cli_integer_read(long *out, const char *what, const char *value, long min,
                     long max);

#endif
