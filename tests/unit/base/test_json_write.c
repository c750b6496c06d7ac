/* JSON text out, and strings both ways. */
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "base/json.h"
#include "base/prng.h"
#include "base/utf8.h"
#include "vectors.h"

/* ---- strings out */

static void check_string(dur_bytes text, const char *expected) {
  dur_buf buf;
  dur_buf_init(&buf, &dur_mem_default, 10000);
  dur_json_put_string(&buf, text);
  assert_string_equal(dur_buf_cstr(&buf), expected);
  assert_int_equal(dur_json_string_len(text), buf.len);
  dur_buf_drop(&buf);
}

static void strings_are_ascii_with_pythons_escapes(void **state) {
  (void)state;
  check_string(DUR_NONE, "\"\"");
  check_string(DUR_LIT("plain / text ~"), "\"plain / text ~\"");
  check_string(DUR_LIT("\b\f\n\r\t\"\\"), "\"\\b\\f\\n\\r\\t\\\"\\\\\"");
  check_string(DUR_LIT("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\\u007f\"");
  check_string(DUR_LIT("h\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80z"),
               "\"h\\u00e9\\u2028\\ud83d\\ude00z\"");
  check_string(DUR_LIT("\xf4\x8f\xbf\xbf\xf0\x90\x80\x80"),
               "\"\\udbff\\udfff\\ud800\\udc00\"");
  check_string(DUR_LIT("\xed\xa0\x80 \xed\xbf\xbf"), "\"\\ud800 \\udfff\"");
}

static void ill_formed_bytes_become_replacement_characters(void **state) {
  (void)state;
  check_string(DUR_LIT("\xff"), "\"\\ufffd\"");
  check_string(DUR_LIT("a\xc3z"), "\"a\\ufffdz\"");
  check_string(DUR_LIT("\xe2\x82"), "\"\\ufffd\\ufffd\"");
  check_string(DUR_LIT("\xc0\x80"), "\"\\ufffd\\ufffd\"");
}

static void specials_are_found_at_every_offset(void **state) {
  (void)state;
  for (size_t at = 0; at < 40; at++) {
    char text[40], expected[64] = "\"";
    memset(text, 'a', sizeof text);
    text[at] = '\x7f';
    memset(expected + 1, 'a', at);
    strcat(expected, "\\u007f");
    memset(expected + 7 + at, 'a', 39 - at);
    strcat(expected, "\"");
    check_string((dur_bytes){text, sizeof text}, expected);
  }
}

/* ---- strings in */

/* Decode the JSON string |source| in all three ways. */
static void check_decoded(const char *source, dur_bytes expected) {
  dur_json json;
  dur_arena arena;
  dur_bytes text;
  dur_buf buf;
  dur_arena_init(&arena, &dur_mem_default);
  dur_buf_init(&buf, &dur_mem_default, 1000);
  dur_json_init(&json, dur_cstr(source), 0);
  assert_int_equal(dur_json_next(&json), DUR_JSON_STRING);
  assert_int_equal(dur_json_text(&json, &arena, &text), 0);
  assert_true(dur_bytes_eq(text, expected));
  if (!json.escaped) {
    assert_ptr_equal(text.data, source + 1);
    assert_null(arena.blocks);
  }
  dur_buf_str(&buf, "<");
  dur_json_text_buf(&json, &buf);
  assert_int_equal(buf.len, expected.len + 1);
  if (expected.len)
    assert_memory_equal(buf.data + 1, expected.data, expected.len);
  if (!memchr(expected.data, 0, expected.len))
    assert_true(dur_json_text_is(&json, expected.data));
  dur_arena_drop(&arena);
  dur_buf_drop(&buf);
}

static void escapes_decode(void **state) {
  (void)state;
  check_decoded("\"\"", DUR_LIT(""));
  check_decoded("\"as is\"", DUR_LIT("as is"));
  check_decoded("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", DUR_LIT("\"\\/\b\f\n\r\t"));
  check_decoded("\"a\\u0000b\"", DUR_LIT("a\0b"));
  check_decoded("\"\\u0041\\u00E9\\u20aC\"", DUR_LIT("A\xc3\xa9\xe2\x82\xac"));
  check_decoded("\"\xf0\x9f\x98\x80\\n\"", DUR_LIT("\xf0\x9f\x98\x80\n"));
}

static void surrogates_join_or_stay_alone(void **state) {
  (void)state;
  check_decoded("\"\\ud83d\\uDE00\"", DUR_LIT("\xf0\x9f\x98\x80"));
  check_decoded("\"\\ud800\\udc00\\udbff\\udfff\"",
                DUR_LIT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
  check_decoded("\"\\ud83d\"", DUR_LIT("\xed\xa0\xbd"));
  check_decoded("\"\\ude00\"", DUR_LIT("\xed\xb8\x80"));
  check_decoded("\"\\ude00\\ud83d\"", DUR_LIT("\xed\xb8\x80\xed\xa0\xbd"));
  check_decoded("\"\\ud83d\\ud83d\\ude00\"",
                DUR_LIT("\xed\xa0\xbd\xf0\x9f\x98\x80"));
  check_decoded("\"\\ud83dx\\ude00\"", DUR_LIT("\xed\xa0\xbdx\xed\xb8\x80"));
  check_decoded("\"\\ud83d\\u0041\"", DUR_LIT("\xed\xa0\xbd"
                                              "A"));
  check_decoded("\"\\ud83d\\nude00\"", DUR_LIT("\xed\xa0\xbd\nude00"));
}

static int text_is(const char *source, const char *text) {
  dur_json json;
  dur_json_init(&json, dur_cstr(source), 0);
  assert_int_equal(dur_json_next(&json), DUR_JSON_STRING);
  return dur_json_text_is(&json, text);
}

static void text_is_compares_the_decoded_whole(void **state) {
  (void)state;
  assert_true(text_is("\"Id\"", "Id"));
  assert_true(text_is("\"\\u0049d\"", "Id"));
  assert_false(text_is("\"Id\"", "Ids"));
  assert_false(text_is("\"Ids\"", "Id"));
  assert_false(text_is("\"\\u0049ds\"", "Id"));
  assert_false(text_is("\"\\u0049\"", "Id"));
  assert_false(text_is("\"I\\u0065\"", "Id"));
  assert_false(text_is("\"Id\\n\"", "Id"));
  assert_false(text_is("\"Id\\u0000\"", "Id"));
  assert_false(text_is("\"\\u20ac\"", "\xe2\x82"));
  assert_true(text_is("\"\"", ""));
  assert_false(text_is("\"\\\\u0049d\"", "Id"));
}

static void without_memory_decoding_says_so(void **state) {
  (void)state;
  test_counter counter = {.fail_at = 1};
  dur_mem mem = test_mem(&counter);
  dur_arena arena;
  dur_json json;
  dur_bytes text;
  dur_arena_init(&arena, &mem);
  dur_json_init(&json, DUR_LIT("\"\\n\""), 0);
  dur_json_next(&json);
  assert_int_equal(dur_json_text(&json, &arena, &text), -1);
  assert_null(text.data);
  assert_int_equal(dur_json_text(&json, &arena, &text), 0);
  assert_true(dur_bytes_is(text, "\n"));
  dur_arena_drop(&arena);
}

/* ---- round trips */

/* Write |text|, read it back, and compare. */
static void check_round_trip(dur_bytes text) {
  dur_buf written, back;
  dur_json json;
  dur_buf_init(&written, &dur_mem_default, SIZE_MAX);
  dur_buf_init(&back, &dur_mem_default, SIZE_MAX);
  dur_json_put_string(&written, text);
  dur_json_init(&json, dur_buf_view(&written), 0);
  assert_int_equal(dur_json_next(&json), DUR_JSON_STRING);
  dur_json_text_buf(&json, &back);
  assert_true(dur_bytes_eq(dur_buf_view(&back), text));
  assert_int_equal(dur_json_next(&json), DUR_JSON_END);
  dur_buf_drop(&written);
  dur_buf_drop(&back);
}

static void every_code_point_survives_the_round_trip(void **state) {
  (void)state;
  enum { PER_STRING = 0x1000 };
  static char text[4 * PER_STRING];
  for (uint32_t first = 0; first <= 0x10FFFF; first += PER_STRING) {
    size_t len = 0;
    /* Downwards, so that no high surrogate stands before a low one. */
    for (uint32_t cp = first + PER_STRING; cp-- > first;)
      len += dur_utf8_encode(text + len, cp);
    check_round_trip((dur_bytes){text, len});
  }
}

static void random_texts_survive_the_round_trip(void **state) {
  (void)state;
  dur_prng prng;
  dur_prng_seed(&prng, 3);
  for (int round = 0; round < 3000; round++) {
    char text[400];
    size_t len = 0;
    uint64_t count = dur_prng_next(&prng) % 100;
    for (uint64_t i = 0; i < count; i++) {
      uint64_t r = dur_prng_next(&prng);
      uint32_t cp = (uint32_t)(r >> 8);
      cp %= r % 4 == 0 ? 0x110000 : r % 4 == 1 ? 0x800 : 0x80;
      if (cp >= 0xDC00 && cp <= 0xDFFF)
        cp -= 0x400;
      len += dur_utf8_encode(text + len, cp);
    }
    check_round_trip((dur_bytes){text, len});
  }
}

/* ---- the writer */

static void write_sample(dur_json_out *out) {
  dur_json_begin_object(out);
  dur_json_key(out, "a");
  dur_json_begin_array(out);
  dur_json_i64(out, -7);
  dur_json_bool(out, 1);
  dur_json_bool(out, 0);
  dur_json_null(out);
  dur_json_double_value(out, 1.0);
  dur_json_cstr(out, "x\n");
  dur_json_raw_value(out, DUR_LIT("1180591620717411303424"));
  dur_json_begin_array(out);
  dur_json_end_array(out);
  dur_json_begin_object(out);
  dur_json_end_object(out);
  dur_json_end_array(out);
  dur_json_key_bytes(out, DUR_LIT("\xc3\xa9"));
  dur_json_begin_object(out);
  dur_json_key(out, "n");
  dur_json_string(out, DUR_LIT("a\0"));
  dur_json_end_object(out);
  dur_json_end_object(out);
}

static void places_commas_and_colons(void **state) {
  (void)state;
  dur_buf buf;
  dur_json_out out;
  dur_buf_init(&buf, &dur_mem_default, 1000);
  dur_json_out_init(&out, &buf, 0);
  write_sample(&out);
  assert_string_equal(dur_buf_cstr(&buf),
                      "{\"a\":[-7,true,false,null,1.0,\"x\\n\","
                      "1180591620717411303424,[],{}],"
                      "\"\\u00e9\":{\"n\":\"a\\u0000\"}}");
  dur_buf_reset(&buf);
  dur_json_out_init(&out, &buf, 1);
  write_sample(&out);
  assert_string_equal(dur_buf_cstr(&buf),
                      "{\"a\": [-7, true, false, null, 1.0, \"x\\n\", "
                      "1180591620717411303424, [], {}], "
                      "\"\\u00e9\": {\"n\": \"a\\u0000\"}}");
  dur_buf_drop(&buf);
}

static void an_absent_text_is_an_empty_string(void **state) {
  (void)state;
  dur_buf buf;
  dur_json_out out;
  dur_buf_init(&buf, &dur_mem_default, 1000);
  dur_json_out_init(&out, &buf, 0);
  dur_json_begin_array(&out);
  dur_json_cstr(&out, NULL);
  dur_json_string(&out, DUR_NONE);
  dur_json_end_array(&out);
  assert_string_equal(dur_buf_cstr(&buf), "[\"\",\"\"]");
  dur_buf_drop(&buf);
}

static void depth_is_bounded(void **state) {
  (void)state;
  dur_buf buf;
  dur_json_out out;
  const char *error;
  size_t at;
  dur_buf_init(&buf, &dur_mem_default, 10000);
  dur_json_out_init(&out, &buf, 0);
  for (int i = 0; i < DUR_JSON_MAX_DEPTH; i++) {
    dur_json_begin_array(&out);
    dur_json_null(&out);
  }
  for (int i = 0; i < DUR_JSON_MAX_DEPTH; i++)
    dur_json_end_array(&out);
  assert_true(dur_json_valid(dur_buf_view(&buf), 0, &error, &at));
  dur_json_out_init(&out, &buf, 0);
  for (int i = 0; i <= DUR_JSON_MAX_DEPTH; i++)
    dur_json_begin_object(&out);
  assert_int_equal(buf.failed, DUR_BUF_TOO_LARGE);
  for (int i = 0; i <= DUR_JSON_MAX_DEPTH + 5; i++)
    dur_json_end_object(&out);
  assert_int_equal(buf.len, 0);
  dur_buf_drop(&buf);
}

static void the_ceiling_of_the_buffer_holds(void **state) {
  (void)state;
  dur_json_out out;
  for (size_t max = 0; max < 96; max++) {
    dur_buf buf;
    dur_buf_init(&buf, &dur_mem_default, max);
    dur_json_out_init(&out, &buf, 0);
    write_sample(&out);
    assert_int_equal(buf.failed, max < 90 ? DUR_BUF_TOO_LARGE : DUR_BUF_OK);
    dur_buf_drop(&buf);
  }
}

/* The texts of the vectors are Python's own: what the reader takes from them,
 * token by token, the writer gives back byte by byte. */
static void rewrite(dur_bytes source, int spaced, dur_buf *buf) {
  dur_json json;
  dur_json_out out;
  dur_arena arena;
  dur_arena_init(&arena, &dur_mem_default);
  dur_json_init(&json, source, DUR_JSON_ALLOW_NAN);
  dur_json_out_init(&out, buf, spaced);
  while (dur_json_next(&json) > DUR_JSON_END) {
    dur_bytes text = DUR_NONE;
    int64_t integer;
    if (json.token == DUR_JSON_STRING || json.token == DUR_JSON_KEY)
      assert_int_equal(dur_json_text(&json, &arena, &text), 0);
    switch (json.token) {
    case DUR_JSON_NULL:
      dur_json_null(&out);
      break;
    case DUR_JSON_FALSE:
    case DUR_JSON_TRUE:
      dur_json_bool(&out, json.token == DUR_JSON_TRUE);
      break;
    case DUR_JSON_NUMBER:
      if (dur_json_int(&json, &integer))
        dur_json_i64(&out, integer);
      else if (memchr(json.text.data, '.', json.text.len) ||
               memchr(json.text.data, 'e', json.text.len))
        dur_json_double_value(&out, dur_json_double(&json));
      else
        dur_json_raw_value(&out, json.text);
      break;
    case DUR_JSON_STRING:
      dur_json_string(&out, text);
      break;
    case DUR_JSON_KEY:
      dur_json_key_bytes(&out, text);
      break;
    case DUR_JSON_ARRAY:
      dur_json_begin_array(&out);
      break;
    case DUR_JSON_ARRAY_END:
      dur_json_end_array(&out);
      break;
    case DUR_JSON_OBJECT:
      dur_json_begin_object(&out);
      break;
    default:
      dur_json_end_object(&out);
    }
  }
  assert_int_equal(json.token, DUR_JSON_END);
  dur_arena_drop(&arena);
}

static size_t check_texts(dur_bytes all, const char *name, int spaced) {
  dur_json json;
  size_t count = 0;
  test_vectors_open(&json, all, name);
  assert_int_equal(json.token, DUR_JSON_ARRAY);
  while (dur_json_next(&json) == DUR_JSON_OBJECT) {
    while (dur_json_next(&json) == DUR_JSON_KEY) {
      if (!dur_json_text_is(&json, "text")) {
        dur_json_skip(&json);
        continue;
      }
      dur_buf source, back;
      dur_buf_init(&source, &dur_mem_default, 100000);
      dur_buf_init(&back, &dur_mem_default, 100000);
      assert_int_equal(dur_json_next(&json), DUR_JSON_STRING);
      dur_json_text_buf(&json, &source);
      rewrite(dur_buf_view(&source), spaced, &back);
      assert_string_equal(dur_buf_cstr(&back), dur_buf_cstr(&source));
      dur_buf_drop(&source);
      dur_buf_drop(&back);
      count++;
    }
  }
  assert_int_equal(json.token, DUR_JSON_ARRAY_END);
  return count;
}

static void the_vectors_texts_are_rewritten_byte_by_byte(void **state) {
  (void)state;
  dur_bytes all = test_vectors();
  assert_true(check_texts(all, "serdes_extended_encode", 0) >= 38);
  assert_true(check_texts(all, "serdes_json_encode_spaced", 1) >= 4);
  free((void *)(uintptr_t)all.data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(strings_are_ascii_with_pythons_escapes),
      cmocka_unit_test(ill_formed_bytes_become_replacement_characters),
      cmocka_unit_test(specials_are_found_at_every_offset),
      cmocka_unit_test(escapes_decode),
      cmocka_unit_test(surrogates_join_or_stay_alone),
      cmocka_unit_test(text_is_compares_the_decoded_whole),
      cmocka_unit_test(without_memory_decoding_says_so),
      cmocka_unit_test(every_code_point_survives_the_round_trip),
      cmocka_unit_test(random_texts_survive_the_round_trip),
      cmocka_unit_test(places_commas_and_colons),
      cmocka_unit_test(an_absent_text_is_an_empty_string),
      cmocka_unit_test(depth_is_bounded),
      cmocka_unit_test(the_ceiling_of_the_buffer_holds),
      cmocka_unit_test(the_vectors_texts_are_rewritten_byte_by_byte),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
