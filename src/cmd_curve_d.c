/* `dmumu curve`: D(R), computed with all threads and written as a table. */
#include "cmd.h"
#include "cmd_curve.h"
#include "core/state.h"

#include <omp.h>
#include <stdlib.h>

static const char COMMAND[] = "curve";

enum { ARRAYS = 3 + DMUMU_N_MODES };

/* Arrays of n; false when out of memory. One block, which starts at d_cm2_s. */
static bool curve_new(const struct dmumu_model *model, size_t n, struct dmumu_curve *curve)
{
    double *block = calloc(n, ARRAYS * sizeof *block);
    uint8_t *quality = calloc(n, sizeof *quality);
    if (!block || !quality) {
        free(block);
        free(quality);
        return false;
    }
    *curve =
        (struct dmumu_curve){.d_cm2_s = block, .rel_error = block + n, .mu_star = block + 2 * n, .quality = quality};
    for (int mode = 0; mode < DMUMU_N_MODES; mode++)
        if (model->modes[mode])
            curve->d_mode_cm2_s[mode] = block + (size_t)(3 + mode) * n;
    return true;
}

static void curve_free(struct dmumu_curve *curve)
{
    free(curve->d_cm2_s);
    free(curve->quality);
}

static struct dmumu_curve curve_from(const struct dmumu_curve *curve, size_t first)
{
    struct dmumu_curve part = {.d_cm2_s = curve->d_cm2_s + first,
                               .rel_error = curve->rel_error + first,
                               .mu_star = curve->mu_star + first,
                               .quality = curve->quality + first};
    for (int mode = 0; mode < DMUMU_N_MODES; mode++)
        part.d_mode_cm2_s[mode] = curve->d_mode_cm2_s[mode] ? curve->d_mode_cm2_s[mode] + first : NULL;
    return part;
}

static enum dmumu_status compute_part(const struct dmumu_curve_request *request, struct dmumu_tables *tables,
                                      size_t first, size_t n, const struct dmumu_curve *curve,
                                      struct dmumu_workspace *workspace, struct dmumu_error *error)
{
    struct dmumu_curve part = curve_from(curve, first);
    const double *rigidity_gv = request->rigidity_gv + first;
    if (request->kernel == DMUMU_KERNEL_REF)
        return dmumu_curve_compute_ref(&request->config.model, &request->point, n, rigidity_gv, &part, error);
    return dmumu_curve_compute(tables, &request->point, n, rigidity_gv, &part, workspace, error);
}

/* Every rigidity, in parts that the threads share out: single ones for the slow kernel, one part each for the fast. */
static enum dmumu_status compute(const struct dmumu_curve_request *request, struct dmumu_tables *tables,
                                 const struct dmumu_curve *curve, struct dmumu_error *error)
{
    const bool slow = request->kernel == DMUMU_KERNEL_REF;
    const size_t threads = (size_t)omp_get_max_threads();
    const size_t size = slow ? 1 : (request->n + threads - 1) / threads;
    const size_t parts = (request->n + size - 1) / size;
    enum dmumu_status worst = DMUMU_OK;
#pragma omp parallel default(none) shared(request, tables, curve, error, worst, slow, size, parts)
    {
        struct dmumu_workspace *workspace = NULL;
        struct dmumu_error mine = {0};
        enum dmumu_status status = slow ? DMUMU_OK : dmumu_workspace_new(&workspace, &mine);
#pragma omp for schedule(dynamic, 1)
        for (size_t part = 0; part < parts; part++) {
            const size_t first = part * size;
            const size_t n = first + size <= request->n ? size : request->n - first;
            if (status == DMUMU_OK)
                status = compute_part(request, tables, first, n, curve, workspace, &mine);
        }
        dmumu_workspace_free(workspace);
#pragma omp critical(dmumu_curve_status)
        if (status != DMUMU_OK) {
            worst = status;
            *error = mine;
        }
    }
    return worst;
}

static double larmor_ratio(const struct dmumu_curve_request *request, const struct dmumu_medium *medium, size_t i)
{
    return dmumu_larmor_radius_pc(request->rigidity_gv[i], medium->magnetic_field_ug) /
           request->point.injection_scale_pc;
}

static int every_point_failed(const struct dmumu_curve_request *request, const struct dmumu_medium *medium)
{
    const double low = larmor_ratio(request, medium, 0), high = larmor_ratio(request, medium, request->n - 1);
    if (low > DMUMU_R_MAX || high < DMUMU_R_MIN)
        return dmumu_cmd_failed(
            COMMAND,
            "every point failed: R = r_L/L is %g to %g, and the model is meant for %g to %g; change "
            "--rigidity, --injection-scale or magnetic_field_ug",
            low, high, DMUMU_R_MIN, DMUMU_R_MAX);
    return dmumu_cmd_failed(COMMAND,
                            "every point failed: D diverges or the quadrature failed, for R = r_L/L from %g to "
                            "%g; without confinement and without slow or fast modes nothing may scatter",
                            low, high);
}

