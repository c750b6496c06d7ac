/* form: reading and writing by number, and carrying texts between payloads. */
#include "serdes/form.h"

#include "serdes/member.h"
#include "serdes/plain.h"
#include "serdes/tagged.h"

int dur_form_read(dur_form form, dur_arena *arena, dur_bytes text,
                  dur_value **out, dur_serdes_error *err) {
  return form == DUR_FORM_TAGGED ? dur_tagged_read(arena, text, out, err)
                                 : dur_plain_read(arena, text, out, err);
}

int dur_form_write(dur_form form, dur_buf *out, const dur_value *value,
                   dur_serdes_error *err) {
  return form == DUR_FORM_TAGGED ? dur_tagged_write(out, value, err)
                                 : dur_plain_write(out, value, 0, err);
}

/* A whole tagged payload that starts with '{' stands as it is in another one.
 */
static int splice_envelope(dur_buf *out, dur_bytes text,
                           dur_serdes_error *err) {
  dur_bytes inner;
  if (dur_plain_check(text, err))
    return -1;
  if (dur_member_envelope(text, &inner) == DUR_KINDS)
    return dur_serdes_fail(err, DUR_SERDES_FORM, NULL,
                           inner.data ? "Unknown type tag"
                                      : "Malformed envelope: missing \"t\" or "
                                        "\"v\" at root.");
  dur_buf_bytes(out, text);
  return dur_serdes_buf_check(out, err);
}

static int splice(dur_buf *out, dur_arena *arena, dur_bytes text, dur_form from,
                  dur_form to, dur_serdes_error *err) {
  dur_value *value;
  if (from == DUR_FORM_PLAIN && to == DUR_FORM_PLAIN) {
    dur_buf_bytes(out, text);
    return dur_plain_check(text, err) ? -1 : dur_serdes_buf_check(out, err);
  }
  if (from == to && dur_member_first(text) == '{')
    return splice_envelope(out, text, err);
  if (dur_form_read(from, arena, text, &value, err))
    return -1;
  return to == DUR_FORM_TAGGED ? dur_tagged_write_inner(out, value, err)
                               : dur_plain_write(out, value, 0, err);
}

int dur_form_splice(dur_buf *out, dur_arena *arena, dur_bytes text,
                    dur_form from, dur_form to, const dur_serdes_place *place,
                    dur_serdes_error *err) {
  if (!text.data) {
    dur_buf_str(out,
                to == DUR_FORM_TAGGED ? "{\"t\":\"n\",\"v\":null}" : "null");
    return dur_serdes_buf_check(out, err);
  }
  return splice(out, arena, text, from, to, err) ? dur_serdes_under(err, place)
                                                 : 0;
}

/* ---- members to whole payloads */

/* Envelopes of these kinds are their own whole payload; the others may have a
 * plain form. */
static int stands_alone(dur_kind kind) {
  return kind != DUR_KINDS && kind != DUR_LIST && kind > DUR_STRING;
}

/* A member without an envelope is taken as it is. */
static int read_member(dur_arena *arena, dur_bytes text, dur_form from,
                       dur_value **out, dur_serdes_error *err) {
  dur_bytes inner;
  dur_kind kind =
      from == DUR_FORM_TAGGED ? dur_member_envelope(text, &inner) : DUR_KINDS;
  if (kind == DUR_KINDS && (from == DUR_FORM_PLAIN || !inner.data))
    return dur_plain_read(arena, text, out, err);
  return dur_tagged_read(arena, text, out, err);
}

