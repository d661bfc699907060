/*
 * Fit: chi^2 of pairs against a sum written out with the transport's own solution, minimised over the normalisations by
 * GSL's Brent; and what must make a pair unusable.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "close.h"
#include "dmumu.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_min.h>
#include <stdlib.h>

enum { N1 = 17, N2 = 9, N = N1 + N2, NODES = 2 * N, HALOS = 5 };

/* Two sets that nothing fits exactly: B/C over rigidity, B/O over energy per nucleon. */
struct example {
    struct dmumu_galaxy galaxy;
    struct dmumu_ratio_point point[N];
    double value[N], sigma[N];
    struct dmumu_fit_set set[2];
    struct dmumu_fit *fit;
};

static void make(struct example *example, double wind_km_s, double sigma1, double sigma2)
{
    const struct dmumu_ratio_model first = {
        .ratio = DMUMU_RATIO_B_C, .abscissa = DMUMU_PER_RIGIDITY, .flux_slope = 2.7};
    const struct dmumu_ratio_model second = {
        .ratio = DMUMU_RATIO_B_O, .abscissa = DMUMU_PER_ENERGY, .flux_slope = 2.7, .modulation_gv = 0.4};
    double x[N];
    dmumu_galaxy_default(&example->galaxy);
    example->galaxy.advection_km_s = wind_km_s;
    for (int i = 0; i < N; i++) {
        x[i] = i < N1 ? 3.0 * pow(1.5, i) : 10.0 * pow(2.0, i - N1);
        example->value[i] = 0.25 * pow(x[i] / 10.0, -0.3) * (1.0 + 0.05 * sin(3.0 * i));
        example->sigma[i] = example->value[i] * (0.02 + 0.001 * i);
    }
    assert_int_equal(dmumu_ratio_points(&first, N1, x, example->point, NULL), DMUMU_OK);
    assert_int_equal(dmumu_ratio_points(&second, N2, x + N1, example->point + N1, NULL), DMUMU_OK);
    example->set[0] = (struct dmumu_fit_set){N1, example->point, example->value, example->sigma, sigma1};
    example->set[1] = (struct dmumu_fit_set){N2, example->point + N1, example->value + N1, example->sigma + N1, sigma2};
    assert_int_equal(dmumu_fit_new(&example->galaxy, 2, example->set, &example->fit, NULL), DMUMU_OK);
    assert_int_equal(dmumu_fit_n_nodes(example->fit), NODES);
}

/* Curves that differ: power laws in the rigidities of the fit. */
static void make_curve(const struct dmumu_fit *fit, double d0, double slope, double d[static NODES])
{
    for (int i = 0; i < NODES; i++) {
        d[i] = d0 * pow(dmumu_fit_rigidity_gv(fit)[i] / 10.0, slope);
    }
}

/* One set's chi^2 at a normalisation k, with the model from dmumu_transport_solve. */
struct brute {
    const struct example *example;
    size_t begin, end;
    double sigma_k;
    double model[N];
};

static double brute_chi2(double k, void *context)
{
    const struct brute *brute = context;
    double sum = brute->sigma_k > 0.0 && isfinite(brute->sigma_k) ? pow((k - 1.0) / brute->sigma_k, 2.0) : 0.0;
    for (size_t i = brute->begin; i < brute->end; i++) {
        sum += pow((brute->example->value[i] - k * brute->model[i]) / brute->example->sigma[i], 2.0);
    }
    return sum;
}

static double minimise(struct brute *brute, double *k)
{
    if (!(brute->sigma_k > 0.0)) {
        *k = 1.0;
        return brute_chi2(1.0, brute);
    }
    double start = 1e-3;
    for (double next = start; next < 1e3; next *= 1.1) {
        start = brute_chi2(next, brute) < brute_chi2(start, brute) ? next : start;
    }
    gsl_function f = {brute_chi2, brute};
    gsl_min_fminimizer *minimizer = gsl_min_fminimizer_alloc(gsl_min_fminimizer_brent);
    assert_int_equal(gsl_min_fminimizer_set(minimizer, &f, start, start / 1.1, start * 1.1), GSL_SUCCESS);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(gsl_min_fminimizer_iterate(minimizer), GSL_SUCCESS);
    }
    *k = gsl_min_fminimizer_x_minimum(minimizer);
    const double best = gsl_min_fminimizer_f_minimum(minimizer);
    gsl_min_fminimizer_free(minimizer);
    return best;
}

