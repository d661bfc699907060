/* Points at which the two kernels are compared: see points.h. */
#include "points.h"

#include <gsl/gsl_qrng.h>
#include <math.h>

enum { DIMENSIONS = 8 };

static double between(double low, double high, double x)
{
    return low * pow(high / low, x);
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
    at.rigidity_gv = between(r_low, r_high, x[3]) * gv_per_r;
    return at;
}
