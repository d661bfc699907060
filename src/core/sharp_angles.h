/*
 * Sharp angles: where, without broadening, the directions of resonant waves may begin and end.
 *
 * A wave at angle theta with x xi = n/(mu R) is there where ln(x_max xi) exceeds ln[n/(mu R)]. Between these directions
 * ln(x_max xi) rises or falls throughout, so that it crosses any value once at most; and where it turns or has a kink, the rates
 * are not smooth in mu: there an interval of directions appears, with a width like a square root, or changes its pace.
 */
#ifndef DMUMU_CORE_SHARP_ANGLES_H
#define DMUMU_CORE_SHARP_ANGLES_H

#include "core/angles.h"

enum { DMUMU_SHARP_MOST = 2 * DMUMU_ANGLES_MOST_ENDS };

/** Directions, the first and the last of them the ends of what matters. */
struct dmumu_sharp_angles {
    size_t n;
    double ln_tangent[DMUMU_SHARP_MOST];
    double ln_x_par_max[DMUMU_SHARP_MOST]; /* ln(x_max xi) */
};

/** ln(x_max xi) at one direction. */
double dmumu_sharp_ln_x_par_max(const struct dmumu_state *state, double ln_tangent);

/** @param[in] ends  of all directions, and the kinks of x_max */
struct dmumu_sharp_angles dmumu_sharp_angles_find(const struct dmumu_state *state, const struct dmumu_angle_ends *ends);

#endif
