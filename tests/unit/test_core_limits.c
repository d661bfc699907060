/* Limits: what D(R) and D_mumu must do whatever the numbers (physics.md, 'Limits to test against'). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/cascade.h"
#include "core/columns.h"
#include "core/kernel.h"
#include "core/kernel_ref.h"
#include "core/quasilinear.h"
#include "core/resonance.h"
#include "dmumu.h"

#include "brief.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { MAX_N = 61 };

/* One curve and what it is made of. */
struct result {
    double d_cm2_s[MAX_N];
    double mode_cm2_s[DMUMU_N_MODES][MAX_N];
    double rel_error[MAX_N];
    double mu_star[MAX_N];
    uint8_t quality[MAX_N];
};

static struct dmumu_curve curve_of(struct result *result)
{
    return (struct dmumu_curve){
        .d_cm2_s = result->d_cm2_s,
        .d_mode_cm2_s = {result->mode_cm2_s[0], result->mode_cm2_s[1], result->mode_cm2_s[2]},
        .rel_error = result->rel_error,
        .mu_star = result->mu_star,
        .quality = result->quality,
    };
}

static const struct dmumu_point halo_point = {
    .region = DMUMU_HALO, .alfven_mach = 0.5, .beta = 0.14, .injection_scale_pc = 100.0};

static struct dmumu_model model_of(bool fast, bool alfven, bool slow)
{
    struct dmumu_model model;
    dmumu_model_default(&model);
    model.modes[DMUMU_FAST] = fast;
    model.modes[DMUMU_ALFVEN] = alfven;
    model.modes[DMUMU_SLOW] = slow;
    return model;
}

static struct dmumu_tables *tables_of(const struct dmumu_model *model, double alfven_mach)
{
    struct dmumu_tables *tables = NULL;
    assert_int_equal(dmumu_tables_new(model, alfven_mach, &tables, NULL), DMUMU_OK);
    return tables;
}

static struct dmumu_workspace *workspace_of(void)
{
    struct dmumu_workspace *workspace = NULL;
    assert_int_equal(dmumu_workspace_new(&workspace, NULL), DMUMU_OK);
    return workspace;
}

static void compute(const struct dmumu_model *model, const struct dmumu_point *point, size_t n,
                    const double rigidity_gv[], struct result *result)
{
    struct dmumu_tables *tables = tables_of(model, point->alfven_mach);
    struct dmumu_workspace *workspace = workspace_of();
    struct dmumu_curve curve = curve_of(result);
    assert_int_equal(dmumu_curve_compute(tables, point, n, rigidity_gv, &curve, workspace, NULL), DMUMU_OK);
    dmumu_workspace_free(workspace);
    dmumu_tables_free(tables);
}

static void compute_ref(const struct dmumu_model *model, const struct dmumu_point *point, size_t n,
                        const double rigidity_gv[], struct result *result)
{
    struct dmumu_curve curve = curve_of(result);
    assert_int_equal(dmumu_curve_compute_ref(model, point, n, rigidity_gv, &curve, NULL), DMUMU_OK);
}

/* n rigidities with R from low to high, evenly in ln R. */
static void rigidities(const struct dmumu_point *point, double low, double high, size_t n, double rigidity_gv[])
{
    const double unit_gv = point->injection_scale_pc / dmumu_larmor_radius_pc(1.0, 1.0);
    for (size_t i = 0; i < n; i++) {
        rigidity_gv[i] = unit_gv * low * pow(high / low, n > 1 ? (double)i / (double)(n - 1) : 0.0);
    }
}

static void assert_close(double value, double expected, double relative)
{
    if (!(fabs(value - expected) <= relative * fabs(expected))) {
        fail_msg("%.17g is not %.17g to %g", value, expected, relative);
    }
}

/* Bit for bit, NaN included. */
static void assert_same_bits(const double a[], const double b[], size_t n, const char *what)
{
    for (size_t i = 0; i < n; i++) {
        if (memcmp(&a[i], &b[i], sizeof a[i]) != 0) { /* NOLINT(*-memory-comparison,cert-*) */
            fail_msg("%s, entry %zu: %.17g and %.17g", what, i, a[i], b[i]);
        }
    }
}

static void assert_same_result(const struct dmumu_model *model, const struct result *a, const struct result *b,
                               size_t n)
{
    assert_same_bits(a->d_cm2_s, b->d_cm2_s, n, "D");
    assert_same_bits(a->rel_error, b->rel_error, n, "error");
    assert_same_bits(a->mu_star, b->mu_star, n, "mu*");
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        if (model->modes[mode]) {
            assert_same_bits(a->mode_cm2_s[mode], b->mode_cm2_s[mode], n, "D of a mode");
        }
    }
    assert_memory_equal(a->quality, b->quality, n);
}

/* ---- the quasi-linear limit -------------------------------------------------------------------------------------- */

/* A state whose waves are fast enough for transit-time damping at mu = 0.5, undamped where `damped` is false. */
static struct dmumu_state state_of(double kappa, bool damped)
{
    return (struct dmumu_state){
        .alfven_mach = 0.5,
        .beta = 0.14,
        .x_c = 1e4,
        .alfven_speed_v = 0.2,
        .slow_speed_v = 0.05,
        .zone_l = (double)INFINITY,
        .d_prefactor = 0.25,
        .collisionless = damped,
        .viscous = false,
        .modes = {true, true, true},
        .energy_fraction = {1.0, 1.0, 1.0},
        .cascade = DMUMU_CASCADE_GS95,
        .harmonics = 2,
        .kappa = kappa,
    };
}

