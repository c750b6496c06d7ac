/* runner: run the first handler of a shared object on the embedded service.
 *
 *   docs_runner all|collapsed FILE.so INPUT [succeed|fail BODY]
 *
 * Virtual time, a store in memory, state with or without the children of
 * finished contexts.  Prints the outcome as "SUCCEEDED <result>"
 * or "FAILED <error>" after whatever the handler printed.  With a verb
 * every callback is completed as soon as it is on record. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <durable/run.h>

enum { TIMEOUT_MS = 60000 };

typedef struct outside {
  durable_service *service;
  const char *verb, *body;
} outside;

static int die(const char *what, const char *why) {
  fprintf(stderr, "docs_runner: %s: %s\n", what, why ? why : "no reason");
  return 2;
}

static durable_bytes bytes(const char *text) {
  return (durable_bytes){text, strlen(text)};
}

/* ---- the system outside that completes callbacks */

static void put_encoded(char *to, const char *text) {
  static const char hex[] = "0123456789ABCDEF";
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    *to++ = '%';
    *to++ = hex[c >> 4];
    *to++ = hex[c & 15];
  }
  *to = '\0';
}

static void complete(const outside *out, const char *callback_id) {
  static const char prefix[] = "/2025-12-01/durable-execution-callbacks/";
  size_t size = sizeof prefix + 3 * strlen(callback_id) + 16;
  char *target = malloc(size);
  durable_service_response response = DURABLE_SERVICE_RESPONSE_INIT;
  if (!target)
    exit(die("callback", "out of memory"));
  strcpy(target, prefix);
  put_encoded(target + sizeof prefix - 1, callback_id);
  strcat(target, "/");
  strcat(target, out->verb);
  if (durable_service_request(out->service, "POST", target, NULL,
                              bytes(out->body), &response) < 0)
    exit(die("callback", durable_service_error(out->service)));
  if (response.status != 200)
    fprintf(stderr, "docs_runner: callback: status %d: %.*s\n", response.status,
            (int)response.body.len, response.body.data);
  durable_service_response_drop(&response);
  free(target);
}

static void on_event(void *user, durable_bytes json) {
  const outside *out = user;
  cJSON *told = cJSON_ParseWithLength(json.data, json.len);
  const cJSON *event = cJSON_GetObjectItemCaseSensitive(told, "Event");
  const cJSON *details =
      cJSON_GetObjectItemCaseSensitive(event, "CallbackStartedDetails");
  const cJSON *id = cJSON_GetObjectItemCaseSensitive(details, "CallbackId");
  if (cJSON_IsString(id))
    complete(out, id->valuestring);
  cJSON_Delete(told);
}

/* ---- one run */

static int register_others(durable_service *service,
                           const durable_handler *const *table) {
  for (size_t i = 1; table[i]; i++)
    if (durable_service_register_handler(service, table[i], NULL) < 0)
      return die(table[i]->name, durable_service_error(service));
  return 0;
}

static int report(const durable_outcome *out) {
  static const char *const names[] = {"RUNNING", "SUCCEEDED", "FAILED",
                                      "TIMED_OUT", "STOPPED"};
  int ok = out->status == DURABLE_EXECUTION_SUCCEEDED;
  const durable_host_buffer *text = ok ? &out->result : &out->error;
  printf("%s", names[out->status]);
  if (text->data)
    printf(" %.*s", (int)text->len, text->data);
  printf("\n");
  return 0;
}

static int run(durable_service *service, const durable_handler *const *table,
               const char *input) {
  durable_run_options options = DURABLE_RUN_OPTIONS_INIT;
  durable_outcome outcome = DURABLE_OUTCOME_INIT;
  int rc = register_others(service, table);
  if (rc)
    return rc;
  options.timeout_ms = TIMEOUT_MS;
  if (durable_service_run(service, table[0], NULL, bytes(input), &options,
                          &outcome) < 0)
    return die(table[0]->name, durable_service_error(service));
  rc = report(&outcome);
  durable_outcome_drop(&outcome);
  return rc;
}

static const durable_handler *const *load(const char *path) {
  void *object = dlopen(path, RTLD_NOW);
  return object ? dlsym(object, DURABLE_HANDLER_TABLE) : NULL;
}

int main(int argc, char **argv) {
  if (argc != 4 && argc != 6)
    return die("usage",
               "docs_runner all|collapsed FILE.so INPUT [succeed|fail BODY]");
  const durable_handler *const *table = load(argv[2]);
  if (!table)
    return die(argv[2], dlerror());
  char message[256];
  durable_service_options options = DURABLE_SERVICE_OPTIONS_INIT;
  options.virtual_time = 1;
  options.collapse = strcmp(argv[1], "collapsed") == 0;
  options.hold_callbacks = argc == 6;
  outside out = {0};
  if (durable_service_open(&out.service, &options, message, sizeof message) < 0)
    return die("service", message);
  if (argc == 6) {
    out.verb = argv[4];
    out.body = argv[5];
    durable_service_on_event(out.service, on_event, &out);
  }
  int rc = run(out.service, table, argv[3]);
  durable_service_close(out.service);
  return rc;
}
