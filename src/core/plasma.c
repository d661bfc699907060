/*
 * Plasma: what the two regions are made of, and the one place where units enter.
 *
 * beta = 3.3 (3 uG/B)^2 (n/cm^-3)(T/10^4 K) and v_A = 6.27e5 (B/3 uG)(n/cm^-3)^-1/2 cm/s tie beta, B, n, T and v_A
 * (physics.md, 'Damping'). With beta a scan axis, the model says which of T, n, B follows it.
 */
#include "core/constants.h"
#include "core/error.h"
#include "core/state.h"

#include <math.h>

static double beta_of(double magnetic_field_ug, double density_cm3, double temperature_k)
{
    const double b = 3.0 / magnetic_field_ug;
    return 3.3 * b * b * density_cm3 * (temperature_k / 1e4);
}

static double alfven_speed_km_s(double magnetic_field_ug, double density_cm3)
{
    return 6.27 * (magnetic_field_ug / 3.0) / sqrt(density_cm3);
}

static double density_cm3_of_alfven_speed(double magnetic_field_ug, double speed_km_s)
{
    const double root = 6.27 * (magnetic_field_ug / 3.0) / speed_km_s;
    return root * root;
}

/*
 * Phase speed along B of the slow mode at k_perp >> k_par, the cusp speed c_s v_A / (c_s^2 + v_A^2)^1/2 with
 * c_s^2 = (Gamma/2) beta v_A^2: c_s in a cold plasma, v_A in a hot one (e.g. Goedbloed & Poedts 2004, section 5.2).
 */
static double slow_speed_km_s(double beta, double alfven_km_s)
{
    const double sound2 = 0.5 * DMUMU_ADIABATIC_INDEX * beta;
    return alfven_km_s * sqrt(sound2 / (1.0 + sound2));
}

/* eta_0 = 6e3 (37/ln Lambda)(T/10^8 K)^5/2 g/cm/s, the Spitzer viscosity of physics.md, 'Damping'. */
static double spitzer_viscosity_g_cm_s(double density_cm3, double temperature_k)
{
    const double debye_cm = 0.95e5 * sqrt(temperature_k / 1e6) * sqrt(1e-3 / density_cm3);
    const double impact_cm = 8.63e-8 * (1e4 / temperature_k);
    const double coulomb_log = log(debye_cm / impact_cm);
    return 6e3 * (37.0 / coulomb_log) * pow(temperature_k / 1e8, 2.5);
}

/* x_c = (6 rho M_A^2 L v_A / eta_0)^2/3 with rho = B^2 / (4 pi v_A^2), the mass density that v_A itself implies. */
static double spitzer_x_c(const struct dmumu_medium *medium, const struct dmumu_point *point)
{
    const double b_g = medium->magnetic_field_ug * 1e-6;
    const double v_cm_s = medium->alfven_speed_km_s * 1e5;
    const double rho_g_cm3 = b_g * b_g / (4.0 * DMUMU_PI * v_cm_s * v_cm_s);
    const double eta = spitzer_viscosity_g_cm_s(medium->density_cm3, medium->temperature_k);
    const double mach2 = point->alfven_mach * point->alfven_mach;
    return pow(6.0 * rho_g_cm3 * mach2 * point->injection_scale_pc * DMUMU_PARSEC_CM * v_cm_s / eta, 2.0 / 3.0);
}

/* Close the medium for one beta: which of T, n, B follows is the spec's choice; dmumu_model_check has seen to the rest.
 */
static void close_medium(const struct dmumu_region_spec *spec, double beta, struct dmumu_medium *medium)
{
    const bool by_speed = !isnan(spec->alfven_speed_km_s);
    medium->magnetic_field_ug = spec->magnetic_field_ug;
    medium->temperature_k = spec->temperature_k;
    switch (spec->beta_follows) {
    case DMUMU_BETA_TEMPERATURE:
        medium->density_cm3 = by_speed ? density_cm3_of_alfven_speed(spec->magnetic_field_ug, spec->alfven_speed_km_s)
                                       : spec->density_cm3;
        medium->temperature_k = 1e4 * beta / beta_of(medium->magnetic_field_ug, medium->density_cm3, 1e4);
        break;
    case DMUMU_BETA_DENSITY:
        medium->density_cm3 = beta / beta_of(medium->magnetic_field_ug, 1.0, medium->temperature_k);
        break;
    case DMUMU_BETA_MAGNETIC_FIELD:
        medium->density_cm3 = spec->density_cm3;
        medium->magnetic_field_ug = sqrt(beta_of(1.0, medium->density_cm3, medium->temperature_k) / beta);
        break;
    }
    medium->alfven_speed_km_s = by_speed && spec->beta_follows == DMUMU_BETA_TEMPERATURE
                                    ? spec->alfven_speed_km_s
                                    : alfven_speed_km_s(medium->magnetic_field_ug, medium->density_cm3);
}

static enum dmumu_status check_point(const struct dmumu_point *point, struct dmumu_error *error)
{
    if (point->region != DMUMU_DISK && point->region != DMUMU_HALO) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "region %d is neither disk nor halo", (int)point->region);
    }
    if (!(point->alfven_mach >= 0.05 && point->alfven_mach <= 3.0)) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "Alfvenic Mach number %g is outside 0.05 .. 3",
                               point->alfven_mach);
    }
    if (!(point->beta >= 1e-3 && point->beta <= 30.0)) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "plasma beta %g is outside 1e-3 .. 30", point->beta);
    }
    if (!(point->injection_scale_pc >= 0.1 && point->injection_scale_pc <= 1000.0)) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "injection scale %g pc is outside 0.1 .. 1000 pc",
                               point->injection_scale_pc);
    }
    return DMUMU_OK;
}

