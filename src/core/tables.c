/* Tables: see tables.h. */
#include "core/tables.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NOT_MADE = -1 };

/* Rates are kept for this many lists of R. With more (where beta moves B, and so every R) the further ones are the
 * callers' own. */
enum { MAX_SETS = 64 };

static const enum dmumu_mode cascade_modes[] = {DMUMU_ALFVEN, DMUMU_SLOW};
enum { N_CASCADE_MODES = 2 };

/* ---- made once --------------------------------------------------------------------------------------------------- */

static void lazy_init(struct dmumu_lazy *lazy)
{
    omp_init_lock(&lazy->lock);
    atomic_init(&lazy->status, NOT_MADE);
}

typedef enum dmumu_status maker(void *context, int item);

/*
 * Make all items of an array of lazies, with whoever else is at it: first those nobody is working on, then wait for the
 * others. `wanted` [n] may be NULL: all. What fails stays unmade: memory may come back.
 */
static enum dmumu_status make_all(struct dmumu_lazy *const lazy[], int n, const uint8_t wanted[], maker *make,
                                  void *context)
{
    enum dmumu_status status = DMUMU_OK;
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < n; i++) {
            if ((wanted && !wanted[i]) || atomic_load(&lazy[i]->status) != NOT_MADE) {
                continue;
            }
            if (pass == 0 && !omp_test_lock(&lazy[i]->lock)) {
                continue;
            }
            if (pass == 1) {
                omp_set_lock(&lazy[i]->lock);
            }
            if (atomic_load(&lazy[i]->status) == NOT_MADE) {
                const enum dmumu_status made = make(context, i);
                atomic_store(&lazy[i]->status, made == DMUMU_OK ? DMUMU_OK : NOT_MADE);
                status = made == DMUMU_OK ? status : made;
            }
            omp_unset_lock(&lazy[i]->lock);
        }
    }
    return status;
}

/* ---- panels ------------------------------------------------------------------------------------------------------ */

struct panel_context {
    struct dmumu_tables *tables;
    struct dmumu_panel_tables *panel;
    enum dmumu_mode mode;
};

/*
 * Large panels see the narrow resonances at mu -> 1 with their last nodes, whose weight is next to nothing: the coarser
 * lattices do. Where that shows in the error of D, the panel is halved. Probes only ask whether to look closer.
 */
static int finest_class_of(const struct dmumu_tables *tables, struct dmumu_panel_key key)
{
    const int finest = dmumu_fast_finest_class(tables->model.tolerance);
    const int wanted = key.depth == DMUMU_PROBE_DEPTH ? 1 : key.depth + 1;
    return wanted < finest ? wanted : finest;
}

static enum dmumu_status make_node(void *context, int item)
{
    const struct panel_context *at = context;
    struct dmumu_node_tables *node = &at->panel->node[item];
    const struct dmumu_state *state = &at->tables->state;
    if (at->mode == DMUMU_FAST) {
        return dmumu_fast_table_init(&at->tables->fast, state, node->mu, node->s2,
                                     finest_class_of(at->tables, at->panel->key), &node->fast);
    }
    return dmumu_cascade_table_init(&at->tables->cascade[at->mode], state, node->mu, node->s2, (double)INFINITY,
                                    &node->cascade[at->mode]);
}

static struct dmumu_panel_tables *panel_new(struct dmumu_panel_key key)
{
    struct dmumu_panel_tables *panel = calloc(1, sizeof *panel);
    if (panel) {
        panel->key = key;
        for (int i = 0; i < DMUMU_KRONROD_N; i++) {
            for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
                lazy_init(&panel->node[i].lazy[mode]);
            }
            dmumu_panel_node(key, i, &panel->node[i].mu, &panel->node[i].s2);
        }
    }
    return panel;
}

static bool same_key(struct dmumu_panel_key a, struct dmumu_panel_key b)
{
    return a.depth == b.depth && a.index == b.index;
}

static struct dmumu_panel_tables *find_panel(struct dmumu_tables *tables, struct dmumu_panel_key key)
{
    omp_set_lock(&tables->lock);
    struct dmumu_panel_tables *panel = tables->first_panel;
    while (panel && !same_key(panel->key, key)) {
        panel = panel->next;
    }
    if (!panel && (panel = panel_new(key)) != NULL) {
        panel->next = tables->first_panel;
        tables->first_panel = panel;
    }
    omp_unset_lock(&tables->lock);
    return panel;
}