/* The broadened rate through a profile of its own, as a curve makes it. */
static struct dmumu_fast_rate broadened_rate(const struct dmumu_fast_common *common, const struct dmumu_state *state,
                                             const struct dmumu_angles *angles, double mu, double s2,
                                             double larmor_ratio)
{
    struct dmumu_fast_table table = {0};
    struct dmumu_fast_profile profile = {0};
    struct dmumu_transit_deposit transit = {0};
    static struct dmumu_deposit deposit;
    struct dmumu_columns columns = {0};
    assert_int_equal(dmumu_fast_table_init(common, state, mu, s2, &table), DMUMU_OK);
    const double step = dmumu_deposit_step(common->tolerance, table.step_class);
    const double transit_step = dmumu_deposit_step(common->tolerance, DMUMU_TRANSIT_CLASS);
    assert_int_equal(dmumu_deposit_make(angles, &common->rows, step, &deposit), DMUMU_OK);
    const int mesh = dmumu_transit_mesh(table.width / table.mu);
    assert_int_equal(dmumu_transit_deposit_make(angles, transit_step, state->alfven_speed_v, &transit), DMUMU_OK);
    assert_int_equal(dmumu_transit_deposit_add_mesh(angles, mesh, &transit), DMUMU_OK);
    assert_int_equal(dmumu_columns_begin(common, &deposit, table.step_class, &columns), DMUMU_OK);
    assert_int_equal(dmumu_fast_profile_begin(common, state, &table, &columns, &transit, &profile), DMUMU_OK);
    const struct dmumu_fast_rate rate = dmumu_fast_profile_rate(common, &table, &columns, &profile, larmor_ratio);
    dmumu_columns_free(&columns);
    dmumu_fast_profile_free(&profile);
    dmumu_transit_deposit_free(&transit);
    dmumu_deposit_free(&deposit);
    dmumu_fast_table_free(&table);
    return rate;
}

static struct dmumu_fast_rate fast_rate(const struct dmumu_state *state, double mu, double larmor_ratio)
{
    static const struct dmumu_angle_mesh mesh = {.max_width = 0.03, .max_change = 0.15, .tail = 1e-8};
    const double s2 = (1.0 - mu) * (1.0 + mu);
    struct dmumu_angles angles = {0};
    struct dmumu_fast_common common;
    assert_int_equal(dmumu_fast_common_init(&common, state->harmonics, 1e-5, 0), DMUMU_OK);
    assert_int_equal(dmumu_angles_make(state, &mesh, DMUMU_R_MIN, DMUMU_R_MAX, &angles), DMUMU_OK);
    const struct dmumu_angle_ends ends = dmumu_angles_find_ends(state, mesh.tail, DMUMU_R_MIN, DMUMU_R_MAX);
    const struct dmumu_sharp_angles sharp = dmumu_sharp_angles_find(state, &ends);
    const struct dmumu_fast_rate rate = state->kappa > 0.0
                                            ? broadened_rate(&common, state, &angles, mu, s2, larmor_ratio)
                                            : dmumu_quasilinear_fast_rate(&common, state, &sharp, mu, s2, larmor_ratio);
    dmumu_angles_free(&angles);
    dmumu_fast_common_free(&common);
    return rate;
}

static struct dmumu_cascade_rate cascade_rate(const struct dmumu_state *state, enum dmumu_mode mode, double mu,
                                              double larmor_ratio)
{
    struct dmumu_cascade_common common = {0};
    struct dmumu_cascade_table table = {0};
    struct dmumu_wave_nodes scratch = {0};
    struct dmumu_cascade_rate rate;
    assert_int_equal(dmumu_cascade_common_init(state, mode, 1e-4, &common), DMUMU_OK);
    assert_int_equal(dmumu_cascade_table_init(&common, state, mu, (1.0 - mu) * (1.0 + mu), (double)INFINITY, &table),
                     DMUMU_OK);
    assert_int_equal(dmumu_cascade_rate(&common, state, &table, larmor_ratio, &scratch, &rate), DMUMU_OK);
    dmumu_wave_nodes_free(&scratch);
    dmumu_cascade_table_free(&table);
    dmumu_cascade_common_free(&common);
    return rate;
}

struct kinds {
    double fast_transit, fast_gyro, alfven, slow;
};

static struct kinds production_kinds(const struct dmumu_state *state, double mu, double larmor_ratio)
{
    const struct dmumu_fast_rate fast = fast_rate(state, mu, larmor_ratio);
    return (struct kinds){fast.transit, fast.gyro, cascade_rate(state, DMUMU_ALFVEN, mu, larmor_ratio).gyro,
                          cascade_rate(state, DMUMU_SLOW, mu, larmor_ratio).gyro};
}

static struct kinds reference_kinds(const struct dmumu_state *state, double mu, double larmor_ratio)
{
    const struct dmumu_rate rate = dmumu_kernel_ref(state, larmor_ratio, mu, 1e-6);
    return (struct kinds){rate.transit[DMUMU_FAST], rate.gyro[DMUMU_FAST], rate.gyro[DMUMU_ALFVEN],
                          rate.gyro[DMUMU_SLOW]};
}

typedef struct kinds kinds_function(const struct dmumu_state *state, double mu, double larmor_ratio);

/* The deviation from the delta function is of order Delta^2 ~ kappa: ten times less kappa, ten times nearer. */
static void check_narrow_resonance(kinds_function *kinds, const char *kernel, bool damped, double larmor_ratio)
{
    const double mu = 0.5;
    const struct dmumu_state exact_state = state_of(0.0, damped);
    const struct kinds exact = kinds(&exact_state, mu, larmor_ratio);
    const double at_zero[] = {exact.fast_transit, exact.fast_gyro, exact.alfven, exact.slow};
    static const char *const names[] = {"fast, transit time", "fast, gyro", "alfven", "slow"};
    double before[4] = {0.0};
    for (double kappa = 1e-2; kappa > 0.9e-4; kappa *= 0.1) {
        const struct dmumu_state state = state_of(kappa, damped);
        const struct kinds narrow = kinds(&state, mu, larmor_ratio);
        const double values[] = {narrow.fast_transit, narrow.fast_gyro, narrow.alfven, narrow.slow};
        for (int i = 0; i < 4; i++) {
            const double deviation = fabs(values[i] / at_zero[i] - 1.0);
            const bool nearer = before[i] == 0.0 || deviation < 0.2 * before[i] + 2e-5;
            if (!(at_zero[i] > 0.0) || !nearer || (kappa < 2e-4 && deviation > 2e-3)) {
                fail_msg("%s kernel, %s, R = %g, kappa = %g: off by %.2e, before by %.2e", kernel, names[i],
                         larmor_ratio, kappa, deviation, before[i]);
            }
            before[i] = deviation;
        }
    }
}

static void test_narrow_resonance_is_quasilinear(void **state)
{
    (void)state;
    check_narrow_resonance(production_kinds, "production", true, 1e-6);
    check_narrow_resonance(production_kinds, "production", false, 1e-2);
}

