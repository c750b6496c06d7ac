/* durable/value.h: values, the data that workflows store.
 *
 * A durable_values is a pool; every value is made in one and lives as long as
 * it does.  A durable_value is a node of a tree: null, boolean, integer of any
 * length, float, string, list, object, and the kinds that only the tagged form
 * can write (bytes, UUID, decimal, datetime, date, tuple, batch).
 *
 *   durable_value *order = durable_value_pack(in, "{s:s, s:i, s:[s,s]}",
 *       "id", "A-17", "total", 1250, "tags", "new", "gift");
 *   const char *id = durable_value_get_str(order, "id", "");
 *
 * Trees     Containers are filled while they stand alone: what was put into
 *           another one can be read, but neither changed nor put anywhere
 *           again; durable_value_copy() makes one that can.
 * NULL      Reading NULL is reading nothing: kind NULL, count 0, no member,
 *           the given default.  As something to store it is null.
 * Memory    A constructor that finds none answers NULL, and from then on
 *           durable_values_status() says so: a tree may be built without a
 *           check at every node.  A body whose pool has failed has failed.
 * Strings   Unicode as WTF-8, with a length, and with a NUL behind them; they
 *           may hold NUL themselves.
 * Threads   A pool is used by one thread at a time.  Finished trees may be
 *           read by any number of threads. */
#ifndef DURABLE_VALUE_H
#define DURABLE_VALUE_H

#include <stdarg.h>

#include <durable/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct durable_values durable_values;
typedef struct durable_value durable_value;

/* ------------------------------------------------------------------ pools */

/* |mem| NULL: malloc.  Errors: ARGUMENT, NOMEM. */
DURABLE_API DURABLE_NODISCARD int durable_values_new(durable_values **out,
                                                     const durable_mem *mem);
DURABLE_API void durable_values_free(durable_values *in); /* NULL is fine */
/* Uninitialised memory that lives as long as the pool, or NULL. */
DURABLE_API void *durable_values_alloc(durable_values *in, size_t size);
/* A copy with a NUL behind it; absent stays absent. */
DURABLE_API durable_bytes durable_values_keep(durable_values *in,
                                              durable_bytes bytes);
/* DURABLE_OK; DURABLE_E_NOMEM once an allocation failed, DURABLE_E_ARGUMENT
 * once a pattern was wrong. */
DURABLE_API int durable_values_status(const durable_values *in);

/* Of the last call on this pool that answered an error: a sentence that begins
 * with the path of the offending element where there is one, the path alone
 * ("$.items[3].when", or ""), and the class of the exception that the official
 * Python SDK raises for it ("SerDesError", "JSONDecodeError", "ValueError",
 * "TypeError"; "" before any error). */
DURABLE_API const char *durable_values_error(const durable_values *in);
DURABLE_API const char *durable_values_error_path(const durable_values *in);
DURABLE_API const char *durable_values_error_class(const durable_values *in);

/* ----------------------------------------------------------------- making */

typedef enum durable_value_kind {
  DURABLE_KIND_NULL = 0,
  DURABLE_KIND_BOOL,
  DURABLE_KIND_INT, /* of any length */
  DURABLE_KIND_FLOAT,
  DURABLE_KIND_STRING,
  DURABLE_KIND_BYTES,
  DURABLE_KIND_UUID,     /* text: 32 lower-case digits and 4 hyphens */
  DURABLE_KIND_DECIMAL,  /* text, such as "1.10" */
  DURABLE_KIND_DATETIME, /* text: YYYY-MM-DDTHH:MM:SS[.ffffff][+HH:MM] */
  DURABLE_KIND_DATE,     /* text: YYYY-MM-DD */
  DURABLE_KIND_TUPLE,
  DURABLE_KIND_LIST,
  DURABLE_KIND_OBJECT, /* string keys, in order of insertion */
  DURABLE_KIND_BATCH   /* an object: the plain form of a batch result */
} durable_value_kind;

DURABLE_API durable_value *durable_value_null(durable_values *in);
DURABLE_API durable_value *durable_value_bool(durable_values *in, int truth);
DURABLE_API durable_value *durable_value_int(durable_values *in,
                                             int64_t number);
DURABLE_API durable_value *durable_value_float(durable_values *in,
                                               double number);
/* |text| NULL: null. */
DURABLE_API durable_value *durable_value_str(durable_values *in,
                                             const char *text);
/* STRING or BYTES; copies. */
DURABLE_API durable_value *durable_value_data(durable_values *in, int kind,
                                              durable_bytes data);
/* The same without a copy: |data| has to live as long as the pool, with a NUL
 * behind it if durable_value_as_str() is to be used. */
DURABLE_API durable_value *durable_value_borrow(durable_values *in, int kind,
                                                durable_bytes data);
/* An empty LIST, TUPLE, OBJECT or BATCH. */
DURABLE_API durable_value *durable_value_container(durable_values *in,
                                                   int kind);
DURABLE_API durable_value *durable_value_list(durable_values *in);
DURABLE_API durable_value *durable_value_object(durable_values *in);
/* INT (decimal digits, any number of them), UUID, DECIMAL, DATETIME or DATE
 * from text, which is normalised.  Errors: ARGUMENT (no such kind), SERDES (not
 * the text of one), NOMEM. */
