/*
 * What threads share, used by several at once: tables that all want at the same moment, a cache that frees what others
 * still want, a pool that is worked on, fed and emptied at the same time. The bits are those of one thread; that nothing
 * is read while it is written is for `make tsan` to see, which runs this program under ThreadSanitizer.
 */
#include "scan/cache.h"
#include "scan/pool.h"

#include "brief.h"

#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { N_THREADS = 4, N_RIGIDITY = 3, N_KINDS = 1 + DMUMU_N_MODES };

static const double rigidity_gv[N_RIGIDITY] = {1e2, 1e5, 3e7};

struct values {
    double d_cm2_s[N_KINDS][N_RIGIDITY], rel_error[N_RIGIDITY], mu_star[N_RIGIDITY];
    uint8_t quality[N_RIGIDITY];
};

/* Fast and Alfven modes: tables of both kinds, and rates that are kept per rigidity. */
static struct dmumu_model quick_model(void)
{
    struct dmumu_model model;
    dmumu_model_default(&model);
    model.tolerance = 1e-1;
    return model;
}

/* What differs between the curves of one M_A here. */
struct place {
    double beta, scale_pc;
};

static enum dmumu_status compute(struct dmumu_tables *tables, double alfven_mach, struct place place,
                                 struct dmumu_workspace *workspace, struct values *values)
{
    const struct dmumu_point point = {
        .region = DMUMU_DISK, .alfven_mach = alfven_mach, .beta = place.beta, .injection_scale_pc = place.scale_pc};
    struct dmumu_curve curve = {.d_cm2_s = values->d_cm2_s[DMUMU_N_MODES],
                                .rel_error = values->rel_error,
                                .mu_star = values->mu_star,
                                .quality = values->quality};
    for (int mode = 0; mode < DMUMU_N_MODES; ++mode)
        curve.d_mode_cm2_s[mode] = values->d_cm2_s[mode];
    return dmumu_curve_compute(tables, &point, N_RIGIDITY, rigidity_gv, &curve, workspace, NULL);
}

/* n curves of new tables, by one thread. */
static void compute_alone(const struct dmumu_model *model, double alfven_mach, int n, const struct place place[],
                          struct values values[])
{
    struct dmumu_tables *tables = NULL;
    struct dmumu_workspace *workspace = NULL;
    assert_int_equal(dmumu_tables_new(model, alfven_mach, &tables, NULL), DMUMU_OK);
    assert_int_equal(dmumu_workspace_new(&workspace, NULL), DMUMU_OK);
    for (int i = 0; i < n; ++i)
        assert_int_equal(compute(tables, alfven_mach, place[i], workspace, &values[i]), DMUMU_OK);
    dmumu_workspace_free(workspace);
    dmumu_tables_free(tables);
}

/* NaN equals NaN, of whatever bits. */
static void assert_same(const struct values *a, const struct values *b)
{
    for (int r = 0; r < N_RIGIDITY; ++r) {
        assert_int_equal(a->quality[r], b->quality[r]);
        for (int kind = 0; kind < N_KINDS; ++kind) {
            const double x = a->d_cm2_s[kind][r], y = b->d_cm2_s[kind][r];
            assert_true(isnan(x) ? isnan(y) : x == y);
        }
        assert_true(isnan(a->rel_error[r]) ? isnan(b->rel_error[r]) : a->rel_error[r] == b->rel_error[r]);
    }
}