static void test_narrow_resonance_is_quasilinear_ref(void **state)
{
    (void)state;
    check_narrow_resonance(reference_kinds, "reference", true, 1e-6);
    check_narrow_resonance(reference_kinds, "reference", false, 1e-2);
}

/* Without broadening nothing scatters at mu -> 0: with every pitch angle counted D is infinite, and so flagged. */
static void test_quasilinear_over_all_angles_fails(void **state)
{
    (void)state;
    double rigidity_gv[3];
    rigidities(&halo_point, 1e-8, 1e-2, 3, rigidity_gv);
    struct dmumu_model model = model_of(true, true, false);
    model.broadening = DMUMU_BROADENING_NONE;
    model.confinement = DMUMU_CONFINEMENT_NONE;
    struct result result;
    for (int kernel = 0; kernel < 2; kernel++) {
        (kernel ? compute_ref : compute)(&model, &halo_point, 3, rigidity_gv, &result);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(result.quality[i], DMUMU_QUALITY_FAILED);
            assert_true(isnan(result.d_cm2_s[i]) && isnan(result.rel_error[i]) && isnan(result.mu_star[i]));
            assert_true(isnan(result.mode_cm2_s[DMUMU_FAST][i]) && isnan(result.mode_cm2_s[DMUMU_ALFVEN][i]));
        }
    }
    model.confinement = DMUMU_CONFINEMENT_ZONE; /* a zone leaves mu -> 0 out: finite again */
    compute(&model, &halo_point, 3, rigidity_gv, &result);
    for (int i = 0; i < 3; i++) {
        assert_true(result.d_cm2_s[i] > 0.0 && isfinite(result.d_cm2_s[i]));
    }
}

/* ---- D(R)/(vL) --------------------------------------------------------------------------------------------------- */

/* L, rigidity and zone moved together by `factor`: D goes as L, the rest stays. */
static void check_moving_together(const struct dmumu_model *model, const struct dmumu_point *point, double factor,
                                  size_t n, bool reference)
{
    double rigidity_gv[MAX_N];
    double moved_gv[MAX_N];
    rigidities(point, 1e-10, 0.3, n, rigidity_gv);
    for (size_t i = 0; i < n; i++) {
        moved_gv[i] = factor * rigidity_gv[i];
    }
    struct dmumu_model moved_model = *model;
    struct dmumu_point moved = *point;
    moved.injection_scale_pc *= factor;
    moved_model.region[point->region].zone_size_pc *= factor;
    struct result here;
    struct result there;
    (reference ? compute_ref : compute)(model, point, n, rigidity_gv, &here);
    (reference ? compute_ref : compute)(&moved_model, &moved, n, moved_gv, &there);
    for (size_t i = 0; i < n; i++) {
        assert_true(here.d_cm2_s[i] > 0.0);
        assert_close(there.d_cm2_s[i], factor * here.d_cm2_s[i], 1e-9);
        assert_close(there.mu_star[i], here.mu_star[i], 1e-9);
        assert_int_equal(there.quality[i], here.quality[i]);
        for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
            if (model->modes[mode] && !isnan(here.mode_cm2_s[mode][i])) {
                assert_close(there.mode_cm2_s[mode][i], factor * here.mode_cm2_s[mode][i], 1e-9);
            }
        }
    }
}

static void test_function_of_ratio_alone(void **state)
{
    (void)state;
    struct dmumu_model model = model_of(true, true, true);
    struct dmumu_point point = halo_point;
    check_moving_together(&model, &point, 2.0, 12, false);
    point.region = DMUMU_DISK;
    model.modes[DMUMU_SLOW] = false;
    check_moving_together(&model, &point, 0.01, 12, false);
    model.confinement = DMUMU_CONFINEMENT_NONE;
    check_moving_together(&model, &point, 3.0, 12, false);
    model = model_of(true, false, false);
    model.tolerance = 1e-2;
    check_moving_together(&model, &point, 2.0, 2, true);
}

/*
 * Without damping D_F ~ R^-1/2: the fast modes' x^-3/2 all the way. What the cascade's start leaves falls like R^1/2.
 */
static void test_slope_without_damping(void **state)
{
    (void)state;
    enum { N = 17 };
    struct dmumu_model model = model_of(true, false, false);
    model.confinement = DMUMU_CONFINEMENT_NONE;
    model.region[DMUMU_HALO].collisionless = false;
    model.tolerance = 1e-6;
    double rigidity_gv[N];
    rigidities(&halo_point, 1e-9, 1e-5, N, rigidity_gv);
    struct result result;
    compute(&model, &halo_point, N, rigidity_gv, &result);
    for (int i = 0; i + 1 < N; i++) {
        const double slope = log(result.d_cm2_s[i + 1] / result.d_cm2_s[i]) / log(rigidity_gv[i + 1] / rigidity_gv[i]);
        const double ratio = 1e-9 * rigidity_gv[i + 1] / rigidity_gv[0];
        if (!(fabs(slope - 0.5) < 0.005)) {
            fail_msg("slope %.6f at R = %g", slope, ratio);
        }
        /* and nearer the lower R is */
        assert_true(fabs(slope - 0.5) < 5.0 * sqrt(ratio) + 2e-5);
    }
    assert_close(result.d_cm2_s[4], result.d_cm2_s[0] * sqrt(10.0), 1e-3);
    struct result ref;
    model.tolerance = 1e-3;
    compute_ref(&model, &halo_point, 1, rigidity_gv, &ref);
    assert_close(result.d_cm2_s[0], ref.d_cm2_s[0], 1e-3);
}

/* ---- modes against each other ------------------------------------------------------------------------------------ */

