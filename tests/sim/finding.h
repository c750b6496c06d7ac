/* finding: something that must not be; says it and ends the program. */
#ifndef DUR_SIM_FINDING_H
#define DUR_SIM_FINDING_H

void sim_found(const char *format, ...)
    __attribute__((noreturn, format(printf, 1, 2)));
/* Says what happens, when it is wanted (sim --only S --trace). */
void sim_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
extern int sim_traces;
/* Called first: prints how to come back here. */
extern void (*sim_on_finding)(void);

#endif
