/* dmumu refine: how far look-ups are from the kernel between a cube's nodes, and the input of the next, finer scan. */
#include "cmd.h"
#include "cmd_numbers.h"
#include "cmd_output.h"
#include "cmd_team.h"
#include "cube/read.h"
#include "cube/refinement.h"
#include "cube/replace.h"
#include "scan/config.h"
#include "scan/config_scalar.h"
#include "scan/refine.h"
#include "scan/refine_cuts.h"
#include "scan/refine_record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char COMMAND[] = "refine";

#define DEFAULT_SAMPLE "16"

enum { MOST_SAMPLE = 1000000 };

struct arguments {
    const char *cube, *to, *share, *values, *sample, *output, *errors;
    char *command; /* owned: the command line */
    bool overwrite, keep, help;
};

/* The cube, what it is made of, and what was found out. */
struct refining {
    const struct arguments *arguments;
    struct dmumu_refine_goal goal;
    size_t sample;                              /* 0: all */
    struct dmumu_cube_source *source;           /* owned */
    const struct dmumu_cube_source_info *about; /* of the source */
    struct dmumu_config config;                 /* owned: the cube's own, then the next one */
    struct dmumu_refine_errors errors;          /* owned */
    struct dmumu_refine_summary summary[DMUMU_N_AXES];
    enum dmumu_refine_verdict verdict;
    struct dmumu_grid next; /* owned; with DMUMU_REFINE_CUT */
    struct dmumu_refine_record record;
};

static const struct option options[] = {
    {"to", required_argument, NULL, 't'},     {"share", required_argument, NULL, 'p'},
    {"values", required_argument, NULL, 'n'}, {"sample", required_argument, NULL, 's'},
    {"output", required_argument, NULL, 'o'}, {"errors", required_argument, NULL, 'e'},
    {"keep", no_argument, NULL, 'k'},         {"overwrite", no_argument, NULL, 'w'},
    {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
};

static int help(void)
{
    puts(
        "dmumu refine: how far look-ups in a cube are from the kernel, and the input of a finer scan\n"
        "\n"
        "Usage:  dmumu refine CUBE.h5 --to ERROR [-o NEXT.yaml] [OPTION...]\n"
        "\n"
        "A cell is what lies between two neighbouring nodes of an axis. D is computed in the middle of every cell, on\n"
        "the axis's own scale, with the other coordinates at nodes, and compared with the cubic look-up there. The "
        "error\n"
        "of a cell is the largest |ln D_lookup - ln D_kernel|. Points without a D on both sides (not confined, "
        "failed,\n"
        "or beside such a node) are skipped and counted. As errors of several axes add up, 10,240 look-ups anywhere "
        "in\n"
        "the cube are compared, too: 256 media, drawn evenly on the axes' scales, at 40 rigidities each.\n"
        "\n"
        "The errors are stored in the cube, in its group `refinement`: a copy is changed and then takes its name, so\n"
        "that the cube is whole at any time. Its data and data_hash stay.\n"
        "\n"
        "  --to ERROR            the target; not below model.tolerance of the cube, whose values have that error\n"
        "  --share SHARE         of the look-ups that must be within it (1); with less, cells do not count, and the "
        "nodes\n"
        "                        that bring most look-ups within the target come first\n"
        "  --values N            values that the next grid may have at most (1e7)\n"
        "  -o, --output NEXT.yaml  the cube's configuration with nodes added, written if it is not fine enough: where\n"
        "                        D is smooth a cell is cut into 2 to 4 parts, as an error of third order asks for, "
        "where\n"
        "                        it has a kink into halves, and around M_A = 1 beside the kink. The old nodes stay to "
        "the\n"
        "                        bit, so that --reuse takes their values\n"
        "  --sample N|all        media per cell, and 8 N in all for rigidity, spread evenly over the grid, and the "
        "same\n"
        "                        ones in every run (16); each is a curve at all rigidities of the cube\n"
        "  --errors SIDE.h5      the errors into a new HDF5 file instead:\n"
        "                        python3 -m dmumu.plot error CUBE.h5 --errors SIDE.h5 ... draws them\n"
        "  --keep                do not store anything in the cube, as with --errors\n"
        "  --overwrite           NEXT.yaml and SIDE.h5 may exist\n"
        "  -h, --help            this text\n"
        "\n"
        "Columns: cells; the worst of their errors, and in which; cells over the target; the median; cells without a\n"
        "value; points compared, over the target, and skipped. Many cells over the target with few points in them: D "
        "has\n"
        "kinks there, as where confinement begins, and --share is what to ask for. A grid is a product of axes, and "
        "each\n"
        "round may multiply its size by 8: look at `next grid` before the scan.\n"
        "\n"
        "Threads: OMP_NUM_THREADS. What is said holds for the points that were looked at.\n"
        "\n"
        "`dmumu scan` runs the whole loop by itself with lookup_tolerance in its input. By hand, until `refine` says "
        "that\n"
        "look-ups are right:\n"
        "  dmumu scan coarse.yaml -o cube0.h5; i=0\n"
        "  while dmumu refine cube$i.h5 --to 1e-2 -o next$i.yaml && [ -e next$i.yaml ]; do\n"
        "    dmumu scan next$i.yaml --reuse cube$i.h5 -o cube$((i+1)).h5 || break; i=$((i+1))\n"
        "  done\n"
        "\n"
        "Exit status: 0 done, over the target or not, 1 the work failed, 2 bad usage or input.");
    return dmumu_cmd_flush(COMMAND, DMUMU_EXIT_OK);
}

/* ---- the command line -------------------------------------------------------------------------------------------- */

static bool store(struct arguments *arguments, int option)
{
    const struct {
        int option;
        const char **text;
    } texts[] = {{'t', &arguments->to},     {'p', &arguments->share},  {'n', &arguments->values},
                 {'s', &arguments->sample}, {'o', &arguments->output}, {'e', &arguments->errors}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].option == option)
            *texts[i].text = optarg;
    arguments->overwrite |= option == 'w';
    arguments->keep |= option == 'k' || option == 'e';
    arguments->help |= option == 'h';
    return option != '?' && option != ':';
}

