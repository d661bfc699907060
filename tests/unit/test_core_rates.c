/*
 * Kernel rates and errors: D_F of one damping and pitch angle at many R is the same together as one by one, whichever R
 * are asked for first, and so are its errors; and these say what it is off by.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/direct.h"
#include "core/kernel_blocks.h"
#include "core/workspace.h"

#include <math.h>

enum { N = 3 * DMUMU_FAST_RATES, NODE = 7 };

/* Broad resonances; narrow ones that tables widen, at a tolerance at which lobes are followed; and damped ones, whose
 * tail falls by orders of magnitude within a step. */
struct setting {
    struct dmumu_point point;
    double tolerance;
    struct dmumu_panel_key key;
};

static const struct setting settings[] = {
    {{DMUMU_HALO, 0.5, 0.14, 100.0}, 1e-4, {.depth = 1}},
    {{DMUMU_HALO, 0.05, 0.01, 100.0}, 1e-6, {.depth = 1, .index = 1}},
    {{DMUMU_DISK, 1.0, 1.0, 20.0}, 1e-4, {.depth = 1, .index = 1}},
};
enum { N_SETTINGS = sizeof settings / sizeof settings[0] };

/* One profile, and all it is made of. */
struct made {
    struct dmumu_tables *tables;
    struct dmumu_workspace *workspace;
    struct dmumu_state state;
    const struct dmumu_node_tables *node;
    struct dmumu_columns *columns;
    struct dmumu_fast_profile *profile;
};

static struct made make(const struct setting *setting)
{
    struct made made;
    struct dmumu_model model;
    struct dmumu_error error;
    enum dmumu_status status = DMUMU_OK;
    dmumu_model_default(&model);
    model.tolerance = setting->tolerance;
    assert_int_equal(dmumu_tables_new(&model, setting->point.alfven_mach, &made.tables, &error), DMUMU_OK);
    assert_int_equal(dmumu_workspace_new(&made.workspace, &error), DMUMU_OK);
    assert_int_equal(dmumu_state_of_point(&model, &setting->point, &made.state, &error), DMUMU_OK);
    dmumu_workspace_set_damping(made.workspace, made.tables, &made.state);
    struct dmumu_panel_tables *panel = dmumu_tables_panel(made.tables, setting->key, &made.workspace->panels, &status);
    assert_int_equal(status, DMUMU_OK);
    assert_int_equal(dmumu_tables_complete_node(made.tables, panel, DMUMU_FAST, NODE), DMUMU_OK);
    made.node = &panel->node[NODE];
    made.columns = dmumu_workspace_columns(made.workspace, made.tables, made.node->fast.step_class);
    made.profile = dmumu_workspace_profile(made.workspace, made.tables, panel, NODE);
    assert_non_null(made.columns);
    assert_non_null(made.profile);
    return made;
}

static void destroy(struct made *made)
{
    dmumu_workspace_free(made->workspace);
    dmumu_tables_free(made->tables);
}

/* R from 1e-11 to 0.5, where tables hold: none of them on a lattice. */
static double larmor_ratio_at(int i)
{
    return 1e-11 * pow(0.5e11, (double)i / (N - 1));
}

static struct dmumu_fast_rate one(const struct made *made, double larmor_ratio)
{
    return dmumu_fast_profile_rate(made->tables->fast, &made->node->fast, made->columns, made->profile, larmor_ratio);
}

/* Sixteen or fewer together. */
static void together(const struct made *made, int n, const double larmor_ratio[], const uint8_t wanted[],
                     struct dmumu_fast_rates *rates)
{
    double ln[DMUMU_FAST_RATES];
    double inverse_sqrt[DMUMU_FAST_RATES];
    for (int i = 0; i < n; i++) {
        ln[i] = log(larmor_ratio[i]);
        inverse_sqrt[i] = 1.0 / sqrt(larmor_ratio[i]);
    }
    const struct dmumu_fast_powers powers = {ln, inverse_sqrt};
    dmumu_fast_profile_rates(made->tables->fast, &made->node->fast, made->columns, made->profile, (size_t)n, &powers,
                             wanted, rates);
}

/* ---- the same bits ----------------------------------------------------------------------------------------------- */

struct pair {
    double value, error;
};

