/*
 * The production kernel for Alfven and slow modes: see cascade.h.
 *
 * Nodes in w: panels of at most 2.4 in ln w up to w = 2, of 6 in w through the lobes up to where the oscillations have
 * been faded out, and of 2.4 in ln w again, far enough for the lowest R, where critical balance puts the waves that
 * matter at w ~ R^-1/2. Kronrod's 15 points on each, Gauss's 7 among them for the error.
 */
#include "core/cascade.h"

#include "core/bessel.h"
#include "core/constants.h"
#include "core/exponential.h"
#include "core/resonance.h"
#include "core/rules.h"
#include "core/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LN_W_START  (-14.0)
#define LN_W_END    36.0
#define LOG_PANEL   2.4
#define LOBE_PANEL  6.0
#define FADE_LENGTH 40.0 /* in w, beyond the first lobes or a sharp start */
#define FADE_AFTER  12.0

/*
 * Lattice of ln B: p from 5e-5, met only where w^-4 has left nothing, to 45 nu, where exp(-p/nu) is gone; z from 5e-4,
 * where (z nu)^2 is below 1e-6 of 1, to 3e3, where B ~ z^-2.
 */
#define LN_P_START       (-10.0)
#define LN_P_STEP_ALFVEN 0.025 /* of a single z, and what counts most at high M_A and low R */
#define LN_P_STEP_SLOW   0.05
#define LN_Z_START       (-7.6)
#define LN_Z_STEP        0.15
enum { N_Z = 104, NU_PANELS = 14, NU_NODES = NU_PANELS * DMUMU_GAUSS_N };
#define LN_B_NONE (-700.0)

/* What the lattice of ln B errs by, and what the n = 0 sum does, relative; from comparisons with the reference kernel. */
#define TABLE_ERROR_ALFVEN  3e-8
#define TABLE_ERROR_SLOW    1e-6
#define TRANSIT_TABLE_ERROR 5e-9

/* Lattice of the n = 0 x_par integral. */
#define LN_X_STEP 0.06
enum { N_TRANSIT = 1340, PAR_PANELS = 40 };

/* ---- nodes in w -------------------------------------------------------------------------------------------------- */

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

/* Panels from w_start on: logarithmic, through the lobes, logarithmic. */
static enum dmumu_status make_nodes(enum dmumu_bessel_kind kind, int n, double w_start, struct dmumu_wave_nodes *nodes)
{
    const double lobes_from = fmax(w_start, 2.0);
    const double fade_from = lobes_from + FADE_AFTER + 2.0 * n;
    const struct wave_factor factor = {kind, n, fade_from, fade_from + FADE_LENGTH + 2.0 * n};
    enum dmumu_status status = DMUMU_OK;
    nodes->n = 0;
    double w = w_start;
    while (status == DMUMU_OK && w < lobes_from) {
        const double next = fmin(w * exp(LOG_PANEL), lobes_from);
        status = add_node_panel(&factor, w, next, true, nodes);
        w = next;
    }
    while (status == DMUMU_OK && w < factor.fade_to) {
        const double next = fmin(w + LOBE_PANEL, factor.fade_to);
        status = add_node_panel(&factor, w, next, false, nodes);
        w = next;
    }
    while (status == DMUMU_OK && w < exp(LN_W_END)) {
        status = add_node_panel(&factor, w, w * exp(LOG_PANEL), true, nodes);
        w *= exp(LOG_PANEL);
    }
    return status;
}

/* ---- n = 0 of the slow modes: the x_par integral ------------------------------------------------------------------
 */

/* ln int_{x_par,min} dx/x x^2/(x^2 + x_perp^2) exp(-x/(strength x_perp^anisotropy)). */
static double ln_transit_over_x_par(const struct dmumu_cascade_form *form, double ln_x_perp)
{
    const double scale = form->strength * exp(form->anisotropy * ln_x_perp);
    const double x_perp = exp(ln_x_perp);
    /* the integrand rises like x^2 and ends at 45 scales; the exponential of the start is taken out */
    const double low = log(form->x_par_min);
    const double high = log(form->x_par_min + 45.0 * scale);
    const double from = fmax(low, high - 26.0);
    const double step = (high - from) / PAR_PANELS;
    double sum = 0.0;
    for (int i = 0; i < PAR_PANELS; i++) {
        for (int j = 0; j < DMUMU_GAUSS_N; j++) {
            const double x = exp(from + (i + 0.5 + 0.5 * dmumu_gauss_node[j]) * step);
            const double ratio = x_perp / x;
            sum += 0.5 * step * dmumu_gauss_weight[j] * exp(-(x - form->x_par_min) / scale) / (1.0 + ratio * ratio);
        }
    }
    return log(sum) - form->x_par_min / scale;
}

