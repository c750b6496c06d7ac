/* service: applying updates, timers, answers from outside. */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "finding.h"
#include "wire/limits.h"

void sim_service_init(sim_service *s, int64_t now_ms) {
  *s = (sim_service){.now_ms = now_ms};
  dur_arena_init(&s->arena, &dur_mem_default);
  s->ops = calloc(SIM_OPS_MAX, sizeof *s->ops);
}

void sim_service_drop(sim_service *s) {
  dur_arena_drop(&s->arena);
  free(s->ops);
  *s = (sim_service){0};
}

static sim_record *find(const sim_service *s, dur_bytes id) {
  for (size_t i = 0; i < s->count; i++)
    if (dur_bytes_eq(s->ops[i].op.id, id))
      return &s->ops[i];
  return NULL;
}

const sim_record *sim_service_find(const sim_service *s, dur_bytes id) {
  return id.data ? find(s, id) : NULL;
}

static void touch(sim_service *s, sim_record *r) {
  r->touched = ++s->changes;
}

/* ---- time */

static int64_t due_of(const sim_record *r) {
  const dur_operation *op = &r->op;
  if (op->status == DUR_STATUS_PENDING && op->type == DUR_TYPE_STEP)
    return op->next_attempt_ms;
  if (op->status != DUR_STATUS_STARTED)
    return INT64_MAX;
  if (op->type == DUR_TYPE_WAIT)
    return op->scheduled_end_ms;
  if (op->type != DUR_TYPE_CALLBACK && op->type != DUR_TYPE_CHAINED_INVOKE)
    return INT64_MAX;
  int64_t answer = r->due_ms ? r->due_ms : INT64_MAX;
  int64_t timeout = r->timeout_ms ? r->timeout_ms : INT64_MAX;
  return answer < timeout ? answer : timeout;
}

int64_t sim_service_next_ms(const sim_service *s) {
  int64_t next = INT64_MAX;
  for (size_t i = 0; i < s->count; i++)
    if (due_of(&s->ops[i]) < next)
      next = due_of(&s->ops[i]);
  return next;
}

static void answer(sim_service *s, sim_record *r) {
  dur_operation *op = &r->op;
  char text[32];
  op->end_ms = due_of(r);
  int late = !r->due_ms || (r->timeout_ms && r->timeout_ms < r->due_ms);
  if (!late && r->outside == SIM_ANSWERS) {
    int quoted = op->type == DUR_TYPE_CHAINED_INVOKE;
    int len =
        snprintf(text, sizeof text, "%sv:%016llx%s", quoted ? "\"" : "",
                 (unsigned long long)sim_mix(r->node, 3), quoted ? "\"" : "");
    op->result = dur_arena_copy(&s->arena, (dur_bytes){text, (size_t)len});
    op->status = DUR_STATUS_SUCCEEDED;
    return;
  }
  op->has_error = 1;
  op->status = late || r->outside == SIM_IS_LATE ? DUR_STATUS_TIMED_OUT
                                                 : DUR_STATUS_FAILED;
  op->error = (dur_error){.message = DUR_LIT("refused outside"),
                          .type = op->status == DUR_STATUS_FAILED
                                      ? DUR_LIT("Refused")
                                      : DUR_LIT("Callback.Timeout")};
}

static void fire(sim_service *s, sim_record *r) {
  dur_operation *op = &r->op;
  r->by_timer = op->type == DUR_TYPE_STEP || op->type == DUR_TYPE_WAIT;
  if (op->type == DUR_TYPE_STEP) {
    op->status = DUR_STATUS_READY;
    op->next_attempt_ms = 0;
  } else if (op->type == DUR_TYPE_WAIT) {
    op->status = DUR_STATUS_SUCCEEDED;
    op->end_ms = op->scheduled_end_ms;
  } else {
    answer(s, r);
  }
  op->has_details = 1;
  touch(s, r);
}

void sim_service_tick(sim_service *s, int64_t now_ms) {
  s->now_ms = now_ms > s->now_ms ? now_ms : s->now_ms;
  for (size_t i = 0; i < s->count; i++)
    if (due_of(&s->ops[i]) <= s->now_ms)
      fire(s, &s->ops[i]);
}

int sim_service_is_eager(const sim_service *s) {
  return s->changes > s->told;
}

