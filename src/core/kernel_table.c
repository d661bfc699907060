/*
 * Tables of the production kernel for fast modes: G for all time, K for one (M_A, mu).
 * See kernel.h for the formulas and docs/kernel.md for why they suffice.
 */
#include "core/bessel.h"
#include "core/exponential.h"
#include "core/kernel.h"
#include "core/kernel_lobes.h"
#include "core/resonance.h"
#include "core/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Beyond the first lobes, w - 2n from 8 to 28, oscillations of J_n'^2 are faded out: sums over directions average over
 * them. Not where waves begin sharply at some angle: there a resonance of relative width D leaves exp(-w^2 D^2) of them,
 * and D is 0.1 where most of D_F is: 3e-3 at w = 24. */
#define FADE_FROM          8.0
#define FADE_TO            28.0
#define FADE_FROM_FOLLOWED 24.0
#define FADE_TO_FOLLOWED   54.0

/*
 * Steps of the lattice in ln V per relative width of the resonance, Delta/mu: the error function of that width is
 * interpolated to 1e-6 from eight points so far apart. A resonance too narrow for the finest class is made wider.
 */
#define STEPS_PER_WIDTH 3.0

/* Widths of a widened resonance beyond which the cascade's start is to lie: exp(-20) of it. */
#define START_WIDTHS 4.5

/* What rows of K leave out at their ends, in the range of u and in the entries kept, relative and per tolerance. */
#define TRUNCATION 2e-4
/* What of that is left in sums over directions: seldom more than a thirteenth (99 % of 7,571 values of D, at 1e-2 and 1e-4). */
#define LEFT_OUT   0.25

/* G over ln z: below, G = z^1/2/2 is next to nothing; above 1e3, G is constant to 1e-8. */
#define LN_Z_START (-50.0)
#define LN_Z_END   7.0

/* Lattice of J'^2: w = s t/u from where the square is constant for every row that begins there, to the end of the last
 * row: t = 900 at s = 1 over u = 3e-9, for the tightest tolerance and the least M_A. */
#define LN_W_START (-24.0)
#define LN_W_END   26.5

/* Three-point Gauss on each cell of a cumulative table. */
static const double cell_node[3] = {-0.77459666924148337704, 0.0, 0.77459666924148337704};
static const double cell_weight[3] = {5.0 / 9.0, 8.0 / 9.0, 5.0 / 9.0};

DMUMU_VECTOR static void single_precision(size_t n, const double *restrict value, float *restrict to)
{
    for (size_t i = 0; i < n; i++) {
        to[i] = (float)value[i];
    }
}

/* ---- G ---------------------------------------------------------------------------------------------------------- */

static enum dmumu_status make_g(struct dmumu_fast_common *common)
{
    const double step = common->transit_step;
    const long first = (long)floor(LN_Z_START / step);
    const size_t n = (size_t)((LN_Z_END - LN_Z_START) / step) + 2;
    common->g_value = malloc(n * sizeof *common->g_value);
    common->g_row = malloc(n * sizeof *common->g_row);
    if (!common->g_value || !common->g_row) {
        return DMUMU_ERROR_MEMORY;
    }
    double *g = common->g_value;
    common->g = (struct dmumu_row){.first = first, .n = n, .value = common->g_row};
    g[0] = 0.5 * exp(0.5 * step * (double)first); /* t^-5/2 J_1^2 -> t^-1/2/4 */
    for (size_t i = 1; i < n; i++) {
        /* d ln z cells, each cut so that no part turns J_1^2 by more than a third of a period */
        const double low = step * (double)(first + (long)i - 1);
        const int parts = 4 + (int)(2.0 * exp(low + step));
        const double part = step / parts;
        double sum = 0.0;
        for (int k = 0; k < parts; k++) {
            for (int j = 0; j < 3; j++) {
                const double z = exp(low + (k + 0.5 + 0.5 * cell_node[j]) * part);
                sum += 0.5 * part * cell_weight[j] *
                       dmumu_bessel_faded(DMUMU_BESSEL_PRIME_SQUARE, 0, 900.0, 1000.0, z) / (z * sqrt(z));
            }
        }
        g[i] = g[i - 1] + sum;
    }
    single_precision(n, g, common->g_row);
    common->g.last = common->g_row[n - 1];
    return DMUMU_OK;
}

