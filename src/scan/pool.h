/*
 * Pool: one rank's share of a scan: the threads that compute the curves of its queue (queue.h), and what they finished.
 *
 * Any thread calls dmumu_pool_work again and again; it computes one curve with the thread's own workspace and stores
 * it. A curve that fails becomes NaN and `failed`, and the rest goes on. No MPI here; thread-safe where the comment
 * says so.
 */
#ifndef DMUMU_SCAN_POOL_H
#define DMUMU_SCAN_POOL_H

#include "core/workspace.h"
#include "scan/blocks.h"
#include "scan/config.h"
#include "scan/queue.h"
#include "scan/results.h"
#include "scan/reuse.h"

struct dmumu_pool;

/** What became of the values of the finished curves, and the failed curve of lowest index. */
struct dmumu_pool_tally {
    uint64_t quality[DMUMU_N_QUALITIES]; /* values, i.e. curves x rigidities */
    uint64_t reused;                     /* of these, taken over into curves that were computed in part */
    uint64_t failed_curve;               /* UINT64_MAX: no curve failed as a whole */
    struct dmumu_error failure;
};

/**
 * @param[in]  config, blocks  must outlive the pool
 * @param[in]  threads         that will call dmumu_pool_work, >= 1
 * @param[in]  buffer_bytes    bound of the memory for finished curves that are not written yet
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_pool_new(const struct dmumu_config *config, const struct dmumu_blocks *blocks, int threads,
                                 size_t buffer_bytes, struct dmumu_pool **pool, struct dmumu_error *error);
void dmumu_pool_free(struct dmumu_pool *pool);

/** Values that need no computing: of curves that are partly there. Before the work; must outlive the pool. */
void dmumu_pool_set_reuse(struct dmumu_pool *pool, const struct dmumu_reuse *reuse);

/** Is something reused? Then dmumu_pool_take may fail, on one rank alone. */
bool dmumu_pool_reuses(const struct dmumu_pool *pool);

/** What this thread does for others while it computes a curve, from its next one on. For that thread to call. */
void dmumu_pool_set_interlude(struct dmumu_pool *pool, int thread, struct dmumu_interlude interlude);

/** What this rank has to do. */
struct dmumu_queue *dmumu_pool_queue(struct dmumu_pool *pool);

/** Compute one curve. `thread` in 0 .. threads - 1, one caller each. False: nothing to do now. Thread-safe. */
bool dmumu_pool_work(struct dmumu_pool *pool, int thread);

/**
 * The finished curves since the last call, filled up with what is reused; the caller's until the next call. For one
 * caller at a time, beside the computing threads: it may read files.
 * @return DMUMU_OK, or why what is reused could not be read
 */
enum dmumu_status dmumu_pool_take(struct dmumu_pool *pool, const struct dmumu_cube_curves **curves,
                                  struct dmumu_error *error);

/** Thread-safe. */
struct dmumu_pool_tally dmumu_pool_tally(struct dmumu_pool *pool);

#endif
