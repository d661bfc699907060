/*
 * Compare: every curve of a cube against D(R) of some models, over a range of rigidities.
 *
 * A curve counts where the scan is done with it and it has a value at each of the cube's rigidities in the range;
 * others have NaN. Distances are those of dmumu_distance_of, at the cube's rigidities. Local slopes are those of
 * dmumu_local_slopes, of curve and model in the same way: what a coarse grid does to a sharp break, it does to both.
 */
#ifndef DMUMU_SCAN_COMPARE_H
#define DMUMU_SCAN_COMPARE_H

#include "cube/source.h"

struct dmumu_compare_options {
    size_t n_models;
    const struct dmumu_parametrisation *const *model; /* [n_models] */
    double from_gv, to_gv;                            /* ends included */
    bool free_normalisation;
    enum dmumu_isotope isotope; /* whose D of the models */
    double halo_height_kpc;     /* of the cube: D/H is compared; NaN: D is */
};

/** How far a curve's local slopes are from the model's, over the rigidities of the range. */
struct dmumu_slope_difference {
    double rms, worst;
};

/** What is owned is freed by dmumu_comparison_free. */
struct dmumu_comparison {
    size_t n_rigidities; /* of the cube in the range */
    double first_gv, last_gv;
    size_t n_cube;             /* rigidities of the cube */
    const double *rigidity_gv; /* [n_cube] the source's */
    uint64_t n_curves, n_compared;
    struct dmumu_distance *distance;      /* [n_models][n_curves] owned; of D/H where that is compared */
    struct dmumu_slope_difference *slope; /* [n_models][n_curves] owned */
    double *ln_model;                     /* [n_models][n_cube] owned; of D, or of D/H times the cube's H */
    double *model_local_slope;            /* [n_models][n_cube] owned */
    double *model_slope;                  /* [n_models] owned, as in struct dmumu_distance */
    double *model_d_cm2_s;                /* [n_models] owned: of D, geometric mean over the range */
};

/**
 * @param[in]  source       probed before (read.h); outlives the comparison
 * @param[out] comparison   free with dmumu_comparison_free, on error too
 * @return DMUMU_OK; DMUMU_ERROR_ARGUMENT: fewer than two of the cube's rigidities in the range, or a model without the
 *         height that D/H needs; DMUMU_ERROR_FILE; DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_compare_run(const struct dmumu_cube_source *source, const struct dmumu_compare_options *options,
                                    struct dmumu_comparison *comparison, struct dmumu_error *error);
void dmumu_comparison_free(struct dmumu_comparison *comparison);

/**
 * The nearest curves to one model.
 * @param[out] best  [n] flat indices by ascending rms
 * @return how many there are, at most n
 */
size_t dmumu_comparison_best(const struct dmumu_comparison *comparison, size_t model, size_t n, uint64_t best[]);

#endif
