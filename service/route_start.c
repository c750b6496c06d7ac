/* route_start: start-durable-execution and Invoke. */
#include "base/hash.h"
#include "base/json.h"
#include "commit.h"
#include "dispatch.h"
#include "request.h"
#include "run.h"
#include "start.h"
#include "tokens.h"
#include "wire/limits.h"
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CONTEXT_MAX = 3583 };

/* ---- common */

static dur_function *need_function(durable_service *s, dur_bytes name,
                                   dur_reply *reply) {
  if (dur_function_bare(name).data == NULL) {
    dur_reply_error(reply, DUR_ERROR_INVALID, "Invalid function name: %.*s",
                    (int)(name.len < 256 ? name.len : 256),
                    name.data ? name.data : "");
    return NULL;
  }
  dur_function *f = dur_function_find(s, name);
  if (f == NULL) {
    dur_bytes bare = dur_function_bare(name);
    dur_reply_error(reply, DUR_ERROR_NOT_FOUND,
                    "Function not found: arn:aws:lambda:%s:%s:function:%.*s",
                    s->region, s->account, (int)bare.len, bare.data);
  }
  return f;
}

static int check_name(dur_bytes name, dur_reply *reply) {
  if (name.data == NULL || dur_execution_name_ok(name))
    return 0;
  dur_reply_error(reply, DUR_ERROR_INVALID,
                  "1 validation error detected: Value at "
                  "'durableExecutionName' failed to satisfy constraint: Member "
                  "must have length between 1 and 64 and satisfy regular "
                  "expression pattern: [a-zA-Z0-9-_]+");
  return -1;
}

static int check_tenant(const dur_function *f, dur_bytes tenant,
                        dur_reply *reply) {
  if (tenant.data != NULL && !dur_tenant_ok(tenant))
    dur_reply_error(reply, DUR_ERROR_INVALID, "Invalid tenant ID");
  else if (f->tenant_isolation && tenant.data == NULL)
    dur_reply_error(reply, DUR_ERROR_INVALID,
                    "The invoked function is enabled with tenancy "
                    "configuration. Add a valid tenant ID in your request and "
                    "try again.");
  else
    return 0;
  return -1;
}

static int start(durable_service *s, const dur_start *spec, dur_reply *reply) {
  int rc = dur_start_named(s, spec, reply->arn, &reply->mark);
  if (rc == DURABLE_E_EXISTS) {
    dur_reply_error(reply, DUR_ERROR_EXISTS,
                    "A durable execution with the name %.*s was already "
                    "started with another input: %s",
                    (int)spec->name.len, spec->name.data, reply->arn);
    reply->arn[0] = '\0';
  } else if (rc < 0) {
    dur_reply_error(reply, DUR_ERROR_SERVICE, "%s",
                    rc == DURABLE_E_STORE ? "the database cannot be read"
                                          : "out of memory");
  }
  return rc;
}

/* ---- start-durable-execution */

static const char *const REQUIRED[] = {"AccountId",
                                       "FunctionName",
                                       "FunctionQualifier",
                                       "ExecutionName",
                                       "ExecutionTimeoutSeconds",
                                       "ExecutionRetentionPeriodDays"};

/* What is read of the body beside Input, which must keep its text. */
typedef struct start_body {
  dur_bytes function, name, id, tenant, input, endpoint;
  int64_t timeout_s, retention_days;
  int has_timeout, has_retention, has[6];
} start_body;

static int read_string(dur_json *j, dur_request *r, dur_bytes *out) {
  int token = dur_json_next(j);
  if (token == DUR_JSON_NULL)
    return 0;
  return token == DUR_JSON_STRING && dur_json_text(j, &r->arena, out) == 0 ? 0
                                                                           : -1;
}

static int read_number(dur_json *j, int64_t *out, int *given) {
  int token = dur_json_next(j);
  if (token == DUR_JSON_NULL)
    return 0;
  *given = 1;
  return token == DUR_JSON_NUMBER && dur_json_int(j, out) ? 0 : -1;
}

