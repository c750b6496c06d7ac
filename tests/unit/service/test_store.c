/* The file: what is not ours, who may serve it, and what others may ask. */
#include "rig.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>

static void sql(const char *path, const char *text) {
  sqlite3 *db;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
}

static void write_file(const char *path, const char *text) {
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

static void assert_no_open(rig *r, durable_service_options o,
                           const char *expected) {
  char message[512] = "", text[640];
  snprintf(text, sizeof text, "%s %s", r->path, expected);
  assert_int_equal(rig_try(r, o, message, sizeof message), DURABLE_E_STORE);
  assert_string_equal(message, text);
  assert_null(r->s);
}

static void do_nothing(turn *t, void *user) {
  (void)user;
  turn_return(t, ALWAYS);
}

static void test_not_ours(void **state) {
  (void)state;
  rig r;
  durable_service_options o = {0};
  rig_dir(&r);
  write_file(r.path, "This is a letter, and no database at all, though it is "
                     "long enough to have been one, had it wanted to be.");
  assert_no_open(&r, o, "is not a SQLite database");
  unlink(r.path);
  sql(r.path, "CREATE TABLE executions(durable_execution_arn TEXT)");
  assert_no_open(&r, o, "is a database of another program");
  unlink(r.path);
  sql(r.path, "PRAGMA application_id=7");
  assert_no_open(&r, o, "is a database of another program");
  unlink(r.path);
  sql(r.path, "PRAGMA application_id=1146442306; PRAGMA user_version=9");
  assert_no_open(&r, o, "was written by a newer version (schema 9, known 1)");
  unlink(r.path);
  o.read_only = 1;
  assert_no_open(&r, o, "cannot be opened: No such file or directory");
  assert_int_equal(access(r.path, F_OK), -1);
  write_file(r.path, "");
  assert_no_open(&r, o, "is empty");
  o.read_only = 0;
  rig_reopen(&r, o); /* an empty file is as good as none */
  rig_wipe(&r);
}

static void test_no_such_place(void **state) {
  (void)state;
  rig r;
  char message[512] = "";
  rig_dir(&r);
  strcat(r.path, "/below/d.db");
  assert_int_equal(
      rig_try(&r, (durable_service_options){0}, message, sizeof message),
      DURABLE_E_STORE);
  assert_non_null(strstr(message, "cannot be opened"));
  rig_wipe(&r);
}

static void test_locked(void **state) {
  (void)state;
  rig r;
  sqlite3 *db;
  rig_open(&r, (durable_service_options){0});
  rig_close(&r);
  assert_int_equal(sqlite3_open(r.path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL),
                   SQLITE_OK);
  assert_no_open(&r, (durable_service_options){0},
                 "is locked by another program");
  sqlite3_close(db);
  rig_reopen(&r, (durable_service_options){0});
  rig_wipe(&r);
}

/* root may write everywhere, so this looks as somebody else */
static void test_read_only(void **state) {
  (void)state;
  rig r;
  int status;
  rig_open(&r, (durable_service_options){0});
  rig_close(&r);
  chmod(r.dir, 0755);
  chmod(r.path, 0444);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    char message[512] = "", text[256];
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
      _exit(9);
    snprintf(text, sizeof text, "%s is read-only", r.path);
    int rc = rig_try(&r, (durable_service_options){0}, message, sizeof message);
    _exit(rc == DURABLE_E_STORE && strcmp(message, text) == 0 ? 0 : 1);
  }
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_int_equal(status, 0);
  rig_wipe(&r);
}

static void test_options(void **state) {
  (void)state;
  rig r;
  char message[512];
  durable_service *s = NULL;
  rig_dir(&r);
  struct {
    durable_service_options o;
    char more[8];
  } big = {.o = {.size = sizeof big, .path = r.path}};
  big.more[0] = 1;
  assert_int_equal(durable_service_open(&s, &big.o, message, sizeof message),
                   DURABLE_E_ABI);
  big.more[0] = 0;
  assert_int_equal(durable_service_open(&s, &big.o, NULL, 0), 0);
  durable_service_close(s);
  durable_service_options o = DURABLE_SERVICE_OPTIONS_INIT;
  o.account_id = "12";
  assert_int_equal(durable_service_open(&s, &o, message, sizeof message),
                   DURABLE_E_ARGUMENT);
  assert_int_equal(durable_service_open(NULL, NULL, NULL, 0),
                   DURABLE_E_ARGUMENT);
  durable_service_close(NULL);
  /* a caller of an older header knows fewer fields */
  o = (durable_service_options)DURABLE_SERVICE_OPTIONS_INIT;
  o.size = offsetof(durable_service_options, collapse);
  o.collapse = 77;
  assert_int_equal(durable_service_open(&s, &o, message, sizeof message), 0);
  durable_service_close(s);
  rig_wipe(&r);
}

