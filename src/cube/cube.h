/*
 * Cube: the HDF5 file that a scan writes (cube.md). No physics, no scan logic.
 *
 * Life     dmumu_cube_create makes NAME.part with everything in it: axes as dimension scales, every variable at its
 *          full size (contiguous, early allocation, filled), provenance; flushes. dmumu_cube_resume opens the NAME.part
 *          of a scan that was interrupted. dmumu_cube_write_epoch takes what each rank has finished since the last
 *          epoch: data, flush, then `state`, flush. dmumu_cube_finish computes data_hash, writes the end attributes,
 *          syncs and renames to NAME. dmumu_cube_abandon closes, leaving NAME.part.
 * MPI      Every function that is not said to be otherwise is collective over the communicator given to
 *          dmumu_cube_create or dmumu_cube_resume (which is duplicated: no clash with the caller's messages). An error
 *          on any rank is agreed on: every rank returns the same status and message, none skips a collective call.
 * Reading  src/cube/read.h, serial; looking up: include/dmumu.h, src/cube/lookup.h.
 */
#ifndef DMUMU_CUBE_CUBE_H
#define DMUMU_CUBE_CUBE_H

#include "cube/spec.h"

#include <mpi.h>

/** What a cube held when it was opened to go on with. */
struct dmumu_cube_found {
    uint64_t n_curves;                   /* that are done */
    uint64_t quality[DMUMU_N_QUALITIES]; /* of their values, this rank's share: the sum over all ranks counts */
};

struct dmumu_cube_writer;

/**
 * Make NAME.part, complete but for its values. Collective.
 *
 * @param[in]  comm       the ranks that will write
 * @param[in]  path       NAME; its folder must exist and have room for dmumu_cube_bytes
 * @param[in]  overwrite  false: an existing NAME or NAME.part is refused. true: NAME.part is replaced at once, NAME
 *                        only when the new cube is complete
 * @param[out] cube       end it with dmumu_cube_finish or dmumu_cube_abandon; NULL on error
 * @return DMUMU_OK, DMUMU_ERROR_ARGUMENT (a spec that makes no cube), DMUMU_ERROR_FILE or DMUMU_ERROR_MEMORY; after
 *         an error no NAME.part of this call remains
 */
enum dmumu_status dmumu_cube_create(MPI_Comm comm, const char *path, bool overwrite, const struct dmumu_cube_spec *spec,
                                    struct dmumu_cube_writer **cube, struct dmumu_error *error);
/**
 * Open NAME.part, which another scan has left, to go on with it. Every curve that is done is read and compared with its
 * checksum. Collective; the number of ranks may be another than before.
 *
 * @param[in]  overwrite  as above, for NAME; NAME.part is never replaced
 * @param[in]  spec       physics and axes must be the file's, to the bit
 * @param[out] cube       as above
 * @return DMUMU_OK; DMUMU_ERROR_FILE: no NAME.part, another scan writes it, it is damaged, or of another grid or other
 *         physics: the message says in which keys; DMUMU_ERROR_ARGUMENT or DMUMU_ERROR_MEMORY. After an error NAME.part
 *         is as it was
 */
enum dmumu_status dmumu_cube_resume(MPI_Comm comm, const char *path, bool overwrite, const struct dmumu_cube_spec *spec,
                                    struct dmumu_cube_writer **cube, struct dmumu_error *error);
/** What a resumed cube held; nothing for a new one. Not collective. */
struct dmumu_cube_found dmumu_cube_found(const struct dmumu_cube_writer *cube);
/** Its ledger then, [n_curves] of enum dmumu_cube_state, valid as long as `cube`; NULL for a new one. Not collective. */
const uint8_t *dmumu_cube_found_state(const struct dmumu_cube_writer *cube);
/**
 * Does this finished cube hold what a scan of this spec would give: equal physics, equal axes? Not collective.
 * @param[out] data_hash  of the cube
 * @return DMUMU_OK, or DMUMU_ERROR_FILE: not a cube, not finished, or in which keys it differs
 */
enum dmumu_status dmumu_cube_is_of(const char *path, const struct dmumu_cube_spec *spec, char data_hash[static 65],
                                   struct dmumu_error *error);
/** Give other scans that want this file a sign of life; cheap. Not collective; rank 0's counts. */
void dmumu_cube_beat(const struct dmumu_cube_writer *cube);
/**
 * Write finished curves and mark them done, durably. Collective; a rank with nothing to write passes n = 0.
 *
 * @return DMUMU_OK; DMUMU_ERROR_ARGUMENT (a curve outside the grid, or twice in a batch) or DMUMU_ERROR_MEMORY:
 *         nothing was written; DMUMU_ERROR_FILE: the file may hold part of the batch, not marked done. Next, abandon.
 */
enum dmumu_status dmumu_cube_write_epoch(struct dmumu_cube_writer *cube, const struct dmumu_cube_batch *batch,
                                         struct dmumu_error *error);
/**
 * End a complete cube; NAME exists only afterwards. Collective. Frees `cube`, whatever it returns.
 *
 * @param[out] data_hash  64 hex digits + NUL, on all ranks (src/cube/hash.h says of what)
 * @return DMUMU_OK; DMUMU_ERROR_ARGUMENT when curves are still pending, DMUMU_ERROR_FILE or DMUMU_ERROR_MEMORY: then
 *         NAME.part stays
 */
enum dmumu_status dmumu_cube_finish(struct dmumu_cube_writer *cube, char data_hash[static 65],
                                    struct dmumu_error *error);
/** Collective. Closes without finishing and frees; NAME.part stays. cube may be NULL. */
void dmumu_cube_abandon(struct dmumu_cube_writer *cube);
/** Let go of the lock, before the job is ended where closing could hang. Not collective; nothing may be written after. */
void dmumu_cube_unlock(struct dmumu_cube_writer *cube);
/** Bytes that a cube of this spec takes on disk (data and axes; attributes approximated). Not collective. */
uint64_t dmumu_cube_bytes(const struct dmumu_cube_spec *spec);
/** Has HDF5 carried out every write of this rank so far as a collective one (H5Pget_mpio_actual_io_mode)? */
bool dmumu_cube_was_collective(const struct dmumu_cube_writer *cube);

#endif
