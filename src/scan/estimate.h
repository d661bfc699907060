/*
 * Estimate: how long a scan will take, from a few of its own curves, timed for real on one thread.
 *
 * At up to four M_A of the grid, as far as a quarter of a minute goes, some runs (blocks.h) of each region are computed
 * in part, spread evenly over beta and L. The first ones at an M_A also fill its tables; a second set, at other places,
 * is cheaper. The time of a run, i.e. of its first curve and of the later ones, and the time for the tables are
 * interpolated in ln M_A and added up over the grid; divided by the threads of all ranks they give the time of the
 * scan: ideal sharing, each M_A's tables filled once.
 */
#ifndef DMUMU_SCAN_ESTIMATE_H
#define DMUMU_SCAN_ESTIMATE_H

#include "scan/config.h"

struct dmumu_estimate {
    size_t curves;       /* computed for the estimate */
    size_t alfven_machs; /* at so many M_A, >= 1 */
    double spent_s;
    double core_s;   /* seconds the scan takes on one core */
    double tables_s; /* of these, for the tables */
};

/** Serial, not collective. @return DMUMU_OK, or what stopped a sample curve as a whole. */
enum dmumu_status dmumu_estimate_run(const struct dmumu_config *config, struct dmumu_estimate *estimate,
                                     struct dmumu_error *error);

#endif
