/*
 * Filter: sums of taps along a row against a plain double loop, wherever the row begins and ends.
 *
 * Rows begin with 0: the entry at row.first counts for nothing where a block just reaches it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/filter.h"

#include <math.h>

enum { MAX_TAPS = 500, MAX_ROW = 300, BLOCK = DMUMU_FILTER_BLOCK, SAMPLES = DMUMU_FILTER_SAMPLES };

static double random_unit(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(*seed >> 40) / 16777216.0;
}

/* ---- taps and rows ----------------------------------------------------------------------------------------------- */

struct taps_memory {
    double fine[MAX_TAPS], coarse[MAX_TAPS], fine_beyond[MAX_TAPS + 1], coarse_beyond[MAX_TAPS + 1];
};

/* Random taps of both signs; the coarser rule has every other one. */
static struct dmumu_taps make_taps(long first, size_t n, struct taps_memory *memory)
{
    uint64_t seed = 7 + n;
    struct dmumu_taps taps = {first, n, memory->fine, memory->coarse, memory->fine_beyond, memory->coarse_beyond};
    for (size_t i = 0; i < n; i++) {
        memory->fine[i] = random_unit(&seed) - 0.3;
        memory->coarse[i] = i % 2 ? 2.0 * random_unit(&seed) - 0.5 : 0.0;
    }
    dmumu_taps_sum_up(&taps);
    return taps;
}

/* Something that varies all along and ends at 1.5. */
static struct dmumu_row make_row(long first, size_t n, float value[])
{
    uint64_t seed = 99 + n;
    for (size_t i = 0; i < n; i++) {
        value[i] = (float)random_unit(&seed);
    }
    value[0] = 0.0F;
    value[n - 1] = 1.5F;
    return (struct dmumu_row){.first = first, .n = n, .value = value, .last = value[n - 1]};
}

static double row_at(const struct dmumu_row *row, long at)
{
    if (at < row->first) {
        return 0.0;
    }
    const size_t i = (size_t)(at - row->first);
    return (double)row->value[i < row->n ? i : row->n - 1];
}

static double plain_sum(const struct dmumu_taps *taps, const double tap[], const struct dmumu_row *row, long at)
{
    double sum = 0.0;
    for (size_t i = 0; i < taps->n; i++) {
        sum += tap[i] * row_at(row, at + taps->first + (long)i);
    }
    return sum;
}

static void assert_near(double value, double expected, const char *what, const struct dmumu_taps *taps,
                        const struct dmumu_row *row, int k)
{
    if (!(fabs(value - expected) <= 1e-12 * (1.0 + fabs(expected)))) {
        fail_msg("%s[%d], %zu taps from %ld, row of %zu from %ld: %.17g is not %.17g", what, k, taps->n, taps->first,
                 row->n, row->first, value, expected);
    }
}

static void assert_plain(const struct dmumu_taps *taps, const struct dmumu_row *row, long b, double scale,
                         const struct dmumu_filter_sum *sum)
{
    for (int k = 0; k < BLOCK; k++) {
        assert_near(sum->fine[k], scale * plain_sum(taps, taps->fine, row, b + k), "fine", taps, row, k);
    }
    for (int k = 0; k < SAMPLES; k++) {
        const long at = b + (long)k * DMUMU_FILTER_SAMPLE;
        assert_near(sum->coarse[k], scale * plain_sum(taps, taps->coarse, row, at), "coarse", taps, row, k);
    }
}

