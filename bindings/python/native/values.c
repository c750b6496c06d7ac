/* values: Python objects to payload text and back, by way of the core's value
 * tree; no Python code runs per node, apart from the text forms of dates,
 * decimals and UUIDs and the dict of a batch. */
#include "native/python.h"

#include <stdio.h>
#include <string.h>

static struct { PyObject *uuid, *decimal, *datetime, *date, *batch; } types;

static int load_types(void) {
  return types.batch ||
                 (durpy_import("uuid", "UUID", &types.uuid) &&
                  durpy_import("decimal", "Decimal", &types.decimal) &&
                  durpy_import("datetime", "datetime", &types.datetime) &&
                  durpy_import("datetime", "date", &types.date) &&
                  durpy_import("durable_core.concurrency.models", "BatchResult",
                               &types.batch))
             ? 0
             : -1;
}

/* ---- errors */

static PyObject *json_error(const char *message, durable_bytes text) {
  static PyObject *type;
  PyObject *doc = durpy_str(text);
  if (doc && durpy_import("json", "JSONDecodeError", &type)) {
    PyObject *error = PyObject_CallFunction(type, "sOi", message, doc, 0);
    if (error)
      PyErr_SetObject(type, error);
    Py_XDECREF(error);
  }
  Py_XDECREF(doc);
  return NULL;
}

/* Raise what the pool says of its last call. */
static PyObject *pool_error(durable_values *in, int rc, durable_bytes text) {
  const char *type = durable_values_error_class(in);
  const char *message = durable_values_error(in);
  if (rc == DURABLE_E_NOMEM)
    return PyErr_NoMemory();
  if (strcmp(type, "JSONDecodeError") == 0)
    return json_error(message, text);
  if (strcmp(type, "ValueError") == 0)
    PyErr_SetString(PyExc_ValueError, message);
  else /* also what the form cannot store */
    durpy_raise_named("SerDesError", message);
  return NULL;
}

/* ---- writing */

typedef struct step {
  const struct step *up;
  PyObject *key; /* of a dict; NULL: |index| */
  Py_ssize_t index;
} step;

typedef struct writer {
  durable_values *in;
  PyObject *kept; /* a list: temporary objects whose bytes the tree borrows */
  const step *at;
  int depth;
} writer;

enum { DEEPEST = 512 };

/* "$.items[3]" of where the writer is; a new str. */
static PyObject *path_of(const step *at) {
  if (!at)
    return PyUnicode_FromString("$");
  PyObject *up = path_of(at->up);
  if (!up)
    return NULL;
  PyObject *path = at->key ? PyUnicode_FromFormat("%U.%S", up, at->key)
                           : PyUnicode_FromFormat("%U[%zd]", up, at->index);
  Py_DECREF(up);
  return path;
}

/* SerDesError "PATH: what TYPE"; NULL. */
static durable_value *unsupported(writer *w, const char *what, PyObject *o) {
  static PyObject *type;
  PyObject *path = path_of(w->at);
  PyObject *message =
      path ? PyUnicode_FromFormat("%U: %s %R", path, what, Py_TYPE(o)) : NULL;
  if (message && durpy_import("durable_core.exceptions", "SerDesError", &type))
    PyErr_SetObject(type, message);
  Py_XDECREF(message);
  Py_XDECREF(path);
  return NULL;
}

static durable_value *made(durable_value *value) {
  if (!value)
    PyErr_NoMemory();
  return value;
}

/* The tree borrows from |o|, which the caller's object holds. */
static int text_of(writer *w, PyObject *o, durable_bytes *out) {
  PyObject *owner;
  if (durpy_bytes(o, out, &owner) != 0)
    return -1;
  int rc = owner != o ? PyList_Append(w->kept, owner) : 0;
  Py_DECREF(owner);
  return rc;
}

static durable_value *put_str(writer *w, PyObject *o) {
  durable_bytes text;
  if (text_of(w, o, &text) != 0)
    return NULL;
  return made(durable_value_borrow(w->in, DURABLE_KIND_STRING, text));
}

static durable_value *read_text(writer *w, int kind, PyObject *text) {
  durable_value *value = NULL;
  durable_bytes bytes;
  PyObject *owner = NULL;
  if (!text || durpy_bytes(text, &bytes, &owner) != 0)
    return NULL;
  int rc = durable_value_read(w->in, kind, bytes, &value);
  if (rc < 0)
    pool_error(w->in, rc, bytes);
  Py_DECREF(owner);
  return rc < 0 ? NULL : value;
}

static durable_value *put_int(writer *w, PyObject *o) {
  int overflow;
  long long number = PyLong_AsLongLongAndOverflow(o, &overflow);
  if (number == -1 && PyErr_Occurred())
    return NULL;
  if (!overflow)
    return made(durable_value_int(w->in, number));
  PyObject *digits = PyNumber_ToBase(o, 10);
  durable_value *value = read_text(w, DURABLE_KIND_INT, digits);
  Py_XDECREF(digits);
  return value;
}

