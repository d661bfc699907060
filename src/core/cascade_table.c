/* Cascade table: see cascade_table.h. */
#include "core/cascade_table.h"

#include "core/exponential.h"
#include "core/filter.h"
#include "core/lattice.h"
#include "core/logarithm.h"
#include "core/resonance.h"
#include "core/rules.h"
#include "core/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LN_P_START  (-10.0)
#define LN_B_NONE   (-700.0)
#define STEP_ALFVEN DMUMU_CASCADE_LN_P_STEP_ALFVEN

/* The quadrature in nu reaches down to this part of its upper end: nu^4 has faded there. */
#define LEAST_PART 1e-4

enum { NU_PANELS = 14, NU_NODES = NU_PANELS * DMUMU_GAUSS_N, BLOCK = DMUMU_FILTER_BLOCK };

/* ---- exp(-e^t) --------------------------------------------------------------------------------------------------- */

/* t = ln p - ln nu, from the least p over the largest nu (15 at M_A = 3) to the largest over the least of a table. */
#define LEAST_T (-13.0)
#define MOST_T  15.5

enum dmumu_status dmumu_cascade_decay_init(struct dmumu_cascade_decay *decay)
{
    decay->first = (long)floor(LEAST_T / STEP_ALFVEN);
    decay->n = (size_t)((MOST_T - LEAST_T) / STEP_ALFVEN);
    decay->value = malloc(decay->n * sizeof *decay->value);
    for (size_t i = 0; decay->value && i < decay->n; i++) {
        decay->value[i] = exp(-exp(STEP_ALFVEN * (double)(decay->first + (long)i)));
    }
    return decay->value ? DMUMU_OK : DMUMU_ERROR_MEMORY;
}

void dmumu_cascade_decay_free(struct dmumu_cascade_decay *decay)
{
    free(decay->value);
    decay->value = NULL;
}

/* ---- quadrature in nu -------------------------------------------------------------------------------------------- */

/* Gauss points in nu over the resonance: panels in ln nu, half of them within three widths of mu. */
struct nu_nodes {
    double ln_nu[NU_NODES], nu[NU_NODES], weight[NU_NODES]; /* weight: of dnu/nu, x E */
};

static void add_nu_panels(double low, double high, int panels, size_t *at, struct nu_nodes *nodes)
{
    const double ln_low = log(low);
    const double step = (log(high) - ln_low) / panels;
    for (int i = 0; i < panels; i++) {
        for (int j = 0; j < DMUMU_GAUSS_N; j++) {
            nodes->ln_nu[*at] = ln_low + (i + 0.5 + 0.5 * dmumu_gauss_node[j]) * step;
            nodes->weight[*at] = 0.5 * step * dmumu_gauss_weight[j];
            (*at)++;
        }
    }
}

/* nu, and weights times E(mu, nu) (dmumu_resonance_gyro). */
DMUMU_VECTOR static void add_resonance(double mu, double width, const double *restrict ln_nu, double *restrict nu,
                                       double *restrict weight)
{
    const double inverse_width = 1.0 / width;
    for (size_t k = 0; k < NU_NODES; k++) {
        nu[k] = dmumu_exp(ln_nu[k]);
        const double plus = (mu + nu[k]) * inverse_width;
        const double minus = (mu - nu[k]) * inverse_width;
        weight[k] *= dmumu_exp(-plus * plus) + dmumu_exp(-minus * minus);
    }
}

/* Between nu_max and where the resonance or nu^4 has faded; false where there is nothing between. */
static bool make_nu_nodes(const struct dmumu_cascade_table *table, struct nu_nodes *nodes)
{
    const double reach = DMUMU_RESONANCE_REACH * table->width;
    const double high = fmin(table->mu + reach, table->nu_max);
    const double low = fmax(table->mu - reach, LEAST_PART * high);
    size_t at = 0;
    if (!(low < high)) {
        return false;
    }
    const double core_low = fmin(fmax(table->mu - 3.0 * table->width, 0.1 * high), 0.7 * high);
    if (core_low > low) {
        add_nu_panels(low, core_low, NU_PANELS / 2, &at, nodes);
        add_nu_panels(core_low, high, NU_PANELS / 2, &at, nodes);
    } else {
        add_nu_panels(low, high, NU_PANELS, &at, nodes);
    }
    add_resonance(table->mu, table->width, nodes->ln_nu, nodes->nu, nodes->weight);
    return true;
}

/* ---- Alfven modes ------------------------------------------------------------------------------------------------ */

/* B(ln p_i) = sum_c tap[c] decay[i + c]: decay is so smooth that eight points interpolate it to 1e-8 up to p = 10 nu. */
static void fill_alfven(const struct dmumu_cascade_decay *decay, const struct nu_nodes *nodes, double b[],
                        const struct dmumu_cascade_table *table)
{
    /* as many as the widest range of ln nu has steps, and the points of an interpolation */
    double tap[1024] = {0.0};
    const double offset = table->ln_p_start / STEP_ALFVEN - (double)decay->first;
    const long first = (long)floor(offset - nodes->ln_nu[NU_NODES - 1] / STEP_ALFVEN) - DMUMU_STENCIL_LEFT;
    long last = first;
    for (size_t k = 0; k < NU_NODES; k++) {
        const struct dmumu_place place = dmumu_place_of(offset - nodes->ln_nu[k] / STEP_ALFVEN);
        for (long j = 0; j < DMUMU_STENCIL; j++) {
            tap[place.first - first + j] += nodes->weight[k] * place.weight[j];
        }
        last = place.first > last ? place.first : last;
    }
    const size_t n_taps = (size_t)(last - first) + DMUMU_STENCIL;
    for (size_t i = 0; i < table->n_p; i += BLOCK) {
        dmumu_filter_block(n_taps, tap, decay->value + (first + (long)i), 1.0, b + i);
    }
}

