/* lambda: the client of the Lambda Runtime API. */
#include "native/python.h"

struct durpy_lambda {
  durable_host_lambda *client;
};

durpy_lambda *lambda_open(const char *api, int export_trace_id) {
  durpy_lambda *lambda = PyMem_Calloc(1, sizeof *lambda);
  if (!lambda) {
    PyErr_NoMemory();
    return NULL;
  }
  int rc = durable_host_lambda_new(&lambda->client, api, export_trace_id);
  if (rc == 0)
    return lambda;
  PyMem_Free(lambda);
  if (rc == DURABLE_E_ARGUMENT)
    PyErr_SetString(PyExc_ValueError,
                    "no Runtime API: AWS_LAMBDA_RUNTIME_API is not set");
  else
    durpy_raise(rc, NULL);
  return NULL;
}

void lambda_close(durpy_lambda *lambda) {
  durable_host_lambda_free(lambda->client);
  PyMem_Free(lambda);
}

static int failed(const durpy_lambda *lambda, int rc) {
  return durpy_raise(rc, durable_host_lambda_message(lambda->client));
}

PyObject *lambda_next(durpy_lambda *lambda) {
  durable_host_invocation inv = DURABLE_HOST_INVOCATION_INIT;
  int rc;
  Py_BEGIN_ALLOW_THREADS;
  rc = durable_host_lambda_next(lambda->client, &inv);
  Py_END_ALLOW_THREADS;
  if (rc < 0) {
    failed(lambda, rc);
    return NULL;
  }
  return Py_BuildValue("y#sssssssL", inv.event.data, (Py_ssize_t)inv.event.len,
                       inv.request_id, inv.function_arn, inv.trace_id,
                       inv.client_context, inv.cognito_identity, inv.tenant_id,
                       inv.invocation_id, (long long)inv.deadline_ms);
}

int lambda_respond(durpy_lambda *lambda, PyObject *body) {
  durable_bytes bytes;
  PyObject *owner;
  int rc;
  if (durpy_bytes(body, &bytes, &owner) != 0)
    return -1;
  Py_BEGIN_ALLOW_THREADS;
  rc = durable_host_lambda_respond(lambda->client, bytes);
  Py_END_ALLOW_THREADS;
  Py_XDECREF(owner);
  return rc < 0 ? failed(lambda, rc) : 0;
}

int lambda_error(durpy_lambda *lambda, PyObject *error, const char *category,
                 int at_init) {
  durable_bytes bytes;
  PyObject *owner;
  int rc;
  if (durpy_bytes(error, &bytes, &owner) != 0)
    return -1;
  Py_BEGIN_ALLOW_THREADS;
  rc = at_init ? durable_host_lambda_init_error(lambda->client, bytes, category)
               : durable_host_lambda_error(lambda->client, bytes, category);
  Py_END_ALLOW_THREADS;
  Py_XDECREF(owner);
  return rc < 0 ? failed(lambda, rc) : 0;
}
