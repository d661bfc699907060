/* Refine: which curves are computed, how errors are counted, and where an axis is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scan/refine.h"

#include <math.h>
#include <stdlib.h>

static const double REGION[] = {DMUMU_DISK, DMUMU_HALO}, MACH[] = {0.2, 0.4, 0.9}, BETA[] = {0.01, 0.1, 1.0, 10.0},
                    SCALE[] = {50.0}, RIGIDITY[] = {1.0, 100.0, 1e4};

static const struct dmumu_cube_axis AXES[DMUMU_N_AXES] = {
    {2, REGION, false}, {3, MACH, false}, {4, BETA, true}, {1, SCALE, true}, {3, RIGIDITY, true}};

static bool is_one_of(double value, const struct dmumu_cube_axis *axis)
{
    for (size_t i = 0; i < axis->n; i++)
        if (axis->values[i] == value)
            return true;
    return false;
}

static void test_middle_is_on_the_scale_of_the_axis(void **state)
{
    (void)state;
    assert_true(fabs(dmumu_refine_middle(&AXES[DMUMU_AXIS_ALFVEN_MACH], 1) - 0.65) < 1e-15);
    assert_true(fabs(dmumu_refine_middle(&AXES[DMUMU_AXIS_RIGIDITY], 1) - 1000.0) < 1e-10);
}

static void test_all_media_of_every_cell(void **state)
{
    (void)state;
    struct dmumu_refine_plan plan;
    assert_int_equal(dmumu_refine_plan_new(AXES, 0, &plan, NULL), DMUMU_OK);
    /* 2 cells of M_A x 2 x 4 x 1; 3 of beta x 2 x 3 x 1; none of L; 2 x 3 x 4 x 1 curves for rigidity */
    assert_int_equal(plan.n, 16 + 18 + 24);
    size_t n[DMUMU_N_AXES] = {0};
    for (size_t i = 0; i < plan.n; i++) {
        const struct dmumu_refine_task *task = &plan.task[i];
        n[task->axis]++;
        assert_true(i == 0 || plan.task[i - 1].point.alfven_mach <= task->point.alfven_mach);
        assert_true(is_one_of(task->point.alfven_mach, &AXES[1]) == (task->axis != DMUMU_AXIS_ALFVEN_MACH));
        assert_true(is_one_of(task->point.beta, &AXES[2]) == (task->axis != DMUMU_AXIS_BETA));
        assert_true(task->point.injection_scale_pc == SCALE[0]);
        for (size_t j = 0; j < i; j++) /* none twice */
            assert_true(plan.task[j].axis != task->axis || plan.task[j].point.region != task->point.region ||
                        plan.task[j].point.alfven_mach != task->point.alfven_mach ||
                        plan.task[j].point.beta != task->point.beta);
    }
    assert_int_equal(n[DMUMU_AXIS_ALFVEN_MACH], 16);
    assert_int_equal(n[DMUMU_AXIS_BETA], 18);
    assert_int_equal(n[DMUMU_AXIS_RIGIDITY], 24);
    dmumu_refine_plan_free(&plan);
}

static void test_a_sample_is_reproducible_and_has_every_region(void **state)
{
    (void)state;
    struct dmumu_refine_plan plan, again;
    assert_int_equal(dmumu_refine_plan_new(AXES, 2, &plan, NULL), DMUMU_OK);
    assert_int_equal(dmumu_refine_plan_new(AXES, 2, &again, NULL), DMUMU_OK);
    assert_int_equal(plan.n, 2 * 2 + 3 * 2 + 2);
    assert_int_equal(again.n, plan.n);
    size_t halo = 0;
    for (size_t i = 0; i < plan.n; i++) {
        assert_true(plan.task[i].axis == again.task[i].axis && plan.task[i].cell == again.task[i].cell);
        assert_true(plan.task[i].point.beta == again.task[i].point.beta);
        assert_true(plan.task[i].point.alfven_mach == again.task[i].point.alfven_mach);
        halo += plan.task[i].point.region == DMUMU_HALO;
    }
    assert_int_equal(halo, plan.n / 2);
    dmumu_refine_plan_free(&plan);
    dmumu_refine_plan_free(&again);
    assert_int_equal(dmumu_refine_plan_new(AXES, 1000, &plan, NULL), DMUMU_OK);
    assert_int_equal(plan.n, 16 + 18 + 24);
    dmumu_refine_plan_free(&plan);
}

