/*
 * Rates of the fast modes without tables, against the oracle's quadrature; and that they take the place of tables where these
 * do not hold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "brief.h"
#include "core/direct.h"
#include "core/kernel_ref.h"

#include <math.h>

struct rate_point {
    struct dmumu_point point;
    int harmonics;
    double larmor_ratio, mu;
};

/* Broad and narrow resonances, waves along B and across it, kinks of x_max, several harmonics, the far tail, both ends of the
 * cascade. */
static const struct rate_point rate_point[] = {
    {{DMUMU_DISK, 0.158, 0.548, 100.0}, 1, 9e-8, 0.03}, {{DMUMU_DISK, 0.158, 0.548, 100.0}, 1, 9e-8, 0.3},
    {{DMUMU_HALO, 0.25, 0.3, 100.0}, 1, 7e-5, 0.03},    {{DMUMU_HALO, 0.136, 0.09, 100.0}, 1, 1.28e-2, 0.005},
    {{DMUMU_HALO, 0.54, 1.0, 100.0}, 3, 2.3e-6, 0.9},   {{DMUMU_HALO, 0.05, 0.01, 100.0}, 1, 1e-2, 0.98},
    {{DMUMU_DISK, 2.6, 22.0, 0.46}, 1, 2.4e-5, 0.99},   {{DMUMU_DISK, 2.6, 22.0, 0.46}, 1, 2.4e-5, 0.9999},
    {{DMUMU_DISK, 0.05, 0.001, 0.1}, 1, 1.0, 0.5},      {{DMUMU_HALO, 0.05, 30.0, 0.1}, 1, 1.0, 0.9999},
    {{DMUMU_HALO, 0.05, 30.0, 0.1}, 5, 1.0, 0.999999},  {{DMUMU_HALO, 0.8, 0.02, 10.0}, 5, 1e-9, 0.2},
};
enum { N_RATE_POINTS = sizeof rate_point / sizeof rate_point[0] };

#define ORACLE_TOLERANCE 1e-9

static void compare(const struct rate_point *at)
{
    struct dmumu_model model;
    struct dmumu_tables *tables = NULL;
    struct dmumu_workspace *workspace = NULL;
    struct dmumu_state state;
    struct dmumu_error error;
    dmumu_model_default(&model);
    model.harmonics = at->harmonics;
    assert_int_equal(dmumu_tables_new(&model, at->point.alfven_mach, &tables, &error), DMUMU_OK);
    assert_int_equal(dmumu_workspace_new(&workspace, &error), DMUMU_OK);
    assert_int_equal(dmumu_state_of_point(&model, &at->point, &state, &error), DMUMU_OK);
    dmumu_workspace_set_damping(workspace, tables, &state);

    struct dmumu_fast_rate rate;
    const double s2 = (1.0 - at->mu) * (1.0 + at->mu);
    assert_int_equal(dmumu_direct_fast_rate(tables, &state, workspace, at->mu, s2, at->larmor_ratio, &rate), DMUMU_OK);
    state.modes[DMUMU_ALFVEN] = state.modes[DMUMU_SLOW] = false;
    const struct dmumu_rate oracle = dmumu_kernel_ref(&state, at->larmor_ratio, at->mu, ORACLE_TOLERANCE);
    const double expected = oracle.transit[DMUMU_FAST] + oracle.gyro[DMUMU_FAST];
    const double difference = fabs((rate.transit + rate.gyro) / expected - 1.0);
    print_message("M_A %g, R %g, mu %g: off by %.1e, estimated %.1e\n", at->point.alfven_mach, at->larmor_ratio, at->mu,
                  difference, rate.error / expected);
    assert_true(expected > 0.0);
    assert_true(difference < 3e-8);
    assert_true(difference <= 3.0 * rate.error / expected);
    assert_true(rate.error / expected < 3e-8);
    dmumu_workspace_free(workspace);
    dmumu_tables_free(tables);
}

static void test_rates(void **state)
{
    (void)state;
    const int n = brief(N_RATE_POINTS, 3);
    for (int i = 0; i < n; i++) {
        compare(&rate_point[i]);
    }
}

