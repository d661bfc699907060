/*
 * Ionisation: what interstellar gas takes from the energy of nuclei. Bethe's formula for a heavy particle,
 *
 *     dE/dx = K Z^2/b^2 sum_s n_s [ln(2 m_e c^2 b^2 g^2/I_s) - b^2] / rho,    K = 4 pi N_A r_e^2 m_e c^2,
 *
 * over electrons of hydrogen and helium, n_s per volume. In ionised gas the loss to Coulomb collisions is of the same
 * size (Mannheim & Schlickeiser 1994, A&A 286, 983).
 */
#include "core/constants.h"

#include "dmumu.h"

#include <math.h>

/* Particle Data Group: K in MeV cm^2/mol, mean excitation energies in eV, molar mass of hydrogen in g. */
#define BETHE_MEV_CM2_MOL 0.307075
#define HYDROGEN_EV       19.2
#define HELIUM_EV         41.8
#define HYDROGEN_G_MOL    1.00784

double dmumu_ionisation_mev_cm2_g(enum dmumu_isotope isotope, double energy_gev_n)
{
    const struct dmumu_nuclide *nuclide = dmumu_isotope_nuclide(isotope);
    const double gamma = 1.0 + nuclide->mass_number * energy_gev_n / nuclide->mass_gev;
    const double beta2 = 1.0 - 1.0 / (gamma * gamma);
    const double most_ev = 2e9 * DMUMU_ELECTRON_MASS_GEV * (gamma * gamma - 1.0); /* 2 m_e c^2 b^2 g^2 */
    const double hydrogen = log(most_ev / HYDROGEN_EV) - beta2;
    const double helium = 2.0 * (log(most_ev / HELIUM_EV) - beta2); /* two electrons */
    const double electrons = (hydrogen + DMUMU_GAS_HELIUM * helium) / (HYDROGEN_G_MOL * (1.0 + 4.0 * DMUMU_GAS_HELIUM));
    const double z = nuclide->charge;
    return BETHE_MEV_CM2_MOL * z * z / beta2 * electrons / nuclide->mass_number;
}
