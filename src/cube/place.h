/*
 * Place: where a cube lives on the file system. It is made as NAME.part.new, is NAME.part as soon as it is a whole HDF5
 * file of full size, and NAME when complete: whatever has one of the last two names opens. Plain POSIX; rank 0 alone
 * calls these.
 *
 * One writer at a time: NAME.lock says who (lock.h). As no lock is safe on every file system, a second writer is also
 * noticed: the file is created exclusively, replaced (never truncated) when overwriting, and recognised by its inode.
 */
#ifndef DMUMU_CUBE_PLACE_H
#define DMUMU_CUBE_PLACE_H

#include "cube/lock.h"

#include <sys/types.h>

struct dmumu_cube_place {
    char *name, *part, *fresh; /* NAME, NAME.part, NAME.part.new; owned */
    char *lock_path;           /* NAME.lock; owned */
    const char *file;          /* which of them our file has */
    bool overwrite;
    dev_t device; /* of our file */
    ino_t inode;
    struct dmumu_lock *lock; /* NULL: not ours */
};

/** Names only; nothing is looked at. DMUMU_OK or DMUMU_ERROR_MEMORY. End with dmumu_cube_place_free. */
enum dmumu_status dmumu_cube_place_init(struct dmumu_cube_place *place, const char *name, bool overwrite,
                                        struct dmumu_error *error);
/** Release the lock and free; whatever files there are stay. */
void dmumu_cube_place_free(struct dmumu_cube_place *place);

/**
 * Lock NAME, create NAME.part.new, which nobody else has, and try whether it can grow to its size (quotas too); to be
 * truncated next.
 * @param[in]     bytes  that must be free on its file system
 * @return DMUMU_OK or DMUMU_ERROR_FILE: NAME or NAME.part exists, another scan has the lock, the folder is missing or
 *         not writable, or too full. The message names the path and the reason
 */
enum dmumu_status dmumu_cube_place_reserve(struct dmumu_cube_place *place, uint64_t bytes, struct dmumu_error *error);
/**
 * Give our file disk blocks for its whole length, so that a full disk or an exhausted quota is known now. Where the
 * file system cannot, nothing happens. DMUMU_ERROR_FILE when there is not the room.
 */
enum dmumu_status dmumu_cube_place_allocate(const struct dmumu_cube_place *place, struct dmumu_error *error);
/** Sync NAME.part.new, which is a whole file now, and rename it to NAME.part. It may be open meanwhile. */
enum dmumu_status dmumu_cube_place_settle(struct dmumu_cube_place *place, struct dmumu_error *error);
/**
 * Lock NAME and take the NAME.part that is there for ours.
 * @return DMUMU_OK or DMUMU_ERROR_FILE: there is none, it is not a file, it cannot be written to, another scan has the
 *         lock, or NAME is in the way
 */
enum dmumu_status dmumu_cube_place_adopt(struct dmumu_cube_place *place, struct dmumu_error *error);

/**
 * Is our file still where we made it, and the lock still ours? DMUMU_ERROR_FILE if either was removed or replaced. Gives
 * a sign of life.
 */
enum dmumu_status dmumu_cube_place_check(const struct dmumu_cube_place *place, struct dmumu_error *error);
/** Tell others that this scan is alive; cheap. */
void dmumu_cube_place_beat(const struct dmumu_cube_place *place);
/** Sync NAME.part, rename it to NAME, sync the folder. A NAME that has come up meanwhile is kept unless overwrite. */
enum dmumu_status dmumu_cube_place_publish(const struct dmumu_cube_place *place, struct dmumu_error *error);
/** Remove our file. */
void dmumu_cube_place_discard(const struct dmumu_cube_place *place);

#endif
