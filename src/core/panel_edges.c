/* Panel edges: see panel_edges.h. */
#include "core/panel_edges.h"

#include "core/exponential.h"
#include "core/vector.h"

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    NODES = DMUMU_KRONROD_N,
    SAMPLES = DMUMU_PANEL_SAMPLES,
    PAIRS = DMUMU_PANEL_PAIRS,
    WIDTH = 16,             /* points of a piece: its 15, and one for the registers */
    MOST_EDGES = NODES - 1, /* roots of the polynomial */
};

/* Nodes this near to the edge say how far it may be off. */
#define NEAR_EDGE   2.0
/* Where q varies by less than this in a panel, its edges move far for little. */
#define SHALLOW     0.1
/* Slopes and curvatures of q over x are not taken for less: where q is as flat, first order says nothing. */
#define LEAST_SLOPE 1e-3
/* How much further off the polynomial may be at the ends of the panel than at the nodes next to them. */
#define END_MISS    3.0
/* Of a rate's error, relative, that makes q touch its edge: far out in the tail of a resonance estimates are much larger. */
#define MOST_ERROR  0.1

/* A panel, q less its edge (confined where that is positive), and what is found out. */
struct part {
    const struct dmumu_panel_shape *shape;
    double margin[NODES];
    double sample[SAMPLES];
    uint64_t crossings; /* bit k: the samples k - 1 and k differ in sign */
    uint64_t turns;     /* bit k: sample k, not at an end, lies next to a maximum or minimum */
    double least, most; /* of the margins */
    double value, mu_star;
    double edge[MOST_EDGES], edge_weight[MOST_EDGES]; /* x of the edges; how much the value gains when q does there */
    int n_edges;
    double *gradient; /* [NODES] */
};

static double s2_at(const struct dmumu_panel_shape *shape, double x)
{
    const double one_minus_mu = shape->one_minus_high + shape->half * (1.0 - x);
    return one_minus_mu * (2.0 - one_minus_mu);
}

static double mu_at(const struct dmumu_panel_shape *shape, double x)
{
    return shape->low + shape->half * (1.0 + x);
}

/* Numerator and denominator of the barycentric formula, node by node; the last of them is none. */
DMUMU_VECTOR static void barycentric_parts(const double weight[static NODES], const double margin[static NODES],
                                           double x, double *restrict numerator, double *restrict denominator)
{
    for (int i = 0; i < NODES; i++) {
        denominator[i] = dmumu_panel_part(weight[i], x - dmumu_kronrod_node[i]);
        numerator[i] = denominator[i] * margin[i];
    }
    denominator[NODES] = 0.0;
    numerator[NODES] = 0.0;
}

/* By halves, so that the order is the same with every vector width. */
static double total_of(double value[static WIDTH])
{
    for (int n = WIDTH / 2; n >= 1; n /= 2) {
        for (int k = 0; k < n; k++) {
            value[k] += value[k + n];
        }
    }
    return value[0];
}

static double margin_at(const struct part *part, double x)
{
    double numerator[WIDTH];
    double denominator[WIDTH];
    barycentric_parts(part->shape->rules->barycentric, part->margin, x, numerator, denominator);
    return total_of(numerator) / total_of(denominator);
}

/* The same by the eight nodes around x alone. */
static double local_margin_at(const struct part *part, double x)
{
    enum { N = 8 };
    int right = 0;
    while (right < NODES && dmumu_kronrod_node[right] < x) {
        right++;
    }
    const int middle = right - N / 2;
    const int first = middle < 0 ? 0 : (middle > NODES - N ? NODES - N : middle);
    double sum = 0.0;
    for (int i = first; i < first + N; i++) {
        double product = part->margin[i];
        for (int j = first; j < first + N; j++) {
            product *= j == i ? 1.0 : (x - dmumu_kronrod_node[j]) / (dmumu_kronrod_node[i] - dmumu_kronrod_node[j]);
        }
        sum += product;
    }
    return sum;
}

/* ---- the polynomial ---------------------------------------------------------------------------------------------- */

/* At all samples. */
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

struct point {
    double x, margin;
};

