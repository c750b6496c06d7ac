/* transport: a Python callable as a durable_transport, or one that another
 * extension has put into a capsule. */
#include "native/python.h"

#include <stdlib.h>
#include <string.h>

/* Called under the host's lock, under which nobody may wait for the
 * interpreter's: so a reply is of memory that needs none. */
static void drop_reply(durable_transport_reply *reply) {
  free(reply->owner);
}

/* A copy of |size| bytes with a NUL behind it, that |reply| owns. */
static char *own(durable_transport_reply *reply, const char *data,
                 size_t size) {
  char *copy = malloc(size + 1);
  if (copy) {
    memcpy(copy, data, size);
    copy[size] = '\0';
  }
  reply->owner = copy;
  return copy;
}

static PyObject *call(durpy_run *run, const durable_transport_request *r) {
  PyObject *body =
      PyBytes_FromStringAndSize(r->body.data, (Py_ssize_t)r->body.len);
  return PyObject_CallFunction(
      run->send, "sNNiNNNNN", r->method, durpy_str(r->target), body, r->call,
      durpy_str(r->arn), durpy_str(r->token), durpy_str(r->client_token),
      durpy_str(r->marker), durpy_str(r->updates));
}

/* Why there is no answer: the text of the exception that is set. */
static int failed(durable_transport_reply *reply) {
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);
  PyObject *text = value ? PyObject_Str(value) : NULL;
  const char *why = text ? PyUnicode_AsUTF8AndSize(text, NULL) : NULL;
  PyErr_Clear();
  reply->why = why ? own(reply, why, strlen(why)) : NULL;
  if (!reply->why)
    reply->why = "the service client raised an exception";
  Py_XDECREF(text);
  Py_XDECREF(type);
  Py_XDECREF(value);
  Py_XDECREF(trace);
  return -1;
}

/* The body, with the error type behind it. */
static int take(PyObject *answer, durable_transport_reply *reply) {
  PyObject *type, *body;
  Py_ssize_t len, type_len = 0;
  const char *type_text = NULL;
  char *data;
  if (!PyArg_ParseTuple(answer, "iOO", &reply->status, &type, &body) ||
      PyBytes_AsStringAndSize(body, &data, &len) != 0)
    return -1;
  if (type != Py_None &&
      !(type_text = PyUnicode_AsUTF8AndSize(type, &type_len)))
    return -1;
  char *copy = malloc((size_t)(len + type_len) + 1);
  reply->owner = copy;
  if (!copy) {
    PyErr_NoMemory();
    return -1;
  }
  memcpy(copy, data, (size_t)len);
  reply->body = (durable_bytes){copy, (size_t)len};
  if (!type_text)
    return 0;
  memcpy(copy + len, type_text, (size_t)type_len);
  reply->error_type = (durable_bytes){copy + len, (size_t)type_len};
  return 0;
}

static int perform(void *user, const durable_transport_request *request,
                   durable_transport_reply *reply) {
  PyGILState_STATE state = PyGILState_Ensure();
  PyObject *answer = call(user, request);
  int rc = answer ? take(answer, reply) : -1;
  reply->drop = drop_reply;
  if (rc != 0)
    rc = failed(reply);
  Py_XDECREF(answer);
  PyGILState_Release(state);
  return rc;
}

int durpy_transport_init(durpy_run *run) {
  static const char name[] = "durable_transport";
  if (PyCapsule_IsValid(run->send, name)) {
    run->transport = PyCapsule_GetPointer(run->send, name);
    return 0;
  }
  if (!PyCallable_Check(run->send)) {
    PyErr_SetString(PyExc_TypeError, "a transport is a callable or a capsule");
    return -1;
  }
  run->own = (durable_transport){
      .size = sizeof run->own, .user = run, .send = perform};
  run->transport = &run->own;
  return 0;
}
