/*
 * Angles: the wave directions at which one medium's fast modes are summed, graded to where its damping needs them.
 *
 * The variable is ln tan(theta): it spreads out the waves along B (1 - xi of 1e-8 and below, all that damping leaves at
 * low R) and those across B (where collisionless damping switches off exponentially) alike. Panels end at every kink of
 * x_max and are short where ln x_max is steep; each carries Kronrod's 15 points and, among them, Gauss's 7. They depend
 * on the damping alone: one list serves every rigidity, every mu and every injection scale with the same x_c.
 */
#ifndef DMUMU_CORE_ANGLES_H
#define DMUMU_CORE_ANGLES_H

#include "core/state.h"

/** n directions, and n arrays of that length. Only directions with x_max > 1 are here. Owned. */
struct dmumu_angles {
    size_t n, capacity;
    size_t n_panels, panel_capacity;
    double *panel_end; /* [n_panels][2]: ln tan(theta) at the ends of each panel */
    double *ln_tangent;
    double *cosine;        /* xi */
    double *sine;          /* (1 - xi^2)^1/2 */
    double *weight;        /* of int xi d xi: weight of the rule x xi^2 (1 - xi^2) */
    double *weight_coarse; /* the same with the embedded rule */
    double *ln_x_par_max;  /* ln(x_max xi); may be +inf */
    double *ln_x_perp_max; /* ln(x_max (1 - xi^2)^1/2) */
};

/** How finely: the largest panel in ln tan(theta) and the largest change of ln x_max on one panel. */
struct dmumu_angle_mesh {
    double max_width;
    double max_change;
    double resonant_width; /* the largest panel where xi ~ v_A/(mu v) resonates with transit-time damping; 0: any */
    double tail;           /* relative size of what may be left out at either end (dmumu_angles_make) */
};

/** Where directions begin and end, and the kinks of x_max between. */
enum { DMUMU_ANGLES_MOST_ENDS = 18 };
struct dmumu_angle_ends {
    size_t n;
    double ln_tangent[DMUMU_ANGLES_MOST_ENDS];
    double ln_r_min, ln_r_max;
};

/** The ends for rigidities R in [r_min, r_max]: the same for every mesh. */
struct dmumu_angle_ends dmumu_angles_find_ends(const struct dmumu_state *state, double tail, double r_min,
                                               double r_max);

/**
 * Lay out the directions between these ends.
 * @param[in,out] angles  memory is reused
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_angles_lay_out(const struct dmumu_state *state, const struct dmumu_angle_mesh *mesh,
                                       const struct dmumu_angle_ends *ends, struct dmumu_angles *angles);

/** Both at once. */
enum dmumu_status dmumu_angles_make(const struct dmumu_state *state, const struct dmumu_angle_mesh *mesh, double r_min,
                                    double r_max, struct dmumu_angles *angles);
void dmumu_angles_free(struct dmumu_angles *angles);

#endif
