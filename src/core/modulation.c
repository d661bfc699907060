/*
 * Modulation, and the flux of a primary that it acts on.
 *
 * Force field (Gleeson & Axford 1968, ApJ 154, 1011): J(T)/p^2 at the top of the atmosphere is J/p^2 outside at
 * T + (Z/A) phi, with J per energy and T per nucleon. Per rigidity, dT/dR = (Z/A) v/c, so that
 *
 *     J_R(R) = J_R(R') (R/R')^2 b(R)/b(R').
 */
#include "dmumu.h"

#include <math.h>

void dmumu_modulation_shift(enum dmumu_isotope isotope, double potential_gv, size_t n, const double rigidity_gv[],
                            double interstellar_gv[], double factor[])
{
    const struct dmumu_nuclide *nuclide = dmumu_isotope_nuclide(isotope);
    const double shift_gev_n = potential_gv * nuclide->charge / nuclide->mass_number;
    for (size_t i = 0; i < n; i++) {
        const double here = rigidity_gv[i];
        const double outside =
            shift_gev_n > 0.0
                ? dmumu_isotope_rigidity_gv(isotope, dmumu_isotope_energy_gev_n(isotope, here) + shift_gev_n)
                : here;
        interstellar_gv[i] = outside;
        factor[i] = (here / outside) * (here / outside) * dmumu_isotope_velocity(isotope, here) /
                    dmumu_isotope_velocity(isotope, outside);
    }
}

void dmumu_primary_flux(enum dmumu_isotope isotope, double normalisation, double source_slope, size_t n,
                        const double rigidity_gv[], const double grammage_g_cm2[], double flux[])
{
    for (size_t i = 0; i < n; i++) {
        const double energy_gev_n = dmumu_isotope_energy_gev_n(isotope, rigidity_gv[i]);
        const double loss = dmumu_cross_section_per_gas_cm2_g(dmumu_cross_section_inelastic_mb(isotope, energy_gev_n));
        flux[i] = normalisation * pow(rigidity_gv[i] / 100.0, -source_slope) * grammage_g_cm2[i] /
                  (1.0 + loss * grammage_g_cm2[i]);
    }
}
