/* claim: the exported claims.  They check, convert and call core. */
#include "door.h"

/* Who claims what where; filled by enter(). */
typedef struct scope {
  dur_engine *e;
  dur_ctx *ctx;
  dur_bytes name;
} scope;

static int enter(scope *s, durable_engine *e, durable_task_id task,
                 durable_ctx_id ctx, const char *name) {
  if (!e)
    return DURABLE_E_ARGUMENT;
  s->e = e;
  if (!dur_task_in(e, task))
    return DURABLE_E_HANDLE;
  s->ctx = dur_ctx_in(e, ctx);
  if (!s->ctx)
    return DURABLE_E_HANDLE;
  s->name = dur_cstr(name);
  if (s->name.len == 0)
    s->name = DUR_NONE;
  if (e->stage == DUR_STAGE_LOADING)
    return dur_refuse(e, DURABLE_E_STATE, "the state is not loaded yet", NULL);
  return dur_check_name(e, s->name);
}

durable_bytes durable_engine_next_id(durable_engine *e, durable_ctx_id ctx) {
  dur_ctx *in = e ? dur_ctx_in(e, ctx) : NULL;
  dur_bytes id = DUR_NONE;
  if (!in || dur_ctx_peek(e, in, &id) != 0)
    return (durable_bytes){NULL, 0};
  return DUR_OUT(id);
}

int durable_engine_next_is_new(durable_engine *e, durable_ctx_id ctx) {
  dur_ctx *in = e ? dur_ctx_in(e, ctx) : NULL;
  return in ? dur_claim_is_new(e, in) : DURABLE_E_HANDLE;
}

static durable_op_id answer(int rc, const dur_op *op) {
  return rc < 0 ? rc : op->handle;
}

durable_op_id durable_engine_step(durable_engine *e, durable_task_id task,
                                  durable_ctx_id ctx, const char *name,
                                  const durable_step_options *o) {
  scope s;
  durable_step_options mine;
  dur_op *op = NULL;
  int rc = enter(&s, e, task, ctx, name);
  if (rc == 0)
    rc = dur_options_in(e, &mine, sizeof mine, o, "durable_step_options");
  if (rc != 0)
    return rc;
  const dur_retry *retry = dur_policy_in(e, mine.retry, "default", &rc);
  if (!retry)
    return rc;
  dur_leaf_spec spec = {s.name, mine.sub_type};
  rc = dur_check_sub_type(e, dur_cstr(mine.sub_type));
  if (rc == 0)
    rc = dur_step_claim(e, s.ctx, &spec, mine.at_most_once != 0, retry, &op);
  return answer(rc, op);
}

durable_op_id durable_engine_wait(durable_engine *e, durable_task_id task,
                                  durable_ctx_id ctx, const char *name,
                                  int64_t seconds) {
  scope s;
  dur_op *op = NULL;
  int rc = enter(&s, e, task, ctx, name);
  if (rc != 0)
    return rc;
  if (seconds < 1)
    return dur_refuse(e, DURABLE_E_ARGUMENT,
                      "duration must be at least 1 second", NULL);
  if (seconds > DUR_SECONDS_MAX)
    return dur_refuse(e, DURABLE_E_LIMIT,
                      "duration must be at most 31622400 seconds", NULL);
  rc = dur_wait_claim(e, s.ctx, s.name, seconds, &op);
  return answer(rc, op);
}

