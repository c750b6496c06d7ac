/* prng: xoshiro256** seeded by splitmix64.  Not for secrets: jitter, ids. */
#ifndef DUR_BASE_PRNG_H
#define DUR_BASE_PRNG_H

#include <stdint.h>

typedef struct dur_prng {
  uint64_t s[4];
} dur_prng;

void dur_prng_seed(dur_prng *prng, uint64_t seed);
uint64_t dur_prng_next(dur_prng *prng);
double dur_prng_unit(dur_prng *prng); /* uniform in [0, 1), 53 bits */

#endif
