/*
 * Resonance: how far from exact a particle may be and still scatter (YL08; physics.md, 'Resonance').
 *
 *     R_n = sqrt(pi) / (Delta |x_par|) exp[-(mu - omega/(k_par v) + n/(x_par R))^2 / Delta^2],  Delta^2 = kappa M_A s^2
 *
 * It depends on the wave through u = 1/(x_par R) alone, so the kernels carry E(mu, n u), the exponential, and put the
 * rest in front. In the quasi-linear limit (kappa = 0) R_n = pi / |x_par| delta(mu + n u).
 */
#ifndef DMUMU_CORE_RESONANCE_H
#define DMUMU_CORE_RESONANCE_H

#include "core/state.h"

/** |argument| / Delta beyond which the exponential counts as zero: exp(-5.6^2) = 2e-14. */
#define DMUMU_RESONANCE_REACH 5.6

/** Delta(mu) = (kappa M_A)^1/2 s, with s2 = s^2 = 1 - mu^2. */
double dmumu_resonance_width(const struct dmumu_state *state, double s2);

/** exp(-(mu - shift)^2 / Delta^2): the n = 0 term with shift = omega/(k_par v). */
double dmumu_resonance_transit(double mu, double shift, double width);

/** exp(-(mu + nu)^2 / Delta^2) + exp(-(mu - nu)^2 / Delta^2): harmonics n and -n, with nu = |n| u. omega is neglected
 * (F21). */
double dmumu_resonance_gyro(double mu, double nu, double width);

/**
 * The resonance as the production kernel tabulates it. One narrower than it resolves is replaced by a wider one with
 * the same area and the same moments up to the seventh,
 *
 *     (Delta/D) exp(-y^2) sum_j (-c/4)^j/j! H_2j(y),  j = 0 .. 3,  y = (mu - shift)/D,  c = 1 - Delta^2/D^2,
 *
 * the inverse of the convolution that widens it, exp(-c D^2/4 d^2/dmu^2), to its fourth term. Under an integral over a
 * smooth function it errs by that function's eighth derivative, times c^4 D^8/6144.
 */
struct dmumu_resonance_shape {
    double mu, width; /* D */
    double ratio;     /* Delta/D; 1 where D is Delta */
    double term[4];   /* of the sum, in powers of y^2 */
};

/** @param[in] least  the least relative width D/mu */
struct dmumu_resonance_shape dmumu_resonance_shape_of(double mu, double width, double least);

/** With the exponential left to the caller, who may have one for vector registers. */
static inline double dmumu_resonance_shape_factor(const struct dmumu_resonance_shape *shape, double y2)
{
    const double *term = shape->term;
    return shape->ratio * (term[0] + y2 * (term[1] + y2 * (term[2] + y2 * term[3])));
}

double dmumu_resonance_shape_value(const struct dmumu_resonance_shape *shape, double shift);

#endif
