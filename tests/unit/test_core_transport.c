/*
 * Transport: the closed solution against its limits, and against finite differences of the equation itself, solved with
 * GSL's tridiagonal solver on finer and finer grids.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "close.h"
#include "dmumu.h"

#include <gsl/gsl_linalg.h>
#include <gsl/gsl_vector.h>

#define KPC_CM 3.0856775814913673e21
#define C_CM_S 2.99792458e10
#define MYR_S  3.15576e13

static const struct dmumu_galaxy milky_way = {
    .halo_height_kpc = 4.0, .disk_height_kpc = 1.0, .gas_surface_density_mg_cm2 = 2.3};

static void test_one_zone(void **state)
{
    (void)state;
    static const double heights[] = {0.0, 0.3, 4.0}; /* where the boundary lies cannot matter */
    for (size_t i = 0; i < 3; i++) {
        struct dmumu_galaxy galaxy = milky_way;
        galaxy.disk_height_kpc = heights[i];
        const struct dmumu_transport got = dmumu_transport_solve(&galaxy, 0.9, 3e28, 3e28);
        assert_close(got.d_eff_cm2_s, 3e28, 1e-14);
        assert_close(got.grammage_g_cm2, 0.9 * C_CM_S * 2.3e-3 * 4.0 * KPC_CM / (2.0 * 3e28), 1e-14);
        assert_close(got.escape_time_myr, 16.0 * KPC_CM * KPC_CM / (2.0 * 3e28) / MYR_S, 1e-14);
    }
}

/* X = b mu c/(2 v_A) [1 - exp(-v_A H/D)], as crams has it. */
static void test_one_zone_with_advection(void **state)
{
    (void)state;
    static const double winds_km_s[] = {1e-9, 1e-3, 1.0, 10.0, 300.0, 3e4};
    for (size_t i = 0; i < 6; i++) {
        struct dmumu_galaxy galaxy = milky_way;
        galaxy.advection_km_s = winds_km_s[i];
        const double w = winds_km_s[i] * 1e5;
        const double crams = 0.8 * 2.3e-3 * C_CM_S / (2.0 * w) * -expm1(-w * 4.0 * KPC_CM / 3e28);
        const struct dmumu_transport got = dmumu_transport_solve(&galaxy, 0.8, 3e28, 3e28);
        assert_close(got.grammage_g_cm2, crams, 1e-13);
        const double x = w * 4.0 * KPC_CM / 3e28;
        const double time = 4.0 * KPC_CM / w * (1.0 - -expm1(-x) / x);
        assert_close(got.escape_time_myr, x > 1e-3 ? time / MYR_S : 16.0 * KPC_CM * KPC_CM / 6e28 / MYR_S, 1e-3);
        if (x > 0.1) {
            assert_close(got.escape_time_myr, time / MYR_S, 1e-13);
        }
    }
}

static void test_two_zones(void **state)
{
    (void)state;
    const struct dmumu_transport got = dmumu_transport_solve(&milky_way, 1.0, 1e28, 2e29);
    const double d_eff = 1.0 / (0.25 / 1e28 + 0.75 / 2e29);
    assert_close(got.d_eff_cm2_s, d_eff, 1e-14);
    assert_close(got.grammage_g_cm2, C_CM_S * 2.3e-3 * 4.0 * KPC_CM / (2.0 * d_eff), 1e-14);
    assert_close(got.escape_time_myr, (1.0 / 2e28 + 15.0 / 4e29) * KPC_CM * KPC_CM / MYR_S, 1e-14);
    /* the disk's D does not count without a disk, nor the halo's without a halo */
    struct dmumu_galaxy galaxy = milky_way;
    galaxy.disk_height_kpc = 0.0;
    assert_close(dmumu_transport_solve(&galaxy, 1.0, 1e20, 2e29).d_eff_cm2_s, 2e29, 1e-14);
    assert_close(dmumu_transport_solve(&galaxy, 1.0, (double)NAN, 2e29).d_eff_cm2_s, 2e29, 1e-14);
    galaxy.disk_height_kpc = 4.0;
    assert_close(dmumu_transport_solve(&galaxy, 1.0, 1e28, 1e20).d_eff_cm2_s, 1e28, 1e-14);
    assert_close(dmumu_transport_solve(&galaxy, 1.0, 1e28, (double)NAN).d_eff_cm2_s, 1e28, 1e-14);
    assert_true(isnan(dmumu_transport_solve(&milky_way, 1.0, (double)NAN, 1e28).grammage_g_cm2));
    assert_true(isnan(dmumu_transport_solve(&milky_way, 1.0, 1e28, 0.0).grammage_g_cm2));
}

/* ---- finite differences ------------------------------------------------------------------------------------------ */

