/* Curve hidden: see curve_hidden.h. */
#include "core/curve_hidden.h"

#include "core/curve_rates.h"
#include "core/quasilinear.h"

#include <math.h>

/* Of the tolerance, what a rise towards mu = 1 may contribute without being looked for. It is in no estimate but that of the
 * rules, which sees nothing of it where the integrand does not fall, without a zone. */
#define WHAT_COUNTS         0.3
#define WHAT_COUNTS_NO_ZONE 0.02

/* ---- towards mu = 1 ---------------------------------------------------------------------------------------------- */

/* How many octaves towards mu = 1 a panel that ends there begins: its depth, but for sections. */
static int octave_of(struct dmumu_panel_key key)
{
    double low;
    double high;
    dmumu_panel_ends(key, &low, &high);
    return -ilogb(1.0 - low);
}

/*
 * Alfven modes scatter best along B: where nothing else is confined, a sliver at mu -> 1 may be, beyond the last
 * panel's nodes. The depth at which an edge of C beyond the panel's nodes lies in the last panel but one; 0: there is
 * none.
 */
static int edge_depth(struct dmumu_curve_work *work, const struct dmumu_curve_panel *panel, int which, size_t r)
{
    const double edge_rate = exp(work->q_edge);
    int k = DMUMU_LAST_PROBE;
    if (!(dmumu_curve_probe(work, which, r, k, true) > edge_rate)) {
        return 0;
    }
    while (k > DMUMU_FIRST_PROBE && k - 1 > octave_of(panel->key) &&
           dmumu_curve_probe(work, which, r, k - 1, true) > edge_rate) {
        k--;
    }
    return k;
}

/*
 * Do Alfven or slow modes change the rate, beyond the panel's last node, by what counts? What is beyond probe k weighs
 * 2^-k times the integrand at the last node: without a zone, q may fall like 1 - mu^2 and the integrand stay as it is.
 */
static bool turns_beyond(struct dmumu_curve_work *work, const struct dmumu_curve_panel *panel, int which, size_t r,
                         double last_ratio, double total)
{
    enum { LAST_NODE = 7 }; /* it lies that many octaves towards mu = 1 */
    const int first = octave_of(panel->key) + LAST_NODE;
    const double s2_last = panel->s2[DMUMU_KRONROD_N - 1];
    const double counts = (isinf(work->q_edge) ? WHAT_COUNTS_NO_ZONE : WHAT_COUNTS) * work->tolerance * total;
    for (int k = first + 1; k <= DMUMU_LAST_PROBE; k++) {
        if (ldexp(1.0, -k) * s2_last < counts * last_ratio) {
            return false;
        }
        const double change =
            dmumu_curve_probe(work, which, r, k, false) - dmumu_curve_probe(work, which, r, first, false);
        if (fabs(change) > 0.01 * last_ratio * ldexp(2.0, -k) / s2_last) { /* 1 - mu^2 at probe k */
            return true;
        }
    }
    return false;
}

/* D_mumu/(1 - mu^2) at the last node of a panel; false where D is infinite, which without a zone dmumu_curve_gather tells. */
static bool find_last_ratio(const struct dmumu_curve_work *work, const struct dmumu_curve_panel *panel, int which,
                            size_t r, double *ratio)
{
    enum { LAST = DMUMU_KRONROD_N - 1 };
    struct dmumu_panel_values values;
    if (isinf(work->q_edge) && !dmumu_curve_gather(work, panel, which, r, &values)) {
        return false;
    }
    double rate = 0.0;
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        rate +=
            dmumu_curve_mode_in_sum(work, mode, which) ? panel->rate[mode][dmumu_curve_rates_at(panel, r) + LAST] : 0.0;
    }
    *ratio = rate / panel->s2[LAST];
    return true;
}

/*
 * The panel that ends at mu = 1 may hide something between its nodes and that end: a sliver of C, or (without a zone,
 * where the integrand does not fall) a rise of the Alfven modes' rate. The depth at which to look closer; 0: nothing
 * that counts.
 */
static int depth_towards_one(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, int which, size_t r,
                             double total)
{
    double low;
    double high;
    dmumu_panel_ends(panel->key, &low, &high);
    if (high < 1.0 || panel->key.depth >= DMUMU_LAST_PROBE || panel->probed[which][r]) {
        return 0;
    }
    /* what a confined [low, 1] adds at most: (1-mu^2) exp(-q) with q at the edge of C; infinite without a zone */
    const double most = (1.0 - low) * (1.0 - low) * exp(-work->q_edge);
    double ratio;
    if (most < 0.01 * work->tolerance * total || !find_last_ratio(work, panel, which, r, &ratio)) {
        return 0;
    }
    panel->probed[which][r] = 1;
    if (ratio <= exp(work->q_edge)) {
        const int depth = edge_depth(work, panel, which, r);
        const bool empty = panel->integral[which][panel->slot[r]].value == 0.0;
        return depth > 0 && !empty ? panel->key.depth + 1 : depth; /* what is confined here must not be lost */
    }
    return turns_beyond(work, panel, which, r, ratio, total) ? panel->key.depth + 1 : 0;
}

/* ---- transit-time damping without broadening --------------------------------------------------------------------- */

/*
 * It sets in at mu = v_A/v, where the waves along B are resonant, and may confine next to nothing beyond. Does it, as far as
 * half octaves of a panel that begins there tell?
 */
static bool confined_beyond_jump(struct dmumu_curve_work *work, double high, size_t r)
{
    enum { LAST = 40 };
    const double jump = work->state->alfven_speed_v;
    const double edge_rate = exp(work->q_edge);
    const struct dmumu_sharp_angles *angles = dmumu_workspace_sharp_angles(work->workspace);
    for (int k = 1; k <= LAST; k++) {
        const double mu = jump + (high - jump) * exp2(-0.5 * k);
        const double s2 = (1.0 - mu) * (1.0 + mu);
        const struct dmumu_fast_rate rate =
            dmumu_quasilinear_fast_rate(work->tables->fast, work->state, angles, mu, s2, work->larmor_ratio[r]);
        if ((rate.transit + rate.gyro) / s2 > edge_rate) {
            return true;
        }
    }
    return false;
}

/* Where nothing is confined by what the nodes tell. */
static int depth_at_jump(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, int which, size_t r,
                         double total)
{
    double low;
    double high;
    dmumu_panel_ends(panel->key, &low, &high);
    if (work->state->kappa > 0.0 || !dmumu_curve_mode_in_sum(work, DMUMU_FAST, which) || panel->probed[which][r] ||
        low != work->state->alfven_speed_v || panel->integral[which][panel->slot[r]].value > 0.0 ||
        (high - low) * exp(-work->q_edge) < 0.01 * work->tolerance * total) {
        return 0;
    }
    panel->probed[which][r] = 1;
    return confined_beyond_jump(work, high, r) ? panel->key.depth + 1 : 0;
}

int dmumu_curve_hidden_depth(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, int which, size_t r,
                             double total)
{
    const int depth = depth_towards_one(work, panel, which, r, total);
    return depth > 0 ? depth : depth_at_jump(work, panel, which, r, total);
}
