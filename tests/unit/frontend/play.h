/* play: a workflow on the fake service, with what its bodies did counted. */
#ifndef DUR_TEST_PLAY_H
#define DUR_TEST_PLAY_H

#include <stdatomic.h>
#include <string.h>

#include "fake.h"

static atomic_int body_runs; /* bodies that ran; each test counts its own */

static inline int play_setup(void **state) {
  *state = fake_new();
  atomic_store(&body_runs, 0);
  return 0;
}

static inline int play_teardown(void **state) {
  fake_free(*state);
  return 0;
}

static inline durable_handler play_handler(durable_handler_fn *fn) {
  durable_handler h = DURABLE_HANDLER_INIT;
  h.name = "test";
  h.fn = fn;
  return h;
}

static inline void play_expect_handler(fake *f, const durable_handler *h,
                                       const char *input, const char *status,
                                       const char *result) {
  const char *ended = fake_run(f, h, input);
  if (strcmp(ended, status) != 0)
    fail_msg("%s: %s", ended, fake_result(f));
  assert_string_equal(fake_result(f), result);
  int before = atomic_load(&body_runs);
  assert_string_equal(fake_replay(f, h, input), status);
  assert_string_equal(fake_result(f), result);
  assert_int_equal(atomic_load(&body_runs), before);
}

/* The execution ends like that, and a replay says the same, sends nothing and
 * runs no body that counts itself. */
static inline void play_expect(fake *f, durable_handler_fn *fn,
                               const char *input, const char *status,
                               const char *result) {
  durable_handler h = play_handler(fn);
  play_expect_handler(f, &h, input, status, result);
}

#define PLAY(name)                                                             \
  cmocka_unit_test_setup_teardown(name, play_setup, play_teardown)

#endif
