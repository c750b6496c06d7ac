/* fake: the fake service for work.py, as the Python module bench_fake. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "../fake/fake.h"

#include <stdlib.h>

static fake service;
static durable_transport transport;

/* fake(latency_ms): the transport, for Handler.invoke() */
static PyObject *make(PyObject *self, PyObject *latency) {
  (void)self;
  service.latency_ms = PyLong_AsLong(latency);
  if (PyErr_Occurred())
    return NULL;
  fake_transport(&service, &transport);
  return PyCapsule_New(&transport, "durable_transport", NULL);
}

/* event(finished): that of an execution with so many finished steps */
static PyObject *event(PyObject *self, PyObject *finished) {
  (void)self;
  size_t len;
  long count = PyLong_AsLong(finished);
  if (PyErr_Occurred())
    return NULL;
  char *text = bench_event(count, &len);
  PyObject *bytes = PyBytes_FromStringAndSize(text, (Py_ssize_t)len);
  free(text);
  return bytes;
}

/* now(): wall seconds, CPU seconds without the service's, resident and peak KiB,
 * calls, updates */
static PyObject *now(PyObject *self, PyObject *none) {
  (void)self;
  (void)none;
  return Py_BuildValue("ddllll", bench_wall_s(), bench_cpu_s() - service.cpu_s,
                       bench_rss_kib(), bench_peak_kib(), service.calls,
                       service.updates);
}

static PyMethodDef methods[] = {{"fake", make, METH_O, NULL},
                                {"event", event, METH_O, NULL},
                                {"now", now, METH_NOARGS, NULL},
                                {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT,
                                    .m_name = "bench_fake", .m_size = -1,
                                    .m_methods = methods};

PyMODINIT_FUNC PyInit_bench_fake(void);

PyMODINIT_FUNC PyInit_bench_fake(void) {
  return PyModule_Create(&module);
}
