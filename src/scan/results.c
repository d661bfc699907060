/* Results: two batches of finished curves, one filled, one written (see results.h). */
#include "scan/results.h"

#include "core/error.h"

#include <stdlib.h>
#include <string.h>

/* One batch in the layout of struct dmumu_cube_batch: [capacity][n_rigidity] and [capacity]. */
struct batch {
    size_t n;
    uint64_t *curve;
    double *d_cm2_s, *d_mode_cm2_s[DMUMU_N_MODES];
    float *rel_error, *mu_star;
    uint8_t *quality;
    double *alfven_speed_km_s, *temperature_k, *density_cm3, *magnetic_field_ug, *x_c;
    float *cost_s;
};

struct dmumu_results {
    size_t capacity, n_rigidity;
    struct batch batch[2];
    int filling; /* which of the two */
};

static size_t count_modes(const bool modes[static DMUMU_N_MODES])
{
    size_t n = 0;
    for (int mode = 0; mode < DMUMU_N_MODES; ++mode)
        n += modes[mode];
    return n;
}

size_t dmumu_results_curve_bytes(size_t n_rigidity, const bool modes[static DMUMU_N_MODES])
{
    const size_t per_value = (1 + count_modes(modes)) * sizeof(double) + 2 * sizeof(float) + sizeof(uint8_t);
    return n_rigidity * per_value + sizeof(uint64_t) + 5 * sizeof(double) + sizeof(float);
}

static void free_batch(struct batch *batch)
{
    free(batch->curve);
    free(batch->d_cm2_s);
    for (int mode = 0; mode < DMUMU_N_MODES; ++mode)
        free(batch->d_mode_cm2_s[mode]);
    free(batch->rel_error);
    free(batch->mu_star);
    free(batch->quality);
    free(batch->alfven_speed_km_s);
    free(batch->temperature_k);
    free(batch->density_cm3);
    free(batch->magnetic_field_ug);
    free(batch->x_c);
    free(batch->cost_s);
}

/* Plain malloc: the pages of a large, hardly used batch are never touched. */
static bool allocate_batch(struct batch *batch, size_t n, size_t n_rigidity, const bool modes[static DMUMU_N_MODES])
{
    const size_t values = n * n_rigidity;
    bool ok = (batch->curve = malloc(n * sizeof *batch->curve)) != NULL;
    ok = (batch->d_cm2_s = malloc(values * sizeof(double))) != NULL && ok;
    for (int mode = 0; mode < DMUMU_N_MODES; ++mode) {
        if (modes[mode])
            ok = (batch->d_mode_cm2_s[mode] = malloc(values * sizeof(double))) != NULL && ok;
    }
    ok = (batch->rel_error = malloc(values * sizeof(float))) != NULL && ok;
    ok = (batch->mu_star = malloc(values * sizeof(float))) != NULL && ok;
    ok = (batch->quality = malloc(values)) != NULL && ok;
    ok = (batch->alfven_speed_km_s = malloc(n * sizeof(double))) != NULL && ok;
    ok = (batch->temperature_k = malloc(n * sizeof(double))) != NULL && ok;
    ok = (batch->density_cm3 = malloc(n * sizeof(double))) != NULL && ok;
    ok = (batch->magnetic_field_ug = malloc(n * sizeof(double))) != NULL && ok;
    ok = (batch->x_c = malloc(n * sizeof(double))) != NULL && ok;
    ok = (batch->cost_s = malloc(n * sizeof(float))) != NULL && ok;
    return ok;
}

enum dmumu_status dmumu_results_new(size_t capacity, size_t n_rigidity, const bool modes[static DMUMU_N_MODES],
                                    struct dmumu_results **results, struct dmumu_error *error)
{
    struct dmumu_results *made = calloc(1, sizeof *made);
    if (made) {
        made->capacity = capacity;
        made->n_rigidity = n_rigidity;
        if (allocate_batch(&made->batch[0], capacity, n_rigidity, modes) &&
            allocate_batch(&made->batch[1], capacity, n_rigidity, modes)) {
            *results = made;
            return DMUMU_OK;
        }
    }
    dmumu_results_free(made);
    return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for two batches of %zu finished curves", capacity);
}

void dmumu_results_free(struct dmumu_results *results)
{
    if (!results)
        return;
    free_batch(&results->batch[0]);
    free_batch(&results->batch[1]);
    free(results);
}

static void narrow(size_t n, const double from[], float to[])
{
    for (size_t i = 0; i < n; ++i)
        to[i] = (float)from[i];
}

bool dmumu_results_add(struct dmumu_results *results, const struct dmumu_result *result)
{
    struct batch *batch = &results->batch[results->filling];
    if (batch->n == results->capacity)
        return false;
    const size_t i = batch->n++, n = results->n_rigidity;
    batch->curve[i] = result->index;
    memcpy(batch->d_cm2_s + i * n, result->curve.d_cm2_s, n * sizeof(double));
    for (int mode = 0; mode < DMUMU_N_MODES; ++mode) {
        if (batch->d_mode_cm2_s[mode])
            memcpy(batch->d_mode_cm2_s[mode] + i * n, result->curve.d_mode_cm2_s[mode], n * sizeof(double));
    }
    narrow(n, result->curve.rel_error, batch->rel_error + i * n);
    narrow(n, result->curve.mu_star, batch->mu_star + i * n);
    memcpy(batch->quality + i * n, result->curve.quality, n);
    batch->alfven_speed_km_s[i] = result->medium.alfven_speed_km_s;
    batch->temperature_k[i] = result->medium.temperature_k;
    batch->density_cm3[i] = result->medium.density_cm3;
    batch->magnetic_field_ug[i] = result->medium.magnetic_field_ug;
    batch->x_c[i] = result->medium.x_c;
    batch->cost_s[i] = (float)result->cost_s;
    return true;
}

size_t dmumu_results_count(const struct dmumu_results *results)
{
    return results->batch[results->filling].n;
}

struct dmumu_cube_batch dmumu_results_take(struct dmumu_results *results)
{
    const struct batch *full = &results->batch[results->filling];
    results->filling = 1 - results->filling;
    results->batch[results->filling].n = 0;
    struct dmumu_cube_batch view = {
        .n = full->n,
        .curve = full->curve,
        .d_cm2_s = full->d_cm2_s,
        .rel_error = full->rel_error,
        .mu_star = full->mu_star,
        .quality = full->quality,
        .alfven_speed_km_s = full->alfven_speed_km_s,
        .temperature_k = full->temperature_k,
        .density_cm3 = full->density_cm3,
        .magnetic_field_ug = full->magnetic_field_ug,
        .x_c = full->x_c,
        .cost_s = full->cost_s,
    };
    for (int mode = 0; mode < DMUMU_N_MODES; ++mode)
        view.d_mode_cm2_s[mode] = full->d_mode_cm2_s[mode];
    return view;
}
