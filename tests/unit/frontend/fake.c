/* fake: see fake.h. */
#include "test.h"

#include "fake.h"

#include <cjson/cJSON.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ARN                                                                    \
  "arn:aws:lambda:us-east-1:123456789012:function:f:1/durable-execution/n/"    \
  "inv-1"

typedef struct op {
  char *id, *parent, *name, *type, *sub_type;
  const char *status;
  char *result, *error, *callback_id;
  int attempt, replay_children, dirty, gone;
  int64_t due_ms; /* 0: none */
  struct op *next_in_bucket;
} op;

enum { BUCKETS = 65536 };

typedef struct update {
  char *type, *action, *name, *payload;
} update;

struct fake {
  pthread_mutex_t lock;
  op **ops;
  size_t count, cap;
  op *buckets[BUCKETS];
  update *updates;
  size_t update_count, update_cap;
  int64_t ahead_ms;
  uint32_t token;
  int invocations, calls, callbacks, frozen;
  char *result;
  char status[16];
  fake_invoke_fn *invoke;
  void *invoke_user;
  fake_idle_fn *idle;
  void *idle_user;
  durable_transport transport;
};

/* ---- small things */

static char *dup(const char *text) {
  char *copy = text ? strdup(text) : NULL;
  assert_true(!text || copy);
  return copy;
}

static const char *text_of(const cJSON *object, const char *key) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, key);
  return cJSON_IsString(v) ? v->valuestring : NULL;
}

static unsigned bucket(const char *id) {
  unsigned h = 2166136261u;
  for (; *id; id++)
    h = (h ^ (unsigned char)*id) * 16777619u;
  return h % BUCKETS;
}

static op *find(const fake *f, const char *id) {
  op *o = f->buckets[bucket(id)];
  while (o && (o->gone || strcmp(o->id, id) != 0))
    o = o->next_in_bucket;
  return o;
}

static op *add(fake *f, const cJSON *u) {
  if (f->count == f->cap) {
    f->cap = f->cap ? f->cap * 2 : 64;
    f->ops = realloc(f->ops, f->cap * sizeof *f->ops);
    assert_non_null(f->ops);
  }
  op *o = calloc(1, sizeof *o);
  assert_non_null(o);
  o->id = dup(text_of(u, "Id"));
  o->parent = dup(text_of(u, "ParentId"));
  o->name = dup(text_of(u, "Name"));
  o->type = dup(text_of(u, "Type"));
  o->sub_type = dup(text_of(u, "SubType"));
  unsigned b = bucket(o->id);
  o->next_in_bucket = f->buckets[b];
  f->buckets[b] = o;
  f->ops[f->count++] = o;
  return o;
}

int64_t fake_now(void *user) {
  const fake *f = user;
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 + f->ahead_ms;
}

static int is_terminal(const op *o) {
  return strcmp(o->status, "STARTED") != 0 &&
         strcmp(o->status, "PENDING") != 0 && strcmp(o->status, "READY") != 0;
}

static void set(op *o, const char *status) {
  o->status = status;
  o->dirty = 1;
}

static void replace(char **to, const char *text) {
  free(*to);
  *to = dup(text);
}

/* ---- applying updates */

static void remember(fake *f, const cJSON *u) {
  if (f->update_count == f->update_cap) {
    f->update_cap = f->update_cap ? f->update_cap * 2 : 64;
    f->updates = realloc(f->updates, f->update_cap * sizeof *f->updates);
    assert_non_null(f->updates);
  }
  cJSON *error = cJSON_GetObjectItemCaseSensitive(u, "Error");
  char *error_text = error ? cJSON_PrintUnformatted(error) : NULL;
  const char *payload = text_of(u, "Payload");
  f->updates[f->update_count++] =
      (update){dup(text_of(u, "Type")), dup(text_of(u, "Action")),
               dup(text_of(u, "Name")), dup(payload ? payload : error_text)};
  free(error_text);
}

static int number(const cJSON *u, const char *options, const char *key) {
  const cJSON *o = cJSON_GetObjectItemCaseSensitive(u, options);
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
  return cJSON_IsNumber(v) ? v->valueint : 0;
}

static void start(fake *f, op *o, const cJSON *u) {
  set(o, "STARTED");
  o->due_ms = 0;
  if (strcmp(o->type, "WAIT") == 0)
    o->due_ms =
        fake_now(f) + 1000 * (int64_t)number(u, "WaitOptions", "WaitSeconds");
  if (strcmp(o->type, "CALLBACK") == 0) {
    char id[32];
    snprintf(id, sizeof id, "cb-%d", ++f->callbacks);
    replace(&o->callback_id, id);
  }
  if (strcmp(o->type, "CHAINED_INVOKE") != 0 || !f->invoke)
    return;
  int failed = 0;
  const cJSON *options =
      cJSON_GetObjectItemCaseSensitive(u, "ChainedInvokeOptions");
  const char *answer =
      f->invoke(f->invoke_user, text_of(options, "FunctionName"),
                text_of(u, "Payload"), &failed);
  if (!answer)
    return;
  set(o, failed ? "FAILED" : "SUCCEEDED");
  replace(failed ? &o->error : &o->result, answer);
}

