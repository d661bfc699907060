/*
 * Look-up, the cubic of one cell, for a number; lookup_cubic.c has the same for four at once.
 *
 * Value  f_1 + t^2 (3 - 2t) (f_2 - f_1) + h t (1 - t) ((1 - t) m_1 - t m_2), f_1 and f_2 at the ends of the cell of length
 *        h, m_1 and m_2 the slopes there.
 * Slope  that of the parabola through a node and its neighbours, limited: 0 where the data turn, at most three times the
 *        smaller one next to it (de Boor & Swartz 1977, J. Approx. Theory 21, 411).
 */
#ifndef DMUMU_CUBE_LOOKUP_CUBIC_H
#define DMUMU_CUBE_LOOKUP_CUBIC_H

#include "cube/lookup_axis.h"

#include <math.h>

/** What a place makes of its cell: weights of f_2 - f_1, m_1 and m_2. */
struct dmumu_lookup_cubic {
    const struct dmumu_lookup_cell *cell;
    double step, left, right;
};

static inline struct dmumu_lookup_cubic dmumu_lookup_cubic_at(const struct dmumu_lookup_cell *cell, double t)
{
    const double rest = 1.0 - t, bow = cell->length * (t * rest);
    return (struct dmumu_lookup_cubic){
        .cell = cell, .step = t * t * (3.0 - 2.0 * t), .left = bow * rest, .right = bow * t};
}

/** The slopes of the three intervals of a cell; those without a node at the other end are of no use. */
static inline void dmumu_lookup_slopes(const struct dmumu_lookup_cell *cell, const double f[static 4],
                                       double s[static 3])
{
    for (int i = 0; i < 3; i++) {
        s[i] = (f[i + 1] - f[i]) * cell->inverse[i];
    }
}

/** A slope limited by that of the cell, `own`, and that on the other side, which is `own` again where there is none. */
static inline double dmumu_lookup_limit(double plain, double own, double other)
{
    const double a = fabs(own), b = fabs(other), cap = 3.0 * (a < b ? a : b);
    if (plain * own <= 0.0 || other * own <= 0.0) {
        return 0.0;
    }
    return fabs(plain) > cap ? copysign(cap, own) : plain;
}

/** m_1 and m_2. */
static inline double dmumu_lookup_left(const struct dmumu_lookup_cell *cell, const double s[static 3])
{
    const double plain = cell->left[0] * s[0] + cell->left[1] * s[1] + cell->left[2] * s[2];
    return dmumu_lookup_limit(plain, s[1], cell->starts ? s[1] : s[0]);
}

static inline double dmumu_lookup_right(const struct dmumu_lookup_cell *cell, const double s[static 3])
{
    const double plain = cell->right[0] * s[0] + cell->right[1] * s[1] + cell->right[2] * s[2];
    return dmumu_lookup_limit(plain, s[1], cell->ends ? s[1] : s[2]);
}

#endif
