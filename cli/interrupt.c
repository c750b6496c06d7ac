/* interrupt: see interrupt.h. */
#include "interrupt.h"
#include "cli.h"
#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t came;

static void on_signal(int number) {
  if (came || number == SIGALRM)
    _exit(CLI_INTERRUPTED);
  came = 1;
  alarm(CLI_GRACE_S);
}

void cli_interrupt_init(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGALRM, &action, NULL);
}

int cli_interrupt_came(void) {
  return came;
}
