/* run: see run.h. */
#include "run.h"
#include "commit.h"
#include "wire/arn.h"
#include <stdlib.h>
#include <string.h>

static const char *const STATUS[] = {"RUNNING", "SUCCEEDED", "FAILED",
                                     "TIMED_OUT", "STOPPED"};

const char *dur_run_status_text(int status) {
  return STATUS[status];
}

int dur_run_status_of(dur_bytes text) {
  for (int i = 0; i < 5; i++)
    if (dur_bytes_is(text, STATUS[i]))
      return i;
  return -1;
}

int dur_run_is_over(const dur_run *run) {
  return run->status != DURABLE_EXECUTION_RUNNING;
}

/* Move |*b| into the block at |*at|, NUL-terminated there. */
static void pack(char **at, dur_bytes *b) {
  if (b->data == NULL)
    return;
  if (b->len > 0)
    memcpy(*at, b->data, b->len);
  (*at)[b->len] = '\0';
  b->data = *at;
  *at += b->len + 1;
}

static char *pack_all(dur_bytes *const *parts, size_t count) {
  size_t size = 1;
  for (size_t i = 0; i < count; i++)
    size += parts[i]->len + 1;
  char *block = malloc(size), *at = block;
  if (block == NULL)
    return NULL;
  for (size_t i = 0; i < count; i++)
    pack(&at, parts[i]);
  return block;
}

/* ---- items */

static void item_free(dur_item *item) {
  if (item == NULL)
    return;
  free(item->fixed);
  free(item->outcome);
  free(item->held);
  free(item);
}

static int items_reserve(dur_run *run) {
  if (run->count < run->cap)
    return 0;
  size_t cap = run->cap ? run->cap * 2 : 8;
  dur_item **items = realloc(run->items, cap * sizeof *items);
  if (items == NULL)
    return -1;
  run->items = items;
  run->cap = cap;
  return 0;
}

dur_item *dur_item_new(dur_run *run, const dur_item_spec *spec) {
  dur_item *item = calloc(1, sizeof *item);
  if (item == NULL || items_reserve(run) != 0) {
    free(item);
    return NULL;
  }
  dur_operation *op = &item->op;
  op->id = spec->id;
  op->type = spec->type;
  op->parent_id = spec->parent_id;
  op->name = spec->name;
  op->sub_type = spec->sub_type;
  op->callback_id = spec->callback_id;
  op->has_details = 1;
  item->target = spec->target;
  item->tenant = spec->tenant;
  item->trace_id = spec->trace_id;
  item->input = spec->input;
  dur_bytes *const parts[] = {&op->id,       &op->parent_id,   &op->name,
                              &op->sub_type, &op->callback_id, &item->target,
                              &item->tenant, &item->trace_id};
  dur_bytes *const held[] = {&item->input};
  item->fixed = pack_all(parts, sizeof parts / sizeof *parts);
  if (spec->input.data != NULL)
    item->held = pack_all(held, 1);
  if (item->fixed == NULL || (spec->input.data && item->held == NULL) ||
      dur_map_put(&run->by_id, op->id, item) != 0) {
    item_free(item);
    return NULL;
  }
  item->run = run;
  item->number = (uint32_t)run->count;
  item->news = -1;
  run->items[run->count++] = item;
  return item;
}

dur_item *dur_item_find(const dur_run *run, dur_bytes id) {
  return dur_map_get(&run->by_id, id);
}

int dur_item_outcome(dur_item *item, dur_bytes result, const dur_error *error) {
  dur_error e = error ? *error : (dur_error){0};
  dur_bytes *const parts[] = {&result, &e.message, &e.type, &e.data, &e.stack};
  char *block = pack_all(parts, 5);
  if (block == NULL)
    return -1;
  free(item->outcome);
  item->outcome = block;
  item->op.result = result;
  item->op.error = e;
  item->op.has_error = error != NULL;
  return 0;
}

void dur_item_forget_input(dur_item *item) {
  free(item->held);
  item->held = NULL;
  item->input = DUR_NONE;
}