/* Steps of the samples. */
#define STEP (2.0 / (SAMPLES - 1))

/* Bit by bit, of the samples but the first and the last. */
struct signs {
    uint64_t positive;
    uint64_t rising, falling; /* not less than the one before, and the next one */
};

DMUMU_VECTOR static void find_signs(const double *restrict sample, const uint64_t *restrict bit, struct signs *signs)
{
    uint64_t positive = 0;
    uint64_t rising = 0;
    uint64_t falling = 0;
    for (size_t k = 1; k < SAMPLES - 1; k++) {
        positive |= sample[k] > 0.0 ? bit[k] : 0;
        rising |= sample[k] >= sample[k - 1] ? bit[k] : 0;
        falling |= sample[k] >= sample[k + 1] ? bit[k] : 0;
    }
    *signs = (struct signs){positive, rising, falling};
}

/* What few of the samples have. */
static void find_crossings_and_turns(struct part *part)
{
    const uint64_t inner = ~(UINT64_C(1) | UINT64_C(1) << (SAMPLES - 1));
    const double *sample = part->sample;
    struct signs signs;
    find_signs(sample, part->shape->rules->bit, &signs);
    const uint64_t positive =
        signs.positive | (uint64_t)(sample[0] > 0.0) | (uint64_t)(sample[SAMPLES - 1] > 0.0) << (SAMPLES - 1);
    part->crossings = (positive ^ positive << 1) & ~UINT64_C(1);
    part->turns = ~(signs.rising ^ signs.falling) & inner;
}

/* The lowest bit of a set that is not empty, and the set without it. */
static int take_first(uint64_t *set)
{
    int k = 0;
    for (int step = 32; step >= 1; step /= 2) {
        k += *set << (64 - step - k) == 0 ? step : 0;
    }
    *set &= *set - 1;
    return k;
}

/* The second derivative at sample k. */
static double curvature_at(const struct part *part, int k)
{
    return (part->sample[k - 1] - 2.0 * part->sample[k] + part->sample[k + 1]) / (STEP * STEP);
}

/* The maximum or minimum next to sample k, which turns; the sample itself where it is not near the edge of C. */
static struct point turning_point(const struct part *part, int k)
{
    struct point point = {dmumu_panel_sample_at(k), part->sample[k]};
    const double curvature = curvature_at(part, k);
    if (fabs(point.margin) < 0.25 * STEP * STEP * fabs(curvature)) {
        point.x -= 0.5 * (part->sample[k + 1] - part->sample[k - 1]) / (STEP * curvature);
        point.margin = margin_at(part, point.x);
    }
    return point;
}

