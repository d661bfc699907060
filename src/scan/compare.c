/* Compare: see compare.h. */
#include "scan/compare.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CURVES_AT_ONCE = 4096, RIGIDITY_AXIS = DMUMU_CUBE_N_AXES - 1 };

/* What a run works with. */
struct work {
    const struct dmumu_cube_source *source;
    const struct dmumu_cube_source_info *about;
    const struct dmumu_compare_options *options;
    struct dmumu_comparison *comparison;
    size_t first_rigidity;        /* of the range, on the cube's axis */
    double *ln_reference;         /* [n_models][n_rigidities] */
    size_t *rigidity_to;          /* [rigidities of the cube] their own index: all are taken */
    struct dmumu_cube_pair *pair; /* [CURVES_AT_ONCE] */
    struct dmumu_cube_curves curves;
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
    work->first_rigidity = first;
    work->comparison->n_rigidities = n;
    work->comparison->first_gv = axis->values[first];
    work->comparison->last_gv = axis->values[first + n - 1];
    work->comparison->rigidity_gv = malloc(n * sizeof *work->comparison->rigidity_gv);
    if (!work->comparison->rigidity_gv) {
        return out_of_memory(error);
    }
    memcpy(work->comparison->rigidity_gv, axis->values + first, n * sizeof *axis->values);
    return DMUMU_OK;
}

/* Everything a run needs; false when out of memory. */
static bool allocate(struct work *work)
{
    static const bool no_modes[DMUMU_N_MODES] = {false};
    struct dmumu_comparison *comparison = work->comparison;
    const size_t n_models = work->options->n_models;
    const size_t n_cube = work->about->axis[RIGIDITY_AXIS].n;
    const size_t n_curves = (size_t)work->about->n_curves;
    const size_t at_once = n_curves < CURVES_AT_ONCE ? n_curves : CURVES_AT_ONCE;
    comparison->n_curves = n_curves;
    comparison->distance = calloc(n_models, n_curves * sizeof *comparison->distance);
    comparison->model_slope = calloc(n_models, sizeof *comparison->model_slope);
    comparison->model_d_cm2_s = calloc(n_models, sizeof *comparison->model_d_cm2_s);
    work->ln_reference = calloc(n_models, comparison->n_rigidities * sizeof *work->ln_reference);
    work->rigidity_to = malloc(n_cube * sizeof *work->rigidity_to);
    work->pair = malloc(at_once * sizeof *work->pair);
    if (!comparison->distance || !comparison->model_slope || !comparison->model_d_cm2_s || !work->ln_reference ||
        !work->rigidity_to || !work->pair || !dmumu_cube_curves_new(at_once, n_cube, no_modes, &work->curves)) {
        return false;
    }
    for (size_t i = 0; i < n_cube; i++) {
        work->rigidity_to[i] = i;
    }
    for (size_t i = 0; i < n_models * n_curves; i++) {
        comparison->distance[i] = (struct dmumu_distance){(double)NAN, (double)NAN, (double)NAN, (double)NAN};
    }
    return true;
}

/* ln D of one model at the rigidities; times the cube's H over the model's where D/H is compared. */
static enum dmumu_status prepare_model(struct work *work, size_t m, struct dmumu_error *error)
{
    const struct dmumu_parametrisation *model = work->options->model[m];
    const double height_kpc = work->options->halo_height_kpc;
    struct dmumu_comparison *comparison = work->comparison;
    const size_t n = comparison->n_rigidities;
    double *ln_reference = &work->ln_reference[m * n];
    if (!isnan(height_kpc) && isnan(model->halo_height_kpc)) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT,
                               "the model %.60s states no halo height: its D/H is not known; compare D", model->name);
    }
    dmumu_parametrisation_d(model, work->options->isotope, n, comparison->rigidity_gv, ln_reference);
    const double shift = isnan(height_kpc) ? 0.0 : log(height_kpc / model->halo_height_kpc);
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        ln_reference[i] = log(ln_reference[i]);
        sum += ln_reference[i];
    }
    comparison->model_d_cm2_s[m] = exp(sum / (double)n);
    for (size_t i = 0; i < n; i++) {
        ln_reference[i] += shift;
    }
    return DMUMU_OK;
}

