/*
 * Diffusion: D(R) = (v^2/4) int_C dmu (1-mu^2)^2 / (D_F + D_S + D_A) with the production kernel (F21).
 *
 * Logic    [0, 1] is cut into dyadic panels of 15 Kronrod points in mu. On each, q = ln[D_mumu/(1-mu^2)] is smooth and
 * known at the points; the integrand is (1-mu^2) exp(-q), and C is where q lies above ln[L/(2 l)]. A panel that C
 * covers is summed as it is; one with an edge of C is integrated between the roots of q's interpolating polynomial. A
 * panel whose value differs too much from that of the embedded 7 points is halved, for the rigidities that need it
 * alone; a node whose wave-angle error counts is done again on the next finer mesh of angles. Nothing here depends on
 * other curves or on threads. Error    The sum of: the panels' Kronrod-Gauss differences; the rates' own errors (wave
 * angles, tables), weighted as the rates are; what those errors move the edges of C by.
 */
#include "core/error.h"
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
    MAX_DEPTH = 9, /* panels of 1/512; without broadening the structure near mu = v_A/v needs more */
    MAX_DEPTH_QUASILINEAR = 22,
    QUASILINEAR_BASE_DEPTH = 18,
    MAX_PASSES = 40,
    SAMPLES = 61 /* of q's interpolant, when looking for edges of C */
};

/* Shares of the tolerance: of one panel's quadrature in mu, and of one panel's wave angles. */
#define PANEL_SHARE 0.1
#define ANGLE_SHARE 0.05

enum panel_part { NOT_THERE, LEAF, SPLIT };

/* One panel of one curve; arrays over rigidity [n], over nodes and rigidity [NODES][n]. */
struct piece {
    double value, difference; /* of the integral; to the embedded rule */
    double rate_error;        /* absolute, from the rates' errors */
    double angle_error;       /* the part of it that finer wave angles mend */
    double mu_star;           /* NaN where nothing is confined */
};

struct panel {
    struct dmumu_panel_key key;
    const struct dmumu_panel_tables *tables;
    const struct dmumu_panel_rates *cascade;
    uint8_t *part;                /* [n] enum panel_part */
    uint8_t *want_split;          /* [n] */
    uint8_t *level;               /* [NODES][n] wave-angle level in use */
    double *rate[DMUMU_N_MODES];  /* [NODES][n] D_mumu L/v */
    double *error[DMUMU_N_MODES]; /* [NODES][n] absolute */
    double *angle_error;          /* [NODES][n] absolute, of the fast modes: the part that finer wave angles mend */
    struct piece *piece[N_SUMS];  /* [n] */
};

struct curve_work {
    struct dmumu_tables *tables;
    const struct dmumu_state *state;
    struct dmumu_workspace *workspace;
    struct dmumu_rate_set *set;
    size_t n;
    const double *larmor_ratio;
    bool *in_range; /* [n] */
    bool sums[N_SUMS];
    double tolerance;
    double q_edge; /* C: q > q_edge; -inf without confinement */
    struct panel *panel[MAX_PANELS];
    size_t n_panels;
    enum dmumu_status status;
};

/* ---- polynomials on a panel ---------------------------------------------------------------------------------------
 */

/* Barycentric weights of the Kronrod points, all 15 or Gauss's 7 among them. */
static void barycentric_weights(bool gauss_only, double weight[static NODES])
{
    for (int i = 0; i < NODES; i++) {
        weight[i] = 0.0;
        if (gauss_only && i % 2 == 0) {
            continue;
        }
        double product = 1.0;
        for (int j = 0; j < NODES; j++) {
            if (j != i && !(gauss_only && j % 2 == 0)) {
                product *= 2.0 * (dmumu_kronrod_node[i] - dmumu_kronrod_node[j]);
            }
        }
        weight[i] = 1.0 / product;
    }
}

static double interpolate(const double weight[static NODES], const double q[static NODES], double x)
{
    double numerator = 0.0;
    double denominator = 0.0;
    for (int i = 0; i < NODES; i++) {
        if (weight[i] == 0.0) {
            continue;
        }
        const double distance = x - dmumu_kronrod_node[i];
        if (distance == 0.0) {
            return q[i];
        }
        numerator += weight[i] / distance * q[i];
        denominator += weight[i] / distance;
    }
    return numerator / denominator;
}

/* A panel's geometry and what is integrated on it. */
struct shape {
    double low, one_minus_high, half;
    double q_edge;
    const double *q;      /* [NODES] */
    const double *weight; /* barycentric */
};

