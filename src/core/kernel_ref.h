/*
 * The reference kernel: D_mumu by plain nested adaptive quadrature of the formulas of physics.md ('Pitch-angle
 * diffusion'), one function per formula. Slow on purpose, and the oracle of every test of the production kernel.
 */
#ifndef DMUMU_CORE_KERNEL_REF_H
#define DMUMU_CORE_KERNEL_REF_H

#include "core/state.h"

/** D_mumu L / v, dimensionless, per mode and per kind of resonance (n = 0, and 1 <= |n| <= N). */
struct dmumu_rate {
    double transit[DMUMU_N_MODES];
    double gyro[DMUMU_N_MODES];
};

/** Rate of one mode, both kinds. */
double dmumu_rate_of_mode(const struct dmumu_rate *rate, int mode);

/**
 * Rates of all modes of the state at one (R, mu).
 * @param[in]  larmor_ratio  R
 * @param[in]  mu            0 <= mu < 1
 * @param[in]  tolerance     relative, per mode and kind; 1e-8 is reached
 * Thread-safe.
 */
struct dmumu_rate dmumu_kernel_ref(const struct dmumu_state *state, double larmor_ratio, double mu, double tolerance);

#endif
