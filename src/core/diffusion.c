/*
 * Diffusion: D(R) = (v^2/4) int_C dmu (1-mu^2)^2 / (D_F + D_S + D_A) with the production kernel (F21).
 *
 * Logic    [0, 1], or each section of it where rates are not smooth (curve_sections.h), is cut into dyadic panels of 15
 *          Kronrod points in mu, for the rigidities and sums (all modes, each mode alone) that need it: a panel whose
 *          value differs too much from that of its coarser rule is halved for them. What a panel gives is panel.h's; what
 *          its nodes share with other curves is tables.h's. Nothing here depends on other curves or on threads.
 * Error    The sum of: the panels' differences to their coarser rules; the rates' own errors (wave angles, tables),
 *          weighted as the rates are; what those errors move the edges of C by.
 */
#include "core/diffusion.h"

#include "core/curve_closer.h"
#include "core/curve_hidden.h"
#include "core/curve_lobes.h"
#include "core/curve_rates.h"
#include "core/curve_sections.h"
#include "core/error.h"

#include <math.h>
#include <string.h>

enum {
    MAX_DEPTH = 9,              /* panels of 1/512 */
    MAX_DEPTH_DIRECT = 15,      /* with rates without tables, which fall as steeply as they do */
    MAX_DEPTH_QUASILINEAR = 31, /* of a section: without broadening there are jumps and kinks */
    END_DEPTH = 24,             /* towards mu = 1, where a last sliver may be confined alone */
    DEEPEST = MAX_DEPTH_QUASILINEAR,
    MAX_LEAVES = 20,              /* per rigidity and sum: bounds what one marginal value may cost */
    MAX_LEAVES_DIRECT = 60,       /* with rates without tables, after some have been spent on what tables said */
    MAX_LEAVES_QUASILINEAR = 300, /* of which there are 25 and more to begin with */
    MAX_PASSES = 100
};

/*
 * Shares of the tolerance. The quadrature in mu of all panels together may take what the rates' own errors leave of
 * MOST_SHARE, and PANEL_SHARE in any case; beyond that, panels with more than their part of it are halved.
 */
#define MOST_SHARE  0.9
#define PANEL_SHARE 0.3

/* Of the largest error of a panel, what others must have to be halved with it. */
#define WORST_FIRST 0.1

static void add_base_panels(struct dmumu_curve_work *work)
{
    if (work->state->kappa == 0.0) {
        dmumu_curve_add_sections(work);
        return;
    }
    dmumu_curve_add_panel(work, (struct dmumu_panel_key){.depth = 1, .index = 0}, NULL);
    if (work->status == DMUMU_OK) {
        dmumu_curve_add_panel(work, (struct dmumu_panel_key){.depth = 1, .index = 1}, NULL);
    }
}

static int max_depth_of(const struct dmumu_curve_work *work, struct dmumu_panel_key key, size_t r)
{
    double low;
    double high;
    dmumu_panel_ends(key, &low, &high);
    if (low >= 1.0 - ldexp(1.0, -MAX_DEPTH)) {
        return END_DEPTH;
    }
    if (work->state->kappa == 0.0) {
        return MAX_DEPTH_QUASILINEAR;
    }
    return work->looks[r] == DMUMU_DIRECT_LOOK ? MAX_DEPTH_DIRECT : MAX_DEPTH;
}

/* The leaves of one sum together, after a look at what hides from their rules at tolerances to which that matters. */
static struct dmumu_curve_total total_with_lobes(struct dmumu_curve_work *work, int which, size_t r)
{
    const struct dmumu_curve_total total = dmumu_curve_total_of(work, which, r);
    if (!dmumu_curve_lobes_matter(work)) {
        return total;
    }
    for (size_t i = 0; i < work->n_panels; i++) {
        if (work->panel[i]->part[which][r] == DMUMU_PART_LEAF) {
            dmumu_curve_mind_the_lobes(work, work->panel[i], which, r, total.value);
        }
    }
    return dmumu_curve_total_of(work, which, r);
}