static double s2_at(const struct shape *shape, double x)
{
    const double one_minus_mu = shape->one_minus_high + shape->half * (1.0 - x);
    return one_minus_mu * (2.0 - one_minus_mu);
}

static double mu_at(const struct shape *shape, double x)
{
    return shape->low + shape->half * (1.0 + x);
}

static double root_of_margin(const struct shape *shape, double low, double high)
{
    const bool confined = interpolate(shape->weight, shape->q, low) > shape->q_edge;
    for (int i = 0; i < 48; i++) {
        const double middle = 0.5 * (low + high);
        if ((interpolate(shape->weight, shape->q, middle) > shape->q_edge) == confined) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return 0.5 * (low + high);
}

static double integral_between(const struct shape *shape, double low, double high)
{
    const double half = 0.5 * (high - low);
    double sum = 0.0;
    for (int i = 0; i < NODES; i++) {
        const double x = low + half * (1.0 + dmumu_kronrod_node[i]);
        sum += dmumu_kronrod_weight[i] * s2_at(shape, x) * exp(-interpolate(shape->weight, shape->q, x));
    }
    return half * shape->half * sum;
}

/* An edge of C moves by eps/|dq/dx| when the rate is wrong by eps; its weight in the integral per unit of relative
 * error. */
static double edge_sensitivity(const struct shape *shape, double x)
{
    const double step = 1e-3;
    const double slope =
        (interpolate(shape->weight, shape->q, x + step) - interpolate(shape->weight, shape->q, x - step)) /
        (2.0 * step);
    return shape->half * s2_at(shape, x) * exp(-shape->q_edge) / fmax(fabs(slope), 1e-3);
}

/* Integral over the confined part of a panel by roots of the interpolant; sensitivity [NODES] gains the edges' part. */
struct confined {
    double value, mu_star;
    bool confined_at_high;
};

static int nearest_node(double x)
{
    int nearest = 0;
    for (int i = 1; i < NODES; i++) {
        if (fabs(dmumu_kronrod_node[i] - x) < fabs(dmumu_kronrod_node[nearest] - x)) {
            nearest = i;
        }
    }
    return nearest;
}

static struct confined integrate_confined(const struct shape *shape, double sensitivity[])
{
    struct confined result = {0.0, (double)NAN, false};
    double open = -1.0;
    double from = -1.0;
    bool inside = interpolate(shape->weight, shape->q, from) > shape->q_edge;
    for (int i = 1; i < SAMPLES; i++) {
        const double to = i == SAMPLES - 1 ? 1.0 : -1.0 + 2.0 * i / (SAMPLES - 1);
        const bool inside_to = interpolate(shape->weight, shape->q, to) > shape->q_edge;
        if (inside != inside_to) {
            const double edge = root_of_margin(shape, from, to);
            if (inside) {
                result.value += integral_between(shape, open, edge);
                result.mu_star = mu_at(shape, edge);
            }
            if (sensitivity) {
                sensitivity[nearest_node(edge)] += edge_sensitivity(shape, edge);
            }
            open = edge;
        }
        from = to;
        inside = inside_to;
    }
    if (inside) {
        result.value += integral_between(shape, open, 1.0);
        result.mu_star = mu_at(shape, 1.0);
    }
    return result;
}

/* ---- one panel, one rigidity, one sum ------------------------------------------------------------------------------
 */

/* What a panel's nodes say of one sum. */
struct node_values {
    double q[NODES];
    double error[NODES];       /* relative, of the rate */
    double angle_error[NODES]; /* the part of it that finer wave angles mend */
};

/* False when nothing scatters at one of the nodes and no zone excludes it. */
static bool gather(const struct curve_work *work, const struct panel *panel, int which, size_t r,
                   struct node_values *values)
{
    const bool fast = work->state->modes[DMUMU_FAST] && (which == ALL || which == DMUMU_FAST);
    for (int i = 0; i < NODES; i++) {
        const size_t at = (size_t)i * work->n + r;
        double rate = 0.0;
        double error = 0.0;
        for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
            if (work->state->modes[mode] && (which == ALL || which == mode)) {
                rate += panel->rate[mode][at];
                error += panel->error[mode][at];
            }
        }
        if (!(rate > 0.0) && isinf(work->q_edge)) {
            return false;
        }
        /* far outside C the exact value does not matter; a floor keeps the interpolant tame */
        values->q[i] = fmax(log(rate / panel->tables->node[i].s2), work->q_edge - 6.0);
        values->error[i] = rate > 0.0 ? error / rate : 0.0;
        values->angle_error[i] = fast && rate > 0.0 ? panel->angle_error[at] / rate : 0.0;
    }
    return true;
}

