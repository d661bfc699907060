/*
 * Export to codes that take a power law: GALPROP, USINE, CRPropa. Each gets the parameters of the law that it has, in
 * its own names and units, with the residuals in a comment.
 *
 * GALPROP  D_xx.cc of release 56: D0_xx (R/D_rigid_br)^D_g_1 below D_rigid_br [MV], ^D_g_2 above, sharp, times
 *          (v/c)^D_eta. D_rigid_ref, where D0_xx holds, is the break unless given (Galdef.cc), as in older releases,
 *          which do not know it. Old releases read a value from column 23 of its line on: it is written there.
 * USINE    Lines are `group @ subgroup @ parameter @ M=0|1 @ value` (dmaurin.gitlab.io/USINE, its page on the
 *          initialisation file, v3.5). Transport parameters are whatever the file lists, and K00 a formula of them, in
 *          kpc^2/Myr: both are written. The law is that of the BIG model (Genolini et al. 2019, PRD 99, 123028;
 *          Weinrich et al. 2020, A&A 639, A131). Not verified, for want of an example file: the names of group and
 *          parameters (Model1DKisoVc, ParNames, K00) and how FORMULA is spelled; what is exported says so.
 * CRPropa  DiffusionSDE.cpp: D = scale 6.1e24 m^2/s (R/4 GV)^alpha, alpha from 0 to 2; epsilon = D_perp/D_par.
 */
#include "cmd_export.h"
#include "cmd_numbers.h"
#include "cmd_output.h"
#include "cmd_power_law.h"

#include "core/constants.h"
#include "scan/axes.h"
#include "scan/config_keys.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char COMMAND[] = "export";
static const double PER_DECADE = 40;
static const double CRPROPA_D_CM2_S = 6.1e28, CRPROPA_GV = 4;
static const double MYR_S = 1e6 * 365.25 * 86400;

/* What is fitted, and what came of it. */
struct fitted {
    const struct dmumu_export *export;
    const struct dmumu_cube *cube;
    struct dmumu_point point;
    double from_gv, to_gv;
    struct dmumu_power_law_fit fit;
};

/* FROM:TO, or the whole axis. */
static int find_range(struct fitted *fitted)
{
    const char *option = dmumu_export_option(DMUMU_EXPORT_RANGE), *text = fitted->export->text[DMUMU_EXPORT_RANGE];
    const struct dmumu_cube_axis *axis = &dmumu_cube_about(fitted->cube)->axis[DMUMU_AXIS_RIGIDITY];
    const struct dmumu_key *key = dmumu_key_at_path("axes.rigidity_gv.from");
    fitted->from_gv = axis->values[0];
    fitted->to_gv = axis->values[axis->n - 1];
    if (!text && axis->n == 1)
        return dmumu_cmd_usage(COMMAND, "%s: %.200s has one rigidity, and a power law wants a range of them", option,
                               fitted->export->path);
    if (!text)
        return DMUMU_EXIT_OK;
    const char *colon = strchr(text, ':');
    if (!colon || strchr(colon + 1, ':'))
        return dmumu_cmd_usage(COMMAND, "%s: '%.60s' must be from:to in GV, such as 10:1e4", option, text);
    int status = dmumu_numbers_one(COMMAND, option, text, (size_t)(colon - text), key, &fitted->from_gv);
    if (status == DMUMU_EXIT_OK)
        status = dmumu_numbers_one(COMMAND, option, colon + 1, strlen(colon + 1), key, &fitted->to_gv);
    if (status == DMUMU_EXIT_OK && fitted->to_gv < 2 * fitted->from_gv)
        return dmumu_cmd_usage(COMMAND, "%s: from %.9g to %.9g is too short; to must be at least twice from", option,
                               fitted->from_gv, fitted->to_gv);
    return status == DMUMU_EXIT_OK
               ? dmumu_export_reach(fitted->export, axis, DMUMU_EXPORT_RANGE, fitted->from_gv, fitted->to_gv)
               : status;
}

