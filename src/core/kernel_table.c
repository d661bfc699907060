/*
 * Tables of the production kernel for fast modes: G and J'^2 for all time, the resonance of one (M_A, mu).
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
 * Steps of the lattice in ln X per relative width of the resonance, Delta/mu: the error function of that width is
 * interpolated to 1e-6 from eight points so far apart. A resonance too narrow for the finest class is made wider.
 */
#define STEPS_PER_WIDTH 3.0

/* Widths of a widened resonance beyond which the cascade's start is to lie: exp(-20) of it. */
#define START_WIDTHS 4.5

/* Widths beyond mu up to which waves count (damping takes those of small u), where these are all that resonate: exp(-7.5^2) = 4e-25 of the rest, where
 * transit-time damping alone may be 1e-12 of it (point 1650); DMUMU_RESONANCE_REACH, 2e-14, for tolerances above 2e-5. */
#define REACH_TIGHT 7.5

/* What is left out of the range of u, relative and per tolerance; and at most, since a few samples more make it small. */
#define TRUNCATION      2e-4
#define MOST_TRUNCATION 2e-8
/* What of that is left in sums over directions: seldom more than a thirteenth (99 % of 7,571 values of D, at 1e-2 and 1e-4). */
#define LEFT_OUT        0.25

/* What is in no measured error because it is so small. */
#define SMALL_ERRORS 1e-8

/* G over ln z: below, G = z^1/2/2 is next to nothing; above 1e3, G is constant to 1e-8. */
#define LN_Z_START (-50.0)
#define LN_Z_END   7.0

/* Lattice of J'^2, from the last row at the least sigma to the first at the largest (columns.c). */
#define LN_W_START (-39.0)
#define LN_W_END   32.0

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

/* ln t at a position among the rows, by bisection of dmumu_rows_position. */
static double ln_tangent_at(const struct dmumu_rows *rows, double position)
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
    return 0.5 * (low + high);
}

/*
 * Halfway between rows is halfway in position: in ln t, where the density of rows changes, a smooth sum over them shifts by
 * up to 3e-6.
 */
static void find_rows(struct dmumu_fast_common *common)
{
    const struct dmumu_rows *rows = &common->rows;
    for (int row = 0; row < rows->n; row++) {
        common->row_ln_tangent[row] = ln_tangent_at(rows, row);
        common->row_tangent[row] = exp(common->row_ln_tangent[row]);
        common->halfway_ln_tangent[row] = ln_tangent_at(rows, row + 0.5);
    }
}

/* J_n'^2 of one harmonic and class. */
static enum dmumu_status make_lobes(int n, double tolerance, double step, struct dmumu_lobes *lobes)
{
    const bool followed = dmumu_deposit_follows_lobes(tolerance);
    const double from = 2.0 * n + (followed ? FADE_FROM_FOLLOWED : FADE_FROM);
    const double to = 2.0 * n + (followed ? FADE_TO_FOLLOWED : FADE_TO);
    const double fine_step = step / DMUMU_LOBES_PHASES;
    lobes->first = (long)floor(-LN_W_END / fine_step);
    lobes->n = (size_t)((LN_W_END - LN_W_START) / step) + 2;
    lobes->value = malloc(DMUMU_LOBES_PHASES * lobes->n * sizeof *lobes->value);
    for (size_t i = 0; lobes->value && i < DMUMU_LOBES_PHASES * lobes->n; i++) {
        const double w = exp(-fine_step * (double)(lobes->first + (long)i));
        lobes->value[i % DMUMU_LOBES_PHASES * lobes->n + i / DMUMU_LOBES_PHASES] =
            dmumu_bessel_faded(DMUMU_BESSEL_PRIME_SQUARE, n, from, to, w);
    }
    return lobes->value ? DMUMU_OK : DMUMU_ERROR_MEMORY;
}

static struct dmumu_lobes *lobes_of(const struct dmumu_fast_common *common, int harmonic, int step_class)
{
    return &common->lobes[(harmonic - 1) * DMUMU_DEPOSIT_CLASSES + step_class];
}

/*
 * to[k] = sum_j weight[j] from[j][k], k < n: neighbours DMUMU_LOBES_PHASES apart lie next to each other, so that the
 * first ones' places say where all are.
 */