static void set_infinite(struct piece *piece)
{
    *piece = (struct piece){.value = (double)INFINITY, .mu_star = (double)NAN};
}

/* All nodes confined: plain sums. */
static void integrate_whole(const struct panel *panel, double half, double high, const double q[], struct piece *piece,
                            double sensitivity[])
{
    double coarse = 0.0;
    for (int i = 0; i < NODES; i++) {
        const double f = half * panel->tables->node[i].s2 * exp(-q[i]);
        piece->value += dmumu_kronrod_weight[i] * f;
        coarse += dmumu_kronrod_gauss_weight[i] * f;
        sensitivity[i] = dmumu_kronrod_weight[i] * f;
    }
    piece->difference = fabs(piece->value - coarse);
    piece->mu_star = high;
}

static void integrate_piece(const struct curve_work *work, struct panel *panel, int which, size_t r)
{
    struct piece *piece = &panel->piece[which][r];
    struct node_values values;
    const double *q = values.q;
    *piece = (struct piece){.mu_star = (double)NAN};
    if (!gather(work, panel, which, r, &values)) {
        set_infinite(piece);
        return;
    }
    double least = q[0];
    double most = q[0];
    for (int i = 1; i < NODES; i++) {
        least = fmin(least, q[i]);
        most = fmax(most, q[i]);
    }
    if (most < work->q_edge - 0.5) {
        return;
    }
    double low;
    double high;
    double sensitivity[NODES] = {0.0};
    dmumu_panel_ends(panel->key, &low, &high);
    const double half = 0.5 * (high - low);
    if (least > work->q_edge + 0.5) {
        integrate_whole(panel, half, high, q, piece, sensitivity);
    } else {
        double fine_weight[NODES];
        double coarse_weight[NODES];
        barycentric_weights(false, fine_weight);
        barycentric_weights(true, coarse_weight);
        struct shape shape = {low, 1.0 - high, half, work->q_edge, q, fine_weight};
        const struct confined fine = integrate_confined(&shape, sensitivity);
        for (int i = 0; i < NODES; i++) {
            if (q[i] > work->q_edge) {
                sensitivity[i] += dmumu_kronrod_weight[i] * half * panel->tables->node[i].s2 * exp(-q[i]);
            }
        }
        shape.weight = coarse_weight;
        const struct confined coarse = integrate_confined(&shape, NULL);
        piece->value = fine.value;
        piece->mu_star = fine.mu_star;
        piece->difference = fabs(fine.value - coarse.value);
    }
    for (int i = 0; i < NODES; i++) {
        piece->rate_error += sensitivity[i] * values.error[i];
        piece->angle_error += sensitivity[i] * values.angle_error[i];
    }
}

static void integrate_panel(struct curve_work *work, struct panel *panel, size_t r)
{
    for (int which = 0; which < N_SUMS; which++) {
        if (work->sums[which]) {
            integrate_piece(work, panel, which, r);
        }
    }
}

/* ---- rates ------------------------------------------------------------------------------------------------------- */

/* Fast rates of one node at the rigidities for which `chosen` says so, at wave-angle level `level`. */
static void fast_rates(struct curve_work *work, struct panel *panel, int node, int level, const uint8_t chosen[])
{
    const struct dmumu_node_tables *tables = &panel->tables->node[node];
    const bool quasilinear = work->state->kappa == 0.0;
    const struct dmumu_fast_profile *profile = NULL;
    const struct dmumu_angles *angles = NULL;
    if (quasilinear) {
        angles = dmumu_workspace_angles(work->workspace, level);
    } else {
        profile = dmumu_workspace_profile(work->workspace, work->tables, panel->tables, node, level);
    }
    if (!profile && !angles) {
        work->status = DMUMU_ERROR_MEMORY;
        return;
    }
    for (size_t r = 0; r < work->n; r++) {
        if (!chosen[r]) {
            continue;
        }
        const struct dmumu_fast_rate rate =
            quasilinear ? dmumu_quasilinear_fast_rate(&work->tables->fast, work->state, angles, tables->mu, tables->s2,
                                                      work->larmor_ratio[r])
                        : dmumu_fast_profile_rate(profile, work->larmor_ratio[r]);
        const size_t at = (size_t)node * work->n + r;
        panel->rate[DMUMU_FAST][at] = rate.gyro + rate.transit;
        panel->error[DMUMU_FAST][at] = rate.angle_error + rate.table_error;
        panel->angle_error[at] = rate.angle_error;
        panel->level[at] = (uint8_t)level;
    }
}

