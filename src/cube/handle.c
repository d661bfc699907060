/* Handle: open and closed, on all ranks together. */
#include "cube/handle.h"

#include "core/error.h"
#include "cube/agree.h"
#include "cube/hdf.h"

#include <stdlib.h>
#include <string.h>

enum dmumu_status dmumu_cube_handle_new(MPI_Comm comm, const char *path, bool overwrite,
                                        const struct dmumu_cube_spec *spec, struct dmumu_cube_writer **cube,
                                        struct dmumu_error *error)
{
    struct dmumu_cube_writer *made = calloc(1, sizeof *made);
    const bool named = path != NULL && path[0] != '\0' && path[strlen(path) - 1] != '/';
    enum dmumu_status status = DMUMU_OK;
    *cube = NULL;
    if (made == NULL) {
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for a cube");
    } else if (!named) {
        status = dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "a cube needs the name of a file");
    } else {
        status = dmumu_cube_spec_check(spec, error);
    }
    if (status == DMUMU_OK) {
        status = dmumu_cube_place_init(&made->place, path, overwrite, error);
    }
    status = dmumu_cube_agree(comm, status, error);
    /* the second test says nothing new: it shows a reader that `made` is not NULL below */
    if (status != DMUMU_OK || made == NULL) {
        if (made != NULL) {
            dmumu_cube_place_free(&made->place);
        }
        free(made);
        return status;
    }
    MPI_Comm_dup(comm, &made->comm);
    MPI_Comm_rank(made->comm, &made->rank);
    MPI_Comm_size(made->comm, &made->size);
    made->file = H5I_INVALID_HID;
    dmumu_cube_layout_init(&made->layout);
    made->was_collective = true;
    made->transfer = H5Pcreate(H5P_DATASET_XFER);
    H5Pset_dxpl_mpio(made->transfer, H5FD_MPIO_COLLECTIVE);
    *cube = made;
    return DMUMU_OK;
}

void dmumu_cube_handle_free(struct dmumu_cube_writer *cube)
{
    if (cube->transfer >= 0) {
        H5Pclose(cube->transfer);
    }
    MPI_Comm_free(&cube->comm);
    dmumu_cube_place_free(&cube->place);
    free(cube->state);
    free(cube);
}

/*
 * ROMIO: always write together. Where the ranks' parts do not interleave it would let each write its own, and a failure
 * would stay with one rank while the others go on into the next collective call. Other layers pass over the hint.
 */
static void set_communicator(hid_t access, MPI_Comm comm)
{
    MPI_Info info = MPI_INFO_NULL;
    MPI_Info_create(&info);
    MPI_Info_set(info, "romio_cb_write", "enable");
    H5Pset_fapl_mpio(access, comm, info);
    MPI_Info_free(&info);
}

enum dmumu_status dmumu_cube_handle_open(struct dmumu_cube_writer *cube, struct dmumu_error *error)
{
    /* only rank 0 knows what its file is called at the moment: the same on all */
    int fresh = cube->place.file == cube->place.fresh;
    MPI_Bcast(&fresh, 1, MPI_INT, 0, cube->comm);
    const char *path = fresh ? cube->place.fresh : cube->place.part;
    const hid_t access = dmumu_cube_access_new();
    set_communicator(access, cube->comm);
    cube->file = H5Fopen(path, H5F_ACC_RDWR, access);
    const hid_t kept = dmumu_hdf_keep();
    H5Pclose(access);
    dmumu_hdf_give_back(kept);
    if (cube->file < 0) {
        return dmumu_hdf_fail(error, "cannot open %s", path);
    }
    return dmumu_cube_layout_open(cube->file, &cube->layout, error);
}

enum dmumu_status dmumu_cube_handle_flush(struct dmumu_cube_writer *cube, struct dmumu_error *error)
{
    return H5Fflush(cube->file, H5F_SCOPE_GLOBAL) >= 0 ? DMUMU_OK
                                                       : dmumu_hdf_fail(error, "cannot flush %s", cube->place.part);
}

bool dmumu_cube_handle_close(struct dmumu_cube_writer *cube)
{
    const bool datasets = dmumu_cube_layout_close(&cube->layout);
    const bool file = cube->file < 0 || H5Fclose(cube->file) >= 0;
    cube->file = H5I_INVALID_HID;
    return datasets && file;
}

hid_t dmumu_cube_handle_open_alone(const char *path, bool write)
{
    const hid_t access = dmumu_cube_access_new();
    const hid_t file = H5Fopen(path, write ? H5F_ACC_RDWR : H5F_ACC_RDONLY, access);
    const hid_t kept = dmumu_hdf_keep();
    H5Pclose(access);
    dmumu_hdf_give_back(kept);
    return file;
}

void dmumu_cube_abandon(struct dmumu_cube_writer *cube)
{
    if (cube != NULL) {
        (void)dmumu_cube_handle_close(cube); /* what was flushed is there; there is nobody to tell of the rest */
        dmumu_cube_handle_free(cube);
    }
}

void dmumu_cube_unlock(struct dmumu_cube_writer *cube)
{
    dmumu_lock_release(cube->place.lock);
    cube->place.lock = NULL;
}

bool dmumu_cube_was_collective(const struct dmumu_cube_writer *cube)
{
    return cube->was_collective;
}

void dmumu_cube_beat(const struct dmumu_cube_writer *cube)
{
    dmumu_cube_place_beat(&cube->place);
}
