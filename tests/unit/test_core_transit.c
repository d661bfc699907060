/*
 * Transit-time damping: blocks of the sum over directions, by moments and tap by tap, against the sum as it stands, one
 * direction after the other, by G itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kernel.h"
#include "core/resonance.h"
#include "core/transit.h"

#include <math.h>
#include <string.h>

#define TOLERANCE 1e-5

enum { BLOCK = DMUMU_FILTER_BLOCK, BLOCKS = 18 };

/* G's row has single precision, 6e-8 of a value at most, and a sum is a small difference of larger ones. */
#define OF_VALUE 1e-7
#define OF_FULL  2e-8

/* Blocks of lattice points downwards from R s = 1, to 1e-12. */
static long begin_of(size_t block)
{
    return -BLOCK * (long)block - BLOCK + 1;
}

static double step_of_transit(void)
{
    return dmumu_deposit_step(TOLERANCE, DMUMU_TRANSIT_CLASS);
}

#define ALFVEN_SPEED_V 3e-4 /* of these */

static struct dmumu_angles angles_on(double alfven_mach, double beta, double step, double resonant_width)
{
    const struct dmumu_state state = {.alfven_mach = alfven_mach,
                                      .beta = beta,
                                      .x_c = (double)NAN,
                                      .alfven_speed_v = ALFVEN_SPEED_V,
                                      .collisionless = true};
    const struct dmumu_angle_mesh mesh = {
        .max_width = 10.0 * step, .max_change = 16.0 * step, .tail = 1e-7, .resonant_width = resonant_width};
    struct dmumu_angles angles = {0};
    assert_int_equal(dmumu_angles_make(&state, &mesh, 1e-12, 1.0, &angles), DMUMU_OK);
    assert_true(angles.n > 100);
    return angles;
}

static struct dmumu_angles angles_of(double alfven_mach, double beta, double step)
{
    return angles_on(alfven_mach, beta, step, 0.0);
}

/* One mesh for all resonances. */
static void make_deposit(const struct dmumu_angles *angles, double alfven_speed_v,
                         struct dmumu_transit_deposit *deposit)
{
    assert_int_equal(dmumu_transit_deposit_make(angles, step_of_transit(), alfven_speed_v, deposit), DMUMU_OK);
    for (int mesh = 0; mesh < DMUMU_TRANSIT_MESHES; mesh++) {
        assert_false(deposit->has_mesh[mesh]);
        assert_int_equal(dmumu_transit_deposit_add_mesh(angles, mesh, deposit), DMUMU_OK);
        assert_true(deposit->has_mesh[mesh]);
    }
    assert_int_equal(dmumu_transit_deposit_reserve(deposit, BLOCKS), DMUMU_OK);
}

static struct dmumu_transit_deposit deposit_of(const struct dmumu_angles *angles, double alfven_speed_v)
{
    struct dmumu_transit_deposit deposit = {0};
    make_deposit(angles, alfven_speed_v, &deposit);
    return deposit;
}

/* ---- sums -------------------------------------------------------------------------------------------------------- */

/* `full`: what the fine sum would be with G = 1 and without signs. */
struct sums {
    double fine, coarse, full;
};

/* sum weight (1 - xi^2)^3/4 resonance (G at the end - G at the start) */
static struct sums sum_directly(const struct dmumu_fast_common *common, const struct dmumu_angles *angles,
                                const struct dmumu_resonance_shape *shape, double alfven_speed_v, double ln_r)
{
    struct sums sums = {0.0, 0.0, 0.0};
    for (size_t p = 0; p < angles->n; p++) {
        const double resonance = dmumu_resonance_shape_value(shape, alfven_speed_v / angles->cosine[p]);
        const double start = dmumu_fast_g(common, ln_r + log(angles->sine[p]));
        const double g = dmumu_fast_g(common, ln_r + fmin(angles->ln_x_perp_max[p], 60.0)) - start;
        const double scale = pow(angles->sine[p], 1.5) * resonance;
        sums.fine += angles->weight[p] * scale * g;
        sums.coarse += angles->weight_coarse[p] * scale * g;
        sums.full += angles->weight[p] * fabs(scale);
    }
    return sums;
}

static struct dmumu_filter_sum block_of(const struct dmumu_fast_common *common, const struct dmumu_transit_taps *taps,
                                        size_t block, double scale)
{
    struct dmumu_filter_sum sum = {.constant = 0.0};
    dmumu_transit_add(taps, &common->g, block, begin_of(block), scale, &sum);
    dmumu_filter_finish(&sum);
    return sum;
}

static void assert_value(double value, double expected, double full, const char *what, double ln_r)
{
    if (!(fabs(value - expected) <= OF_VALUE * fabs(expected) + OF_FULL * full * exp(0.5 * fmin(ln_r, 0.0)))) {
        fail_msg("%s at ln(R s) = %g: %.12g, not %.12g, of %g", what, ln_r, value, expected, full);
    }
}

