/* notes: records for plugins and logs, in the order in which things happened.
 *
 * Log records are always kept; plugin records only when the front end asked for
 * them, so that nobody pays for text that nobody reads.  Times are Unix ms;
 * absent members are left out. */
#include "engine/internal.h"

enum {
  NOTE_INVOCATION_START = 1,
  NOTE_INVOCATION_END,
  NOTE_OPERATION_START,
  NOTE_OPERATION_END,
  NOTE_OPERATION_CHANGE,
  NOTE_BODY_START,
  NOTE_BODY_END,
  NOTE_LOG
};

static void push(dur_engine *e, int kind, const dur_op *op, dur_buf *text) {
  dur_note *note = text->failed ? NULL : dur_alloc(&e->mem, sizeof *note);
  if (!note) { /* a lost record is no reason to lose the execution */
    dur_buf_drop(text);
    return;
  }
  *note = (dur_note){.kind = kind, .op = op ? op->handle : 0};
  note->text = dur_buf_take(text, &note->len, &note->cap);
  if (e->notes_tail)
    e->notes_tail->next = note;
  else
    e->notes = note;
  e->notes_tail = note;
}

static void free_note(dur_engine *e, dur_note *note) {
  if (!note)
    return;
  dur_free(&e->mem, note->text, note->cap);
  dur_free(&e->mem, note, sizeof *note);
}

int dur_note_next(dur_engine *e, int *kind, int32_t *op, dur_bytes *json) {
  dur_note *note = e->notes;
  free_note(e, e->note_out);
  e->note_out = note;
  if (!note)
    return 0;
  e->notes = note->next;
  if (!e->notes)
    e->notes_tail = NULL;
  *kind = note->kind;
  *op = note->op;
  *json = (dur_bytes){note->text, note->len};
  return 1;
}

void dur_notes_drop(dur_engine *e) {
  int kind;
  int32_t op;
  dur_bytes json;
  while (dur_note_next(e, &kind, &op, &json))
    ;
}

/* ---- members */

static void text_member(dur_json_out *out, const char *key, dur_bytes text) {
  if (!text.data)
    return;
  dur_json_key(out, key);
  dur_json_string(out, text);
}

static void number_member(dur_json_out *out, const char *key, int64_t n) {
  dur_json_key(out, key);
  dur_json_i64(out, n);
}

static void time_member(dur_json_out *out, const char *key, int64_t ms) {
  if (ms)
    number_member(out, key, ms);
}

static void bool_member(dur_json_out *out, const char *key, int truth) {
  dur_json_key(out, key);
  dur_json_bool(out, truth);
}

static void error_member(dur_json_out *out, const dur_error *error) {
  dur_json_key(out, "error");
  dur_error_write(out, error);
}

static void begin(dur_engine *e, dur_buf *buf, dur_json_out *out) {
  dur_buf_init(buf, &e->mem, DUR_EVENT_BYTES_MAX);
  dur_json_out_init(out, buf, 0);
  dur_json_begin_object(out);
}

static void end(dur_engine *e, int kind, const dur_op *op, dur_buf *buf,
                dur_json_out *out) {
  dur_json_end_object(out);
  push(e, kind, op, buf);
}

/* ---- log */

void dur_note_log(dur_engine *e, const char *level, const char *text,
                  dur_bytes what) {
  dur_buf buf, line;
  dur_json_out out;
  dur_buf_init(&line, &e->mem, 65536);
  dur_buf_str(&line, text);
  dur_buf_bytes(&line, what);
  begin(e, &buf, &out);
  text_member(&out, "level", dur_cstr(level));
  text_member(&out, "message", dur_buf_view(&line));
  end(e, NOTE_LOG, NULL, &buf, &out);
  dur_buf_drop(&line);
}

/* ---- operations */

static dur_type type_of(const dur_op *op) {
  switch ((dur_op_kind)op->kind) {
  case DUR_KIND_STEP:
  case DUR_KIND_CONDITION:
    return DUR_TYPE_STEP;
  case DUR_KIND_WAIT:
    return DUR_TYPE_WAIT;
  case DUR_KIND_CALLBACK:
  case DUR_KIND_CALLBACK_RESULT:
    return DUR_TYPE_CALLBACK;
  case DUR_KIND_INVOKE:
    return DUR_TYPE_CHAINED_INVOKE;
  default:
    return DUR_TYPE_CONTEXT;
  }
}

