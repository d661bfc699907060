/*
 * Columns: the gyro-resonant part of D_F by columns against sums over the same directions of integrals over u, each by
 * GSL's adaptive rules and with libm's Bessel functions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/bessel.h"
#include "core/columns.h"
#include "core/resonance.h"

#include <gsl/gsl_integration.h>
#include <math.h>
#include <string.h>

enum { BLOCK = DMUMU_FILTER_BLOCK, HARMONICS = 2, MAX_INTERVALS = 2000 };

/* ---- sums over directions ---------------------------------------------------------------------------------------- */

/* What one direction and harmonic fix. */
struct wave {
    double mu, s, width, tangent;
    int harmonic;
    gsl_integration_workspace *room;
};

/* u^3/2 J_n'^2 E, per d ln u. */
static double integrand(double ln_u, void *context)
{
    const struct wave *wave = context;
    const double u = exp(ln_u);
    const double w = wave->s * wave->tangent / u;
    const double square = dmumu_bessel_faded(DMUMU_BESSEL_PRIME_SQUARE, wave->harmonic, 40.0, 80.0, w);
    return u * sqrt(u) * square * dmumu_resonance_gyro(wave->mu, wave->harmonic * u, wave->width);
}

/* int du u^1/2 J_n'^2 E, ln u from low to high. */
static double integral(struct wave *wave, double low, double high)
{
    const double most = log((wave->mu + 7.0 * wave->width) / wave->harmonic);
    const double least = fmax(low, log(fmax(wave->mu - 7.0 * wave->width, 1e-5) / wave->harmonic));
    gsl_function function = {integrand, wave};
    double value = 0.0;
    double error = 0.0;
    if (fmin(high, most) > least) {
        gsl_integration_qag(&function, least, fmin(high, most), 1e-13, 1e-9, MAX_INTERVALS, GSL_INTEG_GAUSS31,
                            wave->room, &value, &error);
    }
    return value;
}

static double directly(const struct dmumu_angles *angles, const struct dmumu_fast_table *table, double ln_r)
{
    struct wave wave = {
        .mu = table->mu, .s = table->s, .width = table->width, .room = gsl_integration_workspace_alloc(MAX_INTERVALS)};
    double sum = 0.0;
    for (size_t p = 0; p < angles->n; p++) {
        const double low = -ln_r - angles->ln_x_par_max[p];
        const double high = -ln_r - log(angles->cosine[p]);
        wave.tangent = angles->sine[p] / angles->cosine[p];
        for (wave.harmonic = 1; wave.harmonic <= HARMONICS; wave.harmonic++) {
            sum += angles->weight[p] * pow(angles->cosine[p], 1.5) * integral(&wave, low, high);
        }
    }
    gsl_integration_workspace_free(wave.room);
    return sum;
}

/* ---- one damping ------------------------------------------------------------------------------------------------- */

static struct dmumu_state state_of(double alfven_mach, double beta)
{
    return (struct dmumu_state){.alfven_mach = alfven_mach,
                                .beta = beta,
                                .x_c = (double)NAN,
                                .alfven_speed_v = 3e-4,
                                .collisionless = true,
                                .harmonics = HARMONICS,
                                .kappa = 1.0};
}

/* All there is of one damping and class. */
struct setting {
    struct dmumu_fast_common common;
    struct dmumu_angles angles;
    struct dmumu_deposit deposit;
    struct dmumu_columns columns;
};

static void lay_out(const struct dmumu_state *state, int step_class, struct setting *setting)
{
    const double step = setting->common.step[step_class];
    const struct dmumu_angle_mesh mesh = {.max_width = 10.0 * step, .max_change = 16.0 * step, .tail = 1e-7};
    assert_int_equal(dmumu_angles_make(state, &mesh, DMUMU_R_MIN, DMUMU_R_MAX, &setting->angles), DMUMU_OK);
    assert_true(setting->angles.n > 100);
    assert_int_equal(dmumu_deposit_make(&setting->angles, &setting->common.rows, step, &setting->deposit), DMUMU_OK);
    assert_int_equal(dmumu_columns_begin(&setting->common, &setting->deposit, step_class, &setting->columns), DMUMU_OK);
}

static void free_setting(struct setting *setting)
{
    dmumu_columns_free(&setting->columns);
    dmumu_deposit_free(&setting->deposit);
    dmumu_angles_free(&setting->angles);
    dmumu_fast_common_free(&setting->common);
}