static void test_alfven_far_above_fast(void **state)
{
    (void)state;
    double rigidity_gv[3];
    rigidities(&halo_point, 1.6e-10, 0.2, 3, rigidity_gv);
    struct dmumu_model model = model_of(true, true, false);
    model.confinement = DMUMU_CONFINEMENT_NONE;
    struct result result;
    compute(&model, &halo_point, 3, rigidity_gv, &result);
    assert_true(result.mode_cm2_s[DMUMU_ALFVEN][0] > 1e12 * result.mode_cm2_s[DMUMU_FAST][0]);
    assert_true(result.mode_cm2_s[DMUMU_ALFVEN][1] < 1e9 * result.mode_cm2_s[DMUMU_FAST][1]);
    /* they scatter best along B, so that D with them is a little lower even so; and by more at the top end */
    assert_true(result.d_cm2_s[0] > 0.5 * result.mode_cm2_s[DMUMU_FAST][0]);
    assert_true(result.mode_cm2_s[DMUMU_ALFVEN][2] < 1e4 * result.mode_cm2_s[DMUMU_FAST][2]);
    assert_true(result.d_cm2_s[2] < 0.97 * result.mode_cm2_s[DMUMU_FAST][2]);
}

/*
 * Above M_A = 1 the Alfven and slow cascades start at k_par = M_A^3/L: where N/(R M_A^3) < 1 nothing in them resonates
 * with mu = 1, D_mumu falls like exp(-const/s^2) there, and D of such a mode alone is infinite.
 */
static bool cascade_reaches_resonance(double alfven_mach, double larmor_ratio)
{
    return larmor_ratio * pow(fmax(alfven_mach, 1.0), 3.0) <= 1.0;
}

static void test_cascade_beyond_resonance_diverges(void **state)
{
    (void)state;
    struct dmumu_point point = halo_point;
    point.alfven_mach = 2.0;
    double rigidity_gv[2];
    rigidities(&point, 0.9 / 8.0, 2.0 / 8.0, 2, rigidity_gv);
    for (int mode = DMUMU_ALFVEN; mode <= DMUMU_SLOW; mode++) {
        struct dmumu_model model = model_of(false, mode == DMUMU_ALFVEN, mode == DMUMU_SLOW);
        model.confinement = DMUMU_CONFINEMENT_NONE;
        struct result result;
        compute(&model, &point, 2, rigidity_gv, &result);
        assert_int_equal(result.quality[0], DMUMU_QUALITY_OK);
        assert_int_equal(result.quality[1], DMUMU_QUALITY_FAILED);
        assert_true(isnan(result.d_cm2_s[1]) && isnan(result.mode_cm2_s[mode][1]));
        if (mode == DMUMU_SLOW) {
            continue;
        }
        model.modes[DMUMU_FAST] = true; /* which go on to x_par = 1 */
        compute(&model, &point, 2, rigidity_gv, &result);
        assert_true(result.d_cm2_s[1] > 0.0 && isfinite(result.d_cm2_s[1]) && isnan(result.mode_cm2_s[mode][1]));
        model.modes[DMUMU_FAST] = false;
        model.harmonics = 3; /* n = 3 resonates up to R M_A^3 = 3 */
        compute(&model, &point, 2, rigidity_gv, &result);
        assert_int_equal(result.quality[1], DMUMU_QUALITY_OK);
    }
}

/* Every mode adds to the rate: D of all is at most D of any. */
static void test_all_modes_at_most_any_single(void **state)
{
    (void)state;
    enum { N = 20 };
    struct dmumu_model model = model_of(true, true, true);
    model.confinement = DMUMU_CONFINEMENT_NONE;
    static const double machs[] = {0.6, 2.5};
    for (int k = 0; k < 2; k++) {
        struct dmumu_point point = halo_point;
        point.region = k ? DMUMU_HALO : DMUMU_DISK;
        point.alfven_mach = machs[k];
        double rigidity_gv[N];
        rigidities(&point, 1e-11, 0.9, N, rigidity_gv);
        struct result result;
        compute(&model, &point, N, rigidity_gv, &result);
        for (int i = 0; i < N; i++) {
            for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
                const double slack = 1.0 + 2.0 * model.tolerance;
                const double single = result.mode_cm2_s[mode][i];
                const double ratio = dmumu_larmor_radius_pc(rigidity_gv[i], 1.0) / point.injection_scale_pc;
                const bool infinite = mode != DMUMU_FAST && !cascade_reaches_resonance(machs[k], ratio);
                if (!(result.d_cm2_s[i] <= slack * single || (infinite && isnan(single)))) {
                    fail_msg("M_A = %g, entry %d: D = %g, of mode %d alone %g", machs[k], i, result.d_cm2_s[i], mode,
                             single);
                }
            }
        }
    }
}

static void test_energy_fractions(void **state)
{
    (void)state;
    enum { N = 30 };
    double rigidity_gv[N];
    rigidities(&halo_point, 1e-10, 0.5, N, rigidity_gv);
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        struct dmumu_model model = model_of(mode == DMUMU_FAST, mode == DMUMU_ALFVEN, mode == DMUMU_SLOW);
        model.confinement = DMUMU_CONFINEMENT_NONE;
        struct result full;
        struct result part;
        compute(&model, &halo_point, N, rigidity_gv, &full);
        model.energy_fraction[mode] = 0.125;
        compute(&model, &halo_point, N, rigidity_gv, &part);
        for (int i = 0; i < N; i++) {
            assert_close(part.d_cm2_s[i], 8.0 * full.d_cm2_s[i], 1e-12);
        }
    }
}

/* Four times any mode: D falls, whatever the others do, and by four at most. */
static void test_monotone_in_energy_fraction(void **state)
{
    (void)state;
    enum { N = 12 };
    double rigidity_gv[N];
    rigidities(&halo_point, 1e-10, 0.5, N, rigidity_gv);
    struct dmumu_model model = model_of(true, true, true);
    model.confinement = DMUMU_CONFINEMENT_NONE;
    struct result unit;
    compute(&model, &halo_point, N, rigidity_gv, &unit);
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        struct result more;
        model.energy_fraction[mode] = 4.0;
        compute(&model, &halo_point, N, rigidity_gv, &more);
        model.energy_fraction[mode] = 1.0;
        for (int i = 0; i < N; i++) {
            assert_true(more.d_cm2_s[i] <= unit.d_cm2_s[i] * (1.0 + 2.0 * model.tolerance));
            assert_true(more.d_cm2_s[i] >= 0.25 * unit.d_cm2_s[i] * (1.0 - 2.0 * model.tolerance));
        }
        assert_true(mode != DMUMU_FAST || more.d_cm2_s[0] < 0.5 * unit.d_cm2_s[0]);
    }
}

