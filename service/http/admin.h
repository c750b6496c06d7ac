/* admin: what requests over HTTP mean for the functions of the fleet.
 *
 * PUT /functions/{name} describes one, PUT /lambda-endpoint says where all that
 * are not described are invoked; a request that starts an execution makes its
 * function known.  GET /functions/{name}/logs answers its log as it is kept, from
 * ?Marker=N on; X-Durable-Next-Marker says where to go on.
 * Used by: server.c. */
#ifndef DUR_HTTP_ADMIN_H
#define DUR_HTTP_ADMIN_H

#include "exchange.h"
#include "service/http/fleet.h"
#include "service/request.h"

/* 1: |reply| has the answer; 0: the service is to be asked. */
int dur_admin_take(dur_fleet *fleet, dur_exchange *x, dur_reply *reply);

#endif
