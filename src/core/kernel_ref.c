/*
 * The reference kernel: nested adaptive quadrature, as close to the formulas as code can be.
 *
 * Logic    Outer variable: ln tan(theta) for fast modes (it resolves waves along and across B alike), ln x_par for the
 *          others. Inner variable: ln x, ln x_perp. Ranges are cut where what is left is below a hundredth of the
 *          tolerance, and split at every kink and at the resonance, so that the adaptive rule meets smooth pieces only.
 *
 * Bessel   From w = 60 on (eight times any sharp lower limit; 200 in the quasi-linear limit, whose edges are sharp) the
 *          oscillations of J^2 are faded out over as much again into its mean over the phase: under a smooth integrand
 *          they add nothing.
 *
 * Confinement and the integral over mu are in diffusion_ref.c.
 */
#include "core/kernel_ref.h"

#include "core/bessel.h"
#include "core/constants.h"
#include "core/damping.h"
#include "core/quadrature.h"
#include "core/resonance.h"
#include "core/spectrum.h"

#include <math.h>

#define FADE_FROM             60.0
#define FADE_FROM_QUASILINEAR 200.0
#define FADE_RATIO            2.0

/* What every integrand needs; `angle`, `x_par` and `n` change as the nesting goes. */
struct integral {
    const struct dmumu_state *state;
    double larmor_ratio, mu, s, width, tolerance;
    int n;                    /* harmonic */
    struct dmumu_angle angle; /* fast modes */
    enum dmumu_mode mode;     /* alfven or slow */
    struct dmumu_cascade_form form;
    double x_par;
    double fade_from; /* w from which the oscillations of J^2 are faded out */
};

double dmumu_rate_of_mode(const struct dmumu_rate *rate, int mode)
{
    return rate->transit[mode] + rate->gyro[mode];
}

static double prime_square(const struct integral *q, int n, double w)
{
    return dmumu_bessel_faded(DMUMU_BESSEL_PRIME_SQUARE, n, q->fade_from, FADE_RATIO * q->fade_from, w);
}

static double over_w_square(const struct integral *q, double w)
{
    return dmumu_bessel_faded(DMUMU_BESSEL_OVER_W_SQUARE, q->n, q->fade_from, FADE_RATIO * q->fade_from, w);
}

/* Split a range of ln k where a Bessel function of w = scale k changes its manner: power law, first lobes, many lobes.
 */
static void split_at_lobes(struct dmumu_quadrature_pieces *pieces, double ln_scale, double fade_from)
{
    for (double w = 1.5; w < 40.0; w *= 2.5) {
        dmumu_quadrature_pieces_add(pieces, log(w) - ln_scale);
    }
    dmumu_quadrature_pieces_add(pieces, log(fade_from) - ln_scale);
    dmumu_quadrature_pieces_add(pieces, log(FADE_RATIO * fade_from) - ln_scale);
}

/* Split a range of ln k where nu = exp(ln_nu_k) / k passes the resonance: mu and a few widths around it. */
static void split_at_resonance(struct dmumu_quadrature_pieces *pieces, const struct integral *q, double ln_nu_k)
{
    static const double widths[] = {-5.6, -3.0, -1.2, 0.0, 1.2, 3.0, 5.6};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        const double nu = q->mu + widths[i] * q->width;
        if (nu > 0.0) {
            dmumu_quadrature_pieces_add(pieces, ln_nu_k - log(nu));
        }
    }
}

/* ---- fast modes ------------------------------------------------------------------------------------------------- */

/* x^2 [J_n'(w)]^2 R_n-without-its-front I_F, per d ln x: the innermost integrand of 'fast' in physics.md. */
static double fast_gyro_integrand(double ln_x, void *context)
{
    const struct integral *q = context;
    const double x = exp(ln_x);
    const double w = q->larmor_ratio * x * sqrt(q->angle.sine_square) * q->s;
    const double nu = q->n / (x * q->angle.cosine * q->larmor_ratio);
    return x * x * prime_square(q, q->n, w) * dmumu_resonance_gyro(q->mu, nu, q->width) *
           dmumu_spectrum_fast(q->state, x);
}

static double fast_transit_integrand(double ln_x, void *context)
{
    const struct integral *q = context;
    const double x = exp(ln_x);
    const double w = q->larmor_ratio * x * sqrt(q->angle.sine_square) * q->s;
    return x * x * prime_square(q, 0, w) * dmumu_spectrum_fast(q->state, x);
}

