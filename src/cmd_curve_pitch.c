/* `dmumu curve --pitch`: D_mumu(mu) at each rigidity, per mode and kind of resonance. */
#include "cmd.h"
#include "cmd_curve.h"

#include <math.h>
#include <stdlib.h>

static const char COMMAND[] = "curve";

/* The first rigidity that failed, and why. */
struct failures {
    size_t n, first;
    struct dmumu_error why;
};

static void note_failure(struct failures *failures, size_t i, const struct dmumu_error *why)
{
    if (failures->n == 0 || i < failures->first) {
        failures->first = i;
        failures->why = *why;
    }
    failures->n++;
}

static void fill_nan(struct dmumu_pitch pitch[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (int mode = 0; mode < DMUMU_N_MODES; mode++)
            pitch[i].transit_time_per_s[mode] = pitch[i].gyro_per_s[mode] = NAN;
        pitch[i].total_per_s = pitch[i].mean_free_path_pc = NAN;
    }
}

/* pitch[n][n_mu]; a rigidity that fails is NaN and noted, and the rest goes on. */
static void compute(const struct dmumu_curve_request *request, struct dmumu_tables *tables, struct dmumu_pitch pitch[],
                    struct failures *failures)
{
#pragma omp parallel default(none) shared(request, tables, pitch, failures)
    {
        struct dmumu_workspace *workspace = NULL;
        struct dmumu_error error = {0};
        const enum dmumu_status ready = tables ? dmumu_workspace_new(&workspace, &error) : DMUMU_OK;
#pragma omp for schedule(dynamic, 1)
        for (size_t i = 0; i < request->n; i++) {
            struct dmumu_pitch *row = pitch + i * request->n_mu;
            enum dmumu_status status = ready;
            if (status == DMUMU_OK)
                status =
                    dmumu_pitch_compute(&request->config.model, request->kernel, tables, &request->point,
                                        request->rigidity_gv[i], request->n_mu, request->mu, row, workspace, &error);
            if (status != DMUMU_OK) {
                fill_nan(row, request->n_mu);
#pragma omp critical(dmumu_pitch_failures)
                note_failure(failures, i, &error);
            }
        }
        dmumu_workspace_free(workspace);
    }
}

static void write_columns(const struct dmumu_model *model, FILE *out)
{
    fputs("# D_mumu in 1/s: transit time is n = 0, gyro is 1 <= |n| <= N. Mean free path: c (1 - mu^2)/(2 D_mumu).\n",
          out);
    fputs("# rigidity_gv mu", out);
    for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
        const char *name = dmumu_mode_name((enum dmumu_mode)mode);
        if (model->modes[mode])
            fprintf(out, " D_%s_transit_time_per_s D_%s_gyro_per_s", name, name);
    }
    fputs(" D_total_per_s mean_free_path_pc\n", out);
}

static void write_row(const struct dmumu_model *model, double rigidity_gv, double mu, const struct dmumu_pitch *pitch,
                      FILE *out)
{
    fprintf(out, "%.10e %.10e", rigidity_gv, mu);
    for (int mode = 0; mode < DMUMU_N_MODES; mode++)
        if (model->modes[mode])
            fprintf(out, " %.10e %.10e", pitch->transit_time_per_s[mode], pitch->gyro_per_s[mode]);
    fprintf(out, " %.10e %.10e\n", pitch->total_per_s, pitch->mean_free_path_pc);
}

static int write_table(const struct dmumu_curve_request *request, const struct dmumu_pitch pitch[],
                       const struct failures *failures, FILE *out)
{
    if (failures->n == request->n)
        return dmumu_cmd_failed(COMMAND, "every point failed: at %g GV %s", request->rigidity_gv[failures->first],
                                failures->why.message);
    if (failures->n > 0)
        fprintf(stderr, "dmumu curve: %zu of %zu rigidities failed: at %g GV %s\n", failures->n, request->n,
                request->rigidity_gv[failures->first], failures->why.message);
    const int status = dmumu_curve_write_header(request, out);
    if (status != DMUMU_EXIT_OK)
        return status;
    write_columns(&request->config.model, out);
    for (size_t i = 0; i < request->n; i++)
        for (size_t j = 0; j < request->n_mu; j++)
            write_row(&request->config.model, request->rigidity_gv[i], request->mu[j], &pitch[i * request->n_mu + j],
                      out);
    return DMUMU_EXIT_OK;
}

int dmumu_curve_write_pitch(const struct dmumu_curve_request *request, FILE *out)
{
    struct dmumu_error error = {0};
    struct dmumu_tables *tables = NULL;
    if (request->kernel == DMUMU_KERNEL_FAST &&
        dmumu_tables_new(&request->config.model, request->point.alfven_mach, &tables, &error) != DMUMU_OK)
        return dmumu_cmd_failed(COMMAND, "%s", error.message);
    int status = DMUMU_EXIT_FAILED;
    struct dmumu_pitch *pitch = calloc(request->n, request->n_mu * sizeof *pitch);
    if (pitch) {
        struct failures failures = {0};
        compute(request, tables, pitch, &failures);
        status = write_table(request, pitch, &failures, out);
    } else {
        dmumu_cmd_failed(COMMAND, "out of memory");
    }
    free(pitch);
    dmumu_tables_free(tables);
    return status;
}