double dmumu_fast_g(const struct dmumu_fast_common *common, double ln_z)
{
    const double step = common->transit_step;
    const double position = fmin(ln_z / step, (double)(common->g.first + (long)common->g.n)) - (double)common->g.first;
    const struct dmumu_place place = dmumu_place_of(fmax(position, (double)DMUMU_STENCIL_LEFT));
    const long last = (long)common->g.n - 1;
    double sum = 0.0;
    for (long k = 0; k < DMUMU_STENCIL; k++) {
        sum += place.weight[k] * common->g_value[place.first + k < last ? place.first + k : last];
    }
    return sum;
}

/* ---- what all tables share --------------------------------------------------------------------------------------- */

/* t at a position among the rows, by bisection of dmumu_rows_position. */
static double tangent_at(const struct dmumu_rows *rows, double position)
{
    double low = -20.0;
    double high = 20.0;
    for (int i = 0; i < 60; i++) {
        const double middle = 0.5 * (low + high);
        if (dmumu_rows_position(rows, middle) < position) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return exp(0.5 * (low + high));
}

/*
 * Halfway between rows is halfway in position: in ln t, where the density of rows changes, a smooth sum over them shifts by
 * up to 3e-6. At loose tolerances that shift stays in the estimate: it stands for what no other part of it sees (2.5e-6 of D
 * at point 306).
 */
static void find_rows(struct dmumu_fast_common *common)
{
    const struct dmumu_rows *rows = &common->rows;
    const bool by_position = dmumu_deposit_follows_lobes(common->tolerance);
    for (int row = 0; row < rows->n; row++) {
        common->row_tangent[row] = tangent_at(rows, row);
        common->halfway_tangent[row] =
            by_position ? tangent_at(rows, row + 0.5) : sqrt(common->row_tangent[row] * tangent_at(rows, row + 1));
    }
}

/* J_n'^2 of one harmonic and class; LN_W_START: J_1'^2 is 1/4 to 1e-13 there, the others' 0. */
static enum dmumu_status make_lobes(int n, double tolerance, double step, struct dmumu_lobes *lobes)
{
    const bool followed = dmumu_deposit_follows_lobes(tolerance);
    const double from = 2.0 * n + (followed ? FADE_FROM_FOLLOWED : FADE_FROM);
    const double to = 2.0 * n + (followed ? FADE_TO_FOLLOWED : FADE_TO);
    const double fine_step = step / DMUMU_LOBES_PHASES;
    lobes->first = (long)floor(LN_W_START / fine_step);
    lobes->n = (size_t)((LN_W_END - LN_W_START) / step) + 2;
    lobes->value = malloc(DMUMU_LOBES_PHASES * lobes->n * sizeof *lobes->value);
    for (size_t i = 0; lobes->value && i < DMUMU_LOBES_PHASES * lobes->n; i++) {
        const double w = exp(fine_step * (double)(lobes->first + (long)i));
        lobes->value[i % DMUMU_LOBES_PHASES * lobes->n + i / DMUMU_LOBES_PHASES] =
            dmumu_bessel_faded(DMUMU_BESSEL_PRIME_SQUARE, n, from, to, w);
    }
    return lobes->value ? DMUMU_OK : DMUMU_ERROR_MEMORY;
}

static struct dmumu_lobes *lobes_of(const struct dmumu_fast_common *common, int harmonic, int step_class)
{
    return &common->lobes[(harmonic - 1) * DMUMU_DEPOSIT_CLASSES + step_class];
}

enum dmumu_status dmumu_fast_common_init(struct dmumu_fast_common *common, int harmonics, double tolerance,
                                         int refinement)
{
    *common = (struct dmumu_fast_common){
        .harmonics = harmonics, .tolerance = tolerance, .refinement = refinement, .rows = dmumu_rows_of(tolerance)};
    common->transit_step = dmumu_deposit_step(tolerance, DMUMU_TRANSIT_CLASS + refinement);
    common->lobes = calloc((size_t)harmonics * DMUMU_DEPOSIT_CLASSES, sizeof *common->lobes);
    enum dmumu_status status = common->lobes ? DMUMU_OK : DMUMU_ERROR_MEMORY;
    for (int k = 0; k < dmumu_deposit_classes(tolerance); k++) {
        common->step[k] = dmumu_deposit_step(tolerance, k + refinement);
        for (int n = 1; status == DMUMU_OK && n <= harmonics; n++) {
            status = make_lobes(n, tolerance, common->step[k], lobes_of(common, n, k));
        }
    }
    find_rows(common);
    return status == DMUMU_OK ? make_g(common) : status;
}

void dmumu_fast_common_free(struct dmumu_fast_common *common)
{
    for (int i = 0; common->lobes && i < common->harmonics * DMUMU_DEPOSIT_CLASSES; i++) {
        free(common->lobes[i].value);
    }
    free(common->lobes);
    free(common->g_value);
    free(common->g_row);
    *common = (struct dmumu_fast_common){0};
}

/* ---- K ---------------------------------------------------------------------------------------------------------- */

static double shape_value(const struct dmumu_resonance_shape *shape, double nu)
{
    return dmumu_resonance_shape_value(shape, nu) + dmumu_resonance_shape_value(shape, -nu);
}

/* The coarsest class whose lattice resolves the resonance, and the resonance widened to the finest where none does. */
static struct dmumu_resonance_shape choose_class(const struct dmumu_fast_common *common, struct dmumu_fast_table *table)
{
    const double finer = ldexp(fmin(pow(common->tolerance / 1e-4, 0.125), 1.5), -common->refinement);
    const double wanted = table->width / table->mu * finer / STEPS_PER_WIDTH; /* infinite at mu = 0 */
    int step_class = 0;
    while (step_class < dmumu_deposit_classes(common->tolerance) - 1 && common->step[step_class] > wanted) {
        step_class++;
    }
    table->step_class = step_class;
    return dmumu_resonance_shape_of(table->mu, table->width, STEPS_PER_WIDTH * common->step[step_class] / finer);
}

/*
 * Samples in u of one table: DMUMU_LOBES_PHASES to a cell of the lattice in ln V = -ln u, those of one phase together,
 * and one more of phase 0 at the end; shared by all rows.
 */
struct u_samples {
    size_t n_cells;
    double *coefficient; /* [harmonics][phases][n_cells + 1]: u^3/2 E(mu, n u), times Boole's weight of the phase */
    double *at_ends;     /* [n_cells + 1] scratch: their sum at the cells' ends */
    double *within;      /* [n_cells + 1] scratch: within cells */
};

static void u_samples_free(struct u_samples *samples)
{
    free(samples->coefficient);
    free(samples->at_ends);
}

/* int du u^1/2 E over one cell, all harmonics: what J'^2 < 1 lets through at most. */
static double cell_size(const struct dmumu_resonance_shape *shape, int harmonics, double step, double ln_u)
{
    const double u = exp(ln_u);
    double sum = 0.0;
    for (int n = 1; n <= harmonics; n++) {
        sum += shape_value(shape, n * u);
    }
    return step * u * sqrt(u) * fabs(sum);
}

/* Cells from where E becomes 0 to where, towards u = 0, no more is to come that counts. */
static void choose_range(const struct dmumu_fast_common *common, const struct dmumu_resonance_shape *shape,
                         struct dmumu_fast_table *table)
{
    const double step = common->step[table->step_class];
    table->first = (long)floor(-log(shape->mu + DMUMU_RESONANCE_REACH * shape->width) / step);
    double most = 0.0;
    long last = table->first + 1;
    for (long i = last;; i++) {
        const double size = cell_size(shape, common->harmonics, step, -step * ((double)i - 0.5));
        most = fmax(most, size);
        if (size > TRUNCATION * common->tolerance * most) {
            last = i;
        } else if ((double)i * step > 20.0 || (double)(i - last) * step > 3.0) {
            break; /* the harmonics' own resonances lie less than 3 in ln u apart */
        }
    }
    table->n_v = (size_t)(last - table->first + 1);
}

/*
 * Of one phase and harmonic: what is in front of J'^2 at V = exp(step (first + i)), u^3/2 E(mu, n u), times Boole's weight;
 * ln_u: at the first.
 */
DMUMU_VECTOR static void make_coefficients(const struct dmumu_resonance_shape *shape, int harmonic, double ln_u,
                                           double step, double weight, int n, double *restrict coefficient)
{
    const struct dmumu_resonance_shape s = *shape;
    const double inverse_width = 1.0 / s.width;
    for (int i = 0; i < n; i++) {
        const double here = ln_u - step * i;
        const double nu = harmonic * dmumu_exp(here);
        const double minus = (s.mu - nu) * inverse_width;
        const double plus = (s.mu + nu) * inverse_width;
        const double e = dmumu_resonance_shape_factor(&s, minus * minus) * dmumu_exp(-minus * minus) +
                         dmumu_resonance_shape_factor(&s, plus * plus) * dmumu_exp(-plus * plus);
        coefficient[i] = weight * dmumu_exp(1.5 * here) * e;
    }
}

static enum dmumu_status make_u_samples(const struct dmumu_resonance_shape *shape, int harmonics, double step,
                                        const struct dmumu_fast_table *table, struct u_samples *samples)
{
    enum { PHASES = DMUMU_LOBES_PHASES };
    static const double boole[PHASES] = {7.0 / 90.0, 32.0 / 90.0, 12.0 / 90.0, 32.0 / 90.0};
    const size_t n = table->n_v; /* cells and one */
    samples->n_cells = n - 1;
    samples->coefficient = malloc((size_t)harmonics * PHASES * n * sizeof *samples->coefficient);
    samples->at_ends = calloc(2 * n, sizeof *samples->at_ends);
    if (!samples->coefficient || !samples->at_ends) {
        return DMUMU_ERROR_MEMORY;
    }
    samples->within = samples->at_ends + n;
    for (int h = 0; h < harmonics; h++) {
        for (int phase = 0; phase < PHASES; phase++) {
            const double ln_u = -step * ((double)table->first + (double)phase / PHASES);
            make_coefficients(shape, h + 1, ln_u, step, boole[phase], (int)n,
                              samples->coefficient + (size_t)(h * PHASES + phase) * n);
        }
    }
    return DMUMU_OK;
}

/* Lobes that the samples of a cell are interpolated from, each in an array of its own. */
enum { NEIGHBOURS = DMUMU_STENCIL + DMUMU_LOBES_PHASES - 1 };

/* J'^2 from eight neighbours in ln w: the samples of a row lie at the lattice's own distance, so their weights are the same. */
static inline double lobe_of(const double weight[static DMUMU_STENCIL], double a, double b, double c, double d,
                             double e, double f, double g, double h)
{
    const double near = (weight[3] * d + weight[4] * e) + (weight[2] * c + weight[5] * f);
    const double far = (weight[1] * b + weight[6] * g) + (weight[0] * a + weight[7] * h);
    return near + far;
}

/* Of n cells, the four samples each, at their ends and within; `more`: added to those of other harmonics. */
static inline void sample_lobes(size_t n, const double *const lobes[static NEIGHBOURS],
                                const double weight[static DMUMU_STENCIL], const double *restrict coefficient,
                                bool more, double *restrict at_ends, double *restrict within)
{
    const double *restrict a = lobes[0];
    const double *restrict b = lobes[1];
    const double *restrict c = lobes[2];
    const double *restrict d = lobes[3];
    const double *restrict e = lobes[4];
    const double *restrict f = lobes[5];
    const double *restrict g = lobes[6];
    const double *restrict h = lobes[7];
    const double *restrict i = lobes[8];
    const double *restrict j = lobes[9];
    const double *restrict k = lobes[10];
    for (size_t m = 0; m < n; m++) {
        const double end = coefficient[m] * lobe_of(weight, a[m], b[m], c[m], d[m], e[m], f[m], g[m], h[m]);
        const double second = coefficient[n + m] * lobe_of(weight, b[m], c[m], d[m], e[m], f[m], g[m], h[m], i[m]);
        const double third = coefficient[2 * n + m] * lobe_of(weight, c[m], d[m], e[m], f[m], g[m], h[m], i[m], j[m]);
        const double fourth = coefficient[3 * n + m] * lobe_of(weight, d[m], e[m], f[m], g[m], h[m], i[m], j[m], k[m]);
        at_ends[m] = more ? at_ends[m] + end : end;
        within[m] = more ? within[m] + (third + (second + fourth)) : third + (second + fourth);
    }
}

DMUMU_VECTOR static void add_lobes(size_t n, const double *const lobes[static NEIGHBOURS],
                                   const double weight[static DMUMU_STENCIL], const double *restrict coefficient,
                                   bool more, double *restrict at_ends, double *restrict within)
{
    if (more) {
        sample_lobes(n, lobes, weight, coefficient, true, at_ends, within);
    } else {
        sample_lobes(n, lobes, weight, coefficient, false, at_ends, within);
    }
}

/* All samples of one harmonic; ln_w: of the first of them, at V's lattice point table->first. */
static void add_harmonic(const struct dmumu_lobes *lobes, double step, double ln_w, int harmonic,
                         const struct u_samples *samples)
{
    enum { PHASES = DMUMU_LOBES_PHASES };
    const size_t n = samples->n_cells + 1;
    const double position = ln_w * PHASES / step - (double)lobes->first;
    const double least = DMUMU_STENCIL_LEFT; /* before, the square is constant, and after the last nothing counts */
    const double most = (double)PHASES * ((double)lobes->n - (double)n - 1.0) - DMUMU_STENCIL;
    const struct dmumu_place place = dmumu_place_of(fmin(fmax(position, least), most));
    const double *from[NEIGHBOURS];
    for (size_t j = 0; j < NEIGHBOURS; j++) {
        const size_t at = (size_t)place.first + j;
        from[j] = lobes->value + at % PHASES * lobes->n + at / PHASES;
    }
    add_lobes(n, from, place.weight, samples->coefficient + (size_t)(harmonic - 1) * PHASES * n, harmonic > 1,
              samples->at_ends, samples->within);
}

/* cell[i] = scale x Boole's rule on the samples of cell i. */
DMUMU_VECTOR static void boole_rule(size_t n_cells, const double *restrict at_ends, const double *restrict within,
                                    double scale, double *restrict cell)
{
    for (size_t i = 0; i < n_cells; i++) {
        cell[i] = scale * ((at_ends[i] + at_ends[i + 1]) + within[i]);
    }
}

/* Each the sum of all up to it: four at a time, of which only the last waits for those before. */
static void cumulate(size_t n, double *value)
{
    double sum = 0.0;
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const double two = value[i] + value[i + 1];
        const double three = two + value[i + 2];
        const double four = two + (value[i + 2] + value[i + 3]);
        value[i] = sum + value[i];
        value[i + 1] = sum + two;
        value[i + 2] = sum + three;
        sum = sum + four;
        value[i + 3] = sum;
    }
    for (; i < n; i++) {
        sum += value[i];
        value[i] = sum;
    }
}

