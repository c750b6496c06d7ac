/* fake: a service for yardsticks: answers every checkpoint after a set latency.
 *
 * It understands just enough of a checkpoint body to answer with the operations
 * that it carried, and it measures its own CPU time, so that a figure can leave
 * it out. */
#ifndef DURABLE_BENCH_FAKE_H
#define DURABLE_BENCH_FAKE_H

#include <durable/durable.h>

typedef struct fake {
  long latency_ms;
  long calls, updates;
  double cpu_s; /* spent in here */
} fake;

void fake_transport(fake *f, durable_transport *out);

double bench_wall_s(void);
double bench_cpu_s(void); /* of the whole process */
long bench_peak_kib(void);
long bench_rss_kib(void);

/* The event of an execution with |finished| SUCCEEDED steps named "s".  Free
 * it. */
char *bench_event(long finished, size_t *len);

#endif
