/*
 * The production kernel for fast modes: sums over directions, on a lattice in ln R for many rigidities, singly for a few.
 * See kernel.h for the formulas, kernel_table.c for the tables and docs/kernel.md for why this suffices.
 */
#include "core/kernel.h"

#include "core/constants.h"
#include "core/resonance.h"
#include "core/rules.h"
#include "core/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- sums over directions ---------------------------------------------------------------------------------------- */

/* Directions closer to 90 degrees than this carry no gyro-resonance: their K falls like xi^9/2. */
#define LEAST_GYRO_COSINE 1e-3

/* Directions closer to B than this carry no transit-time damping: it falls like tan^7/2. */
#define LEAST_TRANSIT_SINE 3e-4

/* Lattice of the transit-time sum: every TRANSIT_STRIDE-th entry of G's own. */
#define TRANSIT_STRIDE 2
#define LN_R_MIN       (-27.631021115928547) /* ln DMUMU_R_MIN */

/* A row of K, shifted by `fraction` of a step, onto n entries of the sums. Vectorised: no entry depends on another. */
DMUMU_VECTOR static void add_shifted(size_t n, const double *restrict row, const double weight[static 4],
                                     double *restrict sum)
{
    for (size_t k = 0; k < n; k++) {
        sum[k] += weight[0] * row[k] + weight[1] * row[k + 1] + weight[2] * row[k + 2] + weight[3] * row[k + 3];
    }
}

/* The sums being made: entries on ln R = start + k step, and steps up where a row has reached its constant end. */
struct accumulator {
    double start, inverse_step;
    size_t n;
    double *sum, *coarse;
    double *jump, *jump_coarse; /* [n + 1], cumulated at the end */
};

/* sum(ln R) += row(ln R + shift), and the coarse rule's share of it. */
static void add_row(const struct dmumu_fast_table *table, const double row[], double shift, double coarse_ratio,
                    double scratch[], struct accumulator *to)
{
    const double first = (to->start + fmin(shift, 1e3) - table->ln_v_start) * to->inverse_step;
    const double whole = floor(first);
    double weight[4];
    dmumu_lattice_weights(first - whole, weight);
    const long offset = (long)whole - 1;           /* row index under the first weight at k = 0 */
    const long last = (long)table->n_v - 4;        /* the last row index from which four entries remain */
    const long k_begin = offset < 0 ? -offset : 0; /* before: K = 0 */
    const long k_end = last - offset + 1;          /* from here: K = row[n_v - 1] */
    const long n = (long)to->n;
    if (k_begin >= n) {
        return;
    }
    const long stop = k_end < n ? k_end : n;
    if (stop > k_begin) {
        const size_t count = (size_t)(stop - k_begin);
        const double *from = row + (k_begin + offset);
        if (coarse_ratio == 0.0) {
            add_shifted(count, from, weight, to->sum + k_begin);
        } else {
            memset(scratch, 0, count * sizeof *scratch);
            add_shifted(count, from, weight, scratch);
            for (size_t k = 0; k < count; k++) {
                to->sum[(size_t)k_begin + k] += scratch[k];
                to->coarse[(size_t)k_begin + k] += coarse_ratio * scratch[k];
            }
        }
    }
    const size_t at = (size_t)(stop > k_begin ? stop : k_begin);
    to->jump[at] += row[table->n_v - 1];
    to->jump_coarse[at] += coarse_ratio * row[table->n_v - 1];
}

/* Cumulate the steps of rows that have reached their constant end. */
static void add_jumps(struct accumulator *to)
{
    double sum = 0.0;
    double coarse = 0.0;
    for (size_t k = 0; k < to->n; k++) {
        sum += to->jump[k];
        coarse += to->jump_coarse[k];
        to->sum[k] += sum;
        to->coarse[k] += coarse;
    }
}

static void add_gyro(const struct dmumu_fast_table *table, const struct dmumu_angles *angles, double row[],
                     double scratch[], struct accumulator *to)
{
    const double ln_first = table->ln_v_start + 1.0 / table->inverse_step; /* K = 0 up to here; ln R <= 0 */
    for (size_t p = 0; p < angles->n; p++) {
        const double xi = angles->cosine[p];
        if (angles->ln_x_par_max[p] <= ln_first || xi < LEAST_GYRO_COSINE) {
            continue;
        }
        const double ratio = angles->weight_coarse[p] / angles->weight[p];
        dmumu_fast_row(table, angles->ln_tangent[p], angles->sine[p] / xi, angles->weight[p] * xi * sqrt(xi), row);
        add_row(table, row, angles->ln_x_par_max[p], ratio, scratch, to);
        const double ln_xi = log(xi);
        if (ln_xi > ln_first) { /* the cascade's own start, x = 1 */
            for (size_t k = 0; k < table->n_v; k++) {
                row[k] = -row[k];
            }
            add_row(table, row, ln_xi, ratio, scratch, to);
        }
    }
    add_jumps(to);
}