static int read_start_member(dur_json *j, dur_request *r, start_body *b) {
  for (int i = 0; i < 6; i++)
    b->has[i] |= dur_json_text_is(j, REQUIRED[i]);
  if (dur_json_text_is(j, "FunctionName"))
    return read_string(j, r, &b->function);
  if (dur_json_text_is(j, "ExecutionName"))
    return read_string(j, r, &b->name);
  if (dur_json_text_is(j, "InvocationId"))
    return read_string(j, r, &b->id);
  if (dur_json_text_is(j, "TenantId"))
    return read_string(j, r, &b->tenant);
  if (dur_json_text_is(j, "LambdaEndpoint"))
    return read_string(j, r, &b->endpoint);
  if (dur_json_text_is(j, "Input"))
    return read_string(j, r, &b->input);
  if (dur_json_text_is(j, "ExecutionTimeoutSeconds"))
    return read_number(j, &b->timeout_s, &b->has_timeout);
  if (dur_json_text_is(j, "ExecutionRetentionPeriodDays"))
    return read_number(j, &b->retention_days, &b->has_retention);
  return dur_json_skip(j) == DUR_JSON_ERROR ? -1 : 0;
}

static int read_start(dur_request *r, start_body *b, dur_reply *reply) {
  dur_json j;
  char key[64] = "";
  int rc = 0;
  dur_json_init(&j, r->body, 0);
  if (r->body.len == 0 || dur_bytes_is(r->body, "{}")) {
    dur_reply_error(reply, DUR_ERROR_INVALID, "Request body is required");
    return -1;
  }
  int token = dur_json_next(&j);
  while (token == DUR_JSON_OBJECT && rc == 0 &&
         dur_json_next(&j) == DUR_JSON_KEY) {
    memcpy(key, j.text.data, j.text.len < 63 ? j.text.len : 63);
    key[j.text.len < 63 ? j.text.len : 63] = '\0';
    rc = read_start_member(&j, r, b);
  }
  if (token == DUR_JSON_OBJECT && rc == 0 && j.token == DUR_JSON_OBJECT_END &&
      dur_json_next(&j) == DUR_JSON_END)
    return 0;
  if (rc != 0 && j.token != DUR_JSON_ERROR)
    dur_reply_error(reply, DUR_ERROR_INVALID, "Invalid value of %s", key);
  else
    dur_reply_error(reply, DUR_ERROR_INVALID, "JSON deserialization failed: %s",
                    j.error ? j.error : "not an object");
  return -1;
}

static int check_start(start_body *b, dur_reply *reply) {
  for (int i = 0; i < 6; i++) {
    if (b->has[i])
      continue;
    dur_reply_error(reply, DUR_ERROR_INVALID, "Missing required field: %s",
                    REQUIRED[i]);
    return -1;
  }
  if (b->has_timeout && (b->timeout_s < 0 || b->timeout_s > DUR_SECONDS_MAX)) {
    dur_reply_error(reply, DUR_ERROR_INVALID,
                    "ExecutionTimeoutSeconds must be between 0 and %d",
                    DUR_SECONDS_MAX);
    return -1;
  }
  if (b->has_retention && (b->retention_days < 1 || b->retention_days > 90)) {
    dur_reply_error(reply, DUR_ERROR_INVALID,
                    "ExecutionRetentionPeriodDays must be between 1 and 90");
    return -1;
  }
  if (b->endpoint.len == 0)
    b->endpoint = DUR_NONE;
  if (b->endpoint.data != NULL && !dur_is_http_url(b->endpoint)) {
    dur_reply_error(reply, DUR_ERROR_INVALID,
                    "LambdaEndpoint must be an http or https URL");
    return -1;
  }
  if (b->id.data != NULL && !dur_execution_name_ok(b->id))
    b->id = DUR_NONE; /* it would not fit into an ARN */
  return check_name(b->name, reply);
}

/* Input is JSON text as it is; any other text becomes a JSON string. */
static int json_input(dur_request *r, dur_bytes *input) {
  if (input->data == NULL)
    *input = DUR_LIT("null");
  if (dur_is_json(*input))
    return 0;
  dur_buf quoted;
  dur_buf_init(&quoted, &dur_mem_default, SIZE_MAX);
  dur_json_put_string(&quoted, *input);
  *input = quoted.failed ? DUR_NONE
                         : dur_arena_copy(&r->arena, dur_buf_view(&quoted));
  dur_buf_drop(&quoted);
  return input->data ? 0 : -1;
}

