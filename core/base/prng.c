/* prng: xoshiro256** over 256 bits of state that are never all zero, since
 * splitmix64 gives four different words. */
#include "base/prng.h"

static uint64_t splitmix64(uint64_t *state) {
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

void dur_prng_seed(dur_prng *prng, uint64_t seed) {
  for (int i = 0; i < 4; i++)
    prng->s[i] = splitmix64(&seed);
}

static uint64_t rotate(uint64_t x, int by) {
  return x << by | x >> (64 - by);
}

uint64_t dur_prng_next(dur_prng *prng) {
  uint64_t *s = prng->s;
  uint64_t answer = rotate(s[1] * 5, 7) * 9;
  uint64_t shifted = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= shifted;
  s[3] = rotate(s[3], 45);
  return answer;
}

double dur_prng_unit(dur_prng *prng) {
  return (double)(dur_prng_next(prng) >> 11) * 0x1p-53;
}
