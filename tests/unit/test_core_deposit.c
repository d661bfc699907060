/*
 * Deposit: taps, summed with smooth functions of (ln t, ln V) in place of the tables, against direct sums over all
 * directions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/deposit.h"

#include <math.h>
#include <string.h>

#define TOLERANCE 1e-5 /* steps of 0.1 */

/* ---- smooth functions -------------------------------------------------------------------------------------------- */

/* Like what a direction adds, over ln(R X): constant for small t, ~ 1/(1 + t) for large t, 0 for small V, constant for
 * large V; here times 1 + t. */
static double smooth_row(double ln_t, double ln_v)
{
    const double t = exp(ln_t);
    const double k = 1.0 / (1.0 + t * t * t / (1.0 + t * t));
    return (1.0 + t) * k * 0.5 * (1.0 + erf(ln_v / 0.8 - 1.0 - 0.4 * tanh(ln_t)));
}

/* ln t of each row, by bisection. */
static void find_rows(const struct dmumu_rows *rows, double ln_tangent[static DMUMU_MAX_ROWS])
{
    for (int row = 0; row < rows->n; row++) {
        double low = -20.0;
        double high = 20.0;
        for (int i = 0; i < 60; i++) {
            const double middle = 0.5 * (low + high);
            *(dmumu_rows_position(rows, middle) < row ? &low : &high) = middle;
        }
        ln_tangent[row] = low;
    }
}

/* ---- sums by taps ------------------------------------------------------------------------------------------------ */

/* `full`: what the fine sum would be with that at its constant end everywhere. */
struct sums {
    double fine, coarse, full;
};

/* Interpolation errs by less than 1e-6 of the constant end, and much less when many directions average over it. */
#define OF_ONE  1e-6
#define OF_MANY 1e-9

static void assert_sums(struct sums sums, struct sums expected, double of_full, const char *what, double ln_r)
{
    const double most = 1e-6 * fabs(expected.fine) + of_full * expected.full;
    if (!(fabs(sums.fine - expected.fine) <= most) || !(fabs(sums.coarse - expected.coarse) <= 2.5 * most)) {
        fail_msg("%s at ln R = %g: %.12g and %.12g, not %.12g and %.12g", what, ln_r, sums.fine, sums.coarse,
                 expected.fine, expected.coarse);
    }
}

static struct sums gyro_by_taps(const struct dmumu_deposit *deposit, const struct dmumu_taps list[], double ln_r)
{
    double ln_tangent[DMUMU_MAX_ROWS];
    struct sums sums = {0.0, 0.0, 0.0};
    find_rows(&deposit->rows, ln_tangent);
    for (int row = 0; row < deposit->rows.n; row++) {
        const struct dmumu_taps *taps = &list[row];
        for (size_t i = 0; i < taps->n; i++) {
            const double ln_v = ln_r + deposit->step * (double)(taps->first + (long)i);
            const double value = smooth_row(ln_tangent[row], ln_v);
            sums.fine += taps->fine[i] * value;
            sums.coarse += taps->coarse[i] * value;
        }
    }
    return sums;
}

/* ---- sums over directions ---------------------------------------------------------------------------------------- */

/* sum weight xi^3/2 of it; at the end of the cascade, or at its start. */
static struct sums gyro_directly(const struct dmumu_angles *angles, bool end, double ln_r)
{
    struct sums sums = {0.0, 0.0, 0.0};
    for (size_t p = 0; p < angles->n; p++) {
        const double ln_v = ln_r + (end ? angles->ln_x_par_max[p] : log(angles->cosine[p]));
        const double scale = pow(angles->cosine[p], 1.5) / (1.0 + exp(angles->ln_tangent[p]));
        const double value = scale * smooth_row(angles->ln_tangent[p], ln_v);
        sums.fine += angles->weight[p] * value;
        sums.coarse += angles->weight_coarse[p] * value;
        sums.full += angles->weight[p] * scale;
    }
    return sums;
}

/* ---- directions -------------------------------------------------------------------------------------------------- */

static struct dmumu_angles angles_of(double alfven_mach, double beta, double step)
{
    const struct dmumu_state state = {
        .alfven_mach = alfven_mach, .beta = beta, .x_c = (double)NAN, .alfven_speed_v = 3e-4, .collisionless = true};
    const struct dmumu_angle_mesh mesh = {.max_width = 10.0 * step, .max_change = 16.0 * step, .tail = 1e-7};
    struct dmumu_angles angles = {0};
    assert_int_equal(dmumu_angles_make(&state, &mesh, 1e-12, 1.0, &angles), DMUMU_OK);
    assert_true(angles.n > 100);
    return angles;
}

/* A single direction. */
struct one {
    double ln_tangent, cosine, sine, weight, weight_coarse, ln_x_par_max, ln_x_perp_max;
};

static struct one one_at(double ln_tangent, double ln_x_max)
{
    const double t = exp(ln_tangent);
    const double cosine = 1.0 / sqrt(1.0 + t * t);
    return (struct one){ln_tangent, cosine, t * cosine, 0.3, 0.7, ln_x_max + log(cosine), ln_x_max + log(t * cosine)};
}

