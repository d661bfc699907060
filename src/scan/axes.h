/*
 * Axes: the five coordinates of a scan, and how a flat curve index maps to them.
 *
 * A "curve" is one point of the first four axes (region, M_A, beta, L) with all its rigidities; its flat index is
 * row-major in the cube's order: ((region * n_alfven_mach + alfven_mach) * n_beta + beta) * n_injection_scale +
 * injection_scale.
 */
#ifndef DMUMU_SCAN_AXES_H
#define DMUMU_SCAN_AXES_H

#include "dmumu.h"

/** One axis: n >= 1 ascending linear values, owned. The region axis holds enum dmumu_region values, disk first. */
struct dmumu_axis {
    size_t n;
    double *values;  /* [n] */
    bool log_spaced; /* the attribute axis_scale: "log" or "linear" */
};

struct dmumu_grid {
    struct dmumu_axis axis[DMUMU_N_AXES];
};

/** Number of curves, i.e. the product of the first four axes. */
size_t dmumu_grid_n_curves(const struct dmumu_grid *grid);
/** Index along each of the first four axes of one curve. */
void dmumu_grid_index(const struct dmumu_grid *grid, size_t curve, size_t index[4]);
/** Coordinates of one curve. */
struct dmumu_point dmumu_grid_point(const struct dmumu_grid *grid, size_t curve);
/** Fill an axis with `points` values from..to (ends exact), linear or log; returns DMUMU_ERROR_MEMORY or DMUMU_OK. */
enum dmumu_status dmumu_axis_range(struct dmumu_axis *axis, double from, double to, size_t points, bool log_spaced);
void dmumu_grid_free(struct dmumu_grid *grid);

#endif
