/* load: see load.h. */
#include "load.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int check_file(const char *path) {
  struct stat about;
  if (stat(path, &about) != 0)
    return cli_refuse("%s cannot be loaded: %s", path, strerror(errno));
  if (!S_ISREG(about.st_mode))
    return cli_refuse("%s cannot be loaded: expected a shared object, not a "
                      "%s",
                      path, S_ISDIR(about.st_mode) ? "directory" : "device");
  return CLI_GO_ON;
}

static int check_table(const char *path, const durable_handler *const *table) {
  for (size_t i = 0; table[i]; i++)
    if (!table[i]->fn || !table[i]->name)
      return cli_refuse("%s: handler %zu of its table has no %s", path, i + 1,
                        table[i]->fn ? "name" : "function");
  if (table[0])
    return CLI_GO_ON;
  return cli_refuse("%s has no handler: its table is empty", path);
}

int cli_load(const char *path, const durable_handler *const **table) {
  int answer = check_file(path);
  if (answer != CLI_GO_ON)
    return answer;
  /* Without a '/', the loader would look elsewhere. */
  char *name = cli_format("%s%s", strchr(path, '/') ? "" : "./", path);
  void *object = name ? dlopen(name, RTLD_NOW | RTLD_LOCAL) : NULL;
  if (!name)
    answer = cli_no_memory();
  else if (!object)
    answer = cli_refuse("%s is not a shared object that can be loaded: %s",
                        path, dlerror());
  free(name);
  if (answer != CLI_GO_ON)
    return answer;
  *table = (const durable_handler *const *)dlsym(object, DURABLE_HANDLER_TABLE);
  if (!*table)
    return cli_refuse("%s has no handler: it exports no %s (DURABLE_HANDLER in "
                      "durable/durable.h makes one)",
                      path, DURABLE_HANDLER_TABLE);
  return check_table(path, *table);
}

int cli_load_pick(const char *path, const durable_handler *const *table,
                  const char *name, const durable_handler **handler) {
  char known[512] = "";
  *handler = table[0];
  if (!name)
    return CLI_GO_ON;
  for (size_t i = 0; table[i]; i++) {
    size_t len = strlen(known);
    if (strcmp(table[i]->name, name) == 0) {
      *handler = table[i];
      return CLI_GO_ON;
    }
    if (len + strlen(table[i]->name) + 3 < sizeof known)
      strcat(strcat(known, i ? ", " : ""), table[i]->name);
  }
  return cli_refuse("%s has no handler \"%s\": it has %s", path, name, known);
}
