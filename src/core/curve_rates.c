/* Curve rates: see curve_rates.h. */
#include "core/curve_rates.h"

#include "core/curve_closer.h"
#include "core/direct.h"
#include "core/quasilinear.h"
#include "core/resonance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- at nodes ------------------------------------------------------------------------------------------------------- */

/* ln R and R^-1/2 of each are there; false when out of memory. */
static bool find_powers(struct dmumu_curve_work *work)
{
    if (!work->ln_ratio) {
        double *ln_ratio = dmumu_arena_take(&work->workspace->arena, 2 * work->n * sizeof *ln_ratio);
        for (size_t r = 0; ln_ratio && r < work->n; r++) {
            ln_ratio[r] = log(work->larmor_ratio[r]);
            ln_ratio[work->n + r] = 1.0 / sqrt(work->larmor_ratio[r]);
        }
        work->ln_ratio = ln_ratio;
        work->inverse_sqrt_ratio = ln_ratio ? ln_ratio + work->n : NULL;
    }
    return work->ln_ratio != NULL;
}

void dmumu_curve_store_fast_rate(struct dmumu_curve_panel *panel, int node, size_t r,
                                 const struct dmumu_fast_rate *rate)
{
    const size_t at = dmumu_curve_rates_at(panel, r) + (size_t)node;
    panel->rate[DMUMU_FAST][at] = rate->gyro + rate->transit;
    panel->error[DMUMU_FAST][at] = rate->error;
}

static void sharp_fast_rates(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, int node)
{
    const struct dmumu_sharp_angles *angles = dmumu_workspace_sharp_angles(work->workspace);
    for (size_t r = 0; r < work->n; r++) {
        if (panel->needed[r]) {
            const struct dmumu_node_tables *tables = &panel->tables->node[node];
            const struct dmumu_fast_rate rate = dmumu_quasilinear_fast_rate(
                work->tables->fast, work->state, angles, tables->mu, tables->s2, work->larmor_ratio[r]);
            dmumu_curve_store_fast_rate(panel, node, r, &rate);
        }
    }
}

void dmumu_curve_direct_rate(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, int node, size_t r)
{
    const struct dmumu_node_tables *at = &panel->tables->node[node];
    struct dmumu_fast_rate rate;
    dmumu_workspace_interlude(work->workspace);
    work->status = dmumu_direct_fast_rate(work->tables, work->state, work->workspace, at->mu, at->s2,
                                          work->larmor_ratio[r], &rate);
    if (work->status == DMUMU_OK) {
        dmumu_curve_store_fast_rate(panel, node, r, &rate);
    }
}

/* What a node's tables and the profile say of R from `first` on; directly where tables do not hold. */
static void broad_rates_from(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, int node, size_t first,
                             size_t n, struct dmumu_columns *columns, struct dmumu_fast_profile *profile)
{
    const struct dmumu_fast_table *table = &panel->tables->node[node].fast;
    const struct dmumu_fast_powers powers = {work->ln_ratio + first, work->inverse_sqrt_ratio + first};
    struct dmumu_fast_rates rates;
    uint8_t by_table[DMUMU_FAST_RATES];
    for (size_t i = 0; i < n; i++) {
        by_table[i] = panel->needed[first + i] && dmumu_fast_table_holds(table, work->larmor_ratio[first + i]);
    }
    dmumu_fast_profile_rates(work->tables->fast, table, columns, profile, n, &powers, by_table, &rates);
    for (size_t i = 0; i < n && work->status == DMUMU_OK; i++) {
        if (by_table[i]) {
            const size_t at = dmumu_curve_rates_at(panel, first + i) + (size_t)node;
            panel->rate[DMUMU_FAST][at] = rates.value[i];
            panel->error[DMUMU_FAST][at] = rates.error[i];
        } else if (panel->needed[first + i]) {
            dmumu_curve_direct_rate(work, panel, node, first + i);
        }
    }
}

