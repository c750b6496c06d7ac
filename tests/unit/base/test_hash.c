/* hash and the text encodings, against published values. */
#include "test.h"

#include <string.h>

#include "alloc.h"
#include "base/hash.h"

static void check_digest(dur_hasher *hasher, dur_hash_kind kind, dur_bytes a,
                         dur_bytes b, const char *expected) {
  unsigned char digest[DUR_HASH_MAX];
  char hex[2 * DUR_HASH_MAX + 1] = "";
  int len = dur_hash2(hasher, kind, a, b, digest);
  assert_int_equal(2 * (size_t)len, strlen(expected));
  dur_hex(hex, digest, (size_t)len);
  assert_string_equal(hex, expected);
}

static const char sha256_abc[] =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char md5_abc[] = "900150983cd24fb0d6963f7d28e17f72";
static const char blake2b_abc[] =
    "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
    "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923";

static void digests_match_published_values(void **state) {
  (void)state;
  test_counter counter = {0};
  dur_mem mem = test_mem(&counter);
  dur_hasher *hasher = dur_hasher_new(&mem);
  assert_non_null(hasher);
  /* Twice, interleaved: the context is reused. */
  for (int i = 0; i < 2; i++) {
    check_digest(hasher, DUR_HASH_SHA256, DUR_LIT("abc"), DUR_NONE, sha256_abc);
    check_digest(hasher, DUR_HASH_MD5, DUR_LIT("a"), DUR_LIT("bc"), md5_abc);
    check_digest(hasher, DUR_HASH_BLAKE2B512, DUR_NONE, DUR_LIT("abc"),
                 blake2b_abc);
    check_digest(hasher, DUR_HASH_MD5, DUR_NONE, DUR_NONE,
                 "d41d8cd98f00b204e9800998ecf8427e");
  }
  unsigned char digest[DUR_HASH_MAX];
  assert_int_equal(
      dur_hash2(hasher, DUR_HASH_KINDS, DUR_NONE, DUR_NONE, digest), -1);
  dur_hasher_free(hasher);
  dur_hasher_free(NULL);
  assert_int_equal(counter.live_bytes, 0);
}

static void a_hasher_without_memory_is_null(void **state) {
  (void)state;
  test_counter counter = {.fail_at = 1};
  dur_mem mem = test_mem(&counter);
  assert_null(dur_hasher_new(&mem));
}

