/*
 * The production kernel for Alfven and slow modes: see cascade.h. Points in w are wave_nodes.h's, B is cascade_table.h's,
 * and what most values of Alfven modes need is made by cascade_taps.h.
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

/*
 * What the lattice of ln B errs by, and what the n = 0 sum does, relative; from comparisons with the reference kernel. Of slow
 * modes it is the step in ln z: 2e-6 of D towards R = 1, 4e-6 of single rates, and all of one sign. That is too much for
 * tolerances below 2e-5, whose step is half of it: 1e-7 of D at most.
 */
#define TABLE_ERROR_ALFVEN     3e-8
#define TABLE_ERROR_SLOW       2e-6
#define TABLE_ERROR_SLOW_TIGHT 1.5e-7
#define TRANSIT_TABLE_ERROR    5e-9
#define TIGHT                  2e-5

/* Lattice of the n = 0 x_par integral. */
#define LN_X_STEP 0.06
enum { N_TRANSIT = 1340, PAR_PANELS = 40 };

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

enum dmumu_status dmumu_cascade_common_init(const struct dmumu_state *state, enum dmumu_mode mode, double tolerance,
                                            struct dmumu_cascade_common *common)
{
    const double of_slow = tolerance < TIGHT ? TABLE_ERROR_SLOW_TIGHT : TABLE_ERROR_SLOW;
    *common = (struct dmumu_cascade_common){.mode = mode,
                                            .form = dmumu_spectrum_cascade(state, mode),
                                            .harmonics = state->harmonics,
                                            .ln_z_step = (tolerance < TIGHT ? 0.5 : 1.0) * DMUMU_CASCADE_LN_Z_STEP,
                                            .table_error = mode == DMUMU_ALFVEN ? TABLE_ERROR_ALFVEN : of_slow};
    common->nodes = calloc((size_t)state->harmonics + 1, sizeof *common->nodes);
    if (!common->nodes) {
        return DMUMU_ERROR_MEMORY;
    }
    enum dmumu_status status = DMUMU_OK;
    for (int n = mode == DMUMU_SLOW ? 0 : 1; status == DMUMU_OK && n <= state->harmonics; n++) {
        status = dmumu_wave_nodes_make_all(kind_of(mode), n, &common->nodes[n]);
    }
    if (status == DMUMU_OK && mode == DMUMU_SLOW) {
        return make_transit(common);
    }
    if (status == DMUMU_OK) {
        status = dmumu_cascade_taps_make(&common->form, state->harmonics, common->nodes, &common->taps);
    }
    return status == DMUMU_OK ? dmumu_cascade_decay_init(&common->decay) : status;
}

void dmumu_cascade_common_free(struct dmumu_cascade_common *common)
{
    for (int n = 0; common->nodes && n <= common->harmonics; n++) {
        dmumu_wave_nodes_free(&common->nodes[n]);
    }
    free(common->nodes);
    free(common->transit_value);
    dmumu_cascade_taps_free(&common->taps);
    dmumu_cascade_decay_free(&common->decay);
    *common = (struct dmumu_cascade_common){0};
}

/* ---- gyro-resonance ---------------------------------------------------------------------------------------------- */