static void broad_fast_rates(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, int node)
{
    const struct dmumu_fast_table *table = &panel->tables->node[node].fast;
    struct dmumu_fast_profile *profile = dmumu_workspace_profile(work->workspace, work->tables, panel->tables, node);
    struct dmumu_columns *columns = dmumu_workspace_columns(work->workspace, work->tables, table->step_class);
    dmumu_workspace_interlude(work->workspace);
    if (!columns || !profile || !find_powers(work)) {
        work->status = DMUMU_ERROR_MEMORY;
        return;
    }
    for (size_t first = 0; first < work->n && work->status == DMUMU_OK; first += DMUMU_FAST_RATES) {
        const size_t left = work->n - first < DMUMU_FAST_RATES ? work->n - first : DMUMU_FAST_RATES;
        if (memchr(panel->needed + first, 1, left)) {
            broad_rates_from(work, panel, node, first, left, columns, profile);
        }
    }
}

/* Where each R lies on the lattices of the Alfven and slow modes; NULL when out of memory. */
static const struct dmumu_place *cascade_places(struct dmumu_curve_work *work)
{
    if (!work->cascade_place) {
        struct dmumu_place *place = dmumu_arena_take(&work->workspace->arena, work->n * sizeof *place);
        for (size_t r = 0; place && r < work->n; r++) {
            place[r] = dmumu_cascade_place_of(work->larmor_ratio[r]);
        }
        work->cascade_place = place;
    }
    return work->cascade_place;
}

/* only the slow modes have an n = 0 term; its delta function in the quasi-linear limit adds nothing to D */
static double transit_resonance(const struct dmumu_curve_work *work, const struct dmumu_node_tables *tables)
{
    const double width = tables->cascade[DMUMU_SLOW].width;
    return width > 0.0 ? dmumu_resonance_transit(tables->mu, work->state->slow_speed_v, width) : 0.0;
}

static size_t count_needed(const struct dmumu_curve_work *work, const struct dmumu_curve_panel *panel)
{
    size_t n = 0;
    for (size_t r = 0; r < work->n; r++) {
        n += panel->needed[r];
    }
    return n;
}

static void store_columns(const struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, enum dmumu_mode mode,
                          const struct dmumu_cascade_list *list)
{
    double resonance[DMUMU_KRONROD_N] = {0.0};
    for (int node = 0; mode == DMUMU_SLOW && node < DMUMU_KRONROD_N; node++) {
        resonance[node] = transit_resonance(work, &panel->tables->node[node]);
    }
    for (size_t r = 0; r < work->n; r++) {
        if (!panel->needed[r]) {
            continue;
        }
        const struct dmumu_cascade_entry *entry = list->entry[r];
        double *rate = panel->rate[mode] + dmumu_curve_rates_at(panel, r);
        double *error = panel->error[mode] + dmumu_curve_rates_at(panel, r);
        memcpy(rate, entry->gyro, sizeof entry->gyro);
        memcpy(error, entry->gyro_error, sizeof entry->gyro_error);
        for (int node = 0; entry->transit && node < DMUMU_KRONROD_N; node++) {
            rate[node] += resonance[node] * entry->transit[node];
            error[node] += resonance[node] * entry->transit_error[node];
        }
    }
}

static void cascade_rates(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, enum dmumu_mode mode)
{
    struct dmumu_cascade_source source = {.common = &work->tables->cascade[mode], .state = &work->tables->state};
    for (int node = 0; node < DMUMU_KRONROD_N; node++) {
        source.table[node] = &panel->tables->node[node].cascade[mode];
    }
    const struct dmumu_cascade_ask ask = {.number = work->ratios_number,
                                          .n = work->n,
                                          .larmor_ratio = work->larmor_ratio,
                                          .place = cascade_places(work),
                                          .chosen = panel->needed};
    const struct dmumu_cascade_list *list =
        ask.place
            ? dmumu_cascade_lattice_list(&panel->tables->lattice[mode], &source, &ask, &work->workspace->wave_nodes)
            : NULL;
    if (!list) {
        work->status = DMUMU_ERROR_MEMORY;
        return;
    }
    store_columns(work, panel, mode, list);
    dmumu_cascade_list_release(list);
}

static void fast_rates_at_nodes(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, int node)
{
    if (work->state->kappa > 0.0) {
        broad_fast_rates(work, panel, node);
    } else {
        sharp_fast_rates(work, panel, node);
    }
}

/* ---- probes ------------------------------------------------------------------------------------------------------ */

