/* Pairs, their file: see pairs_file.h. */
#include "scan/pairs_file.h"

#include "core/error.h"
#include "cube/labelled.h"
#include "scan/pairs_maps.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { BEST = DMUMU_PAIRS_AXES, SET, POINT, N_AXES, MOST_VARIABLES = 80, NAME = 96, LABEL = 128 };

/* A file in the making: what its variables point to lives here. */
struct making {
    const struct dmumu_pairs_file *file;
    const struct dmumu_pairs_grid *grid;
    long freedom;
    struct dmumu_labelled_axis axis[N_AXES];
    struct dmumu_labelled_variable variable[MOST_VARIABLES];
    char name[MOST_VARIABLES][NAME];
    double *owned[MOST_VARIABLES];
    int n;
    double *rank_numbers, *point_numbers; /* values of the axes `best` and `point` */
    char (*label)[LABEL];                 /* [n_sets] */
    const char **label_of;                /* [n_sets] */
    bool failed;                          /* out of memory */
};

/* A new variable over the axes given, and the place of its values. A lost allocation is seen at the end. */
static double *add(struct making *making, const char *name, const char *units, const char *long_name, int rank,
                   const int axis[])
{
    size_t n = 1;
    struct dmumu_labelled_variable *variable = &making->variable[making->n];
    (void)snprintf(making->name[making->n], NAME, "%s", name);
    *variable = (struct dmumu_labelled_variable){
        .name = making->name[making->n], .units = units, .long_name = long_name, .rank = rank};
    for (int i = 0; i < rank; i++) {
        variable->axis[i] = axis[i];
        n *= making->axis[axis[i]].n;
    }
    double *values = calloc(n + 1, sizeof *values);
    making->failed = making->failed || !values;
    variable->values = values;
    making->owned[making->n++] = values;
    return values;
}

static bool make_axes(struct making *making)
{
    const struct dmumu_pairs_file *file = making->file;
    const size_t n_best = file->result->n_found;
    for (int i = 0; i < DMUMU_PAIRS_AXES; i++) {
        const enum dmumu_pairs_axis axis = (enum dmumu_pairs_axis)i;
        making->axis[i] = (struct dmumu_labelled_axis){dmumu_pairs_axis_name(axis),      dmumu_pairs_axis_units(axis),
                                                       dmumu_pairs_axis_long_name(axis), making->grid->n[i],
                                                       making->grid->values[i],          NULL};
    }
    making->rank_numbers = calloc(n_best + 1, sizeof *making->rank_numbers);
    making->point_numbers = calloc(file->data->n_points, sizeof *making->point_numbers);
    making->label = calloc(file->data->n_sets, sizeof *making->label);
    making->label_of = calloc(file->data->n_sets, sizeof *making->label_of);
    if (!making->rank_numbers || !making->point_numbers || !making->label || !making->label_of) {
        return false;
    }
    for (size_t i = 0; i < n_best; i++) {
        making->rank_numbers[i] = (double)(i + 1);
    }
    for (size_t i = 0; i < file->data->n_points; i++) {
        making->point_numbers[i] = (double)(i + 1);
    }
    for (size_t k = 0; k < file->data->n_sets; k++) {
        const struct dmumu_crdata *set = &file->data->measured[k];
        (void)snprintf(making->label[k], LABEL, "%.60s %.60s", set->experiment, set->quantity);
        making->label_of[k] = making->label[k];
    }
    making->axis[BEST] =
        (struct dmumu_labelled_axis){"best", "1", "rank of the pair", n_best, making->rank_numbers, NULL};
    making->axis[SET] = (struct dmumu_labelled_axis){
        "set", NULL, "data set: experiment and quantity", file->data->n_sets, NULL, making->label_of};
    making->axis[POINT] = (struct dmumu_labelled_axis){
        "point", "1", "number of the measured point", file->data->n_points, making->point_numbers, NULL};
    return true;
}

