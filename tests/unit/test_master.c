/*
 * The master's decisions: all work goes out once, tables are reused, runs are cut at the end alone, the tail is short,
 * epochs come when due.
 */
#include "scan/master.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* An order of equal costs, `per_group` curves in each group, in runs of `run` curves, without a grid. */
static struct dmumu_blocks make_blocks_of_runs(size_t groups, size_t per_group, size_t run)
{
    struct dmumu_blocks blocks = {.n_curves = groups * per_group, .n_groups = groups, .run_length = run};
    blocks.curve = calloc(blocks.n_curves, sizeof *blocks.curve);
    blocks.cost = calloc(blocks.n_curves, sizeof *blocks.cost);
    blocks.group_first = calloc(groups + 1, sizeof *blocks.group_first);
    for (size_t i = 0; i < blocks.n_curves; ++i) {
        blocks.curve[i] = i;
        blocks.cost[i] = 1.0;
    }
    for (size_t i = 0; i <= groups; ++i)
        blocks.group_first[i] = i * per_group;
    return blocks;
}

static struct dmumu_blocks make_blocks(size_t groups, size_t per_group)
{
    return make_blocks_of_runs(groups, per_group, 1);
}

static struct dmumu_master *make_master(const struct dmumu_blocks *blocks, size_t ranks, int threads, double epoch_s)
{
    int *rank_threads = calloc(ranks, sizeof *rank_threads);
    for (size_t i = 0; i < ranks; ++i)
        rank_threads[i] = threads;
    struct dmumu_master *master = NULL;
    assert_int_equal(dmumu_master_new(blocks, ranks, rank_threads, epoch_s, &master, NULL), DMUMU_OK);
    free(rank_threads);
    return master;
}

/* Ask in turn until nobody gets anything; every position must come out exactly once, and no block span two groups. */
static void hand_out_everything(size_t groups, size_t per_group, size_t run, size_t ranks, int threads)
{
    struct dmumu_blocks blocks = make_blocks_of_runs(groups, per_group, run);
    struct dmumu_master *master = make_master(&blocks, ranks, threads, 30.0);
    int *seen = calloc(blocks.n_curves, sizeof *seen);
    bool *over = calloc(ranks, sizeof *over);
    size_t left = ranks;
    for (size_t rank = 0; left > 0; rank = (rank + 1) % ranks) {
        const struct dmumu_block block = dmumu_master_next(master, rank);
        if (block.count == 0) {
            left -= !over[rank];
            over[rank] = true;
            continue;
        }
        assert_false(over[rank]); /* `none` is final */
        assert_true(block.first + block.count <= blocks.n_curves);
        assert_int_equal(block.first / per_group, (block.first + block.count - 1) / per_group);
        for (size_t i = 0; i < block.count; ++i)
            ++seen[block.first + i];
    }
    for (size_t i = 0; i < blocks.n_curves; ++i)
        assert_int_equal(seen[i], 1);
    free(seen);
    free(over);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

static void all_work_goes_out_once(void **state)
{
    (void)state;
    const size_t runs[] = {1, 8, 32, 160};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; ++i) {
        hand_out_everything(12, 160, runs[i], 1, 1);
        hand_out_everything(12, 160, runs[i], 2, 1);
        hand_out_everything(12, 160, runs[i], 5, 4);
        hand_out_everything(12, 160, runs[i], 100, 2);
    }
    hand_out_everything(1, 1000, 1, 7, 1);
    hand_out_everything(1, 1000, 1000, 7, 1);
}

static void more_ranks_than_curves(void **state)
{
    (void)state;
    hand_out_everything(1, 1, 1, 5, 2);
    hand_out_everything(3, 2, 1, 40, 1);
    hand_out_everything(3, 2, 2, 40, 3);
}

