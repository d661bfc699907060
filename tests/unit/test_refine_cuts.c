/* Refine, the cuts: when a cube is fine enough, how errors are shared among the axes, and where nodes go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scan/refine_cuts.h"

#include <math.h>
#include <string.h>

static const double REGION[] = {DMUMU_HALO}, MACH[] = {0.5, 0.7, 1.4}, BETA[] = {0.01, 0.1, 1.0, 10.0},
                    SCALE[] = {50.0}, RIGIDITY[] = {1.0, 100.0, 1e4};

static const struct dmumu_cube_axis AXES[DMUMU_N_AXES] = {
    {1, REGION, false}, {3, MACH, false}, {4, BETA, true}, {1, SCALE, true}, {3, RIGIDITY, true}};

static const struct dmumu_refine_goal GOAL = {.tolerance = 1e-3, .share = 1.0, .most_values = 1e7};

/* Errors without any: every cell and look-up exact, a hundred points in each. */
static void exact(struct dmumu_refine_errors *errors)
{
    assert_int_equal(dmumu_refine_errors_new(AXES, GOAL.tolerance, errors, NULL), DMUMU_OK);
    for (int id = 0; id < DMUMU_N_AXES; id++)
        for (size_t cell = 0; cell < errors->axis[id].n; cell++) {
            errors->axis[id].worst[cell] = 0.0;
            errors->axis[id].points[cell] = 100;
        }
}

static void set(struct dmumu_refine_errors *errors, enum dmumu_axis_id id, size_t cell, double worst, uint64_t over)
{
    errors->axis[id].worst[cell] = worst;
    errors->axis[id].over[cell] = over;
}

/* The verdict; the grid if there is one. */
static enum dmumu_refine_verdict next(const struct dmumu_refine_errors *errors, const struct dmumu_refine_goal *goal,
                                      struct dmumu_grid *grid)
{
    enum dmumu_refine_verdict verdict;
    *grid = (struct dmumu_grid){0};
    assert_int_equal(dmumu_refine_next(AXES, errors, goal, grid, &verdict, NULL), DMUMU_OK);
    return verdict;
}

static bool has(const struct dmumu_axis *axis, double value)
{
    for (size_t i = 0; i < axis->n; i++)
        if (axis->values[i] == value)
            return true;
    return false;
}

static void test_parts_are_of_third_order_and_bounded(void **state)
{
    (void)state;
    assert_int_equal(dmumu_refine_parts(1e-3, 1e-3), 1);
    assert_int_equal(dmumu_refine_parts((double)NAN, 1e-3), 1);
    assert_int_equal(dmumu_refine_parts(1.1e-3, 1e-3), 2);
    assert_int_equal(dmumu_refine_parts(7.9e-3, 1e-3), 2);
    assert_int_equal(dmumu_refine_parts(26e-3, 1e-3), 3);
    assert_int_equal(dmumu_refine_parts((double)INFINITY, 1e-3), DMUMU_REFINE_MOST_PARTS);
}

static void test_all_look_ups_and_all_cells_must_be_within(void **state)
{
    (void)state;
    struct dmumu_refine_errors errors;
    struct dmumu_grid grid;
    struct dmumu_refine_goal some = GOAL;
    some.share = 0.97;
    exact(&errors);
    assert_int_equal(next(&errors, &GOAL, &grid), DMUMU_REFINE_ENOUGH);
    set(&errors, DMUMU_REFINE_ANYWHERE, 0, 0.1, 1);
    assert_false(dmumu_refine_is_enough(&errors, &GOAL));
    set(&errors, DMUMU_REFINE_ANYWHERE, 0, 0.1, 3);
    assert_true(dmumu_refine_is_enough(&errors, &some));
    set(&errors, DMUMU_REFINE_ANYWHERE, 0, 0.1, 4);
    assert_false(dmumu_refine_is_enough(&errors, &some));
    set(&errors, DMUMU_REFINE_ANYWHERE, 0, 0.0, 0);
    set(&errors, DMUMU_AXIS_BETA, 1, 2e-3, 1);
    assert_false(dmumu_refine_is_enough(&errors, &GOAL));
    assert_true(dmumu_refine_is_enough(&errors, &some));
    dmumu_refine_errors_free(&errors);
}

