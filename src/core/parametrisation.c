/*
 * Parametrisations: published D(R), in one table, and how they are evaluated.
 *
 * All of them are power laws with at most two breaks (dmumu.h has the form); `source` names the work and the file that
 * the numbers were read in. They come with assumptions of their own: a halo height H, with which D is degenerate
 * (compare D/H), an Alfven or convection speed, cross sections. Rigidities from_gv .. to_gv are those of the
 * measurements behind a fit, where they are known; outside, the formula is an extrapolation.
 *
 * Not verified: which part of AMS-02's range went into the fits that have AMS02_FROM_GV and AMS02_TO_GV; the papers
 * were not at hand. crams changes its defaults: crams2021 are those of include/crams/core/input.h at commit 008f3398;
 * the break of evoli2019 is what include/input.h calls that of "Evoli, PRD, 2019", where one version of params.h has
 * Delta = 0.15 and s = 0.04.
 */
#include "core/constants.h"
#include "core/error.h"

#include "dmumu.h"

#include <math.h>
#include <string.h>

#define NOT_STATED    ((double)NAN)
/* Nuclei of AMS-02, 1.9 GV to 3 TV, rounded. */
#define AMS02_FROM_GV 2.0
#define AMS02_TO_GV   3000.0
#define NONE                                                                                                           \
    {                                                                                                                  \
        (double)NAN, 0.0, 0.0                                                                                          \
    }
/* (kpc^2/Myr) in cm^2/s: the unit of MIN, MED and MAX. */
#define KPC2_MYR 3.017e29

