/* Deposit: see deposit.h. */
#include "core/deposit.h"

#include "core/constants.h"
#include "core/exponential.h"
#include "core/resonance.h"
#include "core/vector.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Rows: t = tan(theta) from 1e-4, below which J'^2 no longer depends on it, to 665, above which its mean ~ 1/t. They lie
 * much denser from t ~ 0.1 on, where the lobes of J'^2 pass the resonance as t changes, with a period of pi/w in ln t:
 * at w = 10, where they begin to be faded out, 24 rows per unit are 7.5 to a period, 40 are 12. Where lobes are followed to
 * w = 24, 40 leave errors of 1e-7, 24 of 3e-6 (M_A = 0.05, mu = 0.98).
 */
#define LN_T_START    (-9.0)
#define LN_T_DENSE    (-2.5)
#define LN_T_END      6.5
#define ROWS_OUTSIDE  8.0
#define DENSITY       16.0
#define DENSITY_TIGHT 24.0 /* for tolerances below this: */
#define TIGHT         3e-5
#define DENSITY_LOBES 40.0 /* and, where lobes are followed, below this, which closer looks at 1e-4 do not reach: */
#define FOLLOWED      2e-5
#define RAMP          2.0 /* the change between the two takes 1/RAMP in ln t */
#define FIRST         ((double)DMUMU_STENCIL_LEFT)

/* Directions closer to 90 degrees than this carry no gyro-resonance: it falls like xi^9/2. */
#define LEAST_GYRO_COSINE  1e-3
/* Directions closer to B than this carry no transit-time damping: it falls like tan^7/2. */
#define LEAST_TRANSIT_SINE 3e-4

/* What widening a resonance to DMUMU_TRANSIT_LEAST_WIDTH errs by: measured 1e-7 at most (M_A = 0.05, mu = 0.999). */
#define WIDENED_ERROR 2e-7

/* No resonance reaches down to V = R x_par of exp(-3.5), u = 33; beyond exp(47), and exp(60) for G, all rows are
 * constant at any R and s. */
#define LEAST_LN_X        (-3.5)
#define MOST_LN_X         47.0
#define MOST_TRANSIT_LN_X 60.0

double dmumu_deposit_step(double tolerance, int step_class)
{
    const double finer = pow(tolerance / 1e-4, 0.125); /* the error of eight-point interpolation goes like step^8 */
    return 0.13 * fmin(fmax(finer, 0.5), 1.0) * ldexp(1.0, -step_class);
}

bool dmumu_deposit_follows_lobes(double tolerance)
{
    return tolerance < FOLLOWED;
}

int dmumu_deposit_classes(double tolerance)
{
    return dmumu_deposit_follows_lobes(tolerance) ? DMUMU_DEPOSIT_CLASSES : DMUMU_DEPOSIT_CLASSES - 1;
}

double dmumu_deposit_least_error(double tolerance)
{
    return 1e-8 + fmin(3e-4 * tolerance, 3e-8);
}

double dmumu_rows_position(const struct dmumu_rows *rows, double ln_tangent)
{
    const double ramp = log1p(exp(RAMP * (ln_tangent - LN_T_DENSE))) / RAMP;
    return ROWS_OUTSIDE * (ln_tangent - LN_T_START) + (rows->density - ROWS_OUTSIDE) * ramp;
}

struct dmumu_rows dmumu_rows_of(double tolerance)
{
    struct dmumu_rows rows = {.density = tolerance < TIGHT ? DENSITY_TIGHT : DENSITY};
    rows.density = dmumu_deposit_follows_lobes(tolerance) ? DENSITY_LOBES : rows.density;
    rows.n = (int)dmumu_rows_position(&rows, LN_T_END) + DMUMU_STENCIL;
    return rows;
}

static bool carries_gyro(const struct dmumu_angles *angles, size_t p)
{
    return angles->ln_x_par_max[p] > LEAST_LN_X && angles->cosine[p] >= LEAST_GYRO_COSINE;
}

/* ---- gyro-resonance ---------------------------------------------------------------------------------------------- */

