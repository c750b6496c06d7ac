/* member: one pass over an object, remembering slices. */
#include "serdes/member.h"

#include "serdes/tag.h"

char dur_member_first(dur_bytes json) {
  for (size_t i = 0; i < json.len; i++) {
    char c = json.data[i];
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
      return c;
  }
  return 0;
}

static size_t key_at(const dur_json *j, const char *const *keys, size_t count) {
  size_t i = 0;
  while (i < count && !dur_json_text_is(j, keys[i]))
    i++;
  return i;
}

void dur_member_find(dur_bytes json, const char *const *keys, size_t count,
                     dur_bytes *raws) {
  dur_json j;
  for (size_t i = 0; i < count; i++)
    raws[i] = DUR_NONE;
  dur_json_init(&j, json, DUR_JSON_ALLOW_NAN);
  if (dur_json_next(&j) != DUR_JSON_OBJECT)
    return;
  while (dur_json_next(&j) == DUR_JSON_KEY) {
    size_t i = key_at(&j, keys, count);
    if (i < count)
      dur_json_raw(&j, &raws[i]);
    else
      dur_json_skip(&j);
  }
}

dur_kind dur_member_envelope(dur_bytes json, dur_bytes *inner) {
  static const char *const keys[] = {"t", "v"};
  dur_bytes raws[2];
  *inner = DUR_NONE;
  if (dur_member_first(json) != '{')
    return DUR_KINDS;
  dur_member_find(json, keys, 2, raws);
  dur_json j;
  dur_json_init(&j, raws[0], 0);
  if (!raws[1].data || dur_json_next(&j) != DUR_JSON_STRING)
    return DUR_KINDS;
  *inner = raws[1];
  for (int kind = 0; kind < DUR_KINDS; kind++)
    if (dur_json_text_is(&j, dur_tag_of((dur_kind)kind)))
      return (dur_kind)kind;
  return DUR_KINDS;
}

int dur_member_string(dur_arena *arena, dur_bytes json, dur_bytes *out) {
  dur_json j;
  *out = DUR_NONE;
  dur_json_init(&j, json, 0);
  if (dur_json_next(&j) != DUR_JSON_STRING)
    return 0;
  return dur_json_text(&j, arena, out);
}

int dur_member_int(dur_bytes json, int64_t *out) {
  dur_json j;
  dur_json_init(&j, json, 0);
  return dur_json_next(&j) == DUR_JSON_NUMBER && dur_json_int(&j, out);
}