/* One row: K cumulated over the cells, times `scale`. */
static void make_row(const struct dmumu_fast_common *common, const struct u_samples *samples,
                     const struct dmumu_fast_table *table, double t, double scale, double row[])
{
    const double step = common->step[table->step_class];
    const double ln_w = log(table->s * t) + step * (double)table->first;
    for (int h = 1; h <= common->harmonics; h++) {
        add_harmonic(lobes_of(common, h, table->step_class), step, ln_w, h, samples);
    }
    row[0] = 0.0;
    boole_rule(samples->n_cells, samples->at_ends, samples->within, scale * step, row + 1);
    cumulate(samples->n_cells, row + 1);
}

/*
 * All rows, one behind the other, each until it is within TRUNCATION of its end: waves across B carry nothing far below
 * the resonance. row: [n_v] scratch.
 */
static void make_rows(const struct dmumu_fast_common *common, const struct u_samples *samples, double row[],
                      struct dmumu_fast_table *table)
{
    const size_t n = table->n_v;
    size_t start = 0;
    for (size_t i = 0; i < (size_t)common->rows.n; i++) {
        const double t = common->row_tangent[i];
        make_row(common, samples, table, t, 1.0 + t, row);
        const double last = row[n - 1];
        const double nothing = TRUNCATION * common->tolerance * fabs(last);
        size_t end = n;
        while (end > 2 && fabs(row[end - 2] - last) < nothing) {
            end--;
        }
        row[end - 1] = last;
        single_precision(end, row, table->value + start);
        table->row_start[i] = (uint32_t)start;
        table->row_end[i] = (uint32_t)end;
        table->row_last[i] = (float)last;
        start += end;
    }
    float *fitted = start > 0 ? realloc(table->value, start * sizeof *fitted) : NULL;
    table->value = fitted ? fitted : table->value;
}

