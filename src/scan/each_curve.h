/* Each curve: D of every curve that a scan is done with, one after the other, without the whole cube in memory. */
#ifndef DMUMU_SCAN_EACH_CURVE_H
#define DMUMU_SCAN_EACH_CURVE_H

#include "cube/source.h"

/**
 * @param[in] curve    flat index in the cube, ascending from call to call
 * @param[in] d_cm2_s  [rigidities of the cube] not positive: no value
 * @return anything but DMUMU_OK ends the visit
 */
typedef enum dmumu_status dmumu_each_curve_visit(void *context, uint64_t curve, const double d_cm2_s[],
                                                 struct dmumu_error *error);

/** @return DMUMU_OK, what `visit` returned, or what dmumu_cube_source_take does. */
enum dmumu_status dmumu_each_curve(const struct dmumu_cube_source *source, dmumu_each_curve_visit *visit, void *context,
                                   struct dmumu_error *error);

#endif
