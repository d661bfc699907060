/*
 * Spectra: normalisations by numerical integration over k, scalings with M_A, the substitution above M_A = 1.
 *
 * d^3k = 2 pi k_perp dk_perp dk_par with k_par of both signs: the spectra depend on |k_par|, so that int d^3k is twice
 * that over k_par > 0. Counted so, the GS95 cascade holds M_A^4; B06 holds M_A^11/3, and above M_A = 1 (from
 * k_perp = M_A^3/L) GS95 holds 1 and B06 M_A^1/2.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/constants.h"
#include "core/spectrum.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_integration.h>
#include <math.h>

enum { INTERVALS = 200 };

static void assert_close(double value, double expected, double relative)
{
    if (!(fabs(value - expected) <= relative * fabs(expected))) {
        fail_msg("%.17g is not %.17g to %g", value, expected, relative);
    }
}

static struct dmumu_state state_of(double alfven_mach, enum dmumu_cascade cascade)
{
    return (struct dmumu_state){.alfven_mach = alfven_mach, .cascade = cascade, .energy_fraction = {1.0, 1.0, 1.0}};
}

/* ---- energies by quadrature -------------------------------------------------------------------------------------- */

static double integrate(double (*f)(double, void *), void *context, double low, double high)
{
    gsl_integration_workspace *workspace = gsl_integration_workspace_alloc(INTERVALS);
    assert_non_null(workspace);
    const gsl_function function = {.function = f, .params = context};
    double value;
    double error;
    assert_int_equal(
        gsl_integration_qag(&function, low, high, 0.0, 1e-9, INTERVALS, GSL_INTEG_GAUSS31, workspace, &value, &error),
        GSL_SUCCESS);
    gsl_integration_workspace_free(workspace);
    return value;
}

/* 4 pi x^2 I_F per d ln x */
static double fast_energy_per_ln_x(double ln_x, void *context)
{
    const double x = exp(ln_x);
    return 4.0 * DMUMU_PI * x * x * x * dmumu_spectrum_fast((const struct dmumu_state *)context, x);
}

struct at_x_perp {
    const struct dmumu_cascade_form *form;
    double x_perp;
};

static double alfven_per_ln_x_par(double ln_x_par, void *context)
{
    const struct at_x_perp *at = context;
    const double x_par = exp(ln_x_par);
    return x_par * dmumu_spectrum_alfven(at->form, x_par, at->x_perp);
}

/* 2 pi x_perp^2 x 2 int_0^infinity dx_par I_A per d ln x_perp */
static double alfven_energy_per_ln_x_perp(double ln_x_perp, void *context)
{
    struct at_x_perp at = {.form = context, .x_perp = exp(ln_x_perp)};
    const double high = ln_x_perp + 12.0; /* k_par falls far behind k_perp */
    return 4.0 * DMUMU_PI * at.x_perp * at.x_perp * integrate(alfven_per_ln_x_par, &at, high - 80.0, high);
}

static double alfven_energy(const struct dmumu_cascade_form *form)
{
    struct dmumu_cascade_form copy = *form;
    const double low = log(form->x_perp_min);
    return integrate(alfven_energy_per_ln_x_perp, &copy, low, low + 50.0);
}

static void test_energy_of_fast_modes(void **state)
{
    (void)state;
    static const double machs[] = {0.05, 0.5, 1.0, 3.0};
    for (size_t i = 0; i < 4; i++) {
        struct dmumu_state of = state_of(machs[i], DMUMU_CASCADE_GS95);
        assert_close(integrate(fast_energy_per_ln_x, &of, log(DMUMU_SPECTRUM_FAST_X_MIN), 60.0), machs[i] * machs[i],
                     1e-8);
        of.energy_fraction[DMUMU_FAST] = 0.3;
        assert_close(integrate(fast_energy_per_ln_x, &of, 0.0, 60.0), 0.3 * machs[i] * machs[i], 1e-8);
    }
    assert_true(DMUMU_SPECTRUM_FAST_X_MIN == 1.0);
}

