/* Wave nodes: see wave_nodes.h. */
#include "core/wave_nodes.h"

#include "core/rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LN_W_START  (-14.0)
#define LN_W_END    36.0
#define LOBES_FROM  2.0
#define LOG_PANEL   2.4
#define LOBE_PANEL  6.0
#define FADE_LENGTH 40.0 /* in w, beyond the first lobes or a sharp start */
#define FADE_AFTER  12.0

/* Panels through the lobes whose Bessel factors are kept, for a cascade that starts among them: up to w = 242. */
enum { LOBE_PANELS = 40, N_LOBES = LOBE_PANELS * DMUMU_KRONROD_N };

static enum dmumu_status reserve_nodes(struct dmumu_wave_nodes *nodes, size_t n)
{
    if (n <= nodes->capacity) {
        return DMUMU_OK;
    }
    const size_t capacity = 2 * n;
    double **const array[3] = {&nodes->ln_w, &nodes->weight, &nodes->weight_coarse};
    for (int i = 0; i < 3; i++) {
        double *grown = realloc(*array[i], capacity * sizeof *grown);
        if (!grown) {
            return DMUMU_ERROR_MEMORY;
        }
        *array[i] = grown;
    }
    nodes->capacity = capacity;
    return DMUMU_OK;
}

void dmumu_wave_nodes_free(struct dmumu_wave_nodes *nodes)
{
    free(nodes->ln_w);
    free(nodes->weight);
    free(nodes->weight_coarse);
    free(nodes->lobe);
    free(nodes->mean);
    *nodes = (struct dmumu_wave_nodes){0};
}

struct wave_factor {
    enum dmumu_bessel_kind kind;
    int n;
    double fade_from, fade_to;
};

static enum dmumu_status add_node_panel(const struct wave_factor *factor, double low, double high, bool logarithmic,
                                        struct dmumu_wave_nodes *nodes)
{
    const enum dmumu_status status = reserve_nodes(nodes, nodes->n + DMUMU_KRONROD_N);
    if (status != DMUMU_OK) {
        return status;
    }
    const double a = logarithmic ? log(low) : low;
    const double b = logarithmic ? log(high) : high;
    for (int i = 0; i < DMUMU_KRONROD_N; i++) {
        const double x = 0.5 * (a + b) + 0.5 * (b - a) * dmumu_kronrod_node[i];
        const double w = logarithmic ? exp(x) : x;
        const double measure = 0.5 * (b - a) * (logarithmic ? 1.0 : 1.0 / w) *
                               dmumu_bessel_faded(factor->kind, factor->n, factor->fade_from, factor->fade_to, w);
        const size_t at = nodes->n++;
        nodes->ln_w[at] = logarithmic ? x : log(w);
        nodes->weight[at] = measure * dmumu_kronrod_weight[i];
        nodes->weight_coarse[at] = measure * dmumu_kronrod_gauss_weight[i];
    }
    return DMUMU_OK;
}

/* Logarithmic panels from w to the first lobes. */
static enum dmumu_status add_head(const struct wave_factor *factor, double w, double lobes_from,
                                  struct dmumu_wave_nodes *nodes)
{
    enum dmumu_status status = DMUMU_OK;
    while (status == DMUMU_OK && w < lobes_from) {
        const double next = fmin(w * exp(LOG_PANEL), lobes_from);
        status = add_node_panel(factor, w, next, true, nodes);
        w = next;
    }
    return status;
}

/* Panels through the lobes, and logarithmic ones beyond. */
static enum dmumu_status add_tail(const struct wave_factor *factor, double w, struct dmumu_wave_nodes *nodes)
{
    enum dmumu_status status = DMUMU_OK;
    nodes->tail = nodes->n;
    while (status == DMUMU_OK && w < factor->fade_to) {
        const double next = fmin(w + LOBE_PANEL, factor->fade_to);
        status = add_node_panel(factor, w, next, false, nodes);
        w = next;
    }
    nodes->far = nodes->n;
    while (status == DMUMU_OK && w < exp(LN_W_END)) {
        status = add_node_panel(factor, w, w * exp(LOG_PANEL), true, nodes);
        w *= exp(LOG_PANEL);
    }
    return status;
}

/* All from node `first` on. */
static enum dmumu_status copy_from(const struct dmumu_wave_nodes *all, size_t first, struct dmumu_wave_nodes *nodes)
{
    const size_t n = all->n - first;
    const enum dmumu_status status = reserve_nodes(nodes, nodes->n + n);
    if (status != DMUMU_OK) {
        return status;
    }
    memcpy(nodes->ln_w + nodes->n, all->ln_w + first, n * sizeof *nodes->ln_w);
    memcpy(nodes->weight + nodes->n, all->weight + first, n * sizeof *nodes->weight);
    memcpy(nodes->weight_coarse + nodes->n, all->weight_coarse + first, n * sizeof *nodes->weight_coarse);
    nodes->n += n;
    return DMUMU_OK;
}

static struct wave_factor factor_of(enum dmumu_bessel_kind kind, int n, double lobes_from)
{
    const double fade_from = lobes_from + FADE_AFTER + 2.0 * n;
    return (struct wave_factor){kind, n, fade_from, fade_from + FADE_LENGTH + 2.0 * n};
}

/* ---- a start among the lobes -------------------------------------------------------------------------------------- */