int sim_service_has_pending(const sim_service *s) {
  if (sim_service_is_eager(s))
    return 1;
  for (size_t i = 0; i < s->count; i++) {
    const dur_operation *op = &s->ops[i].op;
    if (op->type == DUR_TYPE_STEP && op->status == DUR_STATUS_PENDING)
      return 1;
    if (op->status == DUR_STATUS_STARTED &&
        (op->type == DUR_TYPE_WAIT || op->type == DUR_TYPE_CALLBACK ||
         op->type == DUR_TYPE_CHAINED_INVOKE))
      return 1;
  }
  return 0;
}

void sim_service_tell(sim_service *s, dur_bytes callback_id,
                      const sim_node *node) {
  for (size_t i = 0; i < s->count; i++) {
    sim_record *r = &s->ops[i];
    if (r->op.type != DUR_TYPE_CALLBACK ||
        !dur_bytes_eq(r->op.callback_id, callback_id))
      continue;
    if (r->due_ms || node->outside == SIM_IS_LATE)
      return;
    r->due_ms = s->now_ms + node->seconds * 1000;
    r->outside = node->outside;
    r->node = node->id;
    return;
  }
  sim_found("callback %.*s is not known to the service", (int)callback_id.len,
            callback_id.data);
}

/* ---- validation: the messages are the service's */

static void refuse(const dur_update *u, const char *why) {
  sim_found("the service refuses %s %s of \"%.*s\" (%.*s): %s",
            dur_type_text(u->type), dur_action_text(u->action),
            (int)u->name.len, u->name.data ? u->name.data : "", (int)u->id.len,
            u->id.data, why);
}

static int is_over(const sim_record *r) {
  return r && dur_status_is_terminal(r->op.status);
}

static void check_above(const sim_service *s, const dur_update *u) {
  dur_bytes id = u->parent_id;
  for (int depth = 0; id.len; depth++) {
    const sim_record *parent = find(s, id);
    if (!parent || parent->op.type != DUR_TYPE_CONTEXT || depth > 1000) {
      refuse(u, "Invalid parent operation id.");
      return;
    }
    if (is_over(parent))
      refuse(u, "a context above it is over");
    id = parent->op.parent_id;
  }
}

static void check_identity(const dur_update *u, const dur_operation *is) {
  if (is->type != u->type)
    refuse(u, "Inconsistent operation type.");
  if (!dur_bytes_eq(u->sub_type, is->sub_type))
    refuse(u, "Inconsistent operation subtype.");
  if (!dur_bytes_eq(u->name, is->name))
    refuse(u, "Inconsistent operation name.");
  if (!dur_bytes_eq(u->parent_id, is->parent_id))
    refuse(u, "Inconsistent parent operation id.");
}

static void check_shape(const dur_update *u) {
  if (!dur_id_ok(u->id) || (u->name.len && !dur_name_ok(u->name)) ||
      (u->sub_type.len && !dur_sub_type_ok(u->sub_type)))
    refuse(u, "an id, a name or a sub-type is not well-formed");
  if (u->payload.len > DUR_PAYLOAD_MAX)
    refuse(u, "the payload is too long");
  if (u->type == DUR_TYPE_CONTEXT && u->payload.len > DUR_RESULT_MAX)
    refuse(u, "the result of a context is too long");
  if (u->action == DUR_ACTION_FAIL && u->payload.data)
    refuse(u, "Cannot provide a Payload for FAIL action.");
  if (u->action == DUR_ACTION_SUCCEED && u->has_error)
    refuse(u, "Cannot provide an Error for SUCCEED action.");
  if (u->has_wait && (u->wait_s < 1 || u->wait_s > DUR_SECONDS_MAX))
    refuse(u, "WaitSeconds is out of range");
  if (u->action == DUR_ACTION_RETRY &&
      (!u->has_step || u->next_attempt_delay_s < 1 ||
       u->next_attempt_delay_s > DUR_SECONDS_MAX))
    refuse(u, "Invalid StepOptions for the given action.");
  if (u->action == DUR_ACTION_RETRY && u->payload.data && u->has_error)
    refuse(u, "Cannot provide both error and payload to RETRY a STEP.");
}

