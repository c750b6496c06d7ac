/* https against `openssl s_server` with a certificate made on the spot. */
#include "http_env.h"

#include <signal.h>
#include <sys/wait.h>

static char dir[] = "/tmp/durable-https-XXXXXX";
static pid_t server;
static int server_out = -1;
static char url[64];

static void run(const char *command) {
  int rc = system(command);
  if (rc)
    fail_msg("'%s' failed", command);
}

static void make_files(void) {
  char command[1024];
  assert_non_null(mkdtemp(dir));
  snprintf(
      command, sizeof command,
      "cd %s && openssl req -x509 -newkey rsa:2048 -nodes -days 2 "
      "-keyout key.pem -out cert.pem -subj /CN=durable "
      "-addext subjectAltName=IP:127.0.0.1 2>req.log && "
      "printf 'HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: "
      "7\\r\\n\\r\\n{\"a\":1}' >state",
      dir);
  run(command);
}

/* The server says "ACCEPT 127.0.0.1:port" once it listens. */
static void read_port(void) {
  char line[256] = "";
  FILE *out = fdopen(server_out, "r");
  assert_non_null(out);
  while (fgets(line, sizeof line, out)) {
    char *colon = strrchr(line, ':');
    if (!strncmp(line, "ACCEPT", 6) && colon) {
      snprintf(url, sizeof url, "https://127.0.0.1:%d", atoi(colon + 1));
      return;
    }
  }
  fail_msg("openssl s_server did not start");
}

static int start_server(void **state) {
  int fds[2];
  env_clean(state);
  make_files();
  assert_int_equal(pipe(fds), 0);
  server = fork();
  if (!server) {
    if (chdir(dir))
      _exit(126);
    dup2(fds[1], 1);
    if (!freopen("/dev/null", "w", stderr))
      _exit(126);
    execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert",
           "cert.pem", "-key", "key.pem", "-HTTP", (char *)NULL);
    _exit(127);
  }
  close(fds[1]);
  server_out = fds[0];
  read_port();
  return 0;
}

static int stop_server(void **state) {
  char command[128];
  (void)state;
  kill(server, SIGTERM);
  waitpid(server, NULL, 0);
  snprintf(command, sizeof command, "rm -r %s", dir);
  return system(command);
}

static void a_trusted_certificate_is_accepted(void **state) {
  durable_transport_reply reply;
  char bundle[128];
  (void)state;
  snprintf(bundle, sizeof bundle, "%s/cert.pem", dir);
  setenv("AWS_CA_BUNDLE", bundle, 1);
  setenv("AWS_ENDPOINT_URL_LAMBDA", url, 1);
  if (send_get("/state", &reply))
    fail_msg("%s", reply.why);
  assert_int_equal(reply.status, 200);
  assert_bytes(reply.body, "{\"a\":1}");
  reply.drop(&reply);
}

static void an_unknown_certificate_is_refused(void **state) {
  durable_transport_reply reply;
  (void)state;
  unsetenv("AWS_CA_BUNDLE");
  setenv("AWS_ENDPOINT_URL_LAMBDA", url, 1);
  assert_true(send_get("/state", &reply) < 0);
  if (!strstr(reply.why, "certificate"))
    fail_msg("%s", reply.why);
  reply.drop(&reply);
}

static void a_certificate_of_another_name_is_refused(void **state) {
  durable_transport_reply reply;
  char bundle[128], other[64];
  (void)state;
  snprintf(bundle, sizeof bundle, "%s/cert.pem", dir);
  setenv("AWS_CA_BUNDLE", bundle, 1);
  snprintf(other, sizeof other, "https://localhost%s", strrchr(url, ':'));
  setenv("AWS_ENDPOINT_URL_LAMBDA", other, 1);
  assert_true(send_get("/state", &reply) < 0);
  if (!strstr(reply.why, "localhost"))
    fail_msg("%s", reply.why);
  reply.drop(&reply);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_trusted_certificate_is_accepted),
      cmocka_unit_test(an_unknown_certificate_is_refused),
      cmocka_unit_test(a_certificate_of_another_name_is_refused),
  };
  return cmocka_run_group_tests(tests, start_server, stop_server);
}