static enum dmumu_status make_transit(struct dmumu_cascade_common *common)
{
    common->transit_value = malloc(N_TRANSIT * sizeof *common->transit_value);
    if (!common->transit_value) {
        return DMUMU_ERROR_MEMORY;
    }
    const double start = log(common->form.x_perp_min) - 2.0 * LN_X_STEP;
    for (int i = 0; i < N_TRANSIT; i++) {
        common->transit_value[i] = ln_transit_over_x_par(&common->form, start + LN_X_STEP * i);
    }
    common->transit = (struct dmumu_lattice){
        .start = start, .inverse_step = 1.0 / LN_X_STEP, .n = N_TRANSIT, .value = common->transit_value};
    return DMUMU_OK;
}

static enum dmumu_bessel_kind kind_of(enum dmumu_mode mode)
{
    return mode == DMUMU_ALFVEN ? DMUMU_BESSEL_OVER_W_SQUARE : DMUMU_BESSEL_PRIME_SQUARE;
}

enum dmumu_status dmumu_cascade_common_init(const struct dmumu_state *state, enum dmumu_mode mode,
                                            struct dmumu_cascade_common *common)
{
    *common = (struct dmumu_cascade_common){
        .mode = mode, .form = dmumu_spectrum_cascade(state, mode), .harmonics = state->harmonics};
    common->nodes = calloc((size_t)state->harmonics + 1, sizeof *common->nodes);
    if (!common->nodes) {
        return DMUMU_ERROR_MEMORY;
    }
    enum dmumu_status status = DMUMU_OK;
    for (int n = mode == DMUMU_SLOW ? 0 : 1; status == DMUMU_OK && n <= state->harmonics; n++) {
        status = make_nodes(kind_of(mode), n, exp(LN_W_START), &common->nodes[n]);
    }
    if (status == DMUMU_OK && mode == DMUMU_SLOW) {
        status = make_transit(common);
    }
    return status;
}

void dmumu_cascade_common_free(struct dmumu_cascade_common *common)
{
    for (int n = 0; common->nodes && n <= common->harmonics; n++) {
        dmumu_wave_nodes_free(&common->nodes[n]);
    }
    free(common->nodes);
    free(common->transit_value);
    *common = (struct dmumu_cascade_common){0};
}

/* ---- B ----------------------------------------------------------------------------------------------------------- */

/* Gauss points in nu over the resonance: panels in ln nu, half of them within three widths of mu. */
struct nu_nodes {
    double nu[NU_NODES], weight[NU_NODES]; /* weight: of dnu/nu, x E */
};

static void add_nu_panels(double mu, double width, double low, double high, int panels, size_t *at,
                          struct nu_nodes *nodes)
{
    const double step = log(high / low) / panels;
    for (int i = 0; i < panels; i++) {
        for (int j = 0; j < DMUMU_GAUSS_N; j++) {
            const double nu = low * exp((i + 0.5 + 0.5 * dmumu_gauss_node[j]) * step);
            nodes->nu[*at] = nu;
            nodes->weight[*at] = 0.5 * step * dmumu_gauss_weight[j] * dmumu_resonance_gyro(mu, nu, width);
            (*at)++;
        }
    }
}

/* Between nu_max and where the resonance or nu^4 has faded. */
static void make_nu_nodes(const struct dmumu_cascade_table *table, struct nu_nodes *nodes)
{
    const double reach = DMUMU_RESONANCE_REACH * table->width;
    const double high = fmin(table->mu + reach, table->nu_max);
    const double low = fmax(table->mu - reach, 1e-4 * high);
    size_t at = 0;
    if (!(low < high)) {
        for (; at < NU_NODES; at++) {
            nodes->nu[at] = high;
            nodes->weight[at] = 0.0;
        }
        return;
    }
    const double core_low = fmin(fmax(table->mu - 3.0 * table->width, 0.1 * high), 0.7 * high);
    if (core_low > low) {
        add_nu_panels(table->mu, table->width, low, core_low, NU_PANELS / 2, &at, nodes);
        add_nu_panels(table->mu, table->width, core_low, high, NU_PANELS / 2, &at, nodes);
    } else {
        add_nu_panels(table->mu, table->width, low, high, NU_PANELS, &at, nodes);
    }
}

