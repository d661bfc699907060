/* Pairs, their data: see pairs_data.h. */
#include "scan/pairs_data.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum dmumu_status out_of_memory(struct dmumu_error *error)
{
    return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the data");
}

/* PATH or PATH@QUANTITY; only what is in the range is kept. */
static enum dmumu_status read_file(const struct dmumu_pairs_data_options *options, const char *file,
                                   struct dmumu_crdata *measured, struct dmumu_error *error)
{
    char *path = strdup(file);
    if (!path) {
        return out_of_memory(error);
    }
    char *quantity = strrchr(path, '@');
    if (quantity && strchr(quantity, '/')) {
        quantity = NULL; /* of a folder's name */
    }
    if (quantity) {
        *quantity++ = '\0';
    }
    enum dmumu_status status = dmumu_crdata_read(path, quantity, DMUMU_CRDATA_UNKNOWN, measured, error);
    free(path);
    if (status != DMUMU_OK) {
        return status;
    }
    enum dmumu_ratio ratio = DMUMU_N_RATIOS;
    enum dmumu_abscissa abscissa = DMUMU_PER_RIGIDITY;
    if (!dmumu_crdata_ratio(measured, &ratio, &abscissa)) {
        return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                               "%.200s: %.40s over %s is no ratio that can be fitted; it must be B_C or B_O over "
                               "rigidity or kineticEnergyPerNucleon",
                               file, measured->quantity, dmumu_crdata_axis_name(measured->axis));
    }
    const size_t all = measured->n;
    dmumu_crdata_cut(measured, options->from_gv, options->to_gv);
    if (measured->n == 0) {
        return dmumu_error_set(error, DMUMU_ERROR_INPUT, "%.200s: none of its %zu points lies between %g and %g GV",
                               file, all, options->from_gv, options->to_gv);
    }
    return DMUMU_OK;
}

static enum dmumu_status fill_points(const struct dmumu_pairs_data_options *options, size_t k, size_t begin,
                                     struct dmumu_pairs_data *data, struct dmumu_error *error)
{
    const struct dmumu_crdata *measured = &data->measured[k];
    struct dmumu_ratio_model model = {.flux_slope = options->flux_slope, .modulation_gv = options->modulation_gv};
    (void)dmumu_crdata_ratio(measured, &model.ratio, &model.abscissa);
    double *const value = data->value + begin;
    double *const sigma = data->sigma + begin;
    for (size_t i = 0; i < measured->n; i++) {
        const struct dmumu_crdata_point *point = &measured->point[i];
        value[i] = point->column[DMUMU_CRDATA_Y];
        sigma[i] = dmumu_crdata_sigma(point, options->errors);
        if (!(sigma[i] > 0.0)) {
            return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                                   "%.200s: the point at x = %g has no error of the kind asked for; it must be > 0",
                                   options->file[k], point->column[DMUMU_CRDATA_X]);
        }
        const enum dmumu_status status =
            dmumu_ratio_points(&model, 1, &point->column[DMUMU_CRDATA_X], data->point + begin + i, error);
        if (status != DMUMU_OK) {
            return status;
        }
    }
    data->set[k] = (struct dmumu_fit_set){measured->n, data->point + begin, value, sigma, options->normalisation_sigma};
    return DMUMU_OK;
}

enum dmumu_status dmumu_pairs_data_read(const struct dmumu_pairs_data_options *options, struct dmumu_pairs_data *data,
                                        struct dmumu_error *error)
{
    *data = (struct dmumu_pairs_data){0};
    data->measured = calloc(options->n_files, sizeof *data->measured);
    data->set = calloc(options->n_files, sizeof *data->set);
    if (!data->measured || !data->set) {
        return out_of_memory(error);
    }
    enum dmumu_status status = DMUMU_OK;
    for (; status == DMUMU_OK && data->n_sets < options->n_files; data->n_sets++) {
        status = read_file(options, options->file[data->n_sets], &data->measured[data->n_sets], error);
        data->n_points += data->measured[data->n_sets].n;
    }
    if (status != DMUMU_OK) {
        return status;
    }
    data->point = calloc(data->n_points, sizeof *data->point);
    data->value = calloc(data->n_points, sizeof *data->value);
    data->sigma = calloc(data->n_points, sizeof *data->sigma);
    if (!data->point || !data->value || !data->sigma) {
        return out_of_memory(error);
    }
    size_t begin = 0;
    for (size_t k = 0; status == DMUMU_OK && k < data->n_sets; k++) {
        status = fill_points(options, k, begin, data, error);
        begin += data->measured[k].n;
    }
    data->n_free = isinf(options->normalisation_sigma) ? data->n_sets : 0;
    return status;
}

void dmumu_pairs_data_free(struct dmumu_pairs_data *data)
{
    for (size_t k = 0; k < data->n_sets; k++) {
        dmumu_crdata_free(&data->measured[k]);
    }
    free(data->measured);
    free(data->set);
    free(data->point);
    free(data->value);
    free(data->sigma);
    *data = (struct dmumu_pairs_data){0};
}
