/* Rounds, the look: see rounds_look.h. */
#include "scan/rounds_look.h"

#include "core/error.h"
#include "scan/rounds_files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum dmumu_status no_memory(struct dmumu_error *error)
{
    return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the rounds of a scan");
}

/* Is every coordinate of an axis among those of a finer one, with the same ends, but for rounding? */
static bool is_within(const struct dmumu_axis *axis, const struct dmumu_cube_axis *finer)
{
    size_t k = 0;
    for (size_t i = 0; i < axis->n; ++i) {
        while (k < finer->n && !dmumu_reuse_is_same(axis->values[i], finer->values[k]))
            ++k;
        if (k == finer->n || (i == 0 && k > 0))
            return false;
    }
    return k + 1 == finer->n;
}

/* One axis of a cube that these rounds have made, if they have. */
static enum dmumu_status adopt_axis(struct dmumu_axis *axis, const struct dmumu_cube_axis *finer, const char *path,
                                    const char *name, struct dmumu_error *error)
{
    if (!is_within(axis, finer))
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "%.200s: it is of another grid: %s (--overwrite starts again)",
                               path, name);
    double *values = malloc(finer->n * sizeof *values);
    if (!values)
        return no_memory(error);
    memcpy(values, finer->values, finer->n * sizeof *values);
    free(axis->values);
    axis->values = values;
    axis->n = finer->n;
    return DMUMU_OK;
}

/* The grid of such a cube. */
static enum dmumu_status adopt_grid(struct dmumu_config *config, const char *path, struct dmumu_error *error)
{
    struct dmumu_cube_source *source = NULL;
    char *physics = dmumu_config_physics_text(&config->model);
    if (!physics)
        return no_memory(error);
    enum dmumu_status status = dmumu_cube_source_open(path, &source, error);
    if (status == DMUMU_OK)
        status = dmumu_cube_source_has_physics(source, physics, error);
    for (int id = 0; id < DMUMU_N_AXES && status == DMUMU_OK; ++id)
        status = adopt_axis(&config->grid.axis[id], &dmumu_cube_source_about(source)->axis[id], path,
                            dmumu_axis_name((enum dmumu_axis_id)id), error);
    dmumu_cube_source_close(source);
    free(physics);
    return status == DMUMU_OK ? dmumu_config_renew_text(config, error) : status;
}

/* Was the complete cube made for look-ups as right as those that are asked for now? */
static enum dmumu_status check_goal(const struct dmumu_config *config, const char *path, struct dmumu_error *error)
{
    struct dmumu_cube_source *source = NULL;
    struct dmumu_config made = {0};
    enum dmumu_status status = dmumu_cube_source_open(path, &source, error);
    if (status == DMUMU_OK)
        status = dmumu_config_read_text(dmumu_cube_source_about(source)->configuration, path, true, &made, error);
    const struct dmumu_lookup_goal *then = &made.lookup, *now = &config->lookup;
    if (status == DMUMU_OK && (then->tolerance != now->tolerance || then->share != now->share))
        status =
            dmumu_error_set(error, DMUMU_ERROR_FILE,
                            "%.200s is complete, for lookup_tolerance %g and lookup_share %g; now these are %g and "
                            "%g: --reuse takes its values into another cube, --overwrite starts again",
                            path, then->tolerance, then->share, now->tolerance, now->share);
    dmumu_config_free(&made);
    dmumu_cube_source_close(source);
    return status;
}

enum dmumu_status dmumu_rounds_look(struct dmumu_config *config, const struct dmumu_scan_options *options,
                                    struct dmumu_rounds_found *found, struct dmumu_error *error)
{
    const char *output = options->output;
    const int begun = dmumu_rounds_begun(output), complete = dmumu_rounds_complete(output);
    *found = (struct dmumu_rounds_found){0};
    if (!options->overwrite && access(output, F_OK) == 0) {
        if (!options->resume)
            return dmumu_error_set(error, DMUMU_ERROR_FILE, "%.200s exists; --overwrite replaces it", output);
        found->all = true;
        const enum dmumu_status status = check_goal(config, output, error);
        return status == DMUMU_OK ? adopt_grid(config, output, error) : status;
    }
    if (!options->resume && !options->overwrite && begun >= 0)
        return dmumu_error_set(error, DMUMU_ERROR_FILE,
                               "%.200s.round-%d was left by an interrupted scan; --resume goes on with it, --overwrite "
                               "starts again",
                               output, begun);
    if (!options->resume)
        dmumu_rounds_remove(output, 0, DMUMU_ROUNDS_MOST + 1);
    if (!options->resume || complete < 0)
        return DMUMU_OK;
    char *path = dmumu_rounds_path(output, complete);
    const enum dmumu_status status = path ? adopt_grid(config, path, error) : no_memory(error);
    free(path);
    *found = (struct dmumu_rounds_found){.complete = true, .round = complete};
    if (status == DMUMU_OK)
        dmumu_rounds_remove(output, 0, complete);
    return status;
}
