/*
 * Tables of the production kernel for fast modes: G for all time, K for one (M_A, mu).
 * See kernel.h for the formulas and docs/kernel.md for why they suffice.
 */
#include "core/kernel.h"

#include "core/constants.h"
#include "core/resonance.h"
#include "core/rules.h"
#include "core/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Rows of K: t = tan(theta) from 1e-4, below which K no longer depends on it, to 665, above which K ~ 1/t. They lie at
 * integers of
 *
 *     r(t) = ROWS_OUTSIDE ln(t/DMUMU_FAST_T_START) + ROWS_LOBES {tanh[ln(t/c)/2] - tanh[ln(DMUMU_FAST_T_START/c)/2]},
 *     tanh[ln(x)/2] = (x-1)/(x+1),
 *
 * five times denser around c, where the lobes of J'^2 pass the resonance as t changes, than outside.
 */
#define LN_T_START   (-9.0)
#define LN_T_END     6.5
#define LN_T_FIRST   (-8.6) /* smaller t are looked up here */
#define ROWS_OUTSIDE 8.0
#define ROWS_LOBES   70.0
#define N_T          ((size_t)(ROWS_OUTSIDE * (LN_T_END - LN_T_START) + 2.0 * ROWS_LOBES) + 2)

/* Beyond the first lobes, w - 2n from 8 to 28, oscillations of J_n'^2 are faded out: sums over directions average over
 * them. */
#define FADE_FROM 8.0
#define FADE_TO   28.0

/* Least step in ln V: narrower resonances, which only come with 1 - mu^2 of 1e-3 and below, count as steps. */
#define LEAST_STEP 0.008

/* G over ln z: below, G = z^1/2/2 to 1e-15 even after clamping at 1e-17; above 1e3, G is constant to 1e-8. */
#define LN_Z_START (-40.0)
#define LN_Z_STEP  0.04
#define LN_Z_END   7.0

/* Three-point Gauss on each cell of a cumulative table. */
static const double cell_node[3] = {-0.77459666924148337704, 0.0, 0.77459666924148337704};
static const double cell_weight[3] = {5.0 / 9.0, 8.0 / 9.0, 5.0 / 9.0};

/* ---- G ---------------------------------------------------------------------------------------------------------- */

static enum dmumu_status make_g(struct dmumu_fast_common *common)
{
    const size_t n = (size_t)((LN_Z_END - LN_Z_START) / LN_Z_STEP) + 4;
    double *g = malloc(n * sizeof *g);
    if (!g) {
        return DMUMU_ERROR_MEMORY;
    }
    g[0] = 0.5 * exp(0.5 * LN_Z_START); /* t^-5/2 J_1^2 -> t^-1/2/4 */
    for (size_t i = 1; i < n; i++) {
        /* d ln z cells, each cut so that no part turns J_1^2 by more than a third of a period */
        const double low = LN_Z_START + (double)(i - 1) * LN_Z_STEP;
        const int parts = 1 + (int)exp(low + LN_Z_STEP);
        const double step = LN_Z_STEP / parts;
        double sum = 0.0;
        for (int k = 0; k < parts; k++) {
            for (int j = 0; j < 3; j++) {
                const double z = exp(low + (k + 0.5 + 0.5 * cell_node[j]) * step);
                sum += 0.5 * step * cell_weight[j] *
                       dmumu_bessel_faded(DMUMU_BESSEL_PRIME_SQUARE, 0, 900.0, 1000.0, z) / (z * sqrt(z));
            }
        }
        g[i] = g[i - 1] + sum;
    }
    common->g_value = g;
    common->g = (struct dmumu_lattice){.start = LN_Z_START, .inverse_step = 1.0 / LN_Z_STEP, .n = n, .value = g};
    return DMUMU_OK;
}

