/* interrupt: SIGINT and SIGTERM end `durable run` cleanly.
 *
 * After the first one the bodies that are at work may end, for at most
 * CLI_GRACE_S.  A second one, or the end of that time, leaves at once: whatever
 * was acknowledged is on disk. */
#ifndef DUR_CLI_INTERRUPT_H
#define DUR_CLI_INTERRUPT_H

enum { CLI_GRACE_S = 3 };

void cli_interrupt_init(void);
/* 1: one came, and the time of grace runs. */
int cli_interrupt_came(void);

#endif
