/* Blocks: groups of runs with one M_A, costliest first (see blocks.h). Pure: no MPI, no clock. */
#include "scan/blocks.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>

/* One curve with all that decides its place in the order. */
struct entry {
    double group_cost; /* of the whole group, so that a group stays together */
    double cost;       /* as a later curve of its run: the same for the whole run, so that it stays together */
    size_t group;
    uint64_t curve;
};

double dmumu_blocks_cost(enum dmumu_region region, double alfven_mach)
{
    const double of_mach = pow(alfven_mach, 0.1);
    return region == DMUMU_DISK ? 2.0 * of_mach : of_mach;
}

/* Costliest first; equal costs in the grid's own order, so that every rank sorts alike. */
static int compare_entries(const void *a, const void *b)
{
    const struct entry *p = a, *q = b;
    if (p->group_cost != q->group_cost)
        return p->group_cost > q->group_cost ? -1 : 1;
    if (p->group != q->group)
        return p->group < q->group ? -1 : 1;
    if (p->cost != q->cost)
        return p->cost > q->cost ? -1 : 1;
    return (p->curve > q->curve) - (p->curve < q->curve);
}

static void fill_entries(const struct dmumu_grid *grid, size_t n, struct entry entries[], double group_cost[])
{
    for (size_t curve = 0; curve < n; ++curve) {
        size_t index[4];
        dmumu_grid_index(grid, curve, index);
        const struct dmumu_point point = dmumu_grid_point(grid, curve);
        struct entry *entry = &entries[curve];
        entry->curve = curve;
        entry->group = index[DMUMU_AXIS_ALFVEN_MACH];
        entry->cost = dmumu_blocks_cost(point.region, point.alfven_mach);
        group_cost[entry->group] += entry->cost;
    }
    for (size_t i = 0; i < n; ++i)
        entries[i].group_cost = group_cost[entries[i].group];
}

static void take_order(const struct entry entries[], struct dmumu_blocks *blocks)
{
    size_t groups = 0;
    for (size_t i = 0; i < blocks->n_curves; ++i) {
        blocks->curve[i] = entries[i].curve;
        blocks->cost[i] = i % blocks->run_length == 0 ? DMUMU_BLOCKS_FIRST_COST * entries[i].cost : entries[i].cost;
        if (i == 0 || entries[i].group != entries[i - 1].group)
            blocks->group_first[groups++] = i;
    }
    blocks->group_first[groups] = blocks->n_curves;
}

enum dmumu_status dmumu_blocks_new(const struct dmumu_grid *grid, struct dmumu_blocks *blocks,
                                   struct dmumu_error *error)
{
    const size_t n = dmumu_grid_n_curves(grid), n_groups = grid->axis[DMUMU_AXIS_ALFVEN_MACH].n;
    struct dmumu_blocks made = {
        .n_curves = n, .n_groups = n_groups, .run_length = grid->axis[DMUMU_AXIS_INJECTION_SCALE].n};
    made.curve = calloc(n, sizeof *made.curve);
    made.cost = calloc(n, sizeof *made.cost);
    made.group_first = calloc(n_groups + 1, sizeof *made.group_first);
    struct entry *entries = calloc(n, sizeof *entries);
    double *group_cost = calloc(n_groups, sizeof *group_cost);
    const bool ok = made.curve && made.cost && made.group_first && entries && group_cost;
    if (ok) {
        fill_entries(grid, n, entries, group_cost);
        qsort(entries, n, sizeof *entries, compare_entries);
        take_order(entries, &made);
        *blocks = made;
    } else {
        dmumu_blocks_free(&made);
    }
    free(entries);
    free(group_cost);
    return ok ? DMUMU_OK : dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the order of %zu curves", n);
}

void dmumu_blocks_free(struct dmumu_blocks *blocks)
{
    free(blocks->curve);
    free(blocks->cost);
    free(blocks->group_first);
    *blocks = (struct dmumu_blocks){0};
}

double dmumu_blocks_sum(const struct dmumu_blocks *blocks, struct dmumu_block block)
{
    double sum = 0.0;
    for (size_t i = 0; i < block.count; ++i)
        sum += blocks->cost[block.first + i];
    return sum;
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
