/* plugin: users' hooks. */
#ifndef DUR_FRONTEND_PLUGIN_H
#define DUR_FRONTEND_PLUGIN_H

#include "frontend/model.h"

/* Copy the handler's plugins into the run.  0, DURABLE_E_ABI or NOMEM. */
int dur_plugins_init(dur_run *run);
/* durable_engine_options.records: what the plugins want. */
uint32_t dur_plugins_want_records(const dur_run *run);
/* The host's record sink; |user| is the run. */
void dur_plugins_record(void *user, const durable_engine_record *record);

typedef enum dur_wrap_kind {
  DUR_WRAP_INVOCATION,
  DUR_WRAP_ATTEMPT,
  DUR_WRAP_CHILD
} dur_wrap_kind;
/* Call |fn| inside of all hooks of that kind; its code. */
int dur_wrap(dur_scope *scope, dur_wrap_kind kind, int (*fn)(void *arg),
             void *arg);

/* Let the plugins add to a log line. */
void dur_plugins_enrich(dur_run *run, durable_values *in,
                        durable_value *fields);

#endif