const struct dmumu_panel_tables *dmumu_tables_panel(struct dmumu_tables *tables, struct dmumu_panel_key key,
                                                    enum dmumu_mode mode, enum dmumu_status *status)
{
    struct dmumu_panel_tables *panel = find_panel(tables, key);
    if (!panel) {
        *status = DMUMU_ERROR_MEMORY;
        return NULL;
    }
    struct dmumu_lazy *lazy[DMUMU_KRONROD_N];
    for (int i = 0; i < DMUMU_KRONROD_N; i++) {
        lazy[i] = &panel->node[i].lazy[mode];
    }
    struct panel_context context = {.tables = tables, .panel = panel, .mode = mode};
    *status = make_all(lazy, DMUMU_KRONROD_N, NULL, make_node, &context);
    return *status == DMUMU_OK ? panel : NULL;
}

static void panel_free(struct dmumu_panel_tables *panel)
{
    for (int i = 0; i < DMUMU_KRONROD_N; i++) {
        struct dmumu_node_tables *node = &panel->node[i];
        dmumu_fast_table_free(&node->fast);
        for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
            dmumu_cascade_table_free(&node->cascade[mode]);
            omp_destroy_lock(&node->lazy[mode].lock);
        }
    }
    free(panel);
}

/* ---- rates of Alfven and slow modes -------------------------------------------------------------------------------
 */

static struct dmumu_rate_set *rate_set_new(size_t n, const double larmor_ratio[])
{
    struct dmumu_rate_set *set = calloc(1, sizeof *set);
    if (!set) {
        return NULL;
    }
    set->n = n;
    set->larmor_ratio = malloc(n * sizeof *set->larmor_ratio);
    if (!set->larmor_ratio) {
        free(set);
        return NULL;
    }
    memcpy(set->larmor_ratio, larmor_ratio, n * sizeof *larmor_ratio);
    return set;
}

struct dmumu_rate_set *dmumu_tables_rate_set(struct dmumu_tables *tables, size_t n, const double larmor_ratio[])
{
    omp_set_lock(&tables->lock);
    struct dmumu_rate_set *set = tables->first_set;
    while (set && !(set->n == n && memcmp(set->larmor_ratio, larmor_ratio, n * sizeof *larmor_ratio) == 0)) {
        set = set->next;
    }
    if (!set && (set = rate_set_new(n, larmor_ratio)) != NULL) {
        set->shared = tables->n_sets < MAX_SETS;
        if (set->shared) {
            set->next = tables->first_set;
            tables->first_set = set;
            tables->n_sets++;
        }
    }
    omp_unset_lock(&tables->lock);
    return set;
}

static void panel_rates_free(struct dmumu_panel_rates *rates)
{
    for (size_t r = 0; rates->lazy && r < rates->n; r++) {
        omp_destroy_lock(&rates->lazy[r].lock);
    }
    free(rates->lazy);
    free(rates->rate);
    free(rates);
}

static struct dmumu_panel_rates *panel_rates_new(struct dmumu_panel_key key, enum dmumu_mode mode, size_t n)
{
    struct dmumu_panel_rates *rates = calloc(1, sizeof *rates);
    if (!rates) {
        return NULL;
    }
    rates->key = key;
    rates->mode = mode;
    rates->lazy = malloc(n * sizeof *rates->lazy);
    rates->rate = calloc(DMUMU_KRONROD_N * n, sizeof *rates->rate);
    for (size_t r = 0; rates->lazy && r < n; r++) {
        lazy_init(&rates->lazy[r]);
        rates->n = r + 1;
    }
    if (!rates->lazy || !rates->rate) {
        panel_rates_free(rates);
        return NULL;
    }
    return rates;
}

static struct dmumu_panel_rates *find_rates(struct dmumu_tables *tables, struct dmumu_rate_set *set,
                                            struct dmumu_panel_key key, enum dmumu_mode mode)
{
    omp_set_lock(&tables->lock);
    struct dmumu_panel_rates *rates = set->first;
    while (rates && !(rates->mode == mode && same_key(rates->key, key))) {
        rates = rates->next;
    }
    if (!rates && (rates = panel_rates_new(key, mode, set->n)) != NULL) {
        rates->next = set->first;
        set->first = rates;
    }
    omp_unset_lock(&tables->lock);
    return rates;
}

struct rates_context {
    struct dmumu_tables *tables;
    const struct dmumu_rate_set *set;
    const struct dmumu_panel_tables *panel;
    struct dmumu_panel_rates *rates;
    struct dmumu_wave_nodes *scratch;
};

static enum dmumu_status make_rates(void *context, int item)
{
    const struct rates_context *at = context;
    const enum dmumu_mode mode = at->rates->mode;
    enum dmumu_status status = DMUMU_OK;
    for (int node = 0; status == DMUMU_OK && node < DMUMU_KRONROD_N; node++) {
        status = dmumu_cascade_rate(&at->tables->cascade[mode], &at->tables->state,
                                    &at->panel->node[node].cascade[mode], at->set->larmor_ratio[item], at->scratch,
                                    &at->rates->rate[(size_t)node * at->set->n + (size_t)item]);
    }
    return status;
}

