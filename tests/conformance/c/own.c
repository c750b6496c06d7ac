/* Our own suites: determinism, combinators, state, faults and handover. */
#include "conformance.h"
#include <stdio.h>
#include <string.h>

enum { KIB = 1024, MIB = 1024 * KIB };

/* A string of |len| times |letter|. */
static const durable_value *repeated(durable_values *in, char letter,
                                     size_t len) {
  char *all = durable_values_alloc(in, len);
  if (all)
    memset(all, letter, len);
  return durable_value_data(in, DURABLE_KIND_STRING,
                            (durable_bytes){all, all ? len : 0});
}

static int answer_to(durable_ctx *ctx, const char *name,
                     const durable_value **result) {
  durable_callback *callback;
  int rc = durable_create_callback(ctx, name, &callback, NULL);
  return rc ? rc : durable_callback_result(ctx, callback, result);
}

/* ---- 11-1..11-5 */

static int same(durable_ctx *ctx, const durable_value *event,
                const durable_value **result) {
  const durable_value *value, *answer;
  (void)event;
  int rc = durable_step(ctx, "same", give, text(ctx, "x"), &value, NULL);
  if (rc == DURABLE_OK)
    rc = answer_to(ctx, "go", &answer);
  if (rc == DURABLE_OK)
    *result =
        durable_value_pack(durable_ctx_values(ctx), "[v, v]", value, answer);
  return rc;
}

/* ---- 12-1..12-5 */

static int start_step(durable_ctx *ctx, const char *name,
                      durable_future **future) {
  return durable_step_start(ctx, name, give, text(ctx, name), future, NULL);
}

static int start_failing(durable_ctx *ctx, const char *name,
                         durable_future **future) {
  return durable_step_start(ctx, name, fail, NULL, future,
                            DURABLE_STEP(.retry = &NO_RETRY));
}

static int all_values(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  durable_future *f[3];
  (void)event;
  int rc = start_step(ctx, "a", &f[0]);
  if (rc == DURABLE_OK)
    rc = start_step(ctx, "b", &f[1]);
  if (rc == DURABLE_OK)
    rc = durable_wait_start(ctx, NULL, 1, &f[2]);
  if (rc == DURABLE_OK)
    rc = durable_all(ctx, NULL, f, 3, result, NULL);
  return rc ? rc : durable_wait(ctx, NULL, 1);
}

static int good_and_bad(durable_ctx *ctx, durable_future *f[2]) {
  int rc = start_step(ctx, "a", &f[0]);
  return rc ? rc : start_failing(ctx, "b", &f[1]);
}

static int all_fails(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  durable_future *f[2];
  (void)event;
  int rc = good_and_bad(ctx, f);
  return rc ? rc : durable_all(ctx, NULL, f, 2, result, NULL);
}

static int settled(durable_ctx *ctx, const durable_value *event,
                   const durable_value **result) {
  durable_future *f[2];
  const durable_value *outcomes;
  (void)event;
  int rc = good_and_bad(ctx, f);
  if (rc == DURABLE_OK)
    rc = durable_settled(ctx, NULL, f, 2, &outcomes, NULL);
  if (rc)
    return rc;
  const durable_value *a = durable_value_at(outcomes, 0),
                      *b = durable_value_at(outcomes, 1);
  *result = durable_value_pack(
      durable_ctx_values(ctx), "[[v, v], [v, s]]",
      durable_value_get(a, "status"), durable_value_get(a, "value"),
      durable_value_get(b, "status"),
      durable_value_get_str(durable_value_get(b, "reason"), "ErrorType", ""));
  return DURABLE_OK;
}

static int any_value(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  durable_future *f[2];
  (void)event;
  int rc = start_failing(ctx, "a", &f[0]);
  if (rc == DURABLE_OK)
    rc = start_step(ctx, "b", &f[1]);
  if (rc == DURABLE_OK)
    rc = durable_any(ctx, NULL, f, 2, result, NULL);
  return rc ? rc : durable_wait(ctx, NULL, 1);
}

static int race(durable_ctx *ctx, const durable_value *event,
                const durable_value **result) {
  durable_future *f[2];
  (void)event;
  int rc = start_step(ctx, "a", &f[0]);
  if (rc == DURABLE_OK)
    rc = durable_wait_start(ctx, NULL, 60, &f[1]);
  if (rc == DURABLE_OK)
    rc = durable_race(ctx, NULL, f, 2, result, NULL);
  return rc ? rc : durable_wait(ctx, NULL, 1);
}

/* ---- 13-1 */

enum { STEPS = 40, STEP_BYTES = 200 * KIB, LETTERS = 26 };

