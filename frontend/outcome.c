/* outcome: what an operation that is DONE hands to its caller. */
#include "frontend/batch.h"
#include "frontend/drive.h"
#include "frontend/failure.h"
#include "frontend/serdes.h"
#include "host/look.h"

static int faulty(dur_call *call, const dur_fault *fault) {
  call->failure = fault->failure;
  return DURABLE_FAILED;
}

static int take_batch(dur_call *call) {
  call->batch = dur_batch_of(call->values, call->value);
  return call->batch ? DURABLE_OK : DURABLE_E_NOMEM;
}

/* A callback's text that no serdes was named for is a string. */
static int take_received(dur_run *run, dur_call *call, durable_bytes text) {
  const durable_serdes *serdes =
      call->received ? call->received : durable_serdes_raw();
  dur_fault fault;
  int rc = dur_deserialize(run, call->op, serdes, call->values, text,
                           &call->value, &fault);
  return rc == DURABLE_OK ? rc : faulty(call, &fault);
}

static int take_result(dur_run *run, dur_call *call, durable_bytes text) {
  dur_fault fault;
  if (call->kind == DUR_CALL_WAIT || call->kind == DUR_CALL_CALLBACK)
    return DURABLE_OK;
  if (call->kind == DUR_CALL_CALLBACK_RESULT)
    return take_received(run, call, text);
  if (call->ran_raw) {
    call->value = call->raw;
    return DURABLE_OK;
  }
  if (dur_deserialize(run, call->op, call->serdes, call->values, text,
                      &call->value, &fault) != DURABLE_OK)
    return faulty(call, &fault);
  return call->kind == DUR_CALL_GROUP ? take_batch(call) : DURABLE_OK;
}

int dur_take_outcome(dur_strand *strand, dur_call *call) {
  dur_run *run = strand->run;
  if (call->kind == DUR_CALL_BRANCH)
    return DURABLE_OK; /* its group reads the outcomes of all */
  durable_engine *e = durable_host_enter(run->host);
  int status = durable_engine_op_status(e, call->op);
  durable_bytes text = durable_engine_op_result(e, call->op);
  int has_id = durable_engine_op_callback_id(e, call->op).data != NULL;
  dur_host_looked(run->host);
  if (status == DURABLE_STATUS_SUCCEEDED ||
      (call->kind == DUR_CALL_CALLBACK && has_id))
    return take_result(run, call, text);
  call->failure = dur_failure_of_op(run, call->op, call->values);
  return DURABLE_FAILED;
}
