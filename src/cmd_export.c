/* `dmumu export`: a cube in the words of other codes. Here: the options, and which of them go with which format. */
#include "cmd_export.h"

#include "scan/config_scalar.h"

#include <string.h>

static const char COMMAND[] = "export";

enum {
    DRAGON2 = 1 << DMUMU_EXPORT_DRAGON2,
    FITS = 1 << DMUMU_EXPORT_GALPROP | 1 << DMUMU_EXPORT_USINE | 1 << DMUMU_EXPORT_CRPROPA,
    CSV = 1 << DMUMU_EXPORT_CSV,
    EMULATOR = 1 << DMUMU_EXPORT_EMULATOR
};

static const char *const formats[DMUMU_EXPORT_N_FORMATS] = {"dragon2", "galprop", "usine",
                                                            "crpropa", "csv",     "emulator"};
#define FORMATS "dragon2, galprop, usine, crpropa, csv, emulator"

/* Each option: its name and the formats that know it. */
static const struct known {
    const char *name;
    int formats;
} known[DMUMU_EXPORT_N_OPTIONS] = {
    [DMUMU_EXPORT_REGION] = {"--region", FITS | CSV},
    [DMUMU_EXPORT_ALFVEN_MACH] = {"--alfven-mach", DRAGON2 | FITS | CSV},
    [DMUMU_EXPORT_BETA] = {"--beta", DRAGON2 | FITS | CSV},
    [DMUMU_EXPORT_INJECTION_SCALE] = {"--injection-scale", DRAGON2 | FITS | CSV},
    [DMUMU_EXPORT_DISK_ALFVEN_MACH] = {"--disk-alfven-mach", DRAGON2},
    [DMUMU_EXPORT_DISK_BETA] = {"--disk-beta", DRAGON2},
    [DMUMU_EXPORT_DISK_INJECTION_SCALE] = {"--disk-injection-scale", DRAGON2},
    [DMUMU_EXPORT_RIGIDITY] = {"--rigidity", CSV},
    [DMUMU_EXPORT_MOMENTUM] = {"--momentum", DRAGON2},
    [DMUMU_EXPORT_RANGE] = {"--range", FITS},
    [DMUMU_EXPORT_OUTSIDE] = {"--outside", DRAGON2 | FITS | CSV},
    [DMUMU_EXPORT_TEST_FRACTION] = {"--test-fraction", EMULATOR},
    [DMUMU_EXPORT_SEED] = {"--seed", EMULATOR},
    [DMUMU_EXPORT_OUTPUT] = {"--output", DRAGON2 | FITS | CSV | EMULATOR},
};

enum { FIRST_VALUE = 256, FORMAT = 'f', OUTPUT = 'o', OVERWRITE = 'w', HELP = 'h' };

