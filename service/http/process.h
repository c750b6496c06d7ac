/* process: one execution environment of a function given as a command.
 *
 * Invariants
 *   - Everything is guarded by fleet->lock, save what is marked.
 *   - At most one invocation at a time: |inv| from claim to release.
 *   - |dead| is set once, after every line that the process wrote was logged.
 * Used by: fleet.c, runtime.c, process.c. */
#ifndef DUR_HTTP_PROCESS_H
#define DUR_HTTP_PROCESS_H

#include "exchange.h"
#include "fleet.h"
#include "library.h"
#include "logs.h"
#include "service/model.h"
#include <sys/types.h>

typedef struct dur_process dur_process;

/* A function; never freed before the fleet, since invocations may hold it. */
typedef struct dur_program {
  struct dur_program *next;
  dur_fleet *fleet;
  char *name;
  char **argv;    /* NULL: |endpoint| it is */
  char **env;     /* "K=V" of its own */
  char *endpoint; /* NULL without |argv|: the fleet's, whatever that is then */
  char *library;  /* its path */
  durable_handler *handler; /* out of |library| */
  durable_service_function_options options;
  int retired;
  dur_process *processes;
} dur_program;

struct dur_fleet {
  pthread_mutex_t lock;
  pthread_cond_t changed; /* CLOCK_REALTIME */
  durable_service *service;
  dur_logs *logs;
  char *url;
  char *endpoint; /* of all that is not described; NULL: none */
  int64_t timeout_s, execution_timeout_s; /* of what is not described */
  int stopping;
  dur_program *programs;
};

typedef struct dur_pipe {
  int fd;
  dur_buf line; /* what came of it so far */
} dur_pipe;

struct dur_process {
  dur_process *next;
  dur_program *program;
  dur_listener *api; /* its own Runtime API */
  pid_t pid;
  int pidfd;
  pthread_t keeper;
  dur_exchange *parked; /* its GET next, suspended */
  const durable_service_invocation *inv;
  char *tenant; /* of its first invocation that had one */
  char invocation_id[DUR_UUID_SIZE];
  int delivered, answered, outcome;
  int dead;
  char death[96]; /* "exit status 1", "signal: killed" */
  dur_buf body;   /* what it answered */
  dur_buf init_error;
  pthread_mutex_t output;         /* after fleet->lock; guards what follows */
  dur_pipe pipes[2];              /* stdout, stderr */
  char request_id[DUR_UUID_SIZE]; /* the invocation that lines belong to */
};

/* reach.c: 1 when the function was described. */
int dur_fleet_knows(dur_fleet *fleet, const char *function);

/* Start one.  Lock held.  NULL with a text. */
dur_process *dur_process_start(dur_program *program, char *why, size_t size);
/* The end of it and of all that it started.  Lock held. */
void dur_process_kill(dur_process *process);
/* Free a dead one, taken out of its list.  Lock not held. */
void dur_process_free(dur_process *process);
/* Log what it wrote up to now, but for a line without an end. */
void dur_process_drain(dur_process *process);
/* The same, that line too; what comes now is of |request_id|. */
void dur_process_turn(dur_process *process, const char *request_id);

/* runtime.c: its HTTP side. */
int dur_runtime_open(dur_process *process, char *why, size_t size);
/* Hand |inv| to the process if it asks for one.  Lock held. */
void dur_runtime_offer(dur_process *process);
/* Answer a parked request, since nothing will come.  Lock held. */
void dur_runtime_leave(dur_process *process);

/* config.c: a program out of JSON or nothing at all; not in any list. */
dur_program *dur_program_new(const char *name);
void dur_program_free(dur_program *program);
dur_program *dur_program_parse(const void *object, const char *name, char *why,
                               size_t size);
/* A function at the fleet's endpoint, with everything else at its default. */
int dur_fleet_undescribed(dur_fleet *fleet, const char *name, char *why,
                          size_t size);
/* endpoint.c: an invocation over HTTP. */
void dur_endpoint_invoke(void *program, durable_service *service,
                         const durable_service_invocation *inv);

#endif
