/*
 * Side file: what was found out about the curves of a cube, over the same axes, in a small HDF5 file of its own.
 *
 * Axes `model` (names) and the cube's five, as dimension scales. Over model, region, alfven_mach, beta and
 * injection_scale: `distance`, `worst`, `normalisation`, `slope_distance`, `slope_worst`; without model: `mean_slope`.
 * Over model and rigidity: `model_D`, `model_slope`. With the rigidities of each curve, as 32-bit floats: `deviation`
 * over all axes, `slope` over the cube's. Written as PATH.part and renamed. Serial.
 */
#ifndef DMUMU_CUBE_SIDE_H
#define DMUMU_CUBE_SIDE_H

#include "cube/side_curves.h"
#include "cube/source.h"

/** Arrays are row-major; NaN where a curve could not be compared. */
struct dmumu_side {
    const struct dmumu_cube_source_info *cube;
    size_t n_models;
    const char *const *model; /* [n_models] names */
    double from_gv, to_gv;
    bool free_normalisation;
    double halo_height_kpc;                                                        /* NaN: D was compared, not D/H */
    const char *command;                                                           /* the command line */
    const double *distance, *worst, *normalisation, *slope_distance, *slope_worst; /* [n_models][n_curves] */
    const double *mean_slope;                                                      /* [n_curves] */
    const double *model_d_cm2_s, *model_slope; /* [n_models][rigidities of the cube] */
    const double *ln_model;                    /* of the same shape: what ln D of a curve deviates from */
    /* Puts every curve that has values by dmumu_side_curves_put, in ascending order; NULL: no `deviation`, no `slope` */
    enum dmumu_status (*put_curves)(struct dmumu_side_curves *curves, const void *context, struct dmumu_error *error);
    const void *context;
};

/**
 * @param[in] overwrite  false: an existing file is refused
 * @return DMUMU_OK, DMUMU_ERROR_FILE, or what put_curves returned; after an error nothing of it remains
 */
enum dmumu_status dmumu_side_write(const char *path, bool overwrite, const struct dmumu_side *side,
                                   struct dmumu_error *error);

#endif
