/* The record of an oversize batch: what is written, and which texts count. */
#include "serdes_test.h"

#include "serdes/summary.h"

static const char *summary(const char *statuses, const char *reason,
                           const char *text, int flags) {
  dur_summary s = {DUR_LIT("MapResult"), dur_cstr(reason), dur_cstr(statuses),
                   dur_cstr(text)};
  dur_buf_reset(&buf);
  dur_summary_write(&buf, &s, flags);
  return written();
}

static void without_item_statuses_is_what_python_writes(void **state) {
  (void)state;
  int flags = DUR_SUMMARY_NO_ITEM_STATUSES;
  assert_string_equal(
      summary("S-", "MIN_SUCCESSFUL_REACHED", NULL, flags),
      "{\"type\": \"MapResult\", \"totalCount\": 2, \"completionReason\": "
      "\"MIN_SUCCESSFUL_REACHED\", \"startedIndexes\": [1], \"startedCount\": "
      "1, \"successCount\": 1, \"failureCount\": 0, \"status\": "
      "\"SUCCEEDED\"}");
  assert_string_equal(
      summary("S--", "MIN_SUCCESSFUL_REACHED", "d\xC3\xA9", flags),
      "{\"type\": \"MapResult\", \"totalCount\": 3, \"completionReason\": "
      "\"MIN_SUCCESSFUL_REACHED\", \"completedIndexes\": [0], "
      "\"startedCount\": 2, \"successCount\": 1, \"failureCount\": 0, "
      "\"status\": \"SUCCEEDED\", \"summary\": \"d\\u00e9\"}");
  assert_string_equal(
      summary("F", "FAILURE_TOLERANCE_EXCEEDED", NULL, flags),
      "{\"type\": \"MapResult\", \"totalCount\": 1, \"completionReason\": "
      "\"FAILURE_TOLERANCE_EXCEEDED\", \"startedIndexes\": [], "
      "\"startedCount\": 0, \"successCount\": 0, \"failureCount\": 1, "
      "\"status\": \"FAILED\"}");
  assert_string_equal(
      summary("", "ALL_COMPLETED", NULL, flags),
      "{\"type\": \"MapResult\", \"totalCount\": 0, \"completionReason\": "
      "\"ALL_COMPLETED\", \"startedIndexes\": [], \"startedCount\": 0, "
      "\"successCount\": 0, \"failureCount\": 0, \"status\": \"SUCCEEDED\"}");
}

static void item_statuses_stand_between_status_and_summary(void **state) {
  (void)state;
  assert_string_equal(
      summary("SF-S", "ALL_COMPLETED", "x", 0),
      "{\"type\": \"MapResult\", \"totalCount\": 4, \"completionReason\": "
      "\"ALL_COMPLETED\", \"startedIndexes\": [2], \"startedCount\": 1, "
      "\"successCount\": 2, \"failureCount\": 1, \"status\": \"FAILED\", "
      "\"itemStatuses\": \"SF-S\", \"summary\": \"x\"}");
}

/* ---- reading */

static void no_record(const char *payload) {
  dur_batch_record r;
  assert_int_equal(dur_batch_record_read(&arena, dur_cstr(payload), &r), 0);
}

static void record(const char *payload, const char *reason,
                   const char *statuses) {
  dur_batch_record r;
  assert_int_equal(dur_batch_record_read(&arena, dur_cstr(payload), &r), 1);
  assert_true(dur_bytes_is(r.reason, reason));
  assert_int_equal(r.total, strlen(statuses));
  assert_string_equal(r.statuses, statuses);
}

