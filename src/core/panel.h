/*
 * Panel: the integral of (1 - mu^2)^2 / D_mumu over the confined part of one panel of pitch angles.
 *
 * q = ln[D_mumu/(1 - mu^2)] is known at the panel's 15 Kronrod points and smooth between them; confined is where
 * q > q_edge. A panel confined as a whole is summed as it is. One with an edge is integrated between the roots of q's
 * interpolating polynomial, and again with the polynomial through fewer of the points, for the error.
 */
#ifndef DMUMU_CORE_PANEL_H
#define DMUMU_CORE_PANEL_H

#include "core/rules.h"

#include <stdbool.h>

/** The panel [index, index + 1] / 2^depth of pitch-angle cosines. */
struct dmumu_panel_key {
    int depth;
    unsigned index;
};

/**
 * At this depth, not panels of [0, 1] but 15 probes each of what lies towards mu = 1: mu = 1 - 2^-k, with k from
 * DMUMU_LEAST_OCTAVE on in panel 0, and on from there in panel 1. What hides behind a panel's last node is looked for
 * at those from DMUMU_FIRST_PROBE, before the last node of [1/2, 1], to DMUMU_LAST_PROBE: the integrand falls like
 * 1 - mu^2, so that beyond 1 - 5e-7 it adds next to nothing.
 */
enum { DMUMU_PROBE_DEPTH = 64, DMUMU_LEAST_OCTAVE = 2, DMUMU_FIRST_PROBE = 7, DMUMU_LAST_PROBE = 21 };

/** End points of a panel. */
void dmumu_panel_ends(struct dmumu_panel_key key, double *low, double *high);
/** mu and 1 - mu^2 (without cancellation) of one Kronrod point, or of a probe. */
void dmumu_panel_node(struct dmumu_panel_key key, int node, double *mu, double *s2);

/** The polynomial through all nodes, and two through 11 of them. */
enum { DMUMU_PANEL_POLYNOMIALS = 3, DMUMU_PANEL_SAMPLES = 64 };

/** What the Kronrod points fix once and for all. */
struct dmumu_panel_rules {
    double barycentric[DMUMU_PANEL_POLYNOMIALS][DMUMU_KRONROD_N]; /* weights; 0 for a node left out */
    /* value of each node's Lagrange polynomial at samples from -1 to 1 */
    double sample[DMUMU_PANEL_POLYNOMIALS][DMUMU_KRONROD_N][DMUMU_PANEL_SAMPLES];
    double coarse_weight[DMUMU_KRONROD_N]; /* quadrature: integral of the first coarser polynomial */
};

void dmumu_panel_rules_make(struct dmumu_panel_rules *rules);

/** What the nodes say. */
struct dmumu_panel_values {
    double s2[DMUMU_KRONROD_N];    /* 1 - mu^2 */
    double rate[DMUMU_KRONROD_N];  /* D_mumu L/v */
    double error[DMUMU_KRONROD_N]; /* relative, of the rate */
    bool sharp;                    /* without broadening, q may jump: at an edge of C no polynomial is to be trusted */
};

struct dmumu_panel_integral {
    double value;
    double difference; /* to the coarser rule or polynomial */
    double rate_error; /* absolute, from the rates' errors, edges included */
    double mu_star;    /* largest confined mu; NaN where nothing is confined */
    bool rough;        /* q is not smooth here (jumps, or cut off far outside C): the difference itself is the error */
};

/** Estimated error of one panel relative to the total of all. */
double dmumu_panel_error(const struct dmumu_panel_integral *integral, double total);

/** Where q lies further than this below its edge, it is cut off: the value does not matter, a tame polynomial does. */
#define DMUMU_PANEL_FLOOR 6.0

/** What each node's error contributes to rate_error. */
void dmumu_panel_rate_errors(const struct dmumu_panel_rules *rules, struct dmumu_panel_key key,
                             const struct dmumu_panel_values *values, double q_edge,
                             double contribution[DMUMU_KRONROD_N]);

/** @param[in] q_edge  -inf where every pitch angle counts */
struct dmumu_panel_integral dmumu_panel_integrate(const struct dmumu_panel_rules *rules, struct dmumu_panel_key key,
                                                  const struct dmumu_panel_values *values, double q_edge);

#endif