static int fill(durable_step_ctx *step, void *arg,
                const durable_value **result) {
  const int *i = arg;
  *result = repeated(durable_step_values(step), (char)('a' + *i % LETTERS),
                     STEP_BYTES);
  return DURABLE_OK;
}

static int many_pages(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  size_t length = 0;
  int seen[LETTERS] = {0}, different = 0;
  (void)event;
  for (int i = 0; i < STEPS; i++) {
    const durable_value *value;
    int rc = durable_step(ctx, NULL, fill, &i, &value, NULL);
    if (rc)
      return rc;
    durable_bytes all = durable_value_text(value);
    length += all.len;
    different += !seen[all.data[0] - 'a']++;
  }
  *result = durable_value_pack(durable_ctx_values(ctx), "{s:I, s:i}", "length",
                               (int64_t)length, "different", different);
  return durable_wait(ctx, NULL, 1);
}

/* ---- 13-2, 13-3 */

static int upper_in_step(durable_step_ctx *step, void *arg,
                         const durable_value **result) {
  *result = upper_case(durable_step_values(step), durable_value_text(arg));
  return DURABLE_OK;
}

static int upper(durable_ctx *ctx, const durable_value *item, size_t index,
                 void *arg, const durable_value **result) {
  (void)index, (void)arg;
  return durable_step(ctx, NULL, upper_in_step, as_arg(item), result, NULL);
}

static int large_in_step(durable_step_ctx *step, void *arg,
                         const durable_value **result) {
  *result = repeated(durable_step_values(step),
                     durable_value_as_str(arg, "?")[0], (size_t)100 * KIB);
  return DURABLE_OK;
}

static int large_item(durable_ctx *ctx, const durable_value *item, size_t index,
                      void *arg, const durable_value **result) {
  (void)index, (void)arg;
  return durable_step(ctx, NULL, large_in_step, as_arg(item), result, NULL);
}

static int map_and_wait(durable_ctx *ctx, durable_map_fn *fn,
                        const durable_batch **batch) {
  int rc = durable_map(
      ctx, NULL,
      durable_value_pack(durable_ctx_values(ctx), "[s, s, s]", "a", "b", "c"),
      fn, NULL, batch, DURABLE_BATCH(.max_concurrency = 1));
  return rc ? rc : durable_wait(ctx, NULL, 1);
}

static int collapsed(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  const durable_batch *batch;
  (void)event;
  int rc = map_and_wait(ctx, upper, &batch);
  if (rc == DURABLE_OK)
    *result = results_of(ctx, batch);
  return rc;
}

static int rebuilt(durable_ctx *ctx, const durable_value *event,
                   const durable_value **result) {
  const durable_batch *batch;
  size_t count;
  (void)event;
  int rc = map_and_wait(ctx, large_item, &batch);
  if (rc)
    return rc;
  durable_values *in = durable_ctx_values(ctx);
  durable_value *list = durable_value_list(in);
  const durable_value *const *results = durable_batch_results(batch, &count);
  for (size_t i = 0; i < count; i++) {
    durable_bytes all = durable_value_text(results[i]);
    const char letter[] = {all.data[0], '\0'};
    (void)durable_value_append(
        in, list, durable_value_pack(in, "[s, I]", letter, (int64_t)all.len));
  }
  *result = list;
  return DURABLE_OK;
}

/* ---- 13-4 */

static int too_large(durable_step_ctx *step, void *arg,
                     const durable_value **result) {
  (void)arg;
  *result = repeated(durable_step_values(step), 'x', (size_t)7 * MIB);
  return DURABLE_OK;
}

static int large_step(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  (void)event;
  int rc = durable_step(ctx, "large", too_large, NULL, NULL,
                        DURABLE_STEP(.retry = &NO_RETRY));
  if (rc != DURABLE_FAILED)
    return rc;
  *result = text(ctx, "too large");
  return durable_wait(ctx, NULL, 1);
}

/* ---- 13-5 */

static int large_result(durable_ctx *ctx, const durable_value *event,
                        const durable_value **result) {
  (void)event;
  *result = repeated(durable_ctx_values(ctx), 'x', (size_t)6 * MIB - 100);
  return DURABLE_OK;
}

/* ---- 14-1..14-5 */

static int three_steps(durable_ctx *ctx, const durable_value *event,
                       const durable_value **result) {
  const durable_value *a, *b, *c;
  char joined[8];
  (void)event;
  int rc = durable_step(ctx, "a", give, text(ctx, "a"), &a, NULL);
  if (rc == DURABLE_OK)
    rc = durable_step(ctx, "b", give, text(ctx, "b"), &b, NULL);
  if (rc == DURABLE_OK)
    rc = durable_wait(ctx, NULL, 1);
  if (rc == DURABLE_OK)
    rc = durable_step(ctx, "c", give, text(ctx, "c"), &c, NULL);
  if (rc)
    return rc;
  snprintf(joined, sizeof joined, "%s%s%s", durable_value_as_str(a, "?"),
           durable_value_as_str(b, "?"), durable_value_as_str(c, "?"));
  *result = text(ctx, joined);
  return DURABLE_OK;
}

