/* runtime_api: what the two files of the Lambda Runtime API client share. */
#ifndef DUR_HOST_RUNTIME_API_H
#define DUR_HOST_RUNTIME_API_H

#include <durable/host.h>

/* From now on next gives up with DURABLE_E_STATE as soon as *stop is not 0; it
 * must outlive |lambda|. */
void dur_lambda_stop_on(durable_host_lambda *lambda, const int *stop);

#endif
