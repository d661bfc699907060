/*
 * Exchange by MPI: the main loop of a scan on all ranks, from the first block to the last epoch. What is said between the
 * ranks is exchange.c; here is how: the messages, the threads, the collective writes.
 */
#ifndef DMUMU_SCAN_EXCHANGE_MPI_H
#define DMUMU_SCAN_EXCHANGE_MPI_H

#include "cube/cube.h"
#include "scan/exchange.h"
#include "scan/pool.h"
#include "scan/progress.h"
#include "scan/team_mpi.h"

struct dmumu_exchange_mpi_setup {
    const struct dmumu_team *team;
    const struct dmumu_blocks *blocks;
    struct dmumu_pool *pool;
    struct dmumu_cube_writer *cube;
    double epoch_s; /* seconds between epochs; 0: whenever a rank has finished something */
    double limit_s; /* seconds from now when nothing begins any more; 0: no limit. The same on every rank */
    double grace_s; /* how long what is in hand may take after USR1 or USR2 (stop.h) */
};

/**
 * Where the time of a scan's threads went, in seconds of one thread. Computing and messages count the time that the
 * thread had a core for; what it waited for one is apart, so that a crowded machine does not look like a slow network.
 */
enum dmumu_time {
    DMUMU_TIME_COMPUTING,
    DMUMU_TIME_MESSAGES,
    DMUMU_TIME_WAITING,   /* nothing to do, though more work was to come */
    DMUMU_TIME_FINISHED,  /* nothing to do, as there was no more work for the rank */
    DMUMU_TIME_WRITING,   /* epochs, the wait for the other ranks included */
    DMUMU_TIME_DISPLACED, /* without a core: other threads had it */
    DMUMU_N_TIMES
};

/**
 * Compute all curves and write them. Collective; opens the OpenMP threads itself.
 * @param[out] times_s   [DMUMU_N_TIMES] sums over the threads of this rank
 * @param[out] stopping  why it ended before the work did, on rank 0
 * @return the same on every rank: DMUMU_OK when every curve that was finished is in the file, all unless it was stopped
 *         by time or signal; or what stopped the writing
 */
enum dmumu_status dmumu_exchange_mpi_run(const struct dmumu_exchange_mpi_setup *setup,
                                         double times_s[static DMUMU_N_TIMES], enum dmumu_stopping *stopping,
                                         struct dmumu_error *error);

#endif
