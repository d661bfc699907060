/* The command line of `dmumu scan` (see cmd_scan.h). */
#include "cmd_scan.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: dmumu scan INPUT.yaml -o CUBE.h5 [options]\n"
    "       mpirun -n RANKS dmumu scan INPUT.yaml -o CUBE.h5 [options]\n"
    "\n"
    "Compute D(R) at every point of the grid that INPUT.yaml describes, into one HDF5 cube. It is called CUBE.h5.part\n"
    "until it is complete. OMP_NUM_THREADS sets the threads of each rank. All keys: inputs/reference.yaml.\n"
    "With lookup_tolerance in INPUT.yaml nodes are added to the grid, in rounds, until look-ups in the cube are right\n"
    "to that error. Each round is a cube CUBE.h5.round-K, removed when the next is complete; --resume goes on with "
    "it.\n"
    "\n"
    "  -o, --output CUBE.h5     the file to write\n"
    "      --resume             go on with the CUBE.h5.part of a scan that was interrupted, on any number of ranks "
    "and\n"
    "                           threads; begin if there is none, and do nothing if CUBE.h5 is complete\n"
    "      --reuse OLD.h5[,...] take over the points that older cubes of the same physics have (.part too): extending "
    "or\n"
    "                           refining an axis then costs only the new points. Coordinates that differ from theirs "
    "by\n"
    "                           rounding alone (a part in 1e12) become theirs; may be repeated\n"
    "      --part I/N           compute part I of N of the grid, 1 <= I <= N, as a cube of its own, for job arrays:\n"
    "                           `dmumu merge` joins the parts to the cube of the whole\n"
    "      --overwrite          replace CUBE.h5 and, without --resume, what an interrupted scan left of it\n"
    "      --set SECTION.KEY=V  override a key of INPUT.yaml; may be repeated\n"
    "      --dry-run            print the grid, its size on disk and the estimated time; write nothing\n"
    "      --walltime TIME      stop in time to be written before TIME has passed since the start, in seconds or "
    "[[D-]H:]M:S;\n"
    "                           under Slurm the job's own end counts without being told. USR1 and USR2 stop a scan "
    "too.\n"
    "                           It ends with status 3, and goes on with --resume\n"
    "      --margin SECONDS     kept free for the last write (default 60, and no more than a tenth of the time); "
    "after\n"
    "                           USR1 or USR2 the work in hand may take as long\n"
    "      --epoch SECONDS      time between two writes to disk (default 30; 0: at every chance)\n"
    "      --block CURVES       curves handed to a rank at a time (default: adapted to what is left to do)\n"
    "      --buffer MB          memory per rank for curves that are not written yet (default 64)\n"
    "      --help               this text\n"
    "\n"
    "Exit status: 0 done, 1 the work failed, 2 bad usage or input, 3 stopped in good order before it was complete,\n"
    "4 complete, but look-ups are not as right as lookup_tolerance asks: lookup_rounds or lookup_values was reached.\n";

static int usage(const struct dmumu_scan_arguments *arguments, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int usage(const struct dmumu_scan_arguments *arguments, const char *format, ...)
{
    char text[8192];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return arguments->quiet ? DMUMU_EXIT_USAGE : dmumu_cmd_usage("scan", "%s", text);
}

static int parse_number(const struct dmumu_scan_arguments *arguments, const char *option, double least, double most,
                        double *value)
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
    OPTION_REUSE,
    OPTION_PART,
    OPTION_SET,
    OPTION_DRY_RUN,
    OPTION_WALLTIME,
    OPTION_MARGIN,
    OPTION_EPOCH,
    OPTION_BLOCK,
    OPTION_BUFFER,
    OPTION_HELP
};

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},           {"overwrite", no_argument, NULL, OPTION_OVERWRITE},
    {"resume", no_argument, NULL, OPTION_RESUME},       {"reuse", required_argument, NULL, OPTION_REUSE},
    {"part", required_argument, NULL, OPTION_PART},     {"set", required_argument, NULL, OPTION_SET},
    {"dry-run", no_argument, NULL, OPTION_DRY_RUN},     {"walltime", required_argument, NULL, OPTION_WALLTIME},
    {"margin", required_argument, NULL, OPTION_MARGIN}, {"epoch", required_argument, NULL, OPTION_EPOCH},
    {"block", required_argument, NULL, OPTION_BLOCK},   {"buffer", required_argument, NULL, OPTION_BUFFER},
    {"help", no_argument, NULL, OPTION_HELP},           {NULL, 0, NULL, 0}};

/* Add the files of one --reuse to the list. */
static int add_reuse(struct dmumu_scan_arguments *arguments, const char *list)
{
    char *text = strdup(list);
    size_t n = 1;
    for (const char *c = list; *c; ++c)
        n += *c == ',';
    const char **longer = realloc(arguments->reuse, (arguments->options.n_reuse + n) * sizeof *longer);
    if (longer)
        arguments->reuse = longer;
    char **texts = realloc(arguments->reuse_texts, (arguments->n_reuse_texts + 1) * sizeof *texts);
    if (texts)
        arguments->reuse_texts = texts;
    if (!text || !longer || !texts) {
        free(text);
        return dmumu_cmd_failed("scan", "no memory for the command line");
    }
    arguments->reuse_texts[arguments->n_reuse_texts++] = text;
    for (char *next = text; next;) {
        char *comma = strchr(next, ',');
        if (comma)
            *comma = '\0';
        if (!*next)
            return usage(arguments, "--reuse '%s': a name is empty", list);
        arguments->reuse[arguments->options.n_reuse++] = next;
        next = comma ? comma + 1 : NULL;
    }
    arguments->options.reuse = arguments->reuse;
    return DMUMU_EXIT_OK;
}

static int parse_option(int option, char **argv, struct dmumu_scan_arguments *arguments)
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
    case OPTION_REUSE:
        status = add_reuse(arguments, optarg);
        break;
    case OPTION_PART:
        if (!dmumu_part_parse(optarg, &arguments->options.part))
            status = usage(arguments, "--part '%s': I/N is wanted, part I of N, such as 3/8", optarg);
        break;
    case OPTION_SET:
        arguments->overrides[arguments->n_overrides++] = optarg;
        break;
    case OPTION_DRY_RUN:
        arguments->dry_run = true;
        break;
    case OPTION_WALLTIME:
        if (!dmumu_walltime_parse(optarg, &arguments->limit_s))
            status = usage(arguments, "--walltime '%s': a time is wanted, in seconds or as [[D-]H:]M:S", optarg);
        break;
    case OPTION_MARGIN:
        status = parse_number(arguments, "--margin", 0.0, 1e6, &arguments->margin_s);
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

int dmumu_scan_arguments_parse(int argc, char **argv, struct dmumu_scan_arguments *arguments)
{
    int option = 0;
    opterr = 0;
    optind = 1;
    arguments->overrides = calloc((size_t)argc, sizeof *arguments->overrides);
    if (!arguments->overrides)
        return dmumu_cmd_failed("scan", "no memory for the command line");
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

void dmumu_scan_arguments_free(struct dmumu_scan_arguments *arguments)
{
    free(arguments->overrides);
    free(arguments->reuse);
    for (size_t i = 0; i < arguments->n_reuse_texts; ++i)
        free(arguments->reuse_texts[i]);
    free(arguments->reuse_texts);
}

const char *dmumu_scan_help(void)
{
    return help;
}
