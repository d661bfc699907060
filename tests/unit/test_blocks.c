/* The order of work: complete, grouped by M_A, in whole runs of L, costliest first, the same for everybody. */
#include "scan/blocks.h"

#include "grids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

static void every_curve_stands_once(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(2, 3, 4, 5);
    assert_int_equal(blocks.n_curves, 2 * 3 * 4 * 5);
    assert_int_equal(blocks.n_pending, blocks.n_curves);
    int seen[2 * 3 * 4 * 5] = {0};
    for (size_t i = 0; i < blocks.n_curves; ++i) {
        const uint64_t curve = dmumu_blocks_curve(&blocks, i);
        assert_in_range(curve, 0, blocks.n_curves - 1);
        assert_int_equal(dmumu_blocks_position(&blocks, curve), i);
        ++seen[curve];
    }
    for (size_t i = 0; i < blocks.n_curves; ++i)
        assert_int_equal(seen[i], 1);
    dmumu_blocks_free(&blocks);
    assert_null(blocks.mach);
}

/* The costliest group first, and in a group the costliest region. */
static void a_group_has_one_alfven_mach(void **state)
{
    (void)state;
    struct dmumu_grid grid = make_grid(2, 3, 4, 5);
    struct dmumu_blocks blocks = make_blocks(2, 3, 4, 5);
    assert_int_equal(blocks.n_groups, 3);
    double last_cost = INFINITY;
    for (size_t group = 0; group < 3; ++group) {
        const struct dmumu_block whole = dmumu_blocks_group(&blocks, group);
        assert_int_equal(whole.first, group * 2 * 4 * 5);
        assert_int_equal(whole.count, 2 * 4 * 5);
        const struct dmumu_point first = dmumu_grid_point(&grid, dmumu_blocks_curve(&blocks, whole.first));
        const double cost =
            dmumu_blocks_cost(DMUMU_DISK, first.alfven_mach) + dmumu_blocks_cost(DMUMU_HALO, first.alfven_mach);
        assert_true(cost < last_cost);
        last_cost = cost;
        for (size_t i = 0; i < whole.count; ++i) {
            const struct dmumu_point point = dmumu_grid_point(&grid, dmumu_blocks_curve(&blocks, whole.first + i));
            assert_true(point.alfven_mach == first.alfven_mach);
            assert_int_equal(point.region, i < 4 * 5 ? DMUMU_DISK : DMUMU_HALO);
        }
    }
    assert_true(dmumu_blocks_cost(DMUMU_DISK, 1.0) > dmumu_blocks_cost(DMUMU_HALO, 1.0));
    assert_true(dmumu_blocks_cost(DMUMU_DISK, 1.0) > dmumu_blocks_cost(DMUMU_DISK, 0.1));
    assert_true(dmumu_blocks_cost(DMUMU_HALO, 0.1) > dmumu_blocks_cost(DMUMU_HALO, 1.0));
    double expected = 0.0;
    for (size_t group = 0; group < 3; ++group)
        expected += dmumu_blocks_expected(&blocks, group) / 3.0;
    assert_true(fabs(expected - 1.0) < 1e-12);
    assert_true(dmumu_blocks_expected(&blocks, 0) > 1.0 && dmumu_blocks_expected(&blocks, 2) < 1.0);
    dmumu_blocks_free(&blocks);
    dmumu_grid_free(&grid);
}

/* At run_length curves from every multiple of it: one region, M_A and beta, L ascending. */
static void runs_stand_together(void **state)
{
    (void)state;
    struct dmumu_grid grid = make_grid(2, 3, 4, 5);
    struct dmumu_blocks blocks = make_blocks(2, 3, 4, 5);
    assert_int_equal(blocks.run_length, 5);
    for (size_t first = 0; first < blocks.n_curves; first += 5) {
        const struct dmumu_point start = dmumu_grid_point(&grid, dmumu_blocks_curve(&blocks, first));
        for (size_t i = 0; i < 5; ++i) {
            const struct dmumu_point point = dmumu_grid_point(&grid, dmumu_blocks_curve(&blocks, first + i));
            assert_int_equal(point.region, start.region);
            assert_true(point.alfven_mach == start.alfven_mach && point.beta == start.beta);
            assert_true(point.injection_scale_pc == grid.axis[DMUMU_AXIS_INJECTION_SCALE].values[i]);
        }
    }
    dmumu_blocks_free(&blocks);
    dmumu_grid_free(&grid);
}

/* Against a count one by one, for every block of a grid whose bits take more than one word. */
static void what_is_done_is_not_pending(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(2, 3, 5, 7);
    assert_int_equal(dmumu_blocks_pending(&blocks, (struct dmumu_block){3, 100}), 100);
    assert_false(dmumu_blocks_is_done(&blocks, 0));
    for (uint64_t curve = 0; curve < blocks.n_curves; curve += 1 + curve % 4)
        assert_int_equal(dmumu_blocks_set_done(&blocks, curve, NULL), DMUMU_OK);
    assert_int_equal(dmumu_blocks_set_done(&blocks, 0, NULL), DMUMU_OK); /* twice is once */
    size_t pending = 0;
    for (size_t i = 0; i < blocks.n_curves; ++i) {
        assert_true(dmumu_blocks_is_done(&blocks, dmumu_blocks_position(&blocks, 0)));
        pending += !dmumu_blocks_is_done(&blocks, i);
    }
    assert_int_equal(pending, blocks.n_pending);
    assert_in_range(pending, 1, blocks.n_curves - 1);
    for (size_t first = 0; first < blocks.n_curves; ++first) {
        size_t count = 0;
        for (size_t end = first; end < blocks.n_curves; ++end) {
            assert_int_equal(dmumu_blocks_pending(&blocks, (struct dmumu_block){first, end - first}), count);
            count += !dmumu_blocks_is_done(&blocks, end);
        }
    }
    dmumu_blocks_free(&blocks);
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
    struct dmumu_blocks blocks = make_blocks(1, 1, 1, 1);
    assert_int_equal(blocks.n_curves, 1);
    assert_int_equal(blocks.n_groups, 1);
    assert_int_equal(dmumu_blocks_curve(&blocks, 0), 0);
    dmumu_blocks_free(&blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_curve_stands_once),   cmocka_unit_test(a_group_has_one_alfven_mach),
        cmocka_unit_test(runs_stand_together),       cmocka_unit_test(what_is_done_is_not_pending),
        cmocka_unit_test(a_piece_ends_with_its_run), cmocka_unit_test(one_curve_is_a_grid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
