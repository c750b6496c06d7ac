/* fuzz_json: what the reader accepts, the writer can say, and the reader reads
 * the same from it.
 *
 * The first byte chooses flags and spacing, the rest is the text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int truth) {
  if (!truth)
    abort();
}

/* The double of a number survives its repr. */
static void check_number(dur_bytes text) {
  dur_buf buf;
  double number = dur_number_double(text);
  dur_buf_init(&buf, &dur_mem_default, 64);
  dur_json_put_double(&buf, number);
  double back = dur_number_double(dur_buf_view(&buf));
  require(memcmp(&number, &back, sizeof number) == 0);
  dur_buf_drop(&buf);
}

static void write_text(const dur_json *json, dur_json_out *out,
                       dur_arena *arena) {
  dur_bytes text;
  require(dur_json_text(json, arena, &text) == 0);
  require(dur_utf8_check(text, DUR_UTF8_WTF8) < 0);
  if (!memchr(text.data, 0, text.len)) {
    dur_bytes copy = dur_arena_copy(arena, text);
    require(dur_json_text_is(json, copy.data));
  }
  size_t before = out->buf->len;
  dur_json_put_string(out->buf, text);
  require(out->buf->len - before == dur_json_string_len(text));
  out->buf->len = before;
  if (json->token == DUR_JSON_KEY)
    dur_json_key_bytes(out, text);
  else
    dur_json_string(out, text);
}

static void write_token(const dur_json *json, dur_json_out *out,
                        dur_arena *arena) {
  switch (json->token) {
  case DUR_JSON_NULL:
    dur_json_null(out);
    break;
  case DUR_JSON_FALSE:
  case DUR_JSON_TRUE:
    dur_json_bool(out, json->token == DUR_JSON_TRUE);
    break;
  case DUR_JSON_NUMBER:
    check_number(json->text);
    dur_json_raw_value(out, json->text);
    break;
  case DUR_JSON_STRING:
  case DUR_JSON_KEY:
    write_text(json, out, arena);
    break;
  case DUR_JSON_ARRAY:
    dur_json_begin_array(out);
    break;
  case DUR_JSON_ARRAY_END:
    dur_json_end_array(out);
    break;
  case DUR_JSON_OBJECT:
    dur_json_begin_object(out);
    break;
  default:
    dur_json_end_object(out);
  }
}

/* 0 when |text| is refused. */
static int rewrite(dur_bytes text, int flags, int spaced, dur_buf *buf) {
  dur_json json;
  dur_json_out out;
  dur_arena arena;
  dur_arena_init(&arena, &dur_mem_default);
  dur_json_init(&json, text, flags);
  dur_json_out_init(&out, buf, spaced);
  while (dur_json_next(&json) > DUR_JSON_END)
    write_token(&json, &out, &arena);
  dur_arena_drop(&arena);
  require((json.token == DUR_JSON_ERROR) == (json.error != NULL));
  require(json.error_at <= text.len);
  return json.token == DUR_JSON_END;
}

/* Skipping a value and taking it raw see it as reading it whole does. */
static void check_raw(dur_bytes text, int flags, int accepted) {
  dur_json json;
  dur_bytes raw;
  const char *error;
  size_t at;
  dur_json_init(&json, text, flags);
  int token = dur_json_raw(&json, &raw);
  require(!accepted || token > DUR_JSON_END);
  require((token == DUR_JSON_ERROR) == (raw.data == NULL));
  require(!raw.data || dur_json_valid(raw, flags, &error, &at));
  require((dur_json_next(&json) == DUR_JSON_END) == accepted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  int flags = data[0] & 1 ? DUR_JSON_ALLOW_NAN : 0;
  int spaced = data[0] >> 1 & 1;
  dur_bytes text = {(const char *)data + 1, size - 1};
  dur_buf once, twice;
  dur_buf_init(&once, &dur_mem_default, SIZE_MAX);
  dur_buf_init(&twice, &dur_mem_default, SIZE_MAX);
  int accepted = rewrite(text, flags, spaced, &once);
  check_raw(text, flags, accepted);
  if (accepted) {
    require(rewrite(dur_buf_view(&once), flags, spaced, &twice));
    require(dur_bytes_eq(dur_buf_view(&once), dur_buf_view(&twice)));
  }
  dur_buf_drop(&once);
  dur_buf_drop(&twice);
  return 0;
}
