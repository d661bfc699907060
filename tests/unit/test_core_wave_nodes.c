/*
 * Wave nodes: int dw/w f J^2 from a start among the lobes of J^2, where most Bessel functions are kept ones, against panels
 * short enough for every lobe, with libm's functions faded out ten times as slowly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/rules.h"
#include "core/wave_nodes.h"

#include <math.h>

/* Of the integral: what a fade over 40 in w leaves of the oscillations (2.6e-7 at most, where f is steepest). */
#define FADED 3e-7

/* Something smooth over ln w, as spectra are: a power law, and a cutoff at so many times the start. */
struct smooth {
    double start, power, cutoff;
};

static double smooth_value(const struct smooth *f, double w)
{
    return pow(w / f->start, f->power) * exp(-w / (f->cutoff * f->start));
}

static double over_nodes(const struct dmumu_wave_nodes *nodes, const struct smooth *f)
{
    double sum = 0.0;
    for (size_t i = 0; i < nodes->n; i++) {
        sum += nodes->weight[i] * smooth_value(f, exp(nodes->ln_w[i]));
    }
    return sum;
}

/* Panels of 2 in w through 600 of the lobes, of 2 % beyond. */
static double plainly(enum dmumu_bessel_kind kind, int n, const struct smooth *f)
{
    const double lobes_end = f->start + 600.0;
    double sum = 0.0;
    for (double w = f->start; w < 60.0 * f->cutoff * f->start + lobes_end;) {
        const double length = w < lobes_end ? 2.0 : 0.02 * w;
        for (int i = 0; i < DMUMU_KRONROD_N; i++) {
            const double at = w + 0.5 * length * (1.0 + dmumu_kronrod_node[i]);
            const double j2 = dmumu_bessel_faded(kind, n, f->start + 200.0, lobes_end, at);
            sum += 0.5 * length * dmumu_kronrod_weight[i] * smooth_value(f, at) * j2 / at;
        }
        w += length;
    }
    return sum;
}

/* Starts at the first lobe, at ends of kept panels and between, and where the last kept panel is reached and passed. */
static const double starts[] = {2.0, 2.01, 7.999, 8.0, 8.001, 21.3, 60.0, 130.0, 187.0, 188.5, 250.0};

/* The nodes from one start, for several integrands; returns the worst error. */
static double check_start(enum dmumu_bessel_kind kind, int n, double start, const struct dmumu_wave_nodes *nodes)
{
    static const struct smooth shapes[] = {{0.0, -1.5, 3.0}, {0.0, 0.3, 3.0}, {0.0, 0.3, 30.0}};
    double worst = 0.0;
    for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++) {
        const struct smooth f = {start, shapes[k].power, shapes[k].cutoff};
        const double error = fabs(over_nodes(nodes, &f) / plainly(kind, n, &f) - 1.0);
        worst = fmax(worst, error);
        if (!(error < FADED)) {
            fail_msg("J%s^2, n = %d from w = %g, shape %zu: off by %g", kind == DMUMU_BESSEL_PRIME_SQUARE ? "'" : "", n,
                     start, k, error);
        }
    }
    return worst;
}

/* One function from all starts. */
static double check_starts(enum dmumu_bessel_kind kind, int n)
{
    struct dmumu_wave_nodes all = {0};
    struct dmumu_wave_nodes nodes = {0};
    double worst = 0.0;
    assert_int_equal(dmumu_wave_nodes_make_all(kind, n, &all), DMUMU_OK);
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        assert_int_equal(dmumu_wave_nodes_make_from(kind, n, starts[i], &all, &nodes), DMUMU_OK);
        worst = fmax(worst, check_start(kind, n, starts[i], &nodes));
    }
    dmumu_wave_nodes_free(&nodes);
    dmumu_wave_nodes_free(&all);
    return worst;
}

static void test_starts(void **state)
{
    (void)state;
    double worst = 0.0;
    for (int n = 0; n <= 5; n++) {
        worst = fmax(worst, check_starts(DMUMU_BESSEL_PRIME_SQUARE, n));
    }
    for (int n = 1; n <= 5; n++) {
        worst = fmax(worst, check_starts(DMUMU_BESSEL_OVER_W_SQUARE, n));
    }
    print_message("worst %.1e\n", worst);
}

/* Nodes ascend, and there are no more of them than panels as long as those that are kept ask for. */
static void test_nodes_ascend(void **state)
{
    (void)state;
    struct dmumu_wave_nodes all = {0};
    struct dmumu_wave_nodes nodes = {0};
    assert_int_equal(dmumu_wave_nodes_make_all(DMUMU_BESSEL_OVER_W_SQUARE, 1, &all), DMUMU_OK);
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        assert_int_equal(dmumu_wave_nodes_make_from(DMUMU_BESSEL_OVER_W_SQUARE, 1, starts[i], &all, &nodes), DMUMU_OK);
        assert_true(nodes.ln_w[0] > log(starts[i]) && nodes.n <= all.n + DMUMU_KRONROD_N);
        for (size_t k = 1; k < nodes.n; k++) {
            assert_true(nodes.ln_w[k] > nodes.ln_w[k - 1]);
        }
    }
    dmumu_wave_nodes_free(&nodes);
    dmumu_wave_nodes_free(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_starts), cmocka_unit_test(test_nodes_ascend)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