/* Integral over ln x at one angle, 1 <= x <= x_max, of gyro-resonance n. Per d ln x, with x^2 I R = x x^-5/2 .... */
static double fast_gyro_over_x(struct integral *q, double ln_x_max)
{
    const double reach = DMUMU_RESONANCE_REACH * q->width;
    const double ln_nu_x = log(q->n / (q->angle.cosine * q->larmor_ratio)); /* nu = exp(ln_nu_x) / x */
    const double nu_high = q->mu + reach;
    const double nu_low = fmax(q->mu - reach, 0.1 * nu_high * pow(q->tolerance, 1.0 / 1.5));
    const double low = fmax(0.0, ln_nu_x - log(nu_high));
    const double high = fmin(ln_x_max, ln_nu_x - log(nu_low));
    if (!(low < high)) {
        return 0.0;
    }
    struct dmumu_quadrature_pieces pieces;
    dmumu_quadrature_pieces_init(&pieces, low, high);
    split_at_lobes(&pieces, log(q->larmor_ratio * sqrt(q->angle.sine_square) * q->s), q->fade_from);
    split_at_resonance(&pieces, q, ln_nu_x);
    dmumu_quadrature_pieces_refine(&pieces, 4.0);
    return dmumu_quadrature_integrate(fast_gyro_integrand, q, &pieces, 0.1 * q->tolerance).value;
}

static double fast_transit_over_x(struct integral *q, double ln_x_max)
{
    const double ln_scale = log(q->larmor_ratio * sqrt(q->angle.sine_square) * q->s);
    /* beyond w the rest is w^-5/2 of the whole */
    const double ln_w_cut = -log(0.001 * q->tolerance) / 2.5;
    const double high = fmin(ln_x_max, fmax(ln_w_cut - ln_scale, 1.0));
    if (!(high > 0.0)) {
        return 0.0;
    }
    struct dmumu_quadrature_pieces pieces;
    dmumu_quadrature_pieces_init(&pieces, 0.0, high);
    split_at_lobes(&pieces, ln_scale, q->fade_from);
    dmumu_quadrature_pieces_refine(&pieces, 6.0);
    return dmumu_quadrature_integrate(fast_transit_integrand, q, &pieces, 0.1 * q->tolerance).value;
}

/* d xi = xi (1 - xi^2) d ln tan(theta); xi^2 from k_par^2/k^2, 1/xi from R_n's 1/|x_par|. */
static double fast_gyro_over_angle(double ln_tangent, void *context)
{
    struct integral *q = context;
    q->angle = dmumu_angle_of_tangent(exp(ln_tangent));
    const double xi = q->angle.cosine;
    return xi * xi * q->angle.sine_square * fast_gyro_over_x(q, dmumu_damping_ln_x_max(q->state, q->angle));
}

static double fast_transit_over_angle(double ln_tangent, void *context)
{
    struct integral *q = context;
    q->angle = dmumu_angle_of_tangent(exp(ln_tangent));
    const double xi = q->angle.cosine;
    const double resonance = dmumu_resonance_transit(q->mu, q->state->alfven_speed_v / xi, q->width);
    if (resonance == 0.0) {
        return 0.0;
    }
    return xi * xi * q->angle.sine_square * resonance *
           fast_transit_over_x(q, dmumu_damping_ln_x_max(q->state, q->angle));
}

/* From 45 degrees in steps, the angle at which k_max r_L passes 1; 45 degrees where it does there, or nowhere. */
static double undamped_from(const struct integral *q, double step)
{
    for (double ln_tangent = 0.0; fabs(ln_tangent) < 60.0; ln_tangent += step) {
        if (dmumu_damping_ln_x_max(q->state, dmumu_angle_of_tangent(exp(ln_tangent))) + log(q->larmor_ratio) >= 0.0) {
            return ln_tangent;
        }
    }
    return 0.0;
}

/*
 * Where the integral over angles has anything to give: its integrand falls like tan^2 at one end and like xi^2 at the
 * other, or ends at least_xi (transit time: below, the wave outruns every resonant particle).
 */
static struct dmumu_quadrature_pieces angle_pieces(const struct integral *q, double least_xi)
{
    const double tail = -0.5 * log(1e-3 * q->tolerance);
    double low = undamped_from(q, -0.25) - tail;
    double high = undamped_from(q, 0.25) + tail;
    if (least_xi > 0.0) {
        high = fmax(-log(least_xi), low + 1.0);
    }
    struct dmumu_quadrature_pieces pieces;
    dmumu_quadrature_pieces_init(&pieces, low, high);
    double kink[16];
    const size_t n_kinks = dmumu_damping_kinks(q->state, low, high, 16, kink);
    for (size_t i = 0; i < n_kinks; i++) {
        dmumu_quadrature_pieces_add(&pieces, kink[i]);
    }
    dmumu_quadrature_pieces_refine(&pieces, 1.0);
    return pieces;
}

