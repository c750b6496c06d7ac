/* Suite "map".  Items run one after the other, unless it is said. */
#include "conformance.h"
#include <stdio.h>
#include <string.h>

#define ONE_BY_ONE DURABLE_BATCH(.max_concurrency = 1)

/* An item that is its own result. */
static int itself(durable_ctx *ctx, const durable_value *item, size_t index,
                  void *arg, const durable_value **result) {
  (void)ctx, (void)index, (void)arg;
  *result = item;
  return DURABLE_OK;
}

/* ---- results in order */

static int results(durable_ctx *ctx, const char *name,
                   const durable_value *items, durable_map_fn *fn,
                   const durable_value **result,
                   const durable_batch_config *config) {
  const durable_batch *batch;
  int rc = durable_map(ctx, name, items, fn, NULL, &batch, config);
  if (rc == DURABLE_OK)
    *result = results_of(ctx, batch);
  return rc;
}

static const durable_value *strings(durable_ctx *ctx, const char *a,
                                    const char *b) {
  return durable_value_pack(durable_ctx_values(ctx), "[s, s]", a, b);
}

/* 9-1 */
static int greet_item(durable_ctx *ctx, const durable_value *item, size_t index,
                      void *arg, const durable_value **result) {
  (void)index, (void)arg;
  return durable_step(ctx, NULL, greet, as_arg(item), result, NULL);
}

static int basic(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  return results(ctx, "map", event, greet_item, result, ONE_BY_ONE);
}

/* 9-2 */
static int twice(durable_ctx *ctx, const durable_value *item, size_t index,
                 void *arg, const durable_value **result) {
  (void)index, (void)arg;
  *result = durable_value_int(durable_ctx_values(ctx),
                              durable_value_as_int(item, 0) * 2);
  return DURABLE_OK;
}

static int nameless(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  return results(ctx, NULL, event, twice, result, ONE_BY_ONE);
}

/* 9-3 */
static int plus_index(durable_ctx *ctx, const durable_value *item, size_t index,
                      void *arg, const durable_value **result) {
  (void)arg;
  *result = durable_value_int(durable_ctx_values(ctx),
                              durable_value_as_int(item, 0) + (int64_t)index);
  return DURABLE_OK;
}

static int with_index(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  return results(ctx, "map", event, plus_index, result, ONE_BY_ONE);
}

/* 9-4 */
static int empty(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  return results(ctx, "map", event, itself, result, ONE_BY_ONE);
}

/* 9-11: two at once */
static int concurrent(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  (void)event;
  return results(ctx, "map",
                 durable_value_pack(durable_ctx_values(ctx), "[s, s, s]", "r0",
                                    "r1", "r2"),
                 itself, result, DURABLE_BATCH(.max_concurrency = 2));
}

/* 9-12 */
static int in_step(durable_ctx *ctx, const durable_value *item, size_t index,
                   void *arg, const durable_value **result) {
  (void)index, (void)arg;
  return durable_step(ctx, NULL, give, as_arg(item), result, NULL);
}

static int flat(durable_ctx *ctx, const durable_value *event,
                const durable_value **result) {
  (void)event;
  return results(ctx, "map", strings(ctx, "fa", "fb"), in_step, result,
                 DURABLE_BATCH(.max_concurrency = 1, .flat = 1));
}

/* 9-13 */
static int times_ten(durable_ctx *ctx, const durable_value *item, size_t index,
                     void *arg, const durable_value **result) {
  (void)index, (void)arg;
  *result = durable_value_int(durable_ctx_values(ctx),
                              durable_value_as_int(item, 0) * 10);
  return DURABLE_OK;
}

enum { MAX_ITEMS = 8, NAME_SIZE = 32 };

static int named_items(durable_ctx *ctx, const durable_value *event,
                       const durable_value **result) {
  char texts[MAX_ITEMS][NAME_SIZE];
  const char *names[MAX_ITEMS];
  size_t count = durable_value_count(event);
  for (size_t i = 0; i < count && i < MAX_ITEMS; i++) {
    snprintf(texts[i], NAME_SIZE, "item-%lld",
             (long long)durable_value_as_int(durable_value_at(event, i), 0));
    names[i] = texts[i];
  }
  return results(ctx, "named-items", event, times_ten, result,
                 DURABLE_BATCH(.max_concurrency = 1, .names = names));
}

