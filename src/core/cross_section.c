/*
 * Cross sections: what gas does to nuclei.
 *
 * Production of boron: constants, those of DRAGON2's table crxsecs_fragmentation_Evoli2019_cumulative (radioactive
 * parents included; Evoli et al. 2018, JCAP 07, 006; Evoli, Aloisio & Blasi 2019, PRD 99, 103023) at 9.7 GeV/n, from
 * where to its end at 1 TeV/n it varies by less than 1 %; or a table of the caller's over energy.
 * Inelastic: Letaw, Silberberg & Tsao 1983 (ApJS 51, 271) for A >= 4, with their factor 0.8 for helium,
 *
 *     sigma = 45 A^0.7 [1 + 0.016 sin(5.3 - 2.63 ln A)] [1 - 0.62 exp(-T/200 MeV) sin(10.9 (T/MeV)^-0.28)] mb,
 *
 * and for protons Kelner, Aharonian & Bugayov 2006 (PRD 74, 034018, eq. 79), with E the total energy, L = ln(E/TeV):
 *
 *     sigma = (34.3 + 1.88 L + 0.25 L^2) [1 - (1.22 GeV/E)^4]^2 mb.
 *
 * In a gas of hydrogen and helium sigma on H counts (1 + 4^(2/3) f)/(1 + f) per nucleus (f = 0.08 by number), of mean
 * mass (1 + 4 f)/(1 + f) m_p.
 */
#include "core/constants.h"

#include "dmumu.h"

#include <math.h>

struct constant {
    enum dmumu_isotope from, to;
    double cross_section_mb;
};

static const struct constant constants[] = {
    {DMUMU_C12, DMUMU_B10, 18.12},  {DMUMU_C12, DMUMU_B11, 52.72},  {DMUMU_N14, DMUMU_B10, 10.16},
    {DMUMU_N14, DMUMU_B11, 29.17},  {DMUMU_O16, DMUMU_B10, 10.46},  {DMUMU_O16, DMUMU_B11, 26.80},
    {DMUMU_NE20, DMUMU_B10, 6.653}, {DMUMU_NE20, DMUMU_B11, 15.34}, {DMUMU_MG24, DMUMU_B10, 6.264},
    {DMUMU_MG24, DMUMU_B11, 14.08}, {DMUMU_SI28, DMUMU_B10, 2.841}, {DMUMU_SI28, DMUMU_B11, 8.369},
};

static double constant_mb(enum dmumu_isotope from, enum dmumu_isotope to)
{
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++) {
        if (constants[i].from == from && constants[i].to == to) {
            return constants[i].cross_section_mb;
        }
    }
    return 0.0;
}

/* Linear in the logarithms, or in sigma where one end is 0; the first or last value outside. */
static double interpolate(size_t n, const double energy_gev_n[], const double cross_section_mb[], double energy)
{
    if (!(energy > energy_gev_n[0])) {
        return cross_section_mb[0];
    }
    if (energy >= energy_gev_n[n - 1]) {
        return cross_section_mb[n - 1];
    }
    size_t low = 0;
    size_t high = n - 1;
    while (high - low > 1) {
        const size_t middle = (low + high) / 2;
        if (energy_gev_n[middle] <= energy) {
            low = middle;
        } else {
            high = middle;
        }
    }
    const double part = log(energy / energy_gev_n[low]) / log(energy_gev_n[high] / energy_gev_n[low]);
    const double a = cross_section_mb[low];
    const double b = cross_section_mb[high];
    return a > 0.0 && b > 0.0 ? a * pow(b / a, part) : a + part * (b - a);
}

double dmumu_cross_section_production_mb(const struct dmumu_cross_sections *table, enum dmumu_isotope from,
                                         enum dmumu_isotope to, double energy_gev_n)
{
    if (!table) {
        return constant_mb(from, to);
    }
    for (size_t i = 0; i < table->n_channels; i++) {
        const struct dmumu_channel *channel = &table->channel[i];
        if (channel->from == from && channel->to == to) {
            return interpolate(table->n_energies, table->energy_gev_n, channel->cross_section_mb, energy_gev_n);
        }
    }
    return 0.0;
}

static double proton_mb(double energy_gev)
{
    const double total_gev = energy_gev + DMUMU_PROTON_MASS_GEV;
    if (!(total_gev > 1.22)) {
        return 0.0;
    }
    const double l = log(total_gev / 1e3);
    const double threshold = 1.0 - pow(1.22 / total_gev, 4.0);
    return (34.3 + 1.88 * l + 0.25 * l * l) * threshold * threshold;
}

double dmumu_cross_section_inelastic_mb(enum dmumu_isotope isotope, double energy_gev_n)
{
    if (isotope == DMUMU_H1) {
        return proton_mb(energy_gev_n);
    }
    const double a = dmumu_isotope_nuclide(isotope)->mass_number;
    const double energy_mev_n = 1e3 * energy_gev_n;
    const double high = 45.0 * pow(a, 0.7) * (1.0 + 0.016 * sin(5.3 - 2.63 * log(a)));
    const double light = isotope == DMUMU_HE4 ? 0.8 : 1.0;
    return light * high * (1.0 - 0.62 * exp(-energy_mev_n / 200.0) * sin(10.9 * pow(energy_mev_n, -0.28)));
}

double dmumu_cross_section_per_gas_cm2_g(double cross_section_mb)
{
    const double per_nucleus = (1.0 + cbrt(16.0) * DMUMU_GAS_HELIUM) / (1.0 + DMUMU_GAS_HELIUM);
    return cross_section_mb * DMUMU_MILLIBARN_CM2 * per_nucleus / DMUMU_GAS_MASS_G;
}
