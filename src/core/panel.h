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
#include <stdint.h>

/**
 * The panel [index, index + 1] / 2^depth of pitch-angle cosines; or of a section of them, from start to end (0: 1), within
 * which alone rates are smooth: 0 and 1 of this scale are its ends.
 */
struct dmumu_panel_key {
    int depth;
    unsigned index;
    double start, end;
};

bool dmumu_panel_same(const struct dmumu_panel_key *a, const struct dmumu_panel_key *b);

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

/** Pairs of nodes that are left out for polynomials through the other 13. */
enum { DMUMU_PANEL_PAIRS = 3, DMUMU_PANEL_SAMPLES = 64 };

/** What the Kronrod points fix once and for all. */
struct dmumu_panel_rules {
    double barycentric[DMUMU_KRONROD_N];
    double eleven[DMUMU_KRONROD_N];                      /* the same of eleven nodes, 0 of the others */
    double sample[DMUMU_KRONROD_N][DMUMU_PANEL_SAMPLES]; /* of each node's Lagrange polynomial, from -1 to 1 */
    double miss[DMUMU_PANEL_PAIRS][2][DMUMU_KRONROD_N];  /* by value of each node: see dmumu_panel_miss */
    uint64_t bit[DMUMU_PANEL_SAMPLES];     /* of each sample, in a set of them: from a table, for registers */
    double coarse_weight[DMUMU_KRONROD_N]; /* quadrature: integral of a polynomial through 11 nodes */
    double y[DMUMU_KRONROD_N];             /* ln(1 - x) of the nodes */
};

void dmumu_panel_rules_make(struct dmumu_panel_rules *rules);

/** A pair of nodes, and by what the polynomial through the other 13 misses the value there. */
struct dmumu_panel_miss {
    int node[2];
    double by[2];
};
void dmumu_panel_miss_of(const struct dmumu_panel_rules *rules, const double value[static DMUMU_KRONROD_N],
                         struct dmumu_panel_miss miss[static DMUMU_PANEL_PAIRS]);

/** The polynomial with values q at the nodes, at x of [-1, 1]; weight: barycentric. */
double dmumu_panel_interpolate(const double weight[static DMUMU_KRONROD_N], const double q[static DMUMU_KRONROD_N],
                               double x);
/** A node's part of the barycentric sums, by its weight and distance; of a node at x so much that no other counts. */
static inline double dmumu_panel_part(double weight, double distance)
{
    return weight / (distance == 0.0 ? 1e-200 : distance);
}

/** Each node's Lagrange polynomial at x: what `dmumu_panel_interpolate` multiplies the values by. */
void dmumu_panel_lagrange(const double weight[static DMUMU_KRONROD_N], double x, double value[static DMUMU_KRONROD_N]);
/** Where sample k lies in [-1, 1]. */
double dmumu_panel_sample_at(int k);

/** What the nodes say. */
struct dmumu_panel_values {
    double s2[DMUMU_KRONROD_N];    /* 1 - mu^2 */
    double rate[DMUMU_KRONROD_N];  /* D_mumu L/v */
    double error[DMUMU_KRONROD_N]; /* relative, of the rate */
    bool sharp;                    /* rates have kinks, and lobes of J'^2: polynomials converge slowly if at all */
};

struct dmumu_panel_integral {
    double value;
    double difference; /* to coarser rules or polynomials */
    double rate_error; /* absolute, from the rates' errors, edges included */
    double mu_star;    /* largest confined mu; NaN where nothing is confined */
    bool last;         /* confined as a whole, up to mu = 1 */
    double end;        /* of such a panel: what Kronrod's rule errs by where q is smooth over ln(1 - mu) */
    bool quick;        /* q is smooth over mu: the error goes like the square of the difference */
    bool rough;        /* the difference itself is the error, no higher power of it: edges, or q is not smooth here */
};

/** Estimated error of one panel relative to the total of all. */
double dmumu_panel_error(const struct dmumu_panel_integral *integral, double total);

/** What each node's error contributes to rate_error. */
void dmumu_panel_rate_errors(const struct dmumu_panel_rules *rules, struct dmumu_panel_key key,
                             const struct dmumu_panel_values *values, double q_edge,
                             double contribution[DMUMU_KRONROD_N]);

/** @param[in] q_edge  -inf where every pitch angle counts */
struct dmumu_panel_integral dmumu_panel_integrate(const struct dmumu_panel_rules *rules, struct dmumu_panel_key key,
                                                  const struct dmumu_panel_values *values, double q_edge);

/** The same, and what the value changes by with ln rate of each node, edges included. */
struct dmumu_panel_integral dmumu_panel_integrate_gradient(const struct dmumu_panel_rules *rules,
                                                           struct dmumu_panel_key key,
                                                           const struct dmumu_panel_values *values, double q_edge,
                                                           double gradient[DMUMU_KRONROD_N]);

#endif
