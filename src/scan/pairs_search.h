/* Pairs, the search: chi^2 of one rank's share of the pairs, on its threads. No MPI. */
#ifndef DMUMU_SCAN_PAIRS_SEARCH_H
#define DMUMU_SCAN_PAIRS_SEARCH_H

#include "scan/pairs.h"
#include "scan/pairs_curves.h"
#include "scan/progress.h"

/** What is searched. */
struct dmumu_pairs_problem {
    struct dmumu_pairs_grid grid;
    struct dmumu_galaxy base; /* what of the galaxy is not on the grid */
    size_t n_sets;
    const struct dmumu_fit_set *set;      /* [n_sets] */
    struct dmumu_pairs_curves disk, halo; /* at the nodes of a fit to these sets */
};

/** Blocks of disk points go round among all threads of all ranks; this rank has `n` of `all`, from `first` on. */
struct dmumu_pairs_share {
    size_t first, n, all;
};

/**
 * @param[in]     progress  told of by the first thread, in pairs per share scaled to all; NULL: nobody is
 * @param[in,out] result    from dmumu_pairs_result_new; this share's minima are put in
 * @return DMUMU_OK, DMUMU_ERROR_ARGUMENT (a galaxy or set that makes no sense) or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_pairs_search(const struct dmumu_pairs_problem *problem, const struct dmumu_pairs_share *share,
                                     struct dmumu_progress *progress, struct dmumu_pairs_result *result,
                                     struct dmumu_error *error);

/** One pair in detail; arguments as in dmumu_fit_pair. */
enum dmumu_status dmumu_pairs_detail(const struct dmumu_pairs_problem *problem, const struct dmumu_pair *pair,
                                     double normalisation[], double chi2[], double model[], struct dmumu_error *error);

#endif
