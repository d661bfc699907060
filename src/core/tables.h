/*
 * Tables: what one (model, M_A) shares between all curves, made when first needed.
 *
 * Pitch-angle cosines are the Kronrod points of dyadic panels of [0, 1], so that refining never asks for a mu twice by
 * two names. A panel's nodes are made by whichever threads ask for it, together; what they hold depends on (model, M_A,
 * mu) alone. Rates of Alfven and slow modes depend on R besides: they are kept per list of R (one per L), for the
 * curves of other beta and regions.
 */
#ifndef DMUMU_CORE_TABLES_H
#define DMUMU_CORE_TABLES_H

#include "core/cascade.h"
#include "core/kernel.h"
#include "core/panel.h"

#include <omp.h>
#include <stdatomic.h>

/** Something made once, by the first that finds its lock free. */
struct dmumu_lazy {
    omp_lock_t lock;
    atomic_int status; /* -1: not made yet; DMUMU_OK: made */
};

struct dmumu_node_tables {
    struct dmumu_lazy lazy[DMUMU_N_MODES]; /* of `fast`, and of `cascade` of the other two modes */
    double mu, s2;
    struct dmumu_fast_table fast;
    struct dmumu_cascade_table cascade[DMUMU_N_MODES]; /* alfven, slow */
};

struct dmumu_panel_tables {
    struct dmumu_panel_key key;
    struct dmumu_node_tables node[DMUMU_KRONROD_N];
    struct dmumu_panel_tables *next;
};

/** Rates of one of the Alfven and slow modes on one panel for one list of R. */
struct dmumu_panel_rates {
    struct dmumu_panel_key key;
    enum dmumu_mode mode;
    size_t n;
    struct dmumu_lazy *lazy;         /* [n]: all nodes of one R are made together */
    struct dmumu_cascade_rate *rate; /* [DMUMU_KRONROD_N][n] */
    struct dmumu_panel_rates *next;
};

/**
 * D of the Alfven modes alone over v L d_prefactor, per R: it depends on neither beta nor the region but for its zone.
 */
struct dmumu_alone {
    double zone_l;
    double *value; /* [n] */
    struct dmumu_alone *next;
};

struct dmumu_rate_set {
    size_t n;
    double *larmor_ratio; /* [n] */
    bool shared;          /* kept by the tables; else the caller frees it */
    struct dmumu_panel_rates *first;
    struct dmumu_alone *first_alone;
    struct dmumu_rate_set *next;
};

struct dmumu_tables {
    struct dmumu_model model;
    double alfven_mach;
    struct dmumu_state state; /* of the model at this M_A; beta, x_c and speeds are not to be used */
    struct dmumu_panel_rules rules;
    struct dmumu_fast_common fast;
    struct dmumu_cascade_common cascade[DMUMU_N_MODES];
    omp_lock_t lock; /* of the lists */
    struct dmumu_panel_tables *first_panel;
    struct dmumu_rate_set *first_set;
    size_t n_sets;
};

/** The panel, its tables of one mode complete. Thread-safe. NULL and *status on failure. */
const struct dmumu_panel_tables *dmumu_tables_panel(struct dmumu_tables *tables, struct dmumu_panel_key key,
                                                    enum dmumu_mode mode, enum dmumu_status *status);
/** The list of rates for these R, made or found; free one that is not `shared`. Thread-safe. NULL when out of memory.
 */
struct dmumu_rate_set *dmumu_tables_rate_set(struct dmumu_tables *tables, size_t n, const double larmor_ratio[]);
void dmumu_rate_set_free(struct dmumu_rate_set *set);
/** What was kept for these R and this zone, [set->n]; NULL: nothing yet. Thread-safe. */
const double *dmumu_rate_set_alone(struct dmumu_tables *tables, const struct dmumu_rate_set *set, double zone_l);
/** Keep it; two threads that computed it keep the first. Returns what is kept, NULL when out of memory. Thread-safe. */
const double *dmumu_rate_set_keep_alone(struct dmumu_tables *tables, struct dmumu_rate_set *set, double zone_l,
                                        const double value[]);
/**
 * Rates of a set on a panel, of one of the Alfven and slow modes, complete for the R chosen.
 * @param[in] panel   with its tables of this mode
 * @param[in] chosen  [set->n] non-zero where wanted
 * Thread-safe. NULL and *status on failure.
 */
const struct dmumu_panel_rates *dmumu_tables_panel_rates(struct dmumu_tables *tables, struct dmumu_rate_set *set,
                                                         const struct dmumu_panel_tables *panel, enum dmumu_mode mode,
                                                         const uint8_t chosen[], struct dmumu_wave_nodes *scratch,
                                                         enum dmumu_status *status);

#endif
