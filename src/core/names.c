/* Names: how the input files, the cube and the command line spell the members of each enum. */
#include "dmumu.h"

static const char *const region_names[] = {"disk", "halo"};
static const char *const mode_names[] = {"fast", "alfven", "slow"};
static const char *const quality_names[] = {"ok", "not_confined", "not_converged", "failed"};
static const char *const broadening_names[] = {"yl08", "gaussian", "none"};
static const char *const cascade_names[] = {"gs95", "b06"};
static const char *const confinement_names[] = {"zone", "none"};
static const char *const variant_names[] = {"formula", "published"};
static const char *const axis_names[] = {"region", "alfven_mach", "beta", "injection_scale", "rigidity"};
static const char *const axis_units[] = {"1", "1", "1", "pc", "GV"};
static const char *const quantity_names[] = {"D", "D_fast", "D_alfven", "D_slow"};
static const char *const interpolation_names[] = {"cubic", "linear"};
static const char *const outside_names[] = {"error", "clamp", "power_law"};
static const char *const beta_follows_names[] = {"temperature", "density", "magnetic_field"};

#define NAME_OF(list, value) ((unsigned)(value) < sizeof(list) / sizeof(list)[0] ? (list)[value] : NULL)

const char *dmumu_region_name(enum dmumu_region region)
{
    return NAME_OF(region_names, region);
}

const char *dmumu_mode_name(enum dmumu_mode mode)
{
    return NAME_OF(mode_names, mode);
}

const char *dmumu_quality_name(enum dmumu_quality quality)
{
    return NAME_OF(quality_names, quality);
}

const char *dmumu_broadening_name(enum dmumu_broadening broadening)
{
    return NAME_OF(broadening_names, broadening);
}

const char *dmumu_cascade_name(enum dmumu_cascade cascade)
{
    return NAME_OF(cascade_names, cascade);
}

const char *dmumu_confinement_name(enum dmumu_confinement confinement)
{
    return NAME_OF(confinement_names, confinement);
}

const char *dmumu_variant_name(enum dmumu_variant variant)
{
    return NAME_OF(variant_names, variant);
}

const char *dmumu_beta_follows_name(enum dmumu_beta_follows beta_follows)
{
    return NAME_OF(beta_follows_names, beta_follows);
}

const char *dmumu_axis_name(enum dmumu_axis_id axis)
{
    return NAME_OF(axis_names, axis);
}

const char *dmumu_axis_units(enum dmumu_axis_id axis)
{
    return NAME_OF(axis_units, axis);
}

const char *dmumu_quantity_name(enum dmumu_quantity quantity)
{
    return NAME_OF(quantity_names, quantity);
}

const char *dmumu_interpolation_name(enum dmumu_interpolation interpolation)
{
    return NAME_OF(interpolation_names, interpolation);
}

const char *dmumu_outside_name(enum dmumu_outside outside)
{
    return NAME_OF(outside_names, outside);
}