/* A panel of probes: every rigidity has a slot; its rates are NaN until asked for. */
static struct dmumu_curve_panel *probe_panel(struct dmumu_curve_work *work, unsigned index)
{
    if (work->probe[index]) {
        return work->probe[index];
    }
    const struct dmumu_panel_key key = {.depth = DMUMU_PROBE_DEPTH, .index = index};
    struct dmumu_curve_panel *panel = dmumu_curve_panel_new(work, key, work->n);
    if (panel && !dmumu_curve_panel_find_tables(work, panel)) {
        return NULL;
    }
    for (size_t r = 0; panel && r < work->n; r++) {
        panel->slot[r] = r;
        for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
            for (size_t node = 0; work->state->modes[mode] && node < DMUMU_KRONROD_N; node++) {
                panel->rate[mode][dmumu_curve_rates_at(panel, r) + node] = (double)NAN;
            }
        }
    }
    work->probe[index] = panel;
    return panel;
}

/* One mode's rate and its error at probe k; NaN, and work->status set, when that fails. */
struct probe {
    double rate, error;
};

static struct probe probe_of(struct dmumu_curve_work *work, enum dmumu_mode mode, size_t r, int k)
{
    const int node = (k - DMUMU_LEAST_OCTAVE) % DMUMU_KRONROD_N;
    struct dmumu_curve_panel *panel = probe_panel(work, (unsigned)(k - DMUMU_LEAST_OCTAVE) / DMUMU_KRONROD_N);
    if (!panel) {
        return (struct probe){(double)NAN, (double)NAN};
    }
    const size_t at = dmumu_curve_rates_at(panel, r) + (size_t)node;
    if (work->status == DMUMU_OK && isnan(panel->rate[mode][at])) {
        work->status = dmumu_tables_complete(work->tables, panel->tables, mode);
        memset(panel->needed, 0, work->n);
        panel->needed[r] = 1;
        if (work->status == DMUMU_OK && mode == DMUMU_FAST) {
            fast_rates_at_nodes(work, panel, node);
        } else if (work->status == DMUMU_OK) {
            cascade_rates(work, panel, mode);
        }
    }
    if (work->status != DMUMU_OK) {
        return (struct probe){(double)NAN, (double)NAN};
    }
    return (struct probe){panel->rate[mode][at], panel->error[mode][at]};
}

double dmumu_curve_fast_probe(struct dmumu_curve_work *work, size_t r, int k)
{
    const double distance = ldexp(1.0, -k);
    return probe_of(work, DMUMU_FAST, r, k).rate / (distance * (2.0 - distance));
}

double dmumu_curve_probe(struct dmumu_curve_work *work, int which, size_t r, int k, bool with_fast)
{
    const double distance = ldexp(1.0, -k);
    double rate = 0.0;
    for (int mode = with_fast ? DMUMU_FAST : DMUMU_ALFVEN; work->status == DMUMU_OK && mode <= DMUMU_SLOW; mode++) {
        if (dmumu_curve_mode_in_sum(work, mode, which)) {
            rate += probe_of(work, (enum dmumu_mode)mode, r, k).rate;
        }
    }
    return work->status == DMUMU_OK ? rate / (distance * (2.0 - distance)) : (double)NAN;
}

/* ---- fast modes towards mu = 1 ----------------------------------------------------------------------------------- */

/* Panels from here to mu = 1 take the fast modes' rates from the probes: D_F/(1 - mu^2) is smooth over ln(1 - mu). */
#define OCTAVES_FROM (1.0 - 0x1p-4)

/* What of the difference to interpolating from six or seven probes is the error of doing so from eight; and how much is
 * let pass, per tolerance. */
#define SHARE_OF_DIFFERENCE 0.5
#define MOST_DIFFERENCE     0.1

/* Eight probes, and what they are compared with: the six in the middle, and seven without the last or the first. Six
 * alone may agree with eight by chance, where the resonance's tail begins: 1e-5, and both were off by 1e-4. */
enum { AROUND = 8, FEWER = 3 };
struct octave_weights {
    double all[AROUND], fewer[FEWER][AROUND];
};

/* Weights of `n` equidistant points at x steps from the first. */
static void equidistant_weights(int n, double x, double weight[])
{
    for (int i = 0; i < n; i++) {
        weight[i] = 1.0;
        for (int j = 0; j < n; j++) {
            weight[i] *= j == i ? 1.0 : (x - j) / (i - j);
        }
    }
}

