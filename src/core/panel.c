/* Panel: see panel.h. */
#include "core/panel.h"

#include <math.h>

enum {
    NODES = DMUMU_KRONROD_N,
    SAMPLES = 61 /* of q's interpolant, when looking for edges */
};

/* Nodes left out of the two coarser polynomials; FINE leaves out none. */
enum subset { FINE, COARSE_A, COARSE_B };

static bool left_out(enum subset subset, int node)
{
    static const unsigned nodes[] = {[FINE] = 0,
                                     [COARSE_A] = 1U << 2 | 1U << 5 | 1U << 9 | 1U << 12,
                                     [COARSE_B] = 1U << 1 | 1U << 6 | 1U << 8 | 1U << 13};
    return (nodes[subset] >> node & 1U) != 0;
}

/* Barycentric weights of the Kronrod points, all 15 or 11 of them. */
static void barycentric_weights(enum subset subset, double weight[static NODES])
{
    for (int i = 0; i < NODES; i++) {
        weight[i] = 0.0;
        if (left_out(subset, i)) {
            continue;
        }
        double product = 1.0;
        for (int j = 0; j < NODES; j++) {
            if (j != i && !left_out(subset, j)) {
                product *= 2.0 * (dmumu_kronrod_node[i] - dmumu_kronrod_node[j]);
            }
        }
        weight[i] = 1.0 / product;
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
        numerator += weight[i] / distance * q[i];
        denominator += weight[i] / distance;
    }
    return numerator / denominator;
}

