/* batch: see batch.h. */
#include "frontend/batch.h"

#include <string.h>

#include "frontend/failure.h"
#include "frontend/scope.h"

static const char *status_text(int status) {
  return status == DURABLE_STATUS_SUCCEEDED ? "SUCCEEDED"
         : status == DURABLE_STATUS_FAILED  ? "FAILED"
                                            : "STARTED";
}

static int status_of(const char *text) {
  return strcmp(text, "SUCCEEDED") == 0 ? DURABLE_STATUS_SUCCEEDED
         : strcmp(text, "FAILED") == 0  ? DURABLE_STATUS_FAILED
                                        : DURABLE_STATUS_STARTED;
}

/* ---- making the value */

durable_value *dur_batch_value(durable_values *in, int kind,
                               durable_value **all) {
  durable_value *batch = durable_value_container(in, kind);
  *all = durable_value_list(in);
  return batch;
}

void dur_batch_add(durable_values *in, durable_value *all, uint32_t index,
                   int status, durable_value *result, durable_value *error) {
  durable_value *item = durable_value_pack(
      in, "{s:I, s:s, s:V, s:V}", "index", (int64_t)index, "status",
      status_text(status), "result", result, "error", error);
  durable_value_append(in, all, item);
}

/* ---- reading it */

static int read_item(durable_values *in, const durable_value *v,
                     durable_batch_item *item) {
  const durable_value *result = durable_value_get(v, "result");
  const durable_value *error = durable_value_get(v, "error");
  *item = (durable_batch_item){
      .size = sizeof *item,
      .index = (size_t)durable_value_get_int(v, "index", 0),
      .status = status_of(durable_value_get_str(v, "status", "STARTED"))};
  if (durable_value_kind_of(result) != DURABLE_KIND_NULL)
    item->result = result;
  if (durable_value_count(error) > 0)
    item->failure =
        dur_failure_of_object(in, DURABLE_OPERATION_ERROR_CHILD_CONTEXT, error);
  return item->failure == &dur_failure_no_memory;
}

static int read_items(durable_values *in, durable_batch *b,
                      const durable_value *all) {
  for (const durable_value *v = durable_value_first(all); v;
       v = durable_value_next(v)) {
    durable_batch_item *item = &b->items[b->count++];
    if (read_item(in, v, item))
      return -1;
    if (item->status == DURABLE_STATUS_SUCCEEDED && item->result)
      b->results[b->result_count++] = item->result;
    if (item->status == DURABLE_STATUS_FAILED && item->failure)
      b->failures[b->failure_count++] = item->failure;
  }
  return 0;
}

durable_batch *dur_batch_of(durable_values *in, const durable_value *value) {
  const durable_value *all = durable_value_get(value, "all");
  size_t n = durable_value_count(all) + 1;
  durable_batch *b = durable_values_alloc(in, sizeof *b);
  if (!b)
    return NULL;
  *b = (durable_batch){
      .value = value,
      .reason =
          durable_value_get_str(value, "completionReason", "ALL_COMPLETED"),
      .items = durable_values_alloc(in, n * sizeof *b->items),
      .results = durable_values_alloc(in, n * sizeof *b->results),
      .failures = durable_values_alloc(in, n * sizeof *b->failures)};
  if (!b->items || !b->results || !b->failures || read_items(in, b, all) != 0)
    return NULL;
  return b;
}

/* ---- what users ask of it */

size_t durable_batch_count(const durable_batch *batch, int status) {
  size_t n = 0;
  for (size_t i = 0; batch && i < batch->count; i++)
    n += status == 0 || batch->items[i].status == status;
  return n;
}

const durable_batch_item *durable_batch_at(const durable_batch *batch,
                                           int status, size_t nth) {
  if (!batch)
    return NULL;
  if (status == 0)
    return nth < batch->count ? &batch->items[nth] : NULL;
  for (size_t i = 0; i < batch->count; i++)
    if (batch->items[i].status == status && nth-- == 0)
      return &batch->items[i];
  return NULL;
}

const durable_value *const *durable_batch_results(const durable_batch *batch,
                                                  size_t *count) {
  if (count)
    *count = batch ? batch->result_count : 0;
  return batch ? batch->results : NULL;
}

const durable_failure *const *durable_batch_failures(const durable_batch *batch,
                                                     size_t *count) {
  if (count)
    *count = batch ? batch->failure_count : 0;
  return batch ? batch->failures : NULL;
}

int durable_batch_status(const durable_batch *batch) {
  return durable_batch_at(batch, DURABLE_STATUS_FAILED, 0)
             ? DURABLE_STATUS_FAILED
             : DURABLE_STATUS_SUCCEEDED;
}

const char *durable_batch_reason(const durable_batch *batch) {
  return batch ? batch->reason : "";
}

const durable_value *durable_batch_value(const durable_batch *batch) {
  return batch ? batch->value : NULL;
}

int durable_batch_check(durable_ctx *ctx, const durable_batch *batch) {
  durable_values *in = ctx->scope.space->values;
  const durable_batch_item *item =
      durable_batch_at(batch, DURABLE_STATUS_FAILED, 0);
  if (!item)
    return DURABLE_OK;
  const durable_failure *f = item->failure;
  const durable_failure *named = dur_failure_format(
      in, NULL, "item %zu: %s", item->index, f ? f->message : "failed");
  dur_failure_text text = {.type = f ? f->type : NULL,
                           .message = named->message,
                           .data = f ? f->data : NULL,
                           .stack = f ? f->stack : NULL,
                           .stack_count = f ? f->stack_count : 0};
  return dur_scope_fail(
      &ctx->scope, DURABLE_FAILED,
      dur_failure_typed(in, DURABLE_OPERATION_ERROR_CHILD_CONTEXT, &text));
}
