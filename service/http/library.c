/* library: see library.h. */
#include "library.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

/* ---- loading */

static int check_file(const char *path, char *why, size_t size) {
  struct stat about;
  if (stat(path, &about) != 0)
    snprintf(why, size, "%s cannot be loaded: %s", path, strerror(errno));
  else if (!S_ISREG(about.st_mode))
    snprintf(why, size,
             "%s cannot be loaded: expected a shared object, not a %s", path,
             S_ISDIR(about.st_mode) ? "directory" : "device");
  else
    return 0;
  return -1;
}

/* A handler of a newer libdurable may say what this one does not know. */
static int is_too_new(const durable_handler *handler) {
  const char *bytes = (const char *)handler;
  for (size_t i = sizeof *handler; i < handler->size; i++)
    if (bytes[i] != 0)
      return 1;
  return 0;
}

static int check_table(const char *path, const durable_handler *const *table,
                       char *why, size_t size) {
  for (size_t i = 0; table[i]; i++) {
    const durable_handler *it = table[i];
    if (it->size < offsetof(durable_handler, user) || is_too_new(it)) {
      snprintf(why, size,
               "%s: handler %zu of its table is of another ABI: this is "
               "libdurable %s",
               path, i + 1, durable_version_string());
      return -1;
    }
    if (!it->fn || !it->name) {
      snprintf(why, size, "%s: handler %zu of its table has no %s", path, i + 1,
               it->fn ? "name" : "function");
      return -1;
    }
  }
  if (table[0])
    return 0;
  snprintf(why, size, "%s has no handler: its table is empty", path);
  return -1;
}

const durable_handler *const *dur_library_load(const char *path, char *why,
                                               size_t size) {
  char *name = NULL;
  if (check_file(path, why, size) != 0)
    return NULL;
  /* Without a '/', the loader would look elsewhere. */
  if (asprintf(&name, "%s%s", strchr(path, '/') ? "" : "./", path) < 0) {
    snprintf(why, size, "out of memory");
    return NULL;
  }
  void *object = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  free(name);
  if (!object) {
    snprintf(why, size, "%s is not a shared object that can be loaded: %s",
             path, dlerror());
    return NULL;
  }
  const durable_handler *const *table =
      (const durable_handler *const *)dlsym(object, DURABLE_HANDLER_TABLE);
  if (!table)
    snprintf(why, size,
             "%s has no handler: it exports no %s (DURABLE_HANDLER in "
             "durable/durable.h makes one)",
             path, DURABLE_HANDLER_TABLE);
  return table && check_table(path, table, why, size) == 0 ? table : NULL;
}

const durable_handler *dur_library_pick(const char *path,
                                        const durable_handler *const *table,
                                        const char *name, char *why,
                                        size_t size) {
  char known[512] = "";
  for (size_t i = 0; table[i]; i++) {
    size_t len = strlen(known);
    if (strcmp(table[i]->name, name) == 0)
      return table[i];
    if (len + strlen(table[i]->name) + 3 < sizeof known)
      strcat(strcat(known, i ? ", " : ""), table[i]->name);
  }
  snprintf(why, size, "%s has no handler \"%s\": it has %s", path, name, known);
  return NULL;
}

/* ---- what they log */

static dur_library_log_fn *sink;
static void *sink_user;

void dur_library_logs(dur_library_log_fn *log, void *user) {
  sink = log;
  sink_user = user;
}

static const char *level_name(int level) {
  static const char *const NAMES[] = {"TRACE", "DEBUG", "INFO",
                                      "WARN",  "ERROR", "FATAL"};
  return NAMES[level < DURABLE_LOG_TRACE   ? 0
               : level > DURABLE_LOG_FATAL ? 5
                                           : level - DURABLE_LOG_TRACE];
}

/* As durable_host_log() writes it. */
static durable_value *make_line(durable_values *in, int level,
                                const durable_value *fields) {
  struct timeval now;
  struct tm at;
  char day[32], time[64];
  gettimeofday(&now, NULL);
  gmtime_r(&now.tv_sec, &at);
  strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &at);
  snprintf(time, sizeof time, "%s.%03dZ", day, (int)(now.tv_usec / 1000));
  durable_value *line = durable_value_pack(in, "{s:s, s:s}", "timestamp", time,
                                           "level", level_name(level));
  for (const durable_value *v = durable_value_first(fields); v;
       v = durable_value_next(v))
    if (!durable_value_get_key(line, durable_value_key(v)))
      durable_value_set_key(in, line, durable_value_key(v),
                            durable_value_copy(in, v));
  return line;
}

/* "arn:P:lambda:R:A:function:NAME:..." */
static void function_of(const char *arn, char *out, size_t size) {
  const char *at = strstr(arn, ":function:");
  at = at ? at + strlen(":function:") : "";
  snprintf(out, size, "%.*s", (int)strcspn(at, ":/"), at);
}

/* The handler's |user| is the handler's own, so the line says whose it is. */
static void on_log(void *user, int level, durable_bytes text) {
  durable_values *in;
  const durable_value *fields;
  durable_bytes line;
  char function[256];
  (void)user;
  if (!sink || !durable_host_log_enabled(level) ||
      durable_values_new(&in, NULL) != DURABLE_OK)
    return;
  if (durable_value_parse(in, DURABLE_FORM_PLAIN, text, &fields) ==
          DURABLE_OK &&
      durable_value_print(in, DURABLE_FORM_PLAIN, make_line(in, level, fields),
                          &line) == DURABLE_OK) {
    function_of(durable_value_get_str(fields, "executionArn", ""), function,
                sizeof function);
    sink(sink_user, function, durable_value_get_str(fields, "requestId", ""),
         line);
  }
  durable_values_free(in);
}

/* ---- functions */

durable_handler *dur_library_function(const char *path, const char *name,
                                      char *why, size_t size) {
  const durable_handler *const *table = dur_library_load(path, why, size);
  const durable_handler *found =
      !table     ? NULL
      : table[1] ? dur_library_pick(path, table, name, why, size)
                 : table[0];
  if (!found)
    return NULL;
  size_t len = strlen(name) + 1;
  durable_handler *copy = calloc(1, sizeof *copy + len);
  if (!copy) {
    snprintf(why, size, "out of memory");
    return NULL;
  }
  memcpy(copy, found, found->size < sizeof *copy ? found->size : sizeof *copy);
  copy->size = sizeof *copy;
  copy->name = memcpy(copy + 1, name, len);
  if (!copy->log)
    copy->log = on_log;
  return copy;
}
