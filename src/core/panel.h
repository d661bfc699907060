/*
 * Panel: the integral of (1 - mu^2) exp(-q) over the confined part of one panel of pitch angles.
 *
 * q = ln[D_mumu/(1 - mu^2)] is known at the panel's 15 Kronrod points and smooth between them; confined is where
 * q > q_edge. A panel confined as a whole is summed as it is. One with an edge is integrated between the roots of q's
 * interpolating polynomial, and again with the polynomial through fewer of the points, for the error.
 */
#ifndef DMUMU_CORE_PANEL_H
#define DMUMU_CORE_PANEL_H

#include "core/tables.h"

/** What the nodes say. */
struct dmumu_panel_values {
    double q[DMUMU_KRONROD_N];
    double error[DMUMU_KRONROD_N];       /* relative, of the rate */
    double angle_error[DMUMU_KRONROD_N]; /* the part of it that finer wave angles mend */
    bool sharp; /* without broadening, q may jump: at an edge of C no polynomial is to be trusted */
};

struct dmumu_panel_integral {
    double value;
    double difference;    /* to the coarser rule or polynomial */
    double rate_error;    /* absolute, from the rates' errors, edges included */
    double angle_error;   /* the part of it that finer wave angles mend */
    unsigned angle_nodes; /* bit i: node i has a part in angle_error worth mending */
    double mu_star;       /* largest confined mu; NaN where nothing is confined */
    bool rough; /* q is not smooth here (jumps, or cut off far outside C): the difference itself is the error */
};

/** Estimated error of one panel relative to the total of all. */
double dmumu_panel_error(const struct dmumu_panel_integral *integral, double total);

/** Where q lies further than this below its edge, it is cut off: the value does not matter, a tame polynomial does. */
#define DMUMU_PANEL_FLOOR 6.0

/** @param[in] q_edge  -inf where every pitch angle counts */
struct dmumu_panel_integral dmumu_panel_integrate(struct dmumu_panel_key key, const struct dmumu_panel_values *values,
                                                  double q_edge);

#endif