void dur_route_start(durable_service *s, dur_request *r, dur_reply *reply) {
  start_body b = {0};
  if (read_start(r, &b, reply) != 0 || check_start(&b, reply) != 0)
    return;
  if (json_input(r, &b.input) != 0) {
    dur_reply_error(reply, DUR_ERROR_SERVICE, "out of memory");
    return;
  }
  if (b.input.len > DUR_PAYLOAD_MAX) {
    dur_reply_error(reply, DUR_ERROR_TOO_LARGE,
                    "Input must be at most %d bytes", DUR_PAYLOAD_MAX);
    return;
  }
  pthread_mutex_lock(&s->lock);
  dur_function *f = need_function(s, b.function, reply);
  if (f != NULL && f->not_durable) {
    dur_reply_error(reply, DUR_ERROR_INVALID, "%s is not a durable function",
                    f->name);
  } else if (f != NULL && check_tenant(f, b.tenant, reply) == 0) {
    const dur_start spec = {.function = f,
                            .input = b.input,
                            .name = b.name,
                            .id = b.id,
                            .tenant = b.tenant,
                            .endpoint = b.endpoint,
                            .again = r->names_repeat,
                            .timeout_s = b.timeout_s,
                            .retention_days = b.retention_days,
                            .no_timeout = b.has_timeout && b.timeout_s == 0};
    if (start(s, &spec, reply) >= 0) {
      dur_json_out out;
      dur_json_out_init(&out, &reply->body, 0);
      dur_json_begin_object(&out);
      dur_json_key(&out, "ExecutionArn");
      dur_json_cstr(&out, reply->arn);
      dur_json_end_object(&out);
      reply->status = 201;
    }
  }
  pthread_mutex_unlock(&s->lock);
}

/* ---- Invoke */

typedef enum invoke_type { REQUEST_RESPONSE, EVENT, DRY_RUN } invoke_type;

static int read_type(const dur_request *r, invoke_type *type,
                     dur_reply *reply) {
  dur_bytes text = dur_request_header(r, "X-Amz-Invocation-Type");
  *type = REQUEST_RESPONSE;
  if (text.data == NULL || dur_bytes_is(text, "RequestResponse"))
    return 0;
  if (dur_bytes_is(text, "Event"))
    *type = EVENT;
  else if (dur_bytes_is(text, "DryRun"))
    *type = DRY_RUN;
  else {
    dur_reply_error(reply, DUR_ERROR_INVALID,
                    "1 validation error detected: Value '%.*s' at "
                    "'invocationType' failed to satisfy constraint: Member "
                    "must satisfy enum value set: [RequestResponse, Event, "
                    "DryRun]",
                    (int)(text.len < 64 ? text.len : 64), text.data);
    return -1;
  }
  return 0;
}

static int check_payload(dur_request *r, invoke_type type, dur_reply *reply) {
  size_t max = type == EVENT ? DUR_INVOKE_INPUT_MAX : DUR_PAYLOAD_MAX;
  if (r->body.len == 0)
    r->body = DUR_LIT("{}");
  if (r->body.len > max) {
    dur_reply_error(reply, DUR_ERROR_TOO_LARGE,
                    "Request must be smaller than %zu bytes for the "
                    "InvokeFunction operation",
                    max);
    return -1;
  }
  const char *why = NULL;
  size_t at = 0;
  if (dur_json_valid(r->body, 0, &why, &at))
    return 0;
  dur_reply_error(reply, DUR_ERROR_CONTENT,
                  "Could not parse request body into json: %s at byte %zu",
                  why ? why : "malformed", at);
  return -1;
}

/* Who invokes, as the function is told in both ways of being invoked. */
typedef struct caller {
  dur_bytes tenant, context, identity, trace_id;
} caller;

/* The JSON object in base64 that X-Amz-Client-Context is. */
static int read_context(dur_request *r, caller *c, dur_reply *reply) {
  dur_bytes text = dur_request_header(r, "X-Amz-Client-Context");
  dur_buf json;
  if (text.len == 0)
    return 0;
  dur_buf_init(&json, &dur_mem_default, CONTEXT_MAX);
  int rc = text.len <= CONTEXT_MAX ? dur_base64_decode(&json, text) : -1;
  if (rc == 0 && json.len > 0 && json.data[0] == '{' &&
      dur_is_json(dur_buf_view(&json)))
    c->context = dur_arena_copy(&r->arena, dur_buf_view(&json));
  dur_buf_drop(&json);
  if (c->context.data != NULL)
    return 0;
  dur_reply_error(reply, DUR_ERROR_CONTENT,
                  "Client context must be a JSON object in base64, of at most "
                  "%d characters",
                  CONTEXT_MAX);
  return -1;
}