/* RFC 4231, cases 2 and 6. */
static void hmac_matches_published_values(void **state) {
  (void)state;
  unsigned char mac[32];
  char hex[65] = "";
  assert_int_equal(dur_hmac_sha256(DUR_LIT("Jefe"),
                                   DUR_LIT("what do ya want for nothing?"),
                                   mac),
                   0);
  dur_hex(hex, mac, 32);
  assert_string_equal(
      hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  char key[131];
  memset(key, 0xaa, sizeof key);
  dur_bytes data =
      DUR_LIT("Test Using Larger Than Block-Size Key - Hash Key First");
  assert_int_equal(dur_hmac_sha256((dur_bytes){key, 131}, data, mac), 0);
  dur_hex(hex, mac, 32);
  assert_string_equal(
      hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  assert_int_equal(dur_hmac_sha256(DUR_NONE, DUR_NONE, mac), 0);
  dur_hex(hex, mac, 32);
  assert_string_equal(
      hex, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  assert_int_equal(dur_sha256(DUR_LIT("abc"), mac), 0);
  dur_hex(hex, mac, 32);
  assert_string_equal(hex, sha256_abc);
  assert_int_equal(dur_sha256(DUR_NONE, mac), 0);
}

/* RFC 4648 section 10. */
static void base64_matches_published_values(void **state) {
  (void)state;
  static const char *const pairs[][2] = {{"", ""},
                                         {"f", "Zg=="},
                                         {"fo", "Zm8="},
                                         {"foo", "Zm9v"},
                                         {"foob", "Zm9vYg=="},
                                         {"fooba", "Zm9vYmE="},
                                         {"foobar", "Zm9vYmFy"}};
  dur_buf buf;
  dur_buf_init(&buf, &dur_mem_default, 100);
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    dur_buf_reset(&buf);
    dur_base64_encode(&buf, dur_cstr(pairs[i][0]));
    assert_string_equal(dur_buf_cstr(&buf), pairs[i][1]);
    dur_buf_reset(&buf);
    assert_int_equal(dur_base64_decode(&buf, dur_cstr(pairs[i][1])), 0);
    assert_string_equal(dur_buf_cstr(&buf), pairs[i][0]);
  }
  dur_buf_drop(&buf);
}

static void base64_survives_every_byte(void **state) {
  (void)state;
  char data[256];
  for (int i = 0; i < 256; i++)
    data[i] = (char)i;
  dur_buf text, back;
  dur_buf_init(&text, &dur_mem_default, 1000);
  dur_buf_init(&back, &dur_mem_default, 1000);
  for (size_t len = 0; len <= 256; len++) {
    dur_buf_reset(&text);
    dur_buf_reset(&back);
    dur_base64_encode(&text, (dur_bytes){data, len});
    assert_int_equal(dur_base64_decode(&back, dur_buf_view(&text)), 0);
    assert_int_equal(back.len, len);
    assert_memory_equal(dur_buf_view(&back).data, data, len);
  }
  dur_buf_drop(&text);
  dur_buf_drop(&back);
}

static void malformed_base64_appends_nothing(void **state) {
  (void)state;
  static const char *const bad[] = {
      "Z",        "Zg",       "Zg=",      "=",        "====",
      "Z===",     "Zg==Zg==", "Zm=v",     "Zm9v\n",   " Zm9v",
      "Zm9vZh==", "Zm9vZm9=", "Zm9vZm-_", "Zm9v====", "Zm9v\xff\xff\xff\xff"};
  dur_buf buf;
  dur_buf_init(&buf, &dur_mem_default, 100);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    dur_buf_reset(&buf);
    dur_buf_str(&buf, "kept");
    assert_int_equal(dur_base64_decode(&buf, dur_cstr(bad[i])), -1);
    assert_string_equal(dur_buf_cstr(&buf), "kept");
  }
  dur_buf_reset(&buf);
  assert_int_equal(dur_base64_decode(&buf, DUR_LIT("Zm9\0")), -1);
  dur_buf_drop(&buf);
  dur_buf_init(&buf, &dur_mem_default, 2);
  assert_int_equal(dur_base64_decode(&buf, DUR_LIT("Zm9v")), -1);
  assert_int_equal(buf.failed, DUR_BUF_TOO_LARGE);
  dur_buf_drop(&buf);
}

static void percent_encoding_keeps_only_the_unreserved(void **state) {
  (void)state;
  dur_buf buf;
  dur_buf_init(&buf, &dur_mem_default, 1000);
  dur_percent_encode(&buf, DUR_LIT("aZ09-_.~ /+%:\xc3\xa9\0"), 0);
  assert_string_equal(dur_buf_cstr(&buf), "aZ09-_.~%20%2F%2B%25%3A%C3%A9%00");
  dur_buf_reset(&buf);
  dur_percent_encode(&buf, DUR_LIT("/a b/"), 1);
  assert_string_equal(dur_buf_cstr(&buf), "/a%20b/");
  dur_buf_drop(&buf);
}

static void percent_decoding_takes_one_level(void **state) {
  (void)state;
  static const char *const bad[] = {"%", "%4", "a%4", "%g0", "%0g", "%%41"};
  dur_buf buf;
  dur_buf_init(&buf, &dur_mem_default, 1000);
  assert_int_equal(dur_percent_decode(&buf, DUR_LIT("a+b%20%2fc%2F%2541%00")),
                   0);
  assert_int_equal(buf.len, 11);
  assert_memory_equal(dur_buf_view(&buf).data, "a+b /c/%41\0", 11);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    dur_buf_reset(&buf);
    dur_buf_str(&buf, "kept");
    assert_int_equal(dur_percent_decode(&buf, dur_cstr(bad[i])), -1);
    assert_string_equal(dur_buf_cstr(&buf), "kept");
  }
  dur_buf_drop(&buf);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(digests_match_published_values),
      cmocka_unit_test(a_hasher_without_memory_is_null),
      cmocka_unit_test(hmac_matches_published_values),
      cmocka_unit_test(base64_matches_published_values),
      cmocka_unit_test(base64_survives_every_byte),
      cmocka_unit_test(malformed_base64_appends_nothing),
      cmocka_unit_test(percent_encoding_keeps_only_the_unreserved),
      cmocka_unit_test(percent_decoding_takes_one_level),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
