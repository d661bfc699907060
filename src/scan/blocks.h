/*
 * Blocks: the order in which the curves of a grid are worked on, and the pieces that are handed out.
 *
 * Curves that share an M_A share the tables of the core, so they form a group and stand together; the costliest group
 * comes first, and in a group the costliest curve. Curves that differ in L alone form a run: a thread that computes
 * them one after the other finds most of the first one's work again in its workspace. A run stands together too, L
 * ascending, and as every group holds whole runs, each run begins at a multiple of the runs' length.
 *
 * Every rank builds the same order from the same grid, so that a piece of work is two numbers: first position and
 * count. A block never spans two groups.
 */
#ifndef DMUMU_SCAN_BLOCKS_H
#define DMUMU_SCAN_BLOCKS_H

#include "scan/axes.h"

/* As measured on inputs/galaxy.yaml: filling the tables of a new M_A costs as much as so many of its curves, first and
 * later ones alike (5 ms); and the first curve of a run (15 ms) as much as so many later ones (4 ms). */
#define DMUMU_BLOCKS_TABLES_COST 15.0
#define DMUMU_BLOCKS_FIRST_COST  4.0

/** Positions first .. first + count - 1 of the order; count = 0: nothing. */
struct dmumu_block {
    size_t first, count;
};

struct dmumu_blocks {
    size_t n_curves, n_groups;
    size_t run_length;   /* >= 1: run i is at positions i run_length .. (i + 1) run_length - 1 */
    uint64_t *curve;     /* [n_curves] flat curve index (axes.h) at each position */
    double *cost;        /* [n_curves] expected cost at each position, relative to a later halo curve at M_A = 1 */
    size_t *group_first; /* [n_groups + 1] first position of each group, and n_curves */
};

/**
 * Expected cost of one later curve of a run, relative to one in the halo at M_A = 1: an estimate that only decides who
 * does what when, never a result. Thread-safe.
 */
double dmumu_blocks_cost(enum dmumu_region region, double alfven_mach);

/**
 * The order of all curves of a grid. Not collective.
 * @param[out] blocks  free with dmumu_blocks_free; untouched on error
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_blocks_new(const struct dmumu_grid *grid, struct dmumu_blocks *blocks,
                                   struct dmumu_error *error);
void dmumu_blocks_free(struct dmumu_blocks *blocks);

/** Sum of the expected costs of one block. */
double dmumu_blocks_sum(const struct dmumu_blocks *blocks, struct dmumu_block block);

/** The first `count` positions of a block at most, and none beyond the run of the first: work for one thread. */
struct dmumu_block dmumu_blocks_piece(const struct dmumu_blocks *blocks, struct dmumu_block block, size_t count);

/** In how many runs a block has a part. */
size_t dmumu_blocks_runs(const struct dmumu_blocks *blocks, struct dmumu_block block);

#endif
