/* Many branches on few threads. */
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "play.h"

/* ---- how many threads there are, at most */

static atomic_int peak;

/* Far below the number of branches, and above what a race may add to twice
 * max_threads and one for each group that is open. */
enum { MOST = 120 };

static int threads_now(void) {
  char line[256];
  int n = 0;
  FILE *status = fopen("/proc/self/status", "r");
  assert_non_null(status);
  while (fgets(line, sizeof line, status))
    if (sscanf(line, "Threads: %d", &n) == 1)
      break;
  fclose(status);
  return n;
}

static void look(void) {
  int now = threads_now(), was = atomic_load(&peak);
  while (now > was && !atomic_compare_exchange_weak(&peak, &was, now))
    ;
}

/* ---- a map over callbacks */

static int complete_all(void *user, fake *f) {
  (void)user;
  return fake_callback(f, NULL, "SUCCEEDED", "1") > 0;
}

static int on_callback(durable_ctx *ctx, const durable_value *item,
                       size_t index, void *arg, const durable_value **result) {
  durable_callback *cb;
  const durable_value *text;
  (void)item;
  (void)arg;
  if (index % 64 == 0)
    look();
  int rc = durable_create_callback(ctx, NULL, &cb, NULL);
  if (rc == DURABLE_OK)
    rc = durable_callback_result(ctx, cb, &text);
  if (rc == DURABLE_OK)
    *result = text;
  body_runs += rc == DURABLE_OK;
  return rc;
}

static int count(durable_ctx *ctx, const durable_batch *batch,
                 const durable_value **result) {
  int rc = durable_batch_check(ctx, batch);
  *result = durable_value_int(
      durable_ctx_values(ctx),
      (int64_t)durable_batch_count(batch, DURABLE_STATUS_SUCCEEDED));
  return rc;
}

static int wide(durable_ctx *ctx, const durable_value *event,
                const durable_value **result) {
  const durable_batch *batch;
  durable_batch_config c = DURABLE_BATCH_INIT;
  c.count = (uint32_t)durable_value_as_int(event, 0);
  int rc = durable_map(ctx, "wide", NULL, on_callback, NULL, &batch, &c);
  return rc ? rc : count(ctx, batch, result);
}

static void test_ten_thousand_callbacks(void **state) {
  durable_handler h = play_handler(wide);
  h.max_threads = 4;
  atomic_store(&peak, 0);
  int before = threads_now();
  fake_on_idle(*state, complete_all, NULL);
  const char *ended = fake_run(*state, &h, "10000");
  if (strcmp(ended, "SUCCEEDED") != 0)
    fail_msg("%s: %s", ended, fake_result(*state));
  assert_string_equal(fake_result(*state), "10000");
  assert_int_equal(fake_updates(*state, "CALLBACK", "START", NULL), 10000);
  assert_true(atomic_load(&peak) <= before + MOST);
}

/* ---- three deep */

enum { WIDTH = 12 };

static int at_depth(durable_ctx *ctx, const durable_value *item, size_t index,
                    void *arg, const durable_value **result) {
  int depth = (int)(intptr_t)arg;
  const durable_batch *batch;
  if (depth == 0)
    return on_callback(ctx, item, index, NULL, result);
  int rc = durable_map(ctx, NULL, NULL, at_depth, (void *)(intptr_t)(depth - 1),
                       &batch, DURABLE_BATCH(.count = WIDTH));
  return rc ? rc : count(ctx, batch, result);
}

static int deep(durable_ctx *ctx, const durable_value *event,
                const durable_value **result) {
  const durable_batch *batch;
  (void)event;
  int rc = durable_map(ctx, "deep", NULL, at_depth, (void *)(intptr_t)2, &batch,
                       DURABLE_BATCH(.count = WIDTH));
  return rc ? rc : count(ctx, batch, result);
}

