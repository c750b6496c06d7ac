/* scope: see scope.h. */
#include "frontend/scope.h"

#include <stdlib.h>
#include <string.h>

#include "frontend/failure.h"
#include "frontend/future.h"

/* ---- spaces */

dur_space *dur_space_new(void) {
  dur_space *space = calloc(1, sizeof *space);
  if (!space)
    return NULL;
  if (durable_values_new(&space->values, NULL) != 0) {
    free(space);
    return NULL;
  }
  atomic_init(&space->refs, 1);
  return space;
}

dur_space *dur_space_hold(dur_space *space) {
  atomic_fetch_add(&space->refs, 1);
  return space;
}

void dur_space_drop(dur_space *space) {
  if (!space || atomic_fetch_sub(&space->refs, 1) != 1)
    return;
  while (space->futures) {
    durable_future *f = space->futures;
    space->futures = f->next;
    dur_future_free(f);
  }
  while (space->kept) {
    dur_space *inner = space->kept;
    space->kept = inner->next;
    dur_space_drop(inner);
  }
  durable_values_free(space->values);
  free(space);
}

void dur_space_keep(dur_run *run, dur_space *space, dur_space *inner) {
  pthread_mutex_lock(&run->lock);
  inner->next = space->kept;
  space->kept = inner;
  pthread_mutex_unlock(&run->lock);
}

/* ---- scopes */

int dur_scope_init(dur_scope *scope, dur_run *run, dur_strand *strand,
                   durable_ctx_id id, const dur_call *call, int attempt) {
  *scope = (dur_scope){.run = run,
                       .strand = strand,
                       .space = dur_space_new(),
                       .id = id,
                       .call = call,
                       .attempt = attempt};
  return scope->space ? DURABLE_OK : DURABLE_E_NOMEM;
}

void dur_scope_end(dur_scope *scope) {
  dur_future_forget(scope->run, scope->space);
  dur_space_drop(scope->space);
  scope->space = NULL;
}

int dur_scope_fail(dur_scope *scope, int code, const durable_failure *failure) {
  scope->failure = failure;
  return code;
}

/* A poisoned invocation unwinds like a suspended one: the engine knows why. */
int dur_scope_refuse(dur_scope *scope, int code, const char *message) {
  if (durable_error_is_fatal(code)) {
    scope->strand->suspended = 1;
    return DURABLE_SUSPENDED;
  }
  return dur_scope_fail(
      scope, code, dur_failure_of_code(scope->space->values, code, message));
}

const durable_failure *dur_scope_failure(const dur_scope *scope, int code) {
  durable_values *in = scope->space->values;
  if (code == DURABLE_SUSPENDED)
    return dur_failure_format(in, "Error", "%s",
                              "a body answered DURABLE_SUSPENDED, but no call "
                              "that it made had");
  if (scope->failure && (code == DURABLE_FAILED || code < 0))
    return scope->failure;
  return dur_failure_of_code(in, code, NULL);
}

/* ---- what a body may ask of its context */

const durable_failure *durable_last_failure(const durable_ctx *ctx) {
  return ctx ? ctx->scope.failure : NULL;
}

durable_values *durable_ctx_values(durable_ctx *ctx) {
  return ctx->scope.space->values;
}

const char *durable_arn(const durable_ctx *ctx) {
  return ctx->scope.run->arn;
}

const char *durable_request_id(const durable_ctx *ctx) {
  return ctx->scope.run->request_id;
}

const char *durable_tenant_id(const durable_ctx *ctx) {
  return ctx->scope.run->tenant_id;
}

int64_t durable_deadline_ms(const durable_ctx *ctx) {
  return ctx->scope.run->deadline_ms;
}

void *durable_user(const durable_ctx *ctx) {
  return ctx->scope.run->handler.user;
}

int durable_is_replaying(durable_ctx *ctx) {
  dur_scope *s = &ctx->scope;
  durable_engine *e = durable_host_enter(s->run->host);
  int replaying = durable_engine_ctx_is_replaying(e, s->id);
  durable_host_leave(s->run->host);
  return replaying == 1;
}

int durable_uuid(durable_ctx *ctx, char *out) {
  dur_scope *s = &ctx->scope;
  durable_engine *e = durable_host_enter(s->run->host);
  int rc = durable_engine_uuid(e, s->id, out);
  durable_host_leave(s->run->host);
  return rc < 0 ? dur_scope_refuse(s, rc, NULL) : DURABLE_OK;
}

