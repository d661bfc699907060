/*
 * Panel: integrals of (1 - mu^2)^2/D_mumu for smooth q = ln[D_mumu/(1 - mu^2)], whole and between edges of C, and their
 * error estimates, against GSL's adaptive quadrature.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/panel.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_integration.h>
#include <math.h>

enum { NODES = DMUMU_KRONROD_N, INTERVALS = 400, SCAN = 2000 };

static const struct dmumu_panel_key everything = {.depth = 0};

static void assert_close(double value, double expected, double relative)
{
    if (!(fabs(value - expected) <= relative * fabs(expected))) {
        fail_msg("%.17g is not %.17g to %g", value, expected, relative);
    }
}

static int make_rules(void **state)
{
    struct dmumu_panel_rules *rules = test_malloc(sizeof *rules);
    dmumu_panel_rules_make(rules);
    *state = rules;
    return 0;
}

static int free_rules(void **state)
{
    test_free(*state);
    return 0;
}

/* ---- q ----------------------------------------------------------------------------------------------------------- */

/* q = offset + slope mu + wave cos(k mu) + step tanh[(mu - at)/width] */
struct curve {
    double offset, slope, wave, k, step, at, width;
};

static double q_at(const struct curve *curve, double mu)
{
    const double step = curve->step != 0.0 ? curve->step * tanh((mu - curve->at) / curve->width) : 0.0;
    return curve->offset + curve->slope * mu + curve->wave * cos(curve->k * mu) + step;
}

static struct dmumu_panel_values values_of(const struct curve *curve, struct dmumu_panel_key key)
{
    struct dmumu_panel_values values = {.error = {0.0}};
    for (int i = 0; i < NODES; i++) {
        double mu;
        dmumu_panel_node(key, i, &mu, &values.s2[i]);
        values.rate[i] = values.s2[i] * exp(q_at(curve, mu));
    }
    return values;
}

/* ---- the exact integral ------------------------------------------------------------------------------------------ */

static double integrand(double mu, void *context)
{
    return (1.0 - mu) * (1.0 + mu) * exp(-q_at((const struct curve *)context, mu));
}

static double integrate(const struct curve *curve, double low, double high)
{
    struct curve copy = *curve;
    gsl_integration_workspace *workspace = gsl_integration_workspace_alloc(INTERVALS);
    assert_non_null(workspace);
    const gsl_function function = {.function = integrand, .params = &copy};
    double value;
    double error;
    assert_int_equal(
        gsl_integration_qag(&function, low, high, 0.0, 1e-12, INTERVALS, GSL_INTEG_GAUSS31, workspace, &value, &error),
        GSL_SUCCESS);
    gsl_integration_workspace_free(workspace);
    return value;
}

static double edge_between(const struct curve *curve, double q_edge, double inside, double outside)
{
    for (int i = 0; i < 60; i++) {
        const double middle = 0.5 * (inside + outside);
        *(q_at(curve, middle) > q_edge ? &inside : &outside) = middle;
    }
    return inside;
}

struct exact {
    double value, mu_star;
    int n_edges;
};

/* Between the edges that a fine scan finds. */
static struct exact exact_of(const struct curve *curve, struct dmumu_panel_key key, double q_edge)
{
    struct exact exact = {0.0, (double)NAN, 0};
    double low;
    double high;
    dmumu_panel_ends(key, &low, &high);
    double open = low;
    for (int i = 1; i <= SCAN; i++) {
        const double a = low + (high - low) * (i - 1) / SCAN;
        const double b = low + (high - low) * i / SCAN;
        const bool inside = q_at(curve, a) > q_edge;
        const bool next = q_at(curve, b) > q_edge;
        exact.n_edges += inside != next;
        if (!inside && next) {
            open = edge_between(curve, q_edge, b, a);
        }
        if (inside && (!next || i == SCAN)) {
            exact.mu_star = next ? high : edge_between(curve, q_edge, a, b);
            exact.value += integrate(curve, open, exact.mu_star);
        }
    }
    return exact;
}

static struct dmumu_panel_integral panel_of(void *const *state, const struct curve *curve, struct dmumu_panel_key key,
                                            double q_edge)
{
    const struct dmumu_panel_values values = values_of(curve, key);
    return dmumu_panel_integrate(*state, key, &values, q_edge);
}

/* ---- geometry and rules ------------------------------------------------------------------------------------------ */

static void test_ends_and_nodes(void **state)
{
    (void)state;
    const struct dmumu_panel_key key = {.depth = 3, .index = 5};
    double low;
    double high;
    dmumu_panel_ends(key, &low, &high);
    assert_true(low == 0.625 && high == 0.75);
    for (int i = 0; i < NODES; i++) {
        double mu;
        double s2;
        dmumu_panel_node(key, i, &mu, &s2);
        assert_close(mu, 0.6875 + 0.0625 * dmumu_kronrod_node[i], 1e-15);
        assert_close(s2, 1.0 - mu * mu, 1e-14);
    }
}

