/* Model: the defaults (F21's media and choices) and the check that a model makes sense. */
#include "core/error.h"
#include "core/state.h"

#include "dmumu.h"

#include <math.h>

void dmumu_model_default(struct dmumu_model *model)
{
    const struct dmumu_region_spec medium = {
        .magnetic_field_ug = 1.0,
        .alfven_speed_km_s = 10.0,
        .density_cm3 = (double)NAN,
        .temperature_k = (double)NAN,
        .x_c = 1e6,
        .beta_follows = DMUMU_BETA_TEMPERATURE,
        .collisionless = true,
    };
    *model = (struct dmumu_model){
        .modes = {[DMUMU_FAST] = true, [DMUMU_ALFVEN] = true},
        .energy_fraction = {1.0, 1.0, 1.0},
        .broadening = DMUMU_BROADENING_YL08,
        .alfven_cascade = DMUMU_CASCADE_GS95,
        .harmonics = 1,
        .confinement = DMUMU_CONFINEMENT_ZONE,
        .truncation_angle = DMUMU_VARIANT_FORMULA,
        .disk_prefactor = DMUMU_VARIANT_FORMULA,
        .tolerance = 1e-4,
        .region = {[DMUMU_DISK] = medium, [DMUMU_HALO] = medium},
    };
    model->region[DMUMU_DISK].zone_size_pc = 900.0;
    model->region[DMUMU_DISK].viscous = true;
    model->region[DMUMU_HALO].zone_size_pc = 5100.0;
}

static bool positive(double value)
{
    return value > 0.0 && isfinite(value);
}

static enum dmumu_status check_positive(const char *region, const char *what, double value, struct dmumu_error *error)
{
    if (positive(value)) {
        return DMUMU_OK;
    }
    return dmumu_error_set(error, DMUMU_ERROR_MODEL, "%s.%s is %g; it must be given, finite and > 0", region, what,
                           value);
}

/* Which of B, n (or v_A) and T must be given, and which must not, follows from what beta determines. */
static enum dmumu_status check_closure(const struct dmumu_region_spec *spec, const char *region,
                                       struct dmumu_error *error)
{
    const bool has_b = !isnan(spec->magnetic_field_ug);
    const bool has_v = !isnan(spec->alfven_speed_km_s);
    const bool has_n = !isnan(spec->density_cm3);
    const bool has_t = !isnan(spec->temperature_k);
    static const char *const right[] = {
        [DMUMU_BETA_TEMPERATURE] = "magnetic_field_ug and one of alfven_speed_km_s, density_cm3, and no temperature_k",
        [DMUMU_BETA_DENSITY] = "magnetic_field_ug and temperature_k, and neither alfven_speed_km_s nor density_cm3",
        [DMUMU_BETA_MAGNETIC_FIELD] =
            "density_cm3 and temperature_k, and neither magnetic_field_ug nor alfven_speed_km_s",
    };
    bool good = false;
    switch (spec->beta_follows) {
    case DMUMU_BETA_TEMPERATURE:
        good = has_b && has_v != has_n && !has_t;
        break;
    case DMUMU_BETA_DENSITY:
        good = has_b && has_t && !has_v && !has_n;
        break;
    case DMUMU_BETA_MAGNETIC_FIELD:
        good = has_n && has_t && !has_b && !has_v;
        break;
    }
    if (!good) {
        return dmumu_error_set(error, DMUMU_ERROR_MODEL, "%s: with beta_follows: %s give %s", region,
                               dmumu_beta_follows_name(spec->beta_follows), right[spec->beta_follows]);
    }
    enum dmumu_status status = DMUMU_OK;
    if (has_b) {
        status = check_positive(region, "magnetic_field_ug", spec->magnetic_field_ug, error);
    }
    if (status == DMUMU_OK && has_v) {
        status = check_positive(region, "alfven_speed_km_s", spec->alfven_speed_km_s, error);
    }
    if (status == DMUMU_OK && has_n) {
        status = check_positive(region, "density_cm3", spec->density_cm3, error);
    }
    if (status == DMUMU_OK && has_t) {
        status = check_positive(region, "temperature_k", spec->temperature_k, error);
    }
    return status;
}

static enum dmumu_status check_region(const struct dmumu_region_spec *spec, const char *region,
                                      struct dmumu_error *error)
{
    if (dmumu_beta_follows_name(spec->beta_follows) == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_MODEL, "%s.beta_follows is %d, which names nothing", region,
                               (int)spec->beta_follows);
    }
    enum dmumu_status status = check_closure(spec, region, error);
    if (status == DMUMU_OK) {
        status = check_positive(region, "zone_size_pc", spec->zone_size_pc, error);
    }
    if (status == DMUMU_OK && spec->viscous && !isnan(spec->x_c)) {
        status = check_positive(region, "x_c", spec->x_c, error);
    }
    return status;
}

static enum dmumu_status check_modes(const struct dmumu_model *model, struct dmumu_error *error)
{
    bool any = false;
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        const double fraction = model->energy_fraction[mode];
        if (!(fraction >= 0.0 && isfinite(fraction))) {
            return dmumu_error_set(error, DMUMU_ERROR_MODEL, "energy_fraction.%s is %g; it must be finite and >= 0",
                                   dmumu_mode_name((enum dmumu_mode)mode), fraction);
        }
        any = any || (model->modes[mode] && fraction > 0.0);
    }
    if (!any) {
        return dmumu_error_set(error, DMUMU_ERROR_MODEL, "no mode with an energy fraction above 0: nothing scatters");
    }
    return DMUMU_OK;
}

enum dmumu_status dmumu_model_check(const struct dmumu_model *model, struct dmumu_error *error)
{
    enum dmumu_status status = check_modes(model, error);
    if (status == DMUMU_OK && !(model->harmonics >= 1 && model->harmonics <= 32)) {
        status = dmumu_error_set(error, DMUMU_ERROR_MODEL, "harmonics is %d; it must be 1 .. 32", model->harmonics);
    }
    if (status == DMUMU_OK &&
        !(model->tolerance >= DMUMU_LEAST_TOLERANCE && model->tolerance <= DMUMU_MOST_TOLERANCE)) {
        status = dmumu_error_set(error, DMUMU_ERROR_MODEL, "tolerance is %g; it must be %g .. %g", model->tolerance,
                                 DMUMU_LEAST_TOLERANCE, DMUMU_MOST_TOLERANCE);
    }
    for (int region = 0; status == DMUMU_OK && region < DMUMU_N_REGIONS; region++) {
        status = check_region(&model->region[region], dmumu_region_name((enum dmumu_region)region), error);
    }
    const bool named = dmumu_broadening_name(model->broadening) && dmumu_cascade_name(model->alfven_cascade) &&
                       dmumu_confinement_name(model->confinement) && dmumu_variant_name(model->truncation_angle) &&
                       dmumu_variant_name(model->disk_prefactor);
    if (status == DMUMU_OK && !named) {
        status =
            dmumu_error_set(error, DMUMU_ERROR_MODEL, "broadening, cascade, confinement or a variant names nothing");
    }
    return status;
}
