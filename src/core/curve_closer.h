/*
 * Curve closer: rates that are not known well enough are computed again on finer lattices.
 *
 * Where only the tail of a resonance is left, because all waves that would resonate are damped away, the lattices hardly
 * resolve it. That happens to one value in a thousand, and there in a few panels of pitch angles, so that all others had
 * better not pay for it: those alone are looked at again, with tables of their own on lattices of half the step, and once more.
 */
#ifndef DMUMU_CORE_CURVE_CLOSER_H
#define DMUMU_CORE_CURVE_CLOSER_H

#include "core/curve_panels.h"

/**
 * One closer look at the rigidities with an error above the tolerance to which rates contribute: the fast modes' rates of
 * the panels that do, and the integrals over them; panels made later on are looked at as closely. A second look is for
 * those that the first has made much better, one without tables for what is left then: it takes some tens of milliseconds
 * a value, and so where confinement is marginal (D as sensitive as that to what is left of any error) only the worst.
 * @param[in]  look    1 for lattices of half the step, 2 of a quarter, up to DMUMU_MOST_REFINEMENT; DMUMU_DIRECT_LOOK
 * @param[out] looked  whether anything changed, so that panels may have to be halved; work->status tells of failure
 * @return whether any rigidity asked for a look: without one no other look has anything to do
 */
bool dmumu_curve_look_closer(struct dmumu_curve_work *work, int look, bool *looked);

/** The fast modes' rates of a panel at a rigidity at which work->looks asks for closer looks. */
void dmumu_curve_closer_rates(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, size_t r);

#endif
