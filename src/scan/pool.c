/* Pool: the threads of a rank and their curves (see pool.h). One lock guards all that is shared; curves take
 * milliseconds and the lock is held for microseconds. */
#include "scan/pool.h"

#include "core/error.h"
#include "scan/cache.h"
#include "scan/scratch.h"

#include <omp.h>
#include <stdlib.h>

enum { TABLES_KEPT = 2 };

/* A smaller claim is not shared: its owner needs no longer for all of it than another thread for a first curve. */
enum { LEAST_SHARED = (int)DMUMU_BLOCKS_FIRST_COST };

struct dmumu_pool {
    const struct dmumu_config *config;
    const struct dmumu_blocks *blocks;
    int threads;
    struct dmumu_scratch **scratch; /* [threads] */
    struct dmumu_cache *cache;
    size_t n_rigidity;
    omp_lock_t lock; /* of everything below */
    struct dmumu_block queue[DMUMU_POOL_BLOCKS];
    size_t n_queue;
    struct dmumu_block *claim; /* [threads] curves that a thread has still before it, of one run */
    size_t running, capacity;
    uint64_t finished;
    bool stopped;
    struct dmumu_results *results;
    struct dmumu_pool_tally tally;
};

/* Two batches share the buffer; every thread must be able to store one curve. */
static size_t batch_capacity(const struct dmumu_config *config, size_t n_curves, int threads, size_t buffer_bytes)
{
    const size_t curve_bytes = dmumu_results_curve_bytes(config->grid.axis[DMUMU_AXIS_RIGIDITY].n, config->model.modes);
    size_t capacity = buffer_bytes / 2 / curve_bytes;
    if (capacity > n_curves)
        capacity = n_curves;
    return capacity < (size_t)threads ? (size_t)threads : capacity;
}

enum dmumu_status dmumu_pool_new(const struct dmumu_config *config, const struct dmumu_blocks *blocks, int threads,
                                 size_t buffer_bytes, struct dmumu_pool **pool, struct dmumu_error *error)
{
    struct dmumu_pool *made = calloc(1, sizeof *made);
    if (!made)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the threads' state");
    made->config = config;
    made->blocks = blocks;
    made->threads = threads;
    made->n_rigidity = config->grid.axis[DMUMU_AXIS_RIGIDITY].n;
    made->capacity = batch_capacity(config, blocks->n_curves, threads, buffer_bytes);
    made->tally.failed_curve = UINT64_MAX;
    omp_init_lock(&made->lock);
    made->scratch = calloc((size_t)threads, sizeof(struct dmumu_scratch *));
    made->claim = calloc((size_t)threads, sizeof *made->claim);
    enum dmumu_status status = DMUMU_OK;
    if (!made->scratch || !made->claim)
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the threads' state");
    if (status == DMUMU_OK)
        status = dmumu_cache_new(&config->model, TABLES_KEPT, threads, &made->cache, error);
    if (status == DMUMU_OK)
        status = dmumu_results_new(made->capacity, made->n_rigidity, config->model.modes, &made->results, error);
    for (int i = 0; i < threads && status == DMUMU_OK; ++i)
        status = dmumu_scratch_new(made->n_rigidity, config->model.modes, &made->scratch[i], error);
    if (status == DMUMU_OK)
        *pool = made;
    else
        dmumu_pool_free(made);
    return status;
}

void dmumu_pool_free(struct dmumu_pool *pool)
{
    if (!pool)
        return;
    for (int i = 0; pool->scratch && i < pool->threads; ++i)
        dmumu_scratch_free(pool->scratch[i]);
    free(pool->scratch);
    free(pool->claim);
    dmumu_cache_free(pool->cache);
    dmumu_results_free(pool->results);
    omp_destroy_lock(&pool->lock);
    free(pool);
}

bool dmumu_pool_give(struct dmumu_pool *pool, struct dmumu_block block)
{
    omp_set_lock(&pool->lock);
    const bool ok = pool->n_queue < DMUMU_POOL_BLOCKS;
    if (ok && block.count > 0)
        pool->queue[pool->n_queue++] = block;
    omp_unset_lock(&pool->lock);
    return ok;
}

