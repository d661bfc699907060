/* The fast modes' rate without tables: see kernel_direct.h. */
#include "core/kernel_direct.h"

#include "core/damping.h"
#include "core/exponential.h"
#include "core/resonance.h"
#include "core/rules.h"
#include "core/vector.h"

#include <math.h>

enum { N = DMUMU_PANEL_N, NODES = DMUMU_KRONROD_N, MAX_PIECES = 600 };

/* Relative, of the integral over angles; below, nothing in the rest of the code is any better. */
#define TOLERANCE 1e-8

/* From here in w = k_perp r_L, oscillations of J'^2 are left out of the integral over scales, as in the reference kernel. */
#define FADE_FROM 30.0

/* Widths from mu = 0 beyond which a resonance has no mirror image. */
#define NARROW DMUMU_RESONANCE_REACH

/* What one mu and R fix. */
struct rate_at {
    const struct dmumu_fast_direct *direct;
    double mu, s, width, ln_r;
};

struct direction {
    double cosine, sine, ln_x_par_max, ln_x_perp_max;
};

/* One piece of ln tan(theta). */
struct piece {
    double low, high, transit, gyro, error;
};

/* ---- over scales ------------------------------------------------------------------------------------------------- */

static double fade_from_of(int n)
{
    return fmax(FADE_FROM, 15.0 * n);
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
        lobes = fmax(lobes, log(0.5 / w));
    } else if (w > fade_from + DMUMU_BESSEL_REF_FADE_WIDTH) {
        lobes = longest;
    }
    const double widths = 10.0 * at->width / (n * u);
    const double resonance = widths > 16.0 ? longest : -log1p(-fmin(widths, 0.8));
    return fmin(fmin(lobes, resonance), longest);
}

/* u^3/2 E(mu, n u), per d ln u, at u = exp(-z), of harmonic -n alone. */
DMUMU_VECTOR
static void resonant_part(double mu, double per_width, double n, const double *restrict z, double *restrict u,
                          double *restrict value)
{
    for (int i = 0; i < N; i++) {
        const double root = dmumu_exp(-0.5 * z[i]);
        u[i] = root * root;
        const double y = (mu - n * u[i]) * per_width;
        value[i] = u[i] * root * dmumu_exp(-y * y);
    }
}

/* Harmonic n on top of it: nothing where resonances are narrow, exp(-mu^2/Delta^2) of the other at most. */
DMUMU_VECTOR
static void add_mirrored(double mu, double per_width, double n, const double *restrict u, double *restrict value)
{
    for (int i = 0; i < N; i++) {
        const double ratio = dmumu_exp(-4.0 * mu * n * u[i] * per_width * per_width);
        value[i] += value[i] * ratio;
    }
}

/* int du u^1/2 J_n'(w)^2 E(mu, n u), w = w_of_one/u, over low < ln(1/u) < high. */
static double over_scales(const struct rate_at *at, int n, double w_of_one, double low, double high)
{
    const struct dmumu_bessel_fade fade = {fade_from_of(n), (double)INFINITY};
    double sum = 0.0;
    for (double from = low; from < high;) {
        const double step = reach_of(at, n, exp(-from), w_of_one * exp(from));
        const double to = from + 1.2 * step < high ? from + step : high;
        double z[N];
        double u[N];
        double w[N];
        double value[N];
        double square[N];
        dmumu_quadrature_panel_points(from, to, z);
        resonant_part(at->mu, 1.0 / at->width, n, z, u, value);
        if (at->mu < NARROW * at->width) {
            add_mirrored(at->mu, 1.0 / at->width, n, u, value);
        }
        for (int i = 0; i < N; i++) {
            w[i] = w_of_one / u[i];
        }
        dmumu_bessel_ref_squares(at->direct->bessel, DMUMU_BESSEL_PRIME_SQUARE, n, fade, w, square);
        for (int i = 0; i < N; i++) {
            value[i] *= square[i];
        }
        sum += dmumu_quadrature_panel_sum(from, to, value);
        from = to;
    }
    return sum;
}

/* xi^3/2 sum_n of that between the ends of the cascade, x = 1 and x = x_max. */
static double gyro_at(const struct rate_at *at, const struct direction *direction)
{
    const double xi = direction->cosine;
    const double reach = DMUMU_RESONANCE_REACH * at->width;
    double sum = 0.0;
    for (int n = 1; n <= at->direct->state->harmonics; n++) {
        const double nu_high = at->mu + reach;
        const double nu_low = fmax(at->mu - reach, 1e-6 * nu_high); /* what is below is 1e-9 of the whole */
        const double low = fmax(at->ln_r + log(xi), log(n / nu_high));
        const double high = fmin(at->ln_r + direction->ln_x_par_max, log(n / nu_low));
        sum += over_scales(at, n, at->s * direction->sine / xi, low, high);
    }
    return xi * sqrt(xi) * sum;
}

