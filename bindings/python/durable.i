/* durable.i: the private extension module durable_core._native.
 *
 * Who calls it is the package around it and nobody else: its names and shapes
 * change without notice.  Calls on the engine take the run and are made between
 * enter and leave; those that need options, buffers or blocking are written by
 * hand in native/. */
%module _native

%{
#include "native/python.h"

/* The run of |object|; None is one that was closed. */
static durpy_run *open_run(PyObject *object, swig_type_info *type) {
  void *run = NULL;
  if (object == Py_None)
    durpy_raise_named("SuspendExecution",
                      "the invocation of this context is over");
  else if (!SWIG_IsOK(SWIG_ConvertPtr(object, &run, type, 0)))
    PyErr_SetString(PyExc_TypeError, "a run is expected");
  return run;
}
%}

/* What the user gave for a text; the engine's end at a NUL. */
%typemap(in) const char *name, const char *sub_type, const char *function_name,
             const char *tenant_id, const char *trace_id {
  if (durpy_text($input, "$1_name", &$1) != 0) SWIG_fail;
}
%typemap(freearg) const char *name, const char *sub_type, const char *function_name,
                  const char *tenant_id, const char *trace_id "";
/* Beyond all durations is as far as the engine looks: it refuses either. */
%typemap(in) long long seconds, long long timeout_s, long long heartbeat_s {
  if (durpy_seconds($input, "$1_name", &$1) != 0) SWIG_fail;
}

%typemap(out) durable_bytes "$result = durpy_str($1);"
%typemap(in) durable_bytes (PyObject *owner = NULL) {
  if (durpy_bytes($input, &$1, &owner) != 0) SWIG_fail;
}
%typemap(freearg) durable_bytes "Py_XDECREF(owner$argnum);"

%typemap(out) durpy_op {
  if ($1 < 0) SWIG_fail;
  $result = PyLong_FromLong($1);
}
%typemap(out) durpy_none {
  if ($1 < 0) SWIG_fail;
  $result = Py_NewRef(Py_None);
}
/* A constructor that answered NULL has raised. */
%typemap(out) durpy_run *, durpy_lambda * {
  if (!$1) SWIG_fail;
  $result = SWIG_NewPointerObj(SWIG_as_voidptr($1), $1_descriptor, 0);
}

/* Where the headers want an engine or a host, the package has a run. */
%typemap(in) durable_engine * (durpy_run *of = NULL) {
  of = open_run($input, $descriptor(durpy_run *));
  if (!of) SWIG_fail;
  $1 = of->engine;
}
%typemap(in) durpy_run * {
  $1 = open_run($input, $descriptor(durpy_run *));
  if (!$1) SWIG_fail;
}
%apply durable_engine * { const durable_engine * };

%define ENTERED(function)
%exception function {
  durable_host_enter(of1->host);
  $action
  durable_host_leave(of1->host);
}
%enddef
ENTERED(durable_engine_operations)
ENTERED(durable_engine_input)
ENTERED(durable_engine_is_first)
ENTERED(durable_engine_task_end)
ENTERED(durable_engine_task_idle)
ENTERED(durable_engine_next_id)
ENTERED(durable_engine_next_is_new)
ENTERED(durable_engine_ctx_is_replaying)
ENTERED(durable_engine_ctx_parent_id)
ENTERED(durable_engine_op_current)
ENTERED(durable_engine_op_id)
ENTERED(durable_engine_op_name)
ENTERED(durable_engine_op_parent_id)
ENTERED(durable_engine_op_state)
ENTERED(durable_engine_op_callback_id)
ENTERED(durable_engine_op_error)
ENTERED(durable_engine_op_error_kind)
ENTERED(durable_engine_op_attempt)
ENTERED(durable_engine_op_is_replayed)
ENTERED(durable_engine_op_replays_children)
ENTERED(durable_engine_op_winner)
ENTERED(durable_engine_group_count)
ENTERED(durable_engine_group_reason)
ENTERED(durable_engine_now_ms)
ENTERED(durable_engine_random)

/* Claims, bodies and handler outcomes: native/api.h has them. */
%ignore durable_engine_return;
%ignore durable_engine_raise;
%ignore durable_engine_unwound;
%ignore durable_engine_task_new;
%ignore durable_engine_step;
%ignore durable_engine_wait;
%ignore durable_engine_invoke;
%ignore durable_engine_callback;
%ignore durable_engine_callback_result;
%ignore durable_engine_condition;
%ignore durable_engine_child;
%ignore durable_engine_group;
%ignore durable_engine_wait_for_callback;
%ignore durable_engine_with_retry;
%ignore durable_engine_next;
%ignore durable_engine_op_succeed;
%ignore durable_engine_op_fail;
%ignore durable_engine_op_abandon;
%ignore durable_engine_op_decide;
%ignore durable_engine_op_decision;
%ignore durable_engine_op_summary;
%ignore durable_engine_op_compose;
%ignore durable_engine_op_composed;
%ignore durable_engine_op_body;
%ignore durable_engine_op_ctx;
%ignore durable_engine_op_status;
%ignore durable_engine_op_result;
%ignore durable_engine_op_error_field;
%ignore durable_engine_branch;
%ignore durable_engine_group_item;
%ignore durable_engine_error;
%rename("$ignore", regextarget=1) "^durable_host_(enter|leave|engine|begin|next|next_for|task_wait|task_wait_for|finish|poll|wait|eventfd|reply|fail|record_next|now|lambda_.*)$";
%rename("$ignore", %$isclass, regextarget=1) "_(options|event|policy|decision|info|item|record|request|invocation|files|bytes)$";
%ignore durable_retry_preset;
%ignore durable_host_log_record;

%include "common.i"
%include "native/api.h"