/* 1/(1 + z^2 nu^2), [NU_NODES][n_z]; 1 for Alfven modes. */
static void fill_projection(const struct nu_nodes *nodes, size_t n_z, double projection[])
{
    for (size_t k = 0; k < NU_NODES; k++) {
        for (size_t j = 0; j < n_z; j++) {
            const double ratio = n_z == 1 ? 0.0 : exp(LN_Z_START + LN_Z_STEP * (double)j) * nodes->nu[k];
            projection[k * n_z + j] = 1.0 / (1.0 + ratio * ratio);
        }
    }
}

/* term[i] = weight exp(-p[i]/nu). */
DMUMU_VECTOR static void make_terms(size_t n, const double *restrict p, double inverse_nu, double weight,
                                    double *restrict term)
{
    for (size_t i = 0; i < n; i++) {
        term[i] = weight * dmumu_exp(-p[i] * inverse_nu);
    }
}

DMUMU_VECTOR static void add_scaled(size_t n, double factor, const double *restrict term, double *restrict sum)
{
    for (size_t i = 0; i < n; i++) {
        sum[i] += factor * term[i];
    }
}

/* @param p, term  [n_p] scratch */
static void fill_table(const struct nu_nodes *nodes, const double projection[], double p[], double term[],
                       struct dmumu_cascade_table *table)
{
    const size_t n_p = table->n_p;
    for (size_t i = 0; i < n_p; i++) {
        p[i] = exp(LN_P_START + table->ln_p_step * (double)i);
    }
    memset(table->value, 0, table->n_z * n_p * sizeof *table->value);
    for (size_t k = 0; k < NU_NODES; k++) {
        if (nodes->weight[k] > 0.0) {
            make_terms(n_p, p, 1.0 / nodes->nu[k], nodes->weight[k], term);
            for (size_t j = 0; j < table->n_z; j++) {
                add_scaled(n_p, projection[k * table->n_z + j], term, table->value + j * n_p);
            }
        }
    }
    for (size_t i = 0; i < table->n_z * n_p; i++) {
        table->value[i] = table->value[i] > 0.0 ? fmax(log(table->value[i]), LN_B_NONE) : LN_B_NONE;
    }
}

enum dmumu_status dmumu_cascade_table_init(const struct dmumu_cascade_common *common, const struct dmumu_state *state,
                                           double mu, double s2, double nu_max, struct dmumu_cascade_table *table)
{
    *table = (struct dmumu_cascade_table){
        .mu = mu, .s = sqrt(s2), .width = dmumu_resonance_width(state, s2), .nu_max = nu_max};
    if (state->kappa == 0.0) {
        return DMUMU_OK;
    }
    const double high = fmin(mu + DMUMU_RESONANCE_REACH * table->width, nu_max);
    table->ln_p_end = log(DMUMU_CASCADE_MOST_P * high);
    table->ln_p_step = common->mode == DMUMU_ALFVEN ? LN_P_STEP_ALFVEN : LN_P_STEP_SLOW;
    table->n_p = (size_t)(fmax(table->ln_p_end - LN_P_START, 0.0) / table->ln_p_step) + 5;
    table->n_z = common->mode == DMUMU_ALFVEN ? 1 : N_Z;
    table->value = malloc(table->n_z * table->n_p * sizeof *table->value);
    double *projection = malloc((table->n_z * NU_NODES + 2 * table->n_p) * sizeof *projection);
    if (!table->value || !projection) {
        free(projection);
        dmumu_cascade_table_free(table);
        return DMUMU_ERROR_MEMORY;
    }
    struct nu_nodes nodes;
    make_nu_nodes(table, &nodes);
    fill_projection(&nodes, table->n_z, projection);
    double *p = projection + table->n_z * NU_NODES;
    fill_table(&nodes, projection, p, p + table->n_p, table);
    free(projection);
    return DMUMU_OK;
}

void dmumu_cascade_table_free(struct dmumu_cascade_table *table)
{
    free(table->value);
    table->value = NULL;
}

