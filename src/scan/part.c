/* Part: halving a grid (see part.h). Pure. */
#include "scan/part.h"

#include "core/error.h"

#include <stdlib.h>
#include <string.h>

enum { N_CURVE_AXES = DMUMU_AXIS_RIGIDITY };

/* Intervals of the curves' axes: what is left of the grid while it is halved. */
struct box {
    size_t first[N_CURVE_AXES], n[N_CURVE_AXES];
};

bool dmumu_part_parse(const char *text, struct dmumu_part *part)
{
    char *end = NULL;
    /* strtoull would take a sign and blanks */
    if (text[0] < '0' || text[0] > '9')
        return false;
    const unsigned long long number = strtoull(text, &end, 10);
    if (*end != '/' || end[1] < '0' || end[1] > '9')
        return false;
    const unsigned long long count = strtoull(end + 1, &end, 10);
    if (*end || number < 1 || number > count || count > 1000000000)
        return false;
    *part = (struct dmumu_part){(size_t)number, (size_t)count};
    return true;
}

static size_t curves_of(const struct box *box)
{
    size_t n = 1;
    for (int axis = 0; axis < N_CURVE_AXES; ++axis)
        n *= box->n[axis];
    return n;
}

static size_t clamp(size_t value, size_t low, size_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* A box in two: `lower` intervals of an axis for so many of the parts, the rest for the others. */
struct halving {
    int axis;
    size_t lower, parts;
    double largest; /* curves of a part, the mean in the half where that is larger */
};

/* In IEEE arithmetic without sums: the same on every machine, as the tasks of an array may not share one. */
static void try_halving(const struct box *box, size_t count, struct halving halving, struct halving *best)
{
    const size_t n = box->n[halving.axis], rest = curves_of(box) / n;
    const size_t curves = halving.lower * rest, others = (n - halving.lower) * rest;
    if (halving.parts > curves || count - halving.parts > others)
        return;
    const double a = (double)curves / (double)halving.parts, b = (double)others / (double)(count - halving.parts);
    halving.largest = a > b ? a : b;
    const size_t half = count / 2;
    const size_t off = halving.parts > half ? halving.parts - half : half - halving.parts;
    const size_t best_off = best->parts > half ? best->parts - half : half - best->parts;
    if (best->parts == 0 || halving.largest < best->largest || (halving.largest == best->largest && off < best_off))
        *best = halving;
}

static void try_axis(const struct box *box, size_t count, int axis, struct halving *best)
{
    for (size_t lower = 1; lower < box->n[axis]; ++lower) {
        const size_t share = count * lower / box->n[axis];
        for (size_t parts = share; parts <= share + 1; ++parts)
            try_halving(box, count, (struct halving){axis, lower, clamp(parts, 1, count - 1), 0.0}, best);
    }
}

static struct halving choose_halving(const struct box *box, size_t count)
{
    struct halving best = {.parts = 0};
    try_axis(box, count, DMUMU_AXIS_ALFVEN_MACH, &best);
    try_axis(box, count, DMUMU_AXIS_BETA, &best);
    if (best.parts == 0)
        try_axis(box, count, DMUMU_AXIS_REGION, &best);
    if (best.parts == 0)
        try_axis(box, count, DMUMU_AXIS_INJECTION_SCALE, &best);
    return best;
}

/* Part `number` (from 0) of `count` of a box that has as many curves at least. */
static struct box cut(struct box box, size_t number, size_t count)
{
    while (count > 1) {
        const struct halving halving = choose_halving(&box, count);
        if (number < halving.parts) {
            box.n[halving.axis] = halving.lower;
            count = halving.parts;
        } else {
            box.first[halving.axis] += halving.lower;
            box.n[halving.axis] -= halving.lower;
            number -= halving.parts;
            count -= halving.parts;
        }
    }
    return box;
}

enum dmumu_status dmumu_part_cut(struct dmumu_grid *grid, struct dmumu_part part, struct dmumu_error *error)
{
    struct box box = {.first = {0}};
    const size_t curves = dmumu_grid_n_curves(grid);
    if (part.count > curves)
        return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                               "--part %zu/%zu: the grid has only %zu curves; at most so many parts can be made of it",
                               part.number, part.count, curves);
    for (int axis = 0; axis < N_CURVE_AXES; ++axis)
        box.n[axis] = grid->axis[axis].n;
    box = cut(box, part.number - 1, part.count);
    for (int axis = 0; axis < N_CURVE_AXES; ++axis) {
        double *values = grid->axis[axis].values;
        memmove(values, values + box.first[axis], box.n[axis] * sizeof *values);
        grid->axis[axis].n = box.n[axis];
    }
    return DMUMU_OK;
}
