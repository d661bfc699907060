/*
 * Master: what rank 0 decides. Which curves a rank works on next, and when all ranks write an epoch.
 *
 * Pure decisions on counters: no MPI, no clock, no file. The messages that carry them are in exchange_mpi.c.
 *
 * Next block   A rank stays with the M_A whose tables it has; then it opens the costliest M_A that nobody works on;
 *              then it joins the M_A with most work left per thread, unless that work would be done before the
 *              newcomer has its tables. The size is guided: the rank's share by threads of a quarter of all that is
 *              left, in whole runs, and at least one run for each of its threads. At the very end, when there are two
 *              threads or more for each run left, the runs are cut in equal parts, one for each thread.
 * Epoch        when there is something new and the interval has passed or a rank's buffer fills up; the last one when
 *              every curve is finished.
 */
#ifndef DMUMU_SCAN_MASTER_H
#define DMUMU_SCAN_MASTER_H

#include "scan/blocks.h"

enum dmumu_master_epoch { DMUMU_EPOCH_NONE, DMUMU_EPOCH_WRITE, DMUMU_EPOCH_LAST };

struct dmumu_master;

/**
 * @param[in]  blocks   the order of the curves; must outlive the master
 * @param[in]  threads  [n_ranks] threads of each rank, >= 1
 * @param[in]  epoch_s  seconds between epochs, >= 0; 0: whenever something is finished
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_master_new(const struct dmumu_blocks *blocks, size_t n_ranks, const int threads[],
                                   double epoch_s, struct dmumu_master **master, struct dmumu_error *error);
void dmumu_master_free(struct dmumu_master *master);

/** The next block of a rank; count = 0: there is none for it, now and later. */
struct dmumu_block dmumu_master_next(struct dmumu_master *master, size_t rank);

/**
 * A rank's own account.
 * @param[in]  finished    curves it has finished since the start
 * @param[in]  wants_epoch its buffer of unwritten curves is getting full
 */
void dmumu_master_report(struct dmumu_master *master, size_t rank, uint64_t finished, bool wants_epoch);

/** Curves finished by all ranks, as far as they have reported. */
uint64_t dmumu_master_finished(const struct dmumu_master *master);

/** Should all ranks write now? `now_s`: seconds since the start of the scan. */
enum dmumu_master_epoch dmumu_master_epoch(const struct dmumu_master *master, double now_s);

/** An epoch has been written; `now_s` as above. */
void dmumu_master_epoch_done(struct dmumu_master *master, double now_s);

#endif
