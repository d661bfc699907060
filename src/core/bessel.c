/* Bessel functions: libm's j0, j1, jn (POSIX), and A&S's asymptotic moduli. */
#define _XOPEN_SOURCE 700 /* j0, j1, jn */

#include "core/bessel.h"

#include "core/constants.h"

#include <math.h>

static double bessel_j(int n, double w)
{
    if (n == 0) {
        return j0(w);
    }
    return n == 1 ? j1(w) : jn(n, w);
}

double dmumu_bessel_prime_square(int n, double w)
{
    if (n == 1 && w < 1e-4) {
        return 0.25; /* J_1' = 1/2 - 3 w^2/16 */
    }
    const double derivative = n == 0 ? -j1(w) : bessel_j(n - 1, w) - (w > 0.0 ? n * bessel_j(n, w) / w : 0.0);
    return derivative * derivative;
}

double dmumu_bessel_over_w_square(int n, double w)
{
    if (w < 1e-8) {
        return n == 1 ? 0.25 : 0.0;
    }
    const double ratio = n * bessel_j(n, w) / w;
    return ratio * ratio;
}

double dmumu_bessel_prime_square_mean(int n, double w)
{
    const double m = 4.0 * n * n;
    const double z = 1.0 / (4.0 * w * w);
    return (1.0 - 0.5 * (m - 3.0) * z - 0.125 * (m - 1.0) * (m - 45.0) * z * z) / (DMUMU_PI * w);
}

double dmumu_bessel_over_w_square_mean(int n, double w)
{
    const double m = 4.0 * n * n;
    const double z = 1.0 / (4.0 * w * w);
    const double square = (1.0 + 0.5 * (m - 1.0) * z + 0.375 * (m - 1.0) * (m - 9.0) * z * z) / (DMUMU_PI * w);
    return n * n * square / (w * w);
}

static double exact(enum dmumu_bessel_kind kind, int n, double w)
{
    return kind == DMUMU_BESSEL_PRIME_SQUARE ? dmumu_bessel_prime_square(n, w) : dmumu_bessel_over_w_square(n, w);
}

static double mean(enum dmumu_bessel_kind kind, int n, double w)
{
    return kind == DMUMU_BESSEL_PRIME_SQUARE ? dmumu_bessel_prime_square_mean(n, w)
                                             : dmumu_bessel_over_w_square_mean(n, w);
}

/* Three times differentiable from 0 to 1. */
static double smooth_step(double x)
{
    return x * x * x * x * (35.0 + x * (-84.0 + x * (70.0 - 20.0 * x)));
}

double dmumu_bessel_fade(double fade_from, double fade_to, double w)
{
    return smooth_step(fmin(fmax((w - fade_from) / (fade_to - fade_from), 0.0), 1.0));
}

double dmumu_bessel_faded(enum dmumu_bessel_kind kind, int n, double fade_from, double fade_to, double w)
{
    if (w <= fade_from) {
        return exact(kind, n, w);
    }
    if (w >= fade_to) {
        return mean(kind, n, w);
    }
    const double step = dmumu_bessel_fade(fade_from, fade_to, w);
    return (1.0 - step) * exact(kind, n, w) + step * mean(kind, n, w);
}
