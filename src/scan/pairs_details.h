/* Pairs, details: normalisations, parts of chi^2 and modelled ratios of the best pairs. */
#ifndef DMUMU_SCAN_PAIRS_DETAILS_H
#define DMUMU_SCAN_PAIRS_DETAILS_H

#include "scan/pairs_search.h"

struct dmumu_pairs_details {
    double *normalisation; /* [n_found][n_sets] owned */
    double *chi2;          /* [n_found][n_sets] owned, penalties included */
    double *model;         /* [n_found][points] owned, normalisation not applied */
};

/** @param[out] details  free with dmumu_pairs_details_free, on error too. @return as dmumu_pairs_detail */
enum dmumu_status dmumu_pairs_details_make(const struct dmumu_pairs_problem *problem,
                                           const struct dmumu_pairs_result *result, size_t n_points,
                                           struct dmumu_pairs_details *details, struct dmumu_error *error);
void dmumu_pairs_details_free(struct dmumu_pairs_details *details);

#endif
