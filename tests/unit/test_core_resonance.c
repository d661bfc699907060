/* Resonance: widths and exponentials by hand, R_n normalised like pi delta, moments of the widened resonance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/constants.h"
#include "core/resonance.h"

#include <math.h>

static void assert_close(double value, double expected, double relative)
{
    if (!(fabs(value - expected) <= relative * fabs(expected))) {
        fail_msg("%.17g is not %.17g to %g", value, expected, relative);
    }
}

static void test_width(void **state)
{
    (void)state;
    struct dmumu_state of = {.alfven_mach = 0.5, .kappa = 1.0};
    assert_close(dmumu_resonance_width(&of, 0.32), 0.4, 1e-15); /* (0.5 x 0.32)^1/2 */
    of.kappa = 2.0;
    assert_close(dmumu_resonance_width(&of, 0.25), 0.5, 1e-15);
    of.kappa = 0.0;
    assert_true(dmumu_resonance_width(&of, 0.25) == 0.0);
    assert_true(dmumu_resonance_width(&of, 0.0) == 0.0);
}

static void test_exponentials(void **state)
{
    (void)state;
    assert_true(dmumu_resonance_transit(0.3, 0.3, 0.1) == 1.0);
    assert_close(dmumu_resonance_transit(0.5, 0.3, 0.1), exp(-4.0), 1e-13);
    assert_close(dmumu_resonance_transit(0.1, 0.3, 0.1), exp(-4.0), 1e-13);
    /* n and -n: at mu = 0 the same, elsewhere (mu + nu)^2 and (mu - nu)^2 */
    assert_close(dmumu_resonance_gyro(0.0, 0.2, 0.1), 2.0 * exp(-4.0), 1e-13);
    assert_close(dmumu_resonance_gyro(0.1, 0.2, 0.2), exp(-2.25) + exp(-0.25), 1e-13);
    assert_close(dmumu_resonance_gyro(0.9, 0.9, 0.1), 1.0, 1e-15);
    assert_true(exp(-DMUMU_RESONANCE_REACH * DMUMU_RESONANCE_REACH) < 3e-14);
}

/* R_n |x_par| = sqrt(pi)/Delta E, over all nu of both signs: pi, as of pi delta(mu + nu). */
static void test_normalised_like_pi_delta(void **state)
{
    (void)state;
    enum { POINTS = 20000 };
    static const double widths[] = {0.02, 0.3, 1.2};
    for (size_t k = 0; k < 3; k++) {
        const double mu = 0.4;
        const double last = mu + 8.0 * widths[k];
        double gyro = 0.0;
        double transit = 0.0;
        for (int i = 0; i < POINTS; i++) {
            const double nu = last * (i + 0.5) / POINTS;
            gyro += dmumu_resonance_gyro(mu, nu, widths[k]) * last / POINTS; /* nu and -nu at once */
            transit += (dmumu_resonance_transit(mu, nu, widths[k]) + dmumu_resonance_transit(mu, -nu, widths[k])) *
                       last / POINTS;
        }
        assert_close(DMUMU_SQRT_PI / widths[k] * gyro, DMUMU_PI, 1e-6);
        assert_close(DMUMU_SQRT_PI / widths[k] * transit, DMUMU_PI, 1e-6);
    }
}

/* ---- the widened resonance --------------------------------------------------------------------------------------- */

/* int d shift value (shift - mu)^power by the trapezoidal rule, exact for what ends like a Gaussian. */
static double moment(const struct dmumu_resonance_shape *shape, int power)
{
    enum { POINTS = 400 };
    const double step = 20.0 * shape->width / POINTS;
    double sum = 0.0;
    for (int i = 0; i <= POINTS; i++) {
        const double distance = step * i - 10.0 * shape->width;
        sum += step * dmumu_resonance_shape_value(shape, shape->mu + distance) * pow(distance, power);
    }
    return sum;
}

/* Moments of exp(-(mu - shift)^2/Delta^2) up to the seventh; the eighth differs by 8! c^4 D^8/6144 of the area. */
static void test_widened_keeps_moments(void **state)
{
    (void)state;
    static const double widths[] = {1e-4, 0.005, 0.03, 0.0799};
    const double mu = 0.4;
    for (size_t k = 0; k < 4; k++) {
        const double width = widths[k];
        const struct dmumu_resonance_shape shape = dmumu_resonance_shape_of(mu, width, 0.2);
        const double area = DMUMU_SQRT_PI * width;
        const double unit = shape.width * shape.width; /* what rounding is relative to */
        const double squares = width * width;
        const double c = 1.0 - squares / unit;
        assert_close(shape.width, 0.08, 1e-15);
        assert_close(moment(&shape, 0), area, 1e-11);
        assert_true(fabs(moment(&shape, 2) - 0.5 * squares * area) < 1e-11 * unit * area);
        assert_true(fabs(moment(&shape, 4) - 0.75 * pow(squares, 2.0) * area) < 1e-11 * pow(unit, 2.0) * area);
        assert_true(fabs(moment(&shape, 6) - 1.875 * pow(squares, 3.0) * area) < 1e-10 * pow(unit, 3.0) * area);
        const double eighth = 6.5625 * pow(squares, 4.0) - 40320.0 / 6144.0 * pow(c * unit, 4.0);
        assert_true(fabs(moment(&shape, 8) - eighth * area) < 1e-9 * pow(unit, 4.0) * area);
        assert_true(fabs(moment(&shape, 1)) < 1e-15 && fabs(moment(&shape, 3)) < 1e-15);
    }
}

static void test_wide_enough_is_gaussian(void **state)
{
    (void)state;
    static const double mus[] = {0.0, 0.05, 0.4, 0.9999};
    for (size_t k = 0; k < 4; k++) {
        const double width = 0.2;
        const struct dmumu_resonance_shape shape = dmumu_resonance_shape_of(mus[k], width, 0.2);
        assert_true(shape.mu == mus[k] && shape.width == width && shape.ratio == 1.0);
        for (double shift = -1.5; shift < 1.5; shift += 0.0917) {
            assert_close(dmumu_resonance_shape_value(&shape, shift), dmumu_resonance_transit(mus[k], shift, width),
                         1e-14);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_exponentials),
        cmocka_unit_test(test_normalised_like_pi_delta),
        cmocka_unit_test(test_widened_keeps_moments),
        cmocka_unit_test(test_wide_enough_is_gaussian),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
