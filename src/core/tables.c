/* Tables: see tables.h. */
#include "core/tables.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const enum dmumu_mode cascade_modes[] = {DMUMU_ALFVEN, DMUMU_SLOW};
enum { N_CASCADE_MODES = 2 };

/* ---- panels ------------------------------------------------------------------------------------------------------ */

struct panel_context {
    struct dmumu_tables *tables;
    struct dmumu_panel_tables *panel;
    enum dmumu_mode mode;
};

/* Those that count the bytes. */
static struct dmumu_tables *counting(struct dmumu_tables *tables)
{
    while (tables->closer_to) {
        tables = tables->closer_to;
    }
    return tables;
}

static enum dmumu_status make_fast_node(const struct panel_context *at, struct dmumu_node_tables *node)
{
    const struct dmumu_fast_common *common = at->tables->fast;
    const enum dmumu_status status = dmumu_fast_table_init(common, &at->tables->state, node->mu, node->s2, &node->fast);
    if (status == DMUMU_OK && node->fast.factor && at->panel->kept) {
        const size_t factors = (size_t)common->harmonics * node->fast.n * sizeof *node->fast.factor;
        const size_t missed = (size_t)node->fast.n_missed * 2 * (size_t)common->rows.n * sizeof *node->fast.missed;
        atomic_fetch_add(&counting(at->tables)->bytes, factors + missed);
    }
    return status;
}

static enum dmumu_status make_node(void *context, int item)
{
    const struct panel_context *at = context;
    struct dmumu_node_tables *node = &at->panel->node[item];
    const struct dmumu_state *state = &at->tables->state;
    if (at->mode == DMUMU_FAST) {
        return make_fast_node(at, node);
    }
    return dmumu_cascade_table_init(&at->tables->cascade[at->mode], state, node->mu, node->s2, (double)INFINITY,
                                    &node->cascade[at->mode]);
}

static struct dmumu_panel_tables *panel_new(struct dmumu_panel_key key, struct dmumu_cascade_room room)
{
    struct dmumu_panel_tables *panel = calloc(1, sizeof *panel);
    if (panel) {
        panel->key = key;
        for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
            dmumu_cascade_lattice_init(&panel->lattice[mode], room);
        }
        for (int i = 0; i < DMUMU_KRONROD_N; i++) {
            for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
                dmumu_lazy_init(&panel->node[i].lazy[mode]);
            }
            dmumu_panel_node(key, i, &panel->node[i].mu, &panel->node[i].s2);
        }
    }
    return panel;
}

static struct dmumu_panel_tables *find(struct dmumu_panel_tables *first, const struct dmumu_tables *tables,
                                       struct dmumu_panel_key key)
{
    struct dmumu_panel_tables *panel = first;
    while (panel && !(panel->of == tables && dmumu_panel_same(&panel->key, &key))) {
        panel = panel->next;
    }
    return panel;
}

/* A new panel at the front of a list; NULL when out of memory. */
static struct dmumu_panel_tables *add(struct dmumu_panel_tables **first, const struct dmumu_tables *tables,
                                      struct dmumu_panel_key key, struct dmumu_cascade_room room)
{
    struct dmumu_panel_tables *panel = panel_new(key, room);
    if (panel) {
        panel->of = tables;
        panel->next = *first;
        *first = panel;
    }
    return panel;
}

/* Among those that are kept, where a new one is put if there is room; NULL, and *full set, where not. */
static struct dmumu_panel_tables *find_kept(struct dmumu_tables *tables, struct dmumu_panel_key key, bool *full)
{
    omp_set_lock(&tables->lock);
    struct dmumu_panel_tables *panel = find(tables->first_panel, tables, key);
    struct dmumu_tables *count = counting(tables);
    *full = !panel && atomic_load(&count->bytes) > count->most_bytes;
    const struct dmumu_cascade_room room = {&count->bytes, &count->most_bytes};
    if (!panel && !*full && (panel = add(&tables->first_panel, tables, key, room)) != NULL) {
        panel->kept = true;
        atomic_fetch_add(&count->bytes, sizeof *panel);
    }
    omp_unset_lock(&tables->lock);
    return panel;
}

