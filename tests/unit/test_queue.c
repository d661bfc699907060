/*
 * The claims of a rank's threads, one call at a time: whole runs, equal parts when there are fewer, halves for those who
 * come late; each curve once; no more than there is room for.
 */
#include "scan/queue.h"

#include "grids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

enum { RUN = 8, N_CURVES = 2 * RUN, ROOMY = 1 << 20 };

static const double later_s = 1e-3;

/* One region, one M_A, two betas, eight L. */
struct setting {
    struct dmumu_blocks blocks;
    struct dmumu_queue *queue;
};

static void begin(struct setting *setting, int threads, size_t capacity)
{
    setting->blocks = make_blocks(1, 1, 2, RUN);
    setting->queue = dmumu_queue_new(&setting->blocks, threads, capacity);
    assert_non_null(setting->queue);
}

static void end(struct setting *setting)
{
    dmumu_queue_free(setting->queue);
    dmumu_blocks_free(&setting->blocks);
}

static void assert_next(struct setting *setting, int thread, size_t position)
{
    size_t got = SIZE_MAX;
    assert_true(dmumu_queue_begin(setting->queue, thread, &got));
    assert_int_equal(got, position);
    dmumu_queue_end(setting->queue, thread, later_s);
}

static void assert_nothing(struct setting *setting, int thread)
{
    size_t got = 0;
    assert_false(dmumu_queue_begin(setting->queue, thread, &got));
}

/* Teach the queue what a first curve costs, in later ones, by a block of another life of it. */
static void learn(struct setting *setting, double first_s)
{
    size_t position = 0;
    for (int i = 0; i < 4000; ++i) {
        assert_true(dmumu_queue_give(setting->queue, (struct dmumu_block){0, 2}));
        for (int k = 0; k < 2; ++k) {
            assert_true(dmumu_queue_begin(setting->queue, 0, &position));
            dmumu_queue_end(setting->queue, 0, k == 0 ? first_s : later_s);
        }
    }
    dmumu_queue_written(setting->queue, 8000);
}

static void each_thread_works_through_a_run(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 2, ROOMY);
    assert_true(dmumu_queue_state(setting.queue).idle);
    assert_nothing(&setting, 0);
    assert_true(dmumu_queue_give(setting.queue, (struct dmumu_block){0, N_CURVES}));
    assert_int_equal(dmumu_queue_state(setting.queue).queued, N_CURVES);
    assert_int_equal(dmumu_queue_state(setting.queue).runs, 2);
    for (size_t i = 0; i < RUN; ++i) {
        assert_next(&setting, 0, i);
        assert_next(&setting, 1, RUN + i);
        assert_int_equal(dmumu_queue_state(setting.queue).in_hand, N_CURVES - 2 * (i + 1));
        assert_int_equal(dmumu_queue_state(setting.queue).finished, 2 * (i + 1));
    }
    assert_nothing(&setting, 0);
    assert_true(dmumu_queue_state(setting.queue).idle);
    end(&setting);
}

static void parts_of_runs_count_as_runs(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 1, ROOMY);
    dmumu_queue_give(setting.queue, (struct dmumu_block){6, 4});
    assert_int_equal(dmumu_queue_state(setting.queue).runs, 2);
    assert_next(&setting, 0, 6); /* claims 6 and 7 */
    assert_int_equal(dmumu_queue_state(setting.queue).runs, 1);
    assert_int_equal(dmumu_queue_state(setting.queue).queued, 2);
    assert_int_equal(dmumu_queue_state(setting.queue).in_hand, 3);
    for (size_t i = 7; i < 10; ++i)
        assert_next(&setting, 0, i);
    assert_true(dmumu_queue_state(setting.queue).idle);
    end(&setting);
}

/* Where a first curve costs as much as two later ones, four threads each get a quarter of a run. */
static void few_runs_are_shared_equally(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 4, ROOMY);
    learn(&setting, 2.0 * later_s);
    dmumu_queue_give(setting.queue, (struct dmumu_block){0, RUN});
    for (size_t k = 0; k < 2; ++k) {
        for (int thread = 0; thread < 4; ++thread)
            assert_next(&setting, thread, 2 * (size_t)thread + k);
    }
    assert_nothing(&setting, 0);
    end(&setting);
}

