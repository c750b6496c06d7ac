/* say: see cli.h. */
#include "cli.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int cli_refuse(const char *format, ...) {
  char *text = NULL;
  va_list args;
  va_start(args, format);
  int len = vasprintf(&text, format, args);
  va_end(args);
  char *plain = len < 0 ? NULL : cli_plain(text);
  fprintf(stderr, "durable: %s\n", plain ? plain : "out of memory");
  if (len >= 0)
    free(text);
  free(plain);
  return CLI_REFUSED;
}

int cli_no_memory(void) {
  return cli_refuse("out of memory");
}
