/* rig: a service on a real file, and raw handlers that speak to it by hand. */
#ifndef DUR_TEST_SERVICE_RIG_H
#define DUR_TEST_SERVICE_RIG_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "../test.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <durable/service.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

/* ---- files */

typedef struct rig {
  char dir[64];
  char path[128];
  durable_service *s;
} rig;

static UNUSED void rig_dir(rig *r) {
  strcpy(r->dir, "/tmp/durable-service-XXXXXX");
  assert_non_null(mkdtemp(r->dir));
  snprintf(r->path, sizeof r->path, "%s/d.db", r->dir);
  r->s = NULL;
}

static UNUSED int rig_try(rig *r, durable_service_options o, char *message,
                          size_t size) {
  o.size = sizeof o;
  o.path = r->path;
  return durable_service_open(&r->s, &o, message, size);
}

static UNUSED void rig_reopen(rig *r, durable_service_options o) {
  char message[512] = "";
  int rc = rig_try(r, o, message, sizeof message);
  if (rc != 0)
    fail_msg("open: %d %s", rc, message);
}

static UNUSED void rig_open(rig *r, durable_service_options o) {
  rig_dir(r);
  rig_reopen(r, o);
}

static UNUSED void rig_close(rig *r) {
  durable_service_close(r->s);
  r->s = NULL;
}

static UNUSED void rig_wipe(rig *r) {
  char path[512];
  rig_close(r);
  DIR *dir = opendir(r->dir);
  for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
    snprintf(path, sizeof path, "%s/%s", r->dir, e->d_name);
    unlink(path);
  }
  closedir(dir);
  rmdir(r->dir);
}

static UNUSED durable_service_options in_virtual_time(void) {
  return (durable_service_options){.virtual_time = 1};
}

static UNUSED void rest_ms(long ms) {
  struct timespec t = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&t, NULL);
}

/* ---- requests */

typedef struct answer {
  int status;
  char type[64];
  char arn[DURABLE_ARN_SIZE];
  char *text; /* NUL-terminated */
  cJSON *json;
} answer;

static UNUSED void answer_drop(answer *a) {
  free(a->text);
  cJSON_Delete(a->json);
  memset(a, 0, sizeof *a);
}

static UNUSED answer call_with(durable_service *s, const char *method,
                               const char *target, const char *const *headers,
                               const char *body) {
  durable_service_response out = DURABLE_SERVICE_RESPONSE_INIT;
  durable_bytes b = {body, body ? strlen(body) : 0};
  answer a = {0};
  assert_int_equal(durable_service_request(s, method, target, headers, b, &out),
                   0);
  a.status = out.status;
  if (out.error_type != NULL)
    snprintf(a.type, sizeof a.type, "%s", out.error_type);
  if (out.arn != NULL)
    snprintf(a.arn, sizeof a.arn, "%s", out.arn);
  a.text = malloc(out.body.len + 1);
  assert_non_null(a.text);
  if (out.body.len > 0)
    memcpy(a.text, out.body.data, out.body.len);
  a.text[out.body.len] = '\0';
  a.json = cJSON_Parse(a.text);
  durable_service_response_drop(&out);
  return a;
}

static UNUSED answer call(durable_service *s, const char *method,
                          const char *target, const char *body) {
  return call_with(s, method, target, NULL, body);
}

static UNUSED void encode(char *to, const char *text) {
  for (; *text; text++)
    to += strchr("/:$+=%", *text)
              ? sprintf(to, "%%%02X", (unsigned)(unsigned char)*text)
              : sprintf(to, "%c", *text);
  *to = '\0';
}

/* /2025-12-01/durable-executions/ARN + suffix */
static UNUSED answer call_run(durable_service *s, const char *method,
                              const char *arn, const char *suffix,
                              const char *body) {
  char id[4096], target[8192];
  encode(id, arn);
  int length = snprintf(target, sizeof target,
                        "/2025-12-01/durable-executions/%s%s", id, suffix);
  assert_in_range(length, 1, sizeof target - 1);
  return call(s, method, target, body);
}

static UNUSED answer call_callback(durable_service *s, const char *id,
                                   const char *verb, const char *body) {
  char coded[4096], target[8192];
  encode(coded, id);
  snprintf(target, sizeof target,
           "/2025-12-01/durable-execution-callbacks/%s/%s", coded, verb);
  return call(s, "POST", target, body);
}

static UNUSED const cJSON *at(const cJSON *json, const char *path) {
  char word[64];
  while (json != NULL && *path) {
    size_t n = strcspn(path, ".");
    snprintf(word, sizeof word, "%.*s", (int)n, path);
    if (word[0] >= '0' && word[0] <= '9')
      json = cJSON_GetArrayItem(json, atoi(word));
    else
      json = cJSON_GetObjectItemCaseSensitive(json, word);
    path += n + (path[n] == '.');
  }
  return json;
}

static UNUSED const char *text_at(const cJSON *json, const char *path) {
  const char *text = cJSON_GetStringValue(at(json, path));
  return text ? text : "(none)";
}

static UNUSED double number_at(const cJSON *json, const char *path) {
  const cJSON *it = at(json, path);
  return cJSON_IsNumber(it) ? it->valuedouble : -1;
}

#define assert_text(json, path, expected)                                      \
  assert_string_equal(text_at((json), (path)), (expected))
#define assert_number(json, path, expected)                                    \
  assert_true(number_at((json), (path)) == (double)(expected))

