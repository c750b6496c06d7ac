/* fleet: functions that are programs, and the processes that run them.
 *
 * A function is a command that starts a bootstrap for the Lambda Runtime API,
 * or the URL of a Lambda Invoke endpoint.  A command's processes are started
 * when an invocation needs one, kept for the next, and started anew when they
 * die; one that overruns the deadline of its invocation is killed.
 *
 * Every function may be called from any thread, except close.  Errors are -1
 * with a text in |why|. */
#ifndef DUR_HTTP_FLEET_H
#define DUR_HTTP_FLEET_H

#include <durable/service.h>

typedef struct dur_fleet dur_fleet;

typedef struct dur_fleet_options {
  const char *log_dir; /* see logs.h; NULL: in memory, and to stderr */
  /* of functions that are not described; 0: see durable/service.h */
  int64_t timeout_s, execution_timeout_s;
} dur_fleet_options;

int dur_fleet_open(dur_fleet **out, durable_service *service,
                   const dur_fleet_options *options, char *why, size_t size);
/* Where the service listens: no process is started before this is known. */
int dur_fleet_announce(dur_fleet *fleet, const char *url);

/* One function as in a configuration file, |json| without its name; replaces
 * the one of that name. */
int dur_fleet_put(dur_fleet *fleet, const char *name, durable_bytes json,
                  char *why, size_t size);
/* A whole configuration file. */
int dur_fleet_configure(dur_fleet *fleet, durable_bytes json, char *why,
                        size_t size);
/* A line for the shell, with everything else at its default. */
int dur_fleet_command(dur_fleet *fleet, const char *name, const char *line,
                      char *why, size_t size);

/* Invoke every function that is not described at |url| from now on, also those
 * of executions that run. */
int dur_fleet_default(dur_fleet *fleet, const char *url, char *why,
                      size_t size);
/* A request wants to start this function: make it known when it is not, and
 * there is a place for it: that of all others, or one that the request |brings|
 * for its execution. */
void dur_fleet_reach(dur_fleet *fleet, const char *name, int brings);
/* The same for the executions that run, once the functions are described. */
void dur_fleet_reach_running(dur_fleet *fleet);

/* Start no invocation any more, and wait up to |grace_ms| for those that run.
 * 1 when none runs.  Otherwise the processes are killed and their invocations
 * never answered: what is on disk says that they are still wanted. */
int dur_fleet_halt(dur_fleet *fleet, int64_t grace_ms);
/* After a halt that answered 1, and after the service was closed. */
void dur_fleet_close(dur_fleet *fleet);

#endif
