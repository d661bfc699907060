/* Deposit: see deposit.h. */
#include "core/deposit.h"

#include "core/exponential.h"
#include "core/resonance.h"
#include "core/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Rows of K: t = tan(theta) from 1e-4, below which K no longer depends on it, to 665, above which K ~ 1/t. They lie
 * much denser from t ~ 0.1 on, where the lobes of J'^2 pass the resonance as t changes, with a period of pi/w in ln t:
 * at w = 10, where they begin to be faded out, 24 rows per unit are 7.5 to a period, 40 are 12.
 */
#define LN_T_START    (-9.0)
#define LN_T_DENSE    (-2.5)
#define LN_T_END      6.5
#define ROWS_OUTSIDE  8.0
#define DENSITY       16.0
#define DENSITY_TIGHT 24.0 /* for tolerances below this: */
#define TIGHT         3e-5
#define RAMP          2.0 /* the change between the two takes 1/RAMP in ln t */
#define FIRST         ((double)DMUMU_STENCIL_LEFT)

/* Directions closer to 90 degrees than this carry no gyro-resonance: their K falls like xi^9/2. */
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
    return 0.13 * fmin(fmax(finer, 0.5), 1.5) * ldexp(1.0, -step_class);
}

double dmumu_deposit_least_error(double tolerance)
{
    return 2e-8 + fmin(1e-3 * tolerance, 1e-7);
}

double dmumu_rows_position(const struct dmumu_rows *rows, double ln_tangent)
{
    const double ramp = log1p(exp(RAMP * (ln_tangent - LN_T_DENSE))) / RAMP;
    return ROWS_OUTSIDE * (ln_tangent - LN_T_START) + (rows->density - ROWS_OUTSIDE) * ramp;
}

struct dmumu_rows dmumu_rows_of(double tolerance)
{
    struct dmumu_rows rows = {.density = tolerance < TIGHT ? DENSITY_TIGHT : DENSITY};
    rows.n = (int)dmumu_rows_position(&rows, LN_T_END) + DMUMU_STENCIL;
    return rows;
}

static struct dmumu_place row_place(const struct dmumu_rows *rows, double ln_tangent)
{
    const double last = rows->n - DMUMU_STENCIL + DMUMU_STENCIL_LEFT;
    return dmumu_place_of(fmin(fmax(dmumu_rows_position(rows, ln_tangent), FIRST), last));
}

static bool carries_gyro(const struct dmumu_angles *angles, size_t p)
{
    return angles->ln_x_par_max[p] > LEAST_LN_X && angles->cosine[p] >= LEAST_GYRO_COSINE;
}

/* ---- gyro-resonance ---------------------------------------------------------------------------------------------- */

/* What a direction adds to which taps: both limits of its integral over x. */
struct limit {
    struct dmumu_taps *taps; /* [rows.n] */
    double ln_x;
};

static int limits_of(const struct dmumu_angles *angles, size_t p, struct dmumu_deposit *deposit, struct limit limit[2])
{
    limit[0] = (struct limit){deposit->end, fmin(angles->ln_x_par_max[p], MOST_LN_X)};
    limit[1] = (struct limit){deposit->start, log(angles->cosine[p])};
    return limit[1].ln_x > LEAST_LN_X ? 2 : 1;
}

/* Widen a list of taps to hold DMUMU_STENCIL more from `first` on. */
static void widen(struct dmumu_taps *taps, long first)
{
    const long end = taps->first + (long)taps->n;
    if (taps->n == 0) {
        taps->first = first;
        taps->n = DMUMU_STENCIL;
        return;
    }
    const long new_first = first < taps->first ? first : taps->first;
    const long new_end = first + DMUMU_STENCIL > end ? first + DMUMU_STENCIL : end;
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
    memset(*memory, 0, n * sizeof **memory);
    return DMUMU_OK;
}

