/* Parametrisations: the registry against values worked out from its sources' own formulas, and limits of the breaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "close.h"
#include "dmumu.h"

#include <string.h>

static double d_of(const char *name, double rigidity_gv)
{
    const struct dmumu_parametrisation *model = dmumu_parametrisation_find(name);
    assert_non_null(model);
    double d = 0.0;
    dmumu_parametrisation_d(model, DMUMU_H1, 1, &rigidity_gv, &d);
    return d;
}

/* v/c of a proton, from its mass. */
static double velocity(double rigidity_gv)
{
    const double mass_gev = dmumu_isotope_nuclide(DMUMU_H1)->mass_gev;
    return rigidity_gv / sqrt(rigidity_gv * rigidity_gv + mass_gev * mass_gev);
}

static void test_registry(void **state)
{
    (void)state;
    size_t n = 0;
    for (const struct dmumu_parametrisation *model; (model = dmumu_parametrisation_at(n)); n++) {
        assert_int_equal(dmumu_parametrisation_check(model, NULL), DMUMU_OK);
        assert_ptr_equal(dmumu_parametrisation_find(model->name), model);
        assert_true(strlen(model->title) > 0 && strlen(model->source) > 0);
        for (double r = 1.0; r < 1e5; r *= 10.0) {
            const double d = d_of(model->name, r);
            assert_true(d > 1e26 && d < 1e33);
        }
    }
    assert_int_equal(n, 12);
    assert_null(dmumu_parametrisation_find("MIN"));
}

/* Each written out as its source has it. */
static void test_formulas(void **state)
{
    (void)state;
    static const double rigidities[] = {0.7, 4.4, 4.6, 100.0, 290.0, 312.0, 5e3};
    for (size_t i = 0; i < sizeof rigidities / sizeof *rigidities; i++) {
        const double r = rigidities[i];
        const double b = velocity(r);
        const double kpc_km_s = 3.0856775814913673e26; /* cm^2/s */
        assert_close(d_of("crams2021", r),
                     2.48255e28 * b * pow(r, 0.565132) / pow(1 + pow(r / 290, 0.22 / 0.1), 0.1) +
                         2 * 4.4094 * 7 * kpc_km_s,
                     1e-12);
        assert_close(d_of("evoli2019", r),
                     1.8e28 * b * pow(r, 0.62) / pow(1 + pow(r / 312, 0.2 / 0.1), 0.1) + 2 * 10 * 4 * kpc_km_s, 1e-12);
        assert_close(d_of("luque2021-diffusion", r),
                     7.1e28 * pow(b, -0.6) * pow(r / 4, 0.42) / pow(1 + pow(r / 312, 0.14 / 0.04), 0.04), 1e-12);
        assert_close(d_of("luque2021-source", r), 7.1e28 * pow(b, -0.6) * pow(r / 4, 0.42), 1e-12);
        assert_close(d_of("luque2021-antiprotons", r),
                     4.79e28 * pow(b, -1.48) * pow(r / 4, 0.49) / pow(1 + pow(r / 312, 0.14 / 0.042), 0.042), 1e-12);
        assert_close(d_of("dragon2", r), 3.7e28 * b * pow(r / 4, 0.45), 1e-12);
        assert_close(d_of("galprop-helmod", r), 4.3e28 * b * pow(r / 4.5, r < 4.5 ? 0.395 : 0.404), 1e-12);
        assert_close(d_of("min", r), 4.8272e26 * b * pow(r, 0.85), 1e-12);
        assert_close(d_of("med", r), 3.37904e27 * b * pow(r, 0.70), 1e-12);
        assert_close(d_of("max", r), 2.308005e28 * b * pow(r, 0.46), 1e-12);
        assert_close(d_of("feng2016-inner", r), 1.92e28 * pow(b, -0.4) * pow(r / 0.25, 0.15), 1e-12);
        assert_close(d_of("feng2016-outer", r), 0.6912e28 * pow(b, -0.4) * pow(r / 0.25, 0.67), 1e-12);
    }
}

