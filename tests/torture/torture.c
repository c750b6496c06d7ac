/* torture: a few whole workflows, broken at every place, one at a time.
 *
 * Every request fails in every way, every poll is the last one of its
 * invocation, every allocation fails; each time the workflow has to come to the
 * outcome that it has when nothing breaks, with every body within its
 * semantics.  The strict service and the checks are those of the simulation. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "workflows.h"

static sim_program program;
static const char *name;
static sim_plan plan;

static void tell(void) {
  fprintf(stderr,
          "  workflow %s: request %u as %d, poll %u, allocation %llu%s\n", name,
          plan.fault_at, (int)plan.fault, plan.kill_at,
          (unsigned long long)plan.nomem_at, plan.nomem_on ? " and on" : "");
  sim_service_print(&sim.service);
}

/* ---- breaking them */

static void begin(uint32_t dialect) {
  plan = (sim_plan){.program = &program, .seed = 1, .straight = 1, .prunes = 1};
  plan.records = dialect == DURABLE_DIALECT_PYTHON;
  plan.page_items = dialect == DURABLE_DIALECT_JS ? 3 : 0;
  plan.max_threads = dialect == DURABLE_DIALECT_JAVA ? 1 : 0;
}

static void fail_every_request(uint32_t dialect, uint32_t requests) {
  for (int fault = SIM_FAULT_NONE + 1; fault < SIM_FAULTS; fault++)
    for (uint32_t i = 1; i <= requests; i++) {
      begin(dialect);
      plan.fault = (sim_fault)fault;
      plan.fault_at = i;
      sim_run(&plan, NULL);
    }
}

static void kill_at_every_poll(uint32_t dialect, uint32_t polls) {
  for (uint32_t i = 1; i <= polls; i++) {
    begin(dialect);
    plan.kill_at = i;
    sim_run(&plan, NULL);
  }
}

/* At most |limit| of them, evenly spread, so that a test has an end. */
static void fail_every_allocation(uint32_t dialect, uint64_t allocations,
                                  uint64_t limit) {
  uint64_t pace = allocations > limit ? allocations / limit : 1;
  for (int on = 0; on <= 1; on++)
    for (uint64_t i = 1; i <= allocations; i += pace) {
      begin(dialect);
      plan.nomem_at = i;
      plan.nomem_on = on;
      sim_run(&plan, NULL);
    }
}

static void torture(size_t which, uint32_t dialect, uint64_t limit) {
  sim_totals totals;
  name = sim_workflows[which].name;
  sim_program_begin(&program, dialect);
  sim_workflows[which].build(&program);
  begin(dialect);
  sim_run(&plan, &totals);
  fail_every_request(dialect, totals.requests);
  kill_at_every_poll(dialect, totals.polls);
  fail_every_allocation(dialect, totals.allocations, limit);
  printf("%s, dialect %u: %u invocations, %u requests, %u polls, %llu "
         "allocations\n",
         name, dialect, totals.invocations, totals.requests, totals.polls,
         (unsigned long long)totals.allocations);
  fflush(stdout);
  sim_program_drop(&program);
}

int main(int argc, char **argv) {
  uint64_t limit = argc > 1 ? strtoull(argv[1], NULL, 10) : 400;
  if (limit == 0) {
    fprintf(stderr, "usage: %s [ALLOCATIONS [WORKFLOW]]\n", argv[0]);
    return 2;
  }
  sim_on_finding = tell;
  for (size_t i = 0; i < SIM_WORKFLOWS; i++)
    for (uint32_t dialect = 0; dialect < 4; dialect++)
      if (argc < 3 || strcmp(argv[2], sim_workflows[i].name) == 0)
        torture(i, dialect, limit);
  return 0;
}