static int is_allowed(const dur_update *u) {
  int start = u->action == DUR_ACTION_START;
  int end = u->action == DUR_ACTION_SUCCEED || u->action == DUR_ACTION_FAIL;
  switch (u->type) {
  case DUR_TYPE_STEP:
    return start || end || u->action == DUR_ACTION_RETRY;
  case DUR_TYPE_CONTEXT:
    return start || end;
  case DUR_TYPE_EXECUTION:
    return end;
  case DUR_TYPE_WAIT:
  case DUR_TYPE_CHAINED_INVOKE:
    return start || u->action == DUR_ACTION_CANCEL;
  case DUR_TYPE_CALLBACK:
    return start;
  default:
    return 0;
  }
}

/* |is| is what stood before the batch, |now| what its earlier updates made. */
static void check_state(const dur_update *u, const sim_record *now) {
  dur_status is = now ? now->op.status : DUR_STATUS_OTHER;
  if (!is_allowed(u))
    refuse(u, "Invalid action for the given operation type.");
  if (!now)
    return;
  check_identity(u, &now->op);
  if (dur_status_is_terminal(is))
    refuse(u, "it is over");
  if (u->type != DUR_TYPE_STEP) {
    if (u->action == DUR_ACTION_START)
      refuse(u, "it exists already");
    return;
  }
  if (u->action == DUR_ACTION_START && is != DUR_STATUS_READY)
    refuse(u, "Invalid current STEP state to start.");
  if (u->action != DUR_ACTION_START && is != DUR_STATUS_STARTED &&
      is != DUR_STATUS_READY)
    refuse(u, "Invalid current STEP state to close.");
}

/* ---- applying */

static dur_bytes keep(sim_service *s, dur_bytes b) {
  return dur_arena_copy(&s->arena, b);
}

static sim_record *add(sim_service *s, const dur_update *u) {
  if (s->count == SIM_OPS_MAX)
    sim_found("more than %d operations", (int)SIM_OPS_MAX);
  sim_record *r = &s->ops[s->count++];
  *r = (sim_record){0};
  r->op.id = keep(s, u->id);
  r->op.type = u->type;
  r->op.name = keep(s, u->name);
  r->op.sub_type = keep(s, u->sub_type);
  r->op.parent_id = keep(s, u->parent_id);
  r->op.start_ms = s->now_ms;
  return r;
}

static void started(sim_service *s, sim_record *r, const dur_update *u) {
  dur_operation *op = &r->op;
  char text[32];
  op->status = DUR_STATUS_STARTED;
  if (u->type == DUR_TYPE_WAIT)
    op->scheduled_end_ms = s->now_ms + u->wait_s * 1000;
  if (u->type == DUR_TYPE_CALLBACK) {
    int len = snprintf(text, sizeof text, "cb%zu", (size_t)(r - s->ops));
    op->callback_id = keep(s, (dur_bytes){text, (size_t)len});
    r->timeout_ms = u->timeout_s ? s->now_ms + u->timeout_s * 1000 : 0;
  }
  if (u->type == DUR_TYPE_CHAINED_INVOKE) { /* "f-<outside>-<seconds>-<node>" */
    unsigned outside = 0, seconds = 0, node = 0;
    snprintf(text, sizeof text, "%.*s", (int)u->function_name.len,
             u->function_name.data);
    if (sscanf(text, "f-%u-%u-%u", &outside, &seconds, &node) != 3)
      sim_found("function %s", text);
    r->outside = (sim_outside)outside;
    r->due_ms = s->now_ms + (int64_t)seconds * 1000;
    r->node = node;
  }
}

static void closed(sim_service *s, dur_operation *op, const dur_update *u) {
  op->attempt += op->type == DUR_TYPE_STEP;
  op->result = keep(s, u->payload);
  op->has_error = u->has_error;
  if (dur_error_copy(&s->arena, &u->error, &op->error) != 0)
    abort();
  if (u->action == DUR_ACTION_RETRY) {
    op->status = DUR_STATUS_PENDING;
    op->next_attempt_ms = s->now_ms + u->next_attempt_delay_s * 1000;
    return;
  }
  op->status = u->action == DUR_ACTION_SUCCEED ? DUR_STATUS_SUCCEEDED
                                               : DUR_STATUS_FAILED;
  op->end_ms = s->now_ms;
  op->next_attempt_ms = 0;
  op->replay_children = u->replay_children;
}

typedef struct batch {
  sim_service *s;
  uint32_t count;
  size_t bytes;
} batch;

