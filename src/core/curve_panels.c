/* Curve panels: see curve_panels.h. */
#include "core/curve_panels.h"

#include "core/quasilinear.h"
#include "core/resonance.h"

#include <math.h>
#include <stdlib.h>

/* ---- one panel, one rigidity, one sum ---------------------------------------------------------------------------- */

/*
 * Alfven and slow modes begin at x_par,min: where even harmonic N of that wave lies beyond mu = 1, what scatters at
 * mu -> 1 is the tail of a resonance whose width goes to 0, and D over all mu is infinite. Fast modes always leave something.
 */
static bool dies_out(const struct dmumu_curve_work *work, int which, size_t r)
{
    if (dmumu_curve_mode_in_sum(work, DMUMU_FAST, which)) {
        return false;
    }
    const double x_par_min = dmumu_spectrum_cascade(work->state, DMUMU_ALFVEN).x_par_min;
    return work->larmor_ratio[r] * x_par_min > work->state->harmonics;
}

/* False when nothing scatters at one of the nodes and no zone excludes it. */
bool dmumu_curve_gather(const struct dmumu_curve_work *work, const struct dmumu_curve_panel *panel, int which, size_t r,
                        struct dmumu_panel_values *values)
{
    values->sharp = work->state->kappa == 0.0;
    for (int i = 0; i < DMUMU_KRONROD_N; i++) {
        const size_t at = (size_t)i * work->n + r;
        double rate = 0.0;
        double error = 0.0;
        for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
            if (dmumu_curve_mode_in_sum(work, mode, which)) {
                rate += panel->rate[mode][at];
                error += panel->error[mode][at];
            }
        }
        if (isinf(work->q_edge) && (!(rate > 0.0) || dies_out(work, which, r))) {
            return false;
        }
        /* far outside C the exact value does not matter; a floor keeps the interpolant tame */
        values->q[i] = fmax(log(rate / panel->tables->node[i].s2), work->q_edge - DMUMU_PANEL_FLOOR);
        values->error[i] = rate > 0.0 ? error / rate : 0.0;
        values->angle_error[i] =
            dmumu_curve_mode_in_sum(work, DMUMU_FAST, which) && rate > 0.0 ? panel->angle_error[at] / rate : 0.0;
    }
    return true;
}

/*
 * Without broadening, transit-time damping begins at mu = v_A/v with a jump, which no polynomial follows. What the
 * panel around it can hold at most, its width at the edge of C, is its error, until it is narrow enough.
 */
static void mind_the_jump(const struct dmumu_curve_work *work, struct dmumu_panel_key key,
                          struct dmumu_panel_integral *integral)
{
    double low;
    double high;
    dmumu_panel_ends(key, &low, &high);
    const double jump = work->state->alfven_speed_v;
    if (work->state->kappa == 0.0 && low < jump && jump < high) {
        integral->rough = true;
        integral->difference = fmax(integral->difference, (high - low) * exp(-work->q_edge));
    }
}

static void integrate_panel(const struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, int which, size_t r)
{
    struct dmumu_panel_values values;
    if (dmumu_curve_gather(work, panel, which, r, &values)) {
        panel->integral[which][r] = dmumu_panel_integrate(panel->key, &values, work->q_edge);
        if (dmumu_curve_mode_in_sum(work, DMUMU_FAST, which)) {
            mind_the_jump(work, panel->key, &panel->integral[which][r]);
        }
    } else {
        panel->integral[which][r] = (struct dmumu_panel_integral){.value = (double)INFINITY, .mu_star = (double)NAN};
    }
}

void dmumu_curve_integrate_leaves(const struct dmumu_curve_work *work, struct dmumu_curve_panel *panel,
                                  const uint8_t chosen[])
{
    for (int which = 0; which < DMUMU_N_SUMS; which++) {
        for (size_t r = 0; work->sums[which] && r < work->n; r++) {
            if (panel->part[which][r] == DMUMU_PART_LEAF && (!chosen || chosen[r])) {
                integrate_panel(work, panel, which, r);
            }
        }
    }
}

/* ---- rates ------------------------------------------------------------------------------------------------------- */

/*
 * A resonance narrower than this counts as exact: the broadened rate differs from the quasi-linear one by a few
 * Delta^2, which is added to the error, while resolving it in wave angles would take ever finer meshes. It only comes
 * with 1 - mu^2 below 2e-2 (M_A = 0.05, the least).
 */
#define EXACT_WIDTH 0.03

