/*
 * Local slopes d ln D/d ln R of tabulated curves: the slope of the parabola through a point and its neighbours. Where a
 * neighbour is missing (an end, or no value), through two on the other side; a straight line where there is but one.
 * Exact for power laws. Of a curve over a reference it is the difference of the two slopes, since it is linear in ln D.
 */
#include "dmumu.h"

#include <math.h>

/* What the slopes of one curve are made of. */
struct table {
    size_t n;
    const double *rigidity_gv, *ln_d;
};

static bool has_value(const struct table *table, size_t i)
{
    return i < table->n && isfinite(table->ln_d[i]);
}

static double secant(const struct table *table, size_t i, size_t j)
{
    return (table->ln_d[j] - table->ln_d[i]) / log(table->rigidity_gv[j] / table->rigidity_gv[i]);
}

/* Of the parabola through i, j and k, at i. */
static double parabola(const struct table *table, size_t i, size_t j, size_t k)
{
    return secant(table, i, j) + secant(table, i, k) - secant(table, j, k);
}

/* From the values at i and on one side of it, next and the one behind; NaN where next has none. */
static double one_sided(const struct table *table, size_t i, size_t next, size_t behind)
{
    if (!has_value(table, next)) {
        return (double)NAN;
    }
    return has_value(table, behind) ? parabola(table, i, next, behind) : secant(table, i, next);
}

static double slope_at(const struct table *table, size_t i)
{
    /* below 0 wraps around, to where there are no values */
    if (!has_value(table, i)) {
        return (double)NAN;
    }
    if (has_value(table, i - 1) && has_value(table, i + 1)) {
        return parabola(table, i, i - 1, i + 1);
    }
    const double above = one_sided(table, i, i + 1, i + 2);
    return isnan(above) ? one_sided(table, i, i - 1, i - 2) : above;
}

void dmumu_local_slopes(size_t n, const double rigidity_gv[], const double ln_d[], double slope[])
{
    const struct table table = {n, rigidity_gv, ln_d};
    for (size_t i = 0; i < n; i++) {
        slope[i] = slope_at(&table, i);
    }
}
