/* Names that a front end chooses: sub-types of steps and callbacks, qualified
 * error classes; and the listing of all operations. */
#include "script.h"

#define PREFIX "aws_durable_execution_sdk_python.exceptions."

static void step_sub_type(void **state) {
  durable_step_options o = DURABLE_STEP_OPTIONS_INIT;
  (void)state;
  sc_open();
  o.sub_type = "Tool";
  int op = durable_engine_step(sc.e, sc.task, sc.ctx, "charge", &o);
  assert_int_equal(sc_do(op, "1"), DONE);
  assert_string_equal(sc_update(0, "SubType"), "Tool");
  assert_string_equal(sc_update(1, "SubType"), "Tool");
  o.sub_type = "no good";
  assert_int_equal(durable_engine_step(sc.e, sc.task, sc.ctx, NULL, &o),
                   DURABLE_E_LIMIT);
}

static void other_sub_type_is_another_operation(void **state) {
  durable_step_options o = DURABLE_STEP_OPTIONS_INIT;
  (void)state;
  sc_rec("STEP", "1", "SUCCEEDED", "'SubType':'Tool'");
  sc_open();
  o.sub_type = "Model";
  int op = durable_engine_step(sc.e, sc.task, sc.ctx, NULL, &o);
  assert_int_equal(sc_next(op), SUSPEND);
  assert_non_null(strstr(durable_engine_error(sc.e), "STEP/Model"));
}

static void callback_sub_types(void **state) {
  durable_callback_options o = DURABLE_CALLBACK_OPTIONS_INIT;
  (void)state;
  sc_open();
  o.sub_type = "Approval";
  int op = durable_engine_callback(sc.e, sc.task, sc.ctx, NULL, &o);
  sc_says(op, DONE);
  assert_string_equal(sc_update(0, "SubType"), "Approval");
  op = durable_engine_wait_for_callback(sc.e, sc.task, sc.ctx, "ask", &o, NULL);
  sc_says(op, RUN);
  assert_string_equal(sc_update(1, "SubType"), "WaitForCallback");
  assert_string_equal(sc_update(2, "SubType"), "Approval");
}

static void reject(const char *type, int kind) {
  durable_callback_options o = DURABLE_CALLBACK_OPTIONS_INIT;
  sc_open();
  int op =
      durable_engine_wait_for_callback(sc.e, sc.task, sc.ctx, "ask", &o, NULL);
  sc_says(op, RUN);
  sc_ok(op, NULL);
  sc_go(op);
  sc_settle("1.1", "FAILED",
            "'CallbackDetails':{'CallbackId':'c','Error':"
            "{'ErrorType':'Rejected','ErrorMessage':'no'}}");
  sc_again(1000);
  op = durable_engine_wait_for_callback(sc.e, sc.task, sc.ctx, "ask", &o, NULL);
  sc_says(op, DONE);
  assert_string_equal(sc_error(op), type);
  assert_int_equal(durable_engine_op_error_kind(sc.e, op), kind);
  sc_again(1000); /* and the same from the record */
  op = durable_engine_wait_for_callback(sc.e, sc.task, sc.ctx, "ask", &o, NULL);
  sc_says(op, DONE);
  assert_string_equal(sc_error(op), type);
}

static void bare_error_classes(void **state) {
  (void)state;
  reject("CallbackExternalError|CallbackExternalError|no",
         DURABLE_OPERATION_ERROR_CALLBACK_EXTERNAL);
}

static void qualified_error_classes(void **state) {
  (void)state;
  sc.options.qualified_errors = 1;
  reject("CallbackExternalError|" PREFIX "CallbackExternalError|no",
         DURABLE_OPERATION_ERROR_CALLBACK_EXTERNAL);
}

static void both_forms_are_read(void **state) {
  static const char qualified[] = PREFIX "StepError";
  static const char foreign[] = "mine.StepError";
  (void)state;
  assert_int_equal(durable_operation_error_of((durable_bytes){"StepError", 9}),
                   DURABLE_OPERATION_ERROR_STEP);
  assert_int_equal(durable_operation_error_of(
                       (durable_bytes){qualified, sizeof qualified - 1}),
                   DURABLE_OPERATION_ERROR_STEP);
  assert_int_equal(
      durable_operation_error_of((durable_bytes){foreign, sizeof foreign - 1}),
      DURABLE_OPERATION_ERROR_NONE);
}

static void next_id(void **state) {
  (void)state;
  sc_open();
  durable_bytes id = durable_engine_next_id(sc.e, sc.ctx);
  assert_int_equal(id.len, 64);
  assert_memory_equal(id.data, sc_id("1"), 64);
  int op = sc_step(NULL);
  assert_memory_equal(durable_engine_op_id(sc.e, op).data, sc_id("1"), 64);
  id = durable_engine_next_id(sc.e, sc.ctx);
  assert_memory_equal(id.data, sc_id("2"), 64);
  assert_null(durable_engine_next_id(sc.e, 0).data);
  assert_null(durable_engine_next_id(NULL, sc.ctx).data);
}

static void next_is_new(void **state) {
  (void)state;
  sc_open();
  assert_int_equal(durable_engine_next_is_new(sc.e, 0), DURABLE_E_HANDLE);
  assert_int_equal(durable_engine_next_is_new(NULL, sc.ctx), DURABLE_E_HANDLE);
  assert_int_equal(durable_engine_next_is_new(sc.e, sc.ctx), 1);
  sc_says(sc_wait(NULL, 5), SUSPEND);
  sc_unwind();
  sc_again(0); /* STARTED */
  assert_int_equal(durable_engine_next_is_new(sc.e, sc.ctx), 0);
  sc_step(NULL); /* not what is on record: nothing is written any more */
  assert_int_equal(durable_engine_next_is_new(sc.e, sc.ctx), 0);
}

static int mentions(durable_bytes text, const char *what) {
  char *copy = malloc(text.len + 1);
  assert_non_null(copy);
  memcpy(copy, text.data, text.len);
  copy[text.len] = '\0';
  int found = strstr(copy, what) != NULL;
  free(copy);
  return found;
}

static void listing(void **state) {
  (void)state;
  sc_rec("STEP", "1", "SUCCEEDED", "'StepDetails':{'Attempt':1,'Result':'7'}");
  sc_open();
  sc_says(sc_step(NULL), DONE);
  durable_bytes all = durable_engine_operations(sc.e);
  assert_true(mentions(all, sc_id("1")) && mentions(all, "\"Result\":\"7\""));
  assert_true(mentions(all, "\"EXECUTION\"") && !mentions(all, sc_id("2")));
  assert_int_equal(sc_do(sc_step("more"), "8"), DONE);
  assert_true(mentions(durable_engine_operations(sc.e), sc_id("2")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SC_TEST(step_sub_type),
      SC_TEST(other_sub_type_is_another_operation),
      SC_TEST(callback_sub_types),
      SC_TEST(bare_error_classes),
      SC_TEST(qualified_error_classes),
      SC_TEST(both_forms_are_read),
      SC_TEST(next_id),
      SC_TEST(next_is_new),
      SC_TEST(listing),
  };
  return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
