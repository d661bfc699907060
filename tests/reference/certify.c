/*
 * certify: the production kernel against the oracle at every point of tests/reference.
 *
 *     certify VALUES TABLE [TOLERANCE]...
 *
 * Computes each point of VALUES (values.txt) with the production kernel at each tolerance (1e-2, 1e-4, 1e-6), writes
 * one line per point and tolerance to TABLE, and prints what of it matters. Exits with 1 where a requirement fails:
 *
 *     99.9 % of the points within the tolerance, and all within three times it, whatever their flag;
 *     the estimate never below a third of the true error;
 *     the median of estimate over error within a factor 20 of 1.
 *
 * Points that the oracle finds not confined count as within the tolerance where the production kernel finds the same.
 * The true error is known up to ORACLE_ERROR, which it must exceed to be held against an estimate.
 */
#include "points.h"
#include "values.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

#define ORACLE_ERROR 1e-8

enum { MAX_TOLERANCES = 8, MAX_LISTED = 40 };

/* One point at one tolerance. */
struct comparison {
    const struct reference_value *oracle;
    struct reference_value ours;
    double error[REFERENCE_N_VALUES]; /* relative */
    bool failed;                      /* the whole curve, which it says on stderr */
};

struct run {
    double tolerance;
    size_t n;
    struct comparison *at;
};

static void compare_point(const struct reference_value *oracle, double tolerance, struct comparison *result)
{
    struct dmumu_error error;
    result->oracle = oracle;
    result->failed = reference_compute(oracle->index, DMUMU_KERNEL_FAST, tolerance, &result->ours, &error) != DMUMU_OK;
    if (result->failed) {
        fprintf(stderr, "point %u at tolerance %g: %s\n", oracle->index, tolerance, error.message);
    }
    for (int k = 0; k < REFERENCE_N_VALUES; k++) {
        result->error[k] =
            result->failed ? (double)INFINITY : reference_difference(result->ours.d_cm2_s[k], oracle->d_cm2_s[k]);
    }
}

