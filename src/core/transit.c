/* Transit-time damping: see transit.h. */
#include "core/transit.h"

#include "core/constants.h"
#include "core/exponential.h"
#include "core/resonance.h"
#include "core/vector.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { MOMENTS = DMUMU_TRANSIT_MOMENTS, BLOCK = DMUMU_FILTER_BLOCK, SAMPLES = DMUMU_FILTER_SAMPLES };

/* Directions closer to B than this carry no transit-time damping: it falls like tan^7/2. */
#define LEAST_TRANSIT_SINE 3e-4
/* Beyond exp(60) G is constant at any R and s. */
#define MOST_TRANSIT_LN_X  60.0
/* Up to exp(-9) G is z^1/2/2, to 1e-9. */
#define SMALL_LN_Z         (-9.0)

/* What widening a resonance to DMUMU_TRANSIT_LEAST_WIDTH errs by: measured 1e-7 at most (M_A = 0.05, mu = 0.999). */
#define WIDENED_ERROR 2e-7

/*
 * Directions with epsilon up to this are in the moments: all but those within a fifth of a degree of 90 degrees, where
 * v_A/v is 3e-5. The last Chebyshev coefficient of a resonance that the moments carry, and those that are left out,
 * relative to its largest value on the near directions; or to the floor, exp(-51), where that is more: so little of
 * them is not seen next to the directions that resonate exactly, few as these are, (v_A/v)^2 of all.
 */
#define NEAR          1e-2
#define MOMENTS_ERROR 3e-8
#define LEFT_OUT      1e-9
#define FLOOR         1e-22

/* Widths of a resonance beyond which it is nothing: exp(-49), times what its shape multiplies that by. */
#define REACH 7.0

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
    size_t **const runs[2] = {&deposit->end_run, &deposit->start_run};
    for (int i = 0; i < 2; i++) {
        size_t *grown = realloc(*runs[i], n * sizeof *grown);
        if (!grown) {
            return DMUMU_ERROR_MEMORY;
        }
        *runs[i] = grown;
    }
    deposit->capacity = n;
    return DMUMU_OK;
}

static void add_direction(const struct dmumu_angles *angles, size_t p, double epsilon,
                          struct dmumu_transit_deposit *deposit)
{
    const size_t at = deposit->n++;
    const double sine = angles->sine[p];
    deposit->n_near += epsilon <= NEAR;
    deposit->end[at] = dmumu_place_of(fmin(angles->ln_x_perp_max[p], MOST_TRANSIT_LN_X) / deposit->step);
    deposit->start[at] = dmumu_place_of(log(sine) / deposit->step);
    deposit->epsilon[at] = epsilon;
    deposit->weight[at] = sine * sqrt(sine) * angles->weight[p];
    deposit->coarse_ratio[at] = angles->weight_coarse[p] / angles->weight[p];
}

static void add_directions(const struct dmumu_angles *angles, double alfven_speed_v,
                           struct dmumu_transit_deposit *deposit)
{
    deposit->n = 0;
    deposit->n_near = 0;
    for (size_t p = 0; p < angles->n; p++) {
        if (angles->sine[p] >= LEAST_TRANSIT_SINE) {
            add_direction(angles, p, alfven_speed_v / angles->cosine[p], deposit);
        }
    }
}

/* Of each direction, the first one after it that begins at another tap. */
static void find_runs(size_t n, const struct dmumu_place place[], size_t run_end[])
{
    for (size_t p = n; p > 0; p--) {
        run_end[p - 1] = p < n && place[p].first == place[p - 1].first ? run_end[p] : p;
    }
}

