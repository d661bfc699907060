/* Merge: union of axes, and the count of every value (see merge.h). */
#include "scan/merge.h"

#include "core/error.h"
#include "cube/fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINT_TEXT = 160 };

/* ---- the grid ---------------------------------------------------------------------------------------------------- */

static enum dmumu_status check_complete(const struct dmumu_reuse *cubes, struct dmumu_error *error)
{
    for (size_t i = 0; i < dmumu_reuse_count(cubes); ++i) {
        const struct dmumu_cube_source_info *cube = dmumu_reuse_about(cubes, i);
        if (!cube->finished || cube->n_done < cube->n_curves)
            return dmumu_error_set(error, DMUMU_ERROR_FILE,
                                   "%.300s is not complete: %" PRIu64 " of %" PRIu64
                                   " curves are done; `dmumu scan ... --resume` goes on with it",
                                   cube->path, cube->n_done, cube->n_curves);
    }
    return DMUMU_OK;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Which cube has a value on an axis. */
static const char *owner_of(const struct dmumu_reuse *cubes, int axis, double value)
{
    for (size_t i = 0; i < dmumu_reuse_count(cubes); ++i) {
        const struct dmumu_cube_source_info *cube = dmumu_reuse_about(cubes, i);
        for (size_t k = 0; k < cube->axis[axis].n; ++k) {
            if (cube->axis[axis].values[k] == value)
                return cube->path;
        }
    }
    return "?";
}

/* All values of all cubes on one axis, each once. */
static enum dmumu_status unite_axis(const struct dmumu_reuse *cubes, int axis, struct dmumu_axis *united,
                                    struct dmumu_error *error)
{
    size_t n = 0;
    bool log_spaced = true, has_spacing = false;
    for (size_t i = 0; i < dmumu_reuse_count(cubes); ++i)
        n += dmumu_reuse_about(cubes, i)->axis[axis].n;
    double *values = calloc(n + 1, sizeof *values);
    if (!values)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the union of the axes");
    n = 0;
    for (size_t i = 0; i < dmumu_reuse_count(cubes); ++i) {
        const struct dmumu_cube_axis *one = &dmumu_reuse_about(cubes, i)->axis[axis];
        memcpy(values + n, one->values, one->n * sizeof *values);
        n += one->n;
        /* an axis of one value has no spacing to speak of */
        log_spaced = log_spaced && (one->log_spaced || one->n == 1);
        has_spacing = has_spacing || one->n > 1;
    }
    qsort(values, n, sizeof *values, compare_doubles);
    size_t kept = 0;
    for (size_t i = 0; i < n; ++i) {
        if (kept > 0 && values[kept - 1] == values[i])
            continue;
        if (kept > 0 && dmumu_reuse_is_same(values[kept - 1], values[i])) {
            dmumu_error_set(error, DMUMU_ERROR_FILE,
                            "axis %s: %.17g in %.150s and %.17g in %.150s differ by rounding alone; scan one of them "
                            "again with the other's values",
                            dmumu_cube_axis_field(axis)->name, values[kept - 1],
                            owner_of(cubes, axis, values[kept - 1]), values[i], owner_of(cubes, axis, values[i]));
            free(values);
            return DMUMU_ERROR_FILE;
        }
        values[kept++] = values[i];
    }
    if (!has_spacing)
        log_spaced = dmumu_reuse_about(cubes, 0)->axis[axis].log_spaced;
    *united = (struct dmumu_axis){.n = kept, .values = values, .log_spaced = log_spaced};
    return DMUMU_OK;
}

/* Can the values be counted at all, and are they not hopelessly more than the cubes have? */
static enum dmumu_status check_size(const struct dmumu_reuse *cubes, const struct dmumu_grid *grid,
                                    struct dmumu_error *error)
{
    enum { HOPELESS = 1000 };
    double have = 0.0, wanted = 1.0;
    for (size_t i = 0; i < dmumu_reuse_count(cubes); ++i) {
        const struct dmumu_cube_source_info *cube = dmumu_reuse_about(cubes, i);
        have += (double)cube->n_curves * (double)cube->axis[DMUMU_AXIS_RIGIDITY].n;
    }
    for (int axis = 0; axis < DMUMU_N_AXES; ++axis)
        wanted *= (double)grid->axis[axis].n;
    return wanted <= HOPELESS * have ? DMUMU_OK
                                     : dmumu_error_set(error, DMUMU_ERROR_FILE,
                                                       "holes: the cubes have %.0f values, the grid of all their "
                                                       "coordinates has %.3g",
                                                       have, wanted);
}

static enum dmumu_status unite(const struct dmumu_reuse *cubes, struct dmumu_grid *grid, struct dmumu_error *error)
{
    struct dmumu_grid made = {0};
    enum dmumu_status status = DMUMU_OK;
    for (int axis = 0; axis < DMUMU_N_AXES && status == DMUMU_OK; ++axis)
        status = unite_axis(cubes, axis, &made.axis[axis], error);
    if (status == DMUMU_OK)
        status = check_size(cubes, &made, error);
    if (status == DMUMU_OK)
        *grid = made;
    else
        dmumu_grid_free(&made);
    return status;
}

enum dmumu_status dmumu_merge_config(const struct dmumu_reuse *cubes, struct dmumu_config *config,
                                     struct dmumu_error *error)
{
    const struct dmumu_cube_source_info *first = dmumu_reuse_about(cubes, 0);
    struct dmumu_config made = {0};
    struct dmumu_grid grid = {0};
    enum dmumu_status status = check_complete(cubes, error);
    if (status == DMUMU_OK)
        status = unite(cubes, &grid, error);
    if (status == DMUMU_OK)
        status = dmumu_config_read_text(first->configuration, first->path, true, &made, error);
    if (status != DMUMU_OK) {
        dmumu_grid_free(&grid);
        return status;
    }
    dmumu_grid_free(&made.grid);
    made.grid = grid;
    status = dmumu_config_renew_text(&made, error);
    if (status == DMUMU_OK)
        *config = made;
    else
        dmumu_config_free(&made);
    return status;
}

/* ---- the partition ----------------------------------------------------------------------------------------------- */

static void describe(const struct dmumu_grid *grid, size_t value, char text[static POINT_TEXT])
{
    const size_t n_rigidity = grid->axis[DMUMU_AXIS_RIGIDITY].n;
    const struct dmumu_point point = dmumu_grid_point(grid, value / n_rigidity);
    snprintf(text, POINT_TEXT, "%s, M_A %.6g, beta %.6g, L %.6g pc, %.6g GV", dmumu_region_name(point.region),
             point.alfven_mach, point.beta, point.injection_scale_pc,
             grid->axis[DMUMU_AXIS_RIGIDITY].values[value % n_rigidity]);
}

static size_t index_of(const struct dmumu_axis *axis, double value)
{
    const double *found = bsearch(&value, axis->values, axis->n, sizeof value, compare_doubles);
    return found ? (size_t)(found - axis->values) : 0; /* every value of a cube is in the union */
}

/* Where the values of one cube are on the axes of the grid; false without memory. */
static bool place(const struct dmumu_cube_source_info *cube, const struct dmumu_grid *grid, size_t *at[DMUMU_N_AXES])
{
    bool ok = true;
    for (int axis = 0; axis < DMUMU_N_AXES; ++axis)
        ok = (at[axis] = calloc(cube->axis[axis].n, sizeof(size_t))) != NULL && ok;
    for (int axis = 0; ok && axis < DMUMU_N_AXES; ++axis) {
        for (size_t i = 0; i < cube->axis[axis].n; ++i)
            at[axis][i] = index_of(&grid->axis[axis], cube->axis[axis].values[i]);
    }
    return ok;
}

/* Mark all values of one cube; the first that is marked already comes back, or SIZE_MAX. */
static size_t mark(const struct dmumu_cube_source_info *cube, const struct dmumu_grid *grid, size_t *const at[],
                   uint8_t marked[])
{
    const size_t n_rigidity = cube->axis[DMUMU_AXIS_RIGIDITY].n;
    for (uint64_t curve = 0; curve < cube->n_curves; ++curve) {
        size_t index[4], flat = 0;
        uint64_t rest = curve;
        for (int axis = DMUMU_AXIS_RIGIDITY - 1; axis >= 0; --axis) {
            index[axis] = at[axis][rest % cube->axis[axis].n];
            rest /= cube->axis[axis].n;
        }
        for (int axis = 0; axis < DMUMU_AXIS_RIGIDITY; ++axis)
            flat = flat * grid->axis[axis].n + index[axis];
        for (size_t i = 0; i < n_rigidity; ++i) {
            const size_t value = flat * grid->axis[DMUMU_AXIS_RIGIDITY].n + at[DMUMU_AXIS_RIGIDITY][i];
            if (marked[value])
                return value;
            marked[value] = 1;
        }
    }
    return SIZE_MAX;
}

/* Whose is a value, of the cubes before this one? */
static const char *first_owner(const struct dmumu_reuse *cubes, const struct dmumu_grid *grid, size_t value,
                               size_t before)
{
    size_t index[DMUMU_N_AXES];
    dmumu_grid_index(grid, value / grid->axis[DMUMU_AXIS_RIGIDITY].n, index);
    index[DMUMU_AXIS_RIGIDITY] = value % grid->axis[DMUMU_AXIS_RIGIDITY].n;
    for (size_t i = 0; i < before; ++i) {
        const struct dmumu_cube_source_info *cube = dmumu_reuse_about(cubes, i);
        bool has = true;
        for (int axis = 0; axis < DMUMU_N_AXES; ++axis)
            has = has && bsearch(&grid->axis[axis].values[index[axis]], cube->axis[axis].values, cube->axis[axis].n,
                                 sizeof(double), compare_doubles);
        if (has)
            return cube->path;
    }
    return "?";
}

static enum dmumu_status mark_all(const struct dmumu_reuse *cubes, const struct dmumu_grid *grid, uint8_t marked[],
                                  struct dmumu_error *error)
{
    enum dmumu_status status = DMUMU_OK;
    for (size_t i = 0; i < dmumu_reuse_count(cubes) && status == DMUMU_OK; ++i) {
        const struct dmumu_cube_source_info *cube = dmumu_reuse_about(cubes, i);
        size_t *at[DMUMU_N_AXES] = {NULL};
        char point[POINT_TEXT];
        if (!place(cube, grid, at)) {
            status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory to place %.200s in the grid", cube->path);
        } else {
            const size_t twice = mark(cube, grid, at, marked);
            if (twice != SIZE_MAX) {
                describe(grid, twice, point);
                status = dmumu_error_set(error, DMUMU_ERROR_FILE, "overlap: %.150s and %.150s both have %s",
                                         first_owner(cubes, grid, twice, i), cube->path, point);
            }
        }
        for (int axis = 0; axis < DMUMU_N_AXES; ++axis)
            free(at[axis]);
    }
    return status;
}

enum dmumu_status dmumu_merge_check(const struct dmumu_reuse *cubes, const struct dmumu_grid *grid,
                                    struct dmumu_error *error)
{
    const size_t n = dmumu_grid_n_curves(grid) * grid->axis[DMUMU_AXIS_RIGIDITY].n;
    uint8_t *marked = calloc(n, 1);
    if (!marked)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory to count %zu values", n);
    enum dmumu_status status = mark_all(cubes, grid, marked, error);
    if (status == DMUMU_OK) {
        size_t missing = 0, first = 0;
        for (size_t i = n; i > 0; --i) {
            if (!marked[i - 1]) {
                ++missing;
                first = i - 1;
            }
        }
        char point[POINT_TEXT];
        if (missing > 0) {
            describe(grid, first, point);
            status =
                dmumu_error_set(error, DMUMU_ERROR_FILE,
                                "holes: %zu of the %zu values of the whole grid are in none of the cubes, the first "
                                "is %s",
                                missing, n, point);
        }
    }
    free(marked);
    return status;
}
