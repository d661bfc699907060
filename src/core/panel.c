/* Panel: see panel.h. */
#include "core/panel.h"

#include "core/logarithm.h"
#include "core/nodes.h"
#include "core/panel_edges.h"
#include "core/vector.h"

#include <math.h>
#include <stddef.h>

enum { NODES = DMUMU_KRONROD_N, SAMPLES = DMUMU_PANEL_SAMPLES, PAIRS = DMUMU_PANEL_PAIRS };

/* Nodes that tell how q goes on to mu = 1. */
enum { LAST = 5 };

/* ---- geometry ---------------------------------------------------------------------------------------------------- */

bool dmumu_panel_same(const struct dmumu_panel_key *a, const struct dmumu_panel_key *b)
{
    return a->depth == b->depth && a->index == b->index && a->start == b->start && a->end == b->end;
}

/* 2^-depth: faster than ldexp, which is called for every R. */
static double scale_of(struct dmumu_panel_key key)
{
    return key.depth < 64 ? 1.0 / (double)(UINT64_C(1) << key.depth) : ldexp(1.0, -key.depth);
}

static double section_end(struct dmumu_panel_key key)
{
    return key.end > 0.0 ? key.end : 1.0;
}

/* Half the length of a panel, without cancellation. */
static double half_of(struct dmumu_panel_key key)
{
    return 0.5 * (section_end(key) - key.start) * scale_of(key);
}

void dmumu_panel_ends(struct dmumu_panel_key key, double *low, double *high)
{
    const double scale = scale_of(key);
    const double length = section_end(key) - key.start;
    *low = key.start + length * (key.index * scale);
    *high = key.start + length * ((key.index + 1.0) * scale);
}

void dmumu_panel_node(struct dmumu_panel_key key, int node, double *mu, double *s2)
{
    if (key.depth == DMUMU_PROBE_DEPTH) {
        const double distance = ldexp(1.0, -(DMUMU_LEAST_OCTAVE + (int)key.index * NODES + node));
        *mu = 1.0 - distance;
        *s2 = distance * (2.0 - distance);
        return;
    }
    double low;
    double high;
    dmumu_panel_ends(key, &low, &high);
    const double half = half_of(key);
    const double one_minus_mu = (1.0 - high) + half * (1.0 - dmumu_kronrod_node[node]);
    *mu = low + half * (1.0 + dmumu_kronrod_node[node]);
    *s2 = one_minus_mu * (1.0 + *mu);
}

/* ---- polynomials through the nodes ------------------------------------------------------------------------------- */

/* The nodes that a polynomial through the other 13 is asked for: a measure of what one through all 15 misses between them. */
static const int omitted[DMUMU_PANEL_PAIRS][2] = {{3, 11}, {2, 12}, {1, 13}};

/* Sets of nodes, bit by bit. */
#define ALL_NODES ((1U << NODES) - 1U)
#define ELEVEN    (ALL_NODES & ~(1U << 2 | 1U << 5 | 1U << 9 | 1U << 12))

static unsigned all_but(const int pair[static 2])
{
    return ALL_NODES & ~(1U << pair[0] | 1U << pair[1]);
}

/* Barycentric weights of some nodes, 0 of the others. */
static void barycentric_weights(unsigned nodes, double weight[static NODES])
{
    for (int i = 0; i < NODES; i++) {
        double product = 1.0;
        for (int j = 0; j < NODES; j++) {
            if (j != i && (nodes >> j & 1U)) {
                product *= 2.0 * (dmumu_kronrod_node[i] - dmumu_kronrod_node[j]);
            }
        }
        weight[i] = nodes >> i & 1U ? 1.0 / product : 0.0;
    }
}

double dmumu_panel_interpolate(const double weight[static NODES], const double q[static NODES], double x)
{
    double numerator = 0.0;
    double denominator = 0.0;
    for (int i = 0; i < NODES; i++) {
        if (weight[i] == 0.0) {
            continue;
        }
        const double distance = x - dmumu_kronrod_node[i];
        if (distance == 0.0) {
            return q[i];
        }
        const double part = weight[i] / distance;
        numerator += part * q[i];
        denominator += part;
    }
    return numerator / denominator;
}

