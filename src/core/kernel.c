/*
 * The production kernel for fast modes: sums on a lattice in ln(R s), block by block.
 * See kernel.h for the formulas, kernel_table.c for the tables, columns.h for sums over directions, kernel_rates.c for
 * rates, kernel_errors.c for what they err by, and docs/kernel.md for why this suffices.
 */
#include "core/kernel_blocks.h"

#include "core/columns.h"
#include "core/constants.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = DMUMU_FILTER_BLOCK, SAMPLES = DMUMU_FILTER_SAMPLES };

/* The nearest lattice index at least `room` from either end of its block. */
static long inside(long index, long room)
{
    const long least = dmumu_block_begin(dmumu_block_of(index)) + room;
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
    const size_t n = n_blocks * (4 * BLOCK + 2 * SAMPLES) + n_wide * (BLOCK + SAMPLES);
    if (profile->capacity < n) {
        double *grown = realloc(profile->memory, n * sizeof *grown);
        bool *done = realloc(profile->done, n / BLOCK * sizeof *done); /* more than there are blocks */
        uint8_t *error_done = realloc(profile->error_done, n / BLOCK);
        profile->memory = grown ? grown : profile->memory;
        profile->done = done ? done : profile->done;
        profile->error_done = error_done ? error_done : profile->error_done;
        if (!grown || !done || !error_done) {
            return DMUMU_ERROR_MEMORY;
        }
        profile->capacity = n;
    }
    profile->n_blocks = n_blocks;
    profile->gyro = profile->memory;
    profile->transit = profile->gyro + n_blocks * BLOCK;
    profile->total = profile->transit + n_blocks * BLOCK;
    profile->error = profile->total + n_blocks * BLOCK;
    profile->gap = profile->error + n_blocks * BLOCK;
    profile->coarse = profile->gap + n_blocks * SAMPLES;
    profile->begin = dmumu_block_begin(n_blocks - 1);
    profile->n_wide = n_wide;
    profile->wide = profile->coarse + n_blocks * SAMPLES;
    profile->wide_ratio = profile->wide + n_wide * BLOCK;
    profile->wide_begin = dmumu_block_begin(n_wide - 1);
    profile->wide_done = profile->done + n_blocks;
    memset(profile->done, 0, (n_blocks + n_wide) * sizeof *profile->done);
    return DMUMU_OK;
}

/* What is in no measured error of transit-time sums, relative: G in single precision, 2e-8 as a rule of each of hundreds of
 * entries. (4e-9 at most where they count, against rates without tables at M_A = 1.2.) */
#define SMALL_ERRORS 1e-8

/* Transit-time steps in one of a table's class. */
static double wide_ratio(const struct dmumu_fast_common *common, const struct dmumu_fast_table *table)
{
    return common->step[table->step_class] / common->transit_step;
}

enum dmumu_status dmumu_fast_profile_begin(const struct dmumu_fast_common *common, const struct dmumu_state *state,
                                           const struct dmumu_fast_table *table, struct dmumu_columns *columns,
                                           struct dmumu_transit_deposit *transit, struct dmumu_fast_profile *profile)
{
    const double ln_least = log(DMUMU_R_MIN) + table->ln_s;
    const long least = (long)floor(ln_least / common->step[table->step_class]) - DMUMU_STENCIL;
    const size_t n_blocks = dmumu_block_of(least) + 1;
    const double least_wide = (double)dmumu_block_begin(n_blocks - 1) * wide_ratio(common, table);
    const size_t n_wide = dmumu_block_of((long)floor(least_wide) - DMUMU_STENCIL) + 1;
    enum dmumu_status status = reserve(profile, n_blocks, n_wide);
    if (status == DMUMU_OK) {
        status = dmumu_columns_make(columns, table);
    }
    if (status == DMUMU_OK) {
        status = dmumu_transit_deposit_reserve(transit, n_wide);
    }
    if (status == DMUMU_OK) {
        status = dmumu_transit_taps_make(transit, table->mu, table->width, &profile->taps);
    }
    profile->front = dmumu_fast_front(state, table->s);
    profile->table_error = table->rel_error;
    profile->transit_error = profile->taps.rel_error + SMALL_ERRORS;
    return status;
}