static double transit_at(const struct rate_at *at, const struct direction *direction)
{
    const double shift = at->direct->state->alfven_speed_v / direction->cosine;
    const double resonance = dmumu_resonance_transit(at->mu, shift, at->width);
    if (!(resonance > 0.0)) {
        return 0.0;
    }
    const double a = at->s * direction->sine; /* less R */
    const double ln_gyration = at->ln_r + log(at->s);
    const double end = dmumu_fast_g(at->direct->common, ln_gyration + direction->ln_x_perp_max);
    const double start = dmumu_fast_g(at->direct->common, ln_gyration + log(direction->sine));
    return resonance * a * sqrt(a) * (end - start);
}

/* ---- over angles ------------------------------------------------------------------------------------------------- */

static struct direction direction_at(const struct dmumu_state *state, double ln_tangent)
{
    const struct dmumu_angle angle = dmumu_angle_of_tangent(exp(ln_tangent));
    const double ln_x_max = dmumu_damping_ln_x_max(state, angle);
    const double sine = sqrt(angle.sine_square);
    return (struct direction){angle.cosine, sine, ln_x_max + log(angle.cosine), ln_x_max + log(sine)};
}

/* A piece by Kronrod's rule. Directions with x_max < 1 have no waves. */
static struct piece measured(const struct rate_at *at, double low, double high)
{
    struct piece piece = {.low = low, .high = high};
    double coarse = 0.0;
    for (int i = 0; i < NODES; i++) {
        const struct direction direction =
            direction_at(at->direct->state, 0.5 * (low + high) + 0.5 * (high - low) * dmumu_kronrod_node[i]);
        if (!(direction.ln_x_par_max > log(direction.cosine))) {
            continue;
        }
        const double xi = direction.cosine * direction.sine;
        const double measure = 0.5 * (high - low) * xi * xi; /* of int xi d xi */
        const double gyro = measure * gyro_at(at, &direction);
        const double transit = measure * transit_at(at, &direction);
        piece.gyro += dmumu_kronrod_weight[i] * gyro;
        piece.transit += dmumu_kronrod_weight[i] * transit;
        coarse += dmumu_kronrod_gauss_weight[i] * (gyro + transit);
    }
    const double value = piece.gyro + piece.transit;
    piece.error = value > 0.0 ? dmumu_rule_error(fabs(value - coarse) / value) * value : 0.0;
    return piece;
}

struct sum {
    double transit, gyro, error;
};

static struct sum sum_of(const struct piece piece[], int n)
{
    struct sum sum = {0.0, 0.0, 0.0};
    for (int i = 0; i < n; i++) {
        sum.transit += piece[i].transit;
        sum.gyro += piece[i].gyro;
        sum.error += piece[i].error;
    }
    return sum;
}

/* Halve the pieces with more than their part of the error. Returns how many pieces there are now. */
static int halve(const struct rate_at *at, struct piece piece[static MAX_PIECES], int n, double most)
{
    const int before = n;
    for (int i = 0; i < before && n < MAX_PIECES; i++) {
        if (piece[i].error * before > most) {
            const double low = piece[i].low;
            const double high = piece[i].high;
            piece[i] = measured(at, low, 0.5 * (low + high));
            piece[n++] = measured(at, 0.5 * (low + high), high);
        }
    }
    return n;
}

static struct sum over_angles(const struct rate_at *at)
{
    const struct dmumu_angles *angles = at->direct->angles;
    struct piece piece[MAX_PIECES];
    int n = 0;
    for (size_t i = 0; i < angles->n_panels && n < MAX_PIECES; i++) {
        piece[n++] = measured(at, angles->panel_end[2 * i], angles->panel_end[2 * i + 1]);
    }
    struct sum sum = sum_of(piece, n);
    while (sum.error > TOLERANCE * (sum.transit + sum.gyro) && n < MAX_PIECES) {
        n = halve(at, piece, n, TOLERANCE * (sum.transit + sum.gyro));
        sum = sum_of(piece, n);
    }
    return sum;
}

struct dmumu_fast_rate dmumu_fast_direct_rate(const struct dmumu_fast_direct *direct, double mu, double s2,
                                              double larmor_ratio)
{
    const struct rate_at at = {.direct = direct,
                               .mu = mu,
                               .s = sqrt(s2),
                               .width = dmumu_resonance_width(direct->state, s2),
                               .ln_r = log(larmor_ratio)};
    const struct sum sum = over_angles(&at);
    const double scale = dmumu_fast_front(direct->state, at.s) / sqrt(larmor_ratio);
    return (struct dmumu_fast_rate){.transit = scale * sum.transit,
                                    .gyro = scale * sum.gyro,
                                    .error = scale * (sum.error + TOLERANCE * (sum.transit + sum.gyro))};
}
