/*
 * dmumu scan: a configuration becomes a cube, with all ranks and threads that the launcher gives.
 *
 * Rank 0 reads, checks and prints; the others follow. Every path to the end passes the same collective calls on every
 * rank, so that all ranks return the same exit status and none waits for one that has left.
 */
#include "cmd.h"

#include "core/error.h"
#include "cube/read.h"
#include "scan/estimate.h"
#include "scan/progress.h"
#include "scan/scan.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: dmumu scan INPUT.yaml -o CUBE.h5 [options]\n"
    "       mpirun -n RANKS dmumu scan INPUT.yaml -o CUBE.h5 [options]\n"
    "\n"
    "Compute D(R) at every point of the grid that INPUT.yaml describes, into one HDF5 cube. It is called CUBE.h5.part\n"
    "until it is complete. OMP_NUM_THREADS sets the threads of each rank. All keys: inputs/reference.yaml.\n"
    "\n"
    "  -o, --output CUBE.h5     the file to write\n"
    "      --resume             go on with the CUBE.h5.part of a scan that was interrupted, on any number of ranks "
    "and\n"
    "                           threads; begin if there is none, and do nothing if CUBE.h5 is complete\n"
    "      --overwrite          replace CUBE.h5 and, without --resume, what an interrupted scan left of it\n"
    "      --set SECTION.KEY=V  override a key of INPUT.yaml; may be repeated\n"
    "      --dry-run            print the grid, its size on disk and the estimated time; write nothing\n"
    "      --epoch SECONDS      time between two writes to disk (default 30; 0: at every chance)\n"
    "      --block CURVES       curves handed to a rank at a time (default: adapted to what is left to do)\n"
    "      --buffer MB          memory per rank for curves that are not written yet (default 64)\n"
    "      --help               this text\n"
    "\n"
    "Exit status: 0 done, 1 the work failed, 2 bad usage or input.\n";

struct arguments {
    const char *input;
    const char **overrides; /* [n_overrides]; owned */
    size_t n_overrides;
    struct dmumu_scan_options options;
    bool dry_run, help;
    bool quiet; /* another process of this launch says what is wrong */
};

static int usage(const struct arguments *arguments, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int usage(const struct arguments *arguments, const char *format, ...)
{
    char text[8192];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return arguments->quiet ? DMUMU_EXIT_USAGE : dmumu_cmd_usage("scan", "%s", text);
}

static int parse_number(const struct arguments *arguments, const char *option, double least, double most, double *value)
{
    char *end = NULL;
    const double number = strtod(optarg, &end);
    if (end == optarg || *end || !(number >= least) || !(number <= most))
        return usage(arguments, "%s '%s': a number from %g to %g is wanted", option, optarg, least, most);
    *value = number;
    return DMUMU_EXIT_OK;
}

enum {
    OPTION_OVERWRITE = 256,
    OPTION_RESUME,
    OPTION_SET,
    OPTION_DRY_RUN,
    OPTION_EPOCH,
    OPTION_BLOCK,
    OPTION_BUFFER,
    OPTION_HELP
};

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},         {"overwrite", no_argument, NULL, OPTION_OVERWRITE},
    {"resume", no_argument, NULL, OPTION_RESUME},     {"set", required_argument, NULL, OPTION_SET},
    {"dry-run", no_argument, NULL, OPTION_DRY_RUN},   {"epoch", required_argument, NULL, OPTION_EPOCH},
    {"block", required_argument, NULL, OPTION_BLOCK}, {"buffer", required_argument, NULL, OPTION_BUFFER},
    {"help", no_argument, NULL, OPTION_HELP},         {NULL, 0, NULL, 0}};