/* 9-14, 9-17, 9-19, 9-20: an item in upper case */
static int upper(durable_ctx *ctx, const durable_value *item, size_t index,
                 void *arg, const durable_value **result) {
  (void)index, (void)arg;
  *result = upper_case(durable_ctx_values(ctx), durable_value_text(item));
  return DURABLE_OK;
}

/* 9-14: "X" is stored as "wrapped:X", which is no JSON. */
static const char WRAPPED[] = "wrapped:";
enum { WRAPPED_LEN = sizeof WRAPPED - 1 };

static int wrap(void *user, durable_serdes_call *call,
                const durable_value *value, durable_bytes *out) {
  char stored[64];
  (void)user;
  int len = snprintf(stored, sizeof stored, "%s%s", WRAPPED,
                     durable_value_as_str(value, ""));
  *out = durable_values_keep(durable_serdes_values(call),
                             (durable_bytes){stored, (size_t)len});
  return DURABLE_OK;
}

static int unwrap(void *user, durable_serdes_call *call, durable_bytes stored,
                  const durable_value **out) {
  (void)user;
  if (stored.len < WRAPPED_LEN ||
      memcmp(stored.data, WRAPPED, WRAPPED_LEN) != 0)
    return durable_serdes_fail(call, 0, "it is not wrapped");
  *out = durable_value_data(
      durable_serdes_values(call), DURABLE_KIND_STRING,
      (durable_bytes){stored.data + WRAPPED_LEN, stored.len - WRAPPED_LEN});
  return DURABLE_OK;
}

static int item_serdes(durable_ctx *ctx, const durable_value *event,
                       const durable_value **result) {
  const durable_serdes wrapped = {
      .size = sizeof wrapped, .serialize = wrap, .deserialize = unwrap};
  (void)event;
  return results(ctx, "map", strings(ctx, "x", "y"), upper, result,
                 DURABLE_BATCH(.max_concurrency = 1,
                               .serdes = durable_serdes_plain(),
                               .item_serdes = &wrapped));
}

/* 9-15 */
static int later(durable_ctx *ctx, const durable_value *item, size_t index,
                 void *arg, const durable_value **result) {
  int rc = index == 0 ? DURABLE_OK : durable_wait(ctx, NULL, 1);
  return rc ? rc : in_step(ctx, item, index, arg, result);
}

static int suspended(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  (void)event;
  return results(ctx, "map", strings(ctx, "r0", "r1"), later, result,
                 ONE_BY_ONE);
}

/* 9-17 */
static int then_wait(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  (void)event;
  int rc =
      results(ctx, "map", strings(ctx, "a", "b"), upper, result, ONE_BY_ONE);
  return rc ? rc : durable_wait(ctx, NULL, 1);
}

/* 9-19, 9-20: the whole result is stored as "OPSERDE:X,Y". */
static const char JOINED[] = "OPSERDE:";
enum { JOINED_LEN = sizeof JOINED - 1 };

static int join(void *user, durable_serdes_call *call,
                const durable_value *batch, durable_bytes *out) {
  char stored[64];
  size_t len = JOINED_LEN;
  (void)user;
  memcpy(stored, JOINED, JOINED_LEN);
  const durable_value *all = durable_value_get(batch, "all");
  for (const durable_value *v = durable_value_first(all); v;
       v = durable_value_next(v))
    len += (size_t)snprintf(stored + len, sizeof stored - len, "%s%s",
                            len > JOINED_LEN ? "," : "",
                            durable_value_get_str(v, "result", ""));
  *out = durable_values_keep(durable_serdes_values(call),
                             (durable_bytes){stored, len});
  return DURABLE_OK;
}

static int split(void *user, durable_serdes_call *call, durable_bytes stored,
                 const durable_value **out) {
  durable_values *in = durable_serdes_values(call);
  (void)user;
  if (stored.len < JOINED_LEN || memcmp(stored.data, JOINED, JOINED_LEN) != 0)
    return durable_serdes_fail(call, 0, "it is not joined");
  char *text = durable_values_alloc(in, stored.len + 1), *rest;
  if (!text)
    return durable_values_status(in);
  memcpy(text, stored.data, stored.len);
  text[stored.len] = '\0';
  durable_value *all = durable_value_list(in);
  int index = 0;
  for (char *part = strtok_r(text + JOINED_LEN, ",", &rest); part;
       part = strtok_r(NULL, ",", &rest))
    (void)durable_value_append(
        in, all,
        durable_value_pack(in, "{s:i, s:s, s:s, s:n}", "index", index++,
                           "status", "SUCCEEDED", "result", part, "error"));
  *out = durable_value_pack(in, "{s:V, s:s}", "all", all, "completionReason",
                            "ALL_COMPLETED");
  return DURABLE_OK;
}