static const struct dmumu_parametrisation registry[] = {
    {
        .name = "crams2021",
        .title = "crams default, of the time of Schroer, Evoli & Blasi 2021",
        .source = "Schroer, Evoli & Blasi 2021, PRD 103, 123010; crams, include/crams/core/input.h",
        .d0_cm2_s = 2.48255e28,
        .rigidity_gv = 1.0,
        .velocity_power = 1.0,
        .slope = 0.565132,
        .low = NONE,
        .high = {290.0, 0.565132 - 0.22, 0.1},
        .halo_height_kpc = 7.0,
        .alfven_speed_km_s = 4.4094,
        .adds_advection = true,
        .from_gv = AMS02_FROM_GV,
        .to_gv = AMS02_TO_GV,
    },
    {
        .name = "evoli2019",
        .title = "Evoli, Aloisio & Blasi 2019, defaults of their code",
        .source = "Evoli, Aloisio & Blasi 2019, PRD 99, 103023; crams, include/params.h",
        .d0_cm2_s = 1.8e28,
        .rigidity_gv = 1.0,
        .velocity_power = 1.0,
        .slope = 0.62,
        .low = NONE,
        .high = {312.0, 0.62 - 0.2, 0.1},
        .halo_height_kpc = 4.0,
        .alfven_speed_km_s = 10.0,
        .adds_advection = true,
        .from_gv = AMS02_FROM_GV,
        .to_gv = AMS02_TO_GV,
    },
    {
        .name = "luque2021-diffusion",
        .title = "De La Torre Luque et al. 2021, break in diffusion",
        .source = "De La Torre Luque et al. 2021, JCAP 07, 010, arXiv:2102.13238; Customised-DRAGON2_beta, examples",
        .d0_cm2_s = 7.1e28,
        .rigidity_gv = 4.0,
        .velocity_power = -0.6,
        .slope = 0.42,
        .low = NONE,
        .high = {312.0, 0.42 - 0.14, 0.04},
        .halo_height_kpc = 6.76,
        .alfven_speed_km_s = 27.7,
        .from_gv = AMS02_FROM_GV,
        .to_gv = AMS02_TO_GV,
    },
    {
        .name = "luque2021-source",
        .title = "De La Torre Luque et al. 2021, break in the source",
        .source = "De La Torre Luque et al. 2021, JCAP 07, 010, arXiv:2102.13238; Customised-DRAGON2_beta, examples",
        .d0_cm2_s = 7.1e28,
        .rigidity_gv = 4.0,
        .velocity_power = -0.6,
        .slope = 0.42,
        .low = NONE,
        .high = NONE,
        .halo_height_kpc = 6.76,
        .alfven_speed_km_s = 27.7,
        .from_gv = AMS02_FROM_GV,
        .to_gv = AMS02_TO_GV,
    },
    {
        .name = "luque2021-antiprotons",
        .title = "De La Torre Luque, with antiprotons after Winkler",
        .source = "De La Torre Luque 2021; Codes-Models-ExtraPlots",
        .d0_cm2_s = 4.79e28,
        .rigidity_gv = 4.0,
        .velocity_power = -1.48,
        .slope = 0.49,
        .low = NONE,
        .high = {312.0, 0.49 - 0.14, 0.042},
        .halo_height_kpc = 6.07,
        .alfven_speed_km_s = NOT_STATED,
        .from_gv = NOT_STATED,
        .to_gv = NOT_STATED,
    },
    {
        .name = "dragon2",
        .title = "DRAGON2 base model",
        .source = "Evoli et al. 2017, JCAP 02, 015; DRAGON2-Beta_version, examples",
        .d0_cm2_s = 3.7e28,
        .rigidity_gv = 4.0,
        .velocity_power = 1.0,
        .slope = 0.45,
        .low = NONE,
        .high = NONE,
        .halo_height_kpc = 4.0,
        .alfven_speed_km_s = 13.0,
        .from_gv = NOT_STATED,
        .to_gv = NOT_STATED,
    },
    {
        .name = "galprop-helmod",
        .title = "GALPROP-HelMod",
        .source = "Boschini et al. 2020, ApJS 250, 27; sadkoeni/galprop, galdef",
        .d0_cm2_s = 4.3e28,
        .rigidity_gv = 4.5,
        .velocity_power = 1.0,
        .slope = 0.404,
        .low = {4.5, 0.395, 0.0},
        .high = NONE,
        .halo_height_kpc = 4.0,
        .alfven_speed_km_s = 28.5,
        .from_gv = NOT_STATED,
        .to_gv = NOT_STATED,
    },
    {
        .name = "min",
        .title = "MIN",
        .source = "Donato et al. 2004, PRD 69, 063501; a public script",
        .d0_cm2_s = 0.0016 * KPC2_MYR,
        .rigidity_gv = 1.0,
        .velocity_power = 1.0,
        .slope = 0.85,
        .low = NONE,
        .high = NONE,
        .halo_height_kpc = 1.0,
        .alfven_speed_km_s = NOT_STATED,
        .from_gv = NOT_STATED,
        .to_gv = NOT_STATED,
    },
    {
        .name = "med",
        .title = "MED",
        .source = "Donato et al. 2004, PRD 69, 063501; a public script",
        .d0_cm2_s = 0.0112 * KPC2_MYR,
        .rigidity_gv = 1.0,
        .velocity_power = 1.0,
        .slope = 0.70,
        .low = NONE,
        .high = NONE,
        .halo_height_kpc = 4.0,
        .alfven_speed_km_s = NOT_STATED,
        .from_gv = NOT_STATED,
        .to_gv = NOT_STATED,
    },
    {
        .name = "max",
        .title = "MAX",
        .source = "Donato et al. 2004, PRD 69, 063501; a public script",
        .d0_cm2_s = 0.0765 * KPC2_MYR,
        .rigidity_gv = 1.0,
        .velocity_power = 1.0,
        .slope = 0.46,
        .low = NONE,
        .high = NONE,
        .halo_height_kpc = 15.0,
        .alfven_speed_km_s = NOT_STATED,
        .from_gv = NOT_STATED,
        .to_gv = NOT_STATED,
    },
    {
        .name = "feng2016-inner",
        .title = "Feng, Tomassetti & Oliva 2016, inner halo (|z| < 0.85 kpc)",
        .source = "Feng, Tomassetti & Oliva 2016, PRD 94, 123007; Customised-DRAGON2_beta, diffusion.cc",
        .d0_cm2_s = 1.92e28,
        .rigidity_gv = 0.25,
        .velocity_power = -0.4,
        .slope = 0.15,
        .low = NONE,
        .high = NONE,
        .halo_height_kpc = 0.85,
        .alfven_speed_km_s = NOT_STATED,
        .from_gv = NOT_STATED,
        .to_gv = NOT_STATED,
    },
    {
        .name = "feng2016-outer",
        .title = "Feng, Tomassetti & Oliva 2016, outer halo",
        .source = "Feng, Tomassetti & Oliva 2016, PRD 94, 123007; Customised-DRAGON2_beta, diffusion.cc",
        .d0_cm2_s = 0.36 * 1.92e28,
        .rigidity_gv = 0.25,
        .velocity_power = -0.4,
        .slope = 0.67,
        .low = NONE,
        .high = NONE,
        .halo_height_kpc = NOT_STATED,
        .alfven_speed_km_s = NOT_STATED,
        .from_gv = NOT_STATED,
        .to_gv = NOT_STATED,
    },
};

enum { N_REGISTRY = sizeof registry / sizeof *registry };

const struct dmumu_parametrisation *dmumu_parametrisation_at(size_t i)
{
    return i < N_REGISTRY ? &registry[i] : NULL;
}

const struct dmumu_parametrisation *dmumu_parametrisation_find(const char *name)
{
    for (size_t i = 0; i < N_REGISTRY; i++) {
        if (strcmp(registry[i].name, name) == 0) {
            return &registry[i];
        }
    }
    return NULL;
}

static bool positive(double value)
{
    return value > 0.0 && isfinite(value);
}

