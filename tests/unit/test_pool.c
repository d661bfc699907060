/*
 * The pool's threads, driven one call at a time: what they compute is stored, counted and handed over; nothing is lost.
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
    const struct dmumu_cube_curves *taken = NULL;
    assert_int_equal(dmumu_pool_take(setting->pool, &taken, NULL), DMUMU_OK);
    const struct dmumu_cube_curves batch = *taken;
    assert_int_equal(batch.n, n);
    for (size_t i = 0; i < n; ++i)
        assert_int_equal(batch.curve[i], curves[i]);
}

static void threads_compute_and_hand_over(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 2, ROOMY);
    assert_false(dmumu_pool_work(setting.pool, 0));
    dmumu_queue_give(dmumu_pool_queue(setting.pool), (struct dmumu_block){0, N_CURVES});
    assert_true(dmumu_pool_work(setting.pool, 0));
    assert_true(dmumu_pool_work(setting.pool, 1));
    assert_true(dmumu_pool_work(setting.pool, 0));
    assert_finished(&setting, 3, (const uint64_t[]){0, RUN, 1});
    assert_finished(&setting, 0, NULL);
    while (dmumu_pool_work(setting.pool, 1)) {
    }
    while (dmumu_pool_work(setting.pool, 0)) {
    }
    const struct dmumu_queue_state queue = dmumu_queue_state(dmumu_pool_queue(setting.pool));
    assert_true(queue.idle);
    assert_int_equal(queue.finished, N_CURVES);
    assert_true(queue.tally.opening_seconds > 0.0);
    const struct dmumu_cube_curves *rest = NULL;
    assert_int_equal(dmumu_pool_take(setting.pool, &rest, NULL), DMUMU_OK);
    assert_int_equal(rest->n, N_CURVES - 3);
    assert_int_equal(dmumu_pool_tally(setting.pool).quality[DMUMU_QUALITY_OK], N_CURVES);
    assert_true(dmumu_pool_tally(setting.pool).failed_curve == UINT64_MAX);
    end(&setting);
}

/* With room for one curve per thread, claims wait until the finished ones have been taken. */
static void a_full_buffer_stops_the_work(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 2, 1);
    dmumu_queue_give(dmumu_pool_queue(setting.pool), (struct dmumu_block){0, N_CURVES});
    for (uint64_t i = 0; i < RUN; ++i) {
        assert_true(dmumu_pool_work(setting.pool, 0));
        assert_true(dmumu_pool_work(setting.pool, 1));
        assert_false(dmumu_pool_work(setting.pool, 0));
        assert_true(dmumu_queue_state(dmumu_pool_queue(setting.pool)).filling_up);
        assert_finished(&setting, 2, (const uint64_t[]){i, RUN + i});
    }
    assert_int_equal(dmumu_pool_tally(setting.pool).quality[DMUMU_QUALITY_OK], N_CURVES);
    end(&setting);
}

static void nothing_begins_after_the_stop(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 1, ROOMY);
    dmumu_queue_give(dmumu_pool_queue(setting.pool), (struct dmumu_block){0, RUN});
    assert_true(dmumu_pool_work(setting.pool, 0));
    dmumu_queue_stop(dmumu_pool_queue(setting.pool));
    assert_false(dmumu_pool_work(setting.pool, 0));
    end(&setting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_compute_and_hand_over),
        cmocka_unit_test(a_full_buffer_stops_the_work),
        cmocka_unit_test(nothing_begins_after_the_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
