/* Refine: which curves are computed, and how errors are counted. */
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

enum { ANYWHERE = DMUMU_REFINE_MACHS * DMUMU_REFINE_MEDIA };

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
    assert_int_equal(plan.n, 16 + 18 + 24 + ANYWHERE);
    size_t n[DMUMU_N_AXES] = {0};
    for (size_t i = 0; i < plan.n; i++) {
        const struct dmumu_refine_task *task = &plan.task[i];
        n[task->axis]++;
        assert_true(i == 0 || plan.task[i - 1].point.alfven_mach <= task->point.alfven_mach);
        if (task->axis == DMUMU_REFINE_ANYWHERE)
            continue;
        assert_true(is_one_of(task->point.alfven_mach, &AXES[1]) == (task->axis != DMUMU_AXIS_ALFVEN_MACH));
        assert_true(is_one_of(task->point.beta, &AXES[2]) == (task->axis != DMUMU_AXIS_BETA));
        assert_true(task->point.injection_scale_pc == SCALE[0]);
        for (size_t j = 0; j < i; j++) /* none twice */
            assert_true(plan.task[j].axis != task->axis || plan.task[j].point.region != task->point.region ||
                        plan.task[j].point.alfven_mach != task->point.alfven_mach ||
                        plan.task[j].point.beta != task->point.beta);
    }
    assert_int_equal(n[DMUMU_REFINE_ANYWHERE], ANYWHERE);
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
    assert_int_equal(plan.n, 2 * 2 + 3 * 2 + 2 * DMUMU_REFINE_RIGIDITY_MEDIA + ANYWHERE);
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
    assert_int_equal(plan.n, 16 + 18 + 24 + ANYWHERE);
    dmumu_refine_plan_free(&plan);
}

static void test_the_worst_point_counts_and_nan_is_skipped(void **state)
{
    (void)state;
    struct dmumu_refine_errors errors;
    struct dmumu_refine_summary summary;
    assert_int_equal(dmumu_refine_errors_new(AXES, 0.02, &errors, NULL), DMUMU_OK);
    assert_int_equal(errors.axis[DMUMU_REFINE_ANYWHERE].n, 1);
    assert_int_equal(errors.axis[DMUMU_AXIS_INJECTION_SCALE].n, 0);
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
    assert_int_equal(summary.points, 3);
    assert_int_equal(summary.points_over, 1);
    assert_int_equal(errors.axis[DMUMU_AXIS_BETA].skipped, 2);
    assert_true(isnan(errors.axis[DMUMU_AXIS_BETA].worst[2]));
    assert_int_equal(dmumu_refine_summarise(&errors, DMUMU_AXIS_RIGIDITY, &summary, NULL), DMUMU_OK);
    assert_true(isnan(summary.worst) && isnan(summary.median) && summary.n_unknown == 2 && summary.n_over == 0);
    dmumu_refine_errors_free(&errors);
}

static void test_a_look_up_of_what_is_not_there_is_wrong(void **state)
{
    (void)state;
    struct dmumu_refine_errors errors;
    struct dmumu_refine_summary summary;
    assert_int_equal(dmumu_refine_errors_new(AXES, 0.02, &errors, NULL), DMUMU_OK);
    dmumu_refine_errors_add(&errors, DMUMU_REFINE_ANYWHERE, 0, 1e28, (double)NAN);
    dmumu_refine_errors_add(&errors, DMUMU_REFINE_ANYWHERE, 0, (double)NAN, 1e28);
    dmumu_refine_errors_add(&errors, DMUMU_REFINE_ANYWHERE, 0, (double)NAN, (double)NAN);
    dmumu_refine_errors_add(&errors, DMUMU_REFINE_ANYWHERE, 0, 1e28, 1e28);
    assert_int_equal(dmumu_refine_summarise(&errors, DMUMU_REFINE_ANYWHERE, &summary, NULL), DMUMU_OK);
    assert_true(summary.points == 2 && summary.points_over == 1 && isinf(summary.worst));
    assert_int_equal(errors.axis[DMUMU_REFINE_ANYWHERE].skipped, 2);
    dmumu_refine_errors_free(&errors);
}

static void test_look_ups_anywhere_fill_the_axes(void **state)
{
    (void)state;
    struct dmumu_refine_plan plan;
    assert_int_equal(dmumu_refine_plan_new(AXES, 1, &plan, NULL), DMUMU_OK);
    double least = 1e9, largest = 0;
    for (size_t i = 0; i < plan.n; i++) {
        const struct dmumu_refine_task *task = &plan.task[i];
        if (task->axis != DMUMU_REFINE_ANYWHERE)
            continue;
        assert_true(task->point.alfven_mach > MACH[0] && task->point.alfven_mach < MACH[2]);
        assert_true(task->point.beta > BETA[0] && task->point.beta < BETA[3]);
        assert_true(task->point.injection_scale_pc == SCALE[0]);
        least = fmin(least, task->point.beta);
        largest = fmax(largest, task->point.beta);
    }
    assert_true(least < 0.02 && largest > 5.0);
    dmumu_refine_plan_free(&plan);
    double rigidity_gv[DMUMU_REFINE_RIGIDITIES], other_gv[DMUMU_REFINE_RIGIDITIES];
    dmumu_refine_rigidities(&AXES[DMUMU_AXIS_RIGIDITY], 3, rigidity_gv);
    dmumu_refine_rigidities(&AXES[DMUMU_AXIS_RIGIDITY], 4, other_gv);
    for (int i = 0; i < DMUMU_REFINE_RIGIDITIES; i++) {
        const double from = pow(1e4, i / 40.0), to = pow(1e4, (i + 1) / 40.0);
        assert_true(rigidity_gv[i] >= from * (1 - 1e-12) && rigidity_gv[i] < to * (1 + 1e-12));
        assert_true(rigidity_gv[i] != other_gv[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_middle_is_on_the_scale_of_the_axis),
        cmocka_unit_test(test_all_media_of_every_cell),
        cmocka_unit_test(test_a_sample_is_reproducible_and_has_every_region),
        cmocka_unit_test(test_the_worst_point_counts_and_nan_is_skipped),
        cmocka_unit_test(test_a_look_up_of_what_is_not_there_is_wrong),
        cmocka_unit_test(test_look_ups_anywhere_fill_the_axes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