/* Directions are kept for one R: those of another one, or of another damping, must not be taken for them. */
static void test_kept_directions(void **state)
{
    (void)state;
    struct dmumu_model model;
    struct dmumu_tables *tables = NULL;
    struct dmumu_workspace *workspace = NULL;
    struct dmumu_error error;
    const double larmor_ratio[] = {1e-3, 1e-6, 1e-3};
    double rate_of[2][3];
    dmumu_model_default(&model);
    assert_int_equal(dmumu_tables_new(&model, 0.5, &tables, &error), DMUMU_OK);
    assert_int_equal(dmumu_workspace_new(&workspace, &error), DMUMU_OK);
    for (int region = 0; region < 2; region++) {
        const struct dmumu_point point = {
            .region = (enum dmumu_region)region, .alfven_mach = 0.5, .beta = 0.14, .injection_scale_pc = 100.0};
        struct dmumu_state of_point;
        assert_int_equal(dmumu_state_of_point(&model, &point, &of_point, &error), DMUMU_OK);
        dmumu_workspace_set_damping(workspace, tables, &of_point);
        for (int i = 0; i < 3; i++) {
            struct dmumu_fast_rate rate;
            assert_int_equal(dmumu_direct_fast_rate(tables, &of_point, workspace, 0.5, 0.75, larmor_ratio[i], &rate),
                             DMUMU_OK);
            rate_of[region][i] = rate.gyro + rate.transit;
        }
        assert_true(rate_of[region][0] == rate_of[region][2]);
        assert_true(rate_of[region][0] != rate_of[region][1]);
    }
    assert_true(rate_of[0][0] != rate_of[1][0]);
    dmumu_workspace_free(workspace);
    dmumu_tables_free(tables);
}

static struct dmumu_tables *tables_of(double alfven_mach, double tolerance)
{
    struct dmumu_model model;
    struct dmumu_tables *tables = NULL;
    struct dmumu_error error;
    dmumu_model_default(&model);
    model.tolerance = tolerance;
    assert_int_equal(dmumu_tables_new(&model, alfven_mach, &tables, &error), DMUMU_OK);
    return tables;
}

/* The cascade's start lies within a resonance that is too narrow for the lattices, or it does not. */
static void test_where_tables_hold(void **state)
{
    (void)state;
    struct dmumu_tables *tables = tables_of(0.05, 1e-4);
    struct dmumu_fast_table narrow;
    struct dmumu_fast_table broad;
    const double near_one = 1e-4;
    assert_int_equal(
        dmumu_fast_table_init(tables->fast, &tables->state, 1.0 - near_one, near_one * (2.0 - near_one), &narrow),
        DMUMU_OK);
    assert_int_equal(dmumu_fast_table_init(tables->fast, &tables->state, 0.1, 0.99, &broad), DMUMU_OK);
    assert_false(dmumu_fast_table_holds(&narrow, 1.0));
    assert_true(dmumu_fast_table_holds(&narrow, 0.5));
    assert_true(dmumu_fast_table_holds(&broad, 1.0));
    dmumu_fast_table_free(&narrow);
    dmumu_fast_table_free(&broad);
    dmumu_tables_free(tables);
}

/* Towards small mu the first lobes meet the resonance where the density of rows changes: that is no error of theirs. */
static void test_rows_that_suffice(void **state)
{
    (void)state;
    struct dmumu_tables *tables = tables_of(0.5, 1e-6);
    for (double mu = 0.01; mu < 0.2; mu *= 2.0) {
        struct dmumu_fast_table table;
        assert_int_equal(dmumu_fast_table_init(tables->fast, &tables->state, mu, (1.0 - mu) * (1.0 + mu), &table),
                         DMUMU_OK);
        assert_true(table.rel_error < 6e-8);
        dmumu_fast_table_free(&table);
    }
    dmumu_tables_free(tables);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rates), cmocka_unit_test(test_kept_directions),
                                       cmocka_unit_test(test_where_tables_hold),
                                       cmocka_unit_test(test_rows_that_suffice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
