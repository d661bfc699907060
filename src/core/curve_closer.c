/* Curve closer: see curve_closer.h. */
#include "core/curve_closer.h"

#include "core/curve_rates.h"
#include "core/direct.h"

#include <math.h>

/* Of the tolerance, an error from which rates are looked at: an estimate is not known better. */
#define LOOKED_AT  0.8
/* Of the tolerance: the least that all rates contribute to an error that is too large before they are looked at; of a panel,
 * the least by one of its rates, or by all of them, before it is; and of one rate, before it is made without tables. */
#define ALL_RATES  0.3
#define ONE_RATE   0.02
#define ONE_PANEL  0.1
#define MAY_MATTER 0.01
/* What a look must have made of the error for another one to be worth while: else it is not the lattices' steps. */
#define WORTHWHILE 0.25
/* Of the tolerance, an error of rates from which these are integrated without tables where confinement is marginal, since
 * there D amplifies what is left of any error. */
#define HOPELESS   30.0

/* Tables and memory of a look; NULL, and work->status set, without memory. */
struct look {
    struct dmumu_tables *tables;
    struct dmumu_workspace *workspace;
};

static struct look look_of(struct dmumu_curve_work *work, int looks)
{
    struct look look = {work->tables, work->workspace};
    for (int k = 0; k < looks && look.tables && look.workspace; k++) {
        look.tables = dmumu_tables_closer(look.tables);
        look.workspace = dmumu_workspace_closer(look.workspace);
    }
    if (!look.tables || !look.workspace) {
        work->status = DMUMU_ERROR_MEMORY;
    } else {
        dmumu_workspace_set_damping(look.workspace, look.tables, work->state);
    }
    return look;
}

/* The fast modes' rate at one node and rigidity, by the tables of a look. */
static enum dmumu_status rate_of(const struct look *look, struct dmumu_panel_key key, int node, double larmor_ratio,
                                 struct dmumu_fast_rate *rate)
{
    enum dmumu_status status = DMUMU_OK;
    struct dmumu_panel_tables *panel = dmumu_tables_panel(look->tables, key, &look->workspace->panels, &status);
    if (status == DMUMU_OK) {
        status = dmumu_tables_complete_node(look->tables, panel, DMUMU_FAST, node);
    }
    if (status != DMUMU_OK) {
        return status;
    }
    const struct dmumu_fast_table *table = &panel->node[node].fast;
    if (!dmumu_fast_table_holds(table, larmor_ratio)) {
        return dmumu_direct_fast_rate(look->tables, &look->workspace->damping, look->workspace, panel->node[node].mu,
                                      panel->node[node].s2, larmor_ratio, rate);
    }
    struct dmumu_fast_profile *profile = dmumu_workspace_profile(look->workspace, look->tables, panel, node);
    struct dmumu_columns *columns = dmumu_workspace_columns(look->workspace, look->tables, table->step_class);
    if (!columns || !profile) {
        return DMUMU_ERROR_MEMORY;
    }
    const struct dmumu_fast_common *common = look->tables->fast;
    *rate = dmumu_fast_profile_rate(common, table, columns, profile, larmor_ratio);
    return DMUMU_OK;
}

/* A sum at one rigidity, and its value. */
struct sum_at {
    int which;
    size_t r;
    double total;
};

/* What each node's rate contributes to the error of a sum, relative to that; false where nothing does. */
static bool contributions(const struct dmumu_curve_work *work, const struct dmumu_curve_panel *panel,
                          const struct sum_at *sum, double contribution[static DMUMU_KRONROD_N])
{
    struct dmumu_panel_values values;
    if (panel->part[sum->which][sum->r] != DMUMU_PART_LEAF ||
        !dmumu_curve_gather(work, panel, sum->which, sum->r, &values)) {
        return false;
    }
    dmumu_panel_rate_errors(&work->tables->rules, panel->key, &values, work->q_edge, contribution);
    for (int node = 0; node < DMUMU_KRONROD_N; node++) {
        contribution[node] /= sum->total;
    }
    return true;
}

/* Those without tables, where the rate that is there contributes so much to the error; NULL: at all nodes. */
static void direct_rates(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, size_t r,
                         const double contribution[], double least)
{
    for (int node = 0; node < DMUMU_KRONROD_N && work->status == DMUMU_OK; node++) {
        if (!contribution || contribution[node] >= least) {
            dmumu_curve_direct_rate(work, panel, node, r);
        }
    }
}

void dmumu_curve_closer_rates(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, size_t r)
{
    if (work->looks[r] == DMUMU_DIRECT_LOOK) {
        direct_rates(work, panel, r, NULL, 0.0);
        return;
    }
    const struct look look = look_of(work, work->looks[r]);
    for (int node = 0; node < DMUMU_KRONROD_N && work->status == DMUMU_OK; node++) {
        struct dmumu_fast_rate rate;
        dmumu_workspace_interlude(work->workspace);
        work->status = rate_of(&look, panel->key, node, work->larmor_ratio[r], &rate);
        if (work->status == DMUMU_OK) {
            dmumu_curve_store_fast_rate(panel, node, r, &rate);
        }
    }
}

