/* Curve panels: see curve_panels.h. */
#include "core/curve_panels.h"

#include "core/curve_rates.h"
#include "core/curve_sections.h"
#include "core/vector.h"

#include <math.h>
#include <string.h>

/* ---- one panel, one rigidity, one sum ---------------------------------------------------------------------------- */

/*
 * Alfven and slow modes begin at x_par,min: where even harmonic N of that wave lies beyond mu = 1, what scatters at
 * mu -> 1 is the tail of a resonance whose width goes to 0, and D over all mu is infinite. Fast modes always
 * leave something.
 */
static bool dies_out(const struct dmumu_curve_work *work, int which, size_t r)
{
    if (dmumu_curve_mode_in_sum(work, DMUMU_FAST, which)) {
        return false;
    }
    const double x_par_min = dmumu_spectrum_cascade(work->state, DMUMU_ALFVEN).x_par_min;
    return work->larmor_ratio[r] * x_par_min > work->state->harmonics;
}

DMUMU_VECTOR static void add_mode(const double *restrict rate, const double *restrict error,
                                  struct dmumu_panel_values *restrict values)
{
    for (int i = 0; i < DMUMU_KRONROD_N; i++) {
        values->rate[i] += rate[i];
        values->error[i] += error[i];
    }
}

/* Errors relative to the rates. */
DMUMU_VECTOR static void make_relative(struct dmumu_panel_values *values)
{
    for (int i = 0; i < DMUMU_KRONROD_N; i++) {
        values->error[i] = values->rate[i] > 0.0 ? values->error[i] / values->rate[i] : 0.0;
    }
}

/* Is there scattering at all nodes? */
static bool scatters(const double rate[static DMUMU_KRONROD_N])
{
    bool all = true;
    for (int i = 0; i < DMUMU_KRONROD_N; i++) {
        all = all && rate[i] > 0.0;
    }
    return all;
}

/* False when nothing scatters at one of the nodes and no zone excludes it. */
bool dmumu_curve_gather(const struct dmumu_curve_work *work, const struct dmumu_curve_panel *panel, int which, size_t r,
                        struct dmumu_panel_values *values)
{
    const bool no_zone = isinf(work->q_edge);
    if (no_zone && dies_out(work, which, r)) {
        return false;
    }
    const size_t at = dmumu_curve_rates_at(panel, r);
    bool any = false;
    memcpy(values->s2, panel->s2, sizeof values->s2);
    values->sharp = work->state->kappa == 0.0;
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        if (!dmumu_curve_mode_in_sum(work, mode, which)) {
            continue;
        }
        if (any) {
            add_mode(panel->rate[mode] + at, panel->error[mode] + at, values);
        } else {
            memcpy(values->rate, panel->rate[mode] + at, sizeof values->rate);
            memcpy(values->error, panel->error[mode] + at, sizeof values->error);
        }
        any = true;
    }
    if (!any || (no_zone && !scatters(values->rate))) {
        return false;
    }
    make_relative(values);
    return true;
}

/* Of a panel, what lies between its ends and the nodes but one next to them. */
#define NEXT_TO_ENDS 0.0254

/*
 * A rate that jumps, or all but does, may confine between an end of the panel and the nodes: what that can hold at most,
 * at the edge of C, is an error until the panel is narrow enough.
 */
static void mind_the_jump(const struct dmumu_curve_work *work, struct dmumu_panel_key key, int which, size_t r,
                          struct dmumu_panel_integral *integral)
{
    double low;
    double high;
    if (work->state->kappa > 0.0 || !dmumu_curve_jumps_in(work, key, which, r)) {
        return;
    }
    dmumu_panel_ends(key, &low, &high);
    integral->rough = true;
    integral->difference = fmax(integral->difference, NEXT_TO_ENDS * (high - low) * exp(-work->q_edge));
}

/* Panels that end before this have rates of their own at all nodes; those beyond are smooth over ln(1 - mu) at best. */
#define QUICK_UP_TO (1.0 - 0x1p-4)

/* Does the error go like the square of the difference? */
static bool converges_quickly(const struct dmumu_curve_work *work, struct dmumu_panel_key key, int which)
{
    double low;
    double high;
    dmumu_panel_ends(key, &low, &high);
    return work->state->kappa > 0.0 && high <= QUICK_UP_TO && dmumu_curve_mode_in_sum(work, DMUMU_FAST, which);
}

/*
 * Where other modes scatter so much less at all nodes, the integral of the fast modes alone follows from that of all: of a
 * panel that is summed as it is, node by node; of one with an edge of C, to first order, the second being its square.
 */
#define SMALL_SHARE           0.03
#define SMALL_SHARE_WITH_EDGE 1e-6