durable_op_id durable_engine_invoke(durable_engine *e, durable_task_id task,
                                    durable_ctx_id ctx, const char *name,
                                    const char *function, durable_bytes payload,
                                    const durable_invoke_options *o) {
  scope s;
  durable_invoke_options mine;
  dur_op *op = NULL;
  int rc = enter(&s, e, task, ctx, name);
  if (rc == 0)
    rc = dur_options_in(e, &mine, sizeof mine, o, "durable_invoke_options");
  if (rc == 0)
    rc = dur_bytes_in(e, payload, "payload");
  if (rc != 0)
    return rc;
  const dur_invoke_spec spec = {.name = s.name,
                                .function = dur_cstr(function),
                                .payload = DUR_TEXT(payload),
                                .tenant = dur_cstr(mine.tenant_id),
                                .trace_id = dur_cstr(mine.trace_id)};
  if (!dur_function_name_ok(spec.function))
    return dur_refuse_bytes(e, DURABLE_E_ARGUMENT, "function name \"",
                            spec.function,
                            "\" is not a Lambda function name or ARN");
  if (spec.tenant.data && !dur_tenant_ok(spec.tenant))
    return dur_refuse_bytes(e, DURABLE_E_ARGUMENT, "tenant id \"", spec.tenant,
                            "\" is not 1 to 256 of A-Z a-z 0-9 . _ : / = + - "
                            "@ and space");
  if (!dur_trace_ok(spec.trace_id))
    return dur_refuse(e, DURABLE_E_ARGUMENT,
                      "a trace id has at most 8,192 printable ASCII characters",
                      NULL);
  if (payload.len > DUR_INVOKE_INPUT_MAX)
    return dur_refuse(e, DURABLE_E_LIMIT,
                      "an invoke payload has at most 1,048,576 bytes", NULL);
  rc = dur_invoke_claim(e, s.ctx, &spec, &op);
  return answer(rc, op);
}

static int callback_in(dur_engine *e, const durable_callback_options *from,
                       durable_callback_options *to) {
  int rc = dur_options_in(e, to, sizeof *to, from, "durable_callback_options");
  if (rc == 0 &&
      (to->timeout_s < 0 || to->heartbeat_timeout_s < 0 ||
       to->timeout_s > INT32_MAX || to->heartbeat_timeout_s > INT32_MAX))
    rc = dur_refuse(e, DURABLE_E_ARGUMENT,
                    "callback timeouts are 0 (none) or more seconds", NULL);
  return rc == 0 ? dur_check_sub_type(e, dur_cstr(to->sub_type)) : rc;
}

durable_op_id durable_engine_callback(durable_engine *e, durable_task_id task,
                                      durable_ctx_id ctx, const char *name,
                                      const durable_callback_options *o) {
  scope s;
  durable_callback_options mine;
  dur_op *op = NULL;
  int rc = enter(&s, e, task, ctx, name);
  if (rc == 0)
    rc = callback_in(e, o, &mine);
  if (rc != 0)
    return rc;
  dur_leaf_spec spec = {s.name, mine.sub_type};
  rc = dur_callback_claim(e, s.ctx, &spec, mine.timeout_s,
                          mine.heartbeat_timeout_s, &op);
  return answer(rc, op);
}

durable_op_id durable_engine_callback_result(durable_engine *e,
                                             durable_task_id task,
                                             durable_op_id callback) {
  dur_op *op = NULL;
  if (!e)
    return DURABLE_E_ARGUMENT;
  dur_op *of = dur_op_in(e, callback);
  if (!of || !dur_task_in(e, task))
    return DURABLE_E_HANDLE;
  if (of->kind != DUR_KIND_CALLBACK)
    return dur_refuse(e, DURABLE_E_HANDLE, "the operation is not a callback",
                      NULL);
  int rc = dur_callback_result_claim(e, of, &op);
  return answer(rc, op);
}

durable_op_id durable_engine_condition(durable_engine *e, durable_task_id task,
                                       durable_ctx_id ctx, const char *name,
                                       durable_bytes state,
                                       const durable_retry_policy *pace) {
  scope s;
  dur_op *op = NULL;
  int rc = enter(&s, e, task, ctx, name);
  if (rc == 0)
    rc = dur_bytes_in(e, state, "state");
  if (rc != 0)
    return rc;
  const dur_retry *retry = dur_policy_in(e, pace, "wait", &rc);
  if (!retry)
    return rc;
  rc = dur_condition_claim(e, s.ctx, s.name, DUR_TEXT(state), retry, &op);
  return answer(rc, op);
}