/* Does a panel matter, by its rates together or by any of them? */
static bool matters(const struct dmumu_curve_work *work, const struct dmumu_curve_panel *panel,
                    const struct sum_at *sum, const double contribution[static DMUMU_KRONROD_N])
{
    const double rate_error = panel->integral[sum->which][panel->slot[sum->r]].rate_error;
    bool any = rate_error > ONE_PANEL * work->tolerance * sum->total;
    for (int node = 0; node < DMUMU_KRONROD_N; node++) {
        any = any || contribution[node] > ONE_RATE * work->tolerance;
    }
    return any;
}

/* All nodes of a panel that matters: others may, once the edges of C have moved. Without tables, only those that may. */
static void look_at_panel(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, const struct sum_at *sum)
{
    double contribution[DMUMU_KRONROD_N];
    if (!contributions(work, panel, sum, contribution) || !matters(work, panel, sum, contribution)) {
        return;
    }
    if (work->looks[sum->r] == DMUMU_DIRECT_LOOK) {
        direct_rates(work, panel, sum->r, contribution, MAY_MATTER * work->tolerance);
    } else {
        dmumu_curve_closer_rates(work, panel, sum->r);
    }
    dmumu_curve_integrate_again(work, panel, sum->r);
}

/*
 * The panels of all modes' sum; and what of the fast modes' own lies in panels of its own, towards mu = 1, where other modes
 * take over.
 */
static void look_at(struct dmumu_curve_work *work, size_t r)
{
    static const int sums[2] = {DMUMU_SUM_ALL, DMUMU_FAST};
    for (int k = 0; k < 2; k++) {
        const struct sum_at sum = {sums[k], r,
                                   work->sums[sums[k]] ? dmumu_curve_total_of(work, sums[k], r).value : 0.0};
        for (size_t i = 0; i < work->n_panels && sum.total > 0.0 && work->status == DMUMU_OK; i++) {
            const bool seen = k > 0 && work->panel[i]->part[DMUMU_SUM_ALL][r] == DMUMU_PART_LEAF;
            if (!seen && isfinite(sum.total)) {
                look_at_panel(work, work->panel[i], &sum);
            }
        }
    }
    for (int which = 0; which < DMUMU_N_SUMS; which++) {
        work->settled[which][r] = 0;
    }
}

/* Is a value so uncertain, and by its rates, that they are to be looked at? */
static bool asks_for_a_look(const struct dmumu_curve_work *work, const struct dmumu_curve_total *total)
{
    const double most = work->tolerance * total->value;
    return isfinite(total->value) && total->rate_error + total->quadrature_error > LOOKED_AT * most &&
           total->rate_error > ALL_RATES * most;
}

/*
 * Is a look likely to help, or worth its time? At most tolerances few values ask for one, and where confinement is not
 * marginal, rates without tables take less time than finer lattices for a whole damping. (Without a zone one rate that is far
 * off may hide what all others contribute: there finer lattices come first.)
 */
static bool promises(const struct dmumu_curve_work *work, int look, size_t r, const struct dmumu_curve_total *total)
{
    const bool marginal = !(total->mu_star > 0.5); /* C ends early: D amplifies errors a thousandfold */
    if (look == DMUMU_DIRECT_LOOK) {
        return !marginal || total->rate_error > HOPELESS * work->tolerance * total->value;
    }
    if (!marginal && isfinite(work->q_edge) && !dmumu_deposit_follows_lobes(work->tolerance)) {
        return false;
    }
    return look == 1 || total->rate_error < WORTHWHILE * work->rate_error[r] * total->value;
}

bool dmumu_curve_look_closer(struct dmumu_curve_work *work, int look, bool *looked)
{
    bool asked = false;
    *looked = false;
    if (!work->sums[DMUMU_SUM_ALL] || !work->state->modes[DMUMU_FAST] || work->state->kappa == 0.0) {
        return false;
    }
    for (size_t r = 0; r < work->n && work->status == DMUMU_OK; r++) {
        const struct dmumu_curve_total total =
            work->in_range[r] ? dmumu_curve_total_of(work, DMUMU_SUM_ALL, r) : (struct dmumu_curve_total){.value = 0.0};
        const bool asks = asks_for_a_look(work, &total);
        asked = asked || asks;
        if (asks && promises(work, look, r, &total)) {
            work->looks[r] = (uint8_t)look;
            work->rate_error[r] = total.rate_error / total.value;
            look_at(work, r);
            *looked = true;
        }
    }
    return asked;
}