/* All threads want the same curve of new tables at once, and then some the same and some another one. */
static void tables_are_made_together(void **state)
{
    (void)state;
    static const struct place place[1 + N_THREADS] = {{0.1, 50.0}, {0.1, 90.0}, {0.2, 90.0}, {0.1, 90.0}, {0.4, 50.0}};
    const struct dmumu_model model = quick_model();
    struct values expected[1 + N_THREADS], found[2][N_THREADS];
    memset(expected, 0, sizeof expected);
    memset(found, 0, sizeof found);
    struct dmumu_tables *tables = NULL;
    struct dmumu_workspace *workspace[N_THREADS] = {NULL};
    compute_alone(&model, 0.6, 1 + N_THREADS, place, expected);
    assert_int_equal(dmumu_tables_new(&model, 0.6, &tables, NULL), DMUMU_OK);
    for (int i = 0; i < N_THREADS; ++i)
        assert_int_equal(dmumu_workspace_new(&workspace[i], NULL), DMUMU_OK);
    int failures = 0;
#pragma omp parallel num_threads(N_THREADS) default(none) shared(tables, workspace, found, place) reduction(+ : failures)
    {
        const int i = omp_get_thread_num();
#pragma omp barrier
        failures += compute(tables, 0.6, place[0], workspace[i], &found[0][i]) != DMUMU_OK;
        failures += compute(tables, 0.6, place[1 + i], workspace[i], &found[1][i]) != DMUMU_OK;
    }
    for (int i = 0; i < N_THREADS; ++i)
        dmumu_workspace_free(workspace[i]);
    dmumu_tables_free(tables);
    assert_int_equal(failures, 0);
    for (int i = 0; i < N_THREADS; ++i) {
        assert_same(&found[0][i], &expected[0]);
        assert_same(&found[1][i], &expected[1 + i]);
    }
}

/* Every thread goes round the M_A, from another one on, in a cache that keeps one that nobody uses. */
static void cached_tables_outlive_their_users(void **state)
{
    (void)state;
    enum { MOST_MACHS = 5 };
    static const double machs[MOST_MACHS] = {0.2, 0.35, 0.5, 0.65, 0.8};
    static const struct place place = {0.1, 50.0};
    const int n_machs = brief(MOST_MACHS, 3);
    const struct dmumu_model model = quick_model();
    struct values expected[MOST_MACHS], found[N_THREADS][MOST_MACHS];
    memset(expected, 0, sizeof expected);
    memset(found, 0, sizeof found);
    for (int k = 0; k < n_machs; ++k)
        compute_alone(&model, machs[k], 1, &place, &expected[k]);
    struct dmumu_cache *cache = NULL;
    assert_int_equal(dmumu_cache_new(&model, 1, N_THREADS, &cache, NULL), DMUMU_OK);
    int failures = 0;
#pragma omp parallel num_threads(N_THREADS) default(none) shared(cache, found, machs, n_machs, place)                  \
    reduction(+ : failures)
    {
        const int i = omp_get_thread_num();
        struct dmumu_workspace *workspace = NULL;
        const bool ready = dmumu_workspace_new(&workspace, NULL) == DMUMU_OK;
        failures += !ready;
        for (int k = 0; ready && k < n_machs; ++k) {
            const int mach = (i + k) % n_machs;
            struct dmumu_tables *tables = NULL;
            if (dmumu_cache_acquire(cache, machs[mach], &tables, NULL) == DMUMU_OK) {
                failures += compute(tables, machs[mach], place, workspace, &found[i][mach]) != DMUMU_OK;
                dmumu_cache_release(cache, tables);
            } else {
                ++failures;
            }
        }
        dmumu_workspace_free(workspace);
    }
    dmumu_cache_free(cache);
    assert_int_equal(failures, 0);
    for (int i = 0; i < N_THREADS; ++i) {
        for (int k = 0; k < n_machs; ++k)
            assert_same(&found[i][k], &expected[k]);
    }
}

/* ---- the pool ---------------------------------------------------------------------------------------------------- */

enum { N_L = 8, N_CURVES = 2 * 2 * 2 * N_L };

static void nap(void)
{
    const struct timespec interval = {.tv_sec = 0, .tv_nsec = 20000};
    nanosleep(&interval, NULL);
}

/* D at the first rigidity and x_c of every curve of a batch, as the file's writer would read them. */
static size_t collect(struct dmumu_pool *pool, double d_cm2_s[static N_CURVES], double x_c[static N_CURVES],
                      unsigned char seen[static N_CURVES])
{
    const struct dmumu_cube_curves *taken = NULL;
    if (dmumu_pool_take(pool, &taken, NULL) != DMUMU_OK)
        return N_CURVES; /* the end of the work, and of the test: these were not seen */
    const struct dmumu_cube_batch batch = dmumu_cube_curves_batch(taken);
    for (size_t i = 0; i < batch.n; ++i) {
        d_cm2_s[batch.curve[i]] = batch.d_cm2_s[i];
        x_c[batch.curve[i]] = batch.x_c[i];
        ++seen[batch.curve[i]];
    }
    return batch.n;
}

