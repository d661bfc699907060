/*
 * A file beside a cube: datasets with their values, and a file that exists only when it is complete. Serial; for those of
 * this folder that write one.
 */
#ifndef DMUMU_CUBE_SIDE_FILE_H
#define DMUMU_CUBE_SIDE_FILE_H

#include "cube/hdf.h"

/** Put everything into a new file. DMUMU_OK, or what dmumu_hdf_fail returns. */
typedef enum dmumu_status dmumu_side_fill(hid_t file, const void *content, struct dmumu_error *error);

/** A dataset with its values; invalid on failure. */
hid_t dmumu_side_put(hid_t parent, const char *name, int rank, const hsize_t dims[], hid_t file_type, hid_t memory_type,
                     const void *values);

/**
 * Create PATH.part, fill it, rename it.
 * @param[in] overwrite  false: an existing file is refused
 * @return DMUMU_OK or DMUMU_ERROR_FILE; after an error nothing of it remains
 */
enum dmumu_status dmumu_side_create(const char *path, bool overwrite, dmumu_side_fill *fill, const void *content,
                                    struct dmumu_error *error);

#endif
