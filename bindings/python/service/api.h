/* api: what durable_core._service offers to durable_core.testing: the local
 * durable service inside this process.  SWIG reads this file. */
#ifndef DURPY_SERVICE_API_H
#define DURPY_SERVICE_API_H

typedef struct durpy_service durpy_service;
typedef int durpy_code; /* an answer; negative: an exception is set */

/* |path| None: in memory.  Raises OSError when the store cannot be used. */
durpy_service *service_open(const char *path, int virtual_time, int collapse,
                            int hold_callbacks, int no_dispatch,
                            int max_threads, double time_scale,
                            const char *region, const char *account_id);
/* Waits for invocations that run.  Nothing of it may be used afterwards. */
void service_close(durpy_service *service);
/* |function|: called on a thread of the service with (name, request_id, arn or
 * None, tenant_id or None, event, deadline_ms); answers (outcome, body),
 * outcome being DURABLE_SERVICE_*.  What it raises is a crash. */
durpy_code service_register(durpy_service *service, const char *name,
                            PyObject *function, long long timeout_s,
                            long long execution_timeout_s, int not_durable,
                            int concurrency);
/* (status, error_type, body, arn, function_error); |headers|: a flat tuple of
 * names and values. */
PyObject *service_request(durpy_service *service, const char *method,
                          const char *target, PyObject *headers,
                          PyObject *body);
/* (arn, whether it was there before) */
PyObject *service_start(durpy_service *service, const char *function,
                        PyObject *input, const char *name,
                        const char *tenant_id);
/* DURABLE_EXECUTION_* */
durpy_code service_wait(durpy_service *service, const char *arn,
                        long long timeout_ms);
durpy_code service_settle(durpy_service *service, const char *arn,
                          long long timeout_ms);
long long service_now(durpy_service *service);
durpy_code service_advance(durpy_service *service, long long by_ms);
/* What run_open takes as |send|: requests go to the service directly.  It keeps
 * the service open. */
PyObject *service_transport(durpy_service *service);

#endif
