/*
 * Refinement: the interpolation errors of a cube, in a small HDF5 file of their own that the plots read.
 *
 * A group `refinement` with a variable `error_AXIS` per axis that has cells, of five dimensions in the order of the cube's
 * axes: all are 1 (the largest over the axis) but that of AXIS, which has one value per cell. Serial.
 */
#ifndef DMUMU_CUBE_REFINEMENT_H
#define DMUMU_CUBE_REFINEMENT_H

#include "cube/source.h"

struct dmumu_refinement {
    const struct dmumu_cube_source_info *cube;
    double target;
    const char *sampled, *command;
    const double *error[DMUMU_N_AXES]; /* [n - 1] relative; NaN: not looked at. Of region not used */
};

/**
 * @param[in] overwrite  false: an existing file is refused
 * @return DMUMU_OK or DMUMU_ERROR_FILE; after an error nothing of it remains
 */
enum dmumu_status dmumu_refinement_write(const char *path, bool overwrite, const struct dmumu_refinement *refinement,
                                         struct dmumu_error *error);

#endif
