/* script_service: the durable service of a script, in memory.
 *
 * Applies updates as the service does (a refused one fails the test), moves
 * timers by the script's clock, tells in every reply what changed since the
 * last one, and deletes what lay below a finished context. */
#include "script_service.h"

#include "engine/dialect.h"
#include "wire/call.h"

enum { OPS = 16384, UPDATES = 65536, CALLS = 16384, PATHS = 16384 };
#define EXECUTION_ID "inv-1"
#define ARN                                                                    \
  "arn:aws:lambda:us-east-1:123456789012:function:f:1/durable-execution/"      \
  "n/" EXECUTION_ID

static dur_arena arena;
static dur_hasher *hasher;
static struct {
  dur_operation op;
  int dirty, hidden, gone, updated;
} ops[OPS];
static size_t op_count;

static dur_update updates[UPDATES];
static size_t update_count;
static struct {
  size_t first, count;
  int call;
  dur_bytes marker;
} calls[CALLS];
static size_t call_count, call_told, opened_at;

static struct {
  char *path;
  char id[DUR_ID_TEXT_MAX + 1];
} paths[PATHS];
static size_t path_count;

static uint32_t token; /* the number in the current one */
static char told[1 << 20];

/* A call that is repeated gets the answer that it got. */
static char *last_answer;
static char last_client_token[65];

void service_reset(void) {
  service_drop();
  dur_arena_init(&arena, &dur_mem_default);
  hasher = dur_hasher_new(&dur_mem_default);
}

void service_drop(void) {
  if (hasher) {
    dur_hasher_free(hasher);
    dur_arena_drop(&arena);
  }
  hasher = NULL;
  free(last_answer);
  last_answer = NULL;
  op_count = update_count = call_count = call_told = opened_at = 0;
  path_count = 0;
  token = 0;
}

static char *copy(const char *data, size_t len, char from, char to) {
  char *out = malloc(len + 1);
  assert_non_null(out);
  for (size_t i = 0; i < len; i++)
    out[i] = data[i] == from ? to : data[i];
  out[len] = '\0';
  return out;
}

char *service_json(const char *quoted) {
  return copy(quoted, strlen(quoted), '\'', '"');
}

char *service_text(const char *json, size_t len) {
  return copy(json ? json : "", json ? len : 0, '"', '\'');
}

static dur_bytes keep(const char *data, size_t len) {
  dur_bytes b = dur_arena_copy(&arena, (dur_bytes){data, len});
  assert_non_null(b.data);
  return b;
}

/* ---- ids and paths */

static const dur_dialect *dialect(void) {
  return dur_dialect_get((dur_dialect_kind)sc.options.dialect);
}

static void id_of(const char *path, char id[DUR_ID_TEXT_MAX + 1]) {
  dur_bytes place = DUR_NONE;
  int len = 0;
  for (const char *p = path;; p++) {
    dur_buf next;
    uint64_t n = strtoull(p, (char **)&p, 10);
    len = dur_dialect_id(dialect(), hasher, place, n, id);
    assert_true(len > 0);
    if (*p != '.')
      break;
    dur_buf_init(&next, &dur_mem_default, 4096);
    dur_dialect_child_path(dialect(), &next, place, n,
                           (dur_bytes){id, (size_t)len});
    place = keep(next.data, next.len);
    dur_buf_drop(&next);
  }
  id[len] = '\0';
}

const char *sc_id(const char *path) {
  for (size_t i = 0; i < path_count; i++)
    if (strcmp(paths[i].path, path) == 0)
      return paths[i].id;
  assert_true(path_count < PATHS);
  paths[path_count].path = (char *)(uintptr_t)keep(path, strlen(path)).data;
  id_of(path, paths[path_count].id);
  return paths[path_count++].id;
}

static const char *known_path(dur_bytes id) {
  for (size_t i = 0; i < path_count; i++)
    if (dur_bytes_is(id, paths[i].id))
      return paths[i].path;
  return NULL;
}

