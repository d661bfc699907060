/* Grids for the tests of blocks, queue, master and exchange. */
#ifndef TESTS_UNIT_GRIDS_H
#define TESTS_UNIT_GRIDS_H

#include "scan/blocks.h"

/** A grid with so many values on each axis and five rigidities: M_A 0.1 to 1, beta 0.01 to 1, L 10 to 300 pc. */
struct dmumu_grid make_grid(size_t regions, size_t machs, size_t betas, size_t scales);

/** The order of such a grid. */
struct dmumu_blocks make_blocks(size_t regions, size_t machs, size_t betas, size_t scales);

#endif
