/* The handlers of the conformance suite as a custom runtime: _HANDLER is the id
 * of a requirement.  --list prints the ids. */
#include "conformance.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const durable_handler *const SUITES[] = {STEP,
                                                WAIT,
                                                CHILD,
                                                CALLBACK,
                                                INVOKE,
                                                CONDITION,
                                                WAIT_FOR_CALLBACK,
                                                PARALLEL,
                                                MAP,
                                                PLUGIN,
                                                DETERMINISM,
                                                COMBINATORS,
                                                STATE,
                                                FAULTS,
                                                HANDOVER};
enum { SUITE_COUNT = sizeof SUITES / sizeof *SUITES };

static void list(void) {
  for (size_t i = 0; i < SUITE_COUNT; i++)
    for (const durable_handler *h = SUITES[i]; h->name; h++)
      puts(h->name);
}

static const durable_handler *find(const char *name) {
  for (size_t i = 0; i < SUITE_COUNT; i++)
    for (const durable_handler *h = SUITES[i]; h->name; h++)
      if (strcmp(h->name, name) == 0)
        return h;
  return NULL;
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--list") == 0) {
    list();
    return 0;
  }
  const char *name = getenv("_HANDLER");
  const durable_handler *handler = name ? find(name) : NULL;
  if (!handler) {
    fprintf(stderr, "no handler %s\n", name ? name : "in _HANDLER");
    return 1;
  }
  return durable_lambda_run(handler) == DURABLE_OK ? 0 : 1;
}
