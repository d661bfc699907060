/*
 * Exchange: the main loop of a scan on all ranks, from the first block to the last epoch. The protocol is described in
 * exchange_mpi.c.
 */
#ifndef DMUMU_SCAN_EXCHANGE_MPI_H
#define DMUMU_SCAN_EXCHANGE_MPI_H

#include "cube/cube.h"
#include "scan/pool.h"
#include "scan/progress.h"
#include "scan/team_mpi.h"

struct dmumu_exchange_setup {
    const struct dmumu_team *team;
    const struct dmumu_blocks *blocks;
    struct dmumu_pool *pool;
    struct dmumu_cube *cube;
    double epoch_s; /* seconds between epochs; 0: whenever a rank has finished something */
};

/**
 * Compute all curves and write them. Collective; opens the OpenMP threads itself.
 * @return the same on every rank: DMUMU_OK when every curve is in the file, or what stopped the writing
 */
enum dmumu_status dmumu_exchange_run(const struct dmumu_exchange_setup *setup, struct dmumu_error *error);

#endif
