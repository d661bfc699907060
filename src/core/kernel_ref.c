/*
 * The reference kernel: nested quadrature, as close to the formulas as code can be.
 *
 * Logic    Fast modes: over ln tan(theta), which resolves waves along and across B alike, by adaptive Gauss-Kronrod, and
 *          within over ln x. Alfven and slow modes: over ln x_par, and within over ln x_perp. Where the integrand is
 *          analytic and how fast it can change is known (lobes of J^2, width of the resonance, critical balance), by
 *          panels of Gauss's 32 points, each as long as these carry. Panels shorten with the tolerance.
 *
 * Ranges   are cut where what is left is below a hundredth of the tolerance.
 *
 * Bessel   The oscillations of J^2 are faded into its mean over the phase from w = 30 (15 n, or the sharp start of an
 *          integral) on, except near the sharp end of an integral: bessel_ref.h.
 *
 * Confinement and the integral over mu are in diffusion_ref.c.
 */
#include "core/kernel_ref.h"

#include "core/constants.h"
#include "core/damping.h"
#include "core/exponential.h"
#include "core/resonance.h"
#include "core/spectrum.h"
#include "core/vector.h"

#include <math.h>

enum { N = DMUMU_PANEL_N };

/* What every integrand needs; all after `tolerance` changes as the nesting goes. */
struct integral {
    const struct dmumu_reference *reference;
    const struct dmumu_state *state;
    double larmor_ratio, mu, s, width, tolerance;
    double grain; /* of panels */
    int n;        /* harmonic */
    enum dmumu_mode mode;
    struct dmumu_angle angle;       /* fast */
    struct dmumu_cascade_form form; /* Alfven and slow */
    double x_par;                   /* Alfven and slow */
    double ln_w, ln_nu;             /* w = exp(ln_w) k, nu = exp(ln_nu) / k, with k the inner variable */
    struct dmumu_bessel_fade fade;
};

typedef void panel_function(const struct integral *q, const double ln_k[static N], double value[static N]);
typedef double panel_length(const struct integral *q, double ln_k);

double dmumu_rate_of_mode(const struct dmumu_rate *rate, int mode)
{
    return rate->transit[mode] + rate->gyro[mode];
}

/* ---- panels ----------------------------------------------------------------------------------------------------- */

static double between_ends(const struct integral *q, double low, double high, panel_length *length, panel_function *f)
{
    double sum = 0.0;
    for (double from = low; from < high;) {
        const double step = q->grain * length(q, from);
        const double to = from + 1.2 * step < high ? from + step : high;
        double ln_k[N];
        double value[N];
        dmumu_quadrature_panel_points(N, from, to, ln_k);
        f(q, ln_k, value);
        sum += dmumu_quadrature_panel_sum(N, from, to, value);
        from = to;
    }
    return sum;
}

/* From low to high, with an end where the oscillations of J^2 are followed again. */
static double over_panels(const struct integral *q, double low, double high, panel_length *length, panel_function *f)
{
    const double followed = log(q->fade.until - DMUMU_BESSEL_REF_FADE_WIDTH) - q->ln_w;
    if (low < followed && followed < high) {
        return between_ends(q, low, followed, length, f) + between_ends(q, followed, high, length, f);
    }
    return between_ends(q, low, high, length, f);
}

/* Where the oscillations of J_n^2 begin to be left out. */
static double fade_from(int n)
{
    return fmax(30.0, 15.0 * n);
}

/* Powers alone: exp(-5/2 ln k) over this has a term of degree 64 below 1e-40. */
#define LONGEST 5.0

/* Bessel functions: a power law, then lobes of pi, six to a panel; then the mean. */
static double lobe_length(const struct integral *q, double ln_k)
{
    const double ln_w = q->ln_w + ln_k;
    const double w = exp(ln_w);
    const double lobes = 18.0 / (w + 7.0);
    if (w < 0.2) {
        return fmin(LONGEST, fmax(lobes, log(0.5) - ln_w));
    }
    if (w > q->fade.from + DMUMU_BESSEL_REF_FADE_WIDTH && w < q->fade.until - 1.001 * DMUMU_BESSEL_REF_FADE_WIDTH) {
        return LONGEST; /* 1.001: rounding may put the start of what is followed to either side */
    }
    return lobes;
}

