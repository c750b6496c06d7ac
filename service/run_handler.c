/* run_handler: handlers of durable/durable.h as functions of the embedded service.
 *
 * Stands on the public headers only.  A handler's requests are direct calls of the
 * request function, on whichever thread has one to make. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <durable/run.h>

/* ---- the transport */

static void drop_reply(durable_transport_reply *reply) {
  durable_service_response *response = reply->owner;
  durable_service_response_drop(response);
  free(response);
}

static int refuse(durable_transport_reply *reply) {
  reply->why = "out of memory";
  return -1;
}

static int send(void *user, const durable_transport_request *request,
                durable_transport_reply *reply) {
  durable_service_response *response = malloc(sizeof *response);
  char *target = strndup(request->target.data, request->target.len);
  int rc = -1;
  if (response && target) {
    *response = (durable_service_response)DURABLE_SERVICE_RESPONSE_INIT;
    rc = durable_service_request(user, request->method, target, NULL,
                                 request->body, response);
  }
  free(target);
  if (rc != 0) {
    free(response);
    return refuse(reply);
  }
  const char *type = response->error_type;
  reply->status = response->status;
  reply->body = response->body;
  reply->error_type = (durable_bytes){type, type ? strlen(type) : 0};
  reply->owner = response;
  reply->drop = drop_reply;
  return 0;
}

/* ---- one invocation */

/* ABORT gives Lambda's {"errorMessage","errorType"}; the service takes an ErrorObject. */
static void raise_error(durable_service *service,
                        const durable_service_invocation *inv,
                        durable_bytes body) {
  durable_values *pool = NULL;
  const durable_value *error = NULL;
  durable_bytes text = {"{}", 2};
  if (durable_values_new(&pool, NULL) == 0 &&
      durable_value_parse(pool, DURABLE_FORM_PLAIN, body, &error) == 0)
    (void)durable_value_print(
        pool, DURABLE_FORM_PLAIN,
        durable_value_pack(pool, "{s:s, s:s}", "ErrorMessage",
                           durable_value_get_str(error, "errorMessage", ""),
                           "ErrorType",
                           durable_value_get_str(error, "errorType", "Error")),
        &text);
  durable_service_answer(service, inv, DURABLE_SERVICE_RAISED, text);
  durable_values_free(pool);
}

static void answer(durable_service *service,
                   const durable_service_invocation *inv,
                   const durable_output *out) {
  durable_bytes body = {out->body.data, out->body.len};
  if (out->kind == DURABLE_EVENT_FINISH)
    durable_service_answer(service, inv, DURABLE_SERVICE_RETURNED, body);
  else
    raise_error(service, inv, body);
}

static void invoke(void *user, durable_service *service,
                   const durable_service_invocation *inv) {
  durable_transport transport = DURABLE_TRANSPORT_INIT;
  durable_invocation invocation = DURABLE_INVOCATION_INIT;
  durable_output out = DURABLE_OUTPUT_INIT;
  transport.flags = DURABLE_TRANSPORT_INLINE;
  transport.user = service;
  transport.send = send;
  invocation.transport = &transport;
  invocation.request_id = inv->request_id;
  invocation.tenant_id = inv->tenant_id;
  invocation.deadline_ms = inv->deadline_ms;
  if (durable_invoke_handler(user, inv->event, &invocation, &out) != DURABLE_OK)
    return; /* no answer: the service takes it for a crash */
  answer(service, inv, &out);
  durable_output_drop(&out);
}

int durable_service_register_handler(
    durable_service *service, const durable_handler *handler,
    const durable_service_function_options *options) {
  if (!service || !handler || !handler->fn || !handler->name)
    return DURABLE_E_ARGUMENT;
  return durable_service_register(service, handler->name, invoke,
                                  (void *)(uintptr_t)handler, options);
}

/* ---- an execution from start to end */

static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789-_.~";

static void target_of(const char *arn, char *out, size_t size) {
  size_t n = (size_t)snprintf(out, size, "/2025-12-01/durable-executions/");
  for (; *arn && n + 4 < size; arn++)
    n += strchr(unreserved, *arn)
             ? (size_t)snprintf(out + n, size - n, "%c", *arn)
             : (size_t)snprintf(out + n, size - n, "%%%02X",
                                (unsigned char)*arn);
}

static int keep(durable_bytes text, durable_host_buffer *out) {
  out->data = malloc(text.len + 1);
  if (!out->data)
    return DURABLE_E_NOMEM;
  memcpy(out->data, text.data, text.len);
  out->data[text.len] = '\0';
  out->len = text.len;
  return 0;
}

/* The members Result and Error of a GetDurableExecution answer. */
static int take_members(durable_bytes body, durable_outcome *out) {
  durable_values *pool;
  const durable_value *answer = NULL;
  int rc = durable_values_new(&pool, NULL);
  if (rc != 0)
    return rc;
  rc = durable_value_parse(pool, DURABLE_FORM_PLAIN, body, &answer);
  const durable_value *result = durable_value_get(answer, "Result");
  const durable_value *error = durable_value_get(answer, "Error");
  durable_bytes text;
  if (rc == 0 && result)
    rc = keep(durable_value_text(result), &out->result);
  if (rc == 0 && error) {
    rc = durable_value_print(pool, DURABLE_FORM_PLAIN, error, &text);
    if (rc == 0)
      rc = keep(text, &out->error);
  }
  durable_values_free(pool);
  return rc;
}

static int read_outcome(durable_service *service, durable_outcome *out) {
  char target[4096];
  durable_service_response response = DURABLE_SERVICE_RESPONSE_INIT;
  target_of(out->arn, target, sizeof target);
  int rc = durable_service_request(service, "GET", target, NULL,
                                   (durable_bytes){NULL, 0}, &response);
  if (rc == 0 && response.status == 200)
    rc = take_members(response.body, out);
  durable_service_response_drop(&response);
  return rc;
}

int durable_service_run(durable_service *service,
                        const durable_handler *handler, const char *name,
                        durable_bytes input, const durable_run_options *options,
                        durable_outcome *out) {
  durable_run_options o = DURABLE_RUN_OPTIONS_INIT;
  durable_service_start_options start = DURABLE_SERVICE_START_OPTIONS_INIT;
  if (!service || !handler || !out)
    return DURABLE_E_ARGUMENT;
  if (options)
    memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
  int rc = durable_service_register_handler(service, handler, o.function);
  if (rc != 0)
    return rc;
  start.name = name;
  start.tenant_id = o.tenant_id;
  rc = durable_service_start(service, handler->name, input, &start, out->arn);
  if (rc < 0)
    return rc;
  out->found = rc;
  rc =
      durable_service_wait(service, out->arn, o.timeout_ms ? o.timeout_ms : -1);
  if (rc < 0)
    return rc;
  out->status = rc;
  return rc == DURABLE_EXECUTION_RUNNING ? 0 : read_outcome(service, out);
}

void durable_outcome_drop(durable_outcome *outcome) {
  if (!outcome)
    return;
  durable_host_buffer_drop(&outcome->result);
  durable_host_buffer_drop(&outcome->error);
}
