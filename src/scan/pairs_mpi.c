/* Pairs, on all ranks: see pairs_mpi.h. Minima are exact, so that the order in which ranks are heard has no say. */
#include "scan/pairs_mpi.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>

enum { AT_ONCE = 1 << 20 }; /* doubles of one reduction */

static struct dmumu_pairs_share share_of(const struct dmumu_team *team)
{
    struct dmumu_pairs_share share = {.n = (size_t)team->threads, .all = (size_t)team->all_threads};
    for (int rank = 0; rank < team->rank; rank++) {
        share.first += (size_t)team->rank_threads[rank];
    }
    return share;
}

static void share_least(const struct dmumu_team *team, size_t n, double least[])
{
    for (size_t begin = 0; begin < n; begin += AT_ONCE) {
        const size_t part = n - begin < AT_ONCE ? n - begin : AT_ONCE;
        MPI_Allreduce(MPI_IN_PLACE, least + begin, (int)part, MPI_DOUBLE, MPI_MIN, team->comm);
    }
}

/* Lists of pairs, one rank after the other; `heard` has 2 n places */
static void share_best(const struct dmumu_team *team, size_t n, struct dmumu_pair heard[], struct dmumu_pair best[],
                       size_t *found)
{
    const struct dmumu_pair none = {(double)INFINITY, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    struct dmumu_pair *const mine = heard + n;
    for (size_t i = 0; i < n; i++) {
        mine[i] = i < *found ? best[i] : none;
    }
    *found = 0;
    for (int rank = 0; rank < team->size; rank++) {
        for (size_t i = 0; i < n; i++) {
            heard[i] = mine[i];
        }
        MPI_Bcast(heard, (int)(n * sizeof *heard), MPI_BYTE, rank, team->comm);
        for (size_t i = 0; i < n; i++) {
            dmumu_pairs_insert(&heard[i], n, best, found);
        }
    }
}

/* Collective. */
static void put_together(const struct dmumu_team *team, const struct dmumu_pairs_grid *grid, struct dmumu_pair heard[],
                         struct dmumu_pairs_result *result)
{
    share_least(team, grid->n_galaxies * result->block, result->least);
    share_best(team, result->n_best, heard, result->best, &result->n_found);
    for (size_t g = 0; g < grid->n_galaxies; g++) {
        size_t found = 1;
        share_best(team, 1, heard, &result->galaxy_best[g], &found);
    }
    dmumu_team_sum(team, 1, &result->n_pairs);
    MPI_Allreduce(MPI_IN_PLACE, &result->seconds, 1, MPI_DOUBLE, MPI_MAX, team->comm);
}

enum dmumu_status dmumu_pairs_run(const struct dmumu_team *team, const struct dmumu_pairs_problem *problem,
                                  size_t n_best, struct dmumu_pairs_result *result, struct dmumu_error *error)
{
    const struct dmumu_pairs_grid *grid = &problem->grid;
    const struct dmumu_pairs_share share = share_of(team);
    struct dmumu_pair *heard = calloc(2 * n_best, sizeof *heard);
    enum dmumu_status status = DMUMU_OK;
    if (!dmumu_pairs_result_new(grid, n_best, result) || !heard) {
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the results of the fit");
    }
    status = dmumu_team_agree(team, status, error);
    if (status == DMUMU_OK) {
        struct dmumu_progress progress;
        const uint64_t all = (uint64_t)problem->disk.n * problem->halo.n * grid->n_galaxies;
        if (team->rank == 0) {
            dmumu_progress_begin_as(&progress, "fit", "pairs", all);
        }
        status = dmumu_pairs_search(problem, &share, team->rank == 0 ? &progress : NULL, result, error);
        status = dmumu_team_agree(team, status, error);
        if (status == DMUMU_OK && heard) {
            put_together(team, grid, heard, result);
        }
        if (team->rank == 0) {
            dmumu_progress_end(&progress, result->n_pairs, result->seconds);
        }
    }
    free(heard);
    return status;
}