static void cascade_rates(struct curve_work *work, struct panel *panel, enum dmumu_mode mode, int node)
{
    const struct dmumu_node_tables *tables = &panel->tables->node[node];
    const double width = tables->cascade[mode].width;
    /* only the slow modes have an n = 0 term; its delta function in the quasi-linear limit adds nothing to D */
    const double resonance =
        mode == DMUMU_SLOW && width > 0.0 ? dmumu_resonance_transit(tables->mu, work->state->slow_speed_v, width) : 0.0;
    for (size_t r = 0; r < work->n; r++) {
        const size_t at = (size_t)node * work->n + r;
        const struct dmumu_cascade_rate *rate = &panel->cascade->rate[mode][at];
        panel->rate[mode][at] = rate->gyro + resonance * rate->transit;
        panel->error[mode][at] = rate->gyro_error + resonance * rate->transit_error;
    }
}

static void evaluate_panel(struct curve_work *work, struct panel *panel)
{
    panel->tables = dmumu_tables_panel(work->tables, panel->key, &work->status);
    if (panel->tables && work->set) {
        panel->cascade = dmumu_tables_panel_rates(work->tables, work->set, panel->tables, &work->workspace->wave_nodes,
                                                  &work->status);
    }
    for (int node = 0; work->status == DMUMU_OK && node < NODES; node++) {
        if (work->state->modes[DMUMU_FAST]) {
            fast_rates(work, panel, node, 0, panel->part);
        }
        if (work->state->modes[DMUMU_ALFVEN]) {
            cascade_rates(work, panel, DMUMU_ALFVEN, node);
        }
        if (work->state->modes[DMUMU_SLOW]) {
            cascade_rates(work, panel, DMUMU_SLOW, node);
        }
    }
    for (size_t r = 0; work->status == DMUMU_OK && r < work->n; r++) {
        if (panel->part[r] == LEAF) {
            integrate_panel(work, panel, r);
        }
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
        free(panel->piece[which]);
    }
    free(panel->angle_error);
    free(panel->part);
    free(panel->want_split);
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
    panel->part = calloc(n, 1);
    panel->want_split = calloc(n, 1);
    panel->level = calloc(NODES * n, 1);
    panel->angle_error = calloc(NODES * n, sizeof *panel->angle_error);
    bool good = panel->part && panel->want_split && panel->level && panel->angle_error;
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        if (work->state->modes[mode]) {
            panel->rate[mode] = calloc(NODES * n, sizeof *panel->rate[mode]);
            panel->error[mode] = calloc(NODES * n, sizeof *panel->error[mode]);
            good = good && panel->rate[mode] && panel->error[mode];
        }
    }
    for (int which = 0; which < N_SUMS; which++) {
        if (work->sums[which]) {
            panel->piece[which] = calloc(n, sizeof *panel->piece[which]);
            good = good && panel->piece[which];
        }
    }
    if (!good) {
        panel_free(panel);
        return NULL;
    }
    return panel;
}

/* A new panel for the rigidities chosen (NULL: all within range). */
static void add_panel(struct curve_work *work, struct dmumu_panel_key key, const uint8_t chosen[])
{
    struct panel *panel = panel_new(work, key);
    if (!panel) {
        work->status = DMUMU_ERROR_MEMORY;
        return;
    }
    for (size_t r = 0; r < work->n; r++) {
        panel->part[r] = (chosen ? chosen[r] : work->in_range[r]) ? LEAF : NOT_THERE;
    }
    work->panel[work->n_panels++] = panel;
    evaluate_panel(work, panel);
}

