/* inbox: requests of processes that do not serve the file.
 *
 * A process that only looks (no_dispatch) runs a changing request itself while
 * nobody serves the file, under the guard; otherwise it leaves the request in
 * the inbox, where the serving process finds it within 50 ms.  The answer is
 * committed together with what it did, so a request takes effect exactly once
 * whoever dies when. */
#ifndef DUR_SERVICE_INBOX_H
#define DUR_SERVICE_INBOX_H

#include "request.h"

/* Answer what waits there.  Lock not held; we have the guard. */
void dur_inbox_serve(durable_service *s);
/* Have |request| done, by us or by the serving process. */
void dur_inbox_visit(durable_service *s, dur_request *request,
                     dur_reply *reply);

#endif
