/* Panel: see panel.h. */
#include "core/panel.h"

#include "core/vector.h"

#include <math.h>
#include <stddef.h>

enum { NODES = DMUMU_KRONROD_N, SAMPLES = DMUMU_PANEL_SAMPLES, FINE = 0, COARSE_A = 1, COARSE_B = 2 };

/* ---- geometry ---------------------------------------------------------------------------------------------------- */

void dmumu_panel_ends(struct dmumu_panel_key key, double *low, double *high)
{
    const double scale = ldexp(1.0, -key.depth);
    *low = key.index * scale;
    *high = (key.index + 1.0) * scale;
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
    const double half = 0.5 * (high - low);
    const double one_minus_mu = (1.0 - high) + half * (1.0 - dmumu_kronrod_node[node]);
    *mu = low + half * (1.0 + dmumu_kronrod_node[node]);
    *s2 = one_minus_mu * (1.0 + *mu);
}

/* ---- polynomials through the nodes ------------------------------------------------------------------------------- */

/* Nodes left out of the two coarser polynomials. */
static bool left_out(int polynomial, int node)
{
    static const unsigned nodes[DMUMU_PANEL_POLYNOMIALS] = {[FINE] = 0,
                                                            [COARSE_A] = 1U << 2 | 1U << 5 | 1U << 9 | 1U << 12,
                                                            [COARSE_B] = 1U << 1 | 1U << 6 | 1U << 8 | 1U << 13};
    return (nodes[polynomial] >> node & 1U) != 0;
}

static void barycentric_weights(int polynomial, double weight[static NODES])
{
    for (int i = 0; i < NODES; i++) {
        double product = 1.0;
        for (int j = 0; j < NODES; j++) {
            if (j != i && !left_out(polynomial, j)) {
                product *= 2.0 * (dmumu_kronrod_node[i] - dmumu_kronrod_node[j]);
            }
        }
        weight[i] = left_out(polynomial, i) ? 0.0 : 1.0 / product;
    }
}

static double interpolate(const double weight[static NODES], const double q[static NODES], double x)
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

static double sample_at(int k)
{
    return k == SAMPLES - 1 ? 1.0 : -1.0 + 2.0 * k / (SAMPLES - 1);
}

void dmumu_panel_rules_make(struct dmumu_panel_rules *rules)
{
    for (int p = 0; p < DMUMU_PANEL_POLYNOMIALS; p++) {
        barycentric_weights(p, rules->barycentric[p]);
        for (int i = 0; i < NODES; i++) {
            double unit[NODES] = {0.0};
            unit[i] = 1.0;
            for (int k = 0; k < SAMPLES; k++) {
                rules->sample[p][i][k] = interpolate(rules->barycentric[p], unit, sample_at(k));
            }
        }
    }
    for (int i = 0; i < NODES; i++) {
        double unit[NODES] = {0.0};
        unit[i] = 1.0;
        rules->coarse_weight[i] = 0.0;
        for (int k = 0; k < NODES; k++) { /* exact: Kronrod's degree is 23, the polynomial's 10 */
            rules->coarse_weight[i] +=
                dmumu_kronrod_weight[k] * interpolate(rules->barycentric[COARSE_A], unit, dmumu_kronrod_node[k]);
        }
    }
}

/* The polynomial at all samples. */
DMUMU_VECTOR static void sample_all(const double matrix[static NODES][SAMPLES], const double *restrict q,
                                    double *restrict value)
{
    for (int k = 0; k < SAMPLES; k++) {
        value[k] = 0.0;
    }
    for (int i = 0; i < NODES; i++) {
        for (int k = 0; k < SAMPLES; k++) {
            value[k] += matrix[i][k] * q[i];
        }
    }
}

/* The polynomial at the Kronrod points of [low, high]. */
DMUMU_VECTOR static void interpolate_piece(const double *restrict weight, const double *restrict q, double low,
                                           double half, double *restrict value)
{
    double numerator[NODES + 1] = {0.0};
    double denominator[NODES + 1] = {0.0};
    double x[NODES + 1];
    for (int k = 0; k <= NODES; k++) {
        x[k] = low + half * (1.0 + dmumu_kronrod_node[k < NODES ? k : 0]);
    }
    for (int i = 0; i < NODES; i++) {
        if (weight[i] != 0.0) {
            for (int k = 0; k <= NODES; k++) {
                const double part = weight[i] / (x[k] - dmumu_kronrod_node[i]);
                numerator[k] += part * q[i];
                denominator[k] += part;
            }
        }
    }
    for (int k = 0; k <= NODES; k++) {
        value[k] = numerator[k] / denominator[k];
    }
    for (int k = 0; k < NODES; k++) {
        if (isnan(value[k])) { /* on a node */
            value[k] = interpolate(weight, q, x[k]);
        }
    }
}

/* By how much D_mumu/(1 - mu^2) may vary in a panel whose rules converge quickly. */
#define ROUGH 30.0

/* ---- a panel with edges ------------------------------------------------------------------------------------------ */