/* sum[k] += factor G(ln z + k stride), z from its value at k = 0; G is constant past its end. */
DMUMU_VECTOR static void add_g(size_t n, const double *restrict g, const double weight[static 4], double factor,
                               double *restrict sum)
{
    for (size_t k = 0; k < n; k++) {
        const double *v = g + TRANSIT_STRIDE * k;
        sum[k] += factor * (weight[0] * v[0] + weight[1] * v[1] + weight[2] * v[2] + weight[3] * v[3]);
    }
}

/* Transit-time damping of one direction, upper limit. */
static void add_transit_direction(const struct dmumu_fast_common *common, double ln_z, double factor,
                                  double coarse_factor, struct accumulator *to)
{
    const struct dmumu_lattice *g = &common->g;
    const double last = (double)(g->n - 3);
    const double first = fmin(fmax((fmin(ln_z, 1e3) - g->start) * g->inverse_step, 1.0), last);
    const size_t i = (size_t)first;
    double weight[4];
    dmumu_lattice_weights(first - (double)i, weight);
    const size_t room = (g->n - 3 - i) / TRANSIT_STRIDE + 1;
    const size_t count = room < to->n ? room : to->n;
    add_g(count, g->value + i - 1, weight, factor, to->sum);
    if (coarse_factor != 0.0) {
        add_g(count, g->value + i - 1, weight, coarse_factor, to->coarse);
    }
    to->jump[count] += factor * g->value[g->n - 1];
    to->jump_coarse[count] += coarse_factor * g->value[g->n - 1];
}

/*
 * What the cascade's start takes away, factor G(a R) with a R <= 1: through moments of the series of G, whose terms are
 * those of J_1^2 (A&S 9.1.14), (-1)^k (2k+2)! / [k! (k+2)! (k+1)!^2 2^(2k+2)] t^(2k+2), times t^-5/2 and integrated. To
 * 1e-11.
 */
enum { SERIES_TERMS = 7 };
static const double series_of_g[SERIES_TERMS] = {0.5,
                                                 -0.025,
                                                 1.4467592592592594e-03,
                                                 -5.842681623931624e-05,
                                                 1.6754748774509804e-06,
                                                 -3.5523106812169317e-08,
                                                 5.772504856977513e-10};

struct start_moments {
    double term[SERIES_TERMS]; /* sums of factor a^(2k + 1/2) */
};

static void add_moments(double a, double factor, struct start_moments *moments)
{
    double power = factor * sqrt(a);
    for (int k = 0; k < SERIES_TERMS; k++) {
        moments->term[k] += power;
        power *= a * a;
    }
}

static void subtract_start(const struct start_moments *moments, double sum[], const struct accumulator *to)
{
    for (size_t i = 0; i < to->n; i++) {
        const double r = exp(to->start + (double)i / to->inverse_step);
        double series = 0.0;
        for (int k = SERIES_TERMS - 1; k >= 0; k--) {
            series = series * r * r + series_of_g[k] * moments->term[k];
        }
        sum[i] -= sqrt(r) * series;
    }
}

static void add_transit(const struct dmumu_fast_common *common, const struct dmumu_state *state,
                        const struct dmumu_fast_table *table, const struct dmumu_angles *angles, struct accumulator *to)
{
    const double ln_s = log(table->s);
    struct start_moments start = {{0.0}};
    struct start_moments start_coarse = {{0.0}};
    for (size_t p = 0; p < angles->n; p++) {
        const double resonance =
            dmumu_resonance_transit(table->mu, state->alfven_speed_v / angles->cosine[p], table->width);
        const double a = table->s * angles->sine[p]; /* w = a R x */
        const double factor = angles->weight[p] * resonance * a * sqrt(a);
        const double coarse_factor = angles->weight_coarse[p] * resonance * a * sqrt(a);
        if (factor == 0.0 || angles->sine[p] < LEAST_TRANSIT_SINE) {
            continue;
        }
        add_transit_direction(common, to->start + ln_s + angles->ln_x_perp_max[p], factor, coarse_factor, to);
        add_moments(a, factor, &start);
        add_moments(a, coarse_factor, &start_coarse);
    }
    add_jumps(to);
    subtract_start(&start, to->sum, to);
    subtract_start(&start_coarse, to->coarse, to);
}

