/* work: the reference workloads on the C front end, against a fake service in
 * the same process.  One JSON line: wall and CPU seconds, calls, memory.
 *
 *   bench_work seq N [LATENCY_MS]      N sequential steps
 *   bench_work replay N                N finished steps replayed
 *   bench_work map N [LATENCY_MS]      a map over N items, one step each
 *   bench_work start                   a first invocation with one step */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../fake/fake.h"

static long count;

static int step_body(durable_step_ctx *step, void *arg,
                     const durable_value **result) {
  *result = durable_value_int(durable_step_values(step), *(long *)arg);
  return DURABLE_OK;
}

static int sequence(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  (void)event;
  for (long i = 0; i < count; i++) {
    int rc = durable_step(ctx, "s", step_body, &i, NULL, NULL);
    if (rc)
      return rc;
  }
  *result = durable_value_int(durable_ctx_values(ctx), count);
  return DURABLE_OK;
}

static int item(durable_ctx *ctx, const durable_value *value, size_t index,
                void *arg, const durable_value **result) {
  long i = (long)index;
  (void)value;
  (void)arg;
  return durable_step(ctx, "s", step_body, &i, result, NULL);
}

static int mapping(durable_ctx *ctx, const durable_value *event,
                   const durable_value **result) {
  const durable_batch *batch;
  (void)event;
  int rc = durable_map(ctx, "m", NULL, item, NULL, &batch,
                       DURABLE_BATCH(.count = (uint32_t)count));
  if (rc)
    return rc;
  *result = durable_value_int(
      durable_ctx_values(ctx),
      (int64_t)durable_batch_count(batch, DURABLE_STATUS_SUCCEEDED));
  return DURABLE_OK;
}

int main(int argc, char **argv) {
  const char *workload = argc > 1 ? argv[1] : "start";
  fake f = {.latency_ms = argc > 3 ? atol(argv[3]) : 0};
  durable_transport transport;
  durable_handler handler = DURABLE_HANDLER_INIT;
  durable_invocation invocation = DURABLE_INVOCATION_INIT;
  durable_output out = DURABLE_OUTPUT_INIT;
  size_t len;
  count = argc > 2 ? atol(argv[2]) : 1;
  char *event = bench_event(strcmp(workload, "replay") == 0 ? count : 0, &len);
  fake_transport(&f, &transport);
  handler.name = "bench";
  handler.fn = strcmp(workload, "map") == 0 ? mapping : sequence;
  invocation.transport = &transport;
  long before = bench_rss_kib();
  double wall = bench_wall_s(), cpu = bench_cpu_s();
  int rc = durable_invoke_handler(&handler, (durable_bytes){event, len},
                                  &invocation, &out);
  wall = bench_wall_s() - wall;
  cpu = bench_cpu_s() - cpu - f.cpu_s;
  printf("{\"sdk\":\"c\",\"workload\":\"%s\",\"n\":%ld,\"latency_ms\":%ld,"
         "\"rc\":%d,\"output\":%.*s,\"wall_s\":%.6f,\"cpu_s\":%.6f,"
         "\"calls\":%ld,\"updates\":%ld,\"added_mb\":%.2f}\n",
         workload, count, f.latency_ms, rc, (int)out.body.len,
         (const char *)out.body.data, wall, cpu, f.calls, f.updates,
         (double)(bench_peak_kib() - before) / 1024);
  durable_output_drop(&out);
  free(event);
  return rc == DURABLE_OK ? 0 : 1;
}
