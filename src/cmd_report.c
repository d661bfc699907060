/*
 * dmumu report: the page of a cube. Its figures are drawn in Python, by analysis/dmumu/report.py; this looks at the
 * cube and at the place of the page, and hands over.
 */
#include "cmd.h"
#include "cmd_options.h"
#include "cmd_python.h"
#include "cube/read.h"

#include <stdlib.h>
#include <string.h>

static const char COMMAND[] = "report";

struct arguments {
    const char *cube, *output;
    bool overwrite, print_command, help;
};

static const struct option options[] = {
    {"output", required_argument, NULL, 'o'},
    {"overwrite", no_argument, NULL, 'w'},
    {"print-command", no_argument, NULL, 'p'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int help(void)
{
    puts("dmumu report: one self-contained page about a cube\n"
         "\n"
         "Usage:  dmumu report CUBE.h5 -o PAGE.html [OPTION...]\n"
         "\n"
         "What was computed, on what, how accurate; figures; an explorer of D(R) and its slope with a slider for each "
         "axis\n"
         "and published D(R) over it, for the mouse and the keyboard. The page needs no network and no other file.\n"
         "\n"
         "  -o, --output PAGE.html  the page\n"
         "  --overwrite             PAGE.html may exist\n"
         "  --print-command         print what would be run, and do nothing\n"
         "  -h, --help              this text\n"
         "\n"
         "Python 3.10 or later draws it, with numpy, h5py, xarray, h5netcdf and matplotlib (`make deps` brings them).\n"
         "DMUMU_PYTHON names the Python; else /usr/bin/python3, or python3 where that is not. The Python package is\n"
         "found beside the program: analysis/ of the checkout, or PREFIX/share/dmumu/python of `make install`.\n"
         "\n"
         "Example:\n"
         "  dmumu report galaxy.h5 -o galaxy.html\n"
         "\n"
         "Exit status: that of Python (0 done, 1 the page could not be made), 2 bad usage or input.");
    return dmumu_cmd_flush(COMMAND, DMUMU_EXIT_OK);
}

static int parse(int argc, char **argv, struct arguments *arguments)
{
    const struct dmumu_option_place places[] = {{'o', .text = &arguments->output},
                                                {'w', .flag = &arguments->overwrite},
                                                {'p', .flag = &arguments->print_command},
                                                {'h', .flag = &arguments->help}};
    int status = dmumu_options_parse(COMMAND, argc, argv, options, sizeof places / sizeof *places, places);
    if (status != DMUMU_EXIT_OK || arguments->help)
        return status;
    status = dmumu_options_one_cube(COMMAND, argc, argv, &arguments->cube);
    if (status == DMUMU_EXIT_OK && !arguments->output)
        return dmumu_cmd_usage(COMMAND, "-o PAGE.html is wanted");
    return status;
}

/* What would be a pity to find out when all is drawn. */
static int look(const struct arguments *arguments)
{
    struct dmumu_error error = {0};
    const int status =
        dmumu_options_new_file(COMMAND, "--output", arguments->output, arguments->cube, arguments->overwrite);
    if (status != DMUMU_EXIT_OK)
        return status;
    return dmumu_cube_probe(arguments->cube, &error) == DMUMU_OK ? DMUMU_EXIT_OK
                                                                 : dmumu_cmd_failed(COMMAND, "%s", error.message);
}

static int answer(const struct arguments *arguments)
{
    static const char *const needs[] = {"dmumu", "numpy", "h5py", "xarray", "h5netcdf", "matplotlib"};
    const size_t size = strlen(arguments->output) + sizeof "--output=";
    char *output = malloc(size);
    if (!output)
        return dmumu_cmd_failed(COMMAND, "out of memory");
    snprintf(output, size, "--output=%s", arguments->output);
    const char *words[4] = {output};
    size_t n = 1;
    if (arguments->overwrite)
        words[n++] = "--overwrite";
    words[n++] = "--";
    words[n++] = arguments->cube;
    const struct dmumu_python python = {.module = "dmumu.report",
                                        .needs = needs,
                                        .n_needs = sizeof needs / sizeof *needs,
                                        .argument = words,
                                        .n_arguments = n};
    int status = DMUMU_EXIT_OK;
    if (arguments->print_command) {
        status = dmumu_python_print(COMMAND, &python);
    } else {
        status = look(arguments);
        if (status == DMUMU_EXIT_OK)
            status = dmumu_python_become(COMMAND, &python);
    }
    free(output);
    return status;
}

int dmumu_cmd_report(int argc, char **argv)
{
    struct arguments arguments = {0};
    const int status = parse(argc, argv, &arguments);
    if (status != DMUMU_EXIT_OK)
        return status;
    return arguments.help ? help() : answer(&arguments);
}