/* What the quadrature of one sum may err by, absolute. */
static double most_quadrature_error(const struct dmumu_curve_work *work, const struct dmumu_curve_total *total)
{
    const double tolerance = work->tolerance * total->value;
    return fmax(PANEL_SHARE * tolerance, MOST_SHARE * tolerance - total->rate_error);
}

/* Is there a panel to be halved, as far as depth goes, and its error, absolute? 0: no. */
static double error_to_halve(const struct dmumu_curve_work *work, const struct dmumu_curve_panel *panel, int which,
                             size_t r, double total)
{
    const bool there = panel->part[which][r] == DMUMU_PART_LEAF && panel->key.depth < max_depth_of(work, panel->key, r);
    return there ? dmumu_panel_error(&panel->integral[which][panel->slot[r]], total) * total : 0.0;
}

/*
 * Panels with more than their part of the error are halved; without broadening, where lobes may ask for more than there can
 * be, the worst of them first.
 */
static double least_to_halve(const struct dmumu_curve_work *work, int which, size_t r,
                             const struct dmumu_curve_total *total, double most)
{
    const double part = most / (total->leaves > 3 ? total->leaves : 3);
    double worst = 0.0;
    for (size_t i = 0; work->state->kappa == 0.0 && i < work->n_panels; i++) {
        worst = fmax(worst, error_to_halve(work, work->panel[i], which, r, total->value));
    }
    return fmax(part, WORST_FIRST * worst);
}

/* The fast modes alone have no error of their own to keep to: all modes' sum is worth more rates without tables. */
static int most_leaves(const struct dmumu_curve_work *work, int which, size_t r)
{
    if (work->state->kappa == 0.0) {
        return MAX_LEAVES_QUASILINEAR;
    }
    return which == DMUMU_SUM_ALL && work->looks[r] == DMUMU_DIRECT_LOOK ? MAX_LEAVES_DIRECT : MAX_LEAVES;
}

/* Mark the leaves of one sum to be halved for one rigidity. */
static bool mark_splits(struct dmumu_curve_work *work, int which, size_t r)
{
    const struct dmumu_curve_total total = total_with_lobes(work, which, r);
    if (!isfinite(total.value) || total.leaves > most_leaves(work, which, r)) {
        return false; /* what is left shows in the error */
    }
    const double most = most_quadrature_error(work, &total);
    const bool too_much = total.value > 0.0 && total.quadrature_error > most;
    const double part = least_to_halve(work, which, r, &total, most);
    bool any = false;
    for (size_t i = 0; i < work->n_panels; i++) {
        struct dmumu_curve_panel *panel = work->panel[i];
        if (panel->part[which][r] != DMUMU_PART_LEAF) {
            continue;
        }
        const bool inexact = too_much && error_to_halve(work, panel, which, r, total.value) > part;
        const int depth = inexact ? panel->key.depth + 1 : dmumu_curve_hidden_depth(work, panel, which, r, total.value);
        if (depth > 0) {
            panel->want_split[which][r] = (uint8_t)depth;
            panel->want_depths |= UINT32_C(1) << depth;
            any = true;
        }
    }
    return any;
}

static bool mark_all_splits(struct dmumu_curve_work *work)
{
    bool any = false;
    for (int which = 0; which < DMUMU_N_SUMS; which++) {
        for (size_t r = 0; work->sums[which] && r < work->n; r++) {
            if (work->in_range[r] && !work->settled[which][r]) {
                work->settled[which][r] = !mark_splits(work, which, r);
                any = any || !work->settled[which][r];
            }
        }
    }
    return any;
}

/* The parent gives up to its children what they have taken over. */
static void retire(const struct dmumu_curve_work *work, struct dmumu_curve_panel *panel)
{
    for (int which = 0; which < DMUMU_N_SUMS; which++) {
        for (size_t r = 0; work->sums[which] && r < work->n; r++) {
            if (panel->want_split[which][r]) {
                panel->part[which][r] = DMUMU_PART_SPLIT;
                panel->want_split[which][r] = 0;
            }
        }
    }
    panel->want_depths = 0;
}