/* Each node's rate without the other modes, relative; false where a share of them is too large. */
DMUMU_VECTOR static bool others_are_small(const double *restrict fast, const double *restrict all, double most,
                                          double *restrict share)
{
    bool small = true;
    for (int i = 0; i < DMUMU_KRONROD_N; i++) {
        share[i] = fast[i] / all[i];
        small &= share[i] >= 1.0 - most;
    }
    return small;
}

static bool is_leaf(const struct dmumu_curve_work *work, const struct dmumu_curve_panel *panel, int which, size_t r)
{
    return work->sums[which] && panel->part[which][r] == DMUMU_PART_LEAF;
}

/* That of the fast modes alone, from that of all; false where it has to be made by itself. */
static bool take_fast_from_all(const struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, size_t r,
                               const struct dmumu_panel_values *all, const double gradient[static DMUMU_KRONROD_N])
{
    struct dmumu_panel_integral integral = panel->integral[DMUMU_SUM_ALL][panel->slot[r]];
    const double *fast = panel->rate[DMUMU_FAST] + dmumu_curve_rates_at(panel, r);
    const double most = integral.rough ? SMALL_SHARE_WITH_EDGE : SMALL_SHARE;
    double share[DMUMU_KRONROD_N];
    if (work->state->kappa == 0.0 || !is_leaf(work, panel, DMUMU_FAST, r) ||
        !others_are_small(fast, all->rate, most, share)) {
        return false;
    }
    for (int i = 0; i < DMUMU_KRONROD_N; i++) {
        integral.value += gradient[i] * (integral.rough ? share[i] - 1.0 : 1.0 - 1.0 / share[i]);
    }
    panel->integral[DMUMU_FAST][panel->slot[r]] = integral;
    return true;
}

/* Returns whether that of the fast modes alone is there as well. */
static bool integrate_panel(const struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, int which, size_t r)
{
    struct dmumu_panel_values values;
    struct dmumu_panel_integral *integral = &panel->integral[which][panel->slot[r]];
    if (!dmumu_curve_gather(work, panel, which, r, &values)) {
        *integral = (struct dmumu_panel_integral){.value = (double)INFINITY, .mu_star = (double)NAN};
        return false;
    }
    double gradient[DMUMU_KRONROD_N];
    *integral = dmumu_panel_integrate_gradient(&work->tables->rules, panel->key, &values, work->q_edge, gradient);
    integral->quick = integral->value > 0.0 && converges_quickly(work, panel->key, which);
    mind_the_jump(work, panel->key, which, r, integral);
    return which == DMUMU_SUM_ALL && work->state->modes[DMUMU_FAST] &&
           take_fast_from_all(work, panel, r, &values, gradient);
}

/* All sums of one rigidity; with_fast: those with fast modes alone. That of all modes first, which may bring another. */
static void integrate_sums(const struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, size_t r,
                           bool with_fast)
{
    bool have_fast = false;
    for (int which = DMUMU_SUM_ALL; which >= 0; which--) {
        const bool wanted = !with_fast || dmumu_curve_mode_in_sum(work, DMUMU_FAST, which);
        if (wanted && is_leaf(work, panel, which, r) && !(which == DMUMU_FAST && have_fast)) {
            have_fast = integrate_panel(work, panel, which, r) || have_fast;
        }
    }
}

static void integrate_leaves(const struct dmumu_curve_work *work, struct dmumu_curve_panel *panel)
{
    for (size_t r = 0; r < work->n; r++) {
        integrate_sums(work, panel, r, false);
    }
}

void dmumu_curve_integrate_again(const struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, size_t r)
{
    integrate_sums(work, panel, r, true);
}

/* ---- panels ------------------------------------------------------------------------------------------------------ */

struct dmumu_curve_panel *dmumu_curve_panel_new(struct dmumu_curve_work *work, struct dmumu_panel_key key,
                                                size_t n_slots)
{
    struct dmumu_arena *arena = &work->workspace->arena;
    const size_t n = work->n;
    const size_t n_rates = DMUMU_KRONROD_N * n_slots;
    struct dmumu_curve_panel *panel = dmumu_arena_take(arena, sizeof *panel);
    bool good = panel != NULL;
    if (good) {
        panel->key = key;
        panel->needed = dmumu_arena_take(arena, n);
        panel->slot = dmumu_arena_take(arena, n * sizeof *panel->slot);
        good = panel->needed && panel->slot;
    }
    for (int mode = 0; good && mode < DMUMU_N_MODES; mode++) {
        if (work->state->modes[mode]) {
            panel->rate[mode] = dmumu_arena_take_unset(arena, n_rates * sizeof *panel->rate[mode]);
            panel->error[mode] = dmumu_arena_take_unset(arena, n_rates * sizeof *panel->error[mode]);
            good = panel->rate[mode] && panel->error[mode];
        }
    }
    for (int which = 0; good && which < DMUMU_N_SUMS; which++) {
        if (work->sums[which]) {
            panel->part[which] = dmumu_arena_take(arena, n);
            panel->want_split[which] = dmumu_arena_take(arena, n);
            panel->probed[which] = dmumu_arena_take(arena, n);
            panel->integral[which] = dmumu_arena_take(arena, n_slots * sizeof *panel->integral[which]);
            good = panel->part[which] && panel->want_split[which] && panel->probed[which] && panel->integral[which];
        }
    }
    work->status = good ? work->status : DMUMU_ERROR_MEMORY;
    return good ? panel : NULL;
}

