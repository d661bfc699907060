/*
 * Replace: change a complete cube without the risk of losing it. A copy is changed, synced, and given the cube's name; up
 * to that moment the cube is as it was, whatever kills the program. It costs the room of a second cube for as long. Serial.
 */
#ifndef DMUMU_CUBE_REPLACE_H
#define DMUMU_CUBE_REPLACE_H

#include "cube/hdf.h"

/** Change an open file. DMUMU_OK, or what dmumu_hdf_fail returns. */
typedef enum dmumu_status dmumu_cube_change(hid_t file, const void *content, struct dmumu_error *error);

/** Can this cube be replaced: may file and folder be written? DMUMU_OK or DMUMU_ERROR_FILE, which says why not. */
enum dmumu_status dmumu_cube_replace_check(const char *path, struct dmumu_error *error);
/**
 * Copy PATH to PATH.new, change that, rename it to PATH. What a killed program has left of PATH.new is replaced.
 * @return DMUMU_OK, DMUMU_ERROR_FILE or DMUMU_ERROR_MEMORY; after an error PATH is as it was and there is no PATH.new
 */
enum dmumu_status dmumu_cube_replace(const char *path, dmumu_cube_change *change, const void *content,
                                     struct dmumu_error *error);

#endif
