/*
 * Directions: panels of wave angles for one R, to integrate over without tables (kernel_direct.h), with what each of a
 * panel's nodes takes time to find: x_max. All pitch angles at that R begin with them.
 */
#ifndef DMUMU_CORE_DIRECTIONS_H
#define DMUMU_CORE_DIRECTIONS_H

#include "core/angles.h"
#include "core/rules.h"

struct dmumu_direction {
    double cosine, sine;
    double ln_sine;
    double ln_x_perp_max;        /* ln(x_max (1 - xi^2)^1/2) */
    double ln_u_start, ln_u_end; /* of u = 1/(x_par R) where the cascade starts, and ends */
    double u_start, u_end;
    double ln_measure;         /* of xi^3/2 xi d xi, per d ln tan(theta) */
    double ln_transit_measure; /* of (1 - xi^2)^3/4 xi d xi, likewise */
};

/** A panel of ln tan(theta): its ends, and its Kronrod points. */
struct dmumu_direction_panel {
    double low, high;
    size_t halves; /* the first of the two in the list; 0: not there yet */
    struct dmumu_direction node[DMUMU_KRONROD_N];
};

struct dmumu_directions {
    double ln_larmor_ratio;
    size_t n;                            /* to begin with */
    size_t n_all, capacity;              /* with halves, which come behind them */
    struct dmumu_direction_panel *panel; /* [n_all], owned */
    struct dmumu_angles angles;          /* scratch */
};

/** The nodes of panel->low .. panel->high. */
void dmumu_directions_fill(const struct dmumu_state *state, double ln_larmor_ratio,
                           struct dmumu_direction_panel *panel);

/**
 * All that count at this R; memory is used again.
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_directions_make(const struct dmumu_state *state, double larmor_ratio,
                                        struct dmumu_directions *directions);

/**
 * The halves of a panel, kept for the next pitch angle that asks for them.
 * @return where the first is, with the other behind it; 0 without memory, or where 4,000 are kept. Panels may have moved
 */
size_t dmumu_directions_halve(const struct dmumu_state *state, size_t panel, struct dmumu_directions *directions);

void dmumu_directions_free(struct dmumu_directions *directions);

#endif