#define assert_refused(a, code, error, message)                                \
  do {                                                                         \
    if ((a).status != (code))                                                  \
      print_error("%s\n", (a).text);                                           \
    assert_int_equal((a).status, (code));                                      \
    assert_string_equal((a).type, (error));                                    \
    assert_text((a).json, "Type", (error));                                    \
    assert_string_equal(at((a).json, "message")                                \
                            ? text_at((a).json, "message")                     \
                            : text_at((a).json, "Message"),                    \
                        (message));                                            \
  } while (0)

/* ---- one turn of a handler: an invocation, by hand */

typedef struct turn {
  durable_service *s;
  const durable_service_invocation *inv;
  cJSON *event;
  char token[2048];
  int clients; /* client tokens used */
} turn;

static UNUSED const cJSON *turn_op(const turn *t, const char *id) {
  const cJSON *op;
  cJSON_ArrayForEach(op, at(t->event, "InitialExecutionState.Operations")) {
    if (strcmp(text_at(op, "Id"), id) == 0)
      return op;
  }
  return NULL;
}

/* "" when the operation is not in the event. */
static UNUSED const char *turn_status(const turn *t, const char *id) {
  const cJSON *op = turn_op(t, id);
  return op ? text_at(op, "Status") : "";
}

static UNUSED answer turn_send(turn *t, const char *updates) {
  size_t size = strlen(updates) + sizeof t->token + 256;
  char *body = malloc(size);
  assert_non_null(body);
  snprintf(body, size,
           "{\"CheckpointToken\":\"%s\",\"Updates\":[%s],"
           "\"ClientToken\":\"%.8s-%d\"}",
           t->token, updates, t->inv->request_id, ++t->clients);
  answer a = call_run(t->s, "POST", t->inv->arn, "/checkpoint", body);
  free(body);
  if (a.status == 200)
    snprintf(t->token, sizeof t->token, "%s",
             text_at(a.json, "CheckpointToken"));
  return a;
}

static UNUSED const cJSON *answer_op(const answer *a, const char *id) {
  const cJSON *op;
  cJSON_ArrayForEach(op, at(a->json, "NewExecutionState.Operations")) {
    if (strcmp(text_at(op, "Id"), id) == 0)
      return op;
  }
  return NULL;
}

/* A checkpoint that must be accepted. */
static UNUSED void turn_do(turn *t, const char *updates) {
  answer a = turn_send(t, updates);
  if (a.status != 200)
    fail_msg("checkpoint: %d %s", a.status, a.text);
  answer_drop(&a);
}

static UNUSED void turn_return(turn *t, const char *output) {
  durable_bytes body = {output, strlen(output)};
  assert_int_equal(
      durable_service_answer(t->s, t->inv, DURABLE_SERVICE_RETURNED, body), 0);
}

static UNUSED void turn_raise(turn *t, const char *error) {
  durable_bytes body = {error, strlen(error)};
  assert_int_equal(
      durable_service_answer(t->s, t->inv, DURABLE_SERVICE_RAISED, body), 0);
}

typedef void turn_fn(turn *t, void *user);
typedef struct script {
  turn_fn *fn;
  void *user;
  int turns; /* invocations so far; by one execution at a time */
} script;

/* The durable_service_function of a script. */
static UNUSED void run_script(void *user, durable_service *s,
                              const durable_service_invocation *inv) {
  script *sc = user;
  turn t = {.s = s, .inv = inv};
  t.event = cJSON_ParseWithLength(inv->event.data, inv->event.len);
  snprintf(t.token, sizeof t.token, "%s", text_at(t.event, "CheckpointToken"));
  __atomic_add_fetch(&sc->turns, 1, __ATOMIC_SEQ_CST);
  sc->fn(&t, sc->user);
  cJSON_Delete(t.event);
}

static UNUSED void rig_function(rig *r, const char *name, script *sc) {
  assert_int_equal(durable_service_register(r->s, name, run_script, sc, NULL),
                   0);
}

static UNUSED void rig_start(rig *r, const char *function, const char *name,
                             char *arn) {
  durable_service_start_options o = DURABLE_SERVICE_START_OPTIONS_INIT;
  o.name = name;
  int rc =
      durable_service_start(r->s, function, (durable_bytes){"{}", 2}, &o, arn);
  if (rc < 0)
    fail_msg("start: %d %s", rc, durable_service_error(r->s));
}

/* ---- history */

static UNUSED answer history(durable_service *s, const char *arn) {
  answer a = call_run(s, "GET", arn, "/history?MaxItems=1000", NULL);
  assert_int_equal(a.status, 200);
  return a;
}

/* The event types, with blanks between; EventIds must be 1..n. */
static UNUSED void assert_events(durable_service *s, const char *arn,
                                 const char *expected) {
  char types[8192] = "";
  int n = 0;
  const cJSON *event;
  answer a = history(s, arn);
  cJSON_ArrayForEach(event, at(a.json, "Events")) {
    if (n > 0)
      strcat(types, " ");
    strcat(types, text_at(event, "EventType"));
    assert_number(event, "EventId", ++n);
  }
  assert_string_equal(types, expected);
  answer_drop(&a);
}

/* The n-th event of a type, from 1. */
static UNUSED const cJSON *find_event(const answer *a, const char *type,
                                      int n) {
  const cJSON *event;
  cJSON_ArrayForEach(event, at(a->json, "Events")) {
    if (strcmp(text_at(event, "EventType"), type) == 0 && --n == 0)
      return event;
  }
  return NULL;
}

static UNUSED void assert_outcome(durable_service *s, const char *arn,
                                  int status) {
  assert_int_equal(durable_service_wait(s, arn, 20000), status);
}

#define ALWAYS           "{\"Status\":\"SUCCEEDED\",\"Result\":\"1\"}"
#define PENDING          "{\"Status\":\"PENDING\"}"
#define IS(status, word) (strcmp((status), (word)) == 0)

#endif