/* The model's slope as the cube's are measured: least squares at the same rigidities. */
static void measure_slope(struct work *work, size_t m, double d_cm2_s[])
{
    const size_t n = work->comparison->n_rigidities;
    for (size_t i = 0; i < n; i++) {
        d_cm2_s[i] = exp(work->ln_reference[m * n + i]);
    }
    work->comparison->model_slope[m] =
        dmumu_distance_of(n, work->comparison->rigidity_gv, d_cm2_s, &work->ln_reference[m * n], false).slope;
}

static enum dmumu_status prepare_models(struct work *work, struct dmumu_error *error)
{
    double *scratch = malloc(work->comparison->n_rigidities * sizeof *scratch);
    enum dmumu_status status = DMUMU_OK;
    if (!scratch) {
        return out_of_memory(error);
    }
    for (size_t m = 0; status == DMUMU_OK && m < work->options->n_models; m++) {
        status = prepare_model(work, m, error);
        if (status == DMUMU_OK) {
            measure_slope(work, m, scratch);
        }
    }
    free(scratch);
    return status;
}

/* Distances of the n curves in memory, which are those of `pair`. */
static void compare_curves(struct work *work, size_t n)
{
    struct dmumu_comparison *comparison = work->comparison;
    for (size_t i = 0; i < n; i++) {
        const double *d = dmumu_cube_curves_at(&work->curves, DMUMU_CUBE_D, i);
        for (size_t m = 0; m < work->options->n_models; m++) {
            const struct dmumu_distance distance =
                dmumu_distance_of(comparison->n_rigidities, comparison->rigidity_gv, d + work->first_rigidity,
                                  &work->ln_reference[m * comparison->n_rigidities], work->options->free_normalisation);
            comparison->distance[m * comparison->n_curves + work->pair[i].from] = distance;
            comparison->n_compared += m == 0 && !isnan(distance.rms);
        }
    }
}

static enum dmumu_status compare_all(struct work *work, struct dmumu_error *error)
{
    enum dmumu_status status = DMUMU_OK;
    const uint64_t n_curves = work->about->n_curves;
    for (uint64_t next = 0; status == DMUMU_OK && next < n_curves;) {
        size_t n = 0;
        for (; next < n_curves && n < work->curves.capacity; next++) {
            if (work->about->state[next] == DMUMU_CUBE_DONE) {
                dmumu_cube_curves_unset(&work->curves, n);
                work->pair[n] = (struct dmumu_cube_pair){next, n};
                n++;
            }
        }
        status = dmumu_cube_source_take(work->source, n, work->pair, work->rigidity_to, &work->curves, error);
        if (status == DMUMU_OK) {
            compare_curves(work, n);
        }
    }
    return status;
}

enum dmumu_status dmumu_compare_run(const struct dmumu_cube_source *source, const struct dmumu_compare_options *options,
                                    struct dmumu_comparison *comparison, struct dmumu_error *error)
{
    *comparison = (struct dmumu_comparison){0};
    struct work work = {
        .source = source, .about = dmumu_cube_source_about(source), .options = options, .comparison = comparison};
    enum dmumu_status status = find_rigidities(&work, error);
    if (status == DMUMU_OK && !allocate(&work)) {
        (void)out_of_memory(error);
        status = DMUMU_ERROR_MEMORY;
    }
    if (status == DMUMU_OK) {
        status = prepare_models(&work, error);
    }
    if (status == DMUMU_OK) {
        status = compare_all(&work, error);
    }
    free(work.ln_reference);
    free(work.rigidity_to);
    free(work.pair);
    dmumu_cube_curves_free(&work.curves);
    return status;
}

void dmumu_comparison_free(struct dmumu_comparison *comparison)
{
    free(comparison->rigidity_gv);
    free(comparison->distance);
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
