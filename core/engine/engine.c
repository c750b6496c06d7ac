/* engine: one invocation, from its event to its end. */
#include "engine/internal.h"
#include "wire/arn.h"

static void begin(dur_engine *e, const dur_settings *set) {
  e->mem = set->mem;
  e->set = *set;
  dur_arena_init(&e->arena, &e->mem);
  dur_arena_init(&e->scratch, &e->mem);
  dur_map_init(&e->entries, &e->mem);
  dur_heap_init(&e->timers, &e->mem);
  dur_buf_init(&e->body, &e->mem, DUR_EVENT_BYTES_MAX * 2u);
  dur_buf_init(&e->outbox, &e->mem, (size_t)DUR_EVENT_BYTES_MAX * 8);
  dur_buf_init(&e->target, &e->mem, 65536);
  dur_buf_init(&e->text, &e->mem, DUR_EVENT_BYTES_MAX);
  dur_buf_init(&e->listing, &e->mem, 4 * DUR_EVENT_BYTES_MAX);
  dur_buf_init(&e->message, &e->mem, 65536);
}

void dur_scratch_reset(dur_engine *e) {
  dur_arena_drop(&e->scratch);
  dur_arena_init(&e->scratch, &e->mem);
}

static void free_table(dur_engine *e, dur_table *table) {
  dur_free(&e->mem, table->items, table->cap * sizeof(void *));
}

void dur_engine_free(dur_engine *e) {
  if (!e)
    return;
  dur_mem mem = e->mem;
  dur_notes_drop(e);
  dur_hasher_free(e->hasher);
  free_table(e, &e->ctxs);
  free_table(e, &e->tasks);
  free_table(e, &e->ops);
  dur_free(&mem, e->due, e->due_cap * sizeof *e->due);
  dur_free(&mem, e->merged, e->merged_cap * sizeof *e->merged);
  dur_buf_drop(&e->body);
  dur_buf_drop(&e->outbox);
  dur_buf_drop(&e->target);
  dur_buf_drop(&e->text);
  dur_buf_drop(&e->listing);
  dur_buf_drop(&e->message);
  dur_heap_drop(&e->timers);
  dur_map_drop(&e->entries);
  dur_arena_drop(&e->scratch);
  dur_arena_drop(&e->arena);
  dur_free(&mem, e, sizeof *e);
}

/* ---- the event */

static int take_operation(void *user, const dur_operation *op) {
  return dur_journal_merge(user, op, 1);
}

static int take_updated(void *user, dur_bytes id) {
  dur_entry *entry = dur_entry_make(user, id);
  if (!entry)
    return -1;
  entry->updated = 1;
  return 0;
}

static int read_event(dur_engine *e, dur_bytes event) {
  const char *why = "";
  dur_event read = {0};
  dur_bytes text = event;
  if (event.len > DUR_EVENT_BYTES_MAX)
    return dur_refuse(e, DUR_E_PROTOCOL, "the event is larger than 64 MiB",
                      NULL);
  if (!e->set.borrow_event && dur_keep(e, event, &text) != 0)
    return DUR_E_NOMEM;
  /* about 250 bytes an operation: one allocation instead of ten */
  if (dur_map_reserve(&e->entries, event.len / 400) != 0)
    return dur_oom(e);
  if (dur_event_read(text, &e->arena, take_operation, take_updated, e, &read,
                     &why) != 0)
    return e->fatal || why == dur_wire_no_memory
               ? dur_oom(e)
               : dur_refuse(e, DUR_E_PROTOCOL,
                            "malformed invocation event: ", why, NULL);
  e->arn = read.arn;
  e->token = read.token;
  e->marker = read.next_marker;
  return 0;
}

static uint64_t seed_of(const dur_engine *e) {
  uint64_t seed = 1469598103934665603u;
  if (e->set.has_seed)
    return e->set.seed;
  for (size_t i = 0; i < e->token.len; i++)
    seed = (seed ^ (unsigned char)e->token.data[i]) * 1099511628211u;
  return seed;
}

static int is_blank(dur_bytes text) {
  for (size_t i = 0; i < text.len; i++)
    if (text.data[i] != ' ' && text.data[i] != '\t' && text.data[i] != '\n' &&
        text.data[i] != '\r')
      return 0;
  return 1;
}

/* The EXECUTION operation; it may be missing, but must not be something else.
 */
static int read_execution(dur_engine *e) {
  const dur_entry *entry = dur_entry_find(e, dur_arn_last(e->arn));
  e->input = DUR_LIT("{}");
  if (!entry || !entry->known)
    return 0;
  if (entry->op.type != DUR_TYPE_EXECUTION)
    return dur_refuse_bytes(e, DUR_E_PROTOCOL,
                            "the execution operation in execution state does "
                            "not have EXECUTION type: ",
                            entry->op.id, "");
  e->start_ms = entry->op.start_ms;
  if (!is_blank(entry->op.input))
    e->input = entry->op.input;
  return 0;
}

void dur_engine_opened(dur_engine *e) {
  if (read_execution(e) != 0) {
    dur_latch(e, DUR_E_PROTOCOL, 1, "ExecutionError",
              dur_buf_view(&e->message));
    return;
  }
  e->stage = DUR_STAGE_OPEN;
  e->root_ctx->replaying = (uint8_t)e->has_prior;
  dur_note_invocation_start(e);
  dur_task_wake(e, e->root_task);
}

static int start(dur_engine *e, dur_bytes event) {
  e->hasher = dur_hasher_new(&e->mem);
  if (!e->hasher)
    return dur_oom(e);
  int rc = read_event(e, event);
  if (rc != 0)
    return rc;
  dur_prng_seed(&e->prng, seed_of(e));
  dur_bytes request_id = e->set.request_id;
  if (dur_keep(e, request_id, &e->set.request_id) != 0)
    return DUR_E_NOMEM;
  e->now_ms = e->set.now_ms;
  e->root_ctx = dur_ctx_make(e, NULL, DUR_NONE, DUR_NONE, 0);
  e->root_task = e->root_ctx ? dur_task_make(e, NULL, NULL) : NULL;
  if (!e->root_task)
    return e->fatal;
  dur_task_park(e, e->root_task);
  if (e->marker.len)
    return 0;
  rc = read_execution(e);
  if (rc == 0)
    dur_engine_opened(e);
  return rc;
}

int dur_engine_new(dur_engine **out, const dur_settings *set, dur_bytes event) {
  dur_engine *e = dur_alloc(&set->mem, sizeof *e);
  *out = NULL;
  if (!e)
    return DUR_E_NOMEM;
  *e = (dur_engine){0};
  begin(e, set);
  int rc = start(e, event);
  if (rc == DUR_E_PROTOCOL) {
    e->stage = DUR_STAGE_OVER;
    *out = e;
  } else if (rc != 0) {
    dur_engine_free(e);
  } else {
    *out = e;
  }
  return rc;
}
