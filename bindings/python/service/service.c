/* service: see api.h. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <durable/host.h>
#include <durable/service.h>
#include <stdlib.h>
#include <string.h>

#include "service/api.h"

typedef struct function {
  struct function *next;
  PyObject *callable;
} function;

struct durpy_service {
  durable_service *service;
  function *functions;
  durable_transport transport;
};

/* ---- shapes */

static PyObject *text_or_none(const char *text) {
  return text ? PyUnicode_FromString(text) : Py_NewRef(Py_None);
}

static PyObject *bytes_of(durable_bytes b) {
  return PyBytes_FromStringAndSize(b.data ? b.data : "", (Py_ssize_t)b.len);
}

static int bytes_in(PyObject *object, durable_bytes *out) {
  char *data;
  Py_ssize_t len;
  if (PyBytes_AsStringAndSize(object, &data, &len) != 0)
    return -1;
  *out = (durable_bytes){data, (size_t)len};
  return 0;
}

static int failed(durpy_service *s, int rc) {
  PyObject *type = rc == DURABLE_E_STORE || rc == DURABLE_E_IO
                       ? PyExc_OSError
                       : PyExc_ValueError;
  const char *text = s ? durable_service_error(s->service) : "";
  PyErr_SetString(type, text && *text ? text : durable_error_text(rc));
  return -1;
}

/* ---- opening and closing */

durpy_service *service_open(const char *path, int virtual_time, int collapse,
                            int hold_callbacks, int no_dispatch,
                            int max_threads, double time_scale,
                            const char *region, const char *account_id) {
  durable_service_options o = DURABLE_SERVICE_OPTIONS_INIT;
  char message[512] = "";
  durpy_service *s = PyMem_Calloc(1, sizeof *s);
  if (!s) {
    PyErr_NoMemory();
    return NULL;
  }
  o.path = path;
  o.virtual_time = (uint32_t)virtual_time;
  o.collapse = (uint32_t)collapse;
  o.hold_callbacks = (uint32_t)hold_callbacks;
  o.no_dispatch = (uint32_t)no_dispatch;
  o.max_threads = (uint32_t)max_threads;
  o.time_scale = time_scale;
  o.region = region;
  o.account_id = account_id;
  int rc;
  Py_BEGIN_ALLOW_THREADS;
  rc = durable_service_open(&s->service, &o, message, sizeof message);
  Py_END_ALLOW_THREADS;
  if (rc >= 0)
    return s;
  PyErr_SetString(PyExc_OSError, *message ? message : durable_error_text(rc));
  PyMem_Free(s);
  return NULL;
}

void service_close(durpy_service *s) {
  Py_BEGIN_ALLOW_THREADS;
  durable_service_close(s->service);
  Py_END_ALLOW_THREADS;
  while (s->functions) {
    function *f = s->functions;
    s->functions = f->next;
    Py_DECREF(f->callable);
    PyMem_Free(f);
  }
  PyMem_Free(s);
}

/* ---- invocations */

static PyObject *call(const function *f,
                      const durable_service_invocation *inv) {
  PyObject *event = bytes_of(inv->event);
  return PyObject_CallFunction(f->callable, "ssNNNL", inv->function,
                               inv->request_id, text_or_none(inv->arn),
                               text_or_none(inv->tenant_id), event,
                               (long long)inv->deadline_ms);
}

/* On a thread of the service.  No answer is a crash. */
static void invoke(void *user, durable_service *service,
                   const durable_service_invocation *inv) {
  PyGILState_STATE state = PyGILState_Ensure();
  PyObject *answer = call(user, inv), *text = NULL;
  durable_bytes body;
  int outcome;
  if (answer && PyArg_ParseTuple(answer, "iO", &outcome, &text) &&
      bytes_in(text, &body) == 0) {
    Py_BEGIN_ALLOW_THREADS;
    (void)durable_service_answer(service, inv, outcome, body);
    Py_END_ALLOW_THREADS;
  } else {
    PyErr_WriteUnraisable(((function *)user)->callable);
  }
  Py_XDECREF(answer);
  PyGILState_Release(state);
}

int service_register(durpy_service *s, const char *name, PyObject *callable,
                     long long timeout_s, long long execution_timeout_s,
                     int not_durable, int concurrency) {
  durable_service_function_options o = DURABLE_SERVICE_FUNCTION_OPTIONS_INIT;
  function *f = PyMem_Calloc(1, sizeof *f);
  if (!f) {
    PyErr_NoMemory();
    return -1;
  }
  f->callable = Py_NewRef(callable);
  f->next = s->functions;
  s->functions = f; /* until the close: an invocation may still use it */
  o.timeout_s = timeout_s;
  o.execution_timeout_s = execution_timeout_s;
  o.not_durable = (uint32_t)not_durable;
  o.concurrency = (uint32_t)concurrency;
  int rc;
  Py_BEGIN_ALLOW_THREADS;
  rc = durable_service_register(s->service, name, invoke, f, &o);
  Py_END_ALLOW_THREADS;
  return rc < 0 ? failed(s, rc) : rc;
}

