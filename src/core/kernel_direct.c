/* The fast modes' rate without tables: see kernel_direct.h. */
#include "core/kernel_direct.h"

#include "core/exponential.h"
#include "core/logarithm.h"
#include "core/resonance.h"
#include "core/rules.h"
#include "core/vector.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum { N = DMUMU_PANEL_N, NODES = DMUMU_KRONROD_N, MAX_PIECES = 600 };

/* Relative, of the integral over angles; below, nothing in the rest of the code is any better. */
#define TOLERANCE 1e-8

/* From here in w = k_perp r_L, oscillations of J'^2 are left out of the integral over scales, as in the reference kernel. */
#define FADE_FROM 30.0

/* ln 1e10 */
#define SMALL_POWER 23.0

/* Of what 32 points carry, a length for which 16 do: a tail of the resonance, four widths, to 1e-13. */
#define SHORT 0.4

/* Widths from mu = 0 beyond which a resonance has no mirror image. */
#define NARROW DMUMU_RESONANCE_REACH

/* What one mu and R fix, ln_gyration = ln(R s) among it; and ln of what a direction must be able to add, per d ln
 * tan(theta), to be looked at. */
struct rate_at {
    const struct dmumu_fast_direct *direct;
    double mu, s, ln_s, width, ln_r, ln_gyration, ln_most_g, least_ln;
};

/* One piece of ln tan(theta), and which of the directions' panels it is; NO_PANEL where that is its own. */
struct piece {
    double low, high, transit, gyro, error;
    size_t panel;
};
#define NO_PANEL SIZE_MAX

/* Of two numbers, in registers: fmax and fmin are calls. */
static inline double larger(double a, double b)
{
    return a > b ? a : b;
}

static inline double smaller(double a, double b)
{
    return a < b ? a : b;
}

/* ---- over scales ------------------------------------------------------------------------------------------------- */

static double fade_from_of(int n)
{
    return larger(FADE_FROM, 15.0 * n);
}

/*
 * How far Gauss's 32 points carry in ln(1/u) from u on: ten widths of the resonance, six lobes of J'^2, and five powers of
 * e in any case.
 */
static double reach_of(const struct rate_at *at, int n, double u, double w)
{
    const double longest = 5.0;
    const double fade_from = fade_from_of(n);
    double lobes = 20.0 / (w + 7.0);
    if (w < 0.2) {
        lobes = larger(lobes, log(0.5 / w));
    } else if (w > fade_from + DMUMU_BESSEL_REF_FADE_WIDTH) {
        lobes = longest;
    }
    const double widths = 10.0 * at->width / (n * u);
    const double resonance = widths > 16.0 ? longest : -dmumu_log(1.0 - smaller(widths, 0.8));
    return smaller(smaller(lobes, resonance), longest);
}

/* u^3/2 E(mu, n u), per d ln u, at u = exp(-z), of harmonic -n alone. */
DMUMU_VECTOR
static void resonant_part(double mu, double per_width, double n, int count, const double *restrict z,
                          double *restrict u, double *restrict value)
{
    for (int i = 0; i < count; i++) {
        const double root = dmumu_exp(-0.5 * z[i]);
        u[i] = root * root;
        const double y = (mu - n * u[i]) * per_width;
        value[i] = u[i] * root * dmumu_exp(-y * y);
    }
}

/* Harmonic n on top of it: nothing where resonances are narrow, exp(-mu^2/Delta^2) of the other at most. */
DMUMU_VECTOR
static void add_mirrored(double mu, double per_width, double n, int count, const double *restrict u,
                         double *restrict value)
{
    for (int i = 0; i < count; i++) {
        const double ratio = dmumu_exp(-4.0 * mu * n * u[i] * per_width * per_width);
        value[i] += value[i] * ratio;
    }
}