/* Where it costs more than a whole run's later ones, one thread computes it all. */
static void what_is_too_small_is_not_shared(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 4, ROOMY);
    learn(&setting, 20.0 * later_s);
    dmumu_queue_give(setting.queue, (struct dmumu_block){0, RUN});
    for (size_t i = 0; i < RUN; ++i) {
        assert_next(&setting, 2, i);
        assert_nothing(&setting, 0);
    }
    end(&setting);
}

static void a_thread_without_work_gets_half(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 3, ROOMY);
    learn(&setting, 4.5 * later_s);
    dmumu_queue_give(setting.queue, (struct dmumu_block){0, N_CURVES});
    assert_next(&setting, 0, 0); /* 16 curves for three threads: 6; still before it 1 .. 5 */
    assert_next(&setting, 1, 6); /* no further than its run goes: 6, 7 */
    assert_next(&setting, 2, 8); /* 8 .. 11 of the next run, of which 8 are left for three */
    assert_next(&setting, 1, 7);
    assert_next(&setting, 1, 12); /* 12 .. 15 */
    for (size_t i = 13; i < 16; ++i)
        assert_next(&setting, 1, i);
    assert_next(&setting, 1, 4); /* takes over 4, 5 of 1 .. 5, the largest claim */
    assert_next(&setting, 1, 5);
    assert_nothing(&setting, 1); /* three left to each of the others: too few to share */
    for (size_t i = 1; i < 4; ++i) {
        assert_next(&setting, 0, i);
        assert_next(&setting, 2, 8 + i);
    }
    assert_true(dmumu_queue_state(setting.queue).idle);
    end(&setting);
}

static void what_is_done_is_passed_over(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 1, ROOMY);
    for (uint64_t curve = 0; curve < N_CURVES; ++curve) {
        if (curve != 5 && curve != 6 && curve != 13)
            assert_int_equal(dmumu_blocks_set_done(&setting.blocks, curve, NULL), DMUMU_OK);
    }
    dmumu_queue_give(setting.queue, (struct dmumu_block){0, N_CURVES});
    assert_next(&setting, 0, 5);
    assert_next(&setting, 0, 6);
    assert_next(&setting, 0, 13);
    assert_nothing(&setting, 0);
    assert_true(dmumu_queue_state(setting.queue).idle);
    assert_int_equal(dmumu_queue_state(setting.queue).finished, 3);
    end(&setting);
}

/* Finished and running curves share the room; what is written makes new room. */
static void there_is_no_more_than_there_is_room_for(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 2, 4);
    size_t position = 0;
    dmumu_queue_give(setting.queue, (struct dmumu_block){0, N_CURVES});
    assert_next(&setting, 0, 0);
    assert_next(&setting, 0, 1);
    assert_false(dmumu_queue_state(setting.queue).filling_up);
    assert_true(dmumu_queue_begin(setting.queue, 0, &position));
    assert_true(dmumu_queue_state(setting.queue).filling_up);
    assert_true(dmumu_queue_begin(setting.queue, 1, &position));
    dmumu_queue_end(setting.queue, 0, later_s);
    assert_nothing(&setting, 0);
    dmumu_queue_written(setting.queue, 3);
    assert_true(dmumu_queue_begin(setting.queue, 0, &position));
    dmumu_queue_written(setting.queue, 1); /* thread 1 has stored its curve, but does not say so before the write */
    dmumu_queue_end(setting.queue, 1, later_s);
    dmumu_queue_end(setting.queue, 0, later_s);
    assert_next(&setting, 1, RUN + 1);
    end(&setting);
}