static durable_value *put_bytes(writer *w, PyObject *o) {
  PyObject *bytes = PyBytes_FromObject(o);
  durable_value *value = NULL;
  durable_bytes data;
  if (bytes && PyList_Append(w->kept, bytes) == 0 &&
      text_of(w, bytes, &data) == 0)
    value = made(durable_value_borrow(w->in, DURABLE_KIND_BYTES, data));
  Py_XDECREF(bytes);
  return value;
}

static durable_value *put_text_form(writer *w, int kind, PyObject *o) {
  PyObject *text = kind == DURABLE_KIND_DATETIME || kind == DURABLE_KIND_DATE
                       ? PyObject_CallMethod(o, "isoformat", NULL)
                       : PyObject_Str(o);
  durable_value *value = read_text(w, kind, text);
  Py_XDECREF(text);
  return value;
}

static durable_value *put(writer *w, PyObject *o);

static durable_value *put_sequence(writer *w, PyObject *o, int is_list) {
  durable_value *list = durable_value_container(
      w->in, is_list ? DURABLE_KIND_LIST : DURABLE_KIND_TUPLE);
  if (!list)
    return made(list);
  step here = {.up = w->at};
  w->at = &here;
  for (; here.index < (is_list ? PyList_Size(o) : PyTuple_Size(o));
       here.index++) {
    PyObject *item = is_list ? PyList_GetItem(o, here.index)
                             : PyTuple_GetItem(o, here.index);
    durable_value *value = item ? put(w, item) : NULL;
    if (!value)
      return NULL;
    if (durable_value_append(w->in, list, value) != 0)
      return made(NULL);
  }
  w->at = here.up;
  return list;
}

static int key_of(writer *w, PyObject *key, durable_bytes *out) {
  if (PyUnicode_Check(key))
    return text_of(w, key, out);
  if (PyTuple_Check(key) || PyList_Check(key) || PyDict_Check(key)) {
    unsupported(w, "a key cannot be a", key);
    return -1;
  }
  durable_value *value = put(w, key);
  if (!value)
    return -1;
  int rc = durable_value_key_text(w->in, value, out);
  if (rc < 0)
    unsupported(w, "a key cannot be a", key);
  return rc < 0 ? -1 : 0;
}

static durable_value *put_dict(writer *w, PyObject *o, int kind) {
  durable_value *object = durable_value_container(w->in, kind);
  PyObject *key, *item;
  Py_ssize_t pos = 0;
  if (!object)
    return made(object);
  step here = {.up = w->at};
  while (PyDict_Next(o, &pos, &key, &item)) {
    durable_bytes text;
    if (key_of(w, key, &text) != 0)
      return NULL;
    here.key = key;
    w->at = &here;
    durable_value *value = put(w, item);
    if (!value)
      return NULL;
    w->at = here.up;
    if (durable_value_set_key(w->in, object, text, value) != 0)
      return made(NULL);
  }
  return object;
}

static durable_value *put_batch(writer *w, PyObject *o) {
  PyObject *dict = PyObject_CallMethod(o, "to_dict", NULL);
  durable_value *value = NULL;
  if (dict && PyList_Append(w->kept, dict) == 0)
    value = put_dict(w, dict, DURABLE_KIND_BATCH);
  Py_XDECREF(dict);
  return value;
}

/* The kinds that are classes of the standard library. */
static durable_value *put_object(writer *w, PyObject *o) {
  const struct {
    PyObject *type;
    int kind;
  } known[] = {{types.datetime, DURABLE_KIND_DATETIME},
               {types.date, DURABLE_KIND_DATE},
               {types.decimal, DURABLE_KIND_DECIMAL},
               {types.uuid, DURABLE_KIND_UUID},
               {types.batch, DURABLE_KIND_BATCH}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    int is = PyObject_IsInstance(o, known[i].type);
    if (is < 0)
      return NULL;
    if (is)
      return known[i].kind == DURABLE_KIND_BATCH
                 ? put_batch(w, o)
                 : put_text_form(w, known[i].kind, o);
  }
  return unsupported(w, "cannot store a", o);
}

static durable_value *put_scalar(writer *w, PyObject *o) {
  if (PyUnicode_Check(o))
    return put_str(w, o);
  if (o == Py_None)
    return made(durable_value_null(w->in));
  if (PyBool_Check(o))
    return made(durable_value_bool(w->in, o == Py_True));
  if (PyLong_Check(o))
    return put_int(w, o);
  if (PyFloat_Check(o))
    return made(durable_value_float(w->in, PyFloat_AsDouble(o)));
  if (PyBytes_Check(o) || PyByteArray_Check(o) || PyMemoryView_Check(o))
    return put_bytes(w, o);
  return put_object(w, o);
}

static durable_value *put(writer *w, PyObject *o) {
  durable_value *value;
  int is_list = PyList_Check(o);
  if (!is_list && !PyDict_Check(o) && !PyTuple_Check(o))
    return put_scalar(w, o);
  if (w->depth == DEEPEST)
    return unsupported(w, "nested deeper than 512 levels:", o);
  w->depth++;
  value = PyDict_Check(o) ? put_dict(w, o, DURABLE_KIND_OBJECT)
                          : put_sequence(w, o, is_list);
  w->depth--;
  return value;
}