enum dmumu_status dmumu_fast_common_init(struct dmumu_fast_common *common, int harmonics)
{
    *common = (struct dmumu_fast_common){.harmonics = harmonics};
    common->prime_square = calloc((size_t)harmonics, sizeof *common->prime_square);
    if (!common->prime_square) {
        return DMUMU_ERROR_MEMORY;
    }
    for (int n = 1; n <= harmonics; n++) {
        if (dmumu_bessel_table_init(&common->prime_square[n - 1], DMUMU_BESSEL_PRIME_SQUARE, n, FADE_FROM + 2.0 * n,
                                    FADE_TO + 2.0 * n) != 0) {
            return DMUMU_ERROR_MEMORY;
        }
    }
    return make_g(common);
}

void dmumu_fast_common_free(struct dmumu_fast_common *common)
{
    for (int n = 0; common->prime_square && n < common->harmonics; n++) {
        dmumu_bessel_table_free(&common->prime_square[n]);
    }
    free(common->prime_square);
    free(common->g_value);
    *common = (struct dmumu_fast_common){0};
}

/* ---- K ---------------------------------------------------------------------------------------------------------- */

/* Nodes in u of one table: cells of the ln V lattice, each with three points; shared by all rows. */
struct u_nodes {
    size_t n_cells;
    double *u;           /* [n_cells][3] */
    double *coefficient; /* [harmonics][n_cells][3]: weight u^3/2 E(mu, n u) */
};

static void u_nodes_free(struct u_nodes *nodes)
{
    free(nodes->u);
    free(nodes->coefficient);
}

/*
 * The lattice in ln V = -ln u. It begins where E has become 0 and ends where no more is to come: below the
 * resonance where that is narrow, else where u^3/2 has faded. Steps resolve the width of the resonance in ln u.
 */
static void choose_lattice(const struct dmumu_state *state, double tolerance, struct dmumu_fast_table *table)
{
    const double reach = DMUMU_RESONANCE_REACH * table->width;
    const double u_high = table->mu + reach;
    const double faded = pow(1e-2 * tolerance, 1.0 / 1.5) * (table->mu + table->width);
    const double u_low = fmax(table->mu - reach, faded) / state->harmonics;
    const double finer = pow(tolerance / 1e-4, 0.25);
    const double step = fmin(0.05, 0.12 * table->width / fmax(table->mu, 1e-3)) * fmin(fmax(finer, 0.3), 2.0);
    const double range = log(u_high / u_low);
    const size_t n_cells = (size_t)fmax(fmin(ceil(range / step), range / LEAST_STEP), 4.0);
    table->inverse_step = (double)n_cells / range;
    table->n_v = n_cells + 4; /* one 0 before the first node, two more entries after the last */
    table->ln_v_start = -log(u_high) - 1.0 / table->inverse_step;
}

static enum dmumu_status make_u_nodes(const struct dmumu_state *state, const struct dmumu_fast_table *table,
                                      struct u_nodes *nodes)
{
    const size_t n_cells = table->n_v - 4;
    const size_t n = 3 * n_cells;
    nodes->n_cells = n_cells;
    nodes->u = malloc(n * sizeof *nodes->u);
    nodes->coefficient = malloc((size_t)state->harmonics * n * sizeof *nodes->coefficient);
    if (!nodes->u || !nodes->coefficient) {
        return DMUMU_ERROR_MEMORY;
    }
    const double step = 1.0 / table->inverse_step;
    for (size_t i = 0; i < n_cells; i++) {
        for (size_t j = 0; j < 3; j++) {
            const double ln_v = table->ln_v_start + step * ((double)i + 1.5 + 0.5 * cell_node[j]);
            const double u = exp(-ln_v);
            nodes->u[3 * i + j] = u;
            for (int h = 0; h < state->harmonics; h++) {
                nodes->coefficient[(size_t)h * n + 3 * i + j] =
                    0.5 * step * cell_weight[j] * u * sqrt(u) *
                    dmumu_resonance_gyro(table->mu, (h + 1) * u, table->width);
            }
        }
    }
    return DMUMU_OK;
}

