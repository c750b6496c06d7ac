/* failure: see failure.h. */
#include "frontend/failure.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "host/look.h"

const durable_failure dur_failure_no_memory = {.size =
                                                   sizeof dur_failure_no_memory,
                                               .name = "OutOfMemory",
                                               .type = "OutOfMemory",
                                               .message = "out of memory"};

/* ---- making */

static const char *keep(durable_values *in, const char *text, int *ok) {
  if (!text)
    return NULL;
  durable_bytes copy = durable_values_keep(in, dur_c(text));
  *ok &= copy.data != NULL;
  return copy.data;
}

static const char *const *keep_lines(durable_values *in,
                                     const dur_failure_text *text, int *ok) {
  if (text->stack_count == 0)
    return NULL;
  const char **lines =
      durable_values_alloc(in, text->stack_count * sizeof *lines);
  *ok &= lines != NULL;
  for (size_t i = 0; *ok && i < text->stack_count; i++)
    lines[i] = keep(in, text->stack[i] ? text->stack[i] : "", ok);
  return lines;
}

static durable_failure *make(durable_values *in, int kind, const char *name,
                             const dur_failure_text *text) {
  durable_failure *f = durable_values_alloc(in, sizeof *f);
  int ok = f != NULL;
  if (!ok)
    return NULL;
  *f = (durable_failure){.size = sizeof *f, .kind = kind};
  f->type = keep(in, text->type ? text->type : name, &ok);
  f->name = kind ? name : f->type;
  f->message = keep(in, text->message ? text->message : "", &ok);
  f->data = keep(in, text->data, &ok);
  f->stack = keep_lines(in, text, &ok);
  f->stack_count = text->stack_count;
  return ok ? f : NULL;
}

const durable_failure *dur_failure_own(durable_values *in,
                                       const dur_failure_text *text) {
  const durable_failure *f = make(in, 0, "Error", text);
  return f ? f : &dur_failure_no_memory;
}

static int known_kind(const char *type) {
  int kind = type ? durable_operation_error_of(dur_c(type)) : 0;
  return kind ? kind : DURABLE_OPERATION_ERROR_OPERATION;
}

const durable_failure *dur_failure_typed(durable_values *in, int kind,
                                         const dur_failure_text *text) {
  if (kind == DURABLE_OPERATION_ERROR_NONE ||
      kind == DURABLE_OPERATION_ERROR_OPERATION)
    return dur_failure_own(in, text);
  durable_failure *f = make(in, kind, durable_operation_error_name(kind), text);
  int inner = f ? known_kind(f->type) : 0;
  durable_failure *cause =
      f ? make(in, inner, durable_operation_error_name(inner), text) : NULL;
  if (!cause)
    return &dur_failure_no_memory;
  f->cause = cause;
  return f;
}

const durable_failure *dur_failure_vformat(durable_values *in, const char *type,
                                           const char *format, va_list args) {
  char message[1024];
  va_list again;
  va_copy(again, args);
  int len = vsnprintf(message, sizeof message, format, args);
  char *text = message;
  if (len >= (int)sizeof message) {
    text = durable_values_alloc(in, (size_t)len + 1);
    if (text)
      vsnprintf(text, (size_t)len + 1, format, again);
  }
  va_end(again);
  dur_failure_text t = {.type = type, .message = len < 0 ? format : text};
  return text ? dur_failure_own(in, &t) : &dur_failure_no_memory;
}

const durable_failure *dur_failure_format(durable_values *in, const char *type,
                                          const char *format, ...) {
  va_list args;
  va_start(args, format);
  const durable_failure *f = dur_failure_vformat(in, type, format, args);
  va_end(args);
  return f;
}

/* ---- from what is stored */

static const char *const *lines_of(durable_values *in,
                                   const durable_value *list, size_t *count) {
  *count = durable_value_count(list);
  const char **lines =
      *count ? durable_values_alloc(in, *count * sizeof *lines) : NULL;
  if (!lines)
    *count = 0;
  size_t i = 0;
  const durable_value *v = lines ? durable_value_first(list) : NULL;
  for (; v; v = durable_value_next(v))
    lines[i++] = durable_value_as_str(v, "");
  return lines;
}

