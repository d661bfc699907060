/*
 * The production kernel against the oracle at the first points of tests/reference (points.h: the whole range of the
 * model), all modes together and each alone. `make certify` compares them all, corners included, at three tolerances.
 *
 * The oracle's values are kept in tests/reference/values.txt (`make reference` makes them again); a few cheap ones are
 * recomputed here, so that the kept values cannot go stale unnoticed.
 */
#include "../reference/values.h"
#include "brief.h"

#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SAMPLE = 150, RECOMPUTED = 6 };

#define TOLERANCE        1e-4
#define ORACLE_TOLERANCE 1e-8
#define NEGLIGIBLE       1e-7 /* next to TOLERANCE: an estimate may leave it out here; `make certify` asks for all */

/* Points that were a story of their own. At a tighter tolerance: corners at M_A = 0.05 whose resonances see the lobes of J'^2 at
 * the edge of the waves across B, and the last two the same as mu goes to 1, between a panel's nodes. Their errors were 2e-6 to
 * 9e-6 once, not in the estimate. */
#define TIGHT 1e-6
enum { N_LOBES = 3, N_TAILS = 4, N_STARTS = 3, N_ENDS = 3, N_SLIVERS = 3, N_SHARP = 2, N_SHARP_TIGHT = 5 };
static const unsigned with_lobes[N_LOBES] = {1121, 1221, 1413};
/* At TOLERANCE: far tails of a resonance, wrong by up to 38 % with tables alone; */
static const unsigned in_tails[N_TAILS] = {752, 1044, 1356, 1650};
/* R = 1 and M_A = 0.05, where the cascade's start cuts through a resonance that tables widen: off by 5e-4, and one not confined;
 */
static const unsigned at_start[N_STARTS] = {259, 1252, 1379};
/* what the last nodes tell nothing of: Alfven modes take over beyond them, lobes, a tail that begins between them (estimates of
 * 0.2 to 0.3 of the error); */
static const unsigned at_mu_one[N_ENDS] = {84, 1413, 1832};
/* and, without broadening, C a sliver of mu next to v_A/v, which was not found, or as far as halving of mu went (1e-3); the
 * lobes of J'^2 at sharp ends (547, 1.5e-4, flagged; 867). */
static const unsigned in_slivers[N_SLIVERS] = {1027, 1507, 1927};
static const unsigned at_sharp_ends[N_SHARP] = {547, 867};
/* At TIGHT, without broadening: a mean instead of lobes (867, 2e-5), lobes in mu that all rules step over (947, 1.9e-6, `ok`),
 * an edge of C moved by them (1247), and Alfven modes that end next to a panel's end (1987, 6e-6, `ok`). */
static const unsigned sharp_and_tight[N_SHARP_TIGHT] = {867, 947, 1027, 1247, 1987};

static struct reference_value *all_kept;
static size_t n_all;
static struct reference_value *kept;
static size_t n_kept;

static int read_kept(void **state)
{
    (void)state;
    n_all = reference_values_read("tests/reference/values.txt", &all_kept);
    kept = calloc(SAMPLE, sizeof *kept);
    for (size_t i = 0; kept && i < n_all; i++) {
        if (all_kept[i].index < SAMPLE) {
            kept[n_kept++] = all_kept[i];
        }
    }
    return n_kept > 0 ? 0 : -1;
}

static int free_kept(void **state)
{
    (void)state;
    free(kept);
    free(all_kept);
    return 0;
}

static double difference(const struct reference_value *at, const struct reference_value *result, int mode)
{
    return reference_difference(result->d_cm2_s[mode], at->d_cm2_s[mode]);
}

static void print_point(const struct reference_value *at, const struct reference_value *result)
{
    print_message("point %u: all %.1e (estimated %.1e, %s), fast %.1e, alfven %.1e, slow %.1e\n", at->index,
                  difference(at, result, REFERENCE_ALL), result->rel_error, dmumu_quality_name(result->quality),
                  difference(at, result, DMUMU_FAST), difference(at, result, DMUMU_ALFVEN),
                  difference(at, result, DMUMU_SLOW));
}

/*
 * A value may only be off by more than the tolerance where it says so: not_converged, its estimate no less than a third
 * of the error.
 */
static bool acceptable(const struct reference_value *at, const struct reference_value *result)
{
    const bool flagged = result->quality == DMUMU_QUALITY_NOT_CONVERGED;
    const double allowed = flagged ? fmax(TOLERANCE, 3.0 * result->rel_error) : TOLERANCE;
    for (int i = 0; i < REFERENCE_N_VALUES; i++) {
        if (difference(at, result, i) > allowed) {
            return false;
        }
    }
    /* honest everywhere */
    return isnan(at->d_cm2_s[REFERENCE_ALL]) ||
           difference(at, result, REFERENCE_ALL) <= 3.0 * result->rel_error + NEGLIGIBLE;
}