static int parse_option(int option, char **argv, struct arguments *arguments)
{
    double megabytes = 0.0, curves = 0.0;
    int status = DMUMU_EXIT_OK;
    switch (option) {
    case 'o':
        arguments->options.output = optarg;
        break;
    case OPTION_OVERWRITE:
        arguments->options.overwrite = true;
        break;
    case OPTION_RESUME:
        arguments->options.resume = true;
        break;
    case OPTION_SET:
        arguments->overrides[arguments->n_overrides++] = optarg;
        break;
    case OPTION_DRY_RUN:
        arguments->dry_run = true;
        break;
    case OPTION_EPOCH:
        status = parse_number(arguments, "--epoch", 0.0, 1e9, &arguments->options.epoch_s);
        break;
    case OPTION_BLOCK:
        status = parse_number(arguments, "--block", 1.0, 1e9, &curves);
        if (status == DMUMU_EXIT_OK && curves > floor(curves))
            status = usage(arguments, "--block '%s': a whole number of curves is wanted", optarg);
        arguments->options.block_curves = (size_t)curves;
        break;
    case OPTION_BUFFER:
        status = parse_number(arguments, "--buffer", 0.001, 1e6, &megabytes);
        arguments->options.buffer_bytes = (size_t)(megabytes * 1e6);
        break;
    case OPTION_HELP:
        arguments->help = true;
        break;
    default:
        status = arguments->quiet ? DMUMU_EXIT_USAGE : dmumu_cmd_bad_option("scan", option, argv, long_options);
    }
    return status;
}

/* Prints what is wrong, unless quiet; overrides has room for argc strings. */
static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    int option = 0;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":o:", long_options, NULL)) != -1) {
        const int status = parse_option(option, argv, arguments);
        if (status != DMUMU_EXIT_OK)
            return status;
    }
    if (arguments->help)
        return DMUMU_EXIT_OK;
    if (optind == argc)
        return usage(arguments, "an input file is wanted");
    if (argc - optind > 1)
        return usage(arguments, "one input file is wanted, and '%s' is a second", argv[optind + 1]);
    arguments->input = argv[optind];
    if (!arguments->options.output && !arguments->dry_run)
        return usage(arguments, "-o CUBE.h5 is wanted: the file to write");
    return DMUMU_EXIT_OK;
}

/* "dmumu scan ..." as one line; owned by the caller, NULL when out of memory. */
static char *join_command(int argc, char **argv)
{
    size_t size = sizeof "dmumu scan";
    for (int i = 1; i < argc; ++i)
        size += strlen(argv[i]) + 1;
    char *command = malloc(size);
    if (!command)
        return NULL;
    size_t at = (size_t)snprintf(command, size, "dmumu scan");
    for (int i = 1; i < argc; ++i)
        at += (size_t)snprintf(command + at, size - at, " %s", argv[i]);
    return command;
}

/* The same configuration on every rank. Collective. */
static enum dmumu_status prepare(const struct dmumu_team *team, const struct arguments *arguments,
                                 struct dmumu_config *config, struct dmumu_error *error)
{
    enum dmumu_status status = DMUMU_OK;
    if (team->rank == 0)
        status = dmumu_config_read(arguments->input, arguments->overrides, arguments->n_overrides, true, config, error);
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
    print_times(report->times_s);
    if (report->found > 0)
        printf("resumed: %" PRIu64 " of %" PRIu64 " curves were there\n", report->found,
               report->found + report->curves);
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
    printf("cube: %s\n", options->output);
    printf("data_hash: %s\n", report->data_hash);
}

static void print_launch(const struct dmumu_team *team)
{
    char text[256];
    dmumu_team_describe(team, sizeof text, text);
    fprintf(stderr, "dmumu scan: %s\n", text);
    dmumu_team_advice(team, sizeof text, text);
    if (text[0])
        fprintf(stderr, "dmumu scan: warning: %s\n", text);
}

/* Collective; `begun` tells a scan that failed from one that was refused. */
static enum dmumu_status run(const struct dmumu_team *team, const struct arguments *arguments,
                             const struct dmumu_config *config, bool *begun, struct dmumu_error *error)
{
    if (team->rank == 0)
        print_launch(team);
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
    return status;
}

static int outcome_of(enum dmumu_status status, bool begun)
{
    if (status == DMUMU_OK)
        return DMUMU_EXIT_OK;
    const bool refused = !begun && status != DMUMU_ERROR_MEMORY && status != DMUMU_ERROR_INTERNAL;
    return refused ? DMUMU_EXIT_USAGE : DMUMU_EXIT_FAILED;
}