/* u^3/2 J_n'(w)^2 E(mu, n u) at `count` points z of ln(1/u). */
static void integrand_at(const struct rate_at *at, int n, double w_of_one, int count, const double z[], double value[])
{
    const struct dmumu_bessel_fade fade = {fade_from_of(n), (double)INFINITY};
    double u[N];
    double w[N];
    double square[N];
    resonant_part(at->mu, 1.0 / at->width, n, count, z, u, value);
    if (at->mu < NARROW * at->width) {
        add_mirrored(at->mu, 1.0 / at->width, n, count, u, value);
    }
    for (int i = 0; i < count; i++) {
        w[i] = w_of_one / u[i];
    }
    dmumu_bessel_ref_squares(at->direct->bessel, DMUMU_BESSEL_PRIME_SQUARE, n, fade, count, w, square);
    for (int i = 0; i < count; i++) {
        value[i] *= square[i];
    }
}

/* int du u^1/2 J_n'(w)^2 E(mu, n u), w = w_of_one/u, over low < ln(1/u) < high. */
static double over_scales(const struct rate_at *at, int n, double w_of_one, double low, double high)
{
    double sum = 0.0;
    for (double from = low; from < high;) {
        const double step = reach_of(at, n, exp(-from), w_of_one * exp(from));
        const double to = from + 1.2 * step < high ? from + step : high;
        const int count = to - from < SHORT * step ? DMUMU_SHORT_PANEL_N : N;
        double z[N];
        double value[N];
        dmumu_quadrature_panel_points(count, from, to, z);
        integrand_at(at, n, w_of_one, count, z, value);
        sum += dmumu_quadrature_panel_sum(count, from, to, value);
        from = to;
    }
    return sum;
}

/* Widths from mu to the nearest of the waves from u_end to u_start that harmonic n resonates with. */
static double widths_to(const struct rate_at *at, int n, const struct dmumu_direction *direction)
{
    return larger(larger(n * direction->u_end - at->mu, at->mu - n * direction->u_start), 0.0) / at->width;
}

/* ln of the most that a direction can add, per d ln tan(theta): J'^2 < 1/2. */
static double most_ln_gyro(const struct rate_at *at, const struct dmumu_direction *direction)
{
    double most = -(double)INFINITY;
    for (int n = 1; n <= at->direct->state->harmonics; n++) {
        const double widths = widths_to(at, n, direction);
        most = larger(most, direction->ln_measure - widths * widths);
    }
    return most;
}

/*
 * xi^3/2 sum_n of that between the ends of the cascade, x = 1 and x = x_max, and as far from mu as the resonance is 1e-10
 * of what it is at the nearest of these waves.
 */
static double gyro_at(const struct rate_at *at, const struct dmumu_direction *direction)
{
    const double xi = direction->cosine;
    double sum = 0.0;
    for (int n = 1; n <= at->direct->state->harmonics; n++) {
        const double widths = widths_to(at, n, direction);
        const double reach = at->width * sqrt(widths * widths + SMALL_POWER);
        const double nu_high = at->mu + reach;
        const double nu_low = larger(at->mu - reach, 1e-6 * nu_high); /* what is below is 1e-9 of the whole */
        const double low = n * direction->u_start < nu_high ? -direction->ln_u_start : dmumu_log(n / nu_high);
        const double high = n * direction->u_end > nu_low ? -direction->ln_u_end : dmumu_log(n / nu_low);
        sum += over_scales(at, n, at->s * direction->sine / xi, low, high);
    }
    return xi * sqrt(xi) * sum;
}

/* ln of the most that transit-time damping can add: G is its largest at last. */
static double most_ln_transit(const struct rate_at *at, const struct dmumu_direction *direction)
{
    const double widths = (at->mu - at->direct->state->alfven_speed_v / direction->cosine) / at->width;
    return direction->ln_transit_measure + 1.5 * at->ln_s + at->ln_most_g - widths * widths;
}

static double transit_at(const struct rate_at *at, const struct dmumu_direction *direction)
{
    const double shift = at->direct->state->alfven_speed_v / direction->cosine;
    const double resonance = dmumu_resonance_transit(at->mu, shift, at->width);
    const double a = at->s * direction->sine; /* less R */
    const double end = dmumu_fast_g(at->direct->common, at->ln_gyration + direction->ln_x_perp_max);
    const double start = dmumu_fast_g(at->direct->common, at->ln_gyration + direction->ln_sine);
    return resonance * a * sqrt(a) * (end - start);
}

