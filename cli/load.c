/* load: see load.h. */
#include "load.h"
#include "service/http/library.h"

int cli_load(const char *path, const durable_handler *const **table) {
  char why[1024];
  *table = dur_library_load(path, why, sizeof why);
  return *table ? CLI_GO_ON : cli_refuse("%s", why);
}

int cli_load_pick(const char *path, const durable_handler *const *table,
                  const char *name, const durable_handler **handler) {
  char why[1024];
  *handler =
      name ? dur_library_pick(path, table, name, why, sizeof why) : table[0];
  return *handler ? CLI_GO_ON : cli_refuse("%s", why);
}
