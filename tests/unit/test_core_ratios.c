/* Lists of R by number: the same list has the same one, and beyond the room there is none. */
#include "core/alone.h"
#include "core/ratios.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void test_numbers(void **state)
{
    (void)state;
    struct dmumu_ratios ratios;
    dmumu_ratios_init(&ratios);
    const double list[3] = {1e-6, 1e-3, 1.0};
    const double same[3] = {1e-6, 1e-3, 1.0};
    const double other[3] = {1e-6, 1e-3, 0.5}; /* the same at first */
    assert_int_equal(dmumu_ratios_number(&ratios, 3, list), 0);
    assert_int_equal(dmumu_ratios_number(&ratios, 2, list), 1);
    assert_int_equal(dmumu_ratios_number(&ratios, 3, other), 2);
    assert_int_equal(dmumu_ratios_number(&ratios, 3, same), 0);
    dmumu_ratios_free(&ratios);
}

static void test_no_room(void **state)
{
    (void)state;
    struct dmumu_ratios ratios;
    dmumu_ratios_init(&ratios);
    for (int i = 0; i < DMUMU_MOST_RATIOS; i++) {
        const double ratio = 1.0 / (1.0 + i);
        assert_int_equal(dmumu_ratios_number(&ratios, 1, &ratio), i);
    }
    const double new = 2.0;
    const double known = 0.5;
    assert_int_equal(dmumu_ratios_number(&ratios, 1, &new), DMUMU_NO_RATIOS);
    assert_int_equal(dmumu_ratios_number(&ratios, 1, &known), 1);
    dmumu_ratios_free(&ratios);
}

/* What is kept by number: for one zone, the first of two, and never without a number. */
static void test_alone(void **state)
{
    (void)state;
    struct dmumu_alone alone;
    dmumu_alone_init(&alone);
    const double value[2] = {3.0, 4.0};
    const double late[2] = {5.0, 6.0};
    dmumu_alone_keep(&alone, 7, 0.1, 2, value);
    dmumu_alone_keep(&alone, 7, 0.1, 2, late);
    dmumu_alone_keep(&alone, DMUMU_NO_RATIOS, 0.1, 2, late);
    const double *found = dmumu_alone_find(&alone, 7, 0.1);
    assert_non_null(found);
    assert_true(found != value && found[0] == 3.0 && found[1] == 4.0);
    assert_null(dmumu_alone_find(&alone, 7, 0.2));
    assert_null(dmumu_alone_find(&alone, 8, 0.1));
    assert_null(dmumu_alone_find(&alone, DMUMU_NO_RATIOS, 0.1));
    dmumu_alone_free(&alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
