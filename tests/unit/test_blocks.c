/* The order of work: complete, grouped by M_A, in whole runs of L, costliest first, the same for everybody. */
#include "scan/blocks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

static struct dmumu_grid make_grid(size_t regions, size_t machs, size_t betas, size_t scales)
{
    struct dmumu_grid grid = {0};
    assert_int_equal(dmumu_axis_range(&grid.axis[DMUMU_AXIS_REGION], DMUMU_DISK, regions > 1 ? DMUMU_HALO : DMUMU_DISK,
                                      regions, false),
                     DMUMU_OK);
    assert_int_equal(dmumu_axis_range(&grid.axis[DMUMU_AXIS_ALFVEN_MACH], 0.1, 1.0, machs, true), DMUMU_OK);
    assert_int_equal(dmumu_axis_range(&grid.axis[DMUMU_AXIS_BETA], 0.01, 1.0, betas, true), DMUMU_OK);
    assert_int_equal(dmumu_axis_range(&grid.axis[DMUMU_AXIS_INJECTION_SCALE], 10.0, 300.0, scales, true), DMUMU_OK);
    assert_int_equal(dmumu_axis_range(&grid.axis[DMUMU_AXIS_RIGIDITY], 1.0, 1e6, 5, true), DMUMU_OK);
    return grid;
}

static void every_curve_stands_once(void **state)
{
    (void)state;
    struct dmumu_grid grid = make_grid(2, 3, 4, 5);
    struct dmumu_blocks blocks;
    assert_int_equal(dmumu_blocks_new(&grid, &blocks, NULL), DMUMU_OK);
    assert_int_equal(blocks.n_curves, 2 * 3 * 4 * 5);
    int seen[2 * 3 * 4 * 5] = {0};
    for (size_t i = 0; i < blocks.n_curves; ++i) {
        assert_in_range(blocks.curve[i], 0, blocks.n_curves - 1);
        ++seen[blocks.curve[i]];
    }
    for (size_t i = 0; i < blocks.n_curves; ++i)
        assert_int_equal(seen[i], 1);
    dmumu_blocks_free(&blocks);
    assert_null(blocks.curve);
    dmumu_grid_free(&grid);
}

static void a_group_has_one_alfven_mach(void **state)
{
    (void)state;
    struct dmumu_grid grid = make_grid(2, 3, 4, 5);
    struct dmumu_blocks blocks;
    assert_int_equal(dmumu_blocks_new(&grid, &blocks, NULL), DMUMU_OK);
    assert_int_equal(blocks.n_groups, 3);
    assert_int_equal(blocks.group_first[0], 0);
    assert_int_equal(blocks.group_first[3], blocks.n_curves);
    for (size_t group = 0; group < 3; ++group) {
        const double mach = dmumu_grid_point(&grid, blocks.curve[blocks.group_first[group]]).alfven_mach;
        assert_int_equal(blocks.group_first[group + 1] - blocks.group_first[group], 2 * 4 * 5);
        for (size_t i = blocks.group_first[group]; i < blocks.group_first[group + 1]; ++i)
            assert_true(dmumu_grid_point(&grid, blocks.curve[i]).alfven_mach == mach);
    }
    dmumu_blocks_free(&blocks);
    dmumu_grid_free(&grid);
}

static void costliest_comes_first(void **state)
{
    (void)state;
    struct dmumu_grid grid = make_grid(2, 4, 2, 2);
    struct dmumu_blocks blocks;
    assert_int_equal(dmumu_blocks_new(&grid, &blocks, NULL), DMUMU_OK);
    for (size_t group = 0; group < blocks.n_groups; ++group) {
        for (size_t i = blocks.group_first[group]; i + 3 < blocks.group_first[group + 1]; ++i)
            assert_true(blocks.cost[i] >= blocks.cost[i + 2]); /* like with like: two curves to a run */
        if (group > 0)
            assert_true(blocks.cost[blocks.group_first[group]] <= blocks.cost[blocks.group_first[group - 1]]);
    }
    const struct dmumu_point first = dmumu_grid_point(&grid, blocks.curve[0]);
    assert_true(dmumu_blocks_cost(DMUMU_DISK, 1.0) > dmumu_blocks_cost(DMUMU_HALO, 1.0));
    assert_true(dmumu_blocks_cost(DMUMU_HALO, 1.0) > dmumu_blocks_cost(DMUMU_HALO, 0.1));
    assert_int_equal(first.region, DMUMU_DISK);
    assert_true(first.alfven_mach >= 0.99);
    dmumu_blocks_free(&blocks);
    dmumu_grid_free(&grid);
}

