/* Cubes of formulas, to look up. */
#include "lookup_cubes.h"

#include "tiny_cube.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void lookup_axis(const struct lookup_grid *grid, int axis, double values[static LOOKUP_MOST])
{
    const size_t n = grid->n[axis];
    for (size_t i = 0; i < n; i++) {
        const double even = n > 1 ? (double)i / (double)(n - 1) : 0.0;
        const double place = grid->uneven ? even * (0.5 + even) / 1.5 : even;
        values[i] = grid->linear[axis] ? grid->from + (grid->to - grid->from) * place
                                       : grid->from * pow(grid->to / grid->from, place);
    }
    if (n > 1) {
        values[n - 1] = grid->to;
    }
}

/* D of every curve. */
static void fill(const struct lookup_grid *grid, double values[DMUMU_N_GRADIENT][LOOKUP_MOST], double d[])
{
    const size_t *n = grid->n, n_region = n[0] * n[1] * n[2] * n[3];
    for (size_t i = 0; i < 2 * n_region; i++) {
        double u[DMUMU_N_GRADIENT];
        size_t rest = i;
        for (int k = DMUMU_N_GRADIENT - 1; k >= 0; k--) {
            const double x = values[k][rest % n[k]];
            u[k] = grid->linear[k] ? x : log(x);
            rest /= n[k];
        }
        d[i] = exp(grid->formula(u, grid->argument)) * (i < n_region ? 1.0 : 10.0);
    }
}

char *lookup_file(const struct lookup_grid *grid)
{
    static const double region[] = {DMUMU_DISK, DMUMU_HALO};
    const size_t *n = grid->n, n_curves = 2 * n[0] * n[1] * n[2];
    const char *folder = getenv("DMUMU_TEST_DIR");
    double values[DMUMU_N_GRADIENT][LOOKUP_MOST];
    double *d = malloc(n_curves * n[3] * sizeof *d);
    uint8_t *quality = calloc(n_curves * n[3], 1);
    char *path = malloc(4096);
    struct dmumu_cube_spec spec = tiny_cube_spec();
    if (d == NULL || quality == NULL || path == NULL) {
        abort();
    }
    spec.axis[0] = (struct dmumu_cube_axis){2, region, false};
    for (int i = 0; i < DMUMU_N_GRADIENT; i++) {
        lookup_axis(grid, i, values[i]);
        spec.axis[i + 1] = (struct dmumu_cube_axis){n[i], values[i], !grid->linear[i]};
    }
    fill(grid, values, d);
    snprintf(path, 4096, "%s/lookup.%d.h5", folder != NULL ? folder : "/tmp", (int)getpid());
    if (!tiny_cube_write(path, &spec, n_curves - grid->n_pending, d, quality) ||
        (grid->n_pending == 0 && !tiny_cube_finish(path))) {
        abort();
    }
    free(d);
    free(quality);
    return path;
}

struct dmumu_cube *lookup_cube(const struct lookup_grid *grid, const struct dmumu_cube_options *options)
{
    struct dmumu_cube *cube;
    struct dmumu_error error;
    char *path = lookup_file(grid);
    if (dmumu_cube_open(path, options, &cube, &error) != DMUMU_OK) {
        fprintf(stderr, "%s\n", error.message);
        abort();
    }
    unlink(path);
    free(path);
    return cube;
}

static struct dmumu_cube_points one_point(const int32_t *region, const double x[static DMUMU_N_GRADIENT])
{
    return (struct dmumu_cube_points){.n = 1,
                                      .region = region,
                                      .alfven_mach = &x[0],
                                      .beta = &x[1],
                                      .injection_scale_pc = &x[2],
                                      .rigidity_gv = &x[3]};
}

double lookup_ln(const struct dmumu_cube *cube, enum dmumu_region region, const double x[static DMUMU_N_GRADIENT])
{
    const struct dmumu_point point = {region, x[0], x[1], x[2]};
    double d = NAN;
    return dmumu_cube_eval(cube, &point, 1, &x[3], &d, NULL) == DMUMU_OK ? log(d) : NAN;
}

void lookup_slopes(const struct dmumu_cube *cube, enum dmumu_region region, const double x[static DMUMU_N_GRADIENT],
                   double slope[static DMUMU_N_GRADIENT])
{
    const int32_t number = (int32_t)region;
    const struct dmumu_cube_points point = one_point(&number, x);
    double gradient[1][DMUMU_N_GRADIENT] = {{NAN, NAN, NAN, NAN}};
    (void)dmumu_cube_gradient(cube, &point, NULL, gradient, NULL);
    for (int i = 0; i < DMUMU_N_GRADIENT; i++) {
        slope[i] = gradient[0][i];
    }
}

double lookup_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) * 0x1p-53;
}