static void finish(fake *f, op *o, const cJSON *u, int ok) {
  cJSON *error = cJSON_GetObjectItemCaseSensitive(u, "Error");
  char *error_text = error ? cJSON_PrintUnformatted(error) : NULL;
  const cJSON *options = cJSON_GetObjectItemCaseSensitive(u, "ContextOptions");
  o->replay_children =
      cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(options, "ReplayChildren"));
  set(o, ok ? "SUCCEEDED" : "FAILED");
  replace(&o->result, text_of(u, "Payload"));
  replace(&o->error, error_text);
  free(error_text);
  o->attempt++;
  (void)f;
}

/* Children of a finished context are left out from the next invocation on. */
static void collapse(fake *f) {
  for (size_t i = 0; i < f->count; i++) {
    op *o = f->ops[i];
    const op *up = o->parent ? find(f, o->parent) : NULL;
    for (; up; up = up->parent ? find(f, up->parent) : NULL)
      if (is_terminal(up) && !up->replay_children)
        o->gone = 1;
  }
}

static void retry(fake *f, op *o, const cJSON *u) {
  set(o, "PENDING");
  o->attempt++;
  o->due_ms = fake_now(f) + 1000 * (int64_t)number(u, "StepOptions",
                                                   "NextAttemptDelaySeconds");
  if (text_of(u, "Payload"))
    replace(&o->result, text_of(u, "Payload"));
}

static void apply(fake *f, const cJSON *u) {
  const char *action = text_of(u, "Action"), *id = text_of(u, "Id");
  assert_non_null(action);
  assert_non_null(id);
  remember(f, u);
  op *o = find(f, id);
  int is_new = !o;
  if (!o)
    o = add(f, u);
  if (!is_new && is_terminal(o))
    fail_msg("%s for %s (%s), which is %s", action, id,
             o->name ? o->name : "no name", o->status);
  if (o->parent) {
    const op *parent = find(f, o->parent);
    if (!parent || is_terminal(parent))
      fail_msg("%s for %s, whose parent is %s", action,
               o->name ? o->name : "no name", parent ? "over" : "unknown");
  }
  if (strcmp(action, "START") == 0) {
    if (!is_new && strcmp(o->status, "READY") != 0)
      fail_msg("START for %s, which is %s", o->name ? o->name : id, o->status);
    start(f, o, u);
  } else if (strcmp(action, "RETRY") == 0) {
    retry(f, o, u);
  } else {
    finish(f, o, u, strcmp(action, "SUCCEED") == 0);
  }
}

/* ---- writing operations */

static void add_text(cJSON *object, const char *key, const char *text) {
  if (text)
    cJSON_AddStringToObject(object, key, text);
}

static cJSON *details_of(const op *o, double unit) {
  cJSON *d = cJSON_CreateObject();
  add_text(d, "Result", o->result);
  if (o->error)
    cJSON_AddItemToObject(d, "Error", cJSON_Parse(o->error));
  if (strcmp(o->type, "STEP") == 0) {
    cJSON_AddNumberToObject(d, "Attempt", o->attempt);
    if (strcmp(o->status, "PENDING") == 0)
      cJSON_AddNumberToObject(d, "NextAttemptTimestamp",
                              (double)o->due_ms / unit);
  }
  if (strcmp(o->type, "WAIT") == 0)
    cJSON_AddNumberToObject(d, "ScheduledEndTimestamp",
                            (double)o->due_ms / unit);
  add_text(d, "CallbackId", o->callback_id);
  if (o->replay_children)
    cJSON_AddTrueToObject(d, "ReplayChildren");
  return d;
}

static const char *details_name(const op *o) {
  return strcmp(o->type, "STEP") == 0       ? "StepDetails"
         : strcmp(o->type, "WAIT") == 0     ? "WaitDetails"
         : strcmp(o->type, "CALLBACK") == 0 ? "CallbackDetails"
         : strcmp(o->type, "CONTEXT") == 0  ? "ContextDetails"
                                            : "ChainedInvokeDetails";
}

static cJSON *json_of(const op *o, double unit) {
  cJSON *json = cJSON_CreateObject();
  add_text(json, "Id", o->id);
  add_text(json, "ParentId", o->parent);
  add_text(json, "Name", o->name);
  add_text(json, "Type", o->type);
  add_text(json, "SubType", o->sub_type);
  add_text(json, "Status", o->status);
  cJSON_AddItemToObject(json, details_name(o), details_of(o, unit));
  return json;
}