static void test_harmonics_add(void **state)
{
    (void)state;
    enum { N = 20 };
    double rigidity_gv[N];
    rigidities(&halo_point, 1e-10, 0.9, N, rigidity_gv);
    struct dmumu_model model = model_of(true, true, true);
    model.confinement = DMUMU_CONFINEMENT_NONE;
    struct result one;
    struct result five;
    compute(&model, &halo_point, N, rigidity_gv, &one);
    model.harmonics = 5;
    compute(&model, &halo_point, N, rigidity_gv, &five);
    bool lower = false;
    for (int i = 0; i < N; i++) {
        assert_true(five.d_cm2_s[i] <= one.d_cm2_s[i] * (1.0 + 2.0 * model.tolerance));
        for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
            assert_true(five.mode_cm2_s[mode][i] <= one.mode_cm2_s[mode][i] * (1.0 + 2.0 * model.tolerance));
        }
        lower = lower || five.d_cm2_s[i] < 0.99 * one.d_cm2_s[i];
    }
    assert_true(lower);
    static const double mu[] = {0.0, 0.4, 0.8};
    struct dmumu_pitch few[3];
    struct dmumu_pitch many[3];
    model.tolerance = 1e-4;
    for (int kernel = 0; kernel < 2; kernel++) {
        struct dmumu_workspace *workspace = workspace_of();
        for (int k = 0; k < 2; k++) {
            model.harmonics = k ? 5 : 1;
            struct dmumu_tables *tables = tables_of(&model, 0.5);
            assert_int_equal(dmumu_pitch_compute(&model, (enum dmumu_kernel)kernel, tables, &halo_point, 1e4, 3, mu,
                                                 k ? many : few, workspace, NULL),
                             DMUMU_OK);
            dmumu_tables_free(tables);
        }
        for (int i = 0; i < 3; i++) {
            for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
                assert_true(many[i].gyro_per_s[mode] > few[i].gyro_per_s[mode] * (1.0 - 1e-6));
                assert_close(many[i].transit_time_per_s[mode], few[i].transit_time_per_s[mode], 1e-10);
            }
        }
        dmumu_workspace_free(workspace);
    }
}

/* ---- the ends of the range, and what is flagged ------------------------------------------------------------------ */

static void test_ends_of_the_range(void **state)
{
    (void)state;
    static const double machs[] = {0.05, 1.0, 3.0};
    for (int k = 0; k < 3; k++) {
        struct dmumu_model model = model_of(true, true, true);
        model.confinement = DMUMU_CONFINEMENT_NONE;
        struct dmumu_point point = halo_point;
        point.alfven_mach = machs[k];
        point.region = k % 2 ? DMUMU_DISK : DMUMU_HALO;
        point.beta = k % 2 ? 5.0 : 0.14;
        double rigidity_gv[2];
        rigidities(&point, 1e-12 * (1.0 + 1e-9), 1.0 - 1e-9, 2, rigidity_gv);
        struct result result;
        compute(&model, &point, 2, rigidity_gv, &result);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(result.quality[i], DMUMU_QUALITY_OK);
            assert_true(result.d_cm2_s[i] > 0.0 && isfinite(result.d_cm2_s[i]));
            assert_true(result.mu_star[i] == 1.0);
            for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
                const bool infinite = mode != DMUMU_FAST && point.alfven_mach > 1.0 && i == 1; /* R M_A^3 > 1 */
                const double single = result.mode_cm2_s[mode][i];
                if (infinite ? !isnan(single) : !(single > 0.0 && isfinite(single))) {
                    fail_msg("M_A = %g, R %s: mode %d alone %g", point.alfven_mach, i ? "= 1" : "= 1e-12", mode,
                             single);
                }
            }
        }
    }
}

static void test_outside_the_range(void **state)
{
    (void)state;
    double rigidity_gv[6];
    rigidities(&halo_point, 1e-12 * (1.0 - 1e-6), 1.0 + 1e-6, 2, rigidity_gv);
    rigidity_gv[2] = 1.0;
    rigidity_gv[3] = 0.0;
    rigidity_gv[4] = (double)NAN;
    rigidity_gv[5] = (double)INFINITY;
    const struct dmumu_model model = model_of(true, true, false);
    struct result result;
    struct result alone;
    compute(&model, &halo_point, 1, rigidity_gv + 2, &alone);
    for (int kernel = 0; kernel < 2; kernel++) {
        const size_t n = kernel ? 2 : 6;
        (kernel ? compute_ref : compute)(&model, &halo_point, n, rigidity_gv, &result);
        for (size_t i = 0; i < n; i++) {
            if (i == 2) { /* the rest goes on */
                assert_int_equal(result.quality[i], DMUMU_QUALITY_OK);
                assert_close(result.d_cm2_s[i], alone.d_cm2_s[0], 1e-12);
                continue;
            }
            assert_int_equal(result.quality[i], DMUMU_QUALITY_FAILED);
            assert_true(isnan(result.d_cm2_s[i]) && isnan(result.rel_error[i]) && isnan(result.mu_star[i]));
            assert_true(isnan(result.mode_cm2_s[DMUMU_FAST][i]) && isnan(result.mode_cm2_s[DMUMU_ALFVEN][i]));
        }
    }
}

static void test_tiny_zone_confines_nothing(void **state)
{
    (void)state;
    double rigidity_gv[5];
    rigidities(&halo_point, 1e-10, 1e-2, 5, rigidity_gv);
    struct dmumu_model model = model_of(true, true, true);
    model.region[DMUMU_HALO].zone_size_pc = 1e-9;
    struct result result;
    compute(&model, &halo_point, 5, rigidity_gv, &result);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(result.quality[i], DMUMU_QUALITY_NOT_CONFINED);
        assert_true(isnan(result.d_cm2_s[i]) && isnan(result.mu_star[i]));
        for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
            assert_true(isnan(result.mode_cm2_s[mode][i]));
        }
    }
    model.modes[DMUMU_SLOW] = false;
    compute_ref(&model, &halo_point, 1, rigidity_gv + 2, &result);
    assert_int_equal(result.quality[0], DMUMU_QUALITY_NOT_CONFINED);
    assert_true(isnan(result.d_cm2_s[0]));
}

