/*
 * Curve hidden: what no fixed set of pitch angles sees, and is looked for by itself.
 *
 * A sliver of C at mu = 1 beyond the last panel's nodes, where Alfven modes confine; a rise of their rate there, where there
 * is no zone; without broadening, a sliver next to mu = v_A/v, where transit-time damping sets in.
 */
#ifndef DMUMU_CORE_CURVE_HIDDEN_H
#define DMUMU_CORE_CURVE_HIDDEN_H

#include "core/curve_panels.h"

/**
 * The depth at which to look at a panel closer, for one sum and rigidity, because of what its nodes do not see; 0: nothing
 * that counts next to `total`. work->status tells of failure.
 */
int dmumu_curve_hidden_depth(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, int which, size_t r,
                             double total);

#endif
