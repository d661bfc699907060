/* Cubes of formulas, to look up: made, opened and removed again. */
#ifndef DMUMU_TESTS_LOOKUP_CUBES_H
#define DMUMU_TESTS_LOOKUP_CUBES_H

#include "dmumu.h"

enum { LOOKUP_MOST = 40 }; /* values of an axis */

/** ln D at u of alfven_mach, beta, injection_scale, rigidity: ln x, or x where the axis is linear. */
typedef double lookup_formula(const double u[static DMUMU_N_GRADIENT], const void *argument);

/** What a cube is made of. */
struct lookup_grid {
    size_t n[DMUMU_N_GRADIENT];
    bool linear[DMUMU_N_GRADIENT];
    bool uneven;        /* steps that differ by up to a factor of two */
    double from, to;    /* of every axis */
    uint64_t n_pending; /* of the last curves */
    lookup_formula *formula;
    const void *argument;
};

/** Values of an axis of this grid: [n]. */
void lookup_axis(const struct lookup_grid *grid, int axis, double values[static LOOKUP_MOST]);
/** Make the cube of both regions (D of the halo ten times that of the disk), open it, remove the file. */
struct dmumu_cube *lookup_cube(const struct lookup_grid *grid, const struct dmumu_cube_options *options);
/** Make it under a name that the caller frees and removes. */
char *lookup_file(const struct lookup_grid *grid);
/** ln D of one point, NaN after an error. */
double lookup_ln(const struct dmumu_cube *cube, enum dmumu_region region, const double x[static DMUMU_N_GRADIENT]);
/** Its derivatives. */
void lookup_slopes(const struct dmumu_cube *cube, enum dmumu_region region, const double x[static DMUMU_N_GRADIENT],
                   double slope[static DMUMU_N_GRADIENT]);
/** 0 .. 1, the same sequence everywhere. */
double lookup_random(uint64_t *state);

#endif
