/* script: see script.h. */
#include "script.h"
#include "service/http/server.h"
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { ARGS_MAX = 4 };

/* A language: how its runtime is started, which takes the handler from
 * _HANDLER and finds the file in LAMBDA_TASK_ROOT, and what shows that it is
 * there. */
typedef struct language {
  const char *ending;
  const char *const command[ARGS_MAX], *const probe[ARGS_MAX];
  const char *missing;
} language;

static const language LANGUAGES[] = {
    {".lua",
     {"durable-lua"},
     {"durable-lua", "--version"},
     "durable-lua is not in PATH"},
    {".py",
     {"python3", "-m", "durable_core.runtime"},
     {"python3", "-c", "import durable_core.runtime"},
     "python3 has no package durable_core: `pip install` it from its tree"},
};
enum { LANGUAGE_COUNT = sizeof LANGUAGES / sizeof LANGUAGES[0] };

static const language *language_of(const char *path) {
  const char *dot = strrchr(path, '.');
  for (size_t i = 0; dot && i < LANGUAGE_COUNT; i++)
    if (strcmp(dot, LANGUAGES[i].ending) == 0)
      return &LANGUAGES[i];
  return NULL;
}

int cli_is_script(const char *path) {
  return language_of(path) != NULL;
}

/* ---- before anything is opened */

/* A program of ours comes from beside `durable` when it is there. */
static char *program_of(const char *name) {
  char own[PATH_MAX];
  ssize_t len = readlink("/proc/self/exe", own, sizeof own - 1);
  own[len > 0 ? len : 0] = '\0';
  char *slash = strrchr(own, '/');
  if (slash)
    *slash = '\0';
  char *beside = cli_format("%s/%s", own, name);
  if (beside && slash && access(beside, X_OK) == 0)
    return beside;
  free(beside);
  return strdup(name);
}

