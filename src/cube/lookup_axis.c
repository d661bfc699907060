/* Look-up, an axis: prepare it, and place values on it. */
#include "cube/lookup_axis.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>

static const double rounding = 1e-12; /* relative: nearer to the end than this is at the end */

/* Count nodes into buckets. The bucket never falls with u, so nodes of lower buckets are at lower u, whatever rounds. */
static void fill_buckets(struct dmumu_lookup_axis *axis)
{
    const double span = axis->node[axis->n - 1].u - axis->node[0].u;
    axis->bucket_scale = axis->n > 1 && span > 0.0 ? (double)(axis->n - 1) / span : 0.0;
    for (size_t i = 0; i < axis->n; i++) {
        axis->before[dmumu_lookup_bucket(axis, axis->node[i].u) + 1]++;
    }
    for (size_t i = 0; i < axis->n; i++) {
        axis->before[i + 1] += axis->before[i];
    }
}

/* Weights of the slope at an end of a cell: `own` is its interval, `other` the one on the same side, `far` the third. */
static void end_weights(bool at_end, double own, double other, double far, double *w_own, double *w_other,
                        double *w_far)
{
    *w_own = 1.0;
    *w_other = *w_far = 0.0;
    if (!at_end) {
        *w_own = other / (own + other);
        *w_other = own / (own + other);
    } else if (far > 0.0) { /* one-sided: the parabola through this cell and the next */
        *w_own = 1.0 + own / (own + far);
        *w_far = -own / (own + far);
    }
}

static struct dmumu_lookup_cell cell_of(const double interval[static 3])
{
    struct dmumu_lookup_cell cell = {
        .length = interval[1], .starts = !(interval[0] > 0.0), .ends = !(interval[2] > 0.0)};
    for (int i = 0; i < 3; i++) {
        cell.inverse[i] = interval[i] > 0.0 ? 1.0 / interval[i] : 0.0;
    }
    end_weights(cell.starts, interval[1], interval[0], interval[2], &cell.left[1], &cell.left[0], &cell.left[2]);
    end_weights(cell.ends, interval[1], interval[2], interval[0], &cell.right[1], &cell.right[2], &cell.right[0]);
    return cell;
}

struct dmumu_lookup_cell dmumu_lookup_cell_cut(const struct dmumu_lookup_cell *cell, bool starts, bool ends)
{
    const bool cut[3] = {cell->starts || starts, false, cell->ends || ends};
    double interval[3] = {0.0, cell->length, 0.0};
    for (int i = 0; i < 3; i += 2) {
        interval[i] = cut[i] ? 0.0 : 1.0 / cell->inverse[i];
    }
    return cell_of(interval);
}

static void fill_cells(struct dmumu_lookup_axis *axis)
{
    const struct dmumu_lookup_node *node = axis->node;
    for (size_t i = 0; i + 1 < axis->n; i++) {
        const double interval[3] = {i > 0 ? node[i].u - node[i - 1].u : 0.0, node[i + 1].u - node[i].u,
                                    i + 2 < axis->n ? node[i + 2].u - node[i + 1].u : 0.0};
        axis->cell[i] = cell_of(interval);
        axis->node[i].inverse = axis->cell[i].inverse[1];
    }
}

enum dmumu_status dmumu_lookup_axis_new(enum dmumu_axis_id id, const struct dmumu_cube_axis *values,
                                        struct dmumu_lookup_axis *axis, struct dmumu_error *error)
{
    const size_t n = values->n;
    *axis = (struct dmumu_lookup_axis){.n = n,
                                       .in_log = values->log_spaced,
                                       .first = values->values[0],
                                       .last = values->values[n - 1],
                                       .node = calloc(n, sizeof(struct dmumu_lookup_node)),
                                       .before = calloc(n + 1, sizeof(uint32_t)),
                                       .cell = calloc(n, sizeof(struct dmumu_lookup_cell))};
    if (axis->node == NULL || axis->before == NULL || axis->cell == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for axis %s", dmumu_axis_name(id));
    }
    if (axis->in_log && !(axis->first > 0.0)) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE,
                               "not a cube to look up: axis %s is logarithmic, and begins at %g", dmumu_axis_name(id),
                               axis->first);
    }
    for (size_t i = 0; i < n; i++) {
        axis->node[i].u = axis->in_log ? log(values->values[i]) : values->values[i];
        if (i > 0 && !isnormal(1.0 / (axis->node[i].u - axis->node[i - 1].u))) {
            return dmumu_error_set(error, DMUMU_ERROR_FILE,
                                   "not a cube to look up: axis %s: %.17g and %.17g are too near or too far apart",
                                   dmumu_axis_name(id), values->values[i - 1], values->values[i]);
        }
    }
    if (!isfinite(axis->node[n - 1].u - axis->node[0].u)) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "not a cube to look up: axis %s is too long",
                               dmumu_axis_name(id));
    }
    fill_buckets(axis);
    fill_cells(axis);
    return DMUMU_OK;
}

void dmumu_lookup_axis_free(struct dmumu_lookup_axis *axis)
{
    free(axis->node);
    free(axis->before);
    free(axis->cell);
    *axis = (struct dmumu_lookup_axis){.n = 0};
}

/* The place of the first or the last node. */
static struct dmumu_lookup_place end_of(const struct dmumu_lookup_axis *axis, bool last, enum dmumu_lookup_side side)
{
    struct dmumu_lookup_place place = {.side = side};
    if (last && axis->n > 1) {
        place.cell = axis->n - 2;
        place.t = 1.0;
    }
    return place;
}

struct dmumu_lookup_place dmumu_lookup_place_end(const struct dmumu_lookup_axis *axis, enum dmumu_outside outside,
                                                 double value)
{
    const bool last = value >= axis->last;
    const double end = last ? axis->last : axis->first;
    struct dmumu_lookup_place place = end_of(axis, last, DMUMU_LOOKUP_OUTSIDE);
    if (value == end || fabs(value - end) <= rounding * fabs(end)) {
        place.side = DMUMU_LOOKUP_INSIDE;
    } else if (outside == DMUMU_OUTSIDE_CLAMP && !isnan(value)) {
        place.side = DMUMU_LOOKUP_CLAMPED;
    } else if (outside == DMUMU_OUTSIDE_POWER_LAW && value > 0.0 && isfinite(value) && end > 0.0) {
        place.side = DMUMU_LOOKUP_CONTINUED;
        place.beyond = log(value / end);
    }
    return place;
}
