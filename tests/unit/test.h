/* test: what every cmocka test includes first. */
#ifndef DUR_TEST_H
#define DUR_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
