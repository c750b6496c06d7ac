/* queue: updates on their way out, and the request that carries them.
 *
 * Invariant: updates leave in the order in which they were pushed, at most 250
 * and at most 768,000 bytes of JSON in one request; an update larger than that
 * goes alone, so none is ever dropped or stuck.  Nodes in |sent| are those of
 * the one request in flight. */
#include "engine/internal.h"

dur_node *dur_update_new(dur_engine *e, dur_op *op, dur_type type,
                         dur_action action) {
  dur_node *node = &e->draft;
  if (e->fatal)
    return NULL;
  *node = (dur_node){.op = op};
  node->update.type = type;
  node->update.action = action;
  if (op) {
    node->update.id = op->id;
    node->update.parent_id = op->ctx->parent_id;
    node->update.name = op->name;
    node->update.sub_type = op->sub_type;
  }
  return node;
}

static void append(dur_queue *queue, dur_item *item) {
  item->next = NULL;
  if (queue->tail)
    queue->tail->next = item;
  else
    queue->head = item;
  queue->tail = item;
  queue->count++;
  queue->bytes += item->size;
}

static dur_item *take(dur_queue *queue) {
  dur_item *item = queue->head;
  queue->head = item->next;
  if (!queue->head)
    queue->tail = NULL;
  queue->count--;
  queue->bytes -= item->size;
  return item;
}

static dur_item *new_item(dur_engine *e) {
  dur_item *item = e->spare;
  if (item)
    e->spare = item->next;
  else
    item = dur_arena_alloc(&e->arena, sizeof *item);
  return item;
}

void dur_update_push(dur_engine *e, dur_node *node) {
  dur_json_out out;
  dur_item *item = new_item(e);
  size_t before = e->outbox.len;
  dur_json_out_init(&out, &e->outbox, 0);
  dur_update_write(&out, &node->update);
  if (!item || e->outbox.failed) {
    dur_oom(e);
    return;
  }
  *item = (dur_item){.op = node->op,
                     .size = e->outbox.len - before,
                     .action = node->update.action};
  append(&e->queue, item);
  if (!node->op)
    return;
  node->op->unacked++;
  node->op->queued++;
  if (item->action == DUR_ACTION_START)
    dur_note_op_start(e, node->op);
}

void dur_queue_need(dur_engine *e, dur_op *op) {
  if (op->queued > 0)
    e->send_needed = 1;
}

static int derive_client_token(dur_engine *e) {
  unsigned char digest[DUR_HASH_MAX];
  dur_buf_reset(&e->text);
  dur_buf_char(&e->text, '\n');
  dur_buf_u64(&e->text, e->batches++);
  int len =
      dur_hash2(e->hasher, DUR_HASH_SHA256, e->token, dur_text(e), digest);
  if (len < 0)
    return dur_oom(e);
  dur_hex(e->client_token, digest, sizeof e->client_token / 2);
  return 0;
}

/* Move a text from the outbox into the request. */
static void post(dur_engine *e, dur_json_out *out, const dur_item *item) {
  dur_bytes text = {e->outbox.data + e->outbox_sent, item->size};
  dur_json_raw_value(out, text);
  e->outbox_sent += item->size;
  if (e->outbox_sent < e->outbox.len)
    return;
  dur_buf_reset(&e->outbox);
  e->outbox_sent = 0;
}

static void fill_batch(dur_engine *e, dur_json_out *out) {
  while (e->queue.head && e->sent.count < DUR_BATCH_UPDATES_MAX &&
         (e->sent.count == 0 ||
          e->sent.bytes + e->queue.head->size <= DUR_BATCH_BYTES_MAX)) {
    dur_item *item = take(&e->queue);
    post(e, out, item);
    append(&e->sent, item);
    if (item->op)
      item->op->queued--;
  }
  if (!e->queue.head)
    e->send_needed = 0;
}

static int write_target(dur_engine *e) {
  if (e->checkpoint_target.data)
    return 0;
  dur_buf_reset(&e->target);
  dur_checkpoint_target(&e->target, e->arn);
  return e->target.failed
             ? dur_oom(e)
             : dur_keep(e, dur_buf_view(&e->target), &e->checkpoint_target);
}

int dur_queue_send(dur_engine *e) {
  dur_json_out out;
  if (derive_client_token(e) != 0 || write_target(e) != 0)
    return DUR_E_NOMEM;
  dur_buf_reset(&e->body);
  dur_json_out_init(&out, &e->body, 0);
  dur_checkpoint_begin(&out, e->token);
  e->updates_at = e->body.len - 1; /* its '[' */
  fill_batch(e, &out);
  e->updates_len = e->body.len - e->updates_at + 1;
  dur_checkpoint_end(&out, (dur_bytes){e->client_token, 64});
  return e->body.failed ? dur_oom(e) : 0;
}

static void recycle(dur_engine *e, dur_item *item) {
  if (item->op)
    item->op->unacked--;
  item->next = e->spare;
  e->spare = item;
}

void dur_queue_drop(dur_engine *e) {
  while (e->sent.head)
    recycle(e, take(&e->sent));
  while (e->queue.head) {
    if (e->queue.head->op)
      e->queue.head->op->queued--;
    recycle(e, take(&e->queue));
  }
  dur_buf_reset(&e->outbox);
  e->outbox_sent = 0;
}

void dur_queue_acked(dur_engine *e) {
  while (e->sent.head) {
    dur_item *item = take(&e->sent);
    dur_op *op = item->op;
    dur_action action = item->action;
    recycle(e, item);
    if (!op)
      continue;
    dur_op_acked(e, op, action);
    dur_op_wake(e, op);
  }
}
