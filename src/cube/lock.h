/*
 * Lock: one writer per cube. A small text file NAME.lock beside the output says who writes it; made exclusively
 * (O_EXCL, which NFS honours), read by whoever comes second. No fcntl or flock: on many cluster file systems they fail,
 * or reach no further than one node.
 *
 * A lock outlives a process that is killed. Whether its owner is dead is
 *   known    where its process could be seen: same boot of the same machine, same process names. It is dead if no
 *            process of that number began at that moment, or only its zombie is left.
 *   known    in an earlier start of the same Slurm job: Slurm starts a job again only after its end.
 *   watched  in all other cases: the owner gives a sign of life every few seconds (dmumu_lock_beat) in the file; when
 *            none comes for a whole minute, it is taken for dead.
 * A dead lock is taken over without a question. An owner that was wrongly taken for dead (its machine stood still)
 * finds out before it writes again (dmumu_lock_check).
 */
#ifndef DMUMU_CUBE_LOCK_H
#define DMUMU_CUBE_LOCK_H

#include "dmumu.h"

struct dmumu_lock;

/**
 * Take the lock, or say who has it. Waits `patience_s` at most for a sign of life.
 * @param[in]  path  of the lock file; copied
 * @param[out] lock  end it with dmumu_lock_release; NULL on error
 * @return DMUMU_OK; DMUMU_ERROR_FILE: another has it (the message says who, where, since when, and how to go on), or it
 *         cannot be written; DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_lock_take(const char *path, double patience_s, struct dmumu_lock **lock,
                                  struct dmumu_error *error);
/** Is the lock still ours? One that was removed is made again; DMUMU_ERROR_FILE when another has taken it over. */
enum dmumu_status dmumu_lock_check(struct dmumu_lock *lock, struct dmumu_error *error);
/** Give a sign of life, if the last is some seconds old. Cheap otherwise. */
void dmumu_lock_beat(struct dmumu_lock *lock);
/** Remove the lock file, if it is ours, and free. lock may be NULL. */
void dmumu_lock_release(struct dmumu_lock *lock);

#endif
