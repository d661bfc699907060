/* Points at which the two kernels are compared: see points.h. */
#include "points.h"

#include <gsl/gsl_qrng.h>
#include <math.h>

enum { DIMENSIONS = 8 };

static double between(double low, double high, double x)
{
    return fmin(fmax(low * pow(high / low, x), low), high);
}

/* From point 200 on every fourth block of eight, within which region, broadening and cascade take all combinations. */
enum { SOBOL_ONLY = 200, BLOCK = 8, CORNER_COORDINATES = 4 };

/* The digits of a number choose, coordinate by coordinate: its low end, its high end, or the Sobol number. */
static void move_to_ends(unsigned digits, unsigned base, double x[static CORNER_COORDINATES])
{
    for (int k = 0; k < CORNER_COORDINATES; k++) {
        const unsigned digit = digits % base;
        digits /= base;
        x[k] = digit == 2 ? x[k] : digit;
    }
}

static void visit_corner(unsigned i, double x[static CORNER_COORDINATES])
{
    const unsigned block = (i - SOBOL_ONLY) / BLOCK;
    const unsigned turn = block / 8;
    if (i < SOBOL_ONLY || block % 4 != 3) {
        return;
    }
    if (block % 8 == 3) {
        move_to_ends((turn + 2 * (i % BLOCK)) % 16, 2, x); /* all four at an end */
    } else {
        move_to_ends((3 * turn + 10 * (i % BLOCK)) % 80, 3, x); /* at least one; 80 would be none */
    }
}

static enum dmumu_broadening broadening_of(unsigned i)
{
    /* every twentieth without broadening, and then confined by a zone, since D is infinite otherwise */
    if (i % 20 == 7) {
        return DMUMU_BROADENING_NONE;
    }
    return (i / 2) % 2 ? DMUMU_BROADENING_GAUSSIAN : DMUMU_BROADENING_YL08;
}

struct reference_point reference_point_at(unsigned i)
{
    double x[DIMENSIONS];
    gsl_qrng *sobol = gsl_qrng_alloc(gsl_qrng_sobol, DIMENSIONS);
    for (unsigned k = 0; k <= i; k++) {
        gsl_qrng_get(sobol, x);
    }
    gsl_qrng_free(sobol);
    visit_corner(i, x);

    struct reference_point at;
    dmumu_model_default(&at.model);
    at.model.modes[DMUMU_SLOW] = true;
    at.model.broadening = broadening_of(i);
    at.model.alfven_cascade = (i / 4) % 2 ? DMUMU_CASCADE_B06 : DMUMU_CASCADE_GS95;
    at.model.harmonics = i % 10 == 3 ? 5 : 1;
    at.model.confinement =
        i % 3 == 0 && at.model.broadening != DMUMU_BROADENING_NONE ? DMUMU_CONFINEMENT_NONE : DMUMU_CONFINEMENT_ZONE;
    at.model.truncation_angle = i % 7 == 5 ? DMUMU_VARIANT_PUBLISHED : DMUMU_VARIANT_FORMULA;
    at.point.region = i % 2 ? DMUMU_HALO : DMUMU_DISK;
    at.point.alfven_mach = between(0.05, 3.0, x[0]);
    at.point.beta = between(1e-3, 30.0, x[1]);
    at.point.injection_scale_pc = between(0.1, 1000.0, x[2]);

    struct dmumu_region_spec *spec = &at.model.region[at.point.region];
    spec->magnetic_field_ug = between(0.3, 10.0, x[4]);
    spec->alfven_speed_km_s = between(3.0, 100.0, x[5]);
    spec->zone_size_pc = between(100.0, 1e4, x[6]);
    spec->x_c = i % 4 == 2 ? (double)NAN : between(1e4, 1e8, x[7]); /* NaN: Spitzer */
    const double gv_per_r = at.point.injection_scale_pc / dmumu_larmor_radius_pc(1.0, spec->magnetic_field_ug);
    const double r_low = fmax(1e-12, 0.01 / gv_per_r);
    const double r_high = fmin(1.0, 1e9 / gv_per_r);
    /* just inside, so that rounding does not put R out of range */
    at.rigidity_gv = between(r_low * (1.0 + 1e-12), r_high * (1.0 - 1e-12), x[3]) * gv_per_r;
    return at;
}
