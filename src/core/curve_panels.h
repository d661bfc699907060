/*
 * Curve panels: the panels of one curve while D is being computed, their rates and integrals.
 *
 * A panel is there for those rigidities and sums (all modes of the model, each mode alone) that need it: a leaf
 * contributes, one that has been split has handed over to its children. diffusion.c decides what to split; this is what
 * panels are and how they are filled.
 */
#ifndef DMUMU_CORE_CURVE_PANELS_H
#define DMUMU_CORE_CURVE_PANELS_H

#include "core/workspace.h"

enum {
    DMUMU_SUM_ALL = DMUMU_N_MODES, /* besides the single modes: all of the model's together */
    DMUMU_N_SUMS = DMUMU_N_MODES + 1,
    DMUMU_MAX_PANELS = 400,
    DMUMU_MAX_PANELS_QUASILINEAR = 2000 /* kinks lie elsewhere at each rigidity */
};

enum dmumu_panel_part { DMUMU_PART_NOT_THERE, DMUMU_PART_LEAF, DMUMU_PART_SPLIT };

/* One panel of one curve. Rates are kept for the rigidities at which it was made only: `slot` says where. */
struct dmumu_curve_panel {
    struct dmumu_panel_key key;
    struct dmumu_panel_tables *tables;
    double s2[DMUMU_KRONROD_N];                          /* of its nodes: 1 - mu^2, which lie far apart in the tables */
    uint8_t *part[DMUMU_N_SUMS];                         /* [n] enum dmumu_panel_part, of each sum */
    uint8_t *want_split[DMUMU_N_SUMS];                   /* [n] depth of the wanted children, 0: none */
    uint8_t *probed[DMUMU_N_SUMS];                       /* [n] 1 once looked for what hides at mu -> 1 */
    uint8_t *needed;                                     /* [n] scratch: rigidities at which a rate is to be computed */
    uint32_t want_depths;                                /* bit d: some want_split is d */
    size_t *slot;                                        /* [n] of a rigidity, where there is one */
    double *rate[DMUMU_N_MODES];                         /* [n_slots][DMUMU_KRONROD_N] D_mumu L/v */
    double *error[DMUMU_N_MODES];                        /* [n_slots][DMUMU_KRONROD_N] absolute */
    struct dmumu_panel_integral *integral[DMUMU_N_SUMS]; /* [n_slots] */
};

struct dmumu_curve_work {
    struct dmumu_tables *tables;
    const struct dmumu_state *state;
    struct dmumu_workspace *workspace;
    size_t n;
    const double *larmor_ratio;
    int ratios_number; /* of ratios.h */
    bool *in_range;    /* [n] */
    bool sums[DMUMU_N_SUMS];
    uint8_t *settled[DMUMU_N_SUMS]; /* [n] nothing more to split */
    uint8_t *looks;                 /* [n] closer looks at the fast modes' rates, see curve_closer.h */
    double *rate_error;             /* [n] before the last look */
    const double *alfven_alone;     /* [n] where D of that mode was computed by itself; else NULL */
    double tolerance;
    double q_edge;                         /* C: q > q_edge; -inf without confinement */
    double *ln_ratio, *inverse_sqrt_ratio; /* [n] ln R, R^-1/2; NULL until wanted */
    struct dmumu_place *cascade_place;     /* [n] where that lies on the Alfven and slow modes' lattices */
    struct dmumu_curve_panel *probe[2];    /* rates at the probes of mu -> 1; NULL until wanted */
    struct dmumu_curve_panel **panel;      /* [n_panels], room for dmumu_curve_most_panels */
    size_t n_panels;
    enum dmumu_status status;
};

static inline size_t dmumu_curve_most_panels(const struct dmumu_curve_work *work)
{
    return work->state->kappa > 0.0 ? DMUMU_MAX_PANELS : DMUMU_MAX_PANELS_QUASILINEAR;
}

/** Where a panel's rates and errors at one rigidity begin. */
static inline size_t dmumu_curve_rates_at(const struct dmumu_curve_panel *panel, size_t r)
{
    return panel->slot[r] * DMUMU_KRONROD_N;
}

/** Is this mode part of this sum? */
static inline bool dmumu_curve_mode_in_sum(const struct dmumu_curve_work *work, int mode, int which)
{
    return work->state->modes[mode] && (which == DMUMU_SUM_ALL || which == mode);
}

/** What a panel's nodes say of one sum; false when nothing scatters at one of them and no zone excludes it. */
bool dmumu_curve_gather(const struct dmumu_curve_work *work, const struct dmumu_curve_panel *panel, int which, size_t r,
                        struct dmumu_panel_values *values);
/** A new panel, filled: a child, for what its parent wants at this depth; or (parent NULL) for all within range. */
void dmumu_curve_add_panel(struct dmumu_curve_work *work, struct dmumu_panel_key key,
                           const struct dmumu_curve_panel *parent);
/** Its tables; false, and work->status set, without memory. */
bool dmumu_curve_panel_find_tables(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel);
/** Memory of a panel, for n_slots rigidities; NULL, and work->status set, when there is none. */
struct dmumu_curve_panel *dmumu_curve_panel_new(struct dmumu_curve_work *work, struct dmumu_panel_key key,
                                                size_t n_slots);

/** The integrals of one rigidity, of all sums with fast modes that have the panel as a leaf, after rates have changed. */
void dmumu_curve_integrate_again(const struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, size_t r);

struct dmumu_curve_total {
    double value, quadrature_error, rate_error, mu_star;
    int leaves;
};

/** The leaves of one sum and rigidity together. */
struct dmumu_curve_total dmumu_curve_total_of(const struct dmumu_curve_work *work, int which, size_t r);

#endif