static double brute_pair(const struct example *example, const double d_disk[], const double d_halo[], double sigma1,
                         double sigma2, double k[2], double model[])
{
    struct brute brute = {.example = example};
    for (int i = 0; i < N; i++) {
        double grammage[2];
        for (int t = 0; t < 2; t++) {
            grammage[t] = dmumu_transport_solve(&example->galaxy, example->point[i].term[t].velocity, d_disk[t * N + i],
                                                d_halo[t * N + i])
                              .grammage_g_cm2;
        }
        brute.model[i] = model[i] = dmumu_ratio_value(&example->point[i], grammage);
    }
    brute.end = N1;
    brute.sigma_k = sigma1;
    double total = minimise(&brute, &k[0]);
    brute.begin = N1;
    brute.end = N;
    brute.sigma_k = sigma2;
    return total + minimise(&brute, &k[1]);
}

static void test_against_brute_force(void **state)
{
    (void)state;
    static const double winds_km_s[] = {0.0, 1e-6, 12.0};
    static const double sigmas[][2] = {
        {0.0, 0.0}, {0.1, 0.02}, {(double)INFINITY, 0.0}, {(double)INFINITY, (double)INFINITY}};
    for (size_t w = 0; w < 3; w++) {
        for (size_t s = 0; s < 4; s++) {
            static struct example example;
            make(&example, winds_km_s[w], sigmas[s][0], sigmas[s][1]);
            double d_disk[NODES], d_halo[NODES], disk[NODES], halo[HALOS * NODES], chi2[HALOS];
            make_curve(example.fit, 2e28, 0.35, d_disk);
            dmumu_fit_path(example.fit, DMUMU_DISK, d_disk, disk);
            for (int h = 0; h < HALOS; h++) {
                make_curve(example.fit, 5e28 * (1 + h), 0.2 + 0.1 * h, d_halo);
                dmumu_fit_path(example.fit, DMUMU_HALO, d_halo, halo + h * NODES);
            }
            dmumu_fit_chi2(example.fit, disk, HALOS, halo, chi2);
            for (int h = 0; h < HALOS; h++) {
                double k[2], parts[2], model[N], brute_k[2], brute_model[N];
                make_curve(example.fit, 5e28 * (1 + h), 0.2 + 0.1 * h, d_halo);
                const double expected =
                    brute_pair(&example, d_disk, d_halo, sigmas[s][0], sigmas[s][1], brute_k, brute_model);
                const double got = dmumu_fit_pair(example.fit, disk, halo + h * NODES, k, parts, model);
                assert_close(got, expected, 1e-9);
                assert_close(chi2[h], got, 1e-14);
                assert_close(parts[0] + parts[1], got, 1e-14);
                for (int i = 0; i < 2; i++) {
                    assert_close(k[i], brute_k[i], 1e-6);
                }
                for (int i = 0; i < N; i++) {
                    assert_close(model[i], brute_model[i], 1e-12);
                }
            }
            dmumu_fit_free(example.fit);
        }
    }
}

/* Data made by a pair are fitted by it with chi^2 = 0, whatever their normalisation. */
static void test_finds_what_made_the_data(void **state)
{
    (void)state;
    static struct example example;
    make(&example, 5.0, (double)INFINITY, (double)INFINITY);
    double d[NODES], disk[NODES], halo[NODES], model[N], k[2];
    make_curve(example.fit, 1e28, 0.4, d);
    dmumu_fit_path(example.fit, DMUMU_DISK, d, disk);
    make_curve(example.fit, 1e29, 0.5, d);
    dmumu_fit_path(example.fit, DMUMU_HALO, d, halo);
    (void)dmumu_fit_pair(example.fit, disk, halo, NULL, NULL, model);
    dmumu_fit_free(example.fit);
    for (int i = 0; i < N; i++) {
        example.value[i] = model[i] * (i < N1 ? 1.2 : 0.9);
        example.sigma[i] = 0.01 * model[i];
    }
    assert_int_equal(dmumu_fit_new(&example.galaxy, 2, example.set, &example.fit, NULL), DMUMU_OK);
    assert_true(fabs(dmumu_fit_pair(example.fit, disk, halo, k, NULL, NULL)) < 1e-8);
    assert_close(k[0], 1.2, 1e-12);
    assert_close(k[1], 0.9, 1e-12);
    dmumu_fit_free(example.fit);
}

