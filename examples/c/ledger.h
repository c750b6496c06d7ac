/* ledger: what the bodies of the examples did to the outside world.
 *
 * With ORDER_LEDGER in the environment, every run of a body appends a line to
 * that file: its name, the operation's id, the attempt, the process and the
 * execution.  The file knows nothing of the execution's record, so that the
 * two can be compared. */
#ifndef EXAMPLE_LEDGER_H
#define EXAMPLE_LEDGER_H

#include <durable/durable.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Note the run of a body.  0, or -1: it could not be written. */
static inline int ledger_note(durable_step_ctx *step, const char *body) {
  const char *path = getenv("ORDER_LEDGER");
  char line[1280];
  if (!path)
    return 0;
  int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0)
    return -1;
  int len =
      snprintf(line, sizeof line, "%s %s %d %ld %s\n", body,
               durable_step_operation_id(step), durable_step_attempt(step),
               (long)getpid(), durable_step_arn(step));
  int ok = write(fd, line, (size_t)len) == len;
  close(fd);
  return ok ? 0 : -1;
}

/* Stands for the time that another system takes. */
static inline void ledger_work(long ms) {
  struct timespec t = {ms / 1000, ms % 1000 * 1000000};
  while (nanosleep(&t, &t) != 0) {
  }
}

#endif