const struct dmumu_panel_rates *dmumu_tables_panel_rates(struct dmumu_tables *tables, struct dmumu_rate_set *set,
                                                         const struct dmumu_panel_tables *panel, enum dmumu_mode mode,
                                                         const uint8_t chosen[], struct dmumu_wave_nodes *scratch,
                                                         enum dmumu_status *status)
{
    struct dmumu_panel_rates *rates = find_rates(tables, set, panel->key, mode);
    struct dmumu_lazy **lazy = malloc(set->n * sizeof(struct dmumu_lazy *));
    if (!rates || !lazy) {
        free(lazy);
        *status = DMUMU_ERROR_MEMORY;
        return NULL;
    }
    for (size_t r = 0; r < set->n; r++) {
        lazy[r] = &rates->lazy[r];
    }
    struct rates_context context = {.tables = tables, .set = set, .panel = panel, .rates = rates, .scratch = scratch};
    *status = make_all(lazy, (int)set->n, chosen, make_rates, &context);
    free(lazy);
    return *status == DMUMU_OK ? rates : NULL;
}

/* The tables' lock is held. */
static struct dmumu_alone *find_alone(const struct dmumu_rate_set *set, double zone_l)
{
    struct dmumu_alone *alone = set->first_alone;
    while (alone && alone->zone_l != zone_l) {
        alone = alone->next;
    }
    return alone;
}

const double *dmumu_rate_set_alone(struct dmumu_tables *tables, const struct dmumu_rate_set *set, double zone_l)
{
    omp_set_lock(&tables->lock);
    const struct dmumu_alone *alone = find_alone(set, zone_l);
    omp_unset_lock(&tables->lock);
    return alone ? alone->value : NULL;
}

static struct dmumu_alone *alone_new(double zone_l, size_t n, const double value[])
{
    struct dmumu_alone *alone = malloc(sizeof *alone);
    double *copy = malloc(n * sizeof *copy);
    if (!alone || !copy) {
        free(alone);
        free(copy);
        return NULL;
    }
    memcpy(copy, value, n * sizeof *copy);
    *alone = (struct dmumu_alone){.zone_l = zone_l, .value = copy};
    return alone;
}

const double *dmumu_rate_set_keep_alone(struct dmumu_tables *tables, struct dmumu_rate_set *set, double zone_l,
                                        const double value[])
{
    omp_set_lock(&tables->lock);
    struct dmumu_alone *alone = find_alone(set, zone_l);
    if (!alone && (alone = alone_new(zone_l, set->n, value)) != NULL) {
        alone->next = set->first_alone;
        set->first_alone = alone;
    }
    omp_unset_lock(&tables->lock);
    return alone ? alone->value : NULL;
}

void dmumu_rate_set_free(struct dmumu_rate_set *set)
{
    while (set->first_alone) {
        struct dmumu_alone *next = set->first_alone->next;
        free(set->first_alone->value);
        free(set->first_alone);
        set->first_alone = next;
    }
    while (set->first) {
        struct dmumu_panel_rates *next = set->first->next;
        panel_rates_free(set->first);
        set->first = next;
    }
    free(set->larmor_ratio);
    free(set);
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static enum dmumu_status make_common(struct dmumu_tables *tables)
{
    const struct dmumu_state *state = &tables->state;
    enum dmumu_status status = DMUMU_OK;
    if (state->modes[DMUMU_FAST]) {
        status = dmumu_fast_common_init(&tables->fast, state->harmonics, tables->model.tolerance);
    }
    for (int i = 0; status == DMUMU_OK && i < N_CASCADE_MODES; i++) {
        if (state->modes[cascade_modes[i]]) {
            status = dmumu_cascade_common_init(state, cascade_modes[i], &tables->cascade[cascade_modes[i]]);
        }
    }
    return status;
}

enum dmumu_status dmumu_tables_new(const struct dmumu_model *model, double alfven_mach, struct dmumu_tables **tables,
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
    omp_init_lock(&made->lock);
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

void dmumu_tables_free(struct dmumu_tables *tables)
{
    if (!tables) {
        return;
    }
    while (tables->first_panel) {
        struct dmumu_panel_tables *next = tables->first_panel->next;
        panel_free(tables->first_panel);
        tables->first_panel = next;
    }
    while (tables->first_set) {
        struct dmumu_rate_set *next = tables->first_set->next;
        dmumu_rate_set_free(tables->first_set);
        tables->first_set = next;
    }
    dmumu_fast_common_free(&tables->fast);
    dmumu_cascade_common_free(&tables->cascade[DMUMU_ALFVEN]);
    dmumu_cascade_common_free(&tables->cascade[DMUMU_SLOW]);
    omp_destroy_lock(&tables->lock);
    free(tables);
}