/* R_n = sqrt(pi)/(Delta |x_par|) E and 4 pi s^2/R^2 in front, of every broadened integral. */
static double front(const struct integral *q)
{
    return 4.0 * DMUMU_PI * q->s * q->s / (q->larmor_ratio * q->larmor_ratio) * DMUMU_SQRT_PI / q->width;
}

static double fast_gyro(struct integral q)
{
    double sum = 0.0;
    const struct dmumu_quadrature_pieces pieces = angle_pieces(&q, 0.0);
    for (q.n = 1; q.n <= q.state->harmonics; q.n++) {
        sum += dmumu_quadrature_integrate(fast_gyro_over_angle, &q, &pieces, q.tolerance).value;
    }
    return front(&q) * sum;
}

static double fast_transit(struct integral q)
{
    const double least_xi = q.state->alfven_speed_v / (q.mu + DMUMU_RESONANCE_REACH * q.width);
    struct dmumu_quadrature_pieces pieces = angle_pieces(&q, least_xi);
    return front(&q) * dmumu_quadrature_integrate(fast_transit_over_angle, &q, &pieces, q.tolerance).value;
}

/* ---- Alfven and slow modes -------------------------------------------------------------------------------------- */

/* The polarisation and Bessel factors of one mode, n >= 1 (Alfven: n^2 J_n^2/w^2; slow: J_n'^2 x_par^2/x^2). */
static double cascade_coupling(const struct integral *q, double x_perp)
{
    const double w = q->larmor_ratio * x_perp * q->s;
    if (q->mode == DMUMU_ALFVEN) {
        return over_w_square(q, w);
    }
    const double x_par2 = q->x_par * q->x_par;
    return x_par2 / (x_par2 + x_perp * x_perp) * prime_square(q, q->n, w);
}

static double cascade_integrand(double ln_x_perp, void *context)
{
    const struct integral *q = context;
    const double x_perp = exp(ln_x_perp);
    return x_perp * x_perp * cascade_coupling(q, x_perp) * dmumu_spectrum_alfven(&q->form, q->x_par, x_perp);
}

/* Integral over ln x_perp at one x_par, from the cascade's start to where x_perp^-4 of the tail is left. */
static double cascade_over_x_perp(struct integral *q)
{
    const struct dmumu_cascade_form *form = &q->form;
    const double ln_scale = log(q->larmor_ratio * q->s);
    const double ln_min = log(form->x_perp_min);
    const double ln_balance = log(q->x_par / form->strength) / form->anisotropy; /* critical balance: exp(-1) */
    const double low = fmax(ln_min, ln_balance - log(60.0) / form->anisotropy);
    const double peak = fmax(fmax(ln_min, ln_balance), log(fmax(q->n, 1.0)) - ln_scale);
    const double high = peak - log(1e-3 * q->tolerance) / 3.0;
    const double w_low = exp(low + ln_scale);
    q->fade_from = fmax(FADE_FROM, low > ln_min ? 0.0 : 8.0 * w_low);
    struct dmumu_quadrature_pieces pieces;
    dmumu_quadrature_pieces_init(&pieces, low, high);
    split_at_lobes(&pieces, ln_scale, q->fade_from);
    dmumu_quadrature_pieces_add(&pieces, ln_balance);
    dmumu_quadrature_pieces_refine(&pieces, 2.0);
    return dmumu_quadrature_integrate(cascade_integrand, q, &pieces, 0.1 * q->tolerance).value;
}

/* dx_par/x_par: the 1/|x_par| of R_n makes the outer variable a logarithm. */
static double cascade_gyro_over_x_par(double ln_x_par, void *context)
{
    struct integral *q = context;
    q->x_par = exp(ln_x_par);
    return dmumu_resonance_gyro(q->mu, q->n / (q->x_par * q->larmor_ratio), q->width) * cascade_over_x_perp(q);
}

static double cascade_transit_over_x_par(double ln_x_par, void *context)
{
    struct integral *q = context;
    q->x_par = exp(ln_x_par);
    return cascade_over_x_perp(q);
}

