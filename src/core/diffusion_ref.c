/*
 * Reference diffusion: D(R) = (v^2/4) int_C dmu (1-mu^2)^2 / (D_F + D_S + D_A) on the reference kernel.
 *
 * Logic    C holds the mu whose mean free path v (1-mu^2)/(2 D_mumu) is at most the zone's size. It is looked for on
 *          cells in mu, finer where rates are known to change quickly; a cell with a change of sign is cut at the root,
 *          and one whose middle node comes closest to the limit is searched for a pair of roots. Each piece of C is then
 *          integrated adaptively. The rates at each mu are kept, since D of all modes and D of each single mode meet the
 *          same mu.
 */
#include "core/constants.h"
#include "core/damping.h"
#include "core/error.h"
#include "core/kernel_ref.h"
#include "core/quadrature.h"
#include "core/spectrum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CELLS = 512, MU_OCTAVES = 18, END_OCTAVES = 14, MAX_BREAKS = 32, BREAK_OCTAVES = 10, MAX_EDGES = 256 };
enum { MAX_NODES = MAX_CELLS + MU_OCTAVES + END_OCTAVES + 2 * BREAK_OCTAVES * MAX_BREAKS + 2 };
enum { ALL_MODES = DMUMU_N_MODES };

struct rate_at {
    double mu;
    struct dmumu_rate rate;
    bool done[DMUMU_N_MODES];
};

/* One (state, R): its rates so far, and which modes are being integrated (one, or ALL_MODES). */
struct diffusion {
    const struct dmumu_state *state;
    struct dmumu_reference reference;
    double larmor_ratio, tolerance;
    int modes;
    struct rate_at *known; /* ascending in mu */
    size_t n_known, capacity;
    bool out_of_memory;
};