/* difference += bump[0] of_row - bump[1] row, where of_row is constant from its `last` entry on. */
DMUMU_VECTOR static void add_difference(size_t n, size_t last, const double bump[static 2],
                                        const float *restrict of_row, const double *restrict row,
                                        double *restrict difference)
{
    const double end = bump[0] * (double)of_row[last];
    for (size_t k = 0; k < last; k++) {
        difference[k] += bump[0] * (double)of_row[k] - bump[1] * row[k];
    }
    for (size_t k = last; k < n; k++) {
        difference[k] += end - bump[1] * row[k];
    }
}

/*
 * Are the rows dense enough? Sums over directions run through t smoothly, and what is left of the rows' interpolation is
 * the error of a sum over rows in place of an integral over ln t. A smooth bump in ln t, laid where the first lobes
 * of J'^2 meet the resonance (w = 6), is summed over the rows and over points halfway between them: their difference is
 * twice that error, of which the worst over V is kept.
 */
static enum dmumu_status measure_error(const struct dmumu_fast_common *common, const struct u_samples *samples,
                                       struct dmumu_fast_table *table)
{
    enum { REACH = 12 }; /* rows on either side of the bump's middle */
    const size_t n_v = table->n_v;
    double *row = calloc(2 * n_v, sizeof *row);
    if (!row) {
        return DMUMU_ERROR_MEMORY;
    }
    double *difference = row + n_v;
    const double lobes_at = log(6.0 * table->mu / table->s);
    const int middle = (int)dmumu_rows_position(&common->rows, fmin(fmax(lobes_at, -1.0), 5.0));
    double most = 0.0;
    for (int i = -REACH; i <= REACH; i++) {
        const double at[2] = {i, i + 0.5};
        const double t = common->halfway_tangent[middle + i];
        const float *of_row = table->value + table->row_start[middle + i];
        const size_t last = table->row_end[middle + i] - 1;
        double bump[2];
        for (int k = 0; k < 2; k++) {
            bump[k] = exp(-at[k] * at[k] * (16.0 / (REACH * REACH)));
        }
        make_row(common, samples, table, t, 1.0 + t, row);
        add_difference(n_v, last, bump, of_row, row, difference);
        most += bump[1] * fabs(row[n_v - 1]);
    }
    double worst = 0.0;
    for (size_t k = 0; k < n_v; k++) {
        worst = fmax(worst, fabs(difference[k]));
    }
    free(row);
    table->rel_error = most > 0.0 ? 0.5 * worst / most : 0.0;
    return DMUMU_OK;
}