/* A panel's geometry and what is integrated on it. */
struct shape {
    double low, one_minus_high, half;
    double q_edge;
    const double *q;      /* [NODES] */
    const double *weight; /* barycentric */
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

static double root_of_margin(const struct shape *shape, double low, double high)
{
    const bool confined = interpolate(shape->weight, shape->q, low) > shape->q_edge;
    for (int i = 0; i < 48; i++) {
        const double middle = 0.5 * (low + high);
        if ((interpolate(shape->weight, shape->q, middle) > shape->q_edge) == confined) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return 0.5 * (low + high);
}

static double integral_between(const struct shape *shape, double low, double high)
{
    const double half = 0.5 * (high - low);
    double sum = 0.0;
    for (int i = 0; i < NODES; i++) {
        const double x = low + half * (1.0 + dmumu_kronrod_node[i]);
        sum += dmumu_kronrod_weight[i] * s2_at(shape, x) * exp(-interpolate(shape->weight, shape->q, x));
    }
    return half * shape->half * sum;
}

/* An edge of C moves by eps/|dq/dx| when the rate is wrong by eps; its weight in the integral per unit of relative
 * error. */
static double edge_sensitivity(const struct shape *shape, double x)
{
    const double step = 1e-3;
    const double slope =
        (interpolate(shape->weight, shape->q, x + step) - interpolate(shape->weight, shape->q, x - step)) /
        (2.0 * step);
    return shape->half * s2_at(shape, x) * exp(-shape->q_edge) / fmax(fabs(slope), 1e-3);
}

/* Integral over the confined part of a panel by roots of the interpolant; sensitivity [NODES] gains the edges' part. */
struct confined {
    double value, mu_star;
};

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

static struct confined integrate_confined(const struct shape *shape, double sensitivity[])
{
    struct confined result = {0.0, (double)NAN};
    double open = -1.0;
    double from = -1.0;
    bool inside = interpolate(shape->weight, shape->q, from) > shape->q_edge;
    for (int i = 1; i < SAMPLES; i++) {
        const double to = i == SAMPLES - 1 ? 1.0 : -1.0 + 2.0 * i / (SAMPLES - 1);
        const bool inside_to = interpolate(shape->weight, shape->q, to) > shape->q_edge;
        if (inside != inside_to) {
            const double edge = root_of_margin(shape, from, to);
            if (inside) {
                result.value += integral_between(shape, open, edge);
                result.mu_star = mu_at(shape, edge);
            }
            if (sensitivity) {
                sensitivity[nearest_node(edge)] += edge_sensitivity(shape, edge);
            }
            open = edge;
        }
        from = to;
        inside = inside_to;
    }
    if (inside) {
        result.value += integral_between(shape, open, 1.0);
        result.mu_star = mu_at(shape, 1.0);
    }
    return result;
}

/* All nodes confined: plain sums. sensitivity: d value / d ln rate of each node. */
static void integrate_whole(struct dmumu_panel_key key, double half, const double q[],
                            struct dmumu_panel_integral *integral, double sensitivity[])
{
    double coarse = 0.0;
    for (int i = 0; i < NODES; i++) {
        double mu;
        double s2;
        dmumu_panel_node(key, i, &mu, &s2);
        const double f = half * s2 * exp(-q[i]);
        integral->value += dmumu_kronrod_weight[i] * f;
        coarse += dmumu_kronrod_gauss_weight[i] * f;
        sensitivity[i] = dmumu_kronrod_weight[i] * f;
    }
    integral->difference = fabs(integral->value - coarse);
}

/*
 * How far a coarser polynomial is from the integral, and what its misses of the nodes it leaves out, where those lie near
 * the edge of C, would move the edges by: the second does not cancel by chance.
 */
static double coarse_difference(struct shape *shape, enum subset subset, double fine_value, double edge_weight)
{
    double weight[NODES];
    barycentric_weights(subset, weight);
    shape->weight = weight;
    double miss = 0.0;
    for (int i = 0; i < NODES; i++) {
        if (left_out(subset, i) && fabs(shape->q[i] - shape->q_edge) < 2.0) {
            miss = fmax(miss, fabs(interpolate(weight, shape->q, dmumu_kronrod_node[i]) - shape->q[i]));
        }
    }
    return fmax(fabs(fine_value - integrate_confined(shape, NULL).value), miss * edge_weight);
}

/* Edges, or nearly: by the interpolant. */
static void integrate_part(struct shape *shape, struct dmumu_panel_integral *integral, double sensitivity[])
{
    double weight[NODES];
    double edge_weight = 0.0;
    barycentric_weights(FINE, weight);
    shape->weight = weight;
    const struct confined fine = integrate_confined(shape, sensitivity);
    for (int i = 0; i < NODES; i++) {
        edge_weight += sensitivity[i];
        if (shape->q[i] > shape->q_edge) {
            const double s2 = s2_at(shape, dmumu_kronrod_node[i]);
            sensitivity[i] += dmumu_kronrod_weight[i] * shape->half * s2 * exp(-shape->q[i]);
        }
    }
    integral->value = fine.value;
    integral->mu_star = fine.mu_star;
    integral->difference = fmax(coarse_difference(shape, COARSE_A, fine.value, edge_weight),
                                coarse_difference(shape, COARSE_B, fine.value, edge_weight));
}

double dmumu_panel_error(const struct dmumu_panel_integral *integral, double total)
{
    const double relative = integral->difference / total;
    return integral->rough ? relative : dmumu_rule_error(relative);
}

struct dmumu_panel_integral dmumu_panel_integrate(struct dmumu_panel_key key, const struct dmumu_panel_values *values,
                                                  double q_edge)
{
    struct dmumu_panel_integral integral = {.mu_star = (double)NAN};
    const double *q = values->q;
    double least = q[0];
    double most = q[0];
    for (int i = 1; i < NODES; i++) {
        least = fmin(least, q[i]);
        most = fmax(most, q[i]);
    }
    if (most < q_edge - 0.5) {
        return integral;
    }
    double low;
    double high;
    double sensitivity[NODES] = {0.0};
    dmumu_panel_ends(key, &low, &high);
    const double half = 0.5 * (high - low);
    if (least > q_edge + 0.5) {
        integrate_whole(key, half, q, &integral, sensitivity);
        integral.mu_star = high;
        /* a steep step between the nodes can hide from the two rules alike: a polynomial through fewer nodes has its say */
        double weight[NODES];
        barycentric_weights(COARSE_A, weight);
        const struct shape shape = {low, 1.0 - high, half, q_edge, q, weight};
        integral.difference = fmax(integral.difference, fabs(integral.value - integral_between(&shape, -1.0, 1.0)));
        /* without a zone the integrand may rise by orders of magnitude within a panel: no power of the difference then */
        integral.rough = isinf(q_edge);
    } else {
        struct shape shape = {.low = low, .one_minus_high = 1.0 - high, .half = half, .q_edge = q_edge, .q = q};
        integrate_part(&shape, &integral, sensitivity);
        integral.rough = values->sharp || least <= q_edge - DMUMU_PANEL_FLOOR;
    }
    for (int i = 0; i < NODES; i++) {
        integral.rate_error += sensitivity[i] * values->error[i];
        integral.angle_error += sensitivity[i] * values->angle_error[i];
    }
    for (int i = 0; i < NODES; i++) {
        if (sensitivity[i] * values->angle_error[i] > 0.02 * integral.angle_error) {
            integral.angle_nodes |= 1U << i;
        }
    }
    return integral;
}
