/* member: look into JSON text without a tree.  Only core/serdes may use it; the
 * texts are well-formed JSON already. */
#ifndef DUR_SERDES_MEMBER_H
#define DUR_SERDES_MEMBER_H

#include "serdes/value.h"

/* '{', '[', '"', 't', 'f', 'n' or a character of a number; 0 when empty */
char dur_member_first(dur_bytes json);
/* The raw values of |count| keys of an object, the last of equal ones; absent
 * when it has none or |json| is no object. */
void dur_member_find(dur_bytes json, const char *const *keys, size_t count,
                     dur_bytes *raws);
/* An envelope's tag as a kind, and its "v".  DUR_KINDS: it is none, or its tag
 * is not known. */
dur_kind dur_member_envelope(dur_bytes json, dur_bytes *inner);
/* Decode a string.  0 with *out absent: it is no string.  -1: no memory. */
int dur_member_string(dur_arena *arena, dur_bytes json, dur_bytes *out);
/* 1 and *out, or 0: no integer, or too large */
int dur_member_int(dur_bytes json, int64_t *out);

#endif
