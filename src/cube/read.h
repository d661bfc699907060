/*
 * Read: what a cube holds, finished or not (NAME or NAME.part). Serial, streaming in slabs of 256 KiB, without MPI:
 * for `dmumu info`, the tests, and whoever continues a scan.
 *
 * A file may be damaged, or made to do harm. What can be checked is: shapes, types, links, HDF5's own checksums, those of
 * the cube (integrity.h). HDF5 may crash all the same: a program that must not calls dmumu_cube_probe first, or reads
 * under a guard (guard.h).
 */
#ifndef DMUMU_CUBE_READ_H
#define DMUMU_CUBE_READ_H

#include "cube/fields.h"
#include "cube/sha256.h"

/** One coordinate axis as read. */
struct dmumu_cube_info_axis {
    size_t n;
    double *values; /* [n] owned; of region: enum dmumu_region */
    bool log_spaced;
};

/** One root attribute as text. */
struct dmumu_cube_info_attribute {
    char *name, *text; /* owned */
};

/** Values of one variable, over the points that are done. */
struct dmumu_cube_info_range {
    bool present;
    uint64_t n_numbers, n_nan;
    double min, max; /* of the numbers, in the variable's units; NaN where there are none */
    double sum;
};

/** What a file holds. */
struct dmumu_cube_info {
    uint64_t bytes; /* of the file */
    struct dmumu_cube_info_axis axis[DMUMU_CUBE_N_AXES];
    uint64_t n_curves, n_done;
    uint64_t quality[DMUMU_N_QUALITIES]; /* values of each quality, over the points that are done */
    uint64_t n_unknown_quality;          /* values of none of these */
    struct dmumu_cube_info_range range[DMUMU_CUBE_N_VARIABLES];
    size_t n_attributes;
    struct dmumu_cube_info_attribute *attribute; /* [n_attributes] owned, in the file's order */
    bool finished;                               /* has its data_hash: it went through dmumu_cube_finish */
};

/**
 * Is this a cube that can be read to the end, undamaged? Reads all of it, in a process of its own, so that whatever
 * HDF5 does over a bad file is an error here. Before MPI_Init only. On DMUMU_OK, reading it here, too, will do.
 * @return as dmumu_cube_info_read
 */
enum dmumu_status dmumu_cube_probe(const char *path, struct dmumu_error *error);
/**
 * Can this cube be opened: its structure, attributes and axes, not its values? In a process of its own, as above: for
 * whoever reads the values and their checksums anyhow, on several ranks.
 * @return as dmumu_cube_info_read
 */
enum dmumu_status dmumu_cube_probe_header(const char *path, struct dmumu_error *error);
/**
 * Read everything but the values themselves, and check those against their checksums. Not collective.
 * @param[in]  path  NAME or NAME.part; may be in the making
 * @param[out] info  to be freed with dmumu_cube_info_free, on error too
 * @return DMUMU_OK; DMUMU_ERROR_FILE: cannot be read, is not a cube or is damaged, and why; DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_cube_info_read(const char *path, struct dmumu_cube_info *info, struct dmumu_error *error);
/**
 * Are the axes still attached to the variables, for readers such as xarray? Under a guard only (integrity.h). Not
 * collective.
 * @return as dmumu_cube_info_read
 */
enum dmumu_status dmumu_cube_info_scales(const char *path, struct dmumu_error *error);
void dmumu_cube_info_free(struct dmumu_cube_info *info);
/** The text of a root attribute; NULL if there is none. */
const char *dmumu_cube_info_attribute(const struct dmumu_cube_info *info, const char *name);
/**
 * Compute data_hash from the values of a complete cube, as dmumu_cube_finish does. Not collective.
 * @param[out] data_hash  64 hex digits + NUL
 * @return as dmumu_cube_info_read, and DMUMU_ERROR_ARGUMENT when points are pending
 */
enum dmumu_status dmumu_cube_info_hash(const char *path, char data_hash[static DMUMU_SHA256_HEX],
                                       struct dmumu_error *error);

#endif