/* Look below |head| for the path of |id|, |deep| levels of at most |width|. */
static const char *search(dur_bytes id, const char *head, int deep, int width) {
  char path[256], text[DUR_ID_TEXT_MAX + 1];
  for (int n = 0; n <= width; n++) {
    snprintf(path, sizeof path, "%s%s%d", head, *head ? "." : "", n);
    id_of(path, text);
    if (dur_bytes_is(id, text)) {
      sc_id(path);
      return known_path(id);
    }
  }
  for (int n = 0; deep > 1 && n <= 12; n++) {
    snprintf(path, sizeof path, "%s%s%d", head, *head ? "." : "", n);
    const char *found = search(id, path, deep - 1, 12);
    if (found)
      return found;
  }
  return NULL;
}

static const char *path_of(dur_bytes id, dur_bytes parent) {
  const char *found = known_path(id);
  const char *head = parent.len ? known_path(parent) : NULL;
  if (!found)
    found = search(id, head ? head : "", 1, 400);
  if (!found)
    found = search(id, head ? head : "", 4, 12);
  return found ? found : "?";
}

/* ---- the record */

/* A place kept for an operation that is to be hidden. */
static int is_blank(const dur_operation *op) {
  return op->type == DUR_TYPE_OTHER && !op->type_text.data;
}

static size_t find(dur_bytes id) {
  for (size_t i = 0; i < op_count; i++)
    if (!ops[i].gone && dur_bytes_eq(ops[i].op.id, id))
      return i;
  return OPS;
}

static size_t add(dur_bytes id) {
  assert_true(op_count < OPS);
  memset(&ops[op_count], 0, sizeof ops[op_count]);
  ops[op_count].op.id = id;
  return op_count++;
}

static int64_t clock_ms(void) {
  return sc.now_ms + sc.ahead_ms;
}

/* ' becomes ", and @<path> the id of that path */
static void spell(dur_buf *out, const char *quoted) {
  for (const char *p = quoted; *p; p++) {
    if (*p != '@') {
      dur_buf_char(out, *p == '\'' ? '"' : *p);
      continue;
    }
    char path[128];
    size_t len = strspn(p + 1, "0123456789.");
    snprintf(path, sizeof path, "%.*s", (int)len, p + 1);
    dur_buf_str(out, sc_id(path));
    p += len;
  }
}

static const char *sub_type_of(const char *type) {
  return strcmp(type, "STEP") == 0             ? "Step"
         : strcmp(type, "WAIT") == 0           ? "Wait"
         : strcmp(type, "CALLBACK") == 0       ? "Callback"
         : strcmp(type, "CHAINED_INVOKE") == 0 ? "ChainedInvoke"
         : strcmp(type, "CONTEXT") == 0        ? "RunInChildContext"
                                               : NULL;
}

static void compose(dur_buf *out, const char *type, const char *path,
                    const char *status, const char *more) {
  const char *dot = strrchr(path, '.');
  dur_buf_str(out, "{\"Id\":\"");
  dur_buf_str(out, strcmp(type, "EXECUTION") == 0 ? path : sc_id(path));
  dur_buf_str(out, "\"");
  if (dot && !strstr(more, "'ParentId'")) {
    char parent[128];
    snprintf(parent, sizeof parent, "%.*s", (int)(dot - path), path);
    dur_buf_str(out, ",\"ParentId\":\"");
    dur_buf_str(out, sc_id(parent));
    dur_buf_str(out, "\"");
  }
  if (sub_type_of(type) && !strstr(more, "'SubType'")) {
    dur_buf_str(out, ",\"SubType\":\"");
    dur_buf_str(out, sub_type_of(type));
    dur_buf_str(out, "\"");
  }
  dur_buf_str(out, ",\"Type\":\"");
  dur_buf_str(out, type);
  dur_buf_str(out, "\",\"Status\":\"");
  dur_buf_str(out, status);
  dur_buf_str(out, "\"");
  if (!strstr(more, "'StartTimestamp'"))
    dur_buf_str(out, ",\"StartTimestamp\":900000");
  if (*more)
    dur_buf_char(out, ',');
  spell(out, more);
  dur_buf_char(out, '}');
}

static void read_op(size_t at, const char *type, const char *path,
                    const char *status, const char *more) {
  dur_buf json;
  dur_json reader;
  const char *why = "";
  dur_buf_init(&json, &dur_mem_default, 64u << 20);
  compose(&json, type, path, status, more ? more : "");
  dur_bytes text = keep(json.data, json.len);
  dur_buf_drop(&json);
  dur_json_init(&reader, text, 0);
  if (dur_operation_read(&reader, &arena, &ops[at].op, &why) != 0)
    fail_msg("%s in %s", why, text.data);
}