static void test_three_deep(void **state) {
  durable_handler h = play_handler(deep);
  h.max_threads = 4;
  atomic_store(&peak, 0);
  int before = threads_now();
  fake_on_idle(*state, complete_all, NULL);
  const char *ended = fake_run(*state, &h, "{}");
  if (strcmp(ended, "SUCCEEDED") != 0)
    fail_msg("%s: %s", ended, fake_result(*state));
  assert_string_equal(fake_result(*state), "12");
  assert_int_equal(fake_updates(*state, "CALLBACK", "START", NULL),
                   WIDTH * WIDTH * WIDTH);
  assert_true(atomic_load(&peak) <= before + MOST);
}

/* ---- suspension inside of nested bodies */

static int innermost(durable_ctx *ctx, void *arg,
                     const durable_value **result) {
  (void)arg;
  int rc = durable_wait(ctx, "deep inside", 100);
  *result = durable_value_str(durable_ctx_values(ctx), "inside");
  return rc;
}

static int middle(durable_ctx *ctx, int attempt, void *arg,
                  const durable_value **result) {
  (void)attempt;
  return durable_child(ctx, "innermost", innermost, arg, result, NULL);
}

static int outer(durable_ctx *ctx, const durable_value *item, size_t index,
                 void *arg, const durable_value **result) {
  (void)item;
  (void)index;
  return durable_with_retry(ctx, "middle", middle, arg, result, NULL);
}

static int nested(durable_ctx *ctx, const durable_value *event,
                  const durable_value **result) {
  const durable_batch *batch;
  (void)event;
  int rc = durable_map(ctx, "outer", NULL, outer, NULL, &batch,
                       DURABLE_BATCH(.count = 3));
  if (rc)
    return rc;
  *result = durable_value_copy(durable_ctx_values(ctx),
                               durable_batch_at(batch, 0, 2)->result);
  return rc;
}

static void test_suspension_inside_nested_bodies(void **state) {
  play_expect(*state, nested, "{}", "SUCCEEDED", "\"inside\"");
  assert_true(fake_invocations(*state) >= 2);
}

/* A body that swallows DURABLE_SUSPENDED is suspended all the same. */
static int swallower(durable_ctx *ctx, void *arg,
                     const durable_value **result) {
  (void)arg;
  (void)durable_wait(ctx, "pause", 50);
  body_runs++;
  *result = durable_value_str(durable_ctx_values(ctx), "went on");
  return DURABLE_OK;
}

static int swallowing(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  (void)event;
  return durable_child(ctx, "kid", swallower, NULL, result, NULL);
}

static void test_suspension_cannot_be_swallowed(void **state) {
  durable_handler h = play_handler(swallowing);
  assert_string_equal(fake_run(*state, &h, "{}"), "SUCCEEDED");
  assert_int_equal(fake_invocations(*state), 2);
  assert_int_equal(body_runs, 2);
  assert_int_equal(fake_updates(*state, "CONTEXT", "SUCCEED", "kid"), 1);
}

/* A body that invents DURABLE_SUSPENDED has failed. */
static int liar(durable_ctx *ctx, void *arg, const durable_value **result) {
  (void)ctx;
  (void)arg;
  (void)result;
  return DURABLE_SUSPENDED;
}

static int lying(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  (void)event;
  return durable_child(ctx, "liar", liar, NULL, result, NULL);
}

static void test_suspension_cannot_be_invented(void **state) {
  durable_handler h = play_handler(lying);
  assert_string_equal(fake_run(*state, &h, "{}"), "FAILED");
  assert_non_null(strstr(fake_result(*state), "DURABLE_SUSPENDED"));
}

/* Branches that start futures, on fewer threads than branches. */
static int slow(durable_ctx *ctx, void *arg, const durable_value **result) {
  (void)arg;
  int rc = durable_wait(ctx, NULL, 20);
  *result = durable_value_int(durable_ctx_values(ctx), 1);
  return rc;
}