DURABLE_API int durable_value_read(durable_values *in, int kind,
                                   durable_bytes text, durable_value **out);
/* A copy of a whole tree, from any pool; NULL stays NULL. */
DURABLE_API durable_value *durable_value_copy(durable_values *in,
                                              const durable_value *value);

/* Build a tree from a pattern:
 *   s  const char * (NULL: null)     n  null
 *   i  int      I  int64_t           b  int, a boolean
 *   f  double                        { key value ... }   keys: s
 *   v  const durable_value *, copied [ value ... ]
 *   V  durable_value * of this pool, moved in
 * Blanks, commas and colons are for the reader.  NULL: memory is out, or the
 * pattern is wrong (durable_values_error). */
DURABLE_API durable_value *durable_value_pack(durable_values *in,
                                              const char *pattern, ...);
DURABLE_API durable_value *
durable_value_vpack(durable_values *in, const char *pattern, va_list args);

/* Put |item| (NULL: null), which is of the same pool and in no container yet,
 * into |object| or |list|.  A later value of a key takes the earlier one's
 * place.  Errors: ARGUMENT (not such a container), STATE (one of the two is in
 * a container already), LIMIT (deeper than 512), NOMEM. */
DURABLE_API int durable_value_set(durable_values *in, durable_value *object,
                                  const char *key, durable_value *item);
DURABLE_API int durable_value_set_key(durable_values *in, durable_value *object,
                                      durable_bytes key, durable_value *item);
DURABLE_API int durable_value_append(durable_values *in, durable_value *list,
                                     durable_value *item);
/* The text that JSON has for a key that is not a string: "null", "1", "1.5".
 * Errors: SERDES (a container or a kind that cannot be a key), NOMEM. */
DURABLE_API int durable_value_key_text(durable_values *in,
                                       const durable_value *key,
                                       durable_bytes *out);

/* ---------------------------------------------------------------- reading */

DURABLE_API int durable_value_kind_of(const durable_value *value);
/* "null", "boolean", "integer", "float", "string", "list", "map", ... */
DURABLE_API const char *durable_value_kind_name(int kind);
/* Members of a container, else 0. */
DURABLE_API size_t durable_value_count(const durable_value *value);
/* NULL when there is none. */
DURABLE_API const durable_value *durable_value_get(const durable_value *object,
                                                   const char *key);
DURABLE_API const durable_value *
durable_value_get_key(const durable_value *object, durable_bytes key);
/* The |index|-th member; a walk is better done by first and next. */
DURABLE_API const durable_value *durable_value_at(const durable_value *list,
                                                  size_t index);
DURABLE_API const durable_value *
durable_value_first(const durable_value *container);
DURABLE_API const durable_value *
durable_value_next(const durable_value *member);
/* The key under which a member stands in its object; absent in a list. */
DURABLE_API durable_bytes durable_value_key(const durable_value *member);

/* |otherwise| unless the value is of that kind; as_int also unless it fits. */
DURABLE_API int durable_value_as_bool(const durable_value *value,
                                      int otherwise);
DURABLE_API int64_t durable_value_as_int(const durable_value *value,
                                         int64_t otherwise);
/* An integer as well as a float. */
DURABLE_API double durable_value_as_float(const durable_value *value,
                                          double otherwise);
DURABLE_API const char *durable_value_as_str(const durable_value *value,
                                             const char *otherwise);
/* The text or data of STRING, BYTES, UUID, DECIMAL, DATETIME, DATE, and of an
 * INT that does not fit 64 bits; else absent. */
DURABLE_API durable_bytes durable_value_text(const durable_value *value);
/* The decimal digits of any INT; absent for others. */
DURABLE_API durable_bytes durable_value_int_text(durable_values *in,
                                                 const durable_value *value);

/* The same of a member of |object|. */
DURABLE_API int durable_value_get_bool(const durable_value *object,
                                       const char *key, int otherwise);
DURABLE_API int64_t durable_value_get_int(const durable_value *object,
                                          const char *key, int64_t otherwise);
DURABLE_API double durable_value_get_float(const durable_value *object,
                                           const char *key, double otherwise);
DURABLE_API const char *durable_value_get_str(const durable_value *object,
                                              const char *key,
                                              const char *otherwise);

/* 1: same kinds and contents; objects are equal in any order. */
DURABLE_API int durable_value_equal(const durable_value *a,
                                    const durable_value *b);

/* ------------------------------------------------------------------ texts */

/* Forms: DURABLE_FORM_PLAIN (JSON) and DURABLE_FORM_TAGGED of engine.h, and
 * JSON with a blank after each comma and colon, for printing only. */
enum { DURABLE_FORM_SPACED = 2 };

/* Read |text|, all of it.  Errors: ARGUMENT, SERDES, NOMEM. */
DURABLE_API int durable_value_parse(durable_values *in, int form,
                                    durable_bytes text,
                                    const durable_value **out);
/* Write a value; *out lives as long as the pool and has a NUL behind it.
 * Errors: ARGUMENT, SERDES (a kind that the form does not have), NOMEM. */
DURABLE_API int durable_value_print(durable_values *in, int form,
                                    const durable_value *value,
                                    durable_bytes *out);

#ifdef __cplusplus
}
#endif
#endif