void sc_rec(const char *type, const char *path, const char *status,
            const char *more) {
  dur_bytes id = dur_cstr(sc_id(path));
  size_t at = find(id);
  read_op(at == OPS ? add(id) : at, type, path, status, more);
}

static size_t must_find(const char *path) {
  size_t at = find(dur_cstr(sc_id(path)));
  if (at == OPS)
    fail_msg("the service has no operation %s", path);
  return at;
}

void sc_updated(const char *path) {
  ops[must_find(path)].updated = 1;
}

void sc_hide(const char *path) {
  dur_bytes id = dur_cstr(sc_id(path));
  size_t at = find(id);
  ops[at == OPS ? add(id) : at].hidden = 1;
}

void sc_forget(const char *path) {
  ops[must_find(path)].gone = 1;
}

void sc_settle(const char *path, const char *status, const char *more) {
  size_t at = must_find(path);
  dur_operation was = ops[at].op;
  read_op(at, dur_type_text(was.type), path, status, more);
  dur_operation *is = &ops[at].op;
  is->parent_id = was.parent_id;
  is->name = was.name;
  is->sub_type = was.sub_type;
  is->start_ms = was.start_ms;
  is->end_ms = is->end_ms ? is->end_ms : clock_ms();
  is->attempt = is->attempt ? is->attempt : was.attempt;
  is->callback_id = was.callback_id;
  is->has_details = 1;
  ops[at].dirty = 1;
}

void sc_settle_all(void) {
  for (size_t i = 0; i < op_count; i++) {
    dur_operation *op = &ops[i].op;
    if ((op->type != DUR_TYPE_CALLBACK &&
         op->type != DUR_TYPE_CHAINED_INVOKE) ||
        op->status != DUR_STATUS_STARTED)
      continue;
    op->status = DUR_STATUS_SUCCEEDED;
    op->result = op->type == DUR_TYPE_CALLBACK ? DUR_LIT("v") : DUR_LIT("1");
    op->end_ms = clock_ms();
    ops[i].dirty = 1;
  }
}

/* ---- time */

static void tick(void) {
  for (size_t i = 0; i < op_count; i++) {
    dur_operation *op = &ops[i].op;
    if (op->type == DUR_TYPE_STEP && op->status == DUR_STATUS_PENDING &&
        op->next_attempt_ms && op->next_attempt_ms <= clock_ms()) {
      op->status = DUR_STATUS_READY;
      op->next_attempt_ms = 0;
      ops[i].dirty = 1;
    }
    if (op->type == DUR_TYPE_WAIT && op->status == DUR_STATUS_STARTED &&
        op->scheduled_end_ms && op->scheduled_end_ms <= clock_ms()) {
      op->status = DUR_STATUS_SUCCEEDED;
      op->end_ms = op->scheduled_end_ms;
      ops[i].dirty = 1;
    }
  }
}

/* ---- the invocation event */

static int is_below(dur_bytes id, dur_bytes ancestor) {
  for (int i = 0; i < 64; i++) {
    size_t at = find(id);
    if (at == OPS || ops[at].op.parent_id.len == 0)
      return 0;
    id = ops[at].op.parent_id;
    if (dur_bytes_eq(id, ancestor))
      return 1;
  }
  return 0;
}

/* What lies below a finished context is gone, unless its children are its
 * result. */
static void prune(void) {
  for (size_t i = 0; i < op_count; i++) {
    const dur_operation *op = &ops[i].op;
    if (ops[i].gone || op->type != DUR_TYPE_CONTEXT ||
        !dur_status_is_terminal(op->status) || op->replay_children)
      continue;
    for (size_t k = 0; k < op_count; k++)
      if (!ops[k].gone && is_below(ops[k].op.id, op->id))
        ops[k].gone = 1;
  }
}

static size_t pages_from; /* of ops, what the next state page starts with */

static void token_text(char out[32]) {
  snprintf(out, 32, "token-%u", token);
}