bool dmumu_curve_panel_find_tables(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel)
{
    panel->tables = dmumu_tables_panel(work->tables, panel->key, &work->workspace->panels, &work->status);
    for (int i = 0; panel->tables && i < DMUMU_KRONROD_N; i++) {
        panel->s2[i] = panel->tables->node[i].s2;
    }
    return panel->tables != NULL;
}

/* Is a new panel a leaf of this sum? A child is for what its parent wants at its depth. */
static bool becomes_leaf(const struct dmumu_curve_work *work, struct dmumu_panel_key key,
                         const struct dmumu_curve_panel *parent, int which, size_t r)
{
    return work->sums[which] && (parent ? parent->want_split[which][r] == key.depth : work->in_range[r]);
}

static bool becomes_any_leaf(const struct dmumu_curve_work *work, struct dmumu_panel_key key,
                             const struct dmumu_curve_panel *parent, size_t r)
{
    bool any = false;
    for (int which = 0; which < DMUMU_N_SUMS; which++) {
        any = any || becomes_leaf(work, key, parent, which, r);
    }
    return any;
}

static struct dmumu_curve_panel *leaf_panel(struct dmumu_curve_work *work, struct dmumu_panel_key key,
                                            const struct dmumu_curve_panel *parent)
{
    size_t n_slots = 0;
    for (size_t r = 0; r < work->n; r++) {
        n_slots += becomes_any_leaf(work, key, parent, r);
    }
    struct dmumu_curve_panel *panel = dmumu_curve_panel_new(work, key, n_slots);
    size_t slot = 0;
    for (size_t r = 0; panel && r < work->n; r++) {
        if (becomes_any_leaf(work, key, parent, r)) {
            panel->slot[r] = slot++;
            for (int which = 0; which < DMUMU_N_SUMS; which++) {
                if (becomes_leaf(work, key, parent, which, r)) {
                    panel->part[which][r] = DMUMU_PART_LEAF;
                }
            }
        }
    }
    return panel;
}

/* The rigidities at which some sum with this mode has the panel as a leaf. */
static bool find_needed(const struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, int mode)
{
    bool any = false;
    for (size_t r = 0; r < work->n; r++) {
        panel->needed[r] = 0;
        for (int which = 0; which < DMUMU_N_SUMS; which++) {
            if (work->sums[which] && dmumu_curve_mode_in_sum(work, mode, which) &&
                panel->part[which][r] == DMUMU_PART_LEAF) {
                panel->needed[r] = 1;
                any = true;
            }
        }
    }
    return any;
}

void dmumu_curve_add_panel(struct dmumu_curve_work *work, struct dmumu_panel_key key,
                           const struct dmumu_curve_panel *parent)
{
    struct dmumu_curve_panel *panel = leaf_panel(work, key, parent);
    if (!panel) {
        return; /* and work->status says so */
    }
    dmumu_curve_panel_find_tables(work, panel);
    for (int mode = 0; work->status == DMUMU_OK && mode < DMUMU_N_MODES; mode++) {
        if (find_needed(work, panel, mode)) {
            dmumu_curve_rates(work, panel, (enum dmumu_mode)mode);
        }
    }
    if (work->status == DMUMU_OK) {
        work->panel[work->n_panels++] = panel;
        integrate_leaves(work, panel);
    }
}

/* ---- totals ------------------------------------------------------------------------------------------------------ */

struct dmumu_curve_total dmumu_curve_total_of(const struct dmumu_curve_work *work, int which, size_t r)
{
    struct dmumu_curve_total total = {.mu_star = (double)NAN};
    for (size_t i = 0; i < work->n_panels; i++) {
        if (work->panel[i]->part[which][r] == DMUMU_PART_LEAF) {
            const struct dmumu_panel_integral *integral = &work->panel[i]->integral[which][work->panel[i]->slot[r]];
            total.leaves++;
            total.value += integral->value;
            total.rate_error += integral->rate_error;
            const bool further = integral->mu_star > total.mu_star || isnan(total.mu_star);
            total.mu_star = further ? integral->mu_star : total.mu_star;
        }
    }
    for (size_t i = 0; i < work->n_panels && total.value > 0.0 && isfinite(total.value); i++) {
        if (work->panel[i]->part[which][r] == DMUMU_PART_LEAF) {
            total.quadrature_error +=
                total.value * dmumu_panel_error(&work->panel[i]->integral[which][work->panel[i]->slot[r]], total.value);
        }
    }
    return total;
}
