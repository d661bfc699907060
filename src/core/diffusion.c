/*
 * Diffusion: D(R) = (v^2/4) int_C dmu (1-mu^2)^2 / (D_F + D_S + D_A) with the production kernel (F21).
 *
 * Logic    [0, 1] is cut into dyadic panels of 15 Kronrod points in mu, each for the rigidities and sums (all modes, each
 *          mode alone) that need it: a panel whose value differs too much from that of its coarser rule is halved for
 *          them, and one whose wave-angle error counts is done again on the next finer mesh of angles. What a panel
 *          gives is panel.h's; what its nodes share with other curves is tables.h's. Nothing here depends on other
 *          curves or on threads.
 * Error    The sum of: the panels' differences to their coarser rules; the rates' own errors (wave angles, tables),
 *          weighted as the rates are; what those errors move the edges of C by.
 */
#include "core/error.h"
#include "core/panel.h"
#include "core/quasilinear.h"
#include "core/resonance.h"
#include "core/workspace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    NODES = DMUMU_KRONROD_N,
    ALL = DMUMU_N_MODES, /* besides the single modes: all of the model's together */
    N_SUMS = DMUMU_N_MODES + 1,
    MAX_PANELS = 400,
    MAX_DEPTH = 9,              /* panels of 1/512 */
    MAX_DEPTH_QUASILINEAR = 31, /* without broadening there is structure near mu = v_A/v */
    QUASILINEAR_BASE_DEPTH = 18,
    END_DEPTH = 24, /* towards mu = 1, where a last sliver may be confined alone */
    DEEPEST = MAX_DEPTH_QUASILINEAR,
    MAX_LEAVES = 20,              /* per rigidity and sum: bounds what one marginal value may cost */
    MAX_LEAVES_QUASILINEAR = 120, /* of which the base panels are 19 */
    MAX_PASSES = 60
};

/* Shares of the tolerance: of one panel's quadrature in mu, and of one panel's wave angles. */
#define PANEL_SHARE 0.15
#define ANGLE_SHARE 0.15

enum panel_part { NOT_THERE, LEAF, SPLIT };

/* One panel of one curve; arrays over rigidity [n], over nodes and rigidity [NODES][n]. */
struct panel {
    struct dmumu_panel_key key;
    const struct dmumu_panel_tables *tables;
    uint8_t *part[N_SUMS];        /* [n] enum panel_part, of each sum */
    uint8_t *want_split[N_SUMS];  /* [n] depth of the wanted children, 0: none */
    uint8_t *probed[N_SUMS];      /* [n] 1 once looked for what hides at mu -> 1 */
    uint8_t *needed;              /* [n] scratch: rigidities at which a rate is to be computed */
    uint8_t *level;               /* [n] wave-angle level in use */
    double *rate[DMUMU_N_MODES];  /* [NODES][n] D_mumu L/v */
    double *error[DMUMU_N_MODES]; /* [NODES][n] absolute */
    double *angle_error;          /* [NODES][n] absolute, of the fast modes: the part that finer wave angles mend */
    struct dmumu_panel_integral *integral[N_SUMS]; /* [n] */
};

struct curve_work {
    struct dmumu_tables *tables;
    const struct dmumu_state *state;
    struct dmumu_workspace *workspace;
    struct dmumu_rate_set *set; /* NULL without Alfven and slow modes */
    size_t n;
    const double *larmor_ratio;
    bool *in_range; /* [n] */
    bool sums[N_SUMS];
    double tolerance;
    double q_edge;                     /* C: q > q_edge; -inf without confinement */
    double *ratio_list;                /* [n] scratch: R of the rigidities chosen */
    struct dmumu_fast_rate *rate_list; /* [n] and their rates */
    struct panel *panel[MAX_PANELS];
    size_t n_panels;
    enum dmumu_status status;
};

static bool mode_in_sum(const struct curve_work *work, int mode, int which)
{
    return work->state->modes[mode] && (which == ALL || which == mode);
}

