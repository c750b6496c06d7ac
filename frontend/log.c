/* log: see log.h. */
#include "frontend/log.h"

#include <stdio.h>
#include <stdlib.h>

#include "frontend/plugin.h"

enum { LINE_MAX_BYTES = 1024 * 1024 };

static int is_enabled(const dur_run *run, int level) {
  return run->handler.log || durable_host_log_enabled(level);
}

/* ---- writing */

static void write_line(dur_run *run, int level, durable_values *in,
                       durable_value *fields) {
  durable_bytes text;
  dur_plugins_enrich(run, in, fields);
  if (durable_value_print(in, DURABLE_FORM_PLAIN, fields, &text) != DURABLE_OK)
    return;
  if (run->handler.log)
    run->handler.log(run->handler.user, level, text);
  else
    (void)durable_host_log(level, text);
}

static durable_value *base_fields(const dur_run *run, durable_values *in,
                                  const char *message) {
  durable_value *fields = durable_value_pack(in, "{s:s}", "message", message);
  if (run->request_id[0])
    durable_value_set(in, fields, "requestId",
                      durable_value_str(in, run->request_id));
  durable_value_set(in, fields, "executionArn",
                    durable_value_str(in, run->arn));
  return fields;
}

static void set_text(durable_values *in, durable_value *fields, const char *key,
                     durable_bytes text) {
  if (text.len)
    durable_value_set(in, fields, key,
                      durable_value_data(in, DURABLE_KIND_STRING, text));
}

/* ---- lines of user code */

typedef struct place {
  durable_bytes operation_id, operation_name, parent_id;
} place;

/* 0: the context replays, say nothing. */
static int look(const dur_scope *s, int is_step, place *p) {
  durable_engine *e = durable_host_enter(s->run->host);
  int silent = !s->run->handler.log_replays &&
               durable_engine_ctx_is_replaying(e, s->id) == 1;
  *p = (place){.parent_id = durable_engine_ctx_parent_id(e, s->id)};
  if (is_step) {
    durable_op_id op = durable_engine_op_current(e, s->call->op);
    p->operation_id = durable_engine_op_id(e, op);
    p->operation_name = durable_engine_op_name(e, op);
    p->parent_id = durable_engine_op_parent_id(e, op);
  }
  durable_host_leave(s->run->host);
  return !silent;
}

static void add_more(durable_values *in, durable_value *fields,
                     const durable_value *more) {
  const durable_value *v = durable_value_first(more);
  for (; v; v = durable_value_next(v))
    if (durable_value_key(v).data)
      durable_value_set_key(in, fields, durable_value_key(v),
                            durable_value_copy(in, v));
}

static void log_line(const dur_scope *s, int is_step, int level,
                     const char *message, const durable_value *more) {
  durable_values *in;
  place p;
  if (!is_enabled(s->run, level) || !look(s, is_step, &p) ||
      durable_values_new(&in, NULL) != 0)
    return;
  durable_value *fields = base_fields(s->run, in, message);
  set_text(in, fields, "operationId", p.operation_id);
  set_text(in, fields, "operationName", p.operation_name);
  set_text(in, fields, "parentId", p.parent_id);
  if (is_step && s->attempt > 0)
    durable_value_set(in, fields, "attempt", durable_value_int(in, s->attempt));
  add_more(in, fields, more);
  write_line(s->run, level, in, fields);
  durable_values_free(in);
}

static void log_format(const dur_scope *s, int is_step, int level,
                       const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));
static void log_format(const dur_scope *s, int is_step, int level,
                       const char *format, va_list args) {
  char short_text[512], *text = short_text;
  va_list again;
  if (!is_enabled(s->run, level))
    return;
  va_copy(again, args);
  int len = vsnprintf(short_text, sizeof short_text, format, args);
  if (len >= (int)sizeof short_text && len < LINE_MAX_BYTES) {
    text = malloc((size_t)len + 1);
    if (text)
      vsnprintf(text, (size_t)len + 1, format, again);
  }
  va_end(again);
  log_line(s, is_step, level, text ? text : short_text, NULL);
  if (text != short_text)
    free(text);
}

void durable_log(durable_ctx *ctx, int level, const char *format, ...) {
  va_list args;
  va_start(args, format);
  log_format(&ctx->scope, 0, level, format, args);
  va_end(args);
}

void durable_log_with(durable_ctx *ctx, int level, const char *message,
                      const durable_value *more) {
  log_line(&ctx->scope, 0, level, message, more);
}

void durable_step_log(durable_step_ctx *step, int level, const char *format,
                      ...) {
  va_list args;
  va_start(args, format);
  log_format(&step->scope, 1, level, format, args);
  va_end(args);
}

void durable_step_log_with(durable_step_ctx *step, int level,
                           const char *message, const durable_value *more) {
  log_line(&step->scope, 1, level, message, more);
}

/* ---- the front end's own lines */

void dur_log_own(dur_run *run, int level, const char *format, ...) {
  char text[512];
  durable_values *in;
  va_list args;
  if (!is_enabled(run, level) || durable_values_new(&in, NULL) != 0)
    return;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  durable_value *fields = base_fields(run, in, text);
  write_line(run, level, in, fields);
  durable_values_free(in);
}

void dur_log_record(dur_run *run, const durable_engine_record *record) {
  const durable_value *said;
  durable_values *in;
  if (durable_values_new(&in, NULL) != 0)
    return;
  if (durable_value_parse(in, DURABLE_FORM_PLAIN, record->json, &said) == 0) {
    const char *name = durable_value_get_str(said, "level", "INFO");
    int level = durable_host_log_level(dur_c(name));
    if (is_enabled(run, level))
      write_line(
          run, level, in,
          base_fields(run, in, durable_value_get_str(said, "message", "")));
  }
  durable_values_free(in);
}