static int apply(void *user, const dur_update *u) {
  batch *b = user;
  sim_service *s = b->s;
  b->bytes += dur_update_size(u) + (b->count > 0);
  if (++b->count > DUR_BATCH_UPDATES_MAX)
    sim_found("a batch of more than %d updates", DUR_BATCH_UPDATES_MAX);
  if (s->ended)
    refuse(u, "EXECUTION checkpoint must be the last update.");
  check_shape(u);
  if (u->type == DUR_TYPE_EXECUTION) {
    s->ended = 1;
    return 0;
  }
  sim_record *r = find(s, u->id);
  check_above(s, u);
  check_state(u, r);
  r = r ? r : add(s, u);
  r->op.has_details = 1;
  if (u->action == DUR_ACTION_START)
    started(s, r, u);
  else
    closed(s, &r->op, u);
  touch(s, r);
  return 0;
}

/* ---- the two calls */

static sim_answer fail(sim_service *s, const char *message) {
  dur_buf buf;
  dur_buf_init(&buf, &dur_mem_default, 4096);
  dur_buf_str(&buf,
              "{\"Type\":\"InvalidParameterValueException\",\"message\":\"");
  dur_buf_str(&buf, message);
  dur_buf_str(&buf, "\"}");
  dur_bytes body = keep(s, dur_buf_view(&buf));
  dur_buf_drop(&buf);
  return (sim_answer){400, "InvalidParameterValueException", body};
}

static void token_text(const sim_service *s, char out[32]) {
  snprintf(out, 32, "token%u", s->token);
}

static dur_bytes page_marker(sim_service *s, size_t page, size_t from) {
  char text[48];
  int len = snprintf(text, sizeof text, "%zu.%zu", page, from);
  return keep(s, (dur_bytes){text, (size_t)len});
}

/* Write at most a page of |list| from |from|; what remains is kept for a state
 * call, under the marker that is answered. */
static dur_bytes write_some(sim_service *s, dur_json_out *out, size_t page,
                            size_t from, dur_time_form form) {
  size_t most = s->page_items ? s->page_items : SIM_OPS_MAX, i = from;
  for (; i < s->pages[page].count && i - from < most; i++) {
    sim_record *r = &s->ops[s->pages[page].ops[i]];
    dur_operation_write(out, &r->op, form);
  }
  return i < s->pages[page].count ? page_marker(s, page, i) : DUR_NONE;
}

static size_t new_page(sim_service *s) {
  size_t page = s->page_count++ % SIM_PAGES_MAX;
  s->pages[page].ops =
      dur_arena_alloc(&s->arena, (s->count + 1) * sizeof(size_t));
  s->pages[page].count = 0;
  return page;
}

static dur_bytes answer_checkpoint(sim_service *s) {
  dur_buf buf;
  dur_json_out out;
  char token[32];
  size_t page = new_page(s);
  for (size_t i = 0; i < s->count; i++)
    if (s->ops[i].touched > s->seen)
      s->pages[page].ops[s->pages[page].count++] = i;
  s->seen = s->told = s->changes;
  s->token++;
  token_text(s, token);
  dur_buf_init(&buf, &dur_mem_default, 1u << 28);
  dur_json_out_init(&out, &buf, 0);
  dur_page_begin(&out, 0, s->ended ? DUR_NONE : dur_cstr(token));
  dur_page_end(&out, 0, write_some(s, &out, page, 0, DUR_TIME_S));
  dur_bytes body = keep(s, dur_buf_view(&buf));
  dur_buf_drop(&buf);
  return body;
}

sim_answer sim_service_checkpoint(sim_service *s, dur_bytes body) {
  dur_checkpoint read = {0};
  const char *why = "";
  char token[32];
  batch b = {.s = s};
  dur_bytes kept = keep(s, body);
  if (dur_checkpoint_read(kept, &s->arena, NULL, NULL, &read, &why) != 0)
    sim_found("malformed checkpoint: %s", why);
  if (s->last_client_token.data &&
      dur_bytes_eq(read.client_token, s->last_client_token) &&
      dur_bytes_eq(read.token, s->last_token)) {
    if (!dur_bytes_eq(kept, s->last_body))
      sim_found("another request under the same ClientToken");
    return (sim_answer){200, NULL, s->last_answer};
  }
  token_text(s, token);
  if (s->ended || !dur_bytes_is(read.token, token))
    return fail(s, "Invalid checkpoint token");
  dur_checkpoint_read(kept, &s->arena, apply, &b, &read, &why);
  if (b.count > 1 && b.bytes > DUR_BATCH_BYTES_MAX + DUR_BATCH_UPDATES_MAX)
    sim_found("a batch of %zu bytes", b.bytes);
  s->batches++;
  sim_service_tick(s, s->now_ms);
  s->last_client_token = read.client_token;
  s->last_token = read.token;
  s->last_body = kept;
  s->last_answer = answer_checkpoint(s);
  return (sim_answer){200, NULL, s->last_answer};
}

