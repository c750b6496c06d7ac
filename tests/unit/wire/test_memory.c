/* Every reader and copier with every allocation failing in turn: each says that
 * memory is out, and nothing is lost. */
#include "wire_test.h"

#include "alloc.h"

/* Each string holds an escape, so that each is an allocation; long ones, so
 * that one arena block does not hold them all. */
#define LONG                                                                   \
  "\\u00e9aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
  "aa"
#define BIG       LONG LONG LONG LONG LONG LONG LONG LONG
#define HUGE_TEXT BIG BIG BIG BIG BIG BIG BIG BIG
#define ERROR_TEXT                                                             \
  "{\"ErrorMessage\":\"" HUGE_TEXT "\",\"ErrorType\":\"" HUGE_TEXT "\","       \
  "\"ErrorData\":\"" HUGE_TEXT "\",\"StackTrace\":[\"" LONG "\"]}"
#define OPERATION_TEXT                                                         \
  "{\"Id\":\"" HUGE_TEXT "\",\"Type\":\"" HUGE_TEXT "\",\"Status\":"           \
  "\"READ\\u0059\",\"Name\":\"" HUGE_TEXT                                      \
  "\",\"StepDetails\":{\"Result\":\"" HUGE_TEXT "\",\"Error\":" ERROR_TEXT     \
  "}}"

static int no_operation(void *user, const dur_operation *op) {
  (void)user;
  (void)op;
  return 0;
}

static int no_update(void *user, const dur_update *update) {
  (void)user;
  (void)update;
  return 0;
}

static int no_id(void *user, dur_bytes id) {
  (void)user;
  (void)id;
  return 0;
}

/* -1 when the reader failed, which must be for want of memory. */
static int said(int got, const char *why) {
  if (got >= 0)
    return 0;
  assert_ptr_equal(why, dur_wire_no_memory);
  return -1;
}

static int read_event(const dur_mem *mem, void *user) {
  dur_arena arena;
  dur_event event;
  const char *why = NULL;
  (void)user;
  dur_arena_init(&arena, mem);
  int got = dur_event_read(
      DUR_LIT("{\"DurableExecutionArn\":\"" HUGE_TEXT "\","
              "\"CheckpointToken\":\"" HUGE_TEXT "\","
              "\"InitialExecutionState\":{\"Operations\":[" OPERATION_TEXT
              "],\"NextMarker\":\"" HUGE_TEXT "\"},"
              "\"UpdatedOperationIds\":[\"" HUGE_TEXT "\"]}"),
      &arena, no_operation, no_id, NULL, &event, &why);
  dur_arena_drop(&arena);
  return said(got, why);
}

static int read_page(const dur_mem *mem, void *user) {
  dur_arena arena;
  dur_state_page page;
  const char *why = NULL;
  (void)user;
  dur_arena_init(&arena, mem);
  int got = dur_page_read(DUR_LIT("{\"CheckpointToken\":\"" HUGE_TEXT
                                  "\",\"NewExecutionState\":{"
                                  "\"Operations\":[" OPERATION_TEXT
                                  "],\"NextMarker\":\"" HUGE_TEXT "\"}}"),
                          0, &arena, no_operation, NULL, &page, &why);
  dur_arena_drop(&arena);
  return said(got, why);
}

static int read_request(const dur_mem *mem, void *user) {
  dur_arena arena;
  dur_checkpoint request;
  const char *why = NULL;
  (void)user;
  dur_arena_init(&arena, mem);
  int got = dur_checkpoint_read(
      DUR_LIT("{\"CheckpointToken\":\"" HUGE_TEXT "\",\"Updates\":[{\"Id\":"
              "\"" HUGE_TEXT "\",\"Type\":\"X\",\"Action\":\"Y\",\"Payload\":"
              "\"" HUGE_TEXT "\",\"Error\":" ERROR_TEXT
              ",\"ChainedInvokeOptions\":{\"FunctionName\":\"" HUGE_TEXT
              "\",\"TenantId\":\"" HUGE_TEXT "\"}}],\"ClientToken\":"
              "\"" HUGE_TEXT "\"}"),
      &arena, no_update, NULL, &request, &why);
  dur_arena_drop(&arena);
  return said(got, why);
}

