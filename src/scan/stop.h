/*
 * Stop: USR1 and USR2 ask a scan to end early, in good order. They are what schedulers send before a job's time is over.
 *
 * The signals are held back in every thread, and the scan looks for them where it can stop: no handler runs, no call is
 * interrupted, and one that comes while the scan starts or writes is found afterwards.
 */
#ifndef DMUMU_SCAN_STOP_H
#define DMUMU_SCAN_STOP_H

#include <stdbool.h>

/** Hold back USR1 and USR2 in this thread and in all that it starts: to be called before MPI starts its own. */
void dmumu_stop_hold(void);

/** Has one come since the last call? Thread-safe; takes less than a microsecond. */
bool dmumu_stop_asked(void);

#endif
