/*
 * The master's decisions: all work goes out once for any number of ranks, tables are reused, shares follow what is left,
 * what curves cost and what the master can serve, epochs come when due.
 */
#include "scan/master.h"

#include "grids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An order whose groups are all expected to cost the same, for tests that count curves. */
static struct dmumu_blocks make_equal_blocks(size_t regions, size_t machs, size_t betas, size_t scales)
{
    struct dmumu_blocks blocks = make_blocks(regions, machs, betas, scales);
    for (size_t i = 0; i < machs; ++i)
        blocks.expected[i] = 1.0;
    return blocks;
}

static struct dmumu_master *make_master(const struct dmumu_blocks *blocks, size_t ranks, int threads, double epoch_s)
{
    int *rank_threads = calloc(ranks, sizeof *rank_threads);
    assert_non_null(rank_threads);
    for (size_t i = 0; i < ranks; ++i)
        rank_threads[i] = threads;
    struct dmumu_master *master = NULL;
    assert_int_equal(dmumu_master_new(blocks, ranks, rank_threads, epoch_s, &master, NULL), DMUMU_OK);
    free(rank_threads);
    return master;
}

/* Tell what curves cost, often enough to be believed. */
static void teach(struct dmumu_master *master, double tables_s, double first_s, double later_s)
{
    const double n = 1e6;
    const struct dmumu_cost_tally news = {
        .curves = {(uint64_t)n, (uint64_t)n},
        .seconds = {n * first_s, n * later_s},
        .openings = (uint64_t)n,
        .opening_seconds = n * tables_s,
    };
    dmumu_master_report(master, 0, 0, false, &news);
}

static void report(struct dmumu_master *master, size_t rank, uint64_t finished, bool wants_epoch)
{
    const struct dmumu_cost_tally no_news = {.openings = 0};
    dmumu_master_report(master, rank, finished, wants_epoch, &no_news);
}

/* A number in 0 .. n - 1 from a linear congruential generator. */
static size_t draw(uint64_t *seed, size_t n)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(*seed >> 33) % n;
}

static void count_block(const struct dmumu_blocks *blocks, struct dmumu_block block, unsigned char seen[])
{
    assert_true(block.first + block.count <= blocks->n_curves);
    assert_int_equal(block.first / blocks->group_size, (block.first + block.count - 1) / blocks->group_size);
    for (size_t i = 0; i < block.count; ++i)
        ++seen[block.first + i];
}

/*
 * Ranks ask in any order, and costs change at random, until nobody gets anything; every position must come out
 * exactly once, no block span two groups, and `none` be final.
 */
static void hand_out_everything(const struct dmumu_blocks *blocks, size_t ranks, int threads)
{
    struct dmumu_master *master = make_master(blocks, ranks, threads, 30.0);
    unsigned char *seen = calloc(blocks->n_curves, 1), *over = calloc(ranks, 1);
    assert_non_null(seen);
    assert_non_null(over);
    uint64_t seed = ranks + (uint64_t)threads;
    size_t left = ranks;
    for (size_t turn = 0; left > 0; ++turn) {
        const size_t rank = turn < ranks ? turn : draw(&seed, 2) ? turn % ranks : draw(&seed, ranks);
        const struct dmumu_block block = dmumu_master_next(master, rank);
        if (block.count == 0) {
            left -= !over[rank];
            over[rank] = 1;
            continue;
        }
        assert_false(over[rank]);
        count_block(blocks, block, seen);
        const double scale = (double)(1 + draw(&seed, 1000)) * 1e-4;
        const struct dmumu_cost_tally news = {.curves = {3, 3}, .seconds = {scale * 30.0, scale}};
        dmumu_master_report(master, rank, 0, false, &news);
        dmumu_master_served(master, 1, scale * 1e-3);
    }
    for (size_t i = 0; i < blocks->n_curves; ++i)
        assert_int_equal(seen[i], 1);
    free(seen);
    free(over);
    dmumu_master_free(master);
}

