/*
 * Layout: the datasets of a cube in an open HDF5 file, made from the table of fields or found again and checked against
 * it. Knows nothing of MPI: `transfer` says how to write.
 */
#ifndef DMUMU_CUBE_LAYOUT_H
#define DMUMU_CUBE_LAYOUT_H

#include "cube/fields.h"

#include <hdf5.h>

/** Open datasets of one cube. */
struct dmumu_cube_layout {
    size_t n[DMUMU_CUBE_N_AXES];
    uint64_t n_curves;               /* product of the first four */
    double *axis[DMUMU_CUBE_N_AXES]; /* [n] owned values; of region: enum dmumu_region */
    bool log_spaced[DMUMU_CUBE_N_AXES];
    hid_t axis_dataset[DMUMU_CUBE_N_AXES];
    hid_t variable[DMUMU_CUBE_N_DATASETS]; /* H5I_INVALID_HID where absent */
};

enum { DMUMU_CUBE_LONGEST_AXIS = 10000000 }; /* values; a longer one can only be a damaged file */

/** Nothing open: what dmumu_cube_layout_close may always be called on. */
void dmumu_cube_layout_init(struct dmumu_cube_layout *layout);
/** Has this axis 1 to DMUMU_CUBE_LONGEST_AXIS values, finite, strictly ascending, and if region's known regions? */
enum dmumu_status dmumu_cube_axis_check(int axis, size_t n, const double values[], struct dmumu_error *error);
/** n_curves from n[]; false where it, or the bytes of a variable, cannot be counted. */
bool dmumu_cube_layout_count(struct dmumu_cube_layout *layout);
/** Does this spec make a cube: axes of at least one finite, strictly ascending value, known regions, a countable size?
 */
enum dmumu_status dmumu_cube_spec_check(const struct dmumu_cube_spec *spec, struct dmumu_error *error);
/**
 * File access property list of every cube: HDF5 1.8's format and later ones where needed; without HDF5's locks, which
 * fail on some file systems, and would let a reader stop the writer. To be closed.
 */
hid_t dmumu_cube_access_new(void);
/**
 * A new file for a cube, or beside one, open for one rank: creation order of links and attributes is tracked. An old one
 * is truncated. Negative when HDF5 cannot, its error stack kept.
 */
hid_t dmumu_cube_file_new(const char *path);
/**
 * Create every dataset, with its attributes and dimension scales; the axes are written, the variables not even filled.
 * For a file that is open on one rank.
 * @param[in]  spec    checked before
 * @param[out] layout  to be closed with dmumu_cube_layout_close, on error too
 */
enum dmumu_status dmumu_cube_layout_create(hid_t file, const struct dmumu_cube_spec *spec,
                                           struct dmumu_cube_layout *layout, struct dmumu_error *error);
/** Number of steps in which n_parts equal parts of a variable are filled. */
uint64_t dmumu_cube_layout_fill_steps(const struct dmumu_cube_layout *layout, int n_parts);
/**
 * Fill a slab of one part of a variable that is present. Collective if `transfer` is: all parts make every step, those
 * with nothing left to fill too, and each returns its own status.
 */
enum dmumu_status dmumu_cube_layout_fill(const struct dmumu_cube_layout *layout, enum dmumu_cube_variable variable,
                                         hid_t transfer, uint64_t step, int part, int n_parts,
                                         struct dmumu_error *error);
/**
 * Find the datasets of a cube in a file, and check type and shape of each. Nothing that leads out of the file is
 * followed: links to other places, values kept in other files.
 * @param[out] layout  to be closed with dmumu_cube_layout_close, on error too
 * @return DMUMU_OK, DMUMU_ERROR_FILE (not a cube: says what is missing or wrong) or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_cube_layout_open(hid_t file, struct dmumu_cube_layout *layout, struct dmumu_error *error);
/** Close all datasets and free; false when HDF5 could not close one. */
bool dmumu_cube_layout_close(struct dmumu_cube_layout *layout);
/** Values per curve of a variable: the number of rigidities, or 1. */
size_t dmumu_cube_layout_row(const struct dmumu_cube_layout *layout, enum dmumu_cube_variable variable);
/** Curves that a slab of 256 KiB of doubles over all five axes holds; at least 1. A function of the axes alone. */
uint64_t dmumu_cube_layout_slab(const struct dmumu_cube_layout *layout);
/** Read one run of curves of a variable that is present, packed: [run.count][row]. Not collective. */
enum dmumu_status dmumu_cube_layout_read(const struct dmumu_cube_layout *layout, enum dmumu_cube_variable variable,
                                         uint64_t first, uint64_t count, void *values, struct dmumu_error *error);

#endif