/* ---- the requests */

static void fire_due(fake *f) {
  int64_t now = fake_now(f);
  for (size_t i = 0; i < f->count; i++) {
    op *o = f->ops[i];
    if (o->due_ms == 0 || o->due_ms > now || is_terminal(o) || o->gone)
      continue;
    if (strcmp(o->type, "WAIT") == 0)
      set(o, "SUCCEEDED");
    else if (strcmp(o->status, "PENDING") == 0)
      set(o, "READY");
  }
}

static char *answer(fake *f) {
  char token[32];
  cJSON *out = cJSON_CreateObject();
  cJSON *ops = cJSON_CreateArray();
  snprintf(token, sizeof token, "t%u", ++f->token);
  add_text(out, "CheckpointToken", token);
  for (size_t i = 0; i < f->count; i++) {
    if (f->ops[i]->dirty && !f->ops[i]->gone)
      cJSON_AddItemToArray(ops, json_of(f->ops[i], 1000));
    f->ops[i]->dirty = 0;
  }
  cJSON *state = cJSON_AddObjectToObject(out, "NewExecutionState");
  cJSON_AddItemToObject(state, "Operations", ops);
  char *text = cJSON_PrintUnformatted(out);
  cJSON_Delete(out);
  return text;
}

static void drop_reply(durable_transport_reply *reply) {
  free(reply->owner);
}

static int send_request(void *user, const durable_transport_request *request,
                        durable_transport_reply *reply) {
  fake *f = user;
  pthread_mutex_lock(&f->lock);
  assert_int_equal(request->call, DURABLE_CALL_CHECKPOINT);
  f->calls++;
  if (f->frozen)
    fail_msg("a replay sent %.*s", (int)request->updates.len,
             request->updates.data);
  cJSON *updates =
      cJSON_ParseWithLength(request->updates.data, request->updates.len);
  const cJSON *u;
  assert_non_null(updates);
  fire_due(f);
  cJSON_ArrayForEach(u, updates) {
    apply(f, u);
  }
  cJSON_Delete(updates);
  char *text = answer(f);
  pthread_mutex_unlock(&f->lock);
  reply->status = 200;
  reply->body = (durable_bytes){text, strlen(text)};
  reply->owner = text;
  reply->drop = drop_reply;
  return 0;
}

/* ---- invocations */

char *fake_event(fake *f, const char *input) {
  char token[32];
  cJSON *event = cJSON_CreateObject();
  cJSON *ops = cJSON_CreateArray();
  snprintf(token, sizeof token, "t%u", ++f->token);
  add_text(event, "DurableExecutionArn", ARN);
  add_text(event, "CheckpointToken", token);
  cJSON *execution = cJSON_CreateObject();
  add_text(execution, "Id", "inv-1");
  add_text(execution, "Type", "EXECUTION");
  add_text(execution, "Status", "STARTED");
  cJSON_AddNumberToObject(execution, "StartTimestamp", 1700000000000.0);
  add_text(cJSON_AddObjectToObject(execution, "ExecutionDetails"),
           "InputPayload", input);
  cJSON_AddItemToArray(ops, execution);
  for (size_t i = 0; i < f->count; i++) {
    f->ops[i]->dirty = 0;
    if (!f->ops[i]->gone)
      cJSON_AddItemToArray(ops, json_of(f->ops[i], 1));
  }
  cJSON *state = cJSON_AddObjectToObject(event, "InitialExecutionState");
  cJSON_AddItemToObject(state, "Operations", ops);
  char *text = cJSON_PrintUnformatted(event);
  cJSON_Delete(event);
  return text;
}

static void keep_output(fake *f, const durable_output *out) {
  snprintf(f->status, sizeof f->status, "ABORT");
  free(f->result);
  f->result = dup(out->body.data);
  if (out->kind != DURABLE_EVENT_FINISH)
    return;
  cJSON *json = cJSON_Parse(out->body.data);
  assert_non_null(json);
  cJSON *error = cJSON_GetObjectItemCaseSensitive(json, "Error");
  char *error_text = error ? cJSON_PrintUnformatted(error) : NULL;
  const char *status = text_of(json, "Status");
  snprintf(f->status, sizeof f->status, "%s", status ? status : "none");
  free(f->result);
  f->result = error_text ? error_text : dup(text_of(json, "Result"));
  cJSON_Delete(json);
}