static size_t lower_bound(const struct diffusion *d, double mu)
{
    size_t low = 0;
    size_t high = d->n_known;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (d->known[middle].mu < mu) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The place of one mu among the known ones, made if need be; NULL without memory. */
static struct rate_at *place_of(struct diffusion *d, double mu)
{
    const size_t at = lower_bound(d, mu);
    if (at < d->n_known && d->known[at].mu == mu) {
        return &d->known[at];
    }
    if (d->n_known == d->capacity) {
        const size_t capacity = d->capacity ? 2 * d->capacity : 256;
        struct rate_at *grown = realloc(d->known, capacity * sizeof *grown);
        if (!grown) {
            d->out_of_memory = true;
            return NULL;
        }
        d->known = grown;
        d->capacity = capacity;
    }
    memmove(&d->known[at + 1], &d->known[at], (d->n_known - at) * sizeof *d->known);
    d->known[at] = (struct rate_at){.mu = mu};
    d->n_known++;
    return &d->known[at];
}

/* D_mumu L / v of the modes in question. */
static double rate_of(struct diffusion *d, double mu)
{
    struct rate_at *at = place_of(d, mu);
    double sum = 0.0;
    for (int mode = 0; mode < DMUMU_N_MODES && at; mode++) {
        if (!d->state->modes[mode] || (d->modes != ALL_MODES && d->modes != mode)) {
            continue;
        }
        if (!at->done[mode]) {
            dmumu_reference_rate(&d->reference, (enum dmumu_mode)mode, mu, &at->rate);
            at->done[mode] = true;
        }
        sum += dmumu_rate_of_mode(&at->rate, mode);
    }
    return sum;
}

/* > 0 where confined: ln of the zone's size over the mean free path (1-mu^2)/(2 D), both over L. */
static double confinement(struct diffusion *d, double mu)
{
    if (isinf(d->state->zone_l)) {
        return 1.0;
    }
    return log(d->state->zone_l) - log((1.0 - mu) * (1.0 + mu)) + log(2.0 * rate_of(d, mu));
}

static double integrand(double mu, void *context)
{
    struct diffusion *d = context;
    const double s2 = (1.0 - mu) * (1.0 + mu);
    return s2 * s2 / rate_of(d, mu);
}

/*
 * The edge of C between two mu, by the Illinois variant of regula falsi, each step of which costs one rate. To the last digit of
 * mu, where the margin does not stop it before: C may be as narrow as 1e-6 of mu or of 1 - mu (points 259, 1507).
 */
static double root_between(struct diffusion *d, double low, double high)
{
    double at_low = confinement(d, low);
    double at_high = confinement(d, high);
    int kept = 0; /* the side that stood still in the last step */
    for (int i = 0; i < 200; i++) {
        /* where nothing scatters the margin is -inf, and where it jumps no secant closes in: halve, or every third time */
        const bool secant = isfinite(at_low) && isfinite(at_high) && i % 3 < 2;
        const double middle = secant ? (low * at_high - high * at_low) / (at_high - at_low) : 0.5 * (low + high);
        if (!(middle > low && middle < high)) {
            break;
        }
        const double at_middle = confinement(d, middle);
        if (fabs(at_middle) < 1e-3 * d->tolerance) {
            return middle;
        }
        if ((at_middle > 0.0) == (at_high > 0.0)) {
            high = middle;
            at_high = at_middle;
            at_low *= kept < 0 ? 0.5 : 1.0;
            kept = -1;
        } else {
            low = middle;
            at_low = at_middle;
            at_high *= kept > 0 ? 0.5 : 1.0;
            kept = 1;
        }
    }
    return 0.5 * (low + high);
}

/* Where the limit is nearly reached between two nodes, look for the extremum by golden section. */
static double extremum_between(struct diffusion *d, double low, double high, double sign)
{
    const double ratio = 0.6180339887498949;
    double a = high - ratio * (high - low);
    double b = low + ratio * (high - low);
    for (int i = 0; i < 16; i++) {
        if (sign * confinement(d, a) > sign * confinement(d, b)) {
            high = b;
        } else {
            low = a;
        }
        a = high - ratio * (high - low);
        b = low + ratio * (high - low);
    }
    return 0.5 * (low + high);
}

/*
 * Without broadening rates have kinks and jumps in mu: transit-time damping picks the angle xi = v_A/(mu v), and meets the
 * kinks of x_max, first of all xi = 1 where it begins; gyro-resonance n has waves along B up to mu = n/(R x_par_min).
 */
static size_t sharp_breaks(const struct diffusion *d, double mu[static MAX_BREAKS])
{
    const struct dmumu_state *state = d->state;
    const struct dmumu_quadrature_pieces *angles = &d->reference.angles;
    const double x_par_min = dmumu_spectrum_cascade(state, DMUMU_ALFVEN).x_par_min;
    size_t n = 0;
    if (state->kappa > 0.0) {
        return 0;
    }
    mu[n++] = state->alfven_speed_v;
    for (size_t i = 1; i + 1 < angles->n && n < MAX_BREAKS; i++) {
        mu[n++] = state->alfven_speed_v / dmumu_angle_of_tangent(exp(angles->end[i])).cosine;
    }
    for (int k = 1; k <= state->harmonics && n + 1 < MAX_BREAKS; k++) {
        mu[n++] = k / d->larmor_ratio;
        mu[n++] = k / (d->larmor_ratio * x_par_min);
    }
    return n;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Cells of mu: four to a lobe of J^2 at the sharp start of the cascades, w = R x_perp_min s. */
static int search_cells(const struct diffusion *d)
{
    const double w = d->larmor_ratio * dmumu_spectrum_cascade(d->state, DMUMU_ALFVEN).x_perp_min;
    return (int)fmin(fmax(32.0, 4.0 * w / DMUMU_PI), MAX_CELLS);
}

/*
 * Nodes between which edges of C are looked for: even ones; octaves towards mu = 1, where a sliver may be confined by
 * itself; and, without broadening, octaves towards mu = 0 and towards every break, from both sides.
 */
static size_t search_nodes(const struct diffusion *d, double mu[static MAX_NODES])
{
    const int cells = search_cells(d);
    double at_break[MAX_BREAKS];
    const size_t n_breaks = sharp_breaks(d, at_break);
    size_t n = 0;
    mu[n++] = 1e-9;
    for (int k = MU_OCTAVES; d->state->kappa == 0.0 && k >= 1; k--) {
        mu[n++] = ldexp(1.0 / 32.0, -k);
    }
    for (int i = 1; i < cells; i++) {
        mu[n++] = (double)i / cells;
    }
    for (int k = 1; k <= END_OCTAVES; k++) {
        mu[n++] = 1.0 - ldexp(1.0 / 32.0, -k);
    }
    for (size_t i = 0; i < n_breaks; i++) {
        for (int k = 1; k <= BREAK_OCTAVES; k++) {
            mu[n++] = at_break[i] * (1.0 - ldexp(1.0, -2 * k));
            mu[n++] = at_break[i] * (1.0 + ldexp(1.0, 2 - 2 * k));
        }
    }
    qsort(mu, n, sizeof *mu, ascending);
    while (n > 0 && mu[n - 1] >= 1.0 - 1e-6) {
        n--;
    }
    mu[n++] = 1.0 - 1e-6; /* s^2 of 2e-6: what lies beyond adds less than 1e-9 to D */
    return n;
}

/* Edges of C in (0, 1), ascending. */
static size_t confinement_edges(struct diffusion *d, size_t max, double edge[])
{
    double mu[MAX_NODES];
    double margin[MAX_NODES];
    const size_t n_nodes = search_nodes(d, mu);
    size_t n = 0;
    for (size_t i = 0; i < n_nodes; i++) {
        margin[i] = confinement(d, mu[i]);
    }
    for (size_t i = 0; i + 1 < n_nodes && n + 2 <= max; i++) {
        if ((margin[i] > 0.0) != (margin[i + 1] > 0.0)) {
            edge[n++] = root_between(d, mu[i], mu[i + 1]);
            continue;
        }
        const double sign = margin[i] > 0.0 ? -1.0 : 1.0; /* towards the limit */
        const bool turns = i > 0 && sign * margin[i] > sign * margin[i - 1] &&
                           sign * margin[i] >= sign * margin[i + 1] && fabs(margin[i]) < 1.0;
        if (turns) {
            const double low = mu[i - 1];
            const double high = mu[i + 1];
            const double peak = extremum_between(d, low, high, sign);
            if (sign * confinement(d, peak) > 0.0) {
                edge[n++] = root_between(d, low, peak);
                edge[n++] = root_between(d, peak, high);
            }
        }
    }
    return n;
}

struct reference_value {
    double d_hat; /* D / (v L) */
    double rel_error;
    double mu_star;
    enum dmumu_quality quality;
};

static struct reference_value integrate_confined(struct diffusion *d)
{
    struct reference_value result = {(double)NAN, (double)NAN, (double)NAN, DMUMU_QUALITY_NOT_CONFINED};
    double edge[MAX_EDGES + 2];
    double at_break[MAX_BREAKS];
    const size_t n_breaks = sharp_breaks(d, at_break);
    size_t n = isinf(d->state->zone_l) ? 0 : confinement_edges(d, MAX_EDGES, edge + 1);
    edge[0] = 0.0;
    edge[++n] = 1.0;
    double sum = 0.0;
    double error = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (!(edge[i] < edge[i + 1]) || !(confinement(d, 0.5 * (edge[i] + edge[i + 1])) > 0.0)) {
            continue;
        }
        struct dmumu_quadrature_pieces pieces;
        dmumu_quadrature_pieces_init(&pieces, edge[i], edge[i + 1]);
        /*
         * Without a zone the integrand may rise by orders of magnitude close to mu = 1; or be the same from there to where Alfven
         * modes take over, a millionth of mu before 1, which an interval that ends at 1 sees nothing of.
         */
        const int last = isinf(d->state->zone_l) ? 27 : 7;
        for (int k = 1; k < last; k += k < 3 ? 1 : 2) {
            dmumu_quadrature_pieces_add(&pieces, 1.0 - ldexp(1.0, -k));
        }
        for (size_t k = 0; k < n_breaks; k++) {
            dmumu_quadrature_pieces_add(&pieces, at_break[k]);
        }
        const struct dmumu_quadrature_result piece = dmumu_quadrature_integrate(integrand, d, &pieces, d->tolerance);
        sum += piece.value;
        error += piece.error;
        result.mu_star = edge[i + 1];
    }
    if (sum > 0.0) {
        result.d_hat = d->state->d_prefactor * sum;
        result.rel_error = error / sum + d->tolerance;
        result.quality = DMUMU_QUALITY_OK;
    }
    if (!isfinite(sum)) {
        result = (struct reference_value){(double)NAN, (double)NAN, (double)NAN, DMUMU_QUALITY_FAILED};
    }
    return result;
}

static void failed_value(struct dmumu_curve *curve, size_t i)
{
    curve->d_cm2_s[i] = (double)NAN;
    curve->rel_error[i] = (double)NAN;
    curve->mu_star[i] = (double)NAN;
    curve->quality[i] = DMUMU_QUALITY_FAILED;
}

static bool only_mode(const struct dmumu_state *state, int mode)
{
    for (int other = 0; other < DMUMU_N_MODES; other++) {
        if (state->modes[other] != (other == mode)) {
            return false;
        }
    }
    return true;
}

static void compute_value(struct diffusion *d, double d_unit, struct dmumu_curve *curve, size_t i)
{
    d->modes = ALL_MODES;
    const struct reference_value all = integrate_confined(d);
    curve->d_cm2_s[i] = all.d_hat * d_unit;
    curve->rel_error[i] = all.rel_error;
    curve->mu_star[i] = all.mu_star;
    curve->quality[i] = (uint8_t)all.quality;
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        if (!d->state->modes[mode] || !curve->d_mode_cm2_s[mode]) {
            continue;
        }
        d->modes = mode;
        curve->d_mode_cm2_s[mode][i] = (only_mode(d->state, mode) ? all : integrate_confined(d)).d_hat * d_unit;
    }
}

