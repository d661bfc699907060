/*
 * The production kernel for fast modes: rates on a lattice in ln(R s).
 * See kernel.h for the formulas, kernel_table.c for the tables, columns.h for sums over directions and docs/kernel.md for
 * why this suffices.
 */
#include "core/kernel.h"

#include "core/columns.h"
#include "core/constants.h"
#include "core/kernel_lobes.h"
#include "core/rules.h"
#include "core/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = DMUMU_FILTER_BLOCK, SAMPLES = DMUMU_FILTER_SAMPLES };

/* Blocks are counted downwards from one that ends beyond ln(R s) = 0 by what differences there reach; lattice index of a
 * block's begin. */
enum { BEYOND = 24 };

static long block_begin(size_t block)
{
    return BEYOND - BLOCK * ((long)block + 1);
}

static size_t block_of(long index)
{
    return (size_t)((BEYOND - 1 - index) / BLOCK);
}

/* The nearest lattice index at least `room` from either end of its block. */
static long inside(long index, long room)
{
    const long least = block_begin(block_of(index)) + room;
    const long most = least + BLOCK - 1 - 2 * room;
    return index > most ? most : (index < least ? least : index);
}

double dmumu_fast_front(const struct dmumu_state *state, double s)
{
    const double m = state->alfven_mach;
    return state->energy_fraction[DMUMU_FAST] * DMUMU_SQRT_PI * s * m * sqrt(m) / (2.0 * sqrt(state->kappa));
}

static enum dmumu_status reserve(struct dmumu_fast_profile *profile, size_t n_blocks, size_t n_wide)
{
    const size_t n = n_blocks * (3 * BLOCK + 2 * SAMPLES) + n_wide * (BLOCK + SAMPLES);
    if (profile->capacity < n) {
        double *grown = realloc(profile->memory, n * sizeof *grown);
        bool *done = realloc(profile->done, n / BLOCK * sizeof *done); /* more than there are blocks */
        profile->memory = grown ? grown : profile->memory;
        profile->done = done ? done : profile->done;
        if (!grown || !done) {
            return DMUMU_ERROR_MEMORY;
        }
        profile->capacity = n;
    }
    profile->n_blocks = n_blocks;
    profile->gyro = profile->memory;
    profile->transit = profile->gyro + n_blocks * BLOCK;
    profile->error = profile->transit + n_blocks * BLOCK;
    profile->gap = profile->error + n_blocks * BLOCK;
    profile->coarse = profile->gap + n_blocks * SAMPLES;
    profile->begin = block_begin(n_blocks - 1);
    profile->n_wide = n_wide;
    profile->wide = profile->coarse + n_blocks * SAMPLES;
    profile->wide_ratio = profile->wide + n_wide * BLOCK;
    profile->wide_begin = block_begin(n_wide - 1);
    profile->wide_done = profile->done + n_blocks;
    memset(profile->done, 0, (n_blocks + n_wide) * sizeof *profile->done);
    return DMUMU_OK;
}

/* Transit-time steps in one of a table's class. */
static double wide_ratio(const struct dmumu_fast_common *common, const struct dmumu_fast_table *table)
{
    return common->step[table->step_class] / common->transit_step;
}

enum dmumu_status dmumu_fast_profile_begin(const struct dmumu_fast_common *common, const struct dmumu_state *state,
                                           const struct dmumu_fast_table *table, struct dmumu_columns *columns,
                                           const struct dmumu_transit_deposit *transit,
                                           struct dmumu_fast_profile *profile)
{
    const double ln_least = log(DMUMU_R_MIN) + table->ln_s;
    const long least = (long)floor(ln_least / common->step[table->step_class]) - DMUMU_STENCIL;
    const size_t n_blocks = block_of(least) + 1;
    const double least_wide = (double)block_begin(n_blocks - 1) * wide_ratio(common, table);
    enum dmumu_status status = reserve(profile, n_blocks, block_of((long)floor(least_wide) - DMUMU_STENCIL) + 1);
    if (status == DMUMU_OK) {
        status = dmumu_columns_make(columns, table);
    }
    if (status == DMUMU_OK) {
        status = dmumu_transit_taps_make(transit, table->mu, table->width, &profile->taps);
    }
    profile->front = dmumu_fast_front(state, table->s);
    profile->table_error = table->rel_error;
    profile->transit_error = profile->taps.rel_error + dmumu_deposit_least_error(common->tolerance);
    return status;
}

void dmumu_fast_profile_free(struct dmumu_fast_profile *profile)
{
    dmumu_transit_taps_free(&profile->taps);
    free(profile->done);
    free(profile->memory);
    *profile = (struct dmumu_fast_profile){0};
}

/* An error is estimated when somebody first asks for it. */
#define NOT_YET (-1.0)

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