/* ---- requests */

static const char **headers_in(PyObject *headers) {
  Py_ssize_t n = PyTuple_Size(headers);
  if (n < 0)
    return NULL;
  const char **list = PyMem_Calloc((size_t)n + 1, sizeof *list);
  if (!list) {
    PyErr_NoMemory();
    return NULL;
  }
  for (Py_ssize_t i = 0; i < n; i++) {
    list[i] = PyUnicode_AsUTF8AndSize(PyTuple_GetItem(headers, i), NULL);
    if (!list[i]) {
      PyMem_Free((void *)list);
      return NULL;
    }
  }
  return list;
}

PyObject *service_request(durpy_service *s, const char *method,
                          const char *target, PyObject *headers,
                          PyObject *body) {
  durable_service_response r = DURABLE_SERVICE_RESPONSE_INIT;
  durable_bytes text;
  int rc;
  if (bytes_in(body, &text) != 0)
    return NULL;
  const char **list = headers_in(headers);
  if (!list)
    return NULL;
  Py_BEGIN_ALLOW_THREADS;
  rc = durable_service_request(s->service, method, target, list, text, &r);
  Py_END_ALLOW_THREADS;
  PyMem_Free((void *)list);
  if (rc < 0) {
    failed(s, rc);
    return NULL;
  }
  PyObject *answer = Py_BuildValue(
      "iNNNN", r.status, text_or_none(r.error_type), bytes_of(r.body),
      text_or_none(r.arn), text_or_none(r.function_error));
  durable_service_response_drop(&r);
  return answer;
}

static void drop_reply(durable_transport_reply *reply) {
  durable_service_response *r = reply->owner;
  durable_service_response_drop(r);
  free(r);
}

static int perform(void *user, const durable_transport_request *request,
                   durable_transport_reply *reply) {
  durpy_service *s = user;
  durable_service_response *r = calloc(1, sizeof *r);
  char *target = r ? malloc(request->target.len + 1) : NULL;
  if (!target) {
    free(r);
    reply->why = "out of memory";
    return -1;
  }
  memcpy(target, request->target.data, request->target.len);
  target[request->target.len] = '\0';
  r->size = sizeof *r;
  int rc = durable_service_request(s->service, request->method, target, NULL,
                                   request->body, r);
  free(target);
  if (rc < 0) {
    free(r);
    reply->why = "the service has no memory";
    return -1;
  }
  reply->status = r->status;
  if (r->error_type)
    reply->error_type = (durable_bytes){r->error_type, strlen(r->error_type)};
  reply->body = r->body;
  reply->owner = r;
  reply->drop = drop_reply;
  return 0;
}

PyObject *service_transport(durpy_service *s) {
  s->transport = (durable_transport){.size = sizeof s->transport,
                                     .flags = DURABLE_TRANSPORT_INLINE,
                                     .user = s,
                                     .send = perform};
  return PyCapsule_New(&s->transport, "durable_transport", NULL);
}

/* ---- executions */

PyObject *service_start(durpy_service *s, const char *name, PyObject *input,
                        const char *execution, const char *tenant_id) {
  durable_service_start_options o = DURABLE_SERVICE_START_OPTIONS_INIT;
  char arn[DURABLE_ARN_SIZE] = "";
  durable_bytes text;
  int rc;
  if (bytes_in(input, &text) != 0)
    return NULL;
  o.name = execution;
  o.tenant_id = tenant_id;
  Py_BEGIN_ALLOW_THREADS;
  rc = durable_service_start(s->service, name, text, &o, arn);
  Py_END_ALLOW_THREADS;
  if (rc >= 0)
    return Py_BuildValue("sN", arn, PyBool_FromLong(rc));
  failed(s, rc);
  return NULL;
}

int service_wait(durpy_service *s, const char *arn, long long timeout_ms) {
  int rc;
  Py_BEGIN_ALLOW_THREADS;
  rc = durable_service_wait(s->service, arn, timeout_ms);
  Py_END_ALLOW_THREADS;
  return rc < 0 ? failed(s, rc) : rc;
}

int service_settle(durpy_service *s, const char *arn, long long timeout_ms) {
  int rc;
  Py_BEGIN_ALLOW_THREADS;
  rc = durable_service_settle(s->service, arn, timeout_ms);
  Py_END_ALLOW_THREADS;
  return rc < 0 ? failed(s, rc) : rc;
}

long long service_now(durpy_service *s) {
  return durable_service_now(s->service);
}

int service_advance(durpy_service *s, long long by_ms) {
  int rc;
  Py_BEGIN_ALLOW_THREADS;
  rc = durable_service_advance(s->service, by_ms);
  Py_END_ALLOW_THREADS;
  return rc < 0 ? failed(s, rc) : rc;
}
