/* Kernel errors: what the sums of kernel_blocks.h err by, at lattice points and between them. */
#include "core/columns.h"
#include "core/kernel_blocks.h"
#include "core/kernel_lobes.h"
#include "core/rules.h"
#include "core/vector.h"

#include <math.h>
#include <string.h>

enum { BLOCK = DMUMU_FILTER_BLOCK, SAMPLES = DMUMU_FILTER_SAMPLES };

/* ---- along the lattice ------------------------------------------------------------------------------------------- */

/* Lattice points of the 14th difference to either side. */
enum { REACH = DMUMU_ERROR_REACH, WINDOW = BLOCK + 2 * REACH };

/* Of the 14th difference, its middle first; and the share of each that is an error. */
static const double binomial[REACH + 1] = {-3432.0, 3003.0, -2002.0, 1001.0, -364.0, 91.0, -14.0, 1.0};
#define OF_WIDE  (3.0 / 256.0)
#define OF_LOBES (3.0 / 3432.0)

/*
 * Error of interpolating along the lattice, which is done twice: for each direction, and their sum for R. It is large
 * where only the tail of the resonance is reached, which falls by orders of magnitude in a few steps; and where the far
 * lobes of J'^2, not two steps long, do not cancel, as directions at an extremum of x_max (1 - xi^2)^1/2 share them:
 * that shows in the 14th difference alone. Three times what these say of one interpolation: that of each direction, whose
 * resonance is as narrow as the lattice allows and has not been averaged, is the worse one (of the gyro-resonance at M_A =
 * 1.2, in a tail, 2.4 to 4.2 times what 1.6 made of them, with 3.0 to 4.2 steps to the resonance's width).
 * sum: [n + 2 REACH], from REACH before the first point on.
 */
static inline void lattice_errors(size_t n, const double *restrict sum, double *restrict error)
{
    for (size_t i = 0; i < n; i++) {
        const double *at = sum + i + REACH;
        double lobes = binomial[0] * at[0];
        double wide = at[0];
        for (int k = 1; k <= REACH; k++) { /* from the middle to both ends */
            lobes += binomial[k] * (at[-k] + at[k]);
            wide -= k % 2 ? dmumu_stencil_wide_weight[3 - k / 2] * (at[-k] + at[k]) : 0.0;
        }
        const double of_wide = OF_WIDE * fabs(wide);
        const double of_lobes = OF_LOBES * fabs(lobes);
        error[i] = of_wide > of_lobes ? of_wide : of_lobes;
    }
}

double dmumu_lattice_error(const double sum[static 15])
{
    double error;
    lattice_errors(1, sum, &error);
    return error;
}

DMUMU_VECTOR static void lattice_errors_of_block(const double window[static WINDOW], double error[static BLOCK])
{
    lattice_errors(BLOCK, window, error);
}

/* ---- at lattice points ------------------------------------------------------------------------------------------- */

/* A lattice index at least `room` from either end of all blocks. */
static long within_all(const struct dmumu_fast_profile *profile, long index, long room)
{
    const long most = DMUMU_BLOCKS_END - 1 - room;
    const long least = profile->begin + room;
    return index > most ? most : (index < least ? least : index);
}

/* What there are samples of at a place: the larger of the two around it, within its block. */
static double sampled_at(const double samples[], long index)
{
    const size_t block = dmumu_block_of(index);
    const size_t k = (size_t)(index - dmumu_block_begin(block)) / DMUMU_FILTER_SAMPLE;
    const double *at = samples + block * SAMPLES;
    return k + 1 < SAMPLES ? fmax(at[k], at[k + 1]) : at[k];
}

static double gyro_at(const struct dmumu_fast_maker *maker, long index)
{
    dmumu_fast_make_between(maker, index, index);
    return maker->profile->gyro[index - maker->profile->begin];
}

