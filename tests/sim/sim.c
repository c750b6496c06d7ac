/* sim: random programs under random schedules and faults, one seed each.
 *
 *   sim [--seeds N] [--from S]     N seeds from S on; DURABLE_SIM_SEEDS is N
 *   sim [--trace] --only S         this one, and print its program
 *
 * A finding prints its seed and ends with exit code 1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

static uint64_t seed;
static sim_program program;

static void tell(void) {
  fprintf(stderr, "  seed %llu: run again with --only %llu\n",
          (unsigned long long)seed, (unsigned long long)seed);
  const sim_plan *p = &sim.plan;
  fprintf(
      stderr,
      "  faults %u%% kills %u/1000 deadlines %u%% threads %u page %u prunes "
      "%d redelivers %d records %d skew %lld stay %lld straight %d\n",
      p->fault_percent, p->kill_permille, p->deadline_percent, p->max_threads,
      p->page_items, p->prunes, p->redelivers, p->records,
      (long long)p->skew_ms, (long long)p->stay_ms, p->straight);
  sim_program_print(&program);
  sim_service_print(&sim.service);
}

/* The straight run first: no fault, no kill, first come first served. */
static void straight(void) {
  sim_plan plan = {.program = &program, .seed = seed, .straight = 1};
  sim_run(&plan, NULL);
}

static void crooked(void) {
  sim_random r = {sim_mix(seed, 3)};
  sim_plan plan = {.program = &program, .seed = seed, .calm_after = 25};
  plan.fault_percent = sim_chance(&r, 60) ? sim_below(&r, 30) : 0;
  plan.kill_permille = sim_chance(&r, 60) ? sim_below(&r, 60) : 0;
  plan.deadline_percent = sim_chance(&r, 25) ? 40 : 0;
  plan.max_threads = sim_chance(&r, 30) ? 1 + sim_below(&r, 4) : 0;
  plan.page_items = sim_chance(&r, 30) ? 1 + sim_below(&r, 7) : 0;
  plan.prunes = sim_chance(&r, 60);
  plan.redelivers = sim_chance(&r, 50);
  plan.records = sim_chance(&r, 40);
  plan.skew_ms = sim_chance(&r, 40) ? (int64_t)sim_below(&r, 8000) - 4000 : 0;
  plan.stay_ms = sim_chance(&r, 15) ? sim_below(&r, 6000) : 0;
  sim_run(&plan, NULL);
}

static void run_seed(uint64_t which, int prints) {
  seed = which;
  sim_program_make(&program, seed);
  if (prints)
    sim_program_print(&program);
  straight();
  crooked();
  sim_program_drop(&program);
}

static uint64_t number(const char *text) {
  char *end = NULL;
  uint64_t value = text ? strtoull(text, &end, 10) : 0;
  if (!text || end == text || *end) {
    fprintf(stderr, "not a number: %s\n", text ? text : "(none)");
    exit(2);
  }
  return value;
}

int main(int argc, char **argv) {
  const char *wanted = getenv("DURABLE_SIM_SEEDS");
  uint64_t seeds = wanted ? number(wanted) : 1000, from = 1;
  sim_on_finding = tell;
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--seeds") && !wanted)
      seeds = number(argv[++i]);
    else if (!strcmp(argv[i], "--seeds"))
      i++;
    else if (!strcmp(argv[i], "--from"))
      from = number(argv[++i]);
    else if (!strcmp(argv[i], "--trace"))
      sim_traces = 1;
    else if (!strcmp(argv[i], "--only")) {
      run_seed(number(argv[++i]), 1);
      return 0;
    } else {
      fprintf(stderr, "usage: %s [--seeds N] [--from S] [--only S]\n", argv[0]);
      return 2;
    }
  }
  for (uint64_t s = from; s < from + seeds; s++)
    run_seed(s, 0);
  printf("%llu seeds from %llu: no finding\n", (unsigned long long)seeds,
         (unsigned long long)from);
  return 0;
}