void dmumu_panel_lagrange(const double weight[static NODES], double x, double value[static NODES])
{
    double sum = 0.0;
    for (int i = 0; i < NODES; i++) {
        value[i] = dmumu_panel_part(weight[i], x - dmumu_kronrod_node[i]);
        sum += value[i];
    }
    for (int i = 0; i < NODES; i++) {
        value[i] /= sum;
    }
}

double dmumu_panel_sample_at(int k)
{
    return k == SAMPLES - 1 ? 1.0 : -1.0 + 2.0 * k / (SAMPLES - 1);
}

/* What one node's value adds to the integral of the polynomial through eleven of them: exact, Kronrod's degree is 23. */
static double coarse_weight_of(const double eleven[static NODES], const double unit[static NODES])
{
    double sum = 0.0;
    for (int k = 0; k < NODES; k++) {
        sum += dmumu_kronrod_weight[k] * dmumu_panel_interpolate(eleven, unit, dmumu_kronrod_node[k]);
    }
    return sum;
}

void dmumu_panel_rules_make(struct dmumu_panel_rules *rules)
{
    double without[PAIRS][NODES];
    barycentric_weights(ALL_NODES, rules->barycentric);
    barycentric_weights(ELEVEN, rules->eleven);
    for (int k = 0; k < SAMPLES; k++) {
        rules->bit[k] = UINT64_C(1) << k;
    }
    for (int p = 0; p < PAIRS; p++) {
        barycentric_weights(all_but(omitted[p]), without[p]);
    }
    for (int i = 0; i < NODES; i++) {
        double unit[NODES] = {0.0};
        unit[i] = 1.0;
        rules->y[i] = log(1.0 - dmumu_kronrod_node[i]);
        rules->coarse_weight[i] = coarse_weight_of(rules->eleven, unit);
        for (int k = 0; k < SAMPLES; k++) {
            rules->sample[i][k] = dmumu_panel_interpolate(rules->barycentric, unit, dmumu_panel_sample_at(k));
        }
        for (int p = 0; p < PAIRS; p++) {
            for (int k = 0; k < 2; k++) {
                const int node = omitted[p][k];
                rules->miss[p][k][i] = unit[node] - dmumu_panel_interpolate(without[p], unit, dmumu_kronrod_node[node]);
            }
        }
    }
}

void dmumu_panel_miss_of(const struct dmumu_panel_rules *rules, const double value[static NODES],
                         struct dmumu_panel_miss miss[static PAIRS])
{
    for (int p = 0; p < PAIRS; p++) {
        for (int k = 0; k < 2; k++) {
            double sum = 0.0;
            for (int i = 0; i < NODES; i++) {
                sum += rules->miss[p][k][i] * value[i];
            }
            miss[p].node[k] = omitted[p][k];
            miss[p].by[k] = sum;
        }
    }
}

/* By how much D_mumu/(1 - mu^2) may vary in a panel whose rules converge quickly. */
#define ROUGH   30.0
/* Where it falls so much from the last node but one to the last, the tail of a resonance ends at mu = 1, and the rules see
 * nothing of how the integrand goes on beyond; where it changes so much, either way, between any two of the last five, other
 * modes take over or the tail has just begun. */
#define FALLING 0.75
#define TURNING 3.0

/*
 * Where q is smooth over mu itself, the rules' errors fall like rho^-11 (11 nodes), rho^-14 (Gauss) and rho^-23 (Kronrod),
 * rho the size of the ellipse within which it is analytic: the last like the square of the largest difference. Of 1,900
 * panels before mu = 15/16, with M_A from 0.05 to 3, it was 0.3 of that square at most, wherever it exceeded the errors of
 * the rates.
 */
#define SQUARE 30.0

/* ---- a panel confined as a whole --------------------------------------------------------------------------------- */

/* The three rules: Kronrod's, Gauss's, and the polynomial through eleven nodes. */
struct rule_sums {
    double value, gauss, fewer;
};

