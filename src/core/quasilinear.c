/* The quasi-linear limit of fast modes: see quasilinear.h. */
#include "core/quasilinear.h"

#include "core/bessel.h"
#include "core/constants.h"
#include "core/damping.h"
#include "core/rules.h"

#include <math.h>

/*
 * Oscillations of J'^2 are followed for so long in w from the first lobes on, and from and to a sharp end, where they leave
 * something; elsewhere their mean is taken. What the step between the two leaves out is its Fourier transform: exp(-36).
 */
#define FADE_WIDTH 60.0
#define FADE_FROM  30.0

/* Lengths of pieces: where lobes are followed, in w; in ln(tan theta) in any case. */
#define LOBES   4.0
#define LONGEST 1.0

/* Powers of e in tan(theta) below and above which the integrand, like tan^2 and xi^3.5, has nothing left. */
#define TAIL_BELOW 13.0
#define TAIL_ABOVE 9.0

struct resonance {
    const struct dmumu_fast_common *common;
    const struct dmumu_state *state;
    double mu, s, larmor_ratio;
    double ln_x_par; /* of the resonant waves: ln[n/(mu R)] */
    double ln_scale; /* w = n s tan(theta)/mu: ln w less ln tan(theta) */
    int n;
};

/* Directions of resonant waves; w at an end that is sharp, else where no oscillation is: 0 and infinity. */
struct interval {
    double low, high;
    double w_low, w_high;
};

struct two_sums {
    double fine, coarse;
};

/* ---- where resonant waves are ------------------------------------------------------------------------------------ */

