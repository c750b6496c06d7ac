/* Payloads in files: paths that cannot leave the base, and the envelopes. */
#include "serdes_test.h"

#include "serdes/fs_envelope.h"

#define ARN                                                                    \
  "arn:aws:lambda:us-east-1:123456789012:function:myFn:1/durable-execution/"   \
  "exec-name/inv-1"
#define OPERATION                                                              \
  "1ced8f5be2db23a6513eba4d819c73806424748a7bc6fa0d792cc1c7d1775a97"

#define HASH_PATH                                                              \
  "/base/0400cdc0815c0d2dd5dbbc7a5f93f510290b4d2f8a84f5fed223f3fb8c1e1f1b/"    \
  "b542fe7abaf8622482958b08583fcfe28ba9afb91d7b461de9e9dafe0c544b70.json"

static const char *path(const dur_fs_place *place, dur_fs_encoding encoding) {
  dur_buf_reset(&buf);
  assert_int_equal(dur_fs_path(&buf, place, encoding, &err), 0);
  return written();
}

static dur_fs_place usual(void) {
  return (dur_fs_place){DUR_LIT("/base"), DUR_LIT(ARN),
                        DUR_LIT("myFn"),  DUR_LIT("exec-name"),
                        DUR_LIT("inv-1"), DUR_LIT(OPERATION)};
}

static void paths_are_those_of_the_python_sdk(void **state) {
  (void)state;
  dur_fs_place p = usual();
  assert_string_equal(path(&p, DUR_FS_URI),
                      "/base/myFn/exec-name/inv-1/" OPERATION ".json");
  p.base = DUR_LIT("/base//");
  assert_string_equal(path(&p, DUR_FS_URI),
                      "/base/myFn/exec-name/inv-1/" OPERATION ".json");
  dur_fs_place other = {.base = DUR_LIT("/base"),
                        .arn = DUR_LIT("arn:weird/1"),
                        .operation = DUR_LIT("op/../x y")};
  assert_string_equal(path(&other, DUR_FS_URI),
                      "/base/arn%3Aweird%2F1/op%2F..%2Fx%20y.json");
  assert_string_equal(path(&p, DUR_FS_HASH), HASH_PATH);
}

static void parts_cannot_climb(void **state) {
  (void)state;
  dur_fs_place p = usual();
  p.function = DUR_LIT("..");
  p.name = DUR_LIT("a/../..");
  p.id = DUR_LIT("");
  p.operation = DUR_LIT("..");
  assert_string_equal(path(&p, DUR_FS_URI),
                      "/base/%2E%2E/a%2F..%2F../%/...json");
  assert_true(dur_fs_inside(&arena, p.base, dur_buf_view(&buf)));
  dur_fs_place whole = {
      .base = DUR_LIT("/"), .arn = DUR_LIT(".."), .operation = DUR_LIT("x")};
  assert_string_equal(path(&whole, DUR_FS_URI), "/%2E%2E/x.json");
}

static void a_base_is_needed(void **state) {
  (void)state;
  dur_fs_place p = usual();
  p.base = DUR_LIT("");
  assert_int_equal(dur_fs_path(&buf, &p, DUR_FS_URI, &err), -1);
  p.base = DUR_LIT("/a\0b");
  assert_int_equal(dur_fs_path(&buf, &p, DUR_FS_URI, &err), -1);
}

static int inside(const char *base, const char *file) {
  return dur_fs_inside(&arena, dur_cstr(base), dur_cstr(file));
}

static void inside_is_told_from_the_text(void **state) {
  (void)state;
  assert_true(inside("/base", "/base/x"));
  assert_true(inside("/base/", "/base//./a/../x"));
  assert_true(inside("/", "/x"));
  assert_true(inside(".", "x"));
  assert_true(inside("data", "./data/x"));
  assert_true(inside("/a/../base", "/base/x"));
  assert_false(inside("/base", "/base"));
  assert_false(inside("/base", "/base/"));
  assert_false(inside("/base", "/basement/x"));
  assert_false(inside("/base", "/base/../etc/passwd"));
  assert_false(inside("/base", "/base/../../base"));
  assert_false(inside("/base", "base/x"));
  assert_false(inside("data", "/data/x"));
  assert_false(inside("data", "../data/x"));
  assert_false(inside("", "x"));
  assert_false(inside("/base", ""));
  assert_false(dur_fs_inside(&arena, DUR_LIT("/base"), DUR_LIT("/base/a\0b")));
}

/* ---- envelopes */

