/* Pairs, their data: files of measured ratios become the data sets of a fit. */
#ifndef DMUMU_SCAN_PAIRS_DATA_H
#define DMUMU_SCAN_PAIRS_DATA_H

#include "scan/crdata.h"

struct dmumu_pairs_data_options {
    size_t n_files;
    const char *const *file; /* [n_files] PATH, or PATH@QUANTITY for a file of several */
    double from_gv, to_gv;   /* rigidities, ends included */
    enum dmumu_crdata_errors errors;
    double normalisation_sigma; /* as in struct dmumu_fit_set, of every set */
    double flux_slope, modulation_gv;
};

/** All sets, point after point. */
struct dmumu_pairs_data {
    size_t n_sets, n_points, n_free; /* n_free: normalisations without a prior */
    struct dmumu_crdata *measured;   /* [n_sets] owned, cut to the range */
    struct dmumu_fit_set *set;       /* [n_sets] owned; arrays point into those below */
    struct dmumu_ratio_point *point; /* [n_points] owned */
    double *value, *sigma;           /* [n_points] owned */
};

/**
 * @param[out] data  free with dmumu_pairs_data_free, on error too
 * @return DMUMU_OK; DMUMU_ERROR_FILE, DMUMU_ERROR_INPUT: as dmumu_crdata_read, a file that is no ratio, one without
 *         points in the range, or a point without an error; DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_pairs_data_read(const struct dmumu_pairs_data_options *options, struct dmumu_pairs_data *data,
                                        struct dmumu_error *error);
void dmumu_pairs_data_free(struct dmumu_pairs_data *data);

#endif