/* A curve with a hole where data are cannot be compared: its pairs are NaN, and others are not touched. */
static void test_holes(void **state)
{
    (void)state;
    static const double holes[] = {(double)NAN, 0.0, -1.0};
    static struct example example;
    make(&example, 0.0, 0.1, 0.1);
    double d[NODES], disk[NODES], halo[2 * NODES], chi2[2];
    make_curve(example.fit, 1e28, 0.4, d);
    dmumu_fit_path(example.fit, DMUMU_DISK, d, disk);
    dmumu_fit_path(example.fit, DMUMU_HALO, d, halo + NODES);
    for (size_t i = 0; i < 3; i++) {
        make_curve(example.fit, 1e28, 0.4, d);
        d[7] = holes[i];
        dmumu_fit_path(example.fit, DMUMU_HALO, d, halo);
        dmumu_fit_chi2(example.fit, disk, 2, halo, chi2);
        assert_true(isnan(chi2[0]) && isfinite(chi2[1]));
    }
    dmumu_fit_free(example.fit);
}

/* A layer without thickness has no say. */
static void test_no_disk(void **state)
{
    (void)state;
    static struct example example;
    make(&example, 3.0, 0.1, 0.1);
    dmumu_fit_free(example.fit);
    example.galaxy.disk_height_kpc = 0.0;
    assert_int_equal(dmumu_fit_new(&example.galaxy, 2, example.set, &example.fit, NULL), DMUMU_OK);
    double d[NODES], nothing[NODES], disk[NODES], halo[NODES], k[2], model[N];
    for (int i = 0; i < NODES; i++) {
        nothing[i] = (double)NAN;
    }
    make_curve(example.fit, 1e29, 0.4, d);
    dmumu_fit_path(example.fit, DMUMU_DISK, nothing, disk);
    dmumu_fit_path(example.fit, DMUMU_HALO, d, halo);
    const double got = dmumu_fit_pair(example.fit, disk, halo, NULL, NULL, NULL);
    assert_close(got, brute_pair(&example, nothing, d, 0.1, 0.1, k, model), 1e-9);
    dmumu_fit_free(example.fit);
}

static void test_refusals(void **state)
{
    (void)state;
    static struct example example;
    make(&example, 0.0, 0.1, 0.1);
    dmumu_fit_free(example.fit);
    struct dmumu_fit *fit = NULL;
    assert_int_equal(dmumu_fit_new(&example.galaxy, 0, example.set, &fit, NULL), DMUMU_ERROR_ARGUMENT);
    example.sigma[3] = 0.0;
    assert_int_equal(dmumu_fit_new(&example.galaxy, 2, example.set, &fit, NULL), DMUMU_ERROR_ARGUMENT);
    example.sigma[3] = 0.1;
    example.set[1].n = 0;
    assert_int_equal(dmumu_fit_new(&example.galaxy, 2, example.set, &fit, NULL), DMUMU_ERROR_ARGUMENT);
    example.set[1].n = N2;
    example.set[1].normalisation_sigma = -1.0;
    assert_int_equal(dmumu_fit_new(&example.galaxy, 2, example.set, &fit, NULL), DMUMU_ERROR_ARGUMENT);
    example.set[1].normalisation_sigma = 0.1;
    example.point[2].term[1].loss_cm2_g = -0.01;
    assert_int_equal(dmumu_fit_new(&example.galaxy, 2, example.set, &fit, NULL), DMUMU_ERROR_ARGUMENT);
    example.point[2].term[1].loss_cm2_g = 0.1;
    example.galaxy.disk_height_kpc = 5.0;
    assert_int_equal(dmumu_fit_new(&example.galaxy, 2, example.set, &fit, NULL), DMUMU_ERROR_ARGUMENT);
    assert_null(fit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_brute_force),
        cmocka_unit_test(test_finds_what_made_the_data),
        cmocka_unit_test(test_holes),
        cmocka_unit_test(test_no_disk),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