static void test_energy_of_the_cascades(void **state)
{
    (void)state;
    static const double weak[] = {0.05, 0.2, 0.5, 1.0};
    for (size_t i = 0; i < 4; i++) {
        struct dmumu_state of = state_of(weak[i], DMUMU_CASCADE_GS95);
        struct dmumu_cascade_form form = dmumu_spectrum_cascade(&of, DMUMU_ALFVEN);
        assert_close(alfven_energy(&form), pow(weak[i], 4.0), 1e-7);
        of.cascade = DMUMU_CASCADE_B06;
        form = dmumu_spectrum_cascade(&of, DMUMU_ALFVEN);
        assert_close(alfven_energy(&form), pow(weak[i], 11.0 / 3.0), 1e-7);
    }
    static const double strong[] = {1.1, 3.0};
    for (size_t i = 0; i < 2; i++) {
        struct dmumu_state of = state_of(strong[i], DMUMU_CASCADE_GS95);
        struct dmumu_cascade_form form = dmumu_spectrum_cascade(&of, DMUMU_ALFVEN);
        assert_close(alfven_energy(&form), 1.0, 1e-7);
        of.cascade = DMUMU_CASCADE_B06;
        form = dmumu_spectrum_cascade(&of, DMUMU_ALFVEN);
        assert_close(alfven_energy(&form), sqrt(strong[i]), 1e-7);
    }
}

/* ---- values and scalings ----------------------------------------------------------------------------------------- */

static void test_values_by_hand(void **state)
{
    (void)state;
    /* I_F(4) = 0.25/(8 pi 128) at M_A = 0.5 */
    struct dmumu_state of = state_of(0.5, DMUMU_CASCADE_GS95);
    assert_close(dmumu_spectrum_fast(&of, 4.0), 0.25 / (8.0 * DMUMU_PI * 128.0), 1e-14);
    /* M_A = 1, x_perp = 8, x_par = 4: 8^-10/3 = 1/1024, exp(-4/4); B06 at x_perp = 4: 1/64, exp(-4/2) */
    of = state_of(1.0, DMUMU_CASCADE_GS95);
    struct dmumu_cascade_form form = dmumu_spectrum_cascade(&of, DMUMU_ALFVEN);
    assert_close(dmumu_spectrum_alfven(&form, 4.0, 8.0), exp(-1.0) / (6.0 * DMUMU_PI * 1024.0), 1e-14);
    of.cascade = DMUMU_CASCADE_B06;
    form = dmumu_spectrum_cascade(&of, DMUMU_ALFVEN);
    assert_close(dmumu_spectrum_alfven(&form, 4.0, 4.0), exp(-2.0) / (8.0 * DMUMU_PI * 64.0), 1e-14);
    /* M_A = 1/8: strength M_A^4/3 = 1/16, in front and in the exponent */
    of = state_of(0.125, DMUMU_CASCADE_GS95);
    form = dmumu_spectrum_cascade(&of, DMUMU_ALFVEN);
    assert_close(dmumu_spectrum_alfven(&form, 4.0, 512.0),
                 exp(-1.0) / (16.0 * 6.0 * DMUMU_PI) * pow(512.0, -10.0 / 3.0), 1e-13);
}

/* I(x_par M^4/3, x_perp; M) = M^4/3 I(x_par, x_perp; 1): the strength stands in two places, and in no other. */
static void test_scaling_with_alfven_mach(void **state)
{
    (void)state;
    for (int cascade = 0; cascade < 2; cascade++) {
        const struct dmumu_state unit = state_of(1.0, (enum dmumu_cascade)cascade);
        const struct dmumu_cascade_form at_unit = dmumu_spectrum_cascade(&unit, DMUMU_ALFVEN);
        for (double mach = 0.05; mach <= 3.0; mach *= 1.3) {
            const struct dmumu_state of = state_of(mach, (enum dmumu_cascade)cascade);
            const struct dmumu_cascade_form form = dmumu_spectrum_cascade(&of, DMUMU_ALFVEN);
            const double strength = mach <= 1.0 ? pow(mach, 4.0 / 3.0) : mach;
            for (double x = 1.0; x < 1e9; x *= 30.0) {
                assert_close(dmumu_spectrum_alfven(&form, 2.0 * strength, x),
                             strength * dmumu_spectrum_alfven(&at_unit, 2.0, x), 1e-13);
            }
            assert_close(dmumu_spectrum_fast(&of, 7.0), mach * mach * dmumu_spectrum_fast(&unit, 7.0), 1e-14);
        }
    }
}

