/* Kernel rates: D_F at any R, between the lattice points of kernel_blocks.h. */
#include "core/kernel_blocks.h"
#include "core/vector.h"

#include <math.h>

/* ---- places ------------------------------------------------------------------------------------------------------ */

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

/* ---- rates ------------------------------------------------------------------------------------------------------- */

/* Half of a stencil: one register of AVX2, two of any x86-64. */
typedef double lanes __attribute__((vector_size(32), aligned(8), may_alias));

static inline double value_at(const struct dmumu_place *place, const double value[static DMUMU_STENCIL])
{
    const lanes *weight = (const lanes *)place->weight;
    const lanes *at = (const lanes *)value;
    const lanes part = weight[0] * at[0] + weight[1] * at[1];
    return (part[0] + part[2]) + (part[1] + part[3]);
}

/* Errors change slowly: every other lattice point is enough. The one at or before a place. */
static inline long error_index(const struct dmumu_place *place)
{
    return (place->first + DMUMU_STENCIL_LEFT) & ~1L;
}

/* All that a place looks at is there. */
static void make_around(const struct dmumu_fast_maker *maker, const struct dmumu_place *place)
{
    dmumu_fast_make_between(maker, place->first, place->first + DMUMU_STENCIL - 1);
    dmumu_fast_make_error_at(maker, error_index(place));
    dmumu_fast_make_error_at(maker, error_index(place) + 2);
}

static inline double error_around(const struct dmumu_fast_profile *profile, const struct dmumu_place *place)
{
    const double *error = profile->error + (error_index(place) - profile->begin);
    return error[0] > error[2] ? error[0] : error[2];
}

struct dmumu_fast_rate dmumu_fast_profile_rate(const struct dmumu_fast_common *common,
                                               const struct dmumu_fast_table *table,
                                               struct dmumu_columns *columns, struct dmumu_fast_profile *profile,
                                               const struct dmumu_place *place, double larmor_ratio)
{
    const struct dmumu_fast_maker maker = {common, table, columns, profile};
    make_around(&maker, place);
    const double gyro = value_at(place, profile->gyro + (place->first - profile->begin));
    const double transit = value_at(place, profile->transit + (place->first - profile->begin));
    const double scale = profile->front / sqrt(larmor_ratio);
    return (struct dmumu_fast_rate){
        .transit = transit > 0.0 ? scale * transit : 0.0,
        .gyro = gyro > 0.0 ? scale * gyro : 0.0,
        .error = scale * error_around(profile, place),
    };
}

/* Lattice points next to each other whose blocks are there with all their errors. */
struct whole {
    long begin, end;
};

/* The block of a lattice point, if it is whole, together with those before it if these are its neighbours. */
static struct whole whole_with(const struct dmumu_fast_profile *profile, const struct whole *before, long index)
{
    const size_t block = dmumu_block_of(index);
    const long begin = dmumu_block_begin(block);
    if (profile->error_done[block] != (1U << DMUMU_ERROR_PARTS) - 1U || !profile->done[block]) {
        return *before;
    }
    return (struct whole){before->end == begin ? before->begin : begin, begin + DMUMU_FILTER_BLOCK};
}

/* All that the wanted places look at is there. R mostly ascend, so that what was there for one is for the next. */
static void make_around_all(const struct dmumu_fast_maker *maker, size_t n, const struct dmumu_place place[],
                            const uint8_t wanted[])
{
    struct whole whole = {0, 0};
    for (size_t i = 0; i < n; i++) {
        const long first = place[i].first;
        if (!wanted[i] || (first >= whole.begin && first + DMUMU_STENCIL <= whole.end)) {
            continue;
        }
        make_around(maker, &place[i]);
        whole = whole_with(maker->profile, &whole, first);
        whole = whole.end > first + DMUMU_STENCIL - 1
                    ? whole
                    : whole_with(maker->profile, &whole, first + DMUMU_STENCIL - 1);
    }
}

DMUMU_VECTOR static void take_rates(const struct dmumu_fast_profile *profile, size_t n, const struct dmumu_place place[],
                                    const double inverse_sqrt_ratio[], const uint8_t wanted[],
                                    struct dmumu_fast_rates *rates)
{
    for (size_t i = 0; i < n; i++) {
        if (wanted[i]) {
            const double total = value_at(&place[i], profile->total + (place[i].first - profile->begin));
            const double scale = profile->front * inverse_sqrt_ratio[i];
            rates->value[i] = total > 0.0 ? scale * total : 0.0;
            rates->error[i] = scale * error_around(profile, &place[i]);
        }
    }
}

void dmumu_fast_profile_rates(const struct dmumu_fast_common *common, const struct dmumu_fast_table *table,
                              struct dmumu_columns *columns, struct dmumu_fast_profile *profile, size_t n,
                              const struct dmumu_place place[], const double inverse_sqrt_ratio[],
                              const uint8_t wanted[], struct dmumu_fast_rates *rates)
{
    const struct dmumu_fast_maker maker = {common, table, columns, profile};
    make_around_all(&maker, n, place, wanted);
    take_rates(profile, n, place, inverse_sqrt_ratio, wanted, rates);
}
