/* internal: what the files of core/engine offer one another, by file. */
#ifndef DUR_ENGINE_INTERNAL_H
#define DUR_ENGINE_INTERNAL_H

#include "engine/model.h"

/* ---- fault.c: the message of the last failed call, and the fatal latch */
/* Set the message from parts (NULL ends them) and answer |rc|. */
int dur_refuse(dur_engine *e, int rc, ...);
int dur_refuse_bytes(dur_engine *e, int rc, const char *before, dur_bytes what,
                     const char *after);
/* Poison the invocation: the first latch wins.  |abort|: end with ABORT instead
 * of FAILED.  Strings are copied.  Answers |rc|. */
int dur_latch(dur_engine *e, int rc, int abort, const char *type,
              dur_bytes message);
int dur_oom(dur_engine *e); /* latches and answers DUR_E_NOMEM */
/* What stands in e->text; absent, and latched, when it did not fit in memory. */
dur_bytes dur_text(dur_engine *e);

/* ---- table.c: handles */
enum { DUR_HANDLE_CTX = 1, DUR_HANDLE_TASK = 2, DUR_HANDLE_OP = 3 };
/* The new handle, or a negative code (latched). */
int32_t dur_handle_new(dur_engine *e, int kind, void *item);
void *dur_handle_get(const dur_engine *e, int kind, int32_t handle);

/* ---- journal.c: what the service said */
dur_entry *dur_entry_find(const dur_engine *e, dur_bytes id);
/* Finds or makes; NULL: out of memory (latched).  |id| is copied when new. */
dur_entry *dur_entry_make(dur_engine *e, dur_bytes id);
/* Merge one operation; |keep|: its strings already live as long as the engine.
 */
int dur_journal_merge(dur_engine *e, const dur_operation *op, int keep);
/* Change an entry's status from here (an acknowledged RETRY whose record the
 * reply left out). */
void dur_journal_set_status(dur_engine *e, dur_entry *entry, dur_status s);

/* ---- queue.c: updates on their way out */
/* A node for |op| with the fields that all its updates share; NULL: out of
 * memory (latched), or nothing may be written any more. */
dur_node *dur_update_new(dur_engine *e, dur_op *op, dur_type type,
                         dur_action action);
void dur_update_push(dur_engine *e, dur_node *node);
/* Move the next batch from queue to sent and write its request. */
int dur_queue_send(dur_engine *e);
void dur_queue_drop(dur_engine *e); /* all of queue and sent, unwritten */
/* The sent batch was accepted: tell every operation. */
void dur_queue_acked(dur_engine *e);
/* A task parks on |op|: what it has queued is needed now. */
void dur_queue_need(dur_engine *e, dur_op *op);

/* ---- task.c */
dur_task *dur_task_make(dur_engine *e, dur_branch *branch, dur_ctx *ctx);
void dur_task_park(dur_engine *e, dur_task *task);
void dur_task_wake(dur_engine *e, dur_task *task);
void dur_task_wake_all(dur_engine *e); /* every parked or idle one */
int dur_task_wait_on(dur_engine *e, dur_task *task, dur_op *op);
void dur_task_finish(dur_engine *e, dur_task *task);
int dur_task_idle(dur_engine *e, dur_task *task, int idle);
int dur_task_wait(dur_engine *e, dur_task *task, dur_op **ops, size_t n,
                  int all);
/* |task| was told to unwind: the bodies it is in have no outcome any more. */
void dur_task_cut(dur_task *task);
/* The deadline is near and |task| has to unwind; |had_work|: not because it
 * waits for what the service will wake the execution for. */
void dur_task_drained(dur_engine *e, dur_task *task, int had_work);
/* |op| may have moved on: wake whoever waits for it. */
void dur_op_wake(dur_engine *e, dur_op *op);
/* Wake who drives |op| and nobody who only waits for its outcome.  1: somebody
 * was woken. */
int dur_op_wake_driver(dur_engine *e, dur_op *op);

/* ---- ctx.c: contexts and replay status */
dur_ctx *dur_ctx_make(dur_engine *e, dur_op *owner, dur_bytes path,
                      dur_bytes parent_id, int replaying);
/* 1: an ancestor is finished, so nothing below it may be written */
int dur_ctx_is_dead(const dur_ctx *ctx);
/* 1: dead, or being unwound because its thread is wanted: what is claimed there
 * now is not written, and is claimed again later */