static void add_base_panels(struct curve_work *work)
{
    if (work->state->kappa > 0.0) {
        add_panel(work, (struct dmumu_panel_key){1, 0}, NULL);
        add_panel(work, (struct dmumu_panel_key){1, 1}, NULL);
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
};

static struct total total_of(const struct curve_work *work, int which, size_t r)
{
    struct total total = {0.0, 0.0, 0.0, (double)NAN};
    for (size_t i = 0; i < work->n_panels; i++) {
        const struct panel *panel = work->panel[i];
        if (panel->part[r] == LEAF) {
            const struct piece *piece = &panel->piece[which][r];
            total.value += piece->value;
            total.rate_error += piece->rate_error;
            total.mu_star = fmax(total.mu_star, piece->mu_star); /* fmax passes over NaN */
        }
    }
    for (size_t i = 0; i < work->n_panels && total.value > 0.0 && isfinite(total.value); i++) {
        if (work->panel[i]->part[r] == LEAF) {
            total.quadrature_error +=
                total.value * dmumu_rule_error(work->panel[i]->piece[which][r].difference / total.value);
        }
    }
    return total;
}

/* Mark the leaves to be halved for one rigidity. */
static bool mark_splits(struct curve_work *work, size_t r)
{
    const int max_depth = work->state->kappa > 0.0 ? MAX_DEPTH : MAX_DEPTH_QUASILINEAR;
    bool any = false;
    for (int which = 0; which < N_SUMS; which++) {
        if (!work->sums[which]) {
            continue;
        }
        const struct total total = total_of(work, which, r);
        if (!(total.value > 0.0 && isfinite(total.value))) {
            continue;
        }
        for (size_t i = 0; i < work->n_panels; i++) {
            struct panel *panel = work->panel[i];
            if (panel->part[r] == LEAF && panel->key.depth < max_depth &&
                dmumu_rule_error(panel->piece[which][r].difference / total.value) > PANEL_SHARE * work->tolerance) {
                panel->want_split[r] = 1;
                any = true;
            }
        }
    }
    return any;
}

static bool split_panels(struct curve_work *work)
{
    bool any = false;
    for (size_t r = 0; r < work->n; r++) {
        if (work->in_range[r]) {
            any = mark_splits(work, r) || any;
        }
    }
    const size_t n_panels = work->n_panels;
    for (size_t i = 0; any && i < n_panels && work->status == DMUMU_OK; i++) {
        struct panel *panel = work->panel[i];
        if (!memchr(panel->want_split, 1, work->n)) {
            continue;
        }
        if (work->n_panels + 2 > MAX_PANELS) {
            return false; /* what is left shows in the error */
        }
        const struct dmumu_panel_key left = {panel->key.depth + 1, 2 * panel->key.index};
        const struct dmumu_panel_key right = {panel->key.depth + 1, 2 * panel->key.index + 1};
        add_panel(work, left, panel->want_split);
        if (work->status == DMUMU_OK) {
            add_panel(work, right, panel->want_split);
        }
        for (size_t r = 0; r < work->n; r++) {
            panel->part[r] = panel->want_split[r] ? SPLIT : panel->part[r];
            panel->want_split[r] = 0;
        }
    }
    return any;
}

/* ---- finer wave angles where they count
 * ------------------------------------------------------------------------------ */

/* Does this panel's wave-angle error count for this rigidity, in D or in D_fast? */
static bool angle_error_counts(const struct curve_work *work, const struct panel *panel, size_t r)
{
    static const int sums[2] = {ALL, DMUMU_FAST};
    for (int i = 0; i < 2; i++) {
        if (!work->sums[sums[i]]) {
            continue;
        }
        const struct total total = total_of(work, sums[i], r);
        if (total.value > 0.0 && isfinite(total.value) &&
            panel->piece[sums[i]][r].angle_error > ANGLE_SHARE * work->tolerance * total.value) {
            return true;
        }
    }
    return false;
}

static bool refine_panel_angles(struct curve_work *work, struct panel *panel)
{
    bool any = false;
    uint8_t *chosen = panel->want_split; /* all 0 between passes */
    for (int level = 1; level < DMUMU_ANGLE_LEVELS; level++) {
        bool at_this_level = false;
        for (size_t r = 0; r < work->n; r++) {
            chosen[r] = panel->part[r] == LEAF && panel->level[r] == level - 1 && angle_error_counts(work, panel, r);
            at_this_level = at_this_level || chosen[r];
        }
        for (int node = 0; at_this_level && work->status == DMUMU_OK && node < NODES; node++) {
            fast_rates(work, panel, node, level, chosen);
        }
        for (size_t r = 0; at_this_level && work->status == DMUMU_OK && r < work->n; r++) {
            if (chosen[r]) {
                integrate_panel(work, panel, r);
            }
        }
        any = any || at_this_level;
    }
    memset(chosen, 0, work->n);
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
    status = ratio && in_range ? prepare_ratios(&work, point, rigidity_gv, ratio, in_range, error) : DMUMU_ERROR_MEMORY;
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
    free(ratio);
    free(in_range);
    return status == DMUMU_ERROR_MEMORY
               ? dmumu_error_set(error, status, "out of memory for a curve of %zu rigidities", n)
               : status;
}
