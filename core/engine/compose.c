/* compose: payloads that the engine can build itself, in the built-in forms.
 *
 * What it puts together are the texts that branches and inputs gave: of the
 * same form, save a chained invoke's (plain JSON) and a callback's (raw text).
 */
#include <string.h>

#include "engine/group.h"
#include "serdes/batch.h"

static int refuse(dur_engine *e, const dur_serdes_error *err) {
  if (err->code == DUR_SERDES_NOMEM)
    return dur_oom(e);
  return dur_refuse(e, DUR_E_SERDES, err->message, NULL);
}

/* ---- a batch */

static void batch_error(const dur_op *op, dur_batch_item *item) {
  item->has_error = 1;
  item->error = (dur_batch_error){.message = op->error.message,
                                  .type = op->error.type,
                                  .data = op->error.data,
                                  .stack = op->error.stack};
}

static int batch(dur_engine *e, dur_op *op, dur_form form, dur_buf *out,
                 dur_serdes_error *err) {
  dur_group *g = op->u.group;
  dur_batch b = {.reason = dur_cstr(dur_reason_text(g->reason))};
  b.items = dur_arena_calloc(&e->scratch, (g->next + 1) * sizeof *b.items);
  if (!b.items)
    return dur_oom(e);
  for (uint32_t i = 0; i < g->next; i++) {
    const dur_branch *branch = &g->branches[i];
    dur_batch_item *item = &b.items[b.count++];
    item->index = i;
    item->status = DUR_ITEM_STARTED;
    if (branch->state == DUR_BRANCH_SUCCEEDED) {
      item->status = DUR_ITEM_SUCCEEDED;
      item->result = branch->op->result;
    } else if (branch->state == DUR_BRANCH_FAILED) {
      item->status = DUR_ITEM_FAILED;
      batch_error(branch->op, item);
    }
  }
  dur_batch_form shape = DUR_BATCH_TAGGED;
  if (form == DUR_FORM_PLAIN)
    shape = dur_dialect_kind_of(e->set.dialect) == DUR_DIALECT_JS
                ? DUR_BATCH_JS
                : DUR_BATCH_DICT;
  return dur_batch_write(out, &e->scratch, &b, shape, form, err);
}

/* ---- a combinator */

/* An input's value as a whole payload of |form|. */
static int value_of(dur_engine *e, const dur_op *op, dur_form form,
                    dur_bytes *out, dur_serdes_error *err) {
  *out = op->result;
  if (!op->result.data || op->kind == DUR_KIND_WAIT ||
      op->kind == DUR_KIND_CALLBACK) {
    *out = DUR_LIT("null");
    return 0;
  }
  if (op->kind == DUR_KIND_INVOKE && form != DUR_FORM_PLAIN)
    return dur_form_extract(&e->scratch, op->result, DUR_FORM_PLAIN, form, out,
                            err);
  if (op->kind != DUR_KIND_CALLBACK_RESULT)
    return 0;
  dur_buf_reset(&e->text);
  dur_json_put_string(&e->text, op->result);
  *out = dur_arena_copy(&e->scratch, dur_text(e));
  return out->data ? 0 : dur_oom(e);
}

static int all(dur_engine *e, const dur_op *op, dur_form form, dur_buf *out,
               dur_serdes_error *err) {
  uint32_t n = op->u.combine.count;
  dur_bytes *texts = dur_arena_calloc(&e->scratch, (n + 1) * sizeof *texts);
  if (!texts)
    return dur_oom(e);
  for (uint32_t i = 0; i < n; i++) {
    int rc = value_of(e, op->u.combine.ops[i], form, &texts[i], err);
    if (rc != 0)
      return rc;
  }
  return dur_form_list(out, &e->scratch, form, texts, n, err);
}

static int settled(dur_engine *e, const dur_op *op, dur_form form, dur_buf *out,
                   dur_serdes_error *err) {
  uint32_t n = op->u.combine.count;
  dur_settled *items = dur_arena_calloc(&e->scratch, (n + 1) * sizeof *items);
  if (!items)
    return dur_oom(e);
  for (uint32_t i = 0; i < n; i++) {
    const dur_op *input = op->u.combine.ops[i];
    items[i].rejected = input->status != DUR_STATUS_SUCCEEDED;
    items[i].reason = input->error_json;
    int rc =
        items[i].rejected ? 0 : value_of(e, input, form, &items[i].value, err);
    if (rc != 0)
      return rc;
  }
  return dur_form_settled(out, &e->scratch, form, items, n, err);
}

static int combined(dur_engine *e, const dur_op *op, dur_form form,
                    dur_buf *out, dur_serdes_error *err) {
  if (op->u.combine.winner < 0)
    return op->u.combine.mode == 1 ? all(e, op, form, out, err)
                                   : settled(e, op, form, out, err);
  dur_bytes text;
  int rc =
      value_of(e, op->u.combine.ops[op->u.combine.winner], form, &text, err);
  if (rc == 0)
    dur_buf_bytes(out, text);
  return rc;
}

/* ---- the door */

static int compose(dur_engine *e, dur_op *op, dur_form form, dur_buf *out,
                   dur_serdes_error *err) {
  switch ((dur_op_kind)op->kind) {
  case DUR_KIND_GROUP:
    return batch(e, op, form, out, err);
  case DUR_KIND_COMBINE:
    return combined(e, op, form, out, err);
  default: /* wait_for_callback: the raw text becomes a string */
    if (op->state.data)
      dur_json_put_string(out, op->state);
    else
      dur_buf_str(out, "null");
    return 0;
  }
}

int dur_op_compose(dur_engine *e, dur_op *op, int tagged) {
  if (op->phase != DUR_PHASE_RUNNING || op->body != DUR_BODY_PAYLOAD)
    return dur_refuse(e, DUR_E_STATE, "op_compose needs a PAYLOAD body", NULL);
  dur_serdes_error err = {.code = DUR_SERDES_OK};
  dur_buf out;
  dur_buf_init(&out, &e->mem, DUR_EVENT_BYTES_MAX);
  int rc =
      compose(e, op, tagged ? DUR_FORM_TAGGED : DUR_FORM_PLAIN, &out, &err);
  if (rc == 0 && out.failed)
    rc = dur_oom(e);
  else if (rc != 0 && !e->fatal)
    rc = refuse(e, &err);
  else if (rc == 0)
    rc = dur_keep(e, dur_buf_view(&out), &op->composed);
  dur_buf_drop(&out);
  dur_arena_drop(&e->scratch);
  return rc;
}