/* Widen a list of taps to reach from `first` to before `end`. */
static void widen(struct dmumu_taps *taps, long first, long end)
{
    const long old_end = taps->first + (long)taps->n;
    const long new_first = taps->n > 0 && taps->first < first ? taps->first : first;
    const long new_end = taps->n > 0 && old_end > end ? old_end : end;
    taps->first = new_first;
    taps->n = (size_t)(new_end - new_first);
}

/* Memory of a list of n taps. */
static size_t taps_size(size_t n)
{
    return 4 * n + 2;
}

static double *taps_place(struct dmumu_taps *taps, double *memory)
{
    taps->fine = memory;
    taps->coarse = taps->fine + taps->n;
    taps->fine_beyond = taps->coarse + taps->n;
    taps->coarse_beyond = taps->fine_beyond + taps->n + 1;
    return memory + taps_size(taps->n);
}

static void taps_clear(struct dmumu_taps *taps)
{
    memset(taps->fine, 0, taps->n * sizeof *taps->fine);
    memset(taps->coarse, 0, taps->n * sizeof *taps->coarse);
}

static enum dmumu_status reserve(double **memory, size_t *capacity, size_t n)
{
    if (*capacity < n) {
        double *grown = realloc(*memory, n * sizeof *grown);
        if (!grown) {
            return DMUMU_ERROR_MEMORY;
        }
        *memory = grown;
        *capacity = n;
    }
    return DMUMU_OK;
}

/* Half of a stencil: one register of AVX2. */
typedef double lanes __attribute__((vector_size(32), aligned(8), may_alias));

static inline void add_scaled(double factor, lanes low, lanes high, double *to)
{
    lanes *at = (lanes *)to;
    at[0] += factor * low;
    at[1] += factor * high;
}

static inline void add_weights(struct dmumu_taps *taps, const struct dmumu_place *place, double fine, double coarse)
{
    const lanes low = *(const lanes *)place->weight;
    const lanes high = *(const lanes *)(place->weight + DMUMU_STENCIL / 2);
    add_scaled(fine, low, high, taps->fine + (place->first - taps->first));
    if (coarse != 0.0) { /* on every other point of a panel */
        add_scaled(coarse, low, high, taps->coarse + (place->first - taps->first));
    }
}

/* Where a direction lies among the rows and, for both limits of its integral over x, along them. */
struct landing {
    double row;
    double ln_x[2]; /* x_max, x = 1 */
    int n_limits;   /* 1 where nothing resonates at x = 1 */
    size_t p;
};

static struct landing landing_of(const struct dmumu_angles *angles, size_t p, const struct dmumu_rows *rows)
{
    const double last = rows->n - DMUMU_STENCIL + DMUMU_STENCIL_LEFT;
    struct landing landing = {
        .row = fmin(fmax(dmumu_rows_position(rows, angles->ln_tangent[p]), FIRST), last),
        .ln_x = {fmin(angles->ln_x_par_max[p], MOST_LN_X), log(angles->cosine[p])},
        .p = p,
    };
    landing.n_limits = landing.ln_x[1] > LEAST_LN_X ? 2 : 1;
    return landing;
}

/* The directions that carry any gyro-resonance; returns how many. landing: [angles->n] */
static size_t find_landings(const struct dmumu_angles *angles, const struct dmumu_rows *rows, struct landing landing[])
{
    size_t n = 0;
    for (size_t p = 0; p < angles->n; p++) {
        if (carries_gyro(angles, p)) {
            landing[n++] = landing_of(angles, p, rows);
        }
    }
    return n;
}

/* First columns, from least to most, of what lands with a given first row, for both limits. */
struct columns {
    long least[2][DMUMU_MAX_ROWS], most[2][DMUMU_MAX_ROWS];
};

