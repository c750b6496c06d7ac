/* say: see cli.h. */
#include "cli.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *cli_program = "durable";

char *cli_plain(const char *text) {
  char *copy = strdup(text);
  for (char *p = copy; p && *p; p++) {
    unsigned char c = (unsigned char)*p;
    if (c < 0x20 || c == 0x7f)
      *p = c == '\n' || c == '\t' ? ' ' : '?';
  }
  return copy;
}

char *cli_format(const char *format, ...) {
  char *text = NULL;
  va_list args;
  va_start(args, format);
  int len = vasprintf(&text, format, args);
  va_end(args);
  return len < 0 ? NULL : text;
}

static void say(const char *format, va_list args) {
  char *text = NULL;
  int len = vasprintf(&text, format, args);
  char *plain = len < 0 ? NULL : cli_plain(text);
  fprintf(stderr, "%s: %s\n", cli_program, plain ? plain : "out of memory");
  if (len >= 0)
    free(text);
  free(plain);
}

int cli_refuse(const char *format, ...) {
  va_list args;
  va_start(args, format);
  say(format, args);
  va_end(args);
  return CLI_REFUSED;
}

void cli_tell(const char *format, ...) {
  va_list args;
  va_start(args, format);
  say(format, args);
  va_end(args);
}

int cli_no_memory(void) {
  return cli_refuse("out of memory");
}