/* The upper half, z_i = i dz, n_N = 0. In the cells that touch |z| < gas_kpc: a source, and a loss; 0: in the sheet. */
struct problem {
    struct dmumu_galaxy galaxy;
    double d_disk, d_halo;
    double gas_kpc;
    double loss_cm_s; /* what the whole disk takes from n(0), over both sides: mu v sigma/m */
};

static double d_between(const struct problem *problem, double z_kpc)
{
    return z_kpc < problem->galaxy.disk_height_kpc ? problem->d_disk : problem->d_halo;
}

/* Share of the disk's gas, of one side, in the cell around node i. */
static double share(const struct problem *problem, size_t i, double dz_kpc)
{
    if (!(problem->gas_kpc > 0.0)) {
        return i == 0 ? 1.0 : 0.0;
    }
    const double low = i == 0 ? 0.0 : ((double)i - 0.5) * dz_kpc;
    const double high = fmin(((double)i + 0.5) * dz_kpc, problem->gas_kpc);
    return fmax(high - low, 0.0) / problem->gas_kpc;
}

/* density[0..n] for sources that make 2 q in the whole disk, spread like the gas times weight(n_parent). */
static void solve(const struct problem *problem, const double source[], size_t n, double density[])
{
    const double dz_kpc = problem->galaxy.halo_height_kpc / (double)n;
    const double dz = dz_kpc * KPC_CM;
    const double w = problem->galaxy.advection_km_s * 1e5;
    gsl_vector *diag = gsl_vector_calloc(n), *above = gsl_vector_calloc(n - 1), *below = gsl_vector_calloc(n - 1);
    gsl_vector *right = gsl_vector_calloc(n), *x = gsl_vector_calloc(n);
    for (size_t i = 0; i < n; i++) {
        /* flux out through the upper face: w (n_i + n_i+1)/2 - D (n_i+1 - n_i)/dz */
        const double d = d_between(problem, ((double)i + 0.5) * dz_kpc) / dz;
        double centre = 0.5 * w + d + 0.5 * problem->loss_cm_s * share(problem, i, dz_kpc);
        if (i + 1 < n) {
            gsl_vector_set(above, i, 0.5 * w - d);
        }
        if (i > 0) {
            const double under = d_between(problem, ((double)i - 0.5) * dz_kpc) / dz;
            gsl_vector_set(below, i - 1, -(0.5 * w + under));
            centre += -0.5 * w + under;
        }
        gsl_vector_set(diag, i, centre);
        gsl_vector_set(right, i, source[i] * share(problem, i, dz_kpc));
    }
    assert_int_equal(gsl_linalg_solve_tridiag(diag, above, below, right, x), 0);
    for (size_t i = 0; i < n; i++) {
        density[i] = gsl_vector_get(x, i);
    }
    density[n] = 0.0;
    gsl_vector_free(diag);
    gsl_vector_free(above);
    gsl_vector_free(below);
    gsl_vector_free(right);
    gsl_vector_free(x);
}

enum { FINEST = 6400 };

static void uniform(double value, size_t n, double source[])
{
    for (size_t i = 0; i <= n; i++) {
        source[i] = value;
    }
}

/* n(0), profile and escape time; second order in the step, so that two grids give a third answer. */
static void test_against_finite_differences(void **state)
{
    (void)state;
    static double source[FINEST + 1], coarse[FINEST + 1], fine[FINEST + 1];
    static const double winds_km_s[] = {0.0, 3.0, 30.0};
    for (size_t k = 0; k < 3; k++) {
        struct problem problem = {milky_way, 1e28, 1.5e29, 0.0, 0.0};
        problem.galaxy.advection_km_s = winds_km_s[k];
        uniform(1.0, FINEST, source); /* J = 1 on each side */
        solve(&problem, source, FINEST / 2, coarse);
        solve(&problem, source, FINEST, fine);
        const struct dmumu_transport got = dmumu_transport_solve(&problem.galaxy, 1.0, 1e28, 1.5e29);
        /* n(0) = 2 X/(v mu) for J = 1 */
        const double expected = 2.0 * got.grammage_g_cm2 / (C_CM_S * 2.3e-3);
        assert_close(fine[0], expected, 2e-6);
        assert_close(fine[0] + (fine[0] - coarse[0]) / 3.0, expected, 1e-9);
        double time = 0.0;
        double z[9];
        double density[9];
        for (size_t i = 0; i <= FINEST; i++) {
            time += (i == 0 ? 0.5 : 1.0) * fine[i] * 4.0 * KPC_CM / FINEST;
        }
        assert_close(got.escape_time_myr, time / MYR_S, 1e-5);
        for (size_t i = 0; i < 9; i++) {
            z[i] = 0.5 * (double)i;
        }
        dmumu_transport_profile(&problem.galaxy, 1e28, 1.5e29, 9, z, density);
        for (size_t i = 0; i < 8; i++) {
            assert_close(density[i], fine[i * FINEST / 8] / fine[0], 1e-5);
        }
        assert_true(density[8] == 0.0);
    }
}