char *service_event(void) {
  dur_buf buf;
  dur_json_out out;
  char now[32];
  tick();
  prune();
  dur_buf_init(&buf, &dur_mem_default, 256u << 20);
  dur_json_out_init(&out, &buf, 0);
  token++;
  token_text(now);
  dur_event_begin(&out, DUR_LIT(ARN), dur_cstr(now));
  dur_operation execution = {.id = DUR_LIT(EXECUTION_ID),
                             .type = DUR_TYPE_EXECUTION,
                             .status = DUR_STATUS_STARTED,
                             .start_ms = 900000,
                             .has_details = 1,
                             .input = DUR_LIT("{\"q\":1}")};
  dur_operation_write(&out, &execution, DUR_TIME_MS);
  size_t given = 1;
  pages_from = OPS;
  for (size_t i = 0; i < op_count; i++) {
    ops[i].dirty = 0;
    if (ops[i].gone || is_blank(&ops[i].op))
      continue;
    if (sc.page_items && given++ >= sc.page_items) {
      pages_from = i;
      break;
    }
    dur_operation_write(&out, &ops[i].op, DUR_TIME_MS);
  }
  dur_event_updated(&out, pages_from < OPS ? DUR_LIT("page") : DUR_NONE);
  for (size_t i = 0; i < op_count; i++)
    if (ops[i].updated)
      dur_json_string(&out, ops[i].op.id);
  dur_event_end(&out);
  call_told = call_count;
  opened_at = update_count;
  char *text = copy(buf.data, buf.len, 0, 0);
  dur_buf_drop(&buf);
  return text;
}

/* ---- what goes out */

static int take_update(void *user, const dur_update *update) {
  (void)user;
  assert_true(update_count < UPDATES);
  updates[update_count++] = *update;
  return 0;
}

void service_take(const durable_engine_event *send) {
  assert_true(call_count < CALLS);
  calls[call_count].call = send->call;
  calls[call_count].first = update_count;
  calls[call_count].marker = DUR_NONE;
  if (send->call == DURABLE_CALL_GET_STATE) {
    calls[call_count].marker = keep(send->marker.data, send->marker.len);
    assert_string_equal(send->method, "GET");
  } else {
    dur_checkpoint read = {0};
    const char *why = "";
    assert_string_equal(send->method, "POST");
    dur_bytes body = keep(send->body.data, send->body.len);
    if (dur_checkpoint_read(body, &arena, take_update, NULL, &read, &why))
      fail_msg("%s in %s", why, body.data);
    assert_true(dur_bytes_eq(read.token,
                             (dur_bytes){send->token.data, send->token.len}));
    assert_true(
        dur_bytes_eq(read.client_token, (dur_bytes){send->client_token.data,
                                                    send->client_token.len}));
  }
  calls[call_count].count = update_count - calls[call_count].first;
  call_count++;
}

/* ---- applying updates */

static void refuse(const dur_update *u, const char *why) {
  if (sc.strict)
    fail_msg("the service refuses %s of %s: %s", dur_action_text(u->action),
             path_of(u->id, u->parent_id), why);
}

static void check_update(const dur_update *u, size_t at) {
  int there = at < OPS && !is_blank(&ops[at].op);
  dur_status is = there ? ops[at].op.status : DUR_STATUS_OTHER;
  if (u->parent_id.len) {
    size_t parent = find(u->parent_id);
    if (parent == OPS || ops[parent].op.type != DUR_TYPE_CONTEXT)
      refuse(u, "its parent is not known");
  }
  if (there &&
      (ops[at].op.type != u->type || !dur_bytes_eq(ops[at].op.name, u->name) ||
       !dur_bytes_eq(ops[at].op.parent_id, u->parent_id) ||
       !dur_bytes_eq(ops[at].op.sub_type, u->sub_type)))
    refuse(u, "it is recorded as something else");
  if (there && dur_status_is_terminal(is))
    refuse(u, "it is over");
  if (u->action == DUR_ACTION_START && there && is != DUR_STATUS_READY)
    refuse(u, "it was started");
  if (u->action == DUR_ACTION_RETRY &&
      (!u->has_step || u->next_attempt_delay_s < 1 ||
       (u->payload.data && u->has_error)))
    refuse(u, "a retry has a delay, and a payload or an error");
  if (u->action == DUR_ACTION_FAIL && u->payload.data)
    refuse(u, "a failure has no payload");
  if (u->action == DUR_ACTION_SUCCEED && u->has_error)
    refuse(u, "a success has no error");
}

