/* durable logs: what a function printed, out of a directory or of a service.
 *
 * Both give the lines of NAME.jsonl; all filters are applied here. */
#include "cli.h"
#include "format.h"
#include "interrupt.h"
#include "remote.h"
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ID_SHOWN = 8, POLL_MS = 250 };

static char *endpoint, *log_dir, *request_id, *since;
static int follow, json;

static const struct poptOption OPTIONS[] = {
    {"endpoint", 'E', POPT_ARG_STRING, &endpoint, 0,
     "the service; default: http://127.0.0.1:9014", "URL"},
    {"log-dir", 'l', POPT_ARG_STRING, &log_dir, 0,
     "look in this directory, not at a service", "DIR"},
    {"request-id", 'r', POPT_ARG_STRING, &request_id, 0,
     "only the invocations whose request id begins so", "ID"},
    {"since", 0, POPT_ARG_STRING, &since, 0,
     "only from then on: 90s, 10m, 2h, 1d ago, or a time in UTC",
     "AGO|YYYY-MM-DD[THH:MM:SS]"},
    {"follow", 'f', POPT_ARG_NONE, &follow, 0,
     "go on with what is printed, until interrupted", NULL},
    CLI_JSON_OPTION(&json),
    CLI_END_OPTIONS};

static const cli_syntax SYNTAX = {
    .command = "logs",
    .operands = "FUNCTION",
    .about = "Print what a function wrote to stdout and stderr.",
    .options = OPTIONS,
    .min = 1,
    .max = 1};

/* ---- where lines come from */

typedef struct source {
  const char *function;
  FILE *file; /* NULL: |remote| */
  cli_remote *remote;
  cli_remote_reply page;
  size_t used; /* of |page| */
  char marker[CLI_MARKER_SIZE];
  char *line; /* of getline */
  size_t room;
} source;

static int open_source(source *it) {
  if (endpoint && log_dir)
    return cli_refuse("--log-dir and --endpoint exclude each other");
  if (!log_dir)
    return cli_remote_open(&it->remote,
                           endpoint ? endpoint : "http://127.0.0.1:9014");
  char *path = cli_format("%s/%s.jsonl", log_dir, it->function);
  if (!path)
    return cli_no_memory();
  it->file = fopen(path, "re");
  int answer = it->file ? CLI_GO_ON
                        : cli_refuse("the log %s cannot be read: %s", path,
                                     strerror(errno));
  free(path);
  return answer;
}

static void close_source(source *it) {
  if (it->file)
    fclose(it->file);
  cli_remote_reply_drop(&it->page);
  cli_remote_close(it->remote);
  free(it->line);
}

/* CLI_GO_ON with |*line|, NULL when there is no whole one. */
static int file_line(source *it, char **line) {
  off_t at = ftello(it->file);
  ssize_t len = getline(&it->line, &it->room, it->file);
  if (len > 0 && it->line[len - 1] == '\n') {
    it->line[len - 1] = '\0';
    *line = it->line;
    return CLI_GO_ON;
  }
  *line = NULL;
  if (ferror(it->file))
    return cli_refuse("the log cannot be read: %s", strerror(errno));
  clearerr(it->file); /* its end may be written yet */
  return fseeko(it->file, at, SEEK_SET) == 0
             ? CLI_GO_ON
             : cli_refuse("the log cannot be read: %s", strerror(errno));
}

static int ask_page(source *it) {
  char *target = cli_format("/functions/%s/logs%s%s", it->function,
                            it->marker[0] ? "?Marker=" : "", it->marker);
  cli_remote_reply_drop(&it->page);
  it->used = 0;
  int answer = target ? cli_remote_ask(it->remote, "GET", target, NULL,
                                       (durable_bytes){NULL, 0}, &it->page)
                      : cli_no_memory();
  free(target);
  if (answer == CLI_GO_ON && it->page.status != 200)
    answer = cli_refuse("the service answered with status %ld: %s",
                        it->page.status, it->page.body ? it->page.body : "");
  if (answer == CLI_GO_ON)
    memcpy(it->marker, it->page.marker, sizeof it->marker);
  return answer;
}

