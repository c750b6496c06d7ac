/* Log lines as they come out of a descriptor. */
#include "http_env.h"

#include <fcntl.h>

enum { OUT_MAX = 1 << 20 };

static int kept_stderr, out_fd;
static char *out; /* what was written since setup */

static int setup(void **state) {
  env_clean(state);
  char name[] = "/tmp/durable-log-XXXXXX";
  out_fd = mkstemp(name);
  assert_true(out_fd >= 0);
  unlink(name);
  out = calloc(1, OUT_MAX);
  kept_stderr = dup(2);
  dup2(out_fd, 2);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  dup2(kept_stderr, 2);
  close(kept_stderr);
  close(out_fd);
  free(out);
  return 0;
}

/* Read back; failures after this can be seen again. */
static size_t take(void) {
  dup2(kept_stderr, 2);
  ssize_t n = pread(out_fd, out, OUT_MAX - 1, 0);
  assert_true(n >= 0);
  out[n] = '\0';
  return (size_t)n;
}

/* The line without its timestamp, whose form is checked. */
static const char *after_timestamp(const char *line) {
  static const char form[] = "{\"timestamp\":\"0000-00-00T00:00:00.000Z\",";
  for (size_t i = 0; i < sizeof form - 1; i++) {
    if (form[i] == '0')
      assert_true(line[i] >= '0' && line[i] <= '9');
    else
      assert_int_equal(line[i], form[i]);
  }
  return line + sizeof form - 1;
}

static void a_line_holds_time_level_and_fields(void **state) {
  (void)state;
  assert_int_equal(
      durable_host_log(DURABLE_LOG_WARN,
                       TEXT("{ \"message\" : \"a\\nb\",\n \"n\":[1,\r\n 2] }")),
      0);
  take();
  assert_string_equal(after_timestamp(out),
                      "\"level\":\"WARN\",\"message\":\"a\\nb\",\"n\":[1,   "
                      "2]}\n");
}

static void own_members_come_first_and_once(void **state) {
  (void)state;
  assert_int_equal(durable_host_log(DURABLE_LOG_ERROR,
                                    TEXT("{\"level\":\"x\",\"timestamp\":{},"
                                         "\"k\":null}")),
                   0);
  assert_int_equal(durable_host_log(DURABLE_LOG_INFO, TEXT("{}")), 0);
  take();
  const char *second = strchr(out, '\n') + 1;
  assert_memory_equal(after_timestamp(out), "\"level\":\"ERROR\",\"k\":null}\n",
                      26);
  assert_string_equal(after_timestamp(second), "\"level\":\"INFO\"}\n");
}

static void the_level_comes_from_the_environment(void **state) {
  (void)state;
  assert_false(durable_host_log_enabled(DURABLE_LOG_DEBUG));
  assert_true(durable_host_log_enabled(DURABLE_LOG_INFO));
  setenv("AWS_LAMBDA_LOG_LEVEL", "warn", 1);
  assert_false(durable_host_log_enabled(DURABLE_LOG_INFO));
  assert_true(durable_host_log_enabled(DURABLE_LOG_WARN));
  assert_int_equal(durable_host_log(DURABLE_LOG_INFO, TEXT("{}")), 0);
  setenv("AWS_LAMBDA_LOG_LEVEL", "TRACE", 1);
  assert_true(durable_host_log_enabled(DURABLE_LOG_TRACE));
  setenv("AWS_LAMBDA_LOG_LEVEL", "loud", 1);
  assert_false(durable_host_log_enabled(DURABLE_LOG_DEBUG));
  assert_int_equal(take(), 0);
}

static void level_names_are_known(void **state) {
  (void)state;
  take();
  assert_int_equal(durable_host_log_level(TEXT("Warning")), DURABLE_LOG_WARN);
  assert_int_equal(durable_host_log_level(TEXT("critical")), DURABLE_LOG_FATAL);
  assert_int_equal(durable_host_log_level(TEXT("DEBUG")), DURABLE_LOG_DEBUG);
  assert_int_equal(durable_host_log_level(TEXT("")), 0);
  assert_int_equal(durable_host_log_level(TEXT("INFORM")), 0);
}