static void begin(dur_operation *op, const dur_update *u) {
  char text[32];
  op->status = DUR_STATUS_STARTED;
  op->result = DUR_NONE;
  op->has_error = 0;
  op->has_details = 1;
  op->start_ms = op->start_ms ? op->start_ms : clock_ms();
  if (u->type == DUR_TYPE_WAIT)
    op->scheduled_end_ms = clock_ms() + u->wait_s * 1000;
  if (u->type == DUR_TYPE_CALLBACK) {
    int len =
        snprintf(text, sizeof text, "cb-%s", path_of(u->id, u->parent_id));
    op->callback_id = keep(text, (size_t)len);
  }
}

static void finish(dur_operation *op, const dur_update *u) {
  op->status = u->action == DUR_ACTION_SUCCEED ? DUR_STATUS_SUCCEEDED
                                               : DUR_STATUS_FAILED;
  op->end_ms = clock_ms();
  op->has_details = 1;
  op->result = u->payload;
  op->error = u->error;
  op->has_error = u->has_error;
  op->replay_children = u->has_context && u->replay_children;
  op->attempt += op->type == DUR_TYPE_STEP;
}

static void again(dur_operation *op, const dur_update *u) {
  op->status = DUR_STATUS_PENDING;
  op->attempt++;
  op->next_attempt_ms = clock_ms() + u->next_attempt_delay_s * 1000;
  op->result = u->payload;
  op->error = u->error;
  op->has_error = u->has_error;
  op->has_details = 1;
}

static void apply(const dur_update *u) {
  if (u->type == DUR_TYPE_EXECUTION)
    return;
  size_t at = find(u->id);
  check_update(u, at);
  if (at == OPS)
    at = add(u->id);
  dur_operation *op = &ops[at].op;
  op->type = u->type;
  op->name = u->name;
  op->sub_type = u->sub_type;
  op->parent_id = u->parent_id;
  op->start_ms = op->start_ms ? op->start_ms : clock_ms();
  ops[at].dirty = 1;
  if (u->action == DUR_ACTION_START)
    begin(op, u);
  else if (u->action == DUR_ACTION_RETRY)
    again(op, u);
  else
    finish(op, u);
}

static char *state_page(void) {
  dur_buf buf;
  dur_json_out out;
  size_t given = 0, i = pages_from;
  dur_buf_init(&buf, &dur_mem_default, 256u << 20);
  dur_json_out_init(&out, &buf, 0);
  dur_page_begin(&out, 1, DUR_NONE);
  for (; i < op_count && given < sc.page_items; i++) {
    if (ops[i].gone || is_blank(&ops[i].op) || ops[i].hidden)
      continue;
    if (pages_from < OPS && ops[i].dirty == 2)
      continue;
    dur_operation_write(&out, &ops[i].op, DUR_TIME_S);
    given++;
  }
  pages_from = i;
  dur_page_end(&out, 1, i < op_count ? DUR_LIT("page") : DUR_NONE);
  char *text = copy(buf.data, buf.len, 0, 0);
  dur_buf_drop(&buf);
  return text;
}

static char *checkpoint_answer(int final) {
  dur_buf buf;
  dur_json_out out;
  char next[32];
  size_t given = 0;
  token++;
  token_text(next);
  dur_buf_init(&buf, &dur_mem_default, 256u << 20);
  dur_json_out_init(&out, &buf, 0);
  dur_page_begin(&out, 0, final ? DUR_NONE : dur_cstr(next));
  pages_from = OPS;
  for (size_t i = 0; i < op_count; i++) {
    if (!ops[i].dirty || ops[i].hidden || ops[i].gone)
      continue;
    if (sc.page_items && given++ >= sc.page_items) {
      pages_from = i;
      break;
    }
    ops[i].dirty = 0;
    dur_operation_write(&out, &ops[i].op, DUR_TIME_S);
  }
  dur_page_end(&out, 0, pages_from < OPS ? DUR_LIT("page") : DUR_NONE);
  char *text = copy(buf.data, buf.len, 0, 0);
  dur_buf_drop(&buf);
  return text;
}

static char *answer_again(const durable_engine_event *send) {
  if (send->call != DURABLE_CALL_CHECKPOINT || !last_answer ||
      memcmp(send->client_token.data, last_client_token, 64) != 0)
    return NULL;
  return copy(last_answer, strlen(last_answer), 0, 0);
}