/* Thread 0 gives blocks of some curves, computes and collects like the exchange; the others compute. */
static void work(struct dmumu_pool *pool, int thread, double d_cm2_s[static N_CURVES], double x_c[static N_CURVES],
                 unsigned char seen[static N_CURVES])
{
    struct dmumu_queue *queue = dmumu_pool_queue(pool);
    size_t given = 0, collected = 0;
    while (!dmumu_queue_state(queue).stopped) {
        if (thread == 0) {
            const size_t left = N_CURVES - given, count = left < 5 ? left : 5;
            if (left > 0 && dmumu_queue_state(queue).queued < 10 &&
                dmumu_queue_give(queue, (struct dmumu_block){given, count}))
                given += count;
            if (given == N_CURVES)
                dmumu_queue_close(queue);
            collected += collect(pool, d_cm2_s, x_c, seen);
            if (collected >= N_CURVES)
                dmumu_queue_stop(queue);
        }
        if (!dmumu_pool_work(pool, thread))
            nap();
    }
}

static void run_pool(int threads, size_t buffer_bytes, double d_cm2_s[static N_CURVES], double x_c[static N_CURVES])
{
    static const char text[] = "title: Threads\n"
                               "axes:\n"
                               "  region: [disk, halo]\n"
                               "  alfven_mach: {values: [0.4, 0.8]}\n"
                               "  beta: {values: [0.1, 0.3]}\n"
                               "  injection_scale_pc: {from: 50, to: 100, points: 8, spacing: log}\n"
                               "  rigidity_gv: {values: [1.0e4]}\n"
                               "model: {tolerance: 1.0e-1}\n"
                               "disk: {x_c: spitzer}\n";
    struct dmumu_config config;
    struct dmumu_blocks blocks = {0};
    struct dmumu_pool *pool = NULL;
    unsigned char seen[N_CURVES] = {0};
    assert_int_equal(dmumu_config_read_text(text, "test", true, &config, NULL), DMUMU_OK);
    assert_int_equal(dmumu_blocks_new(&config.grid, &blocks, NULL), DMUMU_OK);
    assert_int_equal(blocks.n_curves, N_CURVES);
    assert_int_equal(dmumu_pool_new(&config, &blocks, threads, buffer_bytes, &pool, NULL), DMUMU_OK);
#pragma omp parallel num_threads(threads) default(none) shared(pool, d_cm2_s, x_c, seen)
    work(pool, omp_get_thread_num(), d_cm2_s, x_c, seen);
    const struct dmumu_pool_tally tally = dmumu_pool_tally(pool);
    uint64_t counted = 0;
    for (int i = 0; i < DMUMU_N_QUALITIES; ++i)
        counted += tally.quality[i];
    assert_int_equal(counted, N_CURVES);
    assert_int_equal(dmumu_queue_state(dmumu_pool_queue(pool)).finished, N_CURVES);
    for (int i = 0; i < N_CURVES; ++i)
        assert_int_equal(seen[i], 1);
    dmumu_pool_free(pool);
    dmumu_blocks_free(&blocks);
    dmumu_config_free(&config);
}

static void the_pool_is_emptied_at_work(void **state)
{
    (void)state;
    static const size_t buffers[] = {1, 1 << 20}; /* one curve per thread, all */
    double expected[N_CURVES], expected_x_c[N_CURVES];
    run_pool(1, 1 << 20, expected, expected_x_c);
    for (int threads = 2; threads <= N_THREADS; threads += 2) {
        for (size_t i = 0; i < sizeof buffers / sizeof *buffers; ++i) {
            double d_cm2_s[N_CURVES], x_c[N_CURVES];
            run_pool(threads, buffers[i], d_cm2_s, x_c);
            assert_memory_equal(d_cm2_s, expected, sizeof expected);
            for (int k = 0; k < N_CURVES; ++k)
                assert_true(isnan(x_c[k]) ? isnan(expected_x_c[k]) : x_c[k] == expected_x_c[k]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_made_together),
        cmocka_unit_test(cached_tables_outlive_their_users),
        cmocka_unit_test(the_pool_is_emptied_at_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
