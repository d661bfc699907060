/*
 * dmumu scan: a configuration becomes a cube, with all ranks and threads that the launcher gives.
 *
 * Rank 0 reads, checks and prints; the others follow. Every path to the end passes the same collective calls on every
 * rank, so that all ranks return the same exit status and none waits for one that has left.
 */
#include "cmd_scan.h"
#include "cmd_team.h"

#include "core/error.h"
#include "cube/read.h"
#include "scan/prepare.h"
#include "scan/rounds.h"
#include "scan/scan.h"
#include "scan/stop.h"
#include "scan/target.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A scan as it was asked for, and what came of a first look at the files that it goes on with. */
struct request {
    const struct dmumu_scan_arguments *arguments;
    struct dmumu_error probed;
};

/* What cannot be together with a lookup_tolerance, of which the grid is only the beginning. */
static enum dmumu_status check_rounds(const struct dmumu_config *config, const struct dmumu_scan_arguments *arguments,
                                      struct dmumu_error *error)
{
    const double values = (double)dmumu_grid_n_curves(&config->grid) * (double)config->grid.axis[DMUMU_AXIS_RIGIDITY].n;
    if (arguments->options.part.count > 1)
        return dmumu_error_set(error, DMUMU_ERROR_INPUT,
                               "--part: %.200s has a lookup_tolerance, whose grid is not known before the scan; take "
                               "that out (--set lookup_tolerance=null), or scan the whole",
                               arguments->input);
    if (values > config->lookup.values)
        return dmumu_error_set(
            error, DMUMU_ERROR_INPUT,
            "%.200s: lookup_values: '%g' is less than the grid has before any node is added; it must "
            "be %.0f or more",
            arguments->input, config->lookup.values, values);
    return DMUMU_OK;
}

/* The grid to begin with. With rounds, what there is to go on with is the cube of a round. Rank 0. */
static enum dmumu_status prepare_grid(struct dmumu_config *config, const struct dmumu_scan_arguments *arguments,
                                      size_t *snapped, struct dmumu_error *error)
{
    struct dmumu_scan_options options = arguments->options;
    if (config->lookup.tolerance == 0.0)
        return dmumu_prepare_grid(config, &options, snapped, error);
    enum dmumu_status status = check_rounds(config, arguments, error);
    if (status != DMUMU_OK)
        return status;
    char *first = options.output ? dmumu_rounds_path(options.output, 0) : NULL;
    options.output = first;
    status = dmumu_prepare_grid(config, &options, snapped, error);
    free(first);
    return status;
}

/* The same configuration on every rank. Collective. */
static enum dmumu_status prepare(const struct dmumu_team *team, const struct dmumu_scan_arguments *arguments,
                                 struct dmumu_config *config, struct dmumu_error *error)
{
    enum dmumu_status status = DMUMU_OK;
    size_t snapped = 0;
    if (team->rank == 0)
        status = dmumu_config_read(arguments->input, arguments->overrides, arguments->n_overrides, true, config, error);
    if (team->rank == 0 && status == DMUMU_OK)
        status = prepare_grid(config, arguments, &snapped, error);
    if (snapped > 0)
        fprintf(stderr,
                "dmumu scan: %zu coordinates differed from those of older cubes by rounding: now they are theirs\n",
                snapped);
    status = dmumu_team_agree(team, status, error);
    if (status != DMUMU_OK)
        return status;
    char *text = config->text;
    status = dmumu_team_share_text(team, &text, error);
    if (status == DMUMU_OK && team->rank != 0)
        status = dmumu_config_read_text(text, arguments->input, true, config, error);
    if (team->rank != 0)
        free(text);
    return dmumu_team_agree(team, status, error);
}

/* A job that is started again and again, until it is complete, must not be when it never gets anywhere. */
static bool made_progress(const struct dmumu_scan_report *report)
{
    return report->stopping != DMUMU_STOPPING_TIME || report->curves + report->reused > 0;
}

static int not_one_curve(void)
{
    return dmumu_cmd_failed("scan", "not one curve could be finished in the time: give it more, or a smaller --margin");
}

/* Collective; as run. */
static enum dmumu_status run_rounds(const struct dmumu_team *team, const struct dmumu_scan_arguments *arguments,
                                    struct dmumu_config *config, bool *begun, int *outcome, struct dmumu_error *error)
{
    struct dmumu_rounds_report report;
    const enum dmumu_status status = dmumu_rounds_run(team, config, &arguments->options, &report, error);
    *begun = report.begun;
    if (status == DMUMU_OK && team->rank == 0) {
        dmumu_scan_print_rounds(team, &arguments->options, &report);
        if (report.scan.incomplete)
            *outcome = made_progress(&report.scan) ? DMUMU_EXIT_STOPPED : not_one_curve();
        else if (report.verdict != DMUMU_REFINE_ENOUGH)
            *outcome = DMUMU_EXIT_LIMIT;
    }
    dmumu_rounds_report_free(&report);
    return status;
}

