/*
 * The pool's threads, driven one call at a time: whole runs are claimed, late comers get their half, nothing is lost.
 */
#include "scan/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

enum { RUN = 8, N_CURVES = 2 * RUN, ROOMY = 1 << 20 };

/* One region, one M_A, two betas, eight L: two runs of curves that cost little. */
struct setting {
    struct dmumu_config config;
    struct dmumu_blocks blocks;
    struct dmumu_pool *pool;
};

static void begin(struct setting *setting, int threads, size_t buffer_bytes)
{
    static const char text[] = "title: Two runs\n"
                               "axes:\n"
                               "  region: [halo]\n"
                               "  alfven_mach: {values: [0.5]}\n"
                               "  beta: {values: [0.1, 0.2]}\n"
                               "  injection_scale_pc: {from: 50, to: 100, points: 8, spacing: log}\n"
                               "  rigidity_gv: {values: [1.0e4]}\n"
                               "model: {modes: [fast], tolerance: 1.0e-1}\n";
    assert_int_equal(dmumu_config_read_text(text, "test", true, &setting->config, NULL), DMUMU_OK);
    assert_int_equal(dmumu_blocks_new(&setting->config.grid, &setting->blocks, NULL), DMUMU_OK);
    assert_int_equal(dmumu_pool_new(&setting->config, &setting->blocks, threads, buffer_bytes, &setting->pool, NULL),
                     DMUMU_OK);
}

static void end(struct setting *setting)
{
    dmumu_pool_free(setting->pool);
    dmumu_blocks_free(&setting->blocks);
    dmumu_config_free(&setting->config);
}

/* The curves of one batch, as positions of the order, which here is the grid's own. */
static void assert_finished(struct setting *setting, size_t n, const uint64_t curves[])
{
    const struct dmumu_cube_batch batch = dmumu_pool_take(setting->pool);
    assert_int_equal(batch.n, n);
    for (size_t i = 0; i < n; ++i)
        assert_int_equal(batch.curve[i], curves[i]);
}

static void each_thread_works_through_a_run(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 2, ROOMY);
    assert_true(dmumu_pool_state(setting.pool).idle);
    assert_false(dmumu_pool_work(setting.pool, 0));
    assert_true(dmumu_pool_give(setting.pool, (struct dmumu_block){0, N_CURVES}));
    assert_int_equal(dmumu_pool_state(setting.pool).queued, N_CURVES);
    assert_int_equal(dmumu_pool_state(setting.pool).runs, 2);
    assert_true(dmumu_pool_work(setting.pool, 1));
    assert_int_equal(dmumu_pool_state(setting.pool).queued, RUN);
    assert_true(dmumu_pool_work(setting.pool, 0));
    assert_true(dmumu_pool_work(setting.pool, 1));
    assert_true(dmumu_pool_work(setting.pool, 0));
    const struct dmumu_pool_state now = dmumu_pool_state(setting.pool);
    assert_int_equal(now.queued, 0);
    assert_int_equal(now.runs, 0);
    assert_int_equal(now.finished, 4);
    assert_false(now.idle); /* twelve curves are claimed */
    assert_finished(&setting, 4, (const uint64_t[]){0, 8, 1, 9});
    end(&setting);
}

static void parts_of_runs_count_as_runs(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 1, ROOMY);
    dmumu_pool_give(setting.pool, (struct dmumu_block){6, 4});
    assert_int_equal(dmumu_pool_state(setting.pool).runs, 2);
    assert_true(dmumu_pool_work(setting.pool, 0)); /* claims 6 and 7 */
    assert_int_equal(dmumu_pool_state(setting.pool).runs, 1);
    assert_int_equal(dmumu_pool_state(setting.pool).queued, 2);
    while (dmumu_pool_work(setting.pool, 0)) {
    }
    assert_true(dmumu_pool_state(setting.pool).idle);
    assert_finished(&setting, 4, (const uint64_t[]){6, 7, 8, 9});
    end(&setting);
}

static void a_thread_without_work_gets_half(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 3, ROOMY);
    dmumu_pool_give(setting.pool, (struct dmumu_block){0, RUN});
    assert_true(dmumu_pool_work(setting.pool, 0));  /* 0; still before it 1 .. 7 */
    assert_true(dmumu_pool_work(setting.pool, 1));  /* takes over 5, 6, 7 */
    assert_true(dmumu_pool_work(setting.pool, 2));  /* takes over 3, 4 of the four left */
    assert_true(dmumu_pool_work(setting.pool, 0));  /* 1 */
    assert_true(dmumu_pool_work(setting.pool, 2));  /* 4 */
    assert_false(dmumu_pool_work(setting.pool, 2)); /* one or two left to the others: too few to share */
    assert_true(dmumu_pool_work(setting.pool, 1));  /* 6 */
    assert_true(dmumu_pool_work(setting.pool, 1));  /* 7 */
    assert_true(dmumu_pool_work(setting.pool, 0));  /* 2 */
    assert_true(dmumu_pool_state(setting.pool).idle);
    assert_finished(&setting, RUN, (const uint64_t[]){0, 5, 3, 1, 4, 6, 7, 2});
    end(&setting);
}

/* With room for one curve per thread, claims wait until the finished ones have been taken. */
static void a_full_buffer_stops_the_work(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 2, 1);
    dmumu_pool_give(setting.pool, (struct dmumu_block){0, N_CURVES});
    for (uint64_t i = 0; i < RUN; ++i) {
        assert_true(dmumu_pool_work(setting.pool, 0));
        assert_true(dmumu_pool_work(setting.pool, 1));
        assert_false(dmumu_pool_work(setting.pool, 0));
        assert_true(dmumu_pool_state(setting.pool).filling_up);
        assert_finished(&setting, 2, (const uint64_t[]){i, RUN + i});
    }
    assert_true(dmumu_pool_state(setting.pool).idle);
    assert_int_equal(dmumu_pool_tally(setting.pool).quality[DMUMU_QUALITY_OK], N_CURVES);
    end(&setting);
}

static void nothing_begins_after_the_stop(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 1, ROOMY);
    dmumu_pool_give(setting.pool, (struct dmumu_block){0, RUN});
    assert_true(dmumu_pool_work(setting.pool, 0));
    dmumu_pool_stop(setting.pool);
    assert_true(dmumu_pool_state(setting.pool).stopped);
    assert_false(dmumu_pool_work(setting.pool, 0));
    end(&setting);
}

static void a_full_queue_is_refused(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 1, ROOMY);
    for (int i = 0; i < DMUMU_POOL_BLOCKS; ++i)
        assert_true(dmumu_pool_give(setting.pool, (struct dmumu_block){0, 1}));
    assert_false(dmumu_pool_give(setting.pool, (struct dmumu_block){0, 1}));
    assert_int_equal(dmumu_pool_state(setting.pool).blocks, DMUMU_POOL_BLOCKS);
    end(&setting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_thread_works_through_a_run), cmocka_unit_test(parts_of_runs_count_as_runs),
        cmocka_unit_test(a_thread_without_work_gets_half), cmocka_unit_test(a_full_buffer_stops_the_work),
        cmocka_unit_test(nothing_begins_after_the_stop),   cmocka_unit_test(a_full_queue_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
