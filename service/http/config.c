/* config: one function, as JSON describes it.
 *
 * {"name", "command":[...], "env":{}, "endpoint":URL, "library":PATH,
 * "timeout_s", "execution_timeout_s", "retention_days", "concurrency",
 * "tenant_isolation", "durable"}: exactly one of command, endpoint and library;
 * unknown keys are errors. */
#include "process.h"
#include "service/tokens.h"
#include <cjson/cJSON.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONCURRENCY = 8, NAMES_SHOWN = 64 };

typedef struct reader {
  dur_program *program;
  char *why;
  size_t size;
} reader;

static int fail(const reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int fail(const reader *r, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(r->why, r->size, format, args);
  va_end(args);
  return -1;
}

dur_program *dur_program_new(const char *name) {
  dur_program *program = calloc(1, sizeof *program);
  if (program == NULL)
    return NULL;
  program->options =
      (durable_service_function_options)DURABLE_SERVICE_FUNCTION_OPTIONS_INIT;
  program->options.concurrency = CONCURRENCY;
  program->name = strdup(name ? name : "");
  if (program->name == NULL) {
    free(program);
    return NULL;
  }
  return program;
}

static void free_list(char **list) {
  for (size_t i = 0; list != NULL && list[i] != NULL; i++)
    free(list[i]);
  free(list);
}

void dur_program_free(dur_program *program) {
  free_list(program->argv);
  free_list(program->env);
  free(program->endpoint);
  free(program->library);
  free(program->handler);
  free(program->name);
  free(program);
}

static int read_name(const reader *r, const cJSON *value) {
  char *name = cJSON_IsString(value) ? strdup(value->valuestring) : NULL;
  if (name == NULL)
    return fail(r, "\"name\" is no string");
  if (r->program->name[0] != '\0' && strcmp(name, r->program->name) != 0) {
    free(name);
    return fail(r, "\"name\" is not the name that was asked for");
  }
  free(r->program->name);
  r->program->name = name;
  return 0;
}

static int read_command(const reader *r, const cJSON *value) {
  size_t n = 0;
  const cJSON *item;
  if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) < 1)
    return fail(r, "\"command\" is no array of strings");
  free_list(r->program->argv);
  r->program->argv =
      calloc((size_t)cJSON_GetArraySize(value) + 1, sizeof(char *));
  if (r->program->argv == NULL)
    return fail(r, "out of memory");
  cJSON_ArrayForEach(item, value) {
    if (!cJSON_IsString(item) || (n == 0 && item->valuestring[0] == '\0'))
      return fail(r, "\"command\" is no array of strings");
    r->program->argv[n] = strdup(item->valuestring);
    if (r->program->argv[n++] == NULL)
      return fail(r, "out of memory");
  }
  return 0;
}

static int read_env(const reader *r, const cJSON *value) {
  size_t n = 0;
  const cJSON *item;
  if (!cJSON_IsObject(value))
    return fail(r, "\"env\" is no object");
  free_list(r->program->env);
  r->program->env =
      calloc((size_t)cJSON_GetArraySize(value) + 1, sizeof(char *));
  if (r->program->env == NULL)
    return fail(r, "out of memory");
  cJSON_ArrayForEach(item, value) {
    if (!cJSON_IsString(item) || item->string[0] == '\0' ||
        strchr(item->string, '='))
      return fail(r, "\"env\" is no object of strings");
    if (asprintf(&r->program->env[n], "%s=%s", item->string,
                 item->valuestring) < 0) {
      r->program->env[n] = NULL;
      return fail(r, "out of memory");
    }
    n++;
  }
  return 0;
}

static int read_endpoint(const reader *r, const cJSON *value) {
  if (!cJSON_IsString(value) || !dur_is_http_url(dur_cstr(value->valuestring)))
    return fail(r, "\"endpoint\" is no http or https URL");
  free(r->program->endpoint);
  r->program->endpoint = strdup(value->valuestring);
  return r->program->endpoint ? 0 : fail(r, "out of memory");
}

