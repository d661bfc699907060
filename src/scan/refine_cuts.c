/* Refine, the cuts: see refine_cuts.h. */
#include "scan/refine_cuts.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double NARROWEST = 1e-6;             /* of the coordinate: a cell that is not cut to less */
static const double GROWTH[] = {8.0, 2.0};        /* of the values in one round: all look-ups are wanted, or some */
static const double KINK_MACH = 1.0;              /* where the cascade of the Alfven modes changes */
static const double KINK_BESIDE[] = {1e-4, 1e-2}; /* the least and the largest distance of the nodes beside it */

enum { HALVINGS = 10, KINK_NODES = 3, MOST_NEW = DMUMU_REFINE_MOST_PARTS };

/* A cell to be cut, the nodes that go into it, and what that is worth. */
struct cut {
    int axis;
    size_t cell;
    size_t n;
    double node[MOST_NEW];
    double gain; /* share of the look-ups that it is about, per new node */
};

struct cuts {
    size_t n;
    struct cut *cut; /* [n] owned */
};

static enum dmumu_status out_of_memory(struct dmumu_error *error)
{
    return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the nodes of a finer grid");
}

/* ---- how large errors may be ------------------------------------------------------------------------------------- */

static double worst_of(const struct dmumu_refine_cells *cells)
{
    double worst = 0.0;
    for (size_t cell = 0; cell < cells->n; cell++)
        worst = fmax(worst, cells->worst[cell]);
    return worst;
}

bool dmumu_refine_is_enough(const struct dmumu_refine_errors *errors, const struct dmumu_refine_goal *goal)
{
    const struct dmumu_refine_cells *anywhere = &errors->axis[DMUMU_REFINE_ANYWHERE];
    const double allowed = (1.0 - goal->share) * (double)anywhere->points[0];
    bool enough = (double)anywhere->over[0] <= allowed;
    for (int id = DMUMU_AXIS_ALFVEN_MACH; id < DMUMU_N_AXES && goal->share >= 1.0; id++)
        enough = enough && worst_of(&errors->axis[id]) <= goal->tolerance;
    return enough;
}

double dmumu_refine_target(const struct dmumu_refine_errors *errors, double tolerance)
{
    double left = tolerance, worst[DMUMU_N_AXES];
    int n = 0;
    for (int id = DMUMU_AXIS_ALFVEN_MACH; id < DMUMU_N_AXES; id++)
        if (errors->axis[id].n > 0)
            worst[n++] = worst_of(&errors->axis[id]);
    /* axes with less than their part leave the rest of it to the others, until none has less */
    const double equal = n > 0 ? tolerance / n : tolerance;
    for (bool changed = true; changed && n > 0;) {
        changed = false;
        for (int i = 0; i < n && !changed; i++) {
            if (worst[i] > left / n)
                continue;
            left -= worst[i];
            worst[i] = worst[--n];
            changed = true;
        }
    }
    return n > 0 ? left / n : equal;
}

size_t dmumu_refine_parts(double error, double target)
{
    if (!(error > target))
        return 1;
    const double parts = ceil(cbrt(error / target));
    if (parts >= DMUMU_REFINE_MOST_PARTS)
        return DMUMU_REFINE_MOST_PARTS;
    return parts > 2 ? (size_t)parts : 2;
}

/* ---- new nodes --------------------------------------------------------------------------------------------------- */

/* At a kink along the axes inside of a cell, or at its end: nodes at it and beside it, as far as there is room. */
static size_t nodes_at_kink(double from, double to, double tolerance, double node[static MOST_NEW])
{
    const double beside = fmax(KINK_BESIDE[0], fmin(tolerance, KINK_BESIDE[1]));
    const double wanted[KINK_NODES] = {KINK_MACH - beside, KINK_MACH, KINK_MACH + beside};
    size_t n = 0;
    if (KINK_MACH < from || KINK_MACH > to)
        return 0;
    for (int i = 0; i < KINK_NODES; i++)
        if (wanted[i] > from + beside / 2 && wanted[i] < to - beside / 2)
            node[n++] = wanted[i];
    return n;
}

