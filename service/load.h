/* load: running executions, from the disk into memory. */
#ifndef DUR_SERVICE_LOAD_H
#define DUR_SERVICE_LOAD_H

#include "model.h"

enum { DUR_LOAD_WHY = 400 };

/* All of them, their timers armed, and the newest time and row id on disk.
 * Lock held; nothing is in memory before.  0, DURABLE_E_NOMEM or
 * DURABLE_E_STORE, and |why| says which row is damaged, or what SQLite says. */
int dur_load_running(durable_service *s, int64_t *newest_ms, char *why,
                     size_t size);
/* Forget all runs; nothing of them may be unwritten. */
void dur_unload(durable_service *s);

#endif
