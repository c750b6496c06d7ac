/* plugin: see plugin.h. */
#include "frontend/plugin.h"

#include "frontend/log.h"

int dur_plugins_init(dur_run *run) {
  const durable_plugin *const *from = run->handler.plugins;
  size_t n = 0;
  while (from && from[n])
    n++;
  if (n == 0)
    return DURABLE_OK;
  run->plugins = durable_values_alloc(run->values, n * sizeof *run->plugins);
  if (!run->plugins)
    return DURABLE_E_NOMEM;
  for (size_t i = 0; i < n; i++)
    if (dur_config_in(&run->plugins[i], sizeof run->plugins[i], from[i]) != 0)
      return DURABLE_E_ABI;
  run->plugin_count = n;
  return DURABLE_OK;
}

static const char *name_of(const durable_plugin *p) {
  return p->name ? p->name : "without a name";
}

static void failed(dur_run *run, const durable_plugin *p, const char *hook) {
  dur_log_own(run, DURABLE_LOG_ERROR, "Plugin %s: %s failed and was ignored",
              name_of(p), hook);
}

/* ---- records */

static durable_hook_fn *hook_of(const durable_plugin *p, int kind,
                                const char **name) {
  switch (kind) {
  case DURABLE_RECORD_INVOCATION_START:
    *name = "on_invocation_start";
    return p->on_invocation_start;
  case DURABLE_RECORD_INVOCATION_END:
    *name = "on_invocation_end";
    return p->on_invocation_end;
  case DURABLE_RECORD_OPERATION_START:
    *name = "on_operation_start";
    return p->on_operation_start;
  case DURABLE_RECORD_OPERATION_END:
    *name = "on_operation_end";
    return p->on_operation_end;
  case DURABLE_RECORD_OPERATION_CHANGE:
    *name = "on_operation_change";
    return p->on_operation_change;
  case DURABLE_RECORD_USER_FUNCTION_START:
    *name = "on_user_function_start";
    return p->on_user_function_start;
  case DURABLE_RECORD_USER_FUNCTION_END:
    *name = "on_user_function_end";
    return p->on_user_function_end;
  default:
    *name = "";
    return NULL;
  }
}

uint32_t dur_plugins_want_records(const dur_run *run) {
  const char *name;
  uint32_t wanted = 0;
  for (size_t i = 0; i < run->plugin_count; i++)
    for (int kind = DURABLE_RECORD_INVOCATION_START;
         kind <= DURABLE_RECORD_USER_FUNCTION_END; kind++)
      if (hook_of(&run->plugins[i], kind, &name))
        wanted = 1;
  for (size_t i = 0; i < run->plugin_count; i++)
    if (run->plugins[i].on_operation_change && run->plugins[i].all_operations)
      wanted = 2;
  return wanted;
}

void dur_plugins_record(void *user, const durable_engine_record *record) {
  dur_run *run = user;
  const durable_value *info;
  durable_values *in;
  if (record->kind == DURABLE_RECORD_LOG) {
    dur_log_record(run, record);
    return;
  }
  if (durable_values_new(&in, NULL) != 0)
    return;
  if (durable_value_parse(in, DURABLE_FORM_PLAIN, record->json, &info) == 0) {
    for (size_t i = 0; i < run->plugin_count; i++) {
      const char *name;
      durable_hook_fn *hook = hook_of(&run->plugins[i], record->kind, &name);
      if (hook && hook(run->plugins[i].user, info) != 0)
        failed(run, &run->plugins[i], name);
    }
  }
  durable_values_free(in);
}

/* ---- wrapping */

static const char *const wrap_names[] = {"wrap_invocation", "wrap_attempt",
                                         "wrap_child"};

struct durable_wrapped {
  dur_scope *scope;
  dur_wrap_kind kind;
  size_t next; /* the plugin inside of this one */
  int (*fn)(void *arg);
  void *arg;
  const durable_value *info;
  int ran, code;
};

static durable_wrap_fn *wrap_of(const durable_plugin *p, dur_wrap_kind kind) {
  return kind == DUR_WRAP_INVOCATION ? p->wrap_invocation
         : kind == DUR_WRAP_ATTEMPT  ? p->wrap_attempt
                                     : p->wrap_child;
}

int durable_wrapped_run(durable_wrapped *body) {
  if (body->ran)
    return body->code;
  body->ran = 1;
  dur_run *run = body->scope->run;
  size_t i = body->next;
  while (i < run->plugin_count && !wrap_of(&run->plugins[i], body->kind))
    i++;
  if (i == run->plugin_count)
    return body->code = body->fn(body->arg);
  durable_wrapped inner = *body;
  inner.ran = 0;
  inner.next = i + 1;
  if (wrap_of(&run->plugins[i], body->kind)(run->plugins[i].user, &inner) != 0)
    failed(run, &run->plugins[i], wrap_names[body->kind]);
  return body->code = durable_wrapped_run(&inner);
}

const durable_value *durable_wrapped_info(const durable_wrapped *body) {
  return body->info;
}

static durable_value *text_or_null(durable_values *in, durable_bytes text) {
  return text.data ? durable_value_data(in, DURABLE_KIND_STRING, text)
                   : durable_value_null(in);
}

static const durable_value *make_info(dur_scope *s) {
  durable_values *in = s->space->values;
  durable_value *info =
      durable_value_pack(in, "{s:s, s:s}", "request_id", s->run->request_id,
                         "execution_arn", s->run->arn);
  if (!s->call)
    return info;
  durable_engine *e = durable_host_enter(s->run->host);
  durable_op_id op = durable_engine_op_current(e, s->call->op);
  durable_bytes id = durable_engine_op_id(e, op);
  durable_bytes name = durable_engine_op_name(e, op);
  durable_bytes parent = durable_engine_op_parent_id(e, op);
  durable_host_leave(s->run->host);
  durable_value_set(in, info, "operation_id", text_or_null(in, id));
  durable_value_set(in, info, "name", text_or_null(in, name));
  durable_value_set(in, info, "parent_id", text_or_null(in, parent));
  if (s->attempt > 0)
    durable_value_set(in, info, "attempt", durable_value_int(in, s->attempt));
  return info;
}

static int is_wrapped(const dur_run *run, dur_wrap_kind kind) {
  for (size_t i = 0; i < run->plugin_count; i++)
    if (wrap_of(&run->plugins[i], kind))
      return 1;
  return 0;
}

int dur_wrap(dur_scope *scope, dur_wrap_kind kind, int (*fn)(void *arg),
             void *arg) {
  if (!is_wrapped(scope->run, kind))
    return fn(arg);
  durable_wrapped outermost = {.scope = scope,
                               .kind = kind,
                               .fn = fn,
                               .arg = arg,
                               .info = make_info(scope)};
  return durable_wrapped_run(&outermost);
}

void dur_plugins_enrich(dur_run *run, durable_values *in,
                        durable_value *fields) {
  for (size_t i = 0; i < run->plugin_count; i++)
    if (run->plugins[i].enrich_log)
      (void)run->plugins[i].enrich_log(run->plugins[i].user, in, fields);
}
