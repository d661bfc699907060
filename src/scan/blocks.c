/* Blocks: groups of runs with one M_A, costliest first (see blocks.h). Pure: no MPI, no clock. */
#include "scan/blocks.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>

enum { BITS = 64 };

double dmumu_blocks_cost(enum dmumu_region region, double alfven_mach)
{
    if (region == DMUMU_DISK)
        return 1.3 * fmax(1.0, pow(fmin(alfven_mach, 1.0) / 0.7, 2.0));
    return fmax(1.0, pow(0.25 / alfven_mach, 1.1));
}

/* One value of an axis with all that decides its place in the order. */
struct entry {
    double cost;
    size_t index;
};

/* Costliest first; equal costs in the axis's own order, so that every rank sorts alike. */
static int compare_entries(const void *a, const void *b)
{
    const struct entry *p = a, *q = b;
    if (p->cost != q->cost)
        return p->cost > q->cost ? -1 : 1;
    return (p->index > q->index) - (p->index < q->index);
}

/* By what they cost at all M_A together. */
static void order_regions(const struct dmumu_axis *regions, const struct dmumu_axis *machs, struct dmumu_blocks *blocks)
{
    struct entry entries[DMUMU_N_REGIONS] = {{0.0, 0}};
    const size_t n = regions->n < DMUMU_N_REGIONS ? regions->n : DMUMU_N_REGIONS;
    for (size_t i = 0; i < n; ++i) {
        entries[i].index = i;
        for (size_t k = 0; k < machs->n; ++k)
            entries[i].cost += dmumu_blocks_cost((enum dmumu_region)regions->values[i], machs->values[k]);
    }
    qsort(entries, n, sizeof *entries, compare_entries);
    for (size_t i = 0; i < n; ++i)
        blocks->region[i] = entries[i].index;
}

/* Of one curve in each region of a grid, together. */
static double cost_in_all(const struct dmumu_axis *regions, double alfven_mach)
{
    double cost = 0.0;
    for (size_t i = 0; i < regions->n; ++i)
        cost += dmumu_blocks_cost((enum dmumu_region)regions->values[i], alfven_mach);
    return cost;
}

static void order_groups(const struct dmumu_axis *regions, const struct dmumu_axis *machs, struct entry entries[],
                         struct dmumu_blocks *blocks)
{
    for (size_t i = 0; i < machs->n; ++i)
        entries[i] = (struct entry){cost_in_all(regions, machs->values[i]), i};
    qsort(entries, machs->n, sizeof *entries, compare_entries);
    for (size_t i = 0; i < machs->n; ++i) {
        blocks->mach[i] = entries[i].index;
        blocks->group_of[entries[i].index] = i;
    }
    double sum = 0.0;
    for (size_t i = 0; i < machs->n; ++i)
        sum += entries[i].cost;
    for (size_t i = 0; i < machs->n; ++i)
        blocks->expected[i] = entries[i].cost * (double)machs->n / sum;
}

enum dmumu_status dmumu_blocks_new(const struct dmumu_grid *grid, struct dmumu_blocks *blocks,
                                   struct dmumu_error *error)
{
    const struct dmumu_axis *machs = &grid->axis[DMUMU_AXIS_ALFVEN_MACH];
    struct dmumu_blocks made = {.n_curves = dmumu_grid_n_curves(grid),
                                .n_groups = machs->n,
                                .n_beta = grid->axis[DMUMU_AXIS_BETA].n,
                                .run_length = grid->axis[DMUMU_AXIS_INJECTION_SCALE].n};
    made.group_size = made.n_curves / made.n_groups;
    made.n_pending = made.n_curves;
    made.mach = calloc(machs->n, sizeof *made.mach);
    made.group_of = calloc(machs->n, sizeof *made.group_of);
    made.expected = calloc(machs->n, sizeof *made.expected);
    struct entry *entries = calloc(machs->n, sizeof *entries);
    if (!made.mach || !made.group_of || !made.expected || !entries) {
        dmumu_blocks_free(&made);
        free(entries);
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the order of %zu values of M_A", machs->n);
    }
    order_regions(&grid->axis[DMUMU_AXIS_REGION], machs, &made);
    order_groups(&grid->axis[DMUMU_AXIS_REGION], machs, entries, &made);
    *blocks = made;
    free(entries);
    return DMUMU_OK;
}

void dmumu_blocks_free(struct dmumu_blocks *blocks)
{
    free(blocks->mach);
    free(blocks->group_of);
    free(blocks->expected);
    free(blocks->done);
    *blocks = (struct dmumu_blocks){0};
}

uint64_t dmumu_blocks_curve(const struct dmumu_blocks *blocks, size_t position)
{
    const size_t of_region = blocks->n_beta * blocks->run_length;
    const size_t group = position / blocks->group_size, rest = position % blocks->group_size;
    const size_t region = blocks->region[rest / of_region];
    return (region * blocks->n_groups + blocks->mach[group]) * of_region + rest % of_region;
}

size_t dmumu_blocks_position(const struct dmumu_blocks *blocks, uint64_t curve)
{
    const size_t of_region = blocks->n_beta * blocks->run_length;
    const size_t plane = curve / of_region, region = plane / blocks->n_groups;
    size_t place = 0;
    while (blocks->region[place] != region)
        ++place;
    return blocks->group_of[plane % blocks->n_groups] * blocks->group_size + place * of_region + curve % of_region;
}

enum dmumu_status dmumu_blocks_set_done(struct dmumu_blocks *blocks, uint64_t curve, struct dmumu_error *error)
{
    if (!blocks->done)
        blocks->done = calloc(blocks->n_curves / BITS + 1, sizeof *blocks->done);
    if (!blocks->done)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for a list of %zu curves", blocks->n_curves);
    const size_t position = dmumu_blocks_position(blocks, curve);
    if (!dmumu_blocks_is_done(blocks, position))
        --blocks->n_pending;
    blocks->done[position / BITS] |= UINT64_C(1) << position % BITS;
    return DMUMU_OK;
}

bool dmumu_blocks_is_done(const struct dmumu_blocks *blocks, size_t position)
{
    return blocks->done && (blocks->done[position / BITS] >> position % BITS & 1);
}

size_t dmumu_blocks_pending(const struct dmumu_blocks *blocks, struct dmumu_block block)
{
    if (!blocks->done)
        return block.count;
    size_t done = 0;
    for (size_t at = block.first, end = block.first + block.count; at < end;) {
        const size_t left = end - at, in_word = BITS - at % BITS, bits = left < in_word ? left : in_word;
        const uint64_t mask = bits == BITS ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
        done += (size_t)__builtin_popcountll(blocks->done[at / BITS] >> at % BITS & mask);
        at += bits;
    }
    return block.count - done;
}

double dmumu_blocks_expected(const struct dmumu_blocks *blocks, size_t group)
{
    return blocks->expected[group];
}

struct dmumu_block dmumu_blocks_group(const struct dmumu_blocks *blocks, size_t group)
{
    return (struct dmumu_block){group * blocks->group_size, blocks->group_size};
}

struct dmumu_block dmumu_blocks_piece(const struct dmumu_blocks *blocks, struct dmumu_block block, size_t count)
{
    const size_t of_run = blocks->run_length - block.first % blocks->run_length;
    const size_t most = count < of_run ? count : of_run;
    return (struct dmumu_block){block.first, block.count < most ? block.count : most};
}

size_t dmumu_blocks_runs(const struct dmumu_blocks *blocks, struct dmumu_block block)
{
    if (block.count == 0)
        return 0;
    return (block.first + block.count - 1) / blocks->run_length - block.first / blocks->run_length + 1;
}
