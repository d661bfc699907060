/*
 * Bessel functions of the reference kernel: J_n'^2 and (n J_n/w)^2 as piecewise polynomials, with their oscillations
 * faded out where they add nothing.
 *
 * Made from bessel.h's functions: on each interval of DMUMU_BESSEL_REF_STEP in w the polynomial of degree 6 through
 * Chebyshev's nodes, of the function divided by its power law w^(2n-2) (w^2 for n = 0), hence to 1e-14 of the function
 * near it for small w as well. Beyond DMUMU_BESSEL_REF_END the functions themselves are called.
 *
 * Fade     f(w) = [1 - S(w)] J^2(w) + S(w) <J^2>(w),   S(w) = erfc(5 - (w - from)/6)/2: 0 below `from`, 1 above from + 60.
 *          J^2 - <J^2> is a cosine of 2w: under an integral over a smooth function what S leaves out is its Fourier
 *          transform at 2, of S alone exp(-6^2) = 2e-16. A sharp upper end of the integral at `until` is not smooth, so
 *          there S goes back to 0.
 */
#ifndef DMUMU_CORE_BESSEL_REF_H
#define DMUMU_CORE_BESSEL_REF_H

#include "core/bessel.h"
#include "core/quadrature.h"

#include <stdbool.h>

#define DMUMU_BESSEL_REF_STEP       0.0625
#define DMUMU_BESSEL_REF_END        256.0
#define DMUMU_BESSEL_REF_FADE_WIDTH 60.0

/** Polynomials on n intervals of one length from 0 on, in Newton's form: value[7 i ..] are those of interval i. */
struct dmumu_pieces {
    double per_unit; /* intervals per unit of the argument */
    double *coefficient;
};

struct dmumu_bessel_ref {
    int harmonics;
    struct dmumu_pieces fade;           /* S over w - from */
    struct dmumu_pieces *prime_square;  /* [harmonics + 1], owned */
    struct dmumu_pieces *over_w_square; /* [harmonics + 1], the first unused, owned */
    double *memory;
};

/** Where oscillations are left out. */
struct dmumu_bessel_fade {
    double from;  /* S begins to rise */
    double until; /* S has fallen back to 0; infinite: never */
};

/** @return false without memory; free with dmumu_bessel_ref_free in any case */
bool dmumu_bessel_ref_init(struct dmumu_bessel_ref *bessel, int harmonics);
void dmumu_bessel_ref_free(struct dmumu_bessel_ref *bessel);

/** Faded squares at `count` ascending w, DMUMU_PANEL_N at most, n <= harmonics. */
void dmumu_bessel_ref_squares(const struct dmumu_bessel_ref *bessel, enum dmumu_bessel_kind kind, int n,
                              struct dmumu_bessel_fade fade, int count, const double w[], double square[]);

#endif