/*
 * Error of interpolating along the lattice, which is done twice: for each direction, and their sum for R. It is large
 * where only the tail of the resonance is reached, which falls by orders of magnitude in a few steps; and where the far
 * lobes of J'^2, not two steps long, do not cancel, as directions at an extremum of x_max (1 - xi^2)^1/2 share them:
 * that shows in the 14th difference alone. Interpolated twice, and a fifth less than the sum: in the middle between points,
 * where the error is largest, R lies seldom (a factor of 2 left the median of all estimates at 21 times the error).
 */
static double lattice_error(const double sum[static 15])
{
    static const double binomial[8] = {1.0, -14.0, 91.0, -364.0, 1001.0, -2002.0, 3003.0, -3432.0};
    double lobes = binomial[7] * sum[7];
    for (int k = 0; k < 7; k++) { /* from both ends */
        lobes += binomial[k] * (sum[k] + sum[14 - k]);
    }
    return 1.6 * fmax(fabs(sum[7] - dmumu_stencil_wide(sum)) / 256.0, fabs(lobes) / 3432.0);
}

/* What makes blocks. */
struct maker {
    const struct dmumu_fast_common *common;
    const struct dmumu_fast_table *table;
    struct dmumu_columns *columns;
    struct dmumu_fast_profile *profile;
};

/* A block of the transit-time lattice. */
static void make_wide(const struct maker *maker, size_t block)
{
    struct dmumu_fast_profile *profile = maker->profile;
    const long b = block_begin(block);
    struct dmumu_filter_sum sum = {.constant = 0.0};
    /* a^3/2, a = R s (1 - xi^2)^1/2: the R of it is in the profile's unit, the angle in the taps */
    const double scale = maker->table->s * sqrt(maker->table->s);
    dmumu_filter_add(&profile->taps.taps, &maker->common->g, b, scale, &sum);
    dmumu_filter_finish(&sum);
    memcpy(profile->wide + (b - profile->wide_begin), sum.fine, sizeof sum.fine);
    for (size_t k = 0; k < SAMPLES; k++) {
        const double fine = sum.fine[k * DMUMU_FILTER_SAMPLE];
        profile->wide_ratio[block * SAMPLES + k] = fine > 0.0 ? sum.coarse[k] / fine : 1.0;
    }
    profile->wide_done[block] = true;
}

/*
 * value[i] = the sum at begin + i ratio of the transit-time lattice, i < BLOCK; wide: that sum from lattice point
 * floor(begin) - DMUMU_STENCIL_LEFT on. Every 1/ratio-th point, a power of two, lies equally far from its neighbours.
 */
static void interpolate(double begin, double ratio, const double wide[], double value[static BLOCK])
{
    const size_t phases = (size_t)lround(1.0 / ratio);
    const long first = (long)floor(begin) - DMUMU_STENCIL_LEFT;
    for (size_t phase = 0; phase < phases; phase++) {
        const struct dmumu_place place = dmumu_place_of(begin + (double)phase * ratio);
        for (size_t i = 0; phase + i * phases < BLOCK; i++) {
            const double *at = wide + (place.first - first) + i;
            double sum = 0.0;
            for (size_t j = 0; j < DMUMU_STENCIL; j++) {
                sum += place.weight[j] * at[j];
            }
            value[phase + i * phases] = sum;
        }
    }
}

/* The nearest sample's ratio of the two rules, within its block. */
static double wide_ratio_at(const struct dmumu_fast_profile *profile, long index)
{
    const size_t block = block_of(index);
    const long within = index - block_begin(block);
    return profile->wide_ratio[block * SAMPLES + (within >= DMUMU_FILTER_SAMPLE / 2 && within < BLOCK - DMUMU_FILTER_SAMPLE / 2)];
}

/*
 * The transit-time sum is on a lattice of its own, whose steps are longer: a block of the gyro-resonance's is interpolated
 * from it. Differences on the finer lattice see nothing of the error of that.
 * @param[out] gap  by how much it exceeds that of the coarser rule of wave angles, at samples
 */