/* Rates of fast modes at the R listed: exact resonance, a profile (for other curves too), or one by one if few. */
static void fast_rates_of(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, int node, int level, size_t n,
                          const double ratio[], struct dmumu_fast_rate rate[])
{
    const struct dmumu_node_tables *tables = &panel->tables->node[node];
    const struct dmumu_angles *angles = dmumu_workspace_angles(work->workspace, level);
    const struct dmumu_fast_common *common = &work->tables->fast;
    const double width = tables->fast.width;
    const bool exact = width < EXACT_WIDTH;
    /* The base panels are every curve's: worth a profile. By panel alone: D at one R must not depend on the others. */
    const bool shared = !exact && panel->key.depth == 1 && level <= 1;
    const struct dmumu_fast_profile *profile =
        angles && shared ? dmumu_workspace_profile(work->workspace, work->tables, panel->tables, node, level) : NULL;
    if (!angles || (shared && !profile)) {
        work->status = DMUMU_ERROR_MEMORY;
    } else if (exact) {
        for (size_t i = 0; i < n; i++) {
            rate[i] = dmumu_quasilinear_fast_rate(common, work->state, angles, tables->mu, tables->s2, ratio[i]);
            if (width > 0.0) { /* a stand-in for a narrow resonance: no mesh of angles mends what it lacks */
                rate[i].table_error += rate[i].angle_error + 3.0 * width * width * (rate[i].gyro + rate[i].transit);
                rate[i].angle_error = 0.0;
            }
        }
    } else if (profile) {
        for (size_t i = 0; i < n; i++) {
            rate[i] = dmumu_fast_profile_rate(profile, ratio[i]);
        }
    } else {
        for (size_t i = 0; i < n; i += DMUMU_FAST_FEW) {
            const size_t few = n - i < DMUMU_FAST_FEW ? n - i : DMUMU_FAST_FEW;
            dmumu_fast_rates_few(common, work->state, &tables->fast, angles, few, ratio + i, rate + i);
        }
    }
}

/* Fast rates of one node at the rigidities chosen, at wave-angle level `level`. */
void dmumu_curve_fast_rates(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, int node, int level,
                            const uint8_t chosen[])
{
    size_t n = 0;
    for (size_t r = 0; r < work->n; r++) {
        if (chosen[r]) {
            work->ratio_list[n++] = work->larmor_ratio[r];
        }
    }
    fast_rates_of(work, panel, node, level, n, work->ratio_list, work->rate_list);
    n = 0;
    for (size_t r = 0; work->status == DMUMU_OK && r < work->n; r++) {
        if (chosen[r]) {
            const struct dmumu_fast_rate *rate = &work->rate_list[n++];
            const size_t at = (size_t)node * work->n + r;
            panel->rate[DMUMU_FAST][at] = rate->gyro + rate->transit;
            panel->error[DMUMU_FAST][at] = rate->angle_error + rate->table_error;
            panel->angle_error[at] = rate->angle_error;
        }
    }
}

static void store_cascade_rates(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, enum dmumu_mode mode,
                                const struct dmumu_panel_rates *rates)
{
    for (int node = 0; node < DMUMU_KRONROD_N; node++) {
        const struct dmumu_node_tables *tables = &panel->tables->node[node];
        const double width = tables->cascade[mode].width;
        /* only the slow modes have an n = 0 term; its delta function in the quasi-linear limit adds nothing to D */
        const double resonance = mode == DMUMU_SLOW && width > 0.0
                                     ? dmumu_resonance_transit(tables->mu, work->state->slow_speed_v, width)
                                     : 0.0;
        for (size_t r = 0; r < work->n; r++) {
            const size_t at = (size_t)node * work->n + r;
            if (panel->needed[r]) {
                panel->rate[mode][at] = rates->rate[at].gyro + resonance * rates->rate[at].transit;
                panel->error[mode][at] = rates->rate[at].gyro_error + resonance * rates->rate[at].transit_error;
            }
        }
    }
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

static void evaluate_mode(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, enum dmumu_mode mode)
{
    if (!find_needed(work, panel, (int)mode)) {
        return;
    }
    panel->tables = dmumu_tables_panel(work->tables, panel->key, mode, &work->status);
    if (work->status != DMUMU_OK) {
        return;
    }
    if (mode == DMUMU_FAST) {
        for (int node = 0; work->status == DMUMU_OK && node < DMUMU_KRONROD_N; node++) {
            dmumu_curve_fast_rates(work, panel, node, 0, panel->needed);
        }
        return;
    }
    const struct dmumu_panel_rates *rates = dmumu_tables_panel_rates(
        work->tables, work->set, panel->tables, mode, panel->needed, &work->workspace->wave_nodes, &work->status);
    if (rates) {
        store_cascade_rates(work, panel, mode, rates);
    }
}

static void evaluate_panel(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel)
{
    for (int mode = 0; work->status == DMUMU_OK && mode < DMUMU_N_MODES; mode++) {
        evaluate_mode(work, panel, (enum dmumu_mode)mode);
    }
    if (work->status == DMUMU_OK) {
        dmumu_curve_integrate_leaves(work, panel, NULL);
    }
}

/* ---- panels ------------------------------------------------------------------------------------------------------ */

void dmumu_curve_panel_free(struct dmumu_curve_panel *panel)
{
    if (!panel) {
        return;
    }
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        free(panel->rate[mode]);
        free(panel->error[mode]);
    }
    for (int which = 0; which < DMUMU_N_SUMS; which++) {
        free(panel->part[which]);
        free(panel->want_split[which]);
        free(panel->probed[which]);
        free(panel->integral[which]);
    }
    free(panel->angle_error);
    free(panel->needed);
    free(panel->level);
    free(panel);
}

