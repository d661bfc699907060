/* Exponential: dmumu_exp against the C library's over its whole range, and clamped outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/exponential.h"

#include <math.h>

static void assert_exp(double x)
{
    const double expected = exp(x);
    if (!(fabs(dmumu_exp(x) - expected) <= 4e-16 * expected)) {
        fail_msg("exp(%.17g): %.17g is not %.17g", x, dmumu_exp(x), expected);
    }
}

static void test_whole_range(void **state)
{
    (void)state;
    enum { POINTS = 1000003 };
    for (int i = 0; i <= POINTS; i++) {
        assert_exp(-708.0 + 1416.0 * i / POINTS);
    }
}

/* Next to multiples of ln(2)/2, where the power of two changes. */
static void test_where_the_power_changes(void **state)
{
    (void)state;
    for (int k = -2042; k <= 2042; k++) {
        const double x = 0.5 * k * 0.69314718055994530942;
        assert_exp(x);
        assert_exp(nextafter(x, -1000.0));
        assert_exp(nextafter(x, 1000.0));
    }
}

static void test_near_zero(void **state)
{
    (void)state;
    assert_true(dmumu_exp(0.0) == 1.0);
    assert_true(dmumu_exp(-0.0) == 1.0);
    for (double x = 1.0; x > 1e-300; x *= 0.37) {
        assert_exp(x);
        assert_exp(-x);
    }
}

static void test_clamped(void **state)
{
    (void)state;
    assert_exp(-708.0);
    assert_exp(708.0);
    static const double beyond[] = {708.0000001, 709.7, 1e4, 1e300, (double)INFINITY};
    for (size_t i = 0; i < 5; i++) {
        assert_true(dmumu_exp(beyond[i]) == dmumu_exp(708.0));
        assert_true(dmumu_exp(-beyond[i]) == dmumu_exp(-708.0));
    }
    assert_true(isnan(dmumu_exp((double)NAN)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_range),
        cmocka_unit_test(test_where_the_power_changes),
        cmocka_unit_test(test_near_zero),
        cmocka_unit_test(test_clamped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