struct dmumu_panel_tables *dmumu_tables_panel(struct dmumu_tables *tables, struct dmumu_panel_key key,
                                              struct dmumu_own_panels *own, enum dmumu_status *status)
{
    bool full = key.start > 0.0 || key.end > 0.0; /* a section is one damping's: others have no use for it */
    struct dmumu_panel_tables *panel = find(own->first, tables, key);
    if (panel) {
        return panel;
    }
    panel = full ? NULL : find_kept(tables, key, &full);
    panel = full ? add(&own->first, tables, key, (struct dmumu_cascade_room){NULL, NULL}) : panel;
    *status = panel ? *status : DMUMU_ERROR_MEMORY;
    return panel;
}

/* A panel's tables of one mode, all or those wanted. */
static enum dmumu_status complete(struct dmumu_tables *tables, struct dmumu_panel_tables *panel, enum dmumu_mode mode,
                                  const uint8_t wanted[])
{
    struct dmumu_lazy *lazy[DMUMU_KRONROD_N];
    for (int i = 0; i < DMUMU_KRONROD_N; i++) {
        lazy[i] = &panel->node[i].lazy[mode];
    }
    struct panel_context context = {.tables = tables, .panel = panel, .mode = mode};
    return dmumu_lazy_make(lazy, DMUMU_KRONROD_N, wanted, make_node, &context);
}

enum dmumu_status dmumu_tables_complete(struct dmumu_tables *tables, struct dmumu_panel_tables *panel,
                                        enum dmumu_mode mode)
{
    return complete(tables, panel, mode, NULL);
}

enum dmumu_status dmumu_tables_complete_node(struct dmumu_tables *tables, struct dmumu_panel_tables *panel,
                                             enum dmumu_mode mode, int node)
{
    uint8_t wanted[DMUMU_KRONROD_N] = {0};
    wanted[node] = 1;
    return complete(tables, panel, mode, wanted);
}

static void panel_free(struct dmumu_panel_tables *panel)
{
    for (int i = 0; i < DMUMU_KRONROD_N; i++) {
        struct dmumu_node_tables *node = &panel->node[i];
        dmumu_fast_table_free(&node->fast);
        for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
            dmumu_cascade_table_free(&node->cascade[mode]);
            dmumu_lazy_destroy(&node->lazy[mode]);
        }
    }
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        dmumu_cascade_lattice_free(&panel->lattice[mode]);
    }
    free(panel);
}

static void free_all(struct dmumu_panel_tables **first)
{
    while (*first) {
        struct dmumu_panel_tables *next = (*first)->next;
        panel_free(*first);
        *first = next;
    }
}