/* The double break, with slopes that go either way. */
static void test_breaks(void **state)
{
    (void)state;
    static const double low_slopes[] = {0.1, 0.9};
    static const double high_slopes[] = {0.2, 0.8};
    for (int i = 0; i < 4; i++) {
        struct dmumu_parametrisation model = *dmumu_parametrisation_find("dragon2");
        model.velocity_power = 0.0;
        model.slope = 0.5;
        model.low = (struct dmumu_break){5.0, low_slopes[i & 1], 0.05};
        model.high = (struct dmumu_break){300.0, high_slopes[i >> 1], 0.1};
        const double l = low_slopes[i & 1];
        const double h = high_slopes[i >> 1];
        const double sl = l < 0.5 ? 0.05 : -0.05;
        const double sh = h < 0.5 ? 0.1 : -0.1;
        for (double r = 0.1; r < 1e5; r *= 1.9) {
            double d = 0.0;
            dmumu_parametrisation_d(&model, DMUMU_H1, 1, &r, &d);
            assert_close(d,
                         3.7e28 * pow(r / 4, 0.5) * pow(1 + pow(r / 5, (l - 0.5) / sl), sl) *
                             pow(1 + pow(r / 300, (0.5 - h) / sh), -sh),
                         1e-11);
        }
        assert_close(dmumu_parametrisation_slope(&model, DMUMU_H1, 1e-4), l, 1e-6);
        assert_close(dmumu_parametrisation_slope(&model, DMUMU_H1, 1e9), h, 1e-6);
        model.low.smoothness = 0.0; /* a kink */
        assert_close(dmumu_parametrisation_slope(&model, DMUMU_H1, 4.99), l, 1e-3);
        assert_close(dmumu_parametrisation_slope(&model, DMUMU_H1, 5.01), 0.5, 1e-3);
    }
}

static void test_slope_is_the_derivative(void **state)
{
    (void)state;
    for (size_t i = 0; dmumu_parametrisation_at(i); i++) {
        const struct dmumu_parametrisation *model = dmumu_parametrisation_at(i);
        for (double r = 0.3; r < 1e5; r *= 1.7) {
            const double step = 1e-4;
            const double ends[2] = {r * exp(-step), r * exp(step)};
            if (ends[0] < model->low.rigidity_gv && model->low.rigidity_gv < ends[1]) {
                continue;
            }
            double d[2];
            dmumu_parametrisation_d(model, DMUMU_B10, 2, ends, d);
            assert_close(dmumu_parametrisation_slope(model, DMUMU_B10, r), log(d[1] / d[0]) / (2 * step), 1e-6);
        }
    }
}

static void assert_refused(struct dmumu_parametrisation model, const char *word)
{
    struct dmumu_error error = {DMUMU_OK, ""};
    assert_int_equal(dmumu_parametrisation_check(&model, &error), DMUMU_ERROR_ARGUMENT);
    if (!strstr(error.message, word)) {
        fail_msg("\"%s\" does not say \"%s\"", error.message, word);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    const struct dmumu_parametrisation good = *dmumu_parametrisation_find("crams2021");
    struct dmumu_parametrisation bad = good;
    bad.d0_cm2_s = 0.0;
    assert_refused(bad, "d0_cm2_s");
    bad = good;
    bad.slope = (double)NAN;
    assert_refused(bad, "slope");
    bad = good;
    bad.high.smoothness = -0.1;
    assert_refused(bad, "high break");
    bad = good;
    bad.low = (struct dmumu_break){400.0, 0.1, 0.1};
    assert_refused(bad, "above the low one");
    bad = good;
    bad.halo_height_kpc = (double)NAN;
    assert_refused(bad, "adds_advection");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registry), cmocka_unit_test(test_formulas),
        cmocka_unit_test(test_breaks),   cmocka_unit_test(test_slope_is_the_derivative),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
