/* Compare: see compare.h. */
#include "scan/compare.h"

#include "core/error.h"
#include "scan/each_curve.h"

#include <math.h>
#include <stdlib.h>

enum { RIGIDITY_AXIS = DMUMU_CUBE_N_AXES - 1 };

/* What a run works with. */
struct work {
    const struct dmumu_cube_source_info *about;
    const struct dmumu_compare_options *options;
    struct dmumu_comparison *comparison;
    size_t first;  /* rigidity of the range, on the cube's axis */
    double *ln_d;  /* [n_cube] of a curve, NaN where it has no value */
    double *delta; /* [n_cube] ln(D/D_model) of it */
    double *slope; /* [n_cube] of that */
};

static enum dmumu_status out_of_memory(struct dmumu_error *error)
{
    return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the comparison");
}

/* The cube's rigidities in the range. */
static enum dmumu_status find_rigidities(struct work *work, struct dmumu_error *error)
{
    const struct dmumu_cube_axis *axis = &work->about->axis[RIGIDITY_AXIS];
    const struct dmumu_compare_options *options = work->options;
    size_t first = 0;
    while (first < axis->n && axis->values[first] < options->from_gv) {
        first++;
    }
    size_t n = 0;
    while (first + n < axis->n && axis->values[first + n] <= options->to_gv) {
        n++;
    }
    if (n < 2) {
        return dmumu_error_set(
            error, DMUMU_ERROR_ARGUMENT,
            "%.200s: %zu of its rigidities lie between %g and %g GV; two are needed, and it has %g to %g",
            work->about->path, n, options->from_gv, options->to_gv, axis->values[0], axis->values[axis->n - 1]);
    }
    work->first = first;
    work->comparison->n_rigidities = n;
    work->comparison->first_gv = axis->values[first];
    work->comparison->last_gv = axis->values[first + n - 1];
    work->comparison->n_cube = axis->n;
    work->comparison->rigidity_gv = axis->values;
    return DMUMU_OK;
}

/* Everything a run needs; false when out of memory. */
static bool allocate(struct work *work)
{
    struct dmumu_comparison *comparison = work->comparison;
    const size_t n_models = work->options->n_models;
    const size_t n_cube = comparison->n_cube;
    const size_t n_curves = (size_t)work->about->n_curves;
    comparison->n_curves = n_curves;
    comparison->distance = calloc(n_models, n_curves * sizeof *comparison->distance);
    comparison->slope = calloc(n_models, n_curves * sizeof *comparison->slope);
    comparison->ln_model = calloc(n_models, n_cube * sizeof *comparison->ln_model);
    comparison->model_local_slope = calloc(n_models, n_cube * sizeof *comparison->model_local_slope);
    comparison->model_slope = calloc(n_models, sizeof *comparison->model_slope);
    comparison->model_d_cm2_s = calloc(n_models, sizeof *comparison->model_d_cm2_s);
    work->ln_d = malloc(n_cube * sizeof *work->ln_d);
    work->delta = malloc(n_cube * sizeof *work->delta);
    work->slope = malloc(n_cube * sizeof *work->slope);
    if (!comparison->distance || !comparison->slope || !comparison->ln_model || !comparison->model_local_slope ||
        !comparison->model_slope || !comparison->model_d_cm2_s || !work->ln_d || !work->delta || !work->slope) {
        return false;
    }
    const double nan = (double)NAN;
    for (size_t i = 0; i < n_models * n_curves; i++) {
        comparison->distance[i] = (struct dmumu_distance){nan, nan, nan, nan};
        comparison->slope[i] = (struct dmumu_slope_difference){nan, nan};
    }
    return true;
}

/* Mean and slope over the range, as the cube's are measured, and local slopes. */
static void measure_model(const struct work *work, size_t m, const double d_cm2_s[])
{
    struct dmumu_comparison *comparison = work->comparison;
    const double *ln_model = &comparison->ln_model[m * comparison->n_cube];
    const size_t n = comparison->n_rigidities;
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += ln_model[work->first + i];
    }
    comparison->model_d_cm2_s[m] = exp(sum / (double)n);
    comparison->model_slope[m] = dmumu_distance_of(n, comparison->rigidity_gv + work->first, d_cm2_s + work->first,
                                                   ln_model + work->first, false)
                                     .slope;
    dmumu_local_slopes(comparison->n_cube, comparison->rigidity_gv, ln_model,
                       &comparison->model_local_slope[m * comparison->n_cube]);
}