static void transit_block(const struct maker *maker, size_t block, double gap[static SAMPLES])
{
    struct dmumu_fast_profile *profile = maker->profile;
    const double ratio = wide_ratio(maker->common, maker->table);
    const double begin = (double)block_begin(block) * ratio;
    const long first = (long)floor(begin) - DMUMU_STENCIL_LEFT;
    const size_t own[2] = {block, block};
    const size_t apart[2] = {block_of(first), block_of(first + (long)(BLOCK * ratio) + DMUMU_STENCIL)};
    const size_t *wide = ratio < 1.0 ? apart : own; /* one lattice, or another */
    double *transit = profile->transit + (block_begin(block) - profile->begin);
    for (int k = 0; k < 2; k++) {
        if (!profile->wide_done[wide[k]]) {
            make_wide(maker, wide[k]);
        }
    }
    if (ratio < 1.0) {
        interpolate(begin, ratio, profile->wide + (first - profile->wide_begin), transit);
    } else {
        memcpy(transit, profile->wide + (block_begin(block) - profile->wide_begin), BLOCK * sizeof *transit);
    }
    for (size_t k = 0; k < SAMPLES; k++) {
        const long at = (long)floor(begin + (double)(k * DMUMU_FILTER_SAMPLE) * ratio);
        const double *around = profile->wide + (inside(at, 7) - 7 - profile->wide_begin);
        gap[k] = (1.0 - wide_ratio_at(profile, at)) * transit[k * DMUMU_FILTER_SAMPLE];
        profile->coarse[block * SAMPLES + k] = ratio < 1.0 ? lattice_error(around) : 0.0;
    }
}

static void make_block(const struct maker *maker, size_t block)
{
    struct dmumu_fast_profile *profile = maker->profile;
    const long at = block_begin(block) - profile->begin;
    double gyro_gap[SAMPLES];
    double transit_gap[SAMPLES];
    dmumu_columns_sum(maker->columns, maker->table, block_begin(block), profile->gyro + at, gyro_gap);
    transit_block(maker, block, transit_gap);
    for (int k = 0; k < BLOCK; k++) {
        profile->error[at + k] = NOT_YET;
    }
    for (int k = 0; k < SAMPLES; k++) {
        const long sample = at + (long)k * DMUMU_FILTER_SAMPLE;
        const double total = profile->gyro[sample] + profile->transit[sample];
        const double difference = fabs(gyro_gap[k]) + fabs(transit_gap[k]);
        profile->gap[block * SAMPLES + (size_t)k] = total > 0.0 ? difference / total : 0.0;
    }
    profile->done[block] = true;
}

/* ---- rates ------------------------------------------------------------------------------------------------------- */

/* What there are samples of at a place: the larger of the two around it, within its block. */
static double sampled_at(const double samples[], long index)
{
    const size_t block = block_of(index);
    const size_t k = (size_t)(index - block_begin(block)) / DMUMU_FILTER_SAMPLE;
    const double *at = samples + block * SAMPLES;
    return k + 1 < SAMPLES ? fmax(at[k], at[k + 1]) : at[k];
}

/* The gyro-resonant sums from one lattice point to another, less than a block apart, made if need be. */
static const double *made_between(const struct maker *maker, long from, long to)
{
    const size_t block[2] = {block_of(from), block_of(to)};
    for (int k = 0; k < 2; k++) {
        if (!maker->profile->done[block[k]]) {
            make_block(maker, block[k]);
        }
    }
    return maker->profile->gyro + (from - maker->profile->begin);
}

/* A lattice index at least `room` from either end of all blocks. */
static long within_all(const struct dmumu_fast_profile *profile, long index, long room)
{
    const long most = BEYOND - 1 - room;
    const long least = profile->begin + room;
    return index > most ? most : (index < least ? least : index);
}

static double interpolation_error(const struct maker *maker, long index)
{
    const long centre = within_all(maker->profile, index, 7);
    const double *gyro = made_between(maker, centre - 7, centre + 7);
    const double *transit = maker->profile->transit + (gyro - maker->profile->gyro);
    double sum[15];
    for (int k = 0; k < 15; k++) {
        sum[k] = gyro[k] + transit[k];
    }
    return lattice_error(sum);
}

/*
 * What widening the resonance to D errs by, threefold: the eighth derivative, (D/mu)^8 c^4/6144 of it (resonance.h). Of
 * u^1/2, which is in front of everything, that is 529 of the value; of what depends on R, 12 times the square of the
 * fourth, as of a Gaussian; but no more than what a widening with two moments less, c^2/32 of the fourth, would err by.
 * Where the cascade's start cuts the Gaussian off, tables do not hold (dmumu_fast_table_holds).
 */
static double widening_error(const struct maker *maker, long index)
{
    static const double weight[5] = {1.0, -4.0, 6.0, -4.0, 1.0};
    const struct dmumu_fast_table *table = maker->table;
    const long stride = table->stride; /* D/mu */
    const long centre = within_all(maker->profile, index, 2 * stride);
    double fourth = 0.0;
    for (long k = 0; k < 5; k++) {
        const long at = centre + (k - 2) * stride;
        fourth += weight[k] * *made_between(maker, at, at);
    }
    const double value = fabs(*made_between(maker, centre, centre));
    const double c2 = table->widened * table->widened;
    const double width = (double)stride * maker->common->step[table->step_class];
    const double of_power = 529.0 * pow(width, 8.0) * value;
    const double of_shape = value > 0.0 ? 12.0 * fourth * fourth / value : (double)INFINITY;
    return 3.0 * fmin(c2 * c2 / 6144.0 * (of_power + of_shape), c2 / 32.0 * fabs(fourth));
}

