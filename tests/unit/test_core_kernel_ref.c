/*
 * The reference kernel, the oracle of the other tests, against the formulas of physics.md written down once more and
 * integrated by GSL's adaptive rules with libm's Bessel functions: no panels, no tables, nothing faded out. And its parts:
 * Bessel functions, panels, adaptive quadrature.
 */
#define _XOPEN_SOURCE 700 /* j0, j1 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/constants.h"
#include "core/kernel_ref.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_integration.h>
#include <math.h>

enum { N = DMUMU_PANEL_N, WORK = 2000 };

static void assert_close(double value, double expected, double relative)
{
    if (!(fabs(value / expected - 1.0) <= relative)) {
        fail_msg("%.17g is not %.17g to %g", value, expected, relative);
    }
}

/* ---- parts ------------------------------------------------------------------------------------------------------ */

static void equal_steps(double low, double high, double w[static N])
{
    for (int i = 0; i < N; i++) {
        w[i] = low + (high - low) * (i + 0.5) / N;
    }
}

static void check_squares(const struct dmumu_bessel_ref *bessel, int n, double low, double high)
{
    const struct dmumu_bessel_fade fade = {100.0, (double)INFINITY};
    double w[N];
    double prime[N];
    double over_w[N];
    equal_steps(low, high, w);
    dmumu_bessel_ref_squares(bessel, DMUMU_BESSEL_PRIME_SQUARE, n, fade, N, w, prime);
    if (n > 0) {
        dmumu_bessel_ref_squares(bessel, DMUMU_BESSEL_OVER_W_SQUARE, n, fade, N, w, over_w);
    }
    for (int i = 0; i < N; i++) {
        const bool mean = w[i] >= 160.0;
        const double least = w[i] < n ? 0.0 : 1e-13 * 0.3 / w[i]; /* next to the zeros of J' */
        const double expected = mean ? dmumu_bessel_prime_square_mean(n, w[i]) : dmumu_bessel_prime_square(n, w[i]);
        assert_true(fabs(prime[i] - expected) <= 3e-13 * expected + 10.0 * least);
        if (n > 0) {
            const double other = mean ? dmumu_bessel_over_w_square_mean(n, w[i]) : dmumu_bessel_over_w_square(n, w[i]);
            assert_true(fabs(over_w[i] - other) <= 3e-13 * other + 10.0 * least);
        }
    }
}

static void test_bessel_squares(void **state)
{
    (void)state;
    struct dmumu_bessel_ref bessel;
    assert_true(dmumu_bessel_ref_init(&bessel, 5));
    for (int n = 0; n <= 5; n++) {
        check_squares(&bessel, n, 1e-3, 0.2);
        check_squares(&bessel, n, 0.0, 5.0);
        check_squares(&bessel, n, 5.0, 100.0);
        check_squares(&bessel, n, 160.0, 1e4);
    }
    dmumu_bessel_ref_free(&bessel);
}

/* int J_1'^2 w^-3/2 dw from w = 5 to infinity and to a sharp end, faded and not: the fade leaves out nothing. */
static double faded_integral(const struct dmumu_bessel_ref *bessel, struct dmumu_bessel_fade fade, double low,
                             double high)
{
    double sum = 0.0;
    for (double from = low; from < high; from += 4.0) {
        const double to = fmin(from + 4.0, high);
        double w[N];
        double value[N];
        dmumu_quadrature_panel_points(N, from, to, w);
        dmumu_bessel_ref_squares(bessel, DMUMU_BESSEL_PRIME_SQUARE, 1, fade, N, w, value);
        for (int i = 0; i < N; i++) {
            value[i] /= w[i] * sqrt(w[i]);
        }
        sum += dmumu_quadrature_panel_sum(N, from, to, value);
    }
    return sum;
}

static void test_fade_leaves_nothing_out(void **state)
{
    (void)state;
    const double end = 1000.3;
    const struct dmumu_bessel_fade never = {(double)INFINITY, (double)INFINITY};
    const struct dmumu_bessel_fade between = {30.0, end};
    struct dmumu_bessel_ref bessel;
    assert_true(dmumu_bessel_ref_init(&bessel, 1));
    assert_close(faded_integral(&bessel, between, 5.0, end), faded_integral(&bessel, never, 5.0, end), 1e-11);
    dmumu_bessel_ref_free(&bessel);
}

