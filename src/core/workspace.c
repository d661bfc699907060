/* Workspace: see workspace.h. */
#include "core/workspace.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of profiles, and of columns, that outlive a curve. */
#define MOST_PROFILE_BYTES ((size_t)24 << 20)
#define MOST_COLUMN_BYTES  ((size_t)48 << 20)

/* What directions may leave out at either end, relative to D_F (both together were 9e-8 of D at point 1818); and where lobes
 * are followed. */
#define ANGLES_TAIL       1e-7
#define ANGLES_TAIL_TIGHT 1e-9

static void free_profiles(struct dmumu_workspace *workspace)
{
    for (size_t i = 0; i < workspace->n_allocated; i++) {
        for (int node = 0; node < DMUMU_KRONROD_N; node++) {
            dmumu_fast_profile_free(&workspace->profiles[i]->profile[node]);
        }
        free(workspace->profiles[i]);
    }
    workspace->n_profiles = 0;
    workspace->n_allocated = 0;
    workspace->profile_bytes = 0;
}

static void free_columns(struct dmumu_workspace *workspace)
{
    for (int k = 0; k < DMUMU_DEPOSIT_CLASSES; k++) {
        dmumu_columns_free(&workspace->columns[k]);
        workspace->has_columns[k] = false;
    }
}

static size_t column_bytes(const struct dmumu_workspace *workspace)
{
    size_t bytes = 0;
    for (int k = 0; k < DMUMU_DEPOSIT_CLASSES; k++) {
        bytes += workspace->columns[k].bytes;
    }
    return bytes;
}

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
    dmumu_workspace_free(workspace->closer);
    dmumu_own_panels_free(&workspace->panels);
    free_profiles(workspace);
    free_columns(workspace);
    free(workspace->profiles);
    for (int k = 0; k < DMUMU_DEPOSIT_CLASSES; k++) {
        dmumu_deposit_free(&workspace->deposit[k]);
    }
    dmumu_transit_deposit_free(&workspace->transit);
    dmumu_angles_free(&workspace->angles);
    dmumu_directions_free(&workspace->directions);
    dmumu_wave_nodes_free(&workspace->wave_nodes);
    dmumu_arena_free(&workspace->arena);
    free(workspace);
}

struct dmumu_workspace *dmumu_workspace_closer(struct dmumu_workspace *workspace)
{
    if (!workspace->closer) {
        workspace->closer = calloc(1, sizeof *workspace->closer);
    }
    return workspace->closer;
}

void dmumu_workspace_begin_curve(struct dmumu_workspace *workspace)
{
    for (struct dmumu_workspace *at = workspace; at; at = at->closer) {
        dmumu_own_panels_free(&at->panels);
        if (at->profile_bytes > MOST_PROFILE_BYTES || column_bytes(at) > MOST_COLUMN_BYTES) {
            free_profiles(at);
            free_columns(at);
        }
    }
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
                             workspace->refinement == tables->refinement &&
                             same_bytes(&workspace->model, &tables->model);
    if (!same_tables || !same_damping(&workspace->damping, state)) {
        workspace->has_damping = true;
        workspace->alfven_mach = tables->alfven_mach;
        workspace->refinement = tables->refinement;
        memcpy(&workspace->model, &tables->model, sizeof tables->model);
        workspace->n_profiles = 0;
        workspace->has_ends = false;
        workspace->has_sharp_angles = false;
        workspace->direct_ratio = 0.0;
        workspace->has_transit = false;
        memset(workspace->has_columns, 0, sizeof workspace->has_columns);
    }
    workspace->damping = *state;
}

const struct dmumu_angle_ends *dmumu_workspace_angle_ends(struct dmumu_workspace *workspace)
{
    if (!workspace->has_ends) {
        const bool tight = dmumu_deposit_follows_lobes(workspace->model.tolerance);
        workspace->ends = dmumu_angles_find_ends(&workspace->damping, tight ? ANGLES_TAIL_TIGHT : ANGLES_TAIL,
                                                 DMUMU_R_MIN, DMUMU_R_MAX);
        workspace->has_ends = true;
    }
    return &workspace->ends;
}

/* Directions of the damping, into `angles`. */
static enum dmumu_status lay_out(struct dmumu_workspace *workspace, const struct dmumu_angle_mesh *mesh,
                                 struct dmumu_angles *angles)
{
    return dmumu_angles_lay_out(&workspace->damping, mesh, dmumu_workspace_angle_ends(workspace), angles);
}

const struct dmumu_sharp_angles *dmumu_workspace_sharp_angles(struct dmumu_workspace *workspace)
{
    if (!workspace->has_sharp_angles) {
        workspace->sharp_angles = dmumu_sharp_angles_find(&workspace->damping, dmumu_workspace_angle_ends(workspace));
        workspace->has_sharp_angles = true;
    }
    return &workspace->sharp_angles;
}

struct dmumu_directions *dmumu_workspace_directions(struct dmumu_workspace *workspace, double larmor_ratio)
{
    if (workspace->direct_ratio != larmor_ratio) {
        workspace->direct_ratio = 0.0; /* of none, where there is no memory */
        if (dmumu_directions_make(&workspace->damping, larmor_ratio, &workspace->directions) != DMUMU_OK) {
            return NULL;
        }
        workspace->direct_ratio = larmor_ratio;
    }
    return &workspace->directions;
}

static double step_of(const struct dmumu_workspace *workspace, int step_class)
{
    return dmumu_deposit_step(workspace->model.tolerance, step_class + workspace->refinement);
}

