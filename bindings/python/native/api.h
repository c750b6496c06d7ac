/* api: what durable_core._native offers to the package beside SWIG's view of
 * engine.h and host.h.  SWIG reads this file.
 *
 * Codes of the library become exceptions here: DURABLE_E_FATAL and what lies
 * below it SuspendExecution, since the engine knows how the invocation ends;
 * ARGUMENT and LIMIT ValidationError; SERDES SerDesError. */
#ifndef DURPY_API_H
#define DURPY_API_H

typedef struct durpy_run durpy_run;
typedef int durpy_op;   /* a handle; negative: an exception is set */
typedef int durpy_none; /* None; negative: an exception is set */

/* Refuse a library that is older than these bindings. */
durpy_none check_abi(void);

/* ---- values.c: |form| is DURABLE_FORM_* */
PyObject *dumps(PyObject *value, int form);
PyObject *loads(PyObject *text, int form);

/* ---- files.c: see durable_host_files; str in, str out */
PyObject *files_store(const char *base_path, PyObject *arn,
                      PyObject *operation_id, PyObject *text, PyObject *preview,
                      int overflow, int hashed);
PyObject *files_load(const char *base_path, PyObject *payload, int overflow,
                     int hashed);

/* ---- run.c */

/* A run over |event| (bytes).  |record|: called with (kind, op, text) for each
 * record, or None.  |send|: called with (method, target, body, call, arn, token,
 * client_token, marker, updates) for each request; answers (status, error_type,
 * body); or a capsule "durable_transport"; or None: the built-in transport.  |linger_ms| below 0: the default. */
durpy_run *run_open(PyObject *event, PyObject *record, PyObject *send,
                    int dialect, long long deadline_ms, int max_threads,
                    int linger_ms, int stay_ms, int plugin_records,
                    int event_loop, const char *request_id);
/* Nothing of the run may be used afterwards. */
void run_close(durpy_run *run);
/* Blocks until the handler may run: 1; 0: there is nothing to run. */
PyObject *run_begin(durpy_run *run);
/* Blocks until the invocation is over: (kind, body). */
PyObject *run_finish(durpy_run *run);

/* The one question: (answer, ...).
 *   DONE     status, result or None, and of a failure kind, message, type, data,
 *            stack (JSON text) behind it
 *   RUN      body, attempt, ctx
 *   others   nothing more
 * |timeout_ms| as of durable_host_next_for. */
PyObject *ask(durpy_run *run, int task, int op, long long timeout_ms);
/* Wait until one of |ops| has settled (all of them, if |all|): the answer. */
PyObject *wait_settled(durpy_run *run, int task, PyObject *ops, int all,
                       long long timeout_ms);

durpy_none succeed(durpy_run *run, int op, PyObject *payload);
durpy_none fail(durpy_run *run, int op, PyObject *error, int retryable);
durpy_none abandon(durpy_run *run, int op, int retry_invocation);
durpy_none decide(durpy_run *run, int op, int decision, long long delay_s);
durpy_none summarize(durpy_run *run, int op, PyObject *text);
/* The payload composed by the engine; raises SerDesError when a part is not of
 * that form. */
PyObject *compose(durpy_run *run, int op, int form);
/* (what, attempt, error, state, total, succeeded, failed, started) */
PyObject *decision(durpy_run *run, int op);
/* (index, task, op) of the SPAWN just answered */
PyObject *branch(durpy_run *run, int group);
/* (status, op, result, error, name) of one branch */
PyObject *group_item(durpy_run *run, int group, int index);
/* DURABLE_STATUS_* of each of the first |count| branches, 0: not started. */
PyObject *group_statuses(durpy_run *run, int group, int count);
PyObject *uuid_text(durpy_run *run, int ctx);

durpy_op task_new(durpy_run *run, int ctx);
durpy_none handler_return(durpy_run *run, PyObject *payload);
durpy_none handler_raise(durpy_run *run, PyObject *error, int retry_invocation);
durpy_none handler_unwound(durpy_run *run);

/* Event loops: (kind, task, body or None) of the next event, never blocking;
 * and the descriptor that is readable while there is one. */
PyObject *poll(durpy_run *run);
durpy_op event_fd(durpy_run *run);

/* ---- claim.c: |name| and |sub_type| may be None; |caller|: next answers
 * DECIDE instead of using the preset */
durpy_op claim_step(durpy_run *run, int task, int ctx, const char *name,
                    const char *sub_type, int at_most_once, int caller);
durpy_op claim_wait(durpy_run *run, int task, int ctx, const char *name,
                    long long seconds);
durpy_op claim_invoke(durpy_run *run, int task, int ctx, const char *name,
                      const char *function_name, PyObject *payload,
                      const char *tenant_id, const char *trace_id);
durpy_op claim_callback(durpy_run *run, int task, int ctx, const char *name,
                        const char *sub_type, long long timeout_s,
                        long long heartbeat_s);
durpy_op claim_callback_result(durpy_run *run, int task, int callback);
durpy_op claim_condition(durpy_run *run, int task, int ctx, const char *name,
                         PyObject *state, int caller);
durpy_op claim_child(durpy_run *run, int task, int ctx, const char *name,
                     const char *sub_type, int is_virtual, int has_summary);
/* |names|: a sequence of str or None, one per branch; or None.  |limits|:
 * (min_successful, tolerated_failures, tolerated_percentage), each may be
 * None. */
durpy_op claim_group(durpy_run *run, int task, int ctx, const char *name,
                     int kind, unsigned branches, PyObject *names,
                     PyObject *limits, unsigned max_concurrency, int flat,
                     int has_summary, int caller);
durpy_op claim_wait_for_callback(durpy_run *run, int task, int ctx,
                                 const char *name, const char *sub_type,
                                 long long timeout_s, long long heartbeat_s,
                                 int caller);
durpy_op claim_with_retry(durpy_run *run, int task, int ctx, const char *name,
                          int unwrapped, const char *sub_type, int is_virtual,
                          int has_summary, int caller);
durpy_op claim_combine(durpy_run *run, int task, int ctx, const char *name,
                       int mode, PyObject *ops);

/* ---- lambda.c */
typedef struct durpy_lambda durpy_lambda;
durpy_lambda *lambda_open(const char *api, int export_trace_id);
void lambda_close(durpy_lambda *lambda);
/* Blocks: (event, request_id, function_arn, trace_id, client_context,
 * cognito_identity, tenant_id, invocation_id, deadline_ms). */
PyObject *lambda_next(durpy_lambda *lambda);
durpy_none lambda_respond(durpy_lambda *lambda, PyObject *body);
durpy_none lambda_error(durpy_lambda *lambda, PyObject *error,
                        const char *category, int at_init);

#endif
