/* Results: two batches of finished curves, one filled, one written (see results.h). */
#include "scan/results.h"

#include "core/error.h"

#include <stdlib.h>
#include <string.h>

struct dmumu_results {
    struct dmumu_cube_curves batch[2];
    int filling; /* which of the two */
};

enum dmumu_status dmumu_results_new(size_t capacity, size_t n_rigidity, const bool modes[static DMUMU_N_MODES],
                                    struct dmumu_results **results, struct dmumu_error *error)
{
    struct dmumu_results *made = calloc(1, sizeof *made);
    if (made && dmumu_cube_curves_new(capacity, n_rigidity, modes, &made->batch[0]) &&
        dmumu_cube_curves_new(capacity, n_rigidity, modes, &made->batch[1])) {
        *results = made;
        return DMUMU_OK;
    }
    dmumu_results_free(made);
    return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for two batches of %zu finished curves", capacity);
}

void dmumu_results_free(struct dmumu_results *results)
{
    if (!results)
        return;
    dmumu_cube_curves_free(&results->batch[0]);
    dmumu_cube_curves_free(&results->batch[1]);
    free(results);
}

static void put_row(struct dmumu_cube_curves *batch, enum dmumu_cube_variable variable, const double from[])
{
    memcpy(dmumu_cube_curves_at(batch, variable, batch->n), from, batch->n_rigidity * sizeof(double));
}

static void put_narrow_row(struct dmumu_cube_curves *batch, enum dmumu_cube_variable variable, const double from[])
{
    float *to = dmumu_cube_curves_at(batch, variable, batch->n);
    for (size_t i = 0; i < batch->n_rigidity; ++i)
        to[i] = (float)from[i];
}

static void put(struct dmumu_cube_curves *batch, enum dmumu_cube_variable variable, double value)
{
    *(double *)dmumu_cube_curves_at(batch, variable, batch->n) = value;
}

bool dmumu_results_add(struct dmumu_results *results, const struct dmumu_result *result)
{
    struct dmumu_cube_curves *batch = &results->batch[results->filling];
    if (batch->n == batch->capacity)
        return false;
    batch->curve[batch->n] = result->index;
    put_row(batch, DMUMU_CUBE_D, result->curve.d_cm2_s);
    for (int mode = 0; mode < DMUMU_N_MODES; ++mode) {
        const enum dmumu_cube_variable variable = (enum dmumu_cube_variable)((int)DMUMU_CUBE_D_FAST + mode);
        if (batch->value[variable])
            put_row(batch, variable, result->curve.d_mode_cm2_s[mode]);
    }
    put_narrow_row(batch, DMUMU_CUBE_REL_ERROR, result->curve.rel_error);
    put_narrow_row(batch, DMUMU_CUBE_MU_STAR, result->curve.mu_star);
    memcpy(dmumu_cube_curves_at(batch, DMUMU_CUBE_QUALITY, batch->n), result->curve.quality, batch->n_rigidity);
    put(batch, DMUMU_CUBE_ALFVEN_SPEED, result->medium.alfven_speed_km_s);
    put(batch, DMUMU_CUBE_TEMPERATURE, result->medium.temperature_k);
    put(batch, DMUMU_CUBE_DENSITY, result->medium.density_cm3);
    put(batch, DMUMU_CUBE_MAGNETIC_FIELD, result->medium.magnetic_field_ug);
    put(batch, DMUMU_CUBE_X_C, result->medium.x_c);
    *(float *)dmumu_cube_curves_at(batch, DMUMU_CUBE_COST, batch->n) = (float)result->cost_s;
    ++batch->n;
    return true;
}

size_t dmumu_results_count(const struct dmumu_results *results)
{
    return results->batch[results->filling].n;
}

struct dmumu_cube_curves *dmumu_results_take(struct dmumu_results *results)
{
    struct dmumu_cube_curves *full = &results->batch[results->filling];
    results->filling = 1 - results->filling;
    results->batch[results->filling].n = 0;
    return full;
}
