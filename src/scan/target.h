/*
 * Target: the cube that is to be made, wherever that stands: not there yet, begun by a scan that was interrupted, or
 * complete already.
 */
#ifndef DMUMU_SCAN_TARGET_H
#define DMUMU_SCAN_TARGET_H

#include "cube/cube.h"
#include "scan/blocks.h"
#include "scan/team_mpi.h"

struct dmumu_target {
    const char *path;
    bool overwrite; /* replace an existing cube or, without `resume`, what an interrupted scan left */
    bool resume;    /* go on with what there is */
};

/** The path of what an interrupted scan leaves: PATH.part. Owned by the caller; NULL when out of memory. */
char *dmumu_target_part(const char *path);
/**
 * A first look at what is there to go on with, in a process of its own (cube/read.h). Before MPI; on one rank.
 * @return DMUMU_OK, also when there is nothing; DMUMU_ERROR_FILE: what is there is damaged
 */
enum dmumu_status dmumu_target_probe(const struct dmumu_target *target, struct dmumu_error *error);
/**
 * Create the cube, go on with it, or find it complete. Collective.
 * @param[out] cube       NULL when it is complete already: with `resume` only
 * @param[out] data_hash  of the complete cube, on rank 0; "" otherwise
 * @return the same on every rank; as dmumu_cube_create, dmumu_cube_resume and dmumu_cube_is_of
 */
enum dmumu_status dmumu_target_open(const struct dmumu_team *team, const struct dmumu_target *target,
                                    const struct dmumu_cube_spec *spec, struct dmumu_cube_writer **cube,
                                    char data_hash[static 65], struct dmumu_error *error);
/** Mark what was done already in the order. Collective. DMUMU_OK or DMUMU_ERROR_MEMORY, the same on every rank. */
enum dmumu_status dmumu_target_take_out(const struct dmumu_team *team, const struct dmumu_cube_writer *cube,
                                        struct dmumu_blocks *blocks, struct dmumu_error *error);

#endif
