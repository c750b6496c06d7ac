/* tick: the thread that lets time pass.
 *
 * It fires what is due, moves virtual time while nothing runs, gives up overdue
 * invocations and answers the inbox. */
#ifndef DUR_SERVICE_TICK_H
#define DUR_SERVICE_TICK_H

#include "model.h"

void *dur_tick_thread(void *service);
void *dur_notice_thread(void *service); /* calls the listener */

#endif
