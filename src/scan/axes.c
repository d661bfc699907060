/* Axes: index arithmetic of a scan's grid, and evenly spaced axes. */
#include "scan/axes.h"

#include <math.h>
#include <stdlib.h>

size_t dmumu_grid_n_curves(const struct dmumu_grid *grid)
{
    size_t n = 1;
    for (int axis = 0; axis < DMUMU_AXIS_RIGIDITY; axis++)
        n *= grid->axis[axis].n;
    return n;
}

void dmumu_grid_index(const struct dmumu_grid *grid, size_t curve, size_t index[4])
{
    for (int axis = DMUMU_AXIS_RIGIDITY - 1; axis >= 0; axis--) {
        index[axis] = curve % grid->axis[axis].n;
        curve /= grid->axis[axis].n;
    }
}

struct dmumu_point dmumu_grid_point(const struct dmumu_grid *grid, size_t curve)
{
    size_t index[4];
    dmumu_grid_index(grid, curve, index);
    const struct dmumu_axis *axis = grid->axis;
    return (struct dmumu_point){
        .region = (enum dmumu_region)axis[DMUMU_AXIS_REGION].values[index[DMUMU_AXIS_REGION]],
        .alfven_mach = axis[DMUMU_AXIS_ALFVEN_MACH].values[index[DMUMU_AXIS_ALFVEN_MACH]],
        .beta = axis[DMUMU_AXIS_BETA].values[index[DMUMU_AXIS_BETA]],
        .injection_scale_pc = axis[DMUMU_AXIS_INJECTION_SCALE].values[index[DMUMU_AXIS_INJECTION_SCALE]],
    };
}

/* Value i of `points`. The span is multiplied before it is divided, so that whole decades come out exact. */
static double range_value(double from, double to, size_t i, size_t points, bool log_spaced)
{
    if (i == 0)
        return from;
    if (i == points - 1)
        return to;
    const double steps = (double)(points - 1);
    if (!log_spaced)
        return from + (to - from) * (double)i / steps;
    const double start = log10(from);
    return pow(10.0, start + (log10(to) - start) * (double)i / steps);
}

enum dmumu_status dmumu_axis_range(struct dmumu_axis *axis, double from, double to, size_t points, bool log_spaced)
{
    double *values = points <= SIZE_MAX / sizeof *values ? calloc(points, sizeof *values) : NULL;
    if (!values)
        return DMUMU_ERROR_MEMORY;
    for (size_t i = 0; i < points; i++)
        values[i] = range_value(from, to, i, points, log_spaced);
    *axis = (struct dmumu_axis){.n = points, .values = values, .log_spaced = log_spaced};
    return DMUMU_OK;
}

void dmumu_grid_free(struct dmumu_grid *grid)
{
    for (int axis = 0; axis < DMUMU_N_AXES; axis++) {
        free(grid->axis[axis].values);
        grid->axis[axis] = (struct dmumu_axis){0};
    }
}