/* exp(-(mu - nu)^2/Delta^2): eight widths to a panel. */
static double resonance_length(const struct integral *q, double ln_k)
{
    const double widths = 8.0 * q->width / exp(q->ln_nu - ln_k);
    return widths > 16.0 ? LONGEST : -log1p(-fmin(widths, 0.8));
}

static double gyro_length(const struct integral *q, double ln_k)
{
    return fmin(lobe_length(q, ln_k), resonance_length(q, ln_k));
}

/* exp(-g), g = x_par/(strength x_perp^anisotropy): forty powers of e to a panel. */
static double cascade_length(const struct integral *q, double ln_k)
{
    const double g = q->x_par / q->form.strength * exp(-q->form.anisotropy * ln_k);
    const double balance = -log1p(-fmin(40.0 / g, 0.95)) / q->form.anisotropy;
    return fmin(lobe_length(q, ln_k), balance);
}

static void arguments(const struct integral *q, const double ln_k[static N], double w[static N])
{
#pragma omp simd
    for (int i = 0; i < N; i++) {
        w[i] = dmumu_exp(q->ln_w + ln_k[i]);
    }
}

static void prime_squares(const struct integral *q, const double w[static N], double square[static N])
{
    dmumu_bessel_ref_squares(&q->reference->bessel, DMUMU_BESSEL_PRIME_SQUARE, q->n, q->fade, N, w, square);
}

/* ---- fast modes ------------------------------------------------------------------------------------------------- */

/* x^2 [J_0'(w)]^2 R_0-without-its-front I_F, per d ln x: the innermost integrand of 'fast' in physics.md. */
DMUMU_VECTOR
static void fast_transit_integrand(const struct integral *q, const double ln_x[static N], double value[static N])
{
    double w[N];
    double square[N];
    arguments(q, ln_x, w);
    prime_squares(q, w, square);
    const double spectrum = dmumu_spectrum_fast(q->state, 1.0); /* times x^-7/2 */
#pragma omp simd
    for (int i = 0; i < N; i++) {
        value[i] = spectrum * dmumu_exp(-1.5 * ln_x[i]) * square[i];
    }
}

/* The same for n > 0: times E of resonance.h. */
DMUMU_VECTOR
static void fast_gyro_integrand(const struct integral *q, const double ln_x[static N], double value[static N])
{
    fast_transit_integrand(q, ln_x, value);
#pragma omp simd
    for (int i = 0; i < N; i++) {
        const double nu = dmumu_exp(q->ln_nu - ln_x[i]);
        const double a = (q->mu + nu) / q->width;
        const double b = (q->mu - nu) / q->width;
        value[i] *= dmumu_exp(-a * a) + dmumu_exp(-b * b);
    }
}

/*
 * Widths up to which fast waves count: exp(-9^2) = 7e-36. Where all waves that resonate are damped away, what those 6 widths
 * away leave, 1e-16 of the rest, may be a ten-thousandth of D_F, beside transit-time damping (point 1650).
 */
#define FAR 9.0

/* Integral over ln x at one angle, 1 <= x <= x_max, of gyro-resonance n. */
static double fast_gyro_over_x(struct integral *q, double ln_x_max)
{
    const double reach = FAR * q->width;
    const double nu_high = q->mu + reach;
    const double nu_low = fmax(q->mu - reach, 0.1 * nu_high * pow(q->tolerance, 1.0 / 1.5));
    const double low = fmax(0.0, q->ln_nu - log(nu_high));
    const double high = fmin(ln_x_max, q->ln_nu - log(nu_low));
    return over_panels(q, low, high, gyro_length, fast_gyro_integrand);
}