/* ---- over angles ------------------------------------------------------------------------------------------------- */

/* A panel by Kronrod's rule. Directions with x_max < 1 have no waves. */
static struct piece measured(const struct rate_at *at, const struct dmumu_direction_panel *panel)
{
    struct piece piece = {.low = panel->low, .high = panel->high, .panel = NO_PANEL};
    double coarse = 0.0;
    for (int i = 0; i < NODES; i++) {
        const struct dmumu_direction *direction = &panel->node[i];
        if (!(direction->u_end < direction->u_start)) {
            continue;
        }
        const double per_ln_tangent = direction->cosine * direction->cosine * direction->sine * direction->sine;
        const double measure = 0.5 * (panel->high - panel->low) * per_ln_tangent; /* of int xi d xi */
        const double gyro = most_ln_gyro(at, direction) > at->least_ln ? measure * gyro_at(at, direction) : 0.0;
        const double transit =
            most_ln_transit(at, direction) > at->least_ln ? measure * transit_at(at, direction) : 0.0;
        piece.gyro += dmumu_kronrod_weight[i] * gyro;
        piece.transit += dmumu_kronrod_weight[i] * transit;
        coarse += dmumu_kronrod_gauss_weight[i] * (gyro + transit);
    }
    const double value = piece.gyro + piece.transit;
    piece.error = value > 0.0 ? dmumu_rule_error(fabs(value - coarse) / value) * value : 0.0;
    return piece;
}

/* One of the directions' panels. */
static struct piece measured_panel(const struct rate_at *at, size_t index)
{
    struct piece piece = measured(at, &at->direct->directions->panel[index]);
    piece.panel = index;
    return piece;
}

/* What is none of them. */
static struct piece measured_between(const struct rate_at *at, double low, double high)
{
    struct dmumu_direction_panel panel = {.low = low, .high = high};
    dmumu_directions_fill(at->direct->state, at->ln_r, &panel);
    return measured(at, &panel);
}

struct sum {
    double transit, gyro, error;
};

static void add_pieces(const struct piece piece[], int from, int n, struct sum *sum)
{
    for (int i = from; i < n; i++) {
        sum->transit += piece[i].transit;
        sum->gyro += piece[i].gyro;
        sum->error += piece[i].error;
    }
}

/* Both halves of a piece. */
static void halve_piece(const struct rate_at *at, const struct piece *piece, struct piece half[static 2])
{
    const double middle = 0.5 * (piece->low + piece->high);
    const size_t first =
        piece->panel == NO_PANEL ? 0 : dmumu_directions_halve(at->direct->state, piece->panel, at->direct->directions);
    half[0] = first > 0 ? measured_panel(at, first) : measured_between(at, piece->low, middle);
    half[1] = first > 0 ? measured_panel(at, first + 1) : measured_between(at, middle, piece->high);
}

/* Halve the pieces with more than their part of the error. Returns how many pieces there are now. */
static int halve(const struct rate_at *at, struct piece piece[static MAX_PIECES], int n, double most)
{
    const int before = n;
    for (int i = 0; i < before && n < MAX_PIECES; i++) {
        if (piece[i].error * before > most) {
            struct piece half[2];
            halve_piece(at, &piece[i], half);
            piece[i] = half[0];
            piece[n++] = half[1];
        }
    }
    return n;
}

/* A panel, and the most that any of its directions can add. */
struct ranked {
    size_t index;
    double most_ln;
};

/* The largest first; of equals, the first. */
static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *left = a;
    const struct ranked *right = b;
    if (left->most_ln != right->most_ln) {
        return left->most_ln > right->most_ln ? -1 : 1;
    }
    return left->index < right->index ? -1 : left->index > right->index;
}

