/*
 * Curve sections: without broadening, where rates are not smooth in mu, and what panels there are to begin with.
 *
 * Transit-time damping picks the waves at xi = v_A/(mu v): it begins at mu = v_A/v like (mu - v_A/v)^3/4, which is all but a
 * jump, and meets the kinks of x_max at v_A/(xi v). These mu are the same for all rigidities: sections of mu end there,
 * and panels are dyadic within each. The Alfven and slow cascades begin at mu = n/(R x_par_min), which is another mu for
 * each R: panels are halved towards it.
 */
#ifndef DMUMU_CORE_CURVE_SECTIONS_H
#define DMUMU_CORE_CURVE_SECTIONS_H

#include "core/curve_panels.h"

/** Add the panels of all sections, at least octave by octave in mu. */
void dmumu_curve_add_sections(struct dmumu_curve_work *work);

/** Does one sum's rate at one R jump in a panel, or at its low end? */
bool dmumu_curve_jumps_in(const struct dmumu_curve_work *work, struct dmumu_panel_key key, int which, size_t r);

#endif
