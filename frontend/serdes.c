/* serdes: see serdes.h. */
#include "frontend/serdes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "frontend/failure.h"
#include "host/look.h"

enum { MESSAGE_MAX = 1024 };

struct durable_serdes_call {
  const char *operation_id, *arn;
  durable_values *values;
  int retryable;
  char message[MESSAGE_MAX];
};

const char *durable_serdes_operation_id(const durable_serdes_call *call) {
  return call->operation_id;
}

const char *durable_serdes_arn(const durable_serdes_call *call) {
  return call->arn;
}

durable_values *durable_serdes_values(durable_serdes_call *call) {
  return call->values;
}

int durable_serdes_fail(durable_serdes_call *call, int retryable,
                        const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(call->message, sizeof call->message, format, args);
  va_end(args);
  call->retryable = retryable != 0;
  return DURABLE_E_SERDES;
}

/* ---- the built-in ones */

static int pool_fault(durable_serdes_call *call, int rc) {
  return rc == DURABLE_OK
             ? DURABLE_OK
             : durable_serdes_fail(call, 0, "%s",
                                   durable_values_error(call->values));
}

static int write_plain(void *user, durable_serdes_call *call,
                       const durable_value *value, durable_bytes *out) {
  (void)user;
  return pool_fault(
      call, durable_value_print(call->values, DURABLE_FORM_PLAIN, value, out));
}

static int read_plain(void *user, durable_serdes_call *call, durable_bytes text,
                      const durable_value **out) {
  (void)user;
  return pool_fault(
      call, durable_value_parse(call->values, DURABLE_FORM_PLAIN, text, out));
}

static int write_tagged(void *user, durable_serdes_call *call,
                        const durable_value *value, durable_bytes *out) {
  (void)user;
  return pool_fault(
      call, durable_value_print(call->values, DURABLE_FORM_TAGGED, value, out));
}

static int read_tagged(void *user, durable_serdes_call *call,
                       durable_bytes text, const durable_value **out) {
  (void)user;
  return pool_fault(
      call, durable_value_parse(call->values, DURABLE_FORM_TAGGED, text, out));
}

static int write_raw(void *user, durable_serdes_call *call,
                     const durable_value *value, durable_bytes *out) {
  (void)user;
  *out = durable_value_text(value);
  int kind = durable_value_kind_of(value);
  if (kind == DURABLE_KIND_STRING || kind == DURABLE_KIND_NULL)
    return DURABLE_OK;
  return durable_serdes_fail(call, 0, "a raw payload is a string, not a %s",
                             durable_value_kind_name(kind));
}

static int read_raw(void *user, durable_serdes_call *call, durable_bytes text,
                    const durable_value **out) {
  (void)user;
  *out = durable_value_data(call->values, DURABLE_KIND_STRING, text);
  return *out ? DURABLE_OK : pool_fault(call, DURABLE_E_NOMEM);
}

static const durable_serdes plain = {
    .size = sizeof plain, .serialize = write_plain, .deserialize = read_plain};
static const durable_serdes tagged = {.size = sizeof tagged,
                                      .serialize = write_tagged,
                                      .deserialize = read_tagged};
static const durable_serdes raw = {
    .size = sizeof raw, .serialize = write_raw, .deserialize = read_raw};

const durable_serdes *durable_serdes_plain(void) {
  return &plain;
}

const durable_serdes *durable_serdes_tagged(void) {
  return &tagged;
}

const durable_serdes *durable_serdes_raw(void) {
  return &raw;
}

int dur_serdes_form(const durable_serdes *serdes) {
  return serdes == &plain    ? DURABLE_FORM_PLAIN
         : serdes == &tagged ? DURABLE_FORM_TAGGED
                             : -1;
}

/* ---- files */

static const durable_serdes *inner_of(const durable_files *files) {
  return files->inner ? files->inner : &plain;
}

static int file_fault(durable_serdes_call *call, int rc, const char *what) {
  return durable_serdes_fail(call, rc == DURABLE_E_IO, "%s: %s", what,
                             rc == DURABLE_E_IO ? strerror(errno)
                                                : durable_error_text(rc));
}

static int preview_of(const durable_files *files, durable_serdes_call *call,
                      const durable_value *value, durable_bytes *out) {
  *out = (durable_bytes){NULL, 0};
  if (!files->preview)
    return DURABLE_OK;
  const durable_value *part = files->preview(files->user, call->values, value);
  return part ? write_plain(NULL, call, part, out) : DURABLE_OK;
}

static int write_file(void *user, durable_serdes_call *call,
                      const durable_value *value, durable_bytes *out) {
  const durable_files *files = user;
  const durable_serdes *inner = inner_of(files);
  durable_bytes text = {NULL, 0}, preview;
  int rc = inner->serialize(inner->user, call, value, &text);
  if (rc == DURABLE_OK)
    rc = preview_of(files, call, value, &preview);
  if (rc != DURABLE_OK || !text.data)
    return rc;
  durable_host_buffer payload = {NULL, 0};
  rc = durable_host_files_store(files->where, dur_c(call->arn),
                                dur_c(call->operation_id), text, preview,
                                &payload);
  if (rc < 0)
    return file_fault(call, rc, "the payload could not be stored");
  *out = durable_values_keep(call->values,
                             (durable_bytes){payload.data, payload.len});
  durable_host_buffer_drop(&payload);
  return out->data ? DURABLE_OK : pool_fault(call, DURABLE_E_NOMEM);
}