/* A panel's geometry, and q less its edge: confined where that is positive. */
struct shape {
    const struct dmumu_panel_rules *rules;
    double low, one_minus_high, half;
    double q_edge;
    const double *margin; /* [NODES] */
};

static double s2_at(const struct shape *shape, double x)
{
    const double one_minus_mu = shape->one_minus_high + shape->half * (1.0 - x);
    return one_minus_mu * (2.0 - one_minus_mu);
}

static double mu_at(const struct shape *shape, double x)
{
    return shape->low + shape->half * (1.0 + x);
}

static double margin_at(const struct shape *shape, int polynomial, double x)
{
    return interpolate(shape->rules->barycentric[polynomial], shape->margin, x);
}

/* The root between two points of different sign: secants, and the middle where they do not close in (Illinois). */
static double root_between(const struct shape *shape, int polynomial, double a, double fa, double b, double fb)
{
    int kept = 0;
    for (int i = 0; i < 60 && fabs(b - a) > 1e-13; i++) {
        const double x = fa == fb ? 0.5 * (a + b) : (a * fb - b * fa) / (fb - fa);
        const double fx = margin_at(shape, polynomial, x);
        if (fx == 0.0) {
            return x;
        }
        if ((fx > 0.0) == (fb > 0.0)) {
            b = x;
            fb = fx;
            fa = kept == 1 ? 0.5 * fa : fa;
            kept = 1;
        } else {
            a = x;
            fa = fx;
            fb = kept == -1 ? 0.5 * fb : fb;
            kept = -1;
        }
        if (fabs(fx) < 1e-12) {
            return x;
        }
    }
    return 0.5 * (a + b);
}

static double integral_between(const struct shape *shape, int polynomial, double low, double high)
{
    const double half = 0.5 * (high - low);
    double value[NODES + 1];
    double sum = 0.0;
    interpolate_piece(shape->rules->barycentric[polynomial], shape->margin, low, half, value);
    for (int i = 0; i < NODES; i++) {
        const double x = low + half * (1.0 + dmumu_kronrod_node[i]);
        sum += dmumu_kronrod_weight[i] * s2_at(shape, x) * exp(-value[i]);
    }
    return half * shape->half * sum * exp(-shape->q_edge);
}

/* An edge of C moves by eps/|dq/dx| when the rate is wrong by eps; its weight in the integral per unit of relative
 * error. */
static double edge_sensitivity(const struct shape *shape, double x)
{
    const double step = 1e-3;
    const double slope = (margin_at(shape, FINE, x + step) - margin_at(shape, FINE, x - step)) / (2.0 * step);
    return shape->half * s2_at(shape, x) * exp(-shape->q_edge) / fmax(fabs(slope), 1e-3);
}

static int nearest_node(double x)
{
    int nearest = 0;
    for (int i = 1; i < NODES; i++) {
        if (fabs(dmumu_kronrod_node[i] - x) < fabs(dmumu_kronrod_node[nearest] - x)) {
            nearest = i;
        }
    }
    return nearest;
}

/* Integral over the confined part of a panel by roots of a polynomial; sensitivity [NODES] gains the edges' part. */
struct confined {
    double value, mu_star;
};

static struct confined integrate_confined(const struct shape *shape, int polynomial, double sensitivity[])
{
    struct confined result = {0.0, (double)NAN};
    double value[SAMPLES];
    double open = -1.0;
    sample_all(shape->rules->sample[polynomial], shape->margin, value);
    for (int k = 1; k < SAMPLES; k++) {
        const bool inside = value[k - 1] > 0.0;
        if (inside == (value[k] > 0.0)) {
            continue;
        }
        const double edge = root_between(shape, polynomial, sample_at(k - 1), value[k - 1], sample_at(k), value[k]);
        if (inside) {
            result.value += integral_between(shape, polynomial, open, edge);
            result.mu_star = mu_at(shape, edge);
        }
        if (sensitivity) {
            sensitivity[nearest_node(edge)] += edge_sensitivity(shape, edge);
        }
        open = edge;
    }
    if (value[SAMPLES - 1] > 0.0) {
        result.value += integral_between(shape, polynomial, open, 1.0);
        result.mu_star = mu_at(shape, 1.0);
    }
    return result;
}

/*
 * Twice how far a coarser polynomial is from the integral (with 11 of the nodes, it says less than Gauss's 7), and what its misses of the nodes it leaves out, where those lie
 * near the edge of C, would move the edges by: the second does not cancel by chance.
 */
static double coarse_difference(const struct shape *shape, int polynomial, double fine_value, double edge_weight)
{
    double miss = 0.0;
    for (int i = 0; i < NODES; i++) {
        if (left_out(polynomial, i) && fabs(shape->margin[i]) < 2.0) {
            miss = fmax(miss, fabs(margin_at(shape, polynomial, dmumu_kronrod_node[i]) - shape->margin[i]));
        }
    }
    return 2.0 * fmax(fabs(fine_value - integrate_confined(shape, polynomial, NULL).value), miss * edge_weight);
}

