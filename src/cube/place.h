/*
 * Place: where a cube lives on the file system, NAME.part first and NAME when complete. Plain POSIX; rank 0 alone calls
 * these.
 *
 * A second writer of the same NAME cannot be locked out on every file system (locks clash with those of MPI-IO), but it
 * is noticed: NAME.part is created exclusively, replaced (never truncated) when overwriting, and recognised by its
 * inode ever after.
 */
#ifndef DMUMU_CUBE_PLACE_H
#define DMUMU_CUBE_PLACE_H

#include "dmumu.h"

#include <sys/types.h>

struct dmumu_cube_place {
    const char *name, *part; /* the caller's */
    bool overwrite;
    dev_t device; /* of NAME.part as we made it */
    ino_t inode;
};

/**
 * Create NAME.part, which nobody else has, and try whether it can grow to its size (quotas too); to be truncated next.
 * @param[in,out] place  name, part and overwrite given; the rest is filled
 * @param[in]     bytes  that must be free on its file system
 * @return DMUMU_OK or DMUMU_ERROR_FILE: NAME or NAME.part exists, its folder is missing or not writable, or too full.
 *         The message names the path and the reason
 */
enum dmumu_status dmumu_cube_place_reserve(struct dmumu_cube_place *place, uint64_t bytes, struct dmumu_error *error);
/**
 * Give NAME.part disk blocks for its whole length, so that a full disk or an exhausted quota is known now. Where the
 * file system cannot, nothing happens. DMUMU_ERROR_FILE when there is not the room.
 */
enum dmumu_status dmumu_cube_place_allocate(const struct dmumu_cube_place *place, struct dmumu_error *error);
/** Is NAME.part still the file that we made? DMUMU_ERROR_FILE if it was removed or replaced. */
enum dmumu_status dmumu_cube_place_check(const struct dmumu_cube_place *place, struct dmumu_error *error);
/** Sync NAME.part, rename it to NAME, sync the folder. A NAME that has come up meanwhile is kept unless overwrite. */
enum dmumu_status dmumu_cube_place_publish(const struct dmumu_cube_place *place, struct dmumu_error *error);
/** Remove NAME.part, if it is ours. */
void dmumu_cube_place_discard(const struct dmumu_cube_place *place);

#endif