static void costs_are_told_apart(void **state)
{
    (void)state;
    struct dmumu_blocks blocks = make_blocks(1, 2, 2, 4);
    struct dmumu_queue *queue = dmumu_queue_new(&blocks, 1, ROOMY);
    dmumu_queue_give(queue, (struct dmumu_block){0, 8});
    size_t position = 0;
    while (dmumu_queue_begin(queue, 0, &position))
        dmumu_queue_end(queue, 0, position < 4 ? 8.0 : position == 4 ? 4.0 : 1.0);
    const struct dmumu_cost_tally tally = dmumu_queue_state(queue).tally;
    assert_int_equal(tally.openings, 1);
    assert_int_equal(tally.opening_curves[DMUMU_COST_FIRST], 1);
    assert_int_equal(tally.opening_curves[DMUMU_COST_LATER], 3);
    assert_true(tally.opening_seconds == 32.0);
    assert_int_equal(tally.curves[DMUMU_COST_FIRST], 1);
    assert_int_equal(tally.curves[DMUMU_COST_LATER], 3);
    assert_true(tally.seconds[DMUMU_COST_FIRST] == 4.0 && tally.seconds[DMUMU_COST_LATER] == 3.0);
    dmumu_queue_give(queue, (struct dmumu_block){8, 1});
    while (dmumu_queue_begin(queue, 0, &position))
        dmumu_queue_end(queue, 0, 1.0);
    assert_int_equal(dmumu_queue_state(queue).tally.openings, 2);
    dmumu_queue_free(queue);
    dmumu_blocks_free(&blocks);
}

static void nothing_begins_after_the_stop(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 1, ROOMY);
    dmumu_queue_give(setting.queue, (struct dmumu_block){0, RUN});
    assert_next(&setting, 0, 0);
    assert_false(dmumu_queue_state(setting.queue).closed);
    dmumu_queue_close(setting.queue);
    assert_true(dmumu_queue_state(setting.queue).closed);
    assert_next(&setting, 0, 1);
    dmumu_queue_stop(setting.queue);
    assert_true(dmumu_queue_state(setting.queue).stopped);
    assert_nothing(&setting, 0);
    end(&setting);
}

/* What is being computed ends as ever; what is not begun is gone, and what comes later as well. */
static void a_cut_leaves_what_is_begun(void **state)
{
    (void)state;
    struct setting setting;
    size_t position = SIZE_MAX;
    begin(&setting, 2, 100);
    assert_true(dmumu_queue_give(setting.queue, (struct dmumu_block){0, 2 * RUN}));
    assert_true(dmumu_queue_begin(setting.queue, 0, &position));
    dmumu_queue_cut(setting.queue);
    struct dmumu_queue_state now = dmumu_queue_state(setting.queue);
    assert_true(now.closed);
    assert_false(now.idle);
    assert_int_equal(now.in_hand, 0);
    assert_int_equal(now.runs, 0);
    assert_nothing(&setting, 1);
    dmumu_queue_end(setting.queue, 0, 1e-3);
    assert_nothing(&setting, 0);
    now = dmumu_queue_state(setting.queue);
    assert_true(now.idle);
    assert_int_equal(now.finished, 1);
    assert_true(dmumu_queue_give(setting.queue, (struct dmumu_block){RUN, RUN}));
    dmumu_queue_cut(setting.queue);
    assert_nothing(&setting, 0);
    assert_true(dmumu_queue_state(setting.queue).idle);
    end(&setting);
}

static void a_full_queue_is_refused(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 1, ROOMY);
    for (int i = 0; i < DMUMU_QUEUE_BLOCKS; ++i)
        assert_true(dmumu_queue_give(setting.queue, (struct dmumu_block){0, 1}));
    assert_false(dmumu_queue_give(setting.queue, (struct dmumu_block){0, 1}));
    assert_int_equal(dmumu_queue_state(setting.queue).blocks, DMUMU_QUEUE_BLOCKS);
    end(&setting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_thread_works_through_a_run),
        cmocka_unit_test(parts_of_runs_count_as_runs),
        cmocka_unit_test(few_runs_are_shared_equally),
        cmocka_unit_test(what_is_too_small_is_not_shared),
        cmocka_unit_test(a_thread_without_work_gets_half),
        cmocka_unit_test(what_is_done_is_passed_over),
        cmocka_unit_test(there_is_no_more_than_there_is_room_for),
        cmocka_unit_test(costs_are_told_apart),
        cmocka_unit_test(nothing_begins_after_the_stop),
        cmocka_unit_test(a_cut_leaves_what_is_begun),
        cmocka_unit_test(a_full_queue_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
