/* form: the two built-in serdes by number, and texts carried between them. */
#ifndef DUR_SERDES_FORM_H
#define DUR_SERDES_FORM_H

#include "serdes/value.h"

typedef enum dur_form { DUR_FORM_PLAIN = 0, DUR_FORM_TAGGED = 1 } dur_form;

int dur_form_read(dur_form form, dur_arena *arena, dur_bytes text,
                  dur_value **out, dur_serdes_error *err);
/* Plain is written compact. */
int dur_form_write(dur_form form, dur_buf *out, const dur_value *value,
                   dur_serdes_error *err);

/* Append |text|, a whole payload in form |from|, as a member of a payload in
 * form |to|; absent means null.  It is copied as it stands where the two agree
 * and checked to be JSON.  |arena| is scratch. */
int dur_form_splice(dur_buf *out, dur_arena *arena, dur_bytes text,
                    dur_form from, dur_form to, const dur_serdes_place *place,
                    dur_serdes_error *err);
/* The inverse: |text| is a member of a payload in form |from|; *out is a whole
 * payload in form |to|, borrowed from |text| or in |arena|. */
int dur_form_extract(dur_arena *arena, dur_bytes text, dur_form from,
                     dur_form to, dur_bytes *out, dur_serdes_error *err);

/* A whole payload, a list of |count| whole payloads of the same form. */
int dur_form_list(dur_buf *out, dur_arena *arena, dur_form form,
                  const dur_bytes *texts, size_t count, dur_serdes_error *err);

/* One outcome of a combinator that settles all: a value, or a reason. */
typedef struct dur_settled {
  int rejected;
  dur_bytes value;  /* a whole payload; absent: null */
  dur_bytes reason; /* rejected: an ErrorObject, plain JSON */
} dur_settled;
/* [{"status":"fulfilled","value":..} | {"status":"rejected","reason":..}] */
int dur_form_settled(dur_buf *out, dur_arena *arena, dur_form form,
                     const dur_settled *items, size_t count,
                     dur_serdes_error *err);

#endif