static size_t nodes_of(const struct dmumu_cube_axis *axis, int id, size_t cell, size_t parts, double tolerance,
                       double node[static MOST_NEW])
{
    const double from = axis->values[cell], to = axis->values[cell + 1];
    const size_t n = id == DMUMU_AXIS_ALFVEN_MACH ? nodes_at_kink(from, to, tolerance, node) : 0;
    if (n > 0)
        return n;
    if ((to - from) / (double)parts < NARROWEST * fmax(fabs(from), fabs(to)))
        return 0;
    for (size_t part = 1; part < parts; part++)
        node[part - 1] = dmumu_refine_between(axis, from, to, (double)part / (double)parts);
    return parts - 1;
}

/* The share of an axis that a cell is. */
static double length_of(const struct dmumu_cube_axis *axis, size_t cell)
{
    const double first = axis->values[0], last = axis->values[axis->n - 1];
    const double from = axis->values[cell], to = axis->values[cell + 1];
    return axis->log_spaced ? log(to / from) / log(last / first) : (to - from) / (last - first);
}

/* Add the cells of one axis that are over a target. `narrow`: one could not be cut. */
static void list_axis(const struct dmumu_cube_axis *axis, int id, const struct dmumu_refine_cells *cells, double target,
                      double tolerance, struct cuts *cuts, bool *narrow)
{
    for (size_t cell = 0; cell < cells->n; cell++) {
        if (!(cells->worst[cell] > target))
            continue;
        const double over = ((double)cells->over[cell] + 0.5) / ((double)cells->points[cell] + 1.0);
        const size_t parts = over < 0.5 ? 2 : dmumu_refine_parts(cells->worst[cell], target);
        struct cut *cut = &cuts->cut[cuts->n];
        *cut = (struct cut){.axis = id, .cell = cell};
        cut->n = nodes_of(axis, id, cell, parts, tolerance, cut->node);
        if (cut->n == 0) {
            *narrow = true;
            continue;
        }
        cut->gain = over * length_of(axis, cell) / (double)cut->n;
        cuts->n++;
    }
}

/* ---- which of them ----------------------------------------------------------------------------------------------- */

static double values_of(const size_t n[static DMUMU_N_AXES])
{
    double values = 1.0;
    for (int id = 0; id < DMUMU_N_AXES; id++)
        values *= (double)n[id];
    return values;
}

/* By gain for the values that a node on this axis adds, the rest of the product; then as listed. */
static int by_worth(const void *a, const void *b)
{
    const struct cut *one = a, *other = b;
    if (one->gain != other->gain)
        return one->gain > other->gain ? -1 : 1;
    if (one->axis != other->axis)
        return one->axis < other->axis ? -1 : 1;
    return (one->cell > other->cell) - (one->cell < other->cell);
}

/* Keep those that fit, the worthiest first: the first within the most values, others within the growth of one round. */
static void keep_affordable(const struct dmumu_cube_axis axis[static DMUMU_N_AXES],
                            const struct dmumu_refine_goal *goal, struct cuts *cuts)
{
    size_t n[DMUMU_N_AXES], kept = 0;
    for (int id = 0; id < DMUMU_N_AXES; id++)
        n[id] = axis[id].n;
    const double grown = fmin(goal->most_values, values_of(n) * GROWTH[goal->share < 1.0]);
    for (size_t i = 0; i < cuts->n; i++)
        cuts->cut[i].gain *= (double)n[cuts->cut[i].axis];
    qsort(cuts->cut, cuts->n, sizeof *cuts->cut, by_worth);
    for (size_t i = 0; i < cuts->n; i++) {
        const struct cut cut = cuts->cut[i];
        n[cut.axis] += cut.n;
        if (values_of(n) <= (kept > 0 ? grown : goal->most_values))
            cuts->cut[kept++] = cut;
        else
            n[cut.axis] -= cut.n;
    }
    cuts->n = kept;
}

