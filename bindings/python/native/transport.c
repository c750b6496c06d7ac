/* transport: a Python callable as a durable_transport, or one that another
 * extension has put into a capsule. */
#include "native/python.h"

#include <string.h>

static void drop_reply(durable_transport_reply *reply) {
  PyGILState_STATE state = PyGILState_Ensure();
  Py_XDECREF((PyObject *)reply->owner);
  PyGILState_Release(state);
}

static PyObject *call(durpy_run *run, const durable_transport_request *r) {
  PyObject *body =
      PyBytes_FromStringAndSize(r->body.data, (Py_ssize_t)r->body.len);
  return PyObject_CallFunction(
      run->send, "sNNiNNNNN", r->method, durpy_str(r->target), body, r->call,
      durpy_str(r->arn), durpy_str(r->token), durpy_str(r->client_token),
      durpy_str(r->marker), durpy_str(r->updates));
}

/* The text of the exception that is set, in an object that |reply| owns. */
static int failed(durable_transport_reply *reply) {
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);
  PyObject *text = value ? PyObject_Str(value) : NULL;
  const char *why = text ? PyUnicode_AsUTF8AndSize(text, NULL) : NULL;
  PyErr_Clear();
  reply->why = why ? why : "the service client raised an exception";
  reply->owner = text;
  Py_XDECREF(type);
  Py_XDECREF(value);
  Py_XDECREF(trace);
  return -1;
}

static int take(PyObject *answer, durable_transport_reply *reply) {
  PyObject *type, *body;
  Py_ssize_t len;
  char *data;
  if (!PyArg_ParseTuple(answer, "iOO", &reply->status, &type, &body) ||
      PyBytes_AsStringAndSize(body, &data, &len) != 0)
    return -1;
  reply->body = (durable_bytes){data, (size_t)len};
  if (type == Py_None)
    return 0;
  reply->error_type.data = PyUnicode_AsUTF8AndSize(type, &len);
  reply->error_type.len = (size_t)len;
  return reply->error_type.data ? 0 : -1;
}

static int perform(void *user, const durable_transport_request *request,
                   durable_transport_reply *reply) {
  PyGILState_STATE state = PyGILState_Ensure();
  PyObject *answer = call(user, request);
  int rc = 0;
  reply->drop = drop_reply;
  if (!answer || take(answer, reply) != 0) {
    rc = failed(reply);
    Py_XDECREF(answer);
  } else {
    reply->owner = answer;
  }
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
