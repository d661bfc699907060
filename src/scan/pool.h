/*
 * Pool: one rank's share of a scan, i.e. the curves it was given, the threads that compute them, what they finished.
 *
 * Any thread calls dmumu_pool_work again and again; it computes one curve with the thread's own workspace and stores
 * it. Threads claim whole runs (blocks.h) and work through them; one that finds none takes over half of what another
 * has still before it. There is no barrier between blocks. A curve that fails becomes NaN and `failed`, and the rest
 * goes on. No MPI here; thread-safe where the comment says so.
 */
#ifndef DMUMU_SCAN_POOL_H
#define DMUMU_SCAN_POOL_H

#include "scan/blocks.h"
#include "scan/config.h"
#include "scan/results.h"

struct dmumu_pool;

struct dmumu_pool_state {
    size_t queued;     /* curves given that no thread has claimed */
    size_t runs;       /* runs, or parts of runs, with such curves */
    size_t blocks;     /* blocks with such curves */
    uint64_t finished; /* curves finished since the start */
    bool idle;         /* nothing queued, claimed or being computed */
    bool filling_up;   /* half of the buffer is used: write soon */
    bool stopped;
};

/** What became of the values of the finished curves, and the failed curve of lowest index. */
struct dmumu_pool_tally {
    uint64_t quality[DMUMU_N_QUALITIES]; /* values, i.e. curves x rigidities */
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

/** Queue a block. Thread-safe. False when the queue is full: it holds DMUMU_POOL_BLOCKS blocks. */
bool dmumu_pool_give(struct dmumu_pool *pool, struct dmumu_block block);
enum { DMUMU_POOL_BLOCKS = 64 };

/** Compute one curve. `thread` in 0 .. threads - 1, one caller each. False: nothing to do now. Thread-safe. */
bool dmumu_pool_work(struct dmumu_pool *pool, int thread);

/** Thread-safe. */
struct dmumu_pool_state dmumu_pool_state(struct dmumu_pool *pool);

/** The finished curves since the last call; the caller's until the next call. Thread-safe, for one caller. */
struct dmumu_cube_batch dmumu_pool_take(struct dmumu_pool *pool);

/** Tell all threads, through dmumu_pool_state, that the scan is over. Thread-safe. */
void dmumu_pool_stop(struct dmumu_pool *pool);

/** Thread-safe. */
struct dmumu_pool_tally dmumu_pool_tally(struct dmumu_pool *pool);

#endif
