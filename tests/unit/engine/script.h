/* script: one invocation after another, played against a service in memory.
 *
 * Events in, events out, time is a number.  sc_rec() puts an operation on
 * record; sc_open() starts an invocation that knows it; claims and sc_go()
 * drive user code in one task at a time; SENDs are answered by the service
 * below, or by the test when |manual| is set; sc_sent() tells what went out.
 *
 * Places are written as paths of counters: "2" is the second operation of the
 * root, "2.1" the first one inside it, in the dialect of the script.  In all
 * texts of a script ' stands for ".
 *
 * The service is strict: an update that it would refuse fails the test.  One
 * script at a time; single-threaded. */
#ifndef DUR_TEST_SCRIPT_H
#define DUR_TEST_SCRIPT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <durable/engine.h>

#include "../alloc.h"

/* Answers of next() and events, short enough for a table row. */
enum {
  DONE = DURABLE_NEXT_DONE,
  RUN = DURABLE_NEXT_RUN,
  SPAWN = DURABLE_NEXT_SPAWN,
  DECIDE = DURABLE_NEXT_DECIDE,
  SUMMARY = DURABLE_NEXT_SUMMARY,
  PARK = DURABLE_NEXT_PARK,
  SUSPEND = DURABLE_NEXT_SUSPEND
};
enum {
  NONE = DURABLE_EVENT_NONE,
  SEND = DURABLE_EVENT_SEND,
  WAKE = DURABLE_EVENT_WAKE,
  FINISH = DURABLE_EVENT_FINISH,
  ABORT = DURABLE_EVENT_ABORT
};

typedef struct script {
  /* set these before sc_open() */
  durable_engine_options options;
  int64_t now_ms;    /* the caller's clock */
  int64_t ahead_ms;  /* the service's clock minus it */
  size_t page_items; /* operations in one page; 0: all */
  int manual;        /* the test answers SENDs */
  int strict;        /* refuse what the service would refuse; 1 */

  durable_engine *e;
  durable_task_id task, root; /* who calls next; the root task */
  durable_ctx_id ctx;         /* where claims are made; the root at first */
  durable_engine_event ev;    /* the last event */
  durable_engine_event send;  /* the last SEND */
  char *output;               /* of FINISH or ABORT, " as ' */
  int calls;                  /* SENDs since sc_open() */
  test_counter memory;        /* of the engine */
} script;
extern script sc;

/* For cmocka_unit_test_setup_teardown: nothing on record, clock at 1,000,000.
 * Teardown frees the engine and fails when it leaked. */
int sc_setup(void **state);
int sc_teardown(void **state);
#define SC_TEST(fn) cmocka_unit_test_setup_teardown(fn, sc_setup, sc_teardown)
void sc_dialect(uint32_t dialect);

/* ---- the record */
const char *sc_id(const char *path); /* valid until the teardown */
/* An operation: |type| of the wire, its path, status, and more members of the
 * Operation object ("'Name':'x','StepDetails':{'Attempt':1}").  ParentId is
 * that of the path and SubType that of the type unless given. */
void sc_rec(const char *type, const char *path, const char *status,
            const char *more);
void sc_updated(const char *path); /* list it in UpdatedOperationIds */
/* The service settles something by itself; the next reply carries it. */
void sc_settle(const char *path, const char *status, const char *more);
void sc_forget(const char *path); /* drop it from the service */
/* Leave the operation out of the replies of the service. */
void sc_hide(const char *path);

/* Complete every callback and invoke that is open, with the result 'v'. */
void sc_settle_all(void);

/* ---- an invocation */
void sc_open(void); /* ... and let the root task run */
int sc_new(void);   /* the engine alone; the code of durable_engine_new */
void sc_event(char **text); /* the event that sc_new would give; free() it */
void sc_again(int64_t later_ms); /* free the engine, move the clock, sc_open */
int sc_pump(void); /* poll until NONE, FINISH, ABORT or a SEND to answer */
int sc_poll(void); /* once */
int sc_woken(
    durable_task_id task); /* 1 when a WAKE named it since asked last */
int sc_answer(void);       /* the SEND at hand, by the service */
int sc_reply(int status, const char *body);
int sc_break(const char *why); /* no answer */
void sc_drain(void);           /* records */

/* ---- user code, as |task| in |ctx| */
int sc_step(const char *name);
int sc_step_once(const char *name); /* at most once */
int sc_step_with(const char *name, const char *preset, int once);
int sc_wait(const char *name, int64_t seconds);
int sc_child(const char *name);
int sc_next(int op);
int sc_go(int op); /* next() and pump until it says more than PARK; PARK when
                      nothing moves */
int sc_ok(int op, const char *payload); /* NULL: null */
int sc_fails(int op, const char *type, const char *message, int retryable);
int sc_do(int op, const char *payload); /* RUN, ok, and on to what follows */
void sc_into(int op); /* claim in the context of its body from now on */
const char *sc_result(int op); /* "-" when absent; " as ' */
const char *sc_error(int op);  /* "kind|type|message" */

/* ---- the end: outcome, task_end of the root, pump; the event */
int sc_return(const char *payload);
int sc_raise(const char *type, const char *message);
int sc_unwind(void);

/* ---- what went out since it was asked last
 * Calls are parted by " | ", updates by ", ":
 *   "STEP 1 START, STEP 1 SUCCEED ='x' | WAIT 2 START 5s | -"
 * "-" is an empty checkpoint, "GET <marker>" a state call.  =payload,
 * !Type:message, +5s (a retry), 5s (a wait), children (ReplayChildren). */
const char *sc_sent(void);
/* Text of a member of the update |n| of those sent since sc_open() (0 first):
 * "Name", "SubType", "ParentId" as path, "Id"; "" when absent. */
const char *sc_update(size_t n, const char *member);
size_t sc_updates(void);
/* Kinds of the records since it was asked last: IS IE OS OE OC US UE LOG */
const char *sc_records(void);
const char *sc_record(size_t n); /* text of the n-th since sc_open() */

#define sc_sent_is(text)    assert_string_equal(sc_sent(), text)
#define sc_result_is(op, t) assert_string_equal(sc_result(op), t)
#define sc_error_is(op, t)  assert_string_equal(sc_error(op), t)
#define sc_output_is(text)  assert_string_equal(sc.output, text)
#define sc_says(op, answer) assert_int_equal(sc_go(op), answer)

#endif