/*
 * The two children at some depth: the halves; or, of a panel that ends at mu = 1 and in which nothing is confined but
 * a sliver there, its last two parts of that depth.
 */
static void add_children(struct dmumu_curve_work *work, const struct dmumu_curve_panel *panel, int depth)
{
    const unsigned shift = (unsigned)(depth - panel->key.depth);
    struct dmumu_panel_key last = panel->key;
    last.depth = depth;
    last.index = ((panel->key.index + 1) << shift) - 1;
    struct dmumu_panel_key last_but_one = last;
    last_but_one.index--;
    dmumu_curve_add_panel(work, last_but_one, panel);
    if (work->status == DMUMU_OK) {
        dmumu_curve_add_panel(work, last, panel);
    }
}

static bool split_panels(struct dmumu_curve_work *work)
{
    const bool any = mark_all_splits(work);
    const size_t n_panels = work->n_panels;
    for (size_t i = 0; any && i < n_panels && work->status == DMUMU_OK; i++) {
        struct dmumu_curve_panel *panel = work->panel[i];
        if (panel->want_depths == 0) {
            continue;
        }
        if (work->n_panels + 2 * (DEEPEST + 1) > dmumu_curve_most_panels(work)) { /* no room for all of its children */
            return false;                                                         /* what is left shows in the error */
        }
        for (int depth = panel->key.depth + 1; depth <= DEEPEST && work->status == DMUMU_OK; depth++) {
            if (panel->want_depths >> depth & 1U) {
                add_children(work, panel, depth);
            }
        }
        retire(work, panel);
    }
    return any;
}

/* ---- the curve --------------------------------------------------------------------------------------------------- */

static void store_nan(struct dmumu_curve *curve, size_t r, enum dmumu_quality quality)
{
    curve->d_cm2_s[r] = (double)NAN;
    curve->rel_error[r] = (double)NAN;
    curve->mu_star[r] = (double)NAN;
    curve->quality[r] = (uint8_t)quality;
}

static double d_or_nan(const struct dmumu_curve_work *work, double value, double d_unit)
{
    const bool good = value > 0.0 && isfinite(value);
    return good ? work->state->d_prefactor * value * d_unit : (double)NAN;
}

/* D of one mode alone, over v L d_prefactor; `all` where that is the only one. */
static double value_alone(const struct dmumu_curve_work *work, int mode, size_t r, double all)
{
    if (mode == DMUMU_ALFVEN && work->alfven_alone) {
        return work->in_range[r] ? work->alfven_alone[r] : (double)NAN;
    }
    return work->sums[mode] && work->in_range[r] ? dmumu_curve_total_of(work, mode, r).value : all;
}

/* Returns what the broadened rates contribute to the relative error. */
static double store(const struct dmumu_curve_work *work, double d_unit, struct dmumu_curve *curve, size_t r)
{
    const struct dmumu_curve_total all = work->in_range[r] ? dmumu_curve_total_of(work, DMUMU_SUM_ALL, r)
                                                           : (struct dmumu_curve_total){.value = (double)NAN};
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        if (work->state->modes[mode] && curve->d_mode_cm2_s[mode]) {
            curve->d_mode_cm2_s[mode][r] = d_or_nan(work, value_alone(work, mode, r, all.value), d_unit);
        }
    }
    if (all.value == 0.0) {
        store_nan(curve, r, DMUMU_QUALITY_NOT_CONFINED);
        return 0.0;
    }
    if (!isfinite(all.value) || !(all.value > 0.0)) {
        store_nan(curve, r, DMUMU_QUALITY_FAILED);
        return 0.0;
    }
    curve->d_cm2_s[r] = d_or_nan(work, all.value, d_unit);
    curve->rel_error[r] = (all.quadrature_error + all.rate_error) / all.value;
    curve->mu_star[r] = all.mu_star;
    curve->quality[r] = curve->rel_error[r] <= work->tolerance ? DMUMU_QUALITY_OK : DMUMU_QUALITY_NOT_CONVERGED;
    return work->state->kappa > 0.0 ? all.rate_error / all.value : 0.0;
}

