/* Serdes: built-in ones, the user's, files; and round trips. */
#include "test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "play.h"

/* ---- the user's own: "<id>|<json>" */

static atomic_int writes, reads;

static int write_own(void *user, durable_serdes_call *call,
                     const durable_value *value, durable_bytes *out) {
  durable_bytes json;
  writes++;
  assert_string_equal(user, "user");
  assert_memory_equal(durable_serdes_arn(call), "arn:", 4);
  durable_values *in = durable_serdes_values(call);
  if (durable_value_print(in, DURABLE_FORM_PLAIN, value, &json) != 0)
    return durable_serdes_fail(call, 0, "no json");
  const char *id = durable_serdes_operation_id(call);
  char *text = durable_values_alloc(in, strlen(id) + json.len + 2);
  int len = sprintf(text, "%s|%s", id, json.data);
  *out = (durable_bytes){text, (size_t)len};
  return DURABLE_OK;
}

static int read_own(void *user, durable_serdes_call *call, durable_bytes text,
                    const durable_value **out) {
  (void)user;
  reads++;
  const char *bar = memchr(text.data, '|', text.len);
  size_t id = strlen(durable_serdes_operation_id(call));
  if (!bar || (size_t)(bar - text.data) > id)
    return durable_serdes_fail(call, 0, "no bar in it");
  durable_bytes json = {bar + 1, text.len - (size_t)(bar + 1 - text.data)};
  return durable_value_parse(durable_serdes_values(call), DURABLE_FORM_PLAIN,
                             json, out);
}

static const durable_serdes own = {.size = sizeof own,
                                   .user = (void *)(uintptr_t) "user",
                                   .serialize = write_own,
                                   .deserialize = read_own};

static int seven(durable_step_ctx *step, void *arg,
                 const durable_value **result) {
  (void)arg;
  body_runs++;
  *result = durable_value_int(durable_step_values(step), 7);
  return DURABLE_OK;
}

static int child_seven(durable_ctx *ctx, void *arg,
                       const durable_value **result) {
  return durable_step(ctx, "s", seven, arg, result, NULL);
}

static int item_seven(durable_ctx *ctx, const durable_value *item, size_t index,
                      void *arg, const durable_value **result) {
  (void)item;
  (void)index;
  return child_seven(ctx, arg, result);
}

static int count_up(durable_step_ctx *step, const durable_value *state,
                    void *arg, const durable_value **result) {
  (void)arg;
  *result = durable_value_int(durable_step_values(step),
                              durable_value_as_int(state, 0) + 1);
  return DURABLE_OK;
}

static int owned(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  const durable_value *a, *b, *c, *d;
  const durable_batch *batch;
  (void)event;
  int rc =
      durable_step(ctx, "step", seven, NULL, &a, DURABLE_STEP(.serdes = &own));
  if (rc == DURABLE_OK)
    rc = durable_child(ctx, "child", child_seven, NULL, &b,
                       DURABLE_CHILD(.serdes = &own));
  if (rc == DURABLE_OK)
    rc = durable_wait_for_condition(
        ctx, "cond", count_up, NULL,
        durable_value_int(durable_ctx_values(ctx), 1), &c,
        DURABLE_CONDITION(.serdes = &own));
  if (rc == DURABLE_OK)
    rc = durable_map(ctx, "map", NULL, item_seven, NULL, &batch,
                     DURABLE_BATCH(.count = 2, .serdes = &own));
  if (rc)
    return rc;
  d = durable_batch_at(batch, 0, 1)->result;
  *result = durable_value_pack(durable_ctx_values(ctx), "[vvvv]", a, b, c, d);
  return DURABLE_OK;
}

static void test_a_serdes_of_ones_own(void **state) {
  play_expect(*state, owned, "{}", "SUCCEEDED", "[7,7,2,7]");
  assert_non_null(
      strstr(fake_update_payload(*state, "STEP", "SUCCEED", "step"), "|7"));
  assert_non_null(
      strstr(fake_update_payload(*state, "CONTEXT", "SUCCEED", "map"),
             "|{\"all\":[{\"index\":0"));
}

static int items_only(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  const durable_batch *batch;
  (void)event;
  int rc = durable_map(ctx, "map", NULL, item_seven, NULL, &batch,
                       DURABLE_BATCH(.count = 2, .item_serdes = &own));
  if (rc == DURABLE_OK)
    *result =
        durable_value_copy(durable_ctx_values(ctx), durable_batch_value(batch));
  return rc;
}

static void test_a_serdes_for_items(void **state) {
  play_expect(*state, items_only, "{}", "SUCCEEDED",
              "{\"all\":[{\"index\":0,\"status\":\"SUCCEEDED\",\"result\":7,"
              "\"error\":null},{\"index\":1,\"status\":\"SUCCEEDED\","
              "\"result\":7,\"error\":null}],\"completionReason\":\"ALL_"
              "COMPLETED\"}");
}

/* ---- failures of a serdes */