/* Edges, or nearly: by the interpolant. */
static void integrate_part(const struct shape *shape, struct dmumu_panel_integral *integral, double sensitivity[])
{
    double edge_weight = 0.0;
    const struct confined fine = integrate_confined(shape, FINE, sensitivity);
    for (int i = 0; i < NODES; i++) {
        edge_weight += sensitivity[i];
        if (shape->margin[i] > 0.0) {
            const double s2 = s2_at(shape, dmumu_kronrod_node[i]);
            sensitivity[i] += dmumu_kronrod_weight[i] * shape->half * s2 * exp(-shape->q_edge - shape->margin[i]);
        }
    }
    integral->value = fine.value;
    integral->mu_star = fine.mu_star;
    integral->difference = fmax(coarse_difference(shape, COARSE_A, fine.value, edge_weight),
                                coarse_difference(shape, COARSE_B, fine.value, edge_weight));
}

/* ---- a panel confined as a whole --------------------------------------------------------------------------------- */

/*
 * Plain sums. sensitivity: d value / d ln rate of each node. A steep step between the nodes can hide from the two rules
 * alike: the polynomial through fewer nodes has its say.
 */
static void integrate_whole(const struct dmumu_panel_rules *rules, double half, const struct dmumu_panel_values *values,
                            struct dmumu_panel_integral *integral, double sensitivity[])
{
    double gauss = 0.0;
    double fewer = 0.0;
    for (int i = 0; i < NODES; i++) {
        const double f = half * values->s2[i] * values->s2[i] / values->rate[i];
        integral->value += dmumu_kronrod_weight[i] * f;
        gauss += dmumu_kronrod_gauss_weight[i] * f;
        fewer += rules->coarse_weight[i] * f;
        sensitivity[i] = dmumu_kronrod_weight[i] * f;
    }
    integral->difference = fmax(fabs(integral->value - gauss), fabs(integral->value - fewer));
}

/* ---- the panel --------------------------------------------------------------------------------------------------- */

double dmumu_panel_error(const struct dmumu_panel_integral *integral, double total)
{
    const double relative = integral->difference / total;
    return integral->rough ? relative : dmumu_rule_error(relative);
}

/* sensitivity [NODES]: d value / d ln rate of each node, edges included; zeros before. */
static struct dmumu_panel_integral integrate(const struct dmumu_panel_rules *rules, struct dmumu_panel_key key,
                                             const struct dmumu_panel_values *values, double q_edge,
                                             double sensitivity[])
{
    struct dmumu_panel_integral integral = {.mu_star = (double)NAN};
    const double edge_rate = exp(q_edge);
    double least = (double)INFINITY; /* of D_mumu/(1 - mu^2) */
    double most = 0.0;
    for (int i = 0; i < NODES; i++) {
        const double ratio = values->rate[i] / values->s2[i];
        least = fmin(least, ratio);
        most = fmax(most, ratio);
        if (isnan(ratio)) {
            integral.value = (double)NAN; /* and so D is, and flagged */
            return integral;
        }
    }
    const double near = 1.6487212707001282; /* exp(1/2): closer to the edge, the polynomial may cross it */
    if (most * near < edge_rate) {
        return integral;
    }
    double low;
    double high;
    dmumu_panel_ends(key, &low, &high);
    const double half = 0.5 * (high - low);
    if (least > edge_rate * near) {
        integrate_whole(rules, half, values, &integral, sensitivity);
        integral.mu_star = high;
        /* without a zone the integrand may rise by orders of magnitude within a panel: then no power of the difference */
        integral.rough = isinf(q_edge) && most > ROUGH * least;
    } else {
        double margin[NODES];
        for (int i = 0; i < NODES; i++) {
            /* far outside C the exact value does not matter; a floor keeps the interpolant tame */
            margin[i] = fmax(log(values->rate[i] / values->s2[i]) - q_edge, -DMUMU_PANEL_FLOOR);
        }
        const struct shape shape = {rules, low, 1.0 - high, half, q_edge, margin};
        integrate_part(&shape, &integral, sensitivity);
        /* at mu = 1 q is a smooth function of ln(1 - mu), which polynomials in mu follow slowly */
        integral.rough = values->sharp || high == 1.0 || !(log(least) - q_edge > -DMUMU_PANEL_FLOOR);
    }
    return integral;
}

struct dmumu_panel_integral dmumu_panel_integrate(const struct dmumu_panel_rules *rules, struct dmumu_panel_key key,
                                                  const struct dmumu_panel_values *values, double q_edge)
{
    double sensitivity[NODES] = {0.0};
    struct dmumu_panel_integral integral = integrate(rules, key, values, q_edge, sensitivity);
    for (int i = 0; i < NODES; i++) {
        integral.rate_error += sensitivity[i] * values->error[i];
    }
    return integral;
}

void dmumu_panel_rate_errors(const struct dmumu_panel_rules *rules, struct dmumu_panel_key key,
                             const struct dmumu_panel_values *values, double q_edge, double contribution[NODES])
{
    double sensitivity[NODES] = {0.0};
    integrate(rules, key, values, q_edge, sensitivity);
    for (int i = 0; i < NODES; i++) {
        contribution[i] = sensitivity[i] * values->error[i];
    }
}
