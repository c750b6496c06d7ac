/* vectors: the shared test vectors, as one text. */
#ifndef DUR_TEST_VECTORS_H
#define DUR_TEST_VECTORS_H

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "test.h"

#ifndef DUR_VECTORS_DIR
#error "the build says where the vectors are: -DDUR_VECTORS_DIR=..."
#endif

/* core-vectors.json, whole; free() the data. */
static inline dur_bytes test_vectors(void) {
  const char *path = DUR_VECTORS_DIR "/core-vectors.json";
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  size_t cap = 8u << 20;
  char *data = malloc(cap);
  assert_non_null(data);
  size_t len = fread(data, 1, cap, file);
  assert_true(len > 0 && len < cap);
  fclose(file);
  return (dur_bytes){data, len};
}

/* Enter the member |name| of the top object: its first token was just read. */
static inline void test_vectors_open(dur_json *json, dur_bytes all,
                                     const char *name) {
  dur_json_init(json, all, DUR_JSON_ALLOW_NAN);
  assert_int_equal(dur_json_next(json), DUR_JSON_OBJECT);
  while (dur_json_next(json) == DUR_JSON_KEY) {
    if (dur_json_text_is(json, name)) {
      dur_json_next(json);
      return;
    }
    dur_json_skip(json);
  }
  fail_msg("no vectors named %s", name);
}

#endif
