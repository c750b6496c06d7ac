/* fault: what went wrong, and the latch that ends an invocation.
 *
 * Invariant: the first latch wins; user code that swallows its consequences
 * cannot undo it, since every later next() answers SUSPEND. */
#include <stdarg.h>

#include "engine/internal.h"

int dur_refuse(dur_engine *e, int rc, ...) {
  va_list parts;
  dur_buf_reset(&e->message);
  va_start(parts, rc);
  for (const char *part; (part = va_arg(parts, const char *)) != NULL;)
    dur_buf_str(&e->message, part);
  va_end(parts);
  return rc;
}

int dur_refuse_bytes(dur_engine *e, int rc, const char *before, dur_bytes what,
                     const char *after) {
  dur_buf_reset(&e->message);
  dur_buf_str(&e->message, before);
  dur_buf_bytes(&e->message, what);
  dur_buf_str(&e->message, after);
  return rc;
}

int dur_latch(dur_engine *e, int rc, int abort, const char *type,
              dur_bytes message) {
  if (e->fatal)
    return rc;
  e->fatal = rc;
  e->fatal_abort = abort;
  e->error = (dur_error){.type = dur_error_type(e, type)};
  e->error.message = dur_arena_copy(&e->arena, message);
  e->has_error = 1;
  e->final_sent = 0; /* it was not taken: the output says how this ends */
  dur_refuse_bytes(e, rc, "", message, "");
  dur_queue_drop(e);
  dur_note_log(e, "ERROR",
               abort ? "Invocation error, the invocation ends to be retried: "
                     : "Execution error, the execution fails: ",
               message);
  dur_engine_close(e, abort ? DUR_OUTCOME_RETRY : DUR_OUTCOME_FAILED);
  return rc;
}

int dur_oom(dur_engine *e) {
  static const char text[] = "out of memory";
  if (!e->fatal) {
    e->fatal = DUR_E_NOMEM;
    e->fatal_abort = 1;
    e->error =
        (dur_error){.type = DUR_LIT("MemoryError"), .message = DUR_LIT(text)};
    e->has_error = 1;
    dur_queue_drop(e);
    dur_engine_close(e, DUR_OUTCOME_RETRY);
  }
  return dur_refuse(e, DUR_E_NOMEM, text, NULL);
}

dur_bytes dur_text(dur_engine *e) {
  if (e->text.failed) {
    dur_oom(e);
    return DUR_NONE;
  }
  return dur_buf_view(&e->text);
}