static int fit_points(struct fitted *fitted, size_t n, const double rigidity_gv[])
{
    double *d_cm2_s = calloc(n, sizeof *d_cm2_s);
    if (!d_cm2_s)
        return dmumu_cmd_failed(COMMAND, "out of memory");
    int status =
        dmumu_export_curve(fitted->export, fitted->cube, DMUMU_EXPORT_RANGE, &fitted->point, n, rigidity_gv, d_cm2_s);
    if (status == DMUMU_EXIT_OK && !dmumu_power_law_fit(n, rigidity_gv, d_cm2_s, &fitted->fit))
        status = dmumu_cmd_failed(COMMAND, "%.200s: no power law could be fitted from %.9g to %.9g GV",
                                  fitted->export->path, fitted->from_gv, fitted->to_gv);
    free(d_cm2_s);
    return status;
}

static int fit_range(struct fitted *fitted)
{
    struct dmumu_axis axis;
    size_t n = (size_t)ceil(PER_DECADE * log10(fitted->to_gv / fitted->from_gv)) + 1;
    n = n > DMUMU_POWER_LAW_LEAST ? n : DMUMU_POWER_LAW_LEAST;
    if (dmumu_axis_range(&axis, fitted->from_gv, fitted->to_gv, n, true) != DMUMU_OK)
        return dmumu_cmd_failed(COMMAND, "out of memory");
    const int status = fit_points(fitted, n, axis.values);
    free(axis.values);
    return status;
}

static void write_residuals(const struct fitted *fitted, FILE *out)
{
    fprintf(out, "# residuals D_fit/D - 1 from %.9g to %.9g GV: rms %.3g, worst %+.3g at %.4g GV\n", fitted->from_gv,
            fitted->to_gv, fitted->fit.rms, fitted->fit.worst, fitted->fit.worst_gv);
}

static void write_head(const struct fitted *fitted, const char *law, FILE *out)
{
    const struct dmumu_point *point = &fitted->point;
    char hash[DMUMU_EXPORT_HASH];
    dmumu_export_hash(dmumu_cube_about(fitted->cube)->physics_hash, hash);
    fprintf(out, "# D(R) by dmumu %s, physics_hash %s: %s, M_A %.9g, beta %.9g, L %.9g pc\n", DMUMU_VERSION, hash,
            dmumu_region_name(point->region), point->alfven_mach, point->beta, point->injection_scale_pc);
    fprintf(out, "# %s, least squares of ln D\n", law);
    write_residuals(fitted, out);
}

static void write_galprop(const struct fitted *fitted, FILE *out)
{
    const struct dmumu_power_law_fit *fit = &fitted->fit;
    const double break_mv = 1e3 * fit->low.rigidity_gv;
    write_head(fitted, "sharply broken power law", out);
    fprintf(out, "%-21s= %-17.8e diffusion coefficient at D_rigid_ref, cm2 s-1\n", "D0_xx", fit->d_cm2_s);
    fprintf(out, "%-21s= %-17.8e reference rigidity of D0_xx in MV: the break\n", "D_rigid_ref", break_mv);
    fprintf(out, "%-21s= %-17.8e rigidity of the break in MV\n", "D_rigid_br", break_mv);
    fprintf(out, "%-21s= %-17.8f index below the break\n", "D_g_1", fit->low.slope);
    fprintf(out, "%-21s= %-17.8f index above the break\n", "D_g_2", fit->slope);
}

static void write_usine(const struct fitted *fitted, FILE *out)
{
    static const char group[] = "Model1DKisoVc @ Transport @";
    const struct dmumu_power_law_fit *fit = &fitted->fit;
    const double kpc_cm = 1e3 * DMUMU_PARSEC_CM;
    write_head(fitted, "power law with two smooth breaks", out);
    fputs("# eta_t, the power of v/c, is not fitted: the cube is for v = c. Add Va and Vc to the lists, and the lines "
          "of\n"
          "# Kpp, for a run with reacceleration and convection; the same lines serve other models. Compare the names "
          "with\n"
          "# those of your own file: they were written without a run of USINE.\n",
          out);
    fprintf(out, "%s ParNames @ M=0 @ K0,delta,eta_t,Rlow,deltalow,slow,Rhi,Deltahigh,shi\n", group);
    fprintf(out, "%s ParUnits @ M=0 @ kpc^2/Myr,-,-,GV,-,-,GV,-,-\n", group);
    fprintf(out, "%s ParVals @ M=0 @ %.8g,%.8g,1,%.8g,%.8g,%.8g,%.8g,%.8g,%.8g\n", group,
            fit->d_cm2_s * MYR_S / (kpc_cm * kpc_cm), fit->slope, fit->low.rigidity_gv, fit->low.slope,
            fit->low.smoothness, fit->high.rigidity_gv, fit->slope - fit->high.slope, fit->high.smoothness);
    fprintf(out,
            "%s K00 @ M=1 @ FORMULA|beta^eta_t*K0*Rig^delta*(1+(Rig/Rlow)^((deltalow-delta)/slow))^slow"
            "*(1+(Rig/Rhi)^(Deltahigh/shi))^(-shi)\n",
            group);
}

