/* Bessel functions: squares, phase means and faded tables, against GSL's own Bessel functions and running averages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/bessel.h"
#include "core/constants.h"

#include <gsl/gsl_sf_bessel.h>
#include <math.h>

enum { MAX_ORDER = 8 };

/* J_n' = (J_{n-1} - J_{n+1})/2: another recurrence than the one in use. */
static double gsl_prime_square(int n, double w)
{
    const double derivative =
        n == 0 ? -gsl_sf_bessel_J1(w) : 0.5 * (gsl_sf_bessel_Jn(n - 1, w) - gsl_sf_bessel_Jn(n + 1, w));
    return derivative * derivative;
}

/* n J_n/w = (J_{n-1} + J_{n+1})/2: nothing to divide by. */
static double gsl_over_w_square(int n, double w)
{
    const double ratio = 0.5 * (gsl_sf_bessel_Jn(n - 1, w) + gsl_sf_bessel_Jn(n + 1, w));
    return ratio * ratio;
}

static double exact(enum dmumu_bessel_kind kind, int n, double w)
{
    return kind == DMUMU_BESSEL_PRIME_SQUARE ? gsl_prime_square(n, w) : gsl_over_w_square(n, w);
}

static double ours(enum dmumu_bessel_kind kind, int n, double w)
{
    return kind == DMUMU_BESSEL_PRIME_SQUARE ? dmumu_bessel_prime_square(n, w) : dmumu_bessel_over_w_square(n, w);
}

static double mean(enum dmumu_bessel_kind kind, int n, double w)
{
    return kind == DMUMU_BESSEL_PRIME_SQUARE ? dmumu_bessel_prime_square_mean(n, w)
                                             : dmumu_bessel_over_w_square_mean(n, w);
}

static int least_order(enum dmumu_bessel_kind kind)
{
    return kind == DMUMU_BESSEL_PRIME_SQUARE ? 0 : 1;
}

static void assert_near(double value, double expected, double absolute, const char *what, int n, double w)
{
    if (!(fabs(value - expected) <= absolute)) {
        fail_msg("%s, n = %d, w = %.6g: %.17g is not %.17g to %g", what, n, w, value, expected, absolute);
    }
}

static void test_squares_against_gsl(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        for (int n = least_order((enum dmumu_bessel_kind)kind); n <= MAX_ORDER; n++) {
            for (double w = 0.01; w < 3000.0; w *= 1.013) {
                const double envelope = fmin(0.25, 1.0 / w);
                assert_near(ours((enum dmumu_bessel_kind)kind, n, w), exact((enum dmumu_bessel_kind)kind, n, w),
                            2e-11 * envelope, kind ? "(n J/w)^2" : "J'^2", n, w);
            }
        }
    }
}

/* The leading power of w: [w/2]^2 for J_0', [(w/2)^(n-1) / (2 (n-1)!)]^2 for both others. */
static void test_small_arguments(void **state)
{
    (void)state;
    for (double w = 1e-3; w > 1e-9; w *= 0.09) {
        assert_near(dmumu_bessel_prime_square(0, w), 0.25 * w * w, 1e-6 * w * w, "J_0'^2", 0, w);
        double leading = 0.5; /* of J_n' and n J_n/w */
        for (int n = 1; n <= 4; n++) {
            const double square = leading * leading;
            assert_near(dmumu_bessel_prime_square(n, w), square, 1e-6 * square + 1e-300, "J'^2", n, w);
            assert_near(dmumu_bessel_over_w_square(n, w), square, 1e-6 * square + (w < 1e-8 ? square : 0.0),
                        "(n J/w)^2", n, w);
            leading *= w / (2.0 * n);
        }
    }
}

static void test_at_zero(void **state)
{
    (void)state;
    assert_true(dmumu_bessel_prime_square(0, 0.0) == 0.0);
    assert_true(dmumu_bessel_prime_square(1, 0.0) == 0.25);
    assert_true(dmumu_bessel_over_w_square(1, 0.0) == 0.25);
    for (int n = 2; n <= MAX_ORDER; n++) {
        assert_true(dmumu_bessel_prime_square(n, 0.0) == 0.0);
        assert_true(dmumu_bessel_over_w_square(n, 0.0) == 0.0);
    }
}

/*
 * The mean against the running average of the exact square over 16 half periods with a smooth window (cos^8), which
 * takes out the oscillation cos(2w + ...) and leaves the mean. The mean is a power of w: its own curvature over the
 * window is put in by averaging it alike.
 */