static void test_the_worst_point_counts_and_nan_is_skipped(void **state)
{
    (void)state;
    struct dmumu_refine_errors errors;
    struct dmumu_refine_summary summary;
    assert_int_equal(dmumu_refine_errors_new(AXES, 0.02, &errors, NULL), DMUMU_OK);
    assert_int_equal(errors.n_cells[DMUMU_AXIS_REGION], 0);
    assert_int_equal(errors.n_cells[DMUMU_AXIS_INJECTION_SCALE], 0);
    dmumu_refine_errors_add(&errors, DMUMU_AXIS_BETA, 0, 1e28 * exp(0.01), 1e28);
    dmumu_refine_errors_add(&errors, DMUMU_AXIS_BETA, 0, 1e28 * exp(-0.03), 1e28);
    dmumu_refine_errors_add(&errors, DMUMU_AXIS_BETA, 0, 1e28, (double)NAN);
    dmumu_refine_errors_add(&errors, DMUMU_AXIS_BETA, 2, (double)NAN, 1e28);
    dmumu_refine_errors_add(&errors, DMUMU_AXIS_BETA, 1, 1e28 * exp(0.001), 1e28);
    assert_int_equal(dmumu_refine_summarise(&errors, DMUMU_AXIS_BETA, &summary, NULL), DMUMU_OK);
    assert_true(fabs(summary.worst - 0.03) < 1e-12 && summary.worst_cell == 0);
    assert_true(fabs(summary.median - 0.0155) < 1e-12);
    assert_int_equal(summary.n_over, 1);
    assert_int_equal(summary.n_unknown, 1);
    assert_int_equal(errors.n_points[DMUMU_AXIS_BETA], 3);
    assert_int_equal(errors.n_over[DMUMU_AXIS_BETA], 1);
    assert_int_equal(errors.n_skipped[DMUMU_AXIS_BETA], 2);
    assert_true(isnan(errors.worst[DMUMU_AXIS_BETA][2]));
    assert_int_equal(dmumu_refine_summarise(&errors, DMUMU_AXIS_RIGIDITY, &summary, NULL), DMUMU_OK);
    assert_true(isnan(summary.worst) && isnan(summary.median) && summary.n_unknown == 2 && summary.n_over == 0);
    dmumu_refine_errors_free(&errors);
}

static void test_parts_are_of_third_order_and_bounded(void **state)
{
    (void)state;
    assert_int_equal(dmumu_refine_parts(1e-3, 1e-3), 1);
    assert_int_equal(dmumu_refine_parts((double)NAN, 1e-3), 1);
    assert_int_equal(dmumu_refine_parts(1.1e-3, 1e-3), 2);
    assert_int_equal(dmumu_refine_parts(7.9e-3, 1e-3), 2);
    assert_int_equal(dmumu_refine_parts(26e-3, 1e-3), 3);
    assert_int_equal(dmumu_refine_parts(30e-3, 1e-3), 4);
    assert_int_equal(dmumu_refine_parts((double)INFINITY, 1e-3), DMUMU_REFINE_MOST_PARTS);
}

static void test_old_nodes_stay_to_the_bit(void **state)
{
    (void)state;
    const double errors[] = {1e-4, 20e-3, (double)NAN};
    struct dmumu_axis finer;
    assert_int_equal(dmumu_refine_axis(&AXES[DMUMU_AXIS_BETA], errors, 1e-3, &finer, NULL), DMUMU_OK);
    assert_int_equal(finer.n, 4 + 2);
    assert_true(finer.log_spaced);
    const size_t old[] = {0, 1, 4, 5};
    for (size_t i = 0; i < 4; i++)
        assert_memory_equal(&finer.values[old[i]], &BETA[i], sizeof *BETA);
    assert_true(fabs(finer.values[2] / pow(10.0, -2.0 / 3) - 1) < 1e-14);
    assert_true(fabs(finer.values[3] / pow(10.0, -1.0 / 3) - 1) < 1e-14);
    free(finer.values);
}

static void test_an_axis_of_one_value_and_a_cell_too_narrow_stay(void **state)
{
    (void)state;
    struct dmumu_axis finer;
    assert_int_equal(dmumu_refine_axis(&AXES[DMUMU_AXIS_INJECTION_SCALE], NULL, 1e-3, &finer, NULL), DMUMU_OK);
    assert_true(finer.n == 1 && finer.values[0] == SCALE[0]);
    free(finer.values);
    const double values[] = {1.0, 1.000001, 1.1}, errors[] = {0.5, 0.005};
    const struct dmumu_cube_axis axis = {3, values, false};
    assert_int_equal(dmumu_refine_axis(&axis, errors, 1e-3, &finer, NULL), DMUMU_OK);
    assert_int_equal(finer.n, 4);
    assert_true(finer.values[1] == values[1] && finer.values[3] == values[2]);
    free(finer.values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_middle_is_on_the_scale_of_the_axis),
        cmocka_unit_test(test_all_media_of_every_cell),
        cmocka_unit_test(test_a_sample_is_reproducible_and_has_every_region),
        cmocka_unit_test(test_the_worst_point_counts_and_nan_is_skipped),
        cmocka_unit_test(test_parts_are_of_third_order_and_bounded),
        cmocka_unit_test(test_old_nodes_stay_to_the_bit),
        cmocka_unit_test(test_an_axis_of_one_value_and_a_cell_too_narrow_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