/* ---- one panel, one rigidity, one sum ---------------------------------------------------------------------------- */

/* False when nothing scatters at one of the nodes and no zone excludes it. */
static bool gather(const struct curve_work *work, const struct panel *panel, int which, size_t r,
                   struct dmumu_panel_values *values)
{
    values->sharp = work->state->kappa == 0.0;
    for (int i = 0; i < NODES; i++) {
        const size_t at = (size_t)i * work->n + r;
        double rate = 0.0;
        double error = 0.0;
        for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
            if (mode_in_sum(work, mode, which)) {
                rate += panel->rate[mode][at];
                error += panel->error[mode][at];
            }
        }
        if (!(rate > 0.0) && isinf(work->q_edge)) {
            return false;
        }
        /* far outside C the exact value does not matter; a floor keeps the interpolant tame */
        values->q[i] = fmax(log(rate / panel->tables->node[i].s2), work->q_edge - DMUMU_PANEL_FLOOR);
        values->error[i] = rate > 0.0 ? error / rate : 0.0;
        values->angle_error[i] =
            mode_in_sum(work, DMUMU_FAST, which) && rate > 0.0 ? panel->angle_error[at] / rate : 0.0;
    }
    return true;
}

/*
 * Without broadening, transit-time damping begins at mu = v_A/v with a jump, which no polynomial follows. What the panel around it
 * can hold at most, its width at the edge of C, is its error, until it is narrow enough.
 */
