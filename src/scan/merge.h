/*
 * Merge: the grid that several cubes partition, and whether they really do. Pure but for the reading of cubes.
 */
#ifndef DMUMU_SCAN_MERGE_H
#define DMUMU_SCAN_MERGE_H

#include "scan/config.h"
#include "scan/reuse.h"

/**
 * The configuration of the whole: the first cube's, with the union of all axes. Every cube must be complete and have
 * the first one's physics, and no two coordinates may differ by rounding alone.
 * @param[out] config  free with dmumu_config_free; untouched on error
 * @return DMUMU_OK; DMUMU_ERROR_FILE: what does not fit, and in which cube; DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_merge_config(const struct dmumu_reuse *cubes, struct dmumu_config *config,
                                     struct dmumu_error *error);
/**
 * Is every value of the grid in exactly one cube? Memory: a byte per value.
 * @return DMUMU_OK; DMUMU_ERROR_FILE: the first point that two cubes have, or that none has; DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_merge_check(const struct dmumu_reuse *cubes, const struct dmumu_grid *grid,
                                    struct dmumu_error *error);

#endif
