/*
 * Isotopes: the nuclei of the transport, and how rigidity, energy and speed of each belong together.
 *
 * Masses: atomic masses of AME2020 (Wang et al. 2021, Chinese Phys. C 45, 030003) less Z electrons; their binding,
 * below 1e-6 of the mass, is not taken off.
 */
#include "core/constants.h"

#include "dmumu.h"

#include <math.h>
#include <string.h>

#define NUCLIDE(name_, z_, a_, atomic_mass_u)                                                                          \
    {                                                                                                                  \
        .name = name_, .charge = (z_), .mass_number = (a_),                                                            \
        .mass_gev = (atomic_mass_u)*DMUMU_ATOMIC_MASS_GEV - (z_)*DMUMU_ELECTRON_MASS_GEV                               \
    }

static const struct dmumu_nuclide nuclides[] = {
    [DMUMU_H1] = NUCLIDE("H1", 1, 1, 1.00782503190),     [DMUMU_HE4] = NUCLIDE("He4", 2, 4, 4.00260325413),
    [DMUMU_B10] = NUCLIDE("B10", 5, 10, 10.012936862),   [DMUMU_B11] = NUCLIDE("B11", 5, 11, 11.009305166),
    [DMUMU_C12] = NUCLIDE("C12", 6, 12, 12.0),           [DMUMU_N14] = NUCLIDE("N14", 7, 14, 14.003074004),
    [DMUMU_O16] = NUCLIDE("O16", 8, 16, 15.994914619),   [DMUMU_NE20] = NUCLIDE("Ne20", 10, 20, 19.992440176),
    [DMUMU_MG24] = NUCLIDE("Mg24", 12, 24, 23.98504170), [DMUMU_SI28] = NUCLIDE("Si28", 14, 28, 27.976926535),
};

const struct dmumu_nuclide *dmumu_isotope_nuclide(enum dmumu_isotope isotope)
{
    return (unsigned)isotope < DMUMU_N_ISOTOPES ? &nuclides[isotope] : NULL;
}

enum dmumu_isotope dmumu_isotope_find(const char *name)
{
    int i = 0;
    while (i < DMUMU_N_ISOTOPES && strcmp(nuclides[i].name, name) != 0) {
        i++;
    }
    return (enum dmumu_isotope)i;
}

double dmumu_isotope_rigidity_gv(enum dmumu_isotope isotope, double energy_gev_n)
{
    const struct dmumu_nuclide *nuclide = &nuclides[isotope];
    const double kinetic_gev = nuclide->mass_number * energy_gev_n;
    return sqrt(kinetic_gev * (kinetic_gev + 2.0 * nuclide->mass_gev)) / nuclide->charge;
}

double dmumu_isotope_energy_gev_n(enum dmumu_isotope isotope, double rigidity_gv)
{
    const struct dmumu_nuclide *nuclide = &nuclides[isotope];
    const double momentum_gev = nuclide->charge * rigidity_gv;
    const double m = nuclide->mass_gev;
    /* (p^2 + m^2)^1/2 - m without the cancellation at low momentum */
    return momentum_gev * (momentum_gev / (hypot(momentum_gev, m) + m)) / nuclide->mass_number;
}

double dmumu_isotope_velocity(enum dmumu_isotope isotope, double rigidity_gv)
{
    const double momentum_gev = nuclides[isotope].charge * rigidity_gv;
    return momentum_gev / hypot(momentum_gev, nuclides[isotope].mass_gev);
}
