/* dmumu models: the published D(R) that a cube can be compared with, and a user's own. */
#include "cmd.h"
#include "cmd_numbers.h"
#include "cmd_options.h"
#include "scan/config_scalar.h"
#include "scan/models_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char COMMAND[] = "models";

enum { MAX_KNOWN = 256 };

struct arguments {
    const char *file, *rigidity, *nucleus;
    bool help;
    size_t n; /* names */
    char **name;
    enum dmumu_isotope isotope;
    size_t n_rigidities;
    double *rigidity_gv; /* owned */
};

static const struct option options[] = {
    {"models", required_argument, NULL, 'm'},
    {"rigidity", required_argument, NULL, 'g'},
    {"nucleus", required_argument, NULL, 'n'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int help(void)
{
    puts("dmumu models: published D(R), to compare with\n"
         "\n"
         "Usage:  dmumu models [--models FILE]\n"
         "        dmumu models NAME... [--rigidity RANGE] [--nucleus ISOTOPE] [--models FILE]\n"
         "\n"
         "Without a NAME: a table of all of them. With names: formula, parameters, source, and D(R).\n"
         "\n"
         "  --rigidity RANGE   GV, from:to:points (even in the logarithm) or an ascending comma list;\n"
         "                     default 1:1e5:6\n"
         "  --nucleus ISOTOPE  H1 (default), He4, B10, B11, C12, N14, O16, Ne20, Mg24 or Si28: its speed b = v/c is in "
         "D\n"
         "  --models FILE      models of your own, YAML:\n"
         "                       mine: {d0_cm2_s: 4.0e+28, slope: 0.5, rigidity_gv: 4, halo_height_kpc: 4}\n"
         "                     and velocity_power, low and high {rigidity_gv, slope, smoothness}, alfven_speed_km_s,\n"
         "                     adds_advection, from_gv, to_gv, title, source\n"
         "  -h, --help         this text\n"
         "\n"
         "  D = D_0 b^eta (R/R_0)^delta [1 + (R/R_l)^-g_l]^s_l [1 + (R/R_h)^g_h]^-s_h (+ 2 v_A H),\n"
         "  with the slope delta_l far below R_l and delta_h far above R_h: g = (change of slope)/s.\n"
         "\n"
         "Models with different halo heights H are degenerate in D: compare D/H. The rigidities 'data' are those of "
         "the\n"
         "measurements behind a model, where its source says so.\n"
         "\n"
         "Columns: rigidity [GV], D [cm^2/s], D/H [cm^2/s per kpc], local slope d ln D/d ln R.\n"
         "\n"
         "Examples:\n"
         "  dmumu models\n"
         "  dmumu models crams2021 max --rigidity 10,100,1000\n"
         "  dmumu models mine --models mine.yaml --nucleus B11\n"
         "\n"
         "Exit status: 0 done, 2 bad usage or input.");
    return dmumu_cmd_flush(COMMAND, DMUMU_EXIT_OK);
}

static int parse_options(int argc, char **argv, struct arguments *arguments)
{
    opterr = 0;
    optind = 1;
    int option;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        switch (option) {
        case 'm':
            arguments->file = optarg;
            break;
        case 'g':
            arguments->rigidity = optarg;
            break;
        case 'n':
            arguments->nucleus = optarg;
            break;
        case 'h':
            arguments->help = true;
            break;
        default:
            return dmumu_cmd_bad_option(COMMAND, option, argv, options);
        }
    }
    arguments->n = (size_t)(argc - optind);
    arguments->name = argv + optind;
    return DMUMU_EXIT_OK;
}

static int find_rigidities(struct arguments *arguments)
{
    const struct dmumu_key key = {.kind = DMUMU_KEY_NUMBER, .low = 1e-3, .high = 1e9, .unit = "GV"};
    const char *text = arguments->rigidity ? arguments->rigidity : "1:1e5:6";
    return strchr(text, ':') ? dmumu_numbers_range(COMMAND, "--rigidity", text, &key, &arguments->n_rigidities,
                                                   &arguments->rigidity_gv)
                             : dmumu_numbers_list(COMMAND, "--rigidity", text, &key, &arguments->n_rigidities,
                                                  &arguments->rigidity_gv);
}

/* The i-th of the registry and then of the user's; NULL past the end. */
static const struct dmumu_parametrisation *model_at(const struct dmumu_models *models, size_t i)
{
    size_t n = 0;
    while (dmumu_parametrisation_at(n))
        n++;
    if (i < n)
        return dmumu_parametrisation_at(i);
    return i - n < models->n ? &models->model[i - n] : NULL;
}

static int unknown_model(const struct dmumu_models *models, const char *name)
{
    const char *known[MAX_KNOWN];
    size_t n = 0;
    for (const struct dmumu_parametrisation *model; n < MAX_KNOWN && (model = model_at(models, n)); n++)
        known[n] = model->name;
    const char *nearest = dmumu_scalar_nearest(name, n, known);
    if (nearest)
        return dmumu_cmd_usage(COMMAND, "no model '%.60s'; did you mean '%s'?", name, nearest);
    return dmumu_cmd_usage(COMMAND, "no model '%.60s'; `dmumu models` lists them", name);
}

/* A number, or a dash where there is none. */
static void print_number(int width, double value)
{
    if (isnan(value))
        printf(" %*s", width, "-");
    else
        printf(" %*.4g", width, value);
}

static double d_of(const struct dmumu_parametrisation *model, enum dmumu_isotope isotope, double rigidity_gv)
{
    double d = 0.0;
    dmumu_parametrisation_d(model, isotope, 1, &rigidity_gv, &d);
    return d;
}

static void print_list(const struct dmumu_models *models)
{
    printf("%-22s %6s %8s %8s %6s %6s %10s %10s  %s\n", "name", "slope", "R_high", "slope", "H", "v_A", "D(10 GV)",
           "D(1 TV)", "what");
    printf("%-22s %6s %8s %8s %6s %6s %10s %10s\n", "", "", "GV", "beyond", "kpc", "km/s", "cm^2/s", "cm^2/s");
    const struct dmumu_parametrisation *model;
    for (size_t i = 0; (model = model_at(models, i)); i++) {
        printf("%-22s %6.3f", model->name, model->slope);
        print_number(8, model->high.rigidity_gv);
        print_number(8, isnan(model->high.rigidity_gv) ? (double)NAN : model->high.slope);
        print_number(6, model->halo_height_kpc);
        print_number(6, model->alfven_speed_km_s);
        printf(" %10.3e %10.3e  ", d_of(model, DMUMU_H1, 10.0), d_of(model, DMUMU_H1, 1e3));
        dmumu_cmd_print(stdout, model->title);
        putchar('\n');
    }
    puts("\n`dmumu models NAME` has each formula with its numbers and source. D is that of protons.");
}

static void print_break(const char *side, const struct dmumu_break *at)
{
    if (isnan(at->rigidity_gv))
        return;
    printf("#   break at %.6g GV: slope %.6g %s it, ", at->rigidity_gv, at->slope, side);
    if (at->smoothness > 0.0)
        printf("s = %.6g\n", at->smoothness);
    else
        puts("a kink");
}

static void print_text(const char *label, const char *text)
{
    printf("#   %s", label);
    dmumu_cmd_print(stdout, text);
    putchar('\n');
}

static void print_header(const struct dmumu_parametrisation *model)
{
    printf("# %s: ", model->name);
    dmumu_cmd_print(stdout, model->title);
    putchar('\n');
    print_text("source: ", model->source);
    printf("#   D = %.6g b^%.6g (R / %.6g GV)^%.6g%s%s cm^2/s\n", model->d0_cm2_s, model->velocity_power,
           model->rigidity_gv, model->slope,
           isnan(model->low.rigidity_gv) && isnan(model->high.rigidity_gv) ? "" : " x breaks",
           model->adds_advection ? " + 2 v_A H" : "");
    print_break("below", &model->low);
    print_break("above", &model->high);
    printf("#   H [kpc]:");
    print_number(1, model->halo_height_kpc);
    printf("; v_A [km/s]:");
    print_number(1, model->alfven_speed_km_s);
    if (isnan(model->from_gv) || isnan(model->to_gv))
        puts("; data: not stated");
    else
        printf("; data: %.6g to %.6g GV\n", model->from_gv, model->to_gv);
}

static void print_model(const struct arguments *arguments, const struct dmumu_parametrisation *model)
{
    print_header(model);
    printf("# of %s: rigidity_gv D_cm2_s D_over_H_cm2_s_kpc slope\n", dmumu_isotope_nuclide(arguments->isotope)->name);
    for (size_t i = 0; i < arguments->n_rigidities; i++) {
        const double rigidity_gv = arguments->rigidity_gv[i];
        const double d = d_of(model, arguments->isotope, rigidity_gv);
        printf("%.10e %.10e %.10e %.10f\n", rigidity_gv, d, d / model->halo_height_kpc,
               dmumu_parametrisation_slope(model, arguments->isotope, rigidity_gv));
    }
}

/* Every name is looked up before anything is printed. */
static int answer(struct arguments *arguments, const struct dmumu_models *models)
{
    for (size_t i = 0; i < arguments->n; i++)
        if (!dmumu_models_find(models, arguments->name[i]))
            return unknown_model(models, arguments->name[i]);
    int status = dmumu_options_nucleus(COMMAND, arguments->nucleus, &arguments->isotope);
    if (status == DMUMU_EXIT_OK)
        status = find_rigidities(arguments);
    if (status != DMUMU_EXIT_OK)
        return status;
    if (arguments->n == 0)
        print_list(models);
    for (size_t i = 0; i < arguments->n; i++)
        print_model(arguments, dmumu_models_find(models, arguments->name[i]));
    return dmumu_cmd_flush(COMMAND, DMUMU_EXIT_OK);
}

int dmumu_cmd_models(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct dmumu_models models = {0, NULL, NULL};
    struct dmumu_error error = {0};
    int status = parse_options(argc, argv, &arguments);
    if (status == DMUMU_EXIT_OK && arguments.help)
        return help();
    if (status == DMUMU_EXIT_OK && arguments.n == 0 && (arguments.rigidity || arguments.nucleus))
        status = dmumu_cmd_usage(COMMAND, "--rigidity and --nucleus want the NAME of a model");
    if (status == DMUMU_EXIT_OK && arguments.file && dmumu_models_read(arguments.file, &models, &error) != DMUMU_OK)
        status = dmumu_cmd_usage(COMMAND, "%s", error.message);
    if (status == DMUMU_EXIT_OK)
        status = answer(&arguments, &models);
    dmumu_models_free(&models);
    free(arguments.rigidity_gv);
    return status;
}
