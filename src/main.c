/* dmumu: the program. Finds the command, hands over; MPI is the business of `scan`, `merge` and `fit`. */
#include "cmd.h"
#include "scan/config_scalar.h"

#include <stdio.h>
#include <string.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *does;
} commands[] = {
    {"curve", dmumu_cmd_curve, "one curve D(R), or D_mumu(mu), as a text table"},
    {"scan", dmumu_cmd_scan, "a grid of curves into one HDF5 cube, under mpirun or alone"},
    {"merge", dmumu_cmd_merge, "the parts of a grid, of a job array, into one cube"},
    {"info", dmumu_cmd_info, "what a cube holds and how much of it is done"},
    {"refine", dmumu_cmd_refine, "errors of look-ups in a cube, and the input of a finer scan"},
    {"compare", dmumu_cmd_compare, "which curves of a cube come nearest to published D(R)"},
    {"fit", dmumu_cmd_fit, "chi^2 of every pair of disk and halo points against measured B/C and B/O"},
    {"report", dmumu_cmd_report, "one self-contained page about a cube, with an explorer"},
    {"models", dmumu_cmd_models, "published D(R), to compare with"},
    {"estimate", dmumu_cmd_estimate, "the one-line estimates of a talk, with their numbers"},
    {"export", dmumu_cmd_export, "a cube as tables and parameters for other codes"},
};

#define COMMANDS "curve, scan, merge, info, refine, compare, fit, report, models, estimate, export"

enum { N_COMMANDS = sizeof commands / sizeof *commands };

static int help(void)
{
    puts("dmumu: cosmic-ray diffusion coefficients D(R) from MHD turbulence\n"
         "\n"
         "Usage:  dmumu COMMAND [OPTION...]\n"
         "\n"
         "Commands:");
    for (size_t i = 0; i < N_COMMANDS; i++)
        printf("  %-10s%s\n", commands[i].name, commands[i].does);
    puts("\n"
         "Options:\n"
         "  --help     this text; `dmumu COMMAND --help` for one command\n"
         "  --version  version and git revision\n"
         "\n"
         "Examples:\n"
         "  dmumu curve --region halo --alfven-mach 0.5 --beta 0.14 --injection-scale 100 --rigidity 1:1e6:61\n"
         "  mpirun -np 4 dmumu scan inputs/galaxy.yaml -o galaxy.h5\n"
         "  dmumu info galaxy.h5\n"
         "\n"
         "Exit status: 0 done, 1 the work failed, 2 bad usage or input.");
    return dmumu_cmd_flush("--help", DMUMU_EXIT_OK);
}

static int version(void)
{
    printf("dmumu %s (git %.12s%s)\n", DMUMU_VERSION, DMUMU_GIT_REVISION, DMUMU_GIT_DIRTY ? ", with changes" : "");
    return dmumu_cmd_flush("--version", DMUMU_EXIT_OK);
}

static int unknown_command(const char *word)
{
    const char *names[N_COMMANDS];
    for (size_t i = 0; i < N_COMMANDS; i++)
        names[i] = commands[i].name;
    const char *nearest = dmumu_scalar_nearest(word, N_COMMANDS, names);
    const char *kind = word[0] == '-' ? "option" : "command";
    if (nearest)
        return dmumu_cmd_usage(NULL, "unknown %s '%.80s'; did you mean '%s'?", kind, word, nearest);
    return dmumu_cmd_usage(NULL, "unknown %s '%.80s'; the commands are " COMMANDS, kind, word);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return dmumu_cmd_usage(NULL, "no command; the commands are " COMMANDS);
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
        return help();
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
        return version();
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(word, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    return unknown_command(word);
}
