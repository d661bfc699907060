/* Reuse: which curve of the grid is where in which older cube (see reuse.h). */
#include "scan/reuse.h"

#include "core/error.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double rounding = 1e-12;

/* One older cube, and where the grid's coordinates are in it. */
struct source {
    struct dmumu_cube_source *cube;
    const struct dmumu_cube_source_info *info;
    size_t *index[DMUMU_N_AXES]; /* [n of the grid] index in the source, or ABSENT */
    size_t *rigidity_to;         /* [rigidities of the source] index in the grid, or ABSENT */
    bool all_rigidities;         /* of the grid are in it */
};

struct dmumu_reuse {
    const struct dmumu_grid *grid;
    size_t n;
    struct source *source; /* [n] */
};

static const size_t ABSENT = SIZE_MAX;

/* ---- open -------------------------------------------------------------------------------------------------------- */

static enum dmumu_status open_source(struct source *source, const char *path, const char *physics_text,
                                     struct dmumu_error *error)
{
    enum dmumu_status status = dmumu_cube_source_open(path, &source->cube, error);
    if (status != DMUMU_OK)
        return status;
    source->info = dmumu_cube_source_about(source->cube);
    return dmumu_cube_source_has_physics(source->cube, physics_text ? physics_text : source->info->physics, error);
}

enum dmumu_status dmumu_reuse_open(const char *const paths[], size_t n, const char *physics_text,
                                   struct dmumu_reuse **reuse, struct dmumu_error *error)
{
    *reuse = NULL;
    if (n == 0)
        return DMUMU_OK;
    struct dmumu_reuse *made = calloc(1, sizeof *made);
    struct source *sources = calloc(n, sizeof *sources);
    if (!made || !sources) {
        free(made);
        free(sources);
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory to reuse %zu cubes", n);
    }
    made->source = sources;
    made->n = n;
    enum dmumu_status status = DMUMU_OK;
    for (size_t i = 0; i < n && status == DMUMU_OK; ++i)
        status = open_source(&sources[i], paths[i],
                             physics_text ? physics_text
                             : i > 0      ? sources[0].info->physics
                                          : NULL,
                             error);
    if (status == DMUMU_OK)
        *reuse = made;
    else
        dmumu_reuse_free(made);
    return status;
}

void dmumu_reuse_free(struct dmumu_reuse *reuse)
{
    if (!reuse)
        return;
    for (size_t i = 0; i < reuse->n; ++i) {
        dmumu_cube_source_close(reuse->source[i].cube);
        for (int axis = 0; axis < DMUMU_N_AXES; ++axis)
            free(reuse->source[i].index[axis]);
        free(reuse->source[i].rigidity_to);
    }
    free(reuse->source);
    free(reuse);
}

size_t dmumu_reuse_count(const struct dmumu_reuse *reuse)
{
    return reuse ? reuse->n : 0;
}

const struct dmumu_cube_source_info *dmumu_reuse_about(const struct dmumu_reuse *reuse, size_t source)
{
    return reuse->source[source].info;
}

void dmumu_reuse_describe(const struct dmumu_reuse *reuse, size_t size, char text[])
{
    enum { ENTRY = 16 }; /* ", 0123456789ab" and ")" */
    size_t at = (size_t)snprintf(text, size, "%zu cube%s (data_hash ", reuse->n, reuse->n == 1 ? "" : "s");
    for (size_t i = 0; i < reuse->n && at + ENTRY + 4 < size; ++i) {
        const struct dmumu_cube_source_info *info = reuse->source[i].info;
        const bool more = i + 1 < reuse->n, room = at + 2 * ENTRY + 4 < size;
        at += (size_t)snprintf(text + at, size - at, "%.12s%s", info->finished ? info->data_hash : "unfinished",
                               !more  ? ")"
                               : room ? ", "
                                      : " ...)");
    }
}

/* ---- coordinates ------------------------------------------------------------------------------------------------- */

bool dmumu_reuse_is_same(double a, double b)
{
    return fabs(a - b) <= rounding * fmax(fabs(a), fabs(b));
}

size_t dmumu_reuse_snap_axis(struct dmumu_axis *axis, const struct dmumu_cube_axis *older)
{
    size_t changed = 0;
    /* both ascend, so one walk through each */
    for (size_t i = 0, k = 0; i < axis->n; ++i) {
        while (k < older->n && older->values[k] < axis->values[i] &&
               !dmumu_reuse_is_same(older->values[k], axis->values[i]))
            ++k;
        if (k == older->n)
            break;
        if (dmumu_reuse_is_same(older->values[k], axis->values[i])) {
            changed += axis->values[i] != older->values[k];
            axis->values[i] = older->values[k];
        }
    }
    return changed;
}

size_t dmumu_reuse_snap(const struct dmumu_reuse *reuse, struct dmumu_grid *grid)
{
    size_t changed = 0;
    /* the first source has the last word */
    for (size_t i = dmumu_reuse_count(reuse); i > 0; --i) {
        for (int axis = 0; axis < DMUMU_N_AXES; ++axis)
            changed += dmumu_reuse_snap_axis(&grid->axis[axis], &reuse->source[i - 1].info->axis[axis]);
    }
    return changed;
}

/* Index of each of n values among others, or ABSENT. Both ascend. */
static void find_all(size_t n, const double values[], size_t n_other, const double other[], size_t index[])
{
    for (size_t i = 0, k = 0; i < n; ++i) {
        while (k < n_other && other[k] < values[i])
            ++k;
        index[i] = k < n_other && other[k] == values[i] ? k : ABSENT;
    }
}

