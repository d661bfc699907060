/* What is learned of costs: means, tables told from the curves that filled them, a first guess that gives way. */
#include "scan/costs.h"

#include "grids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_near(double value, double expected)
{
    assert_true(value > 0.99 * expected && value < 1.01 * expected);
}

static void a_first_guess_is_there(void **state)
{
    (void)state;
    const struct dmumu_cost_tally nothing = {.openings = 0};
    const struct dmumu_costs costs = dmumu_costs_of(&nothing);
    assert_true(costs.tables > 0.0 && costs.first > 0.0 && costs.later > 0.0);
}

static void means_are_learned(void **state)
{
    (void)state;
    struct dmumu_cost_tally tally = {.openings = 0};
    for (int i = 0; i < 10000; ++i) {
        dmumu_costs_add(&tally, DMUMU_COST_FIRST, false, i % 2 ? 0.03 : 0.01);
        dmumu_costs_add(&tally, DMUMU_COST_LATER, false, 0.002);
        ++tally.openings;
        dmumu_costs_add(&tally, DMUMU_COST_FIRST, true, 0.45);
        dmumu_costs_add(&tally, DMUMU_COST_LATER, true, 0.072);
    }
    const struct dmumu_costs costs = dmumu_costs_of(&tally);
    assert_near(costs.first, 0.02);
    assert_near(costs.later, 0.002);
    assert_near(costs.tables, 0.5); /* 0.522 less the two curves themselves */
}

static void costs_are_never_nothing(void **state)
{
    (void)state;
    struct dmumu_cost_tally tally = {.openings = 1000000};
    for (int i = 0; i < 1000; ++i) {
        dmumu_costs_add(&tally, DMUMU_COST_FIRST, false, 0.0);
        dmumu_costs_add(&tally, DMUMU_COST_LATER, false, 0.0);
    }
    const struct dmumu_costs costs = dmumu_costs_of(&tally);
    assert_true(costs.tables > 0.0 && costs.first > 0.0 && costs.later > 0.0);
}

static void news_add_up(void **state)
{
    (void)state;
    struct dmumu_cost_tally a = {.openings = 3}, b = {.openings = 4}, sum = {.openings = 0};
    dmumu_costs_add(&a, DMUMU_COST_FIRST, false, 1.0);
    dmumu_costs_add(&a, DMUMU_COST_LATER, true, 2.0);
    dmumu_costs_add(&b, DMUMU_COST_LATER, false, 4.0);
    dmumu_costs_merge(&sum, &a, 1);
    dmumu_costs_merge(&sum, &b, 1);
    assert_int_equal(sum.openings, 7);
    assert_int_equal(sum.curves[DMUMU_COST_FIRST], 1);
    assert_int_equal(sum.curves[DMUMU_COST_LATER], 1);
    assert_int_equal(sum.opening_curves[DMUMU_COST_LATER], 1);
    assert_true(sum.opening_seconds == 2.0 && sum.seconds[DMUMU_COST_LATER] == 4.0);
    dmumu_costs_merge(&sum, &b, -1);
    assert_int_equal(sum.openings, 3);
    assert_int_equal(sum.curves[DMUMU_COST_LATER], 0);
    assert_true(sum.seconds[DMUMU_COST_LATER] == 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_guess_is_there),
        cmocka_unit_test(means_are_learned),
        cmocka_unit_test(costs_are_never_nothing),
        cmocka_unit_test(news_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