static void invoke(fake *f, const durable_handler *handler, const char *input) {
  char request_id[32];
  durable_invocation inv = DURABLE_INVOCATION_INIT;
  durable_output out = DURABLE_OUTPUT_INIT;
  collapse(f);
  char *event = fake_event(f, input);
  snprintf(request_id, sizeof request_id, "request-%d", ++f->invocations);
  inv.transport = &f->transport;
  inv.request_id = request_id;
  inv.now = fake_now;
  inv.now_user = f;
  durable_bytes bytes = {event, strlen(event)};
  assert_int_equal(durable_invoke_handler(handler, bytes, &inv, &out),
                   DURABLE_OK);
  free(event);
  keep_output(f, &out);
  durable_output_drop(&out);
}

static int jump(fake *f) {
  int64_t next = INT64_MAX, now = fake_now(f);
  for (size_t i = 0; i < f->count; i++) {
    const op *o = f->ops[i];
    if (o->due_ms && !is_terminal(o) && !o->gone && o->due_ms < next &&
        strcmp(o->status, "READY") != 0)
      next = o->due_ms;
  }
  if (next == INT64_MAX)
    return 0;
  if (next > now)
    f->ahead_ms += next - now;
  fire_due(f);
  return 1;
}

const char *fake_run(fake *f, const durable_handler *handler,
                     const char *input) {
  for (int i = 0; i < 20000; i++) {
    invoke(f, handler, input);
    if (strcmp(f->status, "PENDING") != 0)
      return f->status;
    if (!jump(f) && !(f->idle && f->idle(f->idle_user, f)))
      return f->status;
  }
  fail_msg("the execution does not end");
  return NULL;
}

const char *fake_replay(fake *f, const durable_handler *handler,
                        const char *input) {
  f->frozen = 1;
  invoke(f, handler, input);
  f->frozen = 0;
  return f->status;
}

/* ---- the rest */

int fake_callback(fake *f, const char *id, const char *status,
                  const char *text) {
  int n = 0;
  for (size_t i = 0; i < f->count; i++) {
    op *o = f->ops[i];
    if (!o->callback_id || is_terminal(o) || o->gone ||
        (id && strcmp(o->callback_id, id) != 0))
      continue;
    int ok = strcmp(status, "SUCCEEDED") == 0;
    set(o, ok                              ? "SUCCEEDED"
           : strcmp(status, "FAILED") == 0 ? "FAILED"
                                           : "TIMED_OUT");
    replace(ok ? &o->result : &o->error, text);
    n++;
  }
  return n;
}

static const update *last_update(const fake *f, const char *type,
                                 const char *action, const char *name,
                                 int *count) {
  const update *last = NULL;
  *count = 0;
  for (size_t i = 0; i < f->update_count; i++) {
    const update *u = &f->updates[i];
    if ((type && strcmp(u->type, type) != 0) ||
        (action && strcmp(u->action, action) != 0) ||
        (name && (!u->name || strcmp(u->name, name) != 0)))
      continue;
    last = u;
    ++*count;
  }
  return last;
}

int fake_updates(const fake *f, const char *type, const char *action,
                 const char *name) {
  int n;
  (void)last_update(f, type, action, name, &n);
  return n;
}

const char *fake_update_payload(const fake *f, const char *type,
                                const char *action, const char *name) {
  int n;
  const update *u = last_update(f, type, action, name, &n);
  return u && u->payload ? u->payload : "";
}

const char *fake_result(const fake *f) {
  return f->result ? f->result : "";
}

void fake_on_invoke(fake *f, fake_invoke_fn *fn, void *user) {
  f->invoke = fn;
  f->invoke_user = user;
}

void fake_on_idle(fake *f, fake_idle_fn *fn, void *user) {
  f->idle = fn;
  f->idle_user = user;
}

int fake_invocations(const fake *f) {
  return f->invocations;
}

int fake_calls(const fake *f) {
  return f->calls;
}

const durable_transport *fake_transport(fake *f) {
  return &f->transport;
}

fake *fake_new(void) {
  fake *f = calloc(1, sizeof *f);
  assert_non_null(f);
  pthread_mutex_init(&f->lock, NULL);
  f->transport = (durable_transport){
      .size = sizeof f->transport, .user = f, .send = send_request};
  return f;
}

static void free_op(op *o) {
  free(o->id);
  free(o->parent);
  free(o->name);
  free(o->type);
  free(o->sub_type);
  free(o->result);
  free(o->error);
  free(o->callback_id);
  free(o);
}

void fake_free(fake *f) {
  for (size_t i = 0; i < f->count; i++)
    free_op(f->ops[i]);
  for (size_t i = 0; i < f->update_count; i++) {
    free(f->updates[i].type);
    free(f->updates[i].action);
    free(f->updates[i].name);
    free(f->updates[i].payload);
  }
  free(f->updates);
  free(f->ops);
  free(f->result);
  pthread_mutex_destroy(&f->lock);
  free(f);
}