static void mind_the_jump(const struct curve_work *work, struct dmumu_panel_key key,
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

static void integrate_panel(const struct curve_work *work, struct panel *panel, int which, size_t r)
{
    struct dmumu_panel_values values;
    if (gather(work, panel, which, r, &values)) {
        panel->integral[which][r] = dmumu_panel_integrate(panel->key, &values, work->q_edge);
        if (mode_in_sum(work, DMUMU_FAST, which)) {
            mind_the_jump(work, panel->key, &panel->integral[which][r]);
        }
    } else {
        panel->integral[which][r] = (struct dmumu_panel_integral){.value = (double)INFINITY, .mu_star = (double)NAN};
    }
}

static void integrate_leaves(const struct curve_work *work, struct panel *panel, const uint8_t chosen[])
{
    for (int which = 0; which < N_SUMS; which++) {
        for (size_t r = 0; work->sums[which] && r < work->n; r++) {
            if (panel->part[which][r] == LEAF && (!chosen || chosen[r])) {
                integrate_panel(work, panel, which, r);
            }
        }
    }
}

/* ---- rates ------------------------------------------------------------------------------------------------------- */

/*
 * A resonance narrower than this counts as exact: the broadened rate differs from the quasi-linear one by about
 * Delta^2, which is added to the error, while resolving it in wave angles would take ever finer meshes. It only comes
 * with 1 - mu^2 below 1e-3.
 */
#define EXACT_WIDTH 0.012

/* Rates of fast modes at the R listed: exact resonance, a profile (for other curves too), or one by one if few. */
static void fast_rates_of(struct curve_work *work, struct panel *panel, int node, int level, size_t n,
                          const double ratio[], struct dmumu_fast_rate rate[])
{
    const struct dmumu_node_tables *tables = &panel->tables->node[node];
    const struct dmumu_angles *angles = dmumu_workspace_angles(work->workspace, level);
    const struct dmumu_fast_common *common = &work->tables->fast;
    const double width = tables->fast.width;
    const bool exact = width < EXACT_WIDTH;
    /* The base panels are every curve's: worth a profile. (By the panel alone: D at one R must not depend on the others.) */
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
static void fast_rates(struct curve_work *work, struct panel *panel, int node, int level, const uint8_t chosen[])
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

static void store_cascade_rates(struct curve_work *work, struct panel *panel, enum dmumu_mode mode,
                                const struct dmumu_panel_rates *rates)
{
    for (int node = 0; node < NODES; node++) {
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
static bool find_needed(const struct curve_work *work, struct panel *panel, int mode)
{
    bool any = false;
    for (size_t r = 0; r < work->n; r++) {
        panel->needed[r] = 0;
        for (int which = 0; which < N_SUMS; which++) {
            if (work->sums[which] && mode_in_sum(work, mode, which) && panel->part[which][r] == LEAF) {
                panel->needed[r] = 1;
                any = true;
            }
        }
    }
    return any;
}

static void evaluate_mode(struct curve_work *work, struct panel *panel, enum dmumu_mode mode)
{
    if (!find_needed(work, panel, (int)mode)) {
        return;
    }
    panel->tables = dmumu_tables_panel(work->tables, panel->key, mode, &work->status);
    if (work->status != DMUMU_OK) {
        return;
    }
    if (mode == DMUMU_FAST) {
        for (int node = 0; work->status == DMUMU_OK && node < NODES; node++) {
            fast_rates(work, panel, node, 0, panel->needed);
        }
        return;
    }
    const struct dmumu_panel_rates *rates = dmumu_tables_panel_rates(
        work->tables, work->set, panel->tables, mode, panel->needed, &work->workspace->wave_nodes, &work->status);
    if (rates) {
        store_cascade_rates(work, panel, mode, rates);
    }
}

static void evaluate_panel(struct curve_work *work, struct panel *panel)
{
    for (int mode = 0; work->status == DMUMU_OK && mode < DMUMU_N_MODES; mode++) {
        evaluate_mode(work, panel, (enum dmumu_mode)mode);
    }
    if (work->status == DMUMU_OK) {
        integrate_leaves(work, panel, NULL);
    }
}

/* ---- panels ------------------------------------------------------------------------------------------------------ */

static void panel_free(struct panel *panel)
{
    if (!panel) {
        return;
    }
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        free(panel->rate[mode]);
        free(panel->error[mode]);
    }
    for (int which = 0; which < N_SUMS; which++) {
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

static struct panel *panel_new(const struct curve_work *work, struct dmumu_panel_key key)
{
    const size_t n = work->n;
    struct panel *panel = calloc(1, sizeof *panel);
    if (!panel) {
        return NULL;
    }
    panel->key = key;
    panel->needed = calloc(n, 1);
    panel->level = calloc(n, 1);
    panel->angle_error = calloc(NODES * n, sizeof *panel->angle_error);
    bool good = panel->needed && panel->level && panel->angle_error;
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        if (work->state->modes[mode]) {
            panel->rate[mode] = calloc(NODES * n, sizeof *panel->rate[mode]);
            panel->error[mode] = calloc(NODES * n, sizeof *panel->error[mode]);
            good = good && panel->rate[mode] && panel->error[mode];
        }
    }
    for (int which = 0; which < N_SUMS; which++) {
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
        panel_free(panel);
        return NULL;
    }
    return panel;
}

/* A new panel: a child, for what its parent wants at this depth; or (parent NULL) for all sums and R in range. */
static void add_panel(struct curve_work *work, struct dmumu_panel_key key, const struct panel *parent)
{
    struct panel *panel = panel_new(work, key);
    if (!panel) {
        work->status = DMUMU_ERROR_MEMORY;
        return;
    }
    for (int which = 0; which < N_SUMS; which++) {
        for (size_t r = 0; work->sums[which] && r < work->n; r++) {
            const bool leaf = parent ? parent->want_split[which][r] == key.depth : work->in_range[r];
            panel->part[which][r] = leaf ? LEAF : NOT_THERE;
        }
    }
    work->panel[work->n_panels++] = panel;
    evaluate_panel(work, panel);
}

static void add_base_panels(struct curve_work *work)
{
    if (work->state->kappa > 0.0) {
        add_panel(work, (struct dmumu_panel_key){1, 0}, NULL);
        if (work->status == DMUMU_OK) {
            add_panel(work, (struct dmumu_panel_key){1, 1}, NULL);
        }
        return;
    }
    /* without broadening, down to mu < v_A/v, where transit-time damping sets in */
    add_panel(work, (struct dmumu_panel_key){QUASILINEAR_BASE_DEPTH, 0}, NULL);
    for (int depth = QUASILINEAR_BASE_DEPTH; work->status == DMUMU_OK && depth >= 1; depth--) {
        add_panel(work, (struct dmumu_panel_key){depth, 1}, NULL);
    }
}

struct total {
    double value, quadrature_error, rate_error, mu_star;
    int leaves;
};

static struct total total_of(const struct curve_work *work, int which, size_t r)
{
    struct total total = {.mu_star = (double)NAN};
    for (size_t i = 0; i < work->n_panels; i++) {
        if (work->panel[i]->part[which][r] == LEAF) {
            const struct dmumu_panel_integral *integral = &work->panel[i]->integral[which][r];
            total.leaves++;
            total.value += integral->value;
            total.rate_error += integral->rate_error;
            total.mu_star = fmax(total.mu_star, integral->mu_star); /* fmax passes over NaN */
        }
    }
    for (size_t i = 0; i < work->n_panels && total.value > 0.0 && isfinite(total.value); i++) {
        if (work->panel[i]->part[which][r] == LEAF) {
            total.quadrature_error += total.value * dmumu_panel_error(&work->panel[i]->integral[which][r], total.value);
        }
    }
    return total;
}

/* Rate of the Alfven and slow modes of a sum over 1 - mu^2, at probe k. */
static double cascade_probe(const struct curve_work *work, int which, size_t r, int k)
{
    double rate = 0.0;
    for (int mode = DMUMU_ALFVEN; mode <= DMUMU_SLOW; mode++) {
        if (mode_in_sum(work, mode, which)) {
            rate += work->set->probe[mode][(size_t)(k - 1) * work->n + r];
        }
    }
    return rate;
}

/*
 * Alfven modes scatter best along B: where nothing else is confined, a sliver at mu -> 1 may be, beyond the last
 * panel's nodes. q of one sum at probe k.
 */
static double q_at_probe(struct curve_work *work, int which, size_t r, int k)
{
    double rate = work->set ? cascade_probe(work, which, r, k) : 0.0; /* over 1 - mu^2 */
    const struct dmumu_angles *angles = dmumu_workspace_angles(work->workspace, 0);
    if (mode_in_sum(work, DMUMU_FAST, which) && angles) {
        /* Delta is small here: as good as exact resonance, for the question whether to look further */
        double mu;
        double s2;
        dmumu_panel_probe(k, &mu, &s2);
        rate +=
            dmumu_quasilinear_fast_rate(&work->tables->fast, work->state, angles, mu, s2, work->larmor_ratio[r]).gyro /
            s2;
    }
    return log(rate);
}

/* Where the last panel but one must begin so that an edge of C beyond the panel's nodes lies in it; 0: there is none. */
static int edge_depth(struct curve_work *work, const struct panel *panel, int which, size_t r)
{
    int k = DMUMU_N_PROBES;
    if (q_at_probe(work, which, r, k) <= work->q_edge) {
        return 0;
    }
    while (k - 1 > panel->key.depth && q_at_probe(work, which, r, k - 1) > work->q_edge) {
        k--;
    }
    return k;
}

/* Do Alfven or slow modes change the rate beyond the panel's last node, which lies LAST_NODE octaves towards mu = 1, by what counts? */
static bool turns_beyond(const struct curve_work *work, const struct panel *panel, int which, size_t r, double q_last,
                         double total)
{
    enum { LAST_NODE = 7 };
    const int first = panel->key.depth + LAST_NODE;
    for (int k = first + 1; k <= DMUMU_N_PROBES; k++) {
        const double remaining = 2.0 * ldexp(1.0, -2 * k) * exp(-q_last); /* (1-mu^2) exp(-q) over what is beyond */
        if (remaining < PANEL_SHARE * work->tolerance * total) {
            return false;
        }
        if (fabs(cascade_probe(work, which, r, k) - cascade_probe(work, which, r, first)) > 0.01 * exp(q_last)) {
            return true;
        }
    }
    return false;
}

/*
 * The panel that ends at mu = 1 may hide something between its nodes and that end: a sliver of C, or (without a zone, where the integrand
 * does not fall off) a rise of the Alfven modes' rate. The depth at which to look closer; 0: nothing that counts.
 */
static int hidden_depth(struct curve_work *work, struct panel *panel, int which, size_t r, double total)
{
    double low;
    double high;
    dmumu_panel_ends(panel->key, &low, &high);
    if (high < 1.0 || panel->key.depth >= DMUMU_N_PROBES || panel->probed[which][r]) {
        return 0;
    }
    /* what a confined [low, 1] adds at most: (1-mu^2) exp(-q) with q at the edge of C; infinite without a zone */
    const double most = (1.0 - low) * (1.0 - low) * exp(-work->q_edge);
    struct dmumu_panel_values values;
    if (most < 0.01 * work->tolerance * total || !gather(work, panel, which, r, &values)) {
        return 0;
    }
    panel->probed[which][r] = 1;
    if (work->set) {
        const enum dmumu_status status = dmumu_tables_probe(work->tables, work->set, &work->workspace->wave_nodes);
        work->status = status == DMUMU_OK ? work->status : status;
    }
    const double q_last = values.q[NODES - 1];
    if (work->status != DMUMU_OK) {
        return 0;
    }
    if (q_last <= work->q_edge) {
        return edge_depth(work, panel, which, r);
    }
    return work->set && turns_beyond(work, panel, which, r, q_last, total) ? panel->key.depth + 1 : 0;
}

static int max_depth_of(const struct curve_work *work, struct dmumu_panel_key key)
{
    double low;
    double high;
    dmumu_panel_ends(key, &low, &high);
    if (low >= 1.0 - ldexp(1.0, -MAX_DEPTH)) {
        return END_DEPTH;
    }
    return work->state->kappa > 0.0 ? MAX_DEPTH : MAX_DEPTH_QUASILINEAR;
}

/* Mark the leaves of one sum to be halved for one rigidity. */
static bool mark_splits(struct curve_work *work, int which, size_t r)
{
    const struct total total = total_of(work, which, r);
    if (!isfinite(total.value) || total.leaves > (work->state->kappa > 0.0 ? MAX_LEAVES : MAX_LEAVES_QUASILINEAR)) {
        return false; /* what is left shows in the error */
    }
    bool any = false;
    for (size_t i = 0; i < work->n_panels; i++) {
        struct panel *panel = work->panel[i];
        if (panel->part[which][r] != LEAF) {
            continue;
        }
        const bool inexact = total.value > 0.0 && panel->key.depth < max_depth_of(work, panel->key) &&
                             dmumu_panel_error(&panel->integral[which][r], total.value) > PANEL_SHARE * work->tolerance;
        const int depth = inexact ? panel->key.depth + 1 : hidden_depth(work, panel, which, r, total.value);
        if (depth > 0) {
            panel->want_split[which][r] = (uint8_t)depth;
            any = true;
        }
    }
    return any;
}

static bool mark_all_splits(struct curve_work *work)
{
    bool any = false;
    for (int which = 0; which < N_SUMS; which++) {
        for (size_t r = 0; work->sums[which] && r < work->n; r++) {
            if (work->in_range[r]) {
                any = mark_splits(work, which, r) || any;
            }
        }
    }
    return any;
}

static bool wants_split(const struct curve_work *work, const struct panel *panel, int depth)
{
    for (int which = 0; which < N_SUMS; which++) {
        if (work->sums[which] && memchr(panel->want_split[which], depth, work->n)) {
            return true;
        }
    }
    return false;
}

/* The parent gives up to its children what they have taken over. */
static void retire(const struct curve_work *work, struct panel *panel)
{
    for (int which = 0; which < N_SUMS; which++) {
        for (size_t r = 0; work->sums[which] && r < work->n; r++) {
            if (panel->want_split[which][r]) {
                panel->part[which][r] = SPLIT;
                panel->want_split[which][r] = 0;
            }
        }
    }
}

/*
 * The two children at some depth: the halves; or, of the panel that ends at mu = 1, its last two parts of that depth,
 * nothing before being confined.
 */
static void add_children(struct curve_work *work, const struct panel *panel, int depth)
{
    const unsigned shift = (unsigned)(depth - panel->key.depth);
    const unsigned last = ((panel->key.index + 1) << shift) - 1;
    add_panel(work, (struct dmumu_panel_key){depth, last - 1}, panel);
    if (work->status == DMUMU_OK) {
        add_panel(work, (struct dmumu_panel_key){depth, last}, panel);
    }
}

static bool split_panels(struct curve_work *work)
{
    const bool any = mark_all_splits(work);
    const size_t n_panels = work->n_panels;
    for (size_t i = 0; any && i < n_panels && work->status == DMUMU_OK; i++) {
        struct panel *panel = work->panel[i];
        for (int depth = panel->key.depth + 1; depth <= DEEPEST && work->status == DMUMU_OK; depth++) {
            if (!wants_split(work, panel, depth)) {
                continue;
            }
            if (work->n_panels + 2 > MAX_PANELS) {
                return false; /* what is left shows in the error */
            }
            add_children(work, panel, depth);
        }
        retire(work, panel);
    }
    return any;
}

/* ---- finer wave angles where they count -------------------------------------------------------------------------- */

/* The nodes (bits) whose wave-angle errors count for this rigidity, in D or in D_fast. */
static unsigned angle_nodes(const struct curve_work *work, const struct panel *panel, size_t r)
{
    static const int sums[2] = {ALL, DMUMU_FAST};
    unsigned nodes = 0;
    for (int i = 0; i < 2; i++) {
        if (!work->sums[sums[i]] || panel->part[sums[i]][r] != LEAF) {
            continue;
        }
        const struct total total = total_of(work, sums[i], r);
        const struct dmumu_panel_integral *integral = &panel->integral[sums[i]][r];
        if (total.value > 0.0 && isfinite(total.value) &&
            integral->angle_error > ANGLE_SHARE * work->tolerance * total.value) {
            nodes |= integral->angle_nodes;
        }
    }
    return nodes;
}

static bool refine_panel_angles(struct curve_work *work, struct panel *panel)
{
    bool any = false;
    for (int level = 1; level < DMUMU_ANGLE_LEVELS; level++) {
        unsigned nodes = 0;
        for (size_t r = 0; r < work->n; r++) {
            const unsigned wanted = panel->level[r] == level - 1 ? angle_nodes(work, panel, r) : 0;
            panel->needed[r] = wanted != 0;
            panel->level[r] = wanted ? (uint8_t)level : panel->level[r];
            nodes |= wanted;
        }
        for (int node = 0; node < NODES && work->status == DMUMU_OK; node++) {
            if (nodes & 1U << node) {
                fast_rates(work, panel, node, level, panel->needed);
            }
        }
        if (nodes && work->status == DMUMU_OK) {
            integrate_leaves(work, panel, panel->needed);
            any = true;
        }
    }
    return any;
}

static bool refine_angles(struct curve_work *work)
{
    bool any = false;
    for (size_t i = 0; work->state->modes[DMUMU_FAST] && i < work->n_panels && work->status == DMUMU_OK; i++) {
        any = refine_panel_angles(work, work->panel[i]) || any;
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

static double d_or_nan(const struct curve_work *work, const struct total *total, double d_unit)
{
    const bool good = total->value > 0.0 && isfinite(total->value);
    return good ? work->state->d_prefactor * total->value * d_unit : (double)NAN;
}

static void store(const struct curve_work *work, double d_unit, struct dmumu_curve *curve, size_t r)
{
    const struct total all = work->in_range[r] ? total_of(work, ALL, r) : (struct total){.value = (double)NAN};
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        if (work->state->modes[mode] && curve->d_mode_cm2_s[mode]) {
            const struct total one = work->sums[mode] && work->in_range[r] ? total_of(work, mode, r) : all;
            curve->d_mode_cm2_s[mode][r] = d_or_nan(work, &one, d_unit);
        }
    }
    if (all.value == 0.0) {
        store_nan(curve, r, DMUMU_QUALITY_NOT_CONFINED);
        return;
    }
    if (!isfinite(all.value) || !(all.value > 0.0)) {
        store_nan(curve, r, DMUMU_QUALITY_FAILED);
        return;
    }
    curve->d_cm2_s[r] = d_or_nan(work, &all, d_unit);
    curve->rel_error[r] = (all.quadrature_error + all.rate_error) / all.value;
    curve->mu_star[r] = all.mu_star;
    curve->quality[r] = curve->rel_error[r] <= work->tolerance ? DMUMU_QUALITY_OK : DMUMU_QUALITY_NOT_CONVERGED;
}

static void compute(struct curve_work *work)
{
    add_base_panels(work);
    for (int pass = 0; pass < MAX_PASSES && work->status == DMUMU_OK; pass++) {
        if (!split_panels(work) && !refine_angles(work)) {
            break;
        }
    }
}

/* Which sums are wanted: all modes, and each single one unless it is the only one. */
static void choose_sums(struct curve_work *work, const struct dmumu_curve *curve)
{
    int n_modes = 0;
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        n_modes += work->state->modes[mode];
    }
    work->sums[ALL] = true;
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        work->sums[mode] = work->state->modes[mode] && n_modes > 1 && curve->d_mode_cm2_s[mode];
    }
}

/* R of each rigidity, and which are in range; outside, R is replaced by the range's nearer end and never used. */
static enum dmumu_status prepare_ratios(struct curve_work *work, const struct dmumu_point *point,
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
    return status;
}

enum dmumu_status dmumu_curve_compute(struct dmumu_tables *tables, const struct dmumu_point *point, size_t n,
                                      const double rigidity_gv[], struct dmumu_curve *curve,
                                      struct dmumu_workspace *workspace, struct dmumu_error *error)
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
    struct curve_work work = {.tables = tables,
                              .state = &state,
                              .workspace = workspace,
                              .n = n,
                              .tolerance = tables->model.tolerance,
                              .q_edge = -log(2.0 * state.zone_l)};
    choose_sums(&work, curve);
    double *ratio = malloc(n * sizeof *ratio);
    bool *in_range = malloc(n * sizeof *in_range);
    work.ratio_list = malloc(n * sizeof *work.ratio_list);
    work.rate_list = malloc(n * sizeof *work.rate_list);
    status = ratio && in_range && work.ratio_list && work.rate_list
                 ? prepare_ratios(&work, point, rigidity_gv, ratio, in_range, error)
                 : DMUMU_ERROR_MEMORY;
    if (status == DMUMU_OK && (state.modes[DMUMU_ALFVEN] || state.modes[DMUMU_SLOW])) {
        work.set = dmumu_tables_rate_set(tables, n, ratio);
        status = work.set ? DMUMU_OK : DMUMU_ERROR_MEMORY;
    }
    if (status == DMUMU_OK) {
        dmumu_workspace_set_damping(workspace, tables, &state);
        compute(&work);
        status = work.status;
    }
    for (size_t r = 0; status == DMUMU_OK && r < n; r++) {
        store(&work, dmumu_state_d_unit_cm2_s(point), curve, r);
    }
    for (size_t i = 0; i < work.n_panels; i++) {
        panel_free(work.panel[i]);
    }
    if (work.set && !work.set->shared) {
        dmumu_rate_set_free(work.set);
    }
    free(work.ratio_list);
    free(work.rate_list);
    free(ratio);
    free(in_range);
    return status == DMUMU_ERROR_MEMORY
               ? dmumu_error_set(error, status, "out of memory for a curve of %zu rigidities", n)
               : status;
}
