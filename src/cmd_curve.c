/* `dmumu curve`: one point of the grid, as a table on stdout. Here: the options, and what they mean. */
#include "cmd_curve.h"

#include "cmd.h"
#include "cmd_numbers.h"
#include "cmd_output.h"
#include "scan/config_keys.h"
#include "scan/config_scalar.h"

#include <stdlib.h>
#include <string.h>

static const char COMMAND[] = "curve";

/* The options as text; NULL where not given. */
struct given {
    const char *region, *alfven_mach, *beta, *injection_scale, *rigidity;
    const char *config, *kernel, *pitch, *output;
    const char **sets; /* [n_sets], owned */
    size_t n_sets;
    bool overwrite, help;
};

static const struct option options[] = {
    {"region", required_argument, NULL, 'r'},
    {"alfven-mach", required_argument, NULL, 'a'},
    {"beta", required_argument, NULL, 'b'},
    {"injection-scale", required_argument, NULL, 'l'},
    {"rigidity", required_argument, NULL, 'g'},
    {"config", required_argument, NULL, 'c'},
    {"set", required_argument, NULL, 's'},
    {"kernel", required_argument, NULL, 'k'},
    {"pitch", optional_argument, NULL, 'p'},
    {"output", required_argument, NULL, 'o'},
    {"overwrite", no_argument, NULL, 'w'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int help(void)
{
    puts(
        "dmumu curve: D(R) of one medium, as a text table\n"
        "\n"
        "Usage:  dmumu curve --region R --alfven-mach M --beta B --injection-scale L --rigidity RANGE [OPTION...]\n"
        "\n"
        "The point (no defaults; each may come instead from a --config file whose axis has one value):\n"
        "  --region disk|halo      whose medium and damping\n"
        "  --alfven-mach M         Alfvenic Mach number M_A = dB/B at the injection scale, 0.05 to 3\n"
        "  --beta B                plasma beta, gas over magnetic pressure, 0.001 to 30\n"
        "  --injection-scale L     injection scale of the turbulence in pc, 0.1 to 1000\n"
        "  --rigidity RANGE        rigidity p c / (Z e) in GV, 0.01 to 1e9: from:to:points (even in the logarithm) or\n"
        "                          an ascending comma list; by default the whole axis of the --config file\n"
        "\n"
        "The model (default: the media and choices of Fornieri et al. 2021):\n"
        "  --config FILE           read model, disk and halo from a YAML file; inputs/reference.yaml explains the "
        "keys\n"
        "  --set SECTION.KEY=VALUE change one key, as in the file; repeatable, the last one counts; null takes one "
        "out\n"
        "\n"
        "The computation:\n"
        "  --kernel fast|ref       fast (default): the production kernel; ref: plain nested quadrature, slow\n"
        "  --pitch[=N|LIST]        D_mumu(mu) in 1/s instead of D(R), at N even mu in [0, 1) (default 32) or a comma\n"
        "                          list of mu; per mode, for transit-time (n = 0) and gyro-resonance (n != 0)\n"
        "  -o, --output FILE       write to a new FILE instead of stdout\n"
        "  --overwrite             FILE may exist\n"
        "  -h, --help              this text\n"
        "\n"
        "Columns: rigidity [GV], R = r_L/L, D [cm^2/s], relative error, mu_star (largest confined pitch-angle\n"
        "cosine), quality (ok, not_confined, not_converged, failed), and D with each mode alone. The header, without\n"
        "its '#   ', is an input file of `dmumu scan` that computes the same curve.\n"
        "\n"
        "Examples:\n"
        "  dmumu curve --region halo --alfven-mach 0.5 --beta 0.14 --injection-scale 100 --rigidity 1:1e6:61\n"
        "  dmumu curve --region disk --alfven-mach 0.3 --beta 0.1 --injection-scale 50 --rigidity 1,10,100 \\\n"
        "      --set 'model.modes=[fast, alfven, slow]' --set disk.x_c=spitzer\n"
        "  dmumu curve --region halo --alfven-mach 0.5 --beta 0.14 --injection-scale 100 --rigidity 1e3 --pitch=64\n"
        "\n"
        "Exit status: 0 done, 1 every point failed or the output could not be written, 2 bad usage or input.");
    return dmumu_cmd_flush(COMMAND, DMUMU_EXIT_OK);
}

/* Store one option; false for one that is not ours. */
static bool store(struct given *given, int option)
{
    switch (option) {
    case 'r':
        given->region = optarg;
        return true;
    case 'a':
        given->alfven_mach = optarg;
        return true;
    case 'b':
        given->beta = optarg;
        return true;
    case 'l':
        given->injection_scale = optarg;
        return true;
    case 'g':
        given->rigidity = optarg;
        return true;
    case 'c':
        given->config = optarg;
        return true;
    case 's':
        given->sets[given->n_sets++] = optarg;
        return true;
    case 'k':
        given->kernel = optarg;
        return true;
    case 'p':
        given->pitch = optarg ? optarg : "32";
        return true;
    case 'o':
        given->output = optarg;
        return true;
    case 'w':
        given->overwrite = true;
        return true;
    case 'h':
        given->help = true;
        return true;
    default:
        return false;
    }
}

static int parse_options(int argc, char **argv, struct given *given)
{
    given->sets = calloc((size_t)argc, sizeof *given->sets);
    if (!given->sets)
        return dmumu_cmd_failed(COMMAND, "out of memory");
    opterr = 0;
    optind = 1;
    int option;
    while ((option = getopt_long(argc, argv, ":o:h", options, NULL)) != -1)
        if (!store(given, option))
            return dmumu_cmd_bad_option(COMMAND, option, argv, options);
    if (optind < argc && !given->help)
        return dmumu_cmd_usage(COMMAND, "'%.80s' is not an option; a list of mu is written --pitch=LIST", argv[optind]);
    return DMUMU_EXIT_OK;
}

static int parse_mu(const char *text, struct dmumu_curve_request *request)
{
    /* The largest double below 1: mu = 1 scatters on nothing. */
    const struct dmumu_key key = {.kind = DMUMU_KEY_NUMBER, .low = 0, .high = 1 - 1e-15, .unit = "1"};
    long n = 0;
    if (!dmumu_scalar_integer(text, &n))
        return dmumu_numbers_list(COMMAND, "--pitch", text, &key, &request->n_mu, &request->mu);
    if (n < 1 || n > 10000)
        return dmumu_cmd_usage(COMMAND,
                               "--pitch: '%s' values of mu; it must be a whole number from 1 to 10000, or a "
                               "comma list of mu in [0, 1), such as 0.0,0.5",
                               text);
    request->mu = calloc((size_t)n, sizeof *request->mu);
    if (!request->mu)
        return dmumu_cmd_failed(COMMAND, "out of memory");
    request->n_mu = (size_t)n;
    for (long i = 0; i < n; i++)
        request->mu[i] = (double)i / (double)n;
    return DMUMU_EXIT_OK;
}

/* One coordinate: from the option, else from the axis of the --config file if it has one value. */
static int find_coordinate(const char *option, const char *text, const char *path, const struct dmumu_axis *axis,
                           double *value)
{
    char key_path[64], right[160];
    snprintf(key_path, sizeof key_path, "%s.from", path);
    const struct dmumu_key *key = dmumu_key_at_path(key_path);
    if (text)
        return dmumu_numbers_one(COMMAND, option, text, strlen(text), key, value);
    if (axis->n == 1) {
        *value = axis->values[0];
        return DMUMU_EXIT_OK;
    }
    dmumu_key_describe(key, sizeof right, right);
    return dmumu_cmd_usage(COMMAND, "%s is missing; it must be %s, or %s in a --config file with one value", option,
                           right, path);
}

static int find_region(const char *text, const struct dmumu_axis *axis, enum dmumu_region *region)
{
    if (!text && axis->n == 1) {
        *region = (enum dmumu_region)axis->values[0];
        return DMUMU_EXIT_OK;
    }
    if (!text)
        return dmumu_cmd_usage(COMMAND, "--region is missing; it must be one of: disk, halo");
    const int choice = dmumu_key_choice(dmumu_key_at_path("axes.region"), text);
    if (choice < 0)
        return dmumu_cmd_usage(COMMAND, "--region: '%.60s' is unknown; it must be one of: disk, halo", text);
    *region = (enum dmumu_region)choice;
    return DMUMU_EXIT_OK;
}

static int find_rigidities(const char *text, const struct dmumu_axis *axis, struct dmumu_curve_request *request)
{
    const struct dmumu_key *key = dmumu_key_at_path("axes.rigidity_gv.from");
    if (text && strchr(text, ':'))
        return dmumu_numbers_range(COMMAND, "--rigidity", text, key, &request->n, &request->rigidity_gv);
    if (text)
        return dmumu_numbers_list(COMMAND, "--rigidity", text, key, &request->n, &request->rigidity_gv);
    if (axis->n == 0)
        return dmumu_cmd_usage(COMMAND, "--rigidity is missing; it must be from:to:points or a comma list, in GV");
    request->rigidity_gv = calloc(axis->n, sizeof *request->rigidity_gv);
    if (!request->rigidity_gv)
        return dmumu_cmd_failed(COMMAND, "out of memory");
    memcpy(request->rigidity_gv, axis->values, axis->n * sizeof *axis->values);
    request->n = axis->n;
    return DMUMU_EXIT_OK;
}

static int find_kernel(const char *text, enum dmumu_kernel *kernel)
{
    *kernel = text && strcmp(text, "ref") == 0 ? DMUMU_KERNEL_REF : DMUMU_KERNEL_FAST;
    if (!text || strcmp(text, "ref") == 0 || strcmp(text, "fast") == 0)
        return DMUMU_EXIT_OK;
    return dmumu_cmd_usage(COMMAND, "--kernel: '%.60s' is unknown; it must be one of: fast, ref", text);
}

static int find_point(const struct given *given, struct dmumu_curve_request *request)
{
    const struct dmumu_axis *axis = request->config.grid.axis;
    struct dmumu_point *point = &request->point;
    int status = find_region(given->region, &axis[DMUMU_AXIS_REGION], &point->region);
    if (status == DMUMU_EXIT_OK)
        status = find_coordinate("--alfven-mach", given->alfven_mach, "axes.alfven_mach", &axis[DMUMU_AXIS_ALFVEN_MACH],
                                 &point->alfven_mach);
    if (status == DMUMU_EXIT_OK)
        status = find_coordinate("--beta", given->beta, "axes.beta", &axis[DMUMU_AXIS_BETA], &point->beta);
    if (status == DMUMU_EXIT_OK)
        status = find_coordinate("--injection-scale", given->injection_scale, "axes.injection_scale_pc",
                                 &axis[DMUMU_AXIS_INJECTION_SCALE], &point->injection_scale_pc);
    return status;
}

static int find_request(const struct given *given, struct dmumu_curve_request *request)
{
    struct dmumu_error error = {0};
    if (dmumu_config_read(given->config, given->sets, given->n_sets, false, &request->config, &error) != DMUMU_OK)
        return error.status == DMUMU_ERROR_MEMORY ? dmumu_cmd_failed(COMMAND, "%s", error.message)
                                                  : dmumu_cmd_usage(COMMAND, "%s", error.message);
    int status = find_kernel(given->kernel, &request->kernel);
    if (status == DMUMU_EXIT_OK)
        status = find_point(given, request);
    if (status == DMUMU_EXIT_OK)
        status = find_rigidities(given->rigidity, &request->config.grid.axis[DMUMU_AXIS_RIGIDITY], request);
    if (status == DMUMU_EXIT_OK && given->pitch)
        status = parse_mu(given->pitch, request);
    return status;
}

static int answer(const struct given *given, const struct dmumu_curve_request *request)
{
    struct dmumu_output output;
    int status = dmumu_output_open(COMMAND, given->output, given->overwrite, &output);
    if (status != DMUMU_EXIT_OK)
        return status;
    status = given->pitch ? dmumu_curve_write_pitch(request, output.file) : dmumu_curve_write_d(request, output.file);
    if (status == DMUMU_EXIT_OK)
        return dmumu_output_commit(COMMAND, &output);
    dmumu_output_discard(&output);
    return status;
}

int dmumu_cmd_curve(int argc, char **argv)
{
    struct given given = {0};
    struct dmumu_curve_request request = {0};
    int status = parse_options(argc, argv, &given);
    if (status == DMUMU_EXIT_OK && given.help) {
        status = help();
    } else if (status == DMUMU_EXIT_OK) {
        status = find_request(&given, &request);
        if (status == DMUMU_EXIT_OK)
            status = answer(&given, &request);
    }
    dmumu_config_free(&request.config);
    free(request.rigidity_gv);
    free(request.mu);
    free(given.sets);
    return status;
}
