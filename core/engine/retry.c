/* retry: how long to wait before the next attempt.
 *
 * Invariant: the arithmetic is IEEE double in the order
 * min(initial * rate^(n - 1), cap), jitter, ceil, so that the same draw gives
 * the same whole second in every front end. */
#include "engine/retry.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "wire/limits.h"

/* Seconds before the cap; a value that is not a number counts as none. */
static double uncapped(const dur_retry *retry, double failures) {
  double initial = (double)retry->initial_s;
  switch (retry->kind) {
  case DUR_BACKOFF_EXPONENTIAL:
    /* 0 * inf is not a number */
    return initial > 0 ? initial * pow(retry->rate, failures) : 0;
  case DUR_BACKOFF_LINEAR:
    return initial + (double)retry->increment_s * failures;
  case DUR_BACKOFF_FIXED:
  case DUR_BACKOFF_NONE:
  case DUR_BACKOFF_CALLER:
    break;
  }
  return initial;
}

static double jittered(dur_jitter jitter, double delay, double u) {
  switch (jitter) {
  case DUR_JITTER_NONE:
    return delay;
  case DUR_JITTER_HALF:
    return delay / 2 + u * (delay / 2);
  case DUR_JITTER_FULL:
    break;
  }
  return u * delay;
}

/* The comparisons are written so that "not a number" gives 1. */
static int64_t whole_seconds(double delay) {
  if (!(delay > 1))
    return 1;
  if (delay >= DUR_SECONDS_MAX)
    return DUR_SECONDS_MAX;
  return (int64_t)ceil(delay);
}

int64_t dur_retry_delay(const dur_retry *retry, uint32_t attempts_made,
                        double u) {
  double delay, cap = (double)retry->max_delay_s;
  if (retry->kind == DUR_BACKOFF_NONE || retry->kind == DUR_BACKOFF_CALLER)
    return -1;
  if (retry->max_attempts && attempts_made >= retry->max_attempts)
    return -1;
  delay = uncapped(retry, attempts_made ? attempts_made - 1.0 : 0);
  if (delay > cap)
    delay = cap;
  return whole_seconds(jittered(retry->jitter, delay, u));
}

/* ---- presets */

static const struct {
  const char *name;
  dur_retry retry; /* kind, jitter, attempts, initial, cap, increment, rate */
} presets[] = {
    {"none", {DUR_BACKOFF_NONE, DUR_JITTER_NONE, 1, 0, 0, 0, 1}},
    {"default", {DUR_BACKOFF_EXPONENTIAL, DUR_JITTER_FULL, 6, 5, 60, 0, 2}},
    {"transient", {DUR_BACKOFF_EXPONENTIAL, DUR_JITTER_HALF, 3, 5, 300, 0, 2}},
    {"resource_availability",
     {DUR_BACKOFF_EXPONENTIAL, DUR_JITTER_FULL, 5, 5, 300, 0, 2}},
    {"critical", {DUR_BACKOFF_EXPONENTIAL, DUR_JITTER_NONE, 10, 1, 60, 0, 1.5}},
    {"linear", {DUR_BACKOFF_LINEAR, DUR_JITTER_NONE, 6, 1, 300, 1, 1}},
    {"fixed", {DUR_BACKOFF_FIXED, DUR_JITTER_NONE, 5, 5, 300, 0, 1}},
    {"with_retry", {DUR_BACKOFF_EXPONENTIAL, DUR_JITTER_FULL, 3, 5, 300, 0, 2}},
    {"dotnet_transient",
     {DUR_BACKOFF_EXPONENTIAL, DUR_JITTER_HALF, 3, 1, 5, 0, 2}},
    {"rust_wait", {DUR_BACKOFF_EXPONENTIAL, DUR_JITTER_NONE, 0, 1, 60, 0, 2}},
    {"wait", {DUR_BACKOFF_EXPONENTIAL, DUR_JITTER_FULL, 60, 5, 300, 0, 1.5}},
};

const dur_retry *dur_retry_named(const char *name) {
  for (size_t i = 0; name && i < sizeof presets / sizeof *presets; i++)
    if (strcmp(name, presets[i].name) == 0)
      return &presets[i].retry;
  return NULL;
}

int dur_retry_preset(const char *name, dur_retry *out) {
  const dur_retry *preset = dur_retry_named(name);
  if (!preset)
    return -1;
  *out = *preset;
  return 0;
}
