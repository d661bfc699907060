/*
 * Workspace: the memory of one thread, and what it remembers of the last damping.
 *
 * Curves that differ in L alone (at a fixed x_c) have the same damping: their fast rates are the same functions of R. A
 * scan runs through L innermost, so the profiles of the last damping are kept and found again. What a profile holds
 * does not depend on who asked for it, so neither does any result.
 */
#ifndef DMUMU_CORE_WORKSPACE_H
#define DMUMU_CORE_WORKSPACE_H

#include "core/tables.h"

/** Levels of the mesh of wave angles: each halves the panels of the one before. */
enum { DMUMU_ANGLE_LEVELS = 5 };

struct dmumu_cached_profile {
    struct dmumu_panel_key key;
    int node, level;
    struct dmumu_fast_profile profile;
};

struct dmumu_workspace {
    /* the damping that angles and profiles belong to */
    bool has_damping;
    double alfven_mach;
    struct dmumu_model model;
    struct dmumu_state damping;
    bool has_angles[DMUMU_ANGLE_LEVELS];
    struct dmumu_angles angles[DMUMU_ANGLE_LEVELS];
    struct dmumu_cached_profile **profile; /* [n_profiles] in use, up to capacity allocated */
    size_t n_profiles, n_allocated, capacity;

    struct dmumu_wave_nodes wave_nodes;
    double *memory; /* of the curve being computed */
    size_t memory_capacity;
};

/** Forget the profiles when the damping is another one. */
void dmumu_workspace_set_damping(struct dmumu_workspace *workspace, const struct dmumu_tables *tables,
                                 const struct dmumu_state *state);

/** The directions of a level, made on demand; NULL when out of memory. */
const struct dmumu_angles *dmumu_workspace_angles(struct dmumu_workspace *workspace, int level);

/** The profile of one node at one level, made on demand; NULL when out of memory. */
const struct dmumu_fast_profile *dmumu_workspace_profile(struct dmumu_workspace *workspace,
                                                         const struct dmumu_tables *tables,
                                                         const struct dmumu_panel_tables *panel, int node, int level);

#endif
