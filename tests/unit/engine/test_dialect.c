/* Ids, paths and inner names of the four dialects.
 *
 * Where the expected values come from: Python's ids from the shared vectors;
 * JavaScript's from what version 2.4.0 of its SDK sent when it ran against a
 * client that recorded its checkpoints; Java's and Rust's digests from Python's
 * hashlib over the texts named beside them, which are the texts that the
 * sources of the Java SDK and of version 0.1.0 of the Rust crate hash. */
#include "test.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "engine/dialect.h"

enum { PATH_MAX_HERE = 1024 };
#include "vectors.h"

static dur_hasher *hasher;

static int open_hasher(void **state) {
  (void)state;
  hasher = dur_hasher_new(&dur_mem_default);
  return hasher ? 0 : -1;
}

static int close_hasher(void **state) {
  (void)state;
  dur_hasher_free(hasher);
  return 0;
}

static void check_id(dur_dialect_kind kind, const char *path, uint64_t n,
                     const char *expected) {
  char id[DUR_ID_TEXT_MAX];
  int len =
      dur_dialect_id(dur_dialect_get(kind), hasher, dur_cstr(path), n, id);
  assert_int_equal(len, strlen(expected));
  assert_memory_equal(id, expected, (size_t)len);
}

static void check_branch(dur_dialect_kind kind, const char *path,
                         uint32_t index, const char *expected) {
  char id[DUR_ID_TEXT_MAX];
  int len = dur_dialect_branch_id(dur_dialect_get(kind), hasher, dur_cstr(path),
                                  index, id);
  assert_int_equal(len, strlen(expected));
  assert_memory_equal(id, expected, (size_t)len);
}

static void check_path(dur_dialect_kind kind, const char *path, uint64_t n,
                       const char *expected) {
  dur_buf out;
  dur_buf_init(&out, &dur_mem_default, 65536);
  dur_dialect_child_path(dur_dialect_get(kind), &out, dur_cstr(path), n,
                         DUR_LIT("the-id"));
  assert_string_equal(dur_buf_cstr(&out), expected);
  dur_buf_drop(&out);
}

static void check_branch_path(dur_dialect_kind kind, const char *path,
                              uint32_t index, const char *expected) {
  dur_buf out;
  dur_buf_init(&out, &dur_mem_default, 65536);
  dur_dialect_branch_path(dur_dialect_get(kind), &out, dur_cstr(path), index,
                          DUR_LIT("the-id"));
  assert_string_equal(dur_buf_cstr(&out), expected);
  dur_buf_drop(&out);
}

/* ---- python */

static void python_ids_follow_the_vectors(void **state) {
  dur_bytes text = test_vectors();
  cJSON *all = cJSON_ParseWithLength(text.data, text.len);
  const cJSON *row;
  int rows = 0;
  (void)state;
  free((void *)text.data);
  cJSON_ArrayForEach(row, cJSON_GetObjectItem(all, "ids")) {
    const cJSON *prefix = cJSON_GetObjectItem(row, "prefix");
    double n = cJSON_GetObjectItem(row, "n")->valuedouble;
    const char *id = cJSON_GetObjectItem(row, "id")->valuestring;
    const char *path = cJSON_IsNull(prefix) ? NULL : prefix->valuestring;
    check_id(DUR_DIALECT_PYTHON, path, (uint64_t)n, id);
    check_branch(DUR_DIALECT_PYTHON, path, (uint32_t)n, id);
    rows++;
  }
  assert_int_equal(rows, 35);
  cJSON_Delete(all);
}

static void an_empty_path_is_the_root(void **state) {
  (void)state;
  check_id(DUR_DIALECT_PYTHON, "", 1,
           "1ced8f5be2db23a6513eba4d819c73806424748a7bc6fa0d792cc1c7d1775a97");
  /* BLAKE2b-512 of "18446744073709551615", the first 64 digits */
  check_id(DUR_DIALECT_PYTHON, NULL, UINT64_MAX,
           "65195989208d5b67b7befef6f6b4e8e65567bca2307fb548afb40dc6ce6b05d6");
}

static void python_children_hash_their_parents_id(void **state) {
  (void)state;
  check_path(DUR_DIALECT_PYTHON, NULL, 1, "the-id");
  check_path(DUR_DIALECT_PYTHON, "p", 7, "the-id");
  check_branch_path(DUR_DIALECT_PYTHON, "p", 0, "the-id");
}

