/* Provenance: the root attributes of a cube, i.e. where its numbers come from. */
#ifndef DMUMU_CUBE_PROVENANCE_H
#define DMUMU_CUBE_PROVENANCE_H

#include "cube/spec.h"

#include <hdf5.h>

/** What data_hash and date_end hold until the cube is complete. */
#define DMUMU_CUBE_UNFINISHED "unfinished"

/**
 * Make room for the root attributes that change later (data_hash, date_end, history). To be called first of all, while
 * the file is empty: then they lie at its beginning, within one page of 4 KiB, and a change is a single small write,
 * whole or not there at all whenever the writer is killed.
 */
enum dmumu_status dmumu_cube_provenance_reserve(hid_t file, struct dmumu_error *error);
/**
 * Write all other root attributes, and the first line of the history.
 * @param[in]  date  UTC, ISO 8601: the start
 */
enum dmumu_status dmumu_cube_provenance_begin(hid_t file, const struct dmumu_cube_spec *spec, const char *date,
                                              struct dmumu_error *error);
/** Write data_hash and the UTC end into their places, without moving anything in the file. */
enum dmumu_status dmumu_cube_provenance_end(hid_t file, const char *data_hash, const char *date,
                                            struct dmumu_error *error);
/**
 * Add a line to the history: the date and what was done. When it is full, lines after the first go.
 * @param[in]  done  e.g. "resumed at 10 of 20 curves on 1 host, 2 ranks x 1 threads"; cut to a line's length
 */
enum dmumu_status dmumu_cube_provenance_note(hid_t file, const char *date, const char *done, struct dmumu_error *error);
/**
 * Has the open file the physics of this text, by physics_hash, and with it this version's numbers?
 * @return DMUMU_OK, or DMUMU_ERROR_FILE: "it is of other physics: " and the keys that differ
 */
enum dmumu_status dmumu_cube_physics_compare(hid_t file, const char *physics_text, struct dmumu_error *error);
/** Now, in UTC: "2026-01-31T12:00:00Z". */
void dmumu_cube_date(char date[static 32]);

#endif
