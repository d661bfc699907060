/*
 * The production kernel against the oracle: 200 quasi-random points of the whole range (tests/reference/points.c), all
 * modes together and each alone, both broadenings and the quasi-linear limit, both cascades, N = 1 and 5, with and
 * without a zone.
 *
 * The oracle's values are kept in tests/reference/values.txt (`make reference` makes them again); a few cheap ones are
 * recomputed here, so that the kept values cannot go stale unnoticed.
 */
#include "../reference/points.h"

#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_POINTS = 256, N_VALUES = DMUMU_N_MODES + 1, ALL = DMUMU_N_MODES };

#define TOLERANCE 1e-4

struct kept {
    unsigned index;
    double rigidity_gv, d[N_VALUES], mu_star;
    char quality[32];
    double seconds;
};

struct computed {
    double d[N_VALUES], rel_error, mu_star;
    uint8_t quality;
};

static struct kept kept[MAX_POINTS];
static size_t n_kept;

static FILE *open_values(void)
{
    static const char *const places[] = {"tests/reference/values.txt", "../tests/reference/values.txt"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        FILE *file = fopen(places[i], "r");
        if (file) {
            return file;
        }
    }
    return NULL;
}

static int read_kept(void **state)
{
    (void)state;
    FILE *file = open_values();
    char line[512];
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        struct kept *at = &kept[n_kept];
        if (line[0] == '#') {
            continue;
        }
        assert_true(n_kept < MAX_POINTS);
        /* NOLINTNEXTLINE(cert-err34-c): the number of items read is checked */
        assert_int_equal(sscanf(line, "%u %lf %lf %lf %lf %lf %lf %31s %lf", &at->index, &at->rigidity_gv, &at->d[ALL],
                                &at->d[DMUMU_FAST], &at->d[DMUMU_ALFVEN], &at->d[DMUMU_SLOW], &at->mu_star, at->quality,
                                &at->seconds),
                         9);
        n_kept++;
    }
    fclose(file);
    return 0;
}

static enum dmumu_status compute(const struct kept *at, bool reference, double tolerance, struct computed *result)
{
    struct reference_point point = reference_point_at(at->index);
    struct dmumu_tables *tables = NULL;
    struct dmumu_workspace *workspace = NULL;
    struct dmumu_error error;
    struct dmumu_curve curve = {&result->d[ALL],
                                {&result->d[0], &result->d[1], &result->d[2]},
                                &result->rel_error,
                                &result->mu_star,
                                &result->quality};
    point.model.tolerance = tolerance;
    if (reference) {
        return dmumu_curve_compute_ref(&point.model, &point.point, 1, &point.rigidity_gv, &curve, &error);
    }
    enum dmumu_status status = dmumu_tables_new(&point.model, point.point.alfven_mach, &tables, &error);
    if (status == DMUMU_OK) {
        status = dmumu_workspace_new(&workspace, &error);
    }
    if (status == DMUMU_OK) {
        status = dmumu_curve_compute(tables, &point.point, 1, &point.rigidity_gv, &curve, workspace, &error);
    }
    dmumu_workspace_free(workspace);
    dmumu_tables_free(tables);
    return status;
}

/* Relative difference; 0 where both are NaN, infinite where one is. */
static double difference(double value, double expected)
{
    if (isnan(value) || isnan(expected)) {
        return isnan(value) && isnan(expected) ? 0.0 : (double)INFINITY;
    }
    return fabs(value / expected - 1.0);
}

static void print_point(const struct kept *at, const struct computed *result)
{
    print_message(
        "point %u: all %.1e (estimated %.1e, %s), fast %.1e, alfven %.1e, slow %.1e\n", at->index,
        difference(result->d[ALL], at->d[ALL]), result->rel_error,
        dmumu_quality_name((enum dmumu_quality)result->quality), difference(result->d[DMUMU_FAST], at->d[DMUMU_FAST]),
        difference(result->d[DMUMU_ALFVEN], at->d[DMUMU_ALFVEN]), difference(result->d[DMUMU_SLOW], at->d[DMUMU_SLOW]));
}

/*
 * A value may only be off by more than the tolerance where it says so: not_converged, its estimate no less than a third
 * of the error.
 */
static bool acceptable(const struct kept *at, const struct computed *result)
{
    const bool flagged = result->quality == DMUMU_QUALITY_NOT_CONVERGED;
    for (int i = 0; i < N_VALUES; i++) {
        const double allowed = flagged ? fmax(TOLERANCE, 3.0 * result->rel_error) : TOLERANCE;
        if (difference(result->d[i], at->d[i]) > allowed) {
            return false;
        }
    }
    /* honest everywhere; 1e-6 is the oracle's own */
    return isnan(at->d[ALL]) || difference(result->d[ALL], at->d[ALL]) <= 3.0 * result->rel_error + 1e-6;
}

static void test_all_points(void **state)
{
    (void)state;
    struct computed *result = calloc(n_kept, sizeof *result);
    enum dmumu_status *status = calloc(n_kept, sizeof *status);
    assert_non_null(result);
    assert_non_null(status);
    assert_true(n_kept >= 200);
#pragma omp parallel for schedule(dynamic, 1) default(none) shared(n_kept, kept, result, status)
    for (size_t i = 0; i < n_kept; i++) {
        status[i] = compute(&kept[i], false, TOLERANCE, &result[i]);
    }
    size_t bad = 0;
    size_t flagged = 0;
    double worst = 0.0;
    for (size_t i = 0; i < n_kept; i++) {
        assert_int_equal(status[i], DMUMU_OK);
        flagged += result[i].quality == DMUMU_QUALITY_NOT_CONVERGED;
        if (result[i].quality == DMUMU_QUALITY_OK) {
            worst = fmax(worst, difference(result[i].d[ALL], kept[i].d[ALL]));
        }
        if (!acceptable(&kept[i], &result[i])) {
            print_point(&kept[i], &result[i]);
            bad++;
        }
    }
    print_message("%zu points: worst unflagged D %.1e from the oracle, %zu flagged not_converged\n", n_kept, worst,
                  flagged);
    free(result);
    free(status);
    assert_int_equal(bad, 0);
}

static void test_kept_values_recomputed(void **state)
{
    (void)state;
    size_t recomputed = 0;
    for (size_t i = 0; i < n_kept && recomputed < 6; i++) {
        struct computed result;
        if (kept[i].seconds > 2.0) {
            continue;
        }
        assert_int_equal(compute(&kept[i], true, 1e-5, &result), DMUMU_OK);
        for (int k = 0; k < N_VALUES; k++) {
            assert_true(difference(result.d[k], kept[i].d[k]) < 1e-8);
        }
        assert_string_equal(dmumu_quality_name((enum dmumu_quality)result.quality), kept[i].quality);
        recomputed++;
    }
    assert_true(recomputed >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_points),
        cmocka_unit_test(test_kept_values_recomputed),
    };
    return cmocka_run_group_tests(tests, read_kept, NULL);
}