static double fast_transit_over_x(struct integral *q, double ln_x_max)
{
    const double ln_w_cut = -log(0.001 * q->tolerance) / 2.5; /* beyond w the rest is w^-5/2 of the whole */
    return over_panels(q, 0.0, fmin(ln_x_max, fmax(ln_w_cut - q->ln_w, 1.0)), lobe_length, fast_transit_integrand);
}

static void set_angle(struct integral *q, struct dmumu_angle angle)
{
    q->angle = angle;
    q->ln_w = log(q->larmor_ratio * sqrt(angle.sine_square) * q->s);
    q->ln_nu = log(q->n / (angle.cosine * q->larmor_ratio));
}

/* d xi = xi (1 - xi^2) d ln tan(theta); xi^2 from k_par^2/k^2, 1/xi from R_n's 1/|x_par|. */
static double fast_gyro_over_angle(double ln_tangent, void *context)
{
    struct integral *q = context;
    set_angle(q, dmumu_angle_of_tangent(exp(ln_tangent)));
    const double xi = q->angle.cosine;
    return xi * xi * q->angle.sine_square * fast_gyro_over_x(q, dmumu_damping_ln_x_max(q->state, q->angle));
}

static double fast_transit_over_angle(double ln_tangent, void *context)
{
    struct integral *q = context;
    set_angle(q, dmumu_angle_of_tangent(exp(ln_tangent)));
    const double xi = q->angle.cosine;
    const double resonance = dmumu_resonance_transit(q->mu, q->state->alfven_speed_v / xi, q->width);
    return xi * xi * q->angle.sine_square * resonance *
           fast_transit_over_x(q, dmumu_damping_ln_x_max(q->state, q->angle));
}

/* From 45 degrees in steps, the angle at which k_max r_L passes 1; 45 degrees where it does there, or nowhere. */
static double undamped_from(const struct dmumu_state *state, double larmor_ratio, double step)
{
    for (double ln_tangent = 0.0; fabs(ln_tangent) < 60.0; ln_tangent += step) {
        if (dmumu_damping_ln_x_max(state, dmumu_angle_of_tangent(exp(ln_tangent))) + log(larmor_ratio) >= 0.0) {
            return ln_tangent;
        }
    }
    return 0.0;
}

/* Of the angles, to look for edges; with the kinks between they are fewer than a list of pieces may have ends. */
#define MOST_CELLS 230.0

/*
 * Where the integral over angles has anything to give: its integrand falls like tan^2 at one end and like xi^2 at the
 * other. Split at the kinks of x_max.
 */
static void find_angles(struct dmumu_reference *reference)
{
    const struct dmumu_state *state = reference->state;
    const double tail = -0.5 * log(1e-2 * reference->tolerance);
    /* without broadening the integrand goes like tan^2 up to mu/s, where w = 1, and C may begin at v_A/v (point 1347) */
    const double from_mu = state->kappa == 0.0 ? 3.0 - log(state->alfven_speed_v) : 0.0;
    const double low = undamped_from(state, reference->larmor_ratio, -0.25) - tail - from_mu;
    const double high = undamped_from(state, reference->larmor_ratio, 0.25) + tail;
    dmumu_quadrature_pieces_init(&reference->angles, low, high);
    double kink[16];
    const size_t n_kinks = dmumu_damping_kinks(state, low, high, 16, kink);
    for (size_t i = 0; i < n_kinks; i++) {
        dmumu_quadrature_pieces_add(&reference->angles, kink[i]);
    }
    reference->cells = reference->angles;
    dmumu_quadrature_pieces_refine(&reference->cells, fmax(0.25, (high - low) / MOST_CELLS));
}

/* > 0 where the wave with this nu = n/(x_par R) lies within the cascade: the smaller of ln(x_max/x) and ln x. */
static double margin(const struct integral *q, double nu, double ln_tangent)
{
    const struct dmumu_angle angle = dmumu_angle_of_tangent(exp(ln_tangent));
    const double ln_x = log(q->n / (nu * angle.cosine * q->larmor_ratio));
    return fmin(dmumu_damping_ln_x_max(q->state, angle) - ln_x, ln_x);
}

