/* lambda: a handler as a custom runtime of AWS Lambda. */
#include <stdlib.h>

#include "frontend/model.h"

static void drop(void *owner) {
  durable_output_drop(owner);
  free(owner);
}

static int refuse(durable_host_answer *answer, const char *json) {
  answer->kind = DURABLE_HOST_ANSWER_ERROR;
  answer->body = dur_c(json);
  return DURABLE_OK;
}

static int handle(void *user, const durable_host_invocation *given,
                  durable_host_answer *answer) {
  durable_invocation inv = DURABLE_INVOCATION_INIT;
  durable_output *out = calloc(1, sizeof *out);
  if (!out)
    return refuse(answer, "{\"errorMessage\":\"out of memory\","
                          "\"errorType\":\"OutOfMemory\"}");
  out->size = sizeof *out;
  inv.request_id = given->request_id;
  inv.tenant_id = given->tenant_id;
  inv.deadline_ms = given->deadline_ms;
  int rc = durable_invoke_handler(user, given->event, &inv, out);
  if (rc != DURABLE_OK) {
    free(out);
    return refuse(answer, "{\"errorMessage\":\"the invocation could not be "
                          "run\",\"errorType\":\"DurableError\"}");
  }
  answer->kind = out->kind == DURABLE_EVENT_FINISH ? DURABLE_HOST_ANSWER_BODY
                                                   : DURABLE_HOST_ANSWER_ERROR;
  answer->body = (durable_bytes){out->body.data, out->body.len};
  answer->owner = out;
  answer->drop = drop;
  return DURABLE_OK;
}

int durable_lambda_run(const durable_handler *handler) {
  durable_host_lambda_options o = DURABLE_HOST_LAMBDA_OPTIONS_INIT;
  if (!handler || !handler->fn)
    return DURABLE_E_ARGUMENT;
  o.user = (void *)(uintptr_t)handler;
  return durable_host_lambda_loop(&o, handle);
}
