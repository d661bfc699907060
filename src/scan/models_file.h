/*
 * Models: a user's own D(R) from a YAML file, beside the registry of the core.
 *
 *     mine:                        # a name of one's own: letters, digits, - and _
 *       d0_cm2_s: 4.0e+28          # D_0 at rigidity_gv; needed
 *       slope: 0.5                 # delta; needed
 *       rigidity_gv: 4             # R_0, default 1
 *       velocity_power: 1          # eta, default 1
 *       high: {rigidity_gv: 312, slope: 0.3, smoothness: 0.1}     # and low: the breaks
 *       halo_height_kpc: 4
 *       alfven_speed_km_s: 10
 *       adds_advection: true       # 2 v_A H belongs to D
 *       from_gv: 2                 # the rigidities behind it
 *       to_gv: 2000
 *       title: my fit
 *       source: where it is from
 *
 * An unknown, missing, ill-typed or out-of-range key is DMUMU_ERROR_INPUT with file, line, key, value and what would be
 * right, as in the input file of a scan (config.h).
 */
#ifndef DMUMU_SCAN_MODELS_FILE_H
#define DMUMU_SCAN_MODELS_FILE_H

#include "dmumu.h"

struct dmumu_models {
    size_t n;
    struct dmumu_parametrisation *model; /* [n] owned */
    char **text;                         /* [3 n] owned: name, title and source of each */
};

/**
 * @param[out] models  free with dmumu_models_free; untouched on error
 * @return DMUMU_OK, DMUMU_ERROR_FILE, DMUMU_ERROR_INPUT or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_models_read(const char *path, struct dmumu_models *models, struct dmumu_error *error);
void dmumu_models_free(struct dmumu_models *models);

/** The model of that name, of the user's or of the registry; NULL if there is none. `models` may be NULL. */
const struct dmumu_parametrisation *dmumu_models_find(const struct dmumu_models *models, const char *name);

#endif
