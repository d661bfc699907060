/* Pool: the threads of a rank and their curves (see pool.h). One lock guards the results; curves take a tenth of a
 * millisecond and more, and the lock is held for microseconds. */
#include "scan/pool.h"

#include "core/error.h"
#include "scan/cache.h"
#include "scan/scratch.h"

#include <omp.h>
#include <stdlib.h>

struct dmumu_pool {
    const struct dmumu_config *config;
    const struct dmumu_blocks *blocks;
    int threads;
    struct dmumu_scratch **scratch; /* [threads] */
    struct dmumu_cache *cache;
    struct dmumu_queue *queue;
    const struct dmumu_reuse *reuse; /* NULL: nothing */
    size_t n_rigidity;
    omp_lock_t lock; /* of everything below */
    struct dmumu_results *results;
    struct dmumu_pool_tally tally;
};

/* Two batches share the buffer; every thread must be able to store one curve. */
static size_t batch_capacity(const struct dmumu_config *config, size_t n_curves, int threads, size_t buffer_bytes)
{
    const size_t curve_bytes = dmumu_cube_curves_bytes(config->grid.axis[DMUMU_AXIS_RIGIDITY].n, config->model.modes);
    size_t capacity = buffer_bytes / 2 / curve_bytes;
    if (capacity > n_curves)
        capacity = n_curves;
    return capacity < (size_t)threads ? (size_t)threads : capacity;
}

enum dmumu_status dmumu_pool_new(const struct dmumu_config *config, const struct dmumu_blocks *blocks, int threads,
                                 size_t buffer_bytes, struct dmumu_pool **pool, struct dmumu_error *error)
{
    const size_t capacity = batch_capacity(config, blocks->n_curves, threads, buffer_bytes);
    struct dmumu_pool *made = calloc(1, sizeof *made);
    if (!made)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the threads' state");
    made->config = config;
    made->blocks = blocks;
    made->threads = threads;
    made->n_rigidity = config->grid.axis[DMUMU_AXIS_RIGIDITY].n;
    made->tally.failed_curve = UINT64_MAX;
    omp_init_lock(&made->lock);
    made->scratch = calloc((size_t)threads, sizeof(struct dmumu_scratch *));
    made->queue = dmumu_queue_new(blocks, threads, capacity);
    enum dmumu_status status = DMUMU_OK;
    if (!made->scratch || !made->queue)
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the threads' state");
    if (status == DMUMU_OK)
        status = dmumu_cache_new(&config->model, DMUMU_QUEUE_TABLES, threads, &made->cache, error);
    if (status == DMUMU_OK)
        status = dmumu_results_new(capacity, made->n_rigidity, config->model.modes, &made->results, error);
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
    dmumu_queue_free(pool->queue);
    dmumu_cache_free(pool->cache);
    dmumu_results_free(pool->results);
    omp_destroy_lock(&pool->lock);
    free(pool);
}

void dmumu_pool_set_reuse(struct dmumu_pool *pool, const struct dmumu_reuse *reuse)
{
    pool->reuse = reuse;
}

bool dmumu_pool_reuses(const struct dmumu_pool *pool)
{
    return pool->reuse != NULL;
}

void dmumu_pool_set_interlude(struct dmumu_pool *pool, int thread, struct dmumu_interlude interlude)
{
    dmumu_scratch_set_interlude(pool->scratch[thread], interlude);
}

struct dmumu_queue *dmumu_pool_queue(struct dmumu_pool *pool)
{
    return pool->queue;
}

/* The queue has made sure of the room. */
static void store(struct dmumu_pool *pool, const struct dmumu_result *result, const struct dmumu_error *failure)
{
    omp_set_lock(&pool->lock);
    dmumu_results_add(pool->results, result);
    for (size_t i = 0; i < pool->n_rigidity; ++i) {
        if (result->curve.quality[i] < DMUMU_N_QUALITIES)
            ++pool->tally.quality[result->curve.quality[i]];
    }
    if (failure->status != DMUMU_OK && result->index < pool->tally.failed_curve) {
        pool->tally.failed_curve = result->index;
        pool->tally.failure = *failure;
    }
    omp_unset_lock(&pool->lock);
}

bool dmumu_pool_work(struct dmumu_pool *pool, int thread)
{
    size_t position = 0;
    if (!dmumu_queue_begin(pool->queue, thread, &position))
        return false;
    struct dmumu_error failure = {.status = DMUMU_OK};
    struct dmumu_scratch *scratch = pool->scratch[thread];
    const uint64_t curve = dmumu_blocks_curve(pool->blocks, position);
    const size_t n =
        pool->reuse ? dmumu_reuse_missing(pool->reuse, curve, dmumu_scratch_which(scratch)) : pool->n_rigidity;
    const struct dmumu_result *result = dmumu_scratch_compute(scratch, pool->config, pool->cache, curve, n, &failure);
    store(pool, result, &failure);
    dmumu_queue_end(pool->queue, thread, result->cost_s);
    return true;
}

/* What is reused of a batch's curves; their qualities join the tally. */
static enum dmumu_status fill_up(struct dmumu_pool *pool, struct dmumu_cube_curves *batch, struct dmumu_error *error)
{
    const uint8_t *quality = batch->value[DMUMU_CUBE_QUALITY];
    const size_t n = batch->n * batch->n_rigidity;
    uint64_t before[DMUMU_N_QUALITIES] = {0}, after[DMUMU_N_QUALITIES] = {0};
    for (size_t i = 0; i < n; ++i) {
        if (quality[i] < DMUMU_N_QUALITIES)
            ++before[quality[i]];
    }
    const enum dmumu_status status = dmumu_reuse_fill(pool->reuse, batch, error);
    for (size_t i = 0; i < n; ++i) {
        if (quality[i] < DMUMU_N_QUALITIES)
            ++after[quality[i]];
    }
    omp_set_lock(&pool->lock);
    for (int i = 0; i < DMUMU_N_QUALITIES; ++i) {
        pool->tally.quality[i] += after[i] - before[i];
        pool->tally.reused += after[i] - before[i];
    }
    omp_unset_lock(&pool->lock);
    return status;
}

enum dmumu_status dmumu_pool_take(struct dmumu_pool *pool, const struct dmumu_cube_curves **curves,
                                  struct dmumu_error *error)
{
    omp_set_lock(&pool->lock);
    struct dmumu_cube_curves *batch = dmumu_results_take(pool->results);
    omp_unset_lock(&pool->lock);
    dmumu_queue_written(pool->queue, batch->n);
    *curves = batch;
    return pool->reuse ? fill_up(pool, batch, error) : DMUMU_OK;
}

struct dmumu_pool_tally dmumu_pool_tally(struct dmumu_pool *pool)
{
    omp_set_lock(&pool->lock);
    const struct dmumu_pool_tally tally = pool->tally;
    omp_unset_lock(&pool->lock);
    return tally;
}
