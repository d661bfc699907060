/*
 * dmumu scan: a configuration becomes a cube, with all ranks and threads that the launcher gives.
 *
 * Rank 0 reads, checks and prints; the others follow. Every path to the end passes the same collective calls on every
 * rank, so that all ranks return the same exit status and none waits for one that has left.
 */
#include "cmd_scan.h"
#include "cmd_team.h"

#include "core/error.h"
#include "cube/filesystem.h"
#include "cube/libraries.h"
#include "cube/read.h"
#include "scan/estimate.h"
#include "scan/prepare.h"
#include "scan/progress.h"
#include "scan/scan.h"
#include "scan/stop.h"
#include "scan/target.h"

#include <inttypes.h>
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

/* The same configuration on every rank. Collective. */
static enum dmumu_status prepare(const struct dmumu_team *team, const struct dmumu_scan_arguments *arguments,
                                 struct dmumu_config *config, struct dmumu_error *error)
{
    enum dmumu_status status = DMUMU_OK;
    size_t snapped = 0;
    if (team->rank == 0)
        status = dmumu_config_read(arguments->input, arguments->overrides, arguments->n_overrides, true, config, error);
    if (team->rank == 0 && status == DMUMU_OK)
        status = dmumu_prepare_grid(config, &arguments->options, &snapped, error);
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

static void print_axes(const struct dmumu_grid *grid)
{
    static const char *const names[] = {"region", "alfven_mach", "beta", "injection_scale_pc", "rigidity_gv"};
    for (int i = 0; i < DMUMU_N_AXES; ++i) {
        const struct dmumu_axis *axis = &grid->axis[i];
        printf("%-20s %6zu  ", names[i], axis->n);
        if (i == DMUMU_AXIS_REGION) {
            for (size_t k = 0; k < axis->n; ++k)
                printf("%s%s", k ? ", " : "", dmumu_region_name((enum dmumu_region)axis->values[k]));
        } else if (axis->n == 1) {
            printf("%.6g", axis->values[0]);
        } else {
            printf("%.6g to %.6g, %s", axis->values[0], axis->values[axis->n - 1],
                   axis->log_spaced ? "logarithmic" : "linear");
        }
        printf("\n");
    }
}

static void print_bytes(double bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    size_t unit = 0;
    for (; bytes >= 1000.0 && unit + 1 < sizeof units / sizeof *units; ++unit)
        bytes /= 1000.0;
    printf("%-20s %.*f %s\n", "size on disk", unit > 0 ? 1 : 0, bytes, units[unit]);
}

/* Rank 0 only. */
static enum dmumu_status dry_run(const struct dmumu_team *team, const struct dmumu_config *config,
                                 struct dmumu_error *error)
{
    const uint64_t curves = dmumu_grid_n_curves(&config->grid);
    const struct dmumu_cube_spec spec = dmumu_scan_cube_spec(team, config, NULL, NULL);
    print_axes(&config->grid);
    printf("%-20s %" PRIu64 "\n", "curves", curves);
    printf("%-20s %" PRIu64 "\n", "values", curves * config->grid.axis[DMUMU_AXIS_RIGIDITY].n);
    print_bytes((double)dmumu_cube_bytes(&spec));
    fflush(stdout);

