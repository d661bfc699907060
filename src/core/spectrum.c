/* Spectra: see spectrum.h. */
#include "core/spectrum.h"

#include "core/constants.h"

#include <math.h>

double dmumu_spectrum_fast(const struct dmumu_state *state, double x)
{
    const double m2 = state->alfven_mach * state->alfven_mach;
    return state->energy_fraction[DMUMU_FAST] * m2 / (8.0 * DMUMU_PI) / (x * x * x * sqrt(x));
}

struct dmumu_cascade_form dmumu_spectrum_cascade(const struct dmumu_state *state, enum dmumu_mode mode)
{
    const double m = state->alfven_mach;
    const bool gs95 = state->cascade == DMUMU_CASCADE_GS95;
    const bool weak = m <= 1.0;
    const double strength = weak ? pow(m, 4.0 / 3.0) : m;
    return (struct dmumu_cascade_form){
        .norm = state->energy_fraction[mode] * strength / ((gs95 ? 6.0 : 8.0) * DMUMU_PI),
        .slope = gs95 ? 10.0 / 3.0 : 3.0,
        .anisotropy = gs95 ? 2.0 / 3.0 : 0.5,
        .strength = strength,
        .x_par_min = weak ? 1.0 : m * m * m,
        .x_perp_min = weak ? 1.0 / (m * m) : m * m * m,
    };
}

double dmumu_spectrum_alfven(const struct dmumu_cascade_form *form, double x_par, double x_perp)
{
    const double ln_x_perp = log(x_perp); /* one logarithm for both powers */
    return form->norm * exp(-form->slope * ln_x_perp - x_par / form->strength * exp(-form->anisotropy * ln_x_perp));
}