static int child_in(dur_engine *e, const durable_child_options *from,
                    dur_bytes name, dur_child_spec *to) {
  durable_child_options mine;
  int rc = dur_options_in(e, &mine, sizeof mine, from, "durable_child_options");
  if (rc != 0)
    return rc;
  *to = (dur_child_spec){name, dur_cstr(mine.sub_type), mine.is_virtual != 0,
                         mine.has_summary != 0};
  return dur_check_sub_type(e, to->sub_type);
}

durable_op_id durable_engine_child(durable_engine *e, durable_task_id task,
                                   durable_ctx_id ctx, const char *name,
                                   const durable_child_options *o) {
  scope s;
  dur_child_spec spec;
  dur_op *op = NULL;
  int rc = enter(&s, e, task, ctx, name);
  if (rc == 0)
    rc = child_in(e, o, s.name, &spec);
  if (rc == 0)
    rc = dur_child_claim(e, s.ctx, &spec, &op);
  return answer(rc, op);
}

static void completion_in(const durable_group_options *o, dur_completion *to) {
  *to = (dur_completion){
      .has_min = (o->set & DURABLE_GROUP_SET_MIN_SUCCESSFUL) != 0,
      .has_count = (o->set & DURABLE_GROUP_SET_TOLERATED_FAILURES) != 0,
      .has_percentage = (o->set & DURABLE_GROUP_SET_TOLERATED_PERCENTAGE) != 0,
      .min_successful = o->min_successful,
      .tolerated_count = o->tolerated_failures,
      .tolerated_percentage = o->tolerated_percentage};
}

durable_op_id durable_engine_group(durable_engine *e, durable_task_id task,
                                   durable_ctx_id ctx, const char *name,
                                   uint32_t branches,
                                   const durable_group_options *o) {
  scope s;
  durable_group_options mine;
  dur_op *op = NULL;
  int rc = enter(&s, e, task, ctx, name);
  if (rc == 0)
    rc = dur_options_in(e, &mine, sizeof mine, o, "durable_group_options");
  if (rc != 0)
    return rc;
  if (mine.kind > DURABLE_GROUP_PARALLEL)
    return dur_refuse(e, DURABLE_E_ARGUMENT, "group kind is MAP or PARALLEL",
                      NULL);
  dur_group_spec spec = {
      .name = s.name,
      .parallel = mine.kind == DURABLE_GROUP_PARALLEL,
      .flat = mine.flat != 0,
      .has_summary = mine.has_summary != 0,
      .caller_decides = mine.caller_decides != 0,
      .branches = branches,
      .has_concurrency = (mine.set & DURABLE_GROUP_SET_MAX_CONCURRENCY) != 0,
      .max_concurrency = mine.max_concurrency,
      .names = mine.names};
  completion_in(&mine, &spec.completion);
  rc = dur_group_claim(e, s.ctx, &spec, &op);
  return answer(rc, op);
}

durable_op_id
durable_engine_wait_for_callback(durable_engine *e, durable_task_id task,
                                 durable_ctx_id ctx, const char *name,
                                 const durable_callback_options *o,
                                 const durable_retry_policy *submitter) {
  scope s;
  durable_callback_options mine;
  dur_op *op = NULL;
  int rc = enter(&s, e, task, ctx, name);
  if (rc == 0)
    rc = callback_in(e, o, &mine);
  if (rc != 0)
    return rc;
  const dur_retry *retry = dur_policy_in(e, submitter, "default", &rc);
  if (!retry)
    return rc;
  dur_leaf_spec spec = {s.name, mine.sub_type};
  rc = dur_wfc_claim(e, s.ctx, &spec, mine.timeout_s, mine.heartbeat_timeout_s,
                     retry, &op);
  return answer(rc, op);
}

