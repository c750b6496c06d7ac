/* kill: see kill.h.  Requests that the service refuses do not count. */
#include "kill.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const char VARIABLE[] = "DURABLE_KILL_AT";

static struct {
  long at;      /* the checkpoint that is the last; 0: not read yet */
  int is_after; /* it is accepted first */
  long accepted;
  pthread_mutex_t lock;
} kill_point = {.lock = PTHREAD_MUTEX_INITIALIZER};

int cli_kill_wanted(void) {
  const char *text = getenv(VARIABLE);
  char *end = NULL;
  if (!text || !text[0])
    return 0;
  kill_point.is_after = strncmp(text, "after:", 6) == 0;
  if (kill_point.is_after || strncmp(text, "before:", 7) == 0)
    kill_point.at = strtol(strchr(text, ':') + 1, &end, 10);
  if (!end || *end || kill_point.at < 1)
    return cli_refuse("%s=%s cannot be read: expected before:N or after:N, N "
                      "from 1",
                      VARIABLE, text);
  return 1;
}

static int forward(durable_service *s, const durable_transport_request *request,
                   durable_transport_reply *reply) {
  durable_service_response *response = malloc(sizeof *response);
  char *target = malloc(request->target.len + 1);
  int rc = DURABLE_E_NOMEM;
  if (response && target) {
    memcpy(target, request->target.data, request->target.len);
    target[request->target.len] = '\0';
    *response = (durable_service_response)DURABLE_SERVICE_RESPONSE_INIT;
    rc = durable_service_request(s, request->method, target, NULL,
                                 request->body, response);
  }
  free(target);
  if (rc != DURABLE_OK) {
    free(response);
    reply->why = durable_error_text(rc);
    return rc;
  }
  reply->status = response->status;
  if (response->error_type)
    reply->error_type =
        (durable_bytes){response->error_type, strlen(response->error_type)};
  reply->body = response->body;
  reply->owner = response;
  return DURABLE_OK;
}

static void drop_reply(durable_transport_reply *reply) {
  durable_service_response *response = reply->owner;
  if (response)
    durable_service_response_drop(response);
  free(response);
}

/* Checkpoints of all invocations take their turn here, so that what is counted
 * is the order in which the service saw them. */
static int send(void *user, const durable_transport_request *request,
                durable_transport_reply *reply) {
  int counts = request->call == DURABLE_CALL_CHECKPOINT;
  reply->drop = drop_reply;
  if (!counts)
    return forward(user, request, reply);
  pthread_mutex_lock(&kill_point.lock);
  if (!kill_point.is_after && kill_point.accepted + 1 == kill_point.at)
    raise(SIGKILL);
  int rc = forward(user, request, reply);
  if (rc == DURABLE_OK && reply->status < 300)
    kill_point.accepted++;
  if (kill_point.is_after && kill_point.accepted == kill_point.at)
    raise(SIGKILL);
  pthread_mutex_unlock(&kill_point.lock);
  return rc;
}

static void invoke(void *user, durable_service *s,
                   const durable_service_invocation *inv) {
  const durable_handler *handler = user;
  const durable_transport transport = {.size = sizeof transport,
                                       .flags = DURABLE_TRANSPORT_INLINE,
                                       .user = s,
                                       .send = send};
  durable_invocation invocation = DURABLE_INVOCATION_INIT;
  durable_output output = DURABLE_OUTPUT_INIT;
  invocation.transport = &transport;
  invocation.request_id = inv->request_id;
  invocation.tenant_id = inv->tenant_id;
  invocation.deadline_ms = inv->deadline_ms;
  if (durable_invoke_handler(handler, inv->event, &invocation, &output) !=
      DURABLE_OK)
    return; /* no answer is a crash */
  int outcome = output.kind == DURABLE_EVENT_FINISH ? DURABLE_SERVICE_RETURNED
                                                    : DURABLE_SERVICE_RAISED;
  (void)durable_service_answer(
      s, inv, outcome, (durable_bytes){output.body.data, output.body.len});
  durable_output_drop(&output);
}

int cli_kill_register(durable_service *s, const durable_handler *handler,
                      const durable_service_function_options *options) {
  return durable_service_register(s, handler->name, invoke,
                                  (void *)(uintptr_t)handler, options);
}
