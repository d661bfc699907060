/*
 * Look-up: one point, many points, derivatives. Points are taken in blocks: all of a block are placed first, then memory
 * is asked for what they need, then they are computed.
 */
#include "cube/lookup.h"

#include "core/error.h"

#include <math.h>

enum { BLOCK = 16 };

/* The five arrays of points, by axis; region apart. */
struct arrays {
    const int32_t *region;
    const double *value[DMUMU_N_AXES];
    size_t stride[DMUMU_N_AXES];
};

/* A block on its way. */
struct block {
    struct dmumu_lookup_target target[BLOCK];
    bool outside[BLOCK];
    double ln_d[BLOCK];
};

/* The first failure: which point, on which axis. */
struct failure {
    bool is_there;
    size_t point;
    int axis;
};

static void note(struct failure *failure, size_t point, int axis)
{
    if (!failure->is_there) {
        *failure = (struct failure){true, point, axis};
    }
}

static struct arrays arrays_of(const struct dmumu_cube_points *points)
{
    struct arrays arrays = {
        .region = points->region,
        .value = {NULL, points->alfven_mach, points->beta, points->injection_scale_pc, points->rigidity_gv}};
    for (int i = 0; i < DMUMU_N_AXES; i++) {
        arrays.stride[i] = points->stride[i];
    }
    return arrays;
}

/* Place one point; `last`: the point before it, whose places hold along axes that do not move. */
static bool place_point(const struct dmumu_cube *cube, const struct arrays *arrays, size_t point,
                        const struct dmumu_lookup_target *last, struct dmumu_lookup_target *target,
                        struct failure *failure)
{
    const int32_t region = arrays->region[point * arrays->stride[DMUMU_AXIS_REGION]];
    const bool known = region >= 0 && region < DMUMU_N_REGIONS && cube->region_start[region] >= 0;
    bool inside = known;
    target->base = known ? (size_t)cube->region_start[region] : 0;
    if (!known) {
        note(failure, point, DMUMU_AXIS_REGION);
    }
    for (int i = DMUMU_AXIS_ALFVEN_MACH; i < DMUMU_N_AXES; i++) {
        if (last != NULL && arrays->stride[i] == 0) {
            target->place[i] = last->place[i];
        } else {
            dmumu_lookup_place(&cube->axis[i], cube->options.outside[i], arrays->value[i][point * arrays->stride[i]],
                               &target->place[i]);
        }
        const size_t *offset = cube->offset[i] + target->place[i].cell;
        target->base += offset[0];
        target->step[i] = cube->axis[i].n > 1 ? offset[1] - offset[0] : 0;
        if (target->place[i].side == DMUMU_LOOKUP_OUTSIDE) {
            inside = false;
            note(failure, point, i);
        }
    }
    return inside;
}

/* Is the target a node of the cube? Then which. */
static bool is_node(const struct dmumu_lookup_target *target, size_t *index)
{
    *index = target->base;
    for (int i = DMUMU_AXIS_ALFVEN_MACH; i < DMUMU_N_AXES; i++) {
        const struct dmumu_lookup_place *place = &target->place[i];
        if ((place->t != 0.0 && place->t != 1.0) || place->side == DMUMU_LOOKUP_CONTINUED) {
            return false;
        }
        *index += place->t == 1.0 ? target->step[i] : 0;
    }
    return true;
}

/* D from what the fast way has found. */
static double finish(const struct dmumu_cube *cube, const struct dmumu_lookup_target *target, double ln_d)
{
    size_t index;
    if (is_node(target, &index)) {
        return cube->d[index];
    }
    return exp(isnan(ln_d) ? dmumu_lookup_general(cube, target).value : ln_d);
}

/* n <= BLOCK points from `first` on. */
static void eval_block(const struct dmumu_cube *cube, const struct arrays *arrays, size_t first, size_t n,
                       struct block *block, double d_cm2_s[], struct failure *failure)
{
    const bool cubic = cube->options.interpolation == DMUMU_INTERPOLATION_CUBIC;
    for (size_t i = 0; i < n; i++) {
        const struct dmumu_lookup_target *last = i > 0 ? &block->target[i - 1] : NULL;
        block->outside[i] = !place_point(cube, arrays, first + i, last, &block->target[i], failure);
        if (!cubic) {
            dmumu_lookup_linear_fetch(cube, &block->target[i]);
        }
    }
    if (cubic) {
        dmumu_lookup_cubic(cube, n, block->target, block->ln_d);
    } else {
        dmumu_lookup_linear(cube, n, block->target, block->ln_d);
    }
    for (size_t i = 0; i < n; i++) {
        d_cm2_s[first + i] = block->outside[i] ? NAN : finish(cube, &block->target[i], block->ln_d[i]);
    }
}

