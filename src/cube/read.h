/*
 * Read: what a cube holds, finished or not (NAME or NAME.part). Serial, streaming in slabs of 256 KiB, without MPI:
 * for `dmumu info`, the tests, and whoever continues a scan.
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
 * Read everything but the values themselves. Not collective.
 * @param[in]  path  NAME or NAME.part; may be in the making
 * @param[out] info  to be freed with dmumu_cube_info_free, on error too
 * @return DMUMU_OK; DMUMU_ERROR_FILE: cannot be read, or is not a cube, and why; DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_cube_info_read(const char *path, struct dmumu_cube_info *info, struct dmumu_error *error);
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
