/* Kernel rates: D_F at any R, between the lattice points of kernel_blocks.h. */
#include "core/kernel_blocks.h"
#include "core/vector.h"

#include <math.h>

/* ---- rates ------------------------------------------------------------------------------------------------------- */

/* Half of a stencil: one register of AVX2, two of any x86-64. */
typedef double lanes __attribute__((vector_size(32), aligned(8), may_alias));

struct stencil {
    lanes low, high;
};

static inline double sum_of(lanes part)
{
    return (part[0] + part[2]) + (part[1] + part[3]);
}

static inline double product_of(lanes part)
{
    return (part[0] * part[2]) * (part[1] * part[3]);
}

/*
 * Weights of the eight points around a place between the fourth and the fifth (dmumu_stencil_weights), in registers: of
 * each the product of all distances over its own, times a constant.
 */
static inline struct stencil stencil_at(double fraction)
{
    static const double least = 1e-200; /* the fourth point itself: no division by 0, and nothing of the others */
    static const lanes scale_low = {-1.0 / 5040.0, 1.0 / 720.0, -1.0 / 240.0, 1.0 / 144.0};
    static const lanes scale_high = {-1.0 / 144.0, 1.0 / 240.0, -1.0 / 720.0, 1.0 / 5040.0};
    static const lanes left = {-3.0, -2.0, -1.0, 0.0};
    const lanes low = (fraction > least ? fraction : least) - left;
    const lanes high = low - 4.0;
    const double product = product_of(low * high);
    return (struct stencil){product * scale_low / low, product * scale_high / high};
}

static inline double value_at(const struct stencil *stencil, const double value[static DMUMU_STENCIL])
{
    const lanes *at = (const lanes *)value;
    return sum_of(stencil->low * at[0] + stencil->high * at[1]);
}

/* Where R lies on the lattice. */
struct spot {
    long first; /* of the eight points around it */
    double fraction;
};

static inline struct spot spot_of(double position)
{
    const double whole = floor(position);
    return (struct spot){(long)whole - DMUMU_STENCIL_LEFT, position - whole};
}

/* Errors change slowly: every other lattice point is enough. The one at or before a spot. */
static inline long error_index(const struct spot *spot)
{
    return (spot->first + DMUMU_STENCIL_LEFT) & ~1L;
}

/* All that a spot looks at is there. */
static void make_around(const struct dmumu_fast_maker *maker, const struct spot *spot)
{
    dmumu_fast_make_between(maker, spot->first, spot->first + DMUMU_STENCIL - 1);
    dmumu_fast_make_error_at(maker, error_index(spot));
    dmumu_fast_make_error_at(maker, error_index(spot) + 2);
}

static inline double error_around(const struct dmumu_fast_profile *profile, const struct spot *spot)
{
    const double *error = profile->error + (error_index(spot) - profile->begin);
    return error[0] > error[2] ? error[0] : error[2];
}

/* In steps of a table's class. */
static inline double per_step_of(const struct dmumu_fast_maker *maker)
{
    return 1.0 / maker->common->step[maker->table->step_class];
}

struct dmumu_fast_rate dmumu_fast_profile_rate(const struct dmumu_fast_common *common,
                                               const struct dmumu_fast_table *table, struct dmumu_columns *columns,
                                               struct dmumu_fast_profile *profile, double larmor_ratio)
{
    const struct dmumu_fast_maker maker = {common, table, columns, profile};
    const struct spot spot = spot_of((log(larmor_ratio) + table->ln_s) * per_step_of(&maker));
    const struct stencil stencil = stencil_at(spot.fraction);
    make_around(&maker, &spot);
    const double gyro = value_at(&stencil, profile->gyro + (spot.first - profile->begin));
    const double transit = value_at(&stencil, profile->transit + (spot.first - profile->begin));
    const double scale = profile->front / sqrt(larmor_ratio);
    return (struct dmumu_fast_rate){
        .transit = transit > 0.0 ? scale * transit : 0.0,
        .gyro = gyro > 0.0 ? scale * gyro : 0.0,
        .error = scale * error_around(profile, &spot),
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

/* All that the wanted spots look at is there. R mostly ascend, so that what was there for one is for the next. */
static void make_around_all(const struct dmumu_fast_maker *maker, size_t n, const struct spot spot[],
                            const uint8_t wanted[])
{
    struct whole whole = {0, 0};
    for (size_t i = 0; i < n; i++) {
        const long first = spot[i].first;
        if (!wanted[i] || (first >= whole.begin && first + DMUMU_STENCIL <= whole.end)) {
            continue;
        }
        make_around(maker, &spot[i]);
        whole = whole_with(maker->profile, &whole, first);
        whole = whole.end > first + DMUMU_STENCIL - 1 ? whole
                                                      : whole_with(maker->profile, &whole, first + DMUMU_STENCIL - 1);
    }
}

DMUMU_VECTOR static void take_rates(const struct dmumu_fast_profile *profile, size_t n, const struct spot spot[],
                                    const struct dmumu_fast_powers *powers, const uint8_t wanted[],
                                    struct dmumu_fast_rates *rates)
{
    for (size_t i = 0; i < n; i++) {
        if (wanted[i]) {
            const struct stencil stencil = stencil_at(spot[i].fraction);
            const double total = value_at(&stencil, profile->total + (spot[i].first - profile->begin));
            const double scale = profile->front * powers->inverse_sqrt[i];
            rates->value[i] = total > 0.0 ? scale * total : 0.0;
            rates->error[i] = scale * error_around(profile, &spot[i]);
        }
    }
}

DMUMU_VECTOR static void find_spots(size_t n, const double *restrict ln_ratio, double ln_s, double per_step,
                                    struct spot *restrict spot)
{
    for (size_t i = 0; i < n; i++) {
        spot[i] = spot_of((ln_ratio[i] + ln_s) * per_step);
    }
}

void dmumu_fast_profile_rates(const struct dmumu_fast_common *common, const struct dmumu_fast_table *table,
                              struct dmumu_columns *columns, struct dmumu_fast_profile *profile, size_t n,
                              const struct dmumu_fast_powers *powers, const uint8_t wanted[],
                              struct dmumu_fast_rates *rates)
{
    const struct dmumu_fast_maker maker = {common, table, columns, profile};
    struct spot spot[DMUMU_FAST_RATES];
    find_spots(n, powers->ln, table->ln_s, per_step_of(&maker), spot);
    make_around_all(&maker, n, spot, wanted);
    take_rates(profile, n, spot, powers, wanted, rates);
}
