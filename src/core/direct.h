/* Direct: rates of the fast modes without tables (kernel_direct.h), for the panels of a curve and for single pitch
 * angles. */
#ifndef DMUMU_CORE_DIRECT_H
#define DMUMU_CORE_DIRECT_H

#include "core/workspace.h"

/**
 * @param[in] state   of the damping that the workspace is set to
 * @param[in] s2      1 - mu^2
 * @param[out] rate
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_direct_fast_rate(struct dmumu_tables *tables, const struct dmumu_state *state,
                                         struct dmumu_workspace *workspace, double mu, double s2, double larmor_ratio,
                                         struct dmumu_fast_rate *rate);

#endif
