/* Workspace: see workspace.h. */
#include "core/workspace.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum dmumu_status dmumu_workspace_new(struct dmumu_workspace **workspace, struct dmumu_error *error)
{
    *workspace = calloc(1, sizeof **workspace);
    return *workspace ? DMUMU_OK : dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for a workspace");
}

void dmumu_workspace_free(struct dmumu_workspace *workspace)
{
    if (!workspace) {
        return;
    }
    for (size_t i = 0; i < workspace->n_allocated; i++) {
        dmumu_fast_profile_free(&workspace->profile[i]->profile);
        free(workspace->profile[i]);
    }
    free(workspace->profile);
    for (int level = 0; level < DMUMU_ANGLE_LEVELS; level++) {
        dmumu_angles_free(&workspace->angles[level]);
    }
    dmumu_wave_nodes_free(&workspace->wave_nodes);
    free(workspace->memory);
    free(workspace);
}

/* NaN equals NaN: x_c of a region without viscous damping. */
static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool same_damping(const struct dmumu_state *a, const struct dmumu_state *b)
{
    return a->beta == b->beta && same(a->x_c, b->x_c) && a->alfven_speed_v == b->alfven_speed_v &&
           a->collisionless == b->collisionless && a->viscous == b->viscous;
}

/* May call equal models different (padding, signs of zero), never different ones equal. */
static bool same_bytes(const struct dmumu_model *a, const struct dmumu_model *b)
{
    return memcmp(a, b, sizeof *a) == 0; /* NOLINT(*-memory-comparison,cert-*) */
}

void dmumu_workspace_set_damping(struct dmumu_workspace *workspace, const struct dmumu_tables *tables,
                                 const struct dmumu_state *state)
{
    /* by content: tables freed and made anew may come at the same address */
    const bool same_tables = workspace->has_damping && workspace->alfven_mach == tables->alfven_mach &&
                             same_bytes(&workspace->model, &tables->model);
    if (!same_tables || !same_damping(&workspace->damping, state)) {
        workspace->has_damping = true;
        workspace->alfven_mach = tables->alfven_mach;
        memcpy(&workspace->model, &tables->model, sizeof tables->model);
        workspace->n_profiles = 0;
        for (int level = 0; level < DMUMU_ANGLE_LEVELS; level++) {
            workspace->has_angles[level] = false;
        }
    }
    workspace->damping = *state;
}

/*
 * The mesh of a level. A resonance of relative width Delta/mu ~ (kappa M_A)^1/2 turns a steep x_max into a step of that
 * width in ln x_max, which the 15 points of a panel must resolve; measured in docs/kernel.md.
 */
static struct dmumu_angle_mesh mesh_of_level(const struct dmumu_state *state, int level)
{
    const double width = state->kappa > 0.0 ? sqrt(state->kappa * state->alfven_mach) : 1.0;
    const double scale = ldexp(1.0, -level);
    return (struct dmumu_angle_mesh){
        .max_width = scale, .max_change = scale * fmin(fmax(4.0 * width, 1.0), 4.0), .tail = 1e-7};
}

const struct dmumu_angles *dmumu_workspace_angles(struct dmumu_workspace *workspace, int level)
{
    if (!workspace->has_angles[level]) {
        const struct dmumu_angle_mesh mesh = mesh_of_level(&workspace->damping, level);
        if (dmumu_angles_make(&workspace->damping, &mesh, DMUMU_R_MIN, DMUMU_R_MAX, &workspace->angles[level]) !=
            DMUMU_OK) {
            return NULL;
        }
        workspace->has_angles[level] = true;
    }
    return &workspace->angles[level];
}

/* A slot for one more profile; memory of an earlier damping is used again. */
static struct dmumu_cached_profile *next_slot(struct dmumu_workspace *workspace)
{
    if (workspace->n_profiles < workspace->n_allocated) {
        return workspace->profile[workspace->n_profiles++];
    }
    if (workspace->n_allocated == workspace->capacity) {
        const size_t capacity = 2 * workspace->capacity + 64;
        struct dmumu_cached_profile **grown =
            realloc(workspace->profile, capacity * sizeof(struct dmumu_cached_profile *));
        if (!grown) {
            return NULL;
        }
        workspace->profile = grown;
        workspace->capacity = capacity;
    }
    struct dmumu_cached_profile *slot = calloc(1, sizeof *slot);
    if (slot) {
        workspace->profile[workspace->n_allocated++] = slot;
        workspace->n_profiles++;
    }
    return slot;
}

const struct dmumu_fast_profile *dmumu_workspace_profile(struct dmumu_workspace *workspace,
                                                         const struct dmumu_tables *tables,
                                                         const struct dmumu_panel_tables *panel, int node, int level)
{
    for (size_t i = 0; i < workspace->n_profiles; i++) {
        const struct dmumu_cached_profile *known = workspace->profile[i];
        if (known->node == node && known->level == level && known->key.depth == panel->key.depth &&
            known->key.index == panel->key.index) {
            return &known->profile;
        }
    }
    const struct dmumu_angles *angles = dmumu_workspace_angles(workspace, level);
    struct dmumu_cached_profile *slot = angles ? next_slot(workspace) : NULL;
    if (!slot) {
        return NULL;
    }
    slot->key = panel->key;
    slot->node = node;
    slot->level = level;
    if (dmumu_fast_profile_make(&tables->fast, &workspace->damping, &panel->node[node].fast, angles, &slot->profile) !=
        DMUMU_OK) {
        workspace->n_profiles--; /* the slot is the last one in use */
        return NULL;
    }
    return &slot->profile;
}
