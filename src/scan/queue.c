/* Queue: claims of threads on the blocks of a rank (see queue.h). */
#include "scan/queue.h"

#include <omp.h>
#include <stdlib.h>

/* What a thread has before it, of one run, and the kind of the curve that it is computing. */
struct claim {
    struct dmumu_block left;
    bool begun; /* a curve of it has been begun */
    enum dmumu_cost_kind kind;
    bool opening;
};

/* An M_A that the rank has tables of, and how many of its curves were begun since then. */
struct opening {
    size_t group, begun;
};

struct dmumu_queue {
    const struct dmumu_blocks *blocks;
    size_t threads, capacity;
    omp_lock_t lock; /* of everything below */
    struct dmumu_block block[DMUMU_QUEUE_BLOCKS];
    size_t n_blocks;
    size_t queued, runs, claimed, running;
    long long unwritten; /* -1 for a moment when a curve is written before dmumu_queue_end counts it */
    uint64_t finished;
    bool closed, stopped;
    struct opening opening[DMUMU_QUEUE_TABLES]; /* latest first */
    struct dmumu_cost_tally tally;
    struct claim claim[]; /* [threads] */
};

struct dmumu_queue *dmumu_queue_new(const struct dmumu_blocks *blocks, int threads, size_t capacity)
{
    struct dmumu_queue *queue = calloc(1, sizeof *queue + (size_t)threads * sizeof(struct claim));
    if (!queue)
        return NULL;
    queue->blocks = blocks;
    queue->threads = (size_t)threads;
    queue->capacity = capacity;
    for (int i = 0; i < DMUMU_QUEUE_TABLES; ++i)
        queue->opening[i].group = SIZE_MAX;
    omp_init_lock(&queue->lock);
    return queue;
}

void dmumu_queue_free(struct dmumu_queue *queue)
{
    if (!queue)
        return;
    omp_destroy_lock(&queue->lock);
    free(queue);
}

bool dmumu_queue_give(struct dmumu_queue *queue, struct dmumu_block block)
{
    omp_set_lock(&queue->lock);
    const bool ok = queue->n_blocks < DMUMU_QUEUE_BLOCKS;
    if (ok && block.count > 0) {
        queue->block[queue->n_blocks++] = block;
        queue->queued += block.count;
        queue->runs += dmumu_blocks_runs(queue->blocks, block);
    }
    omp_unset_lock(&queue->lock);
    return ok;
}

/* A smaller claim is not shared: its owner needs no longer for all of it than another thread for a first curve. */
static size_t least_shared(const struct dmumu_queue *queue)
{
    const struct dmumu_costs costs = dmumu_costs_of(&queue->tally);
    const double least = costs.first / costs.later;
    return least < 2.0 ? 2 : least < (double)queue->blocks->run_length ? (size_t)least : queue->blocks->run_length;
}

/* The first run of the queue, which must not be empty, or a part of it when there are fewer runs than threads. */
static struct dmumu_block next_piece(struct dmumu_queue *queue)
{
    struct dmumu_block *block = &queue->block[0];
    size_t most = queue->blocks->run_length;
    if (queue->runs < queue->threads) {
        const size_t part = (queue->queued + queue->threads - 1) / queue->threads, least = least_shared(queue);
        most = part > least ? part : least;
    }
    queue->runs -= dmumu_blocks_runs(queue->blocks, *block);
    const struct dmumu_block piece = dmumu_blocks_piece(queue->blocks, *block, most);
    block->first += piece.count;
    block->count -= piece.count;
    queue->queued -= piece.count;
    queue->claimed += piece.count;
    queue->runs += dmumu_blocks_runs(queue->blocks, *block);
    if (block->count == 0) {
        --queue->n_blocks;
        for (size_t i = 0; i < queue->n_blocks; ++i)
            queue->block[i] = queue->block[i + 1];
    }
    return piece;
}

/* The second half of the largest claim; none if that is too small to share. */
static struct dmumu_block share_claim(struct dmumu_queue *queue)
{
    struct dmumu_block *largest = &queue->claim[0].left;
    for (size_t i = 1; i < queue->threads; ++i) {
        if (queue->claim[i].left.count > largest->count)
            largest = &queue->claim[i].left;
    }
    if (largest->count < 2 || largest->count < least_shared(queue))
        return (struct dmumu_block){0, 0};
    const size_t half = largest->count / 2;
    largest->count -= half;
    return (struct dmumu_block){largest->first + largest->count, half};
}

