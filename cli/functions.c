/* functions: see functions.h. */
#include "functions.h"
#include "kill.h"
#include "load.h"
#include <durable/run.h>
#include <stdio.h>
#include <stdlib.h>

/* What a script is expected to export when nobody says. */
static const char DEFAULT_HANDLER[] = "handler";

/* ---- loading */

static int load_source(cli_source *source, const char *path, char name[65]) {
  source->path = path;
  return cli_is_script(path) ? cli_script_check(path, name)
                             : cli_load(path, &source->table);
}

/* A function is called as its handler; a script's, unless it was asked for by
 * name, as the file. */
static int pick(cli_functions *f, const char *handler) {
  const durable_handler *picked;
  if (!f->sources[0].table) {
    f->handler = handler ? handler : DEFAULT_HANDLER;
    if (handler)
      snprintf(f->name, sizeof f->name, "%s", handler);
    return CLI_GO_ON;
  }
  int answer =
      cli_load_pick(f->sources[0].path, f->sources[0].table, handler, &picked);
  if (answer == CLI_GO_ON)
    snprintf(f->name, sizeof f->name, "%s", picked->name);
  return answer;
}

int cli_functions_load(cli_functions *out, const char *path,
                       const char *handler, char *const *others) {
  char name[65];
  size_t more = 0;
  while (others && others[more])
    more++;
  *out = (cli_functions){.sources = calloc(more + 1, sizeof *out->sources),
                         .count = more + 1};
  if (!out->sources)
    return cli_no_memory();
  int answer = load_source(&out->sources[0], path, out->name);
  if (answer == CLI_GO_ON)
    answer = pick(out, handler);
  for (size_t i = 0; answer == CLI_GO_ON && i < more; i++)
    answer = load_source(&out->sources[i + 1], others[i], name);
  return answer;
}

/* ---- registering */

static int register_handler(durable_service *service,
                            const durable_handler *handler, long timeout_s,
                            int kills) {
  durable_service_function_options options =
      DURABLE_SERVICE_FUNCTION_OPTIONS_INIT;
  options.execution_timeout_s = timeout_s;
  int rc = kills ? cli_kill_register(service, handler, &options)
                 : durable_service_register_handler(service, handler, &options);
  if (rc == DURABLE_OK)
    return CLI_GO_ON;
  return cli_refuse("the handler \"%s\" cannot be registered: %s",
                    handler->name, durable_service_error(service));
}

static int register_script(cli_functions *f, size_t i, durable_service *service,
                           long timeout_s, int kills) {
  const char *path = f->sources[i].path;
  char name[65];
  if (kills)
    return cli_refuse("%s: DURABLE_KILL_AT is for shared objects", path);
  int answer = cli_script_name(path, name);
  if (answer != CLI_GO_ON)
    return answer;
  return cli_scripts_add(&f->scripts, service, path,
                         i == 0 ? f->handler : DEFAULT_HANDLER,
                         i == 0 ? f->name : name, timeout_s);
}

int cli_functions_register(cli_functions *f, durable_service *service,
                           long timeout_s, int kills) {
  int answer = CLI_GO_ON;
  /* The main one last: its executions may invoke the others. */
  for (size_t i = f->count; answer == CLI_GO_ON && i-- > 0;) {
    const durable_handler *const *table = f->sources[i].table;
    if (!table)
      answer = register_script(f, i, service, timeout_s, kills);
    for (size_t k = 0; answer == CLI_GO_ON && table && table[k]; k++)
      answer = register_handler(service, table[k], timeout_s, kills);
  }
  return answer == CLI_GO_ON ? cli_scripts_start(f->scripts) : answer;
}

int cli_functions_halt(cli_functions *f, int64_t grace_ms) {
  return cli_scripts_halt(f->scripts, grace_ms);
}

void cli_functions_close(cli_functions *f) {
  cli_scripts_close(f->scripts);
  free(f->sources);
  *f = (cli_functions){0};
}