sim_answer sim_service_state(sim_service *s, dur_bytes token,
                             dur_bytes marker) {
  dur_buf buf;
  dur_json_out out;
  char now[32], text[48];
  size_t page = 0, from = 0;
  token_text(s, now);
  snprintf(text, sizeof text, "%.*s", (int)marker.len, marker.data);
  if (sscanf(text, "%zu.%zu", &page, &from) != 2 || page >= SIM_PAGES_MAX)
    sim_found("marker %s", text);
  if (!dur_bytes_is(token, now))
    return fail(s, "Invalid checkpoint token");
  dur_buf_init(&buf, &dur_mem_default, 1u << 28);
  dur_json_out_init(&out, &buf, 0);
  dur_page_begin(&out, 1, DUR_NONE);
  dur_page_end(&out, 1, write_some(s, &out, page, from, DUR_TIME_S));
  dur_bytes body = keep(s, dur_buf_view(&buf));
  dur_buf_drop(&buf);
  return (sim_answer){200, NULL, body};
}

/* ---- the event */

static int is_hidden(const sim_service *s, const sim_record *r) {
  dur_bytes id = r->op.parent_id;
  while (s->prunes && id.len) {
    const sim_record *parent = find(s, id);
    if (!parent)
      return 0;
    if (dur_status_is_terminal(parent->op.status) &&
        !parent->op.replay_children)
      return 1;
    id = parent->op.parent_id;
  }
  return 0;
}

dur_bytes sim_service_event(sim_service *s) {
  dur_buf buf;
  dur_json_out out;
  char token[32];
  size_t page = new_page(s);
  s->token++;
  token_text(s, token);
  s->last_client_token = DUR_NONE;
  for (size_t i = 0; i < s->count; i++)
    if (!is_hidden(s, &s->ops[i]))
      s->pages[page].ops[s->pages[page].count++] = i;
  s->told = s->changes;
  if (!s->redelivers)
    s->seen = s->changes;
  dur_buf_init(&buf, &dur_mem_default, 1u << 28);
  dur_json_out_init(&out, &buf, 0);
  dur_event_begin(&out,
                  DUR_LIT("arn:aws:lambda:us-east-1:123456789012:function:f:1/"
                          "durable-execution/n/sim-1"),
                  dur_cstr(token));
  dur_operation execution = {.id = DUR_LIT("sim-1"),
                             .type = DUR_TYPE_EXECUTION,
                             .status = DUR_STATUS_STARTED,
                             .start_ms = 900000,
                             .has_details = 1,
                             .input = DUR_LIT("{\"q\":1}")};
  dur_operation_write(&out, &execution, DUR_TIME_MS);
  dur_event_updated(&out, write_some(s, &out, page, 0, DUR_TIME_MS));
  for (size_t i = 0; i < s->count; i++) {
    if (s->ops[i].by_timer)
      dur_json_string(&out, s->ops[i].op.id);
    s->ops[i].by_timer = 0;
  }
  dur_event_end(&out);
  dur_bytes text = keep(s, dur_buf_view(&buf));
  dur_buf_drop(&buf);
  return text;
}

void sim_service_print(const sim_service *s) {
  for (size_t i = 0; i < s->count; i++) {
    const dur_operation *op = &s->ops[i].op;
    printf("  %.8s below %.8s %s %s attempt %u name \"%.*s\" =%.*s\n",
           op->id.data, op->parent_id.data ? op->parent_id.data : "root    ",
           dur_type_text(op->type), dur_status_text(op->status), op->attempt,
           (int)op->name.len, op->name.data ? op->name.data : "",
           (int)(op->result.len < 60 ? op->result.len : 60),
           op->result.data ? op->result.data : "");
  }
}
