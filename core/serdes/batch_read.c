/* batch_read: any of the three texts to a batch result.
 *
 * The three differ in two ways: whether members stand in envelopes, which
 * |from| says once for the whole text, and the order of keys, which does not
 * matter.
 */
#include "serdes/batch.h"
#include "serdes/member.h"
#include "serdes/plain.h"

typedef struct reader {
  dur_arena *arena;
  dur_form from, items_are;
  dur_serdes_error *err;
} reader;

/* What stands in the envelope, if there is one. */
static dur_bytes peel(const reader *r, dur_bytes raw) {
  dur_bytes inner;
  if (r->from == DUR_FORM_PLAIN || !raw.data)
    return raw;
  dur_member_envelope(raw, &inner);
  return inner.data ? inner : raw;
}

static int is_null(dur_bytes raw) {
  return !raw.data || dur_member_first(raw) == 'n';
}

static int wrong(const reader *r, const dur_serdes_place *at,
                 const char *what) {
  return dur_serdes_fail_at(r->err, DUR_SERDES_FORM, at, "%s", what);
}

/* A string; null and missing are absent. */
static int read_text(const reader *r, dur_bytes raw, dur_bytes *out,
                     const dur_serdes_place *at) {
  dur_bytes json = peel(r, raw);
  *out = DUR_NONE;
  if (is_null(json))
    return 0;
  if (dur_member_first(json) != '"')
    return wrong(r, at, "expected a string");
  return dur_member_string(r->arena, json, out) ? dur_serdes_nomem(r->err) : 0;
}

/* ---- items */

static int read_error(const reader *r, dur_bytes raw, dur_batch_item *item,
                      const dur_serdes_place *up) {
  static const char *const keys[] = {"ErrorMessage", "ErrorType", "ErrorData",
                                     "StackTrace"};
  dur_serdes_place at = {up, DUR_LIT("error"), 0};
  dur_batch_error *e = &item->error;
  dur_bytes raws[4], json = peel(r, raw);
  if (is_null(json))
    return 0;
  if (dur_member_first(json) != '{')
    return wrong(r, &at, "expected an error object");
  item->has_error = 1;
  dur_member_find(json, keys, 4, raws);
  if (read_text(r, raws[0], &e->message, &at) ||
      read_text(r, raws[1], &e->type, &at) ||
      read_text(r, raws[2], &e->data, &at))
    return -1;
  if (is_null(peel(r, raws[3])))
    return 0;
  if (dur_member_first(peel(r, raws[3])) != '[')
    return wrong(r, &at, "StackTrace is not a list");
  return dur_form_extract(r->arena, raws[3], r->from, DUR_FORM_PLAIN, &e->stack,
                          r->err);
}

static int read_status(const reader *r, dur_bytes raw, dur_batch_item *item,
                       const dur_serdes_place *at) {
  static const dur_item_status all[] = {DUR_ITEM_SUCCEEDED, DUR_ITEM_FAILED,
                                        DUR_ITEM_STARTED};
  dur_bytes text;
  if (read_text(r, raw, &text, at))
    return -1;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    item->status = all[i];
    if (dur_bytes_is(text, dur_item_status_text(all[i])))
      return 0;
  }
  return wrong(r, at, "not the status of a batch item");
}

static int read_item(const reader *r, dur_bytes raw, dur_batch_item *item,
                     const dur_serdes_place *at) {
  static const char *const keys[] = {"index", "status", "result", "error"};
  dur_bytes raws[4], json = peel(r, raw);
  int64_t index;
  *item = (dur_batch_item){0};
  if (dur_member_first(json) != '{')
    return wrong(r, at, "expected a batch item");
  dur_member_find(json, keys, 4, raws);
  if (!dur_member_int(peel(r, raws[0]), &index) || index < 0 ||
      index >= DUR_BATCH_MAX_ITEMS)
    return wrong(r, at, "index is missing or out of range");
  item->index = (uint32_t)index;
  if (read_status(r, raws[1], item, at) || read_error(r, raws[3], item, at))
    return -1;
  if (is_null(peel(r, raws[2])))
    return 0;
  return dur_form_extract(r->arena, raws[2], r->from, r->items_are,
                          &item->result, r->err)
             ? dur_serdes_under(r->err, at)
             : 0;
}

/* ---- the list */

static size_t count_items(dur_bytes array) {
  dur_json j;
  size_t count = 0;
  dur_json_init(&j, array, DUR_JSON_ALLOW_NAN);
  dur_json_next(&j);
  while (dur_json_skip(&j) > DUR_JSON_END && j.depth > 0)
    count++;
  return count;
}

static int read_items(const reader *r, dur_bytes array, dur_batch *out) {
  static const dur_serdes_place all = {NULL, {"all", 3}, 0};
  size_t count = count_items(array);
  if (count > DUR_BATCH_MAX_ITEMS)
    return dur_serdes_fail(r->err, DUR_SERDES_LIMIT, &all,
                           "batch result has over %d items",
                           DUR_BATCH_MAX_ITEMS);
  out->items = dur_arena_calloc(r->arena, (count + 1) * sizeof *out->items);
  if (!out->items)
    return dur_serdes_nomem(r->err);
  dur_json j;
  dur_json_init(&j, array, DUR_JSON_ALLOW_NAN);
  dur_json_next(&j);
  for (; out->count < count; out->count++) {
    dur_serdes_place at = {&all, DUR_NONE, out->count};
    dur_bytes raw;
    dur_json_raw(&j, &raw);
    if (read_item(r, raw, &out->items[out->count], &at))
      return -1;
  }
  return 0;
}

int dur_batch_read(dur_arena *arena, dur_bytes text, dur_form items_are,
                   dur_batch *out, dur_serdes_error *err) {
  static const char *const keys[] = {"all", "completionReason"};
  static const dur_serdes_place reason = {NULL, {"completionReason", 16}, 0};
  reader r = {arena, DUR_FORM_PLAIN, items_are, err};
  dur_bytes raws[2], body;
  *out = (dur_batch){0};
  if (dur_plain_check(text, err))
    return -1;
  if (dur_member_envelope(text, &body) == DUR_BATCH)
    r.from = DUR_FORM_TAGGED;
  else
    body = text;
  dur_member_find(body, keys, 2, raws);
  dur_bytes array = peel(&r, raws[0]);
  if (dur_member_first(array) != '[')
    return wrong(&r, NULL, "a batch result needs a list \"all\"");
  if (read_text(&r, raws[1], &out->reason, &reason))
    return -1;
  return read_items(&r, array, out);
}
