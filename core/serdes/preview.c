/* preview: pick paths, then put the picked values under them again.
 *
 * Invariant: what |picks| holds has passed the budget, and the budget counts a
 * pair as it would stand in flat JSON, "path":value and a comma. */
#include "serdes/preview.h"

#include <string.h>

#include "serdes/plain.h"

typedef struct pick {
  struct pick *next;
  dur_bytes path;         /* dotted */
  const dur_value *value; /* a scalar */
} pick;

typedef struct walker {
  dur_arena *arena;
  const dur_preview_config *config;
  dur_serdes_error *err;
  dur_buf path; /* of the value at hand */
  dur_buf json; /* scratch */
  const dur_value *mask;
  pick *first, **last;
  size_t size, max;
  int full; /* the budget is spent: the walk ends */
} walker;

/* ---- rules */

static int has_segment(dur_bytes path, dur_bytes name) {
  size_t from = 0;
  for (size_t i = 0; i <= path.len; i++) {
    if (i < path.len && path.data[i] != '.')
      continue;
    if (dur_bytes_eq((dur_bytes){path.data + from, i - from}, name))
      return 1;
    from = i + 1;
  }
  return 0;
}

static int matches(const dur_preview_rule *rules, size_t count,
                   dur_bytes path) {
  for (size_t i = 0; i < count; i++)
    if (rules[i].match == DUR_PREVIEW_PATH ? dur_bytes_eq(rules[i].name, path)
                                           : has_segment(path, rules[i].name))
      return 1;
  return 0;
}

/* ---- the walk */

static int add_pick(walker *w, const dur_value *value) {
  dur_bytes path = dur_buf_view(&w->path);
  dur_buf_reset(&w->json);
  if (dur_plain_write(&w->json, value, 1, w->err))
    return -1;
  size_t cost = path.len + w->json.len + sizeof "\"\":," - 1;
  if (cost > w->max - w->size) {
    w->full = 1;
    return 0;
  }
  pick *p = dur_arena_alloc(w->arena, sizeof *p);
  if (!p)
    return dur_serdes_nomem(w->err);
  *p = (pick){NULL, dur_arena_copy(w->arena, path), value};
  if (!p->path.data)
    return dur_serdes_nomem(w->err);
  *w->last = p;
  w->last = &p->next;
  w->size += cost;
  return 0;
}

static int walk(walker *w, const dur_value *value);

static int is_container(const dur_value *value) {
  return value->kind >= DUR_TUPLE;
}

static int visit(walker *w, const dur_value *value) {
  const dur_preview_config *c = w->config;
  dur_bytes path = dur_buf_view(&w->path);
  if (matches(c->exclude, c->exclude_count, path))
    return 0;
  if (matches(c->mask, c->mask_count, path))
    return add_pick(w, w->mask);
  if (is_container(value))
    return walk(w, value);
  if (c->mode == DUR_PREVIEW_INCLUDE_ALL ||
      matches(c->include, c->include_count, path))
    return add_pick(w, value);
  return 0;
}

static int walk_member(walker *w, const dur_value *member) {
  size_t len = w->path.len;
  if (member->key.len && memchr(member->key.data, '.', member->key.len))
    return 0;
  if (len)
    dur_buf_char(&w->path, '.');
  dur_buf_bytes(&w->path, member->key);
  if (w->path.failed)
    return dur_serdes_nomem(w->err);
  int rc = visit(w, member);
  w->path.len = len;
  return rc;
}

/* A list passes its members on at its own path; scalars in it are dropped. */
static int walk(walker *w, const dur_value *value) {
  int is_map = dur_value_is_map(value);
  for (const dur_value *v = value->u.items.first; v && !w->full; v = v->next)
    if (is_map ? walk_member(w, v) : is_container(v) && walk(w, v))
      return -1;
  return 0;
}

/* ---- the result */

static dur_value *copy_scalar(dur_arena *arena, const dur_value *value) {
  dur_value *copy = dur_arena_alloc(arena, sizeof *copy);
  if (copy) {
    *copy = *value;
    copy->placed = 0;
    copy->next = NULL;
  }
  return copy;
}

/* While the result is built its maps are open, so containers are linked with
 * trees of their own and turned into values at the end. */
typedef struct node {
  struct node *next, *first, *last;
  dur_bytes key;
  const dur_value *value; /* NULL: a map */
} node;

static node *child(dur_arena *arena, node *in, dur_bytes key) {
  for (node *n = in->first; n; n = n->next)
    if (dur_bytes_eq(n->key, key))
      return n;
  node *n = dur_arena_calloc(arena, sizeof *n);
  if (!n)
    return NULL;
  n->key = key;
  if (in->last)
    in->last->next = n;
  else
    in->first = n;
  in->last = n;
  return n;
}

static int put_pick(dur_arena *arena, node *root, const pick *p) {
  const char *at = p->path.data, *end = at + p->path.len;
  for (node *n = root;;) {
    const char *dot = at < end ? memchr(at, '.', (size_t)(end - at)) : NULL;
    const char *stop = dot ? dot : end;
    n = child(arena, n, (dur_bytes){at, (size_t)(stop - at)});
    if (!n)
      return -1;
    n->value = dot ? NULL : p->value;
    if (!dot) {
      n->first = n->last = NULL;
      return 0;
    }
    at = dot + 1;
  }
}

static dur_value *to_value(dur_arena *arena, const node *n) {
  if (n->value)
    return copy_scalar(arena, n->value);
  dur_value *map = dur_value_container(arena, DUR_MAP);
  for (const node *c = n->first; map && c; c = c->next) {
    dur_value *v = to_value(arena, c);
    if (!v || dur_value_set_borrow(arena, map, c->key, v))
      return NULL;
  }
  return map;
}

static int build(const walker *w, dur_value **out) {
  node root = {0};
  for (const pick *p = w->first; p; p = p->next)
    if (put_pick(w->arena, &root, p))
      return dur_serdes_nomem(w->err);
  if (!w->first)
    return 0;
  *out = to_value(w->arena, &root);
  return *out ? 0 : dur_serdes_nomem(w->err);
}

int dur_preview(dur_arena *arena, const dur_value *value,
                const dur_preview_config *config, dur_value **out,
                dur_serdes_error *err) {
  enum { BRACES = 2 };
  dur_bytes mask =
      config->mask_string.data ? config->mask_string : DUR_LIT("***");
  dur_value masked = {.kind = DUR_STRING, .u.text = mask};
  walker w = {.arena = arena, .config = config, .err = err, .mask = &masked};
  w.last = &w.first;
  w.size = BRACES;
  w.max = config->max_bytes ? config->max_bytes : DUR_PREVIEW_BYTES;
  *out = NULL;
  if (!dur_value_is_map(value) || w.max < BRACES)
    return 0;
  dur_buf_init(&w.path, arena->mem, SIZE_MAX);
  dur_buf_init(&w.json, arena->mem, SIZE_MAX);
  int rc = walk(&w, value);
  if (rc == 0)
    rc = build(&w, out);
  dur_buf_drop(&w.path);
  dur_buf_drop(&w.json);
  return rc;
}
