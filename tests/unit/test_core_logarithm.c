/* Logarithm: dmumu_log against the C library's over its whole range, and what becomes of what lies outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/logarithm.h"

#include <float.h>
#include <math.h>

static void assert_log(double x)
{
    const double expected = log(x);
    if (!(fabs(dmumu_log(x) - expected) <= 4e-16 * fabs(expected))) {
        fail_msg("ln %.17g: %.17g is not %.17g", x, dmumu_log(x), expected);
    }
}

static void test_whole_range(void **state)
{
    (void)state;
    enum { POINTS = 1000003 };
    for (int i = 0; i <= POINTS; i++) {
        assert_log(exp(-708.0 + 1417.0 * i / POINTS));
    }
    assert_log(DBL_MIN);
    assert_log(DBL_MAX);
}

/* Next to odd powers of 2^1/2, where the power of two changes, and to even ones, where m is 1. */
static void test_where_the_power_changes(void **state)
{
    (void)state;
    for (int k = -2044; k <= 2046; k++) {
        const double x = ldexp(k % 2 == 0 ? 1.0 : 1.4142135623730951, (k - (k & 1)) / 2);
        assert_log(x);
        if (x > DBL_MIN) {
            assert_log(nextafter(x, 0.0));
        }
        assert_log(nextafter(x, (double)INFINITY));
    }
}

static void test_near_one(void **state)
{
    (void)state;
    assert_true(dmumu_log(1.0) == 0.0);
    for (double x = 0.25; x > 1e-16; x *= 0.37) {
        assert_log(1.0 + x);
        assert_log(1.0 - x);
    }
}

static void test_too_small(void **state)
{
    (void)state;
    static const double small[] = {0.0, 5e-324, 1e-320, 1e-310, 2.2e-308};
    for (size_t i = 0; i < 5; i++) {
        assert_true(dmumu_log(small[i]) > -709.2 && dmumu_log(small[i]) < -708.3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_range),
        cmocka_unit_test(test_where_the_power_changes),
        cmocka_unit_test(test_near_one),
        cmocka_unit_test(test_too_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
