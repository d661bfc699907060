/* Scan: order the curves, create or open the cube, run the exchange, finish the cube, add up (see scan.h). */
#include "scan/scan.h"

#include "core/error.h"
#include "cube/fields.h"
#include "scan/exchange_mpi.h"

#include <inttypes.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
static void add_up(const struct dmumu_team *team, struct dmumu_pool *pool, const struct dmumu_cube *cube,
                   struct dmumu_scan_report *report)
{
    const struct dmumu_pool_tally tally = dmumu_pool_tally(pool);
    const struct dmumu_cube_found found = dmumu_cube_found(cube);
    for (int i = 0; i < DMUMU_N_QUALITIES; ++i)
        report->quality[i] = tally.quality[i] + found.quality[i];
    dmumu_team_sum(team, DMUMU_N_QUALITIES, report->quality);
    dmumu_team_sum_seconds(team, DMUMU_N_TIMES, report->times_s);
    report->failure = tally.failure;
    report->failed_curve = dmumu_team_lowest(team, tally.failed_curve, &report->failure);
}

enum existing { NOTHING_THERE = 0, PART_THERE, CUBE_THERE };

/* What a scan that may go on finds: its beginning, or its end already. Rank 0 only; the others get its answer. */
static enum existing look(const struct dmumu_scan_options *options)
{
    const size_t size = strlen(options->output) + sizeof ".part";
    char *part = malloc(size);
    if (!part)
        return PART_THERE; /* who opens it will say what is wrong */
    snprintf(part, size, "%s.part", options->output);
    const bool part_there = access(part, F_OK) == 0;
    free(part);
    if (part_there)
        return PART_THERE;
    return !options->overwrite && access(options->output, F_OK) == 0 ? CUBE_THERE : NOTHING_THERE;
}

/* Create the cube, open what there is of it, or find it complete. Collective. */
static enum dmumu_status open_cube(const struct dmumu_team *team, const struct dmumu_cube_spec *spec,
                                   const struct dmumu_scan_options *options, struct dmumu_cube **cube,
                                   struct dmumu_scan_report *report, struct dmumu_error *error)
{
    uint64_t existing = options->resume && team->rank == 0 ? (uint64_t)look(options) : NOTHING_THERE;
    dmumu_team_sum(team, 1, &existing); /* rank 0's word */
    if (existing == PART_THERE)
        return dmumu_cube_resume(team->comm, options->output, options->overwrite, spec, cube, error);
    if (existing == NOTHING_THERE)
        return dmumu_cube_create(team->comm, options->output, options->overwrite, spec, cube, error);
    enum dmumu_status status = DMUMU_OK;
    if (team->rank == 0)
        status = dmumu_cube_is_of(options->output, spec, report->data_hash, error);
    report->was_there = true;
    return dmumu_team_agree(team, status, error);
}

/* Compute what is missing, finish the cube. Collective; ends the cube. */
static enum dmumu_status fill_cube(const struct dmumu_team *team, const struct dmumu_exchange_mpi_setup *setup,
                                   struct dmumu_scan_report *report, struct dmumu_error *error)
{
    const double start_s = omp_get_wtime();
    enum dmumu_status status = DMUMU_OK;
    report->curves = setup->blocks->n_pending;
    if (report->curves > 0)
        status = dmumu_exchange_mpi_run(setup, report->times_s, error);
    report->seconds = omp_get_wtime() - start_s;
    if (status != DMUMU_OK) {
        /* Closing is collective too, and a failed collective write leaves the ranks out of step: see scan.h. */
        if (team->size == 1)
            dmumu_cube_abandon(setup->cube);
        else
            dmumu_cube_unlock(setup->cube);
        return status;
    }
    add_up(team, setup->pool, setup->cube, report);
    return dmumu_cube_finish(setup->cube, report->data_hash, error);
}

/* What is done needs no computing. `state`: the ledger, NULL for nothing. Collective. */
static enum dmumu_status take_out(const struct dmumu_team *team, struct dmumu_blocks *blocks, const uint8_t *state,
                                  struct dmumu_error *error)
{
    enum dmumu_status status = DMUMU_OK;
    for (size_t curve = 0; state && status == DMUMU_OK && curve < blocks->n_curves; ++curve) {
        if (state[curve] == DMUMU_CUBE_DONE)
            status = dmumu_blocks_set_done(blocks, curve, error);
    }
    return dmumu_team_agree(team, status, error);
}

/* Open the cube and do what is left to do. Collective. */
static enum dmumu_status make_cube(const struct dmumu_team *team, const struct dmumu_cube_spec *spec,
                                   const struct dmumu_scan_options *options, struct dmumu_blocks *blocks,
                                   struct dmumu_pool *pool, struct dmumu_scan_report *report, struct dmumu_error *error)
{
    struct dmumu_cube *cube = NULL;
    enum dmumu_status status = open_cube(team, spec, options, &cube, report, error);
    if (status != DMUMU_OK || report->was_there)
        return status;
    report->begun = true;
    report->found = dmumu_cube_found(cube).n_curves;
    if (report->found > 0 && team->rank == 0)
        fprintf(stderr, "dmumu scan: resumed: %" PRIu64 " of %zu curves are there\n", report->found, blocks->n_curves);
    status = take_out(team, blocks, dmumu_cube_found_state(cube), error);
    if (status != DMUMU_OK) {
        dmumu_cube_abandon(cube);
        return status;
    }
    const struct dmumu_exchange_mpi_setup setup = {
        .team = team, .blocks = blocks, .pool = pool, .cube = cube, .epoch_s = options->epoch_s};
    return fill_cube(team, &setup, report, error);
}

enum dmumu_status dmumu_scan_run(const struct dmumu_team *team, const struct dmumu_config *config,
                                 const struct dmumu_scan_options *options, struct dmumu_scan_report *report,
                                 struct dmumu_error *error)
{
    *report = (struct dmumu_scan_report){.failed_curve = UINT64_MAX};
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
        status = make_cube(team, &spec, options, &blocks, pool, report, error);
    }
    dmumu_pool_free(pool);
    dmumu_blocks_free(&blocks);
    free(physics_text);
    return status;
}
