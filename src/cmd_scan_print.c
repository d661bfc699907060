/* What `dmumu scan` prints (see cmd_scan.h). */
#include "cmd_scan.h"

#include "cube/filesystem.h"
#include "cube/libraries.h"
#include "scan/estimate.h"
#include "scan/progress.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

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

/* What comes after the first round. */
static void print_goal(const struct dmumu_lookup_goal *lookup)
{
    if (lookup->tolerance == 0.0)
        return;
    printf("%-20s %g for %g %% of the look-ups: what follows is the first round; then nodes are added, up to %d rounds "
           "and %g values\n",
           "look-up tolerance", lookup->tolerance, 100.0 * lookup->share, lookup->rounds, lookup->values);
}

static void print_bytes(double bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    size_t unit = 0;
    for (; bytes >= 1000.0 && unit + 1 < sizeof units / sizeof *units; ++unit)
        bytes /= 1000.0;
    printf("%-20s %.*f %s\n", "size on disk", unit > 0 ? 1 : 0, bytes, units[unit]);
}

enum dmumu_status dmumu_scan_print_dry_run(const struct dmumu_team *team, const struct dmumu_config *config,
                                           struct dmumu_error *error)
{
    const uint64_t curves = dmumu_grid_n_curves(&config->grid);
    const struct dmumu_cube_spec spec = dmumu_scan_cube_spec(team, config, NULL, NULL);
    print_axes(&config->grid);
    print_goal(&config->lookup);
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

/* One cube, called `path`. */
static void print_cube(const struct dmumu_team *team, const char *path, const struct dmumu_scan_options *options,
                       const struct dmumu_scan_report *report)
{
    if (report->was_there)
        printf("nothing to do: the cube is complete\n");
    else
        print_work(team, report);
    printf("cube: ");
    dmumu_cmd_print(stdout, path);
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

void dmumu_scan_print_report(const struct dmumu_team *team, const struct dmumu_scan_options *options,
                             const struct dmumu_scan_report *report)
{
    print_cube(team, options->output, options, report);
}

void dmumu_scan_print_rounds(const struct dmumu_team *team, const struct dmumu_scan_options *options,
                             const struct dmumu_rounds_report *report)
{
    if (report->was_there) {
        printf("nothing to do: the cube is complete\ncube: ");
        dmumu_cmd_print(stdout, options->output);
        printf("\n");
        return;
    }
    printf("round %d\n", report->round);
    const bool scanned = report->scan.all > 0 || report->scan.was_there;
    if (report->scan.incomplete) {
        print_cube(team, report->path, options, &report->scan);
        return;
    }
    if (scanned) {
        print_cube(team, options->output, options, &report->scan);
    } else {
        printf("cube: ");
        dmumu_cmd_print(stdout, options->output);
        printf("\n");
    }
    printf("%s\n%s\n", report->lookups_text, report->verdict_text);
}

void dmumu_scan_print_launch(const struct dmumu_team *team, const char *output)
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