/* Of the integrand, times half the panel's length. gradient: d value / d ln rate of each node */
DMUMU_VECTOR static void sum_up(const struct dmumu_panel_rules *rules, double half,
                                const struct dmumu_panel_values *values, double gradient[static NODES],
                                struct rule_sums *sums)
{
    const struct dmumu_nodes s2 = dmumu_nodes_load(values->s2);
    const struct dmumu_nodes rate = dmumu_nodes_load(values->rate);
    const struct dmumu_nodes kronrod = dmumu_nodes_load(dmumu_kronrod_weight);
    const struct dmumu_nodes gauss = dmumu_nodes_load(dmumu_kronrod_gauss_weight);
    const struct dmumu_nodes fewer = dmumu_nodes_load(rules->coarse_weight);
    struct dmumu_nodes of[3];
    struct dmumu_nodes change;
    for (int i = 0; i < 4; i++) {
        const dmumu_lanes f = half * s2.part[i] * s2.part[i] / rate.part[i];
        of[0].part[i] = kronrod.part[i] * f;
        of[1].part[i] = gauss.part[i] * f;
        of[2].part[i] = fewer.part[i] * f;
        change.part[i] = -of[0].part[i];
    }
    dmumu_nodes_store(&change, gradient);
    *sums = (struct rule_sums){dmumu_nodes_sum(&of[0]), dmumu_nodes_sum(&of[1]), dmumu_nodes_sum(&of[2])};
}

/* Plain sums. A steep step between the nodes can hide from two rules alike: the polynomial through fewer has its say. */
static void integrate_whole(const struct dmumu_panel_rules *rules, double half, const struct dmumu_panel_values *values,
                            struct dmumu_panel_integral *integral, double gradient[])
{
    struct rule_sums sums;
    sum_up(rules, half, values, gradient, &sums);
    integral->value = sums.value;
    integral->difference = fmax(fabs(sums.value - sums.gauss), fabs(sums.value - sums.fewer));
}

/* ---- the panel --------------------------------------------------------------------------------------------------- */

/*
 * Towards mu = 1 q is smooth over y = ln(1 - mu) rather than over mu, and what Kronrod's rule errs by there is known: of
 * (1 - x) y ON_SLOPE and of (1 - x) y^2 ON_CURVATURE, on [-1, 1], where they are 2 ln 2 - 1 and 2 ln^2 2 - 2 ln 2 + 1.
 * OF_SLOPE of the former by the largest slope between the last five nodes, or OF_CURVATURE of the latter, whichever is
 * more, and LAST_SHARE of the difference were twice the error or more at 97 in 100 of 172 panels [1/2, 1], below half of it
 * at two, and ten times it in the middle. Rates may turn between the last nodes, and there may be little else: from
 * differences of 1e-4 on the error may be more of these, relative to the whole, or to twenty times what is in the panel.
 */
#define ON_SLOPE     (-5.845e-6)
#define ON_CURVATURE 6.866e-5
#define OF_SLOPE     1.15 /* it still changes from node to node */
#define OF_CURVATURE 0.25
#define LAST_SHARE   0.001
#define LAST_SQUARE  10.0

static double error_of_last(const struct dmumu_panel_integral *integral, double total, double relative)
{
    const double share = fmin(20.0 * integral->value / total, 1.0);
    const double of_rules = relative * fmin(LAST_SHARE + LAST_SQUARE * relative / share, 1.0);
    const double of_end = integral->end / total;
    return fmin(of_rules + of_end, fmax(relative, of_end));
}

double dmumu_panel_error(const struct dmumu_panel_integral *integral, double total)
{
    const double relative = integral->difference / total;
    if (integral->rough) {
        return relative;
    }
    if (integral->last) {
        return error_of_last(integral, total, relative);
    }
    const double usual = fmin(relative, dmumu_rule_error(relative));
    return integral->quick ? fmin(usual, SQUARE * relative * integral->difference / integral->value) : usual;
}

/* D_mumu/(1 - mu^2) at the nodes, the least and the most of them; their sum is no number where one of them is none. */
struct ratios {
    double at[NODES], least, most, sum;
};