PyObject *dumps(PyObject *value, int form) {
  writer w = {0};
  PyObject *text = NULL;
  durable_bytes out;
  if (load_types() != 0)
    return NULL;
  w.kept = PyList_New(0);
  if (!w.kept)
    return NULL;
  if (durable_values_new(&w.in, NULL) == 0) {
    durable_value *tree = put(&w, value);
    int rc = tree ? durable_value_print(w.in, form, tree, &out) : 0;
    if (rc < 0)
      pool_error(w.in, rc, (durable_bytes){"", 0});
    else if (tree)
      text = durpy_str(out);
  } else {
    PyErr_NoMemory();
  }
  durable_values_free(w.in);
  Py_DECREF(w.kept);
  return text;
}

/* ---- reading */

static PyObject *get(const durable_value *value);

static PyObject *get_list(const durable_value *value, int is_list) {
  Py_ssize_t count = (Py_ssize_t)durable_value_count(value), i = 0;
  PyObject *list = is_list ? PyList_New(count) : PyTuple_New(count);
  for (const durable_value *v = durable_value_first(value); list && v;
       v = durable_value_next(v), i++) {
    PyObject *item = get(v);
    if (!item || (is_list ? PyList_SetItem(list, i, item)
                          : PyTuple_SetItem(list, i, item)) != 0)
      Py_CLEAR(list);
  }
  return list;
}

static PyObject *get_dict(const durable_value *value) {
  PyObject *dict = PyDict_New();
  for (const durable_value *v = durable_value_first(value); dict && v;
       v = durable_value_next(v)) {
    PyObject *key = durpy_str(durable_value_key(v));
    PyObject *item = key ? get(v) : NULL;
    if (!item || PyDict_SetItem(dict, key, item) != 0)
      Py_CLEAR(dict);
    Py_XDECREF(item);
    Py_XDECREF(key);
  }
  return dict;
}

static PyObject *get_batch(const durable_value *value) {
  PyObject *dict = get_dict(value);
  PyObject *batch =
      dict ? PyObject_CallMethod(types.batch, "from_dict", "O", dict) : NULL;
  Py_XDECREF(dict);
  return batch;
}

static PyObject *get_int(const durable_value *value) {
  durable_bytes digits = durable_value_text(value);
  return digits.data ? PyLong_FromString(digits.data, NULL, 10)
                     : PyLong_FromLongLong(durable_value_as_int(value, 0));
}

static PyObject *get_text_form(const durable_value *value, int kind) {
  PyObject *text = durpy_str(durable_value_text(value)), *made_of = NULL;
  if (!text)
    return NULL;
  if (kind == DURABLE_KIND_UUID || kind == DURABLE_KIND_DECIMAL)
    made_of = PyObject_CallFunctionObjArgs(
        kind == DURABLE_KIND_UUID ? types.uuid : types.decimal, text, NULL);
  else
    made_of = PyObject_CallMethod(kind == DURABLE_KIND_DATE ? types.date
                                                            : types.datetime,
                                  "fromisoformat", "O", text);
  Py_DECREF(text);
  return made_of;
}

static PyObject *get_bytes(const durable_value *value) {
  durable_bytes data = durable_value_text(value);
  return PyBytes_FromStringAndSize(data.data, (Py_ssize_t)data.len);
}

static PyObject *get(const durable_value *value) {
  int kind = durable_value_kind_of(value);
  switch (kind) {
  case DURABLE_KIND_NULL:
    Py_RETURN_NONE;
  case DURABLE_KIND_BOOL:
    return PyBool_FromLong(durable_value_as_bool(value, 0));
  case DURABLE_KIND_INT:
    return get_int(value);
  case DURABLE_KIND_FLOAT:
    return PyFloat_FromDouble(durable_value_as_float(value, 0));
  case DURABLE_KIND_STRING:
    return durpy_str(durable_value_text(value));
  case DURABLE_KIND_BYTES:
    return get_bytes(value);
  case DURABLE_KIND_LIST:
  case DURABLE_KIND_TUPLE:
    return get_list(value, kind == DURABLE_KIND_LIST);
  case DURABLE_KIND_OBJECT:
    return get_dict(value);
  case DURABLE_KIND_BATCH:
    return get_batch(value);
  default:
    return get_text_form(value, kind);
  }
}

PyObject *loads(PyObject *text, int form) {
  durable_values *in;
  durable_bytes bytes;
  PyObject *owner, *object = NULL;
  const durable_value *value;
  if (load_types() != 0 || durpy_bytes(text, &bytes, &owner) != 0)
    return NULL;
  if (!bytes.data) {
    PyErr_SetString(PyExc_TypeError, "loads needs text, not None");
  } else if (durable_values_new(&in, NULL) != 0) {
    PyErr_NoMemory();
  } else {
    int rc = durable_value_parse(in, form, bytes, &value);
    object = rc < 0 ? pool_error(in, rc, bytes) : get(value);
    durable_values_free(in);
  }
  Py_XDECREF(owner);
  return object;
}