/* One row: K cumulated over the cells, times `scale`. */
static void make_row(const struct dmumu_fast_common *common, const struct u_nodes *nodes, double s_t, double scale,
                     double row[])
{
    const size_t n = 3 * nodes->n_cells;
    double sum = 0.0;
    row[0] = 0.0;
    row[1] = 0.0;
    for (size_t i = 0; i < nodes->n_cells; i++) {
        for (int h = 0; h < common->harmonics; h++) {
            const double *coefficient = nodes->coefficient + (size_t)h * n + 3 * i;
            for (size_t j = 0; j < 3; j++) {
                sum += coefficient[j] * dmumu_bessel_table_value(&common->prime_square[h], s_t / nodes->u[3 * i + j]);
            }
        }
        row[i + 2] = scale * sum;
    }
    row[nodes->n_cells + 2] = scale * sum;
    row[nodes->n_cells + 3] = scale * sum;
}

static double half_tanh_of_ln(double x)
{
    return (x - 1.0) / (x + 1.0);
}

static double row_of(double ln_t, double t, double centre)
{
    return ROWS_OUTSIDE * (ln_t - LN_T_START) +
           ROWS_LOBES * (half_tanh_of_ln(t / centre) - half_tanh_of_ln(DMUMU_FAST_T_START / centre));
}

