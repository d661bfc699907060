/* Pairs, on all ranks: shares by threads, and what the ranks found put together. This file's .c holds MPI. */
#ifndef DMUMU_SCAN_PAIRS_MPI_H
#define DMUMU_SCAN_PAIRS_MPI_H

#include "scan/pairs_search.h"
#include "scan/team_mpi.h"

/**
 * Search all pairs; rank 0 reports progress on stderr as `dmumu fit`. Collective.
 * @param[in]  problem  the same on every rank
 * @param[out] result   the same on every rank, and for any number of ranks and threads, but for `seconds`; free with
 *                      dmumu_pairs_result_free, on error too
 * @return the same on every rank: as dmumu_pairs_search
 */
enum dmumu_status dmumu_pairs_run(const struct dmumu_team *team, const struct dmumu_pairs_problem *problem,
                                  size_t n_best, struct dmumu_pairs_result *result, struct dmumu_error *error);

#endif