static double cascade_gyro_harmonic(struct integral *q)
{
    const double reach = DMUMU_RESONANCE_REACH * q->width;
    const double ln_nu_x = log(q->n / q->larmor_ratio);
    const double nu_high = fmin(q->mu + reach, q->n / (q->larmor_ratio * q->form.x_par_min));
    const double nu_low = fmax(q->mu - reach, 0.3 * nu_high * pow(q->tolerance, 1.0 / 3.5));
    const double low = ln_nu_x - log(nu_high);
    const double high = ln_nu_x - log(nu_low);
    if (!(low < high)) {
        return 0.0;
    }
    struct dmumu_quadrature_pieces pieces;
    dmumu_quadrature_pieces_init(&pieces, low, high);
    split_at_resonance(&pieces, q, ln_nu_x);
    dmumu_quadrature_pieces_refine(&pieces, 1.0);
    return dmumu_quadrature_integrate(cascade_gyro_over_x_par, q, &pieces, q->tolerance).value;
}

static double cascade_gyro(struct integral q, enum dmumu_mode mode)
{
    double sum = 0.0;
    q.mode = mode;
    q.form = dmumu_spectrum_cascade(q.state, mode);
    for (q.n = 1; q.n <= q.state->harmonics; q.n++) {
        sum += cascade_gyro_harmonic(&q);
    }
    return front(&q) * sum;
}

static double slow_transit(struct integral q)
{
    q.mode = DMUMU_SLOW;
    q.n = 0;
    q.form = dmumu_spectrum_cascade(q.state, DMUMU_SLOW);
    const double resonance = dmumu_resonance_transit(q.mu, q.state->slow_speed_v, q.width);
    const double low = log(q.form.x_par_min);
    const double ln_gyration = -log(q.larmor_ratio * q.s); /* ln x_perp at w = 1 */
    const double ln_balance = log(q.form.strength) + q.form.anisotropy * fmax(ln_gyration, log(q.form.x_perp_min));
    const double high = fmax(low, ln_balance) - log(1e-3 * q.tolerance) / 3.0 + 2.0;
    struct dmumu_quadrature_pieces pieces;
    dmumu_quadrature_pieces_init(&pieces, low, high);
    dmumu_quadrature_pieces_add(&pieces, ln_balance);
    dmumu_quadrature_pieces_refine(&pieces, 1.5);
    return front(&q) * resonance *
           dmumu_quadrature_integrate(cascade_transit_over_x_par, &q, &pieces, q.tolerance).value;
}

/* ---- the quasi-linear limit: R_n = pi/|x_par| delta(mu - omega/(k_par v) + n/(x_par R)) -------------------------- */

static double quasilinear_fast_over_angle(double ln_tangent, void *context)
{
    const struct integral *q = context;
    const struct dmumu_angle angle = dmumu_angle_of_tangent(exp(ln_tangent));
    const double xi = angle.cosine;
    const double x = q->n / (q->mu * xi * q->larmor_ratio);
    if (x < DMUMU_SPECTRUM_FAST_X_MIN || log(x) > dmumu_damping_ln_x_max(q->state, angle)) {
        return 0.0;
    }
    const double w = q->larmor_ratio * x * sqrt(angle.sine_square) * q->s;
    /* xi^2 x^2 J'^2 pi/(x xi) (x/mu) I_F d xi: the delta function in x leaves a Jacobian x/mu */
    return xi * xi * angle.sine_square * x * x * prime_square(q, q->n, w) * DMUMU_PI / q->mu *
           dmumu_spectrum_fast(q->state, x);
}

/* ln(x_max) - ln(x at resonance): changes sign where damping lets the resonant wave in. */
static double quasilinear_margin(const struct integral *q, double ln_tangent)
{
    const struct dmumu_angle angle = dmumu_angle_of_tangent(exp(ln_tangent));
    const double ln_x = log(q->n / (q->mu * angle.cosine * q->larmor_ratio));
    return fmin(dmumu_damping_ln_x_max(q->state, angle) - ln_x, ln_x);
}

