/* read: JSON objects read by table.  See read.h. */
#include "wire/read.h"

#include <string.h>

#include "wire/limits.h"

const char dur_wire_no_memory[] = "out of memory";

int dur_read_no(const dur_reader *r, const char *wrong) {
  *r->why = r->json->error != NULL ? r->json->error : wrong;
  return -1;
}

int dur_read_text(const dur_reader *r, dur_bytes *out) {
  if (dur_json_text(r->json, r->arena, out) == 0)
    return 0;
  *out = DUR_NONE;
  return dur_read_no(r, dur_wire_no_memory);
}

int dur_read_open(const dur_reader *r, int token, const char *wrong) {
  int got = dur_json_next(r->json);
  if (got == token)
    return 1;
  return got == DUR_JSON_NULL ? 0 : dur_read_no(r, wrong);
}

/* ---- the table */

static int is_key(const dur_json *json, const dur_field *f) {
  if (json->escaped)
    return dur_json_text_is(json, f->key);
  return json->text.len == f->key_len && json->text.data[0] == f->key[0] &&
         memcmp(json->text.data, f->key, f->key_len) == 0;
}

/* The field of the key just read, or NULL.  A sender writes its keys in one
 * order, so the search starts after the last hit and mostly ends there. */
static const dur_field *find(const dur_json *json, dur_fields fields,
                             int *next) {
  for (int i = *next, left = fields.count; left > 0; left--) {
    const dur_field *f = &fields.field[i++];
    if (i == fields.count)
      i = 0;
    if (is_key(json, f)) {
      *next = i;
      return f;
    }
  }
  return NULL;
}

int dur_read_members(const dur_reader *r, dur_fields fields, void *base) {
  int members = 0;
  int next = 0;
  while (dur_json_next(r->json) == DUR_JSON_KEY) {
    const dur_field *f = find(r->json, fields, &next);
    members = 1;
    if (f == NULL)
      dur_json_skip(r->json);
    else if (f->read(r, base, f) < 0)
      return -1;
  }
  if (r->json->token != DUR_JSON_OBJECT_END)
    return dur_read_no(r, "the object does not end");
  return members;
}

int dur_read_document(dur_bytes body, dur_arena *arena, dur_time_form form,
                      dur_fields fields, void *base, const char *not_object,
                      const char **why) {
  dur_json json;
  dur_reader r = {&json, arena, why, form};
  if (body.len > DUR_EVENT_BYTES_MAX) {
    *why = "the JSON text is larger than 64 MiB";
    return -1;
  }
  dur_json_init(&json, body, 0);
  if (dur_json_next(&json) != DUR_JSON_OBJECT)
    return dur_read_no(&r, not_object);
  if (dur_read_members(&r, fields, base) < 0)
    return -1;
  if (dur_json_next(&json) != DUR_JSON_END)
    return dur_read_no(&r, "text after the JSON value");
  return 0;
}

/* ---- the kinds */

static void *at(void *base, size_t offset) {
  return (char *)base + offset;
}

int dur_field_string(const dur_reader *r, void *base, const dur_field *f) {
  dur_bytes *out = at(base, f->offset);
  int got = dur_read_open(r, DUR_JSON_STRING, f->wrong);
  *out = DUR_NONE;
  return got > 0 ? dur_read_text(r, out) : got;
}

int dur_field_filled(const dur_reader *r, void *base, const dur_field *f) {
  dur_bytes *out = at(base, f->offset);
  int got = dur_field_string(r, base, f);
  if (out->len == 0)
    *out = DUR_NONE;
  return got;
}

/* |raw| is well-formed JSON. */
static int is_strings(dur_bytes raw) {
  dur_json json;
  dur_json_init(&json, raw, 0);
  if (dur_json_next(&json) != DUR_JSON_ARRAY)
    return 0;
  while (dur_json_next(&json) == DUR_JSON_STRING)
    ;
  return json.token == DUR_JSON_ARRAY_END;
}

int dur_field_strings(const dur_reader *r, void *base, const dur_field *f) {
  dur_bytes *out = at(base, f->offset);
  dur_bytes raw;
  *out = DUR_NONE;
  if (dur_json_raw(r->json, &raw) < 0)
    return dur_read_no(r, f->wrong);
  if (dur_bytes_is(raw, "null"))
    return 0;
  if (!is_strings(raw))
    return dur_read_no(r, f->wrong);
  *out = raw;
  return 0;
}

int dur_field_flag(const dur_reader *r, void *base, const dur_field *f) {
  int *out = at(base, f->offset);
  int got = dur_json_next(r->json);
  *out = got == DUR_JSON_TRUE;
  if (got == DUR_JSON_TRUE || got == DUR_JSON_FALSE || got == DUR_JSON_NULL)
    return 0;
  return dur_read_no(r, f->wrong);
}

int dur_field_whole(const dur_reader *r, void *base, const dur_field *f) {
  int64_t *out = at(base, f->offset);
  int got = dur_read_open(r, DUR_JSON_NUMBER, f->wrong);
  *out = 0;
  if (got > 0 && !dur_json_int(r->json, out))
    return dur_read_no(r, f->wrong);
  return got < 0 ? -1 : 0;
}

int dur_field_count(const dur_reader *r, void *base, const dur_field *f) {
  uint32_t *out = at(base, f->offset);
  int64_t n = 0;
  int got = dur_read_open(r, DUR_JSON_NUMBER, f->wrong);
  if (got > 0 &&
      (!dur_json_int(r->json, &n) || n < 0 || n > (int64_t)UINT32_MAX))
    return dur_read_no(r, f->wrong);
  *out = (uint32_t)n;
  return got < 0 ? -1 : 0;
}

int dur_field_time(const dur_reader *r, void *base, const dur_field *f) {
  int64_t *out = at(base, f->offset);
  return dur_time_read(r->json, r->form, out) < 0 ? dur_read_no(r, f->wrong)
                                                  : 0;
}

int dur_field_error(const dur_reader *r, void *base, const dur_field *f) {
  int *has = at(base, f->flag);
  int got = dur_read_error(r, at(base, f->offset), f->wrong);
  *has = got > 0;
  return got < 0 ? -1 : 0;
}

int dur_field_object(const dur_reader *r, void *base, const dur_field *f) {
  int *there = at(base, f->flag);
  int got = dur_read_open(r, DUR_JSON_OBJECT, f->wrong);
  if (got > 0)
    got = dur_read_members(r, f->sub, base);
  *there = got > 0;
  return got < 0 ? -1 : 0;
}