static int parse_options(int argc, char **argv, struct arguments *arguments)
{
    arguments->command = dmumu_cmd_join(argc, argv);
    if (!arguments->command)
        return dmumu_cmd_failed(COMMAND, "out of memory");
    opterr = 0;
    optind = 1;
    int option;
    while ((option = getopt_long(argc, argv, ":o:h", options, NULL)) != -1)
        if (!store(arguments, option))
            return dmumu_cmd_bad_option(COMMAND, option, argv, options);
    if (arguments->help)
        return DMUMU_EXIT_OK;
    if (optind == argc)
        return dmumu_cmd_usage(COMMAND, "a cube is wanted");
    if (argc - optind > 1)
        return dmumu_cmd_usage(COMMAND, "one cube is wanted, and '%.80s' is a second", argv[optind + 1]);
    arguments->cube = argv[optind];
    return DMUMU_EXIT_OK;
}

static bool same_file(const char *one, const char *other)
{
    struct stat a, b;
    if (strcmp(one, other) == 0)
        return true;
    return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Files that are to be written: neither the cube nor each other, and new unless --overwrite. */
static int check_files(const struct arguments *arguments)
{
    const char *output = arguments->output, *errors = arguments->errors;
    if (output && same_file(output, arguments->cube))
        return dmumu_cmd_usage(COMMAND, "--output: '%s' is the cube itself", output);
    if (errors && same_file(errors, arguments->cube))
        return dmumu_cmd_usage(COMMAND, "--errors: '%s' is the cube itself", errors);
    if (errors && output && same_file(errors, output))
        return dmumu_cmd_usage(COMMAND, "--errors: '%s' is the file of --output, too", errors);
    if (output && !arguments->overwrite && access(output, F_OK) == 0)
        return dmumu_cmd_usage(COMMAND, "--output: '%s' exists; --overwrite replaces it", output);
    if (errors && !arguments->overwrite && access(errors, F_OK) == 0)
        return dmumu_cmd_usage(COMMAND, "--errors: '%s' exists; --overwrite replaces it", errors);
    return DMUMU_EXIT_OK;
}

/* A number of an option that may be left out. */
static int number_of(const char *option, const char *text, double low, double high, double *number)
{
    const struct dmumu_key key = {.kind = DMUMU_KEY_NUMBER, .low = low, .high = high, .unit = "1"};
    return text ? dmumu_numbers_one(COMMAND, option, text, strlen(text), &key, number) : DMUMU_EXIT_OK;
}

/* The cube is to be changed, unless asked otherwise. */
static int check_store(const struct arguments *arguments)
{
    struct dmumu_error error = {0};
    if (arguments->keep || access(arguments->cube, F_OK) != 0 ||
        dmumu_cube_replace_check(arguments->cube, &error) == DMUMU_OK)
        return DMUMU_EXIT_OK;
    return dmumu_cmd_usage(COMMAND,
                           "%.400s: the errors cannot be stored in it; --errors SIDE.h5 writes them beside it, --keep "
                           "prints them alone",
                           error.message);
}

static int find_request(const struct arguments *arguments, struct refining *refining)
{
    struct dmumu_refine_goal *goal = &refining->goal;
    *goal = (struct dmumu_refine_goal){.share = 1.0, .most_values = 1e7};
    if (!arguments->to)
        return dmumu_cmd_usage(COMMAND, "--to is missing; it must be the error to reach, such as --to 1e-3");
    int status = number_of("--to", arguments->to, 1e-8, 1.0, &goal->tolerance);
    if (status == DMUMU_EXIT_OK)
        status = number_of("--share", arguments->share, 0.5, 1.0, &goal->share);
    if (status == DMUMU_EXIT_OK)
        status = number_of("--values", arguments->values, 1.0, 1e12, &goal->most_values);
    if (status != DMUMU_EXIT_OK)
        return status;
    const char *text = arguments->sample ? arguments->sample : DEFAULT_SAMPLE;
    long sample = 0;
    if (strcmp(text, "all") != 0 && (!dmumu_scalar_integer(text, &sample) || sample < 1 || sample > MOST_SAMPLE))
        return dmumu_cmd_usage(COMMAND, "--sample: '%.60s'; it must be a whole number from 1 to %d, or all", text,
                               (int)MOST_SAMPLE);
    refining->sample = (size_t)sample;
    status = check_files(arguments);
    return status == DMUMU_EXIT_OK ? check_store(arguments) : status;
}

/* ---- the cube ---------------------------------------------------------------------------------------------------- */

/* Is the kernel of this program the one that the cube was made with? */
static enum dmumu_status check_physics(const struct refining *refining, struct dmumu_error *error)
{
    char *physics = dmumu_config_physics_text(&refining->config.model);
    if (!physics) {
        snprintf(error->message, sizeof error->message, "out of memory");
        return DMUMU_ERROR_MEMORY;
    }
    const enum dmumu_status status = dmumu_cube_source_has_physics(refining->source, physics, error);
    free(physics);
    return status;
}

static int open_source(struct refining *refining)
{
    struct dmumu_error error = {0};
    const char *path = refining->arguments->cube;
    enum dmumu_status done = dmumu_cube_probe(path, &error);
    if (done == DMUMU_OK)
        done = dmumu_cube_source_open(path, &refining->source, &error);
    if (done == DMUMU_OK) {
        refining->about = dmumu_cube_source_about(refining->source);
        done = dmumu_config_read_text(refining->about->configuration, path, true, &refining->config, &error);
    }
    if (done == DMUMU_OK)
        done = check_physics(refining, &error);
    if (done != DMUMU_OK)
        return dmumu_cmd_failed(COMMAND, "%s", error.message);
    if (refining->goal.tolerance < refining->config.model.tolerance)
        return dmumu_cmd_usage(COMMAND,
                               "--to: '%.60s' is below model.tolerance of %.200s, which is %g: its values have that "
                               "error, and no grid makes it smaller",
                               refining->arguments->to, path, refining->config.model.tolerance);
    return DMUMU_EXIT_OK;
}

static enum dmumu_status measure_with(struct refining *refining, const struct dmumu_cube *cube,
                                      struct dmumu_error *error)
{
    const struct dmumu_cube_axis *axis = dmumu_cube_about(cube)->axis;
    struct dmumu_refine_plan plan;
    enum dmumu_status done = dmumu_refine_plan_new(axis, refining->sample, &plan, error);
    if (done == DMUMU_OK)
        done = dmumu_refine_errors_new(axis, refining->goal.tolerance, &refining->errors, error);
    if (done == DMUMU_OK) {
        fprintf(stderr, "dmumu refine: %zu curves to compute between the nodes\n", plan.n);
        done = dmumu_refine_measure(cube, &refining->config.model, &plan, 0, plan.n, &refining->errors, error);
    }
    dmumu_refine_plan_free(&plan);
    for (int id = DMUMU_AXIS_ALFVEN_MACH; done == DMUMU_OK && id < DMUMU_N_AXES; id++)
        done = dmumu_refine_summarise(&refining->errors, (enum dmumu_axis_id)id, &refining->summary[id], error);
    if (done == DMUMU_OK)
        done = dmumu_refine_next(refining->about->axis, &refining->errors, &refining->goal, &refining->next,
                                 &refining->verdict, error);
    if (done == DMUMU_OK)
        done = dmumu_refine_record_new(refining->about, &refining->errors, refining->sample, &refining->goal,
                                       refining->verdict, 0, refining->arguments->command, &refining->record, error);
    return done;
}

static int measure(struct refining *refining)
{
    struct dmumu_error error = {0};
    struct dmumu_cube *cube = NULL;
    enum dmumu_status done = dmumu_cube_open(refining->arguments->cube, NULL, &cube, &error);
    if (done == DMUMU_OK)
        done = measure_with(refining, cube, &error);
    dmumu_cube_close(cube);
    return done == DMUMU_OK ? DMUMU_EXIT_OK : dmumu_cmd_failed(COMMAND, "%s", error.message);
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static void print_error(double error)
{
    if (isnan(error))
        printf(" %9s", "-");
    else
        printf(" %9.2e", error);
}

static void print_axis(const struct refining *refining, int id)
{
    const struct dmumu_refine_summary *summary = &refining->summary[id];
    const struct dmumu_refine_cells *cells = &refining->errors.axis[id];
    const double *values = refining->about->axis[id].values;
    char place[64] = "-";
    if (!isnan(summary->worst))
        snprintf(place, sizeof place, "%.4g..%.4g", values[summary->worst_cell], values[summary->worst_cell + 1]);
    printf("%-16s %6zu", dmumu_axis_name((enum dmumu_axis_id)id), cells->n);
    print_error(summary->worst);
    printf("  %-19s %6zu", place, summary->n_over);
    print_error(summary->median);
    printf(" %8zu %9llu %9llu %9llu\n", summary->n_unknown, (unsigned long long)summary->points,
           (unsigned long long)summary->points_over, (unsigned long long)cells->skipped);
}

static void print_table(const struct refining *refining)
{
    size_t cells = 0, over = 0, unknown = 0;
    dmumu_cmd_print(stdout, refining->arguments->cube);
    printf(": |ln D_lookup - ln D_kernel| in the middle of the cells; target %g\n", refining->goal.tolerance);
    printf("%-16s %6s %9s  %-19s %6s %9s %8s %9s %9s %9s\n", "axis", "cells", "worst", "in", "over", "median",
           "no value", "points", "over", "skipped");
    for (int id = DMUMU_AXIS_ALFVEN_MACH; id < DMUMU_N_AXES; id++) {
        print_axis(refining, id);
        cells += refining->errors.axis[id].n;
        over += refining->summary[id].n_over;
        unknown += refining->summary[id].n_unknown;
    }
    if (over > 0)
        printf("%zu of %zu cells are over the target\n", over, cells);
    else if (unknown == cells)
        printf("no cell has a value to compare\n");
    else if (unknown > 0)
        printf("all %zu cells that have values are within the target; %zu have none\n", cells - unknown, unknown);
    else
        printf("all %zu cells are within the target\n", cells);
    printf("%s\n%s\n", refining->record.lookups, refining->record.verdict);
}

/* ---- what is written --------------------------------------------------------------------------------------------- */

static int write_errors(const struct refining *refining)
{
    const struct arguments *arguments = refining->arguments;
    const struct dmumu_refinement *refinement = &refining->record.refinement;
    struct dmumu_error error = {0};
    enum dmumu_status done = DMUMU_OK;
    if (arguments->errors)
        done = dmumu_refinement_write(arguments->errors, arguments->overwrite, refinement, &error);
    else if (!arguments->keep)
        done = dmumu_refinement_store(arguments->cube, refinement, &error);
    return done == DMUMU_OK ? DMUMU_EXIT_OK : dmumu_cmd_failed(COMMAND, "%s", error.message);
}

static double values_of(const struct dmumu_grid *grid)
{
    double values = 1;
    for (int id = 0; id < DMUMU_N_AXES; id++)
        values *= (double)grid->axis[id].n;
    return values;
}

/* The configuration with the cube's own coordinates and new ones, for a single scan. */
static int make_next(struct refining *refining)
{
    struct dmumu_error error = {0};
    double old = 1;
    for (int id = 0; id < DMUMU_N_AXES; id++)
        old *= (double)refining->about->axis[id].n;
    dmumu_grid_free(&refining->config.grid);
    refining->config.grid = refining->next;
    refining->next = (struct dmumu_grid){0};
    refining->config.lookup.tolerance = (double)NAN;
    const struct dmumu_grid *grid = &refining->config.grid;
    const struct dmumu_axis *axis = grid->axis;
    printf("next grid: %zu x %zu x %zu x %zu x %zu, %.0f values of which %.0f are new\n", axis[0].n, axis[1].n,
           axis[2].n, axis[3].n, axis[4].n, values_of(grid), values_of(grid) - old);
    return dmumu_config_renew_text(&refining->config, &error) == DMUMU_OK
               ? DMUMU_EXIT_OK
               : dmumu_cmd_failed(COMMAND, "%s", error.message);
}

static int write_next(struct refining *refining)
{
    const struct arguments *arguments = refining->arguments;
    struct dmumu_output output;
    int status = make_next(refining);
    if (status != DMUMU_EXIT_OK)
        return status;
    if (!arguments->output) {
        puts("-o NEXT.yaml writes its input");
        return DMUMU_EXIT_OK;
    }
    status = dmumu_output_open(COMMAND, arguments->output, arguments->overwrite, &output);
    if (status != DMUMU_EXIT_OK)
        return status;
    fputs("# From dmumu refine: dmumu scan THIS --reuse CUBE.h5 -o NEXT.h5 computes the new points alone.\n",
          output.file);
    fputs(refining->config.text, output.file);
    return dmumu_output_commit(COMMAND, &output);
}

static int answer(struct refining *refining)
{
    int status = open_source(refining);
    if (status != DMUMU_EXIT_OK || !refining->about)
        return status;
    status = measure(refining);
    if (status == DMUMU_EXIT_OK)
        status = write_errors(refining);
    if (status == DMUMU_EXIT_OK)
        print_table(refining);
    if (status == DMUMU_EXIT_OK && refining->verdict == DMUMU_REFINE_CUT)
        status = write_next(refining);
    return status == DMUMU_EXIT_OK ? dmumu_cmd_flush(COMMAND, status) : status;
}

int dmumu_cmd_refine(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct refining refining = {.arguments = &arguments};
    int status = parse_options(argc, argv, &arguments);
    if (status == DMUMU_EXIT_OK && arguments.help) {
        status = help();
    } else if (status == DMUMU_EXIT_OK) {
        status = find_request(&arguments, &refining);
        if (status == DMUMU_EXIT_OK)
            status = answer(&refining);
    }
    dmumu_refine_record_free(&refining.record);
    dmumu_grid_free(&refining.next);
    dmumu_refine_errors_free(&refining.errors);
    dmumu_config_free(&refining.config);
    dmumu_cube_source_close(refining.source);
    free(arguments.command);
    return status;
}