static void all_work_goes_out_once(void **state)
{
    (void)state;
    static const size_t ranks[] = {1, 2, 3, 5, 16, 63, 100, 127, 128, 129, 1000, 4096, 100000};
    static const size_t shapes[][4] = {{2, 12, 10, 8}, {1, 1, 1000, 1}, {1, 1, 1, 1000}, {2, 3, 7, 11}, {2, 100, 1, 1}};
    for (size_t shape = 0; shape < sizeof shapes / sizeof *shapes; ++shape) {
        const size_t *n = shapes[shape];
        struct dmumu_blocks blocks = make_blocks(n[0], n[1], n[2], n[3]);
        for (size_t i = 0; i < sizeof ranks / sizeof *ranks; ++i) {
            for (int threads = 1; threads < 5; threads += 3)
                hand_out_everything(&blocks, ranks[i], threads);
        }
        dmumu_blocks_free(&blocks);
    }
}

static void more_ranks_than_curves(void **state)
{
    (void)state;
    struct dmumu_blocks one = make_blocks(1, 1, 1, 1), six = make_blocks(1, 3, 1, 2);
    hand_out_everything(&one, 5, 2);
    hand_out_everything(&six, 40, 1);
    hand_out_everything(&six, 40, 3);
    dmumu_blocks_free(&one);
    dmumu_blocks_free(&six);
}

