/* service: the durable service of one simulated execution, in memory.
 *
 * Strict: an update that the real service would refuse, or that comes after the
 * end of a context above it, is a finding.  It keeps the journal, so a killed
 * invocation is followed by one that knows exactly what was accepted. */
#ifndef DUR_SIM_SERVICE_H
#define DUR_SIM_SERVICE_H

#include "base/arena.h"
#include "program.h"
#include "wire/call.h"

enum { SIM_OPS_MAX = 16384, SIM_PAGES_MAX = 64 };

typedef struct sim_record {
  dur_operation op;
  uint64_t touched;    /* number of its last change */
  int by_timer;        /* fired since the last invocation began */
  int64_t due_ms;      /* an outcome from outside; 0: none is known */
  sim_outside outside; /* what comes then */
  uint32_t node;       /* of the program, for its value */
  int64_t timeout_ms;  /* of a callback; 0: none */
} sim_record;

typedef struct sim_service {
  dur_arena arena;
  sim_record *ops;
  size_t count;
  uint64_t changes, seen; /* watermark of what checkpoints delivered */
  uint64_t told;          /* the same, events included */
  int64_t now_ms;
  uint32_t token;   /* number in the current one */
  uint32_t batches; /* accepted */
  /* how this service behaves */
  uint32_t page_items; /* 0: no paging */
  int prunes;          /* leaves out what lies below a finished context */
  int redelivers;      /* what the invocation carried comes again */
  /* the last accepted checkpoint, for a repeated one */
  dur_bytes last_client_token, last_token, last_body, last_answer;
  /* pages still to be fetched */
  struct {
    size_t *ops, count;
  } pages[SIM_PAGES_MAX];
  size_t page_count;
  int ended;                   /* by an EXECUTION update */
  dur_bytes last_updates_from; /* body of the request at hand */
} sim_service;

typedef struct sim_answer {
  int status;
  const char *type; /* x-amzn-ErrorType, or NULL */
  dur_bytes body;
} sim_answer;

void sim_service_init(sim_service *s, int64_t now_ms);
void sim_service_drop(sim_service *s);
/* Move the clock; what is due happens. */
void sim_service_tick(sim_service *s, int64_t now_ms);
/* When something happens next; INT64_MAX: never */
int64_t sim_service_next_ms(const sim_service *s);
/* PENDING is a valid answer now. */
int sim_service_has_pending(const sim_service *s);
/* Something happened that no invocation was told of: the next one comes at
 * once. */
int sim_service_is_eager(const sim_service *s);
/* The event of the next invocation. */
dur_bytes sim_service_event(sim_service *s);
/* A checkpoint or a state call. */
sim_answer sim_service_checkpoint(sim_service *s, dur_bytes body);
sim_answer sim_service_state(sim_service *s, dur_bytes token, dur_bytes marker);
/* Somebody outside was given a callback: it answers after |seconds|. */
void sim_service_tell(sim_service *s, dur_bytes callback_id,
                      const sim_node *node);
const sim_record *sim_service_find(const sim_service *s, dur_bytes id);
void sim_service_print(const sim_service *s);

#endif