static const struct option options[] = {
    {"format", required_argument, NULL, FORMAT},
    {"region", required_argument, NULL, FIRST_VALUE + DMUMU_EXPORT_REGION},
    {"alfven-mach", required_argument, NULL, FIRST_VALUE + DMUMU_EXPORT_ALFVEN_MACH},
    {"beta", required_argument, NULL, FIRST_VALUE + DMUMU_EXPORT_BETA},
    {"injection-scale", required_argument, NULL, FIRST_VALUE + DMUMU_EXPORT_INJECTION_SCALE},
    {"disk-alfven-mach", required_argument, NULL, FIRST_VALUE + DMUMU_EXPORT_DISK_ALFVEN_MACH},
    {"disk-beta", required_argument, NULL, FIRST_VALUE + DMUMU_EXPORT_DISK_BETA},
    {"disk-injection-scale", required_argument, NULL, FIRST_VALUE + DMUMU_EXPORT_DISK_INJECTION_SCALE},
    {"rigidity", required_argument, NULL, FIRST_VALUE + DMUMU_EXPORT_RIGIDITY},
    {"momentum", required_argument, NULL, FIRST_VALUE + DMUMU_EXPORT_MOMENTUM},
    {"range", required_argument, NULL, FIRST_VALUE + DMUMU_EXPORT_RANGE},
    {"outside", required_argument, NULL, FIRST_VALUE + DMUMU_EXPORT_OUTSIDE},
    {"test-fraction", required_argument, NULL, FIRST_VALUE + DMUMU_EXPORT_TEST_FRACTION},
    {"seed", required_argument, NULL, FIRST_VALUE + DMUMU_EXPORT_SEED},
    {"output", required_argument, NULL, OUTPUT},
    {"overwrite", no_argument, NULL, OVERWRITE},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

static const char help_formats[] =
    "dmumu export: a cube as tables and parameters for other codes\n"
    "\n"
    "Usage:  dmumu export CUBE.h5 --format FORMAT [OPTION...]\n"
    "\n"
    "Formats:\n"
    "  dragon2   two tables 'p R D' without a header, of halo and disk, for the two-zone model of the customised\n"
    "            DRAGON2, and the XML lines that name them: -o DIR gets the three files, stdout the XML lines too.\n"
    "            p is the rigidity in GV, R = r_L/L, D in cm^2/s. The code interpolates with a cubic spline in linear\n"
    "            p, looks up at p A/Z (p: momentum per nucleon in GeV) and goes on linearly outside of the table, so\n"
    "            the table must cover all that a run looks up: from p at its Ekmin to A/Z times p at its Ekmax\n"
    "  galprop   D0_xx, D_rigid_br, D_g_1, D_g_2 of the broken power law that fits best, as lines of a galdef file\n"
    "  usine     K0, delta, two smooth breaks (low and high), with the formula, as lines of an initialisation file\n"
    "  crpropa   scale and alpha of DiffusionSDE, which knows one power law and no break, as lines of Python\n"
    "  csv       one value per line: region, M_A, beta, L, rigidity, D, estimated error, quality\n"
    "  emulator  one .npz: parameters [n, 5], ln_D, rel_error, quality, and the rows to train and to test with\n"
    "\n";

static const char help_points[] =
    "Which medium (values between the nodes are interpolated; an axis of one value needs no option):\n"
    "  --region disk|halo        galprop, usine, crpropa; csv: a list; dragon2 takes both, emulator everything\n"
    "  --alfven-mach M           csv: a comma list, or all nodes where it is not given; so for the next two\n"
    "  --beta B\n"
    "  --injection-scale L       in pc\n"
    "  --disk-alfven-mach M, --disk-beta B, --disk-injection-scale L\n"
    "                            dragon2: of the disk, where it differs from the halo\n"
    "\n"
    "Which rigidities, in GV:\n"
    "  --momentum FROM:TO:N      dragon2: even in the logarithm, default 0.1:1e6:281: protons from 5 MeV and nuclei "
    "of\n"
    "                            A/Z up to 3 to 300 TeV per nucleon\n"
    "  --range FROM:TO           galprop, usine, crpropa: where to fit, default the cube's axis\n"
    "  --rigidity RANGE          csv: from:to:points or a comma list, default all nodes\n"
    "  --outside error|power_law beyond the cube's rigidities: refuse (default), or go on with the slope at the end\n"
    "\n"
    "Train and test (emulator):\n"
    "  --test-fraction F         part of the media to test with, 0 to 0.9, default 0.2; all rigidities of a medium "
    "stay\n"
    "                            together\n"
    "  --seed N                  which of them, a whole number from 0, default 1; the same on every machine\n"
    "\n";

static const char help_output[] =
    "  -o, --output FILE|DIR     dragon2: a folder, made if it does not exist; emulator: FILE.npz; else a file "
    "instead\n"
    "                            of stdout\n"
    "  --overwrite               files that exist may be replaced\n"
    "  -h, --help                this text\n"
    "\n"
    "The fits are least squares of ln D on 40 even steps per decade of rigidity; the relative residuals, rms and "
    "worst,\n"
    "come with the parameters. The cube is for particles at the speed of light: a factor (v/c)^eta is the code's.\n"
    "\n"
    "Examples:\n"
    "  dmumu export galaxy.h5 --format dragon2 --alfven-mach 0.5 --beta 0.14 --injection-scale 100 \\\n"
    "      --disk-alfven-mach 0.4 --momentum 1:1e5:201 -o tables\n"
    "  dmumu export galaxy.h5 --format galprop --region halo --alfven-mach 0.5 --beta 0.14 \\\n"
    "      --injection-scale 100 --range 10:1e4\n"
    "  dmumu export galaxy.h5 --format csv --region halo --alfven-mach 0.3,0.5 --rigidity 1,10,100 -o points.csv\n"
    "  dmumu export galaxy.h5 --format emulator --test-fraction 0.1 --seed 7 -o galaxy.npz\n"
    "\n"
    "Exit status: 0 done, 1 the work failed, 2 bad usage, or more than the cube holds.\n";

static int help(void)
{
    fputs(help_formats, stdout);
    fputs(help_points, stdout);
    fputs(help_output, stdout);
    return dmumu_cmd_flush(COMMAND, DMUMU_EXIT_OK);
}

const char *dmumu_export_option(enum dmumu_export_option option)
{
    return known[option].name;
}

struct given {
    struct dmumu_export export;
    const char *format;
    bool help;
};

/* Store one option; false for one that is not ours. */
static bool store(struct given *given, int option)
{
    if (option >= FIRST_VALUE && option < FIRST_VALUE + DMUMU_EXPORT_N_OPTIONS)
        given->export.text[option - FIRST_VALUE] = optarg;
    else if (option == FORMAT)
        given->format = optarg;
    else if (option == OUTPUT)
        given->export.text[DMUMU_EXPORT_OUTPUT] = optarg;
    else if (option == OVERWRITE)
        given->export.overwrite = true;
    else if (option == HELP)
        given->help = true;
    else
        return false;
    return true;
}

static int find_format(const char *format, enum dmumu_export_format *found)
{
    if (!format)
        return dmumu_cmd_usage(COMMAND, "--format is missing; it must be one of: " FORMATS);
    for (int i = 0; i < DMUMU_EXPORT_N_FORMATS; i++) {
        if (strcmp(format, formats[i]) == 0) {
            *found = (enum dmumu_export_format)i;
            return DMUMU_EXIT_OK;
        }
    }
    return dmumu_cmd_usage(COMMAND, "--format: '%.60s' is unknown; it must be one of: " FORMATS, format);
}

/* An option that the format would not look at is a mistake. */
static int check_options(const struct dmumu_export *export)
{
    for (int i = 0; i < DMUMU_EXPORT_N_OPTIONS; i++)
        if (export->text[i] && !(known[i].formats & 1 << export->format))
            return dmumu_cmd_usage(COMMAND, "%s is not for --format %s", known[i].name, formats[export->format]);
    const bool needs_output = export->format == DMUMU_EXPORT_DRAGON2 || export->format == DMUMU_EXPORT_EMULATOR;
    if (needs_output && !export->text[DMUMU_EXPORT_OUTPUT])
        return dmumu_cmd_usage(COMMAND, "--output is missing; for --format %s it must be %s", formats[export->format],
                               export->format == DMUMU_EXPORT_DRAGON2 ? "a folder" : "a new file, such as cube.npz");
    return DMUMU_EXIT_OK;
}

static int parse_options(int argc, char **argv, struct given *given)
{
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":o:h", options, NULL)) != -1)
        if (!store(given, option))
            return dmumu_cmd_bad_option(COMMAND, option, argv, options);
    if (given->help)
        return DMUMU_EXIT_OK;
    if (optind == argc)
        return dmumu_cmd_usage(COMMAND, "a cube is wanted");
    if (optind + 1 < argc)
        return dmumu_cmd_usage(COMMAND, "one cube is wanted, but '%.80s' comes after '%.80s'", argv[optind + 1],
                               argv[optind]);
    given->export.path = argv[optind];
    const int status = find_format(given->format, &given->export.format);
    return status == DMUMU_EXIT_OK ? check_options(&given->export) : status;
}

int dmumu_cmd_export(int argc, char **argv)
{
    struct given given = {.help = false};
    const int status = parse_options(argc, argv, &given);
    if (status != DMUMU_EXIT_OK)
        return status;
    if (given.help)
        return help();
    switch (given.export.format) {
    case DMUMU_EXPORT_DRAGON2:
        return dmumu_export_dragon2(&given.export);
    case DMUMU_EXPORT_CSV:
        return dmumu_export_csv(&given.export);
    case DMUMU_EXPORT_EMULATOR:
        return dmumu_export_emulator(&given.export);
    default:
        return dmumu_export_power_law(&given.export);
    }
}