/* The root between two points of different sign: secants, and the middle where they do not close in (Illinois). */
static double root_between(const struct part *part, double a, double fa, double b, double fb)
{
    int kept = 0;
    for (int i = 0; i < 60 && fabs(b - a) > 1e-13; i++) {
        const double x = fa == fb ? 0.5 * (a + b) : (a * fb - b * fa) / (fb - fa);
        const double fx = margin_at(part, x);
        if (fabs(fx) < 1e-12) {
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
    }
    return 0.5 * (a + b);
}

/* ---- the integral ------------------------------------------------------------------------------------------------ */

/*
 * (1 - mu^2) exp(-margin), times their weights, at the Kronrod points of [low, low + 2 half] in x; and each node's Lagrange
 * polynomial there, lagrange[NODES][WIDTH], for the gradient. The last point has weight 0.
 */
DMUMU_VECTOR static void integrand_of_piece(const double *restrict barycentric, const double *restrict margin,
                                            double one_minus_low, double half_mu, double low, double half,
                                            double *restrict value, double *restrict lagrange)
{
    double numerator[WIDTH] = {0.0};
    double denominator[WIDTH] = {0.0};
    double node[WIDTH];
    double weight[WIDTH];
    for (int k = 0; k < WIDTH; k++) {
        node[k] = k < NODES ? dmumu_kronrod_node[k] : 0.0;
        weight[k] = k < NODES ? dmumu_kronrod_weight[k] : 0.0;
    }
    for (int i = 0; i < NODES; i++) {
        for (int k = 0; k < WIDTH; k++) {
            const double distance = (low + half * (1.0 + node[k])) - dmumu_kronrod_node[i];
            const double part = dmumu_panel_part(barycentric[i], distance);
            lagrange[i * WIDTH + k] = part;
            numerator[k] += part * margin[i];
            denominator[k] += part;
        }
    }
    for (int k = 0; k < WIDTH; k++) {
        const double one_minus_mu = one_minus_low - half_mu * half * (1.0 + node[k]);
        const double inverse = 1.0 / denominator[k];
        value[k] = weight[k] * (one_minus_mu * (2.0 - one_minus_mu)) * dmumu_exp(-(numerator[k] * inverse));
        denominator[k] = value[k] * inverse;
    }
    for (int i = 0; i < NODES; i++) {
        for (int k = 0; k < WIDTH; k++) {
            lagrange[i * WIDTH + k] *= denominator[k];
        }
    }
}

/* Add the integral over [low, high] of x, in units of exp(-q_edge), and its gradient. */
static void add_piece(struct part *part, double low, double high)
{
    const struct dmumu_panel_shape *shape = part->shape;
    const double half = 0.5 * (high - low);
    double value[WIDTH];
    double lagrange[NODES * WIDTH];
    integrand_of_piece(shape->rules->barycentric, part->margin, shape->one_minus_high + shape->half * (1.0 - low),
                       shape->half, low, half, value, lagrange);
    double sum = 0.0;
    for (int k = 0; k < NODES; k++) {
        sum += value[k];
    }
    part->value += half * shape->half * sum;
    for (int i = 0; i < NODES; i++) {
        double change = 0.0;
        for (int k = 0; k < NODES; k++) {
            change += lagrange[i * WIDTH + k];
        }
        part->gradient[i] -= half * shape->half * change;
    }
    part->mu_star = mu_at(shape, high);
}

/* An edge of C moves by eps/|dq/dx| when q is wrong by eps there. */
static void add_edge(struct part *part, double x)
{
    const double step = 1e-3;
    const double slope = (margin_at(part, x + step) - margin_at(part, x - step)) / (2.0 * step);
    const double weight = part->shape->half * s2_at(part->shape, x) / fmax(fabs(slope), LEAST_SLOPE);
    double lagrange[NODES];
    dmumu_panel_lagrange(part->shape->rules->barycentric, x, lagrange);
    for (int i = 0; i < NODES; i++) {
        part->gradient[i] += weight * lagrange[i];
    }
    if (part->n_edges < MOST_EDGES) {
        part->edge[part->n_edges] = x;
        part->edge_weight[part->n_edges++] = weight;
    }
}

/* Between two neighbouring points of different sign: what was confined up to there ends, or what is begins. */
static void cross(struct part *part, const struct point *before, const struct point *after, double *open)
{
    if ((before->margin > 0.0) == (after->margin > 0.0)) {
        return;
    }
    const double edge = root_between(part, before->x, before->margin, after->x, after->margin);
    if (before->margin > 0.0) {
        add_piece(part, *open, edge);
    }
    add_edge(part, edge);
    *open = edge;
}

/* From point to point of the samples, and to turning points where q crosses its edge between two samples and back. */
static void integrate_confined(struct part *part)
{
    struct point last = {-1.0, part->sample[0]};
    double open = -1.0;
    uint64_t events = part->crossings | part->turns;
    while (events) {
        const int k = take_first(&events);
        const struct point before = {dmumu_panel_sample_at(k - 1), part->sample[k - 1]};
        const struct point at = {dmumu_panel_sample_at(k), part->sample[k]};
        const struct point turn = part->turns >> k & 1U ? turning_point(part, k) : at;
        const bool crosses = (turn.margin > 0.0) != (at.margin > 0.0);
        last = last.x < before.x ? before : last;
        if (crosses && turn.x < at.x) {
            cross(part, &last, &turn, &open);
            last = turn;
        }
        cross(part, &last, &at, &open);
        last = at;
        if (crosses && turn.x > at.x) {
            cross(part, &last, &turn, &open);
            last = turn;
            events |= UINT64_C(1) << (k + 1); /* and back */
        }
    }
    if (part->sample[SAMPLES - 1] > 0.0) {
        add_piece(part, open, 1.0);
    }
}

/* Of margins at the nodes, cut off at the floor. gradient: added to */
static void make_part(const struct dmumu_panel_shape *shape, const double margin[static NODES],
                      double gradient[static NODES], struct part *part)
{
    part->shape = shape;
    part->gradient = gradient;
    part->value = 0.0;
    part->mu_star = (double)NAN;
    part->n_edges = 0;
    part->least = (double)INFINITY;
    part->most = -(double)INFINITY;
    for (int i = 0; i < NODES; i++) {
        const double here = margin[i] > -DMUMU_PANEL_FLOOR ? margin[i] : -DMUMU_PANEL_FLOOR;
        part->margin[i] = here;
        part->least = here < part->least ? here : part->least;
        part->most = here > part->most ? here : part->most;
    }
    sample_all(shape->rules->sample, part->margin, part->sample);
    find_crossings_and_turns(part);
    integrate_confined(part);
}

/* ---- the error --------------------------------------------------------------------------------------------------- */

/* The integral over all that lies within `by` of the edge at an end of the panel, by sample k there and the next one. */
static double touching_end(const struct part *part, int k, int next, double by)
{
    const double slope = fabs(part->sample[next] - part->sample[k]) / STEP;
    const double width = fabs(part->sample[k]) < by ? by / fmax(slope, LEAST_SLOPE) : 0.0;
    return s2_at(part->shape, dmumu_panel_sample_at(k)) * fmin(width, 2.0);
}

/* The larger of what the nodes on both sides of x say. */
static double around(const double by[static NODES], double x)
{
    int right = 1;
    while (right < NODES - 1 && dmumu_kronrod_node[right] < x) {
        right++;
    }
    return fmax(by[right - 1], by[right]);
}

/*
 * Where q only touches its edge, a piece of C may be there or not: the integral over all that lies within `by` [NODES] of
 * the edge around a turning point, or at an end of the panel.
 */
static double touching(const struct part *part, const double by[static NODES], double more_at_ends)
{
    double sum = touching_end(part, 0, 1, more_at_ends * by[0]) +
                 touching_end(part, SAMPLES - 1, SAMPLES - 2, more_at_ends * by[NODES - 1]);
    for (uint64_t turns = part->turns; turns;) {
        const int k = take_first(&turns);
        const double here = around(by, dmumu_panel_sample_at(k));
        if (fabs(turning_point(part, k).margin) < here) {
            const double width = 2.0 * sqrt(2.0 * here / fmax(fabs(curvature_at(part, k)), LEAST_SLOPE));
            sum += s2_at(part->shape, dmumu_panel_sample_at(k)) * fmin(width, 2.0);
        }
    }
    return part->shape->half * sum;
}

/* What the polynomial through the other 13 nodes would change: to first order, or altogether where q is cut off. */
static double change_by(const struct part *part, const struct dmumu_panel_miss *miss)
{
    if (part->least > -DMUMU_PANEL_FLOOR) {
        return part->gradient[miss->node[0]] * miss->by[0] + part->gradient[miss->node[1]] * miss->by[1];
    }
    double margin[NODES];
    double unused[NODES] = {0.0};
    memcpy(margin, part->margin, sizeof margin);
    for (int k = 0; k < 2; k++) {
        margin[miss->node[k]] -= miss->by[k];
    }
    struct part other;
    make_part(part->shape, margin, unused, &other);
    return other.value - part->value;
}

/* What the misses at the nodes next to each edge, on both sides, would move it by: that does not cancel by chance. */
static double edges_moved(const struct part *part, const struct dmumu_panel_miss miss[static PAIRS])
{
    double sum = 0.0;
    for (int e = 0; e < part->n_edges; e++) {
        double nearest[2] = {4.0, 4.0}; /* to the left, to the right */
        double by[2] = {0.0, 0.0};
        for (int i = 0; i < 2 * PAIRS; i++) {
            const double distance = dmumu_kronrod_node[miss[i / 2].node[i % 2]] - part->edge[e];
            const int side = distance > 0.0;
            if (fabs(distance) < nearest[side]) {
                nearest[side] = fabs(distance);
                by[side] = fabs(miss[i / 2].by[i % 2]);
            }
        }
        sum += part->edge_weight[e] * fmax(by[0], by[1]);
    }
    return sum;
}

/* A share, at least so much, of what edges would be moved by. */
static double share_of_moves(const struct part *part, double moved, double least)
{
    const double relative = moved / fmax(part->value, DBL_MIN);
    return moved * fmin(fmax(30.0 * relative, least), 1.0);
}

/* By how much the polynomial through the eight nodes around it would move each edge, which all 15 look at from afar. */
static double edges_moved_locally(const struct part *part)
{
    double sum = 0.0;
    for (int e = 0; e < part->n_edges; e++) {
        sum += part->edge_weight[e] * fabs(local_margin_at(part, part->edge[e]));
    }
    return sum;
}

/*
 * What moves of the edges count besides changes to first order. All of them where rates have kinks and lobes, of which any
 * polynomial may see nothing by chance. All of what misses make where q is shallow, and where the
 * panel that ends at mu = 1 is confined there, in a sliver beyond which no node may lie. Elsewhere in that panel, where q is
 * a smooth function of ln(1 - mu) rather than of mu, changes may cancel by chance: a share of what misses, or a polynomial
 * through fewer nodes, would move the edges by. It is all of it where that is a thirtieth of the value, since polynomials
 * are then not converging yet; else so large that of 10,000 such panels one in a hundred errs by more than twice the
 * estimate, and of a million values of a grid none by three times theirs.
 */
static double moves_of(const struct part *part, const struct dmumu_panel_miss miss[static PAIRS])
{
    if (part->shape->sharp) {
        return fmax(edges_moved(part, miss), edges_moved_locally(part));
    }
    const bool ends_at_one = part->shape->one_minus_high == 0.0;
    const bool sliver = ends_at_one && part->sample[SAMPLES - 1] > 0.0;
    if (sliver || part->most - part->least < SHALLOW) {
        return edges_moved(part, miss);
    }
    return ends_at_one ? fmax(share_of_moves(part, edges_moved(part, miss), 0.1),
                              share_of_moves(part, edges_moved_locally(part), 0.25))
                       : 0.0;
}

/* Twice what polynomials through 13 of the nodes would change, or what moves of the edges count. */
static double difference_of(const struct part *part)
{
    struct dmumu_panel_miss miss[PAIRS];
    double change = 0.0;
    double most_miss = 0.0;
    dmumu_panel_miss_of(part->shape->rules, part->margin, miss);
    for (int p = 0; p < PAIRS; p++) {
        change = fmax(change, fabs(change_by(part, &miss[p])));
        for (int k = 0; k < 2; k++) {
            const bool near = fabs(part->margin[miss[p].node[k]]) < NEAR_EDGE;
            most_miss = near ? fmax(most_miss, fabs(miss[p].by[k])) : most_miss;
        }
    }
    double by[NODES];
    for (int i = 0; i < NODES; i++) {
        by[i] = most_miss;
    }
    return 2.0 * fmax(change, moves_of(part, miss)) + touching(part, by, END_MISS);
}

void dmumu_panel_integrate_edges(const struct dmumu_panel_shape *shape, const double margin[static NODES],
                                 const double error[static NODES], struct dmumu_panel_integral *integral,
                                 double gradient[static NODES])
{
    struct part part;
    make_part(shape, margin, gradient, &part);
    double by[NODES];
    for (int i = 0; i < NODES; i++) {
        by[i] = error[i] < MOST_ERROR ? error[i] : MOST_ERROR;
    }
    const double unit = exp(-shape->q_edge);
    integral->value = part.value * unit;
    integral->mu_star = part.mu_star;
    integral->difference = difference_of(&part) * unit;
    integral->rate_error = touching(&part, by, 1.0) * unit;
    integral->rough = true;
    for (int i = 0; i < NODES; i++) {
        gradient[i] *= margin[i] > -DMUMU_PANEL_FLOOR ? unit : 0.0;
    }
}
