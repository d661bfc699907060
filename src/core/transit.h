/*
 * Transit-time damping: the sum over directions of one damping, for any pitch angle.
 */
#ifndef DMUMU_CORE_TRANSIT_H
#define DMUMU_CORE_TRANSIT_H

#include "core/angles.h"
#include "core/filter.h"
#include "core/lattice.h"

/** Relative width to which a narrower transit-time resonance, at xi = v_A/(mu v), is widened (resonance.h). */
#define DMUMU_TRANSIT_LEAST_WIDTH 0.065

/** Chebyshev polynomials that carry the dependence of a resonance on the phase speed. */
enum { DMUMU_TRANSIT_MOMENTS = 8 };

/**
 * Transit-time damping: directions with their interpolation weights, to be summed once mu and so their resonance is
 * known. It depends on the direction through epsilon = v_A/(v xi) alone, and where that is small next to its width
 * through a few powers: their sums over directions are there for all mu.
 */
struct dmumu_transit_deposit {
    size_t n, capacity;
    size_t n_near;                   /* the first of them, with small epsilon: in the moments */
    double *epsilon;                 /* [n] v_A/(v xi), owned as all arrays */
    double *weight;                  /* [n] of int xi d xi, x (1 - xi^2)^3/4 */
    double *coarse_ratio;            /* [n] the coarser rule's weight over it */
    double *resonance;               /* [n] scratch */
    struct dmumu_place *end, *start; /* [n] in ln[x (1 - xi^2)^1/2], x = x_max and x = 1 */
    long first, last;                /* range of lattice indices that they touch */
    size_t moment_capacity;
    double *moment; /* [2][DMUMU_TRANSIT_MOMENTS][last - first + 1] taps of the near ones times T_j; of both rules */
    double node[DMUMU_TRANSIT_MOMENTS];                             /* epsilon of Chebyshev's points */
    double transform[DMUMU_TRANSIT_MOMENTS][DMUMU_TRANSIT_MOMENTS]; /* from values there to coefficients */
};

/** @param[in] alfven_speed_v  v_A/v */
enum dmumu_status dmumu_transit_deposit_make(const struct dmumu_angles *angles, double step, double alfven_speed_v,
                                             struct dmumu_transit_deposit *deposit);
void dmumu_transit_deposit_free(struct dmumu_transit_deposit *deposit);

/** The transit-time taps of one mu: ends and (negative) starts of all directions in one list. */
struct dmumu_transit_taps {
    struct dmumu_taps taps;
    double rel_error; /* of a widened resonance */
    double *memory;   /* owned */
    size_t capacity;
};

/** @param[in] width  Delta of the resonance */
enum dmumu_status dmumu_transit_taps_make(const struct dmumu_transit_deposit *deposit, double mu, double width,
                                          struct dmumu_transit_taps *taps);
void dmumu_transit_taps_free(struct dmumu_transit_taps *taps);

#endif