/* ln t of a row, by bisection of row_of. */
static double ln_t_of_row(double row, double centre)
{
    double low = LN_T_START;
    double high = LN_T_START + row / ROWS_OUTSIDE;
    for (int i = 0; i < 60; i++) {
        const double middle = 0.5 * (low + high);
        if (row_of(middle, exp(middle), centre) < row) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return 0.5 * (low + high);
}

void dmumu_fast_row_weights(double ln_t, double t, double centre, size_t *first,
                            double weight[static DMUMU_FAST_ROW_POINTS])
{
    const double row = ln_t > LN_T_FIRST ? row_of(ln_t, t, centre) : 0.0;
    const double position = fmin(fmax(row, 3.0), (double)(N_T - 4));
    const int i = (int)position;
    const double f = position - i;
    *first = (size_t)i - 2;
    /* products of the distances to the five other nodes, over prod (j - k) = -120, 24, -12, 12, -24, 120 */
    const double d[DMUMU_FAST_ROW_POINTS] = {f + 2.0, f + 1.0, f, f - 1.0, f - 2.0, f - 3.0};
    const double d01 = d[0] * d[1];
    const double d23 = d[2] * d[3];
    const double d45 = d[4] * d[5];
    weight[0] = d[1] * d23 * d45 * (-1.0 / 120.0);
    weight[1] = d[0] * d23 * d45 * (1.0 / 24.0);
    weight[2] = d01 * d[3] * d45 * (-1.0 / 12.0);
    weight[3] = d01 * d[2] * d45 * (1.0 / 12.0);
    weight[4] = d01 * d23 * d[5] * (-1.0 / 24.0);
    weight[5] = d01 * d23 * d[4] * (1.0 / 120.0);
}

/* row = sum over six rows of the table; vectorised. */
DMUMU_VECTOR static void combine_rows(size_t n, const double *restrict v,
                                      const double weight[static DMUMU_FAST_ROW_POINTS], double *restrict row)
{
    for (size_t k = 0; k < n; k++) {
        row[k] = weight[0] * v[k] + weight[1] * v[k + n] + weight[2] * v[k + 2 * n] + weight[3] * v[k + 3 * n] +
                 weight[4] * v[k + 4 * n] + weight[5] * v[k + 5 * n];
    }
}

void dmumu_fast_row(const struct dmumu_fast_table *table, double ln_t, double t, double scale, double row[])
{
    size_t first;
    double weight[DMUMU_FAST_ROW_POINTS];
    dmumu_fast_row_weights(ln_t, t, table->t_lobes, &first, weight);
    for (int j = 0; j < DMUMU_FAST_ROW_POINTS; j++) {
        weight[j] *= scale / (1.0 + fmax(t, DMUMU_FAST_T_START));
    }
    combine_rows(table->n_v, table->value + first * table->n_v, weight, row);
}

/*
 * Compare interpolated with directly made rows. Sums over directions run through t and V together, so what counts is
 * the signed difference averaged over t and over a window in ln V, of which the worst over V is kept; the same for the
 * look-up along ln V, whose remainder shows 16-fold in the value at a node from its neighbours.
 */
static enum dmumu_status measure_error(const struct dmumu_fast_common *common, const struct u_nodes *nodes,
                                       struct dmumu_fast_table *table)
{
    const size_t n_v = table->n_v;
    double *direct = calloc(4 * n_v, sizeof *direct);
    if (!direct) {
        return DMUMU_ERROR_MEMORY;
    }
    double *interpolated = direct + n_v;
    double *between_rows = interpolated + n_v;
    double *along_row = between_rows + n_v;
    int samples = 0;
    for (double ln_t = -3.0; ln_t < 3.0; ln_t += 0.3927, samples++) {
        make_row(common, nodes, table->s * exp(ln_t), 1.0, direct);
        dmumu_fast_row(table, ln_t, exp(ln_t), 1.0, interpolated);
        const double most = fabs(direct[n_v - 1]);
        for (size_t k = 0; k < n_v; k++) {
            between_rows[k] += (interpolated[k] - direct[k]) / most;
        }
        for (size_t k = 2; k + 4 < n_v; k++) {
            const double middle = (-direct[k - 2] + 4.0 * direct[k - 1] + 4.0 * direct[k + 1] - direct[k + 2]) / 6.0;
            along_row[k] += (middle - direct[k]) / (16.0 * most);
        }
    }
    double worst = 0.0;
    const size_t window = (size_t)fmin(0.5 * table->inverse_step + 1.0, (double)n_v);
    for (size_t k = 0; k + window <= n_v; k++) {
        double mean[2] = {0.0, 0.0};
        for (size_t i = k; i < k + window; i++) {
            mean[0] += between_rows[i];
            mean[1] += along_row[i];
        }
        worst = fmax(worst, (fabs(mean[0]) + fabs(mean[1])) / ((double)window * samples));
    }
    free(direct);
    table->rel_error = worst;
    return DMUMU_OK;
}

enum dmumu_status dmumu_fast_table_init(const struct dmumu_fast_common *common, const struct dmumu_state *state,
                                        double tolerance, double mu, double s2, struct dmumu_fast_table *table)
{
    *table = (struct dmumu_fast_table){.mu = mu, .s = sqrt(s2), .width = dmumu_resonance_width(state, s2)};
    if (state->kappa == 0.0) {
        return DMUMU_OK;
    }
    choose_lattice(state, tolerance, table);
    table->t_lobes = fmin(fmax(6.0 * (mu + table->width) / table->s, 0.4), 50.0);
    table->value = malloc(N_T * table->n_v * sizeof *table->value);
    struct u_nodes nodes = {0};
    enum dmumu_status status = table->value ? make_u_nodes(state, table, &nodes) : DMUMU_ERROR_MEMORY;
    for (size_t i = 0; status == DMUMU_OK && i < N_T; i++) {
        const double t = exp(ln_t_of_row((double)i, table->t_lobes));
        make_row(common, &nodes, table->s * t, 1.0 + t, table->value + i * table->n_v);
    }
    if (status == DMUMU_OK) {
        status = measure_error(common, &nodes, table);
    }
    u_nodes_free(&nodes);
    if (status != DMUMU_OK) {
        dmumu_fast_table_free(table);
    }
    return status;
}

void dmumu_fast_table_free(struct dmumu_fast_table *table)
{
    free(table->value);
    table->value = NULL;
}
