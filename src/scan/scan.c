/* Scan: order the curves, create the cube, run the exchange, finish the cube, add up the report (see scan.h). */
#include "scan/scan.h"

#include "core/error.h"
#include "scan/exchange_mpi.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

struct dmumu_cube_spec dmumu_scan_cube_spec(const struct dmumu_team *team, const struct dmumu_config *config,
                                            const char *physics_text, const char *command)
{
    struct dmumu_cube_spec spec = {
        .title = config->title,
        .configuration = config->text,
        .physics_text = physics_text,
        .command = command,
        .host_count = team->hosts,
        .ranks = team->size,
        .threads = team->threads,
    };
    for (int i = 0; i < DMUMU_N_AXES; ++i) {
        const struct dmumu_axis *axis = &config->grid.axis[i];
        spec.axis[i] = (struct dmumu_cube_axis){axis->n, axis->values, axis->log_spaced};
    }
    memcpy(spec.modes, config->model.modes, sizeof spec.modes);
    return spec;
}

/* Collective. */
static void add_up(const struct dmumu_team *team, struct dmumu_pool *pool, struct dmumu_scan_report *report)
{
    const struct dmumu_pool_tally tally = dmumu_pool_tally(pool);
    memcpy(report->quality, tally.quality, sizeof report->quality);
    dmumu_team_sum(team, DMUMU_N_QUALITIES, report->quality);
    dmumu_team_sum_seconds(team, DMUMU_N_TIMES, report->times_s);
    report->failure = tally.failure;
    report->failed_curve = dmumu_team_lowest(team, tally.failed_curve, &report->failure);
}

/* Create the cube, fill it, finish it. Collective. */
static enum dmumu_status fill_cube(const struct dmumu_team *team, const struct dmumu_cube_spec *spec,
                                   const struct dmumu_scan_options *options, const struct dmumu_blocks *blocks,
                                   struct dmumu_pool *pool, struct dmumu_scan_report *report, struct dmumu_error *error)
{
    struct dmumu_cube *cube = NULL;
    enum dmumu_status status = dmumu_cube_create(team->comm, options->output, options->overwrite, spec, &cube, error);
    if (status != DMUMU_OK)
        return status;
    report->begun = true;
    const struct dmumu_exchange_mpi_setup setup = {
        .team = team, .blocks = blocks, .pool = pool, .cube = cube, .epoch_s = options->epoch_s};
    const double start_s = omp_get_wtime();
    status = dmumu_exchange_mpi_run(&setup, report->times_s, error);
    report->seconds = omp_get_wtime() - start_s;
    if (status != DMUMU_OK) {
        /* Closing is collective too, and a failed collective write leaves the ranks out of step: see scan.h. */
        if (team->size == 1)
            dmumu_cube_abandon(cube);
        return status;
    }
    add_up(team, pool, report);
    return dmumu_cube_finish(cube, report->data_hash, error);
}

enum dmumu_status dmumu_scan_run(const struct dmumu_team *team, const struct dmumu_config *config,
                                 const struct dmumu_scan_options *options, struct dmumu_scan_report *report,
                                 struct dmumu_error *error)
{
    *report = (struct dmumu_scan_report){.curves = dmumu_grid_n_curves(&config->grid), .failed_curve = UINT64_MAX};
    struct dmumu_blocks blocks = {0};
    struct dmumu_pool *pool = NULL;
    char *physics_text = dmumu_config_physics_text(&config->model);
    enum dmumu_status status = DMUMU_OK;
    if (!physics_text)
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the text of the model");
    if (status == DMUMU_OK)
        status = dmumu_blocks_new(&config->grid, &blocks, error);
    blocks.fixed = options->block_curves;
    if (status == DMUMU_OK)
        status = dmumu_pool_new(config, &blocks, team->threads, options->buffer_bytes, &pool, error);
    status = dmumu_team_agree(team, status, error);
    if (status == DMUMU_OK) {
        const struct dmumu_cube_spec spec = dmumu_scan_cube_spec(team, config, physics_text, options->command);
        status = fill_cube(team, &spec, options, &blocks, pool, report, error);
    }
    dmumu_pool_free(pool);
    dmumu_blocks_free(&blocks);
    free(physics_text);
    return status;
}
