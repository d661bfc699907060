/* Power laws: see cmd_power_law.h. */
#include "cmd_power_law.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * The unknowns. Bounded ones (where a break is, how smooth) go through a logistic function, so that the solver may ask
 * for any number.
 */
enum { LN_D, SLOPE, LOW_SLOPE, LOW_AT, HIGH_SLOPE, HIGH_AT, LOW_SMOOTH, HIGH_SMOOTH, MOST_UNKNOWNS };
enum { MOST_ITERATIONS = 300, N_GUESSES = 6 };

static const double SMOOTH_LEAST = 0.01, SMOOTH_MOST = 1.0;

/* What is fitted: y at x, in logarithms. */
struct data {
    enum dmumu_power_law kind;
    size_t n;
    const double *x, *y; /* [n] */
    double middle;       /* of x: where LN_D is taken, so that it depends little on the slopes */
};

static size_t unknowns(enum dmumu_power_law kind)
{
    return kind == DMUMU_POWER_LAW_SINGLE ? LOW_SLOPE : kind == DMUMU_POWER_LAW_SHARP ? HIGH_SLOPE : MOST_UNKNOWNS;
}

static double into(double low, double high, double unknown)
{
    return low + (high - low) / (1 + exp(-unknown));
}

/* The inverse, of a fraction of the interval. */
static double out_of(double fraction)
{
    return log(fraction / (1 - fraction));
}

/* ln(1 + e^z), without overflow. */
static double soft(double z)
{
    return fmax(z, 0) + log1p(exp(-fabs(z)));
}

/* What the solver's numbers mean. x of the breaks in `rigidity_gv`, d as ln D at the middle. */
static struct dmumu_power_law_fit meaning(const struct data *data, const double u[])
{
    struct dmumu_power_law_fit fit = {.kind = data->kind, .d_cm2_s = u[LN_D], .slope = u[SLOPE]};
    const double first = data->x[0], last = data->x[data->n - 1];
    if (data->kind != DMUMU_POWER_LAW_SINGLE) {
        fit.low.slope = u[LOW_SLOPE];
        fit.low.rigidity_gv = into(first, last, u[LOW_AT]);
    }
    if (data->kind == DMUMU_POWER_LAW_SMOOTH) {
        fit.low.smoothness = into(SMOOTH_LEAST, SMOOTH_MOST, u[LOW_SMOOTH]);
        fit.high.slope = u[HIGH_SLOPE];
        fit.high.rigidity_gv = into(first, last, u[HIGH_AT]);
        fit.high.smoothness = into(SMOOTH_LEAST, SMOOTH_MOST, u[HIGH_SMOOTH]);
    }
    return fit;
}

/* ln D at x, everything in logarithms; `d_cm2_s` is ln D of the power law without breaks at x0. */
static double ln_d(const struct dmumu_power_law_fit *fit, double x0, double x)
{
    if (fit->kind == DMUMU_POWER_LAW_SINGLE)
        return fit->d_cm2_s + fit->slope * (x - x0);
    if (fit->kind == DMUMU_POWER_LAW_SHARP) {
        const double z = x - fit->low.rigidity_gv;
        return fit->d_cm2_s + (z < 0 ? fit->low.slope : fit->slope) * z;
    }
    const struct dmumu_power_law_break *low = &fit->low, *high = &fit->high;
    return fit->d_cm2_s + fit->slope * (x - x0) +
           low->smoothness * soft((low->slope - fit->slope) / low->smoothness * (x - low->rigidity_gv)) -
           high->smoothness * soft((fit->slope - high->slope) / high->smoothness * (x - high->rigidity_gv));
}

static int residuals(const gsl_vector *u, void *context, gsl_vector *f)
{
    const struct data *data = context;
    const struct dmumu_power_law_fit fit = meaning(data, gsl_vector_const_ptr(u, 0));
    for (size_t i = 0; i < data->n; i++)
        gsl_vector_set(f, i, ln_d(&fit, data->middle, data->x[i]) - data->y[i]);
    return GSL_SUCCESS;
}

/* Where the i-th of N_GUESSES breaks is, as a part of the range. */
static double guess_at(size_t i)
{
    return ((double)i + 0.5) / N_GUESSES;
}