/* What is done goes out with the rest, but counts for nothing: half of a grid is shared like a grid of half the size. */
static void what_is_done_is_not_counted(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(1, 1, 1000, 1);
    for (uint64_t curve = 0; curve < 1000; curve += 2)
        assert_int_equal(dmumu_blocks_set_done(&blocks, curve, NULL), DMUMU_OK);
    hand_out_everything(&blocks, 7, 1);
    struct dmumu_master *master = make_master(&blocks, 1, 1, 30.0);
    report(master, 0, 499, false);
    assert_int_equal(dmumu_master_epoch(master, 0.0), DMUMU_EPOCH_NONE);
    report(master, 0, 500, false);
    assert_int_equal(dmumu_master_epoch(master, 0.0), DMUMU_EPOCH_LAST);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

static void a_rank_stays_with_its_tables(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_equal_blocks(1, 3, 100, 1);
    struct dmumu_master *master = make_master(&blocks, 2, 1, 30.0);
    size_t next = dmumu_master_next(master, 0).count;
    assert_in_range(next, 1, 99);
    assert_int_equal(dmumu_master_next(master, 1).first, 100); /* an M_A of its own */
    while (next < 100) {
        const struct dmumu_block block = dmumu_master_next(master, 0);
        assert_int_equal(block.first, next); /* not 200, though nobody works there */
        next += block.count;
    }
    assert_int_equal(next, 100);
    assert_int_equal(dmumu_master_next(master, 0).first, 200);
    assert_in_range(dmumu_master_next(master, 1).first, 101, 199);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

/* A sixteenth of all in equal shares, then quarters of the rest. */
static void rounds_are_quarters(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(1, 1, 6400, 1);
    struct dmumu_master *master = make_master(&blocks, 10, 1, 30.0);
    size_t expected = 40, given = 0;
    for (int round = 0; round < 8; ++round) {
        for (size_t rank = 0; rank < 10; ++rank)
            assert_int_equal(dmumu_master_next(master, rank).count, expected);
        given += 10 * expected;
        expected = (6400 - given) / 40;
    }
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

static void threads_count_for_the_share(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_equal_blocks(1, 2, 1600, 1);
    const int threads[2] = {1, 3};
    struct dmumu_master *master = NULL;
    assert_int_equal(dmumu_master_new(&blocks, 2, threads, 30.0, &master, NULL), DMUMU_OK);
    assert_int_equal(dmumu_master_threads(master, 1), 3);
    assert_int_equal(dmumu_master_next(master, 0).count, 50);
    assert_int_equal(dmumu_master_next(master, 1).count, 150);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

/* Costly first curves: whole runs to the last, even for many ranks. */
static void runs_stay_whole_where_cutting_costs(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(1, 2, 10, 8);
    struct dmumu_master *master = make_master(&blocks, 6, 1, 30.0);
    teach(master, 1e-3, 1.0, 1e-3);
    size_t given = 0;
    for (size_t rank = 0; given < 160; rank = (rank + 1) % 6) {
        const struct dmumu_block block = dmumu_master_next(master, rank);
        assert_int_equal(block.first % 8, 0);
        assert_int_equal(block.count % 8, 0);
        given += block.count;
    }
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

/* Cheap ones: at the end, parts of runs, none so small that first curves make up most of it. */
static void runs_are_cut_where_it_pays(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(1, 1, 10, 1000);
    struct dmumu_master *master = make_master(&blocks, 4, 1, 30.0);
    teach(master, 1e-3, 4e-3, 1e-3);
    size_t given = 0, largest = 0, last = 0;
    for (size_t rank = 0; given < 10000; rank = (rank + 1) % 4) {
        const struct dmumu_block block = dmumu_master_next(master, rank);
        assert_true(block.count > 0);
        largest = block.count > largest ? block.count : largest;
        last = block.count;
        given += block.count;
    }
    assert_int_equal(largest, 1000);
    assert_in_range(last, 1, 20);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

/* Three runs of 20 curves and 13 threads: 4 parts of each run, and one thread goes without. */
static void few_runs_are_cut_from_the_start(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(1, 1, 3, 20);
    struct dmumu_master *master = make_master(&blocks, 13, 1, 30.0);
    teach(master, 1e-3, 10e-3, 1e-3);
    for (size_t rank = 0; rank < 12; ++rank) {
        const struct dmumu_block block = dmumu_master_next(master, rank);
        assert_int_equal(block.first, 5 * rank);
        assert_int_equal(block.count, 5);
    }
    assert_int_equal(dmumu_master_next(master, 12).count, 0);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

/* How many blocks ranks asking in turn get, when a message takes so long and a curve 1 ms. */
static size_t count_blocks(const struct dmumu_blocks *blocks, size_t ranks, double message_s)
{
    struct dmumu_master *master = make_master(blocks, ranks, 1, 30.0);
    teach(master, 1e-3, 1e-3, 1e-3);
    dmumu_master_served(master, 1000000, 1e6 * message_s);
    size_t n = 0, given = 0;
    for (size_t rank = 0; given < blocks->n_curves; rank = (rank + 1) % ranks) {
        const struct dmumu_block block = dmumu_master_next(master, rank);
        n += block.count > 0;
        given += block.count;
    }
    dmumu_master_free(master);
    return n;
}

/* 1000 ranks, 1000 curves of 1 ms each: a second in all. The slower the master, the fewer the blocks. */
static void shares_grow_with_the_masters_load(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(1, 1, 1000000, 1);
    const size_t at_ease = count_blocks(&blocks, 1000, 1e-7), busy = count_blocks(&blocks, 1000, 1e-4),
                 overrun = count_blocks(&blocks, 1000, 1e-3);
    assert_in_range(at_ease, 20000, 30000); /* 24 rounds of quarters leave a thousandth */
    assert_in_range(busy, 1000, 5000);      /* shares of 0.4 s: 2500 messages of 0.1 ms are a quarter of a second */
    assert_int_equal(overrun, 999);         /* one for each that computes: rank 0 only serves */
    dmumu_blocks_free(&blocks);
}

static void rank_0_only_serves_many(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(1, 4, 100, 8);
    struct dmumu_master *few = make_master(&blocks, 64, 1, 30.0), *many = make_master(&blocks, 64, 2, 30.0);
    assert_true(dmumu_master_computes(few));
    assert_int_equal(dmumu_master_threads(few, 0), 1);
    assert_false(dmumu_master_computes(many));
    assert_int_equal(dmumu_master_threads(many, 0), 1);
    assert_int_equal(dmumu_master_threads(many, 1), 2);
    assert_true(dmumu_master_next(many, 0).count > 0); /* its other thread computes */
    dmumu_master_free(many);
    many = make_master(&blocks, 128, 1, 30.0);
    assert_int_equal(dmumu_master_threads(many, 0), 0);
    assert_int_equal(dmumu_master_next(many, 0).count, 0);
    dmumu_master_free(many);
    dmumu_master_free(few);
    dmumu_blocks_free(&blocks);
}

/* A size that was asked for: nothing changes it but the end of a group. */
static void blocks_of_a_fixed_size(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(1, 2, 10, 8);
    blocks.fixed = 7;
    hand_out_everything(&blocks, 5, 3);
    struct dmumu_master *master = make_master(&blocks, 1, 3, 30.0);
    for (size_t given = 0; given < 160;) {
        const struct dmumu_block block = dmumu_master_next(master, 0);
        assert_int_equal(block.first, given);
        assert_int_equal(block.count, given % 80 == 77 ? 3 : 7);
        given += block.count;
    }
    assert_int_equal(dmumu_master_next(master, 0).count, 0);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

/* A rank that would still be filling its tables when the others are done is sent home. */
static void nobody_joins_too_late(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(1, 1, 1000, 1);
    struct dmumu_master *master = make_master(&blocks, 2, 1, 30.0);
    teach(master, 0.1, 1e-3, 1e-3);
    size_t given = 0;
    while (given < 900)
        given += dmumu_master_next(master, 0).count;
    assert_int_equal(dmumu_master_next(master, 1).count, 0);
    assert_true(dmumu_master_next(master, 0).count > 0);
    dmumu_master_free(master);

    master = make_master(&blocks, 2, 1, 30.0);
    teach(master, 0.1, 1e-3, 1e-3);
    given = 0;
    while (given < 700)
        given += dmumu_master_next(master, 0).count;
    assert_true(dmumu_master_next(master, 1).count > 0);
    dmumu_master_free(master);

    master = make_master(&blocks, 2, 1, 30.0);
    teach(master, 10.0, 1e-3, 1e-3);
    assert_true(dmumu_master_next(master, 0).count > 0); /* at the start both fill their tables at the same time */
    assert_true(dmumu_master_next(master, 1).count > 0);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

/* Ranks spread over the groups in proportion to what these are expected to cost. */
static void groups_get_ranks_by_their_cost(void **state)
{
    (void)state;
    enum { GROUPS = 5, RANKS = 103 };
    struct dmumu_blocks blocks = make_blocks(1, GROUPS, 1000, 1);
    struct dmumu_master *master = make_master(&blocks, RANKS, 1, 30.0);
    double ranks_of_group[GROUPS] = {0.0};
    for (size_t rank = 0; rank < RANKS; ++rank)
        ranks_of_group[dmumu_master_next(master, rank).first / 1000] += 1.0;
    for (size_t group = 0; group < GROUPS; ++group)
        assert_true(fabs(ranks_of_group[group] - dmumu_blocks_expected(&blocks, group) * RANKS / GROUPS) < 2.0);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

/* One rank in each of three groups; one of two turns out to take ten times as long: that is where the third goes next. */
static void costs_of_a_group_are_learned(void **state)
{
    (void)state;
    for (size_t dear = 0; dear < 2; ++dear) {
        struct dmumu_blocks blocks = make_equal_blocks(1, 3, 4000, 1);
        struct dmumu_master *master = make_master(&blocks, 3, 1, 30.0);
        for (size_t rank = 0; rank < 3; ++rank)
            assert_int_equal(dmumu_master_next(master, rank).first, 4000 * rank);
        for (size_t rank = 0; rank < 2; ++rank) {
            const struct dmumu_cost_tally news = {.curves = {0, 1000}, .seconds = {0.0, rank == dear ? 10.0 : 1.0}};
            dmumu_master_report(master, rank, 1000, false, &news);
        }
        size_t group = 2;
        while (group == 2)
            group = dmumu_master_next(master, 2).first / 4000;
        assert_int_equal(group, dear);
        dmumu_master_free(master);
        dmumu_blocks_free(&blocks);
    }
}

/* Many ranks in each of two groups: what a group has left is shared by those who work there. */
static void nobody_takes_more_than_its_share_of_a_group(void **state)
{
    (void)state;
    enum { RANKS = 80, CURVES = 40000 };
    struct dmumu_blocks blocks = make_equal_blocks(1, 2, CURVES, 1);
    struct dmumu_master *master = make_master(&blocks, RANKS, 1, 30.0);
    size_t group_of_rank[RANKS], ranks_of_group[2] = {0}, given[2] = {0};
    for (size_t rank = 0; rank < RANKS; ++rank) {
        const struct dmumu_block block = dmumu_master_next(master, rank);
        group_of_rank[rank] = block.first / CURVES;
        ++ranks_of_group[group_of_rank[rank]];
        given[group_of_rank[rank]] += block.count;
    }
    for (size_t rank = 0; rank < RANKS; ++rank) {
        const size_t group = group_of_rank[rank], share = (CURVES - given[group]) / 4 / ranks_of_group[group];
        assert_in_range(dmumu_master_next(master, rank).count, share - 3, share);
    }
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

static void epochs_come_with_time_and_news(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(1, 1, 10, 1);
    struct dmumu_master *master = make_master(&blocks, 2, 1, 30.0);
    assert_int_equal(dmumu_master_epoch(master, 100.0), DMUMU_EPOCH_NONE); /* nothing finished */
    report(master, 1, 3, false);
    assert_int_equal(dmumu_master_epoch(master, 29.0), DMUMU_EPOCH_NONE);
    assert_int_equal(dmumu_master_epoch(master, 30.0), DMUMU_EPOCH_WRITE);
    dmumu_master_epoch_done(master, 31.0);
    assert_int_equal(dmumu_master_epoch(master, 100.0), DMUMU_EPOCH_NONE); /* nothing new */
    report(master, 0, 1, false);
    assert_int_equal(dmumu_master_epoch(master, 60.0), DMUMU_EPOCH_NONE);
    assert_int_equal(dmumu_master_epoch(master, 61.0), DMUMU_EPOCH_WRITE);
    assert_int_equal(dmumu_master_finished(master), 4);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

static void a_full_buffer_forces_an_epoch(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(1, 1, 10, 1);
    struct dmumu_master *master = make_master(&blocks, 2, 1, 1e9);
    report(master, 1, 3, true);
    report(master, 0, 1, false); /* another rank's report does not take it back */
    assert_int_equal(dmumu_master_epoch(master, 0.0), DMUMU_EPOCH_WRITE);
    dmumu_master_epoch_done(master, 0.0);
    assert_int_equal(dmumu_master_epoch(master, 1.0), DMUMU_EPOCH_NONE);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

static void the_last_epoch_needs_every_curve(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(1, 2, 5, 1);
    struct dmumu_master *master = make_master(&blocks, 3, 1, 0.0);
    report(master, 0, 5, false);
    report(master, 2, 4, false);
    assert_int_equal(dmumu_master_epoch(master, 0.0), DMUMU_EPOCH_WRITE); /* epoch 0: at every chance */
    report(master, 2, 5, false);
    assert_int_equal(dmumu_master_epoch(master, 0.0), DMUMU_EPOCH_LAST);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

static void blocks_fit_into_the_time(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(1, 1, 6400, 1);
    struct dmumu_master *master = make_master(&blocks, 1, 2, 30.0);
    teach(master, 2.0, 1.0, 1.0);
    dmumu_master_set_time(master, 11.5);
    assert_int_equal(dmumu_master_next(master, 0).count, 18); /* nine for each thread, after the tables */
    assert_int_equal(dmumu_master_next(master, 0).count, 22);
    assert_false(dmumu_master_out_of_time(master));
    dmumu_master_set_time(master, 0.5);
    assert_int_equal(dmumu_master_next(master, 0).count, 0);
    assert_true(dmumu_master_out_of_time(master));
    dmumu_master_set_time(master, INFINITY);
    assert_int_equal(dmumu_master_next(master, 0).first, 40);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

static void the_last_epoch_needs_no_more_than_there_will_be(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(1, 2, 5, 1);
    struct dmumu_master *master = make_master(&blocks, 2, 1, 1e9);
    report(master, 1, 3, false);
    dmumu_master_dry(master, 1);
    dmumu_master_dry(master, 1);
    assert_int_equal(dmumu_master_epoch(master, 0.0), DMUMU_EPOCH_NONE);
    dmumu_master_dry(master, 0);
    assert_int_equal(dmumu_master_epoch(master, 0.0), DMUMU_EPOCH_LAST);
    dmumu_master_free(master);
    dmumu_blocks_free(&blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_work_goes_out_once),
        cmocka_unit_test(more_ranks_than_curves),
        cmocka_unit_test(what_is_done_is_not_counted),
        cmocka_unit_test(a_rank_stays_with_its_tables),
        cmocka_unit_test(rounds_are_quarters),
        cmocka_unit_test(threads_count_for_the_share),
        cmocka_unit_test(runs_stay_whole_where_cutting_costs),
        cmocka_unit_test(runs_are_cut_where_it_pays),
        cmocka_unit_test(few_runs_are_cut_from_the_start),
        cmocka_unit_test(shares_grow_with_the_masters_load),
        cmocka_unit_test(rank_0_only_serves_many),
        cmocka_unit_test(blocks_of_a_fixed_size),
        cmocka_unit_test(nobody_joins_too_late),
        cmocka_unit_test(groups_get_ranks_by_their_cost),
        cmocka_unit_test(costs_of_a_group_are_learned),
        cmocka_unit_test(nobody_takes_more_than_its_share_of_a_group),
        cmocka_unit_test(epochs_come_with_time_and_news),
        cmocka_unit_test(a_full_buffer_forces_an_epoch),
        cmocka_unit_test(the_last_epoch_needs_every_curve),
        cmocka_unit_test(blocks_fit_into_the_time),
        cmocka_unit_test(the_last_epoch_needs_no_more_than_there_will_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
