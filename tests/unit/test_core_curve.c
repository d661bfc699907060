/*
 * The closer look: values whose rates a first look does not know well enough become right by it, all others stay as
 * they are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/diffusion.h"
#include "core/tables.h"
#include "core/workspace.h"

#include <math.h>

enum { N = 12 };

/* The disk at beta = 1, where viscous damping leaves the fast modes of low rigidities the tail of their resonance. */
static const struct dmumu_point point = {
    .region = DMUMU_DISK, .alfven_mach = 1.0, .beta = 1.0, .injection_scale_pc = 20.0};

struct values {
    double d_cm2_s[N], rel_error[N], mu_star[N], rate_error[N], fast_cm2_s[N];
    uint8_t quality[N];
};

static void count(void *context)
{
    ++*(int *)context;
}

/* How often the last curve called for what its thread does for others. */
static int interludes;

/* With at most so many closer looks, at N rigidities from 16 GV on. */
static void compute_beside(const struct dmumu_tables *beside, double alfven_mach, double tolerance, int looks,
                           struct values *values)
{
    struct dmumu_model model;
    struct dmumu_tables *tables = NULL;
    struct dmumu_workspace *workspace = NULL;
    double rigidity_gv[N];
    struct dmumu_curve curve = {
        values->d_cm2_s, {values->fast_cm2_s, NULL, NULL}, values->rel_error, values->mu_star, values->quality};
    for (int i = 0; i < N; i++) {
        rigidity_gv[i] = pow(10.0, 1.2 + i / 21.0);
    }
    dmumu_model_default(&model);
    model.tolerance = tolerance;
    struct dmumu_point at = point;
    at.alfven_mach = alfven_mach;
    assert_int_equal(beside ? dmumu_tables_new_beside(beside, alfven_mach, &tables, NULL)
                            : dmumu_tables_new(&model, alfven_mach, &tables, NULL),
                     DMUMU_OK);
    assert_int_equal(dmumu_workspace_new(&workspace, NULL), DMUMU_OK);
    interludes = 0;
    workspace->interlude = (struct dmumu_interlude){count, &interludes};
    assert_int_equal(
        dmumu_diffusion_compute(tables, &at, N, rigidity_gv, looks, &curve, values->rate_error, workspace, NULL),
        DMUMU_OK);
    dmumu_workspace_free(workspace);
    dmumu_tables_free(tables);
}

static void compute(double tolerance, int looks, struct values *values)
{
    compute_beside(NULL, point.alfven_mach, tolerance, looks, values);
}

static void assert_same(const struct values *a, const struct values *b, int i)
{
    assert_true(a->d_cm2_s[i] == b->d_cm2_s[i] && a->rel_error[i] == b->rel_error[i]);
    assert_true(a->quality[i] == b->quality[i] && a->fast_cm2_s[i] == b->fast_cm2_s[i]);
}

/* Of twelve values seven are flagged at first; rates without tables leave none. */
static void test_closer_look(void **state)
{
    (void)state;
    const double tolerance = 1e-4;
    struct values first;
    struct values all;
    struct values best;
    compute(tolerance, 0, &first);
    compute(tolerance, DMUMU_DIRECT_LOOK, &all);
    compute(1e-2 * tolerance, DMUMU_DIRECT_LOOK, &best);
    int mended = 0;
    for (int i = 0; i < N; i++) {
        const double difference = fabs(all.d_cm2_s[i] / best.d_cm2_s[i] - 1.0);
        assert_int_equal(all.quality[i], DMUMU_QUALITY_OK);
        assert_true(difference <= fmin(tolerance, 3.0 * all.rel_error[i] + best.rel_error[i]));
        if (first.quality[i] == DMUMU_QUALITY_OK) {
            assert_same(&all, &first, i);
        } else {
            assert_true(all.rel_error[i] < first.rel_error[i]);
            mended++;
        }
    }
    assert_true(mended >= 5);
}

/* While a curve takes long, its thread is called to others' service: between the nodes of panels, and slow rates. */
static void test_interludes(void **state)
{
    (void)state;
    struct values values;
    compute(1e-4, 0, &values);
    const int without_looks = interludes;
    compute(1e-4, DMUMU_DIRECT_LOOK, &values);
    assert_true(without_looks >= 2 * DMUMU_KRONROD_N);
    assert_true(interludes > without_looks + DMUMU_KRONROD_N);
}

/* Where C reaches far beyond mu = 0.5, finer lattices are not tried: a whole damping would pay for them. */
static void test_no_finer_lattices(void **state)
{
    (void)state;
    struct values first;
    struct values finer;
    compute(1e-4, 0, &first);
    compute(1e-4, DMUMU_MOST_REFINEMENT, &finer);
    for (int i = 0; i < N; i++) {
        assert_true(first.mu_star[i] > 0.5);
        assert_same(&finer, &first, i);
    }
}

