/* Build: a checked tree and what libcyaml read from it become grid and model. */
#ifndef DMUMU_SCAN_CONFIG_BUILD_H
#define DMUMU_SCAN_CONFIG_BUILD_H

#include "scan/axes.h"
#include "scan/config.h"
#include "scan/config_schema.h"
#include "scan/config_tree.h"

/**
 * Let an override win over what the file says in another form: a list of values over a range and the reverse, density
 * over Alfven speed and the reverse. Both forms from one source are a contradiction.
 * @return DMUMU_OK or DMUMU_ERROR_INPUT
 */
enum dmumu_status dmumu_build_settle(struct dmumu_node *root, struct dmumu_error *error);

/**
 * The grid. Axes that are absent have n = 0, which is an error if need_axes.
 * @param[in]  root   for the places that messages name
 * @param[out] grid   zeroed by the caller; free with dmumu_grid_free, also on failure
 */
enum dmumu_status dmumu_build_grid(const struct dmumu_node *root, const struct dmumu_input_axes *input, bool need_axes,
                                   struct dmumu_grid *grid, struct dmumu_error *error);

/** The keys about look-ups: defaults, what the input changes, and whether the model is exact enough for it. */
enum dmumu_status dmumu_build_lookup(const struct dmumu_node *root, const struct dmumu_input *input,
                                     const struct dmumu_model *model, struct dmumu_lookup_goal *lookup,
                                     struct dmumu_error *error);

/** The model: defaults, what the input changes, and whether it makes sense as a whole. */
enum dmumu_status dmumu_build_model(const struct dmumu_node *root, const struct dmumu_input *input,
                                    struct dmumu_model *model, struct dmumu_error *error);

#endif
