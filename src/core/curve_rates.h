/* Curve rates: D_mumu of one curve's panels, mode by mode, and of the probes of what lies towards mu = 1. */
#ifndef DMUMU_CORE_CURVE_RATES_H
#define DMUMU_CORE_CURVE_RATES_H

#include "core/curve_panels.h"

/**
 * Rates and errors of one mode on a panel, at the rigidities that panel->needed names (it is used up). work->status
 * tells of failure.
 */
void dmumu_curve_rates(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, enum dmumu_mode mode);

/**
 * D_mumu L/v over 1 - mu^2 of a sum (or of its Alfven and slow modes alone) at probe k, mu = 1 - 2^-k, one rigidity;
 * NaN, and work->status set, when that fails.
 */
double dmumu_curve_probe(struct dmumu_curve_work *work, int which, size_t r, int k, bool with_fast);

/** The same of the fast modes alone. */
double dmumu_curve_fast_probe(struct dmumu_curve_work *work, size_t r, int k);

/** Put the fast modes' rate at one node and rigidity where the panel's others are. */
void dmumu_curve_store_fast_rate(struct dmumu_curve_panel *panel, int node, size_t r,
                                 const struct dmumu_fast_rate *rate);

/** That rate without tables (direct.h). */
void dmumu_curve_direct_rate(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, int node, size_t r);

#endif