/* The angle between two at which the wave with this nu enters or leaves the cascade; NaN where it does neither. */
static double edge_between(const struct integral *q, double nu, double low, double high)
{
    const bool inside = margin(q, nu, low) > 0.0;
    if ((margin(q, nu, high) > 0.0) == inside) {
        return (double)NAN;
    }
    for (int k = 0; k < 50; k++) {
        const double middle = 0.5 * (low + high);
        if ((margin(q, nu, middle) > 0.0) == inside) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return 0.5 * (low + high);
}

/* The ends of cell i of angles, off the kinks there. */
static void cell_ends(const struct integral *q, size_t i, double *low, double *high)
{
    const double *end = &q->reference->cells.end[i];
    const double inset = 1e-9 * (end[1] - end[0]);
    *low = end[0] + inset;
    *high = end[1] - inset;
}

/* Where the resonance enters or leaves the cascade: its middle, and its wings where it is narrow. */
static void split_at_edges(const struct integral *q, struct dmumu_quadrature_pieces *pieces)
{
    static const double widths[] = {0.0, -4.0, 4.0};
    const size_t n = q->width < 0.1 * q->mu ? 3 : 1;
    for (size_t k = 0; k < n; k++) {
        const double nu = q->mu + widths[k] * q->width;
        for (size_t i = 0; i + 1 < q->reference->cells.n && nu > 0.0; i++) {
            double low;
            double high;
            cell_ends(q, i, &low, &high);
            dmumu_quadrature_pieces_add(pieces, edge_between(q, nu, low, high));
        }
    }
}

/* R_n = sqrt(pi)/(Delta |x_par|) E and 4 pi s^2/R^2 in front, of every broadened integral. */
static double front(const struct integral *q)
{
    return 4.0 * DMUMU_PI * q->s * q->s / (q->larmor_ratio * q->larmor_ratio) * DMUMU_SQRT_PI / q->width;
}

static double fast_gyro(struct integral q)
{
    double sum = 0.0;
    for (q.n = 1; q.n <= q.state->harmonics; q.n++) {
        struct dmumu_quadrature_pieces pieces = q.reference->angles;
        split_at_edges(&q, &pieces);
        dmumu_quadrature_pieces_refine(&pieces, 2.0);
        q.fade.from = fade_from(q.n);
        sum += dmumu_quadrature_integrate(fast_gyro_over_angle, &q, &pieces, q.tolerance).value;
    }
    return front(&q) * sum;
}

/* ln tan(theta) of the waves whose phase speed along B is v_A/xi = nu. */
static double outrun(const struct integral *q, double nu)
{
    const double ratio = nu / q->state->alfven_speed_v;
    return ratio > 1.0 ? 0.5 * log((ratio - 1.0) * (ratio + 1.0)) : -(double)INFINITY;
}

/* Transit time: where v_A/xi is near mu, split by widths. Where the waves of that speed are damped away, its far tail is
 * all there is: as far as doubles go. */
static double fast_transit(struct integral q)
{
    static const double widths[] = {-12.0, -6.0, -3.0, -1.2, 0.0, 1.2, 3.0};
    const double reach = 26.0 * q.width;
    const struct dmumu_quadrature_pieces *all = &q.reference->angles;
    const double low = fmax(all->end[0], outrun(&q, q.mu - reach));
    const double high = outrun(&q, q.mu + reach);
    if (!(low < high)) {
        return 0.0;
    }
    struct dmumu_quadrature_pieces pieces;
    dmumu_quadrature_pieces_init(&pieces, low, high);
    for (size_t i = 1; i + 1 < all->n; i++) {
        dmumu_quadrature_pieces_add(&pieces, all->end[i]);
    }
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        dmumu_quadrature_pieces_add(&pieces, outrun(&q, q.mu + widths[i] * q.width));
    }
    dmumu_quadrature_pieces_refine(&pieces, 2.0);
    q.n = 0;
    return front(&q) * dmumu_quadrature_integrate(fast_transit_over_angle, &q, &pieces, q.tolerance).value;
}