static void add_weights(struct dmumu_taps *taps, const struct dmumu_place *place, double fine, double coarse)
{
    double *to = taps->fine + (place->first - taps->first);
    for (int k = 0; k < DMUMU_STENCIL; k++) {
        to[k] += fine * place->weight[k];
    }
    if (coarse != 0.0) { /* on every other point of a panel */
        double *to_coarse = taps->coarse + (place->first - taps->first);
        for (int k = 0; k < DMUMU_STENCIL; k++) {
            to_coarse[k] += coarse * place->weight[k];
        }
    }
}

/* One direction onto its rows: first to see how many taps there are, then to fill them. */
static void lay(const struct dmumu_angles *angles, size_t p, bool measure, struct dmumu_deposit *deposit)
{
    const double xi = angles->cosine[p];
    /* rows hold (1 + t) K, and K as it is below the first */
    const double t = fmax(angles->sine[p] / xi, exp(LN_T_START + FIRST / ROWS_OUTSIDE));
    const double scale = xi * sqrt(xi) / (1.0 + t);
    const struct dmumu_place row = row_place(&deposit->rows, angles->ln_tangent[p]);
    struct limit limit[2];
    const int n_limits = limits_of(angles, p, deposit, limit);
    for (int l = 0; l < n_limits; l++) {
        const struct dmumu_place column = dmumu_place_of(limit[l].ln_x / deposit->step);
        for (int j = 0; j < DMUMU_STENCIL; j++) {
            struct dmumu_taps *taps = &limit[l].taps[row.first + j];
            const double factor = scale * row.weight[j];
            if (factor != 0.0 && measure) {
                widen(taps, column.first);
            } else if (factor != 0.0) {
                add_weights(taps, &column, factor * angles->weight[p], factor * angles->weight_coarse[p]);
            }
        }
    }
}

static void lay_all(const struct dmumu_angles *angles, bool measure, struct dmumu_deposit *deposit)
{
    for (size_t p = 0; p < angles->n; p++) {
        if (carries_gyro(angles, p)) {
            lay(angles, p, measure, deposit);
        }
    }
}

enum dmumu_status dmumu_deposit_make(const struct dmumu_angles *angles, const struct dmumu_rows *rows, double step,
                                     struct dmumu_deposit *deposit)
{
    struct dmumu_taps *const list[2] = {deposit->end, deposit->start};
    deposit->step = step;
    deposit->rows = *rows;
    memset(deposit->end, 0, sizeof deposit->end);
    memset(deposit->start, 0, sizeof deposit->start);
    lay_all(angles, true, deposit);
    size_t size = 0;
    for (int l = 0; l < 2; l++) {
        for (int row = 0; row < rows->n; row++) {
            size += taps_size(list[l][row].n);
        }
    }
    const enum dmumu_status status = reserve(&deposit->memory, &deposit->capacity, size);
    if (status != DMUMU_OK) {
        return status;
    }
    double *memory = deposit->memory;
    for (int l = 0; l < 2; l++) {
        for (int row = 0; row < rows->n; row++) {
            memory = taps_place(&list[l][row], memory);
        }
    }
    lay_all(angles, false, deposit);
    for (int l = 0; l < 2; l++) {
        for (int row = 0; row < rows->n; row++) {
            dmumu_taps_sum_up(&list[l][row]);
        }
    }
    return DMUMU_OK;
}

void dmumu_deposit_free(struct dmumu_deposit *deposit)
{
    free(deposit->memory);
    deposit->memory = NULL;
    deposit->capacity = 0;
}

/* ---- transit-time damping ---------------------------------------------------------------------------------------- */