static int with_futures(durable_ctx *ctx, const durable_value *item,
                        size_t index, void *arg, const durable_value **result) {
  durable_future *f[2];
  (void)item;
  (void)arg;
  (void)index;
  int rc = durable_child_start(ctx, NULL, slow, NULL, &f[0], NULL);
  if (rc == DURABLE_OK)
    rc = durable_child_start(ctx, NULL, slow, NULL, &f[1], NULL);
  if (rc == DURABLE_OK)
    rc = durable_wait(ctx, "meanwhile", 10);
  return rc ? rc : durable_all(ctx, NULL, f, 2, result, NULL);
}

static int futures_in_branches(durable_ctx *ctx, const durable_value *event,
                               const durable_value **result) {
  const durable_batch *batch;
  (void)event;
  int rc = durable_map(ctx, "m", NULL, with_futures, NULL, &batch,
                       DURABLE_BATCH(.count = 30));
  return rc ? rc : count(ctx, batch, result);
}

static void test_futures_in_branches(void **state) {
  durable_handler h = play_handler(futures_in_branches);
  h.max_threads = 3;
  play_expect_handler(*state, &h, "{}", "SUCCEEDED", "30");
}

/* Maps that are started and awaited, in branches of such, on one thread. */
static int started_maps(durable_ctx *ctx, const durable_value *item,
                        size_t index, void *arg, const durable_value **result) {
  const int *deep = arg;
  durable_future *f;
  const durable_batch *batch;
  (void)item;
  if (*deep == 0)
    return durable_wait(ctx, "w", (int64_t)index + 1);
  int next = *deep - 1;
  void *kept = durable_keep(ctx, &next, sizeof next);
  int rc = durable_map_start(ctx, "m", NULL, started_maps, kept, &f,
                             DURABLE_BATCH(.count = 3));
  if (rc == DURABLE_OK)
    rc = durable_await_batch(ctx, f, &batch);
  return rc ? rc : count(ctx, batch, result);
}

static int start_maps(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  int deep = 3;
  (void)event;
  return started_maps(ctx, NULL, 0, &deep, result);
}

static void test_started_maps_on_one_thread(void **state) {
  durable_handler h = play_handler(start_maps);
  h.max_threads = 1;
  play_expect_handler(*state, &h, "{}", "SUCCEEDED", "3");
}

/* More branches await one map than may be at work. */
static int await_it(durable_ctx *ctx, const durable_value *item, size_t index,
                    void *arg, const durable_value **result) {
  const durable_batch *batch;
  (void)item;
  (void)index;
  int rc = durable_await_batch(ctx, arg, &batch);
  return rc ? rc : count(ctx, batch, result);
}

static int await_one_map(durable_ctx *ctx, const durable_value *event,
                         const durable_value **result) {
  static const int deep = 0;
  durable_future *f;
  const durable_batch *batch;
  (void)event;
  int rc = durable_map_start(ctx, "m", NULL, started_maps, (void *)&deep, &f,
                             DURABLE_BATCH(.count = 20));
  if (rc == DURABLE_OK)
    rc = durable_map(ctx, "all", NULL, await_it, f, &batch,
                     DURABLE_BATCH(.count = 20));
  return rc ? rc : count(ctx, batch, result);
}

static void test_one_map_awaited_by_many(void **state) {
  durable_handler h = play_handler(await_one_map);
  h.max_threads = 4;
  play_expect_handler(*state, &h, "{}", "SUCCEEDED", "20");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PLAY(test_suspension_inside_nested_bodies),
      PLAY(test_suspension_cannot_be_swallowed),
      PLAY(test_suspension_cannot_be_invented),
      PLAY(test_futures_in_branches),
      PLAY(test_started_maps_on_one_thread),
      PLAY(test_one_map_awaited_by_many),
      PLAY(test_three_deep),
      PLAY(test_ten_thousand_callbacks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