/* What an integrand of gyro-resonance is made of, at one (mu, R) and harmonic. */
struct gyro_integrand {
    const struct dmumu_cascade_table *table;
    double power;      /* of x_perp: 2 - slope */
    double anisotropy; /* p = p0 x_perp^-anisotropy */
    double ln_p0;
    double ln_scale; /* ln x_perp = ln w - ln_scale */
    double ln_n_s;   /* ln z = ln w - ln_n_s */
};

/* x_perp^(2 - slope) B at n nodes; ln B by cubic interpolation. Alfven modes. */
DMUMU_VECTOR static void alfven_integrand(const struct gyro_integrand *at, size_t n, const double *restrict ln_w,
                                          double *restrict value)
{
    const struct gyro_integrand a = *at;
    const double *restrict table = a.table->value;
    const size_t n_p = a.table->n_p;
    for (size_t k = 0; k < n; k++) {
        const double ln_x_perp = ln_w[k] - a.ln_scale;
        double f;
        double weight[4];
        const size_t i =
            dmumu_lattice_locate(LN_P_START, 1.0 / a.table->ln_p_step, n_p, a.ln_p0 - a.anisotropy * ln_x_perp, &f) - 1;
        dmumu_lattice_weights(f, weight);
        const double ln_b =
            weight[0] * table[i] + weight[1] * table[i + 1] + weight[2] * table[i + 2] + weight[3] * table[i + 3];
        value[k] = dmumu_exp(a.power * ln_x_perp + ln_b);
    }
}

/* The same for slow modes: in both directions, with B ~ z^-2 past the table. */
DMUMU_VECTOR static void slow_integrand(const struct gyro_integrand *at, size_t n, const double *restrict ln_w,
                                        double *restrict value)
{
    const struct gyro_integrand a = *at;
    const double *restrict table = a.table->value;
    const size_t n_p = a.table->n_p;
    const double ln_z_last = LN_Z_START + LN_Z_STEP * (double)(N_Z - 3);
    for (size_t k = 0; k < n; k++) {
        const double ln_x_perp = ln_w[k] - a.ln_scale;
        const double ln_z = ln_w[k] - a.ln_n_s;
        double f;
        double g;
        double w[4];
        double weight_z[4];
        const size_t i =
            dmumu_lattice_locate(LN_P_START, 1.0 / a.table->ln_p_step, n_p, a.ln_p0 - a.anisotropy * ln_x_perp, &f) - 1;
        const size_t j = dmumu_lattice_locate(LN_Z_START, 1.0 / LN_Z_STEP, N_Z, ln_z, &g) - 1;
        dmumu_lattice_weights(f, w);
        dmumu_lattice_weights(g, weight_z);
        const double past = ln_z - ln_z_last;
        double ln_b = past > 0.0 ? -2.0 * past : 0.0;
        for (size_t m = 0; m < 4; m++) {
            const size_t row = (j + m) * n_p + i;
            ln_b += weight_z[m] *
                    (w[0] * table[row] + w[1] * table[row + 1] + w[2] * table[row + 2] + w[3] * table[row + 3]);
        }
        value[k] = dmumu_exp(a.power * ln_x_perp + ln_b);
    }
}

/* ---- rates ------------------------------------------------------------------------------------------------------- */

/* Nodes whose integrand is made together. */
enum { CHUNK = 32 };

/* int dw/w x_perp^(2-slope) Bessel B over the nodes of one harmonic, x_perp = w/(R s); returns value and |fine -
 * coarse|. */
struct wave_sum {
    double value, error;
};

static struct wave_sum finish(double fine, double coarse)
{
    const double error = fine > 0.0 ? fine * dmumu_rule_error((fine - coarse) / fine) : 0.0;
    return (struct wave_sum){.value = fmax(fine, 0.0), .error = error};
}

