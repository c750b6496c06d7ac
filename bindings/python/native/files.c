/* files: payloads in a directory, by durable_host_files. */
#include "native/python.h"

#include <errno.h>
#include <string.h>

static PyObject *raise(int rc, const char *base_path) {
  if (rc == DURABLE_E_IO)
    return PyErr_SetFromErrnoWithFilename(PyExc_OSError, base_path);
  durpy_raise(rc, NULL);
  return NULL;
}

static PyObject *take(durable_host_buffer *buffer) {
  PyObject *text = durpy_str((durable_bytes){buffer->data, buffer->len});
  durable_host_buffer_drop(buffer);
  return text;
}

static durable_host_files files(const char *base_path, int overflow,
                                int hashed) {
  return (durable_host_files){.size = sizeof(durable_host_files),
                              .base_path = base_path,
                              .overflow = (uint32_t)overflow,
                              .hashed = (uint32_t)hashed};
}

PyObject *files_store(const char *base_path, PyObject *arn,
                      PyObject *operation_id, PyObject *text, PyObject *preview,
                      int overflow, int hashed) {
  durable_host_files f = files(base_path, overflow, hashed);
  PyObject *objects[] = {arn, operation_id, text, preview};
  PyObject *owners[4] = {NULL};
  durable_bytes b[4];
  durable_host_buffer payload = {NULL, 0};
  int rc = 0, bad = 0;
  for (size_t i = 0; i < 4 && !bad; i++)
    bad = durpy_bytes(objects[i], &b[i], &owners[i]);
  if (!bad) {
    Py_BEGIN_ALLOW_THREADS;
    rc = durable_host_files_store(&f, b[0], b[1], b[2], b[3], &payload);
    Py_END_ALLOW_THREADS;
  }
  int error = errno;
  for (size_t i = 0; i < 4; i++)
    Py_XDECREF(owners[i]);
  errno = error;
  if (bad)
    return NULL;
  return rc < 0 ? raise(rc, base_path) : take(&payload);
}

PyObject *files_load(const char *base_path, PyObject *payload, int overflow,
                     int hashed) {
  durable_host_files f = files(base_path, overflow, hashed);
  durable_host_buffer text = {NULL, 0};
  durable_bytes bytes;
  PyObject *owner;
  int rc;
  if (durpy_bytes(payload, &bytes, &owner) != 0)
    return NULL;
  Py_BEGIN_ALLOW_THREADS;
  rc = durable_host_files_load(&f, bytes, &text);
  Py_END_ALLOW_THREADS;
  int error = errno;
  Py_XDECREF(owner);
  errno = error;
  return rc < 0 ? raise(rc, base_path) : take(&text);
}