/* What is known from the claim. */
static void identity(dur_json_out *out, const dur_op *op) {
  text_member(out, "operation_id", op->id);
  text_member(out, "operation_type", dur_cstr(dur_type_text(type_of(op))));
  text_member(out, "sub_type", op->sub_type);
  text_member(out, "name", op->name);
  text_member(out, "parent_id", op->ctx->parent_id);
}

/* What is known from the record. */
static void recorded(dur_json_out *out, const dur_operation *op) {
  text_member(out, "operation_id", op->id);
  text_member(out, "operation_type",
              op->type == DUR_TYPE_OTHER ? op->type_text
                                         : dur_cstr(dur_type_text(op->type)));
  text_member(out, "sub_type", op->sub_type);
  text_member(out, "name", op->name);
  text_member(out, "parent_id", op->parent_id);
  text_member(out, "status",
              op->status == DUR_STATUS_OTHER
                  ? op->status_text
                  : dur_cstr(dur_status_text(op->status)));
  time_member(out, "start_time", op->start_ms);
  time_member(out, "end_time", op->end_ms);
  text_member(out, "result", op->result);
  if (op->has_error)
    error_member(out, &op->error);
  if (op->type == DUR_TYPE_STEP)
    number_member(out, "attempt", op->attempt);
}

void dur_note_op_start(dur_engine *e, const dur_op *op) {
  dur_buf buf;
  dur_json_out out;
  if (!e->set.records)
    return;
  op->entry->noticed = 1;
  begin(e, &buf, &out);
  identity(&out, op);
  text_member(&out, "status", DUR_LIT("STARTED"));
  bool_member(&out, "is_replayed", op->entry->known);
  end(e, NOTE_OPERATION_START, op, &buf, &out);
}

static int is_known(const dur_entry *entry) {
  return entry->known;
}

/* A member with those on record that |pick| takes, in no order; how many. */
static int64_t operations(dur_engine *e, dur_json_out *out, const char *key,
                          int (*pick)(const dur_entry *entry)) {
  int64_t count = 0;
  dur_json_key(out, key);
  dur_json_begin_array(out);
  for (size_t i = 0; i < e->entries.cap; i++) {
    const dur_entry *entry = e->entries.slots[i].value;
    if (!entry || !pick(entry))
      continue;
    count++;
    dur_json_begin_object(out);
    recorded(out, &entry->op);
    dur_json_end_object(out);
  }
  dur_json_end_array(out);
  return count;
}

static void note_record(dur_engine *e, int kind, const dur_entry *entry,
                        int is_replayed) {
  dur_buf buf;
  dur_json_out out;
  begin(e, &buf, &out);
  recorded(&out, &entry->op);
  bool_member(&out, "is_replayed", is_replayed);
  end(e, kind, entry->live, &buf, &out);
}

void dur_note_replayed(dur_engine *e, dur_entry *entry, dur_op *op) {
  (void)op;
  int terminal = dur_status_is_terminal(entry->op.status);
  if (!e->set.records || entry->op.type == DUR_TYPE_EXECUTION)
    return;
  if (entry->updated) {
    if (terminal)
      note_record(e, NOTE_OPERATION_END, entry, 0);
    return;
  }
  if (entry->noticed || terminal || entry->op.status == DUR_STATUS_READY)
    return;
  entry->noticed = 1;
  note_record(e, NOTE_OPERATION_START, entry, 1);
}

