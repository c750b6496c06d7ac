/* durable/run.h: handlers of durable/durable.h as functions of the embedded
 * service, in this process.  Part of libdurable-service. */
#ifndef DURABLE_RUN_H
#define DURABLE_RUN_H

#include <durable/durable.h>
#include <durable/service.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Make |handler|, which has to outlive |service|, the function of its name. Its
 * requests are direct calls of durable_service_request().  Errors: those of
 * durable_service_register(). */
DURABLE_API int durable_service_register_handler(
    durable_service *service, const durable_handler *handler,
    const durable_service_function_options *options);

typedef struct durable_outcome {
  size_t size;
  int status; /* DURABLE_EXECUTION_* */
  int found;  /* 1: an execution of that name was there */
  char arn[DURABLE_ARN_SIZE];
  durable_host_buffer result; /* SUCCEEDED: JSON text */
  durable_host_buffer error;  /* else an ErrorObject, if there is one */
} durable_outcome;
#define DURABLE_OUTCOME_INIT DURABLE_SIZED(durable_outcome)
DURABLE_API void durable_outcome_drop(durable_outcome *outcome);

typedef struct durable_run_options {
  size_t size;
  const char *tenant_id;
  int64_t timeout_ms; /* of real time; 0: until it is over */
  const durable_service_function_options *function;
} durable_run_options;
#define DURABLE_RUN_OPTIONS_INIT DURABLE_SIZED(durable_run_options)

/* Register |handler|, start an execution called |name| (NULL: generated), or
 * find it, and wait until it is over; RUNNING in |out| when the time was up
 * first.  Errors: EXISTS, and those of the service's calls. */
DURABLE_API int durable_service_run(durable_service *service,
                                    const durable_handler *handler,
                                    const char *name, durable_bytes input,
                                    const durable_run_options *options,
                                    durable_outcome *out);

#ifdef __cplusplus
}
#endif
#endif