static int read_output(const dur_mem *mem, void *user) {
  dur_arena arena;
  dur_output output;
  const char *why = NULL;
  (void)user;
  dur_arena_init(&arena, mem);
  int got = dur_output_read(
      DUR_LIT("{\"Status\":\"FAIL\\u0045D\",\"Result\":\"" HUGE_TEXT
              "\",\"Error\":" ERROR_TEXT "}"),
      &arena, &output, &why);
  dur_arena_drop(&arena);
  return said(got, why);
}

static int copy_and_cut(const dur_mem *mem, void *user) {
  dur_arena scratch, arena;
  dur_operation op, copy;
  dur_error cut;
  dur_json json;
  const char *why = NULL;
  (void)user;
  dur_arena_init(&scratch, &dur_mem_default);
  dur_arena_init(&arena, mem);
  dur_json_init(&json, DUR_LIT(OPERATION_TEXT), 0);
  assert_int_equal(dur_operation_read(&json, &scratch, &op, &why), 0);
  int got = dur_operation_copy(&arena, &op, &copy);
  cut = (dur_error){.stack = DUR_LIT("[\"" HUGE_TEXT "\",\"two\"]")};
  if (got == 0)
    got = dur_error_truncate(&arena, &cut, dur_error_size(&cut) - 1);
  dur_arena_drop(&arena);
  dur_arena_drop(&scratch);
  return got;
}

/* Without memory the code and the message are absent: the invocation is to be
 * retried, which is right when memory is short. */
static int read_api_error(const dur_mem *mem, void *user) {
  dur_arena arena;
  dur_api_error e;
  (void)user;
  dur_arena_init(&arena, mem);
  dur_api_error_read(400, DUR_NONE,
                     DUR_LIT("{\"Type\":\"" HUGE_TEXT "\",\"message\":"
                             "\"" HUGE_TEXT "\"}"),
                     &arena, &e);
  int got = e.message.data != NULL ? 0 : -1;
  assert_int_equal(dur_api_error_category(&e),
                   got == 0 ? DUR_CATEGORY_EXECUTION : DUR_CATEGORY_INVOCATION);
  dur_arena_drop(&arena);
  return got;
}

static void every_failure_is_said(void **state) {
  (void)state;
  test_each_failure(read_event, NULL, 0);
  test_each_failure(read_page, NULL, 0);
  test_each_failure(read_request, NULL, 0);
  test_each_failure(read_output, NULL, 0);
  test_each_failure(copy_and_cut, NULL, 0);
  test_each_failure(read_api_error, NULL, 0);
}

static void a_plain_event_asks_for_nothing(void **state) {
  (void)state;
  test_counter counter = {0};
  dur_mem mem = test_mem(&counter);
  dur_arena arena;
  dur_event event;
  const char *why = NULL;
  dur_arena_init(&arena, &mem);
  assert_int_equal(
      dur_event_read(
          DUR_LIT("{\"DurableExecutionArn\":\"a\",\"CheckpointToken\":\"t\","
                  "\"InitialExecutionState\":{\"Operations\":[{\"Id\":\"i\","
                  "\"Type\":\"STEP\",\"Status\":\"SUCCEEDED\",\"StepDetails\":"
                  "{\"Attempt\":1,\"Result\":\"7\"}}]},"
                  "\"UpdatedOperationIds\":[\"i\"]}"),
          &arena, no_operation, no_id, NULL, &event, &why),
      0);
  assert_int_equal(counter.requests, 0);
  dur_arena_drop(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_failure_is_said),
      cmocka_unit_test(a_plain_event_asks_for_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
