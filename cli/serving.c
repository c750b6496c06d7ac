/* serving: see serving.h. */
#include "serving.h"
#include "service/http/server.h"
#include "store.h"
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { GRACE_MS = 3000, THREADS_MAX = 256, ARENAS = 4 };
enum { CONFIG_MAX = 1048576 };

typedef struct parts {
  const cli_serving *settings;
  cli_store store;
  dur_fleet *fleet;
  dur_server *server;
  cli_text config;
} parts;

static int check(parts *it) {
  const char **functions = it->settings->functions;
  for (size_t i = 0; functions && functions[i]; i++) {
    const char *equals = strchr(functions[i], '=');
    if (!equals || equals == functions[i] || !equals[1])
      return cli_refuse("--function %s: expected NAME=COMMAND", functions[i]);
  }
  if (!it->settings->config)
    return CLI_GO_ON;
  char *file = cli_format("@%s", it->settings->config);
  int answer = file ? cli_text_read(&it->config, "--config", file, CONFIG_MAX)
                    : cli_no_memory();
  free(file);
  return answer;
}

/* ---- start */

static int open_service(parts *it) {
  durable_service_options options = DURABLE_SERVICE_OPTIONS_INIT;
  options.virtual_time = (uint32_t)it->settings->skip_time;
  options.hold_callbacks = 1; /* who answers them lives in real time */
  options.collapse = (uint32_t)it->settings->collapse;
  options.time_scale = it->settings->time_scale;
  options.max_threads = THREADS_MAX;
  return cli_store_open(&it->store, it->settings->db, &options);
}

static int add_function(parts *it, const char *pair) {
  char why[512];
  size_t len = strcspn(pair, "=");
  char *name = strndup(pair, len);
  if (!name)
    return cli_no_memory();
  int rc = dur_fleet_command(it->fleet, name, pair + len + 1, why, sizeof why);
  free(name);
  return rc == 0 ? CLI_GO_ON : cli_refuse("--function %s: %s", pair, why);
}

/* What is described comes before the rest. */
static int describe(parts *it) {
  char why[512] = "";
  const cli_serving *s = it->settings;
  if (it->config.data &&
      dur_fleet_configure(it->fleet,
                          (durable_bytes){it->config.data, it->config.len}, why,
                          sizeof why) != 0)
    return cli_refuse("--config %s: %s", s->config, why);
  int answer = CLI_GO_ON;
  for (size_t i = 0; answer == CLI_GO_ON && s->functions && s->functions[i];
       i++)
    answer = add_function(it, s->functions[i]);
  if (answer == CLI_GO_ON && s->lambda_endpoint &&
      dur_fleet_default(it->fleet, s->lambda_endpoint, why, sizeof why) != 0)
    answer = cli_refuse("--lambda-endpoint %s: %s", s->lambda_endpoint, why);
  return answer;
}

static int open_fleet(parts *it) {
  char why[512] = "";
  const dur_fleet_options options = {.log_dir = it->settings->log_dir,
                                     .timeout_s = it->settings->timeout_s,
                                     .execution_timeout_s =
                                         it->settings->execution_timeout_s};
  if (dur_fleet_open(&it->fleet, it->store.service, &options, why,
                     sizeof why) != 0)
    return cli_refuse("--log-dir: %s", why);
  int answer = describe(it);
  if (answer == CLI_GO_ON)
    dur_fleet_reach_running(it->fleet);
  return answer;
}

/* Programs reach a server on all addresses by the loopback one. */
static int announce(parts *it, const char *at) {
  const char *reach = strcmp(at, "0.0.0.0") == 0 ? "127.0.0.1"
                      : strcmp(at, "::") == 0    ? "::1"
                                                 : at;
  int is_v6 = strchr(reach, ':') != NULL;
  char *url = cli_format("http://%s%s%s:%u", is_v6 ? "[" : "", reach,
                         is_v6 ? "]" : "", dur_server_port(it->server));
  int rc = url ? dur_fleet_announce(it->fleet, url) : -1;
  if (rc == 0)
    cli_tell("serving on %s", url);
  free(url);
  return rc == 0 ? CLI_GO_ON : cli_no_memory();
}

static int listen_on(parts *it) {
  char why[512] = "";
  const char *host = it->settings->host;
  const dur_server_options options = {.host = host ? host : "127.0.0.1",
                                      .port = (unsigned)it->settings->port,
                                      .for_sam = it->settings->for_sam,
                                      .test_faults = it->settings->test_faults,
                                      .log = it->settings->log ? cli_program
                                                               : NULL};
  if (dur_server_open(&it->server, it->store.service, it->fleet, &options, why,
                      sizeof why) != 0)
    return cli_refuse("it cannot listen: %s", why);
  return announce(it, options.host);
}

/* ---- end */

static void stop(parts *it) {
  int quiet =
      !it->fleet || dur_fleet_halt(it->fleet, it->server ? GRACE_MS : 0);
  if (it->server)
    dur_server_quiesce(it->server);
  if (!quiet) {
    fflush(NULL);
    _exit(it->server ? CLI_OK : CLI_REFUSED);
  }
  dur_server_close(it->server);
  cli_store_close(&it->store);
  dur_fleet_close(it->fleet);
  cli_text_drop(&it->config);
}

/* Signals are taken by sigwait alone: before the first thread starts. */
static void prepare_process(sigset_t *ends) {
  struct rlimit files;
#ifdef M_ARENA_MAX
  /* By default threads get a heap each, and what is freed stays in it. */
  mallopt(M_ARENA_MAX, ARENAS);
#endif
  sigemptyset(ends);
  sigaddset(ends, SIGINT);
  sigaddset(ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, ends, NULL);
  signal(SIGPIPE, SIG_IGN);
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
  }
}

int cli_serving_run(const cli_serving *settings) {
  parts it = {.settings = settings};
  sigset_t ends;
  int number;
  int answer = check(&it);
  if (answer == CLI_GO_ON) {
    prepare_process(&ends);
    answer = open_service(&it);
  }
  if (answer == CLI_GO_ON)
    answer = open_fleet(&it);
  if (answer == CLI_GO_ON)
    answer = listen_on(&it);
  if (answer == CLI_GO_ON) {
    sigwait(&ends, &number);
    answer = CLI_OK;
  }
  stop(&it);
  return answer;
}
