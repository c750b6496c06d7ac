/* finding: something that must not be; says it and ends the program. */
#ifndef DUR_SIM_FINDING_H
#define DUR_SIM_FINDING_H

void sim_found(const char *format, ...)
    __attribute__((noreturn, format(printf, 1, 2)));
/* Called first: prints how to come back here. */
extern void (*sim_on_finding)(void);

#endif