static double lobe_begin(size_t panel)
{
    return LOBES_FROM + LOBE_PANEL * (double)panel;
}

static double lobe_node(size_t panel, int node)
{
    return lobe_begin(panel) + 0.5 * LOBE_PANEL * (1.0 + dmumu_kronrod_node[node]);
}

static enum dmumu_status keep_lobes(enum dmumu_bessel_kind kind, int n, struct dmumu_wave_nodes *nodes)
{
    nodes->lobe = malloc(N_LOBES * sizeof *nodes->lobe);
    nodes->mean = malloc(N_LOBES * sizeof *nodes->mean);
    if (!nodes->lobe || !nodes->mean) {
        return DMUMU_ERROR_MEMORY;
    }
    for (size_t i = 0; i < N_LOBES; i++) {
        const int node = (int)(i % DMUMU_KRONROD_N);
        const double w = lobe_node(i / DMUMU_KRONROD_N, node);
        const double measure = 0.5 * LOBE_PANEL / w * dmumu_kronrod_weight[node];
        nodes->lobe[i] = measure * dmumu_bessel_faded(kind, n, (double)INFINITY, (double)INFINITY, w);
        nodes->mean[i] = measure * dmumu_bessel_faded(kind, n, 0.0, 0.0, w);
    }
    return DMUMU_OK;
}

/* One of the panels that are kept. */
static enum dmumu_status add_kept_panel(const struct wave_factor *factor, const struct dmumu_wave_nodes *all,
                                        size_t panel, struct dmumu_wave_nodes *nodes)
{
    const enum dmumu_status status = reserve_nodes(nodes, nodes->n + DMUMU_KRONROD_N);
    for (int i = 0; status == DMUMU_OK && i < DMUMU_KRONROD_N; i++) {
        const double w = lobe_node(panel, i);
        const double step = dmumu_bessel_fade(factor->fade_from, factor->fade_to, w);
        const size_t kept = panel * DMUMU_KRONROD_N + (size_t)i;
        const size_t at = nodes->n++;
        nodes->ln_w[at] = log(w);
        nodes->weight[at] = (1.0 - step) * all->lobe[kept] + step * all->mean[kept];
        nodes->weight_coarse[at] = nodes->weight[at] * (dmumu_kronrod_gauss_weight[i] / dmumu_kronrod_weight[i]);
    }
    return status;
}

/* Beyond what has been faded, up to w: one panel as far as the next of all nodes', and theirs. */
static enum dmumu_status add_far(const struct wave_factor *factor, double w, const struct dmumu_wave_nodes *all,
                                 struct dmumu_wave_nodes *nodes)
{
    double to = factor_of(factor->kind, factor->n, LOBES_FROM).fade_to;
    size_t first = all->far;
    while (to <= w) {
        to *= exp(LOG_PANEL);
        first += DMUMU_KRONROD_N;
    }
    const enum dmumu_status status = add_node_panel(factor, w, to, true, nodes);
    return status == DMUMU_OK ? copy_from(all, first, nodes) : status;
}

/*
 * From a start beyond the first lobes: a panel as far as the next of those whose Bessel functions are kept, these until the
 * oscillations have been faded out, and the mean beyond. Far out, all of it anew.
 */
static enum dmumu_status add_from_lobe(const struct wave_factor *factor, double w, const struct dmumu_wave_nodes *all,
                                       struct dmumu_wave_nodes *nodes)
{
    if (factor->fade_to > lobe_begin(LOBE_PANELS)) {
        return add_tail(factor, w, nodes);
    }
    size_t panel = (size_t)((w - LOBES_FROM) / LOBE_PANEL) + 1;
    enum dmumu_status status = add_node_panel(factor, w, lobe_begin(panel), false, nodes);
    for (; status == DMUMU_OK && lobe_begin(panel) < factor->fade_to; panel++) {
        status = add_kept_panel(factor, all, panel, nodes);
    }
    return status == DMUMU_OK ? add_far(factor, lobe_begin(panel), all, nodes) : status;
}

enum dmumu_status dmumu_wave_nodes_make_all(enum dmumu_bessel_kind kind, int n, struct dmumu_wave_nodes *nodes)
{
    const struct wave_factor factor = factor_of(kind, n, LOBES_FROM);
    nodes->n = 0;
    enum dmumu_status status = add_head(&factor, exp(LN_W_START), LOBES_FROM, nodes);
    if (status == DMUMU_OK) {
        status = add_tail(&factor, LOBES_FROM, nodes);
    }
    return status == DMUMU_OK ? keep_lobes(kind, n, nodes) : status;
}

enum dmumu_status dmumu_wave_nodes_make_from(enum dmumu_bessel_kind kind, int n, double w_start,
                                             const struct dmumu_wave_nodes *all, struct dmumu_wave_nodes *nodes)
{
    nodes->n = 0;
    if (w_start >= LOBES_FROM) {
        const struct wave_factor factor = factor_of(kind, n, w_start);
        return add_from_lobe(&factor, w_start, all, nodes);
    }
    const struct wave_factor factor = factor_of(kind, n, LOBES_FROM);
    const enum dmumu_status status = add_head(&factor, w_start, LOBES_FROM, nodes);
    return status == DMUMU_OK ? copy_from(all, all->tail, nodes) : status;
}
