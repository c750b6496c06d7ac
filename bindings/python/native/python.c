/* python: see python.h. */
#include "native/python.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

PyObject *durpy_import(const char *module, const char *name, PyObject **cache) {
  if (*cache)
    return *cache;
  PyObject *from = PyImport_ImportModule(module);
  if (from)
    *cache = PyObject_GetAttrString(from, name);
  Py_XDECREF(from);
  return *cache;
}

PyObject *durpy_str(durable_bytes text) {
  if (!text.data)
    Py_RETURN_NONE;
  PyObject *str = PyUnicode_FromStringAndSize(text.data, (Py_ssize_t)text.len);
  if (str || !PyErr_ExceptionMatches(PyExc_UnicodeDecodeError))
    return str;
  PyErr_Clear();
  return PyUnicode_DecodeUTF8(text.data, (Py_ssize_t)text.len, "surrogatepass");
}

static int bytes_of(PyObject *object, durable_bytes *out, PyObject **owner) {
  char *data;
  Py_ssize_t len;
  if (PyBytes_AsStringAndSize(object, &data, &len) != 0)
    return -1;
  *out = (durable_bytes){data, (size_t)len};
  *owner = Py_NewRef(object);
  return 0;
}

int durpy_bytes(PyObject *text, durable_bytes *out, PyObject **owner) {
  Py_ssize_t len;
  *owner = NULL;
  *out = (durable_bytes){NULL, 0};
  if (text == Py_None)
    return 0;
  if (!PyUnicode_Check(text))
    return bytes_of(text, out, owner);
  const char *data = PyUnicode_AsUTF8AndSize(text, &len);
  if (data) {
    *out = (durable_bytes){data, (size_t)len};
    *owner = Py_NewRef(text);
    return 0;
  }
  if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError))
    return -1;
  PyErr_Clear();
  PyObject *bytes = PyUnicode_AsEncodedString(text, "utf-8", "surrogatepass");
  int rc = bytes ? bytes_of(bytes, out, owner) : -1;
  Py_XDECREF(bytes);
  return rc;
}

static int refuse(const char *what, const char *why, PyObject *object) {
  char message[128];
  PyErr_Clear();
  snprintf(message, sizeof message, "%s %s", what, why);
  PyObject *repr = object ? PyObject_Repr((PyObject *)Py_TYPE(object)) : NULL;
  const char *type = repr ? PyUnicode_AsUTF8AndSize(repr, NULL) : NULL;
  if (type)
    snprintf(message, sizeof message, "%s %s, got: %s", what, why, type);
  PyErr_Clear();
  Py_XDECREF(repr);
  durpy_raise_named("ValidationError", message);
  return -1;
}

int durpy_text(PyObject *object, const char *what, const char **out) {
  Py_ssize_t len;
  *out = NULL;
  if (object == Py_None)
    return 0;
  if (!PyUnicode_Check(object))
    return refuse(what, "must be a str", object);
  *out = PyUnicode_AsUTF8AndSize(object, &len);
  if (!*out)
    return refuse(what, "must not hold lone surrogates", NULL);
  if (strlen(*out) != (size_t)len)
    return refuse(what, "must not hold NUL", NULL);
  return 0;
}

int durpy_seconds(PyObject *object, const char *what, long long *out) {
  int overflow;
  if (!PyLong_Check(object))
    return refuse(what, "must be an int", object);
  *out = PyLong_AsLongLongAndOverflow(object, &overflow);
  if (overflow)
    *out = overflow < 0 ? LLONG_MIN : LLONG_MAX;
  return 0;
}

/* ---- exceptions */

void durpy_raise_named(const char *name, const char *message) {
  PyObject *module = PyImport_ImportModule("durable_core.exceptions");
  PyObject *type = module ? PyObject_GetAttrString(module, name) : NULL;
  PyObject *text =
      type ? durpy_str((durable_bytes){message, strlen(message)}) : NULL;
  if (text)
    PyErr_SetObject(type, text);
  Py_XDECREF(text);
  Py_XDECREF(type);
  Py_XDECREF(module);
}

static const char *name_of(int rc) {
  if (durable_error_is_fatal(rc))
    return "SuspendExecution";
  if (rc == DURABLE_E_ARGUMENT || rc == DURABLE_E_LIMIT)
    return "ValidationError";
  if (rc == DURABLE_E_SERDES)
    return "SerDesError";
  return NULL;
}

int durpy_raise(int rc, const char *message) {
  const char *name = name_of(rc);
  if (!message || !*message)
    message = durable_error_text(rc);
  if (name)
    durpy_raise_named(name, message);
  else
    PyErr_SetString(rc == DURABLE_E_IO ? PyExc_OSError : PyExc_RuntimeError,
                    message);
  return -1;
}

int durpy_refused(durpy_run *run, int rc) {
  return durpy_raise(rc, durable_engine_error(run->engine));
}

int check_abi(void) {
  char message[256] = "";
  if (durable_engine_abi(DURABLE_VERSION_MAJOR, DURABLE_VERSION_MINOR, message,
                         sizeof message) == 0)
    return 0;
  PyErr_SetString(PyExc_ImportError, message);
  return -1;
}