/*
 * Of the two rules of wave angles: as of any two such rules, and at most a tenth of their difference, since that is of a
 * hundred panels of angles, in few of which the rules have not converged (at 200 values with 1e-5 to 1e-4 of it, by the
 * power alone, the error was less than half of that, and a fiftieth in the middle).
 */
static double angle_error(double gap)
{
    return fmin(dmumu_rule_error(gap), 0.1 * gap);
}

/* All that is uncertain at a lattice point that is made. */
static double estimate_error(const struct maker *maker, long index)
{
    const struct dmumu_fast_profile *profile = maker->profile;
    const double gyro = profile->gyro[index - profile->begin];
    const double transit = profile->transit[index - profile->begin];
    const double widening = maker->table->widened > 0.0 ? widening_error(maker, index) : 0.0;
    return angle_error(sampled_at(profile->gap, index)) * (gyro + transit) + interpolation_error(maker, index) +
           sampled_at(profile->coarse, index) +
           profile->table_error * gyro + profile->transit_error * transit + widening +
           dmumu_missed_lobes(maker->table, maker->columns->deposit, index);
}

static double error_at(const struct maker *maker, long index)
{
    double *error = &maker->profile->error[index - maker->profile->begin];
    if (*error == NOT_YET) {
        *error = estimate_error(maker, index);
    }
    return *error;
}

/* Of each position, its lattice point to the left and the weights of the eight around it (lattice.h), several at once. */
DMUMU_VECTOR static void find_weights(const double *restrict position, double *restrict whole,
                                      double weight[static restrict DMUMU_STENCIL][DMUMU_FAST_PLACES])
{
    for (int i = 0; i < DMUMU_FAST_PLACES; i++) {
        double at[DMUMU_STENCIL];
        whole[i] = floor(position[i]);
        dmumu_stencil_weights(position[i] - whole[i], at);
        for (int j = 0; j < DMUMU_STENCIL; j++) {
            weight[j][i] = at[j];
        }
    }
}

void dmumu_fast_places(const struct dmumu_fast_common *common, const struct dmumu_fast_table *table, size_t n,
                       const double ln_larmor_ratio[], struct dmumu_place place[])
{
    const double per_step = 1.0 / common->step[table->step_class];
    double position[DMUMU_FAST_PLACES] = {0.0};
    double whole[DMUMU_FAST_PLACES];
    double weight[DMUMU_STENCIL][DMUMU_FAST_PLACES];
    for (size_t i = 0; i < n; i++) {
        position[i] = (ln_larmor_ratio[i] + table->ln_s) * per_step;
    }
    find_weights(position, whole, weight);
    for (size_t i = 0; i < n; i++) {
        place[i].first = (long)whole[i] - DMUMU_STENCIL_LEFT;
        for (int j = 0; j < DMUMU_STENCIL; j++) {
            place[i].weight[j] = weight[j][i];
        }
    }
}

/* Errors change slowly: every other lattice point is enough. */
static long even(long index)
{
    return index & ~1L;
}

/* Half of a stencil: one register of AVX2, two of any x86-64. */
typedef double lanes __attribute__((vector_size(32), aligned(8), may_alias));

static inline double value_at(const struct dmumu_place *place, const double value[static DMUMU_STENCIL])
{
    const lanes *weight = (const lanes *)place->weight;
    const lanes *at = (const lanes *)value;
    const lanes part = weight[0] * at[0] + weight[1] * at[1];
    return (part[0] + part[2]) + (part[1] + part[3]);
}

struct dmumu_fast_rate dmumu_fast_profile_rate(const struct dmumu_fast_common *common,
                                               const struct dmumu_fast_table *table,
                                               struct dmumu_columns *columns, struct dmumu_fast_profile *profile,
                                               const struct dmumu_place *place, double larmor_ratio)
{
    const struct maker maker = {common, table, columns, profile};
    const long index = place->first + DMUMU_STENCIL_LEFT; /* of the lattice point to the left of R */
    const double *gyro_at = made_between(&maker, place->first, place->first + DMUMU_STENCIL - 1);
    const double *transit_at = profile->transit + (place->first - profile->begin);
    const double gyro = value_at(place, gyro_at);
    const double transit = value_at(place, transit_at);
    const double left = error_at(&maker, even(index));
    const double right = error_at(&maker, even(index + 2));
    const double scale = profile->front / sqrt(larmor_ratio);
    return (struct dmumu_fast_rate){
        .transit = transit > 0.0 ? scale * transit : 0.0,
        .gyro = gyro > 0.0 ? scale * gyro : 0.0,
        .error = scale * (left > right ? left : right),
    };
}
