/*
 * Times of the look-up, and the same points for others to try (lookup.sh, lookup.py).
 *
 *   lookup make CUBE             write a cube of 10^7 values of a formula
 *   lookup time CUBE POINTS      time look-ups of it with one thread, print a table; write POINTS: the random points and
 *                                what multilinear and cubic look-ups gave, as doubles [n][6]
 *
 * Random points lie anywhere, so that nearly every one waits for memory. A fit's go from place to place in small steps,
 * with all the rigidities of a measured spectrum at each.
 */
#include "../unit/tiny_cube.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    N_MACH = 50,
    N_BETA = 50,
    N_SCALE = 40,
    N_RIGIDITY = 100,
    N_CURVES = N_MACH * N_BETA * N_SCALE,
    N_RANDOM = 1000000,
    N_STEPS = 1000,
    N_SPECTRUM = 70,
    N_SLICE = 50000, /* random points of one try; the first are written for others */
    N_TRIES = 15
};

static double now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* 0 .. 1, the same sequence everywhere. */
static double next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) * 0x1p-53;
}

static double *log_range(size_t n, double from, double to)
{
    double *values = malloc(n * sizeof *values);
    for (size_t i = 0; values != NULL && i < n; i++) {
        values[i] = i + 1 < n ? from * pow(to / from, (double)i / (double)(n - 1)) : to;
    }
    return values;
}

/* Something like D. */
static double formula(double mach, double beta, double scale_pc, double rigidity_gv)
{
    const double knee = log(rigidity_gv / (30.0 * scale_pc));
    return 1e28 * pow(mach, -2.0 + 0.3 * log(mach)) * pow(beta, 0.4) * cbrt(scale_pc) * pow(rigidity_gv, 0.4) *
           (1.0 + 0.5 * tanh(knee)) * (1.0 + 0.2 * sin(log(beta)));
}

static int make(const char *path)
{
    static const double region[] = {DMUMU_HALO};
    double *axis[] = {log_range(N_MACH, 0.1, 2.0), log_range(N_BETA, 0.01, 10.0), log_range(N_SCALE, 1.0, 500.0),
                      log_range(N_RIGIDITY, 1.0, 1e6)};
    double *d = malloc((size_t)N_CURVES * N_RIGIDITY * sizeof *d);
    uint8_t *quality = calloc((size_t)N_CURVES * N_RIGIDITY, 1);
    bool made = d != NULL && quality != NULL && axis[0] && axis[1] && axis[2] && axis[3];
    for (size_t i = 0; made && i < (size_t)N_CURVES * N_RIGIDITY; i++) {
        const size_t curve = i / N_RIGIDITY;
        d[i] = formula(axis[0][curve / (N_BETA * N_SCALE)], axis[1][curve / N_SCALE % N_BETA], axis[2][curve % N_SCALE],
                       axis[3][i % N_RIGIDITY]);
    }
    const struct dmumu_cube_spec spec = {.axis = {{1, region, false},
                                                  {N_MACH, axis[0], true},
                                                  {N_BETA, axis[1], true},
                                                  {N_SCALE, axis[2], true},
                                                  {N_RIGIDITY, axis[3], true}},
                                         .title = "a formula, to time look-ups",
                                         .configuration = "",
                                         .physics_text = "a formula\n",
                                         .command = "lookup make",
                                         .host_count = 1,
                                         .ranks = 1,
                                         .threads = 1};
    made = made && tiny_cube_write(path, &spec, N_CURVES, d, quality) && tiny_cube_finish(path);
    for (int i = 0; i < 4; i++) {
        free(axis[i]);
    }
    free(d);
    free(quality);
    return made ? 0 : 1;
}

/* Points to look up, and where D goes. */
struct work {
    double *x[4]; /* [N_RANDOM] M_A, beta, L, R */
    double *d;    /* [N_RANDOM] */
    double rigidity_gv[N_SPECTRUM];
    struct dmumu_point step[N_STEPS];
};

static bool work_new(const struct dmumu_cube *cube, struct work *work)
{
    const struct dmumu_cube_axis *axis = dmumu_cube_about(cube)->axis + DMUMU_AXIS_ALFVEN_MACH;
    uint64_t state = 1;
    double at[3] = {0.5, 0.5, 0.5}, x[3];
    work->d = malloc(N_RANDOM * sizeof(double));
    for (int i = 0; i < 4; i++) {
        work->x[i] = malloc(N_RANDOM * sizeof(double));
        const double first = axis[i].values[0], ratio = axis[i].values[axis[i].n - 1] / first;
        for (size_t k = 0; work->x[i] != NULL && k < N_RANDOM; k++) {
            work->x[i][k] = first * pow(ratio, next(&state));
        }
    }
    for (size_t k = 0; k < N_SPECTRUM; k++) {
        work->rigidity_gv[k] = 2.0 * pow(1e3, (double)k / (N_SPECTRUM - 1));
    }
    for (size_t k = 0; k < N_STEPS; k++) {
        for (int i = 0; i < 3; i++) {
            at[i] = fmin(fmax(at[i] + 0.03 * (next(&state) - 0.5), 0.0), 1.0);
            x[i] = axis[i].values[0] * pow(axis[i].values[axis[i].n - 1] / axis[i].values[0], at[i]);
        }
        work->step[k] = (struct dmumu_point){DMUMU_HALO, x[0], x[1], x[2]};
    }
    return work->d && work->x[0] && work->x[1] && work->x[2] && work->x[3];
}

static void work_free(struct work *work)
{
    for (int i = 0; work != NULL && i < 4; i++) {
        free(work->x[i]);
    }
    free(work != NULL ? work->d : NULL);
    free(work);
}