static void what_is_no_object_is_refused(void **state) {
  static const char *const texts[] = {"",      "[]",       "{",    "{\"a\"}",
                                      "{} {}", "{\"a\":}", "null", "{\"a\":1"};
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    assert_int_equal(
        durable_host_log(DURABLE_LOG_ERROR,
                         (durable_bytes){texts[i], strlen(texts[i])}),
        DURABLE_E_ARGUMENT);
  assert_int_equal(take(), 0);
}

static uint64_t big_endian(const char *at, int bytes) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; i++)
    value = value << 8 | (unsigned char)at[i];
  return value;
}

static void telemetry_is_framed(void **state) {
  char fd[16];
  int file = dup(out_fd);
  (void)state;
  snprintf(fd, sizeof fd, "%d", file);
  setenv("_LAMBDA_TELEMETRY_LOG_FD", fd, 1);
  assert_int_equal(durable_host_log(DURABLE_LOG_INFO, TEXT("{\"a\":1}")), 0);
  assert_int_equal(durable_host_log(DURABLE_LOG_FATAL, TEXT("{}")), 0);
  unsetenv("_LAMBDA_TELEMETRY_LOG_FD");
  close(file);
  size_t n = take(), first = big_endian(out + 4, 4);
  assert_true(big_endian(out, 4) == 0xa55a0003u);
  assert_true(big_endian(out + 8, 8) / 1000000 > 1700000000u);
  assert_memory_equal(after_timestamp(out + 16),
                      "\"level\":\"INFO\",\"a\":1}\n", 22);
  assert_true(first < n);
  assert_true(big_endian(out + 16 + first, 4) == 0xa55a0003u);
  assert_int_equal(n, 32 + first + big_endian(out + 16 + first + 4, 4));
}

static void a_descriptor_that_is_none_is_not_used(void **state) {
  (void)state;
  setenv("_LAMBDA_TELEMETRY_LOG_FD", "12x", 1);
  assert_int_equal(durable_host_log(DURABLE_LOG_INFO, TEXT("{}")), 0);
  setenv("_LAMBDA_TELEMETRY_LOG_FD", "987654", 1);
  assert_int_equal(durable_host_log(DURABLE_LOG_INFO, TEXT("{}")),
                   DURABLE_E_IO);
  take();
  after_timestamp(out);
}

static void records_of_the_engine_are_written(void **state) {
  durable_engine_record record = DURABLE_ENGINE_RECORD_INIT;
  (void)state;
  record.kind = DURABLE_RECORD_LOG;
  record.json = TEXT("{\"level\":\"ERROR\",\"message\":\"m\"}");
  assert_int_equal(durable_host_log_record(&record), 0);
  record.json = TEXT("{\"message\":\"quiet\",\"level\":\"DEBUG\"}");
  assert_int_equal(durable_host_log_record(&record), 0);
  record.kind = DURABLE_RECORD_OPERATION_START;
  assert_int_equal(durable_host_log_record(&record), 0);
  take();
  assert_string_equal(after_timestamp(out),
                      "\"level\":\"ERROR\",\"message\":\"m\"}\n");
}

static void *write_many(void *user) {
  char fields[8192];
  memset(fields, 'x', sizeof fields);
  memcpy(fields, "{\"t\":\"", 6);
  fields[6] = *(char *)user;
  memcpy(fields + sizeof fields - 2, "\"}", 2);
  for (int i = 0; i < 20; i++)
    durable_host_log(DURABLE_LOG_INFO, (durable_bytes){fields, sizeof fields});
  return NULL;
}

static void lines_of_threads_are_whole(void **state) {
  pthread_t threads[4];
  char names[4] = {'a', 'b', 'c', 'd'};
  int lines = 0;
  (void)state;
  for (int i = 0; i < 4; i++)
    pthread_create(&threads[i], NULL, write_many, &names[i]);
  for (int i = 0; i < 4; i++)
    pthread_join(threads[i], NULL);
  take();
  for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n")) {
    after_timestamp(line);
    assert_int_equal(strlen(line), strlen(out));
    lines++;
  }
  assert_int_equal(lines, 80);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(a_line_holds_time_level_and_fields),
      T(own_members_come_first_and_once),
      T(the_level_comes_from_the_environment),
      T(level_names_are_known),
      T(what_is_no_object_is_refused),
      T(telemetry_is_framed),
      T(a_descriptor_that_is_none_is_not_used),
      T(records_of_the_engine_are_written),
      T(lines_of_threads_are_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