static struct dmumu_angles angles_of_one(struct one *one)
{
    return (struct dmumu_angles){.n = 1,
                                 .ln_tangent = &one->ln_tangent,
                                 .cosine = &one->cosine,
                                 .sine = &one->sine,
                                 .weight = &one->weight,
                                 .weight_coarse = &one->weight_coarse,
                                 .ln_x_par_max = &one->ln_x_par_max,
                                 .ln_x_perp_max = &one->ln_x_perp_max};
}

static struct dmumu_deposit *new_deposit(void)
{
    struct dmumu_deposit *deposit = test_calloc(1, sizeof *deposit);
    assert_non_null(deposit);
    return deposit;
}

static void delete_deposit(struct dmumu_deposit *deposit)
{
    dmumu_deposit_free(deposit);
    assert_null(deposit->memory);
    test_free(deposit);
}

static void make(const struct dmumu_angles *angles, double step, struct dmumu_deposit *deposit)
{
    const struct dmumu_rows rows = dmumu_rows_of(TOLERANCE);
    assert_int_equal(dmumu_deposit_make(angles, &rows, step, deposit), DMUMU_OK);
}

/* ---- rows and steps ---------------------------------------------------------------------------------------------- */

static void test_rows(void **state)
{
    (void)state;
    static const double tolerances[] = {1e-3, 1e-4, 3e-5, 2.5e-5, 1e-6};
    for (size_t i = 0; i < 5; i++) {
        const struct dmumu_rows rows = dmumu_rows_of(tolerances[i]);
        const double density = i < 3 ? 18.0 : (i < 4 ? 24.0 : 40.0);
        assert_true(rows.density == density && rows.n <= DMUMU_MAX_ROWS);
        double last = dmumu_rows_position(&rows, -12.01);
        for (double ln_t = -12.0; ln_t < 8.0; ln_t += 0.01) {
            const double position = dmumu_rows_position(&rows, ln_t);
            const double slope = (position - last) / 0.01;
            assert_true(slope > 7.999 && slope < density + 0.001);
            assert_true(ln_t < 0.5 || slope > density - 0.2);
            last = position;
        }
        /* 1e-4 and 665 lie where eight rows surround them */
        assert_true(dmumu_rows_position(&rows, log(1e-4)) < DMUMU_STENCIL_LEFT);
        assert_true(dmumu_rows_position(&rows, log(665.0)) < rows.n - DMUMU_STENCIL + DMUMU_STENCIL_LEFT);
    }
}

static void test_steps(void **state)
{
    (void)state;
    assert_true(fabs(dmumu_deposit_step(1e-4, 0) - 0.13) < 1e-15);
    assert_true(dmumu_deposit_step(1e-12, 0) == 0.065 && dmumu_deposit_step(1.0, 0) < 0.1951);
    for (int k = DMUMU_TRANSIT_CLASS; k + 1 < DMUMU_DEPOSIT_CLASSES; k++) {
        assert_true(dmumu_deposit_step(1e-5, k) == 2.0 * dmumu_deposit_step(1e-5, k + 1));
        assert_true(dmumu_deposit_step(1e-5, k) < dmumu_deposit_step(1e-4, k));
    }
}

/* ---- gyro-resonance ---------------------------------------------------------------------------------------------- */

static void assert_gyro(const struct dmumu_angles *angles, const struct dmumu_deposit *deposit, long b)
{
    const double ln_r = deposit->step * (double)b;
    assert_sums(gyro_by_taps(deposit, deposit->end, ln_r), gyro_directly(angles, true, ln_r), OF_MANY, "end", ln_r);
    assert_sums(gyro_by_taps(deposit, deposit->start, ln_r), gyro_directly(angles, false, ln_r), OF_MANY, "start",
                ln_r);
}

static void test_directions_add_up(void **state)
{
    (void)state;
    struct dmumu_deposit *deposit = new_deposit();
    for (int k = 0; k < 2; k++) {
        const double step = dmumu_deposit_step(TOLERANCE, k);
        struct dmumu_angles angles = angles_of(0.5, 0.14, step);
        make(&angles, step, deposit);
        assert_true(deposit->step == step && deposit->rows.n == dmumu_rows_of(TOLERANCE).n);
        for (double ln_r = 0.0; ln_r > -12.0; ln_r -= 1.3) {
            const long b = lround(ln_r / step);
            const double at = step * (double)b;
            assert_sums(gyro_by_taps(deposit, deposit->end, at), gyro_directly(&angles, true, at), OF_MANY, "end", at);
        }
        for (long b = 0; b > -20; b -= 3) {
            assert_gyro(&angles, deposit, b);
        }
        dmumu_angles_free(&angles);
    }
    delete_deposit(deposit);
}