/* The panel next to mu = 1: 1 - mu^2 keeps the digits that mu has lost. */
static void test_nodes_next_to_one(void **state)
{
    (void)state;
    const struct dmumu_panel_key key = {.depth = 30, .index = (1U << 30) - 1};
    for (int i = 0; i < NODES; i++) {
        double mu;
        double s2;
        dmumu_panel_node(key, i, &mu, &s2);
        const double distance = ldexp(1.0 - dmumu_kronrod_node[i], -31);
        assert_close(s2, distance * (2.0 - distance), 1e-14);
        assert_true(mu < 1.0);
    }
}

/* Panels of a section: dyadic from its start on, where distances keep their digits; and its end is exact. */
static void test_sections(void **state)
{
    (void)state;
    const double start = 1.120754441379e-4;
    const struct dmumu_panel_key first = {.depth = 20, .index = 0, .start = start, .end = 2.0 * start};
    const struct dmumu_panel_key last = {.depth = 3, .index = 7, .start = start};
    double low;
    double high;
    dmumu_panel_ends(first, &low, &high);
    assert_true(low == start);
    assert_close(high - low, ldexp(start, -20), 1e-9);
    for (int i = 0; i < NODES; i++) {
        double mu;
        double s2;
        dmumu_panel_node(first, i, &mu, &s2);
        assert_close(mu - start, 0.5 * ldexp(start, -20) * (1.0 + dmumu_kronrod_node[i]), 1e-7);
    }
    dmumu_panel_ends(last, &low, &high);
    assert_true(high == 1.0);
    assert_close(1.0 - low, 0.125 * (1.0 - start), 1e-15);
    const struct dmumu_panel_key whole = {.depth = 3, .index = 7};
    assert_true(dmumu_panel_same(&last, &last) && !dmumu_panel_same(&last, &whole));
}

static void test_probes(void **state)
{
    (void)state;
    const struct dmumu_panel_key last_half = {.depth = 1, .index = 1};
    double mu;
    double s2;
    double last_mu;
    dmumu_panel_node(last_half, NODES - 1, &last_mu, &s2);
    for (int i = 0; i < 2 * NODES; i++) {
        const int k = DMUMU_LEAST_OCTAVE + i;
        dmumu_panel_node((struct dmumu_panel_key){.depth = DMUMU_PROBE_DEPTH, .index = (unsigned)(i / NODES)},
                         i % NODES, &mu, &s2);
        assert_true(1.0 - mu == ldexp(1.0, -k));
        assert_close(s2, (1.0 - mu) * (1.0 + mu), 1e-15);
        assert_true(k != DMUMU_FIRST_PROBE || mu < last_mu);
        assert_true(k != DMUMU_LAST_PROBE || 1.0 - mu < 5e-7);
    }
}

static double power_sum(const double weight[static NODES], int power)
{
    double sum = 0.0;
    for (int i = 0; i < NODES; i++) {
        sum += weight[i] * pow(dmumu_kronrod_node[i], power);
    }
    return sum;
}

static void test_coarse_weight(void **state)
{
    const struct dmumu_panel_rules *rules = *state;
    int n = 0;
    for (int i = 0; i < NODES; i++) {
        n += fabs(rules->coarse_weight[i]) > 1e-13;
    }
    assert_int_equal(n, 11);
    for (int power = 0; power <= 10; power++) {
        const double expected = power % 2 ? 0.0 : 2.0 / (power + 1.0);
        assert_true(fabs(power_sum(rules->coarse_weight, power) - expected) < 1e-13);
    }
    assert_true(fabs(power_sum(rules->coarse_weight, 12) - 2.0 / 13.0) > 1e-6); /* a rule of its own */
}

/* The 13 other nodes determine polynomials up to degree 12: none is missed; x^14 is, at either node of a pair. */
static void test_misses(void **state)
{
    const struct dmumu_panel_rules *rules = *state;
    for (int degree = 0; degree <= 14; degree++) {
        double value[NODES];
        struct dmumu_panel_miss miss[DMUMU_PANEL_PAIRS];
        for (int i = 0; i < NODES; i++) {
            value[i] = pow(dmumu_kronrod_node[i], degree);
        }
        dmumu_panel_miss_of(rules, value, miss);
        for (int p = 0; p < DMUMU_PANEL_PAIRS; p++) {
            for (int k = 0; k < 2; k++) {
                assert_true(degree <= 12 ? fabs(miss[p].by[k]) < 1e-13 : fabs(miss[p].by[k]) > 1e-6);
            }
        }
    }
}

