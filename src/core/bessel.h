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

#endif
