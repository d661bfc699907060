/*
 * Look-up, cubic: the fast way. The cell's 4 x 4 x 4 rows of nodes along alfven_mach, beta and injection_scale become one
 * row of four rigidities, four numbers at a time, and the curve through these is the value. An axis on which the target
 * is at a node has one row instead of four.
 */
#include "cube/lookup_cubic.h"

#include "core/vector.h"
#include "cube/lookup.h"

#include <string.h>

enum { COLUMNS = 4, ROWS = 4, AHEAD = 3 }; /* memory is asked for three targets ahead */

/* Into each of the copies that DMUMU_VECTOR makes of its caller. */
#define INLINED static inline __attribute__((always_inline))

typedef double lanes __attribute__((vector_size(COLUMNS * sizeof(double))));
typedef int64_t bits __attribute__((vector_size(COLUMNS * sizeof(int64_t))));

/* How far the node `to` of an axis is from the node `from`, in values. */
static inline ptrdiff_t distance(const size_t offset[], size_t from, size_t to)
{
    return (ptrdiff_t)offset[to] - (ptrdiff_t)offset[from];
}

/* One of the three outer axes, as a target sees it. */
struct stage {
    int n;                  /* rows: 4, or 1 at a node */
    ptrdiff_t offset[ROWS]; /* of each row from the target's base, in values */
    struct dmumu_lookup_cubic cubic;
};

static inline struct stage stage_of(const struct dmumu_cube *cube, const struct dmumu_lookup_target *target, int axis)
{
    const struct dmumu_lookup_place *place = &target->place[axis];
    const size_t *offset = cube->offset[axis], here = place->cell;
    struct stage stage = {.n = 1};
    if (cube->axis[axis].n == 1 || place->t == 0.0) {
        return stage;
    }
    if (place->t == 1.0) {
        stage.offset[0] = distance(offset, here, here + 1);
        return stage;
    }
    const struct dmumu_lookup_cell *cell = &cube->axis[axis].cell[place->cell];
    stage.n = ROWS;
    stage.offset[0] = cell->starts ? 0 : distance(offset, here, here - 1);
    stage.offset[2] = distance(offset, here, here + 1);
    stage.offset[3] = cell->ends ? stage.offset[2] : distance(offset, here, here + 2);
    stage.cubic = dmumu_lookup_cubic_at(cell, place->t);
    return stage;
}

/* The four rigidities about a target's cell: those of its nodes, each the nearest where the axis has none. */
struct window {
    ptrdiff_t offset[COLUMNS]; /* from the target's base */
    bool in_a_row;             /* in memory */
};

static inline struct window window_of(const struct dmumu_cube *cube, const struct dmumu_lookup_target *target)
{
    const struct dmumu_lookup_place *place = &target->place[DMUMU_AXIS_RIGIDITY];
    const size_t *offset = cube->offset[DMUMU_AXIS_RIGIDITY], here = place->cell;
    struct window window = {.in_a_row = false};
    if (cube->axis[DMUMU_AXIS_RIGIDITY].n == 1) {
        return window;
    }
    const struct dmumu_lookup_cell *cell = &cube->axis[DMUMU_AXIS_RIGIDITY].cell[place->cell];
    window.offset[0] = cell->starts ? 0 : distance(offset, here, here - 1);
    window.offset[2] = distance(offset, here, here + 1);
    window.offset[3] = cell->ends ? window.offset[2] : distance(offset, here, here + 2);
    window.in_a_row = window.offset[3] - window.offset[0] == COLUMNS - 1;
    return window;
}

/* dmumu_lookup_limit, of four. */
INLINED void limit(lanes *slope, const lanes *own, const lanes *other)
{
    const bits sign = {INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN};
    const bits a = (bits)*own & ~sign, b = (bits)*other & ~sign, size = (bits)*slope & ~sign;
    const bits smaller = (bits)((lanes)a < (lanes)b);
    const lanes cap = 3.0 * (lanes)((a & smaller) | (b & ~smaller));
    const bits over = (bits)((lanes)size > cap);
    const bits turns = (bits)(*slope * *own <= 0.0) | (bits)(*other * *own <= 0.0);
    const bits most = (bits)cap | ((bits)*own & sign);
    *slope = (lanes)(((most & over) | ((bits)*slope & ~over)) & ~turns);
}

/* The cubic of one cell, of four. f: at the four nodes, `step` apart in memory. */
INLINED void hermite(const struct dmumu_lookup_cubic *cubic, const lanes *f, int step, lanes *value)
{
    const struct dmumu_lookup_cell *cell = cubic->cell;
    const lanes f1 = f[step], f2 = f[2 * step];
    const lanes s0 = (f1 - f[0]) * cell->inverse[0], s1 = (f2 - f1) * cell->inverse[1];
    const lanes s2 = (f[3 * step] - f2) * cell->inverse[2];
    lanes left = cell->left[0] * s0 + cell->left[1] * s1 + cell->left[2] * s2;
    lanes right = cell->right[0] * s0 + cell->right[1] * s1 + cell->right[2] * s2;
    limit(&left, &s1, cell->starts ? &s1 : &s0);
    limit(&right, &s1, cell->ends ? &s1 : &s2);
    *value = f1 + cubic->step * (f2 - f1) + (cubic->left * left - cubic->right * right);
}

