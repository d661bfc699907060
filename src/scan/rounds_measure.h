/* Rounds, the measure: how far look-ups in a cube are from the kernel, shared among the ranks. */
#ifndef DMUMU_SCAN_ROUNDS_MEASURE_H
#define DMUMU_SCAN_ROUNDS_MEASURE_H

#include "scan/refine.h"
#include "scan/team_mpi.h"

/**
 * Measure a complete cube with the default sample. Collective; every rank opens the cube, which takes memory for D twice.
 * @param[out] errors  the same on every rank, whatever their number; free with dmumu_refine_errors_free, on error too
 * @return the same on every rank: DMUMU_OK, or what the cube or the kernel said
 */
enum dmumu_status dmumu_rounds_measure(const struct dmumu_team *team, const char *path, const struct dmumu_model *model,
                                       double tolerance, struct dmumu_refine_errors *errors, struct dmumu_error *error);

#endif