/* ---- Alfven and slow modes -------------------------------------------------------------------------------------- */

/* x_perp I_A or I_S, per d ln x_perp. */
DMUMU_VECTOR
static void cascade_spectrum(const struct integral *q, const double ln_x_perp[static N], double value[static N])
{
    const struct dmumu_cascade_form *form = &q->form;
    const double x_par = q->x_par / form->strength;
#pragma omp simd
    for (int i = 0; i < N; i++) {
        value[i] = form->norm *
                   dmumu_exp((2.0 - form->slope) * ln_x_perp[i] - x_par * dmumu_exp(-form->anisotropy * ln_x_perp[i]));
    }
}

/* Times [n J_n/w]^2. */
DMUMU_VECTOR
static void alfven_integrand(const struct integral *q, const double ln_x_perp[static N], double value[static N])
{
    double w[N];
    double square[N];
    arguments(q, ln_x_perp, w);
    dmumu_bessel_ref_squares(&q->reference->bessel, DMUMU_BESSEL_OVER_W_SQUARE, q->n, q->fade, N, w, square);
    cascade_spectrum(q, ln_x_perp, value);
    for (int i = 0; i < N; i++) {
        value[i] *= square[i];
    }
}

/* Times [J_n']^2 x_par^2/x^2. */
DMUMU_VECTOR
static void slow_integrand(const struct integral *q, const double ln_x_perp[static N], double value[static N])
{
    double w[N];
    double square[N];
    arguments(q, ln_x_perp, w);
    prime_squares(q, w, square);
    cascade_spectrum(q, ln_x_perp, value);
    const double x_par2 = q->x_par * q->x_par;
#pragma omp simd
    for (int i = 0; i < N; i++) {
        const double x_perp = dmumu_exp(ln_x_perp[i]);
        value[i] *= square[i] * x_par2 / (x_par2 + x_perp * x_perp);
    }
}

/* Integral over ln x_perp at one x_par, from the cascade's start to where x_perp^-4 of the tail is left. */
static double cascade_over_x_perp(struct integral *q)
{
    const struct dmumu_cascade_form *form = &q->form;
    q->ln_w = log(q->larmor_ratio * q->s);
    const double ln_min = log(form->x_perp_min);
    const double ln_balance = log(q->x_par / form->strength) / form->anisotropy; /* critical balance: exp(-1) */
    const double low = fmax(ln_min, ln_balance - log(60.0) / form->anisotropy);
    const double peak = fmax(fmax(ln_min, ln_balance), log(fmax(q->n, 1.0)) - q->ln_w);
    const double high = peak - log(1e-3 * q->tolerance) / 3.0;
    const bool sharp = low == ln_min;
    q->fade.from = fmax(fade_from(q->n), sharp ? exp(low + q->ln_w) : 0.0);
    return over_panels(q, low, high, cascade_length, q->mode == DMUMU_ALFVEN ? alfven_integrand : slow_integrand);
}

/* dx_par/x_par: the 1/|x_par| of R_n makes the outer variable a logarithm. Without E here. */
static void cascade_over_x_par(const struct integral *outer, const double ln_x_par[static N], double value[static N])
{
    struct integral q = *outer;
    for (int i = 0; i < N; i++) {
        q.x_par = exp(ln_x_par[i]);
        value[i] = cascade_over_x_perp(&q);
    }
}

static void cascade_gyro_over_x_par(const struct integral *outer, const double ln_x_par[static N],
                                    double value[static N])
{
    cascade_over_x_par(outer, ln_x_par, value);
    for (int i = 0; i < N; i++) {
        value[i] *= dmumu_resonance_gyro(outer->mu, exp(outer->ln_nu - ln_x_par[i]), outer->width);
    }
}