int64_t durable_now_ms(durable_ctx *ctx) {
  dur_scope *s = &ctx->scope;
  durable_engine *e = durable_host_enter(s->run->host);
  int64_t now = durable_engine_now_ms(e, s->id);
  durable_host_leave(s->run->host);
  return now;
}

double durable_random(durable_ctx *ctx) {
  dur_scope *s = &ctx->scope;
  durable_engine *e = durable_host_enter(s->run->host);
  int64_t bits = durable_engine_random(e, s->id);
  durable_host_leave(s->run->host);
  return bits < 0 ? 0 : (double)bits / 9007199254740992.0;
}

void *durable_alloc(durable_ctx *ctx, size_t size) {
  return durable_values_alloc(ctx->scope.space->values, size);
}

void *durable_keep(durable_ctx *ctx, const void *data, size_t size) {
  void *copy = durable_alloc(ctx, size);
  if (copy && size)
    memcpy(copy, data, size);
  return copy;
}

durable_values *durable_step_values(durable_step_ctx *step) {
  return step->scope.space->values;
}

int durable_step_attempt(const durable_step_ctx *step) {
  return step->scope.attempt;
}

const char *durable_step_operation_id(const durable_step_ctx *step) {
  const dur_scope *s = &step->scope;
  durable_engine *e = durable_host_enter(s->run->host);
  durable_bytes id =
      durable_engine_op_id(e, durable_engine_op_current(e, s->call->op));
  durable_host_leave(s->run->host);
  const char *text = durable_values_keep(s->space->values, id).data;
  return text ? text : "";
}

const char *durable_step_arn(const durable_step_ctx *step) {
  return step->scope.run->arn;
}

void *durable_step_user(const durable_step_ctx *step) {
  return step->scope.run->handler.user;
}

/* ---- errors of one's own */

static int fail_with(dur_scope *scope, const char *type, const char *message,
                     const char *data, const char *const *stack,
                     size_t stack_count) {
  dur_failure_text text = {.type = type,
                           .message = message,
                           .data = data,
                           .stack = stack,
                           .stack_count = stack ? stack_count : 0};
  return dur_scope_fail(scope, DURABLE_FAILED,
                        dur_failure_own(scope->space->values, &text));
}

static int fail_format(dur_scope *scope, const char *type, const char *format,
                       va_list args) __attribute__((format(printf, 3, 0)));
static int fail_format(dur_scope *scope, const char *type, const char *format,
                       va_list args) {
  return dur_scope_fail(
      scope, DURABLE_FAILED,
      dur_failure_vformat(scope->space->values, type, format, args));
}

int durable_fail(durable_ctx *ctx, const char *type, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int rc = fail_format(&ctx->scope, type, format, args);
  va_end(args);
  return rc;
}

int durable_step_fail(durable_step_ctx *step, const char *type,
                      const char *format, ...) {
  va_list args;
  va_start(args, format);
  int rc = fail_format(&step->scope, type, format, args);
  va_end(args);
  return rc;
}

int durable_fail_with(durable_ctx *ctx, const char *type, const char *message,
                      const char *data, const char *const *stack,
                      size_t stack_count) {
  return fail_with(&ctx->scope, type, message, data, stack, stack_count);
}

int durable_step_fail_with(durable_step_ctx *step, const char *type,
                           const char *message, const char *data,
                           const char *const *stack, size_t stack_count) {
  return fail_with(&step->scope, type, message, data, stack, stack_count);
}

int durable_fail_again(durable_ctx *ctx, const durable_failure *failure) {
  if (!failure)
    return dur_scope_refuse(&ctx->scope, DURABLE_E_ARGUMENT, NULL);
  return dur_scope_fail(&ctx->scope, DURABLE_FAILED,
                        dur_failure_copy(ctx->scope.space->values, failure));
}

int durable_retry_invocation(durable_ctx *ctx, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int rc = fail_format(&ctx->scope, "InvocationError", format, args);
  va_end(args);
  ctx->scope.retry_invocation = 1;
  return rc;
}

int durable_step_retry_invocation(durable_step_ctx *step, const char *format,
                                  ...) {
  va_list args;
  va_start(args, format);
  int rc = fail_format(&step->scope, "InvocationError", format, args);
  va_end(args);
  step->scope.retry_invocation = 1;
  return rc;
}