/* f_F pi^1/2 s M_A^3/2 / (2 kappa^1/2): 4 pi s^2/R^2, R_n's and I_F's fronts, and R^3/2 of kernel.h, less R^-1/2. */
static double front(const struct dmumu_state *state, double s)
{
    const double m = state->alfven_mach;
    return state->energy_fraction[DMUMU_FAST] * DMUMU_SQRT_PI * s * m * sqrt(m) / (2.0 * sqrt(state->kappa));
}

static enum dmumu_status reserve(struct dmumu_fast_profile *profile, size_t n)
{
    if (profile->capacity < n) {
        double *grown = realloc(profile->value, n * sizeof *grown);
        if (!grown) {
            return DMUMU_ERROR_MEMORY;
        }
        profile->value = grown;
        profile->capacity = n;
    }
    memset(profile->value, 0, n * sizeof *profile->value);
    return DMUMU_OK;
}

/* A lattice in ln R whose clamped ends lie outside the range of R. */
static struct accumulator accumulator_on(double inverse_step, double **memory)
{
    struct accumulator to = {.start = LN_R_MIN - 2.0 / inverse_step, .inverse_step = inverse_step};
    to.n = (size_t)(-LN_R_MIN * inverse_step) + 7;
    to.sum = *memory;
    to.coarse = to.sum + to.n;
    to.jump = to.coarse + to.n;
    to.jump_coarse = to.jump + to.n + 1;
    *memory = to.jump_coarse + to.n + 1;
    return to;
}

static struct dmumu_lattice lattice_of(const struct accumulator *to, const double *value)
{
    return (struct dmumu_lattice){.start = to->start, .inverse_step = to->inverse_step, .n = to->n, .value = value};
}

enum dmumu_status dmumu_fast_profile_make(const struct dmumu_fast_common *common, const struct dmumu_state *state,
                                          const struct dmumu_fast_table *table, const struct dmumu_angles *angles,
                                          struct dmumu_fast_profile *profile)
{
    const double transit_inverse_step = common->g.inverse_step / TRANSIT_STRIDE;
    const size_t n_gyro = (size_t)(-LN_R_MIN * table->inverse_step) + 8;
    const size_t n_transit = (size_t)(-LN_R_MIN * transit_inverse_step) + 8;
    const enum dmumu_status status = reserve(profile, 4 * n_gyro + 4 * n_transit + 2 * table->n_v);
    if (status != DMUMU_OK) {
        return status;
    }
    double *memory = profile->value;
    struct accumulator gyro = accumulator_on(table->inverse_step, &memory);
    struct accumulator transit = accumulator_on(transit_inverse_step, &memory);
    add_gyro(table, angles, memory, memory + table->n_v, &gyro);
    add_transit(common, state, table, angles, &transit);
    profile->gyro = lattice_of(&gyro, gyro.sum);
    profile->gyro_coarse = lattice_of(&gyro, gyro.coarse);
    profile->transit = lattice_of(&transit, transit.sum);
    profile->transit_coarse = lattice_of(&transit, transit.coarse);
    profile->gyro_error = table->rel_error;
    profile->front = front(state, table->s);
    return DMUMU_OK;
}

void dmumu_fast_profile_free(struct dmumu_fast_profile *profile)
{
    free(profile->value);
    *profile = (struct dmumu_fast_profile){0};
}

static struct dmumu_fast_rate rate_of_sums(double scale, double gyro, double transit, double coarse, double table_error)
{
    const double total = gyro + transit;
    const double angle_error = total > 0.0 ? dmumu_rule_error((total - coarse) / total) : 0.0;
    return (struct dmumu_fast_rate){.transit = scale * fmax(transit, 0.0),
                                    .gyro = scale * fmax(gyro, 0.0),
                                    .angle_error = scale * total * angle_error,
                                    .table_error = scale * table_error * fabs(gyro)};
}

struct dmumu_fast_rate dmumu_fast_profile_rate(const struct dmumu_fast_profile *profile, double larmor_ratio)
{
    const double ln_r = log(larmor_ratio);
    const double scale = profile->front / sqrt(larmor_ratio);
    const double gyro = dmumu_lattice_value(&profile->gyro, ln_r);
    const double transit = dmumu_lattice_value(&profile->transit, ln_r);
    const double coarse =
        dmumu_lattice_value(&profile->gyro_coarse, ln_r) + dmumu_lattice_value(&profile->transit_coarse, ln_r);
    return rate_of_sums(scale, gyro, transit, coarse, profile->gyro_error);
}

