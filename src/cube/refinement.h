/*
 * Refinement: how far look-ups in a cube are from the kernel, in the cube itself or in a small HDF5 file beside it.
 *
 * A group `refinement` with, for each axis that has cells, over the coordinate of its name (the middles of the cells):
 *
 *   error_AXIS   largest |ln(D_lookup/D)| found in each cell; NaN: no point of it has a D
 *   points_AXIS  points compared, over_AXIS  of these above the target
 *
 * and attributes: what was asked, looked at and found, and `cube_data_hash`, that of the cube that it is about. It is no
 * part of data_hash, and readers of cubes that do not know it pass it by. Serial.
 */
#ifndef DMUMU_CUBE_REFINEMENT_H
#define DMUMU_CUBE_REFINEMENT_H

#include "cube/source.h"

#define DMUMU_CUBE_REFINEMENT "refinement"

struct dmumu_refinement {
    const struct dmumu_cube_source_info *cube;
    double target;
    const char *sampled, *command;
    const char *lookups;                  /* what look-ups anywhere gave, a sentence */
    const char *verdict;                  /* right to the target or why not, a sentence */
    const double *middle[DMUMU_N_AXES];   /* [n - 1] of the cells. Of region, as all that follow, not used */
    const double *error[DMUMU_N_AXES];    /* [n - 1] relative; NaN: not looked at */
    const uint64_t *points[DMUMU_N_AXES]; /* [n - 1] */
    const uint64_t *over[DMUMU_N_AXES];   /* [n - 1] */
};

/** What is stored about one axis. */
struct dmumu_refinement_cells {
    size_t n, n_over, n_unknown;
    double worst; /* NaN: none known */
};

/** What is stored, for `dmumu info`. */
struct dmumu_refinement_info {
    bool is_there, is_stale; /* is_stale: of other data than the cube has */
    struct dmumu_refinement_cells axis[DMUMU_N_AXES];
    double target;
    char *sampled, *lookups, *verdict; /* owned */
};

/**
 * Into a file of its own.
 * @param[in] overwrite  false: an existing file is refused
 * @return DMUMU_OK or DMUMU_ERROR_FILE; after an error nothing of it remains
 */
enum dmumu_status dmumu_refinement_write(const char *path, bool overwrite, const struct dmumu_refinement *refinement,
                                         struct dmumu_error *error);
/**
 * Into the cube, in place of what it has, with a line in its history; by dmumu_cube_replace.
 * @return DMUMU_OK, DMUMU_ERROR_FILE or DMUMU_ERROR_MEMORY; after an error the cube is as it was
 */
enum dmumu_status dmumu_refinement_store(const char *path, const struct dmumu_refinement *refinement,
                                         struct dmumu_error *error);
/**
 * What a cube has stored. Nothing is no error.
 * @param[out] info  free with dmumu_refinement_info_free, on error too
 * @return DMUMU_OK; DMUMU_ERROR_FILE: damaged
 */
enum dmumu_status dmumu_refinement_read(const char *path, struct dmumu_refinement_info *info,
                                        struct dmumu_error *error);
void dmumu_refinement_info_free(struct dmumu_refinement_info *info);

#endif
