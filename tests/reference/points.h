/* Points at which the two kernels are compared: quasi-random over the whole range of the model. */
#ifndef DMUMU_TESTS_REFERENCE_POINTS_H
#define DMUMU_TESTS_REFERENCE_POINTS_H

#include "dmumu.h"

/** One comparison: a model with all its choices, a point and a rigidity. */
struct reference_point {
    struct dmumu_model model;
    struct dmumu_point point;
    double rigidity_gv;
};

/**
 * The i-th point. Sobol numbers in eight dimensions choose M_A 0.05-3, beta 1e-3-30, L 0.1-1000 pc, R 1e-12-1 (bounded
 * so that the rigidity lies in 0.01 GV-1e9 GV), B 0.3-10 uG, v_A 3-100 km/s and zone size 100-10000 pc, all
 * logarithmic, and the viscous cut-off; the discrete choices (region, broadening, cascade, harmonics, confinement,
 * variant) go round with i. All three modes are on, so that D of each alone comes with it.
 *
 * From the 200th on a quarter are corners: eighths with M_A, beta, L and R all at an end of their ranges, in each of the
 * sixteen ways with each region, broadening and cascade, and with one to four of them at an end.
 */
struct reference_point reference_point_at(unsigned i);

#endif