static void put_member(dur_json_out *out, const char *key, dur_bytes text) {
  dur_json_key(out, key);
  dur_json_string(out, text.data ? text : DUR_LIT(""));
}

/* AWS takes it from the signature; nothing here is signed. */
static void read_identity(dur_request *r, caller *c) {
  dur_bytes id = dur_request_header(r, "X-Amz-Cognito-Identity-Id");
  dur_bytes pool = dur_request_header(r, "X-Amz-Cognito-Identity-Pool-Id");
  dur_json_out out;
  dur_buf json;
  if (id.data == NULL && pool.data == NULL)
    return;
  dur_buf_init(&json, &dur_mem_default, SIZE_MAX);
  dur_json_out_init(&out, &json, 0);
  dur_json_begin_object(&out);
  put_member(&out, "cognitoIdentityId", id);
  put_member(&out, "cognitoIdentityPoolId", pool);
  dur_json_end_object(&out);
  c->identity = dur_arena_copy(&r->arena, dur_buf_view(&json));
  dur_buf_drop(&json);
}

static int read_trace(dur_request *r, caller *c, dur_reply *reply) {
  c->trace_id = dur_request_header(r, "X-Amzn-Trace-Id");
  if (dur_trace_ok(c->trace_id))
    return 0;
  dur_reply_error(reply, DUR_ERROR_INVALID,
                  "X-Amzn-Trace-Id must be at most %d printable ASCII "
                  "characters",
                  DUR_TRACE_MAX);
  return -1;
}

/* As AWS, an asynchronous invocation is told of the tenant and the trace
 * alone. */
static int read_caller(dur_request *r, invoke_type type, caller *c,
                       dur_reply *reply) {
  *c = (caller){.tenant = dur_request_header(r, "X-Amz-Tenant-Id")};
  if (read_trace(r, c, reply) != 0)
    return -1;
  if (type != REQUEST_RESPONSE)
    return 0;
  read_identity(r, c);
  return read_context(r, c, reply);
}

static void invoke_plain(durable_service *s, const dur_request *r,
                         dur_function *f, const caller *c, invoke_type type,
                         dur_reply *reply) {
  dur_call call = {.function = f,
                   .event = r->body,
                   .tenant = c->tenant,
                   .context = c->context,
                   .identity = c->identity,
                   .trace_id = c->trace_id};
  if (type == REQUEST_RESPONSE) {
    call.waiter = calloc(1, sizeof *call.waiter);
    if (call.waiter == NULL) {
      dur_reply_error(reply, DUR_ERROR_SERVICE, "out of memory");
      return;
    }
    dur_buf_init(&call.waiter->body, &dur_mem_default, SIZE_MAX);
  }
  if (dur_dispatch_call(s, &call) != 0) {
    free(call.waiter);
    dur_reply_error(reply, DUR_ERROR_SERVICE, "out of memory");
    return;
  }
  reply->wait_call = call.waiter;
  reply->status = type == EVENT ? 202 : 200;
}

static void invoke_durable(durable_service *s, const dur_request *r,
                           dur_function *f, const caller *c, invoke_type type,
                           dur_reply *reply) {
  const dur_start spec = {
      .function = f,
      .input = r->body,
      .name = dur_request_header(r, "X-Amz-Durable-Execution-Name"),
      .tenant = c->tenant,
      .context = c->context,
      .identity = c->identity,
      .trace_id = c->trace_id};
  if (check_name(spec.name, reply) != 0 || start(s, &spec, reply) < 0)
    return;
  reply->status = type == EVENT ? 202 : 200;
  reply->wait_run = type == REQUEST_RESPONSE;
}