int dur_ctx_is_mute(const dur_ctx *ctx);
/* Id that the next claim in |ctx| takes; cached. */
int dur_ctx_peek(dur_engine *e, dur_ctx *ctx, dur_bytes *id);
/* The look before and after an operation that decides whether ctx still
 * replays. */
void dur_ctx_before(dur_engine *e, dur_ctx *ctx, dur_op *op);
void dur_ctx_after(dur_engine *e, dur_op *op);

/* ---- claim.c */
typedef struct dur_claim {
  dur_op_kind kind;
  dur_type type;
  const char *sub_type; /* NULL: none */
  dur_bytes name;
  int is_virtual; /* takes an id but is never on record */
} dur_claim;
/* Take the next id of |ctx|.  *out may be an operation that an earlier thread
 * of the same branch claimed (out->phase tells how far it got).  0 or a code.
 */
/* Whether the next claim of |ctx| begins an operation; DUR_E_NOMEM. */
int dur_claim_is_new(dur_engine *e, dur_ctx *ctx);
int dur_claim_op(dur_engine *e, dur_ctx *ctx, const dur_claim *claim,
                 dur_op **out);
/* An operation with a given id (branches), or with none (id absent). */
int dur_claim_at(dur_engine *e, dur_ctx *ctx, const dur_claim *claim,
                 dur_bytes id, uint64_t number, dur_op **out);
int dur_check_name(dur_engine *e, dur_bytes name);
int dur_check_sub_type(dur_engine *e, dur_bytes sub_type);

/* ---- settle.c: the end of an operation */
dur_status dur_op_recorded(const dur_op *op); /* 0: nothing on record */
void dur_settle_ok(dur_engine *e, dur_op *op, dur_bytes result);
void dur_settle_error(dur_engine *e, dur_op *op, dur_status status,
                      dur_error_kind kind, const dur_error *error);
/* From a terminal record: SUCCEEDED gives its result, anything else |kind|. */
void dur_settle_recorded(dur_engine *e, dur_op *op, dur_error_kind kind);
/* The name of an error class of the official SDKs as it is written. */
dur_bytes dur_error_type(dur_engine *e, const char *name);
/* The service accepted a START but has no such operation. */
void dur_settle_invalid(dur_engine *e, dur_op *op, const char *message);
/* Copies |json| into op->error; -1: it is not an ErrorObject (message set) */
int dur_op_take_error(dur_engine *e, dur_op *op, dur_bytes json);
int dur_error_json(dur_engine *e, const dur_error *error, dur_bytes *out);
int dur_keep(dur_engine *e, dur_bytes bytes, dur_bytes *out);

/* ---- timers.c */
void dur_timer_arm(dur_engine *e, dur_op *op, int64_t service_ms);
/* Earliest moment at which a refresh is due, INT64_MAX: none. */
int64_t dur_timer_next(dur_engine *e);
/* Pop what is due; the number of operations to be looked at. */
int dur_timer_collect(dur_engine *e);
/* After the refresh: re-arm what is still unfinished. */
void dur_timer_rearm(dur_engine *e);

/* ---- one file each: claim_*, next, outcome */
typedef struct dur_leaf_spec {
  dur_bytes name;
  const char *sub_type; /* NULL: that of its kind */
} dur_leaf_spec;
int dur_step_claim(dur_engine *e, dur_ctx *ctx, const dur_leaf_spec *spec,
                   int at_most_once, const dur_retry *retry, dur_op **out);
int dur_step_next(dur_engine *e, dur_op *op);
void dur_step_acked(dur_engine *e, dur_op *op, dur_action action);
int dur_step_succeed(dur_engine *e, dur_op *op, dur_bytes payload);
int dur_step_fail(dur_engine *e, dur_op *op, int retryable);
int dur_step_decide(dur_engine *e, dur_op *op, int decision, int64_t delay_s);

int dur_wait_claim(dur_engine *e, dur_ctx *ctx, dur_bytes name, int64_t seconds,
                   dur_op **out);
int dur_wait_next(dur_engine *e, dur_op *op);

int dur_callback_claim(dur_engine *e, dur_ctx *ctx, const dur_leaf_spec *spec,
                       int64_t timeout_s, int64_t heartbeat_s, dur_op **out);
int dur_callback_next(dur_engine *e, dur_op *op);
int dur_callback_result_claim(dur_engine *e, dur_op *callback, dur_op **out);
int dur_callback_result_next(dur_engine *e, dur_op *op);

typedef struct dur_invoke_spec {
  dur_bytes name, function, payload, tenant, trace_id;
} dur_invoke_spec;

