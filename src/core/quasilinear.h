/*
 * The quasi-linear limit of fast modes: D_mumu without broadening, where waves resonate exactly or not at all.
 *
 *     gyro     (f_F pi M_A^2 s^2 / (2 R^2 mu)) sum_n int dxi xi x^-3/2 J_n'(w)^2, x = n/(mu xi R), 1 <= x <= x_max(xi)
 *     transit  (f_F pi M_A^2 s^2 / (2 R^2)) xi_0^3 v/v_A int_1^x_max dx x^-5/2 J_1(w)^2 at xi_0 = v_A/(mu v)
 */
#ifndef DMUMU_CORE_QUASILINEAR_H
#define DMUMU_CORE_QUASILINEAR_H

#include "core/kernel.h"
#include "core/sharp_angles.h"

/** D_F L/v at one (mu, R). mu > 0; s2 = 1 - mu^2. */
struct dmumu_fast_rate dmumu_quasilinear_fast_rate(const struct dmumu_fast_common *common,
                                                   const struct dmumu_state *state,
                                                   const struct dmumu_sharp_angles *angles, double mu, double s2,
                                                   double larmor_ratio);

#endif