void dur_route_invoke(durable_service *s, dur_request *r, dur_reply *reply) {
  invoke_type type;
  caller c;
  if (read_type(r, &type, reply) != 0 || check_payload(r, type, reply) != 0 ||
      read_caller(r, type, &c, reply) != 0)
    return;
  pthread_mutex_lock(&s->lock);
  dur_function *f = need_function(s, r->id, reply);
  if (f != NULL && check_tenant(f, c.tenant, reply) == 0) {
    if (type == DRY_RUN)
      reply->status = 204;
    else if (f->not_durable && type == REQUEST_RESPONSE && r->inbox != 0)
      dur_reply_error(reply, DUR_ERROR_SERVICE,
                      "a plain function answers only to the process that "
                      "serves it");
    else if (f->not_durable)
      invoke_plain(s, r, f, &c, type, reply);
    else
      invoke_durable(s, r, f, &c, type, reply);
  }
  pthread_mutex_unlock(&s->lock);
}

/* ---- the outcome that an Invoke waits for */

static void put_lambda_error(dur_json_out *out, const dur_error *error) {
  dur_json_begin_object(out);
  dur_json_key(out, "errorMessage");
  dur_json_string(out, error->message.data ? error->message : DUR_LIT(""));
  if (error->type.data != NULL) {
    dur_json_key(out, "errorType");
    dur_json_string(out, error->type);
  }
  if (error->stack.data != NULL) {
    dur_json_key(out, "stackTrace");
    dur_json_raw_value(out, error->stack);
  }
  dur_json_end_object(out);
}

static void function_failed(dur_bytes object, dur_reply *reply) {
  dur_arena arena;
  dur_error error = {0};
  const char *why;
  dur_json_out out;
  dur_arena_init(&arena, &dur_mem_default);
  (void)dur_error_parse(object, &arena, &error, &why);
  dur_json_out_init(&out, &reply->body, 0);
  if (error.message.data == NULL && error.type.data == NULL && object.len > 2)
    dur_buf_bytes(&reply->body, object); /* Lambda's own form already */
  else
    put_lambda_error(&out, &error);
  reply->function_error = "Unhandled";
  dur_arena_drop(&arena);
}

static void finish_call(durable_service *s, dur_reply *reply) {
  dur_plain *call = reply->wait_call;
  pthread_mutex_lock(&s->lock);
  while (!call->done && s->failed == NULL)
    pthread_cond_wait(&s->changed, &s->lock);
  if (!call->done)
    dur_reply_error(reply, DUR_ERROR_SERVICE, "%s", s->failed);
  else if (call->outcome != 0)
    function_failed(dur_buf_view(&call->body), reply);
  else
    dur_buf_bytes(&reply->body, dur_buf_view(&call->body));
  int done = call->done;
  pthread_mutex_unlock(&s->lock);
  reply->wait_call = NULL;
  if (done) { /* otherwise its job may still write to it */
    dur_buf_drop(&call->body);
    free(call);
  }
}

static void read_outcome(durable_service *s, dur_reply *reply) {
  pthread_mutex_lock(&s->store.lock);
  sqlite3_stmt *row =
      dur_reply_row(s,
                    "SELECT status, result, error FROM execution JOIN outcome"
                    " ON outcome.execution = execution.id WHERE arn = ?1",
                    dur_cstr(reply->arn), reply);
  if (row != NULL && dur_bytes_is(dur_column(row, 0), "SUCCEEDED"))
    dur_buf_bytes(&reply->body, dur_column(row, 1));
  else if (row != NULL)
    function_failed(dur_column(row, 2), reply);
  sqlite3_finalize(row);
  pthread_mutex_unlock(&s->store.lock);
}

int dur_reply_is_due(durable_service *s, const dur_reply *reply) {
  if (s->failed != NULL)
    return 1;
  if (reply->wait_call != NULL)
    return reply->wait_call->done;
  if (!reply->wait_run)
    return 1;
  const dur_run *run = dur_run_find(s, dur_cstr(reply->arn));
  return run == NULL || dur_run_is_over(run);
}

void dur_reply_finish(durable_service *s, dur_reply *reply) {
  if (reply->wait_call != NULL)
    finish_call(s, reply);
  if (!reply->wait_run)
    return;
  reply->wait_run = 0;
  if (durable_service_wait(s, reply->arn, -1) < 0)
    dur_reply_error(reply, DUR_ERROR_SERVICE, "%s", durable_service_error(s));
  else
    read_outcome(s, reply);
}