/* The window's four numbers of one row. */
INLINED void load(const double *at, const struct window *window, lanes *four)
{
    if (window->in_a_row) {
        memcpy(four, at + window->offset[0], sizeof *four);
        return;
    }
    for (int i = 0; i < COLUMNS; i++) {
        (*four)[i] = at[window->offset[i]];
    }
}

/* One row of the four rigidities about the target's cell. */
INLINED void row_of(const struct dmumu_cube *cube, const struct dmumu_lookup_target *target,
                    const struct stage stage[static DMUMU_LOOKUP_N_OUTER], const struct window *window,
                    double row[static COLUMNS])
{
    const double *at = cube->ln_d + target->base;
    lanes plane[ROWS * ROWS], line[ROWS], value;
    for (int i = 0; i < stage[1].n; i++) {
        for (int k = 0; k < stage[2].n; k++) {
            lanes nodes[ROWS];
            for (int j = 0; j < stage[0].n; j++) {
                load(at + (stage[1].offset[i] + stage[2].offset[k] + stage[0].offset[j]), window, &nodes[j]);
            }
            if (stage[0].n == 1) {
                plane[i * ROWS + k] = nodes[0];
            } else {
                hermite(&stage[0].cubic, nodes, 1, &plane[i * ROWS + k]);
            }
        }
    }
    for (int k = 0; k < stage[2].n; k++) {
        if (stage[1].n == 1) {
            line[k] = plane[k];
        } else {
            hermite(&stage[1].cubic, plane + k, ROWS, &line[k]);
        }
    }
    if (stage[2].n == 1) {
        value = line[0];
    } else {
        hermite(&stage[2].cubic, line, 1, &value);
    }
    memcpy(row, &value, sizeof value);
}

/* Along the row. */
INLINED double along(const struct dmumu_lookup_axis *axis, const struct dmumu_lookup_place *place,
                     const double row[static COLUMNS])
{
    const bool at_node = axis->n == 1 || place->t == 0.0 || place->t == 1.0;
    const double node = place->t == 1.0 ? row[2] : row[1];
    if (at_node && place->side != DMUMU_LOOKUP_CONTINUED) {
        return node;
    }
    const struct dmumu_lookup_cell *cell = &axis->cell[place->cell];
    double s[3];
    dmumu_lookup_slopes(cell, row, s);
    const double left = dmumu_lookup_left(cell, s), right = dmumu_lookup_right(cell, s);
    if (place->side == DMUMU_LOOKUP_CONTINUED) {
        const double end = place->t == 1.0 ? axis->last : axis->first;
        return node + (place->t == 1.0 ? right : left) * (axis->in_log ? 1.0 : end) * place->beyond;
    }
    const struct dmumu_lookup_cubic cubic = dmumu_lookup_cubic_at(cell, place->t);
    return row[1] + cubic.step * (row[2] - row[1]) + (cubic.left * left - cubic.right * right);
}

/* Ask memory for all that a target needs. */
static void fetch(const struct dmumu_cube *cube, const struct dmumu_lookup_target *target)
{
    const double *at = cube->ln_d + target->base;
    const struct window window = window_of(cube, target);
    struct stage stage[DMUMU_LOOKUP_N_OUTER];
    for (int i = 0; i < DMUMU_LOOKUP_N_OUTER; i++) {
        stage[i] = stage_of(cube, target, DMUMU_AXIS_ALFVEN_MACH + i);
    }
    for (int i = 0; i < stage[0].n; i++) {
        for (int j = 0; j < stage[1].n; j++) {
            for (int k = 0; k < stage[2].n; k++) {
                const double *row = at + (stage[0].offset[i] + stage[1].offset[j] + stage[2].offset[k]);
                __builtin_prefetch(row + window.offset[0]);
                if (!window.in_a_row) { /* else, in bricks, in the same line of memory */
                    __builtin_prefetch(row + window.offset[3]);
                }
            }
        }
    }
}

DMUMU_VECTOR
void dmumu_lookup_cubic(const struct dmumu_cube *cube, size_t n, const struct dmumu_lookup_target target[],
                        double ln_d[])
{
    for (size_t i = 0; i < n && i < AHEAD; i++) {
        fetch(cube, &target[i]);
    }
    for (size_t i = 0; i < n; i++) {
        struct stage stage[DMUMU_LOOKUP_N_OUTER];
        const struct window window = window_of(cube, &target[i]);
        double row[COLUMNS];
        if (i + AHEAD < n) {
            fetch(cube, &target[i + AHEAD]);
        }
        for (int k = 0; k < DMUMU_LOOKUP_N_OUTER; k++) {
            stage[k] = stage_of(cube, &target[i], DMUMU_AXIS_ALFVEN_MACH + k);
        }
        row_of(cube, &target[i], stage, &window, row);
        ln_d[i] = along(&cube->axis[DMUMU_AXIS_RIGIDITY], &target[i].place[DMUMU_AXIS_RIGIDITY], row);
    }
}