/* The direction between two, with resonant waves at one of them alone, where these begin or end. */
static double edge(const struct resonance *at, double low, double high, bool inside_low)
{
    for (int i = 0; i < 60 && high - low > 1e-15 * fmax(fabs(low), fabs(high)); i++) {
        const double middle = 0.5 * (low + high);
        if ((dmumu_sharp_ln_x_par_max(at->state, middle) > at->ln_x_par) == inside_low) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return 0.5 * (low + high);
}

static double w_at(const struct resonance *at, double ln_tangent)
{
    return exp(at->ln_scale + ln_tangent);
}

/* ---- over directions --------------------------------------------------------------------------------------------- */

/* 0 where oscillations are followed, 1 where they are not, so far into where they need not be. */
static double faded(double distance)
{
    if (!(distance > 0.0 && distance < FADE_WIDTH)) {
        return distance > 0.0 ? 1.0 : 0.0;
    }
    return 0.5 * erfc(5.0 - distance / 6.0);
}

static double fade_from(const struct resonance *at, const struct interval *in)
{
    return fmax(fmax(FADE_FROM, 15.0 * at->n), in->w_low);
}

static double prime_square(const struct resonance *at, const struct interval *in, double w)
{
    const double share = faded(w - fade_from(at, in)) * faded(in->w_high - w);
    const double followed = share < 1.0 ? dmumu_bessel_prime_square(at->n, w) : 0.0;
    return share > 0.0 ? followed + share * (dmumu_bessel_prime_square_mean(at->n, w) - followed) : followed;
}

/* d xi xi x^-3/2 J_n'^2 per d ln tan(theta), x = n/(mu xi R). */
static double integrand(const struct resonance *at, const struct interval *in, double ln_tangent)
{
    const struct dmumu_angle angle = dmumu_angle_of_tangent(exp(ln_tangent));
    const double xi = angle.cosine;
    const double x = at->n / (at->mu * xi * at->larmor_ratio);
    return xi * xi * angle.sine_square / (x * sqrt(x)) * prime_square(at, in, w_at(at, ln_tangent));
}

static void add_piece(const struct resonance *at, const struct interval *in, double low, double high,
                      struct two_sums *sum)
{
    const double half = 0.5 * (high - low);
    for (int i = 0; i < DMUMU_KRONROD_N; i++) {
        const double value = half * integrand(at, in, low + half * (1.0 + dmumu_kronrod_node[i]));
        sum->fine += dmumu_kronrod_weight[i] * value;
        sum->coarse += dmumu_kronrod_gauss_weight[i] * value;
    }
}

/* How far a piece reaches from ln tan(theta) on. */
static double length_at(const struct resonance *at, const struct interval *in, double ln_tangent)
{
    const double w = w_at(at, ln_tangent);
    const double again = in->w_high - FADE_WIDTH; /* from here on lobes are followed again */
    if (w < fade_from(at, in) + FADE_WIDTH || w >= again * (1.0 - 1e-12)) {
        return fmin(log1p(LOBES / w), LONGEST);
    }
    return fmin(log(again / w), LONGEST);
}

static void add_interval(const struct resonance *at, struct interval in, struct two_sums *sum)
{
    /* as tan^2 from where the lobes begin on, or 45 degrees: n = 1, others rise more steeply */
    const double low = fmax(in.low, fmin(in.high, fmin(0.0, -at->ln_scale)) - TAIL_BELOW);
    const double high = fmin(in.high, fmax(in.low, 0.0) + TAIL_ABOVE);
    in.w_high = high < in.high ? (double)INFINITY : in.w_high;
    for (double from = low; from < high;) {
        const double to = fmin(from + length_at(at, &in, from), high);
        add_piece(at, &in, from, to, sum);
        from = to;
    }
}

/* All intervals of directions with resonant waves. */
static void add_harmonic(const struct resonance *at, const struct dmumu_sharp_angles *angles, struct two_sums *sum)
{
    /* waves along B are there from theta = 0 on, and matter as far as tan(theta) ~ mu, wherever directions are said to end */
    struct interval open = {.low = -(double)INFINITY, .w_low = 0.0};
    bool inside = angles->ln_x_par_max[0] > at->ln_x_par;
    for (size_t i = 1; i < angles->n; i++) {
        if ((angles->ln_x_par_max[i] > at->ln_x_par) == inside) {
            continue;
        }
        const double cut = edge(at, angles->ln_tangent[i - 1], angles->ln_tangent[i], inside);
        if (inside) {
            open.high = cut;
            open.w_high = w_at(at, cut);
            add_interval(at, open, sum);
        }
        open = (struct interval){.low = cut, .w_low = w_at(at, cut)};
        inside = !inside;
    }
    if (inside) {
        open.high = angles->ln_tangent[angles->n - 1];
        open.w_high = (double)INFINITY;
        add_interval(at, open, sum);
    }
}

/* ---- the rates --------------------------------------------------------------------------------------------------- */

static double transit(const struct resonance *at, double front)
{
    const struct dmumu_state *state = at->state;
    const double xi = state->alfven_speed_v / at->mu;
    if (!(xi < 1.0)) {
        return 0.0;
    }
    const struct dmumu_angle angle = {.cosine = xi, .sine_square = (1.0 - xi) * (1.0 + xi)};
    const double ln_x_max = dmumu_damping_ln_x_max(state, angle);
    if (!(ln_x_max > 0.0)) {
        return 0.0;
    }
    const double a = at->larmor_ratio * at->s * sqrt(angle.sine_square);
    const double g = dmumu_fast_g(at->common, log(a) + ln_x_max) - dmumu_fast_g(at->common, log(a));
    return front * xi * xi * xi / state->alfven_speed_v * a * sqrt(a) * g;
}

struct dmumu_fast_rate dmumu_quasilinear_fast_rate(const struct dmumu_fast_common *common,
                                                   const struct dmumu_state *state,
                                                   const struct dmumu_sharp_angles *angles, double mu, double s2,
                                                   double larmor_ratio)
{
    struct resonance at = {.common = common, .state = state, .mu = mu, .s = sqrt(s2), .larmor_ratio = larmor_ratio};
    const double m = state->alfven_mach;
    const double front =
        state->energy_fraction[DMUMU_FAST] * DMUMU_PI * m * m * s2 / (2.0 * larmor_ratio * larmor_ratio);
    struct two_sums sum = {0.0, 0.0};
    for (at.n = 1; at.n <= common->harmonics; at.n++) {
        at.ln_x_par = log(at.n / (mu * larmor_ratio));
        at.ln_scale = log(at.n * at.s / mu);
        add_harmonic(&at, angles, &sum);
    }
    const double error = sum.fine > 0.0 ? dmumu_rule_error((sum.fine - sum.coarse) / sum.fine) : 0.0;
    return (struct dmumu_fast_rate){
        .transit = transit(&at, front), .gyro = front / mu * sum.fine, .error = front / mu * sum.fine * error};
}
