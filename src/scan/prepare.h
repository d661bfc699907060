/*
 * Prepare: from the configuration as read to the grid that a scan works on: the part that was asked for, with the
 * coordinates of older cubes where they differ by rounding alone (reuse.h). On rank 0, before the others hear of it.
 */
#ifndef DMUMU_SCAN_PREPARE_H
#define DMUMU_SCAN_PREPARE_H

#include "scan/config.h"
#include "scan/scan.h"

/**
 * @param[in,out] config   grid and text change
 * @param[in]     options  part, reuse; with resume, what OUTPUT.part or OUTPUT has
 * @param[out]    snapped  coordinates that were changed
 * @return DMUMU_OK; DMUMU_ERROR_INPUT (the part), DMUMU_ERROR_FILE (an older cube), DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_prepare_grid(struct dmumu_config *config, const struct dmumu_scan_options *options,
                                     size_t *snapped, struct dmumu_error *error);

#endif
