/*
 * Transit-time damping: the sum over directions of one damping, for any pitch angle, in blocks of points of ln(R s).
 *
 * A direction adds its weight, times the resonance, times G where its waves end less G where they start (kernel.h). The
 * resonance depends on it through epsilon = v_A/(v xi) alone. Where epsilon is small next to its width, which is nearly
 * everywhere, a few Chebyshev polynomials of epsilon carry it: what they make of G in a block is the same for all pitch
 * angles, and made when one of them first asks. The other directions are summed pitch angle by pitch angle.
 */
#ifndef DMUMU_CORE_TRANSIT_H
#define DMUMU_CORE_TRANSIT_H

#include "core/angles.h"
#include "core/filter.h"
#include "core/lattice.h"

/** Relative width to which a narrower transit-time resonance, at xi = v_A/(mu v), is widened (resonance.h). */
#define DMUMU_TRANSIT_LEAST_WIDTH 0.065

/** Chebyshev polynomials that carry the dependence of a resonance on the phase speed. */
enum { DMUMU_TRANSIT_MOMENTS = 10 };

/** What the first polynomials make of G at the lattice points of one block; of both rules of wave angles. */
struct dmumu_transit_block {
    int n_made;
    double fine[DMUMU_TRANSIT_MOMENTS][DMUMU_FILTER_BLOCK];
    double coarse[DMUMU_TRANSIT_MOMENTS][DMUMU_FILTER_SAMPLES];
};

/** Directions of one damping, with their interpolation weights, and what all its pitch angles share. */
struct dmumu_transit_deposit {
    double step;
    size_t n, capacity;
    size_t n_near;                   /* the first of them, with small epsilon: in the moments */
    double *epsilon;                 /* [n] v_A/(v xi), ascending; owned as all arrays */
    double *weight;                  /* [n] of int xi d xi, x (1 - xi^2)^3/4 */
    double *coarse_ratio;            /* [n] the coarser rule's weight over it */
    double *resonance;               /* [n] scratch */
    struct dmumu_place *end, *start; /* [n] in ln[x (1 - xi^2)^1/2], x = x_max and x = 1 */
    size_t *end_run, *start_run; /* [n] the first direction after each with an end, a start at other lattice points */
    struct dmumu_taps moment[DMUMU_TRANSIT_MOMENTS]; /* the near ones times T_j: ends less starts, in one list */
    double *moment_memory;
    double *small_g;                 /* [moment[0].n] z^1/2/2 at each tap's lattice point: G where z is small */
    double root[DMUMU_FILTER_BLOCK]; /* z^1/2 at the lattice points 0 .. */
    size_t moment_capacity, small_g_capacity;
    double node[DMUMU_TRANSIT_MOMENTS];                             /* epsilon of Chebyshev's points */
    double transform[DMUMU_TRANSIT_MOMENTS][DMUMU_TRANSIT_MOMENTS]; /* from values there to coefficients */
    struct dmumu_transit_block *block;                              /* [n_blocks], made as far as was asked for */
    size_t n_blocks;
};

/**
 * @param[in] angles          in the order of their inclination
 * @param[in] alfven_speed_v  v_A/v
 */
enum dmumu_status dmumu_transit_deposit_make(const struct dmumu_angles *angles, double step, double alfven_speed_v,
                                             struct dmumu_transit_deposit *deposit);
void dmumu_transit_deposit_free(struct dmumu_transit_deposit *deposit);

/** Room for the blocks 0 .. n - 1. @return DMUMU_OK or DMUMU_ERROR_MEMORY */
enum dmumu_status dmumu_transit_deposit_reserve(struct dmumu_transit_deposit *deposit, size_t n);

/** What one mu has to itself. */
struct dmumu_transit_taps {
    struct dmumu_transit_deposit *deposit; /* not owned */
    int n_moments;                         /* that count */
    double coefficient[DMUMU_TRANSIT_MOMENTS];
    struct dmumu_taps end, start; /* of directions that are not in the moments; starts are negative */
    double rel_error;             /* of a widened resonance */
    double *memory;               /* owned */
    size_t capacity;
};

/** @param[in] width  Delta of the resonance */
enum dmumu_status dmumu_transit_taps_make(struct dmumu_transit_deposit *deposit, double mu, double width,
                                          struct dmumu_transit_taps *taps);
void dmumu_transit_taps_free(struct dmumu_transit_taps *taps);

/**
 * Add the sum over directions at the lattice points b .. b + DMUMU_FILTER_BLOCK - 1, times `scale`.
 * @param[in]     g      G, at the deposit's step
 * @param[in]     block  which block this is to the deposit: one for which there is room, at the same b always
 * @param[in,out] sum    to be finished (dmumu_filter_finish)
 */
void dmumu_transit_add(const struct dmumu_transit_taps *taps, const struct dmumu_row *g, size_t block, long b,
                       double scale, struct dmumu_filter_sum *sum);

#endif