static void test_means_against_running_averages(void **state)
{
    (void)state;
    enum { HALF_PERIODS = 16, POINTS = 4000 };
    const double half_width = 0.5 * HALF_PERIODS * DMUMU_PI;
    for (int kind = 0; kind < 2; kind++) {
        for (int n = least_order((enum dmumu_bessel_kind)kind); n <= 3; n++) {
            for (double w = 100.0; w < 2000.0; w *= 1.9) {
                double sum = 0.0;
                double sum_of_mean = 0.0;
                for (int i = 0; i < POINTS; i++) {
                    const double x = -1.0 + (2.0 * i + 1.0) / POINTS;
                    const double window = pow(cos(0.5 * DMUMU_PI * x), 8.0);
                    sum += window * exact((enum dmumu_bessel_kind)kind, n, w + half_width * x);
                    sum_of_mean += window * mean((enum dmumu_bessel_kind)kind, n, w + half_width * x);
                }
                assert_near(sum_of_mean / sum, 1.0, 1e-8, kind ? "mean of (n J/w)^2" : "mean of J'^2", n, w);
            }
        }
    }
}

/*
 * (J^2 + Y^2)/2 is the mean's definition: Hankel's moduli. The series in use differ from them by the first term left
 * out, 5/16 (m-1)(m-9)(m-25) z^3 and about 1/16 (m-1)(m-9)(m-185) z^3, z = 1/(2w)^2.
 */
static void test_means_are_the_moduli(void **state)
{
    (void)state;
    for (int n = 0; n <= 3; n++) {
        const double m = 4.0 * n * n;
        for (double w = 30.0; w < 2000.0; w *= 1.3) {
            const double z3 = pow(2.0 * w, -6.0);
            const double y_prime =
                n == 0 ? -gsl_sf_bessel_Y1(w) : 0.5 * (gsl_sf_bessel_Yn(n - 1, w) - gsl_sf_bessel_Yn(n + 1, w));
            const double prime = 0.5 * (gsl_prime_square(n, w) + y_prime * y_prime);
            assert_near(dmumu_bessel_prime_square_mean(n, w) / prime, 1.0,
                        1e-11 + (m + 1.0) * (m + 9.0) * (m + 185.0) / 16.0 * z3, "modulus of J'", n, w);
            if (n > 0) {
                const double j = gsl_sf_bessel_Jn(n, w);
                const double y = gsl_sf_bessel_Yn(n, w);
                const double over = 0.5 * n * n * (j * j + y * y) / (w * w);
                assert_near(dmumu_bessel_over_w_square_mean(n, w) / over, 1.0,
                            1e-11 + 5.0 / 16.0 * (m + 1.0) * (m + 9.0) * (m + 25.0) * z3, "modulus of n J/w", n, w);
            }
        }
    }
}

static void test_faded_is_exact_then_mean(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        const enum dmumu_bessel_kind k = (enum dmumu_bessel_kind)kind;
        for (double w = 0.5; w < 200.0; w += 0.37) {
            const double value = dmumu_bessel_faded(k, 1, 40.0, 80.0, w);
            if (w <= 40.0) {
                assert_true(value == ours(k, 1, w));
            } else if (w >= 80.0) {
                assert_true(value == mean(k, 1, w));
            } else {
                const double low = fmin(ours(k, 1, w), mean(k, 1, w));
                const double high = fmax(ours(k, 1, w), mean(k, 1, w));
                assert_true(value >= low * (1.0 - 1e-14) && value <= high * (1.0 + 1e-14));
            }
        }
        /* half way, half of each */
        assert_near(dmumu_bessel_faded(k, 1, 40.0, 80.0, 60.0), 0.5 * (ours(k, 1, 60.0) + mean(k, 1, 60.0)), 1e-16,
                    "half faded", 1, 60.0);
    }
}

/* Fading changes an integral over a smooth function by nothing that counts. */
static void test_fading_keeps_smooth_integrals(void **state)
{
    (void)state;
    enum { POINTS = 400000 };
    const double last = 2000.0;
    double faded = 0.0;
    double full = 0.0;
    for (int i = 0; i < POINTS; i++) {
        const double w = last * (i + 0.5) / POINTS;
        const double weight = exp(-w * w / (300.0 * 300.0)) * sqrt(w);
        faded += weight * dmumu_bessel_faded(DMUMU_BESSEL_PRIME_SQUARE, 1, 60.0, 120.0, w);
        full += weight * dmumu_bessel_prime_square(1, w);
    }
    assert_near(faded / full, 1.0, 1e-8, "faded integral", 1, 60.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_squares_against_gsl),
        cmocka_unit_test(test_small_arguments),
        cmocka_unit_test(test_at_zero),
        cmocka_unit_test(test_means_against_running_averages),
        cmocka_unit_test(test_means_are_the_moduli),
        cmocka_unit_test(test_faded_is_exact_then_mean),
        cmocka_unit_test(test_fading_keeps_smooth_integrals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
