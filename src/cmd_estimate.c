/* dmumu estimate: the one-line estimates of a talk, each with its formula and its number. */
#include "cmd.h"
#include "cmd_numbers.h"

#include <string.h>

static const char COMMAND[] = "estimate";

/* The inputs, in the order of the options below. */
enum input {
    RIGIDITY,
    MAGNETIC_FIELD,
    ALFVEN_MACH,
    INJECTION_SCALE,
    SPECTRAL_INDEX,
    GRAMMAGE,
    DENSITY,
    HALO_HEIGHT,
    SURFACE_DENSITY,
    N_INPUTS
};

static const struct {
    struct dmumu_key key;
    double fallback;
    const char *meaning;
} inputs[N_INPUTS] = {
    [RIGIDITY] = {{.name = "rigidity", .low = 1e-3, .high = 1e12, .unit = "GV"}, 1000.0, "rigidity p c/(Z e)"},
    [MAGNETIC_FIELD] = {{.name = "magnetic-field", .low = 1e-3, .high = 1e6, .unit = "uG"}, 1.0, "magnetic field B"},
    [ALFVEN_MACH] = {{.name = "alfven-mach", .low = 0.05, .high = 3.0, .unit = "1"},
                     0.5,
                     "M_A = dB/B at the injection scale"},
    [INJECTION_SCALE] = {{.name = "injection-scale", .low = 0.1, .high = 1000.0, .unit = "pc"},
                         100.0,
                         "injection scale L of the turbulence"},
    [SPECTRAL_INDEX] = {{.name = "spectral-index", .low = 1.01, .high = 3.0, .unit = "1"},
                        1.5,
                        "q of isotropic waves, E(k) ~ k^-q: 3/2 Kraichnan, 5/3 Kolmogorov"},
    [GRAMMAGE] = {{.name = "grammage", .low = 1e-3, .high = 1e6, .unit = "g/cm^2"}, 10.0, "grammage X, from B/C"},
    [DENSITY] = {{.name = "density", .low = 1e-8, .high = 1e6, .unit = "cm^-3"}, 1.0, "density of the gas in the disk"},
    [HALO_HEIGHT] = {{.name = "halo-height", .low = 1e-3, .high = 1e3, .unit = "kpc"},
                     4.0,
                     "half-height H of the halo"},
    [SURFACE_DENSITY] = {{.name = "surface-density", .low = 1e-6, .high = 1e6, .unit = "mg/cm^2"},
                         2.3,
                         "gas mu of the whole disk"},
};

static int help(void)
{
    puts("dmumu estimate: cosmic-ray diffusion on a blackboard\n"
         "\n"
         "Usage:  dmumu estimate [OPTION...]\n"
         "\n"
         "Each line of the answer is a number, its unit, and the formula that made it:\n"
         "  - grammage and confinement: boron says that carbon crosses X ~ 10 g/cm^2; in the gas of the disk that "
         "takes\n"
         "    megayears, but X is collected slowly, in a halo that is nearly empty, and the D that does this follows\n"
         "  - the Larmor radius, and with it R = r_L/L\n"
         "  - the quasi-linear D of one kind of waves, isotropic, at the resonance k r_L = 1\n"
         "  - critical balance: where strong turbulence begins, and how elongated eddies are at the Larmor radius, "
         "which\n"
         "    is why Alfven waves scatter little: what is resonant along B is far too thin across it\n"
         "None of them is what `dmumu curve` computes: they are what to expect, and where to be surprised.\n"
         "\n"
         "Options, each a number with its default:");
    for (int i = 0; i < N_INPUTS; i++) {
        char name[40];
        (void)snprintf(name, sizeof name, "--%s X", inputs[i].key.name);
        printf("  %-20s %s", name, inputs[i].meaning);
        if (strcmp(inputs[i].key.unit, "1") != 0)
            printf(" [%s]", inputs[i].key.unit);
        printf(" (%g)\n", inputs[i].fallback);
    }
    puts("  -h, --help           this text\n"
         "\n"
         "Examples:\n"
         "  dmumu estimate\n"
         "  dmumu estimate --rigidity 10 --magnetic-field 3 --alfven-mach 0.3\n"
         "\n"
         "Exit status: 0 done, 2 bad usage.");
    return dmumu_cmd_flush(COMMAND, DMUMU_EXIT_OK);
}

static int parse_options(int argc, char **argv, double value[static N_INPUTS], bool *wants_help)
{
    enum { FIRST = 256 };
    struct option options[N_INPUTS + 2] = {{0}};
    for (int i = 0; i < N_INPUTS; i++) {
        options[i] = (struct option){inputs[i].key.name, required_argument, NULL, FIRST + i};
        value[i] = inputs[i].fallback;
    }
    options[N_INPUTS] = (struct option){"help", no_argument, NULL, 'h'};
    opterr = 0;
    optind = 1;
    int option;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option == 'h') {
            *wants_help = true;
            continue;
        }
        if (option < FIRST)
            return dmumu_cmd_bad_option(COMMAND, option, argv, options);
        struct dmumu_key key = inputs[option - FIRST].key;
        key.kind = DMUMU_KEY_NUMBER;
        char name[40];
        (void)snprintf(name, sizeof name, "--%s", key.name);
        const int status = dmumu_numbers_one(COMMAND, name, optarg, strlen(optarg), &key, &value[option - FIRST]);
        if (status != DMUMU_EXIT_OK)
            return status;
    }
    if (optind < argc && !*wants_help)
        return dmumu_cmd_usage(COMMAND, "'%.80s' is not an option", argv[optind]);
    return DMUMU_EXIT_OK;
}