const durable_failure *dur_failure_of_object(durable_values *in, int kind,
                                             const durable_value *object) {
  size_t count;
  const char *const *lines =
      lines_of(in, durable_value_get(object, "StackTrace"), &count);
  dur_failure_text text = {
      .type = durable_value_get_str(object, "ErrorType", NULL),
      .message = durable_value_get_str(object, "ErrorMessage", NULL),
      .data = durable_value_get_str(object, "ErrorData", NULL),
      .stack = lines,
      .stack_count = count};
  return dur_failure_typed(in, kind, &text);
}

const durable_failure *dur_failure_of_json(durable_values *in, int kind,
                                           durable_bytes json) {
  const durable_value *object = NULL;
  if (json.len)
    (void)durable_value_parse(in, DURABLE_FORM_PLAIN, json, &object);
  return dur_failure_of_object(in, kind, object);
}

const durable_failure *dur_failure_of_op(dur_run *run, durable_op_id op,
                                         durable_values *in) {
  durable_engine *e = durable_host_enter(run->host);
  int kind = durable_engine_op_error_kind(e, op);
  durable_bytes json = durable_engine_op_error(e, op);
  dur_host_looked(run->host);
  return dur_failure_of_json(in, kind, json);
}

const durable_failure *dur_failure_copy(durable_values *in,
                                        const durable_failure *failure) {
  dur_failure_text text = {.type = failure->type,
                           .message = failure->message,
                           .data = failure->data,
                           .stack = failure->stack,
                           .stack_count = failure->stack_count};
  return dur_failure_typed(in, failure->kind, &text);
}

const durable_failure *dur_failure_of_code(durable_values *in, int code,
                                           const char *message) {
  if (code == DURABLE_FAILED)
    return dur_failure_format(in, "Error", "%s",
                              "a body answered DURABLE_FAILED and did not say "
                              "why: see durable_fail()");
  if (code > 0)
    return dur_failure_format(in, "Error", "a body answered %d", code);
  const char *type = code == DURABLE_E_SERDES  ? "SerDesError"
                     : code == DURABLE_E_NOMEM ? "OutOfMemory"
                     : code == DURABLE_E_LIMIT || code == DURABLE_E_ARGUMENT
                         ? "ValidationError"
                         : "DurableError";
  return dur_failure_format(
      in, type, "%s", message && *message ? message : durable_error_text(code));
}

/* ---- to what is stored */

static void member(dur_json_out *out, const char *key, const char *text) {
  if (!text)
    return;
  dur_json_key(out, key);
  dur_json_cstr(out, text);
}

void dur_failure_write(dur_buf *out, const durable_failure *failure) {
  dur_json_out json;
  dur_json_out_init(&json, out, 0);
  dur_json_begin_object(&json);
  member(&json, "ErrorMessage", failure->message);
  member(&json, "ErrorType", failure->name);
  member(&json, "ErrorData", failure->data);
  if (failure->stack_count) {
    dur_json_key(&json, "StackTrace");
    dur_json_begin_array(&json);
    for (size_t i = 0; i < failure->stack_count; i++)
      dur_json_cstr(&json, failure->stack[i]);
    dur_json_end_array(&json);
  }
  dur_json_end_object(&json);
}

durable_value *dur_failure_value(durable_values *in,
                                 const durable_failure *failure) {
  durable_value *o =
      durable_value_pack(in, "{s:s, s:s}", "ErrorMessage", failure->message,
                         "ErrorType", failure->name);
  if (failure->data)
    durable_value_set(in, o, "ErrorData", durable_value_str(in, failure->data));
  if (failure->stack_count == 0)
    return o;
  durable_value *lines = durable_value_list(in);
  for (size_t i = 0; i < failure->stack_count; i++)
    durable_value_append(in, lines, durable_value_str(in, failure->stack[i]));
  durable_value_set(in, o, "StackTrace", lines);
  return o;
}
