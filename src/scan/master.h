/*
 * Master: what rank 0 decides. Which curves a rank works on next, and when all ranks write an epoch.
 *
 * Pure decisions on counters: no MPI, no clock, no file. The messages that carry them are in exchange.c.
 *
 * Which M_A    A rank stays with the M_A whose tables it has; then it goes where most work is left per thread, to an
 *              M_A that nobody works on if there is one; unless the work there would be done before the newcomer.
 * How much     At first a sixteenth of all in equal shares, one for each thread of all ranks: what curves cost is not
 *              known yet. Then a quarter of what is left for each thread, of all or of the M_A, whichever is less; but to
 *              a rank that is alone at an M_A all of that, if it is no more than a quarter of its part of all. Shares
 *              are whole runs while they are larger than one. Smaller ones are parts of a run, as small as makes the
 *              loss least: each part pays for a first curve, but what the last ones wait for each other shrinks with
 *              it. Shares grow when there are so many ranks that serving them would take more than a part of the
 *              master's time, in the end to all that is left.
 * Costs        are the measured ones (costs.h), those of an M_A learned from its own curves, and so is the time that a
 *              message takes. A size that was fixed (blocks.h) overrules all this.
 * Epoch        when there is something new and the interval has passed or a rank's buffer fills up; the last one when
 *              every curve is finished, or no rank will finish any more.
 * Time         where it is limited, a block is no larger than can be finished in what is left.
 *
 * Memory       About 130 bytes per M_A and 24 per rank, whatever the grid: 2.4 MB at 100,000 ranks.
 */
#ifndef DMUMU_SCAN_MASTER_H
#define DMUMU_SCAN_MASTER_H

#include "scan/blocks.h"
#include "scan/costs.h"

enum dmumu_master_epoch { DMUMU_EPOCH_NONE, DMUMU_EPOCH_WRITE, DMUMU_EPOCH_LAST };

/** Blocks are so large that handing them out takes at most this part of the master's time. */
#define DMUMU_MASTER_LOAD 0.25

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

/** From now on blocks are for so many seconds at most, as far as what curves have cost tells; INFINITY: any. */
void dmumu_master_set_time(struct dmumu_master *master, double seconds);
/** Was there work for a rank that could not be finished in that time? */
bool dmumu_master_out_of_time(const struct dmumu_master *master);
/** This rank will finish no more. */
void dmumu_master_dry(struct dmumu_master *master, size_t rank);

/**
 * A rank's own account.
 * @param[in]  finished    curves it has finished since the start
 * @param[in]  wants_epoch its buffer of unwritten curves is getting full
 * @param[in]  news        what its curves have cost since its last report
 */
void dmumu_master_report(struct dmumu_master *master, size_t rank, uint64_t finished, bool wants_epoch,
                         const struct dmumu_cost_tally *news);

/** The master has spent so long on messages, those it received and its answers to them. */
void dmumu_master_served(struct dmumu_master *master, uint64_t messages, double seconds);

/** Should thread 0 of rank 0 compute as well? Where there are many, they had better not wait for its curves. */
bool dmumu_master_computes(const struct dmumu_master *master);

/** Threads of a rank that compute. */
int dmumu_master_threads(const struct dmumu_master *master, size_t rank);

/** Curves finished by all ranks, as far as they have reported. */
uint64_t dmumu_master_finished(const struct dmumu_master *master);

/** Blocks given so far, and bytes that the master takes: for whoever wants to watch. */
uint64_t dmumu_master_blocks(const struct dmumu_master *master);
size_t dmumu_master_bytes(const struct dmumu_master *master);

/** Should all ranks write now? `now_s`: seconds since the start of the scan. */
enum dmumu_master_epoch dmumu_master_epoch(const struct dmumu_master *master, double now_s);

/** An epoch has been written; `now_s` as above. */
void dmumu_master_epoch_done(struct dmumu_master *master, double now_s);

#endif
