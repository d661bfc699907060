/* The command line of `dmumu refine` (see cmd_refine.h). */
#include "cmd_refine.h"

#include "cmd_numbers.h"
#include "cmd_options.h"
#include "cmd_team.h"
#include "cube/replace.h"
#include "scan/config_scalar.h"

#include <string.h>
#include <unistd.h>

static const char COMMAND[] = "refine";

enum { MOST_SAMPLE = 1000000 };

static const struct option options[] = {
    {"to", required_argument, NULL, 't'},     {"share", required_argument, NULL, 'p'},
    {"values", required_argument, NULL, 'n'}, {"sample", required_argument, NULL, 's'},
    {"output", required_argument, NULL, 'o'}, {"errors", required_argument, NULL, 'e'},
    {"keep", no_argument, NULL, 'k'},         {"overwrite", no_argument, NULL, 'w'},
    {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
};

int dmumu_refine_help(void)
{
    puts(
        "dmumu refine: how far look-ups in a cube are from the kernel, and the input of a finer scan\n"
        "\n"
        "Usage:  dmumu refine CUBE.h5 --to ERROR [-o NEXT.yaml] [OPTION...]\n"
        "\n"
        "A cell is what lies between two neighbouring nodes of an axis. D is computed in the middle of every cell, on\n"
        "the axis's own scale, with the other coordinates at nodes, and compared with the cubic look-up there. The\n"
        "error of a cell is the largest |ln D_lookup - ln D_kernel|. Points without a D on both sides (not confined,\n"
        "failed, or beside such a node) are skipped and counted. As errors of several axes add up, 10,240 look-ups\n"
        "anywhere in the cube are compared, too: 256 media, drawn evenly on the axes' scales, at 40 rigidities each.\n"
        "\n"
        "The errors are stored in the cube, in its group `refinement`: a copy is changed and then takes its name, so\n"
        "that the cube is whole at any time. Its data and data_hash stay.\n"
        "\n"
        "  --to ERROR            the target; not below model.tolerance of the cube, whose values have that error\n"
        "  --share SHARE         of the look-ups that must be within it (1); with less, cells do not count, and the\n"
        "                        nodes that bring most look-ups within the target come first\n"
        "  --values N            values that the next grid may have at most (1e7)\n"
        "  -o, --output NEXT.yaml  the cube's configuration with nodes added, written if it is not fine enough: where\n"
        "                        D is smooth a cell is cut into 2 to 4 parts, as an error of third order asks for,\n"
        "                        where it has a kink into halves, and around M_A = 1 beside the kink. The old nodes\n"
        "                        stay to the bit, so that --reuse takes their values\n"
        "  --sample N|all        media per cell, and 8 N in all for rigidity, spread evenly over the grid, and the\n"
        "                        same ones in every run (16); each is a curve at all rigidities of the cube\n"
        "  --errors SIDE.h5      the errors into a new HDF5 file instead:\n"
        "                        python3 -m dmumu.plot error CUBE.h5 --errors SIDE.h5 ... draws them\n"
        "  --keep                do not store anything in the cube, as with --errors\n"
        "  --overwrite           NEXT.yaml and SIDE.h5 may exist\n"
        "  -h, --help            this text\n"
        "\n"
        "Columns: cells; the worst of their errors, and in which; cells over the target; the median; cells without a\n"
        "value; points compared, over the target, and skipped. Many cells over the target with few points in them: D\n"
        "has kinks there, as where confinement begins, and --share is what to ask for. A grid is a product of axes,\n"
        "and each round may multiply its size by 8: look at `next grid` before the scan.\n"
        "\n"
        "Threads: OMP_NUM_THREADS. What is said holds for the points that were looked at.\n"
        "\n"
        "`dmumu scan` runs the whole loop by itself with lookup_tolerance in its input. By hand, until `refine` says\n"
        "that look-ups are right:\n"
        "  dmumu scan coarse.yaml -o cube0.h5; i=0\n"
        "  while dmumu refine cube$i.h5 --to 1e-2 -o next$i.yaml && [ -e next$i.yaml ]; do\n"
        "    dmumu scan next$i.yaml --reuse cube$i.h5 -o cube$((i+1)).h5 || break; i=$((i+1))\n"
        "  done\n"
        "\n"
        "Exit status: 0 done, over the target or not, 1 the work failed, 2 bad usage or input.");
    return dmumu_cmd_flush(COMMAND, DMUMU_EXIT_OK);
}

/* ---- the command line -------------------------------------------------------------------------------------------- */

static int parse_options(int argc, char **argv, struct dmumu_refine_arguments *arguments)
{
    const struct dmumu_option_place places[] = {
        {'t', .text = &arguments->to},     {'p', .text = &arguments->share},
        {'n', .text = &arguments->values}, {'s', .text = &arguments->sample},
        {'o', .text = &arguments->output}, {'e', .text = &arguments->errors, .flag = &arguments->keep},
        {'k', .flag = &arguments->keep},   {'w', .flag = &arguments->overwrite},
        {'h', .flag = &arguments->help},
    };
    arguments->command = dmumu_cmd_join(argc, argv);
    if (!arguments->command)
        return dmumu_cmd_failed(COMMAND, "out of memory");
    const int status = dmumu_options_parse(COMMAND, argc, argv, options, sizeof places / sizeof *places, places);
    return status != DMUMU_EXIT_OK || arguments->help ? status
                                                      : dmumu_options_one_cube(COMMAND, argc, argv, &arguments->cube);
}

/* Files that are to be written: neither the cube nor each other, and new unless --overwrite. */
static int check_files(const struct dmumu_refine_arguments *arguments)
{
    const char *output = arguments->output, *errors = arguments->errors, *cube = arguments->cube;
    if (errors && output && dmumu_options_same_file(errors, output))
        return dmumu_cmd_usage(COMMAND, "--errors: '%s' is the file of --output, too", errors);
    const int status = dmumu_options_new_file(COMMAND, "--output", output, cube, arguments->overwrite);
    return status == DMUMU_EXIT_OK ? dmumu_options_new_file(COMMAND, "--errors", errors, cube, arguments->overwrite)
                                   : status;
}

/* A number of an option that may be left out. */
static int number_of(const char *option, const char *text, double low, double high, double *number)
{
    const struct dmumu_key key = {.kind = DMUMU_KEY_NUMBER, .low = low, .high = high, .unit = "1"};
    return text ? dmumu_numbers_one(COMMAND, option, text, strlen(text), &key, number) : DMUMU_EXIT_OK;
}

/* The cube is to be changed, unless asked otherwise. */
static int check_store(const struct dmumu_refine_arguments *arguments)
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

static int find_request(struct dmumu_refine_arguments *arguments)
{
    struct dmumu_refine_goal *goal = &arguments->goal;
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
    const char *text = arguments->sample;
    long sample = DMUMU_REFINE_SAMPLE;
    if (text && strcmp(text, "all") == 0)
        sample = 0;
    else if (text && (!dmumu_scalar_integer(text, &sample) || sample < 1 || sample > MOST_SAMPLE))
        return dmumu_cmd_usage(COMMAND, "--sample: '%.60s'; it must be a whole number from 1 to %d, or all", text,
                               (int)MOST_SAMPLE);
    arguments->sample_size = (size_t)sample;
    status = check_files(arguments);
    return status == DMUMU_EXIT_OK ? check_store(arguments) : status;
}

int dmumu_refine_arguments_parse(int argc, char **argv, struct dmumu_refine_arguments *arguments)
{
    const int status = parse_options(argc, argv, arguments);
    return status == DMUMU_EXIT_OK && !arguments->help ? find_request(arguments) : status;
}
