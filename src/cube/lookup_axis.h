/*
 * Look-up, an axis: where a value lies between the nodes.
 *
 * An axis is prepared once: its coordinate u (ln x where axis_scale is "log", x where it is linear) at each node, what a
 * cubic needs of every cell, and a table of as many equal buckets as there are nodes that says between which nodes those
 * of a bucket lie. Placing a value is then a logarithm, a bucket and on an even axis one comparison.
 *
 * A value that is a node's, to the bit, is placed at its node: t is 0 or 1 exactly.
 */
#ifndef DMUMU_CUBE_LOOKUP_AXIS_H
#define DMUMU_CUBE_LOOKUP_AXIS_H

#include "dmumu.h"

#include <math.h>

/**
 * The cubic of one cell [u_1, u_2], between nodes u_0 and u_3. With s_0, s_1, s_2 the slopes of the three intervals, the
 * slope at node 1 before it is limited is left[0] s_0 + left[1] s_1 + left[2] s_2, that at node 2 with right[] likewise.
 */
struct dmumu_lookup_cell {
    double length;            /* u_2 - u_1 */
    double inverse[3];        /* 1 / length of each interval; 0 for one that is not there */
    double left[3], right[3]; /* weights of s_0, s_1, s_2 */
    bool starts, ends;        /* no node 0; no node 3 */
};

/** A node, and what a linear interpolation needs of the cell above it. */
struct dmumu_lookup_node {
    double u;
    double inverse; /* 1 / (u of the next node - u); 0 at the last */
};

/** One axis but region. */
struct dmumu_lookup_axis {
    size_t n;
    bool in_log;
    double first, last;             /* as the cube has them */
    double bucket_scale;            /* buckets per unit of u; 0: one node */
    struct dmumu_lookup_node *node; /* [n] owned */
    uint32_t *before;               /* [n + 1] owned: nodes in the buckets before each; the last is n */
    struct dmumu_lookup_cell *cell; /* [n] owned; n - 1 are used */
};

enum dmumu_lookup_side {
    DMUMU_LOOKUP_INSIDE,
    DMUMU_LOOKUP_CLAMPED,
    DMUMU_LOOKUP_CONTINUED, /* by a power law */
    DMUMU_LOOKUP_OUTSIDE
};

/** Where a value lies. */
struct dmumu_lookup_place {
    size_t cell;   /* 0 .. n - 2, or 0: its nodes are cell and cell + 1 */
    double t;      /* 0 .. 1 from the one to the other */
    double beyond; /* ln(x / end of the axis), of a value that is continued; else 0 */
    enum dmumu_lookup_side side;
};

/**
 * Prepare an axis.
 * @param[out] axis  to be freed with dmumu_lookup_axis_free, on error too
 * @return DMUMU_OK; DMUMU_ERROR_FILE: a logarithmic axis that is not positive; DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_lookup_axis_new(enum dmumu_axis_id id, const struct dmumu_cube_axis *values,
                                        struct dmumu_lookup_axis *axis, struct dmumu_error *error);
void dmumu_lookup_axis_free(struct dmumu_lookup_axis *axis);
/** The cell with a neighbour less: as if the axis started or ended there. */
struct dmumu_lookup_cell dmumu_lookup_cell_cut(const struct dmumu_lookup_cell *cell, bool starts, bool ends);
/** Place a value that is below the first node, at or above the last one, or NaN. Thread-safe. */
struct dmumu_lookup_place dmumu_lookup_place_end(const struct dmumu_lookup_axis *axis, enum dmumu_outside outside,
                                                 double value);

static inline size_t dmumu_lookup_bucket(const struct dmumu_lookup_axis *axis, double u)
{
    const double bucket = (u - axis->node[0].u) * axis->bucket_scale;
    return bucket < (double)(axis->n - 1) ? (size_t)bucket : axis->n - 1;
}

/** Place a value, whatever it is. Thread-safe. */
static inline void dmumu_lookup_place(const struct dmumu_lookup_axis *axis, enum dmumu_outside outside, double value,
                                      struct dmumu_lookup_place *place)
{
    if (!(value >= axis->first && value < axis->last)) {
        *place = dmumu_lookup_place_end(axis, outside, value);
        return;
    }
    const double u = axis->in_log ? log(value) : value;
    const size_t bucket = dmumu_lookup_bucket(axis, u);
    size_t low = axis->before[bucket], high = axis->before[bucket + 1];
    low -= low > 0;
    while (high - low > 1) { /* node `low` is not above u, node `high` is, or is behind the end */
        const size_t middle = low + (high - low) / 2;
        const bool above = axis->node[middle].u > u;
        high = above ? middle : high;
        low = above ? low : middle;
    }
    low = low < axis->n - 2 ? low : axis->n - 2;
    const double t = (u - axis->node[low].u) * axis->node[low].inverse;
    place->cell = low;
    place->t = t < 1.0 ? t : 1.0;
    place->beyond = 0.0;
    place->side = DMUMU_LOOKUP_INSIDE;
}

#endif