/* ---- js: what the SDK sent for a step, a child with a child, maps nested and
 * flat, a parallel, wait_for_callback and with_retry */

static void js_ids_are_those_the_sdk_sent(void **state) {
  const dur_dialect_kind js = DUR_DIALECT_JS;
  (void)state;
  check_id(js, NULL, 1, "c4ca4238a0b92382");
  check_id(js, NULL, 2, "c81e728d9d4c2f63");
  check_id(js, "2", 1, "8fbdbf5573b18fae");
  check_id(js, "2", 2, "3c46a0407be60a1f");
  check_id(js, "2-2", 1, "61e70e07c25ca2dd");
  check_branch(js, "3", 0, "c9e6e7b69f98f516");
  check_branch(js, "3", 1, "b772d43b49bb57b5");
  check_id(js, "3-1", 1, "284ee898088b7efd");
  check_id(js, "3-2", 1, "e9fa198e766d7b9b");
  check_id(js, "4-1", 1, "ec3805c75ba4921d"); /* in a flat item */
  check_branch(js, "5", 1, "dca19ffa163054fe");
  check_id(js, "6", 1, "0299c06aed970473"); /* the callback */
  check_id(js, "6", 2, "17380ddb842e9843"); /* the submitter */
  check_id(js, "8", 2, "1981e4a762b39858"); /* the second back-off */
  /* MD5 of "2-1-3", the first 16 digits, by hashlib */
  check_id(js, "2-1", 3, "2bfadbf90d1c5992");
}

static void js_paths_are_positions(void **state) {
  (void)state;
  check_path(DUR_DIALECT_JS, NULL, 2, "2");
  check_path(DUR_DIALECT_JS, "2-1", 3, "2-1-3");
  check_branch_path(DUR_DIALECT_JS, "3", 0, "3-1");
}

/* ---- java */

static void java_ids_hash_their_parents_id(void **state) {
  const dur_dialect_kind java = DUR_DIALECT_JAVA;
  const char *one =
      "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";
  const char *one_one =
      "2ac06c59dbc2f95f867ebb0f4e986076465c3dfd08e9353610dcf46b8b030df6";
  (void)state;
  check_id(java, NULL, 1, one);    /* "1" */
  check_id(java, one, 1, one_one); /* "<one>-1" */
  check_id(java, one_one, 1,       /* "<one_one>-1" */
           "dcabffb0c7d5dffe0fe2ad693e622ac30af66aa18c5e4336877480106d1c77d1");
  check_branch(java, one, 0, one_one);
  check_branch(java, one, 1, /* "<one>-2" */
               "02639542652da51af1ee1b734ee5663c43baae11fdef37a46a5c463c9dccbb"
               "e0");
  check_path(java, one, 1, "the-id");
  check_branch_path(java, one, 1, "the-id");
}

/* ---- rust */

static void rust_ids_hash_positions(void **state) {
  const dur_dialect_kind rust = DUR_DIALECT_RUST;
  (void)state;
  check_id(rust, NULL, 2, /* "2" */
           "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35");
  check_id(rust, "1-2", 1, /* "1-2-1" */
           "e2369b35e07912aa9d42c28baf97ca527ae890aa21f8d413367b44abf3b973d7");
  check_path(rust, NULL, 1, "1");
  check_path(rust, "1-2", 1, "1-2-1");
}

/* A batch that is "1" has its branches at "2" and "3". */
static void rust_branches_are_siblings_of_their_group(void **state) {
  const dur_dialect_kind rust = DUR_DIALECT_RUST;
  (void)state;
  check_branch(rust, "1", 0, /* "2" */
               "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab"
               "35");
  check_branch(rust, "1", 1, /* "3" */
               "4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49f"
               "ce");
  check_branch(rust, "1-2", 1, /* "1-4" */
               "07d3d4d89d9a4c45ab50597543c0f0fec18337156083e53955b12a070482d2"
               "02");
  check_branch_path(rust, "1", 1, "3");
  check_branch_path(rust, "1-9", 0, "1-10");
  check_branch_path(rust, "4-1-2", 2, "4-1-5");
  assert_true(dur_dialect_branches_are_siblings(dur_dialect_get(rust)));
  for (int kind = 0; kind < DUR_DIALECTS; kind++)
    if (kind != (int)rust)
      assert_false(dur_dialect_branches_are_siblings(
          dur_dialect_get((dur_dialect_kind)kind)));
}

