/* Estimate: sample curves and their sum over the grid (see estimate.h). */
#include "scan/estimate.h"

#include "scan/cache.h"
#include "scan/scratch.h"

#include <math.h>
#include <omp.h>

enum { MACH_SAMPLES = 4, RUNS_PER_PASS = 2, CURVES_PER_RUN = 3, PASSES = 2 };
static const double enough_s = 15.0;

/* Seconds at one M_A: for the tables, and for a run of each region. */
struct sample {
    size_t mach;
    double tables_s;
    double run_s[DMUMU_N_REGIONS];
};

static uint64_t flat_index(const struct dmumu_grid *grid, size_t region, size_t mach, size_t beta, size_t scale)
{
    return ((region * grid->axis[DMUMU_AXIS_ALFVEN_MACH].n + mach) * grid->axis[DMUMU_AXIS_BETA].n + beta) *
               grid->axis[DMUMU_AXIS_INJECTION_SCALE].n +
           scale;
}

/* Curves of a run that are computed. */
static size_t curves_per_run(const struct dmumu_grid *grid)
{
    const size_t n_scale = grid->axis[DMUMU_AXIS_INJECTION_SCALE].n;
    return n_scale < CURVES_PER_RUN ? n_scale : CURVES_PER_RUN;
}

/*
 * The i-th of the curves computed of run k. Points that fill the plane of beta and L evenly: Roberts' R2 sequence, made
 * of the plastic number; its L is repeated in equal parts of the axis.
 */
static uint64_t spread_index(const struct dmumu_grid *grid, size_t region, size_t mach, int k, size_t i)
{
    const double n_beta = (double)grid->axis[DMUMU_AXIS_BETA].n;
    const double n_scale = (double)grid->axis[DMUMU_AXIS_INJECTION_SCALE].n;
    double whole;
    const double u = modf(0.5 + k * 0.7548776662466927, &whole), v = modf(0.5 + k * 0.5698402909980532, &whole);
    const double part = ((double)i + v) / (double)curves_per_run(grid);
    return flat_index(grid, region, mach, (size_t)(u * n_beta), (size_t)(part * n_scale));
}

/* Seconds of a whole run, from those of its first curve and of the mean of the others. */
static enum dmumu_status time_run(const struct dmumu_config *config, struct dmumu_cache *cache,
                                  struct dmumu_scratch *scratch, size_t region, size_t mach, int k, double *run_s,
                                  struct dmumu_error *error)
{
    const size_t n = curves_per_run(&config->grid), n_rigidity = config->grid.axis[DMUMU_AXIS_RIGIDITY].n;
    double later_s = 0.0;
    *run_s = 0.0;
    for (size_t i = 0; i < n; ++i) {
        const uint64_t index = spread_index(&config->grid, region, mach, k, i);
        const double curve_s = dmumu_scratch_compute(scratch, config, cache, index, n_rigidity, error)->cost_s;
        if (error->status != DMUMU_OK)
            return error->status;
        if (i == 0)
            *run_s = curve_s;
        else
            later_s += curve_s / (double)(n - 1);
    }
    *run_s += later_s * (double)(config->grid.axis[DMUMU_AXIS_INJECTION_SCALE].n - 1);
    return DMUMU_OK;
}

/* Mean seconds of a run in one pass over the regions; sums them up in *sum_s. */
static enum dmumu_status time_pass(const struct dmumu_config *config, struct dmumu_cache *cache,
                                   struct dmumu_scratch *scratch, int pass, struct sample *sample, double *sum_s,
                                   struct dmumu_error *error)
{
    *sum_s = 0.0;
    for (size_t r = 0; r < config->grid.axis[DMUMU_AXIS_REGION].n; ++r) {
        double region_s = 0.0;
        for (int i = 0; i < RUNS_PER_PASS; ++i) {
            double run_s;
            const enum dmumu_status status =
                time_run(config, cache, scratch, r, sample->mach, pass * RUNS_PER_PASS + i, &run_s, error);
            if (status != DMUMU_OK)
                return status;
            region_s += run_s;
        }
        sample->run_s[r] = region_s / RUNS_PER_PASS;
        *sum_s += region_s;
    }
    return DMUMU_OK;
}

