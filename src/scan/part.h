/*
 * Part: one of N parts of a grid, for the tasks of a job array. A part is a grid of its own, a box of whole intervals of
 * the axes, so that its cube is small, complete and good for anything; `dmumu merge` joins them.
 *
 * The grid is cut in two again and again, and the number of parts with it, along alfven_mach or beta, where that gives
 * parts most alike; along region and injection_scale only when there is nothing else to cut, as a region is half the
 * work and the curves along an injection scale share theirs.
 */
#ifndef DMUMU_SCAN_PART_H
#define DMUMU_SCAN_PART_H

#include "scan/axes.h"

/** Which part: `number` of `count`, 1 <= number <= count. */
struct dmumu_part {
    size_t number, count;
};

/** "3/8": true when it is one. */
bool dmumu_part_parse(const char *text, struct dmumu_part *part);

/**
 * Cut a grid down to one of its parts. All parts together are the grid, each curve once.
 * @return DMUMU_OK; DMUMU_ERROR_INPUT: there are more parts than curves
 */
enum dmumu_status dmumu_part_cut(struct dmumu_grid *grid, struct dmumu_part part, struct dmumu_error *error);

#endif
