/* retry: how long to wait before the next attempt.  Pure arithmetic.
 *
 * Invariant: an answer is a whole number of seconds, at least 1 and at most
 * DUR_SECONDS_MAX; the cap |max_delay_s| is applied before jitter. */
#ifndef DUR_ENGINE_RETRY_H
#define DUR_ENGINE_RETRY_H

#include "base/prng.h"

typedef enum dur_backoff {
  DUR_BACKOFF_EXPONENTIAL, /* initial * rate^(attempts - 1) */
  DUR_BACKOFF_LINEAR,      /* initial + increment * (attempts - 1) */
  DUR_BACKOFF_FIXED,       /* initial */
  DUR_BACKOFF_NONE,        /* never again */
  DUR_BACKOFF_CALLER       /* the front end decides */
} dur_backoff;

typedef enum dur_jitter {
  DUR_JITTER_FULL, /* u * d */
  DUR_JITTER_HALF, /* d/2 + u * d/2 */
  DUR_JITTER_NONE  /* d */
} dur_jitter;

typedef struct dur_retry {
  dur_backoff kind;
  dur_jitter jitter;
  uint32_t max_attempts; /* counts the first attempt; 0: no limit */
  int64_t initial_s, max_delay_s, increment_s;
  double rate;
} dur_retry;

/* Delay after |attempts_made| attempts (1 after the first failure), or -1: no
 * more. |u| is uniform in [0, 1).  max(1, ceil(jittered)). */
int64_t dur_retry_delay(const dur_retry *retry, uint32_t attempts_made,
                        double u);

/* Named policies: "none", "default" (a step's), "transient",
 * "resource_availability", "critical", "linear", "fixed", "with_retry" (3, 5 s,
 * 300 s, x2, FULL) and "wait" (a condition's: 60, 5 s, 300 s, x1.5, FULL); of
 * other SDKs "dotnet_transient" and "rust_wait".  NULL, or -1, when the name is
 * unknown. */
const dur_retry *dur_retry_named(const char *name);
int dur_retry_preset(const char *name, dur_retry *out);

#endif
