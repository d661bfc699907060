/*
 * Benchmark: how long a curve takes, and what that depends on, through the public interface alone, on one core.
 *
 * Cold     One curve with nothing prepared: tables, workspace and 64 rigidities, at several points; median and range.
 * Scan     Curves per second in the grid of inputs/galaxy.yaml: three of its twelve M_A, at each every beta, L and
 *          region, the tables made once per M_A as a scan does and their time included.
 * Cube     The same in a larger grid, all of it: 16 M_A x 24 beta x 24 L x 2 regions.
 * Size     Seconds per curve of one M_A against the number of its points; and their fit a/n + b.
 * Error    Seconds per curve against the tolerance.
 * Stages   Where the time goes, and what of the core's peak the innermost loop reaches (stages.h).
 * Memory   Most that the process ever held.
 * Usage    bench [SECONDS]: the seconds of one curve of the NumPy baseline, measured in the same run (bench.sh), for the
 *          ratios. bench registers: a loop on registers alone, for what the machine's cores can side by side (ranks.py).
 */
#include "dmumu.h"
#include "stages.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { N_RIGIDITY = 64, N_BETA = 10, N_SCALE = 8, N_MACH = 12, N_REPEAT = 3 };

/* What every measurement needs: the rigidities, and arrays for one curve. */
struct bench {
    struct dmumu_model model;
    double rigidity_gv[N_RIGIDITY];
    double d_cm2_s[N_RIGIDITY], d_fast[N_RIGIDITY], d_alfven[N_RIGIDITY], rel_error[N_RIGIDITY], mu_star[N_RIGIDITY];
    uint8_t quality[N_RIGIDITY];
    struct dmumu_curve curve;
    struct dmumu_error error;
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double log_step(double from, double to, int i, int n)
{
    return from * pow(to / from, (double)i / (n - 1));
}

static void bench_init(struct bench *bench)
{
    dmumu_model_default(&bench->model);
    for (int i = 0; i < N_RIGIDITY; i++)
        bench->rigidity_gv[i] = log_step(1.0, 1e6, i, N_RIGIDITY);
    bench->curve =
        (struct dmumu_curve){.d_cm2_s = bench->d_cm2_s,
                             .d_mode_cm2_s = {[DMUMU_FAST] = bench->d_fast, [DMUMU_ALFVEN] = bench->d_alfven},
                             .rel_error = bench->rel_error,
                             .mu_star = bench->mu_star,
                             .quality = bench->quality};
}

/* Seconds of one curve with everything made anew; negative when it failed. */
static double cold_seconds(struct bench *bench, const struct dmumu_point *point)
{
    struct dmumu_tables *tables = NULL;
    struct dmumu_workspace *workspace = NULL;
    double start = seconds_now();
    enum dmumu_status status = dmumu_tables_new(&bench->model, point->alfven_mach, &tables, &bench->error);
    if (status == DMUMU_OK)
        status = dmumu_workspace_new(&workspace, &bench->error);
    if (status == DMUMU_OK)
        status =
            dmumu_curve_compute(tables, point, N_RIGIDITY, bench->rigidity_gv, &bench->curve, workspace, &bench->error);
    double seconds = seconds_now() - start;
    dmumu_workspace_free(workspace);
    dmumu_tables_free(tables);
    return status == DMUMU_OK ? seconds : -1.0;
}

/* Points of one M_A. */
struct bench_grid {
    int n_regions, n_beta, n_scale; /* one region is the halo */
};

static struct dmumu_point point_of(const struct bench_grid *grid, double alfven_mach, int i)
{
    int region = i / grid->n_scale / grid->n_beta; /* L runs fastest, as in a scan's blocks */
    return (struct dmumu_point){
        .region = grid->n_regions > 1 && region == 0 ? DMUMU_DISK : DMUMU_HALO,
        .alfven_mach = alfven_mach,
        .beta = grid->n_beta > 1 ? log_step(0.01, 1.0, i / grid->n_scale % grid->n_beta, grid->n_beta) : 0.14,
        .injection_scale_pc = grid->n_scale > 1 ? log_step(10.0, 300.0, i % grid->n_scale, grid->n_scale) : 100.0,
    };
}

/* What a thread of a scan goes on with from one M_A to the next; zeros to begin with. */
struct kept {
    struct dmumu_tables *tables;
    struct dmumu_workspace *workspace;
};

static void free_kept(struct kept *kept)
{
    dmumu_workspace_free(kept->workspace);
    dmumu_tables_free(kept->tables);
}

/*
 * Seconds of all curves of one M_A, tables included; negative when one failed. What is kept is of the M_A before, if any: as
 * in a scan, its tables are freed when the next are there, with which they share what depends on the model alone, and the
 * workspace's memory is used again. It becomes this one's.
 */
static double grid_seconds_after(struct bench *bench, const struct bench_grid *grid, double alfven_mach,
                                 struct kept *kept)
{
    struct dmumu_tables *before = kept->tables;
    double start = seconds_now();
    enum dmumu_status status = before ? dmumu_tables_new_beside(before, alfven_mach, &kept->tables, &bench->error)
                                      : dmumu_tables_new(&bench->model, alfven_mach, &kept->tables, &bench->error);
    dmumu_tables_free(before);
    if (status == DMUMU_OK && !kept->workspace)
        status = dmumu_workspace_new(&kept->workspace, &bench->error);
    for (int i = 0; i < grid->n_regions * grid->n_beta * grid->n_scale && status == DMUMU_OK; i++) {
        struct dmumu_point point = point_of(grid, alfven_mach, i);
        status = dmumu_curve_compute(kept->tables, &point, N_RIGIDITY, bench->rigidity_gv, &bench->curve,
                                     kept->workspace, &bench->error);
    }
    double seconds = seconds_now() - start;
    return status == DMUMU_OK ? seconds : -1.0;
}

/* The same with nothing before it. */
static double grid_seconds(struct bench *bench, const struct bench_grid *grid, double alfven_mach)
{
    struct kept kept = {NULL, NULL};
    double seconds = grid_seconds_after(bench, grid, alfven_mach, &kept);
    free_kept(&kept);
    return seconds;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median seconds of a cold curve over points and repeats; negative when one failed. */
static double bench_cold(struct bench *bench)
{
    static const struct dmumu_point points[] = {
        {DMUMU_HALO, 0.5, 0.14, 100.0}, {DMUMU_DISK, 0.5, 0.14, 100.0}, {DMUMU_HALO, 0.1, 0.01, 10.0},
        {DMUMU_HALO, 1.0, 1.0, 300.0},  {DMUMU_DISK, 0.2, 1.0, 30.0},   {DMUMU_DISK, 1.0, 0.03, 100.0},
    };
    enum { N_POINTS = sizeof points / sizeof points[0], N = N_POINTS * N_REPEAT };
    double seconds[N];
    for (int i = 0; i < N; i++) {
        seconds[i] = cold_seconds(bench, &points[i % N_POINTS]);
        if (seconds[i] < 0.0)
            return -1.0;
    }
    qsort(seconds, N, sizeof seconds[0], ascending);
    double median = 0.5 * (seconds[N / 2 - 1] + seconds[N / 2]);
    printf("cold curve          %.4f s median of %d points x %d (%.4f to %.4f), %d rigidities\n", median, (int)N_POINTS,
           (int)N_REPEAT, seconds[0], seconds[N - 1], (int)N_RIGIDITY);
    return median;
}

/* Seconds per curve of a grid in n_mach M_A from 0.1 to 1, of which n_sampled are computed; negative when one failed. */
static double bench_scan(struct bench *bench, const char *name, const struct bench_grid *grid, int n_mach,
                         int n_sampled)
{
    int n_curves = n_sampled * grid->n_regions * grid->n_beta * grid->n_scale;
    struct kept kept = {NULL, NULL};
    double total = 0.0;
    bool good = true;
    for (int i = 0; i < n_sampled && good; i++) {
        int mach = (int)((double)i * (n_mach - 1) / (n_sampled - 1) + 0.5);
        double seconds = grid_seconds_after(bench, grid, log_step(0.1, 1.0, mach, n_mach), &kept);
        good = seconds >= 0.0;
        total += seconds;
    }
    free_kept(&kept);
    if (!good)
        return -1.0;
    printf("%-19s %.1f curves per second and core (%d curves at %d of its %d M_A, tables included)\n", name,
           n_curves / total, n_curves, n_sampled, n_mach);
    return total / n_curves;
}

/* Seconds per curve against points of one M_A; the fit goes through the first and the last. */
static bool bench_size(struct bench *bench)
{
    double first = 0.0;
    double last = 0.0;
    int n = 1;
    printf("cost against size   points of one M_A, ms per curve:");
    for (int side = 1; side <= 64; side *= 2) {
        struct bench_grid grid = {1, side, side};
        double seconds = grid_seconds(bench, &grid, 0.5);
        if (seconds < 0.0)
            return false;
        n = side * side;
        last = seconds / n;
        first = side == 1 ? last : first;
        printf("  %d: %.2f", n, 1e3 * last);
    }
    double b = (n * last - first) / (n - 1);
    printf("\n                    as %.2f ms/n + %.2f ms\n", 1e3 * (first - b), 1e3 * b);
    return true;
}

static bool bench_tolerance(struct bench *bench)
{
    struct bench_grid grid = {2, 8, 8};
    double tolerance = bench->model.tolerance;
    printf("cost against error  tolerance, ms per curve of %d:", grid.n_regions * grid.n_beta * grid.n_scale);
    for (double at = 1e-2; at > 0.5e-6; at *= 0.1) {
        bench->model.tolerance = at;
        double seconds = grid_seconds(bench, &grid, 0.5);
        if (seconds < 0.0)
            return false;
        printf("  %.0e: %.2f", at, 1e3 * seconds / (grid.n_regions * grid.n_beta * grid.n_scale));
    }
    printf("\n");
    bench->model.tolerance = tolerance;
    return true;
}

static void print_memory(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("memory              %.0f MB at most\n", (double)usage.ru_maxrss / 1024.0);
}

static int print_registers(void)
{
    const double start = seconds_now();
    const double core_s = stages_registers_s();
    printf("registers           %.4f s, with a core %.4f s\n", seconds_now() - start, core_s);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "registers") == 0)
        return print_registers();
    struct bench_grid demo = {DMUMU_N_REGIONS, N_BETA, N_SCALE};
    struct bench_grid cube = {DMUMU_N_REGIONS, 24, 24};
    struct bench bench = {0};
    bench_init(&bench);
    double cold = bench_cold(&bench);
    double warm = cold < 0.0 ? -1.0 : bench_scan(&bench, "demo's scan", &demo, N_MACH, 3);
    bool good = warm > 0.0 && bench_scan(&bench, "larger cube", &cube, 16, 16) > 0.0 && bench_size(&bench) &&
                bench_tolerance(&bench) && stages_print(0.5, 0.14);
    if (!good) {
        fprintf(stderr, "bench: %s: %s\n", dmumu_status_text(bench.error.status), bench.error.message);
        return 1;
    }
    print_memory();
    if (argc > 1) {
        double numpy = strtod(argv[1], NULL);
        printf("NumPy baseline      %.3f s per curve\n", numpy);
        printf("ratio to NumPy      %.1f cold, %.0f in the demo's scan\n", numpy / cold, numpy / warm);
    }
    return 0;
}