/* Of degree 2 n - 1 at most. */
static void test_panels_integrate_polynomials(void **state)
{
    (void)state;
    static const int counts[] = {DMUMU_PANEL_N, DMUMU_SHORT_PANEL_N};
    for (int k = 0; k < 2; k++) {
        const int n = counts[k];
        double x[N];
        double value[N];
        dmumu_quadrature_panel_points(n, -1.0, 3.0, x);
        for (int power = 0; power < 2 * n; power += 3) {
            for (int i = 0; i < n; i++) {
                assert_true(x[i] > -1.0 && x[i] < 3.0 && (i == 0 || x[i] > x[i - 1]));
                value[i] = pow(x[i] / 3.0, power);
            }
            const double exact = 3.0 * (1.0 - pow(-1.0 / 3.0, power + 1)) / (power + 1);
            assert_close(dmumu_quadrature_panel_sum(n, -1.0, 3.0, value), exact, 1e-14);
        }
    }
}

/* int_0^1 |x - 0.3|^1/2 dx = (0.3^3/2 + 0.7^3/2) 2/3, the kink where no rule expects it. */
static double kinked(double x, void *context)
{
    (void)context;
    return sqrt(fabs(x - 0.3));
}

static void test_adaptive_quadrature(void **state)
{
    (void)state;
    struct dmumu_quadrature_pieces pieces;
    dmumu_quadrature_pieces_init(&pieces, 0.0, 1.0);
    const struct dmumu_quadrature_result result = dmumu_quadrature_integrate(kinked, NULL, &pieces, 1e-9);
    const double exact = (pow(0.3, 1.5) + pow(0.7, 1.5)) * 2.0 / 3.0;
    assert_true(fabs(result.value - exact) <= result.error);
    assert_true(result.error <= 1e-9 * exact);
}

/* ---- the formulas again ----------------------------------------------------------------------------------------- */

/* One (state, R, mu); the outer variable of the nesting; GSL's workspaces. */
struct plain {
    const struct dmumu_state *state;
    double r, mu, s, delta;
    double xi, x_par;
    enum dmumu_mode mode;
    int n;
    gsl_integration_workspace *inner, *outer;
};

/* R_n |x_par| = sqrt(pi)/Delta exp(...), n and -n. */
static double resonance(const struct plain *p, double x_par)
{
    const double nu = p->n / (x_par * p->r);
    return sqrt(M_PI) / p->delta * (exp(-pow((p->mu + nu) / p->delta, 2.0)) + exp(-pow((p->mu - nu) / p->delta, 2.0)));
}

static double prime_square(double w)
{
    return pow(0.5 * (j0(w) - jn(2, w)), 2.0); /* J_1' */
}

static double fast_over_ln_x(double ln_x, void *context)
{
    const struct plain *p = context;
    const double x = exp(ln_x);
    const double w = p->r * x * p->s * sqrt(1.0 - p->xi * p->xi);
    const double m = p->state->alfven_mach;
    const double spectrum = m * m / (8.0 * M_PI) * pow(x, -3.5);
    const double bessel = p->n == 0 ? pow(j1(w), 2.0) : prime_square(w);
    const double v = p->state->alfven_speed_v;
    const double e =
        p->n == 0 ? sqrt(M_PI) / p->delta * exp(-pow((p->mu - v / p->xi) / p->delta, 2.0)) : resonance(p, x * p->xi);
    return x * x * x * bessel * e / (x * p->xi) * spectrum;
}

static double fast_over_xi(double xi, void *context)
{
    struct plain *p = context;
    const double m = p->state->alfven_mach;
    const double gamma = DMUMU_PROTON_ELECTRON_MASS_RATIO;
    const double q = 1.0 - xi * xi;
    const double collisionless = log(4.0 * pow(m, 4.0) * gamma * xi * xi / (M_PI * p->state->beta * q * q)) +
                                 2.0 / (p->state->beta * gamma * xi * xi);
    const double ln_x_max = fmin(collisionless, log(p->state->x_c) - 2.0 / 3.0 * log(q)); /* beta < 1 */
    const gsl_function f = {fast_over_ln_x, p};
    double value = 0.0;
    double error;
    p->xi = xi;
    if (ln_x_max > 0.0) {
        gsl_integration_qag(&f, 0.0, ln_x_max, 0.0, 1e-10, WORK, GSL_INTEG_GAUSS31, p->inner, &value, &error);
    }
    return xi * xi * value;
}