    struct dmumu_estimate estimate;
    char text[128], core[32], tables[32], spent[32];
    const enum dmumu_status status = dmumu_estimate_run(config, &estimate, error);
    if (status != DMUMU_OK)
        return status;
    dmumu_progress_duration(estimate.core_s / team->all_threads, sizeof text, text);
    dmumu_progress_duration(estimate.core_s, sizeof core, core);
    dmumu_progress_duration(estimate.tables_s, sizeof tables, tables);
    dmumu_progress_duration(estimate.spent_s, sizeof spent, spent);
    printf("%-20s about %s on ", "estimated time", text);
    dmumu_team_describe(team, sizeof text, text);
    printf("%s\n", text);
    printf("%-20s %zu curves at %zu M_A were timed on one thread in %s; the grid adds up to %s of one core, of which "
           "tables %s, shared ideally here\n",
           "estimated from", estimate.curves, estimate.alfven_machs, spent, core, tables);
    return DMUMU_OK;
}

/* Where the threads' time went, in percent. */
static void print_times(const double times_s[static DMUMU_N_TIMES])
{
    static const char *const names[DMUMU_N_TIMES] = {
        [DMUMU_TIME_COMPUTING] = "computing", [DMUMU_TIME_MESSAGES] = "messages",
        [DMUMU_TIME_WAITING] = "waiting",     [DMUMU_TIME_FINISHED] = "finished early",
        [DMUMU_TIME_WRITING] = "writing",     [DMUMU_TIME_DISPLACED] = "without a core"};
    double sum_s = 0.0;
    for (int i = 0; i < DMUMU_N_TIMES; ++i)
        sum_s += times_s[i];
    printf("threads:");
    for (int i = 0; i < DMUMU_N_TIMES; ++i)
        printf("%s %s %.2f %%", i ? "," : "", names[i], 100.0 * times_s[i] / fmax(sum_s, 1e-9));
    printf("\n");
}

/* Rank 0 only: what was done. */
static void print_work(const struct dmumu_team *team, const struct dmumu_scan_report *report)
{
    const double rate = (double)report->curves / fmax(report->seconds, 1e-9);
    printf("%" PRIu64 " curves in %.2f s: %.4g curves/s, %.4g per thread\n", report->curves, report->seconds, rate,
           rate / team->all_threads);
    if (report->curves > 0)
        print_times(report->times_s);
    if (report->found > 0)
        printf("resumed: %" PRIu64 " of %" PRIu64 " curves were there\n", report->found, report->all);
    if (report->reused + report->reused_values > 0)
        printf("reused: %" PRIu64 " of %" PRIu64 " curves, and %" PRIu64 " values of others\n", report->reused,
               report->all, report->reused_values);
    printf("values:");
    for (int i = 0; i < DMUMU_N_QUALITIES; ++i)
        printf("%s %s %" PRIu64, i ? "," : "", dmumu_quality_name((enum dmumu_quality)i), report->quality[i]);
    printf("\n");
    if (report->failed_curve != UINT64_MAX)
        printf("first failure: curve %" PRIu64 ": %s\n", report->failed_curve, report->failure.message);
}

/* Rank 0 only: the last lines of a scan. */
static void print_report(const struct dmumu_team *team, const struct dmumu_scan_options *options,
                         const struct dmumu_scan_report *report)
{
    if (report->was_there)
        printf("nothing to do: the cube is complete\n");
    else
        print_work(team, report);
    printf("cube: ");
    dmumu_cmd_print(stdout, options->output);
    if (report->incomplete) {
        printf(".part\nincomplete: %" PRIu64 " of %" PRIu64 " curves are done; resume with: ",
               report->found + report->reused + report->curves, report->all);
        dmumu_cmd_print(stdout, options->command);
        printf("%s\n", options->resume ? "" : " --resume");
        return;
    }
    printf("\n");
    printf("data_hash: %s\n", report->data_hash);
}

/* Rank 0 only: what the scan runs on, and what is wrong with that. */
static void print_launch(const struct dmumu_team *team, const char *output)
{
    char text[256], cores[32], filesystem[DMUMU_FILESYSTEM_NAME];
    const struct dmumu_library libraries[] = {dmumu_library_mpi(), dmumu_library_hdf5()};
    dmumu_team_describe(team, sizeof text, text);
    dmumu_filesystem_of(output ? output : ".", filesystem);
    if (team->least_cores < team->most_cores)
        snprintf(cores, sizeof cores, "%d to %d", team->least_cores, team->most_cores);
    else
        snprintf(cores, sizeof cores, "%d", team->most_cores);
    fprintf(stderr, "dmumu scan: %s, %s core%s each; %s %s, %s %s; output on %s\n", text, cores,
            team->most_cores == 1 ? "" : "s", libraries[0].name, libraries[0].loaded, libraries[1].name,
            libraries[1].loaded, filesystem);
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; ++i) {
        if (!dmumu_library_fits(&libraries[i]))
            fprintf(stderr,
                    "dmumu scan: warning: compiled with %s %s, and running with %s: load the modules that it was "
                    "built with, or build it again\n",
                    libraries[i].name, libraries[i].compiled, libraries[i].in_full);
    }
    dmumu_team_advice(team, sizeof text, text);
    if (text[0])
        fprintf(stderr, "dmumu scan: warning: %s\n", text);
}

/* A job that is started again and again, until it is complete, must not be when it never gets anywhere. */
static bool made_progress(const struct dmumu_scan_report *report)
{
    return report->stopping != DMUMU_STOPPING_TIME || report->curves + report->reused > 0;
}

/* Collective; `begun` tells a scan that failed from one that was refused. */
static enum dmumu_status run(const struct dmumu_team *team, const struct dmumu_scan_arguments *arguments,
                             const struct dmumu_config *config, bool *begun, int *outcome, struct dmumu_error *error)
{
    if (team->rank == 0)
        print_launch(team, arguments->options.output);
    if (arguments->dry_run) {
        *begun = true;
        const enum dmumu_status status = team->rank == 0 ? dry_run(team, config, error) : DMUMU_OK;
        return dmumu_team_agree(team, status, error);
    }
    struct dmumu_scan_report report;
    const enum dmumu_status status = dmumu_scan_run(team, config, &arguments->options, &report, error);
    *begun = report.begun;
    if (status == DMUMU_OK && team->rank == 0)
        print_report(team, &arguments->options, &report);
    if (status == DMUMU_OK && report.incomplete && team->rank == 0)
        *outcome = made_progress(&report)
                       ? DMUMU_EXIT_STOPPED
                       : dmumu_cmd_failed("scan", "not one curve could be finished in the time: give "
                                                  "it more, or a smaller --margin");
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
