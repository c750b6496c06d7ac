/* Rows that this service did not write so, and a database that cannot be read:
 * each is told apart from what is not there and from a lack of memory. */
#include "rig.h"

#include <sqlite3.h>

static void sql(const char *path, const char *text) {
  sqlite3 *db;
  char *why = NULL;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  sqlite3_busy_timeout(db, 10000);
  if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
    fail_msg("%s: %s", text, why);
  sqlite3_close(db);
}

static void one_retry(turn *t, void *user) {
  (void)user;
  if (turn_op(t, "s") == NULL)
    turn_do(t, "{\"Id\":\"s\",\"Type\":\"STEP\",\"Action\":\"RETRY\","
               "\"Error\":{\"ErrorMessage\":\"no\"},"
               "\"StepOptions\":{\"NextAttemptDelaySeconds\":3600}}");
  turn_return(t, PENDING);
}

/* An execution that waits for its next attempt. */
static void begin(rig *r, script *sc, char *arn) {
  *sc = (script){.fn = one_retry};
  rig_open(r, (durable_service_options){0});
  rig_function(r, "F", sc);
  rig_start(r, "F", "name", arn);
  assert_int_equal(durable_service_settle(r->s, arn, 10000),
                   DURABLE_EXECUTION_RUNNING);
  answer a = call_run(r->s, "GET", arn, "", NULL); /* all is on disk then */
  assert_int_equal(a.status, 200);
  answer_drop(&a);
}

static void test_operations(void **state) {
  (void)state;
  static const struct {
    const char *sql, *expected;
  } ROWS[] = {{"UPDATE operation SET error = '{' WHERE error IS NOT NULL",
               "error: the text ends too early"},
              {"UPDATE operation SET error = '[]' WHERE error IS NOT NULL",
               "error: the error is not an object"},
              {"UPDATE operation SET type = 'STOP' WHERE error IS NOT NULL",
               "type: none of the known ones"},
              {"UPDATE operation SET status = 'ODD' WHERE error IS NOT NULL",
               "status: none of the known ones"}};
  for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
    rig r;
    script sc;
    char arn[DURABLE_ARN_SIZE], message[1024] = "", expected[2048];
    begin(&r, &sc, arn);
    rig_close(&r);
    sql(r.path, ROWS[i].sql);
    assert_int_equal(
        rig_try(&r, (durable_service_options){0}, message, sizeof message),
        DURABLE_E_STORE);
    snprintf(expected, sizeof expected,
             "%s cannot be read: operation s of %s: %s", r.path, arn,
             ROWS[i].expected);
    assert_string_equal(message, expected);
    rig_wipe(&r);
  }
}

static void test_events(void **state) {
  (void)state;
  rig r;
  script sc;
  char arn[DURABLE_ARN_SIZE], message[2048];
  begin(&r, &sc, arn);
  sql(r.path, "UPDATE event SET json = '{\"EventId\":2' WHERE id & 65535 = 2");
  for (int bare = 0; bare < 2; bare++) {
    answer a = call_run(
        r.s, "GET", arn,
        bare ? "/history?IncludeExecutionData=false" : "/history", NULL);
    snprintf(message, sizeof message,
             "Event 2 of %s is damaged: the text ends too early at "
             "byte 12",
             arn);
    assert_refused(a, 500, "ServiceException", message);
    answer_drop(&a);
  }
  rig_wipe(&r);
}

static void assert_unread(rig *r, const char *method, const char *arn,
                          const char *verb, const char *body,
                          const char *table) {
  char message[256];
  snprintf(message, sizeof message,
           "the database cannot be read: no such table: %s", table);
  answer a = call_run(r->s, method, arn, verb, body);
  assert_refused(a, 500, "ServiceException", message);
  answer_drop(&a);
}

static void test_tables(void **state) {
  (void)state;
  static const char NOBODY[] = "arn:aws:lambda:us-east-1:123456789012:function:"
                               "F:$LATEST/durable-execution/none/none";
  rig r;
  script sc;
  char arn[DURABLE_ARN_SIZE], other[DURABLE_ARN_SIZE];
  begin(&r, &sc, arn);
  sql(r.path, "DROP TABLE event");
  assert_unread(&r, "GET", arn, "/history", NULL, "event");
  sql(r.path, "DROP TABLE execution");
  assert_unread(&r, "GET", arn, "", NULL, "execution");
  assert_unread(&r, "GET", arn, "/history", NULL, "execution");
  assert_unread(&r, "POST", NOBODY, "/stop", "", "execution");
  assert_unread(&r, "GET", NOBODY, "/state?CheckpointToken=t", NULL,
                "execution");
  assert_int_equal(durable_service_wait(r.s, NOBODY, 0), DURABLE_E_STORE);
  /* a name that may be taken is not given away */
  const durable_service_start_options o = {.size = sizeof o, .name = "second"};
  assert_int_equal(
      durable_service_start(r.s, "F", (durable_bytes){"{}", 2}, &o, other),
      DURABLE_E_STORE);
  rig_wipe(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_operations),
      cmocka_unit_test(test_events),
      cmocka_unit_test(test_tables),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
