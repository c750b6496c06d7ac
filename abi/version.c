/* version: what this library is, and whether a client fits it. */
#include <string.h>

#include <durable/engine.h>

#include "engine/model.h"

int durable_version_number(void) {
  return DURABLE_VERSION_NUMBER;
}

const char *durable_version_string(void) {
  return DURABLE_VERSION_STRING;
}

static void say(char *message, size_t size, const char *text) {
  if (!message || size == 0)
    return;
  size_t len = strlen(text);
  if (len >= size)
    len = size - 1;
  memcpy(message, text, len);
  message[len] = '\0';
}

int durable_engine_abi(int major, int minor, char *message, size_t size) {
  if (major == DURABLE_VERSION_MAJOR && minor >= 0 &&
      minor <= DURABLE_VERSION_MINOR) {
    say(message, size, "");
    return 0;
  }
  say(message, size,
      major == DURABLE_VERSION_MAJOR
          ? "this libdurable (" DURABLE_VERSION_STRING
            ") is older than the client was built for"
          : "this libdurable (" DURABLE_VERSION_STRING
            ") has another major version than the client was built for");
  return DURABLE_E_ABI;
}

/* ---- names and texts of errors */

#define DURABLE_X(name, code, text) {code, #name, text},
static const struct {
  int code;
  const char *name, *text;
} errors[] = {{0, "OK", "success"},
              {DURABLE_SUSPENDED, "SUSPENDED", "the invocation is suspended"},
              {DURABLE_FAILED, "FAILED", "the operation failed"},
              DURABLE_ERROR_MAP(DURABLE_X)};
#undef DURABLE_X

enum { ERROR_COUNT = sizeof errors / sizeof *errors };

const char *durable_error_name(int rc) {
  for (int i = 0; i < ERROR_COUNT; i++)
    if (errors[i].code == rc)
      return errors[i].name;
  return "?";
}

const char *durable_error_text(int rc) {
  for (int i = 0; i < ERROR_COUNT; i++)
    if (errors[i].code == rc)
      return errors[i].text;
  return "unknown error code";
}

int durable_error_is_fatal(int rc) {
  return rc <= DURABLE_E_FATAL;
}

#define DURABLE_X(name, code, text) text,
static const char *const classes[] = {"",
                                      DURABLE_OPERATION_ERROR_MAP(DURABLE_X)};
#undef DURABLE_X
enum { CLASS_COUNT = sizeof classes / sizeof *classes };

const char *durable_operation_error_name(int kind) {
  return kind > 0 && kind < CLASS_COUNT ? classes[kind] : "";
}

int durable_operation_error_of(durable_bytes type) {
  return (int)dur_error_kind_of((dur_bytes){type.data, type.len});
}
