/* Scratch: one thread's workspace and arrays, and the computation of one curve with them (see scratch.h). */
#include "scan/scratch.h"

#include "core/error.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

struct dmumu_scratch {
    size_t n_rigidity;
    struct dmumu_workspace *workspace;
    struct dmumu_result result;
};

enum dmumu_status dmumu_scratch_new(size_t n_rigidity, const bool modes[static DMUMU_N_MODES],
                                    struct dmumu_scratch **scratch, struct dmumu_error *error)
{
    struct dmumu_scratch *made = calloc(1, sizeof *made);
    if (!made)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for a thread's arrays");
    made->n_rigidity = n_rigidity;
    struct dmumu_curve *curve = &made->result.curve;
    bool ok = (curve->d_cm2_s = calloc(n_rigidity, sizeof(double))) != NULL;
    for (int mode = 0; mode < DMUMU_N_MODES; ++mode) {
        if (modes[mode])
            ok = (curve->d_mode_cm2_s[mode] = calloc(n_rigidity, sizeof(double))) != NULL && ok;
    }
    ok = (curve->rel_error = calloc(n_rigidity, sizeof(double))) != NULL && ok;
    ok = (curve->mu_star = calloc(n_rigidity, sizeof(double))) != NULL && ok;
    ok = (curve->quality = calloc(n_rigidity, 1)) != NULL && ok;
    enum dmumu_status status = DMUMU_OK;
    if (!ok)
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for a thread's arrays");
    if (status == DMUMU_OK)
        status = dmumu_workspace_new(&made->workspace, error);
    if (status == DMUMU_OK)
        *scratch = made;
    else
        dmumu_scratch_free(made);
    return status;
}

void dmumu_scratch_free(struct dmumu_scratch *scratch)
{
    if (!scratch)
        return;
    dmumu_workspace_free(scratch->workspace);
    free(scratch->result.curve.d_cm2_s);
    for (int mode = 0; mode < DMUMU_N_MODES; ++mode)
        free(scratch->result.curve.d_mode_cm2_s[mode]);
    free(scratch->result.curve.rel_error);
    free(scratch->result.curve.mu_star);
    free(scratch->result.curve.quality);
    free(scratch);
}

static void fill_failed(size_t n, struct dmumu_curve *curve)
{
    for (size_t i = 0; i < n; ++i) {
        curve->d_cm2_s[i] = NAN;
        curve->rel_error[i] = NAN;
        curve->mu_star[i] = NAN;
        curve->quality[i] = DMUMU_QUALITY_FAILED;
        for (int mode = 0; mode < DMUMU_N_MODES; ++mode) {
            if (curve->d_mode_cm2_s[mode])
                curve->d_mode_cm2_s[mode][i] = NAN;
        }
    }
}

static enum dmumu_status compute_values(struct dmumu_scratch *scratch, const struct dmumu_config *config,
                                        struct dmumu_cache *cache, const struct dmumu_point *point,
                                        struct dmumu_error *error)
{
    struct dmumu_tables *tables = NULL;
    enum dmumu_status status = dmumu_medium_of_point(&config->model, point, &scratch->result.medium, error);
    if (status != DMUMU_OK) {
        scratch->result.medium = (struct dmumu_medium){NAN, NAN, NAN, NAN, NAN, NAN, NAN};
        return status;
    }
    status = dmumu_cache_acquire(cache, point->alfven_mach, &tables, error);
    if (status != DMUMU_OK)
        return status;
    status = dmumu_curve_compute(tables, point, scratch->n_rigidity, config->grid.axis[DMUMU_AXIS_RIGIDITY].values,
                                 &scratch->result.curve, scratch->workspace, error);
    dmumu_cache_release(cache, tables);
    return status;
}

const struct dmumu_result *dmumu_scratch_compute(struct dmumu_scratch *scratch, const struct dmumu_config *config,
                                                 struct dmumu_cache *cache, uint64_t index, struct dmumu_error *failure)
{
    const double start_s = omp_get_wtime();
    const struct dmumu_point point = dmumu_grid_point(&config->grid, index);
    struct dmumu_error error = {.status = DMUMU_OK};
    const enum dmumu_status status = compute_values(scratch, config, cache, &point, &error);
    failure->status = DMUMU_OK;
    if (status != DMUMU_OK) {
        fill_failed(scratch->n_rigidity, &scratch->result.curve);
        dmumu_error_set(failure, status, "%s, M_A %.6g, beta %.6g, L %.6g pc: %.400s", dmumu_region_name(point.region),
                        point.alfven_mach, point.beta, point.injection_scale_pc,
                        error.message[0] ? error.message : dmumu_status_text(status));
    }
    scratch->result.index = index;
    scratch->result.cost_s = omp_get_wtime() - start_s;
    return &scratch->result;
}