static void find_columns(const struct landing landing[], size_t n, double step, struct columns *columns)
{
    for (int l = 0; l < 2; l++) {
        for (int row = 0; row < DMUMU_MAX_ROWS; row++) {
            columns->least[l][row] = LONG_MAX;
            columns->most[l][row] = LONG_MIN;
        }
    }
    for (size_t i = 0; i < n; i++) {
        const long row = (long)floor(landing[i].row) - DMUMU_STENCIL_LEFT;
        for (int l = 0; l < landing[i].n_limits; l++) {
            const long column = (long)floor(landing[i].ln_x[l] / step) - DMUMU_STENCIL_LEFT;
            columns->least[l][row] = column < columns->least[l][row] ? column : columns->least[l][row];
            columns->most[l][row] = column > columns->most[l][row] ? column : columns->most[l][row];
        }
    }
}

/* How long the taps of each row are. */
static void measure(const struct landing landing[], size_t n, struct dmumu_deposit *deposit)
{
    struct dmumu_taps *const list[2] = {deposit->end, deposit->start};
    struct columns columns;
    find_columns(landing, n, deposit->step, &columns);
    for (int l = 0; l < 2; l++) {
        for (int row = 0; row + DMUMU_STENCIL <= deposit->rows.n; row++) {
            for (int j = 0; j < DMUMU_STENCIL && columns.least[l][row] <= columns.most[l][row]; j++) {
                widen(&list[l][row + j], columns.least[l][row], columns.most[l][row] + DMUMU_STENCIL);
            }
        }
    }
}

/* One direction and limit onto its rows, with the weights of both rules. */
DMUMU_VECTOR static void lay(const struct dmumu_place *row, const struct dmumu_place *column, double weight,
                             double weight_coarse, struct dmumu_taps taps[])
{
    for (int j = 0; j < DMUMU_STENCIL; j++) {
        add_weights(&taps[row->first + j], column, row->weight[j] * weight, row->weight[j] * weight_coarse);
    }
}

static void lay_direction(const struct dmumu_angles *angles, const struct landing *landing,
                          struct dmumu_deposit *deposit)
{
    struct dmumu_taps *const list[2] = {deposit->end, deposit->start};
    const size_t p = landing->p;
    const double xi = angles->cosine[p];
    /* rows hold (1 + t) times a function, and the function as it is below the first */
    const double t = fmax(angles->sine[p] / xi, exp(LN_T_START + FIRST / ROWS_OUTSIDE));
    const double scale = xi * sqrt(xi) / (1.0 + t);
    const struct dmumu_place row = dmumu_place_of(landing->row);
    for (int l = 0; l < 2 && l < landing->n_limits; l++) {
        const struct dmumu_place column = dmumu_place_of(landing->ln_x[l] / deposit->step);
        lay(&row, &column, scale * angles->weight[p], scale * angles->weight_coarse[p], list[l]);
    }
}

/* Memory for all taps, in their places. */
static enum dmumu_status place_taps(struct dmumu_deposit *deposit)
{
    struct dmumu_taps *const list[2] = {deposit->end, deposit->start};
    size_t size = 0;
    for (int l = 0; l < 2; l++) {
        for (int row = 0; row < deposit->rows.n; row++) {
            size += taps_size(list[l][row].n);
        }
    }
    const enum dmumu_status status = reserve(&deposit->memory, &deposit->capacity, size);
    double *memory = deposit->memory;
    for (int l = 0; status == DMUMU_OK && l < 2; l++) {
        for (int row = 0; row < deposit->rows.n; row++) {
            memory = taps_place(&list[l][row], memory);
            taps_clear(&list[l][row]);
        }
    }
    return status;
}

enum dmumu_status dmumu_deposit_make(const struct dmumu_angles *angles, const struct dmumu_rows *rows, double step,
                                     struct dmumu_deposit *deposit)
{
    struct landing *landing = malloc((angles->n + 1) * sizeof *landing);
    if (!landing) {
        return DMUMU_ERROR_MEMORY;
    }
    deposit->step = step;
    deposit->rows = *rows;
    memset(deposit->end, 0, sizeof deposit->end);
    memset(deposit->start, 0, sizeof deposit->start);
    const size_t n = find_landings(angles, rows, landing);
    measure(landing, n, deposit);
    const enum dmumu_status status = place_taps(deposit);
    for (size_t i = 0; status == DMUMU_OK && i < n; i++) {
        lay_direction(angles, &landing[i], deposit);
    }
    free(landing);
    for (int row = 0; status == DMUMU_OK && row < rows->n && rows->density >= DENSITY_LOBES; row++) {
        dmumu_taps_sum_up(&deposit->end[row]);
        dmumu_taps_sum_up(&deposit->start[row]);
    }
    return status;
}

