/*
 * Look-up, multilinear: the fast way. Sixteen corners, eight pairs that are neighbours in memory: beta by beta, all is
 * a + t (b - a).
 */
#include "cube/lookup.h"

/* Where each of a target's eight pairs begins; bit 2: alfven_mach, bit 1: beta, bit 0: injection_scale. */
static inline const double *pair_of(const struct dmumu_cube *cube, const struct dmumu_lookup_target *target, int i)
{
    const double *pair = cube->ln_d + target->base;
    pair += i & 4 ? target->step[DMUMU_AXIS_ALFVEN_MACH] : 0;
    pair += i & 2 ? target->step[DMUMU_AXIS_BETA] : 0;
    return pair + (i & 1 ? target->step[DMUMU_AXIS_INJECTION_SCALE] : 0);
}

void dmumu_lookup_linear_fetch(const struct dmumu_cube *cube, const struct dmumu_lookup_target *target)
{
    for (int i = 0; i < 8; i++) {
        __builtin_prefetch(pair_of(cube, target, i));
    }
}

static double one(const struct dmumu_cube *cube, const struct dmumu_lookup_target *target)
{
    const struct dmumu_lookup_place *place = target->place;
    const size_t next = target->step[DMUMU_AXIS_RIGIDITY];
    const double t_mach = place[DMUMU_AXIS_ALFVEN_MACH].t, t_beta = place[DMUMU_AXIS_BETA].t;
    const double t_scale = place[DMUMU_AXIS_INJECTION_SCALE].t, t_rigidity = place[DMUMU_AXIS_RIGIDITY].t;
    double low[8], high[8];
    for (int i = 0; i < 8; i++) {
        const double *pair = pair_of(cube, target, i);
        low[i] = pair[0];
        high[i] = pair[next];
    }
    for (int i = 0; i < 4; i++) {
        low[i] += t_mach * (low[i + 4] - low[i]);
        high[i] += t_mach * (high[i + 4] - high[i]);
    }
    for (int i = 0; i < 2; i++) {
        low[i] += t_beta * (low[i + 2] - low[i]);
        high[i] += t_beta * (high[i + 2] - high[i]);
    }
    low[0] += t_scale * (low[1] - low[0]);
    high[0] += t_scale * (high[1] - high[0]);
    const double value = low[0] + t_rigidity * (high[0] - low[0]);
    if (place[DMUMU_AXIS_RIGIDITY].side != DMUMU_LOOKUP_CONTINUED) {
        return value;
    }
    const struct dmumu_lookup_axis *axis = &cube->axis[DMUMU_AXIS_RIGIDITY];
    const double end = t_rigidity > 0.0 ? axis->last : axis->first;
    const double slope = (high[0] - low[0]) * axis->cell[place[DMUMU_AXIS_RIGIDITY].cell].inverse[1];
    return value + slope * (axis->in_log ? 1.0 : end) * place[DMUMU_AXIS_RIGIDITY].beyond;
}

void dmumu_lookup_linear(const struct dmumu_cube *cube, size_t n, const struct dmumu_lookup_target target[],
                         double ln_d[])
{
    for (size_t i = 0; i < n; i++) {
        ln_d[i] = one(cube, &target[i]);
    }
}