static void test_in_memory(void **state) {
  (void)state;
  char arn[DURABLE_ARN_SIZE];
  rig r = {0};
  script sc = {.fn = do_nothing};
  assert_int_equal(durable_service_open(&r.s, NULL, NULL, 0), 0);
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", NULL, arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  assert_events(r.s, arn,
                "ExecutionStarted InvocationCompleted ExecutionSucceeded");
  durable_service_close(r.s);
}

/* ---- one server */

static void test_one_server(void **state) {
  (void)state;
  rig r, second;
  char expected[64];
  rig_open(&r, (durable_service_options){0});
  second = r;
  snprintf(expected, sizeof expected, "is being served by process %ld",
           (long)getpid());
  assert_no_open(&second, (durable_service_options){0}, expected);
  /* a look is allowed */
  rig_reopen(&second, (durable_service_options){.no_dispatch = 1});
  rig_close(&second);
  /* and still nobody else may serve */
  assert_no_open(&second, (durable_service_options){0}, expected);
  rig_close(&r);
  rig_reopen(&r, (durable_service_options){0});
  rig_wipe(&r);
}

static void test_dead_server(void **state) {
  (void)state;
  rig r;
  int status, ready[2];
  char byte;
  rig_dir(&r);
  assert_int_equal(pipe(ready), 0);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    rig_reopen(&r, (durable_service_options){0});
    if (write(ready[1], "x", 1) != 1)
      _exit(1);
    for (;;)
      pause();
  }
  assert_int_equal(read(ready[0], &byte, 1), 1);
  char expected[64];
  snprintf(expected, sizeof expected, "is being served by process %ld",
           (long)pid);
  assert_no_open(&r, (durable_service_options){0}, expected);
  kill(pid, SIGKILL);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  rig_reopen(&r, (durable_service_options){0});
  close(ready[0]);
  close(ready[1]);
  rig_wipe(&r);
}

/* ---- the inbox */

static void approval(turn *t, void *user) {
  char *id = user;
  const cJSON *op = turn_op(t, "cb");
  if (op == NULL) {
    answer a = turn_send(
        t, "{\"Id\":\"cb\",\"Type\":\"CALLBACK\",\"Action\":\"START\"}");
    strcpy(id, text_at(answer_op(&a, "cb"), "CallbackDetails.CallbackId"));
    answer_drop(&a);
    turn_return(t, PENDING);
  } else {
    turn_return(t, ALWAYS);
  }
}

static void open_approval(rig *r, script *sc, char *id, char *arn) {
  *sc = (script){.fn = approval, .user = id};
  rig_function(r, "F", sc);
  rig_start(r, "F", NULL, arn);
  assert_int_equal(durable_service_settle(r->s, arn, 10000),
                   DURABLE_EXECUTION_RUNNING);
}

static void test_inbox_of_a_server(void **state) {
  (void)state;
  rig r, look;
  script sc;
  char id[2048], arn[DURABLE_ARN_SIZE];
  rig_open(&r, (durable_service_options){0});
  open_approval(&r, &sc, id, arn);
  look = r;
  rig_reopen(&look, (durable_service_options){.no_dispatch = 1});
  answer a = call_run(look.s, "GET", arn, "", NULL);
  assert_text(a.json, "Status", "RUNNING");
  answer_drop(&a);
  a = call_callback(look.s, "eyJhcm4iOiJhIiwib3AiOiJiIn0=", "succeed", "");
  assert_refused(a, 404, "ResourceNotFoundException",
                 "Failed to process callback success: Execution a not found");
  answer_drop(&a);
  a = call_callback(look.s, id, "succeed", "yes");
  assert_int_equal(a.status, 200);
  answer_drop(&a);
  assert_int_equal(durable_service_wait(look.s, arn, 10000),
                   DURABLE_EXECUTION_SUCCEEDED);
  assert_events(look.s, arn,
                "ExecutionStarted CallbackStarted InvocationCompleted "
                "CallbackSucceeded InvocationCompleted ExecutionSucceeded");
  rig_close(&look);
  rig_wipe(&r);
}