int dur_invoke_claim(dur_engine *e, dur_ctx *ctx, const dur_invoke_spec *spec,
                     dur_op **out);
int dur_invoke_next(dur_engine *e, dur_op *op);

int dur_condition_claim(dur_engine *e, dur_ctx *ctx, dur_bytes name,
                        dur_bytes state, const dur_retry *pace, dur_op **out);
int dur_condition_next(dur_engine *e, dur_op *op);
void dur_condition_acked(dur_engine *e, dur_op *op, dur_action action);
int dur_condition_succeed(dur_engine *e, dur_op *op, dur_bytes payload);
int dur_condition_fail(dur_engine *e, dur_op *op);
int dur_condition_decide(dur_engine *e, dur_op *op, int decision,
                         int64_t delay_s);

typedef struct dur_child_spec {
  dur_bytes name, sub_type; /* sub_type absent: RunInChildContext */
  int is_virtual, has_summary;
} dur_child_spec;
int dur_child_claim(dur_engine *e, dur_ctx *ctx, const dur_child_spec *spec,
                    dur_op **out);
int dur_child_next(dur_engine *e, dur_op *op);
/* START of a CONTEXT that is not on record yet; shared by all context kinds */
int dur_context_start(dur_engine *e, dur_op *op);
/* Close a CONTEXT: SUMMARY when too large and wanted, else SUCCEED. */
int dur_context_succeed(dur_engine *e, dur_op *op, dur_bytes payload);
int dur_context_summary(dur_engine *e, dur_op *op, dur_bytes text);
int dur_context_fail(dur_engine *e, dur_op *op, dur_error_kind kind);
void dur_context_acked(dur_engine *e, dur_op *op, dur_action action);
/* The context of |op|'s body, made anew: path and parent follow from |op|. */
int dur_context_open(dur_engine *e, dur_op *op);
void dur_context_close(dur_engine *e, dur_op *op); /* orphan what is below */

typedef struct dur_group_spec {
  dur_bytes name;
  int parallel, flat, has_summary, caller_decides;
  int has_concurrency;                /* given: 0 is refused */
  uint32_t branches, max_concurrency; /* 0: all */
  dur_completion completion;
  const char *const *names;
} dur_group_spec;
int dur_group_claim(dur_engine *e, dur_ctx *ctx, const dur_group_spec *spec,
                    dur_op **out);
int dur_group_next(dur_engine *e, dur_op *op);
int dur_group_decide(dur_engine *e, dur_op *op, int decision);
int dur_group_summary(dur_engine *e, dur_op *op, dur_bytes text);
void dur_group_branch_settled(dur_engine *e, dur_branch *branch);
/* The task of |branch| ended: dormant, or over. */
void dur_group_branch_left(dur_engine *e, dur_branch *branch);
/* A dormant branch may go on. */
void dur_group_branch_ready(dur_engine *e, dur_branch *branch);
/* A parked branch task: should it hand its thread back? */
int dur_group_should_give_up(dur_engine *e, dur_task *task, dur_op *op);
/* A runnable branch task fewer: somebody may get a thread. */
void dur_group_thread_freed(dur_engine *e);
int dur_group_has_live(const dur_group *group);
/* A strand of user code came (+1) or went (-1) that works in |ctx|, inside of a
 * branch or not. */
void dur_group_count_strand(dur_ctx *ctx, int by);

/* The sub-type of |spec| is that of the callback inside. */
int dur_wfc_claim(dur_engine *e, dur_ctx *ctx, const dur_leaf_spec *spec,
                  int64_t timeout_s, int64_t heartbeat_s,
                  const dur_retry *submitter, dur_op **out);
int dur_wfc_next(dur_engine *e, dur_op *op);

/* A task parks on a composed operation: what its parts have queued is needed. */
void dur_composed_need(dur_engine *e, dur_op *op);

int dur_again_claim(dur_engine *e, dur_ctx *ctx, const dur_child_spec *spec,
                    int unwrapped, const dur_retry *retry, dur_op **out);
int dur_again_next(dur_engine *e, dur_op *op);
int dur_again_succeed(dur_engine *e, dur_op *op, dur_bytes payload);
int dur_again_fail(dur_engine *e, dur_op *op, int retryable);
int dur_again_decide(dur_engine *e, dur_op *op, int decision, int64_t delay_s);

int dur_combine_claim(dur_engine *e, dur_ctx *ctx, dur_bytes name, int mode,
                      dur_op **ops, size_t count, dur_op **out);