static int ascending(const void *a, const void *b)
{
    const double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

static enum dmumu_status make_axis(const struct dmumu_cube_axis *axis, int id, const struct cuts *cuts,
                                   struct dmumu_axis *finer, struct dmumu_error *error)
{
    size_t n = axis->n;
    for (size_t i = 0; i < cuts->n; i++)
        n += cuts->cut[i].axis == id ? cuts->cut[i].n : 0;
    *finer = (struct dmumu_axis){.n = axis->n, .values = malloc(n * sizeof *finer->values)};
    finer->log_spaced = axis->log_spaced;
    if (!finer->values)
        return out_of_memory(error);
    memcpy(finer->values, axis->values, axis->n * sizeof *finer->values);
    for (size_t i = 0; i < cuts->n; i++)
        for (size_t k = 0; cuts->cut[i].axis == id && k < cuts->cut[i].n; k++)
            finer->values[finer->n++] = cuts->cut[i].node[k];
    qsort(finer->values, finer->n, sizeof *finer->values, ascending);
    return DMUMU_OK;
}

static enum dmumu_status make_grid(const struct dmumu_cube_axis axis[static DMUMU_N_AXES], const struct cuts *cuts,
                                   struct dmumu_grid *finer, struct dmumu_error *error)
{
    struct dmumu_grid made = {0};
    enum dmumu_status status = DMUMU_OK;
    for (int id = 0; id < DMUMU_N_AXES && status == DMUMU_OK; id++)
        status = make_axis(&axis[id], id, cuts, &made.axis[id], error);
    if (status == DMUMU_OK)
        *finer = made;
    else
        dmumu_grid_free(&made);
    return status;
}

/* All cells over the first target of a falling row that has any. `narrow`: there are some, too narrow to be cut. */
static void list_cuts(const struct dmumu_cube_axis axis[static DMUMU_N_AXES], const struct dmumu_refine_errors *errors,
                      double tolerance, struct cuts *cuts, bool *narrow)
{
    double target = dmumu_refine_target(errors, tolerance);
    *narrow = false;
    for (int halving = 0; halving < HALVINGS && cuts->n == 0 && !*narrow; halving++, target /= 2)
        for (int id = DMUMU_AXIS_ALFVEN_MACH; id < DMUMU_N_AXES; id++)
            list_axis(&axis[id], id, &errors->axis[id], target, tolerance, cuts, narrow);
}

enum dmumu_status dmumu_refine_next(const struct dmumu_cube_axis axis[static DMUMU_N_AXES],
                                    const struct dmumu_refine_errors *errors, const struct dmumu_refine_goal *goal,
                                    struct dmumu_grid *finer, enum dmumu_refine_verdict *verdict,
                                    struct dmumu_error *error)
{
    *verdict = DMUMU_REFINE_ENOUGH;
    if (dmumu_refine_is_enough(errors, goal))
        return DMUMU_OK;
    size_t n_cells = 1;
    for (int id = 0; id < DMUMU_N_AXES; id++)
        n_cells += errors->axis[id].n;
    struct cuts cuts = {.cut = calloc(n_cells, sizeof *cuts.cut)};
    if (!cuts.cut)
        return out_of_memory(error);
    bool narrow = false;
    list_cuts(axis, errors, goal->tolerance, &cuts, &narrow);
    *verdict = cuts.n > 0 ? DMUMU_REFINE_TOO_MANY : DMUMU_REFINE_TOO_NARROW;
    keep_affordable(axis, goal, &cuts);
    enum dmumu_status status = DMUMU_OK;
    if (cuts.n > 0) {
        *verdict = DMUMU_REFINE_CUT;
        status = make_grid(axis, &cuts, finer, error);
    }
    free(cuts.cut);
    return status;
}