/* The mean slope of the data between two parts of the range. */
static double mean_slope(const struct data *data, double from, double to)
{
    const size_t i = (size_t)(from * (double)(data->n - 1)), j = (size_t)(to * (double)(data->n - 1));
    return (data->y[j] - data->y[i]) / (data->x[j] - data->x[i]);
}

/* The breaks of one first guess, as parts of the range, and how smooth they are, as parts of what is allowed. */
struct start {
    double low, high, low_smooth, high_smooth;
};

static void guess(const struct data *data, const struct start *start, double u[])
{
    u[LN_D] = data->y[data->n / 2];
    u[SLOPE] = data->kind == DMUMU_POWER_LAW_SINGLE  ? mean_slope(data, 0, 1)
               : data->kind == DMUMU_POWER_LAW_SHARP ? mean_slope(data, start->low, 1)
                                                     : mean_slope(data, start->low, start->high);
    u[LOW_SLOPE] = mean_slope(data, 0, start->low);
    u[LOW_AT] = out_of(start->low);
    u[HIGH_SLOPE] = mean_slope(data, start->high, 1);
    u[HIGH_AT] = out_of(start->high);
    u[LOW_SMOOTH] = out_of(start->low_smooth);
    u[HIGH_SMOOTH] = out_of(start->high_smooth);
}

/* From one guess; chi^2, and the result in place of the guess. Infinite where it came to nothing. */
static double solve(const struct data *data, gsl_multifit_nlinear_workspace *workspace, double u[])
{
    const size_t p = unknowns(data->kind);
    gsl_multifit_nlinear_fdf system = {.f = residuals, .n = data->n, .p = p, .params = (void *)data};
    const gsl_vector_const_view first = gsl_vector_const_view_array(u, p);
    double chi2 = INFINITY;
    int info = 0;
    if (gsl_multifit_nlinear_init(&first.vector, &system, workspace) != GSL_SUCCESS)
        return INFINITY;
    /* What stops for want of progress, or at the last step, is judged by its chi^2 like any other. */
    (void)gsl_multifit_nlinear_driver(MOST_ITERATIONS, 1e-10, 1e-12, 0, NULL, NULL, &info, workspace);
    const gsl_vector *f = gsl_multifit_nlinear_residual(workspace), *x = gsl_multifit_nlinear_position(workspace);
    chi2 = 0;
    for (size_t i = 0; i < data->n; i++)
        chi2 += gsl_vector_get(f, i) * gsl_vector_get(f, i);
    for (size_t i = 0; i < p; i++)
        u[i] = gsl_vector_get(x, i);
    return isfinite(chi2) ? chi2 : INFINITY;
}

/* First guess number i; false behind the last. One break at each of N_GUESSES places; or every pair, four times. */
static bool start_of(enum dmumu_power_law kind, size_t i, struct start *start)
{
    static const double smooth[] = {0.1, 0.6};
    if (kind != DMUMU_POWER_LAW_SMOOTH) {
        *start = (struct start){guess_at(i), guess_at(i), smooth[0], smooth[0]};
        return i < (kind == DMUMU_POWER_LAW_SINGLE ? 1 : N_GUESSES);
    }
    const size_t pair = i / 4, low = pair / N_GUESSES, high = pair % N_GUESSES;
    *start = (struct start){guess_at(low), guess_at(high), smooth[i % 2], smooth[i / 2 % 2]};
    return low < N_GUESSES;
}

/* The best of all guesses, in `best`. */
static bool solve_all(const struct data *data, double best[])
{
    const gsl_multifit_nlinear_parameters parameters = gsl_multifit_nlinear_default_parameters();
    gsl_multifit_nlinear_workspace *workspace =
        gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &parameters, data->n, unknowns(data->kind));
    struct start start;
    double least = INFINITY;
    for (size_t i = 0; workspace && start_of(data->kind, i, &start); i++) {
        double u[MOST_UNKNOWNS];
        if (start.low > start.high)
            continue;
        guess(data, &start, u);
        const double chi2 = solve(data, workspace, u);
        if (chi2 < least) {
            least = chi2;
            memcpy(best, u, sizeof u);
        }
    }
    gsl_multifit_nlinear_free(workspace);
    return isfinite(least);
}