static int joined(durable_ctx *ctx, const durable_value *event,
                  const durable_value **result) {
  const durable_serdes whole = {
      .size = sizeof whole, .serialize = join, .deserialize = split};
  (void)event;
  return results(ctx, "map", strings(ctx, "x", "y"), upper, result,
                 DURABLE_BATCH(.max_concurrency = 1, .serdes = &whole,
                               .item_serdes = durable_serdes_plain()));
}

static int joined_then_wait(durable_ctx *ctx, const durable_value *event,
                            const durable_value **result) {
  int rc = joined(ctx, event, result);
  return rc ? rc : durable_wait(ctx, NULL, 1);
}

/* ---- when it is complete: items are true to succeed, false to fail. */

static int ok_or_not(durable_ctx *ctx, const durable_value *item, size_t index,
                     void *arg, const durable_value **result) {
  (void)index, (void)arg;
  if (!durable_value_as_bool(item, 0))
    return durable_fail(ctx, "RuntimeError", "as told");
  *result = durable_value_str(durable_ctx_values(ctx), "ok");
  return DURABLE_OK;
}

static int complete(durable_ctx *ctx, const char *outcomes,
                    const durable_batch **batch,
                    const durable_batch_config *config) {
  durable_values *in = durable_ctx_values(ctx);
  durable_value *items = durable_value_list(in);
  for (; *outcomes; outcomes++)
    (void)durable_value_append(in, items,
                               durable_value_bool(in, *outcomes == 's'));
  return durable_map(ctx, "map", items, ok_or_not, NULL, batch, config);
}

/* 9-16: 280 KiB in all */
enum { LARGE = 70 * 1024 };

static int large_item(durable_ctx *ctx, const durable_value *item, size_t index,
                      void *arg, const durable_value **result) {
  (void)item, (void)arg;
  durable_values *in = durable_ctx_values(ctx);
  char *large = durable_values_alloc(in, LARGE);
  if (!large)
    return durable_values_status(in);
  memset(large, 'a' + (int)index, LARGE);
  *result = durable_value_data(in, DURABLE_KIND_STRING,
                               (durable_bytes){large, LARGE});
  return DURABLE_OK;
}

static int large(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  const durable_batch *batch;
  (void)event;
  int rc = durable_map(ctx, "map", NULL, large_item, NULL, &batch,
                       DURABLE_BATCH(.max_concurrency = 1, .count = 4));
  if (rc == DURABLE_OK)
    *result = summary_of(ctx, batch, "st");
  return rc;
}

/* 9-18 */
static int failure_then_wait(durable_ctx *ctx, const durable_value *event,
                             const durable_value **result) {
  (void)event;
  int rc = summarized(ctx, complete, "sf", "rSsft", result, TOLERATE(1));
  return rc ? rc : durable_wait(ctx, NULL, 1);
}

static complete_fn *completes = complete;

const durable_handler MAP[] = {
    HANDLER("9-1", basic),
    HANDLER("9-2", nameless),
    HANDLER("9-3", with_index),
    HANDLER("9-4", empty),
    HANDLER("9-5", batch_fail_fast, .user = &completes),
    HANDLER("9-6", batch_rethrow, .user = &completes),
    HANDLER("9-7", batch_min_successful, .user = &completes),
    HANDLER("9-8", batch_tolerated, .user = &completes),
    HANDLER("9-9", batch_exceeded, .user = &completes),
    HANDLER("9-10", batch_percentage_exceeded, .user = &completes),
    HANDLER("9-11", concurrent),
    HANDLER("9-12", flat),
    HANDLER("9-13", named_items),
    HANDLER("9-14", item_serdes),
    HANDLER("9-15", suspended),
    HANDLER("9-16", large),
    HANDLER("9-17", then_wait),
    HANDLER("9-18", failure_then_wait),
    HANDLER("9-19", joined),
    HANDLER("9-20", joined_then_wait),
    HANDLERS_END,
};
