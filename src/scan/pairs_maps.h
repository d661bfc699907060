/* Pairs, maps: minima of chi^2 over all but one or two axes, and what a chi^2 says. */
#ifndef DMUMU_SCAN_PAIRS_MAPS_H
#define DMUMU_SCAN_PAIRS_MAPS_H

#include "scan/pairs.h"

/** What the side file and the tables call an axis, its unit and its description. */
const char *dmumu_pairs_axis_name(enum dmumu_pairs_axis axis);
const char *dmumu_pairs_axis_units(enum dmumu_pairs_axis axis);
const char *dmumu_pairs_axis_long_name(enum dmumu_pairs_axis axis);

/**
 * Least chi^2 over everything but two axes.
 * @param[in]  a, b  a < b
 * @param[out] map   [n of a][n of b]; INFINITY where there is no pair
 */
void dmumu_pairs_map(const struct dmumu_pairs_grid *grid, const struct dmumu_pairs_result *result,
                     enum dmumu_pairs_axis a, enum dmumu_pairs_axis b, double map[]);
/** The same over everything but one axis. @param[out] profile  [n of axis] */
void dmumu_pairs_profile(const struct dmumu_pairs_grid *grid, const struct dmumu_pairs_result *result,
                         enum dmumu_pairs_axis axis, double profile[]);

/** Points less free normalisations less axes of more than one value; may be 0 or negative: then there is no p-value. */
long dmumu_pairs_freedom(const struct dmumu_pairs_grid *grid, size_t n_points, size_t n_free);
/** Chance of a larger chi^2: Q(freedom/2, chi2/2). NaN without freedom. */
double dmumu_pairs_p_value(double chi2, long freedom);

#endif
