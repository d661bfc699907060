/*
 * Look-up: what a program that uses libdmumu does with a cube, for tests/cluster/fuzzed.py.
 *
 *     look_up CUBE
 *
 * Opens it, unfinished or not, and looks up D at its first and last nodes and between all of them. Prints how many
 * values there are; over a file that is refused, 'dmumu look-up: ' and the library's message on stderr, status 1.
 */
#include "dmumu.h"

#include <math.h>
#include <stdio.h>

/* D at one place along every axis, 0 .. 1 from its first to its last value; 1 where it is a number. */
static int has_value(const struct dmumu_cube *cube, double at)
{
    const struct dmumu_cube_about *about = dmumu_cube_about(cube);
    double x[DMUMU_N_AXES];
    for (int i = 0; i < DMUMU_N_AXES; ++i) {
        const struct dmumu_cube_axis *axis = &about->axis[i];
        x[i] = axis->values[0] + at * (axis->values[axis->n - 1] - axis->values[0]);
    }
    const struct dmumu_point point = {
        .region = (enum dmumu_region)about->axis[DMUMU_AXIS_REGION].values[0],
        .alfven_mach = x[DMUMU_AXIS_ALFVEN_MACH],
        .beta = x[DMUMU_AXIS_BETA],
        .injection_scale_pc = x[DMUMU_AXIS_INJECTION_SCALE],
    };
    double d_cm2_s = (double)NAN;
    dmumu_cube_eval(cube, &point, 1, &x[DMUMU_AXIS_RIGIDITY], &d_cm2_s, NULL);
    return !isnan(d_cm2_s);
}

int main(int argc, char **argv)
{
    struct dmumu_cube_options options;
    struct dmumu_cube *cube;
    struct dmumu_error error;
    int n = 0;
    if (argc != 2) {
        fprintf(stderr, "usage: look_up CUBE\n");
        return 2;
    }
    dmumu_cube_options_default(&options);
    options.partial = true;
    options.guard = true;
    if (dmumu_cube_open(argv[1], &options, &cube, &error) != DMUMU_OK) {
        fprintf(stderr, "dmumu look-up: %s\n", error.message);
        return 1;
    }
    for (int i = 0; i <= 100; ++i)
        n += has_value(cube, 0.01 * i);
    printf("%d of 101 places have a value\n", n);
    dmumu_cube_close(cube);
    return 0;
}