static double quasilinear_edge(const struct integral *q, double low, double high)
{
    const bool inside = quasilinear_margin(q, low) > 0.0;
    for (int i = 0; i < 60; i++) {
        const double middle = 0.5 * (low + high);
        if ((quasilinear_margin(q, middle) > 0.0) == inside) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return 0.5 * (low + high);
}

static double quasilinear_fast_gyro(struct integral q)
{
    double sum = 0.0;
    for (q.n = 1; q.n <= q.state->harmonics; q.n++) {
        struct dmumu_quadrature_pieces pieces = angle_pieces(&q, 0.0);
        dmumu_quadrature_pieces_refine(&pieces, 0.25);
        const struct dmumu_quadrature_pieces cells = pieces;
        for (size_t i = 0; i + 1 < cells.n; i++) {
            const double low = cells.end[i];
            const double high = cells.end[i + 1];
            const double inset = 1e-9 * (high - low);
            if ((quasilinear_margin(&q, low + inset) > 0.0) != (quasilinear_margin(&q, high - inset) > 0.0)) {
                dmumu_quadrature_pieces_add(&pieces, quasilinear_edge(&q, low + inset, high - inset));
            }
        }
        sum += dmumu_quadrature_integrate(quasilinear_fast_over_angle, &q, &pieces, q.tolerance).value;
    }
    return 4.0 * DMUMU_PI * q.s * q.s / (q.larmor_ratio * q.larmor_ratio) * sum;
}

/* delta(mu - v_A/(xi v)) picks one angle, xi_0 = v_A/(mu v), with Jacobian xi_0^2 v/v_A. */
static double quasilinear_fast_transit(struct integral q)
{
    const double xi = q.state->alfven_speed_v / q.mu;
    if (!(xi < 1.0)) {
        return 0.0;
    }
    q.angle = (struct dmumu_angle){.cosine = xi, .sine_square = (1.0 - xi) * (1.0 + xi)};
    const double over_x = fast_transit_over_x(&q, dmumu_damping_ln_x_max(q.state, q.angle));
    return 4.0 * DMUMU_PI * q.s * q.s / (q.larmor_ratio * q.larmor_ratio) * DMUMU_PI * xi *
           (xi * xi / q.state->alfven_speed_v) * over_x;
}

/* delta(mu - n/(x_par R)) picks x_par = n/(mu R), with Jacobian x_par/mu. */
static double quasilinear_cascade_gyro(struct integral q, enum dmumu_mode mode)
{
    double sum = 0.0;
    q.mode = mode;
    q.form = dmumu_spectrum_cascade(q.state, mode);
    for (q.n = 1; q.n <= q.state->harmonics; q.n++) {
        q.x_par = q.n / (q.mu * q.larmor_ratio);
        if (q.x_par >= q.form.x_par_min) {
            sum += DMUMU_PI / q.mu * cascade_over_x_perp(&q);
        }
    }
    return 4.0 * DMUMU_PI * q.s * q.s / (q.larmor_ratio * q.larmor_ratio) * sum;
}

/* ----------------------------------------------------------------------------------------------------------------- */

static struct dmumu_rate quasilinear_rate(const struct integral *q)
{
    struct dmumu_rate rate = {{0.0}, {0.0}};
    if (!(q->mu > 0.0)) {
        return rate; /* no wave is resonant at mu = 0: the 90 degree problem */
    }
    if (q->state->modes[DMUMU_FAST]) {
        rate.gyro[DMUMU_FAST] = quasilinear_fast_gyro(*q);
        rate.transit[DMUMU_FAST] = quasilinear_fast_transit(*q);
    }
    if (q->state->modes[DMUMU_ALFVEN]) {
        rate.gyro[DMUMU_ALFVEN] = quasilinear_cascade_gyro(*q, DMUMU_ALFVEN);
    }
    if (q->state->modes[DMUMU_SLOW]) {
        /* n = 0 is delta(mu - v_s/v): one pitch angle, which adds nothing to the integral over mu */
        rate.gyro[DMUMU_SLOW] = quasilinear_cascade_gyro(*q, DMUMU_SLOW);
    }
    return rate;
}

struct dmumu_rate dmumu_kernel_ref(const struct dmumu_state *state, double larmor_ratio, double mu, double tolerance)
{
    const double s2 = (1.0 - mu) * (1.0 + mu);
    const struct integral q = {.state = state,
                               .larmor_ratio = larmor_ratio,
                               .mu = mu,
                               .s = sqrt(s2),
                               .width = dmumu_resonance_width(state, s2),
                               .tolerance = tolerance,
                               .n = 1,
                               .fade_from = state->kappa > 0.0 ? FADE_FROM : FADE_FROM_QUASILINEAR};
    if (state->kappa == 0.0) {
        return quasilinear_rate(&q);
    }
    struct dmumu_rate rate = {{0.0}, {0.0}};
    if (state->modes[DMUMU_FAST]) {
        rate.transit[DMUMU_FAST] = fast_transit(q);
        rate.gyro[DMUMU_FAST] = fast_gyro(q);
    }
    if (state->modes[DMUMU_ALFVEN]) {
        rate.gyro[DMUMU_ALFVEN] = cascade_gyro(q, DMUMU_ALFVEN);
    }
    if (state->modes[DMUMU_SLOW]) {
        rate.transit[DMUMU_SLOW] = slow_transit(q);
        rate.gyro[DMUMU_SLOW] = cascade_gyro(q, DMUMU_SLOW);
    }
    return rate;
}