static int fails_twice(void *user, durable_serdes_call *call,
                       const durable_value *value, durable_bytes *out) {
  if (++*(int *)user <= 2)
    return durable_serdes_fail(call, 1, "the store is down");
  return durable_serdes_plain()->serialize(NULL, call, value, out);
}

static int read_plain(void *user, durable_serdes_call *call, durable_bytes text,
                      const durable_value **out) {
  (void)user;
  return durable_serdes_plain()->deserialize(NULL, call, text, out);
}

static int tries;
static const durable_serdes shaky = {.size = sizeof shaky,
                                     .user = &tries,
                                     .serialize = fails_twice,
                                     .deserialize = read_plain};

static int shaken(durable_ctx *ctx, const durable_value *event,
                  const durable_value **result) {
  (void)event;
  return durable_step(ctx, "s", seven, NULL, result,
                      DURABLE_STEP(.serdes = &shaky));
}

static void test_a_serdes_may_ask_for_a_retry(void **state) {
  tries = 0;
  play_expect(*state, shaken, "{}", "SUCCEEDED", "7");
  assert_int_equal(body_runs, 3);
  assert_int_equal(fake_updates(*state, "STEP", "RETRY", "s"), 2);
}

static int refuses(void *user, durable_serdes_call *call, durable_bytes text,
                   const durable_value **out) {
  (void)user;
  (void)text;
  (void)out;
  return durable_serdes_fail(call, 0, "cannot read it");
}

static const durable_serdes one_way = {.size = sizeof one_way,
                                       .user = (void *)(uintptr_t) "user",
                                       .serialize = write_own,
                                       .deserialize = refuses};

static int one_way_step(durable_ctx *ctx, const durable_value *event,
                        const durable_value **result) {
  (void)event;
  return durable_step(ctx, "s", seven, NULL, result,
                      DURABLE_STEP(.serdes = &one_way));
}

/* What cannot be read back is not stored as a success. */
static void test_a_failure_is_stored_before_it_shows(void **state) {
  durable_handler h = play_handler(one_way_step);
  assert_string_equal(fake_run(*state, &h, "{}"), "FAILED");
  assert_non_null(strstr(fake_result(*state), "cannot read it"));
  assert_int_equal(fake_updates(*state, "STEP", "SUCCEED", "s"), 0);
  assert_non_null(
      strstr(fake_update_payload(*state, "STEP", "FAIL", "s"), "SerDesError"));
}

/* ---- one direction */

static int loud(void *user, durable_serdes_call *call,
                const durable_value *value, durable_bytes *out) {
  (void)user;
  (void)value;
  *out = durable_values_keep(durable_serdes_values(call),
                             (durable_bytes){"\"LOUD\"", 6});
  return DURABLE_OK;
}

static const durable_serdes only_write = {.size = sizeof only_write,
                                          .serialize = loud};
static const durable_serdes only_read = {.size = sizeof only_read,
                                         .user = (void *)(uintptr_t) "user",
                                         .deserialize = refuses};

static int unreadable(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  (void)event;
  return durable_step(ctx, "s", seven, NULL, result,
                      DURABLE_STEP(.serdes = &only_write));
}

static int unwritable(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  (void)event;
  return durable_step(ctx, "s", seven, NULL, result,
                      DURABLE_STEP(.serdes = &only_read));
}

static void test_a_direction_that_is_needed_and_not_there(void **state) {
  durable_handler h = play_handler(unreadable);
  assert_string_equal(fake_run(*state, &h, "{}"), "FAILED");
  assert_non_null(strstr(fake_result(*state), "the serdes has no deserialize"));
  assert_int_equal(fake_updates(*state, "STEP", "SUCCEED", "s"), 0);
}

static void test_nothing_to_write_with(void **state) {
  durable_handler h = play_handler(unwritable);
  assert_string_equal(fake_run(*state, &h, "{}"), "FAILED");
  assert_non_null(strstr(fake_result(*state), "the serdes has no serialize"));
}

static const char *give_back(void *user, const char *function,
                             const char *payload, int *error) {
  static char text[64];
  (void)user;
  (void)function;
  *error = 0;
  snprintf(text, sizeof text, "%s", payload);
  return text;
}

static int sends_loud(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  return durable_invoke(ctx, "call", "echo", event, result,
                        DURABLE_INVOKE(.payload_serdes = &only_write));
}

/* What is sent to another function is read there, not here. */
static void test_a_payload_is_not_read_back(void **state) {
  fake_on_invoke(*state, give_back, NULL);
  play_expect(*state, sends_loud, "{}", "SUCCEEDED", "\"LOUD\"");
}

static int bytes_step(durable_step_ctx *step, void *arg,
                      const durable_value **result) {
  (void)arg;
  body_runs++;
  *result = durable_value_data(durable_step_values(step), DURABLE_KIND_BYTES,
                               (durable_bytes){"ab", 2});
  return DURABLE_OK;
}