/* The integral over x_perp is smooth but for exp(-g) of the largest waves, g = x_par/(strength x_perp_min^...). */
static double outer_length(const struct integral *q, double ln_x_par)
{
    const double g = exp(ln_x_par - q->form.anisotropy * log(q->form.x_perp_min)) / q->form.strength;
    return fmin(4.0, fmax(log1p(30.0 / g), 1.0));
}

static double outer_gyro_length(const struct integral *q, double ln_x_par)
{
    return fmin(outer_length(q, ln_x_par), resonance_length(q, ln_x_par));
}

static double cascade_gyro_harmonic(struct integral *q)
{
    const double reach = DMUMU_RESONANCE_REACH * q->width;
    const double nu_high = fmin(q->mu + reach, q->n / (q->larmor_ratio * q->form.x_par_min));
    const double nu_low = fmax(q->mu - reach, 0.3 * nu_high * pow(q->tolerance, 1.0 / 3.5));
    q->ln_nu = log(q->n / q->larmor_ratio);
    return over_panels(q, q->ln_nu - log(nu_high), q->ln_nu - log(nu_low), outer_gyro_length, cascade_gyro_over_x_par);
}

static double cascade_gyro(struct integral q)
{
    double sum = 0.0;
    for (q.n = 1; q.n <= q.state->harmonics; q.n++) {
        sum += cascade_gyro_harmonic(&q);
    }
    return front(&q) * sum;
}

static double slow_transit(struct integral q)
{
    q.n = 0;
    const double resonance = dmumu_resonance_transit(q.mu, q.state->slow_speed_v, q.width);
    const double low = log(q.form.x_par_min);
    const double ln_gyration = -log(q.larmor_ratio * q.s); /* ln x_perp at w = 1 */
    const double ln_balance = log(q.form.strength) + q.form.anisotropy * fmax(ln_gyration, log(q.form.x_perp_min));
    const double high = fmax(low, ln_balance) - log(1e-2 * q.tolerance) / 3.0 + 2.0;
    return front(&q) * resonance * over_panels(&q, low, high, outer_length, cascade_over_x_par);
}

/* ---- the quasi-linear limit: R_n = pi/|x_par| delta(mu - omega/(k_par v) + n/(x_par R)) -------------------------- */

/* 4 pi s^2/R^2 and R_n's pi. */
static double sharp_front(const struct integral *q)
{
    return 4.0 * DMUMU_PI * q->s * q->s / (q->larmor_ratio * q->larmor_ratio) * DMUMU_PI;
}

/* Smooth in ln tan(theta) but for the lobes: 1/(1 + tan^2) has its poles at +- i pi/2. */
static double sharp_length(const struct integral *q, double ln_tangent)
{
    return fmin(lobe_length(q, ln_tangent), 3.0);
}

/* xi^2 x^2 J'^2 1/(x xi) (x/mu) I_F d xi at x = n/(mu xi R): the delta function in x leaves a Jacobian x/mu. */
static void sharp_fast_integrand(const struct integral *q, const double ln_tangent[static N], double value[static N])
{
    double w[N]; /* R x sin(theta) s = n s tan(theta)/mu */
    double square[N];
    arguments(q, ln_tangent, w);
    prime_squares(q, w, square);
    for (int i = 0; i < N; i++) {
        const struct dmumu_angle angle = dmumu_angle_of_tangent(exp(ln_tangent[i]));
        const double xi = angle.cosine;
        const double x = q->n / (q->mu * xi * q->larmor_ratio);
        value[i] = xi * xi * angle.sine_square * x * x * square[i] / q->mu * dmumu_spectrum_fast(q->state, x);
    }
}

/* Between two sharp ends. */
static double sharp_fast_between(struct integral *q, double low, double high)
{
    q->fade.from = fmax(fade_from(q->n), exp(q->ln_w + low));
    q->fade.until = exp(q->ln_w + high);
    return over_panels(q, low, high, sharp_length, sharp_fast_integrand);
}

