/* Scan: order the curves, create or open the cube, run the exchange, finish the cube, add up (see scan.h). */
#include "scan/scan.h"

#include "core/error.h"
#include "scan/exchange_mpi.h"
#include "scan/stop.h"
#include "scan/takeover.h"
#include "scan/target.h"

#include <inttypes.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

/* Everything that belongs to one scan. */
struct work {
    const struct dmumu_team *team;
    const struct dmumu_config *config;
    const struct dmumu_scan_options *options;
    struct dmumu_blocks blocks;
    struct dmumu_pool *pool;
    struct dmumu_reuse *reuse;
    struct dmumu_cube_writer *cube;
    struct dmumu_takeover taken;
    bool asked; /* to stop, before the computing began */
};

/* Collective. */
static void add_up(const struct work *work, struct dmumu_scan_report *report)
{
    const struct dmumu_pool_tally tally = dmumu_pool_tally(work->pool);
    const struct dmumu_cube_found found = dmumu_cube_found(work->cube);
    for (int i = 0; i < DMUMU_N_QUALITIES; ++i)
        report->quality[i] = tally.quality[i] + found.quality[i] + work->taken.quality[i];
    dmumu_team_sum(work->team, DMUMU_N_QUALITIES, report->quality);
    dmumu_team_sum_seconds(work->team, DMUMU_N_TIMES, report->times_s);
    report->reused_values = tally.reused;
    dmumu_team_sum(work->team, 1, &report->reused_values);
    report->all = work->blocks.n_curves;
    report->curves = dmumu_queue_state(dmumu_pool_queue(work->pool)).finished;
    dmumu_team_sum(work->team, 1, &report->curves);
    report->failure = tally.failure;
    report->failed_curve = dmumu_team_lowest(work->team, tally.failed_curve, &report->failure);
}

/* What older cubes have. Collective. */
static enum dmumu_status take_over(struct work *work, struct dmumu_scan_report *report, struct dmumu_error *error)
{
    if (!work->reuse)
        return DMUMU_OK;
    const enum dmumu_status status =
        dmumu_takeover_run(work->team, work->cube, work->reuse, &work->config->grid, work->config->model.modes,
                           work->options->buffer_bytes, &work->blocks, &work->taken, error);
    report->reused = work->taken.curves;
    dmumu_team_sum(work->team, 1, &report->reused);
    if (work->team->rank == 0 && status == DMUMU_OK)
        fprintf(stderr, "dmumu scan: reused: %" PRIu64 " of %zu curves\n", report->reused, work->blocks.n_curves);
    dmumu_pool_set_reuse(work->pool, work->reuse);
    work->asked = work->taken.asked;
    return status;
}

/* Leave the cube as it is. Collective, or not at all: see scan.h. */
static void give_up(struct work *work)
{
    /* Closing is collective too, and a failed collective write leaves the ranks out of step. */
    if (work->team->size == 1)
        dmumu_cube_abandon(work->cube);
    else
        dmumu_cube_unlock(work->cube);
}

static double unix_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Compute what is missing, as far as signals and time allow. Collective. */
static enum dmumu_status compute(struct work *work, struct dmumu_scan_report *report, struct dmumu_error *error)
{
    static const double no_time_s = 1e-9;
    const struct dmumu_walltime *walltime = &work->options->walltime;
    /* rank 0's word on the time, anyone's on stopping */
    double times_s[2] = {0.0, 0.0};
    if (work->team->rank == 0 && walltime->end_unix_s < INFINITY)
        times_s[0] = fmax(no_time_s, dmumu_walltime_left_s(walltime, unix_now_s()));
    if (work->team->rank == 0)
        times_s[1] = walltime->margin_s;
    dmumu_team_sum_seconds(work->team, 2, times_s);
    const struct dmumu_exchange_mpi_setup setup = {.team = work->team,
                                                   .blocks = &work->blocks,
                                                   .pool = work->pool,
                                                   .cube = work->cube,
                                                   .epoch_s = work->options->epoch_s,
                                                   .limit_s = times_s[0],
                                                   .grace_s = times_s[1]};
    uint64_t asked = work->asked || dmumu_stop_asked();
    dmumu_team_sum(work->team, 1, &asked);
    report->stopping = asked > 0 ? DMUMU_STOPPING_ASKED : DMUMU_STOPPING_NOT;
    if (work->blocks.n_pending == 0 || asked > 0)
        return DMUMU_OK;
    const double start_s = omp_get_wtime();
    const enum dmumu_status status = dmumu_exchange_mpi_run(&setup, report->times_s, &report->stopping, error);
    report->seconds = omp_get_wtime() - start_s;
    return status;
}