static void compare_all(const struct reference_value *oracle, struct run *run)
{
#pragma omp parallel for schedule(dynamic, 1) default(none) shared(oracle, run)
    for (size_t i = 0; i < run->n; i++) {
        compare_point(&oracle[i], run->tolerance, &run->at[i]);
    }
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

static void print_header(FILE *table)
{
    fprintf(table, "tolerance,index,region,broadening,cascade,harmonics,confinement,damping_angle,alfven_mach,beta,"
                   "injection_scale_pc,rigidity_gv,larmor_ratio,oracle_quality,quality,oracle_d_cm2_s,d_cm2_s,"
                   "rel_error,true_error,true_error_fast,true_error_alfven,true_error_slow\n");
}

static void print_row(FILE *table, double tolerance, const struct comparison *at)
{
    const struct reference_point point = reference_point_at(at->oracle->index);
    const struct dmumu_model *model = &point.model;
    const double field_ug = model->region[point.point.region].magnetic_field_ug;
    fprintf(table, "%.0e,%u,%s,%s,%s,%d,%s,%s,%.6g,%.6g,%.6g,%.8e,%.6e,%s,%s,%.11e,%.11e,%.3e,%.3e,%.3e,%.3e,%.3e\n",
            tolerance, at->oracle->index, dmumu_region_name(point.point.region),
            dmumu_broadening_name(model->broadening), dmumu_cascade_name(model->alfven_cascade), model->harmonics,
            dmumu_confinement_name(model->confinement), dmumu_variant_name(model->truncation_angle),
            point.point.alfven_mach, point.point.beta, point.point.injection_scale_pc, point.rigidity_gv,
            dmumu_larmor_radius_pc(point.rigidity_gv, field_ug) / point.point.injection_scale_pc,
            dmumu_quality_name(at->oracle->quality), dmumu_quality_name(at->ours.quality),
            at->oracle->d_cm2_s[REFERENCE_ALL], at->ours.d_cm2_s[REFERENCE_ALL], at->ours.rel_error,
            at->error[REFERENCE_ALL], at->error[DMUMU_FAST], at->error[DMUMU_ALFVEN], at->error[DMUMU_SLOW]);
}

/* ---- what the points say together ------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Quantile of n sorted values; NaN where there are none. */
static double quantile(const double sorted[], size_t n, double share)
{
    return n > 0 ? sorted[(size_t)((double)(n - 1) * share)] : (double)NAN;
}

static bool has_value(const struct comparison *at)
{
    return !isnan(at->oracle->d_cm2_s[REFERENCE_ALL]) && !isnan(at->ours.d_cm2_s[REFERENCE_ALL]);
}

/* The estimate is below a third of the error, as far as the oracle can tell. */
static bool understated(const struct comparison *at)
{
    return has_value(at) && !(3.0 * at->ours.rel_error >= at->error[REFERENCE_ALL] - ORACLE_ERROR);
}

struct summary {
    size_t values, flagged, within, within_three, understated, disagree;
    double worst, worst_ok;
};

static struct summary summarise(const struct run *run)
{
    struct summary sum = {0};
    for (size_t i = 0; i < run->n; i++) {
        const struct comparison *at = &run->at[i];
        const double error = at->error[REFERENCE_ALL];
        sum.values += has_value(at);
        sum.flagged += at->ours.quality == DMUMU_QUALITY_NOT_CONVERGED;
        sum.within += error <= run->tolerance;
        sum.within_three += error <= 3.0 * run->tolerance;
        sum.understated += understated(at);
        sum.disagree += isinf(error) ? 1 : 0;
        sum.worst = fmax(sum.worst, error);
        sum.worst_ok = at->ours.quality == DMUMU_QUALITY_OK ? fmax(sum.worst_ok, error) : sum.worst_ok;
    }
    return sum;
}

static void print_quantiles(const char *name, double values[], size_t n)
{
    qsort(values, n, sizeof *values, ascending);
    printf("  %-22s median %.1e, 90 %% %.1e, 99 %% %.1e, 99.9 %% %.1e, worst %.1e\n", name, quantile(values, n, 0.5),
           quantile(values, n, 0.9), quantile(values, n, 0.99), quantile(values, n, 0.999), quantile(values, n, 1.0));
}

static void print_mode(const struct run *run, int mode, double scratch[])
{
    static const char *const all = "error, all modes";
    char name[32];
    size_t n = 0;
    for (size_t i = 0; i < run->n; i++) {
        if (!isnan(run->at[i].oracle->d_cm2_s[mode])) {
            scratch[n++] = run->at[i].error[mode];
        }
    }
    if (mode != REFERENCE_ALL) {
        snprintf(name, sizeof name, "error, %s alone", dmumu_mode_name((enum dmumu_mode)mode));
    }
    print_quantiles(mode == REFERENCE_ALL ? all : name, scratch, n);
}

/* Estimate over error, of all points with a value; its median is what the requirement is about. */
static double print_ratio(const struct run *run, double scratch[])
{
    size_t n = 0;
    for (size_t i = 0; i < run->n; i++) {
        if (has_value(&run->at[i])) {
            scratch[n++] = run->at[i].ours.rel_error / fmax(run->at[i].error[REFERENCE_ALL], 1e-2 * ORACLE_ERROR);
        }
    }
    qsort(scratch, n, sizeof *scratch, ascending);
    printf("  %-22s median %.3g, 1 %% %.3g, 10 %% %.3g, 90 %% %.3g\n", "estimate over error", quantile(scratch, n, 0.5),
           quantile(scratch, n, 0.01), quantile(scratch, n, 0.1), quantile(scratch, n, 0.9));
    return quantile(scratch, n, 0.5);
}

static void print_point(const struct comparison *at)
{
    printf("    point %u (%s, oracle %s): error %.2e, estimate %.2e\n", at->oracle->index,
           dmumu_quality_name(at->ours.quality), dmumu_quality_name(at->oracle->quality), at->error[REFERENCE_ALL],
           at->ours.rel_error);
}

static void print_offenders(const struct run *run)
{
    int listed = 0;
    for (size_t i = 0; i < run->n && listed < MAX_LISTED; i++) {
        const struct comparison *at = &run->at[i];
        if (!(at->error[REFERENCE_ALL] <= run->tolerance) || understated(at)) {
            print_point(at);
            listed++;
        }
    }
    if (listed == MAX_LISTED) {
        printf("    ... and perhaps more: see the table\n");
    }
}

static bool verdict(const char *requirement, bool met)
{
    printf("  %-64s %s\n", requirement, met ? "met" : "NOT MET");
    return met;
}

/* @return whether all requirements are met at this tolerance */
static bool report(const struct run *run, double scratch[])
{
    const struct summary sum = summarise(run);
    const double n = (double)run->n;
    printf(
        "tolerance %.0e: %zu points, %zu with a value, %zu flagged not_converged, %zu confined by one kernel alone\n",
        run->tolerance, run->n, sum.values, sum.flagged, sum.disagree);
    printf(
        "  within the tolerance %.2f %% (all but %zu), within three times it all but %zu; worst %.1e, of `ok` %.1e\n",
        100.0 * (double)sum.within / n, run->n - sum.within, run->n - sum.within_three, sum.worst, sum.worst_ok);
    for (int mode = DMUMU_N_MODES; mode >= 0; mode--) {
        print_mode(run, mode, scratch);
    }
    const double median = print_ratio(run, scratch);
    bool met = verdict("99.9 % of the points within the tolerance", (double)sum.within >= 0.999 * n);
    met = verdict("all points within three times the tolerance", sum.within_three == run->n) && met;
    met = verdict("estimate never below a third of the error", sum.understated == 0) && met;
    met = verdict("median of estimate over error within a factor 20", median <= 20.0 && median >= 0.05) && met;
    print_offenders(run);
    return met;
}

/* @return whether all requirements are met; false also without memory */
static bool certify(const struct reference_value *oracle, size_t n, double tolerance, FILE *table)
{
    struct run run = {.tolerance = tolerance, .n = n, .at = calloc(n, sizeof *run.at)};
    double *scratch = calloc(n, sizeof *scratch);
    bool met = false;
    if (run.at && scratch) {
        const double start = omp_get_wtime();
        compare_all(oracle, &run);
        for (size_t i = 0; i < n; i++) {
            print_row(table, tolerance, &run.at[i]);
        }
        met = report(&run, scratch);
        printf("  (%.0f s)\n", omp_get_wtime() - start);
        fflush(stdout);
    } else {
        fprintf(stderr, "certify: out of memory\n");
    }
    free(scratch);
    free(run.at);
    return met;
}

int main(int argc, char **argv)
{
    double tolerance[MAX_TOLERANCES] = {1e-2, 1e-4, 1e-6};
    int n_tolerances = 3;
    if (argc < 3 || argc > 3 + MAX_TOLERANCES) {
        fprintf(stderr, "usage: certify VALUES TABLE [TOLERANCE]...\n");
        return 2;
    }
    for (int i = 3; i < argc; i++) {
        tolerance[i - 3] = strtod(argv[i], NULL);
        n_tolerances = argc - 3;
    }
    struct reference_value *oracle = NULL;
    const size_t n = reference_values_read(argv[1], &oracle);
    FILE *table = n > 0 ? fopen(argv[2], "w") : NULL;
    if (!table) {
        if (n > 0) {
            perror(argv[2]);
        }
        free(oracle);
        return 2;
    }
    print_header(table);
    bool met = true;
    for (int i = 0; i < n_tolerances; i++) {
        met = certify(oracle, n, tolerance[i], table) && met;
    }
    fclose(table);
    free(oracle);
    return met ? 0 : 1;
}