/* A larger zone confines more: D and mu* grow with it, up to what they are without one. */
static void test_zone_grows_into_none(void **state)
{
    (void)state;
    const double rigidity_gv[1] = {1e4};
    struct dmumu_model model = model_of(true, true, false);
    model.confinement = DMUMU_CONFINEMENT_NONE;
    struct result none;
    compute(&model, &halo_point, 1, rigidity_gv, &none);
    model.confinement = DMUMU_CONFINEMENT_ZONE;
    double before = 0.0;
    bool partly = false;
    for (double zone_pc = 1.0; zone_pc < 3e6; zone_pc *= 6.0) {
        model.region[DMUMU_HALO].zone_size_pc = zone_pc;
        struct result result;
        compute(&model, &halo_point, 1, rigidity_gv, &result);
        if (result.quality[0] == DMUMU_QUALITY_NOT_CONFINED) {
            assert_true(before == 0.0);
            continue;
        }
        assert_int_equal(result.quality[0], DMUMU_QUALITY_OK);
        assert_true(result.d_cm2_s[0] >= before * (1.0 - 2e-4));
        partly = partly || result.d_cm2_s[0] < 0.9 * none.d_cm2_s[0];
        before = result.d_cm2_s[0];
    }
    assert_true(partly);
    assert_close(before, none.d_cm2_s[0], 2e-4);
}

static void test_arguments(void **state)
{
    (void)state;
    const struct dmumu_model model = model_of(true, true, false);
    struct dmumu_tables *tables = tables_of(&model, 0.5);
    struct dmumu_workspace *workspace = workspace_of();
    struct result result;
    struct dmumu_curve curve = curve_of(&result);
    struct dmumu_error error = {DMUMU_OK, ""};
    const double rigidity_gv[1] = {10.0};
    struct dmumu_point other = halo_point;
    other.alfven_mach = 0.6; /* the tables are of 0.5 */
    assert_int_equal(dmumu_curve_compute(tables, &other, 1, rigidity_gv, &curve, workspace, &error),
                     DMUMU_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "M_A"));
    other = halo_point;
    other.beta = 99.0;
    assert_int_equal(dmumu_curve_compute(tables, &other, 1, rigidity_gv, &curve, workspace, &error),
                     DMUMU_ERROR_ARGUMENT);
    assert_int_equal(dmumu_curve_compute_ref(&model, &other, 1, rigidity_gv, &curve, &error), DMUMU_ERROR_ARGUMENT);
    assert_int_equal(dmumu_curve_compute(tables, &halo_point, 0, rigidity_gv, &curve, workspace, NULL), DMUMU_OK);
    /* mode arrays are optional, and those of modes not in the model are left alone */
    result.mode_cm2_s[DMUMU_SLOW][0] = -7.0;
    assert_int_equal(dmumu_curve_compute(tables, &halo_point, 1, rigidity_gv, &curve, workspace, NULL), DMUMU_OK);
    assert_true(result.mode_cm2_s[DMUMU_SLOW][0] == -7.0 && result.mode_cm2_s[DMUMU_FAST][0] > 0.0);
    const double with_modes = result.d_cm2_s[0];
    curve.d_mode_cm2_s[DMUMU_FAST] = curve.d_mode_cm2_s[DMUMU_ALFVEN] = curve.d_mode_cm2_s[DMUMU_SLOW] = NULL;
    assert_int_equal(dmumu_curve_compute(tables, &halo_point, 1, rigidity_gv, &curve, workspace, NULL), DMUMU_OK);
    assert_close(result.d_cm2_s[0], with_modes, model.tolerance);
    dmumu_workspace_free(workspace);
    dmumu_tables_free(tables);
    tables = NULL;
    struct dmumu_model bad = model;
    bad.harmonics = 0;
    assert_int_equal(dmumu_tables_new(&bad, 0.5, &tables, &error), DMUMU_ERROR_MODEL);
    assert_int_equal(dmumu_tables_new(&model, 0.01, &tables, &error), DMUMU_ERROR_ARGUMENT);
    assert_int_equal(dmumu_curve_compute_ref(&bad, &halo_point, 1, rigidity_gv, &curve, &error), DMUMU_ERROR_MODEL);
    dmumu_tables_free(NULL);
    dmumu_workspace_free(NULL);
}

/* ---- error estimates --------------------------------------------------------------------------------------------- */

enum { N_TOLERANCES = 3, N_TOLERANCE_RATIOS = 16 };

static const double tolerances[N_TOLERANCES] = {1e-2, 1e-4, 1e-6};

static void compute_with_tolerance(int k, struct result result[DMUMU_N_REGIONS][N_TOLERANCES])
{
    struct dmumu_model model = model_of(true, true, false);
    model.tolerance = tolerances[k];
    struct dmumu_tables *tables = tables_of(&model, halo_point.alfven_mach);
    struct dmumu_workspace *workspace = workspace_of();
    double rigidity_gv[N_TOLERANCE_RATIOS];
    rigidities(&halo_point, 1e-10, 0.5, N_TOLERANCE_RATIOS, rigidity_gv);
    for (int region = 0; region < DMUMU_N_REGIONS; region++) {
        struct dmumu_point point = halo_point;
        point.region = (enum dmumu_region)region;
        struct dmumu_curve curve = curve_of(&result[region][k]);
        assert_int_equal(dmumu_curve_compute(tables, &point, N_TOLERANCE_RATIOS, rigidity_gv, &curve, workspace, NULL),
                         DMUMU_OK);
        for (int i = 0; i < N_TOLERANCE_RATIOS; i++) {
            assert_int_equal(curve.quality[i], DMUMU_QUALITY_OK);
            assert_true(curve.rel_error[i] > 0.0 && curve.rel_error[i] <= tolerances[k]);
        }
    }
    dmumu_workspace_free(workspace);
    dmumu_tables_free(tables);
}

/*
 * Values of different tolerances differ by what their error estimates say. An estimate is one: a few values may miss
 * theirs by a factor of three, none the tolerance.
 */