/* With every point, from what some of them have led to. */
static bool refine(const struct data *data, double best[])
{
    const gsl_multifit_nlinear_parameters parameters = gsl_multifit_nlinear_default_parameters();
    gsl_multifit_nlinear_workspace *workspace =
        gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &parameters, data->n, unknowns(data->kind));
    const bool good = workspace && isfinite(solve(data, workspace, best));
    gsl_multifit_nlinear_free(workspace);
    return good;
}

/* Every `step`-th point and the last, so that both ends stay; x and y behind each other. Returns how many. */
static size_t thin(const struct data *data, size_t step, double few[])
{
    const size_t n = (data->n - 1 + step - 1) / step + 1;
    for (size_t i = 0; i < n; i++) {
        const size_t from = i + 1 < n ? i * step : data->n - 1;
        few[i] = data->x[from];
        few[n + i] = data->y[from];
    }
    return n;
}

/* Many guesses on few points, then all points. */
static bool fit_logs(const struct data *data, double best[])
{
    const size_t step = data->n / (2 * DMUMU_POWER_LAW_LEAST);
    double *few = calloc(2 * data->n, sizeof *few);
    if (!few)
        return false;
    const size_t n = thin(data, step > 0 ? step : 1, few);
    const struct data sample = {data->kind, n, few, few + n, data->middle};
    const bool good = solve_all(&sample, best) && refine(data, best);
    free(few);
    return good;
}

double dmumu_power_law_d(const struct dmumu_power_law_fit *fit, double rigidity_gv)
{
    struct dmumu_power_law_fit logs = *fit;
    logs.d_cm2_s = log(fit->d_cm2_s);
    logs.low.rigidity_gv = log(fit->low.rigidity_gv);
    logs.high.rigidity_gv = log(fit->high.rigidity_gv);
    return exp(ln_d(&logs, log(fit->reference_gv), log(rigidity_gv)));
}

/* From logarithms to numbers, and d from the middle to the reference. */
static void settle(const struct data *data, const double u[], struct dmumu_power_law_fit *fit)
{
    const struct dmumu_power_law_fit logs = meaning(data, u);
    const double reference_gv = fit->reference_gv;
    *fit = logs;
    fit->low.rigidity_gv = exp(logs.low.rigidity_gv);
    fit->high.rigidity_gv = exp(logs.high.rigidity_gv);
    fit->reference_gv = logs.kind == DMUMU_POWER_LAW_SHARP ? fit->low.rigidity_gv : reference_gv;
    if (logs.kind == DMUMU_POWER_LAW_SHARP)
        fit->d_cm2_s = exp(logs.d_cm2_s);
    else
        fit->d_cm2_s = exp(logs.d_cm2_s + logs.slope * (log(reference_gv) - data->middle));
}

static void judge(size_t n, const double rigidity_gv[], const double d_cm2_s[], struct dmumu_power_law_fit *fit)
{
    double sum = 0;
    fit->worst = 0;
    fit->worst_gv = rigidity_gv[0];
    for (size_t i = 0; i < n; i++) {
        const double residual = dmumu_power_law_d(fit, rigidity_gv[i]) / d_cm2_s[i] - 1;
        sum += residual * residual;
        if (fabs(residual) > fabs(fit->worst)) {
            fit->worst = residual;
            fit->worst_gv = rigidity_gv[i];
        }
    }
    fit->rms = sqrt(sum / (double)n);
}

bool dmumu_power_law_fit(size_t n, const double rigidity_gv[], const double d_cm2_s[], struct dmumu_power_law_fit *fit)
{
    double best[MOST_UNKNOWNS] = {0}, *logs = calloc(2 * n, sizeof *logs);
    if (!logs)
        return false;
    for (size_t i = 0; i < n; i++) {
        logs[i] = log(rigidity_gv[i]);
        logs[n + i] = log(d_cm2_s[i]);
    }
    const struct data data = {fit->kind, n, logs, logs + n, 0.5 * (logs[0] + logs[n - 1])};
    gsl_error_handler_t *handler = gsl_set_error_handler_off();
    const bool good = fit_logs(&data, best);
    gsl_set_error_handler(handler);
    if (good) {
        settle(&data, best, fit);
        judge(n, rigidity_gv, d_cm2_s, fit);
    }
    free(logs);
    return good;
}