static void a_rank_stays_with_its_tables(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(4, 100);
    struct dmumu_master *master = make_master(&blocks, 2, 1, 30.0);
    const struct dmumu_block a = dmumu_master_next(master, 0), b = dmumu_master_next(master, 1);
    assert_int_equal(a.first, 0);
    assert_int_equal(b.first, 100);                                /* an M_A of its own */
    assert_int_equal(dmumu_master_next(master, 0).first, a.count); /* not 200, though nobody works there */
    assert_int_equal(dmumu_master_next(master, 1).first, 100 + b.count);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

static void blocks_shrink_to_one_curve(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(1, 400);
    struct dmumu_master *master = make_master(&blocks, 1, 1, 30.0);
    struct dmumu_block block = dmumu_master_next(master, 0), last = block;
    assert_int_equal(block.count, 100); /* a quarter of all that is left */
    while ((block = dmumu_master_next(master, 0)).count > 0) {
        assert_true(block.count <= last.count);
        last = block;
    }
    assert_int_equal(last.count, 1);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

static void threads_count_for_the_share(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(2, 1000);
    const int threads[2] = {1, 3};
    struct dmumu_master *master = NULL;
    assert_int_equal(dmumu_master_new(&blocks, 2, threads, 30.0, &master, NULL), DMUMU_OK);
    assert_int_equal(dmumu_master_next(master, 0).count, 125); /* 2000 / 4 * 1/4 */
    assert_int_equal(dmumu_master_next(master, 1).count, 351); /* 1875 / 4 * 3/4, rounded down */
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

/* One rank and one thread: whole runs to the last. */
static void runs_stay_whole(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks_of_runs(2, 80, 8);
    struct dmumu_master *master = make_master(&blocks, 1, 1, 30.0);
    size_t given = 0;
    for (struct dmumu_block block; (block = dmumu_master_next(master, 0)).count > 0; given += block.count) {
        assert_int_equal(block.first % 8, 0);
        assert_int_equal(block.count % 8, 0);
    }
    assert_int_equal(given, 160);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

/* Two threads: the last run is halved, and the halves are not halved again. */
static void the_last_run_is_shared_equally(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks_of_runs(1, 80, 8);
    struct dmumu_master *master = make_master(&blocks, 2, 1, 30.0);
    size_t given = 0;
    for (size_t rank = 0; given < 72; rank = 1 - rank) {
        const struct dmumu_block block = dmumu_master_next(master, rank);
        assert_int_equal(block.count % 8, 0);
        assert_true(block.count >= 8);
        given += block.count;
    }
    assert_int_equal(given, 72);
    assert_int_equal(dmumu_master_next(master, 0).count, 4);
    assert_int_equal(dmumu_master_next(master, 1).count, 4);
    assert_int_equal(dmumu_master_next(master, 0).count, 0);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

/* Three runs of 20 curves and 13 threads: 4 parts of each run, and one thread goes without. */
static void few_runs_are_cut_from_the_start(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks_of_runs(1, 60, 20);
    struct dmumu_master *master = make_master(&blocks, 13, 1, 30.0);
    for (size_t rank = 0; rank < 12; ++rank) {
        const struct dmumu_block block = dmumu_master_next(master, rank);
        assert_int_equal(block.first, 5 * rank);
        assert_int_equal(block.count, 5);
    }
    assert_int_equal(dmumu_master_next(master, 12).count, 0);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

/* A rank of four threads next to three single ones takes a run for each of its own, however little is left. */
static void every_thread_gets_a_run(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks_of_runs(1, 160, 20);
    const int threads[4] = {4, 1, 1, 1};
    struct dmumu_master *master = NULL;
    assert_int_equal(dmumu_master_new(&blocks, 4, threads, 30.0, &master, NULL), DMUMU_OK);
    assert_int_equal(dmumu_master_next(master, 0).count, 80);
    assert_int_equal(dmumu_master_next(master, 1).count, 20);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

/* A rank that would still be filling its tables when the others are done is sent home. */
static void nobody_joins_too_late(void **state)
{
    (void)state;
    const size_t n = (size_t)DMUMU_BLOCKS_TABLES_COST;
    struct dmumu_blocks blocks = make_blocks(1, 4 * n);
    struct dmumu_master *master = make_master(&blocks, 2, 1, 30.0);
    size_t given = 0;
    while (given < 3 * n + 1)
        given += dmumu_master_next(master, 0).count;
    assert_int_equal(dmumu_master_next(master, 1).count, 0);
    assert_true(dmumu_master_next(master, 0).count > 0);
    dmumu_master_free(master);

    master = make_master(&blocks, 2, 1, 30.0);
    assert_true(dmumu_master_next(master, 0).count > 0); /* at the start both fill their tables at the same time */
    assert_true(dmumu_master_next(master, 1).count > 0);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

static void epochs_come_with_time_and_news(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(1, 10);
    struct dmumu_master *master = make_master(&blocks, 2, 1, 30.0);
    assert_int_equal(dmumu_master_epoch(master, 100.0), DMUMU_EPOCH_NONE); /* nothing finished */
    dmumu_master_report(master, 1, 3, false);
    assert_int_equal(dmumu_master_epoch(master, 29.0), DMUMU_EPOCH_NONE);
    assert_int_equal(dmumu_master_epoch(master, 30.0), DMUMU_EPOCH_WRITE);
    dmumu_master_epoch_done(master, 31.0);
    assert_int_equal(dmumu_master_epoch(master, 100.0), DMUMU_EPOCH_NONE); /* nothing new */
    dmumu_master_report(master, 0, 1, false);
    assert_int_equal(dmumu_master_epoch(master, 60.0), DMUMU_EPOCH_NONE);
    assert_int_equal(dmumu_master_epoch(master, 61.0), DMUMU_EPOCH_WRITE);
    assert_int_equal(dmumu_master_finished(master), 4);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

static void a_full_buffer_forces_an_epoch(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(1, 10);
    struct dmumu_master *master = make_master(&blocks, 2, 1, 1e9);
    dmumu_master_report(master, 1, 3, true);
    dmumu_master_report(master, 0, 1, false); /* another rank's report does not take it back */
    assert_int_equal(dmumu_master_epoch(master, 0.0), DMUMU_EPOCH_WRITE);
    dmumu_master_epoch_done(master, 0.0);
    assert_int_equal(dmumu_master_epoch(master, 1.0), DMUMU_EPOCH_NONE);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

static void the_last_epoch_needs_every_curve(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(2, 5);
    struct dmumu_master *master = make_master(&blocks, 3, 1, 0.0);
    dmumu_master_report(master, 0, 5, false);
    dmumu_master_report(master, 2, 4, false);
    assert_int_equal(dmumu_master_epoch(master, 0.0), DMUMU_EPOCH_WRITE); /* epoch 0: at every chance */
    dmumu_master_report(master, 2, 5, false);
    assert_int_equal(dmumu_master_epoch(master, 0.0), DMUMU_EPOCH_LAST);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_work_goes_out_once),           cmocka_unit_test(more_ranks_than_curves),
        cmocka_unit_test(a_rank_stays_with_its_tables),     cmocka_unit_test(blocks_shrink_to_one_curve),
        cmocka_unit_test(threads_count_for_the_share),      cmocka_unit_test(runs_stay_whole),
        cmocka_unit_test(the_last_run_is_shared_equally),   cmocka_unit_test(few_runs_are_cut_from_the_start),
        cmocka_unit_test(every_thread_gets_a_run),          cmocka_unit_test(nobody_joins_too_late),
        cmocka_unit_test(epochs_come_with_time_and_news),   cmocka_unit_test(a_full_buffer_forces_an_epoch),
        cmocka_unit_test(the_last_epoch_needs_every_curve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
