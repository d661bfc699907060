/*
 * Benchmark: pairs of a disk and a halo curve per second, each compared with B/C and B/O, its normalisations profiled.
 *
 * Points   25 is what AMS-02, DAMPE and CALET have of B/C above 200 GV; 100 all of their B/C; 166 with B/O.
 * Work     Every pair of CURVES disk and CURVES halo curves (power laws, all different), halo curves in tiles that fit
 *          the cache; the best chi^2 of each disk curve is kept, which is what a fit does with it. Then the seconds of
 *          10^8.
 * Usage    pairs [CURVES]
 */
#include "dmumu.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MAX_POINTS = 200, TILE = 64 };

/* A fit, and the paths of all curves. */
struct bench {
    struct dmumu_fit *fit;
    size_t n_curves, n_nodes;
    double *disk, *halo; /* [n_curves][n_nodes] */
    double *best;        /* [n_curves] */
};

static double seconds_now(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static struct dmumu_fit *make_fit(size_t n, double wind_km_s)
{
    static struct dmumu_ratio_point point[MAX_POINTS];
    static double x[MAX_POINTS], value[MAX_POINTS], sigma[MAX_POINTS];
    const struct dmumu_ratio_model model = {
        .ratio = DMUMU_RATIO_B_C, .abscissa = DMUMU_PER_RIGIDITY, .flux_slope = 2.7};
    struct dmumu_galaxy galaxy;
    dmumu_galaxy_default(&galaxy);
    galaxy.advection_km_s = wind_km_s;
    for (size_t i = 0; i < n; i++) {
        x[i] = 2.0 * pow(1000.0, (double)i / (double)n);
        value[i] = 0.3 * pow(1.0 + x[i] / 10.0, -0.4);
        sigma[i] = 0.03 * value[i];
    }
    const struct dmumu_fit_set set = {n, point, value, sigma, 0.1};
    struct dmumu_fit *fit = NULL;
    if (dmumu_ratio_points(&model, n, x, point, NULL) != DMUMU_OK ||
        dmumu_fit_new(&galaxy, 1, &set, &fit, NULL) != DMUMU_OK)
        return NULL;
    return fit;
}

/* The paths of n curves D_0 R^slope; seconds per curve. */
static double make_paths(const struct bench *bench, enum dmumu_region region, double *paths)
{
    double d[2 * MAX_POINTS];
    const double *rigidity_gv = dmumu_fit_rigidity_gv(bench->fit);
    double seconds = 0.0;
    for (size_t i = 0; i < bench->n_curves; i++) {
        const double part = (double)i / (double)bench->n_curves;
        for (size_t k = 0; k < bench->n_nodes; k++)
            d[k] = 1e28 * (1.0 + 20.0 * part) * pow(rigidity_gv[k] / 10.0, 0.2 + 0.4 * part);
        const double start = seconds_now(CLOCK_PROCESS_CPUTIME_ID);
        dmumu_fit_path(bench->fit, region, d, paths + i * bench->n_nodes);
        seconds += seconds_now(CLOCK_PROCESS_CPUTIME_ID) - start;
    }
    return seconds / (double)bench->n_curves;
}

/* All pairs of one disk curve. */
static double best_of(const struct bench *bench, size_t disk)
{
    double chi2[TILE];
    double best = INFINITY;
    for (size_t first = 0; first < bench->n_curves; first += TILE) {
        const size_t n = first + TILE <= bench->n_curves ? TILE : bench->n_curves - first;
        dmumu_fit_chi2(bench->fit, bench->disk + disk * bench->n_nodes, n, bench->halo + first * bench->n_nodes, chi2);
        for (size_t i = 0; i < n; i++)
            best = chi2[i] < best ? chi2[i] : best;
    }
    return best;
}

/* On one thread over the processor's time, which other programs do not change; on all of them over the clock's. */
static double pairs_per_second(const struct bench *bench, int threads)
{
    const clockid_t clock = threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
    const double start = seconds_now(clock);
#pragma omp parallel for num_threads(threads) schedule(dynamic, 4) default(none) shared(bench)
    for (size_t disk = 0; disk < bench->n_curves; disk++)
        bench->best[disk] = best_of(bench, disk);
    return (double)bench->n_curves * (double)bench->n_curves / (seconds_now(clock) - start);
}

static int run(size_t n_points, double wind_km_s, size_t n_curves)
{
    struct bench bench = {.fit = make_fit(n_points, wind_km_s), .n_curves = n_curves};
    if (!bench.fit)
        return 1;
    bench.n_nodes = dmumu_fit_n_nodes(bench.fit);
    bench.disk = malloc(n_curves * bench.n_nodes * sizeof *bench.disk);
    bench.halo = malloc(n_curves * bench.n_nodes * sizeof *bench.halo);
    bench.best = calloc(n_curves, sizeof *bench.best);
    const bool good = bench.disk && bench.halo && bench.best;
    if (good) {
        const double path_s = make_paths(&bench, DMUMU_DISK, bench.disk);
        (void)make_paths(&bench, DMUMU_HALO, bench.halo);
        const double one = pairs_per_second(&bench, 1);
        const int threads = omp_get_max_threads();
        const double all = pairs_per_second(&bench, threads);
        printf("%6zu %10g %14.2f %16.3g %16.3g %12d %14.1f\n", n_points, wind_km_s, 1e6 * path_s, one, all, threads,
               1e8 / all);
        (void)fflush(stdout);
    }
    free(bench.disk);
    free(bench.halo);
    free(bench.best);
    dmumu_fit_free(bench.fit);
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    const long curves = argc > 1 ? strtol(argv[1], NULL, 10) : 3000;
    if (curves < 1 || curves > 100000) {
        fprintf(stderr, "usage: pairs [CURVES]\n");
        return 2;
    }
    static const size_t points[] = {25, 100, 166};
    static const double winds_km_s[] = {0.0, 10.0};
    printf("points  wind km/s   path us/curve   pairs/s, one   pairs/s, all   threads   10^8 pairs, s\n");
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 2; k++)
            if (run(points[i], winds_km_s[k], (size_t)curves) != 0)
                return 1;
    return 0;
}
