/* strand: coroutines of user code. */
#include <stdlib.h>

#include "run.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

enum { STACK_BYTES = 256 * 1024 };

static void enter(void) {
  sim_strand *me = sim.current;
  sim_user(me);
  me->state = SIM_ENDED;
  swapcontext(&me->context, &sim.scheduler);
}

sim_strand *sim_strand_new(durable_task_id task, durable_op_id op,
                           const sim_node *node) {
  if (sim.strand_count == SIM_STRANDS_MAX)
    sim_found("more than %d strands in one invocation", (int)SIM_STRANDS_MAX);
  sim_strand *s = &sim.strands[sim.strand_count++];
  char *stack = s->stack ? s->stack : malloc(STACK_BYTES);
  if (!stack)
    abort();
  ASAN_UNPOISON_MEMORY_REGION(stack, STACK_BYTES);
  *s = (sim_strand){
      .state = SIM_READY, .task = task, .op = op, .node = node, .stack = stack};
  getcontext(&s->context);
  s->context.uc_stack.ss_sp = stack;
  s->context.uc_stack.ss_size = STACK_BYTES;
  makecontext(&s->context, enter, 0);
  return s;
}

void sim_strand_resume(sim_strand *s) {
  sim.current = s;
  s->ran = 1;
  swapcontext(&sim.scheduler, &s->context);
  sim.current = NULL;
}

void sim_yield(sim_strand_state state) {
  sim_strand *me = sim.current;
  me->state = state;
  swapcontext(&me->context, &sim.scheduler);
}

/* Stacks are kept for the next invocation. */
void sim_strands_drop(void) {
  for (size_t i = 0; i < sim.strand_count; i++)
    sim.strands[i].state = SIM_FREE;
  sim.strand_count = 0;
}