void dmumu_deposit_free(struct dmumu_deposit *deposit)
{
    free(deposit->memory);
    deposit->memory = NULL;
    deposit->capacity = 0;
}

/* ---- transit-time damping ---------------------------------------------------------------------------------------- */

enum { MOMENTS = DMUMU_TRANSIT_MOMENTS };

/* Directions with epsilon up to this are in the moments: all but those within two degrees of 90 degrees, mostly. */
#define NEAR          1e-3
/* The last Chebyshev coefficients of a resonance that the moments carry, relative. */
#define MOMENTS_ERROR 3e-8

static enum dmumu_status reserve_directions(struct dmumu_transit_deposit *deposit, size_t n)
{
    if (n <= deposit->capacity) {
        return DMUMU_OK;
    }
    double **const array[4] = {&deposit->epsilon, &deposit->weight, &deposit->coarse_ratio, &deposit->resonance};
    for (int i = 0; i < 4; i++) {
        double *grown = realloc(*array[i], n * sizeof *grown);
        if (!grown) {
            return DMUMU_ERROR_MEMORY;
        }
        *array[i] = grown;
    }
    struct dmumu_place **const places[2] = {&deposit->end, &deposit->start};
    for (int i = 0; i < 2; i++) {
        struct dmumu_place *grown = realloc(*places[i], n * sizeof *grown);
        if (!grown) {
            return DMUMU_ERROR_MEMORY;
        }
        *places[i] = grown;
    }
    deposit->capacity = n;
    return DMUMU_OK;
}

static void add_direction(const struct dmumu_angles *angles, size_t p, double step, double epsilon,
                          struct dmumu_transit_deposit *deposit)
{
    const size_t at = deposit->n++;
    const double sine = angles->sine[p];
    const struct dmumu_place end = dmumu_place_of(fmin(angles->ln_x_perp_max[p], MOST_TRANSIT_LN_X) / step);
    const struct dmumu_place start = dmumu_place_of(log(sine) / step);
    const long least = start.first < end.first ? start.first : end.first;
    const long most = (start.first > end.first ? start.first : end.first) + DMUMU_STENCIL - 1;
    deposit->first = least < deposit->first ? least : deposit->first;
    deposit->last = most > deposit->last ? most : deposit->last;
    deposit->end[at] = end;
    deposit->start[at] = start;
    deposit->epsilon[at] = epsilon;
    deposit->weight[at] = sine * sqrt(sine) * angles->weight[p];
    deposit->coarse_ratio[at] = angles->weight_coarse[p] / angles->weight[p];
}

/* The near directions first, or the others. */
static void add_directions(const struct dmumu_angles *angles, double step, double alfven_speed_v, bool near,
                           struct dmumu_transit_deposit *deposit)
{
    for (size_t p = 0; p < angles->n; p++) {
        const double epsilon = alfven_speed_v / angles->cosine[p];
        if (angles->sine[p] >= LEAST_TRANSIT_SINE && (epsilon <= NEAR) == near) {
            add_direction(angles, p, step, epsilon, deposit);
        }
    }
}

/* What directions that begin at the same tap add up to: neighbours mostly do, and so much stays in registers. */
struct run {
    long first;
    lanes low, high, coarse_low, coarse_high;
};

static inline void end_run(struct dmumu_taps *taps, const struct run *run)
{
    add_scaled(1.0, run->low, run->high, taps->fine + (run->first - taps->first));
    add_scaled(1.0, run->coarse_low, run->coarse_high, taps->coarse + (run->first - taps->first));
}

