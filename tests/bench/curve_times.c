/* Curve times: see curve_times.h. */
#include "curve_times.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { N_LATER = TIMES_MACHS * DMUMU_N_REGIONS * TIMES_BETAS, N_NEW = TIMES_MACHS * DMUMU_N_REGIONS * N_NOVELTIES };

/* What is needed to compute curves of one M_A. */
struct bench {
    const struct dmumu_grid *grid;
    struct dmumu_model model;
    struct dmumu_tables *tables;
    struct dmumu_workspace *workspace;
    struct dmumu_curve curve;
    double alfven_mach;
    struct dmumu_error *error;
};

static double core_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static bool allocate_curve(size_t n, struct dmumu_curve *curve)
{
    curve->d_cm2_s = calloc(n, sizeof(double));
    curve->rel_error = calloc(n, sizeof(double));
    curve->mu_star = calloc(n, sizeof(double));
    curve->quality = calloc(n, 1);
    curve->d_mode_cm2_s[DMUMU_FAST] = calloc(n, sizeof(double));
    curve->d_mode_cm2_s[DMUMU_ALFVEN] = calloc(n, sizeof(double));
    return curve->d_cm2_s && curve->rel_error && curve->mu_star && curve->quality && curve->d_mode_cm2_s[DMUMU_FAST] &&
           curve->d_mode_cm2_s[DMUMU_ALFVEN];
}

static void free_curve(struct dmumu_curve *curve)
{
    free(curve->d_cm2_s);
    free(curve->rel_error);
    free(curve->mu_star);
    free(curve->quality);
    free(curve->d_mode_cm2_s[DMUMU_FAST]);
    free(curve->d_mode_cm2_s[DMUMU_ALFVEN]);
}

/* The beta that stands for its part of the axis. */
static double beta_of(const struct dmumu_grid *grid, size_t beta)
{
    const struct dmumu_axis *axis = &grid->axis[DMUMU_AXIS_BETA];
    return axis->values[(2 * beta + 1) * axis->n / (2 * TIMES_BETAS)];
}

/* Seconds of each curve of a run. */
static enum dmumu_status time_run(struct bench *bench, enum dmumu_region region, size_t beta, double seconds[])
{
    const struct dmumu_axis *scales = &bench->grid->axis[DMUMU_AXIS_INJECTION_SCALE];
    const struct dmumu_axis *rigidities = &bench->grid->axis[DMUMU_AXIS_RIGIDITY];
    for (size_t i = 0; i < scales->n; ++i) {
        const struct dmumu_point point = {region, bench->alfven_mach, beta_of(bench->grid, beta), scales->values[i]};
        const double start_s = core_now_s();
        const enum dmumu_status status = dmumu_curve_compute(bench->tables, &point, rigidities->n, rigidities->values,
                                                             &bench->curve, bench->workspace, bench->error);
        if (status != DMUMU_OK)
            return status;
        seconds[i] = core_now_s() - start_s;
    }
    return DMUMU_OK;
}

static enum dmumu_status open_mach(struct bench *bench)
{
    dmumu_workspace_free(bench->workspace);
    dmumu_tables_free(bench->tables);
    bench->workspace = NULL;
    bench->tables = NULL;
    const enum dmumu_status status = dmumu_tables_new(&bench->model, bench->alfven_mach, &bench->tables, bench->error);
    return status == DMUMU_OK ? dmumu_workspace_new(&bench->workspace, bench->error) : status;
}

static double *later_of(const struct curve_times *times, size_t mach, size_t region, size_t beta)
{
    return times->later_s + ((mach * DMUMU_N_REGIONS + region) * TIMES_BETAS + beta) * times->n_scale;
}

static double *new_of(const struct curve_times *times, size_t mach, size_t region, enum curve_novelty novelty)
{
    return times->new_s + ((mach * DMUMU_N_REGIONS + region) * N_NOVELTIES + (size_t)novelty) * times->n_scale;
}