void dmumu_own_panels_free(struct dmumu_own_panels *own)
{
    free_all(&own->first);
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static enum dmumu_status make_common(struct dmumu_tables *tables)
{
    const struct dmumu_state *state = &tables->state;
    enum dmumu_status status = DMUMU_OK;
    if (state->modes[DMUMU_FAST]) {
        tables->fast = dmumu_shared_fast(tables->shared, tables->refinement);
        status = tables->fast ? DMUMU_OK : DMUMU_ERROR_MEMORY;
    }
    for (int i = 0; status == DMUMU_OK && i < N_CASCADE_MODES; i++) {
        if (state->modes[cascade_modes[i]]) {
            status = dmumu_cascade_common_init(state, cascade_modes[i], tables->model.tolerance,
                                               &tables->cascade[cascade_modes[i]]);
        }
    }
    return status;
}

static enum dmumu_status tables_new(const struct dmumu_model *model, double alfven_mach, int refinement,
                                    struct dmumu_shared *shared, struct dmumu_tables **tables,
                                    struct dmumu_error *error)
{
    *tables = NULL;
    enum dmumu_status status = dmumu_model_check(model, error);
    if (status != DMUMU_OK) {
        return status;
    }
    struct dmumu_tables *made = calloc(1, sizeof *made);
    if (!made) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the tables of M_A = %g", alfven_mach);
    }
    made->model = *model;
    made->alfven_mach = alfven_mach;
    made->refinement = refinement;
    made->shared = dmumu_shared_use(shared);
    made->most_bytes = DMUMU_MOST_PANEL_BYTES;
    atomic_init(&made->bytes, 0);
    omp_init_lock(&made->lock);
    dmumu_lazy_init(&made->closer_lazy);
    dmumu_ratios_init(&made->ratios);
    dmumu_alone_init(&made->alfven_alone);
    dmumu_panel_rules_make(&made->rules);
    /* any beta and L of the model's range: what the tables use does not depend on them */
    const struct dmumu_point point = {
        .region = DMUMU_HALO, .alfven_mach = alfven_mach, .beta = 1.0, .injection_scale_pc = 100.0};
    status = dmumu_state_of_point(model, &point, &made->state, error);
    if (status == DMUMU_OK) {
        status = make_common(made);
        if (status != DMUMU_OK) {
            status = dmumu_error_set(error, status, "out of memory for the tables of M_A = %g", alfven_mach);
        }
    }
    if (status != DMUMU_OK) {
        dmumu_tables_free(made);
        return status;
    }
    *tables = made;
    return DMUMU_OK;
}

enum dmumu_status dmumu_tables_new_sharing(const struct dmumu_model *model, double alfven_mach,
                                           struct dmumu_shared *shared, struct dmumu_tables **tables,
                                           struct dmumu_error *error)
{
    return tables_new(model, alfven_mach, 0, shared, tables, error);
}

enum dmumu_status dmumu_tables_new(const struct dmumu_model *model, double alfven_mach, struct dmumu_tables **tables,
                                   struct dmumu_error *error)
{
    struct dmumu_shared *shared = dmumu_shared_new(model->tolerance, model->harmonics);
    *tables = NULL;
    const enum dmumu_status status =
        shared ? dmumu_tables_new_sharing(model, alfven_mach, shared, tables, error)
               : dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the tables of M_A = %g", alfven_mach);
    dmumu_shared_release(shared);
    return status;
}

enum dmumu_status dmumu_tables_new_beside(const struct dmumu_tables *beside, double alfven_mach,
                                          struct dmumu_tables **tables, struct dmumu_error *error)
{
    return dmumu_tables_new_sharing(&beside->model, alfven_mach, beside->shared, tables, error);
}

static enum dmumu_status make_closer(void *context, int item)
{
    (void)item;
    struct dmumu_tables *tables = context;
    struct dmumu_model model = tables->model;
    struct dmumu_error error;
    model.tolerance = dmumu_shared_tolerance(tables->shared, tables->refinement + 1);
    const enum dmumu_status status =
        tables_new(&model, tables->alfven_mach, tables->refinement + 1, tables->shared, &tables->closer, &error);
    if (tables->closer) {
        tables->closer->closer_to = tables;
    }
    return status;
}

struct dmumu_tables *dmumu_tables_closer(struct dmumu_tables *tables)
{
    struct dmumu_lazy *lazy[1] = {&tables->closer_lazy};
    return dmumu_lazy_make(lazy, 1, NULL, make_closer, tables) == DMUMU_OK ? tables->closer : NULL;
}

void dmumu_tables_free(struct dmumu_tables *tables)
{
    if (!tables) {
        return;
    }
    free_all(&tables->first_panel);
    dmumu_tables_free(tables->closer);
    dmumu_lazy_destroy(&tables->closer_lazy);
    dmumu_alone_free(&tables->alfven_alone);
    dmumu_ratios_free(&tables->ratios);
    dmumu_shared_release(tables->shared);
    dmumu_cascade_common_free(&tables->cascade[DMUMU_ALFVEN]);
    dmumu_cascade_common_free(&tables->cascade[DMUMU_SLOW]);
    omp_destroy_lock(&tables->lock);
    free(tables);
}
