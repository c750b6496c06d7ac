/* queue: updates on their way out, and the request that carries them.
 *
 * Invariant: updates leave in the order in which they were pushed, at most 250
 * and at most 768,000 bytes of JSON in one request; an update larger than that
 * goes alone, so none is ever dropped or stuck.  Nodes in |sent| are those of
 * the one request in flight. */
#include "engine/internal.h"

dur_node *dur_update_new(dur_engine *e, dur_op *op, dur_type type,
                         dur_action action) {
  if (e->fatal)
    return NULL;
  dur_node *node = e->spare;
  if (node)
    e->spare = node->next;
  else if (!(node = dur_arena_alloc(&e->arena, sizeof *node))) {
    dur_oom(e);
    return NULL;
  }
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

static void append(dur_queue *queue, dur_node *node) {
  node->next = NULL;
  if (queue->tail)
    queue->tail->next = node;
  else
    queue->head = node;
  queue->tail = node;
  queue->count++;
  queue->bytes += node->size;
}

static dur_node *take(dur_queue *queue) {
  dur_node *node = queue->head;
  queue->head = node->next;
  if (!queue->head)
    queue->tail = NULL;
  queue->count--;
  queue->bytes -= node->size;
  return node;
}

void dur_update_push(dur_engine *e, dur_node *node) {
  node->size = dur_update_size(&node->update);
  append(&e->queue, node);
  if (!node->op)
    return;
  node->op->unacked++;
  node->op->queued++;
  if (node->update.action == DUR_ACTION_START)
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
  int len = dur_hash2(e->hasher, DUR_HASH_SHA256, e->token,
                      dur_buf_view(&e->text), digest);
  if (len < 0)
    return dur_oom(e);
  dur_hex(e->client_token, digest, sizeof e->client_token / 2);
  return 0;
}

int dur_queue_send(dur_engine *e) {
  dur_json_out out;
  if (derive_client_token(e) != 0)
    return DUR_E_NOMEM;
  dur_buf_reset(&e->body);
  dur_buf_reset(&e->target);
  dur_checkpoint_target(&e->target, e->arn);
  dur_json_out_init(&out, &e->body, 0);
  dur_checkpoint_begin(&out, e->token);
  e->updates_at = e->body.len - 1; /* its '[' */
  while (e->queue.head && e->sent.count < DUR_BATCH_UPDATES_MAX &&
         (e->sent.count == 0 ||
          e->sent.bytes + e->queue.head->size <= DUR_BATCH_BYTES_MAX)) {
    dur_node *node = take(&e->queue);
    dur_update_write(&out, &node->update);
    append(&e->sent, node);
    if (node->op)
      node->op->queued--;
  }
  if (!e->queue.head)
    e->send_needed = 0;
  e->updates_len = e->body.len - e->updates_at + 1;
  dur_checkpoint_end(&out, (dur_bytes){e->client_token, 64});
  return e->body.failed || e->target.failed ? dur_oom(e) : 0;
}

static void recycle(dur_engine *e, dur_node *node) {
  if (node->op)
    node->op->unacked--;
  node->next = e->spare;
  e->spare = node;
}

void dur_queue_drop(dur_engine *e) {
  while (e->sent.head)
    recycle(e, take(&e->sent));
  while (e->queue.head) {
    if (e->queue.head->op)
      e->queue.head->op->queued--;
    recycle(e, take(&e->queue));
  }
}

void dur_queue_acked(dur_engine *e) {
  while (e->sent.head) {
    dur_node *node = take(&e->sent);
    dur_op *op = node->op;
    dur_action action = node->update.action;
    recycle(e, node);
    if (!op)
      continue;
    dur_op_acked(e, op, action);
    dur_op_wake(e, op);
  }
}