/*
 * Between two angles on the same side of an edge: where the margin comes closest to zero, if it passes it, so that there
 * are two edges; NaN where it does not.
 */
static double beyond_two_edges(const struct integral *q, double low, double high)
{
    const double sign = margin(q, q->mu, low) > 0.0 ? 1.0 : -1.0;
    const double small = 1e-5 * (high - low);
    if (sign * (margin(q, q->mu, low + small) - margin(q, q->mu, low)) >= 0.0 ||
        sign * (margin(q, q->mu, high - small) - margin(q, q->mu, high)) >= 0.0) {
        return (double)NAN; /* no extremum within */
    }
    const double ratio = 0.6180339887498949;
    for (int k = 0; k < 60; k++) {
        const double a = high - ratio * (high - low);
        const double b = low + ratio * (high - low);
        const double at_a = sign * margin(q, q->mu, a);
        const double at_b = sign * margin(q, q->mu, b);
        if (at_a <= 0.0 || at_b <= 0.0) {
            return at_a <= 0.0 ? a : b;
        }
        if (at_a < at_b) {
            high = b;
        } else {
            low = a;
        }
    }
    return (double)NAN;
}

/* All edges, ascending, between the two ends of the angles that matter. */
static struct dmumu_quadrature_pieces sharp_edges(const struct integral *q)
{
    const struct dmumu_quadrature_pieces *cells = &q->reference->cells;
    struct dmumu_quadrature_pieces edges;
    dmumu_quadrature_pieces_init(&edges, cells->end[0], cells->end[cells->n - 1]);
    for (size_t i = 0; i + 1 < cells->n; i++) {
        double low;
        double high;
        cell_ends(q, i, &low, &high);
        const bool changes = (margin(q, q->mu, low) > 0.0) != (margin(q, q->mu, high) > 0.0);
        const double between = changes ? high : beyond_two_edges(q, low, high);
        if (!isnan(between)) {
            dmumu_quadrature_pieces_add(&edges, edge_between(q, q->mu, low, between));
            dmumu_quadrature_pieces_add(&edges, edge_between(q, q->mu, between, high));
        }
    }
    return edges;
}

/* All intervals of ln tan(theta) within which the resonant wave is there, from edge to edge. */
static double sharp_fast_harmonic(struct integral *q)
{
    const struct dmumu_quadrature_pieces edges = sharp_edges(q);
    double sum = 0.0;
    for (size_t i = 0; i + 1 < edges.n; i++) {
        if (margin(q, q->mu, 0.5 * (edges.end[i] + edges.end[i + 1])) > 0.0) {
            sum += sharp_fast_between(q, edges.end[i], edges.end[i + 1]);
        }
    }
    return sum;
}

static double sharp_fast_gyro(struct integral q)
{
    double sum = 0.0;
    for (q.n = 1; q.n <= q.state->harmonics; q.n++) {
        q.ln_w = log(q.n * q.s / q.mu);
        sum += sharp_fast_harmonic(&q);
    }
    return sharp_front(&q) * sum;
}

/* delta(mu - v_A/(xi v)) picks one angle, xi_0 = v_A/(mu v), with Jacobian xi_0^2 v/v_A; x_max is a sharp end there. */
static double sharp_fast_transit(struct integral q)
{
    const double xi = q.state->alfven_speed_v / q.mu;
    if (!(xi < 1.0)) {
        return 0.0;
    }
    q.n = 0;
    set_angle(&q, (struct dmumu_angle){.cosine = xi, .sine_square = (1.0 - xi) * (1.0 + xi)});
    const double ln_x_max = dmumu_damping_ln_x_max(q.state, q.angle);
    q.fade.until = exp(q.ln_w + ln_x_max);
    return sharp_front(&q) * xi * (xi * xi / q.state->alfven_speed_v) * fast_transit_over_x(&q, ln_x_max);
}

