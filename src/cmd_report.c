/*
 * dmumu report: says how the page of a cube is made. The page is the work of analysis/dmumu/report.py, since its figures
 * are drawn in Python; this program starts no other.
 */
#include "cmd.h"

static const char COMMAND[] = "report";

static const struct option options[] = {
    {"output", required_argument, NULL, 'o'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};

static int help(void)
{
    puts("dmumu report: one self-contained page about a cube\n"
         "\n"
         "Usage:  dmumu report CUBE.h5 -o PAGE.html        prints the command that makes it\n"
         "        PYTHONPATH=analysis python3 -m dmumu.report CUBE.h5 -o PAGE.html\n"
         "\n"
         "What was computed, on what, how accurate; figures; an explorer of D(R) and its slope with a slider for each "
         "axis\n"
         "and published D(R) over it. The page needs no network and no other file. Python draws it (numpy, xarray,\n"
         "h5netcdf, matplotlib; `make deps` brings them), from the project's folder or with PYTHONPATH at its "
         "analysis/.\n"
         "\n"
         "  -o, --output PAGE.html  the page\n"
         "  -h, --help              this text\n"
         "\n"
         "Exit status: 0 the command was printed, 2 bad usage.");
    return dmumu_cmd_flush(COMMAND, DMUMU_EXIT_OK);
}

/* A word as a shell takes it: between single quotes, in which each of its own becomes '\''. */
static void print_word(const char *word)
{
    putchar('\'');
    for (const char *at = word; *at;) {
        if (*at == '\'') {
            fputs("'\\''", stdout);
            at++;
        } else {
            at = dmumu_cmd_print_next(stdout, at);
        }
    }
    putchar('\'');
}

int dmumu_cmd_report(int argc, char **argv)
{
    const char *output = NULL;
    opterr = 0;
    optind = 1;
    int option;
    while ((option = getopt_long(argc, argv, ":o:h", options, NULL)) != -1) {
        if (option == 'h')
            return help();
        if (option != 'o')
            return dmumu_cmd_bad_option(COMMAND, option, argv, options);
        output = optarg;
    }
    if (argc - optind != 1)
        return dmumu_cmd_usage(COMMAND, argc == optind ? "a cube is wanted" : "one cube is wanted");
    if (!output)
        return dmumu_cmd_usage(COMMAND, "-o PAGE.html is wanted");
    fputs("dmumu report: the page is drawn in Python, from the project's folder, by\n", stderr);
    fputs("PYTHONPATH=analysis python3 -m dmumu.report ", stdout);
    print_word(argv[optind]);
    fputs(" -o ", stdout);
    print_word(output);
    putchar('\n');
    return dmumu_cmd_flush(COMMAND, DMUMU_EXIT_OK);
}
