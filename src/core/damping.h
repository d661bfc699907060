/* Damping: where the fast cascade ends, x_max = k_max L as a function of the wave angle (physics.md, 'Damping'). */
#ifndef DMUMU_CORE_DAMPING_H
#define DMUMU_CORE_DAMPING_H

#include "core/state.h"

/**
 * A wave's direction. cos and 1 - cos^2 are carried separately: the waves that matter at low R have 1 - xi of 1e-8,
 * where 1 - xi^2 computed from xi would have no digits left.
 */
struct dmumu_angle {
    double cosine;      /* xi = k_par / k, 0 .. 1 */
    double sine_square; /* 1 - xi^2 */
};

/** The angle with tan(theta) = k_perp / k_par. */
struct dmumu_angle dmumu_angle_of_tangent(double tangent);

/** ln x_max of collisionless damping: x_max = 4 M_A^4 gamma xi^2 / (pi beta (1-xi^2)^2) exp(2/(beta gamma xi^2)) (YL08,
 * P06). */
double dmumu_damping_collisionless(const struct dmumu_state *state, struct dmumu_angle angle);
/** ln x_max of viscous damping: x_c (1-xi^2)^-2/3 for beta < 1, x_c |1-3 xi^2|^-4/3 otherwise (YL08). */
double dmumu_damping_viscous(const struct dmumu_state *state, struct dmumu_angle angle);
/** ln x_max of a wave at this angle: the smaller of what the region has, at the angle that the variant takes it. May be
 * +inf. */
double dmumu_damping_ln_x_max(const struct dmumu_state *state, struct dmumu_angle angle);

/**
 * Where ln x_max has a kink, as ln tan(theta): x_max = 1, collisionless = viscous, the viscous pole. Ascending.
 * @param[out] ln_tangent [max]
 * @return how many are stored, at most `max`; there are up to eight in (ln_tangent_min, ln_tangent_max)
 */
size_t dmumu_damping_kinks(const struct dmumu_state *state, double ln_tangent_min, double ln_tangent_max, size_t max,
                           double ln_tangent[]);

#endif