/* delta(mu - n/(x_par R)) picks x_par = n/(mu R), with Jacobian x_par/mu. */
static double sharp_cascade_gyro(struct integral q)
{
    double sum = 0.0;
    for (q.n = 1; q.n <= q.state->harmonics; q.n++) {
        q.x_par = q.n / (q.mu * q.larmor_ratio);
        if (q.x_par >= q.form.x_par_min) {
            sum += cascade_over_x_perp(&q) / q.mu;
        }
    }
    return sharp_front(&q) * sum;
}

/* ----------------------------------------------------------------------------------------------------------------- */

enum dmumu_status dmumu_reference_init(struct dmumu_reference *reference, const struct dmumu_state *state,
                                       double larmor_ratio, double tolerance)
{
    reference->state = state;
    reference->larmor_ratio = larmor_ratio;
    reference->tolerance = tolerance;
    find_angles(reference);
    return dmumu_bessel_ref_init(&reference->bessel, state->harmonics) ? DMUMU_OK : DMUMU_ERROR_MEMORY;
}

void dmumu_reference_free(struct dmumu_reference *reference)
{
    dmumu_bessel_ref_free(&reference->bessel);
}

static void broadened_rate(const struct integral *q, struct dmumu_rate *rate)
{
    if (q->mode == DMUMU_FAST) {
        rate->transit[DMUMU_FAST] = fast_transit(*q);
        rate->gyro[DMUMU_FAST] = fast_gyro(*q);
        return;
    }
    rate->transit[q->mode] = q->mode == DMUMU_SLOW ? slow_transit(*q) : 0.0;
    rate->gyro[q->mode] = cascade_gyro(*q);
}

static void sharp_rate(const struct integral *q, struct dmumu_rate *rate)
{
    /* No wave is resonant at mu = 0: the 90 degree problem. n = 0 of slow modes is delta(mu - v_s/v): one pitch angle,
     * which adds nothing to the integral over mu. */
    const bool fast = q->mode == DMUMU_FAST;
    rate->transit[q->mode] = fast && q->mu > 0.0 ? sharp_fast_transit(*q) : 0.0;
    rate->gyro[q->mode] = !(q->mu > 0.0) ? 0.0 : fast ? sharp_fast_gyro(*q) : sharp_cascade_gyro(*q);
}

void dmumu_reference_rate(const struct dmumu_reference *reference, enum dmumu_mode mode, double mu,
                          struct dmumu_rate *rate)
{
    const double s2 = (1.0 - mu) * (1.0 + mu);
    const struct dmumu_state *state = reference->state;
    struct integral q = {.reference = reference,
                         .state = state,
                         .larmor_ratio = reference->larmor_ratio,
                         .mu = mu,
                         .s = sqrt(s2),
                         .width = dmumu_resonance_width(state, s2),
                         .tolerance = reference->tolerance,
                         .grain = fmax(0.4, fmin(1.2, pow(reference->tolerance / 3e-9, 0.05))),
                         .n = 1,
                         .mode = mode,
                         .fade = {fade_from(1), (double)INFINITY}};
    if (mode != DMUMU_FAST) {
        q.form = dmumu_spectrum_cascade(state, mode);
    }
    if (state->kappa > 0.0) {
        broadened_rate(&q, rate);
    } else {
        sharp_rate(&q, rate);
    }
}

struct dmumu_rate dmumu_kernel_ref(const struct dmumu_state *state, double larmor_ratio, double mu, double tolerance)
{
    struct dmumu_rate rate = {{0.0}, {0.0}};
    struct dmumu_reference reference;
    const bool ready = dmumu_reference_init(&reference, state, larmor_ratio, tolerance) == DMUMU_OK;
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        if (state->modes[mode] && ready) {
            dmumu_reference_rate(&reference, (enum dmumu_mode)mode, mu, &rate);
        } else if (state->modes[mode]) {
            rate.gyro[mode] = (double)NAN;
        }
    }
    dmumu_reference_free(&reference);
    return rate;
}