/* ---- slow modes -------------------------------------------------------------------------------------------------- */

/* 1/(1 + z^2 nu^2), [NU_NODES][n_z]. */
static void fill_projection(const struct nu_nodes *nodes, const struct dmumu_cascade_table *table, double projection[])
{
    for (size_t k = 0; k < NU_NODES; k++) {
        for (size_t j = 0; j < table->n_z; j++) {
            const double ratio = exp(DMUMU_CASCADE_LN_Z_START + table->ln_z_step * (double)j) * nodes->nu[k];
            projection[k * table->n_z + j] = 1.0 / (1.0 + ratio * ratio);
        }
    }
}

/* term[i] = weight exp(-p[i]/nu). */
DMUMU_VECTOR static void make_terms(size_t n, const double *restrict p, double inverse_nu, double weight,
                                    double *restrict term)
{
    for (size_t i = 0; i < n; i++) {
        term[i] = weight * dmumu_exp(-p[i] * inverse_nu);
    }
}

DMUMU_VECTOR static void add_scaled(size_t n, double factor, const double *restrict term, double *restrict sum)
{
    for (size_t i = 0; i < n; i++) {
        sum[i] += factor * term[i];
    }
}

/* @param scratch  [NU_NODES n_z + 2 n_p] */
static void fill_slow(const struct nu_nodes *nodes, double scratch[], const struct dmumu_cascade_table *table)
{
    const size_t n_p = table->n_p;
    const size_t n_z = table->n_z;
    double *projection = scratch;
    double *p = projection + NU_NODES * n_z;
    double *term = p + n_p;
    fill_projection(nodes, table, projection);
    for (size_t i = 0; i < n_p; i++) {
        p[i] = exp(table->ln_p_start + table->ln_p_step * (double)i);
    }
    for (size_t k = 0; k < NU_NODES; k++) {
        if (nodes->weight[k] > 0.0) {
            make_terms(n_p, p, 1.0 / nodes->nu[k], nodes->weight[k], term);
            for (size_t j = 0; j < n_z; j++) {
                add_scaled(n_p, projection[k * n_z + j], term, table->value + j * n_p);
            }
        }
    }
}

/* Of nothing, LN_B_NONE. */
DMUMU_VECTOR static void take_logarithms(size_t n, double *value)
{
    for (size_t i = 0; i < n; i++) {
        const double ln = dmumu_log(value[i]);
        value[i] = value[i] > 0.0 && ln > LN_B_NONE ? ln : LN_B_NONE;
    }
}

/* ---- a table ----------------------------------------------------------------------------------------------------- */

static void choose_lattice(double ln_p, bool is_slow, double ln_z_step, struct dmumu_cascade_table *table)
{
    const double high = fmin(table->mu + DMUMU_RESONANCE_REACH * table->width, table->nu_max);
    table->ln_p_step = is_slow ? DMUMU_CASCADE_LN_P_STEP_SLOW : STEP_ALFVEN;
    table->ln_p_start = ln_p - table->ln_p_step * ceil((ln_p - LN_P_START) / table->ln_p_step);
    table->ln_p_end = log(DMUMU_CASCADE_MOST_P * high);
    table->n_p = (size_t)(fmax(table->ln_p_end - table->ln_p_start, 0.0) / table->ln_p_step) + 5;
    table->ln_z_step = ln_z_step;
    table->n_z = is_slow ? (size_t)lround((DMUMU_CASCADE_LN_Z_END - DMUMU_CASCADE_LN_Z_START) / ln_z_step) + 1 : 1;
}

enum dmumu_status dmumu_cascade_table_make(const struct dmumu_cascade_decay *decay, double ln_z_step,
                                           const struct dmumu_state *state, double mu, double s2, double ln_p,
                                           double nu_max, struct dmumu_cascade_table *table)
{
    *table = (struct dmumu_cascade_table){
        .mu = mu, .s = sqrt(s2), .width = dmumu_resonance_width(state, s2), .nu_max = nu_max};
    if (state->kappa == 0.0) {
        return DMUMU_OK;
    }
    choose_lattice(ln_p, decay == NULL, ln_z_step, table);
    const size_t n = table->n_z * table->n_p;
    const size_t whole_blocks = table->n_p + BLOCK; /* of the filter */
    table->value = calloc(n + table->n_p, sizeof *table->value);
    double *scratch = calloc(decay ? whole_blocks : NU_NODES * table->n_z + 2 * table->n_p, sizeof *scratch);
    if (!table->value || !scratch) {
        free(scratch);
        dmumu_cascade_table_free(table);
        return DMUMU_ERROR_MEMORY;
    }
    struct nu_nodes nodes;
    const bool any = make_nu_nodes(table, &nodes);
    if (any && decay) {
        table->descending = table->value + n;
        fill_alfven(decay, &nodes, scratch, table);
        for (size_t i = 0; i < n; i++) {
            table->value[i] = scratch[i];
            table->descending[n - 1 - i] = scratch[i];
        }
    } else if (any) {
        fill_slow(&nodes, scratch, table);
    }
    take_logarithms(n, table->value);
    free(scratch);
    return DMUMU_OK;
}

void dmumu_cascade_table_free(struct dmumu_cascade_table *table)
{
    free(table->value);
    table->value = NULL;
    table->descending = NULL;
}
