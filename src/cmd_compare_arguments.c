/* dmumu compare, its command line: options, their meaning, and the help. */
#include "cmd_compare.h"

#include "cmd_numbers.h"
#include "cmd_options.h"
#include "cmd_team.h"
#include "scan/config_scalar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char COMMAND[] = "compare";

enum { MOST_BEST = 1000, OPTION_NO_OUTPUT = 256, OPTION_NO_CURVES };

#define DEFAULT_RANGE "200:1e4"

static const struct option options[] = {
    {"model", required_argument, NULL, 'm'},
    {"models", required_argument, NULL, 'f'},
    {"range", required_argument, NULL, 'r'},
    {"free-normalisation", no_argument, NULL, 'n'},
    {"nucleus", required_argument, NULL, 'i'},
    {"halo-height", required_argument, NULL, 'z'},
    {"best", required_argument, NULL, 'b'},
    {"output", required_argument, NULL, 'o'},
    {"no-output", no_argument, NULL, OPTION_NO_OUTPUT},
    {"no-curves", no_argument, NULL, OPTION_NO_CURVES},
    {"overwrite", no_argument, NULL, 'w'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

int dmumu_compare_help(void)
{
    fputs(
        "dmumu compare: which curves of a cube come nearest to published D(R)\n"
        "\n"
        "Usage:  dmumu compare CUBE.h5 [--model NAME...] [OPTION...]\n"
        "\n"
        "For every curve of the cube, and every model, the distance in ln D over the cube's rigidities in the range, "
        "rms\n"
        "and worst, and that of the local slopes d ln D/d ln R. A curve without a value somewhere in the range is not\n"
        "compared. The best are printed; all of them go into a side file.\n"
        "\n"
        "  --model NAME[,NAME]   from `dmumu models`; repeatable; by default all of them\n"
        "  --models FILE         models of your own, YAML: `dmumu models --help` explains the keys\n"
        "  --range FROM:TO       rigidities in GV (" DEFAULT_RANGE "). Below 200 GV waves that cosmic rays make\n"
        "                        themselves are expected to take over from the turbulence that is computed here;\n"
        "                        the slopes that B/C shows up to 200 GV are not to be expected from it\n"
        "  --free-normalisation  compare shapes: one factor per curve and model is free\n"
        "  --halo-height H       kpc: compare D/H, with H for the cube's curves and each model's own for the model;\n"
        "                        D and H are degenerate in the measurements behind the models\n"
        "  --nucleus ISOTOPE     whose D of the model (H1); it counts below a few GV\n"
        "  --best N              how many to print per model (10)\n",
        stdout);
    fputs(
        "  -o, --output FILE.h5  the side file (CUBE.compare.h5, beside the cube), HDF5 with the cube's axes:\n"
        "                        distance, worst, normalisation, slope_distance, slope_worst (model, region,\n"
        "                        alfven_mach, beta, injection_scale), mean_slope; deviation = ln(D/D_model) at every\n"
        "                        rigidity (with model), slope (local, of the cube's curves), model_D, model_slope\n"
        "  --no-curves           leave deviation and slope out: they take 4 bytes for every value of D and model\n"
        "  --no-output           no side file\n"
        "  --overwrite           the side file may exist\n"
        "  -h, --help            this text\n"
        "\n"
        "Columns: rms and worst of ln(D/D_model); `next`, how much larger the rms of the next one is; the point; D "
        "and,\n"
        "with --halo-height, D/H, geometric means over the range; D over the model's; slope over the range; `d rms`\n"
        "and `d worst`, differences of the local slopes, which are to second order in the grid's steps for both.\n"
        "\n"
        "Examples:\n"
        "  dmumu compare galaxy.h5 --model crams2021,luque2021-diffusion\n"
        "  dmumu compare galaxy.h5 --free-normalisation --range 300:1e5 -o distances.h5\n"
        "\n"
        "Exit status: 0 done, 1 the cube cannot be read or the file not written, 2 bad usage or input.\n",
        stdout);
    return dmumu_cmd_flush(COMMAND, DMUMU_EXIT_OK);
}

static int parse_options(int argc, char **argv, struct dmumu_compare_arguments *arguments)
{
    const struct dmumu_option_place places[] = {
        {'m', .list = arguments->name, .n_list = &arguments->n_names},
        {'f', .text = &arguments->file},
        {'r', .text = &arguments->range},
        {'i', .text = &arguments->nucleus},
        {'z', .text = &arguments->height},
        {'b', .text = &arguments->best},
        {'o', .text = &arguments->output},
        {'n', .flag = &arguments->free_normalisation},
        {OPTION_NO_OUTPUT, .flag = &arguments->no_output},
        {OPTION_NO_CURVES, .flag = &arguments->no_curves},
        {'w', .flag = &arguments->overwrite},
        {'h', .flag = &arguments->help},
    };
    const int status = dmumu_options_parse(COMMAND, argc, argv, options, sizeof places / sizeof *places, places);
    return status != DMUMU_EXIT_OK || arguments->help ? status
                                                      : dmumu_options_one_cube(COMMAND, argc, argv, &arguments->cube);
}

static int add_model(struct dmumu_compare_arguments *arguments, const struct dmumu_parametrisation *model)
{
    size_t *n = &arguments->options.n_models;
    for (size_t i = 0; i < *n; i++)
        if (arguments->model[i] == model)
            return dmumu_cmd_usage(COMMAND, "--model: '%s' is given twice", model->name);
    if (*n == DMUMU_COMPARE_MOST_MODELS)
        return dmumu_cmd_usage(COMMAND, "--model: more than %d models", (int)DMUMU_COMPARE_MOST_MODELS);
    arguments->model[(*n)++] = model;
    return DMUMU_EXIT_OK;
}

static int add_named(struct dmumu_compare_arguments *arguments, const char *text, size_t size)
{
    char name[64];
    const char *known[DMUMU_COMPARE_MOST_MODELS];
    size_t n = 0;
    snprintf(name, sizeof name, "%.*s", (int)size, text);
    const struct dmumu_parametrisation *model = dmumu_models_find(&arguments->own, name);
    if (model && size < sizeof name)
        return add_model(arguments, model);
    for (; n < DMUMU_COMPARE_MOST_MODELS && dmumu_parametrisation_at(n); n++)
        known[n] = dmumu_parametrisation_at(n)->name;
    const char *nearest = dmumu_scalar_nearest(name, n, known);
    if (nearest)
        return dmumu_cmd_usage(COMMAND, "--model: no model '%s'; did you mean '%s'?", name, nearest);
    return dmumu_cmd_usage(COMMAND, "--model: no model '%s'; `dmumu models` lists them", name);
}

/* The models asked for; by default all, but with D/H only those that have a height. */
static int find_models(struct dmumu_compare_arguments *arguments)
{
    int status = DMUMU_EXIT_OK;
    for (size_t i = 0; i < arguments->n_names; i++)
        for (const char *at = arguments->name[i]; status == DMUMU_EXIT_OK; at++) {
            const size_t size = strcspn(at, ",");
            status = add_named(arguments, at, size);
            at += size;
            if (*at == '\0')
                break;
        }
    if (arguments->n_names > 0)
        return status;
    for (size_t i = 0; status == DMUMU_EXIT_OK && dmumu_parametrisation_at(i); i++)
        if (!arguments->height || !isnan(dmumu_parametrisation_at(i)->halo_height_kpc))
            status = add_model(arguments, dmumu_parametrisation_at(i));
    for (size_t i = 0; status == DMUMU_EXIT_OK && i < arguments->own.n; i++)
        if (!arguments->height || !isnan(arguments->own.model[i].halo_height_kpc))
            status = add_model(arguments, &arguments->own.model[i]);
    return status;
}

static int find_rest(struct dmumu_compare_arguments *arguments)
{
    const struct dmumu_key key = {.kind = DMUMU_KEY_NUMBER, .low = 1e-3, .high = 1e3, .unit = "kpc"};
    struct dmumu_compare_options *meant = &arguments->options;
    meant->halo_height_kpc = (double)NAN;
    meant->free_normalisation = arguments->free_normalisation;
    arguments->n_best = 10;
    int status = dmumu_options_range(COMMAND, arguments->range, DEFAULT_RANGE, &meant->from_gv, &meant->to_gv);
    if (status == DMUMU_EXIT_OK)
        status = dmumu_options_nucleus(COMMAND, arguments->nucleus, &meant->isotope);
    if (status == DMUMU_EXIT_OK)
        status = dmumu_options_whole(COMMAND, "--best", arguments->best, 1, MOST_BEST, &arguments->n_best);
    if (status == DMUMU_EXIT_OK && arguments->height)
        status = dmumu_numbers_one(COMMAND, "--halo-height", arguments->height, strlen(arguments->height), &key,
                                   &meant->halo_height_kpc);
    return status;
}

/* CUBE.h5: CUBE.compare.h5; another name: the same behind it. */
static int name_beside(struct dmumu_compare_arguments *arguments)
{
    static const char ending[] = ".h5", added[] = ".compare.h5";
    const size_t length = strlen(arguments->cube);
    const bool ends = length > strlen(ending) && strcmp(arguments->cube + length - strlen(ending), ending) == 0;
    const size_t kept = ends ? length - strlen(ending) : length;
    arguments->beside = malloc(kept + sizeof added);
    if (!arguments->beside)
        return dmumu_cmd_failed(COMMAND, "out of memory");
    memcpy(arguments->beside, arguments->cube, kept);
    memcpy(arguments->beside + kept, added, sizeof added);
    return DMUMU_EXIT_OK;
}

const char *dmumu_compare_output(const struct dmumu_compare_arguments *arguments)
{
    return arguments->output ? arguments->output : arguments->beside;
}

static int find_output(struct dmumu_compare_arguments *arguments)
{
    if (arguments->no_output && arguments->output)
        return dmumu_cmd_usage(COMMAND, "--no-output and --output: only one of them can be meant");
    if (arguments->no_output)
        return DMUMU_EXIT_OK;
    if (arguments->output)
        return dmumu_options_new_file(COMMAND, "--output", arguments->output, arguments->cube, arguments->overwrite);
    const int status = name_beside(arguments);
    if (status == DMUMU_EXIT_OK && !arguments->overwrite && access(arguments->beside, F_OK) == 0)
        return dmumu_cmd_usage(COMMAND,
                               "the side file '%s' exists; --overwrite replaces it, -o names another, --no-output does "
                               "without",
                               arguments->beside);
    return status;
}

static int understand(struct dmumu_compare_arguments *arguments)
{
    struct dmumu_error error = {0};
    if (arguments->file && dmumu_models_read(arguments->file, &arguments->own, &error) != DMUMU_OK)
        return dmumu_cmd_usage(COMMAND, "%s", error.message);
    int status = find_models(arguments);
    if (status == DMUMU_EXIT_OK)
        status = find_rest(arguments);
    arguments->options.model = arguments->model;
    return status == DMUMU_EXIT_OK ? find_output(arguments) : status;
}

int dmumu_compare_arguments_parse(int argc, char **argv, struct dmumu_compare_arguments *arguments)
{
    arguments->name = calloc((size_t)argc, sizeof *arguments->name);
    arguments->command = dmumu_cmd_join(argc, argv);
    if (!arguments->name || !arguments->command)
        return dmumu_cmd_failed(COMMAND, "out of memory");
    const int status = parse_options(argc, argv, arguments);
    return status == DMUMU_EXIT_OK && !arguments->help ? understand(arguments) : status;
}

void dmumu_compare_arguments_free(struct dmumu_compare_arguments *arguments)
{
    dmumu_models_free(&arguments->own);
    free(arguments->name);
    free(arguments->command);
    free(arguments->beside);
}
