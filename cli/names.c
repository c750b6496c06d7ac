/* names: of executions and operations, and the parts of an ARN:
 * arn:P:lambda:R:A:function:F:V/durable-execution/NAME/ID */
#include "cli.h"
#include <string.h>

enum { NAME_MAX_LEN = 64, OPERATION_NAME_MAX = 256 };

static const char NAME_CHARACTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "abcdefghijklmnopqrstuvwxyz"
                                      "0123456789_-";

/* Functions and executions are called alike. */
static int check_name(const char *of, const char *name) {
  size_t len = strlen(name), good = strspn(name, NAME_CHARACTERS);
  if (len == 0)
    cli_refuse("the %s's name is empty: expected 1 to %d of A-Z a-z 0-9 _ -",
               of, NAME_MAX_LEN);
  else if (good < len)
    cli_refuse("the %s's name \"%s\" has a character at position %zu that is "
               "none of A-Z a-z 0-9 _ -",
               of, name, good + 1);
  else if (len > NAME_MAX_LEN)
    cli_refuse("the %s's name \"%.16s...\" has %zu characters: at most %d are "
               "allowed",
               of, name, len, NAME_MAX_LEN);
  return len > 0 && good == len && len <= NAME_MAX_LEN;
}

int cli_check_execution_name(const char *name) {
  return check_name("execution", name);
}

int cli_check_function_name(const char *name) {
  return check_name("function", name);
}

int cli_check_operation_name(const char *name) {
  size_t len = strlen(name), good = 0;
  while (name[good] >= 0x20 && name[good] <= 0x7e)
    good++;
  if (len == 0)
    cli_refuse("an operation's name is empty: expected 1 to %d printable ASCII "
               "characters",
               OPERATION_NAME_MAX);
  else if (good < len)
    cli_refuse("the operation's name has a character at byte %zu that is not "
               "printable ASCII",
               good + 1);
  else if (len > OPERATION_NAME_MAX)
    cli_refuse("the operation's name \"%.16s...\" has %zu characters: at most "
               "%d are allowed",
               name, len, OPERATION_NAME_MAX);
  return len > 0 && good == len && len <= OPERATION_NAME_MAX;
}

int cli_is_arn(const char *text) {
  return strncmp(text, "arn:", 4) == 0;
}

static void part(const char *from, const char *ends,
                 char out[DURABLE_ARN_SIZE]) {
  size_t len = from ? strcspn(from, ends) : 0;
  if (len >= DURABLE_ARN_SIZE)
    len = DURABLE_ARN_SIZE - 1;
  if (len > 0)
    memcpy(out, from, len);
  out[len] = '\0';
}

void cli_arn_function(const char *arn, char out[DURABLE_ARN_SIZE]) {
  const char *at = strstr(arn, ":function:");
  part(at ? at + strlen(":function:") : NULL, ":/", out);
}

void cli_arn_name(const char *arn, char out[DURABLE_ARN_SIZE]) {
  const char *at = strstr(arn, "/durable-execution/");
  part(at ? at + strlen("/durable-execution/") : NULL, "/", out);
}