/* Each by itself: among the rows, below the first, beyond the last, with a cascade without end. */
static void test_single_directions(void **state)
{
    (void)state;
    static const double ln_tangent[] = {-15.0, -8.9, -8.0, -2.51, 0.0, 0.013, 3.0, 6.4, 6.8};
    struct dmumu_deposit *deposit = new_deposit();
    for (size_t i = 0; i < 9; i++) {
        for (int k = 0; k < 4; k++) {
            struct one one = one_at(ln_tangent[i], k == 3 ? (double)INFINITY : 0.031 + 7.0 * k);
            const struct dmumu_angles angles = angles_of_one(&one);
            make(&angles, 0.1, deposit);
            const double ln_r = -0.5 * one.ln_x_par_max; /* where the row varies, or is constant */
            const double at = 0.1 * floor(10.0 * fmax(ln_r, -10.0));
            assert_sums(gyro_by_taps(deposit, deposit->end, at), gyro_directly(&angles, true, at), OF_ONE, "one", at);
        }
    }
    delete_deposit(deposit);
}

static size_t count_taps(const struct dmumu_deposit *deposit, const struct dmumu_taps list[])
{
    size_t n = 0;
    for (int row = 0; row < deposit->rows.n; row++) {
        n += list[row].n;
    }
    return n;
}

/* Taps reach over 8 rows x 8 points, and not at all where the direction carries nothing. */
static void test_taps_are_few(void **state)
{
    (void)state;
    struct dmumu_deposit *deposit = new_deposit();
    struct one one = one_at(0.013, 4.03);
    const struct dmumu_angles angles = angles_of_one(&one);
    make(&angles, 0.1, deposit);
    assert_int_equal(count_taps(deposit, deposit->end), DMUMU_STENCIL * DMUMU_STENCIL);
    assert_int_equal(count_taps(deposit, deposit->start), DMUMU_STENCIL * DMUMU_STENCIL);
    one = one_at(4.0, 12.0); /* cos = exp(-4): the start lies below any resonance */
    make(&angles, 0.1, deposit);
    assert_true(count_taps(deposit, deposit->end) > 0);
    assert_int_equal(count_taps(deposit, deposit->start), 0);
    one = one_at(7.0, 12.0); /* too close to 90 degrees */
    make(&angles, 0.1, deposit);
    assert_int_equal(count_taps(deposit, deposit->end), 0);
    delete_deposit(deposit);
}

/* Whatever the order of the sum. */
static void assert_summed_up(size_t n, const double tap[], const double beyond[])
{
    double sum = 0.0;
    double size = 0.0;
    for (size_t i = n; i > 0; i--) {
        sum += tap[i - 1];
        size += fabs(tap[i - 1]);
        assert_true(fabs(beyond[i - 1] - sum) <= 1e-15 * size);
    }
    assert_true(beyond[n] == 0.0);
}

static void test_beyond_is_summed_up(void **state)
{
    (void)state;
    struct dmumu_deposit *deposit = new_deposit();
    struct dmumu_angles angles = angles_of(0.5, 0.14, 0.1);
    make(&angles, 0.1, deposit);
    for (int row = 0; row < deposit->rows.n; row++) {
        const struct dmumu_taps *taps = &deposit->end[row];
        if (taps->n > 0) {
            assert_summed_up(taps->n, taps->fine, taps->fine_beyond);
            assert_summed_up(taps->n, taps->coarse, taps->coarse_beyond);
        }
    }
    dmumu_angles_free(&angles);
    delete_deposit(deposit);
}

static void assert_same_taps(const struct dmumu_taps *a, const struct dmumu_taps *b)
{
    assert_int_equal(a->n, b->n);
    if (a->n > 0) {
        assert_int_equal(a->first, b->first);
        assert_memory_equal(a->fine, b->fine, a->n * sizeof *a->fine);
        assert_memory_equal(a->coarse, b->coarse, a->n * sizeof *a->coarse);
        assert_memory_equal(a->fine_beyond, b->fine_beyond, (a->n + 1) * sizeof *a->fine_beyond);
    }
}

/* A smaller one into the memory of a larger: nothing of that is left. */
static void test_memory_is_reused(void **state)
{
    (void)state;
    struct dmumu_deposit *used = new_deposit();
    struct dmumu_deposit *fresh = new_deposit();
    struct dmumu_angles large = angles_of(0.5, 0.14, 0.05);
    struct dmumu_angles small = angles_of(0.2, 2.0, 0.1);
    make(&large, 0.05, used);
    const double *memory = used->memory;
    const size_t capacity = used->capacity;
    make(&small, 0.1, used);
    make(&small, 0.1, fresh);
    assert_true(fresh->capacity < capacity);
    assert_true(used->memory == memory && used->capacity == capacity);
    for (int row = 0; row < fresh->rows.n; row++) {
        assert_same_taps(&used->end[row], &fresh->end[row]);
        assert_same_taps(&used->start[row], &fresh->start[row]);
    }
    dmumu_angles_free(&large);
    dmumu_angles_free(&small);
    delete_deposit(used);
    delete_deposit(fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_directions_add_up),
        cmocka_unit_test(test_single_directions),
        cmocka_unit_test(test_taps_are_few),
        cmocka_unit_test(test_beyond_is_summed_up),
        cmocka_unit_test(test_memory_is_reused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
