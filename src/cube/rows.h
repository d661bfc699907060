/*
 * Rows: which part of a variable belongs to which curves. A variable's first four axes number the curves row-major; a
 * run of consecutive curves is, in HDF5's terms, a union of at most seven boxes.
 */
#ifndef DMUMU_CUBE_ROWS_H
#define DMUMU_CUBE_ROWS_H

#include "cube/fields.h"

#include <hdf5.h>

/** `count` consecutive curves from `first` on. */
struct dmumu_cube_run {
    uint64_t first, count;
};

/** A selection in the file and the packed array in memory that it maps to, in the order of ascending curves. */
struct dmumu_cube_rows {
    hid_t file_space, memory_space;
};

/**
 * Join sorted curves to runs.
 * @param[in]  curve  [n] strictly ascending
 * @param[out] runs   [n] at most
 * @return number of runs
 */
size_t dmumu_cube_runs_join(size_t n, const uint64_t curve[], struct dmumu_cube_run runs[]);
/**
 * Select runs of curves in a variable over n_axes (4 or 5) axes of lengths n; no runs at all: an empty selection. Not
 * collective. False when HDF5 fails; `rows` is then closed.
 */
bool dmumu_cube_rows_select(const size_t n[static DMUMU_CUBE_N_AXES], int n_axes, size_t n_runs,
                            const struct dmumu_cube_run runs[], struct dmumu_cube_rows *rows);
void dmumu_cube_rows_close(struct dmumu_cube_rows *rows);
/** Write packed values; collective if `transfer` says so, and then to be called even when other calls have failed. */
bool dmumu_cube_rows_write(hid_t dataset, enum dmumu_cube_type type, hid_t transfer, const struct dmumu_cube_rows *rows,
                           const void *values);
/** Read packed values; the same holds. */
bool dmumu_cube_rows_read(hid_t dataset, enum dmumu_cube_type type, hid_t transfer, const struct dmumu_cube_rows *rows,
                          void *values);

#endif
