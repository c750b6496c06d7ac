/* run: one invocation as the package sees it.
 *
 * The interpreter's lock is released around whatever may block or wait for a
 * thread that runs Python code; between enter and leave it is held, which is
 * safe because nobody waits for it while holding the host's lock. */
#include "native/python.h"

/* ---- opening and closing */

/* The sink; on whichever thread is at hand. */
static void on_record(void *user, const durable_engine_record *record) {
  durpy_run *run = user;
  PyGILState_STATE state = PyGILState_Ensure();
  PyObject *text = durpy_str(record->json);
  PyObject *done = text ? PyObject_CallFunction(run->record, "iiO",
                                                record->kind, record->op, text)
                        : NULL;
  if (!done) /* a hook that throws breaks nothing */
    PyErr_WriteUnraisable(run->record);
  Py_XDECREF(done);
  Py_XDECREF(text);
  PyGILState_Release(state);
}

static PyObject *given(PyObject *callable) {
  return callable == Py_None ? NULL : Py_NewRef(callable);
}

static void drop(durpy_run *run) {
  Py_XDECREF(run->event);
  Py_XDECREF(run->record);
  Py_XDECREF(run->send);
  PyMem_Free(run);
}

static int make_host(durpy_run *run, int event_loop) {
  durable_host_options o = DURABLE_HOST_OPTIONS_INIT;
  o.event_loop = (uint32_t)event_loop;
  if (run->record) {
    o.record = on_record;
    o.record_user = run;
  }
  return durable_host_new(&run->host, &o);
}

static int make_engine(durpy_run *run, durable_engine_options *o) {
  char *data;
  Py_ssize_t len;
  if (PyBytes_AsStringAndSize(run->event, &data, &len) != 0)
    return -1;
  o->now_ms = durable_host_now(run->host);
  o->borrow_event = 1;
  int rc =
      durable_engine_new(&run->engine, o, (durable_bytes){data, (size_t)len});
  if (rc == 0)
    return 0;
  if (rc == DURABLE_E_PROTOCOL) {
    durpy_raise_named("ExecutionError", durable_engine_error(run->engine));
    durable_engine_free(run->engine);
    return -1;
  }
  return durpy_raise(rc, NULL);
}

static int attach(durpy_run *run) {
  int rc = durable_host_attach(run->host, run->engine, run->transport);
  if (rc == 0)
    return 0;
  durable_engine_free(run->engine);
  return durpy_raise(rc, NULL);
}

durpy_run *run_open(PyObject *event, PyObject *record, PyObject *send,
                    int dialect, long long deadline_ms, int max_threads,
                    int linger_ms, int stay_ms, int plugin_records,
                    int event_loop, const char *request_id) {
  durable_engine_options o = DURABLE_ENGINE_OPTIONS_INIT;
  durpy_run *run = PyMem_Calloc(1, sizeof *run);
  if (!run) {
    PyErr_NoMemory();
    return NULL;
  }
  run->event = Py_NewRef(event);
  run->record = given(record);
  run->send = given(send);
  o.dialect = (uint32_t)dialect;
  o.deadline_ms = deadline_ms;
  o.max_threads = (uint32_t)max_threads;
  o.stay_ms = (uint32_t)stay_ms;
  o.records = (uint32_t)plugin_records;
  o.request_id = request_id;
  o.qualified_errors = 1;
  if (linger_ms >= 0) {
    o.set = DURABLE_ENGINE_SET_LINGER;
    o.linger_ms = (uint32_t)linger_ms;
  }
  if (run->send && durpy_transport_init(run) != 0) {
    drop(run);
    return NULL;
  }
  int rc = make_host(run, event_loop);
  if (rc != 0)
    durpy_raise(rc, NULL);
  if (rc == 0 && make_engine(run, &o) == 0 && attach(run) == 0)
    return run;
  durable_host_close(run->host);
  drop(run);
  return NULL;
}

void run_close(durpy_run *run) {
  Py_BEGIN_ALLOW_THREADS;
  durable_host_close(run->host);
  Py_END_ALLOW_THREADS;
  drop(run);
}

/* ---- both ends */

PyObject *run_begin(durpy_run *run) {
  int rc;
  Py_BEGIN_ALLOW_THREADS;
  rc = durable_host_begin(run->host);
  Py_END_ALLOW_THREADS;
  if (rc < 0) {
    durpy_raise(rc, NULL);
    return NULL;
  }
  return PyBool_FromLong(rc == DURABLE_EVENT_WAKE);
}

static PyObject *body_of(const durable_host_event *event) {
  return PyBytes_FromStringAndSize(event->body.data,
                                   (Py_ssize_t)event->body.len);
}

PyObject *run_finish(durpy_run *run) {
  durable_host_event event = DURABLE_HOST_EVENT_INIT;
  int rc;
  Py_BEGIN_ALLOW_THREADS;
  rc = durable_host_finish(run->host, &event);
  Py_END_ALLOW_THREADS;
  if (rc < 0) {
    durpy_raise(rc, NULL);
    return NULL;
  }
  return Py_BuildValue("iN", event.kind, body_of(&event));
}

static int outcome(durpy_run *run, int rc) {
  int answer = rc < 0 ? durpy_refused(run, rc) : 0;
  durable_host_leave(run->host);
  return answer;
}

int handler_return(durpy_run *run, PyObject *payload) {
  durable_bytes text;
  PyObject *owner;
  if (durpy_bytes(payload, &text, &owner) != 0)
    return -1;
  durable_engine *e = durable_host_enter(run->host);
  int rc = outcome(run, durable_engine_return(e, text));
  Py_XDECREF(owner);
  return rc;
}

int handler_raise(durpy_run *run, PyObject *error, int retry_invocation) {
  durable_bytes text;
  PyObject *owner;
  if (durpy_bytes(error, &text, &owner) != 0)
    return -1;
  durable_engine *e = durable_host_enter(run->host);
  int rc = outcome(run, durable_engine_raise(e, text, retry_invocation));
  Py_XDECREF(owner);
  return rc;
}

int handler_unwound(durpy_run *run) {
  return outcome(run, durable_engine_unwound(durable_host_enter(run->host)));
}

int task_new(durpy_run *run, int ctx) {
  int task = durable_engine_task_new(durable_host_enter(run->host), ctx);
  if (task < 0)
    durpy_refused(run, task);
  durable_host_leave(run->host);
  return task;
}

/* ---- event loops */

PyObject *poll(durpy_run *run) {
  durable_host_event event = DURABLE_HOST_EVENT_INIT;
  int rc;
  Py_BEGIN_ALLOW_THREADS;
  rc = durable_host_poll(run->host, &event);
  Py_END_ALLOW_THREADS;
  if (rc < 0) {
    durpy_raise(rc, NULL);
    return NULL;
  }
  return Py_BuildValue("iiN", event.kind, event.task,
                       event.body.data ? body_of(&event) : Py_NewRef(Py_None));
}

int event_fd(durpy_run *run) {
  int fd;
  Py_BEGIN_ALLOW_THREADS;
  fd = durable_host_eventfd(run->host);
  Py_END_ALLOW_THREADS;
  return fd < 0 ? durpy_raise(fd, "no descriptor is left") : fd;
}