static void test_what_an_axis_does_not_need_is_left_to_the_others(void **state)
{
    (void)state;
    struct dmumu_refine_errors errors;
    exact(&errors);
    set(&errors, DMUMU_AXIS_ALFVEN_MACH, 0, 1.0, 100);
    set(&errors, DMUMU_AXIS_BETA, 0, 1.0, 100);
    set(&errors, DMUMU_AXIS_RIGIDITY, 1, 1.0, 100);
    assert_true(fabs(dmumu_refine_target(&errors, 9e-3) - 3e-3) < 1e-12);
    set(&errors, DMUMU_AXIS_BETA, 0, 1e-3, 0);
    assert_true(fabs(dmumu_refine_target(&errors, 9e-3) - 4e-3) < 1e-12);
    set(&errors, DMUMU_AXIS_RIGIDITY, 1, 3.5e-3, 0); /* more than an equal part, less than what is left to it */
    assert_true(fabs(dmumu_refine_target(&errors, 9e-3) - 4.5e-3) < 1e-12);
    dmumu_refine_errors_free(&errors);
}

static void test_old_nodes_stay_and_smooth_cells_are_cut_evenly(void **state)
{
    (void)state;
    struct dmumu_refine_errors errors;
    struct dmumu_grid grid;
    exact(&errors);
    set(&errors, DMUMU_AXIS_BETA, 1, 26e-3, 100);
    assert_int_equal(next(&errors, &GOAL, &grid), DMUMU_REFINE_CUT);
    const struct dmumu_axis *beta = &grid.axis[DMUMU_AXIS_BETA];
    assert_int_equal(beta->n, 4 + 2);
    assert_true(beta->log_spaced);
    for (size_t i = 0; i < 4; i++)
        assert_true(has(beta, BETA[i]));
    assert_true(fabs(beta->values[2] / pow(10.0, -2.0 / 3) - 1) < 1e-14);
    assert_true(fabs(beta->values[3] / pow(10.0, -1.0 / 3) - 1) < 1e-14);
    for (int id = 0; id < DMUMU_N_AXES; id++)
        assert_true(id == DMUMU_AXIS_BETA || grid.axis[id].n == AXES[id].n);
    dmumu_grid_free(&grid);
    set(&errors, DMUMU_AXIS_BETA, 1, 26e-3, 3); /* few of its points: a kink, which is bisected */
    assert_int_equal(next(&errors, &GOAL, &grid), DMUMU_REFINE_CUT);
    assert_int_equal(grid.axis[DMUMU_AXIS_BETA].n, 4 + 1);
    dmumu_grid_free(&grid);
    dmumu_refine_errors_free(&errors);
}

static void test_nodes_go_to_both_sides_of_the_kink_at_mach_one(void **state)
{
    (void)state;
    struct dmumu_refine_errors errors;
    struct dmumu_grid grid;
    exact(&errors);
    set(&errors, DMUMU_AXIS_ALFVEN_MACH, 1, 5e-2, 100);
    assert_int_equal(next(&errors, &GOAL, &grid), DMUMU_REFINE_CUT);
    const struct dmumu_axis *mach = &grid.axis[DMUMU_AXIS_ALFVEN_MACH];
    assert_int_equal(mach->n, 3 + 3);
    assert_true(has(mach, 1.0 - 1e-3) && has(mach, 1.0) && has(mach, 1.0 + 1e-3));
    dmumu_grid_free(&grid);
    dmumu_refine_errors_free(&errors);
}

static void test_a_bad_sum_of_good_errors_is_met_by_a_lower_target(void **state)
{
    (void)state;
    struct dmumu_refine_errors errors;
    struct dmumu_grid grid;
    exact(&errors);
    set(&errors, DMUMU_AXIS_BETA, 0, 3e-4, 0);
    set(&errors, DMUMU_AXIS_RIGIDITY, 0, 1e-4, 0);
    set(&errors, DMUMU_REFINE_ANYWHERE, 0, 1.2e-3, 1);
    assert_int_equal(next(&errors, &GOAL, &grid), DMUMU_REFINE_CUT);
    assert_int_equal(grid.axis[DMUMU_AXIS_BETA].n, 4 + 1);
    assert_int_equal(grid.axis[DMUMU_AXIS_RIGIDITY].n, 3);
    dmumu_grid_free(&grid);
    dmumu_refine_errors_free(&errors);
}