DMUMU_VECTOR static void sum_neighbours(size_t n, const double *const from[static DMUMU_LOBES_PHASES],
                                        const double weight[static DMUMU_STENCIL], double *restrict to)
{
    const double *restrict a = from[0];
    const double *restrict b = from[1];
    const double *restrict c = from[2];
    const double *restrict d = from[3];
    for (size_t k = 0; k < n; k++) {
        const double near = (weight[3] * d[k] + weight[4] * a[k + 1]) + (weight[2] * c[k] + weight[5] * b[k + 1]);
        const double far = (weight[1] * b[k] + weight[6] * c[k + 1]) + (weight[0] * a[k] + weight[7] * d[k + 1]);
        to[k] = near + far;
    }
}

struct dmumu_place dmumu_fast_lobes_place(const struct dmumu_fast_common *common, int step_class, double ln_tangent)
{
    return dmumu_place_of(-ln_tangent * DMUMU_LOBES_PHASES / common->step[step_class]);
}

void dmumu_fast_lobes(const struct dmumu_fast_common *common, int harmonic, int step_class,
                      const struct dmumu_place *place, long first, size_t n, double scale, double to[])
{
    enum { PHASES = DMUMU_LOBES_PHASES };
    const struct dmumu_lobes *lobes = lobes_of(common, harmonic, step_class);
    const size_t at = (size_t)(place->first + PHASES * first - lobes->first);
    double weight[DMUMU_STENCIL];
    const double *from[PHASES];
    for (size_t j = 0; j < PHASES; j++) {
        from[j] = lobes->value + (at + j) % PHASES * lobes->n + (at + j) / PHASES;
    }
    for (size_t j = 0; j < DMUMU_STENCIL; j++) {
        weight[j] = scale * place->weight[j];
    }
    sum_neighbours(n, from, weight, to);
}

static enum dmumu_status find_row_places(struct dmumu_fast_common *common, int step_class)
{
    struct dmumu_place *place = malloc((size_t)common->rows.n * sizeof *place);
    common->row_place[step_class] = place;
    for (int row = 0; place && row < common->rows.n; row++) {
        place[row] = dmumu_fast_lobes_place(common, step_class, common->row_ln_tangent[row]);
    }
    return place ? DMUMU_OK : DMUMU_ERROR_MEMORY;
}

enum dmumu_status dmumu_fast_common_init(struct dmumu_fast_common *common, int harmonics, double tolerance,
                                         int refinement)
{
    *common = (struct dmumu_fast_common){
        .harmonics = harmonics, .tolerance = tolerance, .refinement = refinement, .rows = dmumu_rows_of(tolerance)};
    common->transit_step = dmumu_deposit_step(tolerance, DMUMU_TRANSIT_CLASS + refinement);
    common->lobes = calloc((size_t)harmonics * DMUMU_DEPOSIT_CLASSES, sizeof *common->lobes);
    enum dmumu_status status = common->lobes ? DMUMU_OK : DMUMU_ERROR_MEMORY;
    find_rows(common);
    for (int k = dmumu_deposit_first_class(tolerance); status == DMUMU_OK && k < dmumu_deposit_classes_end(tolerance);
         k++) {
        common->step[k] = dmumu_deposit_step(tolerance, k + refinement);
        status = find_row_places(common, k);
        for (int n = 1; status == DMUMU_OK && n <= harmonics; n++) {
            status = make_lobes(n, tolerance, common->step[k], lobes_of(common, n, k));
        }
    }
    return status == DMUMU_OK ? make_g(common) : status;
}

void dmumu_fast_common_free(struct dmumu_fast_common *common)
{
    for (int i = 0; common->lobes && i < common->harmonics * DMUMU_DEPOSIT_CLASSES; i++) {
        free(common->lobes[i].value);
    }
    for (int k = 0; k < DMUMU_DEPOSIT_CLASSES; k++) {
        free(common->row_place[k]);
    }
    free(common->lobes);
    free(common->g_value);
    free(common->g_row);
    *common = (struct dmumu_fast_common){0};
}

/* ---- the resonance ------------------------------------------------------------------------------------------------ */