int dur_form_extract(dur_arena *arena, dur_bytes text, dur_form from,
                     dur_form to, dur_bytes *out, dur_serdes_error *err) {
  dur_bytes inner;
  dur_value *value;
  *out = text;
  if (from == DUR_FORM_PLAIN && to == DUR_FORM_PLAIN)
    return 0;
  if (from == to && stands_alone(dur_member_envelope(text, &inner)))
    return 0;
  if (read_member(arena, text, from, &value, err))
    return -1;
  dur_buf made;
  dur_buf_init(&made, arena->mem, SIZE_MAX);
  int rc = dur_form_write(to, &made, value, err);
  if (rc == 0) {
    *out = dur_arena_copy(arena, dur_buf_view(&made));
    rc = out->data ? 0 : dur_serdes_nomem(err);
  }
  dur_buf_drop(&made);
  return rc;
}

/* ---- payloads that are made of payloads */

static int any_envelope(const dur_bytes *texts, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (dur_member_first(texts[i]) == '{')
      return 1;
  return 0;
}

/* Members of a plain tagged list are read whole, so that a list that hides a
 * map is found. */
static int splice_plain(dur_buf *out, dur_arena *arena, dur_form form,
                        dur_bytes text, const dur_serdes_place *at,
                        dur_serdes_error *err) {
  dur_value *value;
  if (form == DUR_FORM_TAGGED && text.data &&
      dur_tagged_read(arena, text, &value, err))
    return dur_serdes_under(err, at);
  return dur_form_splice(out, arena, text, DUR_FORM_PLAIN, DUR_FORM_PLAIN, at,
                         err);
}

int dur_form_list(dur_buf *out, dur_arena *arena, dur_form form,
                  const dur_bytes *texts, size_t count, dur_serdes_error *err) {
  int wrap = form == DUR_FORM_TAGGED && any_envelope(texts, count);
  size_t start = out->len;
  dur_serdes_place at = {NULL, DUR_NONE, 0};
  dur_buf_str(out, wrap ? "{\"t\":\"l\",\"v\":[" : "[");
  for (; at.index < count; at.index++) {
    dur_bytes text = texts[at.index];
    if (at.index)
      dur_buf_char(out, ',');
    if (wrap ? dur_form_splice(out, arena, text, form, form, &at, err)
             : splice_plain(out, arena, form, text, &at, err))
      return -1;
  }
  dur_buf_str(out, wrap ? "]}" : "]");
  return dur_plain_check_made(out, start, err);
}

static int put_settled(dur_buf *out, dur_arena *arena, dur_form form,
                       const dur_settled *item, const dur_serdes_place *at,
                       dur_serdes_error *err) {
  const char *status = item->rejected ? "rejected" : "fulfilled";
  const char *key = item->rejected ? "reason" : "value";
  int tagged = form == DUR_FORM_TAGGED;
  dur_buf_str(out, tagged
                       ? "{\"t\":\"m\",\"v\":{\"status\":{\"t\":\"s\",\"v\":\""
                       : "{\"status\":\"");
  dur_buf_str(out, status);
  dur_buf_str(out, tagged ? "\"},\"" : "\",\"");
  dur_buf_str(out, key);
  dur_buf_str(out, "\":");
  int rc = item->rejected
               ? dur_form_splice(out, arena, item->reason, DUR_FORM_PLAIN, form,
                                 at, err)
               : dur_form_splice(out, arena, item->value, form, form, at, err);
  dur_buf_str(out, tagged ? "}}" : "}");
  return rc;
}

int dur_form_settled(dur_buf *out, dur_arena *arena, dur_form form,
                     const dur_settled *items, size_t count,
                     dur_serdes_error *err) {
  int wrap = form == DUR_FORM_TAGGED && count > 0;
  size_t start = out->len;
  dur_serdes_place at = {NULL, DUR_NONE, 0};
  dur_buf_str(out, wrap ? "{\"t\":\"l\",\"v\":[" : "[");
  for (; at.index < count; at.index++) {
    if (at.index)
      dur_buf_char(out, ',');
    if (put_settled(out, arena, form, &items[at.index], &at, err))
      return -1;
  }
  dur_buf_str(out, wrap ? "]}" : "]");
  return dur_plain_check_made(out, start, err);
}