static void halve_where_needed(struct dmumu_curve_work *work)
{
    for (int pass = 0; pass < MAX_PASSES && work->status == DMUMU_OK; pass++) {
        if (!split_panels(work)) {
            break;
        }
    }
}

static void compute(struct dmumu_curve_work *work, int looks)
{
    add_base_panels(work);
    halve_where_needed(work);
    bool asked = true;
    for (int look = 1; look <= looks && asked && work->status == DMUMU_OK; look++) {
        bool looked;
        asked = dmumu_curve_look_closer(work, look, &looked);
        if (looked) {
            halve_where_needed(work);
        }
    }
}

/* What a computation of its own has to itself: its panels, and how far each rigidity has come. */
static bool begin_work(struct dmumu_curve_work *work)
{
    const size_t most = dmumu_curve_most_panels(work);
    work->panel = dmumu_arena_take_unset(&work->workspace->arena, most * sizeof(struct dmumu_curve_panel *));
    bool good = work->panel != NULL;
    for (int which = 0; which < DMUMU_N_SUMS; which++) {
        work->settled[which] = dmumu_arena_take(&work->workspace->arena, work->n);
        good = good && work->settled[which];
    }
    work->looks = dmumu_arena_take(&work->workspace->arena, work->n);
    work->rate_error = dmumu_arena_take(&work->workspace->arena, work->n * sizeof *work->rate_error);
    return good && work->looks && work->rate_error;
}

/*
 * D of the Alfven modes alone, once for all beta and so by itself: where alone they confine next to nothing, it takes
 * many panels towards mu = 1 that no other sum needs. For every R of the list, so that what is kept does not depend on
 * which of them stand for a rigidity out of range.
 */
static void compute_alfven_alone(struct dmumu_curve_work *work)
{
    struct dmumu_alone *kept = &work->tables->alfven_alone;
    const double zone_l = work->state->zone_l;
    work->alfven_alone = dmumu_alone_find(kept, work->ratios_number, zone_l);
    if (!work->alfven_alone) {
        struct dmumu_curve_work alone = *work;
        memset(alone.sums, 0, sizeof alone.sums);
        alone.sums[DMUMU_ALFVEN] = true;
        double *value = dmumu_arena_take(&work->workspace->arena, work->n * sizeof *value);
        alone.in_range = dmumu_arena_take(&work->workspace->arena, work->n * sizeof *alone.in_range);
        alone.status = value && alone.in_range && begin_work(&alone) ? DMUMU_OK : DMUMU_ERROR_MEMORY;
        if (alone.status == DMUMU_OK) {
            memset(alone.in_range, true, work->n * sizeof *alone.in_range);
            compute(&alone, 0);
        }
        for (size_t r = 0; alone.status == DMUMU_OK && r < work->n; r++) {
            value[r] = dmumu_curve_total_of(&alone, DMUMU_ALFVEN, r).value;
        }
        if (alone.status == DMUMU_OK) {
            dmumu_alone_keep(kept, work->ratios_number, zone_l, work->n, value);
        }
        work->alfven_alone = value;
        work->status = alone.status;
    }
    work->sums[DMUMU_ALFVEN] = false;
}

/* Which sums are wanted: all modes, and each single one unless it is the only one. */
static void choose_sums(struct dmumu_curve_work *work, const struct dmumu_curve *curve)
{
    int n_modes = 0;
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        n_modes += work->state->modes[mode];
    }
    work->sums[DMUMU_SUM_ALL] = true;
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        work->sums[mode] = work->state->modes[mode] && n_modes > 1 && curve->d_mode_cm2_s[mode];
    }
}