static double shape_value(const struct dmumu_resonance_shape *shape, double nu)
{
    return dmumu_resonance_shape_value(shape, nu) + dmumu_resonance_shape_value(shape, -nu);
}

/* The coarsest class whose lattice resolves the resonance, and the resonance widened to the finest where none does. */
static struct dmumu_resonance_shape choose_class(const struct dmumu_fast_common *common, struct dmumu_fast_table *table)
{
    const double finer = ldexp(fmin(pow(common->tolerance / 1e-4, 0.125), 1.5), -common->refinement);
    const double wanted = table->width / table->mu * finer / STEPS_PER_WIDTH; /* infinite at mu = 0 */
    int step_class = dmumu_deposit_first_class(common->tolerance);
    while (step_class < dmumu_deposit_classes_end(common->tolerance) - 1 && common->step[step_class] > wanted) {
        step_class++;
    }
    table->step_class = step_class;
    return dmumu_resonance_shape_of(table->mu, table->width, STEPS_PER_WIDTH * common->step[step_class] / finer);
}

/* d ln u u^3/2 E of all harmonics: what J'^2 < 1 lets through at most. */
static double sample_size(const struct dmumu_resonance_shape *shape, int harmonics, double step, double ln_u)
{
    const double u = exp(ln_u);
    double sum = 0.0;
    for (int n = 1; n <= harmonics; n++) {
        sum += shape_value(shape, n * u);
    }
    return step * u * sqrt(u) * fabs(sum);
}

static double truncation_of(const struct dmumu_fast_common *common)
{
    return fmin(TRUNCATION * common->tolerance, MOST_TRUNCATION);
}

/* Samples from where E becomes 0 to where, towards u = 0, no more is to come that counts. */
static void choose_range(const struct dmumu_fast_common *common, const struct dmumu_resonance_shape *shape,
                         struct dmumu_fast_table *table)
{
    const double step = common->step[table->step_class];
    const double reach = dmumu_deposit_follows_lobes(common->tolerance) ? REACH_TIGHT : DMUMU_RESONANCE_REACH;
    const long last = (long)ceil((log(shape->mu + reach * shape->width) - table->ln_s) / step);
    const double truncation = truncation_of(common);
    double most = 0.0;
    long first = last - 1;
    for (long i = last - 1;; i--) {
        const double ln_u = step * (double)i + table->ln_s;
        const double size = sample_size(shape, common->harmonics, step, ln_u);
        most = fmax(most, size);
        if (size > truncation * most) {
            first = i;
        } else if (ln_u < -20.0 || (double)(first - i) * step > 3.0) {
            break; /* the harmonics' own resonances lie less than 3 in ln u apart */
        }
    }
    table->first = first;
    table->n = (size_t)(last - first);
}

