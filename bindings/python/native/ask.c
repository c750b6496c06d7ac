/* ask: the one verb, and what is known of an operation when it answered. */
#include "native/python.h"

/* A blocked thread looks for signals this often: Control-C is heard. */
enum { SLICE_MS = 500 };

/* (DONE, status, result) or (DONE, status, None, kind, message, type, data,
 * stack) */
static PyObject *done(durpy_run *run, int op) {
  durable_bytes field[5] = {{0}};
  durable_engine *e = durable_host_enter(run->host);
  int kind = 0, status = durable_engine_op_status(e, op);
  if (status == DURABLE_STATUS_FAILED || status > DURABLE_STATUS_FAILED) {
    kind = durable_engine_op_error_kind(e, op);
    for (int i = DURABLE_ERROR_MESSAGE; i <= DURABLE_ERROR_STACK; i++)
      field[i] = durable_engine_op_error_field(e, op, i);
  } else {
    field[0] = durable_engine_op_result(e, op);
  }
  durable_host_leave(run->host);
  if (!kind)
    return Py_BuildValue("iiN", DURABLE_NEXT_DONE, status, durpy_str(field[0]));
  return Py_BuildValue("iiOiNNNN", DURABLE_NEXT_DONE, status, Py_None, kind,
                       durpy_str(field[DURABLE_ERROR_MESSAGE]),
                       durpy_str(field[DURABLE_ERROR_TYPE]),
                       durpy_str(field[DURABLE_ERROR_DATA]),
                       durpy_str(field[DURABLE_ERROR_STACK]));
}

static PyObject *body(durpy_run *run, int op) {
  durable_engine *e = durable_host_enter(run->host);
  int what = durable_engine_op_body(e, op);
  int attempt = durable_engine_op_attempt(e, op);
  int ctx = durable_engine_op_ctx(e, op);
  durable_host_leave(run->host);
  return Py_BuildValue("iiii", DURABLE_NEXT_RUN, what, attempt, ctx);
}

PyObject *ask(durpy_run *run, int task, int op, long long timeout_ms) {
  int answer;
  do {
    Py_BEGIN_ALLOW_THREADS;
    answer = durable_host_next_for(run->host, task, op,
                                   timeout_ms < 0 ? SLICE_MS : timeout_ms);
    Py_END_ALLOW_THREADS;
    if (answer == DURABLE_NEXT_PARK && PyErr_CheckSignals() != 0)
      return NULL;
  } while (answer == DURABLE_NEXT_PARK && timeout_ms < 0);
  if (answer == DURABLE_NEXT_DONE)
    return done(run, op);
  if (answer == DURABLE_NEXT_RUN)
    return body(run, op);
  if (answer >= 0)
    return Py_BuildValue("(i)", answer);
  durable_host_enter(run->host);
  durpy_refused(run, answer);
  durable_host_leave(run->host);
  return NULL;
}

static int ops_of(PyObject *list, durable_op_id **out, size_t *count) {
  Py_ssize_t n = PySequence_Size(list);
  if (n < 0)
    return -1;
  durable_op_id *ops = PyMem_Calloc((size_t)n + 1, sizeof *ops);
  if (!ops) {
    PyErr_NoMemory();
    return -1;
  }
  for (Py_ssize_t i = 0; i < n; i++) {
    PyObject *item = PySequence_GetItem(list, i);
    ops[i] = item ? (durable_op_id)PyLong_AsLong(item) : 0;
    Py_XDECREF(item);
  }
  if (PyErr_Occurred()) {
    PyMem_Free(ops);
    return -1;
  }
  *out = ops;
  *count = (size_t)n;
  return 0;
}

PyObject *wait_settled(durpy_run *run, int task, PyObject *list, int all,
                       long long timeout_ms) {
  durable_op_id *ops;
  size_t count;
  int answer;
  if (ops_of(list, &ops, &count) != 0)
    return NULL;
  int stopped = 0;
  do {
    Py_BEGIN_ALLOW_THREADS;
    answer = durable_host_task_wait_for(run->host, task, ops, count, all,
                                        timeout_ms < 0 ? SLICE_MS : timeout_ms);
    Py_END_ALLOW_THREADS;
    stopped = answer == DURABLE_NEXT_PARK && PyErr_CheckSignals() != 0;
  } while (answer == DURABLE_NEXT_PARK && timeout_ms < 0 && !stopped);
  PyMem_Free(ops);
  if (stopped)
    return NULL;
  if (answer >= 0)
    return PyLong_FromLong(answer);
  durpy_raise(answer, NULL);
  return NULL;
}