static int read_library(const reader *r, const cJSON *value) {
  if (!cJSON_IsString(value) || value->valuestring[0] == '\0')
    return fail(r, "\"library\" is no path of a shared object");
  free(r->program->library);
  r->program->library = strdup(value->valuestring);
  return r->program->library ? 0 : fail(r, "out of memory");
}

static int read_number(const reader *r, const cJSON *value, int64_t max,
                       int64_t *out) {
  double n = cJSON_IsNumber(value) ? value->valuedouble : -1;
  if (!(n >= 1 && n <= (double)max) || n != floor(n))
    return fail(r, "\"%s\" is no integer within 1 and %lld", value->string,
                (long long)max);
  *out = (int64_t)n;
  return 0;
}

static int read_bool(const reader *r, const cJSON *value, int truth,
                     uint32_t *out) {
  if (!cJSON_IsBool(value))
    return fail(r, "\"%s\" is neither true nor false", value->string);
  *out = cJSON_IsTrue(value) == truth;
  return 0;
}

static int read_concurrency(const reader *r, const cJSON *value) {
  int64_t n = 0;
  int rc = read_number(r, value, 1000, &n);
  if (rc == 0)
    r->program->options.concurrency = (uint32_t)n;
  return rc;
}

static int read_member(const reader *r, const cJSON *value) {
  durable_service_function_options *o = &r->program->options;
  const char *key = value->string;
  if (strcmp(key, "name") == 0)
    return read_name(r, value);
  if (strcmp(key, "command") == 0)
    return read_command(r, value);
  if (strcmp(key, "env") == 0)
    return read_env(r, value);
  if (strcmp(key, "endpoint") == 0)
    return read_endpoint(r, value);
  if (strcmp(key, "library") == 0)
    return read_library(r, value);
  if (strcmp(key, "timeout_s") == 0)
    return read_number(r, value, 86400, &o->timeout_s);
  if (strcmp(key, "execution_timeout_s") == 0)
    return read_number(r, value, 31622400, &o->execution_timeout_s);
  if (strcmp(key, "retention_days") == 0)
    return read_number(r, value, 90, &o->retention_days);
  if (strcmp(key, "concurrency") == 0)
    return read_concurrency(r, value);
  if (strcmp(key, "tenant_isolation") == 0)
    return read_bool(r, value, 1, &o->tenant_isolation);
  if (strcmp(key, "durable") == 0)
    return read_bool(r, value, 0, &o->not_durable);
  return fail(r, "unknown key \"%.*s\"", NAMES_SHOWN, key);
}

/* Loads the library, too. */
static int check(const reader *r) {
  dur_program *p = r->program;
  if (p->name[0] == '\0')
    return fail(r, "a function has no \"name\"");
  if ((p->argv != NULL) + (p->endpoint != NULL) + (p->library != NULL) != 1)
    return fail(r,
                "function %.*s: exactly one of \"command\", \"endpoint\" and "
                "\"library\" is needed",
                NAMES_SHOWN, p->name);
  if (p->library == NULL)
    return 0;
  if (p->env != NULL || p->options.not_durable)
    return fail(r,
                "function %.*s: \"%s\" does not go with \"library\": it runs "
                "durable handlers, in the process of the service",
                NAMES_SHOWN, p->name, p->env ? "env" : "durable");
  p->handler = dur_library_function(p->library, p->name, r->why, r->size);
  return p->handler ? 0 : -1;
}

dur_program *dur_program_parse(const void *object, const char *name, char *why,
                               size_t size) {
  const cJSON *tree = object, *value;
  const reader r = {dur_program_new(name), why, size};
  int rc = 0;
  if (r.program == NULL) {
    fail(&r, "out of memory");
    return NULL;
  }
  if (!cJSON_IsObject(tree))
    rc = fail(&r, "a function is described by a JSON object");
  if (rc == 0) {
    cJSON_ArrayForEach(value, tree) {
      if (rc == 0)
        rc = read_member(&r, value);
    }
  }
  if (rc == 0)
    rc = check(&r);
  if (rc == 0)
    return r.program;
  dur_program_free(r.program);
  return NULL;
}