static enum dmumu_status map_source(struct source *source, const struct dmumu_grid *grid, struct dmumu_error *error)
{
    const struct dmumu_axis *rigidity = &grid->axis[DMUMU_AXIS_RIGIDITY];
    const struct dmumu_cube_axis *older = &source->info->axis[DMUMU_AXIS_RIGIDITY];
    source->rigidity_to = calloc(older->n, sizeof *source->rigidity_to);
    bool ok = source->rigidity_to != NULL;
    for (int axis = 0; axis < DMUMU_N_AXES; ++axis)
        ok = (source->index[axis] = calloc(grid->axis[axis].n, sizeof(size_t))) != NULL && ok;
    if (!ok)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory to find the grid in %.200s", source->info->path);
    for (int axis = 0; axis < DMUMU_N_AXES; ++axis)
        find_all(grid->axis[axis].n, grid->axis[axis].values, source->info->axis[axis].n,
                 source->info->axis[axis].values, source->index[axis]);
    find_all(older->n, older->values, rigidity->n, rigidity->values, source->rigidity_to);
    source->all_rigidities = true;
    for (size_t i = 0; i < rigidity->n; ++i)
        source->all_rigidities = source->all_rigidities && source->index[DMUMU_AXIS_RIGIDITY][i] != ABSENT;
    return DMUMU_OK;
}

enum dmumu_status dmumu_reuse_map(struct dmumu_reuse *reuse, const struct dmumu_grid *grid, struct dmumu_error *error)
{
    enum dmumu_status status = DMUMU_OK;
    reuse->grid = grid;
    for (size_t i = 0; i < reuse->n && status == DMUMU_OK; ++i)
        status = map_source(&reuse->source[i], grid, error);
    return status;
}

/* ---- curves ------------------------------------------------------------------------------------------------------ */

/* Flat index in a source of the curve with these indices in the grid; false when it is not there, or not done. */
static bool find_curve(const struct source *source, const size_t index[static 4], uint64_t *curve)
{
    uint64_t flat = 0;
    for (int axis = 0; axis < DMUMU_AXIS_RIGIDITY; ++axis) {
        const size_t at = source->index[axis][index[axis]];
        if (at == ABSENT)
            return false;
        flat = flat * source->info->axis[axis].n + at;
    }
    *curve = flat;
    return source->info->state[flat] == DMUMU_CUBE_DONE;
}

/* Is the value at one rigidity in a source that has the curve? */
static bool any_has(const struct dmumu_reuse *reuse, const size_t index[static 4], size_t rigidity)
{
    uint64_t curve;
    for (size_t i = 0; i < reuse->n; ++i) {
        if (reuse->source[i].index[DMUMU_AXIS_RIGIDITY][rigidity] != ABSENT &&
            find_curve(&reuse->source[i], index, &curve))
            return true;
    }
    return false;
}

static bool one_has_all(const struct dmumu_reuse *reuse, const size_t index[static 4])
{
    uint64_t curve;
    for (size_t i = 0; i < reuse->n; ++i) {
        if (reuse->source[i].all_rigidities && find_curve(&reuse->source[i], index, &curve))
            return true;
    }
    return false;
}

size_t dmumu_reuse_missing(const struct dmumu_reuse *reuse, uint64_t curve, size_t which[])
{
    size_t index[4], missing = 0;
    const size_t n_rigidity = reuse->grid->axis[DMUMU_AXIS_RIGIDITY].n;
    dmumu_grid_index(reuse->grid, curve, index);
    if (one_has_all(reuse, index))
        return 0;
    for (size_t i = 0; i < n_rigidity; ++i) {
        if (any_has(reuse, index, i))
            continue;
        if (which)
            which[missing] = i;
        ++missing;
    }
    return missing;
}

static int by_from(const void *a, const void *b)
{
    const uint64_t x = ((const struct dmumu_cube_pair *)a)->from, y = ((const struct dmumu_cube_pair *)b)->from;
    return (x > y) - (x < y);
}

static bool is_complete(const struct dmumu_cube_curves *curves, size_t place)
{
    return memchr(dmumu_cube_curves_at(curves, DMUMU_CUBE_QUALITY, place), DMUMU_CUBE_UNSET_U8, curves->n_rigidity) ==
           NULL;
}

/* The curves that need something, and are in the source. */
static size_t list_pairs(const struct dmumu_reuse *reuse, const struct source *source,
                         const struct dmumu_cube_curves *curves, struct dmumu_cube_pair pair[])
{
    size_t n = 0;
    for (size_t i = 0; i < curves->n; ++i) {
        size_t index[4];
        uint64_t from;
        dmumu_grid_index(reuse->grid, curves->curve[i], index);
        if (!is_complete(curves, i) && find_curve(source, index, &from))
            pair[n++] = (struct dmumu_cube_pair){.from = from, .to = i};
    }
    qsort(pair, n, sizeof *pair, by_from);
    return n;
}

enum dmumu_status dmumu_reuse_fill(const struct dmumu_reuse *reuse, struct dmumu_cube_curves *curves,
                                   struct dmumu_error *error)
{
    struct dmumu_cube_pair *pair = calloc(curves->n + 1, sizeof *pair);
    if (!pair)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory to reuse %zu curves", curves->n);
    enum dmumu_status status = DMUMU_OK;
    for (size_t i = 0; i < reuse->n && status == DMUMU_OK; ++i) {
        const struct source *source = &reuse->source[i];
        const size_t n = list_pairs(reuse, source, curves, pair);
        status = dmumu_cube_source_take(source->cube, n, pair, source->rigidity_to, curves, error);
    }
    free(pair);
    for (size_t i = 0; i < curves->n && status == DMUMU_OK; ++i) {
        if (!is_complete(curves, i))
            status = dmumu_error_set(error, DMUMU_ERROR_INTERNAL, "curve %llu was taken for done, and is not whole",
                                     (unsigned long long)curves->curve[i]);
    }
    return status;
}
