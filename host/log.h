/* log: what the log sink offers to a host beside its public functions. */
#ifndef DUR_HOST_LOG_H
#define DUR_HOST_LOG_H

#include "base/mem.h"

#include <durable/host.h>

/* Write a LOG record with executionArn and requestId before its own members;
 * both may be absent.  Other records are ignored. */
int dur_host_log_from(dur_bytes arn, dur_bytes request_id,
                      const durable_engine_record *record);

#endif