static void test_anisotropy(void **state)
{
    (void)state;
    static const double power[] = {[DMUMU_CASCADE_GS95] = 2.0 / 3.0, [DMUMU_CASCADE_B06] = 0.5};
    static const double slope[] = {[DMUMU_CASCADE_GS95] = 10.0 / 3.0, [DMUMU_CASCADE_B06] = 3.0};
    for (int cascade = 0; cascade < 2; cascade++) {
        const struct dmumu_state of = state_of(0.4, (enum dmumu_cascade)cascade);
        const struct dmumu_cascade_form form = dmumu_spectrum_cascade(&of, DMUMU_ALFVEN);
        /* along k_par ~ k_perp^power the exponential stands still and the slope shows */
        const double fall =
            dmumu_spectrum_alfven(&form, 3.0 * pow(1e3, power[cascade]), 1e6) / dmumu_spectrum_alfven(&form, 3.0, 1e3);
        assert_close(fall, pow(1e-3, slope[cascade]), 1e-11);
    }
}

static void test_ranges(void **state)
{
    (void)state;
    struct dmumu_state of = state_of(0.5, DMUMU_CASCADE_GS95);
    struct dmumu_cascade_form form = dmumu_spectrum_cascade(&of, DMUMU_ALFVEN);
    assert_true(form.x_par_min == 1.0);
    assert_close(form.x_perp_min, 4.0, 1e-15);
    of.alfven_mach = 2.0;
    form = dmumu_spectrum_cascade(&of, DMUMU_ALFVEN);
    assert_close(form.x_par_min, 8.0, 1e-15);
    assert_close(form.x_perp_min, 8.0, 1e-15);
    /* both substitutions meet at M_A = 1 */
    of.alfven_mach = 1.0;
    const struct dmumu_cascade_form below = dmumu_spectrum_cascade(&of, DMUMU_ALFVEN);
    of.alfven_mach = nextafter(1.0, 2.0);
    const struct dmumu_cascade_form above = dmumu_spectrum_cascade(&of, DMUMU_ALFVEN);
    assert_close(above.norm, below.norm, 1e-14);
    assert_close(above.strength, below.strength, 1e-14);
    assert_close(above.x_par_min, below.x_par_min, 1e-14);
    assert_close(above.x_perp_min, below.x_perp_min, 1e-14);
}

static void test_energy_fractions(void **state)
{
    (void)state;
    const struct dmumu_state unit = state_of(0.5, DMUMU_CASCADE_GS95);
    struct dmumu_state of = unit;
    of.energy_fraction[DMUMU_FAST] = 0.2;
    of.energy_fraction[DMUMU_ALFVEN] = 0.5;
    of.energy_fraction[DMUMU_SLOW] = 0.0;
    const struct dmumu_cascade_form full = dmumu_spectrum_cascade(&unit, DMUMU_ALFVEN);
    const struct dmumu_cascade_form alfven = dmumu_spectrum_cascade(&of, DMUMU_ALFVEN);
    const struct dmumu_cascade_form slow = dmumu_spectrum_cascade(&of, DMUMU_SLOW);
    assert_close(dmumu_spectrum_fast(&of, 3.0), 0.2 * dmumu_spectrum_fast(&unit, 3.0), 1e-15);
    assert_close(dmumu_spectrum_alfven(&alfven, 2.0, 9.0), 0.5 * dmumu_spectrum_alfven(&full, 2.0, 9.0), 1e-14);
    assert_true(dmumu_spectrum_alfven(&slow, 2.0, 9.0) == 0.0);
    /* slow modes are the Alfven form with their own fraction */
    const struct dmumu_cascade_form full_slow = dmumu_spectrum_cascade(&unit, DMUMU_SLOW);
    assert_true(dmumu_spectrum_alfven(&full_slow, 2.0, 9.0) == dmumu_spectrum_alfven(&full, 2.0, 9.0));
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_energy_of_fast_modes), cmocka_unit_test(test_energy_of_the_cascades),
        cmocka_unit_test(test_values_by_hand),       cmocka_unit_test(test_scaling_with_alfven_mach),
        cmocka_unit_test(test_anisotropy),           cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_energy_fractions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