/* [J_1/w]^2 or J_1'^2 x_par^2/x^2, GS95 in the weak field (M_A < 1). */
static double cascade_over_ln_x_perp(double ln_x_perp, void *context)
{
    const struct plain *p = context;
    const double x_perp = exp(ln_x_perp);
    const double w = p->r * x_perp * p->s;
    const double strength = pow(p->state->alfven_mach, 4.0 / 3.0);
    const double spectrum =
        strength / (6.0 * M_PI) * pow(x_perp, -10.0 / 3.0) * exp(-p->x_par / (strength * pow(x_perp, 2.0 / 3.0)));
    const double coupling = p->mode == DMUMU_ALFVEN
                                ? pow(j1(w) / w, 2.0)
                                : prime_square(w) * p->x_par * p->x_par / (p->x_par * p->x_par + x_perp * x_perp);
    return x_perp * x_perp * coupling * spectrum;
}

static double cascade_over_ln_x_par(double ln_x_par, void *context)
{
    struct plain *p = context;
    const double m = p->state->alfven_mach;
    const gsl_function f = {cascade_over_ln_x_perp, p};
    double value;
    double error;
    p->x_par = exp(ln_x_par);
    /* as far as w = 2000: what is left falls like w^-13/3, for slow modes from w = 80 on */
    gsl_integration_qag(&f, -2.0 * log(m), log(2000.0 / (p->r * p->s)), 0.0, 1e-10, WORK, GSL_INTEG_GAUSS31, p->inner,
                        &value, &error);
    return resonance(p, p->x_par) * value;
}

static double outer_integral(struct plain *p, gsl_function f, double low, double high)
{
    double value;
    double error;
    gsl_integration_qag(&f, low, high, 0.0, 1e-9, WORK, GSL_INTEG_GAUSS31, p->outer, &value, &error);
    return 4.0 * M_PI * p->s * p->s / (p->r * p->r) * value;
}

static void check_rates(const struct dmumu_state *state, double larmor_ratio, double mu)
{
    const double s = sqrt(1.0 - mu * mu);
    struct plain p = {.state = state,
                      .r = larmor_ratio,
                      .mu = mu,
                      .s = s,
                      .delta = sqrt(state->kappa * state->alfven_mach) * s,
                      .inner = gsl_integration_workspace_alloc(WORK),
                      .outer = gsl_integration_workspace_alloc(WORK)};
    const struct dmumu_rate rate = dmumu_kernel_ref(state, larmor_ratio, mu, 1e-9);
    const gsl_function fast = {fast_over_xi, &p};
    const gsl_function cascade = {cascade_over_ln_x_par, &p};
    p.n = 1;
    assert_close(rate.gyro[DMUMU_FAST], outer_integral(&p, fast, 1e-7, 1.0), 2e-8);
    p.n = 0;
    assert_close(rate.transit[DMUMU_FAST], outer_integral(&p, fast, 1e-7, 1.0), 2e-8);
    p.n = 1;
    p.mode = DMUMU_ALFVEN;
    assert_close(rate.gyro[DMUMU_ALFVEN], outer_integral(&p, cascade, 0.0, 10.0), 2e-8);
    p.mode = DMUMU_SLOW;
    assert_close(rate.gyro[DMUMU_SLOW], outer_integral(&p, cascade, 0.0, 10.0), 2e-8);
    gsl_integration_workspace_free(p.inner);
    gsl_integration_workspace_free(p.outer);
}

static void test_rates_against_the_formulas(void **unused)
{
    (void)unused;
    gsl_set_error_handler_off(); /* what of qag's complaints matters shows in the comparison */
    struct dmumu_state state = {.alfven_mach = 0.5,
                                .beta = 0.14,
                                .alfven_speed_v = 3.3e-5,
                                .slow_speed_v = 1e-5,
                                .zone_l = (double)INFINITY,
                                .d_prefactor = 0.25,
                                .x_c = 1e3,
                                .collisionless = true,
                                .viscous = true,
                                .modes = {true, true, true},
                                .energy_fraction = {1.0, 1.0, 1.0},
                                .harmonics = 1,
                                .kappa = 1.0};
    check_rates(&state, 0.05, 0.3);
    check_rates(&state, 0.2, 0.8);
    state.kappa = 2.0;
    check_rates(&state, 0.05, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bessel_squares),
        cmocka_unit_test(test_fade_leaves_nothing_out),
        cmocka_unit_test(test_panels_integrate_polynomials),
        cmocka_unit_test(test_adaptive_quadrature),
        cmocka_unit_test(test_rates_against_the_formulas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