enum dmumu_status dmumu_medium_of_point(const struct dmumu_model *model, const struct dmumu_point *point,
                                        struct dmumu_medium *medium, struct dmumu_error *error)
{
    const enum dmumu_status status = check_point(point, error);
    if (status != DMUMU_OK) {
        return status;
    }
    const struct dmumu_region_spec *spec = &model->region[point->region];
    close_medium(spec, point->beta, medium);
    medium->slow_speed_km_s = slow_speed_km_s(point->beta, medium->alfven_speed_km_s);
    medium->zone_size_pc = spec->zone_size_pc;
    medium->x_c = (double)NAN;
    if (spec->viscous) {
        medium->x_c = isnan(spec->x_c) ? spitzer_x_c(medium, point) : spec->x_c;
        if (!(medium->x_c > 0.0 && isfinite(medium->x_c))) {
            return dmumu_error_set(
                error, DMUMU_ERROR_MODEL,
                "%s: no Spitzer viscosity at n = %g cm^-3, T = %g K (Coulomb logarithm not positive)",
                dmumu_region_name(point->region), medium->density_cm3, medium->temperature_k);
        }
    }
    if (!(medium->alfven_speed_km_s * 1e5 < DMUMU_SPEED_OF_LIGHT_CM_S)) {
        return dmumu_error_set(error, DMUMU_ERROR_MODEL, "%s: Alfven speed %g km/s is not below the speed of light",
                               dmumu_region_name(point->region), medium->alfven_speed_km_s);
    }
    return DMUMU_OK;
}

double dmumu_larmor_radius_pc(double rigidity_gv, double magnetic_field_ug)
{
    /* rho/(B c) in SI: 10^9 V over (10^-10 T x m/s) is metres; 100 to cm. */
    const double metres = rigidity_gv * 1e9 / (magnetic_field_ug * 1e-10 * (DMUMU_SPEED_OF_LIGHT_CM_S / 100.0));
    return metres * 100.0 / DMUMU_PARSEC_CM;
}

enum dmumu_status dmumu_state_of_point(const struct dmumu_model *model, const struct dmumu_point *point,
                                       struct dmumu_state *state, struct dmumu_error *error)
{
    struct dmumu_medium medium;
    const enum dmumu_status status = dmumu_medium_of_point(model, point, &medium, error);
    if (status != DMUMU_OK) {
        return status;
    }
    static const double kappa_of[] = {
        [DMUMU_BROADENING_YL08] = 1.0, [DMUMU_BROADENING_GAUSSIAN] = 2.0, [DMUMU_BROADENING_NONE] = 0.0};
    const struct dmumu_region_spec *spec = &model->region[point->region];
    const bool published_disk = point->region == DMUMU_DISK && model->disk_prefactor == DMUMU_VARIANT_PUBLISHED;
    *state = (struct dmumu_state){
        .alfven_mach = point->alfven_mach,
        .beta = point->beta,
        .x_c = medium.x_c,
        .alfven_speed_v = medium.alfven_speed_km_s * 1e5 / DMUMU_SPEED_OF_LIGHT_CM_S,
        .slow_speed_v = medium.slow_speed_km_s * 1e5 / DMUMU_SPEED_OF_LIGHT_CM_S,
        .zone_l = model->confinement == DMUMU_CONFINEMENT_ZONE ? medium.zone_size_pc / point->injection_scale_pc
                                                               : (double)INFINITY,
        .d_prefactor = published_disk ? 0.125 : 0.25,
        .collisionless = spec->collisionless,
        .viscous = spec->viscous,
        .truncation_angle = model->truncation_angle,
        .cascade = model->alfven_cascade,
        .harmonics = model->harmonics,
        .kappa = kappa_of[model->broadening],
    };
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        state->modes[mode] = model->modes[mode];
        state->energy_fraction[mode] = model->energy_fraction[mode];
    }
    return DMUMU_OK;
}

enum dmumu_status dmumu_state_larmor_ratio(const struct dmumu_model *model, const struct dmumu_point *point, size_t n,
                                           const double rigidity_gv[], double larmor_ratio[], struct dmumu_error *error)
{
    struct dmumu_medium medium;
    const enum dmumu_status status = dmumu_medium_of_point(model, point, &medium, error);
    if (status != DMUMU_OK) {
        return status;
    }
    for (size_t i = 0; i < n; i++) {
        larmor_ratio[i] = dmumu_larmor_radius_pc(rigidity_gv[i], medium.magnetic_field_ug) / point->injection_scale_pc;
    }
    return DMUMU_OK;
}

double dmumu_state_d_unit_cm2_s(const struct dmumu_point *point)
{
    return DMUMU_SPEED_OF_LIGHT_CM_S * point->injection_scale_pc * DMUMU_PARSEC_CM;
}

double dmumu_state_rate_unit_per_s(const struct dmumu_point *point)
{
    return DMUMU_SPEED_OF_LIGHT_CM_S / (point->injection_scale_pc * DMUMU_PARSEC_CM);
}

double dmumu_mean_free_path_pc(double d_cm2_s)
{
    return 3.0 * d_cm2_s / DMUMU_SPEED_OF_LIGHT_CM_S / DMUMU_PARSEC_CM;
}

double dmumu_d_perpendicular_cm2_s(double d_cm2_s, double alfven_mach)
{
    const double m2 = alfven_mach * alfven_mach;
    return alfven_mach < 1.0 ? m2 * m2 * d_cm2_s : (double)NAN;
}
