/* look: the end of a visit to the engine that starts and delivers nothing.
 *
 * In place of durable_host_leave: after getters, and where this thread goes
 * straight on to durable_host_next, which does both.  For the front end. */
#ifndef DUR_HOST_LOOK_H
#define DUR_HOST_LOOK_H

#include <durable/host.h>

void dur_host_looked(durable_host *host);

#endif
