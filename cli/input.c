/* input: see cli.h.  What is accepted here is what the service accepts, since
 * the same reader judges it. */
#include "cli.h"
#include <durable/value.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cli_text_drop(cli_text *text) {
  free(text->data);
  *text = (cli_text){0};
}

/* All of |file|, but stop behind |max| + 1 bytes. */
static int read_all(cli_text *out, FILE *file, size_t max) {
  size_t cap = 0;
  while (!feof(file) && !ferror(file) && out->len <= max) {
    if (out->len + 1 >= cap) {
      cap = cap ? cap * 2 : 4096;
      char *data = realloc(out->data, cap);
      if (!data) {
        errno = ENOMEM;
        return -1;
      }
      out->data = data;
    }
    out->len += fread(out->data + out->len, 1, cap - out->len - 1, file);
    out->data[out->len] = '\0';
  }
  return ferror(file) ? -1 : 0;
}

static int read_file(cli_text *out, const char *what, const char *path,
                     size_t max) {
  int is_stdin = strcmp(path, "-") == 0;
  FILE *file = is_stdin ? stdin : fopen(path, "rb");
  int rc = file ? read_all(out, file, max) : -1;
  int error = errno;
  if (file && !is_stdin)
    fclose(file);
  if (rc == 0)
    return CLI_GO_ON;
  return cli_refuse("%s @%s cannot be read: %s", what, path, strerror(error));
}

static int read_literal(cli_text *out, const char *value) {
  out->data = strdup(value);
  if (!out->data)
    return cli_no_memory();
  out->len = strlen(value);
  return CLI_GO_ON;
}

static int check_json(const cli_text *text, const char *what,
                      const char *value) {
  durable_values *pool;
  const durable_value *tree;
  if (durable_values_new(&pool, NULL) != DURABLE_OK)
    return cli_no_memory();
  int rc = durable_value_parse(pool, DURABLE_FORM_PLAIN,
                               (durable_bytes){text->data, text->len}, &tree);
  int answer = CLI_GO_ON;
  if (rc == DURABLE_E_NOMEM)
    answer = cli_no_memory();
  else if (rc != DURABLE_OK)
    answer =
        cli_refuse("%s%s%s is not JSON: %s", what, value[0] == '@' ? " " : "",
                   value[0] == '@' ? value : "", durable_values_error(pool));
  durable_values_free(pool);
  return answer;
}

int cli_text_read(cli_text *out, const char *what, const char *value,
                  size_t max) {
  *out = (cli_text){0};
  int rc = value[0] == '@' ? read_file(out, what, value + 1, max)
                           : read_literal(out, value);
  if (rc == CLI_GO_ON && out->len > max)
    rc =
        cli_refuse("%s is too large: at most %zu bytes are allowed", what, max);
  if (rc != CLI_GO_ON)
    cli_text_drop(out);
  return rc;
}

int cli_json_read(cli_text *out, const char *what, const char *value,
                  size_t max) {
  int rc = cli_text_read(out, what, value, max);
  if (rc == CLI_GO_ON)
    rc = check_json(out, what, value);
  if (rc != CLI_GO_ON)
    cli_text_drop(out);
  return rc;
}

int cli_number_read(double *out, const char *what, const char *value,
                    double min, double max) {
  char *end;
  if (!value)
    return CLI_GO_ON;
  double number = strtod(value, &end);
  if (end == value || *end || !(number >= min && number <= max))
    return cli_refuse("%s %s: expected a number from %.15g to %.15g", what,
                      value, min, max);
  *out = number;
  return CLI_GO_ON;
}

int cli_integer_read(long *out, const char *what, const char *value, long min,
                     long max) {
  char *end;
  if (!value)
    return CLI_GO_ON;
  errno = 0;
  long number = strtol(value, &end, 10);
  if (end == value || *end || errno || number < min || number > max)
    return cli_refuse("%s %s: expected a whole number from %ld to %ld", what,
                      value, min, max);
  *out = number;
  return CLI_GO_ON;
}
