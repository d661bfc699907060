/* Axes: spacing with exact ends, and the way from a flat curve index to coordinates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scan/axes.h"

#include <math.h>

/* 2 regions x 3 M_A x 1 beta x 4 L, and 5 rigidities. */
static struct dmumu_grid grid_new(void)
{
    struct dmumu_grid grid;
    assert_int_equal(dmumu_axis_range(&grid.axis[DMUMU_AXIS_REGION], DMUMU_DISK, DMUMU_HALO, 2, false), DMUMU_OK);
    assert_int_equal(dmumu_axis_range(&grid.axis[DMUMU_AXIS_ALFVEN_MACH], 0.1, 0.3, 3, false), DMUMU_OK);
    assert_int_equal(dmumu_axis_range(&grid.axis[DMUMU_AXIS_BETA], 0.14, 0.14, 1, false), DMUMU_OK);
    assert_int_equal(dmumu_axis_range(&grid.axis[DMUMU_AXIS_INJECTION_SCALE], 1.0, 1000.0, 4, true), DMUMU_OK);
    assert_int_equal(dmumu_axis_range(&grid.axis[DMUMU_AXIS_RIGIDITY], 1.0, 1e4, 5, true), DMUMU_OK);
    return grid;
}

static void test_rigidity_does_not_count_as_a_curve(void **state)
{
    (void)state;
    struct dmumu_grid grid = grid_new();
    assert_int_equal(dmumu_grid_n_curves(&grid), 24);
    dmumu_grid_free(&grid);
}

static void test_index_is_row_major(void **state)
{
    (void)state;
    struct dmumu_grid grid = grid_new();
    for (size_t curve = 0; curve < dmumu_grid_n_curves(&grid); curve++) {
        size_t index[4];
        dmumu_grid_index(&grid, curve, index);
        assert_int_equal(((index[0] * 3 + index[1]) * 1 + index[2]) * 4 + index[3], curve);
        assert_true(index[0] < 2 && index[1] < 3 && index[2] < 1 && index[3] < 4);
    }
    dmumu_grid_free(&grid);
}

static void test_point_has_the_coordinates_of_its_index(void **state)
{
    (void)state;
    struct dmumu_grid grid = grid_new();
    const struct dmumu_point point = dmumu_grid_point(&grid, 12 + 4 + 2);
    assert_int_equal(point.region, DMUMU_HALO);
    assert_true(point.alfven_mach == grid.axis[DMUMU_AXIS_ALFVEN_MACH].values[1]);
    assert_true(point.beta == 0.14);
    assert_true(point.injection_scale_pc == 100.0);
    dmumu_grid_free(&grid);
}

static void test_ends_are_exact(void **state)
{
    (void)state;
    static const double ends[][2] = {{0.1, 0.7}, {1.0 / 3.0, 12345.678}, {1e-3, 30.0}, {0.01, 1e9}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        for (int log_spaced = 0; log_spaced < 2; log_spaced++) {
            struct dmumu_axis axis;
            assert_int_equal(dmumu_axis_range(&axis, ends[i][0], ends[i][1], 37, log_spaced), DMUMU_OK);
            assert_int_equal(axis.n, 37);
            assert_int_equal(axis.log_spaced, log_spaced);
            assert_true(axis.values[0] == ends[i][0]);
            assert_true(axis.values[36] == ends[i][1]);
            for (size_t j = 1; j < axis.n; j++)
                assert_true(axis.values[j - 1] < axis.values[j]);
            struct dmumu_grid grid = {.axis = {axis}};
            dmumu_grid_free(&grid);
        }
    }
}

static void test_steps_are_even(void **state)
{
    (void)state;
    struct dmumu_axis linear, logarithmic;
    assert_int_equal(dmumu_axis_range(&linear, 2.0, 4.0, 5, false), DMUMU_OK);
    assert_int_equal(dmumu_axis_range(&logarithmic, 1.0, 1e6, 61, true), DMUMU_OK);
    for (size_t i = 0; i < 5; i++)
        assert_true(fabs(linear.values[i] - (2.0 + 0.5 * (double)i)) < 1e-15);
    for (size_t i = 0; i < 61; i++)
        assert_true(fabs(logarithmic.values[i] / pow(10.0, 0.1 * (double)i) - 1) < 1e-14);
    struct dmumu_grid grid = {.axis = {linear, logarithmic}};
    dmumu_grid_free(&grid);
}

static void test_whole_decades_are_exact(void **state)
{
    (void)state;
    struct dmumu_axis axis;
    assert_int_equal(dmumu_axis_range(&axis, 1.0, 1e6, 61, true), DMUMU_OK);
    static const double decades[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6};
    for (size_t i = 0; i < 7; i++)
        assert_true(axis.values[10 * i] == decades[i]);
    struct dmumu_grid grid = {.axis = {axis}};
    dmumu_grid_free(&grid);
}

static void test_one_point_is_from(void **state)
{
    (void)state;
    struct dmumu_axis axis;
    assert_int_equal(dmumu_axis_range(&axis, 0.14, 0.14, 1, true), DMUMU_OK);
    assert_int_equal(axis.n, 1);
    assert_true(axis.values[0] == 0.14);
    struct dmumu_grid grid = {.axis = {axis}};
    dmumu_grid_free(&grid);
}

static void test_too_many_points_are_out_of_memory(void **state)
{
    (void)state;
    struct dmumu_axis axis = {0};
    assert_int_equal(dmumu_axis_range(&axis, 1.0, 2.0, SIZE_MAX / 4, false), DMUMU_ERROR_MEMORY);
    assert_null(axis.values);
}

static void test_free_leaves_nothing(void **state)
{
    (void)state;
    struct dmumu_grid grid = grid_new();
    dmumu_grid_free(&grid);
    for (int i = 0; i < DMUMU_N_AXES; i++) {
        assert_null(grid.axis[i].values);
        assert_int_equal(grid.axis[i].n, 0);
    }
    dmumu_grid_free(&grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rigidity_does_not_count_as_a_curve),
        cmocka_unit_test(test_index_is_row_major),
        cmocka_unit_test(test_point_has_the_coordinates_of_its_index),
        cmocka_unit_test(test_ends_are_exact),
        cmocka_unit_test(test_steps_are_even),
        cmocka_unit_test(test_whole_decades_are_exact),
        cmocka_unit_test(test_one_point_is_from),
        cmocka_unit_test(test_too_many_points_are_out_of_memory),
        cmocka_unit_test(test_free_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