/* The first node whose ln_w exceeds the limit; nodes ascend. */
static size_t first_above(const struct dmumu_wave_nodes *nodes, double ln_w)
{
    size_t low = 0;
    size_t high = nodes->n;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (nodes->ln_w[middle] > ln_w) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static struct wave_sum gyro_sum(const struct dmumu_cascade_form *form, const struct dmumu_cascade_table *table,
                                const struct dmumu_wave_nodes *nodes, int n, double larmor_ratio)
{
    const double ln_scale = log(larmor_ratio * table->s); /* ln x_perp = ln w - ln_scale */
    const double ln_p0 = log(n / (larmor_ratio * form->strength));
    /* p > 45 nu below this w: nothing resonant in the cascade */
    const size_t first = first_above(nodes, ln_scale + (ln_p0 - table->ln_p_end) / form->anisotropy);
    const struct gyro_integrand integrand = {.table = table,
                                             .power = 2.0 - form->slope,
                                             .anisotropy = form->anisotropy,
                                             .ln_p0 = ln_p0,
                                             .ln_scale = ln_scale,
                                             .ln_n_s = log(n * table->s)};
    double fine = 0.0;
    double coarse = 0.0;
    for (size_t i = first; i < nodes->n; i += CHUNK) {
        const size_t count = nodes->n - i < CHUNK ? nodes->n - i : CHUNK;
        double value[CHUNK];
        if (table->n_z == 1) {
            alfven_integrand(&integrand, count, nodes->ln_w + i, value);
        } else {
            slow_integrand(&integrand, count, nodes->ln_w + i, value);
        }
        double chunk = 0.0;
        for (size_t k = 0; k < count; k++) {
            chunk += nodes->weight[i + k] * value[k];
            coarse += nodes->weight_coarse[i + k] * value[k];
        }
        fine += chunk;
        const double ln_p = ln_p0 - form->anisotropy * (nodes->ln_w[i + count - 1] - ln_scale);
        if (chunk < 1e-10 * fine && ln_p < 0.0) {
            break; /* the tail falls like w^-4 */
        }
    }
    return finish(fine, coarse);
}

static struct wave_sum transit_sum(const struct dmumu_cascade_common *common, const struct dmumu_wave_nodes *nodes,
                                   double s, double larmor_ratio)
{
    const double ln_scale = log(larmor_ratio * s);
    const double ln_last = common->transit.start + LN_X_STEP * (N_TRANSIT - 3);
    double fine = 0.0;
    double coarse = 0.0;
    for (size_t i = 0; i < nodes->n; i++) {
        const double ln_x_perp = nodes->ln_w[i] - ln_scale;
        if (ln_x_perp > ln_last) {
            break;
        }
        const double value =
            exp((2.0 - common->form.slope) * ln_x_perp + dmumu_lattice_value(&common->transit, ln_x_perp));
        fine += nodes->weight[i] * value;
        coarse += nodes->weight_coarse[i] * value;
    }
    return finish(fine, coarse);
}

/* Nodes that begin where the cascade does, made for this R. */
static enum dmumu_status nodes_from_start(const struct dmumu_cascade_common *common, int n, double w_start,
                                          struct dmumu_wave_nodes *scratch, const struct dmumu_wave_nodes **nodes)
{
    *nodes = scratch;
    return make_nodes(kind_of(common->mode), n, w_start, scratch);
}

/* Does the cascade's start in x_perp lie where the integrand of harmonic n has something? */
static bool start_matters(const struct dmumu_cascade_common *common, const struct dmumu_cascade_table *table, int n,
                          double larmor_ratio)
{
    const struct dmumu_cascade_form *form = &common->form;
    const double ln_p_start = log(n / (larmor_ratio * form->strength)) - form->anisotropy * log(form->x_perp_min);
    return ln_p_start < table->ln_p_end;
}

static enum dmumu_status add_harmonic(const struct dmumu_cascade_common *common, const struct dmumu_state *state,
                                      const struct dmumu_cascade_table *table, int n, double larmor_ratio,
                                      struct dmumu_wave_nodes *scratch, struct wave_sum *sum)
{
    struct dmumu_cascade_table own = {0};
    const double nu_max = n / (larmor_ratio * common->form.x_par_min);
    const double mu = table->mu;
    enum dmumu_status status = DMUMU_OK;
    if (nu_max < mu + DMUMU_RESONANCE_REACH * table->width) {
        if (nu_max <= mu - DMUMU_RESONANCE_REACH * table->width) {
            return DMUMU_OK;
        }
        status = dmumu_cascade_table_init(common, state, mu, table->s * table->s, nu_max, &own);
        table = &own;
    }
    const struct dmumu_wave_nodes *nodes = &common->nodes[n];
    if (status == DMUMU_OK && start_matters(common, table, n, larmor_ratio)) {
        status = nodes_from_start(common, n, larmor_ratio * table->s * common->form.x_perp_min, scratch, &nodes);
    }
    if (status == DMUMU_OK) {
        const struct wave_sum harmonic = gyro_sum(&common->form, table, nodes, n, larmor_ratio);
        sum->value += harmonic.value;
        sum->error += harmonic.error;
    }
    dmumu_cascade_table_free(&own);
    return status;
}

/* The quasi-linear limit: x_par = n/(mu R) alone, dx_par/x_par E -> 1/mu delta with sqrt(pi)/Delta -> pi. */
static struct wave_sum quasilinear_sum(const struct dmumu_cascade_common *common, const struct dmumu_wave_nodes *nodes,
                                       double mu, double s, int n, double larmor_ratio)
{
    const struct dmumu_cascade_form *form = &common->form;
    const double x_par = n / (mu * larmor_ratio);
    const double ln_scale = log(larmor_ratio * s);
    double fine = 0.0;
    double coarse = 0.0;
    for (size_t i = 0; i < nodes->n; i++) {
        const double ln_x_perp = nodes->ln_w[i] - ln_scale;
        const double ratio = common->mode == DMUMU_SLOW ? exp(ln_x_perp) / x_par : 0.0;
        const double value =
            exp((2.0 - form->slope) * ln_x_perp - x_par / (form->strength * exp(form->anisotropy * ln_x_perp))) /
            (1.0 + ratio * ratio);
        fine += nodes->weight[i] * value;
        coarse += nodes->weight_coarse[i] * value;
    }
    return finish(fine, coarse);
}

static enum dmumu_status quasilinear_rate(const struct dmumu_cascade_common *common,
                                          const struct dmumu_cascade_table *table, double larmor_ratio,
                                          struct dmumu_wave_nodes *scratch, struct wave_sum *sum)
{
    const struct dmumu_cascade_form *form = &common->form;
    for (int n = 1; n <= common->harmonics; n++) {
        const double x_par = n / (table->mu * larmor_ratio);
        if (!(table->mu > 0.0) || x_par < form->x_par_min) {
            continue;
        }
        const struct dmumu_wave_nodes *nodes = &common->nodes[n];
        if (x_par / (form->strength * pow(form->x_perp_min, form->anisotropy)) < 45.0) {
            const enum dmumu_status status =
                nodes_from_start(common, n, larmor_ratio * table->s * form->x_perp_min, scratch, &nodes);
            if (status != DMUMU_OK) {
                return status;
            }
        }
        const struct wave_sum harmonic = quasilinear_sum(common, nodes, table->mu, table->s, n, larmor_ratio);
        sum->value += harmonic.value;
        sum->error += harmonic.error;
    }
    return DMUMU_OK;
}

enum dmumu_status dmumu_cascade_rate(const struct dmumu_cascade_common *common, const struct dmumu_state *state,
                                     const struct dmumu_cascade_table *table, double larmor_ratio,
                                     struct dmumu_wave_nodes *scratch, struct dmumu_cascade_rate *rate)
{
    const double s = table->s;
    const double front = 4.0 * DMUMU_PI * s * s / (larmor_ratio * larmor_ratio) * common->form.norm;
    struct wave_sum sum = {0.0, 0.0};
    *rate = (struct dmumu_cascade_rate){0};
    if (state->kappa == 0.0) {
        const enum dmumu_status status = quasilinear_rate(common, table, larmor_ratio, scratch, &sum);
        if (table->mu > 0.0) {
            rate->gyro = front * DMUMU_PI / table->mu * sum.value;
            rate->gyro_error = front * DMUMU_PI / table->mu * sum.error;
        }
        return status;
    }
    enum dmumu_status status = DMUMU_OK;
    for (int n = 1; status == DMUMU_OK && n <= common->harmonics; n++) {
        status = add_harmonic(common, state, table, n, larmor_ratio, scratch, &sum);
    }
    const double broad = front * DMUMU_SQRT_PI / table->width;
    rate->gyro = broad * sum.value;
    const double table_error = common->mode == DMUMU_ALFVEN ? TABLE_ERROR_ALFVEN : TABLE_ERROR_SLOW;
    rate->gyro_error = broad * (sum.error + table_error * sum.value);
    if (status == DMUMU_OK && common->mode == DMUMU_SLOW) {
        const double w_start = larmor_ratio * s * common->form.x_perp_min;
        const struct dmumu_wave_nodes *nodes;
        status = nodes_from_start(common, 0, w_start, scratch, &nodes);
        if (status == DMUMU_OK) {
            const struct wave_sum transit = transit_sum(common, nodes, s, larmor_ratio);
            rate->transit = broad * transit.value;
            rate->transit_error = broad * (transit.error + TRANSIT_TABLE_ERROR * transit.value);
        }
    }
    return status;
}
