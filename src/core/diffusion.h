/* Diffusion: D(R) of one point, from one set of tables. */
#ifndef DMUMU_CORE_DIFFUSION_H
#define DMUMU_CORE_DIFFUSION_H

#include "core/workspace.h"

/**
 * dmumu_curve_compute with at most so many closer looks (curve_closer.h).
 * @param[in]  looks       0 .. DMUMU_DIRECT_LOOK
 * @param[out] rate_error  [n] what the broadened rates' errors contribute to curve->rel_error; may be NULL
 */
enum dmumu_status dmumu_diffusion_compute(struct dmumu_tables *tables, const struct dmumu_point *point, size_t n,
                                          const double rigidity_gv[], int looks, struct dmumu_curve *curve,
                                          double rate_error[], struct dmumu_workspace *workspace,
                                          struct dmumu_error *error);

#endif
