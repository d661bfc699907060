/*
 * Workspace: the memory of one thread, and what it remembers of the last damping.
 *
 * Curves that differ in L alone (at a fixed x_c) have the same damping: their fast rates are the same functions of R. A
 * scan runs through L innermost, so the profiles of the last damping are kept and found again. What a profile holds
 * does not depend on who asked for it, so neither does any result.
 */
#ifndef DMUMU_CORE_WORKSPACE_H
#define DMUMU_CORE_WORKSPACE_H

#include "core/arena.h"
#include "core/columns.h"
#include "core/directions.h"
#include "core/sharp_angles.h"
#include "core/tables.h"
#include "core/transit.h"

/* Profiles of one panel's nodes. */
struct dmumu_cached_profiles {
    struct dmumu_panel_key key;
    bool begun[DMUMU_KRONROD_N];
    struct dmumu_fast_profile profile[DMUMU_KRONROD_N];
};

/** What the thread does for others while it computes a curve. */
struct dmumu_interlude {
    void (*call)(void *context); /* NULL: nothing */
    void *context;
};

struct dmumu_workspace {
    /* the damping that angles and profiles belong to */
    bool has_damping;
    double alfven_mach;
    int refinement;
    struct dmumu_model model;
    struct dmumu_state damping;
    bool has_ends, has_sharp_angles, has_transit, has_columns[DMUMU_DEPOSIT_CLASSES];
    struct dmumu_angle_ends ends;
    double direct_ratio; /* R of `directions`; 0: none */
    struct dmumu_directions directions;
    struct dmumu_angles angles; /* scratch */
    struct dmumu_sharp_angles sharp_angles;
    struct dmumu_transit_deposit transit;
    struct dmumu_deposit deposit[DMUMU_DEPOSIT_CLASSES];
    struct dmumu_columns columns[DMUMU_DEPOSIT_CLASSES];
    struct dmumu_cached_profiles **profiles; /* [n_profiles] in use, up to capacity allocated */
    size_t n_profiles, n_allocated, capacity;
    size_t profile_bytes;

    struct dmumu_own_panels panels; /* of the curve being computed */
    struct dmumu_wave_nodes wave_nodes;
    struct dmumu_arena arena; /* of the curve being computed */

    struct dmumu_workspace *closer; /* for looking closer; NULL until then */
    struct dmumu_interlude interlude;
};

/** Called between the fast modes' rates of a curve, which take a millisecond at most once there are tables: it must not
 * touch the curve. */
static inline void dmumu_workspace_interlude(const struct dmumu_workspace *workspace)
{
    if (workspace->interlude.call) {
        workspace->interlude.call(workspace->interlude.context);
    }
}

/** Another one for a closer look, which comes and goes with this one; NULL when out of memory. */
struct dmumu_workspace *dmumu_workspace_closer(struct dmumu_workspace *workspace);

/** Begin a curve: free what the last one had to itself, and profiles where they have become too many. */
void dmumu_workspace_begin_curve(struct dmumu_workspace *workspace);

/** Forget the profiles when the damping is another one. */
void dmumu_workspace_set_damping(struct dmumu_workspace *workspace, const struct dmumu_tables *tables,
                                 const struct dmumu_state *state);

/** Ends of the damping's directions, and the kinks of x_max between. */
const struct dmumu_angle_ends *dmumu_workspace_angle_ends(struct dmumu_workspace *workspace);

/** Where directions of exactly resonant waves may begin and end. */
const struct dmumu_sharp_angles *dmumu_workspace_sharp_angles(struct dmumu_workspace *workspace);

/** Those for one R, without tables; NULL when out of memory. */
struct dmumu_directions *dmumu_workspace_directions(struct dmumu_workspace *workspace, double larmor_ratio);

/** Sums over the damping's directions, for one class of lattices; made on demand; NULL when out of memory. */
struct dmumu_columns *dmumu_workspace_columns(struct dmumu_workspace *workspace, const struct dmumu_tables *tables,
                                              int step_class);

/** The same for transit-time damping with a resonance of relative width Delta/mu. */
struct dmumu_transit_deposit *dmumu_workspace_transit(struct dmumu_workspace *workspace, double relative_width);

/** The profile of one node, begun on demand; NULL when out of memory. */
struct dmumu_fast_profile *dmumu_workspace_profile(struct dmumu_workspace *workspace, const struct dmumu_tables *tables,
                                                   const struct dmumu_panel_tables *panel, int node);

#endif
