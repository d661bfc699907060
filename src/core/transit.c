/* Transit-time damping: see transit.h. */
#include "core/transit.h"

#include "core/constants.h"
#include "core/exponential.h"
#include "core/resonance.h"
#include "core/vector.h"

#include <math.h>
#include <stdlib.h>

enum { MOMENTS = DMUMU_TRANSIT_MOMENTS };

/* Directions closer to B than this carry no transit-time damping: it falls like tan^7/2. */
#define LEAST_TRANSIT_SINE 3e-4

/* What widening a resonance to DMUMU_TRANSIT_LEAST_WIDTH errs by: measured 1e-7 at most (M_A = 0.05, mu = 0.999). */
#define WIDENED_ERROR 2e-7

/* Beyond exp(60) G is constant at any R and s. */
#define MOST_TRANSIT_LN_X 60.0

/* Directions with epsilon up to this are in the moments: all but those within two degrees of 90 degrees, mostly. */
#define NEAR          1e-3
/* The last Chebyshev coefficients of a resonance that the moments carry, relative. */
#define MOMENTS_ERROR 3e-8

/* Half of a stencil: one register of AVX2. */
typedef double lanes __attribute__((vector_size(32), aligned(8), may_alias));

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

static inline void add_lanes(lanes low, lanes high, double *to)
{
    lanes *at = (lanes *)to;
    at[0] += low;
    at[1] += high;
}

/* What directions that begin at the same tap add up to: neighbours mostly do, and so much stays in registers. */
struct run {
    long first;
    lanes low, high, coarse_low, coarse_high;
};

static inline void end_run(struct dmumu_taps *taps, const struct run *run)
{
    add_lanes(run->low, run->high, taps->fine + (run->first - taps->first));
    add_lanes(run->coarse_low, run->coarse_high, taps->coarse + (run->first - taps->first));
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
        polynomial ? dmumu_taps_reserve(&deposit->moment, &deposit->moment_capacity, 2 * MOMENTS * size) : DMUMU_ERROR_MEMORY;
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
        dmumu_taps_clear(&taps);
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
    const enum dmumu_status status = dmumu_taps_reserve(&taps->memory, &taps->capacity, dmumu_taps_size(list->n));
    if (status != DMUMU_OK) {
        return status;
    }
    dmumu_taps_place(list, taps->memory);
    const struct dmumu_resonance_shape shape = dmumu_resonance_shape_of(mu, width, DMUMU_TRANSIT_LEAST_WIDTH);
    taps->rel_error = WIDENED_ERROR * pow(1.0 - shape.ratio * shape.ratio, 4.0);
    double coefficient[MOMENTS];
    const bool by_moments = expand_resonance(deposit, &shape, coefficient);
    if (by_moments) {
        sum_moments(list->n, coefficient, deposit->moment, list->fine);
        sum_moments(list->n, coefficient, deposit->moment + MOMENTS * list->n, list->coarse);
    } else {
        dmumu_taps_clear(list);
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