durable_op_id durable_engine_with_retry(durable_engine *e, durable_task_id task,
                                        durable_ctx_id ctx, const char *name,
                                        const durable_with_retry_options *o) {
  scope s;
  durable_with_retry_options mine;
  dur_child_spec spec;
  dur_op *op = NULL;
  int rc = enter(&s, e, task, ctx, name);
  if (rc == 0)
    rc = dur_options_in(e, &mine, sizeof mine, o, "durable_with_retry_options");
  if (rc == 0)
    rc = child_in(e, mine.child, s.name, &spec);
  if (rc != 0)
    return rc;
  const dur_retry *retry = dur_policy_in(e, mine.retry, "with_retry", &rc);
  if (!retry)
    return rc;
  rc = dur_again_claim(e, s.ctx, &spec, mine.unwrapped != 0, retry, &op);
  return answer(rc, op);
}

static int inputs_in(dur_engine *e, const durable_op_id *ops, size_t count,
                     dur_op ***out) {
  if (count > DUR_BATCH_MAX_ITEMS || (count && !ops))
    return dur_refuse(e, DURABLE_E_ARGUMENT, "bad list of operations", NULL);
  dur_op **list = dur_arena_alloc(&e->arena, (count + 1) * sizeof *list);
  if (!list)
    return dur_oom(e);
  for (size_t i = 0; i < count; i++) {
    list[i] = dur_op_in(e, ops[i]);
    if (!list[i])
      return DURABLE_E_HANDLE;
  }
  *out = list;
  return 0;
}

durable_op_id durable_engine_combine(durable_engine *e, durable_task_id task,
                                     durable_ctx_id ctx, const char *name,
                                     int mode, const durable_op_id *ops,
                                     size_t count) {
  scope s;
  dur_op **list = NULL, *op = NULL;
  int rc = enter(&s, e, task, ctx, name);
  if (rc == 0)
    rc = inputs_in(e, ops, count, &list);
  if (rc != 0)
    return rc;
  if (mode < DURABLE_COMBINE_ALL || mode > DURABLE_COMBINE_RACE)
    return dur_refuse(e, DURABLE_E_ARGUMENT, "unknown combinator", NULL);
  if (count == 0 && mode >= DURABLE_COMBINE_ANY)
    return dur_refuse(e, DURABLE_E_ARGUMENT,
                      "any and race need at least one operation", NULL);
  rc = dur_combine_claim(e, s.ctx, s.name, mode, list, count, &op);
  return answer(rc, op);
}

int durable_retry_preset(const char *name, durable_retry_policy *out) {
  static const uint32_t kinds[] = {
      DURABLE_BACKOFF_EXPONENTIAL, DURABLE_BACKOFF_LINEAR,
      DURABLE_BACKOFF_FIXED, DURABLE_BACKOFF_NONE, DURABLE_BACKOFF_CALLER};
  static const uint32_t jitters[] = {DURABLE_JITTER_FULL, DURABLE_JITTER_HALF,
                                     DURABLE_JITTER_NONE};
  dur_retry preset;
  if (!name || !out || out->size < sizeof(durable_retry_policy) ||
      dur_retry_preset(name, &preset) != 0)
    return DURABLE_E_ARGUMENT;
  *out = (durable_retry_policy){
      .size = out->size,
      .set = DURABLE_RETRY_SET_MAX_ATTEMPTS | DURABLE_RETRY_SET_INITIAL_DELAY |
             DURABLE_RETRY_SET_MAX_DELAY | DURABLE_RETRY_SET_INCREMENT |
             DURABLE_RETRY_SET_BACKOFF_RATE,
      .kind = kinds[preset.kind],
      .jitter = jitters[preset.jitter],
      .max_attempts = preset.max_attempts,
      .initial_delay_s = preset.initial_s,
      .max_delay_s = preset.max_delay_s,
      .increment_s = preset.increment_s,
      .backoff_rate = preset.rate};
  return 0;
}
