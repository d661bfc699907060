/*
 * Look-up, bricks: in which order the values lie in memory. In the file's order the neighbours of a cell along alfven_mach
 * and beta are far apart, each in a page of memory of its own. In bricks of 4 x 4 x 4 x 8 values, a page each, most of them
 * are in a few. Where a value lies is the sum of a number per axis, in any such order, which is all that others need to
 * know.
 */
#ifndef DMUMU_CUBE_LOOKUP_BRICKS_H
#define DMUMU_CUBE_LOOKUP_BRICKS_H

#include "dmumu.h"

/**
 * Lay out a grid of n values along each axis. Small grids and short axes, where bricks would stay partly empty, keep the
 * file's order.
 * @param[out] offset  each [n] owned by the caller, on error too (NULL: not made)
 * @param[out] size    values that there must be room for; at least as many as there are
 * @return false: no memory, or too many values to count
 */
bool dmumu_lookup_bricks_new(const size_t n[static DMUMU_N_AXES], size_t *offset[static DMUMU_N_AXES], uint64_t *size);

#endif