/* At x steps from the first of eight. */
static struct octave_weights octave_weights_at(double x)
{
    struct octave_weights weights = {.fewer = {{0.0}}};
    equidistant_weights(AROUND, x, weights.all);
    equidistant_weights(AROUND - 2, x - 1.0, weights.fewer[0] + 1);
    equidistant_weights(AROUND - 1, x, weights.fewer[1]);
    equidistant_weights(AROUND - 1, x - 1.0, weights.fewer[2] + 1);
    return weights;
}

/*
 * The fast modes' rate at one node and R from the eight probes around it; false where they do not agree: in a
 * resonance's tail that falls too steeply.
 */
static bool fast_rate_from_probes(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, int node, size_t r)
{
    enum { N = AROUND, LAST = DMUMU_LEAST_OCTAVE + 2 * DMUMU_KRONROD_N - 1 };
    const double s2 = panel->s2[node];
    const double octave = fmin(-log2(s2 / (1.0 + panel->tables->node[node].mu)), (double)LAST);
    const int middle = (int)octave - N / 2 + 1;
    const int first =
        middle < DMUMU_LEAST_OCTAVE ? DMUMU_LEAST_OCTAVE : (middle > LAST - N + 1 ? LAST - N + 1 : middle);
    const struct octave_weights weights = octave_weights_at(octave - first);
    double q = 0.0;
    double differences[FEWER] = {0.0};
    double error = 0.0;
    for (int k = 0; k < N; k++) {
        const struct probe probe = probe_of(work, DMUMU_FAST, r, first + k);
        const double distance = ldexp(1.0, -(first + k));
        const double ln_ratio = log(probe.rate / (distance * (2.0 - distance)));
        q += weights.all[k] * ln_ratio;
        for (int i = 0; i < FEWER; i++) {
            differences[i] += (weights.all[k] - weights.fewer[i][k]) * ln_ratio;
        }
        error = fmax(error, probe.error / probe.rate);
    }
    const double difference = fmax(fabs(differences[0]), 2.0 * fmax(fabs(differences[1]), fabs(differences[2])));
    if (!(difference < MOST_DIFFERENCE * work->tolerance)) {
        return false;
    }
    const size_t at = dmumu_curve_rates_at(panel, r) + (size_t)node;
    panel->rate[DMUMU_FAST][at] = s2 * exp(q);
    panel->error[DMUMU_FAST][at] = panel->rate[DMUMU_FAST][at] * (error + SHARE_OF_DIFFERENCE * difference);
    return true;
}

static bool takes_probes(const struct dmumu_curve_work *work, struct dmumu_panel_key key)
{
    double low;
    double high;
    dmumu_panel_ends(key, &low, &high);
    return work->state->kappa > 0.0 && low >= OCTAVES_FROM;
}

/* Rates where the probes give them; `needed` stays set for the R with a node at which they do not. */
static void fast_rates_from_probes(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel)
{
    for (size_t r = 0; r < work->n && work->status == DMUMU_OK; r++) {
        bool all = true;
        for (int node = 0; node < DMUMU_KRONROD_N && panel->needed[r] && all; node++) {
            all = fast_rate_from_probes(work, panel, node, r);
        }
        panel->needed[r] = panel->needed[r] && !all;
    }
}

/* ---- a panel ----------------------------------------------------------------------------------------------------- */

/* Where panels are looked at more closely; `needed` stays set elsewhere. */
static void closer_rates(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel)
{
    for (size_t r = 0; r < work->n && work->status == DMUMU_OK; r++) {
        if (panel->needed[r] && work->looks[r] > 0) {
            dmumu_curve_closer_rates(work, panel, r);
            panel->needed[r] = 0;
        }
    }
}

void dmumu_curve_rates(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, enum dmumu_mode mode)
{
    if (mode == DMUMU_FAST) {
        closer_rates(work, panel);
    }
    if (mode == DMUMU_FAST && takes_probes(work, panel->key)) {
        fast_rates_from_probes(work, panel);
    }
    if (work->status != DMUMU_OK || count_needed(work, panel) == 0) {
        return;
    }
    work->status = dmumu_tables_complete(work->tables, panel->tables, mode);
    for (int node = 0; mode == DMUMU_FAST && work->status == DMUMU_OK && node < DMUMU_KRONROD_N; node++) {
        fast_rates_at_nodes(work, panel, node);
    }
    if (mode != DMUMU_FAST && work->status == DMUMU_OK) {
        cascade_rates(work, panel, mode);
    }
}
