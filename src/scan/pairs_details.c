/* Pairs, details: see pairs_details.h. */
#include "scan/pairs_details.h"

#include "core/error.h"

#include <stdlib.h>

enum dmumu_status dmumu_pairs_details_make(const struct dmumu_pairs_problem *problem,
                                           const struct dmumu_pairs_result *result, size_t n_points,
                                           struct dmumu_pairs_details *details, struct dmumu_error *error)
{
    const size_t n = result->n_found + 1;
    const size_t n_sets = problem->n_sets;
    details->normalisation = calloc(n, n_sets * sizeof *details->normalisation);
    details->chi2 = calloc(n, n_sets * sizeof *details->chi2);
    details->model = calloc(n, n_points * sizeof *details->model);
    if (!details->normalisation || !details->chi2 || !details->model) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the best pairs");
    }
    enum dmumu_status status = DMUMU_OK;
    for (size_t i = 0; status == DMUMU_OK && i < result->n_found; i++) {
        status = dmumu_pairs_detail(problem, &result->best[i], details->normalisation + i * n_sets,
                                    details->chi2 + i * n_sets, details->model + i * n_points, error);
    }
    return status;
}

void dmumu_pairs_details_free(struct dmumu_pairs_details *details)
{
    free(details->normalisation);
    free(details->chi2);
    free(details->model);
    *details = (struct dmumu_pairs_details){0};
}