/* All runs of one region, then once more: the second time nothing is new. `once` is the first run's first time. */
static enum dmumu_status time_region(struct bench *bench, struct curve_times *times, size_t mach, size_t region,
                                     double once[])
{
    enum dmumu_status status = time_run(bench, (enum dmumu_region)region, 0, once);
    for (size_t beta = 1; beta < TIMES_BETAS && status == DMUMU_OK; ++beta)
        status = time_run(bench, (enum dmumu_region)region, beta, later_of(times, mach, region, beta));
    for (size_t beta = 0; beta < TIMES_BETAS && status == DMUMU_OK; ++beta) {
        double *again = later_of(times, mach, region, beta);
        status = time_run(bench, (enum dmumu_region)region, beta, again);
        const double like_a_later = times->n_scale > 1 ? again[1] : 0.0;
        times->first_s[mach][region][beta] = fmax(0.0, again[0] - like_a_later);
        again[0] -= times->first_s[mach][region][beta];
    }
    return status;
}

/* The time that each curve of a run took beyond its second time; returns what the first of them took beyond that. */
static double take_novelty(const struct curve_times *times, size_t mach, size_t region, enum curve_novelty novelty,
                           const double once[])
{
    const double *again = later_of(times, mach, region, 0);
    double *new_s = new_of(times, mach, region, novelty);
    for (size_t i = 1; i < times->n_scale; ++i)
        new_s[i] = fmax(0.0, once[i] - again[i]);
    new_s[0] = times->n_scale > 1 ? new_s[1] : 0.0;
    return fmax(0.0, once[0] - again[0] - times->first_s[mach][region][0] - new_s[0]);
}

/* The disk and then the halo; and, with fresh tables, the halo first. */
static enum dmumu_status time_mach(struct bench *bench, struct curve_times *times, size_t mach, double once[])
{
    enum dmumu_status status = open_mach(bench);
    if (status == DMUMU_OK)
        status = time_region(bench, times, mach, DMUMU_DISK, once);
    if (status != DMUMU_OK)
        return status;
    times->tables_s[mach] = take_novelty(times, mach, DMUMU_DISK, NOVELTY_SCALE, once);
    status = time_region(bench, times, mach, DMUMU_HALO, once);
    if (status != DMUMU_OK)
        return status;
    (void)take_novelty(times, mach, DMUMU_HALO, NOVELTY_REGION, once);
    memcpy(new_of(times, mach, DMUMU_DISK, NOVELTY_REGION), new_of(times, mach, DMUMU_HALO, NOVELTY_REGION),
           times->n_scale * sizeof(double));
    status = open_mach(bench);
    if (status == DMUMU_OK)
        status = time_run(bench, DMUMU_HALO, 0, once);
    if (status == DMUMU_OK)
        (void)take_novelty(times, mach, DMUMU_HALO, NOVELTY_SCALE, once);
    return status;
}

static enum dmumu_status time_all(struct bench *bench, struct curve_times *times, double once[])
{
    const struct dmumu_axis *machs = &bench->grid->axis[DMUMU_AXIS_ALFVEN_MACH];
    enum dmumu_status status = DMUMU_OK;
    for (size_t i = 0; i < TIMES_MACHS && status == DMUMU_OK; ++i) {
        bench->alfven_mach = machs->values[(2 * i + 1) * machs->n / (2 * TIMES_MACHS)];
        times->alfven_mach[i] = bench->alfven_mach;
        status = time_mach(bench, times, i, once);
    }
    return status;
}

static enum dmumu_status allocate_times(size_t n_scale, struct curve_times *times, struct dmumu_error *error)
{
    *times = (struct curve_times){.n_scale = n_scale};
    times->later_s = calloc(N_LATER * n_scale, sizeof(double));
    times->new_s = calloc(N_NEW * n_scale, sizeof(double));
    return times->later_s && times->new_s
               ? DMUMU_OK
               : dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the times of %zu curves", n_scale);
}

static void keep_least(size_t n, const double other[], double least[])
{
    for (size_t i = 0; i < n; ++i)
        least[i] = fmin(least[i], other[i]);
}

/* Of two measurements the smaller, one by one: what disturbs makes longer. */
static void keep_least_times(const struct curve_times *other, struct curve_times *times)
{
    keep_least(TIMES_MACHS, other->tables_s, times->tables_s);
    keep_least(N_LATER, &other->first_s[0][0][0], &times->first_s[0][0][0]);
    keep_least(N_LATER * times->n_scale, other->later_s, times->later_s);
    keep_least(N_NEW * times->n_scale, other->new_s, times->new_s);
}

