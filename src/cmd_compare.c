/* dmumu compare: which curves of a cube come nearest to published D(R). */
#include "cmd.h"
#include "cmd_numbers.h"
#include "cmd_team.h"
#include "cube/read.h"
#include "cube/side.h"
#include "scan/compare.h"
#include "scan/config_scalar.h"
#include "scan/models_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char COMMAND[] = "compare";

enum { MAX_MODELS = 64, MOST_BEST = 1000 };

#define DEFAULT_RANGE "200:1e4"

struct arguments {
    const char *cube, *file, *range, *nucleus, *height, *best, *output;
    char *command; /* owned: the command line */
    bool free_normalisation, overwrite, help;
    size_t n_names;
    const char **name; /* [n_names] owned list; each a comma list */
};

/* What the arguments mean. */
struct request {
    struct dmumu_models own;
    const struct dmumu_parametrisation *model[MAX_MODELS];
    struct dmumu_compare_options options;
    size_t n_best;
};

static const struct option options[] = {
    {"model", required_argument, NULL, 'm'},
    {"models", required_argument, NULL, 'f'},
    {"range", required_argument, NULL, 'r'},
    {"free-normalisation", no_argument, NULL, 'n'},
    {"nucleus", required_argument, NULL, 'i'},
    {"halo-height", required_argument, NULL, 'z'},
    {"best", required_argument, NULL, 'b'},
    {"output", required_argument, NULL, 'o'},
    {"overwrite", no_argument, NULL, 'w'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int help(void)
{
    puts("dmumu compare: which curves of a cube come nearest to published D(R)\n"
         "\n"
         "Usage:  dmumu compare CUBE.h5 [--model NAME...] [OPTION...]\n"
         "\n"
         "For every curve of the cube, and every model, the distance in ln D over the cube's rigidities in the range:\n"
         "rms and worst. A curve without a value somewhere in the range is not compared.\n"
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
         "  --best N              how many to print per model (10)\n"
         "  -o, --output FILE.h5  distances over the whole grid into a new HDF5 file with the cube's axes:\n"
         "                        distance, worst, normalisation (model, region, alfven_mach, beta, injection_scale)\n"
         "                        and slope\n"
         "  --overwrite           FILE.h5 may exist\n"
         "  -h, --help            this text\n"
         "\n"
         "Columns: rms and worst of ln(D/D_model); how much larger the rms of the next one is; the point; D and, with\n"
         "--halo-height, D/H, geometric means over the range; D over the model's; local slope.\n"
         "\n"
         "Examples:\n"
         "  dmumu compare galaxy.h5 --model crams2021,luque2021-diffusion\n"
         "  dmumu compare galaxy.h5 --free-normalisation --range 300:1e5 -o distances.h5\n"
         "\n"
         "Exit status: 0 done, 1 the cube cannot be read or the file not written, 2 bad usage or input.");
    return dmumu_cmd_flush(COMMAND, DMUMU_EXIT_OK);
}

static bool store(struct arguments *arguments, int option)
{
    const struct {
        int option;
        const char **text;
    } texts[] = {{'f', &arguments->file},   {'r', &arguments->range}, {'i', &arguments->nucleus},
                 {'z', &arguments->height}, {'b', &arguments->best},  {'o', &arguments->output}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].option == option) {
            *texts[i].text = optarg;
            return true;
        }
    const struct {
        int option;
        bool *flag;
    } flags[] = {{'n', &arguments->free_normalisation}, {'w', &arguments->overwrite}, {'h', &arguments->help}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (flags[i].option == option) {
            *flags[i].flag = true;
            return true;
        }
    if (option == 'm')
        arguments->name[arguments->n_names++] = optarg;
    return option == 'm';
}

static int parse_options(int argc, char **argv, struct arguments *arguments)
{
    arguments->name = calloc((size_t)argc, sizeof *arguments->name);
    arguments->command = dmumu_cmd_join(argc, argv);
    if (!arguments->name || !arguments->command)
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

static int add_model(struct request *request, const struct dmumu_parametrisation *model)
{
    size_t *n = &request->options.n_models;
    for (size_t i = 0; i < *n; i++)
        if (request->model[i] == model)
            return dmumu_cmd_usage(COMMAND, "--model: '%s' is given twice", model->name);
    if (*n == MAX_MODELS)
        return dmumu_cmd_usage(COMMAND, "--model: more than %d models", (int)MAX_MODELS);
    request->model[(*n)++] = model;
    return DMUMU_EXIT_OK;
}

static int add_named(struct request *request, const char *text, size_t size)
{
    char name[64];
    const char *known[MAX_MODELS];
    size_t n = 0;
    snprintf(name, sizeof name, "%.*s", (int)size, text);
    const struct dmumu_parametrisation *model = dmumu_models_find(&request->own, name);
    if (model && size < sizeof name)
        return add_model(request, model);
    for (; n < MAX_MODELS && dmumu_parametrisation_at(n); n++)
        known[n] = dmumu_parametrisation_at(n)->name;
    const char *nearest = dmumu_scalar_nearest(name, n, known);
    if (nearest)
        return dmumu_cmd_usage(COMMAND, "--model: no model '%s'; did you mean '%s'?", name, nearest);
    return dmumu_cmd_usage(COMMAND, "--model: no model '%s'; `dmumu models` lists them", name);
}

/* The models asked for; by default all, but with D/H only those that have a height. */
static int find_models(const struct arguments *arguments, struct request *request)
{
    int status = DMUMU_EXIT_OK;
    for (size_t i = 0; i < arguments->n_names; i++)
        for (const char *at = arguments->name[i]; status == DMUMU_EXIT_OK; at++) {
            const size_t size = strcspn(at, ",");
            status = add_named(request, at, size);
            at += size;
            if (*at == '\0')
                break;
        }
    if (arguments->n_names > 0)
        return status;
    for (size_t i = 0; status == DMUMU_EXIT_OK && dmumu_parametrisation_at(i); i++)
        if (!arguments->height || !isnan(dmumu_parametrisation_at(i)->halo_height_kpc))
            status = add_model(request, dmumu_parametrisation_at(i));
    for (size_t i = 0; status == DMUMU_EXIT_OK && i < request->own.n; i++)
        if (!arguments->height || !isnan(request->own.model[i].halo_height_kpc))
            status = add_model(request, &request->own.model[i]);
    return status;
}

static int find_range(const struct arguments *arguments, struct request *request)
{
    const struct dmumu_key key = {.kind = DMUMU_KEY_NUMBER, .low = 1e-3, .high = 1e10, .unit = "GV"};
    const char *text = arguments->range ? arguments->range : DEFAULT_RANGE;
    const char *colon = strchr(text, ':');
    if (!colon || strchr(colon + 1, ':'))
        return dmumu_cmd_usage(COMMAND, "--range: '%.60s' must be from:to, such as " DEFAULT_RANGE, text);
    int status = dmumu_numbers_one(COMMAND, "--range", text, (size_t)(colon - text), &key, &request->options.from_gv);
    if (status == DMUMU_EXIT_OK)
        status = dmumu_numbers_one(COMMAND, "--range", colon + 1, strlen(colon + 1), &key, &request->options.to_gv);
    if (status == DMUMU_EXIT_OK && !(request->options.to_gv > request->options.from_gv))
        status = dmumu_cmd_usage(COMMAND, "--range: '%.60s' is not ascending; to must be larger than from", text);
    return status;
}

static int find_rest(const struct arguments *arguments, struct request *request)
{
    const struct dmumu_key key = {.kind = DMUMU_KEY_NUMBER, .low = 1e-3, .high = 1e3, .unit = "kpc"};
    request->options.halo_height_kpc = (double)NAN;
    request->options.free_normalisation = arguments->free_normalisation;
    request->options.isotope = arguments->nucleus ? dmumu_isotope_find(arguments->nucleus) : DMUMU_H1;
    if (request->options.isotope == DMUMU_N_ISOTOPES)
        return dmumu_cmd_usage(COMMAND,
                               "--nucleus: '%.60s' is unknown; it must be one of: H1, He4, B10, B11, C12, N14, O16, "
                               "Ne20, Mg24, Si28",
                               arguments->nucleus);
    long best = 10;
    if (arguments->best && (!dmumu_scalar_integer(arguments->best, &best) || best < 1 || best > MOST_BEST))
        return dmumu_cmd_usage(COMMAND, "--best: '%.60s'; it must be a whole number from 1 to %d", arguments->best,
                               (int)MOST_BEST);
    request->n_best = (size_t)best;
    return arguments->height ? dmumu_numbers_one(COMMAND, "--halo-height", arguments->height, strlen(arguments->height),
                                                 &key, &request->options.halo_height_kpc)
                             : DMUMU_EXIT_OK;
}

static int find_request(const struct arguments *arguments, struct request *request)
{
    struct dmumu_error error = {0};
    if (arguments->file && dmumu_models_read(arguments->file, &request->own, &error) != DMUMU_OK)
        return dmumu_cmd_usage(COMMAND, "%s", error.message);
    int status = find_models(arguments, request);
    if (status == DMUMU_EXIT_OK)
        status = find_range(arguments, request);
    if (status == DMUMU_EXIT_OK)
        status = find_rest(arguments, request);
    request->options.model = request->model;
    if (status == DMUMU_EXIT_OK && arguments->output && !arguments->overwrite && access(arguments->output, F_OK) == 0)
        status = dmumu_cmd_usage(COMMAND, "--output: '%s' exists; --overwrite replaces it", arguments->output);
    return status;
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

/* Indices along the first four axes of a curve, row-major. */
static void find_index(const struct dmumu_cube_source_info *cube, uint64_t curve, size_t index[4])
{
    for (int i = 3; i >= 0; i--) {
        index[i] = (size_t)(curve % cube->axis[i].n);
        curve /= cube->axis[i].n;
    }
}

static void print_model(const struct request *request, const struct dmumu_comparison *comparison, size_t m)
{
    const struct dmumu_parametrisation *model = request->model[m];
    const bool over_height = !isnan(request->options.halo_height_kpc);
    printf("\n%s: ", model->name);
    dmumu_cmd_print(stdout, model->title);
    printf("\n  over the range: D = %.3e cm^2/s, slope %.3f", comparison->model_d_cm2_s[m], comparison->model_slope[m]);
    if (over_height)
        printf(", D/H = %.3e cm^2/s/kpc", comparison->model_d_cm2_s[m] / model->halo_height_kpc);
    if (!(model->from_gv <= request->options.from_gv && model->to_gv >= request->options.to_gv)) {
        if (isnan(model->from_gv) || isnan(model->to_gv))
            fputs("; on what data is not stated", stdout);
        else
            printf("; data from %g to %g GV: beyond, an extrapolation", model->from_gv, model->to_gv);
    }
    printf("\n  %4s %7s %7s %6s  %-6s %6s %8s %8s %10s", "rank", "rms", "worst", "next", "region", "M_A", "beta",
           "L [pc]", "D");
    printf("%s %9s %6s\n", over_height ? "        D/H" : "", over_height ? "relative" : "D/D_model", "slope");
}

static void print_row(const struct request *request, const struct dmumu_cube_source_info *cube,
                      const struct dmumu_comparison *comparison, size_t m, const uint64_t best[], size_t i,
                      size_t found)
{
    const struct dmumu_distance *distances = &comparison->distance[m * comparison->n_curves];
    const struct dmumu_distance *distance = &distances[best[i]];
    const double height_kpc = request->options.halo_height_kpc;
    const double model_height_kpc = request->model[m]->halo_height_kpc;
    const double relative_d =
        isnan(height_kpc) ? distance->normalisation : distance->normalisation * height_kpc / model_height_kpc;
    const double d = comparison->model_d_cm2_s[m] * relative_d;
    size_t index[4];
    find_index(cube, best[i], index);
    printf("  %4zu %7.4f %7.4f", i + 1, distance->rms, distance->worst);
    if (i + 1 < found)
        printf(" %+5.0f%%", 100.0 * (distances[best[i + 1]].rms / distance->rms - 1.0));
    else
        printf(" %6s", "-");
    printf("  %-6s %6.4g %8.4g %8.4g %10.3e", dmumu_region_name((enum dmumu_region)cube->axis[0].values[index[0]]),
           cube->axis[1].values[index[1]], cube->axis[2].values[index[2]], cube->axis[3].values[index[3]], d);
    if (!isnan(height_kpc))
        printf(" %10.3e", d / height_kpc);
    printf(" %9.3f %6.3f\n", distance->normalisation, distance->slope);
}

static int print_tables(const struct request *request, const struct dmumu_cube_source_info *cube,
                        const struct dmumu_comparison *comparison)
{
    uint64_t *best = calloc(request->n_best + 1, sizeof *best);
    if (!best)
        return dmumu_cmd_failed(COMMAND, "out of memory");
    dmumu_cmd_print(stdout, cube->path);
    printf(": %llu of %llu curves have values at its %zu rigidities from %g to %g GV\n",
           (unsigned long long)comparison->n_compared, (unsigned long long)comparison->n_curves,
           comparison->n_rigidities, comparison->first_gv, comparison->last_gv);
    if (request->options.from_gv < 200.0)
        puts("Below 200 GV waves that cosmic rays make themselves are expected to take over from this turbulence.");
    for (size_t m = 0; m < request->options.n_models; m++) {
        const size_t found = dmumu_comparison_best(comparison, m, request->n_best + 1, best);
        print_model(request, comparison, m);
        for (size_t i = 0; i < found && i < request->n_best; i++)
            print_row(request, cube, comparison, m, best, i, found);
        if (found == 0)
            puts("  no curve of the cube has values in the whole range");
    }
    free(best);
    return dmumu_cmd_flush(COMMAND, DMUMU_EXIT_OK);
}

/* ---- the side file ----------------------------------------------------------------------------------------------- */

static int write_side(const struct arguments *arguments, const struct request *request,
                      const struct dmumu_cube_source_info *cube, const struct dmumu_comparison *comparison)
{
    const char *name[MAX_MODELS];
    const size_t n_models = request->options.n_models;
    const size_t n_curves = (size_t)comparison->n_curves;
    const size_t n = n_models * n_curves;
    double *values = malloc((3 * n + n_curves + 1) * sizeof *values);
    if (!values)
        return dmumu_cmd_failed(COMMAND, "out of memory");
    for (size_t m = 0; m < n_models; m++)
        name[m] = request->model[m]->name;
    for (size_t i = 0; i < n; i++) {
        values[i] = comparison->distance[i].rms;
        values[n + i] = comparison->distance[i].worst;
        values[2 * n + i] = comparison->distance[i].normalisation;
    }
    for (size_t i = 0; i < n_curves; i++)
        values[3 * n + i] = comparison->distance[i].slope;
    const struct dmumu_side side = {.cube = cube,
                                    .n_models = n_models,
                                    .model = name,
                                    .from_gv = request->options.from_gv,
                                    .to_gv = request->options.to_gv,
                                    .free_normalisation = request->options.free_normalisation,
                                    .halo_height_kpc = request->options.halo_height_kpc,
                                    .command = arguments->command,
                                    .distance = values,
                                    .worst = values + n,
                                    .normalisation = values + 2 * n,
                                    .slope = values + 3 * n};
    struct dmumu_error error = {0};
    const enum dmumu_status status = dmumu_side_write(arguments->output, arguments->overwrite, &side, &error);
    free(values);
    return status == DMUMU_OK ? DMUMU_EXIT_OK : dmumu_cmd_failed(COMMAND, "%s", error.message);
}

static int tell(const struct arguments *arguments, const struct request *request,
                const struct dmumu_cube_source_info *cube, const struct dmumu_comparison *comparison)
{
    const int status = arguments->output ? write_side(arguments, request, cube, comparison) : DMUMU_EXIT_OK;
    return status == DMUMU_EXIT_OK ? print_tables(request, cube, comparison) : status;
}

static int answer(const struct arguments *arguments, const struct request *request)
{
    struct dmumu_error error = {0};
    struct dmumu_cube_source *source = NULL;
    struct dmumu_comparison comparison = {0};
    enum dmumu_status done = dmumu_cube_probe(arguments->cube, &error);
    if (done == DMUMU_OK)
        done = dmumu_cube_source_open(arguments->cube, &source, &error);
    if (done == DMUMU_OK)
        done = dmumu_compare_run(source, &request->options, &comparison, &error);
    int status = DMUMU_EXIT_FAILED;
    if (done == DMUMU_OK)
        status = tell(arguments, request, dmumu_cube_source_about(source), &comparison);
    else if (done == DMUMU_ERROR_ARGUMENT)
        status = dmumu_cmd_usage(COMMAND, "%s", error.message);
    else
        status = dmumu_cmd_failed(COMMAND, "%s", error.message);
    dmumu_comparison_free(&comparison);
    dmumu_cube_source_close(source);
    return status;
}

int dmumu_cmd_compare(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct request request = {.own = {0, NULL, NULL}};
    int status = parse_options(argc, argv, &arguments);
    if (status == DMUMU_EXIT_OK && arguments.help) {
        status = help();
    } else if (status == DMUMU_EXIT_OK) {
        status = find_request(&arguments, &request);
        if (status == DMUMU_EXIT_OK)
            status = answer(&arguments, &request);
    }
    dmumu_models_free(&request.own);
    free(arguments.name);
    free(arguments.command);
    return status;
}