/* At run_length curves from every multiple of it: one region, M_A and beta, L ascending, the first one dearer. */
static void runs_stand_together(void **state)
{
    (void)state;
    struct dmumu_grid grid = make_grid(2, 3, 4, 5);
    struct dmumu_blocks blocks;
    assert_int_equal(dmumu_blocks_new(&grid, &blocks, NULL), DMUMU_OK);
    assert_int_equal(blocks.run_length, 5);
    for (size_t first = 0; first < blocks.n_curves; first += 5) {
        const struct dmumu_point start = dmumu_grid_point(&grid, blocks.curve[first]);
        const double later = dmumu_blocks_cost(start.region, start.alfven_mach);
        assert_true(blocks.cost[first] == DMUMU_BLOCKS_FIRST_COST * later);
        for (size_t i = 1; i < 5; ++i) {
            const struct dmumu_point point = dmumu_grid_point(&grid, blocks.curve[first + i]);
            assert_int_equal(point.region, start.region);
            assert_true(point.alfven_mach == start.alfven_mach && point.beta == start.beta);
            assert_true(point.injection_scale_pc == grid.axis[DMUMU_AXIS_INJECTION_SCALE].values[i]);
            assert_true(blocks.cost[first + i] == later);
        }
    }
    dmumu_blocks_free(&blocks);
    dmumu_grid_free(&grid);
}

static void assert_block(struct dmumu_block block, size_t first, size_t count)
{
    assert_int_equal(block.first, first);
    assert_int_equal(block.count, count);
}

static void a_piece_ends_with_its_run(void **state)
{
    (void)state;
    const struct dmumu_blocks blocks = {.n_curves = 40, .run_length = 8};
    assert_block(dmumu_blocks_piece(&blocks, (struct dmumu_block){8, 24}, 8), 8, 8);
    assert_block(dmumu_blocks_piece(&blocks, (struct dmumu_block){8, 24}, 100), 8, 8);
    assert_block(dmumu_blocks_piece(&blocks, (struct dmumu_block){8, 24}, 3), 8, 3);
    assert_block(dmumu_blocks_piece(&blocks, (struct dmumu_block){14, 18}, 3), 14, 2);
    assert_block(dmumu_blocks_piece(&blocks, (struct dmumu_block){11, 2}, 8), 11, 2);
    assert_int_equal(dmumu_blocks_runs(&blocks, (struct dmumu_block){8, 0}), 0);
    assert_int_equal(dmumu_blocks_runs(&blocks, (struct dmumu_block){8, 8}), 1);
    assert_int_equal(dmumu_blocks_runs(&blocks, (struct dmumu_block){15, 2}), 2);
    assert_int_equal(dmumu_blocks_runs(&blocks, (struct dmumu_block){0, 40}), 5);
}

static void one_curve_is_a_grid(void **state)
{
    (void)state;
    struct dmumu_grid grid = make_grid(1, 1, 1, 1);
    struct dmumu_blocks blocks;
    assert_int_equal(dmumu_blocks_new(&grid, &blocks, NULL), DMUMU_OK);
    assert_int_equal(blocks.n_curves, 1);
    assert_int_equal(blocks.n_groups, 1);
    assert_int_equal(blocks.group_first[1], 1);
    assert_true(dmumu_blocks_sum(&blocks, (struct dmumu_block){0, 1}) == blocks.cost[0]);
    assert_true(dmumu_blocks_sum(&blocks, (struct dmumu_block){0, 0}) == 0.0);
    dmumu_blocks_free(&blocks);
    dmumu_grid_free(&grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_curve_stands_once),   cmocka_unit_test(a_group_has_one_alfven_mach),
        cmocka_unit_test(costliest_comes_first),     cmocka_unit_test(runs_stand_together),
        cmocka_unit_test(a_piece_ends_with_its_run), cmocka_unit_test(one_curve_is_a_grid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