enum dmumu_status dmumu_fast_table_init(const struct dmumu_fast_common *common, const struct dmumu_state *state,
                                        double mu, double s2, struct dmumu_fast_table *table)
{
    const double tolerance = common->tolerance;
    *table = (struct dmumu_fast_table){.mu = mu, .s = sqrt(s2), .width = dmumu_resonance_width(state, s2)};
    if (state->kappa == 0.0) {
        return DMUMU_OK;
    }
    const struct dmumu_resonance_shape shape = choose_class(common, table);
    choose_range(common, &shape, table);
    const double step = common->step[table->step_class];
    struct u_samples samples = {0};
    double *row = malloc(table->n_v * sizeof *row);
    table->value = malloc((size_t)common->rows.n * table->n_v * sizeof *table->value);
    enum dmumu_status status = DMUMU_ERROR_MEMORY;
    if (table->value && row) {
        status = make_u_samples(&shape, state->harmonics, step, table, &samples);
    }
    if (status == DMUMU_OK) {
        make_rows(common, &samples, row, table);
        status = measure_error(common, &samples, table);
    }
    if (status == DMUMU_OK) {
        status = dmumu_missed_lobes_init(common, &shape, FADE_FROM_FOLLOWED, FADE_TO_FOLLOWED, table);
    }
    free(row);
    table->rel_error += LEFT_OUT * TRUNCATION * tolerance + dmumu_deposit_least_error(tolerance);
    table->widened = 1.0 - shape.ratio * shape.ratio;
    table->reach = shape.mu + START_WIDTHS * shape.width;
    table->stride = lround(shape.width / (fmax(mu, 1e-3) * step));
    u_samples_free(&samples);
    if (status != DMUMU_OK) {
        dmumu_fast_table_free(table);
    }
    return status;
}

bool dmumu_fast_table_holds(const struct dmumu_fast_table *table, double larmor_ratio)
{
    return table->widened == 0.0 || larmor_ratio * table->reach < 1.0;
}

void dmumu_fast_table_free(struct dmumu_fast_table *table)
{
    free(table->value);
    table->value = NULL;
    dmumu_missed_lobes_free(table);
}
