/*
 * Tables: what one (model, M_A) shares between all curves, made when first needed.
 *
 * Pitch-angle cosines are the Kronrod points of dyadic panels of [0, 1], so that refining never asks for a mu twice by
 * two names. A panel's nodes are made by whichever threads ask for it, together; what they hold depends on (model, M_A,
 * mu) alone.
 *
 * What is kept is bounded: panels that are asked for first when the bound is reached belong to the curve that asked, and
 * are freed with it (struct dmumu_own_panels). Results do not depend on which are.
 */
#ifndef DMUMU_CORE_TABLES_H
#define DMUMU_CORE_TABLES_H

#include "core/alone.h"
#include "core/cascade_lattice.h"
#include "core/kernel.h"
#include "core/lazy.h"
#include "core/panel.h"
#include "core/ratios.h"
#include "core/shared.h"

#include <omp.h>
#include <stdatomic.h>

struct dmumu_node_tables {
    struct dmumu_lazy lazy[DMUMU_N_MODES]; /* of `fast`, and of `cascade` of the other two modes */
    double mu, s2;
    struct dmumu_fast_table fast;
    struct dmumu_cascade_table cascade[DMUMU_N_MODES]; /* alfven, slow */
};

struct dmumu_panel_tables {
    struct dmumu_panel_key key;
    struct dmumu_node_tables node[DMUMU_KRONROD_N];
    struct dmumu_cascade_lattice lattice[DMUMU_N_MODES]; /* alfven, slow */
    const struct dmumu_tables *of;
    bool kept; /* for all curves */
    struct dmumu_panel_tables *next;
};

/** Panels that one curve has to itself; {NULL} at first. */
struct dmumu_own_panels {
    struct dmumu_panel_tables *first;
};
void dmumu_own_panels_free(struct dmumu_own_panels *own);

struct dmumu_tables {
    struct dmumu_model model;
    double alfven_mach;
    int refinement;           /* of the lattices for fast modes: 0, or more for a closer look */
    struct dmumu_state state; /* of the model at this M_A; beta, x_c and speeds are not to be used */
    struct dmumu_panel_rules rules;
    struct dmumu_shared *shared;
    const struct dmumu_fast_common *fast; /* of `shared`; NULL without fast modes */
    struct dmumu_cascade_common cascade[DMUMU_N_MODES];
    struct dmumu_ratios ratios;
    struct dmumu_alone alfven_alone;
    omp_lock_t lock; /* of the list */
    struct dmumu_panel_tables *first_panel;
    struct dmumu_tables *closer_to; /* those that these are a closer look at, and which count the bytes; else NULL */
    atomic_size_t bytes;            /* of panels that are kept */
    size_t most_bytes;
    struct dmumu_lazy closer_lazy;
    struct dmumu_tables *closer; /* NULL until somebody looks closer */
};

/** Bytes of panels to keep, closer looks' included; there are a workspace per thread and some tens of MB beyond that. */
#define DMUMU_MOST_PANEL_BYTES ((size_t)140 << 20)

/** As dmumu_tables_new, with what the tables of all M_A of this model share; the tables are one user more. */
enum dmumu_status dmumu_tables_new_sharing(const struct dmumu_model *model, double alfven_mach,
                                           struct dmumu_shared *shared, struct dmumu_tables **tables,
                                           struct dmumu_error *error);

/**
 * The panel, its tables to be made when needed. Thread-safe. NULL and *status on failure.
 * @param[in,out] own  of the calling curve
 */
struct dmumu_panel_tables *dmumu_tables_panel(struct dmumu_tables *tables, struct dmumu_panel_key key,
                                              struct dmumu_own_panels *own, enum dmumu_status *status);
/** Make a panel's tables of one mode, where they are not made yet. Thread-safe. DMUMU_OK or DMUMU_ERROR_MEMORY. */
enum dmumu_status dmumu_tables_complete(struct dmumu_tables *tables, struct dmumu_panel_tables *panel,
                                        enum dmumu_mode mode);

/** The same for a single node. */
enum dmumu_status dmumu_tables_complete_node(struct dmumu_tables *tables, struct dmumu_panel_tables *panel,
                                             enum dmumu_mode mode, int node);

/** The same with lattices twice as fine and for a tolerance of half of this one's, made on demand. Thread-safe. NULL when out of memory. */
struct dmumu_tables *dmumu_tables_closer(struct dmumu_tables *tables);

#endif
