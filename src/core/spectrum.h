/* Spectra: the energy of each mode over wavenumber, in units of L^3 (physics.md, 'Spectra'). */
#ifndef DMUMU_CORE_SPECTRUM_H
#define DMUMU_CORE_SPECTRUM_H

#include "core/state.h"

/** Smallest |x| = kL of the fast modes. */
#define DMUMU_SPECTRUM_FAST_X_MIN 1.0

/** I_F / L^3 = f_F M_A^2/(8 pi) x^-7/2 (YL02; isotropic). */
double dmumu_spectrum_fast(const struct dmumu_state *state, double x);

/**
 * The Alfven cascade, written as I / L^3 = norm x_perp^-slope exp(-x_par / (strength x_perp^anisotropy)), above
 * x_par_min and x_perp_min. GS95: 1/(6 pi) x_perp^-10/3, x_perp^2/3 (CLV02); B06: 1/(8 pi) x_perp^-3, x_perp^1/2.
 * strength = M_A^4/3, M_A above 1. Strong turbulence starts at x_perp = M_A^-2 (M_A <= 1); both ranges at M_A^3 above.
 */
struct dmumu_cascade_form {
    double norm;
    double slope;
    double anisotropy;
    double strength;
    double x_par_min;
    double x_perp_min;
};

/** The form of the Alfven (or, passively cascaded, the slow) modes, with that mode's energy fraction in norm. */
struct dmumu_cascade_form dmumu_spectrum_cascade(const struct dmumu_state *state, enum dmumu_mode mode);

/** I_A / L^3 or I_S / L^3 of one form. */
double dmumu_spectrum_alfven(const struct dmumu_cascade_form *form, double x_par, double x_perp);

#endif