static void write_crpropa(const struct fitted *fitted, FILE *out)
{
    const struct dmumu_power_law_fit *fit = &fitted->fit;
    const double epsilon = dmumu_d_perpendicular_cm2_s(1, fitted->point.alfven_mach);
    write_head(fitted, "power law without a break: DiffusionSDE has no other", out);
    fputs("# diffusion = DiffusionSDE(field, tolerance, min_step, max_step)\n", out);
    fprintf(out, "diffusion.setScale(%.8g)    # D = scale 6.1e24 m2/s (R/4 GV)^alpha, along the field\n",
            fit->d_cm2_s / CRPROPA_D_CM2_S);
    fprintf(out, "diffusion.setAlpha(%.8g)\n", fit->slope);
    if (isnan(epsilon))
        fputs("# epsilon = D_perp/D_par is M_A^4 for M_A < 1; here it is yours to choose\n", out);
    else
        fprintf(out, "diffusion.setEpsilon(%.8g)    # D_perp/D_par = M_A^4\n", epsilon);
}

static int answer(const struct fitted *fitted)
{
    const char *path = fitted->export->text[DMUMU_EXPORT_OUTPUT];
    struct dmumu_output output;
    int status = dmumu_output_open(COMMAND, path, fitted->export->overwrite, &output);
    if (status != DMUMU_EXIT_OK)
        return status;
    if (fitted->export->format == DMUMU_EXPORT_GALPROP)
        write_galprop(fitted, output.file);
    else if (fitted->export->format == DMUMU_EXPORT_USINE)
        write_usine(fitted, output.file);
    else
        write_crpropa(fitted, output.file);
    status = dmumu_output_commit(COMMAND, &output);
    if (status == DMUMU_EXIT_OK && path) {
        write_residuals(fitted, stdout);
        status = dmumu_cmd_flush(COMMAND, status);
    }
    return status;
}

/* DiffusionSDE throws for any other alpha. */
static int check_alpha(const struct fitted *fitted)
{
    const double alpha = fitted->fit.slope;
    if (fitted->export->format != DMUMU_EXPORT_CRPROPA || (alpha >= 0 && alpha <= 2))
        return DMUMU_EXIT_OK;
    return dmumu_cmd_failed(COMMAND,
                            "from %.9g to %.9g GV the best power law has alpha = %.4f, and CRPropa takes 0 to 2; "
                            "choose another --range",
                            fitted->from_gv, fitted->to_gv, alpha);
}

int dmumu_export_power_law(const struct dmumu_export *export)
{
    static const enum dmumu_power_law kinds[DMUMU_EXPORT_N_FORMATS] = {
        [DMUMU_EXPORT_GALPROP] = DMUMU_POWER_LAW_SHARP,
        [DMUMU_EXPORT_USINE] = DMUMU_POWER_LAW_SMOOTH,
        [DMUMU_EXPORT_CRPROPA] = DMUMU_POWER_LAW_SINGLE,
    };
    struct fitted fitted = {.export = export};
    struct dmumu_cube *cube = NULL;
    fitted.fit.kind = kinds[export->format];
    fitted.fit.reference_gv = export->format == DMUMU_EXPORT_CRPROPA ? CRPROPA_GV : 1;
    int status = dmumu_export_open(export, &cube);
    fitted.cube = cube;
    if (status == DMUMU_EXIT_OK)
        status = dmumu_export_point(export, cube, &fitted.point);
    if (status == DMUMU_EXIT_OK)
        status = find_range(&fitted);
    if (status == DMUMU_EXIT_OK)
        status = fit_range(&fitted);
    if (status == DMUMU_EXIT_OK)
        status = check_alpha(&fitted);
    if (status == DMUMU_EXIT_OK)
        status = answer(&fitted);
    dmumu_cube_close(cube);
    return status;
}
