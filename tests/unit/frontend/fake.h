/* fake: a durable service in memory for tests of the front end.
 *
 * It keeps the operations of one execution, moves their timers by a clock that
 * jumps when nothing runs, and leaves children of finished contexts out of
 * state.  An update that the real service would refuse fails the test. */
#ifndef DUR_TEST_FAKE_H
#define DUR_TEST_FAKE_H

#include <durable/durable.h>

typedef struct fake fake;

fake *fake_new(void);
void fake_free(fake *f);

/* Run invocations of |handler| until the execution is over: "SUCCEEDED",
 * "FAILED"; or "PENDING" when nothing would wake it; "ABORT" when an invocation
 * failed.  May be called again after callbacks were completed. */
const char *fake_run(fake *f, const durable_handler *handler,
                     const char *input);
/* One more invocation over what is on record; nothing is kept of it. */
const char *fake_replay(fake *f, const durable_handler *handler,
                        const char *input);
/* The Result of the last output, or its Error as JSON, or the abort. */
const char *fake_result(const fake *f);

/* Complete callbacks: the one called |id|, or all that are open.  |status|:
 * "SUCCEEDED", "FAILED", "TIMED_OUT".  How many were. */
int fake_callback(fake *f, const char *id, const char *status,
                  const char *text);

/* Chained invokes answer this, given at their START; *error to 1 for FAILED with
 * that ErrorObject.  NULL: they stay open. */
typedef const char *fake_invoke_fn(void *user, const char *function,
                                   const char *payload, int *error);
void fake_on_invoke(fake *f, fake_invoke_fn *fn, void *user);
/* Called when an invocation ended PENDING with no timer to jump to; 1: something
 * was completed, go on. */
typedef int fake_idle_fn(void *user, fake *f);
void fake_on_idle(fake *f, fake_idle_fn *fn, void *user);

int fake_invocations(const fake *f);
int fake_calls(const fake *f);
/* Updates of that kind so far; NULL matches all.  |name|: of the operation. */
int fake_updates(const fake *f, const char *type, const char *action,
                 const char *name);
/* The payload or error of the last such update; "" when there is none. */
const char *fake_update_payload(const fake *f, const char *type,
                                const char *action, const char *name);
int64_t fake_now(void *f);
const durable_transport *fake_transport(fake *f);
char *fake_event(fake *f, const char *input); /* to be freed */

#endif
