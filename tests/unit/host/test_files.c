/* Payloads in a directory. */
#include "http_env.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#define ARN                                                                    \
  "arn:aws:lambda:us-east-1:123456789012:function:myFn:1/durable-execution/"   \
  "exec-name/inv-1"
#define OP "1ced8f5b"

static char base[64];
static durable_host_files files;
static durable_host_buffer payload, text;

static int setup(void **state) {
  (void)state;
  strcpy(base, "/tmp/durable-files-XXXXXX");
  assert_non_null(mkdtemp(base));
  files = (durable_host_files)DURABLE_HOST_FILES_INIT;
  files.base_path = base;
  payload = text = (durable_host_buffer){NULL, 0};
  return 0;
}

static int teardown(void **state) {
  char command[256];
  (void)state;
  durable_host_buffer_drop(&payload);
  durable_host_buffer_drop(&text);
  snprintf(command, sizeof command, "chmod -R u+rwx %s && rm -r %s", base,
           base);
  return system(command);
}

static void is(const durable_host_buffer *b, const char *format, ...) {
  char want[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(want, sizeof want, format, args);
  va_end(args);
  assert_non_null(b->data);
  assert_string_equal(b->data, want);
  assert_int_equal(b->len, strlen(want));
}

static int store(const char *value) {
  durable_host_buffer_drop(&payload);
  return durable_host_files_store(&files, TEXT(ARN), TEXT(OP),
                                  (durable_bytes){value, strlen(value)},
                                  (durable_bytes){NULL, 0}, &payload);
}

static int load(const char *from) {
  durable_host_buffer_drop(&text);
  return durable_host_files_load(&files, (durable_bytes){from, strlen(from)},
                                 &text);
}

static void a_payload_comes_back(void **state) {
  (void)state;
  assert_int_equal(store("{\"a\":1}"), 0);
  is(&payload, "{\"file\": \"%s/myFn/exec-name/inv-1/" OP ".json\"}", base);
  assert_int_equal(load(payload.data), 0);
  is(&text, "{\"a\":1}");
}

static void a_later_payload_replaces_the_first(void **state) {
  char path[256];
  int entries = 0;
  (void)state;
  assert_int_equal(store("first, and longer"), 0);
  assert_int_equal(store("second"), 0);
  assert_int_equal(load(payload.data), 0);
  is(&text, "second");
  snprintf(path, sizeof path, "%s/myFn/exec-name/inv-1", base);
  DIR *dir = opendir(path);
  assert_non_null(dir);
  while (readdir(dir))
    entries++;
  closedir(dir);
  assert_int_equal(entries, 3); /* ".", ".." and the payload */
}

static void names_can_be_hashed(void **state) {
  (void)state;
  files.hashed = 1;
  assert_int_equal(store("x"), 0);
  is(&payload,
     "{\"file\": \"%s/"
     "0400cdc0815c0d2dd5dbbc7a5f93f510290b4d2f8a84f5fed223f3fb8c1e1f1b/"
     "daedbf54f6c513db669c42735dc42cc92b892b3c1e8b9ad44729d9a92f1badc0."
     "json\"}",
     base);
}

static void small_payloads_can_stay(void **state) {
  char *large = malloc(300001);
  struct stat st;
  char path[256];
  (void)state;
  files.overflow = 1;
  assert_int_equal(store("{\"a\":\"b\"}"), 0);
  is(&payload, "{\"data\": \"{\\\"a\\\":\\\"b\\\"}\"}");
  assert_int_equal(load(payload.data), 0);
  is(&text, "{\"a\":\"b\"}");
  snprintf(path, sizeof path, "%s/myFn", base);
  assert_int_equal(stat(path, &st), -1);
  memset(large, 'x', 300000);
  large[300000] = '\0';
  assert_int_equal(store(large), 0);
  is(&payload, "{\"file\": \"%s/myFn/exec-name/inv-1/" OP ".json\"}", base);
  assert_int_equal(load(payload.data), 0);
  assert_string_equal(text.data, large);
  free(large);
}

static void a_preview_is_shown(void **state) {
  (void)state;
  assert_int_equal(
      durable_host_files_store(&files, TEXT(ARN), TEXT(OP), TEXT("x"),
                               TEXT("{\"id\":5,\"email\":\"***\"}"), &payload),
      0);
  is(&payload,
     "{\"file\": \"%s/myFn/exec-name/inv-1/" OP
     ".json\", \"preview\": {\"id\": 5, \"email\": \"***\"}}",
     base);
  assert_int_equal(load(payload.data), 0);
  is(&text, "x");
  durable_host_buffer_drop(&payload);
  assert_int_equal(durable_host_files_store(&files, TEXT(ARN), TEXT(OP),
                                            TEXT("x"), TEXT("{"), &payload),
                   DURABLE_E_SERDES);
  assert_null(payload.data);
}

static void an_odd_arn_stays_inside(void **state) {
  (void)state;
  assert_int_equal(durable_host_files_store(&files, TEXT("../../etc"),
                                            TEXT("../x y"), TEXT("v"),
                                            (durable_bytes){NULL, 0}, &payload),
                   0);
  is(&payload, "{\"file\": \"%s/..%%2F..%%2Fetc/..%%2Fx%%20y.json\"}", base);
  assert_int_equal(load(payload.data), 0);
  is(&text, "v");
}

static void files_outside_are_not_read(void **state) {
  char from[512], path[256];
  (void)state;
  assert_int_equal(load("{\"file\": \"/etc/passwd\"}"), DURABLE_E_ARGUMENT);
  snprintf(from, sizeof from, "{\"file\": \"%s/../../etc/passwd\"}", base);
  assert_int_equal(load(from), DURABLE_E_ARGUMENT);
  snprintf(from, sizeof from, "{\"file\": \"%s-other/x\"}", base);
  assert_int_equal(load(from), DURABLE_E_ARGUMENT);
  snprintf(from, sizeof from, "{\"file\": \"%s/a\\u0000b\"}", base);
  assert_int_equal(load(from), DURABLE_E_ARGUMENT);
  snprintf(path, sizeof path, "%s/link.json", base);
  assert_int_equal(symlink("/etc/passwd", path), 0);
  snprintf(from, sizeof from, "{\"file\": \"%s\"}", path);
  assert_int_equal(load(from), DURABLE_E_ARGUMENT);
  assert_null(text.data);
}

static void links_inside_are_followed(void **state) {
  char from[512], path[256];
  (void)state;
  assert_int_equal(store("v"), 0);
  snprintf(path, sizeof path, "%s/alias", base);
  assert_int_equal(symlink("myFn", path), 0);
  snprintf(from, sizeof from,
           "{\"file\": \"%s/alias/exec-name/inv-1/" OP ".json\"}", base);
  assert_int_equal(load(from), 0);
  is(&text, "v");
}

static void what_is_no_file_is_refused(void **state) {
  char from[512], path[256];
  (void)state;
  snprintf(from, sizeof from, "{\"file\": \"%s/none.json\"}", base);
  assert_int_equal(load(from), DURABLE_E_IO);
  assert_int_equal(errno, ENOENT);
  snprintf(path, sizeof path, "%s/fifo", base);
  assert_int_equal(mkfifo(path, 0600), 0);
  snprintf(from, sizeof from, "{\"file\": \"%s\"}", path);
  assert_int_equal(load(from), DURABLE_E_IO);
  assert_int_equal(load("{\"other\": 1}"), DURABLE_E_SERDES);
  assert_int_equal(load("{\"file\": "), DURABLE_E_SERDES);
  assert_int_equal(load(""), DURABLE_E_SERDES);
}

static void names_that_do_not_fit_are_a_limit(void **state) {
  char id[400];
  (void)state;
  memset(id, 'i', sizeof id);
  assert_int_equal(durable_host_files_store(
                       &files, TEXT(ARN), (durable_bytes){id, sizeof id},
                       TEXT("v"), (durable_bytes){NULL, 0}, &payload),
                   DURABLE_E_LIMIT);
  assert_null(payload.data);
}

static void a_base_that_is_a_file_is_an_error(void **state) {
  char path[128];
  (void)state;
  snprintf(path, sizeof path, "%s/plain", base);
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fclose(f);
  files.base_path = path;
  assert_int_equal(store("v"), DURABLE_E_IO);
  assert_int_equal(errno, ENOTDIR);
}

static void wrong_arguments_are_refused(void **state) {
  (void)state;
  files.base_path = "";
  assert_int_equal(store("v"), DURABLE_E_ARGUMENT);
  files.base_path = base;
  files.size = 4;
  assert_int_equal(store("v"), DURABLE_E_ARGUMENT);
  assert_int_equal(durable_host_files_load(NULL, TEXT("{}"), &text),
                   DURABLE_E_ARGUMENT);
  durable_host_buffer_drop(NULL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(a_payload_comes_back),
      T(a_later_payload_replaces_the_first),
      T(names_can_be_hashed),
      T(small_payloads_can_stay),
      T(a_preview_is_shown),
      T(an_odd_arn_stays_inside),
      T(files_outside_are_not_read),
      T(links_inside_are_followed),
      T(what_is_no_file_is_refused),
      T(names_that_do_not_fit_are_a_limit),
      T(a_base_that_is_a_file_is_an_error),
      T(wrong_arguments_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
