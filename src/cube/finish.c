/* Finish: data_hash, the end of the provenance, the final name. */
#include "cube/agree.h"
#include "cube/cube.h"
#include "cube/handle.h"
#include "cube/hash.h"
#include "cube/hdf.h"
#include "cube/provenance.h"

#include "core/error.h"

#include <stdlib.h>
#include <string.h>

/* Put the end into the attributes, which have their places. Rank 0 alone. */
static enum dmumu_status end_file(const char *part, const char *data_hash, struct dmumu_error *error)
{
    char date[32];
    const hid_t file = dmumu_cube_handle_open_alone(part, true);
    if (file < 0) {
        return dmumu_hdf_fail(error, "cannot open %s again", part);
    }
    dmumu_cube_date(date);
    const enum dmumu_status status = dmumu_cube_provenance_end(file, data_hash, date, error);
    const bool closed = H5Fclose(file) >= 0;
    return status == DMUMU_OK && !closed ? dmumu_hdf_fail(error, "cannot write %s", part) : status;
}

/* Each rank hashes every size-th block and the digests are brought together. Collective. */
static enum dmumu_status hash_data(struct dmumu_cube_writer *cube, char data_hash[static 65], struct dmumu_error *error)
{
    const uint64_t n_blocks = dmumu_cube_hash_blocks(&cube->layout);
    uint8_t *digests = calloc((size_t)n_blocks, DMUMU_SHA256_BYTES);
    uint64_t n_pending = 0;
    enum dmumu_status status = DMUMU_OK;
    if (digests == NULL) {
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for %llu digests", (unsigned long long)n_blocks);
    }
    for (uint64_t i = (uint64_t)cube->rank; status == DMUMU_OK && i < n_blocks; i += (uint64_t)cube->size) {
        uint64_t pending = 0;
        status = dmumu_cube_hash_block(&cube->layout, i, digests + i * DMUMU_SHA256_BYTES, &pending, error);
        n_pending += pending;
        dmumu_cube_place_beat(&cube->place);
    }
    status = dmumu_cube_agree(cube->comm, status, error);
    if (status == DMUMU_OK) {
        MPI_Allreduce(MPI_IN_PLACE, &n_pending, 1, MPI_UINT64_T, MPI_SUM, cube->comm);
        if (n_pending > 0) {
            status = dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "%llu curves of %s are still pending",
                                     (unsigned long long)n_pending, cube->place.part);
        }
    }
    if (status == DMUMU_OK) {
        /* every digest is zero but on the rank that made it */
        MPI_Allreduce(MPI_IN_PLACE, digests, (int)(n_blocks * DMUMU_SHA256_BYTES), MPI_BYTE, MPI_BOR, cube->comm);
        dmumu_cube_hash_root(&cube->layout, digests, data_hash);
    }
    free(digests);
    return status;
}

enum dmumu_status dmumu_cube_finish(struct dmumu_cube_writer *cube, char data_hash[static 65],
                                    struct dmumu_error *error)
{
    struct dmumu_error spare = {.status = DMUMU_OK};
    struct dmumu_error *said = error != NULL ? error : &spare;
    data_hash[0] = '\0';
    enum dmumu_status status = hash_data(cube, data_hash, said);
    if (!dmumu_cube_handle_close(cube) && status == DMUMU_OK) {
        status = dmumu_hdf_fail(said, "cannot close %s", cube->place.part);
    }
    status = dmumu_cube_agree(cube->comm, status, said);
    if (status == DMUMU_OK && cube->rank == 0) {
        status = end_file(cube->place.part, data_hash, said);
        if (status == DMUMU_OK) {
            status = dmumu_cube_place_publish(&cube->place, said);
        }
    }
    status = dmumu_cube_agree(cube->comm, status, said);
    dmumu_cube_handle_free(cube);
    return status;
}