/* All R by groups of n, the k-th of which is number k `step` of the list, as a profile of its own has them. */
static void in_groups(const struct setting *setting, int n, int step, struct pair pair[static N])
{
    struct made made = make(setting);
    const uint8_t wanted[DMUMU_FAST_RATES] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    for (int first = 0; first < N; first += n) {
        const int left = N - first < n ? N - first : n;
        double larmor_ratio[DMUMU_FAST_RATES];
        struct dmumu_fast_rates rates;
        for (int k = 0; k < left; k++) {
            larmor_ratio[k] = larmor_ratio_at((first + k) * step % N);
        }
        together(&made, left, larmor_ratio, wanted, &rates);
        for (int k = 0; k < left; k++) {
            pair[(first + k) * step % N] = (struct pair){rates.value[k], rates.error[k]};
        }
    }
    destroy(&made);
}

static void assert_same_pairs(const struct pair a[static N], const struct pair b[static N])
{
    for (int i = 0; i < N; i++) {
        if (!(a[i].value == b[i].value && a[i].error == b[i].error)) {
            fail_msg("R %g: %.17g +- %.17g, not %.17g +- %.17g", larmor_ratio_at(i), b[i].value, b[i].error, a[i].value,
                     a[i].error);
        }
    }
}

/* Ascending, descending, here and there, many at a time or one: steps have no factor in common with the number of R. */
static void test_order(void **unused)
{
    (void)unused;
    static const struct {
        int n, step;
    } ways[] = {{DMUMU_FAST_RATES, N - 1}, {DMUMU_FAST_RATES, 17}, {7, 1}, {1, 1}, {1, N - 1}, {1, 17}, {3, 29}};
    for (int s = 0; s < N_SETTINGS; s++) {
        struct pair ascending[N];
        in_groups(&settings[s], DMUMU_FAST_RATES, 1, ascending);
        for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++) {
            struct pair other[N];
            in_groups(&settings[s], ways[w].n, ways[w].step, other);
            assert_same_pairs(ascending, other);
        }
    }
}

/* What else a profile was asked for before makes no difference to one R. */
static void test_alone(void **unused)
{
    (void)unused;
    for (int s = 0; s < N_SETTINGS; s++) {
        struct pair all[N];
        in_groups(&settings[s], DMUMU_FAST_RATES, 1, all);
        for (int i = 1; i < N; i += 13) {
            struct made made = make(&settings[s]);
            const double larmor_ratio = larmor_ratio_at(i);
            const uint8_t wanted = 1;
            struct dmumu_fast_rates rates;
            together(&made, 1, &larmor_ratio, &wanted, &rates);
            assert_true(rates.value[0] == all[i].value && rates.error[0] == all[i].error);
            destroy(&made);
        }
    }
}

/*
 * Both kinds of resonance apart and together: interpolated from the same eight points, so that they differ by the
 * rounding of these. Where one of the two falls by orders of magnitude within them it may come out below zero, and is
 * left out if apart, not in the sum of both: within the error. Errors are of the total in either case.
 */
static void test_one_by_one(void **unused)
{
    (void)unused;
    int n_apart = 0;
    for (int s = 0; s < N_SETTINGS; s++) {
        struct pair all[N];
        struct made made = make(&settings[s]);
        in_groups(&settings[s], DMUMU_FAST_RATES, 1, all);
        for (int i = N - 1; i >= 0; i--) {
            const struct dmumu_fast_rate rate = one(&made, larmor_ratio_at(i));
            const double value = rate.gyro + rate.transit;
            const bool apart = rate.gyro > 0.0 && rate.transit > 0.0;
            const double rounding = 2e-15 * value;
            const double more = value - all[i].value;
            if (!(more >= -rounding && more <= rounding + (apart ? 0.0 : rate.error))) {
                fail_msg("setting %d, R %g: %.17g, not %.17g", s, larmor_ratio_at(i), all[i].value, value);
            }
            assert_true(fabs(rate.error - all[i].error) <= 1e-15 * rate.error);
            n_apart += apart;
        }
        destroy(&made);
    }
    assert_true(n_apart > 2 * N);
}

