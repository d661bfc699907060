/* The quasi-linear limit of fast modes: see quasilinear.h. */
#include "core/quasilinear.h"

#include "core/bessel.h"
#include "core/constants.h"
#include "core/damping.h"
#include "core/rules.h"

#include <math.h>

#define FOLLOW 200.0
#define LOBES  6.0

struct resonance {
    const struct dmumu_fast_common *common;
    const struct dmumu_state *state;
    double mu, s, larmor_ratio;
    int n;
};

struct two_sums {
    double fine, coarse;
    double edge; /* of lobes not followed */
};

/* > 0 where the resonant wave lies within the cascade. */
static double margin(const struct resonance *at, double ln_tangent)
{
    const struct dmumu_angle angle = dmumu_angle_of_tangent(exp(ln_tangent));
    const double ln_x = log(at->n / (at->mu * angle.cosine * at->larmor_ratio));
    return fmin(dmumu_damping_ln_x_max(at->state, angle) - ln_x, ln_x);
}

static double edge(const struct resonance *at, double low, double high)
{
    const bool inside = margin(at, low) > 0.0;
    for (int i = 0; i < 50; i++) {
        const double middle = 0.5 * (low + high);
        if ((margin(at, middle) > 0.0) == inside) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return 0.5 * (low + high);
}

/* d xi xi x^-3/2 J_n'^2 per d ln tan(theta); the mean over the phase of J'^2 where its lobes are not followed. */
static double integrand(const struct resonance *at, double ln_tangent, bool mean)
{
    const struct dmumu_angle angle = dmumu_angle_of_tangent(exp(ln_tangent));
    const double xi = angle.cosine;
    const double x = at->n / (at->mu * xi * at->larmor_ratio);
    const double w = at->larmor_ratio * x * sqrt(angle.sine_square) * at->s;
    const double square = mean ? dmumu_bessel_prime_square_mean(at->n, w) : dmumu_bessel_prime_square(at->n, w);
    return xi * xi * angle.sine_square / (x * sqrt(x)) * square;
}

static void add_piece(const struct resonance *at, double low, double high, bool mean, struct two_sums *sum)
{
    const double half = 0.5 * (high - low);
    for (int i = 0; i < DMUMU_KRONROD_N; i++) {
        const double value = half * integrand(at, low + half * (1.0 + dmumu_kronrod_node[i]), mean);
        sum->fine += dmumu_kronrod_weight[i] * value;
        sum->coarse += dmumu_kronrod_gauss_weight[i] * value;
    }
}

/*
 * Between two angles within the cascade. The edges are sharp here, and w = n s tan(theta)/mu: the lobes of J' are
 * followed, LOBES in w at a time, up to FOLLOW; beyond, their mean is taken, and what that may miss at an edge, f/(2w),
 * goes into the error.
 */
static void add_interval(const struct resonance *at, double low, double high, struct two_sums *sum)
{
    const double ln_scale = log(at->n * at->s / at->mu);
    const double last = fmin(high, log(FOLLOW) - ln_scale);
    double from = low;
    while (from < last) {
        const double w = exp(ln_scale + from);
        const double to = fmin(fmin(from + 1.0, log(w + LOBES) - ln_scale), last);
        add_piece(at, from, to, false, sum);
        from = to;
    }
    if (from < high) {
        add_piece(at, from, high, true, sum);
        sum->edge += integrand(at, from, true) / (2.0 * exp(ln_scale + from));
    }
}

/* One panel in ln tan(theta), in eight parts: cut where the resonant wave enters or leaves the cascade. */
static void add_panel(const struct resonance *at, double low, double high, struct two_sums *sum)
{
    enum { PARTS = 8 };
    const double inset = 1e-9 * (high - low); /* stay off the kinks at a panel's ends */
    double from = low + inset;
    bool inside_from = margin(at, from) > 0.0;
    double open = from;
    for (int i = 1; i <= PARTS; i++) {
        const double to = i == PARTS ? high - inset : low + (high - low) * i / PARTS;
        const bool inside_to = margin(at, to) > 0.0;
        if (inside_from != inside_to) {
            const double cut = edge(at, from, to);
            if (inside_from) {
                add_interval(at, open, cut, sum);
            }
            open = cut;
        }
        from = to;
        inside_from = inside_to;
    }
    if (inside_from) {
        add_interval(at, open, high, sum);
    }
}

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
                                                   const struct dmumu_state *state, const struct dmumu_angles *angles,
                                                   double mu, double s2, double larmor_ratio)
{
    struct resonance at = {.common = common, .state = state, .mu = mu, .s = sqrt(s2), .larmor_ratio = larmor_ratio};
    const double m = state->alfven_mach;
    const double front =
        state->energy_fraction[DMUMU_FAST] * DMUMU_PI * m * m * s2 / (2.0 * larmor_ratio * larmor_ratio);
    struct two_sums sum = {0.0, 0.0, 0.0};
    for (at.n = 1; at.n <= common->harmonics; at.n++) {
        for (size_t i = 0; i < angles->n_panels; i++) {
            add_panel(&at, angles->panel_end[2 * i], angles->panel_end[2 * i + 1], &sum);
        }
    }
    const double error = sum.fine > 0.0 ? dmumu_rule_error((sum.fine - sum.coarse) / sum.fine) : 0.0;
    return (struct dmumu_fast_rate){.transit = transit(&at, front),
                                    .gyro = front / mu * sum.fine,
                                    .error = front / mu * (sum.fine * error + sum.edge)};
}