static int plain_bytes(durable_ctx *ctx, const durable_value *event,
                       const durable_value **result) {
  (void)event;
  return durable_step(ctx, "s", bytes_step, NULL, result, NULL);
}

static void test_plain_has_no_bytes(void **state) {
  durable_handler h = play_handler(plain_bytes);
  assert_string_equal(fake_run(*state, &h, "{}"), "FAILED");
  assert_non_null(strstr(fake_result(*state), "bytes"));
}

/* ---- the built-in ones */

static int tagged(durable_ctx *ctx, const durable_value *event,
                  const durable_value **result) {
  const durable_value *v;
  (void)event;
  int rc = durable_step(ctx, "s", bytes_step, NULL, &v, NULL);
  if (rc)
    return rc;
  assert_int_equal(durable_value_kind_of(v), DURABLE_KIND_BYTES);
  *result = durable_value_data(durable_ctx_values(ctx), DURABLE_KIND_STRING,
                               durable_value_text(v));
  return DURABLE_OK;
}

static void test_tagged_is_one_setting_away(void **state) {
  durable_handler h = play_handler(tagged);
  h.serdes = durable_serdes_tagged();
  play_expect_handler(*state, &h, "{}", "SUCCEEDED", "\"ab\"");
  assert_string_equal(fake_update_payload(*state, "STEP", "SUCCEED", "s"),
                      "{\"t\":\"B\",\"v\":\"YWI=\"}");
}

static int text_step(durable_step_ctx *step, void *arg,
                     const durable_value **result) {
  *result = durable_value_str(durable_step_values(step), arg);
  return DURABLE_OK;
}

static int raw(durable_ctx *ctx, const durable_value *event,
               const durable_value **result) {
  (void)event;
  return durable_step(ctx, "s", text_step, (void *)"<as it is>", result,
                      DURABLE_STEP(.serdes = durable_serdes_raw()));
}

static void test_raw(void **state) {
  play_expect(*state, raw, "{}", "SUCCEEDED", "\"<as it is>\"");
  assert_string_equal(fake_update_payload(*state, "STEP", "SUCCEED", "s"),
                      "<as it is>");
}

/* A virtual context's result is not serialized. */
static int ghost(durable_ctx *ctx, void *arg, const durable_value **result) {
  *(const durable_value **)arg = *result = durable_value_data(
      durable_ctx_values(ctx), DURABLE_KIND_BYTES, (durable_bytes){"xyz", 3});
  return DURABLE_OK;
}

static int virtual_result(durable_ctx *ctx, const durable_value *event,
                          const durable_value **result) {
  const durable_value *inside = NULL, *outside;
  (void)event;
  int rc = durable_child(ctx, "ghost", ghost, &inside, &outside,
                         DURABLE_CHILD(.is_virtual = 1));
  if (rc)
    return rc;
  assert_ptr_equal(inside, outside);
  *result = durable_value_int(durable_ctx_values(ctx),
                              (int64_t)durable_value_text(outside).len);
  return DURABLE_OK;
}

static void test_a_virtual_result_is_not_serialized(void **state) {
  play_expect(*state, virtual_result, "{}", "SUCCEEDED", "3");
}

/* ---- files */

static char directory[] = "/tmp/durable-files-XXXXXX";
static durable_host_files place = {.size = sizeof place,
                                   .base_path = directory};

static const durable_value *preview(void *user, durable_values *in,
                                    const durable_value *value) {
  (void)user;
  return durable_value_pack(in, "{s:v}", "shown", value);
}

static const durable_files stored = {
    .size = sizeof stored, .where = &place, .preview = preview};

static int files(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  durable_serdes serdes;
  (void)event;
  assert_int_equal(durable_files_serdes(&serdes, &stored), DURABLE_OK);
  return durable_step(ctx, "s", seven, NULL, result,
                      DURABLE_STEP(.serdes = &serdes));
}

static void test_files(void **state) {
  char command[128];
  assert_non_null(mkdtemp(directory));
  play_expect(*state, files, "{}", "SUCCEEDED", "7");
  const char *payload = fake_update_payload(*state, "STEP", "SUCCEED", "s");
  assert_non_null(strstr(payload, directory));
  assert_non_null(strstr(payload, "\"shown\""));
  snprintf(command, sizeof command, "rm -r %s", directory);
  assert_int_equal(system(command), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PLAY(test_a_serdes_of_ones_own),
      PLAY(test_a_serdes_for_items),
      PLAY(test_a_serdes_may_ask_for_a_retry),
      PLAY(test_a_failure_is_stored_before_it_shows),
      PLAY(test_a_direction_that_is_needed_and_not_there),
      PLAY(test_nothing_to_write_with),
      PLAY(test_a_payload_is_not_read_back),
      PLAY(test_plain_has_no_bytes),
      PLAY(test_tagged_is_one_setting_away),
      PLAY(test_raw),
      PLAY(test_a_virtual_result_is_not_serialized),
      PLAY(test_files),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
