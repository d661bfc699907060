/*
 * Takeover: the curves that older cubes have wholly, into a new cube, shared among the ranks.
 */
#ifndef DMUMU_SCAN_TAKEOVER_H
#define DMUMU_SCAN_TAKEOVER_H

#include "cube/cube.h"
#include "scan/blocks.h"
#include "scan/reuse.h"
#include "scan/team_mpi.h"

/** What was taken over; of this rank: the sum over all ranks counts. */
struct dmumu_takeover {
    bool asked; /* some rank was asked to stop (stop.h); then curves may be left */
    uint64_t curves;
    uint64_t quality[DMUMU_N_QUALITIES]; /* of their values */
};

/**
 * Write every curve of the grid that is wholly in older cubes and not done yet, as epochs of the new one, and mark it
 * done in the order. Collective.
 * @param[in]     modes         of the model
 * @param[in]     buffer_bytes  bound of the memory for it
 * @param[in,out] blocks        the same on every rank, before and after
 * @return the same on every rank: DMUMU_OK; or what stopped it: the curves before that are in the cube
 */
enum dmumu_status dmumu_takeover_run(const struct dmumu_team *team, struct dmumu_cube_writer *cube,
                                     const struct dmumu_reuse *reuse, const struct dmumu_grid *grid,
                                     const bool modes[static DMUMU_N_MODES], size_t buffer_bytes,
                                     struct dmumu_blocks *blocks, struct dmumu_takeover *taken,
                                     struct dmumu_error *error);

#endif