DMUMU_VECTOR static void find_ratios(const struct dmumu_panel_values *values, struct ratios *ratios)
{
    const struct dmumu_nodes s2 = dmumu_nodes_load(values->s2);
    const struct dmumu_nodes rate = dmumu_nodes_load(values->rate);
    struct dmumu_nodes ratio;
    for (int i = 0; i < 4; i++) {
        ratio.part[i] = rate.part[i] / s2.part[i];
    }
    dmumu_nodes_store(&ratio, ratios->at);
    ratios->sum = dmumu_nodes_sum(&ratio);
    ratios->least = ratios->most = ratios->at[0];
    for (int i = 1; i < NODES; i++) {
        ratios->least = ratios->at[i] < ratios->least ? ratios->at[i] : ratios->least;
        ratios->most = ratios->at[i] > ratios->most ? ratios->at[i] : ratios->most;
    }
}

/* q less that at the edge of C; -inf where nothing scatters. */
DMUMU_VECTOR static void find_margins(const double ratio[static NODES], double q_edge, double margin[static NODES])
{
    for (int i = 0; i < NODES; i++) {
        margin[i] = (ratio[i] > 0.0 ? dmumu_log(ratio[i]) : -(double)INFINITY) - q_edge;
    }
}

/* Are the last nodes no guide to what lies beyond them? */
static bool turns_at_end(const double ratio[static NODES])
{
    bool turns = ratio[NODES - 1] < FALLING * ratio[NODES - 2];
    for (int i = NODES - LAST; i + 1 < NODES; i++) {
        const double by = ratio[i + 1] / ratio[i];
        turns = turns || by > TURNING || by * TURNING < 1.0;
    }
    return turns;
}

/*
 * Absolute. What is integrated is (1 - mu) times twice a function g of y, of which slopes and curvature follow from the nodes
 * three by three; y^2 is counted from the middle one.
 */
static double error_of_end(const struct dmumu_panel_rules *rules, const double ratio[static NODES], double half)
{
    const double *y = rules->y + NODES - LAST;
    const double *at = ratio + NODES - LAST;
    double most = 0.0;
    for (int i = 1; i + 1 < LAST; i++) {
        const double before = (1.0 / at[i] - 1.0 / at[i - 1]) / (y[i] - y[i - 1]);
        const double after = (1.0 / at[i + 1] - 1.0 / at[i]) / (y[i + 1] - y[i]);
        const double curvature = (after - before) / (y[i + 1] - y[i - 1]);
        const double of_slope = OF_SLOPE * fmax(fabs(before), fabs(after)) * fabs(ON_SLOPE);
        const double of_curvature = OF_CURVATURE * fabs(curvature * (ON_CURVATURE - 2.0 * y[i] * ON_SLOPE));
        most = fmax(most, fmax(of_slope, of_curvature));
    }
    return 2.0 * half * half * most;
}

/* gradient [NODES]: d value / d ln rate of each node, edges included; zeros before. */
static struct dmumu_panel_integral integrate(const struct dmumu_panel_rules *rules, struct dmumu_panel_key key,
                                             const struct dmumu_panel_values *values, double q_edge, double gradient[])
{
    struct dmumu_panel_integral integral = {.mu_star = (double)NAN};
    const double edge_rate = exp(q_edge);
    struct ratios ratios;
    find_ratios(values, &ratios);
    if (!isfinite(ratios.sum)) {
        integral.value = (double)NAN; /* and so D is, and flagged */
        return integral;
    }
    const double near = 1.6487212707001282; /* exp(1/2): closer to the edge, the polynomial may cross it */
    if (ratios.most * near < edge_rate) {
        return integral;
    }
    double low;
    double high;
    dmumu_panel_ends(key, &low, &high);
    const double half = half_of(key);
    if (ratios.least > edge_rate * near) {
        integrate_whole(rules, half, values, &integral, gradient);
        integral.mu_star = high;
        /* without a zone the integrand may rise by orders of magnitude within a panel: then no power of the difference */
        integral.last = high >= 1.0;
        integral.end = integral.last ? error_of_end(rules, ratios.at, half) : 0.0;
        integral.rough = values->sharp || (isinf(q_edge) && ratios.most > ROUGH * ratios.least) ||
                         (integral.last && turns_at_end(ratios.at));
    } else {
        double margin[NODES];
        find_margins(ratios.at, q_edge, margin);
        const struct dmumu_panel_shape shape = {rules, low, 1.0 - high, half, q_edge, values->sharp};
        dmumu_panel_integrate_edges(&shape, margin, values->error, &integral, gradient);
    }
    return integral;
}

