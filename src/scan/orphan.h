/*
 * Orphan: no rank outlives its launcher. When mpirun (or its daemon on this node) is killed, MPI mostly ends the ranks,
 * but not always; one that is left would wait for the others for ever, with the lock of the cube in its hands.
 */
#ifndef DMUMU_SCAN_ORPHAN_H
#define DMUMU_SCAN_ORPHAN_H

/**
 * From now on, end this process (SIGKILL) within two seconds of its parent's death. For a process that a launcher
 * started; without a parent that can be seen nothing happens. A thread of its own watches: the others may be stuck in a
 * call of MPI. To be called once.
 */
void dmumu_orphan_watch(void);

#endif