static void test_sample(void **state)
{
    (void)state;
    struct reference_value *result = calloc(n_kept, sizeof *result);
    enum dmumu_status *status = calloc(n_kept, sizeof *status);
    assert_non_null(result);
    assert_non_null(status);
    assert_int_equal(n_kept, SAMPLE);
    const size_t n = (size_t)brief(SAMPLE, 4);
#pragma omp parallel for schedule(dynamic, 1) default(none) shared(n, kept, result, status)
    for (size_t i = 0; i < n; i++) {
        struct dmumu_error error;
        status[i] = reference_compute(kept[i].index, DMUMU_KERNEL_FAST, TOLERANCE, &result[i], &error);
    }
    size_t bad = 0;
    size_t flagged = 0;
    double worst = 0.0;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(status[i], DMUMU_OK);
        flagged += result[i].quality == DMUMU_QUALITY_NOT_CONVERGED;
        if (result[i].quality == DMUMU_QUALITY_OK) {
            worst = fmax(worst, difference(&kept[i], &result[i], REFERENCE_ALL));
        }
        if (!acceptable(&kept[i], &result[i])) {
            print_point(&kept[i], &result[i]);
            bad++;
        }
    }
    print_message("%zu points: worst unflagged D %.1e from the oracle, %zu flagged not_converged\n", n, worst, flagged);
    free(result);
    free(status);
    assert_int_equal(bad, 0);
}

/* Points by name: the production kernel at a tolerance, and the oracle's value. */
static const struct reference_value *compute(unsigned index, double tolerance, struct reference_value *result)
{
    struct dmumu_error error;
    size_t i = 0;
    while (i < n_all && all_kept[i].index != index) {
        i++;
    }
    assert_true(i < n_all);
    assert_int_equal(reference_compute(index, DMUMU_KERNEL_FAST, tolerance, result, &error), DMUMU_OK);
    print_point(&all_kept[i], result);
    return &all_kept[i];
}

static void assert_good(int n, const unsigned index[], double tolerance)
{
    const int few = brief(n, 1);
    for (int k = 0; k < few && k < n; k++) {
        struct reference_value result = {0};
        const struct reference_value *at = compute(index[k], tolerance, &result);
        assert_int_equal(result.quality, DMUMU_QUALITY_OK);
        assert_true(difference(at, &result, REFERENCE_ALL) <= fmin(tolerance, 3.0 * result.rel_error));
    }
}

static void test_lobes_at_tight_tolerance(void **state)
{
    (void)state;
    assert_good(N_LOBES, with_lobes, TIGHT);
}

static void test_without_tables(void **state)
{
    (void)state;
    assert_good(N_TAILS, in_tails, TOLERANCE);
    assert_good(N_STARTS, at_start, TOLERANCE);
}

static void test_towards_mu_one(void **state)
{
    (void)state;
    assert_good(N_ENDS, at_mu_one, TOLERANCE);
}

static void test_without_broadening(void **state)
{
    (void)state;
    assert_good(N_SLIVERS, in_slivers, TOLERANCE);
    assert_good(N_SHARP, at_sharp_ends, TOLERANCE);
    assert_good(N_SHARP_TIGHT, sharp_and_tight, TIGHT);
}

static void test_kept_values_recomputed(void **state)
{
    (void)state;
    const size_t wanted = (size_t)brief(RECOMPUTED, 1);
    size_t recomputed = 0;
    for (size_t i = 0; i < n_kept && recomputed < wanted; i++) {
        struct reference_value result = {0};
        struct dmumu_error error;
        if (kept[i].seconds > 0.1 * brief(30, 2) || kept[i].quality != DMUMU_QUALITY_OK) {
            continue;
        }
        assert_int_equal(reference_compute(kept[i].index, DMUMU_KERNEL_REF, ORACLE_TOLERANCE, &result, &error),
                         DMUMU_OK);
        for (int k = 0; k < REFERENCE_N_VALUES; k++) {
            assert_true(difference(&kept[i], &result, k) < 0.1 * ORACLE_TOLERANCE);
        }
        assert_int_equal(result.quality, kept[i].quality);
        recomputed++;
    }
    assert_int_equal(recomputed, wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample),
        cmocka_unit_test(test_lobes_at_tight_tolerance),
        cmocka_unit_test(test_without_tables),
        cmocka_unit_test(test_towards_mu_one),
        cmocka_unit_test(test_without_broadening),
        cmocka_unit_test(test_kept_values_recomputed),
    };
    return cmocka_run_group_tests(tests, read_kept, free_kept);
}
