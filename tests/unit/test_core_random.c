/*
 * Points of the whole range against themselves at a tighter tolerance: many more than the oracle can be asked for, and
 * so the ones that find what hides (slivers of C beside the rest, tails of resonances, lobes that all directions
 * share). A value is within its tolerance, and within three times its error, of one at a thirtieth of the tolerance.
 */
#include "../reference/points.h"
#include "brief.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { N_POINTS = 12, FIRST = 1000, N_RATIOS = 8 };

struct values {
    double d_cm2_s[N_RATIOS], rel_error[N_RATIOS], mu_star[N_RATIOS];
    uint8_t quality[N_RATIOS];
};

/* D at rigidities around the point's own, from R of 1e-10 to 1e-1. */
static void compute(const struct reference_point *at, double tolerance, struct values *values)
{
    struct dmumu_model model = at->model;
    struct dmumu_tables *tables = NULL;
    struct dmumu_workspace *workspace = NULL;
    struct dmumu_error error = {.status = DMUMU_OK};
    struct dmumu_curve curve = {.d_cm2_s = values->d_cm2_s,
                                .rel_error = values->rel_error,
                                .mu_star = values->mu_star,
                                .quality = values->quality};
    double rigidity_gv[N_RATIOS];
    const double field_ug = model.region[at->point.region].magnetic_field_ug;
    const double unit_gv = at->point.injection_scale_pc / dmumu_larmor_radius_pc(1.0, field_ug);
    for (int i = 0; i < N_RATIOS; i++) {
        rigidity_gv[i] = unit_gv * pow(10.0, -10.0 + 9.0 * i / (N_RATIOS - 1));
    }
    model.tolerance = tolerance;
    assert_int_equal(dmumu_tables_new(&model, at->point.alfven_mach, &tables, &error), DMUMU_OK);
    assert_int_equal(dmumu_workspace_new(&workspace, &error), DMUMU_OK);
    assert_int_equal(dmumu_curve_compute(tables, &at->point, N_RATIOS, rigidity_gv, &curve, workspace, &error),
                     DMUMU_OK);
    dmumu_workspace_free(workspace);
    dmumu_tables_free(tables);
}

static void check_tolerance(double tolerance)
{
    const int n_points = brief(N_POINTS, 2);
    int compared = 0;
    double worst = 0.0;
    for (unsigned index = FIRST; index < FIRST + (unsigned)n_points; index++) {
        const struct reference_point at = reference_point_at(index);
        if (at.model.broadening == DMUMU_BROADENING_NONE) {
            continue; /* slow, and compared with the oracle */
        }
        struct values loose = {{0.0}, {0.0}, {0.0}, {0}};
        struct values tight = {{0.0}, {0.0}, {0.0}, {0}};
        compute(&at, tolerance, &loose);
        compute(&at, tolerance / 30.0, &tight);
        for (int i = 0; i < N_RATIOS; i++) {
            assert_int_equal(isnan(loose.d_cm2_s[i]), isnan(tight.d_cm2_s[i]));
            if (loose.quality[i] != DMUMU_QUALITY_OK || tight.quality[i] != DMUMU_QUALITY_OK) {
                continue;
            }
            const double difference = fabs(loose.d_cm2_s[i] / tight.d_cm2_s[i] - 1.0);
            const double estimate = loose.rel_error[i] + tight.rel_error[i];
            compared++;
            worst = fmax(worst, difference);
            if (difference > tolerance || difference > 3.0 * estimate + 1e-8) {
                fail_msg("point %u, entry %d, tolerance %g: off by %.2e, estimated %.2e", index, i, tolerance,
                         difference, estimate);
            }
        }
    }
    printf("tolerance %g: %d values, worst %.1e\n", tolerance, compared, worst);
    assert_true(compared > n_points);
}

static void test_loose(void **state)
{
    (void)state;
    check_tolerance(1e-2);
}

static void test_default(void **state)
{
    (void)state;
    if (brief_factor() > 10)
        skip(); /* the same ways as with the loose one, and three times as long */
    check_tolerance(1e-4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loose),
        cmocka_unit_test(test_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
