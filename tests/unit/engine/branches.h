/* branches: short words for tests that drive maps and parallels. */
#ifndef DUR_TEST_BRANCHES_H
#define DUR_TEST_BRANCHES_H

#include "script.h"

typedef durable_engine_branch_info branch;

/* As the root task: the next branch that |group| starts. */
static inline branch spawned(int group) {
  branch b = DURABLE_ENGINE_BRANCH_INFO_INIT;
  sc.task = sc.root;
  assert_int_equal(sc_next(group), SPAWN);
  assert_int_equal(durable_engine_branch(sc.e, group, &b), 0);
  assert_true(b.task > 0 && b.op > 0);
  return b;
}

/* Its body starts: claims go into its context. */
static inline void enter(const branch *b) {
  sc.task = b->task;
  assert_int_equal(sc_next(b->op), RUN);
  sc_into(b->op);
}

/* Its body ends; the outcome is queued. */
static inline void ends(const branch *b, int ok) {
  sc.task = b->task;
  assert_int_equal(ok ? sc_ok(b->op, "1") : sc_fails(b->op, "E", "bad", 1), 0);
}

static inline void leaves(const branch *b) {
  assert_int_equal(durable_engine_task_end(sc.e, b->task), 0);
}

static inline const char *reason_of(int group) {
  static char text[64];
  durable_bytes b = durable_engine_group_reason(sc.e, group);
  snprintf(text, sizeof text, "%.*s", (int)b.len, b.data ? b.data : "");
  return text;
}

/* "S=1 F=E:bad -" with the statuses of the items, "." never started */
static inline const char *items_of(int group, uint32_t total) {
  static char text[4096];
  size_t at = 0;
  text[0] = '\0';
  for (uint32_t i = 0; i < total; i++) {
    durable_engine_item item = DURABLE_ENGINE_ITEM_INIT;
    assert_int_equal(durable_engine_group_item(sc.e, group, i, &item), 0);
    assert_int_equal(item.index, i);
    at += (size_t)snprintf(
        text + at, sizeof text - at, "%s%s%.*s", i ? " " : "",
        item.status == DURABLE_STATUS_SUCCEEDED ? "S"
        : item.status == DURABLE_STATUS_FAILED  ? "F"
        : item.status == DURABLE_STATUS_STARTED ? "-"
                                                : ".",
        (int)item.result.len, item.result.data ? item.result.data : "");
  }
  return text;
}

/* The PAYLOAD body, by the built-in composition; then on to DONE. */
static inline void payload(int group) {
  sc.task = sc.root;
  sc_says(group, RUN);
  assert_int_equal(durable_engine_op_body(sc.e, group), DURABLE_BODY_PAYLOAD);
  assert_int_equal(durable_engine_op_compose(sc.e, group, DURABLE_FORM_PLAIN),
                   0);
  assert_int_equal(durable_engine_op_succeed(
                       sc.e, group, durable_engine_op_composed(sc.e, group)),
                   0);
  sc_drain();
}

static inline durable_group_options options(uint32_t kind) {
  durable_group_options o = DURABLE_GROUP_OPTIONS_INIT;
  o.kind = kind;
  return o;
}

static inline int group(const char *name, uint32_t branches,
                        const durable_group_options *o) {
  int op = durable_engine_group(sc.e, sc.task, sc.ctx, name, branches, o);
  sc_drain();
  return op;
}

#endif