static void test_tolerances_agree_within_their_errors(void **state)
{
    (void)state;
    static struct result result[DMUMU_N_REGIONS][N_TOLERANCES];
    for (int k = 0; k < N_TOLERANCES; k++) {
        compute_with_tolerance(k, result);
    }
    int missed = 0;
    for (int region = 0; region < DMUMU_N_REGIONS; region++) {
        const struct result *best = &result[region][N_TOLERANCES - 1];
        for (int k = 0; k < N_TOLERANCES - 1; k++) {
            const struct result *at = &result[region][k];
            for (int i = 0; i < N_TOLERANCE_RATIOS; i++) {
                const double difference = fabs(at->d_cm2_s[i] / best->d_cm2_s[i] - 1.0);
                const double estimate = at->rel_error[i] + best->rel_error[i];
                missed += difference > estimate;
                if (difference > fmin(3.0 * estimate, tolerances[k])) {
                    fail_msg("%s, tolerance %g, entry %d: off by %.3e, estimated %.3e",
                             dmumu_region_name((enum dmumu_region)region), tolerances[k], i, difference, estimate);
                }
            }
        }
    }
    assert_true(missed <= DMUMU_N_REGIONS * (N_TOLERANCES - 1) * N_TOLERANCE_RATIOS / 16);
}

/* ---- the same bits, whoever computes ----------------------------------------------------------------------------- */

/*
 * C in two parts of one panel: most of it, and a sliver at mu = 1 that only a probe sees. Neither may be lost, however
 * loose the tolerance. Values of the reference kernel.
 */
static void test_sliver_beside_the_rest(void **state)
{
    (void)state;
    static const struct {
        struct dmumu_point point;
        bool slow;
        enum dmumu_broadening broadening;
        double larmor_ratio, tolerance, d_cm2_s;
    } cases[] = {
        {{DMUMU_DISK, 1.04681, .00661903, 191.801}, false, DMUMU_BROADENING_YL08, 4.72171e-10, 9.22e-4, 1.9755e29},
        {{DMUMU_HALO, .246506, 16.7558, 86.1307}, true, DMUMU_BROADENING_GAUSSIAN, 5.62836e-4, 8.1e-3, 8.4743e31},
    };
    for (int i = 0; i < 2; i++) {
        struct dmumu_model model = model_of(true, true, cases[i].slow);
        model.broadening = cases[i].broadening;
        model.tolerance = cases[i].tolerance;
        double rigidity_gv[1];
        struct result result;
        rigidities(&cases[i].point, cases[i].larmor_ratio, cases[i].larmor_ratio, 1, rigidity_gv);
        compute(&model, &cases[i].point, 1, rigidity_gv, &result);
        assert_int_equal(result.quality[0], DMUMU_QUALITY_OK);
        assert_true(fabs(result.d_cm2_s[0] / cases[i].d_cm2_s - 1.0) < 1e-4);
    }
}

static void test_order_of_rigidities(void **state)
{
    (void)state;
    double rigidity_gv[MAX_N];
    double shuffled_gv[MAX_N];
    rigidities(&halo_point, 1e-11, 0.5, MAX_N, rigidity_gv);
    const struct dmumu_model model = model_of(true, true, true);
    for (int i = 0; i < MAX_N; i++) {
        shuffled_gv[i] = rigidity_gv[17 * i % MAX_N];
    }
    struct result straight;
    struct result shuffled;
    struct result sorted;
    compute(&model, &halo_point, MAX_N, rigidity_gv, &straight);
    compute(&model, &halo_point, MAX_N, shuffled_gv, &shuffled);
    for (int i = 0; i < MAX_N; i++) {
        const int to = 17 * i % MAX_N;
        sorted.d_cm2_s[to] = shuffled.d_cm2_s[i];
        sorted.rel_error[to] = shuffled.rel_error[i];
        sorted.mu_star[to] = shuffled.mu_star[i];
        sorted.quality[to] = shuffled.quality[i];
        for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
            sorted.mode_cm2_s[mode][to] = shuffled.mode_cm2_s[mode][i];
        }
    }
    assert_same_result(&model, &straight, &sorted, MAX_N);
    /* by itself a rigidity may take another way, within the error */
    struct result alone;
    compute(&model, &halo_point, 1, rigidity_gv + 20, &alone);
    assert_close(alone.d_cm2_s[0], straight.d_cm2_s[20], alone.rel_error[0] + straight.rel_error[20]);
}

enum { N_CURVES = 6 };

/* Curves of one M_A that differ in all the rest, rigidities too: beta, L and region, with a damping that repeats. */
static void curve_inputs(int i, struct dmumu_point *point, size_t *n, double rigidity_gv[])
{
    static const double betas[] = {0.14, 0.14, 2.0};
    static const double scales_pc[] = {100.0, 30.0};
    *point = (struct dmumu_point){.region = i % 3 == 2 ? DMUMU_DISK : DMUMU_HALO,
                                  .alfven_mach = 0.5,
                                  .beta = betas[i % 3],
                                  .injection_scale_pc = scales_pc[i / 3]};
    *n = i % 3 == 1 ? 5 : 30;
    rigidities(point, i % 2 ? 1e-9 : 1e-11, 0.7, *n, rigidity_gv);
}

/* The curves each by itself: what every other way must give. */
static struct result fresh[N_CURVES];

static int make_fresh(void **state)
{
    (void)state;
    const struct dmumu_model model = model_of(true, true, true);
    for (int i = 0; i < N_CURVES; i++) {
        struct dmumu_point point;
        size_t n;
        double rigidity_gv[MAX_N];
        curve_inputs(i, &point, &n, rigidity_gv);
        compute(&model, &point, n, rigidity_gv, &fresh[i]);
    }
    return 0;
}

static void compare_with_fresh(const struct dmumu_model *model, const struct result result[N_CURVES])
{
    for (int i = 0; i < N_CURVES; i++) {
        struct dmumu_point point;
        size_t n;
        double rigidity_gv[MAX_N];
        curve_inputs(i, &point, &n, rigidity_gv);
        assert_same_result(model, &fresh[i], &result[i], n);
    }
}