enum dmumu_status dmumu_cascade_table_init(const struct dmumu_cascade_common *common, const struct dmumu_state *state,
                                           double mu, double s2, double nu_max, struct dmumu_cascade_table *table)
{
    return dmumu_cascade_table_make(common->mode == DMUMU_ALFVEN ? &common->decay : NULL, common->ln_z_step, state, mu,
                                    s2, dmumu_cascade_taps_ln_p(&common->form, sqrt(s2)), nu_max, table);
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

/* Nodes whose integrand is made together. */
enum { CHUNK = 32 };

/*
 * x_perp^(2 - slope) B at n nodes, CHUNK at most; ln B by cubic interpolation. Alfven modes. In three loops: what is looked
 * up one by one would keep the others from running side by side.
 */
DMUMU_VECTOR static void alfven_integrand(const struct gyro_integrand *at, size_t n, const double *restrict ln_w,
                                          double *restrict value)
{
    const struct gyro_integrand a = *at;
    const double *restrict table = a.table->value;
    const double inverse_step = 1.0 / a.table->ln_p_step;
    const double start = a.table->ln_p_start;
    const size_t n_p = a.table->n_p;
    int first[CHUNK];
    double weight[4][CHUNK];
    for (size_t k = 0; k < n; k++) {
        const double ln_x_perp = ln_w[k] - a.ln_scale;
        double f;
        double w[4];
        first[k] = (int)dmumu_lattice_locate(start, inverse_step, n_p, a.ln_p0 - a.anisotropy * ln_x_perp, &f) - 1;
        dmumu_lattice_weights(f, w);
        for (size_t j = 0; j < 4; j++) {
            weight[j][k] = w[j];
        }
        value[k] = a.power * ln_x_perp;
    }
    for (size_t k = 0; k < n; k++) {
        const double *b = table + first[k];
        value[k] += weight[0][k] * b[0] + weight[1][k] * b[1] + weight[2][k] * b[2] + weight[3][k] * b[3];
    }
    for (size_t k = 0; k < n; k++) {
        value[k] = dmumu_exp(value[k]);
    }
}

/* The same for slow modes: in both directions, with B ~ z^-2 past the table. */
DMUMU_VECTOR static void slow_integrand(const struct gyro_integrand *at, size_t n, const double *restrict ln_w,
                                        double *restrict value)
{
    const struct gyro_integrand a = *at;
    const double *restrict table = a.table->value;
    const size_t n_p = a.table->n_p;
    const size_t n_z = a.table->n_z;
    const double ln_z_step = a.table->ln_z_step;
    const double ln_z_last = DMUMU_CASCADE_LN_Z_START + ln_z_step * (double)(n_z - 3);
    for (size_t k = 0; k < n; k++) {
        const double ln_x_perp = ln_w[k] - a.ln_scale;
        const double ln_z = ln_w[k] - a.ln_n_s;
        double f;
        double g;
        double w[4];
        double weight_z[4];
        const size_t i = dmumu_lattice_locate(a.table->ln_p_start, 1.0 / a.table->ln_p_step, n_p,
                                              a.ln_p0 - a.anisotropy * ln_x_perp, &f) -
                         1;
        const size_t j = dmumu_lattice_locate(DMUMU_CASCADE_LN_Z_START, 1.0 / ln_z_step, n_z, ln_z, &g) - 1;
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
    return dmumu_wave_nodes_make_from(kind_of(common->mode), n, w_start, &common->nodes[n], scratch);
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

/* What is in front of the sum over w. */
static double front_of(const struct dmumu_cascade_common *common, const struct dmumu_cascade_table *table,
                       double larmor_ratio)
{
    return 4.0 * DMUMU_PI * table->s * table->s / (larmor_ratio * larmor_ratio) * common->form.norm;
}

struct dmumu_cascade_limits dmumu_cascade_limits_of(const struct dmumu_cascade_form *form,
                                                    const struct dmumu_cascade_table *table)
{
    const double most_nu = table->mu + DMUMU_RESONANCE_REACH * table->width;
    return (struct dmumu_cascade_limits){
        .ln_parallel = -log(form->x_par_min * most_nu),
        .ln_balance = -log(DMUMU_CASCADE_MOST_P * most_nu * form->strength) - form->anisotropy * log(form->x_perp_min),
    };
}

struct dmumu_cascade_rate dmumu_cascade_rate_from_taps(const struct dmumu_cascade_common *common,
                                                       const struct dmumu_cascade_table *table, double ln_r)
{
    const struct dmumu_cascade_form *form = &common->form;
    const double larmor_ratio = exp(ln_r);
    const struct dmumu_cascade_taps_sum taps = dmumu_cascade_taps_sum_of(&common->taps, form, table, ln_r);
    const struct wave_sum sum = finish(taps.fine, taps.coarse);
    const double scale = front_of(common, table, larmor_ratio) * DMUMU_SQRT_PI / table->width *
                         exp((form->slope - 2.0) * log(larmor_ratio * table->s));
    return (struct dmumu_cascade_rate){.gyro = scale * sum.value,
                                       .gyro_error = scale * (sum.error + common->table_error * sum.value)};
}

enum dmumu_status dmumu_cascade_rate(const struct dmumu_cascade_common *common, const struct dmumu_state *state,
                                     const struct dmumu_cascade_table *table, double larmor_ratio,
                                     struct dmumu_wave_nodes *scratch, struct dmumu_cascade_rate *rate)
{
    const double s = table->s;
    const double front = front_of(common, table, larmor_ratio);
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
    rate->gyro_error = broad * (sum.error + common->table_error * sum.value);
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
