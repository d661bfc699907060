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

/* Relative widths from which the coarser mesh does: a panel is two such widths where directions resonate exactly. */
#define WIDE 0.25

/* Half of a stencil: one register of AVX2. */
typedef double lanes __attribute__((vector_size(32), aligned(8), may_alias));

static void free_directions(struct dmumu_transit_directions *directions)
{
    free(directions->epsilon);
    free(directions->weight);
    free(directions->coarse_ratio);
    free(directions->end);
    free(directions->start);
    free(directions->end_run);
    free(directions->start_run);
    *directions = (struct dmumu_transit_directions){0};
}

/* Room for n; what was there is lost. */
static enum dmumu_status reserve_directions(struct dmumu_transit_directions *directions, size_t n)
{
    if (n <= directions->capacity) {
        return DMUMU_OK;
    }
    free_directions(directions);
    *directions = (struct dmumu_transit_directions){
        .capacity = n,
        .epsilon = malloc(n * sizeof *directions->epsilon),
        .weight = malloc(n * sizeof *directions->weight),
        .coarse_ratio = malloc(n * sizeof *directions->coarse_ratio),
        .end = malloc(n * sizeof *directions->end),
        .start = malloc(n * sizeof *directions->start),
        .end_run = malloc(n * sizeof *directions->end_run),
        .start_run = malloc(n * sizeof *directions->start_run),
    };
    const bool there = directions->epsilon && directions->weight && directions->coarse_ratio && directions->end &&
                       directions->start && directions->end_run && directions->start_run;
    if (!there) {
        free_directions(directions);
    }
    return there ? DMUMU_OK : DMUMU_ERROR_MEMORY;
}

static void add_direction(const struct dmumu_angles *angles, size_t p, double step, double epsilon,
                          struct dmumu_transit_directions *directions)
{
    const size_t at = directions->n++;
    const double sine = angles->sine[p];
    directions->end[at] = dmumu_place_of(fmin(angles->ln_x_perp_max[p], MOST_TRANSIT_LN_X) / step);
    directions->start[at] = dmumu_place_of(log(sine) / step);
    directions->epsilon[at] = epsilon;
    directions->weight[at] = sine * sqrt(sine) * angles->weight[p];
    directions->coarse_ratio[at] = angles->weight_coarse[p] / angles->weight[p];
}

/* Of each direction, the first one after it that begins at another tap. */
static void find_runs(size_t n, const struct dmumu_place place[], size_t run_end[])
{
    for (size_t p = n; p > 0; p--) {
        run_end[p - 1] = p < n && place[p].first == place[p - 1].first ? run_end[p] : p;
    }
}

/* The near directions, or the others. */
static enum dmumu_status find_directions(const struct dmumu_transit_deposit *deposit, const struct dmumu_angles *angles,
                                         bool near, struct dmumu_transit_directions *directions)
{
    if (reserve_directions(directions, angles->n) != DMUMU_OK) {
        return DMUMU_ERROR_MEMORY;
    }
    directions->n = 0;
    for (size_t p = 0; p < angles->n; p++) {
        const double epsilon = deposit->alfven_speed_v / angles->cosine[p];
        if (angles->sine[p] >= LEAST_TRANSIT_SINE && (epsilon <= NEAR) == near) {
            add_direction(angles, p, deposit->step, epsilon, directions);
        }
    }
    find_runs(directions->n, directions->end, directions->end_run);
    find_runs(directions->n, directions->start, directions->start_run);
    return DMUMU_OK;
}

/* ---- taps -------------------------------------------------------------------------------------------------------- */

/* Eight taps, from two registers. */
static inline void add_lanes(const lanes *low, const lanes *high, double *to)
{
    lanes *at = (lanes *)to;
    at[0] += *low;
    at[1] += *high;
}

/* What directions that begin at the same tap add up to: neighbours mostly do, and so much stays in registers. */
struct run {
    long first;
    lanes low, high, coarse_low, coarse_high;
};

static inline void add_run(struct dmumu_taps *taps, const struct run *run)
{
    add_lanes(&run->low, &run->high, taps->fine + (run->first - taps->first));
    add_lanes(&run->coarse_low, &run->coarse_high, taps->coarse + (run->first - taps->first));
}

/* One list of places of directions from..to - 1 onto taps, with the resonance of each, times `sign`. */
static inline void lay_places(const double coarse_ratio[], const struct dmumu_place place[], const size_t run_end[],
                              size_t from, size_t to, const double resonance[], double sign, struct dmumu_taps *taps)
{
    for (size_t p = from; p < to;) {
        struct run run = {.first = place[p].first};
        const size_t end = run_end[p] < to ? run_end[p] : to;
        for (; p < end; p++) {
            const lanes low = *(const lanes *)place[p].weight;
            const lanes high = *(const lanes *)(place[p].weight + DMUMU_STENCIL / 2);
            const double fine = sign * resonance[p - from];
            const double coarse = coarse_ratio[p] * fine;
            run.low += fine * low;
            run.high += fine * high;
            run.coarse_low += coarse * low;
            run.coarse_high += coarse * high;
        }
        add_run(taps, &run);
    }
}

/* Some of a set of directions. */
struct part {
    const struct dmumu_transit_directions *of;
    size_t from, to;
};

