/*
 * Blocks: the order in which the curves of a grid are worked on, and the pieces that are handed out.
 *
 * Curves that share an M_A share the tables of the core, so they form a group and stand together; the costliest group
 * comes first, and in all groups the region that is the costlier over all M_A. Curves that differ in L alone form a run: a
 * thread that computes them one after the other finds most of the first one's work again in its workspace. A run stands together too, L
 * ascending, so that each run begins at a multiple of the runs' length.
 *
 * Every rank makes the same order from the same grid, so that a piece of work is two numbers: first position and count.
 * The order is computed, not stored: what is kept is a few words per M_A, and a bit per curve where some are done
 * already. A block never spans two groups.
 */
#ifndef DMUMU_SCAN_BLOCKS_H
#define DMUMU_SCAN_BLOCKS_H

#include "scan/axes.h"

/** Positions first .. first + count - 1 of the order; count = 0: nothing. */
struct dmumu_block {
    size_t first, count;
};

struct dmumu_blocks {
    size_t n_curves, n_groups;
    size_t group_size; /* group i is at positions i group_size .. (i + 1) group_size - 1 */
    size_t run_length; /* >= 1: run i is at positions i run_length .. (i + 1) run_length - 1 */
    size_t fixed;      /* curves in every block, at most, as set by the caller; 0: as many as the master finds right */
    size_t n_pending;  /* curves that are not done: all, unless dmumu_blocks_set_done says otherwise */
    size_t n_beta;
    size_t region[DMUMU_N_REGIONS]; /* index on its axis, in the order in which regions stand in a group */
    size_t *mach;                   /* [n_groups] index on its axis of each group's M_A */
    size_t *group_of;               /* [n_groups] the inverse: group of each index */
    double *expected;               /* [n_groups] expected cost of a group's curves over the mean of all */
    uint64_t *done;                 /* a bit per position; NULL: none is done */
};

/**
 * Expected cost of one curve, relative to one in the halo at M_A = 1, as measured in the larger cube of `make bench`, in the
 * disk at M_A = 1 and in the halo at 0.1 more than twice that: it decides what stands first in the order, who begins
 * where and how large the first blocks are, never a result. Thread-safe.
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

/** Flat curve index (axes.h) at a position < n_curves, and the position of a curve. */
uint64_t dmumu_blocks_curve(const struct dmumu_blocks *blocks, size_t position);
size_t dmumu_blocks_position(const struct dmumu_blocks *blocks, uint64_t curve);

/**
 * This curve needs no computing: before the work begins, on every rank alike. Blocks may still contain it; it is passed
 * over. @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_blocks_set_done(struct dmumu_blocks *blocks, uint64_t curve, struct dmumu_error *error);
bool dmumu_blocks_is_done(const struct dmumu_blocks *blocks, size_t position);
/** Curves of a block that are not done. */
size_t dmumu_blocks_pending(const struct dmumu_blocks *blocks, struct dmumu_block block);

/** Expected cost of a group's curves over the mean of all groups. */
double dmumu_blocks_expected(const struct dmumu_blocks *blocks, size_t group);

/** All positions of a group. */
struct dmumu_block dmumu_blocks_group(const struct dmumu_blocks *blocks, size_t group);

/** The first `count` positions of a block at most, and none beyond the run of the first: work for one thread. */
struct dmumu_block dmumu_blocks_piece(const struct dmumu_blocks *blocks, struct dmumu_block block, size_t count);

/** In how many runs a block has a part. */
size_t dmumu_blocks_runs(const struct dmumu_blocks *blocks, struct dmumu_block block);

#endif