static void add_regions(struct making *making)
{
    static const int disk[] = {DMUMU_PAIRS_DISK_SIZE, DMUMU_PAIRS_HALO_HEIGHT, DMUMU_PAIRS_DISK_MACH,
                               DMUMU_PAIRS_DISK_BETA, DMUMU_PAIRS_DISK_SCALE};
    static const int halo[] = {DMUMU_PAIRS_DISK_SIZE, DMUMU_PAIRS_HALO_HEIGHT, DMUMU_PAIRS_HALO_MACH,
                               DMUMU_PAIRS_HALO_BETA, DMUMU_PAIRS_HALO_SCALE};
    const struct dmumu_pairs_result *result = making->file->result;
    const size_t n_points = making->grid->n_points;
    for (int region = 0; region < 2; region++) {
        double *to = add(making, region == 0 ? "chi2_disk" : "chi2_halo", "1",
                         region == 0 ? "least chi^2 over all halo points" : "least chi^2 over all disk points", 5,
                         region == 0 ? disk : halo);
        for (size_t g = 0; to && g < making->grid->n_galaxies; g++) {
            for (size_t i = 0; i < n_points; i++) {
                to[g * n_points + i] = result->least[g * result->block + (size_t)region * n_points + i];
            }
        }
    }
}

static void add_maps(struct making *making)
{
    for (int a = 0; a < DMUMU_PAIRS_AXES; a++) {
        for (int b = a + 1; b < DMUMU_PAIRS_AXES; b++) {
            const int axis[] = {a, b};
            char name[NAME];
            (void)snprintf(name, sizeof name, "chi2_%s_%s", dmumu_pairs_axis_name((enum dmumu_pairs_axis)a),
                           dmumu_pairs_axis_name((enum dmumu_pairs_axis)b));
            double *to = add(making, name, "1", "least chi^2 over everything but these two axes", 2, axis);
            if (to) {
                dmumu_pairs_map(making->grid, making->file->result, (enum dmumu_pairs_axis)a, (enum dmumu_pairs_axis)b,
                                to);
            }
        }
    }
}

/* Coordinates and p-values of n pairs, over these axes; the first n_coordinates of the axes. */
static void add_pairs(struct making *making, const char *prefix, size_t n, const struct dmumu_pair pairs[], int rank,
                      const int axis[], int n_coordinates)
{
    char name[NAME];
    (void)snprintf(name, sizeof name, "%s_p_value", prefix);
    double *p = add(making, name, "1", "chance of a larger chi^2 if the pair were true", rank, axis);
    for (size_t i = 0; p && i < n; i++) {
        p[i] = dmumu_pairs_p_value(pairs[i].chi2, making->freedom);
    }
    for (int k = 0; k < n_coordinates; k++) {
        const enum dmumu_pairs_axis which = (enum dmumu_pairs_axis)k;
        (void)snprintf(name, sizeof name, "%s_%s", prefix, dmumu_pairs_axis_name(which));
        double *to = add(making, name, dmumu_pairs_axis_units(which), dmumu_pairs_axis_long_name(which), rank, axis);
        for (size_t i = 0; to && i < n; i++) {
            size_t index[DMUMU_PAIRS_AXES];
            dmumu_pairs_index(making->grid, &pairs[i], index);
            to[i] = pairs[i].chi2 < (double)INFINITY ? making->grid->values[k][index[k]] : (double)NAN;
        }
    }
}

static void copy(double to[], const double from[], size_t n)
{
    for (size_t i = 0; to && i < n; i++) {
        to[i] = from[i];
    }
}

static void add_best(struct making *making)
{
    static const int best[] = {BEST, SET};
    static const int at_points[] = {BEST, POINT};
    const struct dmumu_pairs_file *file = making->file;
    const struct dmumu_pairs_result *result = file->result;
    const size_t n = result->n_found;
    if (n == 0) {
        return;
    }
    double *chi2 = add(making, "best_chi2", "1", "chi^2", 1, best);
    for (size_t i = 0; chi2 && i < n; i++) {
        chi2[i] = result->best[i].chi2;
    }
    add_pairs(making, "best", n, result->best, 1, best, DMUMU_PAIRS_AXES);
    copy(add(making, "best_normalisation", "1", "factor on the model", 2, best), file->details->normalisation,
         n * file->data->n_sets);
    copy(add(making, "best_set_chi2", "1", "part of chi^2, the normalisation's penalty included", 2, best),
         file->details->chi2, n * file->data->n_sets);
    copy(add(making, "best_ratio", "1", "modelled ratio, the normalisation not applied", 2, at_points),
         file->details->model, n * file->data->n_points);
}