static bool good_break(const struct dmumu_break *at)
{
    return isnan(at->rigidity_gv) ||
           (positive(at->rigidity_gv) && isfinite(at->slope) && at->smoothness >= 0.0 && isfinite(at->smoothness));
}

enum dmumu_status dmumu_parametrisation_check(const struct dmumu_parametrisation *model, struct dmumu_error *error)
{
    const struct {
        const char *what;
        bool good;
    } checks[] = {
        {"d0_cm2_s must be > 0", positive(model->d0_cm2_s)},
        {"rigidity_gv must be > 0", positive(model->rigidity_gv)},
        {"velocity_power must be finite", isfinite(model->velocity_power)},
        {"slope must be finite", isfinite(model->slope)},
        {"the low break needs a rigidity > 0, a finite slope and a smoothness >= 0", good_break(&model->low)},
        {"the high break needs a rigidity > 0, a finite slope and a smoothness >= 0", good_break(&model->high)},
        {"the high break must lie above the low one", !(model->high.rigidity_gv <= model->low.rigidity_gv)},
        {"halo_height_kpc must be > 0", isnan(model->halo_height_kpc) || positive(model->halo_height_kpc)},
        {"alfven_speed_km_s must be >= 0", !(model->alfven_speed_km_s < 0.0) && !isinf(model->alfven_speed_km_s)},
        {"adds_advection needs halo_height_kpc and alfven_speed_km_s",
         !model->adds_advection || (!isnan(model->halo_height_kpc) && !isnan(model->alfven_speed_km_s))},
    };
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        if (!checks[i].good) {
            return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "%.60s: %s", model->name ? model->name : "model",
                                   checks[i].what);
        }
    }
    return DMUMU_OK;
}

/* ln(1 + e^t) and its derivative, without overflow. */
static double softplus(double t)
{
    return t > 0.0 ? t + log1p(exp(-t)) : log1p(exp(t));
}

static double logistic(double t)
{
    return t > 0.0 ? 1.0 / (1.0 + exp(-t)) : exp(t) / (1.0 + exp(t));
}

/*
 * A break's factor, as a logarithm: change * s/|change| * ln(1 + (R/R_b)^(side |change|/s)), which far on its side (low
 * -1, high +1) is side * change * ln(R/R_b); its derivative by ln R in *slope. `change`: slope there less delta.
 */
static double ln_break(const struct dmumu_break *at, double delta, int side, double rigidity_gv, double *slope)
{
    *slope = 0.0;
    const double change = at->slope - delta;
    if (isnan(at->rigidity_gv) || change == 0.0) {
        return 0.0;
    }
    const double t = side * log(rigidity_gv / at->rigidity_gv); /* > 0 beyond the break */
    if (!(at->smoothness > 0.0)) {
        *slope = t > 0.0 ? change : 0.0;
        return t > 0.0 ? side * change * t : 0.0;
    }
    const double sharpness = fabs(change) / at->smoothness;
    *slope = change * logistic(sharpness * t);
    return side * change / sharpness * softplus(sharpness * t);
}

/* D without the advective term, and its slope. */
static double power_law(const struct dmumu_parametrisation *model, enum dmumu_isotope isotope, double rigidity_gv,
                        double *slope)
{
    double low_slope = 0.0;
    double high_slope = 0.0;
    const double velocity = dmumu_isotope_velocity(isotope, rigidity_gv);
    const double ln_d = model->velocity_power * log(velocity) + model->slope * log(rigidity_gv / model->rigidity_gv) +
                        ln_break(&model->low, model->slope, -1, rigidity_gv, &low_slope) +
                        ln_break(&model->high, model->slope, 1, rigidity_gv, &high_slope);
    /* d ln b / d ln R = 1 - b^2 */
    *slope = model->velocity_power * (1.0 - velocity * velocity) + model->slope + low_slope + high_slope;
    return model->d0_cm2_s * exp(ln_d);
}

/* 2 v_A H in cm^2/s: (km/s) 1e5 times kpc. */
static double advection_cm2_s(const struct dmumu_parametrisation *model)
{
    return model->adds_advection ? 2.0 * model->alfven_speed_km_s * 1e5 * model->halo_height_kpc * 1e3 * DMUMU_PARSEC_CM
                                 : 0.0;
}

void dmumu_parametrisation_d(const struct dmumu_parametrisation *model, enum dmumu_isotope isotope, size_t n,
                             const double rigidity_gv[], double d_cm2_s[])
{
    const double advection = advection_cm2_s(model);
    for (size_t i = 0; i < n; i++) {
        double slope = 0.0;
        d_cm2_s[i] = power_law(model, isotope, rigidity_gv[i], &slope) + advection;
    }
}

double dmumu_parametrisation_slope(const struct dmumu_parametrisation *model, enum dmumu_isotope isotope,
                                   double rigidity_gv)
{
    double slope = 0.0;
    const double d = power_law(model, isotope, rigidity_gv, &slope);
    return slope * d / (d + advection_cm2_s(model));
}
