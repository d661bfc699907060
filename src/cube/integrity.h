/*
 * Integrity: what a cube carries in its group `integrity` so that a reader finds damage, in a scan's .part too.
 *
 *   checksum     [region, alfven_mach, beta, injection_scale] u32: CRC-32 of the values of each point that is done
 *   header_hash  attribute of the group: SHA-256 of axes, configuration and physics (dmumu_cube_header_hash)
 *
 * HDF5 itself protects the rest, its own structures, by checksums (file format of 1.8 and later). A cube that another
 * program has written anew may have no such group; then there is nothing to compare with. Not against deceit: whoever
 * changes a value can change its checksum as well.
 */
#ifndef DMUMU_CUBE_INTEGRITY_H
#define DMUMU_CUBE_INTEGRITY_H

#include "cube/crc32.h"
#include "cube/hash.h"
#include "cube/layout.h"

/**
 * Take one variable's values of some curves into their checksums. To be called for all variables of the cube but state,
 * in their order. Thread-safe.
 * @param[in]     row       values per curve
 * @param[in]     values    [n_curves][row] of that type
 * @param[in,out] checksum  [n_curves]; 0 before the first variable
 */
void dmumu_cube_checksum_add(const struct dmumu_crc32_table *table, enum dmumu_cube_type type, size_t n_curves,
                             size_t row, const void *values, uint32_t checksum[]);
/** SHA-256 of axes, configuration and physics (NULL: none), in hexadecimal. */
void dmumu_cube_header_hash(const struct dmumu_cube_axis axis[static DMUMU_CUBE_N_AXES], const char *configuration,
                            const char *physics, char hex[static DMUMU_SHA256_HEX]);
/** Write header_hash into the group of a file that is open on one rank. True when done. */
bool dmumu_cube_integrity_begin(hid_t file, const struct dmumu_cube_spec *spec);
/**
 * In a file with checksums: is header_hash that of the axes as read and the file's own attributes?
 * @return DMUMU_OK or DMUMU_ERROR_FILE
 */
enum dmumu_status dmumu_cube_integrity_check(hid_t file, const struct dmumu_cube_layout *layout,
                                             struct dmumu_error *error);
/**
 * In a file with checksums: is every axis still attached to every variable? HDF5 keeps that in a heap without a
 * checksum, and 1.10.8 copies as many bytes from there as the heap says, whatever the room: a damaged one makes it
 * crash. Only under a guard (guard.h).
 * @return DMUMU_OK or DMUMU_ERROR_FILE
 */
enum dmumu_status dmumu_cube_integrity_scales(hid_t file, const struct dmumu_cube_layout *layout,
                                              struct dmumu_error *error);

#endif