/* d ln u u^3/2 E(mu, n u) of one harmonic at the samples; ln_u: of the first. */
DMUMU_VECTOR static void make_factors(const struct dmumu_resonance_shape *shape, int harmonic, double ln_u, double step,
                                      int n, double *restrict factor)
{
    const struct dmumu_resonance_shape s = *shape;
    const double inverse_width = 1.0 / s.width;
    for (int i = 0; i < n; i++) {
        const double here = ln_u + step * i;
        const double nu = harmonic * dmumu_exp(here);
        const double minus = (s.mu - nu) * inverse_width;
        const double plus = (s.mu + nu) * inverse_width;
        const double e = dmumu_resonance_shape_factor(&s, minus * minus) * dmumu_exp(-minus * minus) +
                         dmumu_resonance_shape_factor(&s, plus * plus) * dmumu_exp(-plus * plus);
        factor[i] = step * dmumu_exp(1.5 * here) * e;
    }
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

/*
 * What one row adds up to, for waves from u down to each sample: cumulated[i] += scale times the sum of J_n'^2 times the
 * factors, of samples from i on. Returns that of all. lobe: [n] scratch
 */
static double add_row(const struct dmumu_fast_common *common, const struct dmumu_fast_table *table, double ln_tangent,
                      double scale, double lobe[], double cumulated[])
{
    double all = 0.0;
    const struct dmumu_place place = dmumu_fast_lobes_place(common, table->step_class, ln_tangent);
    for (int n = 1; n <= common->harmonics; n++) {
        const double *factor = table->factor + (size_t)(n - 1) * table->n;
        dmumu_fast_lobes(common, n, table->step_class, &place, table->first, table->n, scale, lobe);
        double sum = 0.0;
        for (size_t i = table->n; i-- > 0;) {
            sum += factor[i] * lobe[i];
            cumulated[i] += sum;
        }
        all += sum;
    }
    return all;
}

enum { BUMP = 12 }; /* rows on either side of the bump's middle */
static double bump_at(double rows)
{
    return exp(-rows * rows * (16.0 / (BUMP * BUMP)));
}

/*
 * Are the rows dense enough? Sums over directions run through t smoothly, and what is left of the rows' interpolation is
 * the error of a sum over rows in place of an integral over ln t. A smooth bump in ln t, laid where the first lobes
 * of J'^2 meet the resonance (w = 6), is summed over the rows and over points halfway between them: their difference is
 * twice that error, of which the worst over all ends of the cascade is kept.
 */
static enum dmumu_status measure_error(const struct dmumu_fast_common *common, struct dmumu_fast_table *table)
{
    double *difference = calloc(2 * table->n, sizeof *difference);
    if (!difference) {
        return DMUMU_ERROR_MEMORY;
    }
    double *scratch = difference + table->n;
    double whole = 0.0;
    const double lobes_at = log(6.0 * table->mu / table->s);
    const int middle = (int)dmumu_rows_position(&common->rows, fmin(fmax(lobes_at, -1.0), 5.0));
    for (int i = -BUMP; i <= BUMP; i++) {
        const double row = common->row_ln_tangent[middle + i];
        const double between = common->halfway_ln_tangent[middle + i];
        add_row(common, table, row, bump_at(i) * (1.0 + exp(row)), scratch, difference);
        whole -= add_row(common, table, between, -bump_at(i + 0.5) * (1.0 + exp(between)), scratch, difference);
    }
    double worst = 0.0;
    for (size_t k = 0; k < table->n; k++) {
        worst = fmax(worst, fabs(difference[k]));
    }
    table->rel_error = whole > 0.0 ? 0.5 * worst / whole : 0.0;
    free(difference);
    return DMUMU_OK;
}

enum dmumu_status dmumu_fast_table_init(const struct dmumu_fast_common *common, const struct dmumu_state *state,
                                        double mu, double s2, struct dmumu_fast_table *table)
{
    *table = (struct dmumu_fast_table){
        .mu = mu, .s = sqrt(s2), .ln_s = 0.5 * log(s2), .width = dmumu_resonance_width(state, s2)};
    if (state->kappa == 0.0) {
        return DMUMU_OK;
    }
    const struct dmumu_resonance_shape shape = choose_class(common, table);
    choose_range(common, &shape, table);
    const double step = common->step[table->step_class];
    table->factor = malloc((size_t)common->harmonics * table->n * sizeof *table->factor);
    enum dmumu_status status = table->factor ? DMUMU_OK : DMUMU_ERROR_MEMORY;
    for (int n = 1; status == DMUMU_OK && n <= common->harmonics; n++) {
        make_factors(&shape, n, table->ln_s + step * (double)table->first, step, (int)table->n,
                     table->factor + (size_t)(n - 1) * table->n);
    }
    if (status == DMUMU_OK) {
        status = measure_error(common, table);
    }
    if (status == DMUMU_OK) {
        status = dmumu_missed_lobes_init(common, &shape, FADE_FROM_FOLLOWED, FADE_TO_FOLLOWED, table);
    }
    table->rel_error += LEFT_OUT * truncation_of(common) + SMALL_ERRORS;
    table->widened = 1.0 - shape.ratio * shape.ratio;
    table->reach = shape.mu + START_WIDTHS * shape.width;
    table->stride = lround(shape.width / (fmax(mu, 1e-3) * common->step[table->step_class]));
    if (status != DMUMU_OK) {
        dmumu_fast_table_free(table);
    }
    return status;
}

void dmumu_fast_table_free(struct dmumu_fast_table *table)
{
    free(table->factor);
    table->factor = NULL;
    dmumu_missed_lobes_free(table);
}
