/*
 * Handle: a cube that all ranks have open. For the files of this folder that create, continue, write and finish one
 * (cube.h is what others see).
 *
 * Every function here and in those files goes through its collective calls in the same order on all ranks, whatever
 * fails: after each call that can fail on one of them, all agree to go on or turn back together (agree.h).
 *
 * HDF5 itself does not: when one rank fails to write its share of the metadata, the others wait for it in HDF5's flush
 * for ever (1.10.8). So all metadata are written while the file is open on rank 0 alone, before the ranks open it
 * together and after they have closed it; in between, nothing but values changes.
 */
#ifndef DMUMU_CUBE_HANDLE_H
#define DMUMU_CUBE_HANDLE_H

#include "cube/cube.h"
#include "cube/layout.h"
#include "cube/place.h"

struct dmumu_cube_writer {
    MPI_Comm comm; /* a duplicate, ours */
    int rank, size;
    hid_t file, transfer;
    struct dmumu_cube_layout layout;
    struct dmumu_cube_place place;
    bool was_collective;
    uint8_t *state; /* [layout.n_curves] the ledger as it was found; NULL for a new cube */
    struct dmumu_cube_found found;
};

/**
 * The struct with its communicator and names, nothing open yet. Collective; `error` may not be NULL.
 * @param[out] cube  free with dmumu_cube_handle_free; NULL on error
 * @return the same on every rank: DMUMU_OK, DMUMU_ERROR_ARGUMENT (no name, or a spec that makes no cube) or
 *         DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_cube_handle_new(MPI_Comm comm, const char *path, bool overwrite,
                                        const struct dmumu_cube_spec *spec, struct dmumu_cube_writer **cube,
                                        struct dmumu_error *error);
/** Free everything but the HDF5 file and its layout; releases the lock. Collective. */
void dmumu_cube_handle_free(struct dmumu_cube_writer *cube);
/** Open the file where it is now, on all ranks, and its datasets. Collective; the status is this rank's own. */
enum dmumu_status dmumu_cube_handle_open(struct dmumu_cube_writer *cube, struct dmumu_error *error);
/** Flush to the disk. Collective; the status is this rank's own. */
enum dmumu_status dmumu_cube_handle_flush(struct dmumu_cube_writer *cube, struct dmumu_error *error);
/** Close the datasets and the file; false when HDF5 could not. Collective. */
bool dmumu_cube_handle_close(struct dmumu_cube_writer *cube);
/** Open a file for one rank alone, to read or to write; negative when HDF5 cannot, its error stack kept. */
hid_t dmumu_cube_handle_open_alone(const char *path, bool write);

#endif
