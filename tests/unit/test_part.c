/* The parts of a grid: every curve in exactly one of them, and none much larger than the others. */
#include "scan/part.h"

#include "grids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t find(const struct dmumu_axis *axis, double value)
{
    for (size_t i = 0; i < axis->n; ++i) {
        if (axis->values[i] == value)
            return i;
    }
    fail_msg("%g is not on the axis", value);
    return 0;
}

/* Count each curve of the whole grid in all parts; the largest part relative to the mean comes back. */
static double all_parts(size_t regions, size_t machs, size_t betas, size_t scales, size_t count)
{
    struct dmumu_grid whole = make_grid(regions, machs, betas, scales);
    const size_t curves = dmumu_grid_n_curves(&whole);
    int *seen = calloc(curves, sizeof *seen);
    size_t largest = 0;
    assert_non_null(seen);
    for (size_t number = 1; number <= count; ++number) {
        struct dmumu_grid part = make_grid(regions, machs, betas, scales);
        assert_int_equal(dmumu_part_cut(&part, (struct dmumu_part){number, count}, NULL), DMUMU_OK);
        assert_int_equal(part.axis[DMUMU_AXIS_RIGIDITY].n, whole.axis[DMUMU_AXIS_RIGIDITY].n);
        const size_t n = dmumu_grid_n_curves(&part);
        assert_true(n > 0);
        largest = n > largest ? n : largest;
        for (size_t curve = 0; curve < n; ++curve) {
            size_t index[4], flat = 0;
            dmumu_grid_index(&part, curve, index);
            for (int axis = 0; axis < DMUMU_AXIS_RIGIDITY; ++axis)
                flat = flat * whole.axis[axis].n + find(&whole.axis[axis], part.axis[axis].values[index[axis]]);
            ++seen[flat];
        }
        dmumu_grid_free(&part);
    }
    for (size_t i = 0; i < curves; ++i)
        assert_int_equal(seen[i], 1);
    free(seen);
    dmumu_grid_free(&whole);
    return (double)largest * (double)count / (double)curves;
}

static void parts_are_the_grid(void **state)
{
    (void)state;
    const size_t counts[] = {1, 2, 3, 5, 7, 8, 12, 13, 60, 119, 120};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; ++i)
        all_parts(2, 3, 4, 5, counts[i]);
    for (size_t count = 1; count <= 12; ++count) {
        all_parts(1, 12, 1, 1, count);
        all_parts(1, 1, 1, 12, count);
        all_parts(2, 1, 1, 6, count);
        all_parts(1, 1, 3, 4, count);
    }
    all_parts(1, 1, 1, 1, 1);
}

static void parts_are_alike(void **state)
{
    (void)state;
    for (size_t count = 1; count <= 40; ++count) {
        const double excess = all_parts(2, 12, 10, 8, count);
        if (excess > 1.5)
            fail_msg("of %zu parts one is %.2f times the mean", count, excess);
    }
    assert_true(all_parts(2, 12, 10, 8, 4) == 1.0);
    assert_true(all_parts(2, 12, 10, 8, 12) <= 1.3);
}

/* Curves along an injection scale share work: they are parted last. */
static void injection_scales_stay_together(void **state)
{
    (void)state;
    for (size_t number = 1; number <= 24; ++number) {
        struct dmumu_grid part = make_grid(2, 3, 4, 5);
        assert_int_equal(dmumu_part_cut(&part, (struct dmumu_part){number, 24}, NULL), DMUMU_OK);
        assert_int_equal(part.axis[DMUMU_AXIS_INJECTION_SCALE].n, 5);
        dmumu_grid_free(&part);
    }
}

static void more_parts_than_curves_are_refused(void **state)
{
    (void)state;
    struct dmumu_error error;
    struct dmumu_grid grid = make_grid(2, 3, 4, 5);
    assert_int_equal(dmumu_part_cut(&grid, (struct dmumu_part){1, 121}, &error), DMUMU_ERROR_INPUT);
    assert_non_null(strstr(error.message, "120 curves"));
    dmumu_grid_free(&grid);
}

static void what_is_a_part(void **state)
{
    (void)state;
    struct dmumu_part part;
    assert_true(dmumu_part_parse("3/8", &part));
    assert_int_equal(part.number, 3);
    assert_int_equal(part.count, 8);
    assert_true(dmumu_part_parse("1/1", &part));
    const char *const none[] = {"",
                                "3",
                                "/8",
                                "3/",
                                "0/8",
                                "9/8",
                                "-1/8",
                                "3/-8",
                                "3 /8",
                                "3/ 8",
                                "3/8 ",
                                "a/b",
                                "3/8/9",
                                "1.5/3",
                                "+1/3",
                                "1/0",
                                "18446744073709551617/2",
                                "1/99999999999999999999"};
    for (size_t i = 0; i < sizeof none / sizeof *none; ++i)
        assert_false(dmumu_part_parse(none[i], &part));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_the_grid),
        cmocka_unit_test(parts_are_alike),
        cmocka_unit_test(injection_scales_stay_together),
        cmocka_unit_test(more_parts_than_curves_are_refused),
        cmocka_unit_test(what_is_a_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
