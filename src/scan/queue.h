/*
 * Queue: the curves that one rank has been given and not finished, and which of its threads computes which.
 *
 * Threads claim whole runs (blocks.h), or, when there are fewer runs than threads, equal parts of what there is, and
 * work through them curve by curve; one that finds nothing takes over half of what another has still before it, if that
 * is worth the cost of a run's first curve. There is no barrier between blocks. The queue also counts the curves that
 * are finished and not written yet, and hands out no more than there is room for, and it measures what curves cost.
 *
 * No MPI, no clock. Every function but new and free is thread-safe: one lock, held for less than a microsecond.
 */
#ifndef DMUMU_SCAN_QUEUE_H
#define DMUMU_SCAN_QUEUE_H

#include "scan/blocks.h"
#include "scan/costs.h"

struct dmumu_queue;

struct dmumu_queue_state {
    size_t queued;                 /* curves given that no thread has claimed */
    size_t in_hand;                /* the same and those claimed but not begun */
    size_t runs;                   /* runs, or parts of runs, with curves that no thread has claimed */
    size_t blocks;                 /* blocks with such curves */
    uint64_t finished;             /* curves finished since the start */
    bool idle;                     /* nothing queued, claimed or being computed */
    bool filling_up;               /* half of the room for unwritten curves is used: write soon */
    bool closed;                   /* no more blocks will come */
    bool stopped;                  /* no more curves will begin */
    struct dmumu_cost_tally tally; /* of the finished curves */
};

enum { DMUMU_QUEUE_BLOCKS = 64, DMUMU_QUEUE_TABLES = 2 /* M_A whose tables a rank keeps */ };

/**
 * @param[in] blocks    must outlive the queue
 * @param[in] threads   that will call dmumu_queue_begin, >= 1
 * @param[in] capacity  room for curves that are finished and not written, >= threads
 * @return NULL when out of memory
 */
struct dmumu_queue *dmumu_queue_new(const struct dmumu_blocks *blocks, int threads, size_t capacity);
void dmumu_queue_free(struct dmumu_queue *queue);

/** Queue a block. False when the queue is full: it holds DMUMU_QUEUE_BLOCKS blocks. */
bool dmumu_queue_give(struct dmumu_queue *queue, struct dmumu_block block);

/** The position of the next curve for a thread; false: nothing now. Each must be ended before the thread's next. */
bool dmumu_queue_begin(struct dmumu_queue *queue, int thread, size_t *position);
/** The thread's curve is computed, and took so long. */
void dmumu_queue_end(struct dmumu_queue *queue, int thread, double seconds);

/** So many finished curves are about to be written: their room is free again. */
void dmumu_queue_written(struct dmumu_queue *queue, size_t curves);

/** The last block has been given. */
void dmumu_queue_close(struct dmumu_queue *queue);

/** Give up what is not begun, and take no more: what is being computed will be the last. May be called again. */
void dmumu_queue_cut(struct dmumu_queue *queue);

/** No further curve will begin. */
void dmumu_queue_stop(struct dmumu_queue *queue);

struct dmumu_queue_state dmumu_queue_state(struct dmumu_queue *queue);

#endif