void dur_note_merged(dur_engine *e, dur_entry **changed, size_t count) {
  dur_buf buf;
  dur_json_out out;
  if (!e->set.records)
    return;
  size_t news = 0;
  for (size_t i = 0; i < count; i++) {
    news += changed[i]->changed;
    if (dur_status_is_terminal(changed[i]->op.status) &&
        changed[i]->op.type != DUR_TYPE_EXECUTION)
      note_record(e, NOTE_OPERATION_END, changed[i], 0);
  }
  if (news == 0)
    return;
  begin(e, &buf, &out);
  text_member(&out, "execution_arn", e->arn);
  number_member(&out, "operation_count", e->known);
  number_member(&out, "updated_operation_count", (int64_t)news);
  dur_json_key(&out, "updated_operations");
  dur_json_begin_array(&out);
  for (size_t i = 0; i < count; i++) {
    if (!changed[i]->changed)
      continue;
    dur_json_begin_object(&out);
    recorded(&out, &changed[i]->op);
    bool_member(&out, "is_replayed", 0);
    dur_json_end_object(&out);
  }
  dur_json_end_array(&out);
  if (e->set.records > 1)
    operations(e, &out, "operations", is_known);
  end(e, NOTE_OPERATION_CHANGE, NULL, &buf, &out);
}

/* ---- invocation */

static void invocation(dur_engine *e, dur_json_out *out) {
  text_member(out, "request_id", e->set.request_id);
  text_member(out, "execution_arn", e->arn);
  bool_member(out, "is_first_invocation", !e->has_prior);
  time_member(out, "execution_start_time", e->start_ms);
  number_member(out, "operation_count", e->known);
}

static int is_updated(const dur_entry *entry) {
  return entry->known && entry->updated;
}

void dur_note_invocation_start(dur_engine *e) {
  dur_buf buf;
  dur_json_out out;
  if (!e->set.records)
    return;
  begin(e, &buf, &out);
  invocation(e, &out);
  int64_t news = operations(e, &out, "updated_operations", is_updated);
  number_member(&out, "updated_operation_count", news);
  end(e, NOTE_INVOCATION_START, NULL, &buf, &out);
}

void dur_note_invocation_end(dur_engine *e) {
  static const char *const status[] = {"", "SUCCEEDED", "FAILED", "PENDING",
                                       "RETRY"};
  dur_buf buf;
  dur_json_out out;
  if (!e->set.records)
    return;
  begin(e, &buf, &out);
  invocation(e, &out);
  text_member(&out, "status", dur_cstr(status[e->outcome]));
  if (e->has_error)
    error_member(&out, &e->error);
  end(e, NOTE_INVOCATION_END, NULL, &buf, &out);
}

/* ---- bodies */

static void body(dur_engine *e, dur_json_out *out, const dur_op *op) {
  identity(out, op);
  bool_member(out, "is_replayed", 0);
  bool_member(out, "is_replay_children", op->rebuild);
  time_member(out, "start_time", e->now_ms);
  if (op->attempt)
    number_member(out, "attempt", op->attempt);
}

void dur_note_body_start(dur_engine *e, const dur_op *op) {
  dur_buf buf;
  dur_json_out out;
  if (!e->set.records)
    return;
  begin(e, &buf, &out);
  body(e, &out, op);
  text_member(&out, "status", DUR_LIT("STARTED"));
  end(e, NOTE_BODY_START, op, &buf, &out);
}

void dur_note_body_end(dur_engine *e, const dur_op *op, const dur_error *err) {
  dur_buf buf;
  dur_json_out out;
  if (!e->set.records)
    return;
  begin(e, &buf, &out);
  body(e, &out, op);
  time_member(&out, "end_time", e->now_ms);
  text_member(&out, "outcome", err ? DUR_LIT("FAILED") : DUR_LIT("SUCCEEDED"));
  if (err)
    error_member(&out, err);
  end(e, NOTE_BODY_END, op, &buf, &out);
}

void dur_note_context_end(dur_engine *e, const dur_op *op) {
  dur_buf buf;
  dur_json_out out;
  if (!e->set.records)
    return;
  int failed = op->error_kind != DUR_ERR_NONE;
  begin(e, &buf, &out);
  identity(&out, op);
  bool_member(&out, "is_replayed", op->rebuild);
  time_member(&out, "end_time", e->now_ms);
  text_member(&out, "status",
              failed ? DUR_LIT("FAILED") : DUR_LIT("SUCCEEDED"));
  if (failed)
    error_member(&out, &op->error);
  end(e, NOTE_OPERATION_END, op, &buf, &out);
}