static void a_sibling_needs_a_numbered_group(void **state) {
  static const char *const bad[] = {"",  "x",  "1-", "-1",
                                    "-", "1x", "x1", "1-9999999999999999999"};
  const dur_dialect *rust = dur_dialect_get(DUR_DIALECT_RUST);
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char id[DUR_ID_TEXT_MAX];
    dur_buf out;
    assert_int_equal(
        dur_dialect_branch_id(rust, hasher, dur_cstr(bad[i]), 0, id), -1);
    dur_buf_init(&out, &dur_mem_default, 65536);
    dur_dialect_branch_path(rust, &out, dur_cstr(bad[i]), 0, DUR_LIT("id"));
    assert_int_not_equal(out.failed, 0);
    dur_buf_drop(&out);
  }
}

static void a_path_has_a_ceiling(void **state) {
  dur_buf out;
  (void)state;
  dur_buf_init(&out, &dur_mem_default, 4);
  dur_dialect_child_path(dur_dialect_get(DUR_DIALECT_JS), &out, DUR_LIT("1-2"),
                         3, DUR_NONE);
  assert_int_equal(out.failed, DUR_BUF_TOO_LARGE);
  dur_buf_drop(&out);
}

/* ---- names */

/* The inner name of an operation called |name|, number 2; NULL: unnamed. */
static void check_name(dur_dialect_kind kind, dur_inner what, const char *name,
                       const char *expected) {
  dur_buf out;
  dur_buf_init(&out, &dur_mem_default, 256);
  assert_int_equal(dur_dialect_inner_name(dur_dialect_get(kind), &out, what,
                                          dur_cstr(name), 2),
                   expected != NULL);
  assert_string_equal(dur_buf_cstr(&out), expected ? expected : "");
  dur_buf_drop(&out);
}

typedef struct name_case {
  dur_inner what;
  const char *named, *unnamed;
} name_case;

static void check_names(dur_dialect_kind kind, const name_case *cases) {
  int seen[DUR_INNERS] = {0};
  for (int i = 0; i < DUR_INNERS; i++) {
    check_name(kind, cases[i].what, "n $#", cases[i].named);
    check_name(kind, cases[i].what, NULL, cases[i].unnamed);
    check_name(kind, cases[i].what, "", cases[i].unnamed);
    assert_false(seen[cases[i].what]++);
  }
}

static void python_names(void **state) {
  static const name_case cases[DUR_INNERS] = {
      {DUR_INNER_CALLBACK, "n $# create callback id", "create callback id"},
      {DUR_INNER_SUBMITTER, "n $# submitter", "submitter"},
      {DUR_INNER_BACKOFF, "n $#-backoff-2", NULL},
      {DUR_INNER_MAP_ITEM, "map-item-2", "map-item-2"},
      {DUR_INNER_BRANCH, "parallel-branch-2", "parallel-branch-2"},
      {DUR_INNER_RETRY, "n $#", NULL},
      {DUR_INNER_ATTEMPT, NULL, NULL},
  };
  (void)state;
  check_names(DUR_DIALECT_PYTHON, cases);
}

/* As the SDK sent them: both parts of wait_for_callback without a name. */
static void js_names(void **state) {
  static const name_case cases[DUR_INNERS] = {
      {DUR_INNER_CALLBACK, NULL, NULL},
      {DUR_INNER_SUBMITTER, NULL, NULL},
      {DUR_INNER_BACKOFF, "n $#-backoff-2", NULL},
      {DUR_INNER_MAP_ITEM, "map-item-2", "map-item-2"},
      {DUR_INNER_BRANCH, "parallel-branch-2", "parallel-branch-2"},
      {DUR_INNER_RETRY, "n $#", NULL},
      {DUR_INNER_ATTEMPT, NULL, NULL},
  };
  (void)state;
  check_names(DUR_DIALECT_JS, cases);
}

/* Java adds its suffixes to a null name too, which reads "null". */
static void java_names(void **state) {
  static const name_case cases[DUR_INNERS] = {
      {DUR_INNER_CALLBACK, "n $#-callback", "null-callback"},
      {DUR_INNER_SUBMITTER, "n $#-submitter", "null-submitter"},
      {DUR_INNER_BACKOFF, "n $#-backoff-2", "retry-backoff-2"},
      {DUR_INNER_MAP_ITEM, "n $#-iteration-2", "map-iteration-2"},
      {DUR_INNER_BRANCH, NULL, NULL},
      {DUR_INNER_RETRY, "n $#", "retry"},
      {DUR_INNER_ATTEMPT, NULL, NULL},
  };
  (void)state;
  check_names(DUR_DIALECT_JAVA, cases);
}

