/*
 * Look-up: an open cube, and the three ways to a value of it (include/dmumu.h is what others see).
 *
 * ln D of one quantity lies in memory in an order of its own (lookup_bricks.h), beside D itself for exact nodes. A value
 * is asked for by a target: a place on each axis. lookup_linear.c and lookup_cubic.c compute it fast, and give NaN where
 * anything that they touch is NaN; then lookup_general.c, slow, knows which NaN count, and has the derivatives. They agree
 * to rounding.
 *
 * Nothing here changes the cube, allocates or prints: any number of threads at once.
 */
#ifndef DMUMU_CUBE_LOOKUP_H
#define DMUMU_CUBE_LOOKUP_H

#include "cube/lookup_axis.h"

enum { DMUMU_LOOKUP_N_OUTER = 3, DMUMU_LOOKUP_N_TEXTS = 5 }; /* alfven_mach, beta, injection_scale */

struct dmumu_cube {
    struct dmumu_cube_about about;
    struct dmumu_cube_options options;
    struct dmumu_lookup_axis axis[DMUMU_N_AXES]; /* none of region */
    size_t *offset[DMUMU_N_AXES];                /* [n] owned: a value lies at the sum of those of its indices */
    ptrdiff_t region_start[DMUMU_N_REGIONS];     /* offset of each region; -1: not in the cube */
    double *values[DMUMU_N_AXES];                /* owned: about.axis[].values */
    double *ln_d, *d;                            /* owned; NaN where D is not a positive number */
    char *text[DMUMU_LOOKUP_N_TEXTS];            /* owned: the texts of `about` */
};

/** One value to look up. */
struct dmumu_lookup_target {
    size_t base;                                   /* where the value at the lower node of every cell lies */
    size_t step[DMUMU_N_AXES];                     /* from there to the upper one; 0 on an axis of one value */
    struct dmumu_lookup_place place[DMUMU_N_AXES]; /* none of region */
};

/** ln D and its derivatives. */
struct dmumu_lookup_jet {
    double value;
    double slope[DMUMU_N_GRADIENT]; /* by u of each axis; of a rigidity that is continued by ln R */
};

/** Ask memory for what dmumu_lookup_linear will read. */
void dmumu_lookup_linear_fetch(const struct dmumu_cube *cube, const struct dmumu_lookup_target *target);
/** ln D of n targets; NaN: ask dmumu_lookup_general. */
void dmumu_lookup_linear(const struct dmumu_cube *cube, size_t n, const struct dmumu_lookup_target target[],
                         double ln_d[]);
void dmumu_lookup_cubic(const struct dmumu_cube *cube, size_t n, const struct dmumu_lookup_target target[],
                        double ln_d[]);
/** ln D and its derivatives; NaN where there is none. */
struct dmumu_lookup_jet dmumu_lookup_general(const struct dmumu_cube *cube, const struct dmumu_lookup_target *target);

#endif
