/* scope: contexts as user code holds them, and the memory behind them. */
#ifndef DUR_FRONTEND_SCOPE_H
#define DUR_FRONTEND_SCOPE_H

#include "frontend/model.h"

dur_space *dur_space_new(void); /* one reference, or NULL */
dur_space *dur_space_hold(dur_space *space);
void dur_space_drop(dur_space *space); /* NULL is fine */
/* Let |inner| live as long as |space|; takes the reference. */
void dur_space_keep(dur_run *run, dur_space *space, dur_space *inner);

/* 0, or DURABLE_E_NOMEM */
int dur_scope_init(dur_scope *scope, dur_run *run, dur_strand *strand,
                   durable_ctx_id id, const dur_call *call, int attempt);
/* The body has returned.  Started futures that have no thread yet never get
 * one; the memory goes when the others have ended. */
void dur_scope_end(dur_scope *scope);

/* Note how a call on this context failed; answers |code|. */
int dur_scope_fail(dur_scope *scope, int code, const durable_failure *failure);
/* A call answered |code|, which is negative: a bad call, or the end of the
 * invocation.  |message| may be NULL. */
int dur_scope_refuse(dur_scope *scope, int code, const char *message);
/* The failure that a body meant by |code|, which is neither OK nor (rightly)
 * SUSPENDED. */
const durable_failure *dur_scope_failure(const dur_scope *scope, int code);

#endif
