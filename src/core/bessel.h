/* Bessel functions as the scattering integrals need them: squares, and their mean over the phase for large arguments.
 */
#ifndef DMUMU_CORE_BESSEL_H
#define DMUMU_CORE_BESSEL_H

/** J_n'(w)^2, n >= 0 (J_0' = -J_1). */
double dmumu_bessel_prime_square(int n, double w);
/** [n J_n(w) / w]^2, n >= 1; 1/4 for n = 1 and w -> 0. */
double dmumu_bessel_over_w_square(int n, double w);

/**
 * The same two averaged over the phase, for w >> n: half the moduli of Hankel's functions, Abramowitz & Stegun 9.2.28
 * and 9.2.30: [J_n^2 + Y_n^2]/2 = 1/(pi w) {1 + (m-1)/(8w^2) + ...}, [J_n'^2 + Y_n'^2]/2 = 1/(pi w) {1 - (m-3)/(8 w^2)
 * - ...}, m = 4 n^2.
 */
double dmumu_bessel_prime_square_mean(int n, double w);
double dmumu_bessel_over_w_square_mean(int n, double w);

enum dmumu_bessel_kind { DMUMU_BESSEL_PRIME_SQUARE, DMUMU_BESSEL_OVER_W_SQUARE };

/**
 * The squares with their oscillations faded out at large arguments,
 *
 *     f(w) = [1 - S(w)] J^2(w) + S(w) <J^2>(w),   S a smooth step from 0 to 1 between fade_from and fade_to:
 *
 * under an integral over a smooth function the oscillating part of J^2 beyond a few periods adds nothing but boundary
 * terms, and a boundary that moves with the wave angle averages those out; f keeps the mean.
 */
double dmumu_bessel_faded(enum dmumu_bessel_kind kind, int n, double fade_from, double fade_to, double w);

/** The step S(w). */
double dmumu_bessel_fade(double fade_from, double fade_to, double w);

#endif
