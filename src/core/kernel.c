/*
 * The production kernel for fast modes: sums over directions, on a lattice in ln R.
 * See kernel.h for the formulas, kernel_table.c for the tables, deposit.h for the sums and docs/kernel.md for why this
 * suffices.
 */
#include "core/kernel.h"

#include "core/constants.h"
#include "core/rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LN_R_MIN (-27.631021115928547) /* ln DMUMU_R_MIN */

enum { BLOCK = DMUMU_FILTER_BLOCK, SAMPLES = DMUMU_FILTER_SAMPLES };

/* Blocks are counted downwards from one that ends DMUMU_STENCIL beyond ln R = 0; lattice index of a block's begin. */
static long block_begin(size_t block)
{
    return DMUMU_STENCIL - BLOCK * ((long)block + 1);
}

static size_t block_of(long index)
{
    return (size_t)((DMUMU_STENCIL - 1 - index) / BLOCK);
}

/* f_F pi^1/2 s M_A^3/2 / (2 kappa^1/2): 4 pi s^2/R^2, R_n's and I_F's fronts, and R^3/2 of kernel.h, less R^-1/2. */
static double front_of(const struct dmumu_state *state, double s)
{
    const double m = state->alfven_mach;
    return state->energy_fraction[DMUMU_FAST] * DMUMU_SQRT_PI * s * m * sqrt(m) / (2.0 * sqrt(state->kappa));
}