/* Compute what is missing, finish the cube. Collective; ends the cube. */
static enum dmumu_status fill_cube(struct work *work, struct dmumu_scan_report *report, struct dmumu_error *error)
{
    report->found = dmumu_cube_found(work->cube).n_curves;
    if (report->found > 0 && work->team->rank == 0)
        fprintf(stderr, "dmumu scan: resumed: %" PRIu64 " of %zu curves are there\n", report->found,
                work->blocks.n_curves);
    enum dmumu_status status = dmumu_target_take_out(work->team, work->cube, &work->blocks, error);
    if (status == DMUMU_OK)
        status = take_over(work, report, error);
    if (status == DMUMU_OK)
        status = compute(work, report, error);
    if (status != DMUMU_OK) {
        give_up(work);
        return status;
    }
    add_up(work, report);
    if (report->curves < work->blocks.n_pending) {
        report->incomplete = true;
        dmumu_cube_abandon(work->cube); /* closes what is written, in good order */
        return DMUMU_OK;
    }
    return dmumu_cube_finish(work->cube, report->data_hash, error);
}

/* All that can fail before there is a cube. Collective. */
static enum dmumu_status begin(struct work *work, const char *physics_text, struct dmumu_error *error)
{
    const struct dmumu_scan_options *options = work->options;
    enum dmumu_status status = DMUMU_OK;
    if (!physics_text)
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the text of the model");
    if (status == DMUMU_OK)
        status = dmumu_blocks_new(&work->config->grid, &work->blocks, error);
    work->blocks.fixed = options->block_curves;
    if (status == DMUMU_OK)
        status =
            dmumu_pool_new(work->config, &work->blocks, work->team->threads, options->buffer_bytes, &work->pool, error);
    if (status == DMUMU_OK)
        status = dmumu_reuse_open(options->reuse, options->n_reuse, physics_text, &work->reuse, error);
    if (status == DMUMU_OK && work->reuse)
        status = dmumu_reuse_map(work->reuse, &work->config->grid, error);
    return dmumu_team_agree(work->team, status, error);
}

enum dmumu_status dmumu_scan_run(const struct dmumu_team *team, const struct dmumu_config *config,
                                 const struct dmumu_scan_options *options, struct dmumu_scan_report *report,
                                 struct dmumu_error *error)
{
    *report = (struct dmumu_scan_report){.failed_curve = UINT64_MAX};
    struct work work = {.team = team, .config = config, .options = options};
    char *physics_text = dmumu_config_physics_text(&config->model);
    enum dmumu_status status = begin(&work, physics_text, error);
    if (status == DMUMU_OK) {
        struct dmumu_cube_spec spec = dmumu_scan_cube_spec(team, config, physics_text, options->command);
        char sources[DMUMU_SCAN_SOURCES];
        if (work.reuse) {
            dmumu_reuse_describe(work.reuse, sizeof sources, sources);
            spec.sources = sources;
        }
        const struct dmumu_target target = {options->output, options->overwrite, options->resume};
        status = dmumu_target_open(team, &target, &spec, &work.cube, report->data_hash, error);
        report->begun = work.cube != NULL;
        report->was_there = status == DMUMU_OK && !report->begun;
    }
    if (report->begun)
        status = fill_cube(&work, report, error);
    dmumu_pool_free(work.pool);
    dmumu_reuse_free(work.reuse);
    dmumu_blocks_free(&work.blocks);
    free(physics_text);
    return status;
}
