/* python: what the files of this extension share.
 *
 * Every function here is called with the interpreter's lock.  One that answers
 * an object or an int follows Python's custom: NULL or -1, and an exception
 * set. */
#ifndef DURPY_PYTHON_H
#define DURPY_PYTHON_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <durable/host.h>
#include <durable/value.h>

#include "native/api.h"

struct durpy_run {
  durable_host *host;
  durable_engine *engine;
  PyObject *event;  /* bytes that the engine borrows */
  PyObject *record; /* callable, or NULL */
  PyObject *send;   /* callable or capsule, or NULL */
  durable_transport own;
  const durable_transport *transport; /* NULL: the built-in one */
};

/* A class or function of the package or of the standard library, imported once;
 * borrowed. */
PyObject *durpy_import(const char *module, const char *name, PyObject **cache);

/* Text as str: UTF-8 with lone surrogates.  Absent: None. */
PyObject *durpy_str(durable_bytes text);
/* The bytes of a str (as UTF-8, lone surrogates kept) or bytes; None: absent.
 * *owner is to be released when the bytes are no longer needed. */
int durpy_bytes(PyObject *text, durable_bytes *out, PyObject **owner);

/* The text of |object|, which has to outlive it; None: NULL.  ValidationError
 * names |what| when it is no str, or none that can be stored. */
int durpy_text(PyObject *object, const char *what, const char **out);
/* The whole seconds of an int, as far as a long long goes; see durpy_text. */
int durpy_seconds(PyObject *object, const char *what, long long *out);

/* Raise for a code of the library; answers -1.  |message| NULL: the code's. */
int durpy_raise(int rc, const char *message);
/* Raise what an engine call refused; call it between enter and leave, or with
 * nobody else in the engine. */
int durpy_refused(durpy_run *run, int rc);
/* Raise |name| of durable_core.exceptions. */
void durpy_raise_named(const char *name, const char *message);

/* ---- transport.c */
/* Make |run->transport| out of |run->send|. */
int durpy_transport_init(durpy_run *run);

#endif
