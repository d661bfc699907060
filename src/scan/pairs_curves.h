/*
 * Pairs, their curves: D of every curve of one region of a cube, at the rigidities that a fit asks for.
 *
 * Between the cube's rigidities ln D is linear in ln R. A curve counts where the scan is done with it and it has a value
 * at every rigidity of the cube that is needed; the others are left out. Nothing is extrapolated.
 */
#ifndef DMUMU_SCAN_PAIRS_CURVES_H
#define DMUMU_SCAN_PAIRS_CURVES_H

#include "cube/source.h"

struct dmumu_pairs_curves {
    size_t n, n_nodes;
    uint32_t *point; /* [n] owned: number of each among the region's points, ascending */
    double *d_cm2_s; /* [n][n_nodes] owned */
};

/**
 * @param[in]  source       probed before (read.h)
 * @param[in]  rigidity_gv  [n_nodes] any order
 * @param[out] curves       free with dmumu_pairs_curves_free, on error too; n = 0 where no curve counts
 * @return DMUMU_OK; DMUMU_ERROR_ARGUMENT: the cube lacks the region or the rigidities; DMUMU_ERROR_FILE;
 *         DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_pairs_curves_read(const struct dmumu_cube_source *source, enum dmumu_region region,
                                          size_t n_nodes, const double rigidity_gv[], struct dmumu_pairs_curves *curves,
                                          struct dmumu_error *error);
void dmumu_pairs_curves_free(struct dmumu_pairs_curves *curves);

#endif