/* Begin of a block around ln(R s). */
static long block_near(double position)
{
    return DMUMU_FILTER_SAMPLE * lround(position / DMUMU_FILTER_SAMPLE) - DMUMU_FILTER_SAMPLE / 2;
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static void check_sums(double alfven_mach, double mu, double larmor_ratio)
{
    static struct setting setting;
    const struct dmumu_state state = state_of(alfven_mach, 0.1);
    struct dmumu_fast_table table;
    double fine[BLOCK];
    double gap[DMUMU_FILTER_SAMPLES];
    assert_int_equal(dmumu_fast_common_init(&setting.common, HARMONICS, 1e-4, 0), DMUMU_OK);
    assert_int_equal(dmumu_fast_table_init(&setting.common, &state, mu, (1.0 - mu) * (1.0 + mu), &table), DMUMU_OK);
    lay_out(&state, table.step_class, &setting);
    assert_int_equal(dmumu_columns_make(&setting.columns, &table), DMUMU_OK);
    const double step = setting.common.step[table.step_class];
    const long b = block_near((log(larmor_ratio) + table.ln_s) / step);
    dmumu_columns_sum(&setting.columns, &table, b, fine, gap);
    const double all = directly(&setting.angles, &table, log(1e-4));
    assert_true(all > 0.0);
    for (int k = 3; k < BLOCK; k += 14) {
        const double expected = directly(&setting.angles, &table, step * (double)(b + k) - table.ln_s);
        if (!(fabs(fine[k] - expected) <= 2e-6 * expected + 1e-9 * all)) {
            fail_msg("M_A %g, mu %g, lattice point %ld: %.10g, not %.10g (off by %.1e)", alfven_mach, mu, b + k,
                     fine[k], expected, fine[k] / expected - 1.0);
        }
        if (k == 3 && !(fabs(gap[0]) <= 1e-3 * all)) {
            fail_msg("the two rules of wave angles differ by %g of %g", gap[0], all);
        }
    }
    dmumu_fast_table_free(&table);
    free_setting(&setting);
    memset(&setting, 0, sizeof setting);
}

static void test_sums(void **unused)
{
    (void)unused;
    check_sums(0.5, 0.0, 1e-3);
    check_sums(0.5, 0.4, 1e-3);
    check_sums(1.0, 0.8, 1e-6);
    check_sums(0.2, 0.3, 1e-4);
    check_sums(0.5, 0.6, 0.5); /* the cascade's start */
}

/* Before the first wave that is resonant there is nothing; beyond the last nothing changes, to rounding. */
static void test_ends(void **unused)
{
    (void)unused;
    static struct setting setting;
    const struct dmumu_state state = state_of(0.5, 0.1);
    struct dmumu_fast_table table;
    double fine[BLOCK];
    double gap[DMUMU_FILTER_SAMPLES];
    assert_int_equal(dmumu_fast_common_init(&setting.common, HARMONICS, 1e-4, 0), DMUMU_OK);
    assert_int_equal(dmumu_fast_table_init(&setting.common, &state, 0.4, 1.0 - 0.16, &table), DMUMU_OK);
    lay_out(&state, table.step_class, &setting);
    assert_int_equal(dmumu_columns_make(&setting.columns, &table), DMUMU_OK);
    const long last = table.first + (long)table.n;
    dmumu_columns_sum(&setting.columns, &table,
                      block_near((double)(setting.columns.entries.first_x - last - 2 * BLOCK)), fine, gap);
    for (int k = 0; k < BLOCK; k++) {
        assert_true(fine[k] == 0.0);
    }
    const long end = setting.columns.entries.first_x + (long)setting.columns.entries.n_x - table.first;
    dmumu_columns_sum(&setting.columns, &table, block_near((double)(end + 2 * BLOCK)), fine, gap);
    for (int k = 1; k < BLOCK; k++) {
        assert_true(fabs(fine[k] - fine[0]) <= 1e-13 * fabs(fine[0]));
    }
    dmumu_fast_table_free(&table);
    free_setting(&setting);
}

/* Memory that another damping has used gives the same bits. */
static void test_used_again(void **unused)
{
    (void)unused;
    static struct setting setting;
    const struct dmumu_state state[2] = {state_of(0.5, 0.1), state_of(0.5, 1.0)};
    struct dmumu_fast_table table;
    double fine[3][BLOCK];
    double gap[3][DMUMU_FILTER_SAMPLES];
    assert_int_equal(dmumu_fast_common_init(&setting.common, HARMONICS, 1e-4, 0), DMUMU_OK);
    assert_int_equal(dmumu_fast_table_init(&setting.common, &state[0], 0.4, 1.0 - 0.16, &table), DMUMU_OK);
    for (int k = 0; k < 3; k++) {
        lay_out(&state[k % 2], table.step_class, &setting);
        assert_int_equal(dmumu_columns_make(&setting.columns, &table), DMUMU_OK);
        dmumu_columns_sum(&setting.columns, &table, block_near(log(1e-4) / setting.deposit.step), fine[k], gap[k]);
    }
    for (int k = 0; k < BLOCK; k++) {
        assert_true(fine[0][k] == fine[2][k]);
        assert_true(fine[0][k] != fine[1][k]);
    }
    assert_true(gap[0][0] == gap[2][0] && gap[0][1] == gap[2][1]);
    dmumu_fast_table_free(&table);
    free_setting(&setting);
}

/* What is asked for first makes no difference, not in the last bit. */
static void test_order(void **unused)
{
    (void)unused;
    static struct setting setting;
    const struct dmumu_state state = state_of(0.5, 0.1);
    struct dmumu_fast_table table;
    double fine[2][BLOCK];
    double gap[2][DMUMU_FILTER_SAMPLES];
    double other[BLOCK];
    double other_gap[DMUMU_FILTER_SAMPLES];
    assert_int_equal(dmumu_fast_common_init(&setting.common, HARMONICS, 1e-4, 0), DMUMU_OK);
    assert_int_equal(dmumu_fast_table_init(&setting.common, &state, 0.4, 1.0 - 0.16, &table), DMUMU_OK);
    for (int k = 0; k < 2; k++) {
        lay_out(&state, table.step_class, &setting);
        assert_int_equal(dmumu_columns_make(&setting.columns, &table), DMUMU_OK);
        const long b = block_near(log(1e-4) / setting.deposit.step);
        for (long at = b - 8 * BLOCK; k == 1 && at < b; at += BLOCK / 2) {
            dmumu_columns_sum(&setting.columns, &table, at, other, other_gap);
        }
        dmumu_columns_sum(&setting.columns, &table, b, fine[k], gap[k]);
    }
    assert_memory_equal(fine[0], fine[1], sizeof fine[0]);
    assert_memory_equal(gap[0], gap[1], sizeof gap[0]);
    dmumu_fast_table_free(&table);
    free_setting(&setting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums), cmocka_unit_test(test_ends),
                                       cmocka_unit_test(test_used_again), cmocka_unit_test(test_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