static int remote_line(source *it, char **line) {
  *line = NULL;
  int answer = it->used == it->page.len ? ask_page(it) : CLI_GO_ON;
  if (answer != CLI_GO_ON || it->used == it->page.len)
    return answer;
  char *from = it->page.body + it->used;
  char *end = memchr(from, '\n', it->page.len - it->used);
  it->used = end ? (size_t)(end - it->page.body) + 1 : it->page.len;
  if (end)
    *end = '\0';
  *line = from;
  return CLI_GO_ON;
}

/* ---- filters and output */

/* "10m" ago, or a time in UTC.  -1: neither. */
static int64_t parse_since(const char *text) {
  static const char *const FORMS[] = {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S",
                                      "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"};
  static const char UNITS[] = "smhd";
  static const int64_t UNIT_S[] = {1, 60, 3600, 86400};
  char *end;
  errno = 0;
  long long n = strtoll(text, &end, 10);
  const char *unit = *end && !end[1] ? strchr(UNITS, *end) : NULL;
  if (unit && end > text && n >= 0 && n <= 1000000000 && errno == 0)
    return ((int64_t)time(NULL) - n * UNIT_S[unit - UNITS]) * 1000;
  for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
    struct tm at = {0};
    const char *rest = strptime(text, FORMS[i], &at);
    if (rest && *rest == '\0')
      return (int64_t)timegm(&at) * 1000;
  }
  return -1;
}

static void print_line(const cJSON *tree, const char *line) {
  char at[CLI_TIME_SIZE];
  if (json) {
    printf("%s\n", line);
    return;
  }
  const char *id =
      cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, "requestId"));
  const char *message =
      cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, "message"));
  cli_instant(at, (int64_t)cJSON_GetNumberValue(
                      cJSON_GetObjectItemCaseSensitive(tree, "timestamp")));
  char *plain = cli_plain(message ? message : "");
  printf("%s %-*.*s %s\n", at, ID_SHOWN, ID_SHOWN, id ? id : "-",
         plain ? plain : "");
  free(plain);
}

static int is_wanted(const cJSON *tree, int64_t since_ms) {
  const cJSON *at = cJSON_GetObjectItemCaseSensitive(tree, "timestamp");
  const char *id =
      cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, "requestId"));
  if (!cJSON_IsNumber(at) || at->valuedouble < (double)since_ms)
    return 0;
  return !request_id ||
         (id && strncmp(id, request_id, strlen(request_id)) == 0);
}

static int print_all(source *it, int64_t since_ms) {
  const struct timespec pause = {0, POLL_MS * 1000000};
  while (!cli_interrupt_came()) {
    char *line = NULL;
    int answer = it->file ? file_line(it, &line) : remote_line(it, &line);
    if (answer != CLI_GO_ON)
      return answer;
    if (!line && !follow)
      return CLI_OK;
    if (!line) {
      if (fflush(stdout) != 0)
        return cli_refuse("stdout could not be written");
      nanosleep(&pause, NULL);
      continue;
    }
    cJSON *tree = cJSON_Parse(line);
    if (is_wanted(tree, since_ms))
      print_line(tree, line);
    cJSON_Delete(tree);
  }
  return CLI_INTERRUPTED;
}

static int check(const char *function, int64_t *since_ms) {
  if (!cli_check_function_name(function))
    return CLI_REFUSED;
  *since_ms = since ? parse_since(since) : 0;
  if (*since_ms < 0)
    return cli_refuse("--since \"%s\" is no time: expected 90s, 10m, 2h or 1d "
                      "ago, or YYYY-MM-DD[THH:MM:SS]",
                      since);
  return CLI_GO_ON;
}

int cli_logs(int argc, const char **argv) {
  cli_args args;
  source it = {0};
  int64_t since_ms = 0;
  int answer = cli_args_read(&args, &SYNTAX, argc, argv);
  if (answer == CLI_GO_ON)
    answer = check(args.operands[0], &since_ms);
  if (answer == CLI_GO_ON) {
    it.function = args.operands[0];
    answer = open_source(&it);
  }
  if (answer == CLI_GO_ON) {
    cli_interrupt_init();
    answer = print_all(&it, since_ms);
  }
  close_source(&it);
  cli_args_drop(&args);
  return answer;
}
