/*
 * Scales: the numbers that fit on a blackboard. Each formula stands with its declaration in dmumu.h; those of the
 * cascade are physics' own: strong turbulence from k_perp = 1/(L M_A^2) on, k_par L = M_A^4/3 (k_perp L)^2/3 there
 * (Goldreich & Sridhar 1995; Cho, Lazarian & Vishniac 2002), with M_A for M_A^4/3 above 1 and l_A = L M_A^-3.
 */
#include "core/constants.h"

#include "dmumu.h"

#include <math.h>

double dmumu_scale_gas_time_myr(double grammage_g_cm2, double density_cm3)
{
    return grammage_g_cm2 / (density_cm3 * DMUMU_GAS_MASS_G * DMUMU_SPEED_OF_LIGHT_CM_S) / DMUMU_MYR_S;
}

double dmumu_scale_confinement_time_myr(double grammage_g_cm2, const struct dmumu_galaxy *galaxy)
{
    const double mean_g_cm3 =
        galaxy->gas_surface_density_mg_cm2 * 1e-3 / (2.0 * galaxy->halo_height_kpc * 1e3 * DMUMU_PARSEC_CM);
    return grammage_g_cm2 / (mean_g_cm3 * DMUMU_SPEED_OF_LIGHT_CM_S) / DMUMU_MYR_S;
}

double dmumu_scale_d_of_grammage_cm2_s(double grammage_g_cm2, const struct dmumu_galaxy *galaxy)
{
    return DMUMU_SPEED_OF_LIGHT_CM_S * galaxy->gas_surface_density_mg_cm2 * 1e-3 * galaxy->halo_height_kpc * 1e3 *
           DMUMU_PARSEC_CM / (2.0 * grammage_g_cm2);
}

double dmumu_scale_resonant_power(double alfven_mach, double larmor_ratio, double spectral_index)
{
    return alfven_mach * alfven_mach * (spectral_index - 1.0) * pow(larmor_ratio, spectral_index - 1.0);
}

double dmumu_scale_quasilinear_d_cm2_s(double larmor_radius_pc, double resonant_power)
{
    return DMUMU_SPEED_OF_LIGHT_CM_S * larmor_radius_pc * DMUMU_PARSEC_CM / (3.0 * resonant_power);
}

double dmumu_scale_transition_pc(double alfven_mach, double injection_scale_pc)
{
    return alfven_mach <= 1.0 ? injection_scale_pc * alfven_mach * alfven_mach
                              : injection_scale_pc / (alfven_mach * alfven_mach * alfven_mach);
}

double dmumu_scale_anisotropy(double alfven_mach, double injection_scale_pc, double parallel_scale_pc)
{
    const double power = alfven_mach <= 1.0 ? -2.0 : -1.5;
    return sqrt(injection_scale_pc / parallel_scale_pc) * pow(alfven_mach, power);
}