void dur_item_touch(dur_item *item) {
  dur_run *run = item->run;
  item->touched = ++run->changes;
  if (item->number < run->unseen)
    run->unseen = item->number;
  if (item->dirty)
    return;
  item->dirty = 1;
  item->next_dirty = run->dirty;
  run->dirty = item;
}

void dur_item_touch_news(dur_item *item) {
  item->news = item->run->invocations;
  dur_item_touch(item);
}

void dur_run_delivered(dur_run *run) {
  run->delivered = run->changes;
  run->unseen = run->count;
}

/* ---- runs */

dur_run *dur_run_new(durable_service *s, const dur_run_spec *spec) {
  dur_run *run = calloc(1, sizeof *run);
  if (run == NULL)
    return NULL;
  dur_map_init(&run->by_id, &dur_mem_default);
  run->row = spec->row;
  run->arn = spec->arn;
  run->function = spec->function;
  run->name = spec->name;
  run->id = spec->id;
  run->tenant = spec->tenant;
  run->parent = spec->parent;
  run->parent_op = spec->parent_op;
  run->input = spec->input;
  run->endpoint = spec->endpoint;
  run->context = spec->context;
  run->identity = spec->identity;
  run->trace_id = spec->trace_id;
  run->start_ms = spec->start_ms;
  run->timeout_s = spec->timeout_s;
  run->retention_days = spec->retention_days;
  run->next_event = 1;
  dur_bytes *const parts[] = {&run->arn,       &run->function, &run->name,
                              &run->id,        &run->tenant,   &run->parent,
                              &run->parent_op, &run->input,    &run->endpoint,
                              &run->context,   &run->identity, &run->trace_id};
  run->text = pack_all(parts, sizeof parts / sizeof *parts);
  run->name_key =
      (dur_bytes){run->arn.data, run->arn.len - dur_arn_last(run->arn).len};
  dur_item_spec root = {
      .id = spec->id, .name = spec->name, .type = DUR_TYPE_EXECUTION};
  dur_item *item = run->text ? dur_item_new(run, &root) : NULL;
  /* the key of an older run of that name would go with it */
  dur_map_remove(&s->names, run->name_key);
  if (item == NULL || dur_map_put(&s->runs, run->arn, run) != 0 ||
      dur_map_put(&s->names, run->name_key, run) != 0) {
    dur_run_free(s, run);
    return NULL;
  }
  item->op.status = DUR_STATUS_STARTED;
  item->op.start_ms = spec->start_ms;
  item->op.input = run->input;
  return run;
}

dur_run *dur_run_find(const durable_service *s, dur_bytes arn) {
  return dur_map_get(&s->runs, arn);
}

void dur_answers_drop(dur_run *run) {
  while (run->answers != NULL) {
    dur_answer *next = run->answers->next;
    free(run->answers);
    run->answers = next;
  }
  run->last_answer = NULL;
  run->answers_size = 0;
}

void dur_run_free(durable_service *s, dur_run *run) {
  if (run->arn.data != NULL && dur_run_find(s, run->arn) == run)
    dur_map_remove(&s->runs, run->arn);
  if (run->arn.data != NULL && dur_map_get(&s->names, run->name_key) == run)
    dur_map_remove(&s->names, run->name_key);
  dur_timers_disarm(&s->timers, &run->timeout);
  dur_timers_disarm(&s->timers, &run->backoff);
  for (size_t i = 0; i < run->count; i++) {
    dur_timers_disarm(&s->timers, &run->items[i]->due);
    dur_timers_disarm(&s->timers, &run->items[i]->beat);
    item_free(run->items[i]);
  }
  dur_answers_drop(run);
  dur_map_drop(&run->by_id);
  free(run->items);
  free(run->text);
  free(run);
}

void dur_runs_sweep(durable_service *s) {
  dur_run **link = &s->closing;
  while (*link != NULL) {
    dur_run *run = *link;
    if (run->job == NULL && run->mark <= s->committed) {
      *link = run->next;
      dur_run_free(s, run);
    } else {
      link = &run->next;
    }
  }
}