static char *remember(const durable_engine_event *send, char *body) {
  free(last_answer);
  last_answer = copy(body, strlen(body), 0, 0);
  memcpy(last_client_token, send->client_token.data, 64);
  return body;
}

char *service_answer(const durable_engine_event *send) {
  char now[32], *known = answer_again(send);
  if (known)
    return known;
  token_text(now);
  if (!dur_bytes_is((dur_bytes){send->token.data, send->token.len}, now))
    fail_msg("token %.*s, but %s is the current one", (int)send->token.len,
             send->token.data, now);
  if (send->call == DURABLE_CALL_GET_STATE)
    return state_page();
  int final = 0;
  tick();
  for (size_t i = calls[call_count - 1].first; i < update_count; i++) {
    apply(&updates[i]);
    final |= updates[i].type == DUR_TYPE_EXECUTION;
  }
  return remember(send, checkpoint_answer(final));
}

/* ---- telling */

static size_t tell_update(const dur_update *u, char *out, size_t room) {
  char *start = out, *end = out + room;
  const char *path =
      u->type == DUR_TYPE_EXECUTION ? "result" : path_of(u->id, u->parent_id);
#define TELL(...) out += snprintf(out, (size_t)(end - out), __VA_ARGS__)
  TELL("%s %s %s", dur_type_text(u->type), path, dur_action_text(u->action));
  if (u->payload.data && u->payload.len > 2000)
    TELL(" =%zu bytes", u->payload.len);
  else if (u->payload.data) {
    char *text = service_text(u->payload.data, u->payload.len);
    TELL(" =%s", text);
    free(text);
  }
  if (u->has_error)
    TELL(" !%.*s:%.*s", (int)u->error.type.len,
         u->error.type.data ? u->error.type.data : "",
         (int)u->error.message.len,
         u->error.message.data ? u->error.message.data : "");
  if (u->has_context && u->replay_children)
    TELL(" children");
  if (u->has_step)
    TELL(" +%ds", (int)u->next_attempt_delay_s);
  if (u->has_wait)
    TELL(" %ds", (int)u->wait_s);
  if (u->has_callback)
    TELL(" t%d h%d", (int)u->timeout_s, (int)u->heartbeat_timeout_s);
  if (u->has_invoke)
    TELL(" ->%.*s", (int)u->function_name.len, u->function_name.data);
  if (u->has_invoke && u->tenant_id.data)
    TELL(" @%.*s", (int)u->tenant_id.len, u->tenant_id.data);
  if (u->has_invoke && u->trace_id.data)
    TELL(" ~%.*s", (int)u->trace_id.len, u->trace_id.data);
#undef TELL
  return (size_t)(out - start);
}

const char *sc_sent(void) {
  size_t at = 0;
  const char *between = "";
  told[0] = '\0';
  for (; call_told < call_count; call_told++) {
    at += (size_t)snprintf(told + at, sizeof told - at, "%s", between);
    between = " | ";
    if (calls[call_told].call == DURABLE_CALL_GET_STATE) {
      at += (size_t)snprintf(told + at, sizeof told - at, "GET %.*s",
                             (int)calls[call_told].marker.len,
                             calls[call_told].marker.data);
      continue;
    }
    if (calls[call_told].count == 0)
      at += (size_t)snprintf(told + at, sizeof told - at, "-");
    for (size_t i = 0; i < calls[call_told].count; i++) {
      if (i)
        at += (size_t)snprintf(told + at, sizeof told - at, ", ");
      at += tell_update(&updates[calls[call_told].first + i], told + at,
                        sizeof told - at);
    }
  }
  return told;
}

size_t sc_updates(void) {
  return update_count - opened_at;
}

const char *sc_update(size_t n, const char *member) {
  static char out[512];
  assert_true(n < sc_updates());
  const dur_update *u = &updates[opened_at + n];
  dur_bytes b = strcmp(member, "Name") == 0      ? u->name
                : strcmp(member, "SubType") == 0 ? u->sub_type
                : strcmp(member, "Id") == 0      ? u->id
                                                 : u->parent_id;
  if (strcmp(member, "ParentId") == 0 && b.len)
    return path_of(b, DUR_NONE);
  snprintf(out, sizeof out, "%.*s", (int)b.len, b.data ? b.data : "");
  return out;
}
