/* format: see format.h. */
#include "format.h"
#include "store.h"
#include <durable/value.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

const char *cli_duration(char out[CLI_TIME_SIZE], int64_t ms) {
  long long s = ms / 1000;
  if (ms < 0)
    snprintf(out, CLI_TIME_SIZE, "-");
  else if (ms < 1000)
    snprintf(out, CLI_TIME_SIZE, "%d ms", (int)ms);
  else if (s < 60)
    snprintf(out, CLI_TIME_SIZE, "%.2f s", (double)ms / 1000);
  else if (s < 3600)
    snprintf(out, CLI_TIME_SIZE, "%lld m %02lld s", s / 60, s % 60);
  else if (s < 86400)
    snprintf(out, CLI_TIME_SIZE, "%lld h %02lld m", s / 3600, s % 3600 / 60);
  else
    snprintf(out, CLI_TIME_SIZE, "%lld d %lld h", s / 86400, s % 86400 / 3600);
  return out;
}

const char *cli_instant(char out[CLI_TIME_SIZE], int64_t ms) {
  time_t seconds = (time_t)(ms / 1000);
  struct tm parts;
  char text[CLI_TIME_SIZE - 8];
  snprintf(out, CLI_TIME_SIZE, "-");
  if (ms > 0 && gmtime_r(&seconds, &parts) &&
      strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts) > 0)
    snprintf(out, CLI_TIME_SIZE, "%s.%03d", text, (int)(ms % 1000));
  return out;
}

int cli_is_utf8(void) {
  return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

int cli_columns(int fd) {
  struct winsize size;
  const char *given = getenv("COLUMNS");
  long columns = given ? strtol(given, NULL, 10) : 0;
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    columns = size.ws_col;
  return columns >= 40 && columns <= 1000 ? (int)columns : 80;
}

cJSON *cli_payload(const char *text) {
  durable_values *pool;
  const durable_value *tree;
  if (durable_values_new(&pool, NULL) != DURABLE_OK)
    return NULL;
  int rc = durable_value_parse(pool, DURABLE_FORM_PLAIN,
                               (durable_bytes){text, strlen(text)}, &tree);
  durable_values_free(pool);
  return rc == DURABLE_OK ? cJSON_CreateRaw(text) : cJSON_CreateString(text);
}

static void add_time(cJSON *to, const char *key, int64_t ms) {
  char text[CLI_TIME_SIZE];
  if (ms == 0)
    return;
  cli_instant(text, ms);
  text[10] = 'T';
  strcat(text, "Z");
  cJSON_AddStringToObject(to, key, text);
}

static void add_payload(cJSON *to, const char *key, const cJSON *from,
                        const char *member) {
  const char *text =
      cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(from, member));
  if (text)
    cJSON_AddItemToObject(to, key, cli_payload(text));
}

cJSON *cli_execution_json(const cJSON *e) {
  cJSON *out = cJSON_CreateObject();
  const char *arn = cli_text_of(e, "DurableExecutionArn");
  char part[DURABLE_ARN_SIZE];
  cli_arn_name(arn, part);
  cJSON_AddStringToObject(out, "name", part);
  cJSON_AddStringToObject(out, "arn", arn);
  cli_arn_function(arn, part);
  cJSON_AddStringToObject(out, "function", part);
  cJSON_AddStringToObject(out, "status", cli_text_of(e, "Status"));
  add_time(out, "started", cli_ms_of(e, "StartTimestamp"));
  add_time(out, "ended", cli_ms_of(e, "EndTimestamp"));
  add_payload(out, "input", e, "InputPayload");
  add_payload(out, "result", e, "Result");
  cJSON *error = cJSON_GetObjectItemCaseSensitive(e, "Error");
  if (error)
    cJSON_AddItemToObject(out, "error", cJSON_Duplicate(error, 1));
  return out;
}

/* cJSON lays out with tabs, and a tab is never inside a string of JSON. */
static void print_indented(const char *text) {
  for (const char *p = text; *p; p++) {
    if (*p != '\t')
      putchar(*p);
    else
      fputs(p > text && (p[-1] == '\n' || p[-1] == '\t') ? "  " : " ", stdout);
  }
  putchar('\n');
}

int cli_print_json(cJSON *json) {
  char *text = json ? cJSON_Print(json) : NULL;
  int answer = text ? CLI_OK : cli_no_memory();
  if (text)
    print_indented(text);
  cJSON_free(text);
  cJSON_Delete(json);
  return answer;
}

char *cli_error_line(const cJSON *error) {
  const char *type = cli_text_of(error, "ErrorType");
  const char *message = cli_text_of(error, "ErrorMessage");
  char *line =
      cli_format("%s%s%s", type, type[0] && message[0] ? ": " : "", message);
  char *plain = line ? cli_plain(line) : NULL;
  free(line);
  return plain;
}
