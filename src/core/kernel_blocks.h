/*
 * Kernel blocks: the sums over directions of one damping and pitch angle, at DMUMU_FILTER_BLOCK lattice points of ln(R s)
 * together, made when a rate or an error first asks for them.
 */
#ifndef DMUMU_CORE_KERNEL_BLOCKS_H
#define DMUMU_CORE_KERNEL_BLOCKS_H

#include "core/kernel.h"

/** What makes blocks. */
struct dmumu_fast_maker {
    const struct dmumu_fast_common *common;
    const struct dmumu_fast_table *table;
    struct dmumu_columns *columns;
    struct dmumu_fast_profile *profile;
};

/** Blocks are counted downwards from one that ends beyond ln(R s) = 0 by what differences there reach. */
enum { DMUMU_BLOCKS_END = 24 };

/** Lattice index of a block's begin. */
static inline long dmumu_block_begin(size_t block)
{
    return DMUMU_BLOCKS_END - DMUMU_FILTER_BLOCK * ((long)block + 1);
}

static inline size_t dmumu_block_of(long index)
{
    return (size_t)(DMUMU_BLOCKS_END - 1 - index) / DMUMU_FILTER_BLOCK;
}

void dmumu_fast_make_block(const struct dmumu_fast_maker *maker, size_t block);

/** Blocks are there from one lattice point to another, less than a block apart. */
static inline void dmumu_fast_make_between(const struct dmumu_fast_maker *maker, long from, long to)
{
    const size_t block[2] = {dmumu_block_of(from), dmumu_block_of(to)};
    for (int k = 0; k < 2; k++) {
        if (!maker->profile->done[block[k]]) {
            dmumu_fast_make_block(maker, block[k]);
        }
    }
}

/**
 * The error of interpolating along the lattice between points, from the sums at 15 of them; without a stride of one
 * lattice's only.
 */
double dmumu_lattice_error(const double sum[static 15]);

/**
 * Differences along the lattice reach into the next block before, or after, at a block's ends alone: so errors are made in
 * three parts, of which the one in the middle asks for no other block.
 */
enum { DMUMU_ERROR_REACH = 7, DMUMU_ERROR_PARTS = 3 };

static inline int dmumu_error_part_of(long within_block)
{
    return (within_block >= DMUMU_ERROR_REACH) + (within_block >= DMUMU_FILTER_BLOCK - DMUMU_ERROR_REACH);
}

/** Estimated errors of the total, absolute, of one part of a block that is made. */
void dmumu_fast_make_errors(const struct dmumu_fast_maker *maker, size_t block, int part);

/** The error at a lattice point is there. */
static inline void dmumu_fast_make_error_at(const struct dmumu_fast_maker *maker, long index)
{
    const size_t block = dmumu_block_of(index);
    const int part = dmumu_error_part_of(index - dmumu_block_begin(block));
    dmumu_fast_make_between(maker, index, index);
    if (!(maker->profile->error_done[block] >> part & 1U)) {
        dmumu_fast_make_errors(maker, block, part);
    }
}

#endif
