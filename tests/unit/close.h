/* Close: two doubles that agree to a relative difference, or the test fails with both. After cmocka.h. */
#ifndef TESTS_UNIT_CLOSE_H
#define TESTS_UNIT_CLOSE_H

#include <math.h>

static inline void assert_close(double value, double expected, double relative)
{
    if (!(fabs(value - expected) <= relative * fabs(expected))) {
        fail_msg("%.17g is not %.17g to %g", value, expected, relative);
    }
}

#endif
