/*
 * Look-up, the general way: with derivatives, and with an eye on every NaN. Where the target is at a node of an axis, that
 * node alone counts; else both ends of the cell do; a neighbour of the cell that is NaN is as if the axis ended there.
 */
#include "cube/lookup.h"
#include "cube/lookup_cubic.h"

enum { NODES = 4 };

typedef struct dmumu_lookup_jet jet; /* within this file: it is in every line */

static const jet no_jet = {.value = NAN, .slope = {NAN, NAN, NAN, NAN}};

/* a x + b y, value and slopes. */
static jet combine(double a, const jet *x, double b, const jet *y)
{
    jet sum = {.value = a * x->value + b * y->value};
    for (int i = 0; i < DMUMU_N_GRADIENT; i++) {
        sum.slope[i] = a * x->slope[i] + b * y->slope[i];
    }
    return sum;
}

/* The slopes of the three intervals of a cell, and how they change along the other axes. */
static void intervals(const struct dmumu_lookup_cell *cell, const jet f[static NODES], jet s[static NODES - 1])
{
    for (int i = 0; i < NODES - 1; i++) {
        s[i] = combine(cell->inverse[i], &f[i + 1], -cell->inverse[i], &f[i]);
    }
}

/* dmumu_lookup_limit, with derivatives. */
static jet limit(const jet *plain, const jet *own, const jet *other)
{
    const double value = dmumu_lookup_limit(plain->value, own->value, other->value);
    if (value == plain->value || isnan(value)) {
        return *plain;
    }
    if (value == 0.0) {
        return (jet){.value = 0.0};
    }
    const jet *smaller = fabs(own->value) < fabs(other->value) ? own : other;
    return combine(3.0, smaller, 0.0, smaller);
}

static jet weigh(const double weight[static 3], const jet s[static 3])
{
    const jet two = combine(weight[0], &s[0], weight[1], &s[1]);
    return combine(1.0, &two, weight[2], &s[2]);
}

static jet slope_left(const struct dmumu_lookup_cell *cell, const jet s[static 3])
{
    const jet plain = weigh(cell->left, s);
    return limit(&plain, &s[1], cell->starts ? &s[1] : &s[0]);
}

static jet slope_right(const struct dmumu_lookup_cell *cell, const jet s[static 3])
{
    const jet plain = weigh(cell->right, s);
    return limit(&plain, &s[1], cell->ends ? &s[1] : &s[2]);
}

/*
 * The cell as its nodes allow: nodes that are NaN or not there are cut off, and take the value of their neighbour, which
 * counts nothing.
 */
static struct dmumu_lookup_cell cut(const struct dmumu_lookup_cell *cell, jet f[static NODES])
{
    const bool starts = cell->starts || isnan(f[0].value), ends = cell->ends || isnan(f[3].value);
    f[0] = starts ? f[1] : f[0];
    f[3] = ends ? f[2] : f[3];
    return starts == cell->starts && ends == cell->ends ? *cell : dmumu_lookup_cell_cut(cell, starts, ends);
}

/* Between the ends of a cell that are both numbers. `own`: the axis, among those of the gradient. */
static jet inside(bool cubic, const struct dmumu_lookup_cell *whole, double t, jet f[static NODES], int own)
{
    const struct dmumu_lookup_cell cell = cut(whole, f);
    jet s[NODES - 1];
    intervals(&cell, f, s);
    if (!cubic) {
        jet value = combine(1.0 - t, &f[1], t, &f[2]);
        value.slope[own] = s[1].value;
        return value;
    }
    const struct dmumu_lookup_cubic at = dmumu_lookup_cubic_at(&cell, t);
    const jet left = slope_left(&cell, s), right = slope_right(&cell, s);
    const jet straight = combine(1.0 - at.step, &f[1], at.step, &f[2]);
    const jet bow = combine(at.left, &left, -at.right, &right);
    jet value = combine(1.0, &straight, 1.0, &bow);
    value.slope[own] =
        6.0 * t * (1.0 - t) * s[1].value + (1.0 - t) * (1.0 - 3.0 * t) * left.value - t * (2.0 - 3.0 * t) * right.value;
    return value;
}

/*
 * The slope at node 1 of a cell or, `last`, at node 2; of the cell on the one side, or where that is NaN on the other, of
 * which the far node is not known.
 */
static jet slope_at(bool cubic, const struct dmumu_lookup_cell *whole, bool last, const jet nodes[static NODES])
{
    jet f[NODES] = {nodes[0], nodes[1], nodes[2], nodes[3]}, s[NODES - 1];
    const int far = last ? 1 : 2, behind = last ? 3 : 0;
    if (isnan(f[far].value)) {
        const bool is_there = last ? !whole->ends : !whole->starts;
        intervals(whole, f, s);
        return is_there && !isnan(f[behind].value) ? s[last ? 2 : 0] : no_jet;
    }
    const struct dmumu_lookup_cell cell = cut(whole, f);
    intervals(&cell, f, s);
    if (!cubic) {
        return s[1];
    }
    return last ? slope_right(&cell, s) : slope_left(&cell, s);
}

