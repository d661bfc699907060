/*
 * Panel edges: the integral of (1 - mu^2) exp(-q) over the confined part of a panel with edges of C, where the polynomial
 * through the nodes' q crosses q_edge; its gradient, and how far the polynomial is to be trusted.
 */
#ifndef DMUMU_CORE_PANEL_EDGES_H
#define DMUMU_CORE_PANEL_EDGES_H

#include "core/panel.h"

/** A panel's geometry. */
struct dmumu_panel_shape {
    const struct dmumu_panel_rules *rules;
    double low, one_minus_high, half;
    double q_edge;
    bool sharp; /* of struct dmumu_panel_values */
};

/** Where q lies further than this below its edge, it is cut off: the value does not matter, a tame polynomial does. */
#define DMUMU_PANEL_FLOOR 6.0

/**
 * @param[in]     margin    [15] q less q_edge at the nodes
 * @param[in]     error     [15] of them
 * @param[out]    integral  value, mu_star, difference, rough; rate_error: of where q only touches its edge
 * @param[in,out] gradient  [15] gains d value / d margin
 */
void dmumu_panel_integrate_edges(const struct dmumu_panel_shape *shape, const double margin[static DMUMU_KRONROD_N],
                                 const double error[static DMUMU_KRONROD_N], struct dmumu_panel_integral *integral,
                                 double gradient[static DMUMU_KRONROD_N]);

#endif