static void rust_names(void **state) {
  static const name_case cases[DUR_INNERS] = {
      {DUR_INNER_CALLBACK, NULL, NULL},
      {DUR_INNER_SUBMITTER, NULL, NULL},
      {DUR_INNER_BACKOFF, "retry-delay-2", "retry-delay-2"},
      {DUR_INNER_MAP_ITEM, NULL, NULL},
      {DUR_INNER_BRANCH, NULL, NULL},
      {DUR_INNER_RETRY, "n $#", NULL},
      {DUR_INNER_ATTEMPT, "attempt-2", "attempt-2"},
  };
  (void)state;
  check_names(DUR_DIALECT_RUST, cases);
}

/* ---- the rest */

static void check_result_id(dur_dialect_kind kind, const char *expected) {
  dur_buf out;
  dur_buf_init(&out, &dur_mem_default, 256);
  dur_dialect_result_id(dur_dialect_get(kind), hasher, &out, DUR_LIT("exec"),
                        1795229119559);
  assert_string_equal(dur_buf_cstr(&out), expected);
  dur_buf_drop(&out);
}

static void an_oversize_result_has_an_id(void **state) {
  (void)state;
  check_result_id(DUR_DIALECT_PYTHON, "execution-result-1795229119559");
  /* MD5 of the same text: the SDK hashes this id as it does every other */
  check_result_id(DUR_DIALECT_JS, "2a086924db671621");
  check_result_id(DUR_DIALECT_JAVA, "exec");
  check_result_id(DUR_DIALECT_RUST, "execution-result-1795229119559");
}

static void retries_differ_in_sub_type_and_nesting(void **state) {
  static const char *const sub_types[] = {"RunInChildContext",
                                          "RunInChildContext", "WithRetry",
                                          "RunInChildContext"};
  (void)state;
  for (int kind = 0; kind < DUR_DIALECTS; kind++) {
    const dur_dialect *d = dur_dialect_get((dur_dialect_kind)kind);
    assert_string_equal(dur_dialect_retry_sub_type(d), sub_types[kind]);
    assert_int_equal(dur_dialect_wraps_attempts(d), kind == DUR_DIALECT_RUST);
  }
}

static void dialects_are_found_by_kind_and_name(void **state) {
  static const char *const names[] = {"python", "js", "java", "rust"};
  (void)state;
  for (int kind = 0; kind < DUR_DIALECTS; kind++) {
    const dur_dialect *d = dur_dialect_get((dur_dialect_kind)kind);
    assert_int_equal(dur_dialect_kind_of(d), kind);
    assert_int_equal(dur_dialect_named(names[kind]), kind);
  }
  assert_null(dur_dialect_get(DUR_DIALECTS));
  assert_null(dur_dialect_get((dur_dialect_kind)-1));
  assert_int_equal(dur_dialect_named("Python"), -1);
  assert_int_equal(dur_dialect_named(""), -1);
  assert_int_equal(dur_dialect_named(NULL), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(python_ids_follow_the_vectors),
      cmocka_unit_test(an_empty_path_is_the_root),
      cmocka_unit_test(python_children_hash_their_parents_id),
      cmocka_unit_test(js_ids_are_those_the_sdk_sent),
      cmocka_unit_test(js_paths_are_positions),
      cmocka_unit_test(java_ids_hash_their_parents_id),
      cmocka_unit_test(rust_ids_hash_positions),
      cmocka_unit_test(rust_branches_are_siblings_of_their_group),
      cmocka_unit_test(a_sibling_needs_a_numbered_group),
      cmocka_unit_test(a_path_has_a_ceiling),
      cmocka_unit_test(python_names),
      cmocka_unit_test(js_names),
      cmocka_unit_test(java_names),
      cmocka_unit_test(rust_names),
      cmocka_unit_test(an_oversize_result_has_an_id),
      cmocka_unit_test(retries_differ_in_sub_type_and_nesting),
      cmocka_unit_test(dialects_are_found_by_kind_and_name),
  };
  return cmocka_run_group_tests(tests, open_hasher, close_hasher);
}
