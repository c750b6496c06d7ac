/* value_text: values from and to the texts of the built-in forms.
 *
 * Invariant: every text of a parsed tree has a NUL behind it.  The source is
 * copied into the pool first; strings that borrow from the copy are ended in
 * place of their closing quote, once nobody reads the copy any more. */
#include "abi/value_pool.h"
#include "serdes/form.h"
#include "serdes/plain.h"

enum { TEXT_MAX = 64 * 1024 * 1024 };

typedef struct source {
  dur_arena *arena;
  char *text;
  size_t len;
} source;

static int is_inside(const source *s, dur_bytes b) {
  return b.data >= s->text && b.data < s->text + s->len;
}

static int end_text(const source *s, dur_bytes *text) {
  if (is_inside(s, *text)) {
    s->text[(size_t)(text->data - s->text) + text->len] = '\0';
    return 0;
  }
  *text = dur_arena_copy(s->arena, *text);
  return text->data ? 0 : -1;
}

/* What the JSON reader decoded has its NUL; other text outside of the source
 * may come from anywhere. */
static int end_node(const source *s, dur_value *v) {
  if (v->kind == DUR_STRING || (v->kind == DUR_INT && !v->fits))
    return is_inside(s, v->u.text) ? end_text(s, &v->u.text) : 0;
  if (v->kind >= DUR_UUID && v->kind <= DUR_DATE)
    return end_text(s, &v->u.text);
  return 0;
}

static int end_tree(const source *s, dur_value *v) {
  if (v->kind < DUR_TUPLE)
    return end_node(s, v);
  for (dur_value *item = v->u.items.first; item; item = item->next) {
    if (item->key.data && is_inside(s, item->key) &&
        end_text(s, &item->key) != 0)
      return -1;
    if (end_tree(s, item) != 0)
      return -1;
  }
  return 0;
}

int durable_value_parse(durable_values *in, int form, durable_bytes text,
                        const durable_value **out) {
  if (!in || !out || !text.data ||
      (form != DURABLE_FORM_PLAIN && form != DURABLE_FORM_TAGGED))
    return DURABLE_E_ARGUMENT;
  *out = NULL;
  dur_bytes copy = dur_arena_copy(&in->arena, dur_pool_bytes(text));
  if (!copy.data)
    return dur_pool_nomem(in);
  source s = {&in->arena, (char *)copy.data, copy.len};
  dur_value *value;
  if (dur_form_read((dur_form)form, &in->arena, copy, &value, &in->error) != 0)
    return dur_pool_code(in);
  if (end_tree(&s, value) != 0)
    return dur_pool_nomem(in);
  *out = dur_value_out(value);
  return DURABLE_OK;
}

static int write(dur_buf *buf, int form, const dur_value *value,
                 dur_serdes_error *err) {
  if (form == DURABLE_FORM_SPACED)
    return dur_plain_write(buf, value, 1, err);
  return dur_form_write((dur_form)form, buf, value, err);
}

int durable_value_print(durable_values *in, int form,
                        const durable_value *value, durable_bytes *out) {
  if (!in || !out || form < DURABLE_FORM_PLAIN || form > DURABLE_FORM_SPACED)
    return DURABLE_E_ARGUMENT;
  *out = (durable_bytes){NULL, 0};
  dur_value null = {.kind = DUR_NULL};
  dur_buf buf;
  dur_buf_init(&buf, &in->mem, TEXT_MAX);
  int rc = write(&buf, form, value ? dur_value_in(value) : &null, &in->error);
  if (rc == 0)
    *out = durable_values_keep(in, dur_pool_view(dur_buf_view(&buf)));
  dur_buf_drop(&buf);
  if (rc != 0)
    return dur_pool_code(in);
  return out->data ? DURABLE_OK : DURABLE_E_NOMEM;
}
