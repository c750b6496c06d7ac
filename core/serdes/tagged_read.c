/* tagged_read: the extended-types form to a value tree.
 *
 * The text is read as plain JSON first, so a text that is no JSON is reported
 * as such wherever it goes wrong; then every envelope in the tree is replaced
 * by what it stands for, in place. */
#include "serdes/literal.h"
#include "serdes/plain.h"
#include "serdes/tag.h"
#include "serdes/tagged.h"

typedef struct decoder {
  dur_arena *arena;
  dur_serdes_error *err;
} decoder;

static int decode(const decoder *d, dur_kind kind, dur_value *raw,
                  const dur_serdes_place *at, dur_value **out);

static dur_value *member(const dur_value *v, const char *key) {
  const dur_value *found = dur_value_get(v, dur_cstr(key));
  return (dur_value *)(uintptr_t)found;
}

static dur_kind tag_kind(const dur_value *tag) {
  return tag->kind == DUR_STRING ? dur_tag_kind(tag->u.text) : DUR_KINDS;
}

/* Python's text of a tag that is no string. */
static int bad_nested_tag(const decoder *d, const dur_value *tag,
                          const dur_serdes_place *at) {
  char repr[256] = "?";
  dur_bytes text;
  if (tag->kind == DUR_STRING) {
    dur_literal_repr(tag->u.text, repr, sizeof repr);
    return dur_serdes_fail(d->err, DUR_SERDES_VALUE, at,
                           "%s is not a valid TypeTag", repr);
  }
  if (!dur_value_is_primitive(tag))
    return dur_serdes_fail(d->err, DUR_SERDES_VALUE, at,
                           "<class '%s'> is not a valid TypeTag",
                           dur_tag_python_type(tag));
  if (tag->kind == DUR_NULL)
    text = DUR_LIT("None");
  else if (tag->kind == DUR_BOOL)
    text = tag->u.truth ? DUR_LIT("True") : DUR_LIT("False");
  else if (dur_value_key(d->arena, tag, &text, d->err))
    return -1;
  return dur_serdes_fail(d->err, DUR_SERDES_VALUE, at,
                         "%.*s is not a valid TypeTag", (int)text.len,
                         text.data);
}

/* An element of a container: an envelope is decoded, anything else stays. */
static int decode_element(const decoder *d, dur_value *raw,
                          const dur_serdes_place *at, dur_value **out) {
  *out = raw;
  if (raw->kind != DUR_MAP)
    return 0;
  dur_value *tag = member(raw, "t"), *inner = member(raw, "v");
  if (!tag || !inner)
    return 0;
  dur_kind kind = tag_kind(tag);
  if (kind == DUR_KINDS)
    return bad_nested_tag(d, tag, at);
  return decode(d, kind, inner, at, out);
}

/* Put |made| where |raw| was in |in|, behind |last| (NULL: first). */
static int relink(dur_value *in, dur_value *last, dur_value *raw,
                  dur_value *made) {
  if (made != raw) {
    made->key = raw->key;
    if (in->u.items.index && dur_map_put(in->u.items.index, made->key, made))
      return -1;
  }
  made->placed = 1;
  made->next = NULL;
  if (last)
    last->next = made;
  else
    in->u.items.first = made;
  in->u.items.last = made;
  if (in->height <= made->height)
    in->height = (uint16_t)(made->height + 1);
  return 0;
}

static int decode_elements(const decoder *d, dur_value *in,
                           const dur_serdes_place *up) {
  dur_serdes_place at = {up, DUR_NONE, 0};
  dur_value *last = NULL, *next;
  in->height = 1;
  for (dur_value *raw = in->u.items.first; raw; raw = next, at.index++) {
    dur_value *made;
    next = raw->next;
    if (in->kind != DUR_LIST)
      at.key = raw->key;
    if (decode_element(d, raw, &at, &made))
      return -1;
    if (relink(in, last, raw, made))
      return dur_serdes_nomem(d->err);
    last = made;
  }
  return 0;
}

static int decode_container(const decoder *d, dur_kind kind, dur_value *raw,
                            const dur_serdes_place *at, dur_value **out) {
  int is_map = kind == DUR_MAP || kind == DUR_BATCH;
  if (raw->kind != (is_map ? DUR_MAP : DUR_LIST))
    return dur_serdes_fail(d->err, DUR_SERDES_FORM, at,
                           "Expected %s, got <class '%s'>",
                           is_map ? "dict" : "list", dur_tag_python_type(raw));
  if (decode_elements(d, raw, at))
    return -1;
  raw->kind = (unsigned char)kind;
  *out = raw;
  return 0;
}

static int decode(const decoder *d, dur_kind kind, dur_value *raw,
                  const dur_serdes_place *at, dur_value **out) {
  if (kind >= DUR_TUPLE)
    return decode_container(d, kind, raw, at, out);
  return dur_tag_cast(d->arena, kind, raw, at, out, d->err);
}

static int bad_root_tag(dur_arena *arena, const dur_value *tag,
                        dur_serdes_error *err) {
  dur_bytes text;
  if (!dur_value_is_primitive(tag))
    text = DUR_LIT("?");
  else if (dur_value_key(arena, tag, &text, err))
    return -1;
  return dur_serdes_fail(err, DUR_SERDES_FORM, NULL,
                         "Unknown type tag: \"%.*s\"", (int)text.len,
                         text.data);
}

int dur_tagged_read(dur_arena *arena, dur_bytes text, dur_value **out,
                    dur_serdes_error *err) {
  dur_value *root;
  decoder d = {arena, err};
  *out = NULL;
  if (dur_plain_read(arena, text, &root, err))
    return -1;
  if (dur_tagged_is_plain(root)) {
    *out = root;
    return 0;
  }
  dur_value *tag = root->kind == DUR_MAP ? member(root, "t") : NULL;
  dur_value *inner = root->kind == DUR_MAP ? member(root, "v") : NULL;
  if (!tag || !inner)
    return dur_serdes_fail(err, DUR_SERDES_FORM, NULL,
                           "Malformed envelope: missing \"t\" or \"v\" at "
                           "root.");
  dur_kind kind = tag_kind(tag);
  if (kind == DUR_KINDS)
    return bad_root_tag(arena, tag, err);
  dur_value *made;
  if (decode(&d, kind, inner, NULL, &made))
    return -1;
  made->placed = 0;
  made->next = NULL;
  made->key = DUR_NONE;
  *out = made;
  return 0;
}