/* ---- 15-1..15-7: |serdes| is that of who else takes part; NULL: JSON. */

static int second(durable_ctx *ctx, void *arg, const durable_value **result) {
  return durable_step(ctx, "second", give, text(ctx, "two"), result,
                      DURABLE_STEP(.serdes = arg));
}

static int times_ten(durable_step_ctx *step, void *arg,
                     const durable_value **result) {
  *result = durable_value_int(durable_step_values(step),
                              durable_value_as_int(arg, 0) * 10);
  return DURABLE_OK;
}

static int item(durable_ctx *ctx, const durable_value *value, size_t index,
                void *arg, const durable_value **result) {
  (void)index;
  return durable_step(ctx, "times ten", times_ten, as_arg(value), result,
                      DURABLE_STEP(.serdes = arg));
}

static int begin(durable_ctx *ctx, const durable_serdes *serdes,
                 const durable_value **first, const durable_value **inside,
                 const durable_batch **items) {
  durable_values *in = durable_ctx_values(ctx);
  durable_value *made =
      durable_value_pack(in, "{s:i, s:[s, s]}", "n", 1, "tags", "a", "b");
  void *arg = (void *)(uintptr_t)serdes;
  int rc = durable_step(ctx, "first", give, made, first,
                        DURABLE_STEP(.serdes = serdes));
  if (rc == DURABLE_OK)
    rc = durable_child(ctx, "inside", second, arg, inside,
                       DURABLE_CHILD(.serdes = serdes));
  if (rc == DURABLE_OK)
    rc = durable_map(ctx, "items", durable_value_pack(in, "[i, i]", 1, 2), item,
                     arg, items,
                     DURABLE_BATCH(.max_concurrency = 1, .serdes = serdes));
  return rc;
}

static int handover(durable_ctx *ctx, const durable_serdes *serdes,
                    const durable_value **result) {
  const durable_value *first, *inside, *third, *one, *two;
  const durable_batch *items;
  int rc = begin(ctx, serdes, &first, &inside, &items);
  if (rc == DURABLE_OK)
    rc = answer_to(ctx, "go-1", &one);
  if (rc == DURABLE_OK)
    rc = durable_step(ctx, "third", give, text(ctx, "three"), &third,
                      DURABLE_STEP(.serdes = serdes));
  if (rc)
    return rc;
  durable_log(ctx, DURABLE_LOG_INFO, "c goes on");
  rc = answer_to(ctx, "go-2", &two);
  if (rc)
    return rc;
  durable_log(ctx, DURABLE_LOG_INFO, "c ends");
  *result = durable_value_pack(
      durable_ctx_values(ctx), "{s:v, s:v, s:v, s:v, s:[v, v]}", "first", first,
      "inside", inside, "items", results_of(ctx, items), "third", third,
      "answers", one, two);
  return DURABLE_OK;
}

static int with_python(durable_ctx *ctx, const durable_value *event,
                       const durable_value **result) {
  (void)event;
  return handover(ctx, durable_serdes_tagged(), result);
}

static int with_javascript(durable_ctx *ctx, const durable_value *event,
                           const durable_value **result) {
  (void)event;
  return handover(ctx, NULL, result);
}

const durable_handler OWN[] = {
    HANDLER("11-1", same),
    HANDLER("11-2", same),
    HANDLER("11-3", same),
    HANDLER("11-4", same),
    HANDLER("11-5", same),
    HANDLER("12-1", all_values),
    HANDLER("12-2", all_fails),
    HANDLER("12-3", settled),
    HANDLER("12-4", any_value),
    HANDLER("12-5", race),
    HANDLER("13-1", many_pages),
    HANDLER("13-2", collapsed),
    HANDLER("13-3", rebuilt),
    HANDLER("13-4", large_step),
    HANDLER("13-5", large_result),
    HANDLER("14-1", three_steps),
    HANDLER("14-2", three_steps),
    HANDLER("14-3", three_steps),
    HANDLER("14-4", three_steps),
    HANDLER("14-5", three_steps),
    HANDLER("15-1", with_python),
    HANDLER("15-4", with_python),
    HANDLER("15-5", with_python),
    HANDLER("15-6", with_javascript, .dialect = DURABLE_DIALECT_JS),
    HANDLERS_END,
};