/* Does a curve of this M_A help to fill its tables? Those of the first run's length do. */
static bool note_opening(struct dmumu_queue *queue, size_t group)
{
    struct opening *opening = queue->opening;
    int i = 0;
    while (i < DMUMU_QUEUE_TABLES && opening[i].group != group)
        ++i;
    if (i == DMUMU_QUEUE_TABLES) {
        for (i = DMUMU_QUEUE_TABLES - 1; i > 0; --i)
            opening[i] = opening[i - 1];
        opening[0] = (struct opening){.group = group};
        ++queue->tally.openings;
    }
    return opening[i].begun++ < queue->blocks->run_length;
}

/* The next curve of a thread's claim, or of a new one. Locked. */
static bool begin_curve(struct dmumu_queue *queue, struct claim *claim, size_t *position)
{
    do {
        if (claim->left.count == 0) {
            claim->left = queue->n_blocks > 0 ? next_piece(queue) : share_claim(queue);
            claim->begun = false;
        }
        if (claim->left.count == 0)
            return false;
        *position = claim->left.first++;
        --claim->left.count;
        --queue->claimed;
    } while (dmumu_blocks_is_done(queue->blocks, *position));
    claim->kind = claim->begun ? DMUMU_COST_LATER : DMUMU_COST_FIRST;
    claim->opening = note_opening(queue, *position / queue->blocks->group_size);
    claim->begun = true;
    return true;
}

bool dmumu_queue_begin(struct dmumu_queue *queue, int thread, size_t *position)
{
    omp_set_lock(&queue->lock);
    const bool room = !queue->stopped && queue->unwritten + (long long)queue->running < (long long)queue->capacity;
    const bool begun = room && begin_curve(queue, &queue->claim[thread], position);
    if (begun)
        ++queue->running;
    omp_unset_lock(&queue->lock);
    return begun;
}

void dmumu_queue_end(struct dmumu_queue *queue, int thread, double seconds)
{
    const struct claim *claim = &queue->claim[thread];
    omp_set_lock(&queue->lock);
    dmumu_costs_add(&queue->tally, claim->kind, claim->opening, seconds);
    --queue->running;
    ++queue->unwritten;
    ++queue->finished;
    omp_unset_lock(&queue->lock);
}

void dmumu_queue_written(struct dmumu_queue *queue, size_t curves)
{
    omp_set_lock(&queue->lock);
    queue->unwritten -= (long long)curves;
    omp_unset_lock(&queue->lock);
}

void dmumu_queue_close(struct dmumu_queue *queue)
{
    omp_set_lock(&queue->lock);
    queue->closed = true;
    omp_unset_lock(&queue->lock);
}

void dmumu_queue_cut(struct dmumu_queue *queue)
{
    omp_set_lock(&queue->lock);
    queue->n_blocks = queue->queued = queue->claimed = queue->runs = 0;
    for (size_t i = 0; i < queue->threads; ++i)
        queue->claim[i].left = (struct dmumu_block){0, 0};
    queue->closed = true;
    omp_unset_lock(&queue->lock);
}

void dmumu_queue_stop(struct dmumu_queue *queue)
{
    omp_set_lock(&queue->lock);
    queue->stopped = true;
    omp_unset_lock(&queue->lock);
}

struct dmumu_queue_state dmumu_queue_state(struct dmumu_queue *queue)
{
    omp_set_lock(&queue->lock);
    const struct dmumu_queue_state state = {
        .queued = queue->queued,
        .in_hand = queue->queued + queue->claimed,
        .runs = queue->runs,
        .blocks = queue->n_blocks,
        .finished = queue->finished,
        .idle = queue->queued == 0 && queue->claimed == 0 && queue->running == 0,
        .filling_up = 2 * (queue->unwritten + (long long)queue->running) > (long long)queue->capacity,
        .closed = queue->closed,
        .stopped = queue->stopped,
        .tally = queue->tally,
    };
    omp_unset_lock(&queue->lock);
    return state;
}