static struct dmumu_curve_panel *panel_new(const struct dmumu_curve_work *work, struct dmumu_panel_key key)
{
    const size_t n = work->n;
    struct dmumu_curve_panel *panel = calloc(1, sizeof *panel);
    if (!panel) {
        return NULL;
    }
    panel->key = key;
    panel->needed = calloc(n, 1);
    panel->level = calloc(n, 1);
    panel->angle_error = calloc(DMUMU_KRONROD_N * n, sizeof *panel->angle_error);
    bool good = panel->needed && panel->level && panel->angle_error;
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        if (work->state->modes[mode]) {
            panel->rate[mode] = calloc(DMUMU_KRONROD_N * n, sizeof *panel->rate[mode]);
            panel->error[mode] = calloc(DMUMU_KRONROD_N * n, sizeof *panel->error[mode]);
            good = good && panel->rate[mode] && panel->error[mode];
        }
    }
    for (int which = 0; which < DMUMU_N_SUMS; which++) {
        if (work->sums[which]) {
            panel->part[which] = calloc(n, 1);
            panel->want_split[which] = calloc(n, 1);
            panel->probed[which] = calloc(n, 1);
            panel->integral[which] = calloc(n, sizeof *panel->integral[which]);
            good = good && panel->part[which] && panel->want_split[which] && panel->probed[which] &&
                   panel->integral[which];
        }
    }
    if (!good) {
        dmumu_curve_panel_free(panel);
        return NULL;
    }
    return panel;
}

/* A new panel: a child, for what its parent wants at this depth; or (parent NULL) for all sums and R in range. */
void dmumu_curve_add_panel(struct dmumu_curve_work *work, struct dmumu_panel_key key,
                           const struct dmumu_curve_panel *parent)
{
    struct dmumu_curve_panel *panel = panel_new(work, key);
    if (!panel) {
        work->status = DMUMU_ERROR_MEMORY;
        return;
    }
    for (int which = 0; which < DMUMU_N_SUMS; which++) {
        for (size_t r = 0; work->sums[which] && r < work->n; r++) {
            const bool leaf = parent ? parent->want_split[which][r] == key.depth : work->in_range[r];
            panel->part[which][r] = leaf ? DMUMU_PART_LEAF : DMUMU_PART_NOT_THERE;
        }
    }
    work->panel[work->n_panels++] = panel;
    evaluate_panel(work, panel);
}

struct dmumu_curve_total dmumu_curve_total_of(const struct dmumu_curve_work *work, int which, size_t r)
{
    struct dmumu_curve_total total = {.mu_star = (double)NAN};
    for (size_t i = 0; i < work->n_panels; i++) {
        if (work->panel[i]->part[which][r] == DMUMU_PART_LEAF) {
            const struct dmumu_panel_integral *integral = &work->panel[i]->integral[which][r];
            total.leaves++;
            total.value += integral->value;
            total.rate_error += integral->rate_error;
            total.mu_star = fmax(total.mu_star, integral->mu_star); /* fmax passes over NaN */
        }
    }
    for (size_t i = 0; i < work->n_panels && total.value > 0.0 && isfinite(total.value); i++) {
        if (work->panel[i]->part[which][r] == DMUMU_PART_LEAF) {
            total.quadrature_error += total.value * dmumu_panel_error(&work->panel[i]->integral[which][r], total.value);
        }
    }
    return total;
}