/* ---- taps -------------------------------------------------------------------------------------------------------- */

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
                              const size_t run_end[], size_t from, size_t to, const double *resonance, double sign,
                              struct dmumu_taps *taps)
{
    for (size_t p = from; p < to;) {
        struct run run = {.first = place[p].first};
        const size_t end = run_end[p] < to ? run_end[p] : to;
        for (; p < end; p++) {
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
}

/* Directions from..to - 1 onto taps, ends and (negative) starts. */
DMUMU_VECTOR static void lay_transit(const struct dmumu_transit_deposit *deposit, size_t from, size_t to,
                                     const double *resonance, struct dmumu_taps *end, struct dmumu_taps *start)
{
    lay_places(deposit, deposit->end, deposit->end_run, from, to, resonance, 1.0, end);
    lay_places(deposit, deposit->start, deposit->start_run, from, to, resonance, -1.0, start);
}

/* Widen an empty or begun list so that places from..to - 1 fit. */
static void widen(struct dmumu_taps *taps, const struct dmumu_place place[], const size_t run_end[], size_t from,
                  size_t to)
{
    long first = taps->n > 0 ? taps->first : (from < to ? place[from].first : 0);
    long end = first + (long)taps->n;
    for (size_t p = from; p < to; p = run_end[p]) {
        first = place[p].first < first ? place[p].first : first;
        end = place[p].first + DMUMU_STENCIL > end ? place[p].first + DMUMU_STENCIL : end;
    }
    taps->first = first;
    taps->n = (size_t)(end - first);
}

/* ---- moments ----------------------------------------------------------------------------------------------------- */

/* Chebyshev polynomials of epsilon on [0, NEAR], by their recurrence: T_j of T_j-1 and T_j-2. */
static void next_polynomial(size_t n, const double epsilon[], int j, const double before[], const double before_that[],
                            double value[])
{
    for (size_t p = 0; p < n; p++) {
        const double x = 2.0 * epsilon[p] / NEAR - 1.0;
        value[p] = j == 0 ? 1.0 : (j == 1 ? x : 2.0 * x * before[p] - before_that[p]);
    }
}

/* Memory for the moments' taps, in their places. */
static enum dmumu_status place_moments(struct dmumu_transit_deposit *deposit)
{
    struct dmumu_taps all = {.n = 0};
    widen(&all, deposit->end, deposit->end_run, 0, deposit->n_near);
    widen(&all, deposit->start, deposit->start_run, 0, deposit->n_near);
    const size_t size = MOMENTS * dmumu_taps_size(all.n);
    enum dmumu_status status = dmumu_taps_reserve(&deposit->moment_memory, &deposit->moment_capacity, size);
    if (status == DMUMU_OK) {
        status = dmumu_taps_reserve(&deposit->small_g, &deposit->small_g_capacity, all.n + 1);
    }
    double *memory = deposit->moment_memory;
    for (int j = 0; status == DMUMU_OK && j < MOMENTS; j++) {
        deposit->moment[j] = all;
        memory = dmumu_taps_place(&deposit->moment[j], memory);
        dmumu_taps_clear(&deposit->moment[j]);
    }
    for (int k = 0; k < BLOCK; k++) {
        deposit->root[k] = dmumu_exp(0.5 * deposit->step * k);
    }
    for (size_t i = 0; status == DMUMU_OK && i < all.n; i++) {
        deposit->small_g[i] = 0.5 * dmumu_exp(0.5 * deposit->step * (double)(all.first + (long)i));
    }
    return status;
}

static enum dmumu_status make_moments(struct dmumu_transit_deposit *deposit)
{
    const size_t n = deposit->n_near;
    double *polynomial = calloc(4 * n + 1, sizeof *polynomial);
    const enum dmumu_status status = polynomial ? place_moments(deposit) : DMUMU_ERROR_MEMORY;
    for (int j = 0; status == DMUMU_OK && j < MOMENTS; j++) {
        double *value = polynomial + (size_t)(j % 3) * n;
        double *weighted = polynomial + 3 * n;
        next_polynomial(n, deposit->epsilon, j, polynomial + (size_t)((j + 2) % 3) * n,
                        polynomial + (size_t)((j + 1) % 3) * n, value);
        for (size_t p = 0; p < n; p++) {
            weighted[p] = deposit->weight[p] * value[p];
        }
        lay_transit(deposit, 0, n, weighted, &deposit->moment[j], &deposit->moment[j]);
        dmumu_taps_sum_up(&deposit->moment[j]);
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
    deposit->step = step;
    for (size_t i = 0; i < deposit->n_blocks; i++) {
        deposit->block[i].n_made = 0;
    }
    add_directions(angles, alfven_speed_v, deposit);
    find_runs(deposit->n, deposit->end, deposit->end_run);
    find_runs(deposit->n, deposit->start, deposit->start_run);
    make_transform(deposit);
    return make_moments(deposit);
}

enum dmumu_status dmumu_transit_deposit_reserve(struct dmumu_transit_deposit *deposit, size_t n)
{
    if (n > deposit->n_blocks) {
        struct dmumu_transit_block *grown = realloc(deposit->block, n * sizeof *grown);
        if (!grown) {
            return DMUMU_ERROR_MEMORY;
        }
        deposit->block = grown;
        for (; deposit->n_blocks < n; deposit->n_blocks++) {
            grown[deposit->n_blocks].n_made = 0;
        }
    }
    return DMUMU_OK;
}

void dmumu_transit_deposit_free(struct dmumu_transit_deposit *deposit)
{
    free(deposit->epsilon);
    free(deposit->weight);
    free(deposit->coarse_ratio);
    free(deposit->resonance);
    free(deposit->end);
    free(deposit->start);
    free(deposit->end_run);
    free(deposit->start_run);
    free(deposit->moment_memory);
    free(deposit->small_g);
    free(deposit->block);
    *deposit = (struct dmumu_transit_deposit){0};
}

/* ---- one pitch angle --------------------------------------------------------------------------------------------- */

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

/* The resonance's Chebyshev coefficients on [0, NEAR], as many as count; false where they do not suffice. */
static bool expand_resonance(const struct dmumu_resonance_shape *shape, struct dmumu_transit_taps *taps)
{
    static const double one[MOMENTS] = {1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0};
    const struct dmumu_transit_deposit *deposit = taps->deposit;
    double value[MOMENTS];
    double most = FLOOR;
    transit_resonance(shape, MOMENTS, deposit->node, one, value);
    for (int j = 0; j < MOMENTS; j++) {
        taps->coefficient[j] = 0.0;
        for (int k = 0; k < MOMENTS; k++) {
            taps->coefficient[j] += value[k] * deposit->transform[j][k];
        }
        most = fmax(most, fabs(value[j]));
    }
    const bool suffices = fabs(taps->coefficient[MOMENTS - 1]) <= MOMENTS_ERROR * most;
    taps->n_moments = suffices ? MOMENTS : 0;
    while (taps->n_moments > 0 && fabs(taps->coefficient[taps->n_moments - 1]) <= LEFT_OUT * most) {
        taps->n_moments--;
    }
    return suffices;
}

/* The first direction, not before `from`, with epsilon above this. */
static size_t first_above(const struct dmumu_transit_deposit *deposit, size_t from, double epsilon)
{
    size_t low = from;
    size_t high = deposit->n;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (deposit->epsilon[middle] > epsilon) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* Room for taps of directions from..to - 1: starts, all but at one place at 90 degrees, and ends far from there. */
static enum dmumu_status place_lists(size_t from, size_t to, struct dmumu_transit_taps *taps)
{
    const struct dmumu_transit_deposit *deposit = taps->deposit;
    taps->end = (struct dmumu_taps){.n = 0};
    taps->start = (struct dmumu_taps){.n = 0};
    widen(&taps->end, deposit->end, deposit->end_run, from, to);
    widen(&taps->start, deposit->start, deposit->start_run, from, to);
    const size_t size = dmumu_taps_size(taps->end.n) + dmumu_taps_size(taps->start.n);
    const enum dmumu_status status = dmumu_taps_reserve(&taps->memory, &taps->capacity, size);
    if (status == DMUMU_OK) {
        dmumu_taps_place(&taps->start, dmumu_taps_place(&taps->end, taps->memory));
        dmumu_taps_clear(&taps->end);
        dmumu_taps_clear(&taps->start);
    }
    return status;
}

enum dmumu_status dmumu_transit_taps_make(struct dmumu_transit_deposit *deposit, double mu, double width,
                                          struct dmumu_transit_taps *taps)
{
    const struct dmumu_resonance_shape shape = dmumu_resonance_shape_of(mu, width, DMUMU_TRANSIT_LEAST_WIDTH);
    taps->deposit = deposit;
    taps->rel_error = WIDENED_ERROR * pow(1.0 - shape.ratio * shape.ratio, 4.0);
    const bool by_moments = expand_resonance(&shape, taps);
    const size_t from = first_above(deposit, by_moments ? deposit->n_near : 0, mu - REACH * shape.width);
    const size_t to = first_above(deposit, from, mu + REACH * shape.width);
    const enum dmumu_status status = place_lists(from, to, taps);
    if (status == DMUMU_OK) {
        transit_resonance(&shape, to - from, deposit->epsilon + from, deposit->weight + from,
                          deposit->resonance + from);
        lay_transit(deposit, from, to, deposit->resonance, &taps->end, &taps->start);
        dmumu_taps_sum_up(&taps->end);
        dmumu_taps_sum_up(&taps->start);
    }
    return status;
}

void dmumu_transit_taps_free(struct dmumu_transit_taps *taps)
{
    free(taps->memory);
    *taps = (struct dmumu_transit_taps){0};
}

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

/* sum_i a[i] b[i], four side by side */
static inline double product(size_t n, const double *restrict a, const double *restrict b)
{
    lanes part = {0.0};
    double rest = 0.0;
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        part += *(const lanes *)(a + i) * *(const lanes *)(b + i);
    }
    for (; i < n; i++) {
        rest += a[i] * b[i];
    }
    return rest + ((part[0] + part[2]) + (part[1] + part[3]));
}

/* What the first n taps of a moment add up to at R s = 1, as if G were z^1/2/2 up to there; of both rules. */
DMUMU_VECTOR static void sum_small(const struct dmumu_transit_deposit *deposit, size_t n, int j, double sum[static 2])
{
    sum[0] = product(n, deposit->moment[j].fine, deposit->small_g);
    sum[1] = product(n, deposit->moment[j].coarse, deposit->small_g);
}

/* One more moment of a block. Taps that meet small z alone, half of all as a rule, are summed in closed form. */
static void make_moment(const struct dmumu_transit_deposit *deposit, const struct dmumu_row *g, long b,
                        struct dmumu_transit_block *block)
{
    const int j = block->n_made++;
    const struct dmumu_taps *all = &deposit->moment[j];
    const long last_small = (long)floor(SMALL_LN_Z / deposit->step) - (b + BLOCK - 1);
    const size_t n_small = dmumu_filter_clamped(last_small + 1 - all->first, all->n);
    const struct dmumu_taps taps = {.first = all->first + (long)n_small,
                                    .n = all->n - n_small,
                                    .fine = all->fine + n_small,
                                    .coarse = all->coarse + n_small,
                                    .fine_beyond = all->fine_beyond + n_small,
                                    .coarse_beyond = all->coarse_beyond + n_small};
    struct dmumu_filter_sum sum = {.constant = 0.0};
    double small[2];
    dmumu_filter_add(&taps, g, b, 1.0, &sum);
    dmumu_filter_finish(&sum);
    sum_small(deposit, n_small, j, small);
    const double root = dmumu_exp(0.5 * deposit->step * (double)b);
    for (int k = 0; k < BLOCK; k++) {
        block->fine[j][k] = sum.fine[k] + small[0] * root * deposit->root[k];
    }
    for (int k = 0; k < SAMPLES; k++) {
        block->coarse[j][k] = sum.coarse[k] + small[1] * root * deposit->root[k * DMUMU_FILTER_SAMPLE];
    }
}

DMUMU_VECTOR static void add_moments(int n, const double coefficient[], double scale,
                                     const struct dmumu_transit_block *block, struct dmumu_filter_sum *sum)
{
    for (int j = 0; j < n; j++) {
        const double factor = scale * coefficient[j];
        for (int k = 0; k < BLOCK; k++) {
            sum->fine[k] += factor * block->fine[j][k];
        }
        for (int k = 0; k < SAMPLES; k++) {
            sum->coarse[k] += factor * block->coarse[j][k];
        }
    }
}

void dmumu_transit_add(const struct dmumu_transit_taps *taps, const struct dmumu_row *g, size_t block, long b,
                       double scale, struct dmumu_filter_sum *sum)
{
    struct dmumu_transit_block *shared = &taps->deposit->block[block];
    while (shared->n_made < taps->n_moments) {
        make_moment(taps->deposit, g, b, shared);
    }
    add_moments(taps->n_moments, taps->coefficient, scale, shared, sum);
    dmumu_filter_add(&taps->end, g, b, scale, sum);
    dmumu_filter_add(&taps->start, g, b, scale, sum);
}