/* What a closer look shares with its first one comes and goes with it: again, and the same to the bit. */
static void test_again(void **state)
{
    (void)state;
    struct values once;
    struct values again;
    compute(1e-4, DMUMU_DIRECT_LOOK, &once);
    compute(1e-4, DMUMU_DIRECT_LOOK, &again);
    assert_memory_equal(once.d_cm2_s, again.d_cm2_s, sizeof once.d_cm2_s);
    assert_memory_equal(once.rel_error, again.rel_error, sizeof once.rel_error);
}

/* What tables of another M_A have made already gives the same to the bit, even when those are gone. */
static void test_beside(void **state)
{
    (void)state;
    struct values alone;
    struct values other;
    struct values sharing;
    struct dmumu_model model;
    struct dmumu_tables *first = NULL;
    struct dmumu_tables *beside = NULL;
    dmumu_model_default(&model);
    compute(1e-4, DMUMU_DIRECT_LOOK, &alone);
    assert_int_equal(dmumu_tables_new(&model, 0.3, &first, NULL), DMUMU_OK);
    assert_int_equal(dmumu_tables_new_beside(first, 0.4, &beside, NULL), DMUMU_OK);
    assert_ptr_equal(beside->shared, first->shared);
    assert_int_equal(atomic_load(&first->shared->users), 2);
    dmumu_tables_free(first);
    compute_beside(beside, 0.5, 1e-4, DMUMU_DIRECT_LOOK, &other);
    compute_beside(beside, point.alfven_mach, 1e-4, DMUMU_DIRECT_LOOK, &sharing);
    assert_int_equal(atomic_load(&beside->shared->users), 1);
    assert_int_equal(dmumu_tables_new_beside(beside, -1.0, &first, NULL), DMUMU_ERROR_ARGUMENT);
    assert_null(first);
    dmumu_tables_free(beside);
    assert_memory_not_equal(alone.d_cm2_s, other.d_cm2_s, sizeof alone.d_cm2_s);
    assert_memory_equal(alone.d_cm2_s, sharing.d_cm2_s, sizeof alone.d_cm2_s);
    assert_memory_equal(alone.rel_error, sharing.rel_error, sizeof alone.rel_error);
}

/* Panels that there is no room to keep belong to one curve: nothing changes but the time. */
static void test_bounded_memory(void **state)
{
    (void)state;
    struct values kept[2];
    struct values dropped[2];
    size_t bytes[2];
    struct dmumu_model model;
    dmumu_model_default(&model);
    double rigidity_gv[N];
    for (int i = 0; i < N; i++) {
        rigidity_gv[i] = pow(10.0, 1.2 + i / 21.0);
    }
    for (int bounded = 0; bounded < 2; bounded++) {
        struct dmumu_tables *tables = NULL;
        struct dmumu_workspace *workspace = NULL;
        assert_int_equal(dmumu_tables_new(&model, point.alfven_mach, &tables, NULL), DMUMU_OK);
        assert_int_equal(dmumu_workspace_new(&workspace, NULL), DMUMU_OK);
        tables->most_bytes = bounded ? 0 : tables->most_bytes;
        for (int k = 0; k < 2; k++) { /* the second curve after what the first had to itself */
            struct dmumu_point at = point;
            struct values *values = bounded ? &dropped[k] : &kept[k];
            struct dmumu_curve curve = {
                values->d_cm2_s, {values->fast_cm2_s, NULL, NULL}, values->rel_error, values->mu_star, values->quality};
            at.injection_scale_pc *= 1.0 + 0.1 * k;
            assert_int_equal(dmumu_curve_compute(tables, &at, N, rigidity_gv, &curve, workspace, NULL), DMUMU_OK);
        }
        bytes[bounded] = atomic_load(&tables->bytes);
        assert_true(!bounded || workspace->panels.first);
        dmumu_workspace_free(workspace);
        dmumu_tables_free(tables);
    }
    assert_true(4 * bytes[1] < bytes[0]);
    for (int k = 0; k < 2; k++) {
        assert_memory_equal(kept[k].d_cm2_s, dropped[k].d_cm2_s, sizeof kept[k].d_cm2_s);
        assert_memory_equal(kept[k].rel_error, dropped[k].rel_error, sizeof kept[k].rel_error);
        assert_memory_equal(kept[k].fast_cm2_s, dropped[k].fast_cm2_s, sizeof kept[k].fast_cm2_s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_closer_look), cmocka_unit_test(test_no_finer_lattices),
                                       cmocka_unit_test(test_interludes),  cmocka_unit_test(test_again),
                                       cmocka_unit_test(test_beside),      cmocka_unit_test(test_bounded_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