void dmumu_fast_profile_free(struct dmumu_fast_profile *profile)
{
    dmumu_transit_taps_free(&profile->taps);
    free(profile->done);
    free(profile->error_done);
    free(profile->memory);
    *profile = (struct dmumu_fast_profile){0};
}

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

/* A block of the transit-time lattice. */
static void make_wide(const struct dmumu_fast_maker *maker, size_t block)
{
    struct dmumu_fast_profile *profile = maker->profile;
    const long b = dmumu_block_begin(block);
    struct dmumu_filter_sum sum = {.constant = 0.0};
    /* a^3/2, a = R s (1 - xi^2)^1/2: the R of it is in the profile's unit, the angle in the taps */
    const double scale = maker->table->s * sqrt(maker->table->s);
    dmumu_transit_add(&profile->taps, &maker->common->g, block, b, scale, &sum);
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
    const size_t block = dmumu_block_of(index);
    const long within = index - dmumu_block_begin(block);
    const bool second = within >= DMUMU_FILTER_SAMPLE / 2 && within < BLOCK - DMUMU_FILTER_SAMPLE / 2;
    return profile->wide_ratio[block * SAMPLES + second];
}

/*
 * The transit-time sum is on a lattice of its own, whose steps are longer: a block of the gyro-resonance's is interpolated
 * from it. Differences on the finer lattice see nothing of the error of that.
 * @param[out] gap  by how much it exceeds that of the coarser rule of wave angles, at samples
 */
static void transit_block(const struct dmumu_fast_maker *maker, size_t block, double gap[static SAMPLES])
{
    struct dmumu_fast_profile *profile = maker->profile;
    const double ratio = wide_ratio(maker->common, maker->table);
    const double begin = (double)dmumu_block_begin(block) * ratio;
    const long first = (long)floor(begin) - DMUMU_STENCIL_LEFT;
    const size_t own[2] = {block, block};
    const size_t apart[2] = {dmumu_block_of(first), dmumu_block_of(first + (long)(BLOCK * ratio) + DMUMU_STENCIL)};
    const size_t *wide = ratio < 1.0 ? apart : own; /* one lattice, or another */
    double *transit = profile->transit + (dmumu_block_begin(block) - profile->begin);
    for (int k = 0; k < 2; k++) {
        if (!profile->wide_done[wide[k]]) {
            make_wide(maker, wide[k]);
        }
    }
    if (ratio < 1.0) {
        interpolate(begin, ratio, profile->wide + (first - profile->wide_begin), transit);
    } else {
        memcpy(transit, profile->wide + (dmumu_block_begin(block) - profile->wide_begin), BLOCK * sizeof *transit);
    }
    for (size_t k = 0; k < SAMPLES; k++) {
        const long at = (long)floor(begin + (double)(k * DMUMU_FILTER_SAMPLE) * ratio);
        const double *around = profile->wide + (inside(at, 7) - 7 - profile->wide_begin);
        gap[k] = (1.0 - wide_ratio_at(profile, at)) * transit[k * DMUMU_FILTER_SAMPLE];
        profile->coarse[block * SAMPLES + k] = ratio < 1.0 ? dmumu_lattice_error(around) : 0.0;
    }
}

void dmumu_fast_make_block(const struct dmumu_fast_maker *maker, size_t block)
{
    struct dmumu_fast_profile *profile = maker->profile;
    const long at = dmumu_block_begin(block) - profile->begin;
    double gyro_gap[SAMPLES];
    double transit_gap[SAMPLES];
    dmumu_columns_sum(maker->columns, maker->table, dmumu_block_begin(block), profile->gyro + at, gyro_gap);
    transit_block(maker, block, transit_gap);
    for (int k = 0; k < BLOCK; k++) {
        profile->total[at + k] = profile->gyro[at + k] + profile->transit[at + k];
    }
    for (int k = 0; k < SAMPLES; k++) {
        const long sample = at + (long)k * DMUMU_FILTER_SAMPLE;
        const double total = profile->total[sample];
        const double difference = fabs(gyro_gap[k]) + fabs(transit_gap[k]);
        profile->gap[block * SAMPLES + (size_t)k] = total > 0.0 ? difference / total : 0.0;
    }
    profile->done[block] = true;
    profile->error_done[block] = 0;
}
