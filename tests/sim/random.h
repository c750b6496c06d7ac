/* random: SplitMix64, one stream for each purpose, so that a seed always means
 * the same run. */
#ifndef DUR_SIM_RANDOM_H
#define DUR_SIM_RANDOM_H

#include <stdint.h>

typedef struct sim_random {
  uint64_t state;
} sim_random;

static inline uint64_t sim_mix(uint64_t a, uint64_t b) {
  uint64_t z = a * 0x9e3779b97f4a7c15u + b + 0x632be59bd9b4e019u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static inline uint64_t sim_next(sim_random *r) {
  r->state += 0x9e3779b97f4a7c15u;
  return sim_mix(r->state, 0);
}

/* 0 .. bound - 1; 0 when |bound| is 0 */
static inline uint32_t sim_below(sim_random *r, uint32_t bound) {
  return bound ? (uint32_t)(sim_next(r) % bound) : 0;
}

static inline int sim_chance(sim_random *r, uint32_t percent) {
  return sim_below(r, 100) < percent;
}

#endif