static int read_file(void *user, durable_serdes_call *call, durable_bytes text,
                     const durable_value **out) {
  const durable_files *files = user;
  const durable_serdes *inner = inner_of(files);
  durable_host_buffer stored = {NULL, 0};
  int rc = durable_host_files_load(files->where, text, &stored);
  if (rc < 0)
    return file_fault(call, rc, "the payload could not be loaded");
  durable_bytes copy = durable_values_keep(
      call->values, (durable_bytes){stored.data, stored.len});
  durable_host_buffer_drop(&stored);
  if (!copy.data)
    return pool_fault(call, DURABLE_E_NOMEM);
  return inner->deserialize(inner->user, call, copy, out);
}

int durable_files_serdes(durable_serdes *out, const durable_files *files) {
  if (!out || !files || files->size < sizeof *files || !files->where)
    return DURABLE_E_ARGUMENT;
  *out = (durable_serdes){.size = sizeof *out,
                          .user = (void *)(uintptr_t)files,
                          .serialize = write_file,
                          .deserialize = read_file};
  return DURABLE_OK;
}

/* ---- calling one */

static void begin(dur_run *run, durable_op_id op, durable_values *in,
                  durable_serdes_call *call) {
  durable_engine *e = durable_host_enter(run->host);
  durable_bytes id = durable_engine_op_id(e, op);
  dur_host_looked(run->host);
  call->operation_id = id.data ? durable_values_keep(in, id).data : "";
  if (!call->operation_id)
    call->operation_id = "";
  call->arn = run->arn;
  call->values = in;
  call->retryable = 0;
  call->message[0] = '\0';
}

static int faulty(durable_serdes_call *call, const char *what, int rc,
                  dur_fault *fault) {
  if (!call->message[0])
    snprintf(call->message, sizeof call->message, "the serdes answered %d", rc);
  fault->retryable = call->retryable;
  fault->failure = dur_failure_format(call->values, "SerDesError",
                                      "%s for id: %s, error: %s", what,
                                      call->operation_id, call->message);
  return DURABLE_E_SERDES;
}

/* The built-in serdes need no operation id unless they fail. */
static int is_simple(const durable_serdes *serdes) {
  return dur_serdes_form(serdes) >= 0 || serdes == &raw;
}

/* A serdes may have one direction only. */
static int write_by(const durable_serdes *serdes, durable_serdes_call *call,
                    const durable_value *value, durable_bytes *out) {
  if (!serdes->serialize)
    return durable_serdes_fail(call, 0, "the serdes has no serialize");
  return serdes->serialize(serdes->user, call, value, out);
}

static int read_by(const durable_serdes *serdes, durable_serdes_call *call,
                   durable_bytes text, const durable_value **out) {
  if (!serdes->deserialize)
    return durable_serdes_fail(call, 0, "the serdes has no deserialize");
  return serdes->deserialize(serdes->user, call, text, out);
}

int dur_deserialize(dur_run *run, durable_op_id op,
                    const durable_serdes *serdes, durable_values *in,
                    durable_bytes text, const durable_value **out,
                    dur_fault *fault) {
  durable_serdes_call call = {.values = in};
  *out = NULL;
  if (!text.data)
    return DURABLE_OK;
  if (!is_simple(serdes))
    begin(run, op, in, &call);
  int rc = read_by(serdes, &call, text, out);
  if (rc == DURABLE_OK)
    return DURABLE_OK;
  if (is_simple(serdes)) {
    durable_serdes_call named = {0};
    begin(run, op, in, &named);
    memcpy(named.message, call.message, sizeof named.message);
    call = named;
  }
  *out = NULL;
  return faulty(&call, "Deserialization failed", rc, fault);
}

int dur_write(dur_run *run, durable_op_id op, const durable_serdes *serdes,
              durable_values *in, const durable_value *value,
              durable_bytes *out, dur_fault *fault) {
  durable_serdes_call call = {.values = in};
  *out = (durable_bytes){NULL, 0};
  if (!is_simple(serdes))
    begin(run, op, in, &call);
  int rc = write_by(serdes, &call, value, out);
  if (rc == DURABLE_OK)
    return DURABLE_OK;
  if (is_simple(serdes)) {
    durable_serdes_call named = {0};
    begin(run, op, in, &named);
    memcpy(named.message, call.message, sizeof named.message);
    call = named;
  }
  return faulty(&call, "Serialization failed", rc, fault);
}

int dur_serialize(dur_run *run, durable_op_id op, const durable_serdes *serdes,
                  durable_values *in, const durable_value *value,
                  durable_bytes *out, dur_fault *fault) {
  const durable_value *again;
  int rc = dur_write(run, op, serdes, in, value, out, fault);
  if (rc != DURABLE_OK || is_simple(serdes) || !out->data)
    return rc;
  return dur_deserialize(run, op, serdes, in, *out, &again, fault);
}