/* The tables' share is what the first pass took beyond the second. */
static enum dmumu_status take_sample(const struct dmumu_config *config, struct dmumu_cache *cache,
                                     struct dmumu_scratch *scratch, struct sample *sample, struct dmumu_error *error)
{
    double pass_s[PASSES] = {0.0};
    for (int pass = 0; pass < PASSES; ++pass) {
        const enum dmumu_status status = time_pass(config, cache, scratch, pass, sample, &pass_s[pass], error);
        if (status != DMUMU_OK)
            return status;
    }
    sample->tables_s = fmax(0.0, pass_s[0] - pass_s[1]);
    return DMUMU_OK;
}

/* Piecewise linear in ln M_A between the samples, which are ascending; constant beyond the last. */
static void interpolate(const double mach[], size_t n, const struct sample samples[], size_t i, struct sample *result)
{
    size_t k = 0;
    while (k + 2 < n && samples[k + 1].mach < i)
        ++k;
    *result = samples[n - 1];
    if (i >= result->mach)
        return;
    const struct sample *a = &samples[k], *b = &samples[k + 1];
    const double w = log(mach[i] / mach[a->mach]) / log(mach[b->mach] / mach[a->mach]);
    result->tables_s = a->tables_s + w * (b->tables_s - a->tables_s);
    for (int r = 0; r < DMUMU_N_REGIONS; ++r)
        result->run_s[r] = a->run_s[r] + w * (b->run_s[r] - a->run_s[r]);
}

static void add_up(const struct dmumu_grid *grid, size_t n, const struct sample samples[],
                   struct dmumu_estimate *estimate)
{
    const struct dmumu_axis *machs = &grid->axis[DMUMU_AXIS_ALFVEN_MACH];
    const double runs = (double)grid->axis[DMUMU_AXIS_BETA].n;
    for (size_t i = 0; i < machs->n; ++i) {
        struct sample here;
        interpolate(machs->values, n, samples, i, &here);
        estimate->tables_s += here.tables_s;
        estimate->core_s += here.tables_s;
        for (size_t r = 0; r < grid->axis[DMUMU_AXIS_REGION].n; ++r)
            estimate->core_s += runs * here.run_s[r];
    }
}

enum dmumu_status dmumu_estimate_run(const struct dmumu_config *config, struct dmumu_estimate *estimate,
                                     struct dmumu_error *error)
{
    const size_t n_mach = config->grid.axis[DMUMU_AXIS_ALFVEN_MACH].n;
    const size_t n_samples = n_mach < MACH_SAMPLES ? n_mach : MACH_SAMPLES;
    struct sample samples[MACH_SAMPLES] = {{0}};
    struct dmumu_cache *cache = NULL;
    struct dmumu_scratch *scratch = NULL;
    const double start_s = omp_get_wtime();
    *estimate = (struct dmumu_estimate){0};
    enum dmumu_status status = dmumu_cache_new(&config->model, 1, 1, &cache, error);
    if (status == DMUMU_OK)
        status = dmumu_scratch_new(config->grid.axis[DMUMU_AXIS_RIGIDITY].n, config->model.modes, &scratch, error);
    for (size_t i = 0; i < n_samples && status == DMUMU_OK; ++i) {
        if (i > 0 && omp_get_wtime() - start_s > enough_s)
            break;
        samples[i].mach = n_samples > 1 ? i * (n_mach - 1) / (n_samples - 1) : 0;
        status = take_sample(config, cache, scratch, &samples[i], error);
        estimate->alfven_machs = i + 1;
    }
    if (status == DMUMU_OK)
        add_up(&config->grid, estimate->alfven_machs, samples, estimate);
    estimate->curves = estimate->alfven_machs * config->grid.axis[DMUMU_AXIS_REGION].n * PASSES * RUNS_PER_PASS *
                       curves_per_run(&config->grid);
    estimate->spent_s = omp_get_wtime() - start_s;
    dmumu_scratch_free(scratch);
    dmumu_cache_free(cache);
    return status;
}