/* One set of tables and one workspace through all curves, forwards and backwards and twice. */
static void test_nothing_depends_on_what_came_before(void **state)
{
    (void)state;
    static struct result reused[N_CURVES];
    const struct dmumu_model model = model_of(true, true, true);
    struct dmumu_tables *tables = tables_of(&model, 0.5);
    struct dmumu_workspace *workspace = workspace_of();
    for (int pass = 0; pass < 2; pass++) {
        for (int k = 0; k < N_CURVES; k++) {
            const int i = pass ? k : N_CURVES - 1 - k;
            struct dmumu_point point;
            size_t n;
            double rigidity_gv[MAX_N];
            struct dmumu_curve curve = curve_of(&reused[i]);
            curve_inputs(i, &point, &n, rigidity_gv);
            assert_int_equal(dmumu_curve_compute(tables, &point, n, rigidity_gv, &curve, workspace, NULL), DMUMU_OK);
        }
        compare_with_fresh(&model, reused);
    }
    dmumu_workspace_free(workspace);
    dmumu_tables_free(tables);
}

static void check_threads(const struct dmumu_model *model, int n_threads)
{
    static struct result shared[N_CURVES];
    struct dmumu_tables *tables = tables_of(model, 0.5);
    struct dmumu_workspace *workspace[8];
    int failures = 0;
    memset(shared, 0, sizeof shared);
    for (int t = 0; t < n_threads; t++) {
        workspace[t] = workspace_of();
    }
#pragma omp parallel for num_threads(n_threads) schedule(dynamic, 1) default(none) shared(tables, workspace, shared)   \
    reduction(+ : failures)
    for (int i = 0; i < N_CURVES; i++) {
        struct dmumu_point point;
        size_t n;
        double rigidity_gv[MAX_N];
        struct dmumu_curve curve = curve_of(&shared[i]);
        curve_inputs(i, &point, &n, rigidity_gv);
        failures += dmumu_curve_compute(tables, &point, n, rigidity_gv, &curve, workspace[omp_get_thread_num()],
                                        NULL) != DMUMU_OK;
    }
    for (int t = 0; t < n_threads; t++) {
        dmumu_workspace_free(workspace[t]);
    }
    dmumu_tables_free(tables);
    assert_int_equal(failures, 0);
    compare_with_fresh(model, shared);
}

/*
 * R of exactly 1, after tables were used for a list in which that R stood for a rigidity beyond the range: what is kept
 * of the first list must not be what the second finds.
 */
static void test_range_end_after_beyond(void **state)
{
    (void)state;
    const double larmor_radius_pc = dmumu_larmor_radius_pc(1e6, 1.0);
    struct dmumu_point point = halo_point;
    point.injection_scale_pc = larmor_radius_pc;
    const double beyond_gv[2] = {1e3, 2e6};
    const double end_gv[2] = {1e3, 1e6};
    const struct dmumu_model model = model_of(true, true, true);
    struct dmumu_tables *tables = tables_of(&model, point.alfven_mach);
    struct dmumu_workspace *workspace = workspace_of();
    struct result beyond;
    struct result after;
    struct result alone;
    struct dmumu_curve curve = curve_of(&beyond);
    assert_int_equal(dmumu_curve_compute(tables, &point, 2, beyond_gv, &curve, workspace, NULL), DMUMU_OK);
    assert_int_equal(beyond.quality[1], DMUMU_QUALITY_FAILED);
    curve = curve_of(&after);
    assert_int_equal(dmumu_curve_compute(tables, &point, 2, end_gv, &curve, workspace, NULL), DMUMU_OK);
    dmumu_workspace_free(workspace);
    dmumu_tables_free(tables);
    compute(&model, &point, 2, end_gv, &alone);
    assert_true(isfinite(alone.mode_cm2_s[DMUMU_ALFVEN][1]));
    assert_same_bits(after.mode_cm2_s[DMUMU_ALFVEN], alone.mode_cm2_s[DMUMU_ALFVEN], 2, "Alfven modes");
    assert_same_bits(after.d_cm2_s, alone.d_cm2_s, 2, "all modes");
}

static void test_threads_share_tables(void **state)
{
    (void)state;
    const struct dmumu_model model = model_of(true, true, true);
    static const int n_threads[] = {2, 4};
    for (size_t i = 0; i < sizeof n_threads / sizeof *n_threads; i++) {
        check_threads(&model, n_threads[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_narrow_resonance_is_quasilinear),
        cmocka_unit_test(test_narrow_resonance_is_quasilinear_ref),
        cmocka_unit_test(test_quasilinear_over_all_angles_fails),
        cmocka_unit_test(test_function_of_ratio_alone),
        cmocka_unit_test(test_slope_without_damping),
        cmocka_unit_test(test_alfven_far_above_fast),
        cmocka_unit_test(test_cascade_beyond_resonance_diverges),
        cmocka_unit_test(test_all_modes_at_most_any_single),
        cmocka_unit_test(test_energy_fractions),
        cmocka_unit_test(test_monotone_in_energy_fraction),
        cmocka_unit_test(test_harmonics_add),
        cmocka_unit_test(test_ends_of_the_range),
        cmocka_unit_test(test_outside_the_range),
        cmocka_unit_test(test_tiny_zone_confines_nothing),
        cmocka_unit_test(test_zone_grows_into_none),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_tolerances_agree_within_their_errors),
        cmocka_unit_test(test_sliver_beside_the_rest),
        cmocka_unit_test(test_order_of_rigidities),
        cmocka_unit_test(test_nothing_depends_on_what_came_before),
        cmocka_unit_test(test_range_end_after_beyond),
        cmocka_unit_test(test_threads_share_tables),
    };
    /* the others go the same ways with other numbers, and many of them */
    const struct CMUnitTest few[] = {
        cmocka_unit_test(test_narrow_resonance_is_quasilinear),
        cmocka_unit_test(test_narrow_resonance_is_quasilinear_ref),
        cmocka_unit_test(test_quasilinear_over_all_angles_fails),
        cmocka_unit_test(test_slope_without_damping),
        cmocka_unit_test(test_alfven_far_above_fast),
        cmocka_unit_test(test_cascade_beyond_resonance_diverges),
        cmocka_unit_test(test_outside_the_range),
        cmocka_unit_test(test_tiny_zone_confines_nothing),
        cmocka_unit_test(test_zone_grows_into_none),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_sliver_beside_the_rest),
    };
    return brief_factor() > 1 ? cmocka_run_group_tests(few, NULL, NULL)
                              : cmocka_run_group_tests(tests, make_fresh, NULL);
}
