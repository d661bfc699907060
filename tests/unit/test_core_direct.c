/*
 * Rates of the fast modes without tables, against the oracle's quadrature, and far in the tail of a resonance, where
 * that gives none, against GSL's; and that they take the place of tables where these do not hold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "brief.h"
#include "core/damping.h"
#include "core/direct.h"
#include "core/kernel_direct.h"
#include "core/kernel_ref.h"
#include "core/resonance.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_integration.h>
#include <gsl/gsl_sf_bessel.h>
#include <math.h>

struct rate_point {
    struct dmumu_point point;
    int harmonics;
    double larmor_ratio, mu;
};

/* Broad and narrow resonances, waves along B and across it, kinks of x_max, several harmonics, the far tail, both ends
 * of the cascade. */
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

/* ---- far tails --------------------------------------------------------------------------------------------------- */

enum { MAX_INTERVALS = 500 };

/* What there is at one (mu, R), and the direction that the inner integral is at. */
struct tail {
    const struct dmumu_state *state;
    double mu, s, width, larmor_ratio;
    double tangent;
    gsl_integration_workspace *room[2];
};

/* u^3/2 J_1'^2 E, per d ln u; GSL's Bessel functions. */
static double over_u(double ln_u, void *context)
{
    const struct tail *tail = context;
    const double u = exp(ln_u);
    const double w = tail->s * tail->tangent / u;
    const double prime = 0.5 * (gsl_sf_bessel_J0(w) - gsl_sf_bessel_Jn(2, w));
    return u * sqrt(u) * prime * prime * dmumu_resonance_gyro(tail->mu, u, tail->width);
}

static double integrated(double (*f)(double, void *), struct tail *tail, int level, double low, double high)
{
    const gsl_function function = {f, tail};
    double value = 0.0;
    double error = 0.0;
    assert_int_equal(gsl_integration_qag(&function, low, high, 0.0, level ? 1e-11 : 1e-9, MAX_INTERVALS,
                                         GSL_INTEG_GAUSS21, tail->room[level], &value, &error),
                     GSL_SUCCESS);
    return value;
}

/* xi^3/2 xi d xi of that, per d ln tan(theta): from the cascade's end on, as far as E is 1e-26 of what it is there. */
static double over_directions(double ln_tangent, void *context)
{
    struct tail *tail = context;
    const struct dmumu_angle angle = dmumu_angle_of_tangent(exp(ln_tangent));
    const double u_start = 1.0 / (tail->larmor_ratio * angle.cosine);
    const double u_end = u_start * exp(-dmumu_damping_ln_x_max(tail->state, angle));
    const double widths = fmax(u_end - tail->mu, 0.0) / tail->width;
    const double last = fmin(u_start, tail->mu + tail->width * sqrt(widths * widths + 60.0));
    tail->tangent = exp(ln_tangent);
    if (!(u_end < last)) {
        return 0.0;
    }
    return pow(angle.cosine, 3.5) * angle.sine_square * integrated(over_u, tail, 1, log(u_end), log(last));
}

static double gyro_by_gsl(const struct dmumu_state *state, const struct dmumu_directions *directions, double mu,
                          double s2, double larmor_ratio)
{
    struct tail tail = {
        .state = state,
        .mu = mu,
        .s = sqrt(s2),
        .width = dmumu_resonance_width(state, s2),
        .larmor_ratio = larmor_ratio,
        .room = {gsl_integration_workspace_alloc(MAX_INTERVALS), gsl_integration_workspace_alloc(MAX_INTERVALS)}};
    double sum = 0.0;
    for (size_t p = 0; p < directions->n; p++) {
        sum += integrated(over_directions, &tail, 0, directions->panel[p].low, directions->panel[p].high);
    }
    gsl_integration_workspace_free(tail.room[0]);
    gsl_integration_workspace_free(tail.room[1]);
    return dmumu_fast_front(state, tail.s) / sqrt(larmor_ratio) * sum;
}

/* R at which the nearest waves are so many widths beyond mu: u goes like 1/R, all but. */
static double larmor_ratio_for(struct dmumu_workspace *workspace, double u)
{
    double larmor_ratio = 1e-6;
    for (int i = 0; i < 8; i++) {
        struct dmumu_directions *directions = dmumu_workspace_directions(workspace, larmor_ratio);
        double least = (double)INFINITY;
        for (size_t p = 0; p < directions->n; p++) {
            for (int k = 0; k < DMUMU_KRONROD_N; k++) {
                const struct dmumu_direction *node = &directions->panel[p].node[k];
                least = node->u_end < node->u_start ? fmin(least, node->u_end) : least;
            }
        }
        larmor_ratio *= least / u;
    }
    return larmor_ratio;
}

/*
 * Five to ten widths beyond the last wave, 1e-11 to 1e-43 of what the resonance would give. Transit-time damping would
 * be all there is, and what cannot change the sum is left out: so waves are at rest here, mu is many widths from 0.
 */
