/* workflows: a handful of whole programs, made by hand: every operation, and
 * every way of it to end, is in one of them. */
#ifndef DUR_SIM_WORKFLOWS_H
#define DUR_SIM_WORKFLOWS_H

#include "program.h"

enum { SIM_WORKFLOWS = 6 };
extern const struct sim_workflow {
  const char *name;
  void (*build)(sim_program *p); /* after sim_program_begin */
} sim_workflows[SIM_WORKFLOWS];

#endif