/* Counts what is not ok, on stderr; an exit status. */
static int judge(const struct dmumu_curve_request *request, const struct dmumu_medium *medium,
                 const struct dmumu_curve *curve)
{
    size_t count[DMUMU_N_QUALITIES] = {0};
    for (size_t i = 0; i < request->n; i++)
        if (curve->quality[i] < DMUMU_N_QUALITIES)
            count[curve->quality[i]]++;
    if (count[DMUMU_QUALITY_FAILED] == request->n)
        return every_point_failed(request, medium);
    for (int quality = DMUMU_QUALITY_OK + 1; quality < DMUMU_N_QUALITIES; quality++)
        if (count[quality] > 0)
            fprintf(stderr, "dmumu curve: %zu of %zu points are %s\n", count[quality], request->n,
                    dmumu_quality_name((enum dmumu_quality)quality));
    return DMUMU_EXIT_OK;
}

static void write_columns(const struct dmumu_model *model, double alfven_mach, FILE *out)
{
    fputs("# R = r_L/L with r_L = rigidity/(B c). Mean free path: 3 D/c.\n", out);
    if (alfven_mach < 1)
        fprintf(out, "# Perpendicular D: M_A^4 D = %.10g D.\n", dmumu_d_perpendicular_cm2_s(1.0, alfven_mach));
    else
        fputs("# Perpendicular D: M_A^4 D for M_A < 1 only; not defined here.\n", out);
    fputs("# rigidity_gv R D_cm2_s rel_error mu_star quality", out);
    for (int mode = 0; mode < DMUMU_N_MODES; mode++)
        if (model->modes[mode])
            fprintf(out, " D_%s_cm2_s", dmumu_mode_name((enum dmumu_mode)mode));
    fputc('\n', out);
}

static void write_rows(const struct dmumu_curve_request *request, const struct dmumu_medium *medium,
                       const struct dmumu_curve *curve, FILE *out)
{
    for (size_t i = 0; i < request->n; i++) {
        fprintf(out, "%.10e %.10e %.10e %.10e %.10e %s", request->rigidity_gv[i], larmor_ratio(request, medium, i),
                curve->d_cm2_s[i], curve->rel_error[i], curve->mu_star[i],
                dmumu_quality_name((enum dmumu_quality)curve->quality[i]));
        for (int mode = 0; mode < DMUMU_N_MODES; mode++)
            if (curve->d_mode_cm2_s[mode])
                fprintf(out, " %.10e", curve->d_mode_cm2_s[mode][i]);
        fputc('\n', out);
    }
}

static int compute_and_write(const struct dmumu_curve_request *request, const struct dmumu_medium *medium,
                             struct dmumu_tables *tables, FILE *out)
{
    struct dmumu_curve curve;
    struct dmumu_error error = {0};
    if (!curve_new(&request->config.model, request->n, &curve))
        return dmumu_cmd_failed(COMMAND, "out of memory");
    int status = DMUMU_EXIT_OK;
    if (compute(request, tables, &curve, &error) != DMUMU_OK)
        status = dmumu_cmd_failed(COMMAND, "%s", error.message);
    if (status == DMUMU_EXIT_OK)
        status = judge(request, medium, &curve);
    if (status == DMUMU_EXIT_OK)
        status = dmumu_curve_write_header(request, out);
    if (status == DMUMU_EXIT_OK) {
        write_columns(&request->config.model, request->point.alfven_mach, out);
        write_rows(request, medium, &curve, out);
    }
    curve_free(&curve);
    return status;
}

int dmumu_curve_write_d(const struct dmumu_curve_request *request, FILE *out)
{
    struct dmumu_error error = {0};
    struct dmumu_medium medium;
    struct dmumu_tables *tables = NULL;
    if (dmumu_medium_of_point(&request->config.model, &request->point, &medium, &error) != DMUMU_OK)
        return dmumu_cmd_usage(COMMAND, "%s", error.message);
    if (request->kernel == DMUMU_KERNEL_FAST &&
        dmumu_tables_new(&request->config.model, request->point.alfven_mach, &tables, &error) != DMUMU_OK)
        return dmumu_cmd_failed(COMMAND, "%s", error.message);
    const int status = compute_and_write(request, &medium, tables, out);
    dmumu_tables_free(tables);
    return status;
}