static const int32_t halo = DMUMU_HALO;

static struct dmumu_cube_points random_points(const struct work *work, size_t first, size_t n)
{
    return (struct dmumu_cube_points){.n = n,
                                      .region = &halo,
                                      .alfven_mach = work->x[0] + first,
                                      .beta = work->x[1] + first,
                                      .injection_scale_pc = work->x[2] + first,
                                      .rigidity_gv = work->x[3] + first,
                                      .stride = {0, 1, 1, 1, 1}};
}

/* Each returns how many look-ups it made; no try has the points of the one before. */
typedef size_t timed(const struct dmumu_cube *cube, struct work *work, size_t try);

static size_t slice_of(size_t try)
{
    return try * N_SLICE % N_RANDOM;
}

static size_t random_many(const struct dmumu_cube *cube, struct work *work, size_t try)
{
    const struct dmumu_cube_points points = random_points(work, slice_of(try), N_SLICE);
    return dmumu_cube_eval_many(cube, &points, work->d, NULL) == DMUMU_OK ? N_SLICE : 0;
}

static size_t random_single(const struct dmumu_cube *cube, struct work *work, size_t try)
{
    for (size_t i = slice_of(try); i < slice_of(try) + N_SLICE; i++) {
        const struct dmumu_point point = {DMUMU_HALO, work->x[0][i], work->x[1][i], work->x[2][i]};
        if (dmumu_cube_eval(cube, &point, 1, &work->x[3][i], &work->d[i], NULL) != DMUMU_OK) {
            return 0;
        }
    }
    return N_SLICE;
}

static size_t fit(const struct dmumu_cube *cube, struct work *work, size_t try)
{
    (void)try;
    for (size_t i = 0; i < N_STEPS; i++) {
        if (dmumu_cube_eval(cube, &work->step[i], N_SPECTRUM, work->rigidity_gv, work->d, NULL) != DMUMU_OK) {
            return 0;
        }
    }
    return (size_t)N_STEPS * N_SPECTRUM;
}

static size_t gradients(const struct dmumu_cube *cube, struct work *work, size_t try)
{
    enum { N = 5000 };
    static double gradient[N][DMUMU_N_GRADIENT];
    const struct dmumu_cube_points points = random_points(work, slice_of(try), N);
    return dmumu_cube_gradient(cube, &points, work->d, gradient, NULL) == DMUMU_OK ? N : 0;
}

static double best_rate(const struct dmumu_cube *cube, struct work *work, timed *what)
{
    double best = 0.0;
    for (size_t i = 0; i < N_TRIES; i++) {
        const double start = now_s();
        const size_t n = what(cube, work, i);
        best = fmax(best, (double)n / (now_s() - start));
    }
    return best;
}

static struct dmumu_cube *open_cube(const char *path, enum dmumu_interpolation interpolation)
{
    struct dmumu_cube_options options;
    struct dmumu_cube *cube;
    struct dmumu_error error;
    dmumu_cube_options_default(&options);
    options.interpolation = interpolation;
    if (dmumu_cube_open(path, &options, &cube, &error) != DMUMU_OK) {
        fprintf(stderr, "lookup: %s\n", error.message);
    }
    return cube;
}

/* The first points with both results. */
static bool show_points(const char *path, const struct work *work, const double *linear, const double *cubic)
{
    FILE *file = fopen(path, "wb");
    bool written = file != NULL;
    for (size_t i = 0; written && i < N_SLICE; i++) {
        const double row[6] = {work->x[0][i], work->x[1][i], work->x[2][i], work->x[3][i], linear[i], cubic[i]};
        written = fwrite(row, sizeof row, 1, file) == 1;
    }
    return file != NULL && fclose(file) == 0 && written;
}

static int time_all(const char *path, const char *points)
{
    static const struct {
        const char *name;
        timed *what;
    } row[] = {{"random points, eval_many", random_many},
               {"random points, eval one by one", random_single},
               {"a fit: steps, 70 rigidities each", fit},
               {"random points, gradient", gradients}};
    struct dmumu_cube *cube[2] = {open_cube(path, DMUMU_INTERPOLATION_LINEAR),
                                  open_cube(path, DMUMU_INTERPOLATION_CUBIC)};
    struct work *work = calloc(1, sizeof *work);
    double *linear = malloc(N_SLICE * sizeof(double));
    bool done = cube[0] && cube[1] && work && linear && work_new(cube[0], work);
    if (done) {
        printf("%-34s %14s %14s   look-ups per second of one core, %d values\n", "libdmumu", "multilinear", "cubic",
               N_CURVES * N_RIGIDITY);
    }
    for (size_t i = 0; done && i < sizeof row / sizeof row[0]; i++) {
        const double rate[2] = {best_rate(cube[0], work, row[i].what), best_rate(cube[1], work, row[i].what)};
        printf("%-34s %14.3g %14.3g\n", row[i].name, rate[0], rate[1]);
        done = rate[0] > 0.0 && rate[1] > 0.0;
    }
    if (done) {
        random_many(cube[0], work, 0);
        memcpy(linear, work->d, N_SLICE * sizeof(double));
        random_many(cube[1], work, 0);
        done = show_points(points, work, linear, work->d);
    }
    work_free(work);
    free(linear);
    dmumu_cube_close(cube[0]);
    dmumu_cube_close(cube[1]);
    return done ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "make") == 0) {
        return make(argv[2]);
    }
    if (argc == 4 && strcmp(argv[1], "time") == 0) {
        return time_all(argv[2], argv[3]);
    }
    fprintf(stderr, "usage: lookup make CUBE | lookup time CUBE POINTS\n");
    return 2;
}