/*
 * The directions of a class, into workspace->angles. A resonance of a few steps' width turns a steep x_max into a step
 * of that width in ln x_max, which the 15 points of a panel must resolve: a panel is five such widths, and so has no more
 * steps where these are longer than a third of a width, for tolerances above 1e-4.
 */
static enum dmumu_status make_angles(struct dmumu_workspace *workspace, int step_class, double resonant_width)
{
    const double step = step_of(workspace, step_class);
    const double third = dmumu_deposit_step(1e-4, step_class + workspace->refinement);
    const struct dmumu_angle_mesh mesh = {
        .max_width = 10.0 * step, .max_change = 16.0 * fmin(step, third), .resonant_width = resonant_width};
    return lay_out(workspace, &mesh, &workspace->angles);
}

struct dmumu_columns *dmumu_workspace_columns(struct dmumu_workspace *workspace, const struct dmumu_tables *tables,
                                              int step_class)
{
    struct dmumu_deposit *deposit = &workspace->deposit[step_class];
    struct dmumu_columns *columns = &workspace->columns[step_class];
    if (!workspace->has_columns[step_class]) {
        const double step = step_of(workspace, step_class);
        if (make_angles(workspace, step_class, 0.0) != DMUMU_OK ||
            dmumu_deposit_make(&workspace->angles, &tables->fast->rows, step, deposit) != DMUMU_OK ||
            dmumu_columns_begin(tables->fast, deposit, step_class, columns) != DMUMU_OK) {
            return NULL;
        }
        workspace->has_columns[step_class] = true;
    }
    columns->common = tables->fast; /* tables of the same content may have taken the place of those that were */
    return columns;
}

/*
 * Meshes differ in panels that reach to within exp(1.2) of where directions resonate exactly, epsilon = 1, and are 1.3
 * long at most: whichever comes first has the near directions of both, with epsilon up to 0.01.
 */
struct dmumu_transit_deposit *dmumu_workspace_transit(struct dmumu_workspace *workspace, double relative_width)
{
    struct dmumu_transit_deposit *transit = &workspace->transit;
    const int mesh = dmumu_transit_mesh(relative_width);
    if (workspace->has_transit && transit->has_mesh[mesh]) {
        return transit;
    }
    enum dmumu_status status = make_angles(workspace, 0, dmumu_transit_mesh_panel(mesh));
    if (status == DMUMU_OK && !workspace->has_transit) {
        status = dmumu_transit_deposit_make(&workspace->angles, step_of(workspace, DMUMU_TRANSIT_CLASS),
                                            workspace->damping.alfven_speed_v, transit);
        workspace->has_transit = status == DMUMU_OK;
    }
    if (status == DMUMU_OK) {
        status = dmumu_transit_deposit_add_mesh(&workspace->angles, mesh, transit);
    }
    return status == DMUMU_OK ? transit : NULL;
}

/* A slot for one more panel's profiles; memory of an earlier damping is used again. */
static struct dmumu_cached_profiles *next_slot(struct dmumu_workspace *workspace)
{
    if (workspace->n_profiles < workspace->n_allocated) {
        return workspace->profiles[workspace->n_profiles++];
    }
    if (workspace->n_allocated == workspace->capacity) {
        const size_t capacity = 2 * workspace->capacity + 16;
        struct dmumu_cached_profiles **grown =
            realloc(workspace->profiles, capacity * sizeof(struct dmumu_cached_profiles *));
        if (!grown) {
            return NULL;
        }
        workspace->profiles = grown;
        workspace->capacity = capacity;
    }
    struct dmumu_cached_profiles *slot = calloc(1, sizeof *slot);
    if (slot) {
        workspace->profiles[workspace->n_allocated++] = slot;
        workspace->n_profiles++;
    }
    return slot;
}

/* The profiles of one panel, known or new; NULL when out of memory. */
static struct dmumu_cached_profiles *profiles_of(struct dmumu_workspace *workspace, struct dmumu_panel_key key)
{
    for (size_t i = 0; i < workspace->n_profiles; i++) {
        struct dmumu_cached_profiles *known = workspace->profiles[i];
        if (dmumu_panel_same(&known->key, &key)) {
            return known;
        }
    }
    struct dmumu_cached_profiles *slot = next_slot(workspace);
    if (slot) {
        slot->key = key;
        memset(slot->begun, 0, sizeof slot->begun);
    }
    return slot;
}

static size_t bytes_of(const struct dmumu_fast_profile *profile)
{
    return (profile->capacity + profile->taps.capacity) * sizeof(double);
}

struct dmumu_fast_profile *dmumu_workspace_profile(struct dmumu_workspace *workspace, const struct dmumu_tables *tables,
                                                   const struct dmumu_panel_tables *panel, int node)
{
    struct dmumu_cached_profiles *slot = profiles_of(workspace, panel->key);
    if (!slot || slot->begun[node]) {
        return slot ? &slot->profile[node] : NULL;
    }
    const struct dmumu_fast_table *table = &panel->node[node].fast;
    struct dmumu_transit_deposit *transit = dmumu_workspace_transit(workspace, table->width / table->mu);
    struct dmumu_columns *columns = dmumu_workspace_columns(workspace, tables, table->step_class);
    struct dmumu_fast_profile *profile = &slot->profile[node];
    const size_t bytes = bytes_of(profile);
    slot->begun[node] =
        transit && columns &&
        dmumu_fast_profile_begin(tables->fast, &workspace->damping, table, columns, transit, profile) == DMUMU_OK;
    workspace->profile_bytes += bytes_of(profile) - bytes;
    return slot->begun[node] ? profile : NULL;
}