/* Carbon with losses, and boron from it: 1/(1/X + sigma/m) twice. */
static void test_secondaries_against_finite_differences(void **state)
{
    (void)state;
    static double source[FINEST + 1], carbon[FINEST + 1], boron[FINEST + 1];
    const double carbon_loss = dmumu_cross_section_per_gas_cm2_g(251.0);
    const double boron_loss = dmumu_cross_section_per_gas_cm2_g(240.0);
    const double made = dmumu_cross_section_per_gas_cm2_g(70.6);
    const double gas = C_CM_S * 2.3e-3; /* v mu, so that v mu sigma/m is a rate per area */
    struct problem problem = {milky_way, 2e28, 3e29, 0.0, gas * carbon_loss};
    problem.galaxy.advection_km_s = 10.0;
    const double x = dmumu_transport_solve(&problem.galaxy, 1.0, 2e28, 3e29).grammage_g_cm2;
    uniform(1.0, FINEST, source);
    solve(&problem, source, FINEST, carbon);
    assert_close(carbon[0], 2.0 / gas * x / (1.0 + carbon_loss * x), 1e-6);
    for (size_t i = 0; i <= FINEST; i++) {
        source[i] = 0.5 * gas * made * carbon[i];
    }
    problem.loss_cm_s = gas * boron_loss;
    solve(&problem, source, FINEST, boron);
    assert_close(boron[0] / carbon[0], made / (1.0 / x + boron_loss), 1e-6);
}

/* What the thin sheet neglects: with gas to 0.1 kpc each side, B/C changes by a few per cent; less in proportion. */
static void test_thick_disk_of_gas(void **state)
{
    (void)state;
    static double source[FINEST + 1], carbon[FINEST + 1], boron[FINEST + 1];
    const double gas = C_CM_S * 2.3e-3;
    const double made = dmumu_cross_section_per_gas_cm2_g(70.6);
    static const double heights_kpc[] = {0.1, 0.05};
    double deviation[2];
    for (int k = 0; k < 2; k++) {
        struct problem problem = {milky_way, 2e28, 2e28, heights_kpc[k],
                                  gas * dmumu_cross_section_per_gas_cm2_g(251.0)};
        const double x = dmumu_transport_solve(&problem.galaxy, 1.0, 2e28, 2e28).grammage_g_cm2;
        uniform(1.0, FINEST, source);
        solve(&problem, source, FINEST, carbon);
        for (size_t i = 0; i <= FINEST; i++) {
            source[i] = 0.5 * gas * made * carbon[i];
        }
        problem.loss_cm_s = gas * dmumu_cross_section_per_gas_cm2_g(240.0);
        solve(&problem, source, FINEST, boron);
        const double thin = made / (1.0 / x + dmumu_cross_section_per_gas_cm2_g(240.0));
        deviation[k] = boron[0] / carbon[0] / thin - 1.0;
        print_message("gas to %g pc: B/C at z = 0 %+.2f %%\n", 1e3 * heights_kpc[k], 100.0 * deviation[k]);
    }
    assert_true(fabs(deviation[0]) < 0.03);
    assert_close(deviation[1] / deviation[0], 0.5, 0.1);
}

static void test_galaxies_that_are_none(void **state)
{
    (void)state;
    struct dmumu_galaxy galaxy;
    dmumu_galaxy_default(&galaxy);
    assert_int_equal(dmumu_galaxy_check(&galaxy, NULL), DMUMU_OK);
    galaxy.halo_height_kpc = 0.5; /* below the disk's 0.9 */
    assert_int_equal(dmumu_galaxy_check(&galaxy, NULL), DMUMU_ERROR_ARGUMENT);
    galaxy = milky_way;
    galaxy.gas_surface_density_mg_cm2 = 0.0;
    assert_int_equal(dmumu_galaxy_check(&galaxy, NULL), DMUMU_ERROR_ARGUMENT);
    galaxy = milky_way;
    galaxy.advection_km_s = -1.0;
    assert_int_equal(dmumu_galaxy_check(&galaxy, NULL), DMUMU_ERROR_ARGUMENT);
    galaxy = milky_way;
    galaxy.halo_height_kpc = (double)INFINITY;
    assert_int_equal(dmumu_galaxy_check(&galaxy, NULL), DMUMU_ERROR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_zone),
        cmocka_unit_test(test_one_zone_with_advection),
        cmocka_unit_test(test_two_zones),
        cmocka_unit_test(test_against_finite_differences),
        cmocka_unit_test(test_secondaries_against_finite_differences),
        cmocka_unit_test(test_thick_disk_of_gas),
        cmocka_unit_test(test_galaxies_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