static void check_tail(const struct dmumu_point *point, double mu)
{
    struct dmumu_model model;
    struct dmumu_tables *tables = NULL;
    struct dmumu_workspace *workspace = NULL;
    struct dmumu_state state;
    const double s2 = (1.0 - mu) * (1.0 + mu);
    dmumu_model_default(&model);
    model.harmonics = 1;
    assert_int_equal(dmumu_tables_new(&model, point->alfven_mach, &tables, NULL), DMUMU_OK);
    assert_int_equal(dmumu_workspace_new(&workspace, NULL), DMUMU_OK);
    assert_int_equal(dmumu_state_of_point(&model, point, &state, NULL), DMUMU_OK);
    dmumu_workspace_set_damping(workspace, tables, &state);
    state.alfven_speed_v = 0.0;
    double before = (double)INFINITY;
    for (int widths = 5; widths <= 10; widths++) {
        const double larmor_ratio = larmor_ratio_for(workspace, mu + widths * dmumu_resonance_width(&state, s2));
        const struct dmumu_fast_direct direct = {.common = tables->fast,
                                                 .bessel = dmumu_shared_bessel(tables->shared),
                                                 .state = &state,
                                                 .directions = dmumu_workspace_directions(workspace, larmor_ratio)};
        const struct dmumu_fast_rate rate = dmumu_fast_direct_rate(&direct, mu, s2, larmor_ratio);
        const double expected = gyro_by_gsl(&state, direct.directions, mu, s2, larmor_ratio);
        const double difference = fabs(rate.gyro / expected - 1.0);
        print_message("M_A %g, mu %g, %d widths beyond: %.2e, off by %.1e, estimated %.1e\n", point->alfven_mach, mu,
                      widths, expected, difference, rate.error / expected);
        assert_true(expected > 0.0 && rate.transit <= 1e-12 * rate.gyro);
        assert_true(difference < 1e-9); /* 1e-10, for which GSL is asked */
        assert_true(rate.error / expected < 3e-8);
        assert_true(expected < 1e-3 * before); /* it is the tail */
        before = expected;
    }
    dmumu_workspace_free(workspace);
    dmumu_tables_free(tables);
}

static void test_far_tails(void **state)
{
    (void)state;
    check_tail(&(struct dmumu_point){DMUMU_DISK, 0.05, 1.0, 10.0}, 0.99);
    check_tail(&(struct dmumu_point){DMUMU_DISK, 1.0, 1.0, 20.0}, 0.9999);
    check_tail(&(struct dmumu_point){DMUMU_DISK, 0.2, 1.0, 10.0}, 0.99);
}

/* ---- what directions and tables are there ------------------------------------------------------------------------ */

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

/* Halves of panels are kept for the pitch angles to come, which must be the same, to the bit, as without them. */
static void test_kept_halves(void **state)
{
    (void)state;
    enum { N = 4 };
    static const double mu[N] = {0.05, 0.5, 0.9, 0.999};
    const struct rate_point *at = &rate_point[0];
    struct dmumu_model model;
    struct dmumu_tables *tables = NULL;
    struct dmumu_workspace *workspace = NULL;
    struct dmumu_state of_point;
    struct dmumu_fast_rate alone[N];
    dmumu_model_default(&model);
    assert_int_equal(dmumu_tables_new(&model, at->point.alfven_mach, &tables, NULL), DMUMU_OK);
    assert_int_equal(dmumu_workspace_new(&workspace, NULL), DMUMU_OK);
    assert_int_equal(dmumu_state_of_point(&model, &at->point, &of_point, NULL), DMUMU_OK);
    dmumu_workspace_set_damping(workspace, tables, &of_point);
    for (int i = 0; i < N; i++) { /* with directions of their own: another R is in between */
        struct dmumu_fast_rate other;
        assert_int_equal(dmumu_direct_fast_rate(tables, &of_point, workspace, mu[i], 1.0 - mu[i] * mu[i],
                                                2.0 * at->larmor_ratio, &other),
                         DMUMU_OK);
        assert_int_equal(dmumu_direct_fast_rate(tables, &of_point, workspace, mu[i], 1.0 - mu[i] * mu[i],
                                                at->larmor_ratio, &alone[i]),
                         DMUMU_OK);
    }
    for (int i = N; i-- > 0;) { /* one after the other, from the last to the first */
        struct dmumu_fast_rate rate;
        assert_int_equal(
            dmumu_direct_fast_rate(tables, &of_point, workspace, mu[i], 1.0 - mu[i] * mu[i], at->larmor_ratio, &rate),
            DMUMU_OK);
        assert_true(rate.gyro == alone[i].gyro && rate.transit == alone[i].transit && rate.error == alone[i].error);
    }
    const struct dmumu_directions *directions = dmumu_workspace_directions(workspace, at->larmor_ratio);
    assert_true(directions->n_all > directions->n);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rates),
                                       cmocka_unit_test(test_far_tails),
                                       cmocka_unit_test(test_kept_directions),
                                       cmocka_unit_test(test_kept_halves),
                                       cmocka_unit_test(test_where_tables_hold),
                                       cmocka_unit_test(test_rows_that_suffice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
