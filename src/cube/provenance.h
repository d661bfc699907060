/* Provenance: the root attributes of a cube, i.e. where its numbers come from. */
#ifndef DMUMU_CUBE_PROVENANCE_H
#define DMUMU_CUBE_PROVENANCE_H

#include "cube/cube.h"

#include <hdf5.h>

/** What data_hash and date_end hold until the cube is complete. */
#define DMUMU_CUBE_UNFINISHED "unfinished"

/**
 * Write all root attributes.
 * @param[in]  date  UTC, ISO 8601: the start
 */
enum dmumu_status dmumu_cube_provenance_begin(hid_t file, const struct dmumu_cube_spec *spec, const char *date,
                                              struct dmumu_error *error);
/** Write data_hash and the UTC end into their places, without moving anything in the file. */
enum dmumu_status dmumu_cube_provenance_end(hid_t file, const char *data_hash, const char *date,
                                            struct dmumu_error *error);
/** Now, in UTC: "2026-01-31T12:00:00Z". */
void dmumu_cube_date(char date[static 32]);

#endif