static void files_are_named_with_a_preview_if_there_is_one(void **state) {
  (void)state;
  dur_bytes file = DUR_LIT("/b/\xC3\xA9.json");
  assert_int_equal(dur_fs_write_file(&buf, file, NULL, &err), 0);
  assert_string_equal(written(), "{\"file\": \"/b/\\u00e9.json\"}");
  dur_buf_reset(&buf);
  assert_int_equal(dur_fs_write_file(&buf, file, M(END), &err), 0);
  assert_string_equal(written(), "{\"file\": \"/b/\\u00e9.json\"}");
  dur_buf_reset(&buf);
  dur_value *preview = M("id", I(5), "email", S("***"));
  assert_int_equal(dur_fs_write_file(&buf, DUR_LIT("f"), preview, &err), 0);
  assert_string_equal(
      written(),
      "{\"file\": \"f\", \"preview\": {\"id\": 5, \"email\": \"***\"}}");
}

static void data_is_inline_up_to_the_threshold(void **state) {
  (void)state;
  dur_bytes inner =
      DUR_LIT("{\"t\":\"m\",\"v\":{\"a\":{\"t\":\"i\",\"v\":1}}}");
  assert_int_equal(dur_fs_write_data(&buf, inner, &err), 1);
  assert_string_equal(written(),
                      "{\"data\": \"{\\\"t\\\":\\\"m\\\",\\\"v\\\":{\\\"a\\\":"
                      "{\\\"t\\\":\\\"i\\\",\\\"v\\\":1}}}\"}");
  size_t around = sizeof "{\"data\": \"\"}" - 1;
  size_t most = DUR_FS_INLINE_MAX - around;
  char *text = dur_arena_alloc(&arena, most + 1);
  memset(text, 'x', most + 1);
  dur_buf_reset(&buf);
  assert_int_equal(dur_fs_write_data(&buf, (dur_bytes){text, most}, &err), 1);
  assert_int_equal(buf.len, DUR_FS_INLINE_MAX);
  dur_buf_reset(&buf);
  assert_int_equal(dur_fs_write_data(&buf, (dur_bytes){text, most + 1}, &err),
                   0);
  assert_int_equal(buf.len, 0);
  text[0] = '"'; /* two bytes in the envelope */
  assert_int_equal(dur_fs_write_data(&buf, (dur_bytes){text, most}, &err), 0);
}

static void reads_either_envelope(void **state) {
  (void)state;
  dur_fs_envelope e;
  assert_int_equal(
      dur_fs_read(&arena,
                  DUR_LIT("{\"data\": \"d\", \"file\": \"/b/\\u00e9\", "
                          "\"preview\": {\"file\": 1}}"),
                  &e, &err),
      0);
  assert_true(dur_bytes_is(e.file, "/b/\xC3\xA9"));
  assert_null(e.data.data);
  assert_int_equal(dur_fs_read(&arena, DUR_LIT("{\"data\":\"\"}"), &e, &err),
                   0);
  assert_null(e.file.data);
  assert_non_null(e.data.data);
  assert_int_equal(e.data.len, 0);
}

static void refuses_other_envelopes(void **state) {
  (void)state;
  static const char *const bad[] = {"{}", "[]", "{\"file\":null,\"data\":\"\"}",
                                    "{\"data\":5}", "\"x\""};
  dur_fs_envelope e;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(dur_fs_read(&arena, dur_cstr(bad[i]), &e, &err), -1);
    assert_int_equal(err.code, DUR_SERDES_FORM);
  }
  assert_int_equal(dur_fs_read(&arena, DUR_LIT("{"), &e, &err), -1);
  assert_int_equal(err.code, DUR_SERDES_JSON);
}

static int write_and_read(void) {
  dur_fs_place p = usual();
  dur_fs_envelope e;
  if (dur_fs_path(&buf, &p, DUR_FS_URI, &err))
    return -1;
  dur_buf_reset(&buf);
  if (dur_fs_write_file(&buf, DUR_LIT("\xC3\xA9"), NULL, &err))
    return -1;
  return dur_fs_read(&arena, dur_buf_view(&buf), &e, &err);
}

static void survives_every_failed_allocation(void **state) {
  (void)state;
  fail_each_allocation(write_and_read);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
      TEST(paths_are_those_of_the_python_sdk),
      TEST(parts_cannot_climb),
      TEST(a_base_is_needed),
      TEST(inside_is_told_from_the_text),
      TEST(files_are_named_with_a_preview_if_there_is_one),
      TEST(data_is_inline_up_to_the_threshold),
      TEST(reads_either_envelope),
      TEST(refuses_other_envelopes),
      TEST(survives_every_failed_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