enum dmumu_status dmumu_curve_compute_ref(const struct dmumu_model *model, const struct dmumu_point *point, size_t n,
                                          const double rigidity_gv[], struct dmumu_curve *curve,
                                          struct dmumu_error *error)
{
    struct dmumu_state state;
    enum dmumu_status status = dmumu_model_check(model, error);
    if (status == DMUMU_OK) {
        status = dmumu_state_of_point(model, point, &state, error);
    }
    for (size_t i = 0; status == DMUMU_OK && i < n; i++) {
        struct diffusion d = {.state = &state, .tolerance = model->tolerance};
        status = dmumu_state_larmor_ratio(model, point, 1, &rigidity_gv[i], &d.larmor_ratio, error);
        const bool in_range = d.larmor_ratio >= DMUMU_R_MIN && d.larmor_ratio <= DMUMU_R_MAX;
        /* Without broadening D_mumu falls at least like mu^3/2 towards mu = 0: D over all mu is infinite. */
        if (!in_range || (state.kappa == 0.0 && isinf(state.zone_l))) {
            for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
                if (state.modes[mode] && curve->d_mode_cm2_s[mode]) {
                    curve->d_mode_cm2_s[mode][i] = (double)NAN;
                }
            }
            failed_value(curve, i);
            continue;
        }
        d.out_of_memory = dmumu_reference_init(&d.reference, &state, d.larmor_ratio, d.tolerance) != DMUMU_OK;
        if (!d.out_of_memory) {
            compute_value(&d, dmumu_state_d_unit_cm2_s(point), curve, i);
        }
        dmumu_reference_free(&d.reference);
        free(d.known);
        if (d.out_of_memory) {
            status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the reference kernel's rates");
        }
    }
    return status;
}
