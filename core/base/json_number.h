/* json_number: double to text, for those who have no buffer. */
#ifndef DUR_BASE_JSON_NUMBER_H
#define DUR_BASE_JSON_NUMBER_H

#include <stddef.h>

enum { DUR_REPR_DIGITS = 17, DUR_REPR_MAX = 32 };

/* Python's repr, except NaN, Infinity and -Infinity, which are JSON's usual
 * extension; not NUL-terminated.  The length. */
size_t dur_double_repr(double number, char out[DUR_REPR_MAX]);

/* The digits of what printf's %e printed, under whatever decimal point, without
 * trailing zeros; *exponent is that of the first digit.  Their count. */
size_t dur_printed_digits(const char *printed, char digits[DUR_REPR_DIGITS],
                          int *exponent);

#endif
