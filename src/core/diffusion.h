/* Diffusion: D(R) of one point, from one set of tables. */
#ifndef DMUMU_CORE_DIFFUSION_H
#define DMUMU_CORE_DIFFUSION_H

#include "core/workspace.h"

/**
 * dmumu_curve_compute at a single look: work is done to the tolerance of the tables, and values are judged by another,
 * as large or larger.
 * @param[out] rate_error  [n] what the rates' errors contribute to curve->rel_error, so far as finer lattices help; else 0
 */
enum dmumu_status dmumu_diffusion_compute(struct dmumu_tables *tables, const struct dmumu_point *point, size_t n,
                                          const double rigidity_gv[], double tolerance, struct dmumu_curve *curve,
                                          double rate_error[], struct dmumu_workspace *workspace,
                                          struct dmumu_error *error);

#endif
