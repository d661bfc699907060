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

#include <stdbool.h>

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

/** Directions with their interpolation weights, in the order of epsilon. */
struct dmumu_transit_directions {
    size_t n, capacity;
    double *epsilon;                 /* [n] v_A/(v xi), owned as all arrays */
    double *weight;                  /* [n] of int xi d xi, x (1 - xi^2)^3/4 */
    double *coarse_ratio;            /* [n] the coarser rule's weight over it */
    struct dmumu_place *end, *start; /* [n] in ln[x (1 - xi^2)^1/2], x = x_max and x = 1 */
    size_t *end_run, *start_run; /* [n] the first direction after each with an end, a start at other lattice points */
};

/** Meshes of directions: few, or many where transit-time damping is exactly resonant, for narrow resonances. */
enum { DMUMU_TRANSIT_WIDE, DMUMU_TRANSIT_NARROW, DMUMU_TRANSIT_MESHES };

/** The mesh for a resonance of relative width Delta/mu; how long a panel of it may be where waves resonate exactly. */
int dmumu_transit_mesh(double relative_width);
double dmumu_transit_mesh_panel(int mesh);

/** The directions of one damping, and what all its pitch angles share. */
struct dmumu_transit_deposit {
    double step;
    double alfven_speed_v;
    struct dmumu_transit_directions near; /* those with small epsilon, alike in all meshes: in the moments */
    struct dmumu_transit_directions far[DMUMU_TRANSIT_MESHES]; /* the others */
    bool has_mesh[DMUMU_TRANSIT_MESHES];
    double *resonance; /* scratch */
    size_t resonance_capacity;
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
 * The near directions and their moments; no mesh yet.
 * @param[in] angles          of any mesh, in the order of their inclination
 * @param[in] alfven_speed_v  v_A/v
 */
enum dmumu_status dmumu_transit_deposit_make(const struct dmumu_angles *angles, double step, double alfven_speed_v,
                                             struct dmumu_transit_deposit *deposit);
void dmumu_transit_deposit_free(struct dmumu_transit_deposit *deposit);

/** The other directions of one mesh. */
enum dmumu_status dmumu_transit_deposit_add_mesh(const struct dmumu_angles *angles, int mesh,
                                                 struct dmumu_transit_deposit *deposit);

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

/**
 * @param[in] deposit  with the mesh for this resonance
 * @param[in] width    Delta of the resonance
 */
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