static struct dmumu_filter_sum filtered(const struct dmumu_taps *taps, const struct dmumu_row *row, long b,
                                        double scale)
{
    struct dmumu_filter_sum sum = {.constant = 0.0};
    dmumu_filter_add(taps, row, b, scale, &sum);
    dmumu_filter_finish(&sum);
    return sum;
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

/* The row slides from where the block meets its constant end alone to where it meets nothing of it. */
static void slide(size_t n_taps, size_t n_row, long step, double scale)
{
    const long b = -50;
    const long taps_first = 11;
    struct taps_memory memory;
    float value[MAX_ROW];
    const struct dmumu_taps taps = make_taps(taps_first, n_taps, &memory);
    const long last = b + taps_first + (long)n_taps + BLOCK + 3;
    for (long first = b + taps_first - (long)n_row - 3; first <= last; first += step) {
        const struct dmumu_row row = make_row(first, n_row, value);
        const struct dmumu_filter_sum sum = filtered(&taps, &row, b, scale);
        assert_plain(&taps, &row, b, scale, &sum);
    }
}

static void test_against_plain_loop(void **state)
{
    (void)state;
    static const size_t n_taps[] = {1, 7, 8, 9, 60};
    static const size_t n_row[] = {2, 5, 90};
    for (size_t i = 0; i < 5; i++) {
        for (size_t k = 0; k < 3; k++) {
            slide(n_taps[i], n_row[k], 1, 1.0);
        }
    }
}

/* 192 taps go at a time. */
static void test_long_taps(void **state)
{
    (void)state;
    static const size_t n_taps[] = {191, 192, 193, 384, 385, MAX_TAPS};
    for (size_t i = 0; i < 6; i++) {
        slide(n_taps[i], 3, 5, 1.0);
        slide(n_taps[i], MAX_ROW, 7, 1.0);
    }
}

static void test_negative_scale(void **state)
{
    (void)state;
    slide(40, 30, 1, -2.5);
    slide(MAX_TAPS, MAX_ROW, 13, -2.5);
}

/* Past its end a row counts by the sum of the taps, the same at all points, kept apart until the end. */
static void test_saturated(void **state)
{
    (void)state;
    struct taps_memory memory;
    float value[MAX_ROW];
    const struct dmumu_taps taps = make_taps(100, 50, &memory);
    const struct dmumu_row row = make_row(0, 20, value);
    struct dmumu_filter_sum sum = {.constant = 0.0};
    dmumu_filter_add(&taps, &row, 0, 2.0, &sum);
    assert_true(sum.fine[0] == 0.0 && sum.coarse[0] == 0.0);
    assert_near(sum.constant, 3.0 * taps.fine_beyond[0], "constant", &taps, &row, 0);
    assert_near(sum.constant_coarse, 3.0 * taps.coarse_beyond[0], "constant_coarse", &taps, &row, 0);
    dmumu_filter_finish(&sum);
    assert_plain(&taps, &row, 0, 2.0, &sum);
    const double once = sum.fine[5];
    dmumu_filter_finish(&sum);
    assert_true(sum.fine[5] == once); /* the constants are in: not again */
}

static void test_before_row(void **state)
{
    (void)state;
    struct taps_memory memory;
    float value[MAX_ROW];
    const struct dmumu_taps taps = make_taps(0, 250, &memory);
    const struct dmumu_row row = make_row(250 + BLOCK, 20, value);
    const struct dmumu_filter_sum sum = filtered(&taps, &row, 0, 1.0);
    for (int k = 0; k < BLOCK; k++) {
        assert_true(sum.fine[k] == 0.0);
    }
    assert_true(sum.coarse[0] == 0.0 && sum.coarse[1] == 0.0);
}

/* Rows and taps of any lengths add up in one sum. */
static void test_adds_up(void **state)
{
    (void)state;
    struct taps_memory memory[2];
    float value[2][MAX_ROW];
    const struct dmumu_taps taps[2] = {make_taps(-300, 330, &memory[0]), make_taps(5, 20, &memory[1])};
    const struct dmumu_row row[2] = {make_row(-200, 150, value[0]), make_row(20, 9, value[1])};
    struct dmumu_filter_sum sum = {.constant = 0.0};
    dmumu_filter_add(&taps[0], &row[0], 0, 1.0, &sum);
    dmumu_filter_add(&taps[1], &row[1], 0, -3.0, &sum);
    dmumu_filter_finish(&sum);
    for (int k = 0; k < BLOCK; k++) {
        const double expected =
            plain_sum(&taps[0], taps[0].fine, &row[0], k) - 3.0 * plain_sum(&taps[1], taps[1].fine, &row[1], k);
        assert_near(sum.fine[k], expected, "both", &taps[1], &row[1], k);
    }
}

static void test_taps_sum_up(void **state)
{
    (void)state;
    enum { N = 6 };
    double fine[N] = {1.0, 2.0, 4.0, 8.0, 16.0, 32.0};
    double coarse[N] = {0.0, -8.0, 0.0, 1.0, 0.0, 3.0};
    double fine_beyond[N + 1];
    double coarse_beyond[N + 1];
    struct dmumu_taps taps = {-5, N, fine, coarse, fine_beyond, coarse_beyond};
    dmumu_taps_sum_up(&taps);
    static const double expected[2][N + 1] = {{63.0, 62.0, 60.0, 56.0, 48.0, 32.0, 0.0},
                                              {-4.0, -4.0, 4.0, 4.0, 3.0, 3.0, 0.0}};
    for (int i = 0; i <= N; i++) {
        assert_true(fine_beyond[i] == expected[0][i]);
        assert_true(coarse_beyond[i] == expected[1][i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_plain_loop), cmocka_unit_test(test_long_taps),
        cmocka_unit_test(test_negative_scale),     cmocka_unit_test(test_saturated),
        cmocka_unit_test(test_before_row),         cmocka_unit_test(test_adds_up),
        cmocka_unit_test(test_taps_sum_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
