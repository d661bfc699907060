/* Stop: signals that wait (see stop.h). */
#include "scan/stop.h"

#include <signal.h>
#include <stddef.h>
#include <time.h>

static sigset_t wanted(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    return set;
}

void dmumu_stop_hold(void)
{
    const sigset_t set = wanted();
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigemptyset(&standard.sa_mask);
    sigprocmask(SIG_BLOCK, &set, NULL);
    /* a signal that the caller has ignored would not wait */
    sigaction(SIGUSR1, &standard, NULL);
    sigaction(SIGUSR2, &standard, NULL);
}

bool dmumu_stop_asked(void)
{
    const sigset_t set = wanted();
    const struct timespec now = {0};
    bool asked = false;
    while (sigtimedwait(&set, NULL, &now) > 0)
        asked = true;
    return asked;
}