/* Ends and (negative) starts onto taps. resonance: [part->to - part->from], times the weight */
DMUMU_VECTOR static void lay_part(const struct part *part, const double resonance[], struct dmumu_taps *end,
                                  struct dmumu_taps *start)
{
    const struct dmumu_transit_directions *of = part->of;
    lay_places(of->coarse_ratio, of->end, of->end_run, part->from, part->to, resonance, 1.0, end);
    lay_places(of->coarse_ratio, of->start, of->start_run, part->from, part->to, resonance, -1.0, start);
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

static void widen_for_part(const struct part *part, struct dmumu_taps *end, struct dmumu_taps *start)
{
    widen(end, part->of->end, part->of->end_run, part->from, part->to);
    widen(start, part->of->start, part->of->start_run, part->from, part->to);
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
    const struct part near = {&deposit->near, 0, deposit->near.n};
    struct dmumu_taps all = {.n = 0};
    widen_for_part(&near, &all, &all);
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
    const struct part near = {&deposit->near, 0, deposit->near.n};
    const size_t n = near.to;
    double *polynomial = calloc(4 * n + 1, sizeof *polynomial);
    const enum dmumu_status status = polynomial ? place_moments(deposit) : DMUMU_ERROR_MEMORY;
    for (int j = 0; status == DMUMU_OK && j < MOMENTS; j++) {
        double *value = polynomial + (size_t)(j % 3) * n;
        double *weighted = polynomial + 3 * n;
        next_polynomial(n, near.of->epsilon, j, polynomial + (size_t)((j + 2) % 3) * n,
                        polynomial + (size_t)((j + 1) % 3) * n, value);
        for (size_t p = 0; p < n; p++) {
            weighted[p] = near.of->weight[p] * value[p];
        }
        lay_part(&near, weighted, &deposit->moment[j], &deposit->moment[j]);
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
    deposit->step = step;
    deposit->alfven_speed_v = alfven_speed_v;
    for (int mesh = 0; mesh < DMUMU_TRANSIT_MESHES; mesh++) {
        deposit->has_mesh[mesh] = false;
    }
    for (size_t i = 0; i < deposit->n_blocks; i++) {
        deposit->block[i].n_made = 0;
    }
    make_transform(deposit);
    const enum dmumu_status status = find_directions(deposit, angles, true, &deposit->near);
    return status == DMUMU_OK ? make_moments(deposit) : status;
}

int dmumu_transit_mesh(double relative_width)
{
    return relative_width >= WIDE ? DMUMU_TRANSIT_WIDE : DMUMU_TRANSIT_NARROW;
}

double dmumu_transit_mesh_panel(int mesh)
{
    return 2.0 * (mesh == DMUMU_TRANSIT_WIDE ? WIDE : DMUMU_TRANSIT_LEAST_WIDTH);
}

enum dmumu_status dmumu_transit_deposit_add_mesh(const struct dmumu_angles *angles, int mesh,
                                                 struct dmumu_transit_deposit *deposit)
{
    enum dmumu_status status = dmumu_taps_reserve(&deposit->resonance, &deposit->resonance_capacity, angles->n);
    if (status == DMUMU_OK) {
        status = find_directions(deposit, angles, false, &deposit->far[mesh]);
    }
    deposit->has_mesh[mesh] = status == DMUMU_OK;
    return status;
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
    free_directions(&deposit->near);
    for (int mesh = 0; mesh < DMUMU_TRANSIT_MESHES; mesh++) {
        free_directions(&deposit->far[mesh]);
    }
    free(deposit->resonance);
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

/* The first direction with epsilon above this. */
static size_t first_above(const struct dmumu_transit_directions *directions, double epsilon)
{
    size_t low = 0;
    size_t high = directions->n;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (directions->epsilon[middle] > epsilon) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* Those that the resonance reaches. */
static struct part reached(const struct dmumu_transit_directions *directions, const struct dmumu_resonance_shape *shape)
{
    return (struct part){directions, first_above(directions, shape->mu - REACH * shape->width),
                         first_above(directions, shape->mu + REACH * shape->width)};
}

/* Room for the taps of both parts, in two lists: far starts lie next to ln sin(theta) = 0, ends far from it. */
static enum dmumu_status place_lists(const struct part part[static 2], struct dmumu_transit_taps *taps)
{
    taps->end = (struct dmumu_taps){.n = 0};
    taps->start = (struct dmumu_taps){.n = 0};
    widen_for_part(&part[0], &taps->end, &taps->start);
    widen_for_part(&part[1], &taps->end, &taps->start);
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
    struct part part[2] = {reached(&deposit->near, &shape),
                           reached(&deposit->far[dmumu_transit_mesh(width / mu)], &shape)};
    if (expand_resonance(&shape, taps)) {
        part[0].to = part[0].from;
    }
    const enum dmumu_status status = place_lists(part, taps);
    for (int k = 0; status == DMUMU_OK && k < 2; k++) {
        transit_resonance(&shape, part[k].to - part[k].from, part[k].of->epsilon + part[k].from,
                          part[k].of->weight + part[k].from, deposit->resonance);
        lay_part(&part[k], deposit->resonance, &taps->end, &taps->start);
    }
    if (status == DMUMU_OK) {
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
