/* dmumu compare: which curves of a cube come nearest to published D(R). */
#include "cmd_compare.h"

#include "cube/read.h"
#include "cube/side.h"
#include "scan/each_curve.h"

#include <math.h>
#include <stdlib.h>

static const char COMMAND[] = "compare";

/* ---- the curves of the side file --------------------------------------------------------------------------------- */

struct putting {
    const struct dmumu_comparison *comparison;
    struct dmumu_side_curves *curves;
    double *ln_d, *slope; /* [n_cube] */
};

struct curves_source {
    const struct dmumu_cube_source *source;
    const struct dmumu_comparison *comparison;
};

static enum dmumu_status put_curve(void *context, uint64_t curve, const double d_cm2_s[], struct dmumu_error *error)
{
    const struct putting *putting = context;
    const size_t n = putting->comparison->n_cube;
    for (size_t i = 0; i < n; i++)
        putting->ln_d[i] = d_cm2_s[i] > 0.0 ? log(d_cm2_s[i]) : (double)NAN;
    dmumu_local_slopes(n, putting->comparison->rigidity_gv, putting->ln_d, putting->slope);
    return dmumu_side_curves_put(putting->curves, curve, putting->ln_d, putting->slope, error);
}

static enum dmumu_status put_curves(struct dmumu_side_curves *curves, const void *context, struct dmumu_error *error)
{
    const struct curves_source *from = context;
    const size_t n = from->comparison->n_cube;
    double *values = malloc((2 * n + 1) * sizeof *values);
    if (!values) {
        snprintf(error->message, sizeof error->message, "out of memory");
        return DMUMU_ERROR_MEMORY;
    }
    struct putting putting = {.comparison = from->comparison, .curves = curves, .ln_d = values, .slope = values + n};
    const enum dmumu_status status = dmumu_each_curve(from->source, put_curve, &putting, error);
    free(values);
    return status;
}

/* ---- the side file ----------------------------------------------------------------------------------------------- */

/* The comparison as arrays, one after the other in `values`; room_for says how many there are. */
static size_t room_for(const struct dmumu_comparison *comparison, size_t n_models)
{
    return n_models * (5 * (size_t)comparison->n_curves + comparison->n_cube) + (size_t)comparison->n_curves;
}

static void spread(const struct dmumu_comparison *comparison, const struct dmumu_compare_arguments *arguments,
                   double values[], struct dmumu_side *side)
{
    const size_t n_curves = (size_t)comparison->n_curves;
    const size_t n_models = arguments->options.n_models;
    const size_t n = n_models * n_curves;
    double *mean_slope = values + 5 * n;
    double *model_d = mean_slope + n_curves;
    for (size_t i = 0; i < n; i++) {
        values[i] = comparison->distance[i].rms;
        values[n + i] = comparison->distance[i].worst;
        values[2 * n + i] = comparison->distance[i].normalisation;
        values[3 * n + i] = comparison->slope[i].rms;
        values[4 * n + i] = comparison->slope[i].worst;
    }
    for (size_t i = 0; i < n_curves; i++)
        mean_slope[i] = comparison->distance[i].slope;
    for (size_t m = 0; m < n_models; m++)
        dmumu_parametrisation_d(arguments->model[m], arguments->options.isotope, comparison->n_cube,
                                comparison->rigidity_gv, model_d + m * comparison->n_cube);
    side->distance = values;
    side->worst = values + n;
    side->normalisation = values + 2 * n;
    side->slope_distance = values + 3 * n;
    side->slope_worst = values + 4 * n;
    side->mean_slope = mean_slope;
    side->model_d_cm2_s = model_d;
}

static int write_side(const struct dmumu_compare_arguments *arguments, const struct dmumu_cube_source *source,
                      const struct dmumu_comparison *comparison)
{
    const char *name[DMUMU_COMPARE_MOST_MODELS];
    const size_t n_models = arguments->options.n_models;
    double *values = calloc(room_for(comparison, n_models) + 1, sizeof *values);
    if (!values)
        return dmumu_cmd_failed(COMMAND, "out of memory");
    for (size_t m = 0; m < n_models; m++)
        name[m] = arguments->model[m]->name;
    const struct curves_source from = {source, comparison};
    struct dmumu_side side = {.cube = dmumu_cube_source_about(source),
                              .n_models = n_models,
                              .model = name,
                              .from_gv = arguments->options.from_gv,
                              .to_gv = arguments->options.to_gv,
                              .free_normalisation = arguments->options.free_normalisation,
                              .halo_height_kpc = arguments->options.halo_height_kpc,
                              .command = arguments->command,
                              .model_slope = comparison->model_local_slope,
                              .ln_model = comparison->ln_model,
                              .put_curves = arguments->no_curves ? NULL : put_curves,
                              .context = &from};
    spread(comparison, arguments, values, &side);
    struct dmumu_error error = {0};
    const enum dmumu_status status =
        dmumu_side_write(dmumu_compare_output(arguments), arguments->overwrite, &side, &error);
    free(values);
    if (status == DMUMU_OK)
        return DMUMU_EXIT_OK;
    return dmumu_cmd_failed(COMMAND, "%s%s", error.message,
                            arguments->beside ? " (-o names another side file, --no-output does without)" : "");
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

static int tell(const struct dmumu_compare_arguments *arguments, const struct dmumu_cube_source *source,
                const struct dmumu_comparison *comparison)
{
    const int status = dmumu_compare_output(arguments) ? write_side(arguments, source, comparison) : DMUMU_EXIT_OK;
    return status == DMUMU_EXIT_OK ? dmumu_compare_print(arguments, dmumu_cube_source_about(source), comparison)
                                   : status;
}

static int answer(const struct dmumu_compare_arguments *arguments)
{
    struct dmumu_error error = {0};
    struct dmumu_cube_source *source = NULL;
    struct dmumu_comparison comparison = {0};
    enum dmumu_status done = dmumu_cube_probe(arguments->cube, &error);
    if (done == DMUMU_OK)
        done = dmumu_cube_source_open(arguments->cube, &source, &error);
    if (done == DMUMU_OK)
        done = dmumu_compare_run(source, &arguments->options, &comparison, &error);
    int status = DMUMU_EXIT_FAILED;
    if (done == DMUMU_OK)
        status = tell(arguments, source, &comparison);
    else if (done == DMUMU_ERROR_ARGUMENT)
        status = dmumu_cmd_usage(COMMAND, "%s", error.message);
    else
        status = dmumu_cmd_failed(COMMAND, "%s", error.message);
    dmumu_comparison_free(&comparison);
    dmumu_cube_source_close(source);
    return status;
}

int dmumu_cmd_compare(int argc, char **argv)
{
    struct dmumu_compare_arguments arguments = {.own = {0, NULL, NULL}};
    int status = dmumu_compare_arguments_parse(argc, argv, &arguments);
    if (status == DMUMU_EXIT_OK)
        status = arguments.help ? dmumu_compare_help() : answer(&arguments);
    dmumu_compare_arguments_free(&arguments);
    return status;
}
