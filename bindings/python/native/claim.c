/* claim: the engine's claims with plain arguments instead of option structs. */
#include "native/python.h"

static durable_engine *enter(durpy_run *run) {
  return durable_host_enter(run->host);
}

static int leave(durpy_run *run, int op) {
  if (op < 0)
    durpy_refused(run, op);
  durable_host_leave(run->host);
  return op;
}

static durable_retry_policy policy(int caller) {
  durable_retry_policy p = DURABLE_RETRY_POLICY_INIT;
  if (caller)
    p.kind = DURABLE_BACKOFF_CALLER;
  return p;
}

int claim_step(durpy_run *run, int task, int ctx, const char *name,
               const char *sub_type, int at_most_once, int caller) {
  durable_step_options o = DURABLE_STEP_OPTIONS_INIT;
  durable_retry_policy retry = policy(caller);
  o.at_most_once = (uint32_t)at_most_once;
  o.sub_type = sub_type;
  if (caller)
    o.retry = &retry;
  return leave(run, durable_engine_step(enter(run), task, ctx, name, &o));
}

int claim_wait(durpy_run *run, int task, int ctx, const char *name,
               long long seconds) {
  return leave(run, durable_engine_wait(enter(run), task, ctx, name, seconds));
}

int claim_invoke(durpy_run *run, int task, int ctx, const char *name,
                 const char *function_name, PyObject *payload,
                 const char *tenant_id, const char *trace_id) {
  durable_invoke_options o = DURABLE_INVOKE_OPTIONS_INIT;
  durable_bytes text;
  PyObject *owner;
  if (durpy_bytes(payload, &text, &owner) != 0)
    return -1;
  o.tenant_id = tenant_id;
  o.trace_id = trace_id;
  int op = leave(run, durable_engine_invoke(enter(run), task, ctx, name,
                                            function_name, text, &o));
  Py_XDECREF(owner);
  return op;
}

static durable_callback_options
timeouts(const char *sub_type, long long timeout_s, long long heartbeat_s) {
  durable_callback_options o = DURABLE_CALLBACK_OPTIONS_INIT;
  o.timeout_s = timeout_s;
  o.heartbeat_timeout_s = heartbeat_s;
  o.sub_type = sub_type;
  return o;
}

int claim_callback(durpy_run *run, int task, int ctx, const char *name,
                   const char *sub_type, long long timeout_s,
                   long long heartbeat_s) {
  durable_callback_options o = timeouts(sub_type, timeout_s, heartbeat_s);
  return leave(run, durable_engine_callback(enter(run), task, ctx, name, &o));
}

int claim_callback_result(durpy_run *run, int task, int callback) {
  return leave(run, durable_engine_callback_result(enter(run), task, callback));
}

int claim_condition(durpy_run *run, int task, int ctx, const char *name,
                    PyObject *state, int caller) {
  durable_retry_policy pace = policy(caller);
  durable_bytes text;
  PyObject *owner;
  if (durpy_bytes(state, &text, &owner) != 0)
    return -1;
  int op = leave(run, durable_engine_condition(enter(run), task, ctx, name,
                                               text, caller ? &pace : NULL));
  Py_XDECREF(owner);
  return op;
}

int claim_child(durpy_run *run, int task, int ctx, const char *name,
                const char *sub_type, int is_virtual, int has_summary) {
  durable_child_options o = DURABLE_CHILD_OPTIONS_INIT;
  o.sub_type = sub_type;
  o.is_virtual = (uint32_t)is_virtual;
  o.has_summary = (uint32_t)has_summary;
  return leave(run, durable_engine_child(enter(run), task, ctx, name, &o));
}

int claim_wait_for_callback(durpy_run *run, int task, int ctx, const char *name,
                            const char *sub_type, long long timeout_s,
                            long long heartbeat_s, int caller) {
  durable_callback_options o = timeouts(sub_type, timeout_s, heartbeat_s);
  durable_retry_policy retry = policy(caller);
  return leave(run,
               durable_engine_wait_for_callback(enter(run), task, ctx, name, &o,
                                                caller ? &retry : NULL));
}

int claim_with_retry(durpy_run *run, int task, int ctx, const char *name,
                     int unwrapped, const char *sub_type, int is_virtual,
                     int has_summary, int caller) {
  durable_with_retry_options o = DURABLE_WITH_RETRY_OPTIONS_INIT;
  durable_child_options child = DURABLE_CHILD_OPTIONS_INIT;
  durable_retry_policy retry = policy(caller);
  child.sub_type = sub_type;
  child.is_virtual = (uint32_t)is_virtual;
  child.has_summary = (uint32_t)has_summary;
  o.unwrapped = (uint32_t)unwrapped;
  o.child = &child;
  if (caller)
    o.retry = &retry;
  return leave(run, durable_engine_with_retry(enter(run), task, ctx, name, &o));
}

/* ---- groups */

static int limits_in(PyObject *limits, durable_group_options *o) {
  PyObject *min, *count, *percentage;
  if (!PyArg_ParseTuple(limits, "OOO", &min, &count, &percentage))
    return -1;
  if (min != Py_None) {
    o->set |= DURABLE_GROUP_SET_MIN_SUCCESSFUL;
    o->min_successful = (uint32_t)PyLong_AsUnsignedLong(min);
  }
  if (count != Py_None) {
    o->set |= DURABLE_GROUP_SET_TOLERATED_FAILURES;
    o->tolerated_failures = (uint32_t)PyLong_AsUnsignedLong(count);
  }
  if (percentage != Py_None) {
    o->set |= DURABLE_GROUP_SET_TOLERATED_PERCENTAGE;
    o->tolerated_percentage = PyFloat_AsDouble(percentage);
  }
  return PyErr_Occurred() ? -1 : 0;
}

/* One text per branch, borrowed from |list|; NULL with an exception. */
static const char **names_in(PyObject *list, unsigned branches) {
  const char **names = PyMem_Calloc((size_t)branches + 1, sizeof *names);
  if (!names) {
    PyErr_NoMemory();
    return NULL;
  }
  for (unsigned i = 0; i < branches; i++) {
    PyObject *name = PyList_GetItem(list, (Py_ssize_t)i);
    if (!name || durpy_text(name, "name", &names[i]) != 0) {
      PyMem_Free((void *)names);
      return NULL;
    }
  }
  return names;
}

int claim_group(durpy_run *run, int task, int ctx, const char *name, int kind,
                unsigned branches, PyObject *names, PyObject *limits,
                unsigned max_concurrency, int flat, int has_summary,
                int caller) {
  durable_group_options o = DURABLE_GROUP_OPTIONS_INIT;
  const char **texts = NULL;
  if (limits_in(limits, &o) != 0)
    return -1;
  if (names != Py_None && !(texts = names_in(names, branches)))
    return -1;
  o.kind = (uint32_t)kind;
  o.flat = (uint32_t)flat;
  o.has_summary = (uint32_t)has_summary;
  o.caller_decides = (uint32_t)caller;
  o.max_concurrency = max_concurrency;
  o.names = texts;
  int op = leave(
      run, durable_engine_group(enter(run), task, ctx, name, branches, &o));
  PyMem_Free((void *)texts);
  return op;
}
