/*
 * The reference kernel: D_mumu by plain nested quadrature of the formulas of physics.md ('Pitch-angle diffusion'), one
 * function per formula. The oracle of every test of the production kernel: it shares formulas with it (damping,
 * spectra, widths), and no table and no quadrature, but for J'^2 and Gauss's rule with its rates without tables
 * (kernel_direct.h).
 */
#ifndef DMUMU_CORE_KERNEL_REF_H
#define DMUMU_CORE_KERNEL_REF_H

#include "core/bessel_ref.h"
#include "core/state.h"

/** D_mumu L / v, dimensionless, per mode and per kind of resonance (n = 0, and 1 <= |n| <= N). */
struct dmumu_rate {
    double transit[DMUMU_N_MODES];
    double gyro[DMUMU_N_MODES];
};

/** Rate of one mode, both kinds. */
double dmumu_rate_of_mode(const struct dmumu_rate *rate, int mode);

/** What all mu of one (state, R) share. */
struct dmumu_reference {
    const struct dmumu_state *state;
    double larmor_ratio, tolerance;
    struct dmumu_bessel_ref bessel;
    /* ln tan(theta) of the waves that matter, with the kinks of x_max between; and, finer, where to look for edges */
    struct dmumu_quadrature_pieces angles, cells;
};

/**
 * @param[in] state         must outlive the reference
 * @param[in] larmor_ratio  R
 * @param[in] tolerance     relative, per rate; 1e-10 is reached
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY; free with dmumu_reference_free in any case
 */
enum dmumu_status dmumu_reference_init(struct dmumu_reference *reference, const struct dmumu_state *state,
                                       double larmor_ratio, double tolerance);
void dmumu_reference_free(struct dmumu_reference *reference);

/** Add the rates of one mode at one mu, 0 <= mu < 1, to those of the others. Thread-safe. */
void dmumu_reference_rate(const struct dmumu_reference *reference, enum dmumu_mode mode, double mu,
                          struct dmumu_rate *rate);

/** All modes of the state at one (R, mu), by a reference made for this call; NaN without memory. Thread-safe. */
struct dmumu_rate dmumu_kernel_ref(const struct dmumu_state *state, double larmor_ratio, double mu, double tolerance);

#endif
