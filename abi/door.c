/* door: handles, options and conversions. */
#include <string.h>

#include "door.h"

/* ---- options */

int dur_options_in(dur_engine *e, void *to, size_t size, const void *from,
                   const char *what) {
  size_t given;
  memset(to, 0, size);
  if (!from)
    return 0;
  memcpy(&given, from, sizeof given);
  if (given < sizeof given || given > 65536) {
    if (e)
      dur_refuse(e, DURABLE_E_ARGUMENT, what,
                 ": |size| is not set; use its _INIT", NULL);
    return DURABLE_E_ARGUMENT;
  }
  for (size_t i = size; i < given; i++)
    if (((const char *)from)[i] != 0) {
      if (e)
        dur_refuse(e, DURABLE_E_ABI, what,
                   " uses a field that this library does not know", NULL);
      return DURABLE_E_ABI;
    }
  memcpy(to, from, given < size ? given : size);
  return 0;
}

int dur_options_room(dur_engine *e, const void *to, const char *what) {
  size_t given;
  memcpy(&given, to, sizeof given);
  if (given >= sizeof given && given <= 65536)
    return 0;
  return dur_refuse(e, DURABLE_E_ARGUMENT, what,
                    ": |size| is not set; use its _INIT", NULL);
}

void dur_options_fill(void *to, const void *from, size_t size) {
  size_t given;
  memcpy(&given, to, sizeof given);
  size_t shared = given < size ? given : size;
  memcpy((char *)to + sizeof given, (const char *)from + sizeof given,
         shared - sizeof given);
}

int dur_options_out(dur_engine *e, void *to, const void *from, size_t size,
                    const char *what) {
  int rc = dur_options_room(e, to, what);
  if (rc == 0)
    dur_options_fill(to, from, size);
  return rc;
}

int dur_bytes_in(dur_engine *e, durable_bytes b, const char *what) {
  if (b.data || b.len == 0)
    return 0;
  return dur_refuse(e, DURABLE_E_ARGUMENT, what, " has a length but no data",
                    NULL);
}

/* ---- retry policies */

static void defaults_of(uint32_t kind, dur_retry *to) {
  static const struct {
    uint32_t kind;
    const char *preset;
    dur_backoff core;
  } kinds[] = {
      {DURABLE_BACKOFF_EXPONENTIAL, "with_retry", DUR_BACKOFF_EXPONENTIAL},
      {DURABLE_BACKOFF_LINEAR, "linear", DUR_BACKOFF_LINEAR},
      {DURABLE_BACKOFF_FIXED, "fixed", DUR_BACKOFF_FIXED},
      {DURABLE_BACKOFF_NONE, "none", DUR_BACKOFF_NONE},
      {DURABLE_BACKOFF_CALLER, "with_retry", DUR_BACKOFF_CALLER}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (kinds[i].kind == kind) {
      dur_retry_preset(kinds[i].preset, to);
      to->kind = kinds[i].core;
    }
}

static int check_policy(dur_engine *e, const durable_retry_policy *p) {
  if (p->kind > DURABLE_BACKOFF_CALLER || p->jitter > DURABLE_JITTER_NONE)
    return dur_refuse(e, DURABLE_E_ARGUMENT,
                      "retry policy: unknown kind or jitter", NULL);
  if (p->initial_delay_s < 0 || p->max_delay_s < 0 || p->increment_s < 0 ||
      !(p->backoff_rate >= 0))
    return dur_refuse(e, DURABLE_E_ARGUMENT,
                      "retry policy: delays and rate are 0 or more", NULL);
  return 0;
}

static dur_jitter jitter_of(uint32_t jitter) {
  return jitter == DURABLE_JITTER_HALF   ? DUR_JITTER_HALF
         : jitter == DURABLE_JITTER_NONE ? DUR_JITTER_NONE
                                         : DUR_JITTER_FULL;
}

/* Without a kind of its own a policy varies the preset that |to| holds. */
static void apply_policy(const durable_retry_policy *p, dur_retry *to) {
  defaults_of(p->kind, to);
  if (p->kind != DURABLE_BACKOFF_DEFAULT || p->jitter)
    to->jitter = jitter_of(p->jitter);
  if (p->set & DURABLE_RETRY_SET_MAX_ATTEMPTS)
    to->max_attempts = p->max_attempts;
  if (p->set & DURABLE_RETRY_SET_INITIAL_DELAY)
    to->initial_s = p->initial_delay_s;
  if (p->set & DURABLE_RETRY_SET_MAX_DELAY)
    to->max_delay_s = p->max_delay_s;
  else if (p->kind == DURABLE_BACKOFF_FIXED)
    to->max_delay_s = to->initial_s;
  if (p->set & DURABLE_RETRY_SET_INCREMENT)
    to->increment_s = p->increment_s;
  if (p->set & DURABLE_RETRY_SET_BACKOFF_RATE)
    to->rate = p->backoff_rate;
}

const dur_retry *dur_policy_in(dur_engine *e, const durable_retry_policy *from,
                               const char *preset, int *rc) {
  durable_retry_policy p;
  *rc = 0;
  if (!from)
    return dur_retry_named(preset);
  *rc = dur_options_in(e, &p, sizeof p, from, "durable_retry_policy");
  if (*rc == 0)
    *rc = check_policy(e, &p);
  if (*rc != 0)
    return NULL;
  dur_retry *to = dur_arena_alloc(&e->arena, sizeof *to);
  if (!to) {
    *rc = dur_oom(e);
    return NULL;
  }
  dur_retry_preset(preset, to);
  apply_policy(&p, to);
  return to;
}

/* ---- handles */

static void *handle_in(dur_engine *e, int kind, int32_t handle,
                       const char *what) {
  void *item = dur_handle_get(e, kind, handle);
  if (!item)
    dur_refuse(e, DURABLE_E_HANDLE, "no such ", what, " in this engine", NULL);
  return item;
}

dur_ctx *dur_ctx_in(dur_engine *e, durable_ctx_id handle) {
  return handle_in(e, DUR_HANDLE_CTX, handle, "context");
}

dur_task *dur_task_in(dur_engine *e, durable_task_id handle) {
  dur_task *task = handle_in(e, DUR_HANDLE_TASK, handle, "task");
  if (task && task->state == DUR_TASK_ENDED) {
    dur_refuse(e, DURABLE_E_HANDLE, "the task has ended", NULL);
    return NULL;
  }
  return task;
}

dur_op *dur_op_in(dur_engine *e, durable_op_id handle) {
  return handle_in(e, DUR_HANDLE_OP, handle, "operation");
}

const dur_op *dur_op_peek(const dur_engine *e, durable_op_id handle) {
  return e ? dur_handle_get(e, DUR_HANDLE_OP, handle) : NULL;
}

const dur_ctx *dur_ctx_look(const dur_engine *e, durable_ctx_id handle) {
  return e ? dur_handle_get(e, DUR_HANDLE_CTX, handle) : NULL;
}
