/* service: how many durable checkpoints a second the embedded service accepts
 * from workflows of its process.  One JSON line.
 *
 *   bench_service EXECUTIONS CHECKPOINTS   per execution, on a file in the cwd
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <durable/run.h>

#include "../fake/fake.h"

static long steps;

static int nothing(durable_step_ctx *step, void *arg,
                   const durable_value **result) {
  (void)step;
  (void)arg;
  (void)result;
  return DURABLE_OK;
}

static int sequence(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  (void)event;
  (void)result;
  for (long i = 0; i < steps; i++) {
    int rc = durable_step(ctx, "s", nothing, NULL, NULL, NULL);
    if (rc)
      return rc;
  }
  return DURABLE_OK;
}

static void remove_files(const char *path) {
  char name[256];
  static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    snprintf(name, sizeof name, "%s%s", path, endings[i]);
    unlink(name);
  }
}

static int run_all(durable_service *service, long executions) {
  durable_service_start_options start = DURABLE_SERVICE_START_OPTIONS_INIT;
  char(*arns)[DURABLE_ARN_SIZE] = calloc((size_t)executions, sizeof *arns);
  int bad = arns == NULL;
  for (long i = 0; i < executions && !bad; i++)
    bad = durable_service_start(service, "sequence", (durable_bytes){"{}", 2},
                                &start, arns[i]) < 0;
  for (long i = 0; i < executions && !bad; i++)
    bad = durable_service_wait(service, arns[i], -1) !=
          DURABLE_EXECUTION_SUCCEEDED;
  free(arns);
  return bad;
}

int main(int argc, char **argv) {
  long executions = argc > 1 ? atol(argv[1]) : 1;
  const char *path = "bench-service.db";
  char why[256] = "";
  durable_service_options options = DURABLE_SERVICE_OPTIONS_INIT;
  durable_handler handler = DURABLE_HANDLER_INIT;
  durable_service *service = NULL;
  steps = argc > 2 ? atol(argv[2]) : 1000;
  handler.name = "sequence";
  handler.fn = sequence;
  options.path = path;
  options.max_threads = (uint32_t)executions;
  remove_files(path);
  int bad = durable_service_open(&service, &options, why, sizeof why) != 0 ||
            durable_service_register_handler(service, &handler, NULL) != 0;
  double wall = bench_wall_s();
  bad = bad || run_all(service, executions);
  wall = bench_wall_s() - wall;
  printf("{\"workload\":\"service\",\"executions\":%ld,\"checkpoints\":%ld,"
         "\"failed\":%d,\"wall_s\":%.4f,\"per_s\":%.0f,\"why\":\"%s\"}\n",
         executions, executions * steps, bad, wall,
         (double)(executions * steps) / wall, why);
  durable_service_close(service);
  remove_files(path);
  return bad;
}
