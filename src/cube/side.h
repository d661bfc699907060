/*
 * Side file: what was found out about the curves of a cube, over the same axes, in a small HDF5 file of its own.
 *
 * Axes `model` (names), region, alfven_mach, beta, injection_scale, as dimension scales; variables `distance`, `worst`,
 * `normalisation` over all of them, `slope` over the last four. Written as PATH.part and renamed. Serial.
 */
#ifndef DMUMU_CUBE_SIDE_H
#define DMUMU_CUBE_SIDE_H

#include "cube/source.h"

/** Arrays are [n_models][n_curves] row-major, `slope` [n_curves]; NaN where a curve could not be compared. */
struct dmumu_side {
    const struct dmumu_cube_source_info *cube;
    size_t n_models;
    const char *const *model; /* [n_models] names */
    double from_gv, to_gv;
    bool free_normalisation;
    double halo_height_kpc; /* NaN: D was compared, not D/H */
    const char *command;    /* the command line */
    const double *distance, *worst, *normalisation, *slope;
};

/**
 * @param[in] overwrite  false: an existing file is refused
 * @return DMUMU_OK or DMUMU_ERROR_FILE; after an error nothing of it remains
 */
enum dmumu_status dmumu_side_write(const char *path, bool overwrite, const struct dmumu_side *side,
                                   struct dmumu_error *error);

#endif