static void test_the_worthiest_nodes_come_first_within_the_limit(void **state)
{
    (void)state;
    struct dmumu_refine_errors errors;
    struct dmumu_grid grid;
    struct dmumu_refine_goal goal = GOAL;
    exact(&errors); /* 3 x 4 x 1 x 3 = 36 values */
    set(&errors, DMUMU_AXIS_BETA, 0, 2e-3, 40);
    set(&errors, DMUMU_AXIS_BETA, 2, 2e-3, 2);
    goal.most_values = 45; /* room for one node of beta */
    assert_int_equal(next(&errors, &goal, &grid), DMUMU_REFINE_CUT);
    assert_int_equal(grid.axis[DMUMU_AXIS_BETA].n, 5);
    assert_true(grid.axis[DMUMU_AXIS_BETA].values[1] < BETA[1]);
    dmumu_grid_free(&grid);
    goal.most_values = 44;
    assert_int_equal(next(&errors, &goal, &grid), DMUMU_REFINE_TOO_MANY);
    goal = GOAL;
    goal.share = 0.999; /* at most twice the values in a round, but for the first cut */
    set(&errors, DMUMU_REFINE_ANYWHERE, 0, 1.0, 50);
    for (size_t cell = 0; cell < 3; cell++)
        set(&errors, DMUMU_AXIS_BETA, cell, 1.0, 100);
    for (size_t cell = 0; cell < 2; cell++)
        set(&errors, DMUMU_AXIS_RIGIDITY, cell, 1.0, 100);
    assert_int_equal(next(&errors, &goal, &grid), DMUMU_REFINE_CUT);
    double values = 1;
    for (int id = 0; id < DMUMU_N_AXES; id++)
        values *= (double)grid.axis[id].n;
    assert_true(values > 36 && values <= 72);
    dmumu_grid_free(&grid);
    dmumu_refine_errors_free(&errors);
}

static void test_cells_too_narrow_to_be_cut_end_it(void **state)
{
    (void)state;
    static const double narrow[] = {1.0, 1.000001};
    struct dmumu_cube_axis axes[DMUMU_N_AXES];
    struct dmumu_refine_errors errors;
    struct dmumu_grid grid = {0};
    enum dmumu_refine_verdict verdict;
    memcpy(axes, AXES, sizeof axes);
    for (int id = DMUMU_AXIS_ALFVEN_MACH; id < DMUMU_AXIS_RIGIDITY; id++)
        axes[id] = (struct dmumu_cube_axis){1, SCALE, true};
    axes[DMUMU_AXIS_RIGIDITY] = (struct dmumu_cube_axis){2, narrow, false};
    assert_int_equal(dmumu_refine_errors_new(axes, 1e-3, &errors, NULL), DMUMU_OK);
    set(&errors, DMUMU_AXIS_RIGIDITY, 0, 0.5, 1);
    set(&errors, DMUMU_REFINE_ANYWHERE, 0, 0.5, 1);
    assert_int_equal(dmumu_refine_next(axes, &errors, &GOAL, &grid, &verdict, NULL), DMUMU_OK);
    assert_int_equal(verdict, DMUMU_REFINE_TOO_NARROW);
    dmumu_refine_errors_free(&errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_are_of_third_order_and_bounded),
        cmocka_unit_test(test_all_look_ups_and_all_cells_must_be_within),
        cmocka_unit_test(test_what_an_axis_does_not_need_is_left_to_the_others),
        cmocka_unit_test(test_old_nodes_stay_and_smooth_cells_are_cut_evenly),
        cmocka_unit_test(test_nodes_go_to_both_sides_of_the_kink_at_mach_one),
        cmocka_unit_test(test_a_bad_sum_of_good_errors_is_met_by_a_lower_target),
        cmocka_unit_test(test_the_worthiest_nodes_come_first_within_the_limit),
        cmocka_unit_test(test_cells_too_narrow_to_be_cut_end_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