static void line(const char *what, double value, const char *unit, const char *formula)
{
    printf("  %-44s %12.4g", what, value);
    if (*unit || *formula)
        printf(" %-7s %s", unit, formula);
    putchar('\n');
}

static void print_confinement(const double value[static N_INPUTS])
{
    const struct dmumu_galaxy galaxy = {.halo_height_kpc = value[HALO_HEIGHT],
                                        .disk_height_kpc = 0.0,
                                        .gas_surface_density_mg_cm2 = value[SURFACE_DENSITY]};
    const double d = dmumu_scale_d_of_grammage_cm2_s(value[GRAMMAGE], &galaxy);
    const struct dmumu_transport transport = dmumu_transport_solve(&galaxy, 1.0, d, d);
    printf("Grammage X = %g g/cm^2\n", value[GRAMMAGE]);
    line("time in gas of the disk's density", dmumu_scale_gas_time_myr(value[GRAMMAGE], value[DENSITY]), "Myr",
         "X/(n m c), m = 1.22 m_p");
    line("time if the gas filled the halo", dmumu_scale_confinement_time_myr(value[GRAMMAGE], &galaxy), "Myr",
         "2 H X/(mu c)");
    line("D in one zone", d, "cm^2/s", "c mu H/(2 X)");
    line("its mean free path", dmumu_mean_free_path_pc(d), "pc", "3 D/c");
    line("its escape time", transport.escape_time_myr, "Myr", "H^2/(2 D)");
}

static void print_scattering(const double value[static N_INPUTS])
{
    const double radius_pc = dmumu_larmor_radius_pc(value[RIGIDITY], value[MAGNETIC_FIELD]);
    const double ratio = radius_pc / value[INJECTION_SCALE];
    const double power = dmumu_scale_resonant_power(value[ALFVEN_MACH], ratio, value[SPECTRAL_INDEX]);
    const double d = dmumu_scale_quasilinear_d_cm2_s(radius_pc, power);
    printf("\nScattering at %g GV, B = %g uG, M_A = %g, L = %g pc, E(k) ~ k^-%g\n", value[RIGIDITY],
           value[MAGNETIC_FIELD], value[ALFVEN_MACH], value[INJECTION_SCALE], value[SPECTRAL_INDEX]);
    line("Larmor radius r_L", radius_pc, "pc", "rho/(B c)");
    line("R = r_L/L", ratio, "", "what D depends on");
    if (!(ratio <= 1.0)) {
        puts("  r_L > L: no wave of the cascade is resonant");
        return;
    }
    line("power of resonant waves, per ln k, over B^2", power, "", "M_A^2 (q - 1) R^(q - 1)");
    line("quasi-linear D of these waves alone", d, "cm^2/s", "(1/3) c r_L/power");
    line("its mean free path", dmumu_mean_free_path_pc(d), "pc", "r_L/power");
    line("Bohm's D, for comparison", dmumu_scale_quasilinear_d_cm2_s(radius_pc, 1.0), "cm^2/s", "(1/3) c r_L");
}

static void print_balance(const double value[static N_INPUTS])
{
    const double radius_pc = dmumu_larmor_radius_pc(value[RIGIDITY], value[MAGNETIC_FIELD]);
    const bool weak = value[ALFVEN_MACH] <= 1.0;
    const double begin_pc = dmumu_scale_transition_pc(value[ALFVEN_MACH], value[INJECTION_SCALE]);
    puts("\nCritical balance");
    line(weak ? "strong turbulence across B begins at" : "turbulence feels B below", begin_pc, "pc",
         weak ? "L M_A^2" : "L M_A^-3");
    if (!(radius_pc <= (weak ? value[INJECTION_SCALE] : begin_pc))) {
        puts("  r_L is above the scales of the cascade");
        return;
    }
    const double anisotropy = dmumu_scale_anisotropy(value[ALFVEN_MACH], value[INJECTION_SCALE], radius_pc);
    line("elongation l_par/l_perp at l_par = r_L", anisotropy, "",
         weak ? "(L/r_L)^(1/2) M_A^-2" : "(L/r_L)^(1/2) M_A^(-3/2)");
    line("its width l_perp", radius_pc / anisotropy, "pc", "r_L/elongation");
    line("resonant eddies across one Larmor radius", anisotropy, "", "r_L/l_perp: their pushes average out");
}

int dmumu_cmd_estimate(int argc, char **argv)
{
    double value[N_INPUTS];
    bool wants_help = false;
    const int status = parse_options(argc, argv, value, &wants_help);
    if (status != DMUMU_EXIT_OK)
        return status;
    if (wants_help)
        return help();
    print_confinement(value);
    print_scattering(value);
    print_balance(value);
    return dmumu_cmd_flush(COMMAND, DMUMU_EXIT_OK);
}