static int probe(const language *kind, const char *path) {
  char *argv[ARGS_MAX + 1] = {NULL};
  pid_t pid;
  int status = -1;
  for (size_t i = 0; i < ARGS_MAX; i++)
    argv[i] = (char *)(uintptr_t)kind->probe[i];
  char *program = program_of(argv[0]);
  if (!program)
    return cli_no_memory();
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&files, 1, 2);
  int rc = posix_spawnp(&pid, program, &files, NULL, argv, environ);
  posix_spawn_file_actions_destroy(&files);
  free(program);
  while (rc == 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
    continue;
  if (rc == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return CLI_GO_ON;
  return cli_refuse("%s cannot be run: %s", path, kind->missing);
}

int cli_script_name(const char *path, char out[65]) {
  const char *slash = strrchr(path, '/');
  const char *stem = slash ? slash + 1 : path;
  size_t len = strcspn(stem, ".");
  size_t good = strspn(stem, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "abcdefghijklmnopqrstuvwxyz0123456789-_");
  if (len == 0 || len > 64 || good != len || strchr(stem + len + 1, '.'))
    return cli_refuse("%s: its name is that of the function: expected 1 to 64 "
                      "of A-Z, a-z, 0-9, - and _ before the ending",
                      path);
  memcpy(out, stem, len);
  out[len] = '\0';
  return CLI_GO_ON;
}

int cli_script_check(const char *path, char out[65]) {
  struct stat about;
  if (stat(path, &about) != 0)
    return cli_refuse("%s cannot be run: %s", path, strerror(errno));
  if (!S_ISREG(about.st_mode))
    return cli_refuse("%s cannot be run: it is no file", path);
  if (access(path, R_OK) != 0)
    return cli_refuse("%s cannot be run: %s", path, strerror(errno));
  int answer = cli_script_name(path, out);
  return answer == CLI_GO_ON ? probe(language_of(path), path) : answer;
}

/* ---- functions behind a server of our own */

struct cli_scripts {
  durable_service *service;
  dur_fleet *fleet;
  dur_server *server;
};

static int open_fleet(cli_scripts **out, durable_service *service) {
  const dur_fleet_options options = {.log_dir = NULL};
  char why[512] = "";
  cli_scripts *scripts = calloc(1, sizeof *scripts);
  if (!scripts)
    return cli_no_memory();
  scripts->service = service;
  *out = scripts;
  if (dur_fleet_open(&scripts->fleet, service, &options, why, sizeof why) == 0)
    return CLI_GO_ON;
  return cli_refuse("functions cannot be run: %s", why);
}

/* The function as a configuration describes it: see docs/serve.md. */
static char *describe(const char *path, const char *handler, const char *stem,
                      long timeout_s) {
  const language *kind = language_of(path);
  cJSON *it = cJSON_CreateObject();
  cJSON *command = cJSON_AddArrayToObject(it, "command");
  char *program = program_of(kind->command[0]);
  cJSON_AddItemToArray(command, cJSON_CreateString(program ? program : ""));
  for (size_t i = 1; i < ARGS_MAX && kind->command[i]; i++)
    cJSON_AddItemToArray(command, cJSON_CreateString(kind->command[i]));
  char *full = realpath(path, NULL);
  char *slash = full ? strrchr(full, '/') : NULL;
  if (slash)
    slash[slash == full] = '\0';
  char *entry = cli_format("%s.%s", stem, handler);
  cJSON *env = cJSON_AddObjectToObject(it, "env");
  cJSON_AddStringToObject(env, "LAMBDA_TASK_ROOT", full ? full : ".");
  cJSON_AddStringToObject(env, "_HANDLER", entry ? entry : "");
  if (timeout_s > 0)
    cJSON_AddNumberToObject(it, "execution_timeout_s", (double)timeout_s);
  char *text = program && entry ? cJSON_PrintUnformatted(it) : NULL;
  cJSON_Delete(it);
  free(program);
  free(full);
  free(entry);
  return text;
}

int cli_scripts_add(cli_scripts **scripts, durable_service *service,
                    const char *path, const char *handler, const char *function,
                    long timeout_s) {
  char why[512] = "", stem[65];
  int answer = *scripts ? CLI_GO_ON : open_fleet(scripts, service);
  if (answer == CLI_GO_ON)
    answer = cli_script_name(path, stem);
  if (answer != CLI_GO_ON)
    return answer;
  char *json = describe(path, handler, stem, timeout_s);
  if (!json)
    return cli_no_memory();
  if (dur_fleet_put((*scripts)->fleet, function,
                    (durable_bytes){json, strlen(json)}, why, sizeof why) != 0)
    answer = cli_refuse("%s cannot be run: %s", path, why);
  free(json);
  return answer;
}

int cli_scripts_start(cli_scripts *scripts) {
  const dur_server_options options = {.host = "127.0.0.1", .port = 0};
  char why[512] = "";
  if (!scripts)
    return CLI_GO_ON;
  if (dur_server_open(&scripts->server, scripts->service, scripts->fleet,
                      &options, why, sizeof why) != 0)
    return cli_refuse("it cannot listen: %s", why);
  char *url =
      cli_format("http://127.0.0.1:%u", dur_server_port(scripts->server));
  int rc = url ? dur_fleet_announce(scripts->fleet, url) : -1;
  free(url);
  return rc == 0 ? CLI_GO_ON : cli_no_memory();
}

int cli_scripts_halt(cli_scripts *scripts, int64_t grace_ms) {
  if (!scripts || !scripts->fleet)
    return 1;
  int quiet = dur_fleet_halt(scripts->fleet, scripts->server ? grace_ms : 0);
  if (scripts->server)
    dur_server_quiesce(scripts->server);
  if (quiet)
    dur_server_close(scripts->server);
  return quiet;
}

void cli_scripts_close(cli_scripts *scripts) {
  if (scripts)
    dur_fleet_close(scripts->fleet);
  free(scripts);
}