static void add_points(struct making *making)
{
    static const int axis[] = {POINT};
    const struct dmumu_pairs_data *data = making->file->data;
    double *x = add(making, "point_x", "1", "abscissa: GV or GeV per nucleon, as in its file", 1, axis);
    double *set = add(making, "point_set", "1", "its data set, counted from 0", 1, axis);
    size_t at = 0;
    for (size_t k = 0; x && set && k < data->n_sets; k++) {
        for (size_t i = 0; i < data->measured[k].n; i++, at++) {
            x[at] = data->measured[k].point[i].column[DMUMU_CRDATA_X];
            set[at] = (double)k;
        }
    }
    copy(add(making, "point_value", "1", "measured ratio", 1, axis), data->value, data->n_points);
    copy(add(making, "point_sigma", "1", "its error, as fitted", 1, axis), data->sigma, data->n_points);
}

static enum dmumu_status write(const char *path, bool overwrite, const struct making *making, struct dmumu_error *error)
{
    static const char *const errors[] = {"quadrature", "linear", "stat"};
    const struct dmumu_pairs_file *file = making->file;
    const struct dmumu_pairs_data_options *options = file->options;
    const struct dmumu_labelled_attribute attributes[] = {
        {"Conventions", "CF-1.10", 0.0},
        {"title", "chi^2 of pairs of a disk point and a halo point of a cube against measured ratios", 0.0},
        {"cube", file->cube->path, 0.0},
        {"cube_title", file->cube->title, 0.0},
        {"cube_data_hash", file->cube->data_hash, 0.0},
        {"cube_physics_hash", file->cube->physics_hash, 0.0},
        {"errors", errors[options->errors], 0.0},
        {"range_from_gv", NULL, options->from_gv},
        {"range_to_gv", NULL, options->to_gv},
        {"normalisation_sigma", NULL, options->normalisation_sigma},
        {"flux_slope", NULL, options->flux_slope},
        {"modulation_gv", NULL, options->modulation_gv},
        {"advection_km_s", NULL, file->problem->base.advection_km_s},
        {"gas_surface_density_mg_cm2", NULL, file->problem->base.gas_surface_density_mg_cm2},
        {"points", NULL, (double)file->data->n_points},
        {"degrees_of_freedom", NULL, (double)making->freedom},
        {"pairs", NULL, (double)file->result->n_pairs},
        {"version", DMUMU_VERSION, 0.0},
        {"command", file->command, 0.0},
    };
    const struct dmumu_labelled labelled = {.n_axes = file->result->n_found > 0 ? N_AXES : BEST,
                                            .axis = making->axis,
                                            .n_variables = making->n,
                                            .variable = making->variable,
                                            .n_attributes = (int)(sizeof attributes / sizeof *attributes),
                                            .attribute = attributes};
    return dmumu_labelled_write(path, overwrite, &labelled, error);
}

enum dmumu_status dmumu_pairs_file_write(const char *path, bool overwrite, const struct dmumu_pairs_file *file,
                                         struct dmumu_error *error)
{
    static const int galaxies[] = {DMUMU_PAIRS_DISK_SIZE, DMUMU_PAIRS_HALO_HEIGHT};
    struct making *making = calloc(1, sizeof *making);
    if (!making) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the side file");
    }
    making->file = file;
    making->grid = &file->problem->grid;
    making->freedom = dmumu_pairs_freedom(making->grid, file->data->n_points, file->data->n_free);
    making->failed = !make_axes(making);
    if (!making->failed) {
        add_regions(making);
        add_maps(making);
        add_best(making);
        add_pairs(making, "galaxy", making->grid->n_galaxies, file->result->galaxy_best, 2, galaxies,
                  DMUMU_PAIRS_DISK_SIZE);
        if (file->result->n_found > 0) {
            add_points(making);
        }
    }
    const enum dmumu_status status = making->failed
                                         ? dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the side file")
                                         : write(path, overwrite, making, error);
    for (int i = 0; i < making->n; i++) {
        free(making->owned[i]);
    }
    free(making->rank_numbers);
    free(making->point_numbers);
    free(making->label);
    free(making->label_of);
    free(making);
    return status;
}
