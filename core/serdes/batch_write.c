/* batch_write: a batch result to one of its three texts. */
#include "serdes/batch.h"
#include "serdes/plain.h"
#include "serdes/tagged.h"

const char *dur_item_status_text(dur_item_status status) {
  switch (status) {
  case DUR_ITEM_SUCCEEDED:
    return "SUCCEEDED";
  case DUR_ITEM_FAILED:
    return "FAILED";
  case DUR_ITEM_STARTED:
    break;
  }
  return "STARTED";
}

typedef struct writer {
  dur_json_out json;
  dur_arena *arena;
  dur_batch_form form;
  dur_form items_are;
  dur_serdes_error *err;
} writer;

/* ---- errors */

static int set_text(dur_arena *arena, dur_value *map, const char *key,
                    dur_bytes text) {
  if (!text.data)
    return 0;
  dur_value *v = dur_value_borrow(arena, DUR_STRING, text);
  return v ? dur_value_set_borrow(arena, map, dur_cstr(key), v) : -1;
}

static int error_value(const writer *w, const dur_batch_error *error,
                       dur_value **out) {
  dur_value *map = dur_value_container(w->arena, DUR_MAP), *stack;
  *out = map;
  if (!map || set_text(w->arena, map, "ErrorMessage", error->message) ||
      set_text(w->arena, map, "ErrorType", error->type) ||
      set_text(w->arena, map, "ErrorData", error->data))
    return dur_serdes_nomem(w->err);
  if (!error->stack.data)
    return 0;
  if (dur_plain_read(w->arena, error->stack, &stack, w->err))
    return -1;
  if (dur_value_set_borrow(w->arena, map, DUR_LIT("StackTrace"), stack))
    return dur_serdes_nomem(w->err);
  return 0;
}

static int write_error(const writer *w, const dur_batch_error *error) {
  dur_value *value;
  if (error_value(w, error, &value))
    return -1;
  if (w->form == DUR_BATCH_TAGGED)
    return dur_tagged_write_inner(w->json.buf, value, w->err);
  return dur_plain_write(w->json.buf, value, w->json.spaced, w->err);
}

/* ---- items */

/* Places the separator; the value is then appended to the buffer itself. */
static dur_buf *value_place(writer *w) {
  dur_json_raw_value(&w->json, DUR_LIT(""));
  return w->json.buf;
}

static int write_result(writer *w, const dur_batch_item *item, size_t at) {
  dur_serdes_place all = {NULL, DUR_LIT("all"), 0};
  dur_serdes_place place = {&all, DUR_NONE, at};
  dur_serdes_place result = {&place, DUR_LIT("result"), 0};
  dur_form to = w->form == DUR_BATCH_TAGGED ? DUR_FORM_TAGGED : DUR_FORM_PLAIN;
  return dur_form_splice(value_place(w), w->arena, item->result, w->items_are,
                         to, &result, w->err);
}

/* {"t":tag,"v": ... in tagged form; nothing otherwise */
static void begin_envelope(writer *w, const char *tag) {
  if (w->form != DUR_BATCH_TAGGED)
    return;
  dur_json_begin_object(&w->json);
  dur_json_key(&w->json, "t");
  dur_json_cstr(&w->json, tag);
  dur_json_key(&w->json, "v");
}

static void end_envelope(writer *w) {
  if (w->form == DUR_BATCH_TAGGED)
    dur_json_end_object(&w->json);
}

static void put_text(writer *w, const char *key, dur_bytes text) {
  dur_json_key(&w->json, key);
  begin_envelope(w, "s");
  dur_json_string(&w->json, text);
  end_envelope(w);
}

static void put_index(writer *w, uint32_t index) {
  dur_json_key(&w->json, "index");
  begin_envelope(w, "i");
  dur_json_i64(&w->json, index);
  end_envelope(w);
}

static void put_null(writer *w) {
  begin_envelope(w, "n");
  dur_json_null(&w->json);
  end_envelope(w);
}

static int put_error(writer *w, const dur_batch_item *item) {
  dur_json_key(&w->json, "error");
  if (item->has_error) {
    value_place(w);
    return write_error(w, &item->error);
  }
  put_null(w);
  return 0;
}

static int write_python_item(writer *w, const dur_batch_item *item, size_t at) {
  begin_envelope(w, "m");
  dur_json_begin_object(&w->json);
  put_index(w, item->index);
  put_text(w, "status", dur_cstr(dur_item_status_text(item->status)));
  dur_json_key(&w->json, "result");
  if (write_result(w, item, at) || put_error(w, item))
    return -1;
  dur_json_end_object(&w->json);
  end_envelope(w);
  return 0;
}

static int write_js_item(writer *w, const dur_batch_item *item, size_t at) {
  dur_json_begin_object(&w->json);
  if (item->status == DUR_ITEM_SUCCEEDED) {
    dur_json_key(&w->json, "result");
    if (write_result(w, item, at))
      return -1;
  } else if (item->has_error && put_error(w, item)) {
    return -1;
  }
  put_index(w, item->index);
  put_text(w, "status", dur_cstr(dur_item_status_text(item->status)));
  dur_json_end_object(&w->json);
  return 0;
}

int dur_batch_write(dur_buf *out, dur_arena *arena, const dur_batch *batch,
                    dur_batch_form form, dur_form items_are,
                    dur_serdes_error *err) {
  writer w = {.arena = arena, .form = form, .items_are = items_are, .err = err};
  size_t start = out->len;
  dur_json_out_init(&w.json, out, form == DUR_BATCH_DICT);
  begin_envelope(&w, "br");
  dur_json_begin_object(&w.json);
  dur_json_key(&w.json, "all");
  begin_envelope(&w, "l");
  dur_json_begin_array(&w.json);
  for (size_t i = 0; i < batch->count; i++)
    if (form == DUR_BATCH_JS ? write_js_item(&w, &batch->items[i], i)
                             : write_python_item(&w, &batch->items[i], i))
      return -1;
  dur_json_end_array(&w.json);
  end_envelope(&w);
  if (batch->reason.data)
    put_text(&w, "completionReason", batch->reason);
  dur_json_end_object(&w.json);
  end_envelope(&w);
  return dur_plain_check_made(out, start, err);
}