/* ln D of one model at the cube's rigidities; times the cube's H over the model's where D/H is compared. */
static enum dmumu_status prepare_model(struct work *work, size_t m, struct dmumu_error *error)
{
    const struct dmumu_parametrisation *model = work->options->model[m];
    const double height_kpc = work->options->halo_height_kpc;
    const size_t n = work->comparison->n_cube;
    double *ln_model = &work->comparison->ln_model[m * n];
    double *d_cm2_s = work->delta;
    if (!isnan(height_kpc) && isnan(model->halo_height_kpc)) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT,
                               "the model %.60s states no halo height: its D/H is not known; compare D", model->name);
    }
    dmumu_parametrisation_d(model, work->options->isotope, n, work->comparison->rigidity_gv, d_cm2_s);
    for (size_t i = 0; i < n; i++) {
        ln_model[i] = log(d_cm2_s[i]);
    }
    measure_model(work, m, d_cm2_s);
    const double shift = isnan(height_kpc) ? 0.0 : log(height_kpc / model->halo_height_kpc);
    for (size_t i = 0; i < n; i++) {
        ln_model[i] += shift;
    }
    return DMUMU_OK;
}

/* Of the curve in work->ln_d, which has all its values in the range. */
static struct dmumu_slope_difference slope_difference(struct work *work, const double ln_model[])
{
    const struct dmumu_comparison *comparison = work->comparison;
    const size_t n = comparison->n_rigidities;
    /* the range, and its neighbours, which the slopes at its ends need */
    const size_t low = work->first > 0 ? work->first - 1 : 0;
    const size_t end = work->first + n < comparison->n_cube ? work->first + n + 1 : comparison->n_cube;
    for (size_t i = low; i < end; i++) {
        work->delta[i] = work->ln_d[i] - ln_model[i];
    }
    dmumu_local_slopes(end - low, comparison->rigidity_gv + low, work->delta + low, work->slope + low);
    double square = 0.0;
    double worst = 0.0;
    for (size_t i = work->first; i < work->first + n; i++) {
        square += work->slope[i] * work->slope[i];
        worst = fmax(worst, fabs(work->slope[i]));
    }
    return (struct dmumu_slope_difference){.rms = sqrt(square / (double)n), .worst = worst};
}

/* Distances of one curve from each model. */
static enum dmumu_status compare_curve(void *context, uint64_t curve, const double d_cm2_s[], struct dmumu_error *error)
{
    struct work *work = context;
    struct dmumu_comparison *comparison = work->comparison;
    (void)error;
    for (size_t i = 0; i < comparison->n_cube; i++) {
        work->ln_d[i] = d_cm2_s[i] > 0.0 ? log(d_cm2_s[i]) : (double)NAN;
    }
    for (size_t m = 0; m < work->options->n_models; m++) {
        const double *ln_model = &comparison->ln_model[m * comparison->n_cube];
        const struct dmumu_distance distance =
            dmumu_distance_of(comparison->n_rigidities, comparison->rigidity_gv + work->first, d_cm2_s + work->first,
                              ln_model + work->first, work->options->free_normalisation);
        if (isnan(distance.rms)) {
            return DMUMU_OK;
        }
        comparison->distance[m * comparison->n_curves + curve] = distance;
        comparison->slope[m * comparison->n_curves + curve] = slope_difference(work, ln_model);
    }
    comparison->n_compared++;
    return DMUMU_OK;
}

enum dmumu_status dmumu_compare_run(const struct dmumu_cube_source *source, const struct dmumu_compare_options *options,
                                    struct dmumu_comparison *comparison, struct dmumu_error *error)
{
    *comparison = (struct dmumu_comparison){0};
    struct work work = {.about = dmumu_cube_source_about(source), .options = options, .comparison = comparison};
    enum dmumu_status status = find_rigidities(&work, error);
    if (status == DMUMU_OK && !allocate(&work)) {
        (void)out_of_memory(error);
        status = DMUMU_ERROR_MEMORY;
    }
    for (size_t m = 0; status == DMUMU_OK && m < options->n_models; m++) {
        status = prepare_model(&work, m, error);
    }
    if (status == DMUMU_OK) {
        status = dmumu_each_curve(source, compare_curve, &work, error);
    }
    free(work.ln_d);
    free(work.delta);
    free(work.slope);
    return status;
}

void dmumu_comparison_free(struct dmumu_comparison *comparison)
{
    free(comparison->distance);
    free(comparison->slope);
    free(comparison->ln_model);
    free(comparison->model_local_slope);
    free(comparison->model_slope);
    free(comparison->model_d_cm2_s);
    *comparison = (struct dmumu_comparison){0};
}

size_t dmumu_comparison_best(const struct dmumu_comparison *comparison, size_t model, size_t n, uint64_t best[])
{
    const struct dmumu_distance *distance = &comparison->distance[model * comparison->n_curves];
    size_t found = 0;
    for (uint64_t curve = 0; curve < comparison->n_curves; curve++) {
        const double rms = distance[curve].rms;
        if (isnan(rms) || n == 0 || (found == n && !(rms < distance[best[n - 1]].rms))) {
            continue;
        }
        size_t place = found < n ? found++ : n - 1;
        for (; place > 0 && rms < distance[best[place - 1]].rms; place--) {
            best[place] = best[place - 1];
        }
        best[place] = curve;
    }
    return found;
}