/* One value is missed by what interpolation between the 13 others says it is, and no other pair shares the node. */
static void test_misses_of_a_node(void **state)
{
    const struct dmumu_panel_rules *rules = *state;
    unsigned seen = 0;
    for (int p = 0; p < DMUMU_PANEL_PAIRS; p++) {
        struct dmumu_panel_miss miss[DMUMU_PANEL_PAIRS];
        double value[NODES] = {0.0};
        dmumu_panel_miss_of(rules, value, miss);
        for (int k = 0; k < 2; k++) {
            const int node = miss[p].node[k];
            assert_false(seen >> node & 1U);
            seen |= 1U << node;
            double unit[NODES] = {0.0};
            struct dmumu_panel_miss of_unit[DMUMU_PANEL_PAIRS];
            unit[node] = 1.0;
            dmumu_panel_miss_of(rules, unit, of_unit);
            assert_close(of_unit[p].by[k], 1.0, 1e-14);
            assert_true(fabs(of_unit[p].by[1 - k]) < 1e-14);
        }
    }
}

/* x^degree between the nodes, by samples, by weights and by Lagrange's polynomials: exact up to degree 14. */
static void test_polynomial(void **state)
{
    const struct dmumu_panel_rules *rules = *state;
    for (int degree = 0; degree <= 14; degree++) {
        double value[NODES];
        for (int i = 0; i < NODES; i++) {
            value[i] = pow(dmumu_kronrod_node[i], degree);
        }
        for (int k = 0; k < DMUMU_PANEL_SAMPLES; k++) {
            const double x = dmumu_panel_sample_at(k);
            double lagrange[NODES];
            double by_sample = 0.0;
            double by_lagrange = 0.0;
            dmumu_panel_lagrange(rules->barycentric, x, lagrange);
            for (int i = 0; i < NODES; i++) {
                by_sample += rules->sample[i][k] * value[i];
                by_lagrange += lagrange[i] * value[i];
            }
            assert_true(x == -1.0 + 2.0 * k / (DMUMU_PANEL_SAMPLES - 1.0) || k == DMUMU_PANEL_SAMPLES - 1);
            assert_true(fabs(by_sample - pow(x, degree)) < 1e-12);
            assert_true(fabs(by_lagrange - pow(x, degree)) < 1e-12);
            assert_true(fabs(dmumu_panel_interpolate(rules->barycentric, value, x) - pow(x, degree)) < 1e-12);
        }
    }
    double at_node[NODES];
    dmumu_panel_lagrange(rules->barycentric, dmumu_kronrod_node[4], at_node);
    for (int i = 0; i < NODES; i++) {
        assert_true(fabs(at_node[i] - (i == 4 ? 1.0 : 0.0)) < 1e-14);
    }
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static const struct dmumu_panel_key keys[] = {
    {.depth = 0}, {.depth = 1}, {.depth = 1, .index = 1}, {.depth = 3, .index = 5}, {.depth = 6, .index = 63}};
enum { N_KEYS = sizeof keys / sizeof keys[0] };

static void test_whole(void **state)
{
    static const struct curve curves[] = {
        {.offset = 3.0}, {.offset = -5.0, .slope = 2.0}, {.offset = 1.0, .slope = -1.0, .wave = 0.3, .k = 4.0}};
    static const double edges[] = {-8.0, -(double)INFINITY};
    for (int k = 0; k < N_KEYS; k++) {
        for (int c = 0; c < 3; c++) {
            for (int e = 0; e < 2; e++) {
                const struct dmumu_panel_integral integral = panel_of(state, &curves[c], keys[k], edges[e]);
                const struct exact exact = exact_of(&curves[c], keys[k], edges[e]);
                assert_close(integral.value, exact.value, 1e-12);
                assert_true(integral.mu_star == exact.mu_star);
                assert_true(integral.difference <= 1e-5 * exact.value);
                assert_false(integral.rough);
            }
        }
    }
}

/* Without a zone, the difference itself is the error where D_mumu/(1 - mu^2) varies by orders of magnitude. */
static void test_steep_without_a_zone(void **state)
{
    const struct curve steep = {.slope = 5.0};
    const struct curve gentle = {.slope = 2.0};
    assert_true(panel_of(state, &steep, everything, -(double)INFINITY).rough);
    assert_false(panel_of(state, &steep, everything, -20.0).rough);
    assert_false(panel_of(state, &gentle, everything, -(double)INFINITY).rough);
}

/* q crosses its edge once or often, on the way up, down, or both. */
static void test_with_edges(void **state)
{
    static const struct curve curves[] = {{.slope = 2.0, .offset = -1.0},
                                          {.slope = -1.5, .offset = 0.6},
                                          {.offset = 0.2, .wave = -0.8, .k = 7.0},
                                          {.offset = -0.1, .wave = 0.5, .k = 7.0}};
    static const int n_edges[] = {1, 1, 2, 2};
    static const double shifts[] = {0.0, -7.0, 12.0};
    for (int c = 0; c < 4; c++) {
        for (int s = 0; s < 3; s++) {
            struct curve curve = curves[c];
            curve.offset += shifts[s]; /* and the edge as well */
            const struct exact exact = exact_of(&curve, everything, shifts[s]);
            const struct dmumu_panel_integral integral = panel_of(state, &curve, everything, shifts[s]);
            assert_int_equal(exact.n_edges, n_edges[c]);
            assert_close(integral.value, exact.value, c < 2 ? 1e-10 : 1e-5);
            assert_close(integral.mu_star, exact.mu_star, c < 2 ? 1e-10 : 1e-5);
            assert_true(integral.rough); /* it ends at mu = 1 */
        }
    }
}

/* Dyadic halves of a panel with an edge add up to it. */
static void test_halves_add_up(void **state)
{
    const struct curve curve = {.slope = 2.5, .offset = -1.4, .wave = 0.1, .k = 5.0};
    const struct dmumu_panel_key left = {.depth = 1};
    const struct dmumu_panel_key right = {.depth = 1, .index = 1};
    const double whole = panel_of(state, &curve, everything, 0.0).value;
    const double halves = panel_of(state, &curve, left, 0.0).value + panel_of(state, &curve, right, 0.0).value;
    assert_close(halves, whole, 1e-7);
}

static void test_nothing_confined(void **state)
{
    static const double offsets[] = {-50.0, -5.0, -0.6, -0.4, -0.01}; /* from -1/2 the polynomial is asked */
    for (int k = 0; k < N_KEYS; k++) {
        for (int i = 0; i < 5; i++) {
            const struct curve curve = {.offset = offsets[i]};
            const struct dmumu_panel_integral integral = panel_of(state, &curve, keys[k], 0.0);
            assert_true(integral.value == 0.0 && integral.difference == 0.0 && integral.rate_error == 0.0);
            assert_true(isnan(integral.mu_star));
        }
    }
}

/* ---- errors ------------------------------------------------------------------------------------------------------ */

static void assert_estimate(void *const *state, const struct curve *curve, struct dmumu_panel_key key, double q_edge,
                            double rounding)
{
    const struct exact exact = exact_of(curve, key, q_edge);
    if (!(exact.value > 0.0)) {
        return;
    }
    const struct dmumu_panel_integral integral = panel_of(state, curve, key, q_edge);
    const double estimate = dmumu_panel_error(&integral, exact.value);
    const double error = fabs(integral.value - exact.value) / exact.value;
    if (!(error <= 3.0 * estimate + rounding)) {
        fail_msg("slope %g wave %g k %g step %g at %g width %g, edge %g: error %g, estimate %g", curve->slope,
                 curve->wave, curve->k, curve->step, curve->at, curve->width, q_edge, error, estimate);
    }
}

static void test_estimate_for_waves(void **state)
{
    for (double k = 1.0; k < 25.0; k *= 1.17) {
        for (double slope = -4.0; slope < 4.1; slope += 1.0) {
            const struct curve curve = {.slope = slope, .wave = 0.5, .k = k};
            assert_estimate(state, &curve, everything, -20.0, 1e-13);
            for (double edge = -3.1; edge < 3.0; edge += 0.37) {
                assert_estimate(state, &curve, everything, edge, 1e-11);
            }
        }
    }
}

/*
 * A step anywhere in a panel, as narrow as the distance of its nodes. One confined as a whole that ends at mu = 1 is
 * another matter: there rates are smooth over ln(1 - mu), no resonance is so narrow (test_estimate_towards_one).
 */
static void test_estimate_for_steps(void **state)
{
    const struct dmumu_panel_key first_half = {.depth = 1};
    for (double width = 1.0; width > 0.02; width *= 0.8) {
        for (double at = 0.03; at < 1.0; at += 0.0613) {
            const struct curve half = {.slope = 0.5, .step = 1.0, .at = 0.5 * at, .width = 0.5 * width};
            assert_estimate(state, &half, first_half, -20.0, 1e-13);
            const struct curve curve = {.slope = 0.5, .step = 1.0, .at = at, .width = width};
            assert_estimate(state, &curve, everything, -0.25, 1e-11);
            assert_estimate(state, &curve, everything, 0.4, 1e-11);
        }
    }
}

/* Such a step in the panel that ends at mu = 1: the rules do differ by what it makes them err by. */
static void test_steps_are_seen_towards_one(void **state)
{
    for (double width = 1.0; width > 0.02; width *= 0.8) {
        for (double at = 0.03; at < 1.0; at += 0.0613) {
            const struct curve curve = {.slope = 0.5, .step = 1.0, .at = at, .width = width};
            const double exact = exact_of(&curve, everything, -20.0).value;
            const struct dmumu_panel_integral integral = panel_of(state, &curve, everything, -20.0);
            assert_true(fabs(integral.value - exact) <= 3.0 * integral.difference + 1e-13 * exact);
        }
    }
}

/* ---- towards mu = 1 ---------------------------------------------------------------------------------------------- */

/* D_mumu/(1 - mu^2) = d^power + (d/turn)^more d^power, d = 1 - mu: one power of d beyond the turn, another before. */
struct powers {
    double power, more, turn;
};

static double ratio_at(const struct powers *powers, double distance)
{
    const double other = powers->more > 0.0 ? pow(distance / powers->turn, powers->more) : 0.0;
    return pow(distance, powers->power) * (1.0 + other);
}

/* Per d ln(1 - mu). */
static double integrand_of_powers(double minus_ln_distance, void *context)
{
    const double distance = exp(-minus_ln_distance);
    return distance * distance * (2.0 - distance) / ratio_at((const struct powers *)context, distance);
}

/* From 1 - mu = 2^-depth on. */
static double exact_towards_one(const struct powers *powers, int depth)
{
    struct powers copy = *powers;
    gsl_integration_workspace *workspace = gsl_integration_workspace_alloc(INTERVALS);
    assert_non_null(workspace);
    const gsl_function function = {.function = integrand_of_powers, .params = &copy};
    const double low = depth * log(2.0);
    double value;
    double error;
    assert_int_equal(gsl_integration_qag(&function, low, low + 60.0, 0.0, 1e-12, INTERVALS, GSL_INTEG_GAUSS31,
                                         workspace, &value, &error),
                     GSL_SUCCESS);
    gsl_integration_workspace_free(workspace);
    return value;
}

static struct dmumu_panel_key last_panel(int depth)
{
    return (struct dmumu_panel_key){.depth = depth, .index = (1U << depth) - 1U};
}

static struct dmumu_panel_integral towards_one(void *const *state, const struct powers *powers, int depth)
{
    struct dmumu_panel_values values = {.error = {0.0}};
    for (int i = 0; i < NODES; i++) {
        double mu;
        dmumu_panel_node(last_panel(depth), i, &mu, &values.s2[i]);
        values.rate[i] = values.s2[i] * ratio_at(powers, values.s2[i] / (1.0 + mu));
    }
    return dmumu_panel_integrate(*state, last_panel(depth), &values, -60.0);
}

/*
 * A power of 1 - mu: Gauss's rule errs like n^(-2a - 2) of an integrand (1 - mu)^a, so that twice the points and one
 * leave a hundredth or less. A power by which D_mumu/(1 - mu^2) falls to 3/4 and less between the last two nodes, whose
 * distances to mu = 1 are as 0.168 to 1, counts as a tail that falls steeply: 0.161 and more; one by which it rises to three
 * times as much, -0.616 and less, as other modes that take over. Of others the slopes between the last nodes tell the error:
 * it is between a 23rd of the estimate and all of it.
 */
static void test_powers_towards_one(void **state)
{
    int n_steep = 0;
    for (int depth = 0; depth < 9; depth++) {
        for (double power = -0.75; power < 1.6; power += 0.015625) {
            const struct powers powers = {.power = power};
            const double exact = exact_towards_one(&powers, depth);
            const struct dmumu_panel_integral integral = towards_one(state, &powers, depth);
            const double error = fabs(integral.value / exact - 1.0);
            const double estimate = dmumu_panel_error(&integral, exact);
            assert_true(integral.last);
            assert_true(integral.rough == (power > 0.1612 || power < -0.616));
            assert_true(error <= estimate + 1e-13);
            const bool nearly_exact = power < -0.5; /* close to (1 - mu)^2, which all rules know */
            if (!integral.rough && !nearly_exact && estimate > 1e-11) {
                assert_true(estimate <= 23.0 * error);
            }
            n_steep += integral.rough;
        }
    }
    assert_true(n_steep > 100);
}

/* D_mumu/(1 - mu^2) is 1 up to a node and `by` beyond it. */
static struct dmumu_panel_integral step_after(void *const *state, int node, double by)
{
    struct dmumu_panel_values values = {.error = {0.0}};
    for (int i = 0; i < NODES; i++) {
        double mu;
        dmumu_panel_node(last_panel(1), i, &mu, &values.s2[i]);
        values.rate[i] = values.s2[i] * (i > node ? by : 1.0);
    }
    return dmumu_panel_integrate(*state, last_panel(1), &values, -60.0);
}

/* From one of the last five nodes to the next it may change threefold, either way; to the last one it may not fall by a quarter. */
static void test_steps_between_last_nodes(void **state)
{
    for (int node = NODES - 5; node < NODES - 1; node++) {
        const double least = node == NODES - 2 ? 0.75 : 1.0 / 3.0;
        assert_true(step_after(state, node, 1.01 * 3.0).rough && !step_after(state, node, 0.99 * 3.0).rough);
        assert_true(step_after(state, node, 0.99 * least).rough && !step_after(state, node, 1.01 * least).rough);
    }
    assert_false(step_after(state, NODES - 6, 4.0).rough);
}

/*
 * One power turns into another between the nodes, over an octave or more. The rules' differences may change sign as the
 * turn moves, so that by chance an estimate is too small: of few, and by little next to the default tolerance.
 */
static void test_estimate_towards_one(void **state)
{
    static const double more[] = {0.25, 0.5, 1.0, 1.5, 2.0};
    int n = 0;
    int missed = 0;
    for (int k = 0; k < 5; k++) {
        for (double power = -0.5; power < 0.6; power += 0.125) {
            for (double turn = 1.0; turn > 5e-3; turn *= 0.7) {
                const int depth = 1 + k % 4;
                const struct powers powers = {.power = power, .more = more[k], .turn = ldexp(turn, -depth)};
                const double exact = exact_towards_one(&powers, depth);
                const struct dmumu_panel_integral integral = towards_one(state, &powers, depth);
                const double error = fabs(integral.value / exact - 1.0);
                const double estimate = dmumu_panel_error(&integral, exact);
                n++;
                missed += error > 3.0 * estimate + 1e-8;
                if (!(error <= 3.0 * estimate + 5e-6)) {
                    fail_msg("powers %g and %g more, turning at %g of depth %d: error %g, estimate %g", power, more[k],
                             turn, depth, error, estimate);
                }
            }
        }
    }
    if (!(20 * missed <= n)) {
        fail_msg("%d of %d estimates are below a third of the error", missed, n);
    }
}

/* The same fall in a panel that ends before mu = 1, beyond which there is another one, is no reason not to trust it. */
static void test_falling_elsewhere(void **state)
{
    const double between = 0.5 * (dmumu_kronrod_node[NODES - 1] - dmumu_kronrod_node[NODES - 2]); /* of [0, 1] */
    const struct curve steep = {.slope = log(0.74) / between};
    const struct curve gentle = {.slope = log(0.76) / between};
    const struct curve half_as_long = {.slope = 2.0 * steep.slope};
    assert_true(panel_of(state, &steep, everything, -40.0).rough);
    assert_false(panel_of(state, &gentle, everything, -40.0).rough);
    assert_true(panel_of(state, &half_as_long, last_panel(1), -60.0).rough);
    assert_false(panel_of(state, &half_as_long, (struct dmumu_panel_key){.depth = 1}, -60.0).rough);
}

/* What the nodes' relative errors do to the value, one by one and all together; first order, edges included. */
static void assert_rate_error(void *const *state, const struct curve *curve, double q_edge)
{
    const double eps = 1e-6;
    struct dmumu_panel_values values = values_of(curve, everything);
    struct dmumu_panel_values all[2] = {values, values};
    double square = 0.0;
    for (int i = 0; i < NODES; i++) {
        values.error[i] = eps;
        all[0].rate[i] *= exp(eps);
        all[1].rate[i] *= exp(-eps);
    }
    const struct dmumu_panel_integral integral = dmumu_panel_integrate(*state, everything, &values, q_edge);
    double contribution[NODES];
    dmumu_panel_rate_errors(*state, everything, &values, q_edge, contribution);
    for (int i = 0; i < NODES; i++) {
        struct dmumu_panel_values up = values;
        struct dmumu_panel_values down = values;
        up.rate[i] *= exp(eps);
        down.rate[i] *= exp(-eps);
        const double change = 0.5 * fabs(dmumu_panel_integrate(*state, everything, &up, q_edge).value -
                                         dmumu_panel_integrate(*state, everything, &down, q_edge).value);
        assert_true(fabs(contribution[i] - change) <= 1e-3 * integral.rate_error);
        square += change * change;
    }
    const double common = 0.5 * (dmumu_panel_integrate(*state, everything, &all[0], q_edge).value -
                                 dmumu_panel_integrate(*state, everything, &all[1], q_edge).value);
    assert_close(integral.rate_error, fmax(fabs(common), sqrt(square)), 1e-3);
}

static void test_rate_error(void **state)
{
    const struct curve whole = {.slope = 1.0};
    const struct curve rising = {.slope = 2.0, .offset = -1.0};
    const struct curve falling = {.slope = -3.0, .offset = 1.0};
    const struct curve twice = {.offset = -0.2, .wave = 0.5, .k = 7.0};
    assert_rate_error(state, &whole, -5.0);
    assert_rate_error(state, &rising, 0.0);
    assert_rate_error(state, &falling, 0.0);
    assert_rate_error(state, &twice, 0.0);
}

/* Nodes of a panel whose rates confine nothing, exp(-margin) of what would: known to a relative error. */
static struct dmumu_panel_values unconfined(double margin, double error)
{
    struct dmumu_panel_values values = values_of(&(struct curve){.offset = -margin}, everything);
    for (int i = 0; i < NODES; i++) {
        values.error[i] = error;
    }
    return values;
}

/*
 * What a node is to the integral if its rate is at the edge of C, at q = 0: the rule's weight, times half the panel's
 * length, times (1 - mu^2)^2/D_mumu with D_mumu = 1 - mu^2.
 */
static double at_the_edge(const struct dmumu_panel_values *values, int node)
{
    return 0.5 * dmumu_kronrod_weight[node] * values->s2[node];
}

/* A rate of which no more is known than that it might confine is an error of what it would add: no gradient sees it. */
static void test_unknown_rates(void **state)
{
    const double margin = 3.0; /* a rate 20 times as large would confine */
    const double enough = 1.01 * expm1(margin);
    const double too_little = 0.99 * expm1(margin);
    double all = 0.0;
    for (int node = 0; node < NODES; node++) {
        struct dmumu_panel_values values = unconfined(margin, 0.0);
        double contribution[NODES];
        values.error[node] = enough;
        const struct dmumu_panel_integral integral = dmumu_panel_integrate(*state, everything, &values, 0.0);
        assert_true(integral.value == 0.0 && integral.difference == 0.0);
        assert_close(integral.rate_error, at_the_edge(&values, node), 1e-14);
        dmumu_panel_rate_errors(*state, everything, &values, 0.0, contribution);
        for (int i = 0; i < NODES; i++) {
            assert_true(i == node ? contribution[i] == integral.rate_error : contribution[i] == 0.0);
        }
        values.error[node] = too_little;
        assert_true(dmumu_panel_integrate(*state, everything, &values, 0.0).rate_error == 0.0);
        all += integral.rate_error;
    }
    const struct dmumu_panel_values values = unconfined(margin, enough);
    assert_close(dmumu_panel_integrate(*state, everything, &values, 0.0).rate_error, all, 1e-14);
    assert_close(all, 2.0 / 3.0, 1e-14); /* the integral of 1 - mu^2: all that there could be */
}

/* What is confined already counts by its gradient, once, however little is known of it. */
static void test_unknown_and_confined(void **state)
{
    const struct dmumu_panel_values values = unconfined(-1.0, 0.5);
    const struct dmumu_panel_integral integral = dmumu_panel_integrate(*state, everything, &values, 0.0);
    assert_close(integral.value, 2.0 / 3.0 * exp(-1.0), 1e-14);
    assert_close(integral.rate_error, 0.5 * integral.value, 1e-14);
}

/* A narrow piece at the panel's end, beyond which q is cut off: if the polynomial says nothing is, that is not sure. */
static void test_piece_at_an_end(void **state)
{
    for (double offset = 0.02; offset < 0.3; offset += 0.02) {
        const struct curve curve = {.slope = -40.0, .offset = offset};
        const struct exact exact = exact_of(&curve, everything, 0.0);
        const struct dmumu_panel_integral integral = panel_of(state, &curve, everything, 0.0);
        assert_true(fabs(integral.value - exact.value) <= 3.0 * integral.difference);
        assert_true(integral.rough);
    }
}

/* q touches its edge, or nearly: what is not known of q makes a piece come or go, as wide as its square root. */
static void test_touching(void **state)
{
    for (double depth = -1e-3; depth < 1e-3; depth += 0.9e-4) {
        const struct curve curve = {.offset = 1.0 + depth, .wave = -1.0, .k = 8.0}; /* q = depth at mu = 0 and pi/4 */
        const struct exact exact = exact_of(&curve, everything, 0.0);
        struct dmumu_panel_values values = values_of(&curve, everything);
        for (int i = 0; i < NODES; i++) {
            values.error[i] = 1e-4;
        }
        const struct dmumu_panel_integral integral = dmumu_panel_integrate(*state, everything, &values, 0.0);
        assert_true(fabs(integral.value - exact.value) <= 3.0 * integral.difference + 1e-11);
        struct curve raised = curve;
        raised.offset += 1e-4;
        const double change = fabs(exact_of(&raised, everything, 0.0).value - exact.value);
        assert_true(change <= 3.0 * (integral.rate_error + integral.difference));
    }
}

/* Where no polynomial is to be trusted the difference itself is the error, else a higher power of it. */
static void test_panel_error(void **state)
{
    (void)state;
    struct dmumu_panel_integral integral = {.difference = 4e-6, .rough = false};
    assert_close(dmumu_panel_error(&integral, 2.0), pow(5.3 * 2e-6, 1.5), 1e-14);
    integral.rough = true;
    assert_close(dmumu_panel_error(&integral, 2.0), 2e-6, 1e-14);
    integral.difference = 0.1;
    assert_close(dmumu_panel_error(&integral, 2.0), 0.05, 1e-14);
    integral.rough = false;
    assert_close(dmumu_panel_error(&integral, 2.0), 0.05, 1e-14); /* never more than the difference */
    /* where q is smooth over mu, the square, relative to what is in the panel; never more than elsewhere */
    integral = (struct dmumu_panel_integral){.value = 0.5, .difference = 4e-6, .quick = true};
    assert_close(dmumu_panel_error(&integral, 2.0), 30.0 * 4e-6 / 0.5 * 2e-6, 1e-14);
    integral.value = 1e-4;
    assert_close(dmumu_panel_error(&integral, 2.0), pow(5.3 * 2e-6, 1.5), 1e-14);
}

/*
 * Next to mu = 1 a thousandth of a small difference, all of one of a tenth and more of the whole; or of twenty times
 * what is in the panel, where that is less than the whole. And what q's way to mu = 1 makes of the rule, all of it.
 */
static void test_panel_error_of_last(void **state)
{
    (void)state;
    const double total = 2.0;
    struct dmumu_panel_integral integral = {.value = 1.0, .last = true};
    double before = 0.0;
    for (double relative = 1e-12; relative < 1.0; relative *= 3.0) {
        integral.difference = relative * total;
        const double error = dmumu_panel_error(&integral, total);
        assert_true(error > before && error <= relative * (1.0 + 1e-15));
        assert_true(relative > 1e-6 || fabs(error / relative - 0.001) <= 1.1e-5);
        assert_true(relative < 0.1 || error == integral.difference / total);
        before = error;
    }
    integral.difference = 4e-6;
    integral.value = 0.02; /* a hundredth of the whole: a difference of a fifth as much weighs the same */
    const double of_small = dmumu_panel_error(&integral, total) / 4e-6;
    integral.value = 1.0;
    integral.difference = 4e-6 / 0.2;
    assert_close(of_small, dmumu_panel_error(&integral, total) / integral.difference, 1e-14);
    integral.value = 1e-9; /* nothing to compare with: the difference is all there is to say */
    assert_close(dmumu_panel_error(&integral, total), integral.difference / total, 1e-14);
    integral.value = 1.0;
    integral.difference = 4e-12;
    integral.end = 2e-6;
    assert_close(dmumu_panel_error(&integral, total), 1e-6 + 0.001 * 2e-12, 1e-8);
    integral.rough = true;
    assert_close(dmumu_panel_error(&integral, total), integral.difference / total, 1e-14);
}

/* The nearer a singularity, the less do all rules converge: Kronrod's like the square of the others at any distance. */
static void test_quick_panels(void **state)
{
    const struct dmumu_panel_key key = {.depth = 1};
    int n = 0;
    for (double k = 4.0; k < 40.0; k *= 1.1) {
        const struct curve curve = {.slope = -3.0, .wave = 0.5, .k = k};
        const struct exact exact = exact_of(&curve, key, -8.0);
        struct dmumu_panel_integral integral = panel_of(state, &curve, key, -8.0);
        integral.quick = true;
        const double error = fabs(integral.value - exact.value) / exact.value;
        const double estimate = dmumu_panel_error(&integral, exact.value);
        assert_false(integral.rough);
        assert_true(error <= estimate + 1e-13);
        n += estimate > 1e-9 && estimate < 1e-4;
    }
    assert_true(n > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends_and_nodes),
        cmocka_unit_test(test_nodes_next_to_one),
        cmocka_unit_test(test_sections),
        cmocka_unit_test(test_probes),
        cmocka_unit_test(test_coarse_weight),
        cmocka_unit_test(test_misses),
        cmocka_unit_test(test_misses_of_a_node),
        cmocka_unit_test(test_polynomial),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_steep_without_a_zone),
        cmocka_unit_test(test_with_edges),
        cmocka_unit_test(test_halves_add_up),
        cmocka_unit_test(test_nothing_confined),
        cmocka_unit_test(test_estimate_for_waves),
        cmocka_unit_test(test_estimate_for_steps),
        cmocka_unit_test(test_steps_are_seen_towards_one),
        cmocka_unit_test(test_powers_towards_one),
        cmocka_unit_test(test_steps_between_last_nodes),
        cmocka_unit_test(test_estimate_towards_one),
        cmocka_unit_test(test_falling_elsewhere),
        cmocka_unit_test(test_rate_error),
        cmocka_unit_test(test_unknown_rates),
        cmocka_unit_test(test_unknown_and_confined),
        cmocka_unit_test(test_piece_at_an_end),
        cmocka_unit_test(test_touching),
        cmocka_unit_test(test_panel_error),
        cmocka_unit_test(test_panel_error_of_last),
        cmocka_unit_test(test_quick_panels),
    };
    return cmocka_run_group_tests(tests, make_rules, free_rules);
}