/* Twice, and of each time the smaller. `once` [n_scale] is scratch. */
static enum dmumu_status measure_twice(struct bench *bench, struct curve_times *times, double once[])
{
    struct curve_times again = {0};
    enum dmumu_status status = allocate_times(times->n_scale, &again, bench->error);
    if (status == DMUMU_OK)
        status = time_all(bench, times, once);
    if (status == DMUMU_OK)
        status = time_all(bench, &again, once);
    if (status == DMUMU_OK)
        keep_least_times(&again, times);
    curve_times_free(&again);
    return status;
}

enum dmumu_status curve_times_measure(const struct dmumu_grid *grid, struct curve_times *times,
                                      struct dmumu_error *error)
{
    const size_t n = grid->axis[DMUMU_AXIS_INJECTION_SCALE].n;
    enum dmumu_status status = allocate_times(n, times, error);
    if (status != DMUMU_OK)
        return status;
    struct bench bench = {.grid = grid, .error = error};
    dmumu_model_default(&bench.model);
    double *once = calloc(n + 1, sizeof *once);
    if (once && allocate_curve(grid->axis[DMUMU_AXIS_RIGIDITY].n, &bench.curve))
        status = measure_twice(&bench, times, once);
    else
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for a curve");
    dmumu_workspace_free(bench.workspace);
    dmumu_tables_free(bench.tables);
    free_curve(&bench.curve);
    free(once);
    return status;
}

void curve_times_free(struct curve_times *times)
{
    free(times->later_s);
    free(times->new_s);
    *times = (struct curve_times){0};
}

struct curve_place curve_times_place(const struct curve_times *times, double alfven_mach)
{
    const double *mach = times->alfven_mach;
    struct curve_place place = {0, 0.0};
    while (place.mach + 2 < TIMES_MACHS && alfven_mach > mach[place.mach + 1])
        ++place.mach;
    const double weight = log(alfven_mach / mach[place.mach]) / log(mach[place.mach + 1] / mach[place.mach]);
    place.weight = fmin(fmax(weight, 0.0), 1.0);
    return place;
}

static double between(double a, double b, double weight)
{
    return a + weight * (b - a);
}

double curve_times_tables(const struct curve_times *times, struct curve_place place)
{
    return between(times->tables_s[place.mach], times->tables_s[place.mach + 1], place.weight);
}

double curve_times_first(const struct curve_times *times, struct curve_place place, enum dmumu_region region,
                         size_t beta)
{
    return between(times->first_s[place.mach][region][beta], times->first_s[place.mach + 1][region][beta],
                   place.weight);
}

double curve_times_later(const struct curve_times *times, struct curve_place place, enum dmumu_region region,
                         size_t beta, size_t scale)
{
    return between(later_of(times, place.mach, region, beta)[scale],
                   later_of(times, place.mach + 1, region, beta)[scale], place.weight);
}

double curve_times_new(const struct curve_times *times, struct curve_place place, enum dmumu_region region,
                       enum curve_novelty novelty, size_t scale)
{
    if (novelty == NOVELTY_NONE)
        return 0.0;
    return between(new_of(times, place.mach, region, novelty)[scale],
                   new_of(times, place.mach + 1, region, novelty)[scale], place.weight);
}

struct curve_means curve_times_means(const struct curve_times *times)
{
    struct curve_means means = {0.0, 0.0, 0.0};
    const double n_runs = TIMES_MACHS * DMUMU_N_REGIONS * TIMES_BETAS;
    for (size_t mach = 0; mach < TIMES_MACHS; ++mach) {
        means.tables_s += times->tables_s[mach] / TIMES_MACHS;
        for (size_t i = 0; i < times->n_scale; ++i)
            means.tables_s += (new_of(times, mach, DMUMU_DISK, NOVELTY_SCALE)[i] +
                               new_of(times, mach, DMUMU_HALO, NOVELTY_REGION)[i]) /
                              TIMES_MACHS;
        for (size_t region = 0; region < DMUMU_N_REGIONS; ++region) {
            for (size_t beta = 0; beta < TIMES_BETAS; ++beta) {
                means.first_s += (times->first_s[mach][region][beta] + later_of(times, mach, region, beta)[0]) / n_runs;
                for (size_t i = 0; i < times->n_scale; ++i)
                    means.later_s += later_of(times, mach, region, beta)[i] / n_runs / (double)times->n_scale;
            }
        }
    }
    return means;
}