/* One list of places of directions from..to - 1 onto taps, with the resonance in `resonance`, times `sign`. */
static inline void lay_places(const struct dmumu_transit_deposit *deposit, const struct dmumu_place place[],
                              size_t from, size_t to, const double *resonance, double sign, struct dmumu_taps *taps)
{
    struct run run = {.first = place[from].first};
    for (size_t p = from; p < to; p++) {
        if (place[p].first != run.first) {
            end_run(taps, &run);
            run = (struct run){.first = place[p].first};
        }
        const lanes low = *(const lanes *)place[p].weight;
        const lanes high = *(const lanes *)(place[p].weight + DMUMU_STENCIL / 2);
        const double fine = sign * resonance[p];
        const double coarse = deposit->coarse_ratio[p] * fine;
        run.low += fine * low;
        run.high += fine * high;
        run.coarse_low += coarse * low;
        run.coarse_high += coarse * high;
    }
    end_run(taps, &run);
}

/* Directions from..to - 1 onto taps, ends and (negative) starts. */
DMUMU_VECTOR static void lay_transit(const struct dmumu_transit_deposit *deposit, size_t from, size_t to,
                                     const double *resonance, struct dmumu_taps *taps)
{
    if (from < to) {
        lay_places(deposit, deposit->end, from, to, resonance, 1.0, taps);
        lay_places(deposit, deposit->start, from, to, resonance, -1.0, taps);
    }
}

/* Chebyshev polynomials of epsilon on [0, NEAR], by their recurrence: T_j of T_j-1 and T_j-2. */
static void next_polynomial(size_t n, const double epsilon[], int j, const double before[], const double before_that[],
                            double value[])
{
    for (size_t p = 0; p < n; p++) {
        const double x = 2.0 * epsilon[p] / NEAR - 1.0;
        value[p] = j == 0 ? 1.0 : (j == 1 ? x : 2.0 * x * before[p] - before_that[p]);
    }
}

static size_t n_taps(const struct dmumu_transit_deposit *deposit)
{
    return (size_t)(deposit->last - deposit->first + 1);
}

static enum dmumu_status make_moments(struct dmumu_transit_deposit *deposit)
{
    const size_t n = deposit->n_near;
    const size_t size = n_taps(deposit);
    double *polynomial = calloc(4 * n + 1, sizeof *polynomial);
    enum dmumu_status status =
        polynomial ? reserve(&deposit->moment, &deposit->moment_capacity, 2 * MOMENTS * size) : DMUMU_ERROR_MEMORY;
    for (int j = 0; status == DMUMU_OK && j < MOMENTS; j++) {
        double *value = polynomial + (size_t)(j % 3) * n;
        double *weighted = polynomial + 3 * n;
        next_polynomial(n, deposit->epsilon, j, polynomial + (size_t)((j + 2) % 3) * n,
                        polynomial + (size_t)((j + 1) % 3) * n, value);
        for (size_t p = 0; p < n; p++) {
            weighted[p] = deposit->weight[p] * value[p];
        }
        struct dmumu_taps taps = {.first = deposit->first,
                                  .n = size,
                                  .fine = deposit->moment + (size_t)j * size,
                                  .coarse = deposit->moment + (size_t)(MOMENTS + j) * size};
        taps_clear(&taps);
        lay_transit(deposit, 0, n, weighted, &taps);
    }
    free(polynomial);
    return status;
}

/* Chebyshev's points on [0, NEAR], and what makes coefficients of values there. */
static void make_transform(struct dmumu_transit_deposit *deposit)
{
    for (int k = 0; k < MOMENTS; k++) {
        deposit->node[k] = 0.5 * NEAR * (1.0 + cos(DMUMU_PI * (k + 0.5) / MOMENTS));
        for (int j = 0; j < MOMENTS; j++) {
            deposit->transform[j][k] = (j == 0 ? 1.0 : 2.0) / MOMENTS * cos(DMUMU_PI * j * (k + 0.5) / MOMENTS);
        }
    }
}

enum dmumu_status dmumu_transit_deposit_make(const struct dmumu_angles *angles, double step, double alfven_speed_v,
                                             struct dmumu_transit_deposit *deposit)
{
    if (reserve_directions(deposit, angles->n) != DMUMU_OK) {
        return DMUMU_ERROR_MEMORY;
    }
    deposit->n = 0;
    deposit->first = 0;
    deposit->last = 0;
    add_directions(angles, step, alfven_speed_v, true, deposit);
    deposit->n_near = deposit->n;
    add_directions(angles, step, alfven_speed_v, false, deposit);
    make_transform(deposit);
    return make_moments(deposit);
}