static size_t rank(const struct rate_at *at, struct ranked ranked[static MAX_PIECES])
{
    const struct dmumu_directions *directions = at->direct->directions;
    size_t n = 0;
    for (size_t i = 0; i < directions->n && n < MAX_PIECES; i++) {
        ranked[n] = (struct ranked){i, -(double)INFINITY};
        for (int k = 0; k < NODES; k++) {
            ranked[n].most_ln = larger(ranked[n].most_ln, most_ln_gyro(at, &directions->panel[i].node[k]));
        }
        n++;
    }
    qsort(ranked, n, sizeof *ranked, compare_ranked);
    return n;
}

/* Where transit-time damping is exactly resonant, xi = v_A/(mu v), and how far around it adds anything. */
struct spike {
    double ln_tangent, reach;
};

static struct spike spike_of(const struct rate_at *at)
{
    const double xi = smaller(at->direct->state->alfven_speed_v / at->mu, 1.0);
    return (struct spike){0.5 * log1p(-xi * xi) - log(xi), DMUMU_RESONANCE_REACH * at->width / at->mu};
}

/* One panel, as it is; or, with a spike that falls between its nodes, what lies before it, the spike, and what lies beyond. */
static int add_panel(const struct rate_at *at, size_t index, struct piece piece[], int n)
{
    const struct dmumu_direction_panel *panel = &at->direct->directions->panel[index];
    const struct spike spike = spike_of(at);
    const double from = spike.ln_tangent - spike.reach;
    const double to = spike.ln_tangent + spike.reach;
    if (!(2.0 * spike.reach < panel->high - panel->low && from < panel->high && to > panel->low)) {
        piece[n++] = measured_panel(at, index);
        return n;
    }
    if (from > panel->low) {
        piece[n++] = measured_between(at, panel->low, from);
    }
    piece[n++] = measured_between(at, larger(from, panel->low), smaller(to, panel->high));
    if (to < panel->high) {
        piece[n++] = measured_between(at, to, panel->high);
    }
    return n;
}

/* Those panels first that may add most, so that it is known of the others what they cannot change. */
static struct sum over_angles(struct rate_at *at)
{
    struct piece piece[MAX_PIECES];
    struct ranked ranked[MAX_PIECES];
    const int n_ranked = (int)rank(at, ranked);
    int n = 0;
    struct sum sum = {0.0, 0.0, 0.0};
    for (int i = 0; i < n_ranked && n + 3 <= MAX_PIECES; i++) {
        const int before = n;
        n = add_panel(at, ranked[i].index, piece, n);
        add_pieces(piece, before, n, &sum);
        at->least_ln = log(sum.gyro + sum.transit) - SMALL_POWER;
    }
    for (int before = 0; sum.error > TOLERANCE * (sum.transit + sum.gyro) && n < MAX_PIECES && n > before;) {
        before = n;
        n = halve(at, piece, n, TOLERANCE * (sum.transit + sum.gyro));
        sum = (struct sum){0.0, 0.0, 0.0};
        add_pieces(piece, 0, n, &sum);
    }
    return sum;
}

struct dmumu_fast_rate dmumu_fast_direct_rate(const struct dmumu_fast_direct *direct, double mu, double s2,
                                              double larmor_ratio)
{
    struct rate_at at = {.direct = direct,
                         .mu = mu,
                         .s = sqrt(s2),
                         .ln_s = 0.5 * log(s2),
                         .width = dmumu_resonance_width(direct->state, s2),
                         .ln_r = log(larmor_ratio),
                         .ln_gyration = log(larmor_ratio) + 0.5 * log(s2),
                         .ln_most_g = log(direct->common->g_value[direct->common->g.n - 1]),
                         .least_ln = -(double)INFINITY};
    const struct sum sum = over_angles(&at);
    const double scale = dmumu_fast_front(direct->state, at.s) / sqrt(larmor_ratio);
    return (struct dmumu_fast_rate){.transit = scale * sum.transit,
                                    .gyro = scale * sum.gyro,
                                    .error = scale * (sum.error + TOLERANCE * (sum.transit + sum.gyro))};
}
