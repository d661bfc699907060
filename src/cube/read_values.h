/* Read, the values: what dmumu_cube_info_read says of them. Not for others. */
#ifndef DMUMU_CUBE_READ_VALUES_H
#define DMUMU_CUBE_READ_VALUES_H

#include "cube/layout.h"
#include "cube/read.h"

/**
 * Fill in n_done, quality and range, over the points that are done.
 * @param[in,out] info  empty ranges before
 * @return DMUMU_OK; DMUMU_ERROR_FILE: unreadable, a state that is none, or values that have not their checksum;
 *         DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_cube_values_read(const struct dmumu_cube_layout *layout, struct dmumu_cube_info *info,
                                         struct dmumu_error *error);
/** The same for one slab of dmumu_cube_layout_slab curves from `first` on, so that several can share the file. */
enum dmumu_status dmumu_cube_values_read_slab(const struct dmumu_cube_layout *layout, uint64_t first,
                                              struct dmumu_cube_info *info, struct dmumu_error *error);

#endif
