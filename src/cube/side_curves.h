/*
 * The part of a side file that has a value for each rigidity of each curve, and may be much larger than memory: curves
 * come one by one, are gathered to boxes of the grid, and written. For side.c; others put curves.
 */
#ifndef DMUMU_CUBE_SIDE_CURVES_H
#define DMUMU_CUBE_SIDE_CURVES_H

#include "cube/hdf.h"

struct dmumu_side_curves;

/**
 * One curve.
 * @param[in] curve  flat index in the cube, larger than in the call before
 * @param[in] ln_d   [rigidities of the cube] NaN: no value
 * @param[in] slope  [rigidities of the cube]
 * @return DMUMU_OK or DMUMU_ERROR_FILE
 */
enum dmumu_status dmumu_side_curves_put(struct dmumu_side_curves *curves, uint64_t curve, const double ln_d[],
                                        const double slope[], struct dmumu_error *error);

/**
 * Create the datasets, filled with NaN.
 * @param[in]  length    lengths of the axes: models, then the cube's
 * @param[in]  ln_model  [n_models][rigidities]; not copied
 * @param[in]  room      values of D to keep in memory at a time; one curve is kept in any case
 * @param[out] curves    to be closed, on error too
 */
enum dmumu_status dmumu_side_curves_new(hid_t file, const hsize_t length[static DMUMU_CUBE_N_AXES + 1],
                                        const double ln_model[], size_t room, struct dmumu_side_curves **curves,
                                        struct dmumu_error *error);
/** The datasets: over all axes, and over the cube's. */
hid_t dmumu_side_curves_deviation(const struct dmumu_side_curves *curves);
hid_t dmumu_side_curves_slope(const struct dmumu_side_curves *curves);
/** Write what has been gathered and not yet written. */
enum dmumu_status dmumu_side_curves_flush(struct dmumu_side_curves *curves, struct dmumu_error *error);
void dmumu_side_curves_close(struct dmumu_side_curves *curves);

#endif
