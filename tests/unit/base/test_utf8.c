/* utf8: every code point, and the ill-formed sequences by kind. */
#include "test.h"

#include "base/utf8.h"

static void every_code_point_survives(void **state) {
  (void)state;
  for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
    char text[4];
    const char *next;
    size_t len = dur_utf8_encode(text, cp);
    int surrogate = cp >= 0xD800 && cp <= 0xDFFF;
    size_t expected = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    assert_int_equal(len, expected);
    assert_int_equal(dur_utf8_check((dur_bytes){text, len}, DUR_UTF8_WTF8), -1);
    assert_int_equal(dur_utf8_check((dur_bytes){text, len}, DUR_UTF8_STRICT),
                     surrogate ? 0 : -1);
    assert_int_equal(dur_utf8_decode(text, text + len, &next), cp);
    assert_ptr_equal(next, text + len);
  }
}

/* The two-byte prefixes of all sequences: which of them can be completed. */
static void every_pair_of_bytes_is_judged(void **state) {
  (void)state;
  for (unsigned a = 0x80; a < 0x100; a++) {
    for (unsigned b = 0; b < 0x100; b++) {
      char text[4] = {(char)a, (char)b, (char)0x80, (char)0xBF};
      int tail = b >= 0x80 && b <= 0xBF;
      size_t expected = 0;
      if (a >= 0xC2 && a <= 0xDF && tail)
        expected = 2;
      if (a >= 0xE0 && a <= 0xEF && tail && !(a == 0xE0 && b < 0xA0) &&
          !(a == 0xED && b > 0x9F))
        expected = 3;
      if (a >= 0xF0 && a <= 0xF4 && tail && !(a == 0xF0 && b < 0x90) &&
          !(a == 0xF4 && b > 0x8F))
        expected = 4;
      assert_int_equal(dur_utf8_step(text, text + 4, DUR_UTF8_STRICT),
                       expected);
      if (a == 0xED && b > 0x9F && tail)
        expected = 3;
      assert_int_equal(dur_utf8_step(text, text + 4, DUR_UTF8_WTF8), expected);
    }
  }
}

static void a_cut_sequence_is_bad_where_it_starts(void **state) {
  (void)state;
  static const char *const whole[] = {"\xc3\xa9", "\xe2\x82\xac",
                                      "\xf0\x9f\x98\x80"};
  for (size_t i = 0; i < 3; i++) {
    for (size_t len = 1; len < i + 2; len++) {
      char text[16] = "ab";
      size_t at = 2;
      for (size_t k = 0; k < len; k++)
        text[at++] = whole[i][k];
      assert_int_equal(dur_utf8_check((dur_bytes){text, at}, DUR_UTF8_STRICT),
                       2);
      text[at++] = 'c';
      assert_int_equal(dur_utf8_check((dur_bytes){text, at}, DUR_UTF8_WTF8), 2);
    }
  }
  assert_int_equal(dur_utf8_check(DUR_NONE, DUR_UTF8_STRICT), -1);
  assert_int_equal(dur_utf8_check(DUR_LIT("a\0b"), DUR_UTF8_STRICT), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_code_point_survives),
      cmocka_unit_test(every_pair_of_bytes_is_judged),
      cmocka_unit_test(a_cut_sequence_is_bad_where_it_starts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