/* ---- a few R ----------------------------------------------------------------------------------------------------- */

struct few_sums {
    double ln_r, r;
    double gyro, transit, coarse;
};

/* K(t; V) from six rows and four columns. */
static double value_at(const struct dmumu_fast_table *table, size_t first,
                       const double row_weight[static DMUMU_FAST_ROW_POINTS], double ln_v)
{
    double f;
    double weight[4];
    const size_t i = dmumu_lattice_locate(table->ln_v_start, table->inverse_step, table->n_v, ln_v, &f);
    const double *v = table->value + first * table->n_v + i - 1;
    double sum = 0.0;
    dmumu_lattice_weights(f, weight);
    for (int j = 0; j < DMUMU_FAST_ROW_POINTS; j++, v += table->n_v) {
        sum += row_weight[j] * (weight[0] * v[0] + weight[1] * v[1] + weight[2] * v[2] + weight[3] * v[3]);
    }
    return sum;
}

static void add_gyro_few(const struct dmumu_fast_table *table, const struct dmumu_angles *angles, size_t p, size_t n,
                         struct few_sums sum[])
{
    const double ln_first = table->ln_v_start + 1.0 / table->inverse_step;
    const double xi = angles->cosine[p];
    if (angles->ln_x_par_max[p] <= ln_first || xi < LEAST_GYRO_COSINE) {
        return;
    }
    const double t = angles->sine[p] / xi;
    const double ratio = angles->weight_coarse[p] / angles->weight[p];
    const double scale = angles->weight[p] * xi * sqrt(xi) / (1.0 + fmax(t, DMUMU_FAST_T_START));
    const double ln_xi = log(xi);
    size_t first;
    double weight[DMUMU_FAST_ROW_POINTS];
    dmumu_fast_row_weights(angles->ln_tangent[p], t, table->t_lobes, &first, weight);
    for (size_t i = 0; i < n; i++) {
        if (sum[i].ln_r + angles->ln_x_par_max[p] <= ln_first) {
            continue;
        }
        double k = value_at(table, first, weight, sum[i].ln_r + angles->ln_x_par_max[p]);
        if (sum[i].ln_r + ln_xi > ln_first) {
            k -= value_at(table, first, weight, sum[i].ln_r + ln_xi);
        }
        sum[i].gyro += scale * k;
        sum[i].coarse += scale * ratio * k;
    }
}

static double g_at_start(double a)
{
    double series = 0.0;
    for (int k = SERIES_TERMS - 1; k >= 0; k--) {
        series = series * a * a + series_of_g[k];
    }
    return sqrt(a) * series;
}

static void add_transit_few(const struct dmumu_fast_common *common, const struct dmumu_state *state,
                            const struct dmumu_fast_table *table, const struct dmumu_angles *angles, size_t p, size_t n,
                            struct few_sums sum[])
{
    const double resonance =
        dmumu_resonance_transit(table->mu, state->alfven_speed_v / angles->cosine[p], table->width);
    const double a = table->s * angles->sine[p];
    const double factor = resonance * a * sqrt(a);
    if (factor == 0.0 || angles->sine[p] < LEAST_TRANSIT_SINE) {
        return;
    }
    const double ln_s = log(table->s);
    for (size_t i = 0; i < n; i++) {
        const double g = dmumu_lattice_value(&common->g, fmin(sum[i].ln_r + ln_s + angles->ln_x_perp_max[p], 1e3)) -
                         g_at_start(a * sum[i].r);
        sum[i].transit += angles->weight[p] * factor * g;
        sum[i].coarse += angles->weight_coarse[p] * factor * g;
    }
}

void dmumu_fast_rates_few(const struct dmumu_fast_common *common, const struct dmumu_state *state,
                          const struct dmumu_fast_table *table, const struct dmumu_angles *angles, size_t n,
                          const double larmor_ratio[], struct dmumu_fast_rate rate[])
{
    struct few_sums sum[DMUMU_FAST_FEW];
    for (size_t i = 0; i < n; i++) {
        sum[i] = (struct few_sums){.ln_r = log(larmor_ratio[i]), .r = larmor_ratio[i]};
    }
    for (size_t p = 0; p < angles->n; p++) {
        add_gyro_few(table, angles, p, n, sum);
        add_transit_few(common, state, table, angles, p, n, sum);
    }
    for (size_t i = 0; i < n; i++) {
        rate[i] = rate_of_sums(front(state, table->s) / sqrt(larmor_ratio[i]), sum[i].gyro, sum[i].transit,
                               sum[i].coarse, table->rel_error);
    }
}