/* From the four nodes of an axis to the place between them. */
static jet reduce(const struct dmumu_cube *cube, int id, const struct dmumu_lookup_place *place,
                  const jet nodes[static NODES])
{
    const bool cubic = cube->options.interpolation == DMUMU_INTERPOLATION_CUBIC;
    const struct dmumu_lookup_axis *axis = &cube->axis[id];
    const int own = id - DMUMU_AXIS_ALFVEN_MACH;
    jet value = nodes[1];
    if (axis->n == 1) {
        value.slope[own] = place->side == DMUMU_LOOKUP_CLAMPED ? 0.0 : NAN;
        return value;
    }
    const struct dmumu_lookup_cell *cell = &axis->cell[place->cell];
    const bool last = place->t == 1.0;
    if (place->t != 0.0 && !last) {
        jet f[NODES] = {nodes[0], nodes[1], nodes[2], nodes[3]};
        return isnan(f[1].value) || isnan(f[2].value) ? no_jet : inside(cubic, cell, place->t, f, own);
    }
    value = last ? nodes[2] : nodes[1];
    jet slope = slope_at(cubic, cell, last, nodes);
    if (place->side == DMUMU_LOOKUP_CONTINUED) {
        const double scale = axis->in_log ? 1.0 : last ? axis->last : axis->first;
        slope = combine(scale, &slope, 0.0, &slope);
        value = combine(1.0, &value, place->beyond, &slope);
    }
    value.slope[own] = place->side == DMUMU_LOOKUP_CLAMPED ? 0.0 : slope.value;
    return value;
}

/* Where the nodes of the target's cells lie, of each axis those that are there and wanted. */
struct nodes {
    bool is_there[DMUMU_N_GRADIENT][NODES];
    size_t offset[DMUMU_N_GRADIENT][NODES]; /* from the target's base; wraps round below it */
};

/* Is node k of the cell of any use? Between its ends, a multilinear look-up needs these alone. */
static bool is_wanted(const struct dmumu_cube *cube, const struct dmumu_lookup_place *place, size_t k)
{
    const bool between = place->t != 0.0 && place->t != 1.0;
    return cube->options.interpolation == DMUMU_INTERPOLATION_CUBIC || !between || k == 1 || k == 2;
}

static struct nodes nodes_of(const struct dmumu_cube *cube, const struct dmumu_lookup_target *target)
{
    struct nodes nodes = {.is_there = {{false}}};
    for (int i = 0; i < DMUMU_N_GRADIENT; i++) {
        const int id = DMUMU_AXIS_ALFVEN_MACH + i;
        const size_t cell = target->place[id].cell;
        for (size_t k = 0; k < NODES; k++) {
            nodes.is_there[i][k] =
                cell + k >= 1 && cell + k - 1 < cube->axis[id].n && is_wanted(cube, &target->place[id], k);
            if (nodes.is_there[i][k]) {
                nodes.offset[i][k] = cube->offset[id][cell + k - 1] - cube->offset[id][cell];
            }
        }
    }
    return nodes;
}

struct dmumu_lookup_jet dmumu_lookup_general(const struct dmumu_cube *cube, const struct dmumu_lookup_target *target)
{
    const struct nodes nodes = nodes_of(cube, target);
    const struct dmumu_lookup_place *place = target->place;
    jet f[DMUMU_N_GRADIENT][NODES];
    for (int r = 0; r < NODES; r++) {
        f[3][r] = no_jet;
        for (int l = 0; nodes.is_there[3][r] && l < NODES; l++) {
            f[2][l] = no_jet;
            for (int b = 0; nodes.is_there[2][l] && b < NODES; b++) {
                f[1][b] = no_jet;
                for (int m = 0; nodes.is_there[1][b] && m < NODES; m++) {
                    f[0][m] = no_jet;
                    if (nodes.is_there[0][m]) {
                        const size_t offset =
                            nodes.offset[0][m] + nodes.offset[1][b] + nodes.offset[2][l] + nodes.offset[3][r];
                        f[0][m] = (jet){.value = cube->ln_d[target->base + offset]};
                    }
                }
                if (nodes.is_there[1][b]) {
                    f[1][b] = reduce(cube, DMUMU_AXIS_ALFVEN_MACH, &place[DMUMU_AXIS_ALFVEN_MACH], f[0]);
                }
            }
            if (nodes.is_there[2][l]) {
                f[2][l] = reduce(cube, DMUMU_AXIS_BETA, &place[DMUMU_AXIS_BETA], f[1]);
            }
        }
        if (nodes.is_there[3][r]) {
            f[3][r] = reduce(cube, DMUMU_AXIS_INJECTION_SCALE, &place[DMUMU_AXIS_INJECTION_SCALE], f[2]);
        }
    }
    return reduce(cube, DMUMU_AXIS_RIGIDITY, &place[DMUMU_AXIS_RIGIDITY], f[3]);
}
