/* dmumu fit, its command line: options, their meaning, and the help. */
#include "cmd_fit.h"

#include "cmd.h"
#include "cmd_numbers.h"
#include "cmd_options.h"
#include "cmd_team.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char COMMAND[] = "fit";

enum { OPTION_FLUX_SLOPE = 256, MOST_BEST = 1000 };

#define DEFAULT_RANGE "200:1e5"

static const struct option options[] = {
    {"data", required_argument, NULL, 'd'},
    {"range", required_argument, NULL, 'r'},
    {"errors", required_argument, NULL, 'e'},
    {"normalisation", required_argument, NULL, 'k'},
    {"disk-size", required_argument, NULL, 's'},
    {"halo-height", required_argument, NULL, 'z'},
    {"advection", required_argument, NULL, 'a'},
    {"gas", required_argument, NULL, 'g'},
    {"modulation", required_argument, NULL, 'm'},
    {"flux-slope", required_argument, NULL, OPTION_FLUX_SLOPE},
    {"best", required_argument, NULL, 'b'},
    {"output", required_argument, NULL, 'o'},
    {"overwrite", no_argument, NULL, 'w'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

int dmumu_fit_help(void)
{
    fputs(
        "dmumu fit: which turbulence in disk and halo gives the measured B/C and B/O\n"
        "\n"
        "Usage:  [mpirun -np N] dmumu fit CUBE.h5 --data FILE [FILE...] [OPTION...]\n"
        "\n"
        "chi^2 of every pair of a disk point and a halo point of the cube, through the stationary transport from a "
        "thin\n"
        "sheet of sources and gas through D_disk and D_halo to a free edge. Every pair that has D at all rigidities "
        "that\n"
        "the data need is computed; ranks and threads share them, and change no bit of the result.\n"
        "\n"
        "  --data FILE           a ratio from KISS, CRDB or USINE: B_C or B_O over rigidity or energy per nucleon;\n"
        "                        repeatable, and any words behind the cube are files too. FILE@B_C takes one quantity\n"
        "                        of a file of several\n"
        "  --range FROM:TO       rigidities in GV (" DEFAULT_RANGE "; energies are taken for C12). Below 200 GV waves\n"
        "                        that cosmic rays make themselves are expected to take over from the turbulence that "
        "is\n"
        "                        computed here: agreement below is not to be expected, nor disagreement an argument\n"
        "  --errors KIND         quadrature (default), linear, or stat: how systematic errors join the statistical "
        "ones,\n"
        "                        point by point; their correlations are not in the files, so that chi^2 below the "
        "number\n"
        "                        of points is no surprise\n"
        "  --normalisation S     of each data set a factor k on the model is profiled, 1 +- S (0.1: what cross "
        "sections\n"
        "                        leave open); `free`, or `fixed` at 1\n",
        stdout);
    fputs(
        "  --disk-size L         kpc, comma list: half-thickness of the disk's turbulence (0.9)\n"
        "  --halo-height H       kpc, comma list: height of the free edge (6). Every size goes with every height\n"
        "  --advection W         km/s, away from the disk (0)\n"
        "  --gas MU              mg/cm^2, surface density of the whole disk (2.3)\n"
        "  --modulation PHI      GV, force field (0.5)\n"
        "  --flux-slope G        of oxygen, R^-G, in the cross sections' kinematics (2.7)\n"
        "  --best N              how many pairs to print and to keep (10)\n"
        "  -o, --output FILE.h5  a new HDF5 file: minima of chi^2 over each point of disk and halo and over each pair\n"
        "                        of axes, the best pairs with their ratios, the data as fitted\n"
        "  --overwrite           FILE.h5 may exist\n"
        "  -h, --help            this text\n"
        "\n"
        "Between the cube's rigidities ln D is linear in ln R; nothing is extrapolated. A curve without a value where\n"
        "one is needed (not confined) is in no pair. Production cross sections are the built-in constants, meant for\n"
        ">= 10 GeV/n. Degrees of freedom: points, less free normalisations, less axes of more than one value.\n"
        "\n"
        "Examples:\n"
        "  dmumu fit galaxy.h5 --data AMS-02_B_C_rigidity.txt AMS-02_B_O_rigidity.txt -o fit.h5\n"
        "  mpirun -np 2 dmumu fit galaxy.h5 --data AMS-02_B_C_rigidity.txt --disk-size 0.3,0.9 --halo-height 3,6,10\n"
        "\n"
        "Exit status: 0 done, 1 the cube cannot be read or the file not written, 2 bad usage or input.\n",
        stdout);
    return dmumu_cmd_flush(COMMAND, DMUMU_EXIT_OK);
}

static int parse_options(int argc, char **argv, struct dmumu_fit_arguments *arguments)
{
    const struct dmumu_option_place places[] = {
        {'d', .list = arguments->file, .n_list = &arguments->data.n_files},
        {'r', .text = &arguments->range},
        {'e', .text = &arguments->errors},
        {'k', .text = &arguments->normalisation},
        {'s', .text = &arguments->disk_size},
        {'z', .text = &arguments->halo_height},
        {'a', .text = &arguments->advection},
        {'g', .text = &arguments->gas},
        {'m', .text = &arguments->modulation},
        {OPTION_FLUX_SLOPE, .text = &arguments->flux_slope},
        {'b', .text = &arguments->best},
        {'o', .text = &arguments->output},
        {'w', .flag = &arguments->overwrite},
        {'h', .flag = &arguments->help},
    };
    const int status = dmumu_options_parse(COMMAND, argc, argv, options, sizeof places / sizeof *places, places);
    if (status != DMUMU_EXIT_OK || arguments->help)
        return status;
    if (optind == argc)
        return dmumu_cmd_usage(COMMAND, "a cube is wanted");
    arguments->cube = argv[optind++];
    while (optind < argc)
        arguments->file[arguments->data.n_files++] = argv[optind++];
    arguments->data.file = arguments->file;
    return arguments->data.n_files > 0 ? DMUMU_EXIT_OK
                                       : dmumu_cmd_usage(COMMAND, "--data: at least one file is wanted");
}

static int find_words(struct dmumu_fit_arguments *arguments)
{
    static const char *const kinds[] = {"quadrature", "linear", "stat"};
    const struct dmumu_key key = {.kind = DMUMU_KEY_NUMBER, .low = 0.0, .high = 10.0, .unit = ""};
    const char *errors = arguments->errors ? arguments->errors : kinds[0];
    int kind = 0;
    while (kind < DMUMU_N_ERRORS && strcmp(errors, kinds[kind]) != 0)
        kind++;
    if (kind == DMUMU_N_ERRORS)
        return dmumu_cmd_usage(COMMAND, "--errors: '%.60s' is unknown; it must be quadrature, linear or stat", errors);
    arguments->data.errors = (enum dmumu_crdata_errors)kind;
    const char *text = arguments->normalisation ? arguments->normalisation : "0.1";
    arguments->data.normalisation_sigma = 0.0;
    if (strcmp(text, "fixed") == 0)
        return DMUMU_EXIT_OK;
    if (strcmp(text, "free") == 0) {
        arguments->data.normalisation_sigma = (double)INFINITY;
        return DMUMU_EXIT_OK;
    }
    return dmumu_numbers_one(COMMAND, "--normalisation", text, strlen(text), &key,
                             &arguments->data.normalisation_sigma);
}

static int find_numbers(struct dmumu_fit_arguments *arguments)
{
    const struct {
        const char *option, *text, *missing;
        struct dmumu_key key;
        double *value;
    } numbers[] = {
        {"--advection",
         arguments->advection,
         "0",
         {.kind = DMUMU_KEY_NUMBER, .low = 0.0, .high = 1e4, .unit = "km/s"},
         &arguments->base.advection_km_s},
        {"--gas",
         arguments->gas,
         "2.3",
         {.kind = DMUMU_KEY_NUMBER, .low = 1e-3, .high = 1e3, .unit = "mg/cm^2"},
         &arguments->base.gas_surface_density_mg_cm2},
        {"--modulation",
         arguments->modulation,
         "0.5",
         {.kind = DMUMU_KEY_NUMBER, .low = 0.0, .high = 10.0, .unit = "GV"},
         &arguments->data.modulation_gv},
        {"--flux-slope",
         arguments->flux_slope,
         "2.7",
         {.kind = DMUMU_KEY_NUMBER, .low = 0.0, .high = 10.0, .unit = ""},
         &arguments->data.flux_slope},
    };
    int status = DMUMU_EXIT_OK;
    for (size_t i = 0; status == DMUMU_EXIT_OK && i < sizeof numbers / sizeof *numbers; i++) {
        const char *text = numbers[i].text ? numbers[i].text : numbers[i].missing;
        status = dmumu_numbers_one(COMMAND, numbers[i].option, text, strlen(text), &numbers[i].key, numbers[i].value);
    }
    return status;
}

static int find_galaxies(struct dmumu_fit_arguments *arguments)
{
    const struct dmumu_key size = {.kind = DMUMU_KEY_NUMBER, .low = 0.0, .high = 1e3, .unit = "kpc"};
    const struct dmumu_key height = {.kind = DMUMU_KEY_NUMBER, .low = 1e-3, .high = 1e3, .unit = "kpc"};
    int status = dmumu_numbers_list(COMMAND, "--disk-size", arguments->disk_size ? arguments->disk_size : "0.9", &size,
                                    &arguments->n_disk_sizes, &arguments->disk_size_kpc);
    if (status == DMUMU_EXIT_OK)
        status = dmumu_numbers_list(COMMAND, "--halo-height", arguments->halo_height ? arguments->halo_height : "6",
                                    &height, &arguments->n_halo_heights, &arguments->halo_height_kpc);
    if (status != DMUMU_EXIT_OK)
        return status;
    const double largest_kpc = arguments->disk_size_kpc[arguments->n_disk_sizes - 1];
    if (largest_kpc > arguments->halo_height_kpc[0])
        return dmumu_cmd_usage(COMMAND, "--disk-size: %g kpc is more than the least --halo-height, %g kpc", largest_kpc,
                               arguments->halo_height_kpc[0]);
    return DMUMU_EXIT_OK;
}

static int understand(struct dmumu_fit_arguments *arguments)
{
    arguments->n_best = 10;
    int status =
        dmumu_options_range(COMMAND, arguments->range, DEFAULT_RANGE, &arguments->data.from_gv, &arguments->data.to_gv);
    if (status == DMUMU_EXIT_OK)
        status = find_words(arguments);
    if (status == DMUMU_EXIT_OK)
        status = find_numbers(arguments);
    if (status == DMUMU_EXIT_OK)
        status = find_galaxies(arguments);
    if (status == DMUMU_EXIT_OK)
        status = dmumu_options_whole(COMMAND, "--best", arguments->best, 1, MOST_BEST, &arguments->n_best);
    return status;
}

int dmumu_fit_arguments_parse(int argc, char **argv, struct dmumu_fit_arguments *arguments)
{
    arguments->file = calloc((size_t)argc, sizeof *arguments->file);
    arguments->command = dmumu_cmd_join(argc, argv);
    dmumu_galaxy_default(&arguments->base);
    if (!arguments->file || !arguments->command)
        return dmumu_cmd_failed(COMMAND, "out of memory");
    const int status = parse_options(argc, argv, arguments);
    return status == DMUMU_EXIT_OK && !arguments->help ? understand(arguments) : status;
}

void dmumu_fit_arguments_free(struct dmumu_fit_arguments *arguments)
{
    free(arguments->file);
    free(arguments->command);
    free(arguments->disk_size_kpc);
    free(arguments->halo_height_kpc);
}
