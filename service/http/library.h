/* library: functions that are handlers out of shared objects, run in this process.
 *
 * A shared object stays loaded until the process ends.  What its functions log
 * goes to the function of dur_library_logs; what they print themselves is this
 * process's output.  Stands on the public headers only.
 * Used by: config.c, fleet.c, and the commands of `durable`. */
#ifndef DUR_HTTP_LIBRARY_H
#define DUR_HTTP_LIBRARY_H

#include <durable/run.h>

/* The handlers of the shared object at |path|: at least one, NULL at the end.
 * NULL with a text in |why|: no such file, no shared object, one that needs
 * another libdurable, or one without handlers. */
const durable_handler *const *dur_library_load(const char *path, char *why,
                                               size_t size);
/* The one called |name|, or NULL with a text in |why|. */
const durable_handler *dur_library_pick(const char *path,
                                        const durable_handler *const *table,
                                        const char *name, char *why,
                                        size_t size);

/* The handler that is to be the function |name|: the one called so, or the only
 * one.  To be freed after the service; NULL with a text in |why|. */
durable_handler *dur_library_function(const char *path, const char *name,
                                      char *why, size_t size);

/* One line that a function logged; before functions are registered. */
typedef void dur_library_log_fn(void *user, const char *function,
                                const char *request_id, durable_bytes line);
void dur_library_logs(dur_library_log_fn *log, void *user);

#endif
