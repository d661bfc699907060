/* Prepare: cut, snap, write the text anew (see prepare.h). */
#include "scan/prepare.h"

#include "core/error.h"
#include "scan/target.h"

#include <stdlib.h>
#include <unistd.h>

/* The coordinates of one cube, if it can be read; if not, whoever continues it says why. */
static size_t snap_to_file(struct dmumu_grid *grid, const char *path)
{
    struct dmumu_cube_source *source = NULL;
    size_t snapped = 0;
    if (access(path, F_OK) != 0 || dmumu_cube_source_open(path, &source, NULL) != DMUMU_OK)
        return 0;
    for (int axis = 0; axis < DMUMU_N_AXES; ++axis)
        snapped += dmumu_reuse_snap_axis(&grid->axis[axis], &dmumu_cube_source_about(source)->axis[axis]);
    dmumu_cube_source_close(source);
    return snapped;
}

/* What a scan goes on with has the last word on its coordinates: it may have taken them from an older cube. */
static size_t snap_to_output(struct dmumu_grid *grid, const struct dmumu_scan_options *options)
{
    char *part = dmumu_target_part(options->output);
    size_t snapped = 0;
    if (part && access(part, F_OK) == 0)
        snapped = snap_to_file(grid, part);
    else if (!options->overwrite)
        snapped = snap_to_file(grid, options->output);
    free(part);
    return snapped;
}

static enum dmumu_status snap_to_reused(struct dmumu_config *config, const struct dmumu_scan_options *options,
                                        size_t *snapped, struct dmumu_error *error)
{
    struct dmumu_reuse *reuse = NULL;
    char *physics_text = dmumu_config_physics_text(&config->model);
    if (!physics_text)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the text of the model");
    const enum dmumu_status status = dmumu_reuse_open(options->reuse, options->n_reuse, physics_text, &reuse, error);
    if (status == DMUMU_OK)
        *snapped += dmumu_reuse_snap(reuse, &config->grid);
    dmumu_reuse_free(reuse);
    free(physics_text);
    return status;
}

enum dmumu_status dmumu_prepare_grid(struct dmumu_config *config, const struct dmumu_scan_options *options,
                                     size_t *snapped, struct dmumu_error *error)
{
    enum dmumu_status status = DMUMU_OK;
    *snapped = 0;
    if (options->part.count > 1)
        status = dmumu_part_cut(&config->grid, options->part, error);
    if (status == DMUMU_OK)
        status = snap_to_reused(config, options, snapped, error);
    if (status == DMUMU_OK && options->resume && options->output)
        *snapped += snap_to_output(&config->grid, options);
    return status == DMUMU_OK ? dmumu_config_renew_text(config, error) : status;
}