int dur_combine_next(dur_engine *e, dur_op *op);
int dur_combine_summary(dur_engine *e, dur_op *op);

/* ---- next.c: the one verb, and the outcomes */
int dur_next(dur_engine *e, dur_task *task, dur_op *op);
/* The kind's answer, without parking anybody. */
int dur_op_next(dur_engine *e, dur_op *op);
/* Operations without a body settle when somebody looks; others have a task. */
void dur_op_look(dur_engine *e, dur_op *op);
void dur_op_acked(dur_engine *e, dur_op *op, dur_action action);
int dur_op_succeed(dur_engine *e, dur_op *op, dur_bytes payload);
int dur_op_fail(dur_engine *e, dur_op *op, dur_bytes error, int retryable);
int dur_op_abandon(dur_engine *e, dur_op *op, int retry_invocation);
int dur_op_decide(dur_engine *e, dur_op *op, int decision, int64_t delay_s);
int dur_op_summary(dur_engine *e, dur_op *op, dur_bytes text);
/* 1: an update of |op| would be refused, so its outcome is dropped */
int dur_op_is_mute(const dur_engine *e, const dur_op *op);
/* A body is about to run: phase, attempt, record.  Answers DUR_RUN. */
int dur_op_run(dur_engine *e, dur_op *op, int body, uint32_t attempt);

/* ---- compose.c */
int dur_op_compose(dur_engine *e, dur_op *op, int tagged);

/* ---- engine.c */
/* *out is set unless memory is out; its message says what was wrong. */
int dur_engine_new(dur_engine **out, const dur_settings *set, dur_bytes event);
void dur_engine_free(dur_engine *e);
/* All state was read: the root task may run. */
void dur_engine_opened(dur_engine *e);
/* An empty arena again, for the next reply. */
void dur_scratch_reset(dur_engine *e);

/* ---- driver.c */
enum { DUR_EV_NONE, DUR_EV_SEND, DUR_EV_WAKE, DUR_EV_FINISH, DUR_EV_ABORT };
typedef struct dur_todo {
  int kind;
  dur_task *task;
  int64_t deadline_ms;
} dur_todo;
int dur_poll(dur_engine *e, int64_t now_ms, dur_todo *out);

/* ---- reply.c */
int dur_reply(dur_engine *e, uint32_t request, int status, dur_bytes type,
              dur_bytes body, int64_t now_ms);
int dur_fail(dur_engine *e, uint32_t request, const char *why, int64_t now_ms);

/* ---- ending.c */
/* No more user code: the first outcome stays, except that a fatal one wins. */
void dur_engine_close(dur_engine *e, dur_outcome outcome);
int dur_engine_return(dur_engine *e, dur_bytes payload);
int dur_engine_raise(dur_engine *e, dur_bytes error, int retry_invocation);
int dur_engine_unwound(dur_engine *e);
/* Nothing runs and nothing is on its way: end the invocation, one way or
 * another. */
void dur_ending_suspend(dur_engine *e);
void dur_ending_drained(dur_engine *e);
/* Queue the EXECUTION update of an oversize outcome.  1: queued, 0: not needed
 */
int dur_ending_checkpoint(dur_engine *e);
/* Write the output; DUR_EV_FINISH or DUR_EV_ABORT */
int dur_ending_output(dur_engine *e);

/* ---- safe.c: replay-safe values */
enum { DUR_UUID_SIZE = 37 };
int dur_safe_uuid(dur_engine *e, dur_ctx *ctx, char out[DUR_UUID_SIZE]);
int64_t dur_safe_now(const dur_engine *e, const dur_ctx *ctx);
int64_t dur_safe_random(dur_engine *e, dur_ctx *ctx); /* 53 bits, or a code */

/* ---- notes.c: plugin and log records */
void dur_note_log(dur_engine *e, const char *level, const char *text,
                  dur_bytes what);
void dur_note_invocation_start(dur_engine *e);
void dur_note_invocation_end(dur_engine *e);
void dur_note_op_start(dur_engine *e, const dur_op *op);
void dur_note_replayed(dur_engine *e, dur_entry *entry, dur_op *op);
void dur_note_merged(dur_engine *e, dur_entry **changed, size_t count);
void dur_note_body_start(dur_engine *e, const dur_op *op);
void dur_note_body_end(dur_engine *e, const dur_op *op, const dur_error *err);
void dur_note_context_end(dur_engine *e, const dur_op *op);
int dur_note_next(dur_engine *e, int *kind, int32_t *op, dur_bytes *json);
void dur_notes_drop(dur_engine *e);

#endif