static void takes_the_records_that_python_takes(void **state) {
  (void)state;
  no_record(NULL);
  no_record("");
  no_record("x");
  no_record("\"s\"");
  no_record("{\"totalCount\":3,\"completionReason\":\"ALL_COMPLETED\"}");
  no_record("{\"totalCount\":3,\"startedIndexes\":[1]}");
  no_record("{\"totalCount\":3,\"completionReason\":\"NOPE\","
            "\"startedIndexes\":[1]}");
  no_record("{\"totalCount\":\"3\",\"completionReason\":\"ALL_COMPLETED\","
            "\"startedIndexes\":[1]}");
  no_record("{\"totalCount\":3,\"completionReason\":\"ALL_COMPLETED\","
            "\"startedIndexes\":[3]}");
  no_record("{\"totalCount\":3,\"completionReason\":\"ALL_COMPLETED\","
            "\"startedIndexes\":[true]}");
  no_record("{\"totalCount\":true,\"completionReason\":\"ALL_COMPLETED\","
            "\"startedIndexes\":[]}");
  no_record("{\"totalCount\":-1,\"completionReason\":\"ALL_COMPLETED\","
            "\"startedIndexes\":[]}");
  record("{\"totalCount\":4,\"completionReason\":\"ALL_COMPLETED\","
         "\"completedIndexes\":[0,2]}",
         "ALL_COMPLETED", "?-?-");
  record("{\"totalCount\":3,\"completionReason\":\"MIN_SUCCESSFUL_REACHED\","
         "\"startedIndexes\":[2],\"summary\":\"x\"}",
         "MIN_SUCCESSFUL_REACHED", "?\?-");
  record("{\"totalCount\":2,\"completionReason\":\"ALL_COMPLETED\","
         "\"startedIndexes\":null,\"completedIndexes\":[0,1]}",
         "ALL_COMPLETED", "??");
  no_record("{\"totalCount\":3.0,\"completionReason\":\"ALL_COMPLETED\","
            "\"startedIndexes\":[]}");
}

#define COUNT(n) "{\"completionReason\":\"ALL_COMPLETED\",\"totalCount\":" n ","

static void item_statuses_alone_are_a_record(void **state) {
  (void)state;
  record(COUNT("3") "\"itemStatuses\":\"SF-\"}", "ALL_COMPLETED", "SF-");
  no_record(COUNT("3") "\"itemStatuses\":\"SF\"}");
  no_record(COUNT("3") "\"itemStatuses\":\"SFx\"}");
  no_record(COUNT("3") "\"itemStatuses\":3}");
}

static void
item_statuses_that_contradict_the_indexes_do_not_count(void **state) {
  (void)state;
  record(COUNT("3") "\"startedIndexes\":[2],\"itemStatuses\":\"SF-\"}",
         "ALL_COMPLETED", "SF-");
  record(COUNT("3") "\"startedIndexes\":[0],\"itemStatuses\":\"SF-\"}",
         "ALL_COMPLETED", "-?\?");
}

static void counts_have_a_ceiling(void **state) {
  (void)state;
  dur_batch_record r;
  dur_bytes at = DUR_LIT(COUNT("1000000") "\"startedIndexes\":[999999]}");
  assert_int_equal(dur_batch_record_read(&arena, at, &r), 1);
  assert_int_equal(r.total, 1000000);
  assert_int_equal(r.statuses[999999], DUR_ITEM_STARTED);
  no_record(COUNT("1000001") "\"startedIndexes\":[]}");
  no_record(COUNT("99999999999999999999") "\"startedIndexes\":[]}");
}

static void what_is_written_is_read(void **state) {
  (void)state;
  dur_batch_record r;
  summary("SSF-F", "FAILURE_TOLERANCE_EXCEEDED", NULL, 0);
  assert_int_equal(dur_batch_record_read(&arena, dur_buf_view(&buf), &r), 1);
  assert_string_equal(r.statuses, "SSF-F");
}

static int read_one(void) {
  dur_batch_record r;
  dur_bytes text =
      DUR_LIT("{\"completionReason\":\"ALL_COMPLET\\u0045D\",\"totalCount\":3,"
              "\"itemStatuses\":\"S\\u0046-\"}");
  int rc = dur_batch_record_read(&arena, text, &r);
  return rc == 1 ? 0 : dur_serdes_nomem(&err);
}

static void survives_every_failed_allocation(void **state) {
  (void)state;
  fail_each_allocation(read_one);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
      TEST(without_item_statuses_is_what_python_writes),
      TEST(item_statuses_stand_between_status_and_summary),
      TEST(takes_the_records_that_python_takes),
      TEST(item_statuses_alone_are_a_record),
      TEST(item_statuses_that_contradict_the_indexes_do_not_count),
      TEST(counts_have_a_ceiling),
      TEST(what_is_written_is_read),
      TEST(survives_every_failed_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