static enum dmumu_status reserve_directions(struct dmumu_transit_deposit *deposit, size_t n)
{
    if (n <= deposit->capacity) {
        return DMUMU_OK;
    }
    double **const array[4] = {&deposit->inverse_cosine, &deposit->weight, &deposit->coarse_ratio, &deposit->resonance};
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

enum dmumu_status dmumu_transit_deposit_make(const struct dmumu_angles *angles, double step,
                                             struct dmumu_transit_deposit *deposit)
{
    if (reserve_directions(deposit, angles->n) != DMUMU_OK) {
        return DMUMU_ERROR_MEMORY;
    }
    deposit->n = 0;
    deposit->first = 0;
    deposit->last = 0;
    for (size_t p = 0; p < angles->n; p++) {
        const double sine = angles->sine[p];
        if (sine < LEAST_TRANSIT_SINE) {
            continue;
        }
        const size_t at = deposit->n++;
        const struct dmumu_place end = dmumu_place_of(fmin(angles->ln_x_perp_max[p], MOST_TRANSIT_LN_X) / step);
        const struct dmumu_place start = dmumu_place_of(log(sine) / step);
        const long least = start.first < end.first ? start.first : end.first;
        const long most = (start.first > end.first ? start.first : end.first) + DMUMU_STENCIL - 1;
        deposit->first = least < deposit->first ? least : deposit->first;
        deposit->last = most > deposit->last ? most : deposit->last;
        deposit->end[at] = end;
        deposit->start[at] = start;
        deposit->inverse_cosine[at] = 1.0 / angles->cosine[p];
        deposit->weight[at] = sine * sqrt(sine) * angles->weight[p];
        deposit->coarse_ratio[at] = angles->weight_coarse[p] / angles->weight[p];
    }
    return DMUMU_OK;
}

void dmumu_transit_deposit_free(struct dmumu_transit_deposit *deposit)
{
    free(deposit->inverse_cosine);
    free(deposit->weight);
    free(deposit->coarse_ratio);
    free(deposit->resonance);
    free(deposit->end);
    free(deposit->start);
    *deposit = (struct dmumu_transit_deposit){0};
}

/* The resonance (dmumu_resonance_shape_value) of all directions, times their weight. */
DMUMU_VECTOR static void transit_resonance(const struct dmumu_resonance_shape *shape, double alfven_speed_v, size_t n,
                                           const double *restrict inverse_cosine, const double *restrict weight,
                                           double *restrict resonance)
{
    const double mu = shape->mu;
    const double inverse_width = 1.0 / shape->width;
    for (size_t p = 0; p < n; p++) {
        const double y = (mu - alfven_speed_v * inverse_cosine[p]) * inverse_width;
        const double y2 = y * y;
        resonance[p] = weight[p] * dmumu_resonance_shape_factor(shape, y2) * dmumu_exp(-y2);
    }
}

enum dmumu_status dmumu_transit_taps_make(const struct dmumu_transit_deposit *deposit, double mu, double width,
                                          double alfven_speed_v, struct dmumu_transit_taps *taps)
{
    struct dmumu_taps *list = &taps->taps;
    list->first = deposit->first;
    list->n = (size_t)(deposit->last - deposit->first + 1);
    const enum dmumu_status status = reserve(&taps->memory, &taps->capacity, taps_size(list->n));
    if (status != DMUMU_OK) {
        return status;
    }
    taps_place(list, taps->memory);
    const struct dmumu_resonance_shape shape = dmumu_resonance_shape_of(mu, width, DMUMU_TRANSIT_LEAST_WIDTH);
    taps->rel_error = WIDENED_ERROR * pow(1.0 - shape.ratio * shape.ratio, 4.0);
    transit_resonance(&shape, alfven_speed_v, deposit->n, deposit->inverse_cosine, deposit->weight, deposit->resonance);
    for (size_t p = 0; p < deposit->n; p++) {
        const double fine = deposit->resonance[p];
        const double coarse = deposit->coarse_ratio[p] * fine;
        add_weights(list, &deposit->end[p], fine, coarse);
        add_weights(list, &deposit->start[p], -fine, -coarse);
    }
    dmumu_taps_sum_up(list);
    return DMUMU_OK;
}

void dmumu_transit_taps_free(struct dmumu_transit_taps *taps)
{
    free(taps->memory);
    *taps = (struct dmumu_transit_taps){0};
}