/*
 * What widening the resonance to D errs by, threefold: the eighth derivative, (D/mu)^8 c^4/6144 of it (resonance.h). Of
 * u^1/2, which is in front of everything, that is 529 of the value; of what depends on R, 12 times the square of the
 * fourth, as of a Gaussian; but no more than what a widening with two moments less, c^2/32 of the fourth, would err by.
 * Where the cascade's start cuts the Gaussian off, tables do not hold (dmumu_fast_table_holds).
 */
static double widening_error(const struct dmumu_fast_maker *maker, long index)
{
    static const double weight[5] = {1.0, -4.0, 6.0, -4.0, 1.0};
    const struct dmumu_fast_table *table = maker->table;
    const long stride = table->stride; /* D/mu */
    const long centre = within_all(maker->profile, index, 2 * stride);
    double fourth = 0.0;
    for (long k = 0; k < 5; k++) {
        fourth += weight[k] * gyro_at(maker, centre + (k - 2) * stride);
    }
    const double value = fabs(gyro_at(maker, centre));
    const double c2 = table->widened * table->widened;
    const double width = (double)stride * maker->common->step[table->step_class];
    const double width4 = width * width * (width * width);
    const double of_power = 529.0 * width4 * width4 * value;
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

/* What is the same for all lattice points between two samples. */
struct shared_error {
    double of_angles; /* relative to the total */
    double coarse;
};

static struct shared_error shared_at(const struct dmumu_fast_profile *profile, long index)
{
    return (struct shared_error){angle_error(sampled_at(profile->gap, index)), sampled_at(profile->coarse, index)};
}

/* What few tables have: a widened resonance, lobes that are known to be wrong. */
static double rare_error(const struct dmumu_fast_maker *maker, long index)
{
    const double widening = maker->table->widened > 0.0 ? widening_error(maker, index) : 0.0;
    return widening + dmumu_missed_lobes(maker->table, maker->columns->deposit, index);
}

/* ---- parts of a block -------------------------------------------------------------------------------------------- */

enum { PARTS = DMUMU_ERROR_PARTS };
static const long part_begin[PARTS + 1] = {0, REACH, BLOCK - REACH, BLOCK};

/* Sums from REACH before a block to REACH after it, as far as a part of its errors needs them and there are any. */
static void find_window(const struct dmumu_fast_maker *maker, size_t block, int part, double window[static WINDOW])
{
    const struct dmumu_fast_profile *profile = maker->profile;
    const long begin = dmumu_block_begin(block);
    const long from = part == 0 ? begin - REACH : begin;
    const long to = part == PARTS - 1 ? begin + BLOCK + REACH : begin + BLOCK;
    const long least = from < profile->begin ? profile->begin : from;
    const long end = to > DMUMU_BLOCKS_END ? DMUMU_BLOCKS_END : to;
    dmumu_fast_make_between(maker, least, begin);
    dmumu_fast_make_between(maker, begin, end - 1);
    memset(window, 0, WINDOW * sizeof *window);
    memcpy(window + (least - (begin - REACH)), profile->total + (least - profile->begin),
           (size_t)(end - least) * sizeof *window);
}

void dmumu_fast_make_errors(const struct dmumu_fast_maker *maker, size_t block, int part)
{
    struct dmumu_fast_profile *profile = maker->profile;
    const long begin = dmumu_block_begin(block);
    double window[WINDOW];
    double along[BLOCK];
    find_window(maker, block, part, window);
    lattice_errors_of_block(window, along);
    const bool rare = maker->table->widened > 0.0 || maker->table->n_missed > 0;
    for (long k = part_begin[part]; k < part_begin[part + 1]; k++) {
        const long at = begin + k - profile->begin;
        const struct shared_error shared = shared_at(profile, begin + k);
        profile->error[at] = shared.of_angles * profile->total[at] +
                             along[within_all(profile, begin + k, REACH) - begin] + shared.coarse +
                             profile->table_error * profile->gyro[at] + profile->transit_error * profile->transit[at] +
                             (rare ? rare_error(maker, begin + k) : 0.0);
    }
    profile->error_done[block] |= (uint8_t)(1U << part);
}