void dmumu_transit_deposit_free(struct dmumu_transit_deposit *deposit)
{
    free(deposit->epsilon);
    free(deposit->weight);
    free(deposit->coarse_ratio);
    free(deposit->resonance);
    free(deposit->end);
    free(deposit->start);
    free(deposit->moment);
    *deposit = (struct dmumu_transit_deposit){0};
}

/* The resonance (dmumu_resonance_shape_value) of directions, times their weight. */
DMUMU_VECTOR static void transit_resonance(const struct dmumu_resonance_shape *shape, size_t n,
                                           const double *restrict epsilon, const double *restrict weight,
                                           double *restrict resonance)
{
    const double mu = shape->mu;
    const double inverse_width = 1.0 / shape->width;
    for (size_t p = 0; p < n; p++) {
        const double y = (mu - epsilon[p]) * inverse_width;
        const double y2 = y * y;
        resonance[p] = weight[p] * dmumu_resonance_shape_factor(shape, y2) * dmumu_exp(-y2);
    }
}

/* The resonance's Chebyshev coefficients on [0, NEAR]; false where they do not suffice. */
static bool expand_resonance(const struct dmumu_transit_deposit *deposit, const struct dmumu_resonance_shape *shape,
                             double coefficient[static MOMENTS])
{
    static const double one[MOMENTS] = {1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0};
    double value[MOMENTS];
    double most = 0.0;
    transit_resonance(shape, MOMENTS, deposit->node, one, value);
    for (int j = 0; j < MOMENTS; j++) {
        coefficient[j] = 0.0;
        for (int k = 0; k < MOMENTS; k++) {
            coefficient[j] += value[k] * deposit->transform[j][k];
        }
        most = fmax(most, fabs(value[j]));
    }
    return fabs(coefficient[MOMENTS - 1]) <= MOMENTS_ERROR * most;
}

/* tap[i] = sum_j coefficient[j] moment[j][i] */
DMUMU_VECTOR static void sum_moments(size_t n, const double coefficient[static MOMENTS], const double *restrict moment,
                                     double *restrict tap)
{
    for (size_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < MOMENTS; j++) {
            sum += coefficient[j] * moment[j * n + i];
        }
        tap[i] = sum;
    }
}

enum dmumu_status dmumu_transit_taps_make(const struct dmumu_transit_deposit *deposit, double mu, double width,
                                          struct dmumu_transit_taps *taps)
{
    struct dmumu_taps *list = &taps->taps;
    list->first = deposit->first;
    list->n = n_taps(deposit);
    const enum dmumu_status status = reserve(&taps->memory, &taps->capacity, taps_size(list->n));
    if (status != DMUMU_OK) {
        return status;
    }
    taps_place(list, taps->memory);
    const struct dmumu_resonance_shape shape = dmumu_resonance_shape_of(mu, width, DMUMU_TRANSIT_LEAST_WIDTH);
    taps->rel_error = WIDENED_ERROR * pow(1.0 - shape.ratio * shape.ratio, 4.0);
    double coefficient[MOMENTS];
    const bool by_moments = expand_resonance(deposit, &shape, coefficient);
    if (by_moments) {
        sum_moments(list->n, coefficient, deposit->moment, list->fine);
        sum_moments(list->n, coefficient, deposit->moment + MOMENTS * list->n, list->coarse);
    } else {
        taps_clear(list);
    }
    const size_t from = by_moments ? deposit->n_near : 0;
    transit_resonance(&shape, deposit->n - from, deposit->epsilon + from, deposit->weight + from,
                      deposit->resonance + from);
    lay_transit(deposit, from, deposit->n, deposit->resonance, list);
    dmumu_taps_sum_up(list);
    return DMUMU_OK;
}

void dmumu_transit_taps_free(struct dmumu_transit_taps *taps)
{
    free(taps->memory);
    *taps = (struct dmumu_transit_taps){0};
}
