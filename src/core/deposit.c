/* Deposit: see deposit.h. */
#include "core/deposit.h"

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
#define DENSITY       18.0
#define DENSITY_TIGHT 24.0 /* for tolerances below this: */
#define TIGHT         3e-5
#define DENSITY_LOBES 40.0 /* and, where lobes are followed, below this, which closer looks at 1e-4 do not reach: */
#define FOLLOWED      2e-5
#define RAMP          2.0 /* the change between the two takes 1/RAMP in ln t */
#define FIRST         ((double)DMUMU_STENCIL_LEFT)

/* Directions closer to 90 degrees than this carry no gyro-resonance: it falls like xi^9/2. */
#define LEAST_GYRO_COSINE 1e-3

/* No resonance reaches down to V = R x_par of exp(-3.5), u = 33; beyond exp(47) all rows are constant at any R and s. */
#define LEAST_LN_X (-3.5)
#define MOST_LN_X  47.0

/* The coarsest classes in use, where lobes are followed and elsewhere: a step is a seventh of the shortest lobe that is not
 * faded, and the end of the sum over u, which runs through lobes, is good to 1e-7. (With twice the step, to 1e-5.) */
#define FIRST_CLASS          1
#define FIRST_CLASS_FOLLOWED 2

double dmumu_deposit_step(double tolerance, int step_class)
{
    const double finer = pow(tolerance / 1e-4, 0.125); /* the error of eight-point interpolation goes like step^8 */
    return 0.13 * fmin(fmax(finer, 0.5), 1.0) * ldexp(1.0, -step_class);
}

bool dmumu_deposit_follows_lobes(double tolerance)
{
    return tolerance < FOLLOWED;
}

int dmumu_deposit_first_class(double tolerance)
{
    return dmumu_deposit_follows_lobes(tolerance) ? FIRST_CLASS_FOLLOWED : FIRST_CLASS;
}

int dmumu_deposit_classes_end(double tolerance)
{
    return dmumu_deposit_follows_lobes(tolerance) ? DMUMU_DEPOSIT_CLASSES : DMUMU_DEPOSIT_CLASSES - 1;
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
            size += dmumu_taps_size(list[l][row].n);
        }
    }
    const enum dmumu_status status = dmumu_taps_reserve(&deposit->memory, &deposit->capacity, size);
    double *memory = deposit->memory;
    for (int l = 0; status == DMUMU_OK && l < 2; l++) {
        for (int row = 0; row < deposit->rows.n; row++) {
            memory = dmumu_taps_place(&list[l][row], memory);
            dmumu_taps_clear(&list[l][row]);
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