/* The first run of the queue, which must not be empty. Locked. */
static struct dmumu_block next_run(struct dmumu_pool *pool)
{
    struct dmumu_block *block = &pool->queue[0];
    const struct dmumu_block run = dmumu_blocks_piece(pool->blocks, *block, pool->blocks->run_length);
    block->first += run.count;
    block->count -= run.count;
    if (block->count == 0) {
        --pool->n_queue;
        for (size_t i = 0; i < pool->n_queue; ++i)
            pool->queue[i] = pool->queue[i + 1];
    }
    return run;
}

/* The second half of the largest claim; none if that is too small to share. Locked. */
static struct dmumu_block share_claim(struct dmumu_pool *pool)
{
    struct dmumu_block *largest = &pool->claim[0];
    for (int i = 1; i < pool->threads; ++i) {
        if (pool->claim[i].count > largest->count)
            largest = &pool->claim[i];
    }
    if (largest->count < LEAST_SHARED)
        return (struct dmumu_block){0, 0};
    const size_t half = largest->count / 2;
    largest->count -= half;
    return (struct dmumu_block){largest->first + largest->count, half};
}

/* The position of the next curve to compute. False when there is none, or no room for another result. Locked. */
static bool begin_curve(struct dmumu_pool *pool, int thread, size_t *position)
{
    if (pool->stopped || dmumu_results_count(pool->results) + pool->running >= pool->capacity)
        return false;
    struct dmumu_block *claim = &pool->claim[thread];
    if (claim->count == 0)
        *claim = pool->n_queue > 0 ? next_run(pool) : share_claim(pool);
    if (claim->count == 0)
        return false;
    *position = claim->first++;
    --claim->count;
    ++pool->running;
    return true;
}

/* Store a finished curve; begin_curve() made sure of the room. Locked. */
static void end_curve(struct dmumu_pool *pool, const struct dmumu_result *result, const struct dmumu_error *failure)
{
    dmumu_results_add(pool->results, result);
    --pool->running;
    ++pool->finished;
    for (size_t i = 0; i < pool->n_rigidity; ++i) {
        if (result->curve.quality[i] < DMUMU_N_QUALITIES)
            ++pool->tally.quality[result->curve.quality[i]];
    }
    if (failure->status != DMUMU_OK && result->index < pool->tally.failed_curve) {
        pool->tally.failed_curve = result->index;
        pool->tally.failure = *failure;
    }
}

bool dmumu_pool_work(struct dmumu_pool *pool, int thread)
{
    size_t position = 0;
    omp_set_lock(&pool->lock);
    const bool begun = begin_curve(pool, thread, &position);
    omp_unset_lock(&pool->lock);
    if (!begun)
        return false;

    struct dmumu_error failure = {.status = DMUMU_OK};
    const struct dmumu_result *result = dmumu_scratch_compute(pool->scratch[thread], pool->config, pool->cache,
                                                              pool->blocks->curve[position], &failure);
    omp_set_lock(&pool->lock);
    end_curve(pool, result, &failure);
    omp_unset_lock(&pool->lock);
    return true;
}

struct dmumu_pool_state dmumu_pool_state(struct dmumu_pool *pool)
{
    omp_set_lock(&pool->lock);
    struct dmumu_pool_state state = {
        .blocks = pool->n_queue,
        .finished = pool->finished,
        .idle = pool->n_queue == 0 && pool->running == 0,
        .filling_up = 2 * (dmumu_results_count(pool->results) + pool->running) > pool->capacity,
        .stopped = pool->stopped,
    };
    for (size_t i = 0; i < pool->n_queue; ++i) {
        state.queued += pool->queue[i].count;
        state.runs += dmumu_blocks_runs(pool->blocks, pool->queue[i]);
    }
    for (int i = 0; i < pool->threads; ++i)
        state.idle = state.idle && pool->claim[i].count == 0;
    omp_unset_lock(&pool->lock);
    return state;
}

struct dmumu_cube_batch dmumu_pool_take(struct dmumu_pool *pool)
{
    omp_set_lock(&pool->lock);
    const struct dmumu_cube_batch batch = dmumu_results_take(pool->results);
    omp_unset_lock(&pool->lock);
    return batch;
}

void dmumu_pool_stop(struct dmumu_pool *pool)
{
    omp_set_lock(&pool->lock);
    pool->stopped = true;
    omp_unset_lock(&pool->lock);
}

struct dmumu_pool_tally dmumu_pool_tally(struct dmumu_pool *pool)
{
    omp_set_lock(&pool->lock);
    const struct dmumu_pool_tally tally = pool->tally;
    omp_unset_lock(&pool->lock);
    return tally;
}
