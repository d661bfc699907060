/* Sharp angles: see sharp_angles.h. */
#include "core/sharp_angles.h"

#include "core/damping.h"

#include <math.h>

double dmumu_sharp_ln_x_par_max(const struct dmumu_state *state, double ln_tangent)
{
    const struct dmumu_angle angle = dmumu_angle_of_tangent(exp(ln_tangent));
    return dmumu_damping_ln_x_max(state, angle) + log(angle.cosine);
}

static void add(const struct dmumu_state *state, double ln_tangent, struct dmumu_sharp_angles *angles)
{
    if (angles->n < DMUMU_SHARP_MOST) {
        angles->ln_tangent[angles->n] = ln_tangent;
        angles->ln_x_par_max[angles->n++] = dmumu_sharp_ln_x_par_max(state, ln_tangent);
    }
}

/* The extremum between two directions, sign 1: maximum, -1: minimum; by golden section, as far as values tell. */
static double extremum(const struct dmumu_state *state, double low, double high, double sign)
{
    const double ratio = 0.6180339887498949;
    for (int i = 0; i < 40; i++) {
        const double a = high - ratio * (high - low);
        const double b = low + ratio * (high - low);
        if (sign * dmumu_sharp_ln_x_par_max(state, a) > sign * dmumu_sharp_ln_x_par_max(state, b)) {
            high = b;
        } else {
            low = a;
        }
    }
    return 0.5 * (low + high);
}

/* Between two ends without a kink between. Features are at least a cell wide, as they are to damping.c. */
static void add_turning_points(const struct dmumu_state *state, double low, double high,
                               struct dmumu_sharp_angles *angles)
{
    const int cells = 16 + (int)(24.0 * (high - low));
    const double step = (high - low) / cells;
    double before = dmumu_sharp_ln_x_par_max(state, low);
    double at = dmumu_sharp_ln_x_par_max(state, low + step);
    for (int i = 2; i <= cells; i++) {
        const double next = dmumu_sharp_ln_x_par_max(state, i == cells ? high : low + i * step);
        if ((at > before && at >= next) || (at < before && at <= next)) {
            add(state, extremum(state, low + (i - 2) * step, low + i * step, at > before ? 1.0 : -1.0), angles);
        }
        before = at;
        at = next;
    }
}

struct dmumu_sharp_angles dmumu_sharp_angles_find(const struct dmumu_state *state, const struct dmumu_angle_ends *ends)
{
    struct dmumu_sharp_angles angles = {.n = 0};
    for (size_t i = 0; i < ends->n; i++) {
        add(state, ends->ln_tangent[i], &angles);
        if (i + 1 < ends->n && ends->ln_tangent[i + 1] > ends->ln_tangent[i]) {
            add_turning_points(state, ends->ln_tangent[i], ends->ln_tangent[i + 1], &angles);
        }
    }
    return angles;
}