/* R that are not wanted: their rates stay as they were, and no block is made for them. */
static void test_not_wanted(void **unused)
{
    (void)unused;
    struct made made = make(&settings[0]);
    const double larmor_ratio[3] = {1e-9, 1e-6, 1e-3};
    const uint8_t none[3] = {0, 0, 0};
    const uint8_t last[3] = {0, 0, 1};
    struct dmumu_fast_rates rates = {{-7.0, -7.0, -7.0}, {-8.0, -8.0, -8.0}};
    size_t n_made = 0;
    together(&made, 3, larmor_ratio, none, &rates);
    for (size_t b = 0; b < made.profile->n_blocks; b++) {
        assert_false(made.profile->done[b]);
    }
    together(&made, 3, larmor_ratio, last, &rates);
    for (int i = 0; i < 2; i++) {
        assert_true(rates.value[i] == -7.0 && rates.error[i] == -8.0);
    }
    assert_true(rates.value[2] > 0.0 && rates.error[2] > 0.0);
    for (size_t b = 0; b < made.profile->n_blocks; b++) {
        n_made += made.profile->done[b];
    }
    assert_true(n_made >= 1 && n_made <= 2);
    destroy(&made);
}

/* ---- errors ------------------------------------------------------------------------------------------------------ */

/* Blocks that are there once R at a lattice point of block 6, and a bit, has been asked for. */
static size_t blocks_for(long within_block)
{
    struct made made = make(&settings[0]);
    const double step = made.tables->fast->step[made.node->fast.step_class];
    const double position = (double)(dmumu_block_begin(6) + within_block) + 0.3;
    size_t n_made = 0;
    assert_true(made.node->fast.widened == 0.0); /* or differences reach further */
    one(&made, exp(position * step - made.node->fast.ln_s));
    for (size_t b = 0; b < made.profile->n_blocks; b++) {
        n_made += made.profile->done[b];
    }
    destroy(&made);
    return n_made;
}

/* Only an R near a block's end asks for the next one: errors are made in parts for that. */
static void test_blocks_for_errors(void **unused)
{
    (void)unused;
    for (long k = DMUMU_ERROR_REACH + 1; k < DMUMU_FILTER_BLOCK - DMUMU_ERROR_REACH - 3; k++) {
        assert_int_equal(blocks_for(k), 1);
    }
    assert_int_equal(blocks_for(0), 2);
    assert_int_equal(blocks_for(4), 2);
    assert_int_equal(blocks_for(DMUMU_FILTER_BLOCK - 1), 2);
    assert_int_equal(blocks_for(DMUMU_FILTER_BLOCK - 5), 2);
}

/* Polynomials of degree 7 are what eight points interpolate; those of degree 13 have no 14th difference. */
static void test_lattice_error(void **unused)
{
    (void)unused;
    for (int degree = 0; degree <= 14; degree++) {
        double sum[15];
        for (int k = 0; k < 15; k++) {
            sum[k] = pow((k - 7) / 7.0, degree);
        }
        const double error = dmumu_lattice_error(sum);
        assert_true(degree % 2 || degree > 7 ? error >= 0.0 : error < 1e-14);
        assert_true(degree < 8 || degree % 2 || error > 1e-6); /* odd ones are antisymmetric: 0 in the middle */
    }
    double alternating[15];
    for (int k = 0; k < 15; k++) {
        alternating[k] = k % 2 ? -1.0 : 1.0;
    }
    assert_true(dmumu_lattice_error(alternating) > 1.0); /* lobes as short as that are as wrong as they are large */
}

/* Rates against those without tables: off by three times their error at most. */
static void test_errors_are_honest(void **unused)
{
    (void)unused;
    for (int s = 0; s < N_SETTINGS; s++) {
        struct made made = make(&settings[s]);
        for (int i = 2; i < N; i += 5) {
            struct dmumu_fast_rate direct;
            const double larmor_ratio = larmor_ratio_at(i);
            const struct dmumu_fast_rate rate = one(&made, larmor_ratio);
            assert_int_equal(dmumu_direct_fast_rate(made.tables, &made.state, made.workspace, made.node->mu,
                                                    made.node->s2, larmor_ratio, &direct),
                             DMUMU_OK);
            const double value = direct.gyro + direct.transit;
            const double off = fabs(rate.gyro + rate.transit - value);
            if (!(off <= 3.0 * (rate.error + direct.error))) {
                fail_msg("setting %d, R %g: off by %.2e, estimated %.2e", s, larmor_ratio, off / value,
                         rate.error / value);
            }
        }
        destroy(&made);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_one_by_one),
        cmocka_unit_test(test_not_wanted),
        cmocka_unit_test(test_blocks_for_errors),
        cmocka_unit_test(test_lattice_error),
        cmocka_unit_test(test_errors_are_honest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