/* What the first failure was, in words. */
static enum dmumu_status explain(const struct dmumu_cube *cube, const struct arrays *arrays,
                                 const struct failure *failure, struct dmumu_error *error)
{
    if (!failure->is_there) {
        return DMUMU_OK;
    }
    const int axis = failure->axis;
    const char *name = dmumu_axis_name((enum dmumu_axis_id)axis), *units = dmumu_axis_units((enum dmumu_axis_id)axis);
    if (axis == DMUMU_AXIS_REGION) {
        const int region = arrays->region[failure->point * arrays->stride[axis]];
        const char *said = dmumu_region_name((enum dmumu_region)region);
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "point %zu: region %d (%s) is not in the cube",
                               failure->point, region, said != NULL ? said : "unknown");
    }
    const struct dmumu_cube_axis *known = &cube->about.axis[axis];
    return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "point %zu: %s %.9g%s%s is outside of the cube: %.9g to %.9g",
                           failure->point, name, arrays->value[axis][failure->point * arrays->stride[axis]],
                           units[0] == '1' ? "" : " ", units[0] == '1' ? "" : units, known->values[0],
                           known->values[known->n - 1]);
}

static enum dmumu_status eval_all(const struct dmumu_cube *cube, const struct arrays *arrays, size_t n,
                                  double d_cm2_s[], struct dmumu_error *error)
{
    struct failure failure = {.is_there = false};
    struct block block;
    for (size_t first = 0; first < n; first += BLOCK) {
        eval_block(cube, arrays, first, n - first < BLOCK ? n - first : BLOCK, &block, d_cm2_s, &failure);
    }
    return explain(cube, arrays, &failure, error);
}

enum dmumu_status dmumu_cube_eval(const struct dmumu_cube *cube, const struct dmumu_point *point, size_t n,
                                  const double rigidity_gv[], double d_cm2_s[], struct dmumu_error *error)
{
    const struct dmumu_cube_axis *rigidity = &cube->about.axis[DMUMU_AXIS_RIGIDITY];
    const int32_t region = (int32_t)point->region;
    const struct arrays arrays = {.region = &region,
                                  .value = {NULL, &point->alfven_mach, &point->beta, &point->injection_scale_pc,
                                            rigidity_gv != NULL ? rigidity_gv : rigidity->values},
                                  .stride = {[DMUMU_AXIS_RIGIDITY] = 1}};
    if (rigidity_gv == NULL && n != rigidity->n) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "the cube has %zu rigidities, and room is for %zu",
                               rigidity->n, n);
    }
    return eval_all(cube, &arrays, n, d_cm2_s, error);
}

enum dmumu_status dmumu_cube_eval_many(const struct dmumu_cube *cube, const struct dmumu_cube_points *points,
                                       double d_cm2_s[], struct dmumu_error *error)
{
    const struct arrays arrays = arrays_of(points);
    return eval_all(cube, &arrays, points->n, d_cm2_s, error);
}

/* d ln D / d ln x from d ln D / d u. */
static void scale_gradient(const struct dmumu_cube *cube, const struct arrays *arrays, size_t point,
                           const struct dmumu_lookup_target *target, const struct dmumu_lookup_jet *jet,
                           double gradient[static DMUMU_N_GRADIENT])
{
    for (int i = 0; i < DMUMU_N_GRADIENT; i++) {
        const int axis = DMUMU_AXIS_ALFVEN_MACH + i;
        const bool as_it_is = cube->axis[axis].in_log || target->place[axis].side != DMUMU_LOOKUP_INSIDE;
        const double x = as_it_is ? 1.0 : arrays->value[axis][point * arrays->stride[axis]];
        gradient[i] = isnan(jet->value) ? NAN : jet->slope[i] * x;
    }
}

enum dmumu_status dmumu_cube_gradient(const struct dmumu_cube *cube, const struct dmumu_cube_points *points,
                                      double d_cm2_s[], double gradient[][DMUMU_N_GRADIENT], struct dmumu_error *error)
{
    const struct arrays arrays = arrays_of(points);
    struct failure failure = {.is_there = false};
    struct block block;
    for (size_t i = 0; i < points->n; i++) {
        const bool inside = place_point(cube, &arrays, i, NULL, &block.target[0], &failure);
        struct dmumu_lookup_jet jet = {.value = NAN};
        if (inside) {
            jet = dmumu_lookup_general(cube, &block.target[0]);
        }
        scale_gradient(cube, &arrays, i, &block.target[0], &jet, gradient[i]);
    }
    return d_cm2_s != NULL ? eval_all(cube, &arrays, points->n, d_cm2_s, error)
                           : explain(cube, &arrays, &failure, error);
}
