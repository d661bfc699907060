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
    size_t *which;           /* [n_rigidity] */
    double *rigidity_gv;     /* [n_rigidity] those to compute, packed */
    struct dmumu_curve part; /* their values, packed */
};

static bool new_curve(size_t n, const bool modes[static DMUMU_N_MODES], struct dmumu_curve *curve)
{
    bool ok = (curve->d_cm2_s = calloc(n, sizeof(double))) != NULL;
    for (int mode = 0; mode < DMUMU_N_MODES; ++mode) {
        if (modes[mode])
            ok = (curve->d_mode_cm2_s[mode] = calloc(n, sizeof(double))) != NULL && ok;
    }
    ok = (curve->rel_error = calloc(n, sizeof(double))) != NULL && ok;
    ok = (curve->mu_star = calloc(n, sizeof(double))) != NULL && ok;
    return (curve->quality = calloc(n, 1)) != NULL && ok;
}

static void free_curve(struct dmumu_curve *curve)
{
    free(curve->d_cm2_s);
    for (int mode = 0; mode < DMUMU_N_MODES; ++mode)
        free(curve->d_mode_cm2_s[mode]);
    free(curve->rel_error);
    free(curve->mu_star);
    free(curve->quality);
}

enum dmumu_status dmumu_scratch_new(size_t n_rigidity, const bool modes[static DMUMU_N_MODES],
                                    struct dmumu_scratch **scratch, struct dmumu_error *error)
{
    struct dmumu_scratch *made = calloc(1, sizeof *made);
    if (!made)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for a thread's arrays");
    made->n_rigidity = n_rigidity;
    made->which = calloc(n_rigidity, sizeof *made->which);
    made->rigidity_gv = calloc(n_rigidity, sizeof *made->rigidity_gv);
    enum dmumu_status status = DMUMU_OK;
    if (!made->which || !made->rigidity_gv || !new_curve(n_rigidity, modes, &made->result.curve) ||
        !new_curve(n_rigidity, modes, &made->part))
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
    free_curve(&scratch->result.curve);
    free_curve(&scratch->part);
    free(scratch->which);
    free(scratch->rigidity_gv);
    free(scratch);
}

void dmumu_scratch_set_interlude(struct dmumu_scratch *scratch, struct dmumu_interlude interlude)
{
    scratch->workspace->interlude = interlude;
}

size_t *dmumu_scratch_which(struct dmumu_scratch *scratch)
{
    return scratch->which;
}

/* One value that has no number. */
static void set_nan(struct dmumu_curve *curve, size_t i, uint8_t quality)
{
    curve->d_cm2_s[i] = NAN;
    curve->rel_error[i] = NAN;
    curve->mu_star[i] = NAN;
    curve->quality[i] = quality;
    for (int mode = 0; mode < DMUMU_N_MODES; ++mode) {
        if (curve->d_mode_cm2_s[mode])
            curve->d_mode_cm2_s[mode][i] = NAN;
    }
}

/* Medium and values of a curve at n rigidities. */
static enum dmumu_status compute_values(struct dmumu_scratch *scratch, const struct dmumu_config *config,
                                        struct dmumu_cache *cache, const struct dmumu_point *point, size_t n,
                                        const double rigidity_gv[], struct dmumu_curve *curve,
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
    status = dmumu_curve_compute(tables, point, n, rigidity_gv, curve, scratch->workspace, error);
    dmumu_cache_release(cache, tables);
    return status;
}

/* One packed value to its place. */
static void unpack(const struct dmumu_curve *part, size_t from, struct dmumu_curve *curve, size_t to)
{
    curve->d_cm2_s[to] = part->d_cm2_s[from];
    curve->rel_error[to] = part->rel_error[from];
    curve->mu_star[to] = part->mu_star[from];
    curve->quality[to] = part->quality[from];
    for (int mode = 0; mode < DMUMU_N_MODES; ++mode) {
        if (curve->d_mode_cm2_s[mode])
            curve->d_mode_cm2_s[mode][to] = part->d_mode_cm2_s[mode][from];
    }
}

/* The curve at some of its rigidities, and nothing at the others. */
static enum dmumu_status compute_part(struct dmumu_scratch *scratch, const struct dmumu_config *config,
                                      struct dmumu_cache *cache, const struct dmumu_point *point, size_t n_which,
                                      struct dmumu_error *error)
{
    for (size_t i = 0; i < n_which; ++i)
        scratch->rigidity_gv[i] = config->grid.axis[DMUMU_AXIS_RIGIDITY].values[scratch->which[i]];
    const enum dmumu_status status =
        compute_values(scratch, config, cache, point, n_which, scratch->rigidity_gv, &scratch->part, error);
    for (size_t i = 0; i < scratch->n_rigidity; ++i)
        set_nan(&scratch->result.curve, i, DMUMU_CUBE_UNSET_U8);
    for (size_t i = 0; i < n_which; ++i) {
        if (status == DMUMU_OK)
            unpack(&scratch->part, i, &scratch->result.curve, scratch->which[i]);
        else
            set_nan(&scratch->result.curve, scratch->which[i], DMUMU_QUALITY_FAILED);
    }
    return status;
}

static enum dmumu_status compute_whole(struct dmumu_scratch *scratch, const struct dmumu_config *config,
                                       struct dmumu_cache *cache, const struct dmumu_point *point,
                                       struct dmumu_error *error)
{
    struct dmumu_curve *curve = &scratch->result.curve;
    const enum dmumu_status status = compute_values(scratch, config, cache, point, scratch->n_rigidity,
                                                    config->grid.axis[DMUMU_AXIS_RIGIDITY].values, curve, error);
    for (size_t i = 0; status != DMUMU_OK && i < scratch->n_rigidity; ++i)
        set_nan(curve, i, DMUMU_QUALITY_FAILED);
    return status;
}

const struct dmumu_result *dmumu_scratch_compute(struct dmumu_scratch *scratch, const struct dmumu_config *config,
                                                 struct dmumu_cache *cache, uint64_t index, size_t n_which,
                                                 struct dmumu_error *failure)
{
    const double start_s = omp_get_wtime();
    const struct dmumu_point point = dmumu_grid_point(&config->grid, index);
    struct dmumu_error error = {.status = DMUMU_OK};
    const enum dmumu_status status = n_which < scratch->n_rigidity
                                         ? compute_part(scratch, config, cache, &point, n_which, &error)
                                         : compute_whole(scratch, config, cache, &point, &error);
    failure->status = DMUMU_OK;
    if (status != DMUMU_OK)
        dmumu_error_set(failure, status, "%s, M_A %.6g, beta %.6g, L %.6g pc: %.400s", dmumu_region_name(point.region),
                        point.alfven_mach, point.beta, point.injection_scale_pc,
                        error.message[0] ? error.message : dmumu_status_text(status));
    scratch->result.index = index;
    scratch->result.cost_s = omp_get_wtime() - start_s;
    return &scratch->result;
}