/* R of each rigidity, and which are in range; outside, R is replaced by the range's nearer end and never used. */
static enum dmumu_status prepare_ratios(struct dmumu_curve_work *work, const struct dmumu_point *point,
                                        const double rigidity_gv[], double ratio[], bool in_range[],
                                        struct dmumu_error *error)
{
    const enum dmumu_status status =
        dmumu_state_larmor_ratio(&work->tables->model, point, work->n, rigidity_gv, ratio, error);
    /* Without broadening D_mumu falls at least like mu^3/2 towards mu = 0: D over all mu is infinite. */
    const bool diverges = work->state->kappa == 0.0 && isinf(work->state->zone_l);
    for (size_t r = 0; status == DMUMU_OK && r < work->n; r++) {
        in_range[r] = ratio[r] >= DMUMU_R_MIN && ratio[r] <= DMUMU_R_MAX && !diverges;
        ratio[r] = in_range[r] ? ratio[r] : DMUMU_R_MAX;
    }
    work->larmor_ratio = ratio;
    work->in_range = in_range;
    work->ratios_number =
        status == DMUMU_OK ? dmumu_ratios_number(&work->tables->ratios, work->n, ratio) : DMUMU_NO_RATIOS;
    return status;
}

enum dmumu_status dmumu_diffusion_compute(struct dmumu_tables *tables, const struct dmumu_point *point, size_t n,
                                          const double rigidity_gv[], int looks, struct dmumu_curve *curve,
                                          double rate_error[], struct dmumu_workspace *workspace,
                                          struct dmumu_error *error)
{
    struct dmumu_state state;
    enum dmumu_status status = dmumu_state_of_point(&tables->model, point, &state, error);
    if (status == DMUMU_OK && point->alfven_mach != tables->alfven_mach) {
        status = dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "the tables are of M_A = %.17g, the point is at %.17g",
                                 tables->alfven_mach, point->alfven_mach);
    }
    if (status != DMUMU_OK || n == 0) {
        return status;
    }
    struct dmumu_curve_work work = {.tables = tables,
                                    .state = &state,
                                    .workspace = workspace,
                                    .n = n,
                                    .tolerance = tables->model.tolerance,
                                    .q_edge = -log(2.0 * state.zone_l)};
    choose_sums(&work, curve);
    struct dmumu_arena *arena = &workspace->arena;
    dmumu_arena_reset(arena);
    double *ratio = dmumu_arena_take(arena, n * sizeof *ratio);
    bool *in_range = dmumu_arena_take(arena, n * sizeof *in_range);
    const bool good = ratio && in_range && begin_work(&work);
    status = good ? prepare_ratios(&work, point, rigidity_gv, ratio, in_range, error) : DMUMU_ERROR_MEMORY;
    if (status == DMUMU_OK) {
        dmumu_workspace_begin_curve(workspace);
        dmumu_workspace_set_damping(workspace, tables, &state);
        if (work.sums[DMUMU_ALFVEN]) {
            compute_alfven_alone(&work);
        }
        if (work.status == DMUMU_OK) {
            compute(&work, looks);
        }
        status = work.status;
    }
    for (size_t r = 0; status == DMUMU_OK && r < n; r++) {
        const double of_rates = store(&work, dmumu_state_d_unit_cm2_s(point), curve, r);
        if (rate_error) {
            rate_error[r] = of_rates;
        }
    }
    return status == DMUMU_ERROR_MEMORY
               ? dmumu_error_set(error, status, "out of memory for a curve of %zu rigidities", n)
               : status;
}

enum dmumu_status dmumu_curve_compute(struct dmumu_tables *tables, const struct dmumu_point *point, size_t n,
                                      const double rigidity_gv[], struct dmumu_curve *curve,
                                      struct dmumu_workspace *workspace, struct dmumu_error *error)
{
    return dmumu_diffusion_compute(tables, point, n, rigidity_gv, DMUMU_DIRECT_LOOK, curve, NULL, workspace, error);
}