/* Collective; `begun` tells a scan that failed from one that was refused. */
static enum dmumu_status run(const struct dmumu_team *team, const struct dmumu_scan_arguments *arguments,
                             struct dmumu_config *config, bool *begun, int *outcome, struct dmumu_error *error)
{
    if (team->rank == 0)
        dmumu_scan_print_launch(team, arguments->options.output);
    if (arguments->dry_run) {
        *begun = true;
        const enum dmumu_status status = team->rank == 0 ? dmumu_scan_print_dry_run(team, config, error) : DMUMU_OK;
        return dmumu_team_agree(team, status, error);
    }
    if (config->lookup.tolerance > 0.0)
        return run_rounds(team, arguments, config, begun, outcome, error);
    struct dmumu_scan_report report;
    const enum dmumu_status status = dmumu_scan_run(team, config, &arguments->options, &report, error);
    *begun = report.begun;
    if (status == DMUMU_OK && team->rank == 0)
        dmumu_scan_print_report(team, &arguments->options, &report);
    if (status == DMUMU_OK && report.incomplete && team->rank == 0)
        *outcome = made_progress(&report) ? DMUMU_EXIT_STOPPED : not_one_curve();
    return status;
}

/* dmumu_cmd_work: everything between the start and the end of MPI. */
static int scan_as_team(const struct dmumu_team *team, const void *argument)
{
    const struct request *request = argument;
    struct dmumu_config config = {0};
    struct dmumu_error error = request->probed;
    bool begun = false;
    int outcome = DMUMU_EXIT_OK;
    enum dmumu_status status = dmumu_team_agree(team, error.status, &error);
    if (status == DMUMU_OK)
        status = prepare(team, request->arguments, &config, &error);
    if (status == DMUMU_OK)
        status = run(team, request->arguments, &config, &begun, &outcome, &error);
    dmumu_config_free(&config);
    return dmumu_cmd_end_work("scan", team, status, &error, begun && !request->arguments->dry_run, outcome);
}

/*
 * Files that others made, looked at before MPI starts: over a damaged one HDF5 may crash, which only a process of its own
 * survives (cube/guard.h). One rank looks; all hear of it in scan_as_team.
 */
static enum dmumu_status probe(const struct dmumu_scan_arguments *arguments, struct dmumu_error *error)
{
    const struct dmumu_scan_options *options = &arguments->options;
    enum dmumu_status status = DMUMU_OK;
    if (dmumu_team_launch_rank() != 0)
        return DMUMU_OK;
    for (size_t i = 0; i < options->n_reuse && status == DMUMU_OK; ++i)
        status = dmumu_cube_probe_header(options->reuse[i], error);
    if (status == DMUMU_OK && options->output) {
        const struct dmumu_target target = {options->output, options->overwrite, options->resume};
        status = dmumu_target_probe(&target, error);
        if (status == DMUMU_OK && options->resume)
            status = dmumu_rounds_probe(options->output, error);
    }
    return status;
}

int dmumu_cmd_scan(int argc, char **argv)
{
    struct dmumu_scan_arguments arguments = {.margin_s = -1.0, .options = {.epoch_s = 30.0, .buffer_bytes = 64000000}};
    struct request request = {.arguments = &arguments, .probed = {.status = DMUMU_OK}};
    char *command = dmumu_cmd_join(argc, argv);
    arguments.quiet = dmumu_team_launch_rank() != 0;
    arguments.options.command = command;
    dmumu_stop_hold();
    int outcome = command ? dmumu_scan_arguments_parse(argc, argv, &arguments)
                          : dmumu_cmd_failed("scan", "no memory for the command line");
    arguments.options.walltime =
        dmumu_walltime_of((double)time(NULL), arguments.limit_s, getenv("SLURM_JOB_END_TIME"), arguments.margin_s);
    if (outcome == DMUMU_EXIT_OK && arguments.help) {
        if (!arguments.quiet)
            fputs(dmumu_scan_help(), stdout);
        outcome = dmumu_cmd_flush("scan", outcome);
    } else if (outcome == DMUMU_EXIT_OK || dmumu_team_launched()) {
        if (outcome == DMUMU_EXIT_OK)
            request.probed.status = probe(&arguments, &request.probed);
        outcome = dmumu_cmd_run_team("scan", argc, argv, arguments.quiet, outcome, scan_as_team, &request);
    }
    dmumu_scan_arguments_free(&arguments);
    free(command);
    return outcome;
}