static enum dmumu_status reserve(struct dmumu_fast_profile *profile, size_t n_blocks)
{
    const size_t n = n_blocks * (2 * BLOCK + SAMPLES);
    if (profile->capacity < n) {
        double *grown = realloc(profile->memory, n * sizeof *grown);
        bool *done = realloc(profile->done, n_blocks * sizeof *done);
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
    profile->gap = profile->transit + n_blocks * BLOCK;
    memset(profile->done, 0, n_blocks * sizeof *profile->done);
    return DMUMU_OK;
}

enum dmumu_status dmumu_fast_profile_begin(const struct dmumu_fast_common *common, const struct dmumu_state *state,
                                           const struct dmumu_fast_table *table,
                                           const struct dmumu_transit_deposit *transit,
                                           struct dmumu_fast_profile *profile)
{
    const long least = (long)floor(LN_R_MIN / common->step[table->step_class]) - DMUMU_STENCIL;
    enum dmumu_status status = reserve(profile, block_of(least) + 1);
    if (status == DMUMU_OK) {
        status = dmumu_transit_taps_make(transit, table->mu, table->width, state->alfven_speed_v, &profile->taps);
    }
    profile->front = front_of(state, table->s);
    profile->table_error = table->rel_error;
    return status;
}

void dmumu_fast_profile_free(struct dmumu_fast_profile *profile)
{
    dmumu_transit_taps_free(&profile->taps);
    free(profile->done);
    free(profile->memory);
    *profile = (struct dmumu_fast_profile){0};
}

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

static void gyro_block(const struct dmumu_fast_table *table, const struct dmumu_deposit *deposit, long b,
                       struct dmumu_filter_sum *sum)
{
    for (size_t i = 0; i < (size_t)deposit->rows.n; i++) {
        const struct dmumu_row row = {
            .first = table->first, .n = table->row_end[i], .value = table->value + i * table->n_v};
        const long last = b + DMUMU_FILTER_BLOCK - 1 - row.first; /* taps at -last and before see nothing */
        if (deposit->end[i].n > 0 && deposit->end[i].first + (long)deposit->end[i].n > -last) {
            dmumu_filter_add(&deposit->end[i], &row, b, 1.0, sum);
        }
        if (deposit->start[i].n > 0 && deposit->start[i].first + (long)deposit->start[i].n > -last) {
            dmumu_filter_add(&deposit->start[i], &row, b, -1.0, sum);
        }
    }
    dmumu_filter_finish(sum);
}

/*
 * The transit-time sum is a function of R s, on a lattice of its own, at least twice as wide: a block of that, from
 * which a block of the gyro-resonance's lattice is interpolated.
 */
static void transit_block(const struct dmumu_fast_common *common, const struct dmumu_fast_table *table,
                          const struct dmumu_fast_profile *profile, long b, struct dmumu_filter_sum *sum)
{
    const double ratio = common->step[table->step_class] / common->transit_step;
    const double start = (double)b * ratio + log(table->s) / common->transit_step;
    const long first = (long)floor(start) - DMUMU_STENCIL_LEFT;
    struct dmumu_filter_sum wide = {.constant = 0.0};
    /* a^3/2, a = R s (1 - xi^2)^1/2: the R of it is in the profile's unit, the angle in the taps */
    dmumu_filter_add(&profile->taps.taps, &common->g, first, table->s * sqrt(table->s), &wide);
    dmumu_filter_finish(&wide);
    for (int k = 0; k < BLOCK; k++) {
        const double position = start + k * ratio;
        const long at = (long)floor(position) - DMUMU_STENCIL_LEFT - first;
        double weight[DMUMU_STENCIL];
        dmumu_stencil_weights(position - floor(position), weight);
        for (int j = 0; j < DMUMU_STENCIL; j++) {
            sum->fine[k] += weight[j] * wide.fine[at + j];
        }
    }
    for (int k = 0; k < SAMPLES; k++) { /* the rules' ratio changes slowly: that of the nearest sample there is */
        const int at = k * DMUMU_FILTER_SAMPLE;
        const int nearest = (int)(DMUMU_STENCIL_LEFT + at * ratio + 0.5 * DMUMU_FILTER_SAMPLE) / DMUMU_FILTER_SAMPLE;
        const double fine = wide.fine[nearest * DMUMU_FILTER_SAMPLE];
        sum->coarse[k] = fine > 0.0 ? wide.coarse[nearest] / fine * sum->fine[at] : sum->fine[at];
    }
}

static void make_block(const struct dmumu_fast_common *common, const struct dmumu_fast_table *table,
                       const struct dmumu_deposit *deposit, struct dmumu_fast_profile *profile, size_t block)
{
    const long b = block_begin(block);
    struct dmumu_filter_sum gyro = {.constant = 0.0};
    struct dmumu_filter_sum transit = {.constant = 0.0};
    gyro_block(table, deposit, b, &gyro);
    transit_block(common, table, profile, b, &transit);
    memcpy(profile->gyro + block * BLOCK, gyro.fine, sizeof gyro.fine);
    memcpy(profile->transit + block * BLOCK, transit.fine, sizeof transit.fine);
    for (int k = 0; k < SAMPLES; k++) {
        const int at = k * DMUMU_FILTER_SAMPLE;
        const double total = gyro.fine[at] + transit.fine[at];
        const double difference = fabs(gyro.fine[at] - gyro.coarse[k]) + fabs(transit.fine[at] - transit.coarse[k]);
        profile->gap[block * SAMPLES + (size_t)k] = total > 0.0 ? difference / total : 0.0;
    }
    profile->done[block] = true;
}

/* ---- rates ------------------------------------------------------------------------------------------------------- */

struct dmumu_fast_place dmumu_fast_place_of(const struct dmumu_fast_common *common, int step_class, double larmor_ratio)
{
    const double position = log(larmor_ratio) / common->step[step_class];
    struct dmumu_fast_place place = {.index = (long)floor(position)};
    dmumu_stencil_weights(position - floor(position), place.weight);
    return place;
}

/* The difference of the rules at a place: the larger of the two samples around it, within its block. */
static double gap_at(const struct dmumu_fast_profile *profile, long index)
{
    const size_t block = block_of(index);
    const size_t sample = (size_t)(index - block_begin(block)) / DMUMU_FILTER_SAMPLE;
    const double *gap = profile->gap + block * SAMPLES;
    return sample + 1 < SAMPLES ? fmax(gap[sample], gap[sample + 1]) : gap[sample];
}

/* What makes blocks. */
struct maker {
    const struct dmumu_fast_common *common;
    const struct dmumu_fast_table *table;
    const struct dmumu_deposit *deposit;
    struct dmumu_fast_profile *profile;
};

/* Where a lattice point is kept, its block made if need be. */
static size_t kept_at(const struct maker *maker, long index)
{
    const size_t block = block_of(index);
    if (!maker->profile->done[block]) {
        make_block(maker->common, maker->table, maker->deposit, maker->profile, block);
    }
    return block * BLOCK + (size_t)(index - block_begin(block));
}

/* What widening the resonance errs by: see dmumu_fast_table. Near the lattice's ends, at the nearest possible place. */
static double widening_error(const struct maker *maker, long index)
{
    static const double weight[5] = {1.0, -4.0, 6.0, -4.0, 1.0};
    const long stride = maker->table->stride;
    const long most = DMUMU_STENCIL - 1 - 2 * stride;
    const long least = block_begin(maker->profile->n_blocks - 1) + 2 * stride;
    const long centre = index > most ? most : (index < least ? least : index);
    double difference = 0.0;
    for (long k = 0; k < 5; k++) {
        difference += weight[k] * maker->profile->gyro[kept_at(maker, centre + (k - 2) * stride)];
    }
    return maker->table->widened * fabs(difference);
}

struct dmumu_fast_rate dmumu_fast_profile_rate(const struct dmumu_fast_common *common,
                                               const struct dmumu_fast_table *table,
                                               const struct dmumu_deposit *deposit, struct dmumu_fast_profile *profile,
                                               const struct dmumu_fast_place *place, double larmor_ratio)
{
    const struct maker maker = {common, table, deposit, profile};
    const long first = place->index - DMUMU_STENCIL_LEFT;
    double gyro = 0.0;
    double transit = 0.0;
    for (long k = 0; k < DMUMU_STENCIL; k++) {
        const size_t at = kept_at(&maker, first + k);
        gyro += place->weight[k] * profile->gyro[at];
        transit += place->weight[k] * profile->transit[at];
    }
    const double scale = profile->front / sqrt(larmor_ratio);
    gyro = fmax(gyro, 0.0);
    transit = fmax(transit, 0.0);
    const double angle_error = dmumu_rule_error(gap_at(profile, place->index)) * (gyro + transit);
    const double table_error = profile->table_error * gyro + profile->taps.rel_error * transit;
    const double widening = table->widened > 0.0 ? widening_error(&maker, place->index) : 0.0;
    return (struct dmumu_fast_rate){
        .transit = scale * transit,
        .gyro = scale * gyro,
        .error = scale * (angle_error + table_error + widening),
    };
}