/* Everything between the start and the end of MPI; says what went wrong. Collective. */
static int scan_as_team(const struct dmumu_team *team, const struct arguments *arguments,
                        const struct dmumu_error *probed)
{
    struct dmumu_config config = {0};
    struct dmumu_error error = *probed;
    bool begun = false;
    enum dmumu_status status = dmumu_team_agree(team, probed->status, &error);
    if (status == DMUMU_OK)
        status = prepare(team, arguments, &config, &error);
    if (status == DMUMU_OK)
        status = run(team, arguments, &config, &begun, &error);
    dmumu_config_free(&config);
    int outcome = outcome_of(status, begun);
    if (team->rank == 0) {
        if (status != DMUMU_OK)
            dmumu_cmd_failed("scan", "%s", error.message[0] ? error.message : dmumu_status_text(status));
        outcome = dmumu_cmd_flush("scan", outcome);
        if (status != DMUMU_OK && begun && !arguments->dry_run && team->size > 1)
            dmumu_team_abort(team, outcome);
    }
    MPI_Bcast(&outcome, 1, MPI_INT, 0, team->comm);
    return outcome;
}

/*
 * A file that others made, looked at before MPI starts: over a damaged one HDF5 may crash, which only a process of its
 * own survives (cube/guard.h). One rank looks; all hear of it in scan_as_team.
 */
static enum dmumu_status probe(const struct arguments *arguments, struct dmumu_error *error)
{
    const char *output = arguments->options.output;
    if (!arguments->options.resume || !output || dmumu_team_launch_rank() != 0)
        return DMUMU_OK;
    const size_t size = strlen(output) + sizeof ".part";
    char *part = malloc(size);
    if (!part)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the name of a file");
    snprintf(part, size, "%s.part", output);
    enum dmumu_status status = DMUMU_OK;
    if (access(part, F_OK) == 0)
        status = dmumu_cube_probe_header(part, error);
    else if (!arguments->options.overwrite && access(output, F_OK) == 0)
        status = dmumu_cube_probe_header(output, error);
    free(part);
    if (status == DMUMU_ERROR_FILE) {
        const struct dmumu_error inner = *error;
        dmumu_error_set(error, status, "cannot continue %.480s", inner.message);
    }
    return status;
}

/*
 * A launcher kills all other processes when one returns a failure. So a bad command line goes through MPI too (all
 * return together, after the message is out), and of processes that MPI did not connect the silent ones return last.
 */
static int scan_with_mpi(int argc, char **argv, const struct arguments *arguments, int parsed)
{
    struct dmumu_team team;
    struct dmumu_error error = {.status = DMUMU_OK}, probed = {.status = DMUMU_OK};
    int outcome = parsed;
    if (parsed == DMUMU_EXIT_OK)
        probed.status = probe(arguments, &probed);
    if (dmumu_team_start(&argc, &argv, &team, &error) == DMUMU_OK) {
        if (parsed == DMUMU_EXIT_OK)
            outcome = scan_as_team(&team, arguments, &probed);
    } else {
        outcome = DMUMU_EXIT_USAGE;
        if (team.rank == 0 && !arguments->quiet)
            dmumu_cmd_failed("scan", "%s", error.message);
        else if (team.rank == 0)
            sleep(1);
    }
    dmumu_team_end(&team);
    return outcome;
}

int dmumu_cmd_scan(int argc, char **argv)
{
    struct arguments arguments = {.options = {.epoch_s = 30.0, .buffer_bytes = 64000000}};
    arguments.quiet = dmumu_team_launch_rank() != 0;
    arguments.overrides = calloc((size_t)argc, sizeof *arguments.overrides);
    char *command = join_command(argc, argv);
    int outcome = DMUMU_EXIT_FAILED;
    if (!arguments.overrides || !command) {
        dmumu_cmd_failed("scan", "no memory for the command line");
    } else {
        arguments.options.command = command;
        outcome = parse_arguments(argc, argv, &arguments);
        if (outcome == DMUMU_EXIT_OK && arguments.help) {
            if (!arguments.quiet)
                fputs(help, stdout);
            outcome = dmumu_cmd_flush("scan", outcome);
        } else if (outcome == DMUMU_EXIT_OK || dmumu_team_launched()) {
            outcome = scan_with_mpi(argc, argv, &arguments, outcome);
        }
    }
    free(arguments.overrides);
    free(command);
    return outcome;
}