/* An error from which a rate may be anything: tables say 1e-12 where it is 1e-4, far out in the tail of a resonance. */
#define UNKNOWN 0.1

static bool any_unknown(const struct dmumu_panel_values *values)
{
    bool any = false;
    for (int i = 0; i < NODES; i++) {
        any |= values->error[i] > UNKNOWN;
    }
    return any;
}

/*
 * What each node adds that is not confined by its rate, but would be by one within its error: at most that much, at the
 * edge. No gradient sees it. contribution: added to
 */
static void add_unknown(struct dmumu_panel_key key, const struct dmumu_panel_values *values, double q_edge,
                        double contribution[static NODES])
{
    const double edge_rate = exp(q_edge);
    const double half = half_of(key);
    for (int i = 0; i < NODES; i++) {
        const double ratio = values->rate[i] / values->s2[i];
        if (values->error[i] > UNKNOWN && ratio < edge_rate && ratio * (1.0 + values->error[i]) > edge_rate) {
            contribution[i] += half * dmumu_kronrod_weight[i] * values->s2[i] / edge_rate;
        }
    }
}

/* What errors of the rates make of the integral: all wrong alike, as directions and damping are the same for all mu; and
 * each by itself, as their tables are not. */
struct rate_errors {
    double common, square;
};

DMUMU_VECTOR static void add_errors(const double gradient[static NODES], const double error[static NODES],
                                    struct rate_errors *errors)
{
    const struct dmumu_nodes per_rate = dmumu_nodes_load(gradient);
    const struct dmumu_nodes of_rate = dmumu_nodes_load(error);
    struct dmumu_nodes change;
    struct dmumu_nodes square;
    for (int i = 0; i < 4; i++) {
        change.part[i] = per_rate.part[i] * of_rate.part[i];
        square.part[i] = change.part[i] * change.part[i];
    }
    *errors = (struct rate_errors){dmumu_nodes_sum(&change), dmumu_nodes_sum(&square)};
}

/* All that nodes add that are not confined as they stand. */
static double unknown_of(struct dmumu_panel_key key, const struct dmumu_panel_values *values, double q_edge)
{
    double contribution[NODES] = {0.0};
    double sum = 0.0;
    if (any_unknown(values)) {
        add_unknown(key, values, q_edge, contribution);
        for (int i = 0; i < NODES; i++) {
            sum += contribution[i];
        }
    }
    return sum;
}

struct dmumu_panel_integral dmumu_panel_integrate_gradient(const struct dmumu_panel_rules *rules,
                                                           struct dmumu_panel_key key,
                                                           const struct dmumu_panel_values *values, double q_edge,
                                                           double gradient[NODES])
{
    struct rate_errors errors;
    for (int i = 0; i < NODES; i++) {
        gradient[i] = 0.0;
    }
    struct dmumu_panel_integral integral = integrate(rules, key, values, q_edge, gradient);
    add_errors(gradient, values->error, &errors);
    integral.rate_error += fmax(fabs(errors.common), sqrt(errors.square)) + unknown_of(key, values, q_edge);
    return integral;
}

struct dmumu_panel_integral dmumu_panel_integrate(const struct dmumu_panel_rules *rules, struct dmumu_panel_key key,
                                                  const struct dmumu_panel_values *values, double q_edge)
{
    double gradient[NODES];
    return dmumu_panel_integrate_gradient(rules, key, values, q_edge, gradient);
}

void dmumu_panel_rate_errors(const struct dmumu_panel_rules *rules, struct dmumu_panel_key key,
                             const struct dmumu_panel_values *values, double q_edge, double contribution[NODES])
{
    double gradient[NODES] = {0.0};
    integrate(rules, key, values, q_edge, gradient);
    for (int i = 0; i < NODES; i++) {
        contribution[i] = fabs(gradient[i]) * values->error[i];
    }
    add_unknown(key, values, q_edge, contribution);
}