int claim_combine(durpy_run *run, int task, int ctx, const char *name, int mode,
                  PyObject *list) {
  durable_op_id *ops;
  size_t count;
  if (ops_of(list, &ops, &count) != 0)
    return -1;
  durable_engine *e = durable_host_enter(run->host);
  int op = durable_engine_combine(e, task, ctx, name, mode, ops, count);
  if (op < 0)
    durpy_refused(run, op);
  durable_host_leave(run->host);
  PyMem_Free(ops);
  return op;
}

/* ---- outcomes */

static int leave(durpy_run *run, int rc) {
  int answer = rc < 0 ? durpy_refused(run, rc) : 0;
  durable_host_leave(run->host);
  return answer;
}

int succeed(durpy_run *run, int op, PyObject *payload) {
  durable_bytes text;
  PyObject *owner;
  if (durpy_bytes(payload, &text, &owner) != 0)
    return -1;
  durable_engine *e = durable_host_enter(run->host);
  int rc = leave(run, durable_engine_op_succeed(e, op, text));
  Py_XDECREF(owner);
  return rc;
}

int fail(durpy_run *run, int op, PyObject *error, int retryable) {
  durable_bytes text;
  PyObject *owner;
  if (durpy_bytes(error, &text, &owner) != 0)
    return -1;
  durable_engine *e = durable_host_enter(run->host);
  int rc = leave(run, durable_engine_op_fail(e, op, text, retryable));
  Py_XDECREF(owner);
  return rc;
}

int abandon(durpy_run *run, int op, int retry_invocation) {
  durable_engine *e = durable_host_enter(run->host);
  return leave(run, durable_engine_op_abandon(e, op, retry_invocation));
}

int decide(durpy_run *run, int op, int what, long long delay_s) {
  durable_engine *e = durable_host_enter(run->host);
  return leave(run, durable_engine_op_decide(e, op, what, delay_s));
}

int summarize(durpy_run *run, int op, PyObject *summary) {
  durable_bytes text;
  PyObject *owner;
  if (durpy_bytes(summary, &text, &owner) != 0)
    return -1;
  durable_engine *e = durable_host_enter(run->host);
  int rc = leave(run, durable_engine_op_summary(e, op, text));
  Py_XDECREF(owner);
  return rc;
}

PyObject *compose(durpy_run *run, int op, int form) {
  durable_bytes text = {NULL, 0};
  durable_engine *e = durable_host_enter(run->host);
  int rc = durable_engine_op_compose(e, op, form);
  if (rc >= 0)
    text = durable_engine_op_composed(e, op);
  return leave(run, rc) == 0 ? durpy_str(text) : NULL;
}

/* ---- details */

PyObject *decision(durpy_run *run, int op) {
  durable_engine_decision d = DURABLE_ENGINE_DECISION_INIT;
  durable_engine *e = durable_host_enter(run->host);
  if (leave(run, durable_engine_op_decision(e, op, &d)) != 0)
    return NULL;
  return Py_BuildValue("iINNIIII", d.what, d.attempt, durpy_str(d.error),
                       durpy_str(d.state), d.total, d.succeeded, d.failed,
                       d.started);
}

PyObject *branch(durpy_run *run, int group) {
  durable_engine_branch_info info = DURABLE_ENGINE_BRANCH_INFO_INIT;
  durable_engine *e = durable_host_enter(run->host);
  if (leave(run, durable_engine_branch(e, group, &info)) != 0)
    return NULL;
  return Py_BuildValue("Iii", info.index, info.task, info.op);
}

PyObject *group_item(durpy_run *run, int group, int index) {
  durable_engine_item item = DURABLE_ENGINE_ITEM_INIT;
  durable_engine *e = durable_host_enter(run->host);
  if (leave(run, durable_engine_group_item(e, group, (uint32_t)index, &item)) !=
      0)
    return NULL;
  return Py_BuildValue("iiNNN", item.status, item.op, durpy_str(item.result),
                       durpy_str(item.error), durpy_str(item.name));
}

static int status_at(durable_engine *e, int group, int index) {
  durable_engine_item item = DURABLE_ENGINE_ITEM_INIT;
  int rc = durable_engine_group_item(e, group, (uint32_t)index, &item);
  return rc < 0 ? 0 : item.status;
}

PyObject *group_statuses(durpy_run *run, int group, int count) {
  PyObject *list = PyList_New(count);
  if (!list)
    return NULL;
  for (int i = 0; i < count; i++) {
    int status = status_at(durable_host_enter(run->host), group, i);
    durable_host_leave(run->host);
    if (PyList_SetItem(list, i, PyLong_FromLong(status)) != 0)
      Py_CLEAR(list);
    if (!list)
      break;
  }
  return list;
}

PyObject *uuid_text(durpy_run *run, int ctx) {
  char text[DURABLE_UUID_SIZE];
  durable_engine *e = durable_host_enter(run->host);
  if (leave(run, durable_engine_uuid(e, ctx, text)) != 0)
    return NULL;
  return PyUnicode_FromString(text);
}
