/* service.i: the private extension module durable_core._service, for
 * durable_core.testing. */
%module _service

%{
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <durable/service.h>
#include "service/api.h"
%}

%typemap(out) durpy_code {
  if ($1 < 0) SWIG_fail;
  $result = PyLong_FromLong($1);
}
%typemap(out) durpy_service * {
  if (!$1) SWIG_fail;
  $result = SWIG_NewPointerObj(SWIG_as_voidptr($1), $1_descriptor, 0);
}

%constant int DURABLE_SERVICE_RETURNED = DURABLE_SERVICE_RETURNED;
%constant int DURABLE_SERVICE_RAISED = DURABLE_SERVICE_RAISED;
%constant int DURABLE_SERVICE_CRASHED = DURABLE_SERVICE_CRASHED;
%constant int DURABLE_EXECUTION_RUNNING = DURABLE_EXECUTION_RUNNING;
%constant int DURABLE_EXECUTION_SUCCEEDED = DURABLE_EXECUTION_SUCCEEDED;
%constant int DURABLE_EXECUTION_FAILED = DURABLE_EXECUTION_FAILED;
%constant int DURABLE_EXECUTION_TIMED_OUT = DURABLE_EXECUTION_TIMED_OUT;
%constant int DURABLE_EXECUTION_STOPPED = DURABLE_EXECUTION_STOPPED;

%include "service/api.h"