static void assert_block(const struct dmumu_fast_common *common, const struct dmumu_angles *angles,
                         double alfven_speed_v, double mu, double width, const struct dmumu_transit_taps *taps,
                         size_t block)
{
    const struct dmumu_resonance_shape shape = dmumu_resonance_shape_of(mu, width, DMUMU_TRANSIT_LEAST_WIDTH);
    const struct dmumu_filter_sum sum = block_of(common, taps, block, 3.0);
    for (int k = 0; k < BLOCK; k++) {
        const double ln_r = step_of_transit() * (double)(begin_of(block) + k);
        const struct sums expected = sum_directly(common, angles, &shape, alfven_speed_v, ln_r);
        assert_value(sum.fine[k] / 3.0, expected.fine, expected.full, "fine sum", ln_r);
        if (k % DMUMU_FILTER_SAMPLE == 0) {
            assert_value(sum.coarse[k / DMUMU_FILTER_SAMPLE] / 3.0, expected.coarse, expected.full, "coarse sum", ln_r);
        }
    }
}

static void assert_pitch_angle(const struct dmumu_fast_common *common, const struct dmumu_angles *angles,
                               double alfven_speed_v, double mu, double width, struct dmumu_transit_deposit *deposit,
                               struct dmumu_transit_taps *taps)
{
    assert_int_equal(dmumu_transit_taps_make(deposit, mu, width, taps), DMUMU_OK);
    for (size_t block = 0; block < BLOCKS; block++) {
        assert_block(common, angles, alfven_speed_v, mu, width, taps, block);
    }
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static int setup(void **state)
{
    static struct dmumu_fast_common common;
    *state = &common;
    return dmumu_fast_common_init(&common, 1, TOLERANCE, 0) == DMUMU_OK ? 0 : -1;
}

static int teardown(void **state)
{
    dmumu_fast_common_free(*state);
    return 0;
}

/* Waves so fast that each direction has a resonance of its own; and slow ones, most of which the moments carry. */
static void test_adds_up(void **state)
{
    static const double alfven_speed_v[2] = {0.2, 3e-5};
    struct dmumu_angles angles = angles_of(0.5, 0.14, 0.1);
    struct dmumu_transit_taps taps = {0};
    for (int i = 0; i < 2; i++) {
        const double speed = alfven_speed_v[i];
        struct dmumu_transit_deposit deposit = deposit_of(&angles, speed);
        assert_true(i == 0 ? deposit.near.n == 0 : deposit.near.n > deposit.far[0].n / 4);
        assert_pitch_angle(*state, &angles, speed, 0.3, 0.7, &deposit, &taps);
        assert_true(taps.rel_error == 0.0 && taps.n_moments > 1);
        const int few = taps.n_moments;
        assert_pitch_angle(*state, &angles, speed, 0.9, 0.13, &deposit, &taps);
        assert_true(taps.n_moments > few && taps.n_moments <= DMUMU_TRANSIT_MOMENTS);
        /* widened: the same taps would make another resonance */
        assert_pitch_angle(*state, &angles, speed, 0.99, 0.01, &deposit, &taps);
        assert_true(taps.rel_error > 0.0 && taps.rel_error < 1e-3);
        dmumu_transit_deposit_free(&deposit);
    }
    dmumu_transit_taps_free(&taps);
    assert_true(!taps.memory && taps.capacity == 0);
    dmumu_angles_free(&angles);
}

/* A resonance as narrow as the epsilon of the moments, which they do not carry; and one of which they carry nothing. */
static void test_narrow_resonances_add_up(void **state)
{
    const double speed = 3e-5;
    struct dmumu_angles angles = angles_of(0.5, 0.14, 0.1);
    struct dmumu_transit_deposit deposit = deposit_of(&angles, speed);
    struct dmumu_transit_taps taps = {0};
    assert_pitch_angle(*state, &angles, speed, 0.02, 0.004, &deposit, &taps);
    assert_true(taps.n_moments == 0 && taps.end.n > DMUMU_STENCIL);
    assert_pitch_angle(*state, &angles, speed, 0.9, 0.07, &deposit, &taps);
    assert_true(taps.n_moments == 0);
    dmumu_transit_taps_free(&taps);
    dmumu_transit_deposit_free(&deposit);
    dmumu_angles_free(&angles);
}

static void assert_ascending(const struct dmumu_transit_directions *directions)
{
    assert_true(directions->n > 10);
    for (size_t p = 1; p < directions->n; p++) {
        assert_true(directions->epsilon[p] > directions->epsilon[p - 1]);
    }
}

/* What directions that are not in the moments leave for each pitch angle: starts at one place. */
static void test_lists_are_short(void **state)
{
    (void)state;
    struct dmumu_angles angles = angles_of(0.5, 0.14, 0.1);
    struct dmumu_transit_deposit deposit = deposit_of(&angles, 3e-5);
    struct dmumu_transit_taps taps = {0};
    assert_int_equal(dmumu_transit_taps_make(&deposit, 0.5, 0.5, &taps), DMUMU_OK);
    assert_int_equal(taps.start.n, DMUMU_STENCIL);
    assert_ascending(&deposit.near);
    assert_ascending(&deposit.far[DMUMU_TRANSIT_NARROW]);
    assert_true(deposit.near.epsilon[deposit.near.n - 1] < deposit.far[DMUMU_TRANSIT_NARROW].epsilon[0]);
    dmumu_transit_taps_free(&taps);
    dmumu_transit_deposit_free(&deposit);
    dmumu_angles_free(&angles);
}

/* Blocks are the same bits whichever pitch angle asked first, and for how many moments. */
static void test_order_does_not_matter(void **state)
{
    static const double mu[2] = {0.3, 0.9};
    static const double width[2] = {0.7, 0.13};
    struct dmumu_angles angles = angles_of(0.5, 0.14, 0.1);
    for (size_t block = 0; block < BLOCKS; block += 5) {
        struct dmumu_filter_sum sum[2][2];
        for (int first = 0; first < 2; first++) {
            struct dmumu_transit_deposit deposit = deposit_of(&angles, 3e-5);
            struct dmumu_transit_taps taps = {0};
            for (int i = 0; i < 2; i++) {
                const int which = (first + i) % 2;
                assert_int_equal(dmumu_transit_taps_make(&deposit, mu[which], width[which], &taps), DMUMU_OK);
                sum[first][which] = block_of(*state, &taps, block, 1.0);
            }
            dmumu_transit_taps_free(&taps);
            dmumu_transit_deposit_free(&deposit);
        }
        assert_memory_equal(sum[0], sum[1], sizeof sum[0]);
    }
    dmumu_angles_free(&angles);
}

/* So that either can be the one of which the moments are made. */
static void test_meshes_have_the_same_near_directions(void **state)
{
    (void)state;
    struct dmumu_transit_deposit deposit[DMUMU_TRANSIT_MESHES];
    for (int mesh = 0; mesh < DMUMU_TRANSIT_MESHES; mesh++) {
        struct dmumu_angles angles = angles_on(0.5, 0.14, 0.13, dmumu_transit_mesh_panel(mesh));
        deposit[mesh] = deposit_of(&angles, ALFVEN_SPEED_V);
        dmumu_angles_free(&angles);
    }
    const struct dmumu_transit_directions *wide = &deposit[DMUMU_TRANSIT_WIDE].near;
    const struct dmumu_transit_directions *narrow = &deposit[DMUMU_TRANSIT_NARROW].near;
    assert_true(deposit[DMUMU_TRANSIT_WIDE].far[0].n < deposit[DMUMU_TRANSIT_NARROW].far[0].n);
    assert_true(wide->n == narrow->n && wide->n > 100);
    assert_memory_equal(wide->epsilon, narrow->epsilon, wide->n * sizeof *wide->epsilon);
    assert_memory_equal(wide->weight, narrow->weight, wide->n * sizeof *wide->weight);
    assert_memory_equal(wide->end, narrow->end, wide->n * sizeof *wide->end);
    dmumu_transit_deposit_free(&deposit[DMUMU_TRANSIT_WIDE]);
    dmumu_transit_deposit_free(&deposit[DMUMU_TRANSIT_NARROW]);
}

/* A smaller damping in the memory of a larger one: none of its directions, and none of its blocks. */
static void test_memory_is_reused(void **state)
{
    struct dmumu_angles large = angles_of(0.5, 0.14, 0.05);
    struct dmumu_angles small = angles_of(0.2, 2.0, 0.1);
    struct dmumu_transit_taps taps = {0};
    assert_true(small.n < large.n);
    struct dmumu_transit_deposit deposit = deposit_of(&large, 3e-5);
    const struct dmumu_place *end = deposit.near.end;
    const struct dmumu_transit_block *blocks = deposit.block;
    const size_t capacity = deposit.near.capacity;
    assert_pitch_angle(*state, &large, 3e-5, 0.6, 0.4, &deposit, &taps);
    make_deposit(&small, 3e-5, &deposit);
    assert_true(deposit.near.end == end && deposit.block == blocks && deposit.n_blocks == BLOCKS);
    assert_true(deposit.near.capacity == capacity && deposit.near.n <= small.n);
    assert_pitch_angle(*state, &small, 3e-5, 0.6, 0.4, &deposit, &taps);
    dmumu_transit_taps_free(&taps);
    dmumu_transit_deposit_free(&deposit);
    assert_true(!deposit.near.end && !deposit.far[0].start && !deposit.moment_memory && !deposit.block);
    dmumu_angles_free(&large);
    dmumu_angles_free(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adds_up),
        cmocka_unit_test(test_narrow_resonances_add_up),
        cmocka_unit_test(test_lists_are_short),
        cmocka_unit_test(test_order_does_not_matter),
        cmocka_unit_test(test_meshes_have_the_same_near_directions),
        cmocka_unit_test(test_memory_is_reused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