static void invoke_done(turn *t, void *user) {
  (void)user;
  turn_return(t, ALWAYS);
}

static void test_invoke_by_inbox(void **state) {
  (void)state;
  rig r, look;
  script sc = {.fn = invoke_done};
  rig_open(&r, (durable_service_options){0});
  rig_function(&r, "F", &sc);
  look = r;
  rig_reopen(&look, (durable_service_options){.no_dispatch = 1});
  const char *named[] = {"X-Amz-Durable-Execution-Name", "mine", NULL};
  answer a = call_with(look.s, "POST", "/2015-03-31/functions/F/invocations",
                       named, "{}");
  assert_int_equal(a.status, 200);
  assert_string_equal(a.text, "1");
  assert_non_null(strstr(a.arn, "/mine/"));
  answer_drop(&a);
  rig_close(&look);
  rig_wipe(&r);
}

static void test_nobody_serves(void **state) {
  (void)state;
  rig r, look;
  script sc;
  char id[2048], arn[DURABLE_ARN_SIZE];
  rig_open(&r, (durable_service_options){0});
  open_approval(&r, &sc, id, arn);
  rig_close(&r);
  look = r;
  rig_reopen(&look, (durable_service_options){.no_dispatch = 1});
  answer a = call_callback(look.s, id, "succeed", "yes");
  assert_int_equal(a.status, 200);
  answer_drop(&a);
  a = call_callback(look.s, id, "fail", "{}");
  assert_int_equal(a.status, 404);
  answer_drop(&a);
  assert_int_equal(durable_service_wait(look.s, arn, 0),
                   DURABLE_EXECUTION_RUNNING);
  rig_reopen(&r, (durable_service_options){0}); /* it holds no guard */
  rig_function(&r, "F", &sc);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  assert_events(r.s, arn,
                "ExecutionStarted CallbackStarted InvocationCompleted "
                "CallbackSucceeded InvocationCompleted ExecutionSucceeded");
  rig_close(&look);
  rig_wipe(&r);
}

/* ---- events */

typedef struct heard {
  pthread_mutex_t lock;
  int count, in_order;
} heard;

static void listen(void *user, durable_bytes json) {
  heard *h = user;
  cJSON *event = cJSON_ParseWithLength(json.data, json.len);
  pthread_mutex_lock(&h->lock);
  h->count++;
  if (number_at(event, "Event.EventId") != h->count ||
      strncmp(text_at(event, "DurableExecutionArn"), "arn:aws:", 8) != 0)
    h->in_order = 0;
  pthread_mutex_unlock(&h->lock);
  cJSON_Delete(event);
}

static void test_listener(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  heard h = {.lock = PTHREAD_MUTEX_INITIALIZER, .in_order = 1};
  script sc = {.fn = do_nothing};
  rig_open(&r, in_virtual_time());
  assert_int_equal(durable_service_on_event(r.s, listen, &h), 0);
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", NULL, arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  rig_close(&r); /* delivers what is left */
  assert_int_equal(h.count, 3);
  assert_true(h.in_order);
  rig_wipe(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_not_ours),
      cmocka_unit_test(test_no_such_place),
      cmocka_unit_test(test_locked),
      cmocka_unit_test(test_read_only),
      cmocka_unit_test(test_options),
      cmocka_unit_test(test_in_memory),
      cmocka_unit_test(test_one_server),
      cmocka_unit_test(test_dead_server),
      cmocka_unit_test(test_inbox_of_a_server),
      cmocka_unit_test(test_invoke_by_inbox),
      cmocka_unit_test(test_nobody_serves),
      cmocka_unit_test(test_listener),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
