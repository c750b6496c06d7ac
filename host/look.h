/* look: the end of a visit to the engine that changed nothing in it.
 *
 * In place of durable_host_leave, after getters only: there is nothing to start
 * and nothing to deliver.  For the front end. */
#ifndef DUR_HOST_LOOK_H
#define DUR_HOST_LOOK_H

#include <durable/host.h>

void dur_host_looked(durable_host *host);

#endif
