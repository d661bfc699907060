/* Read, the values: progress, ranges and counts, slab by slab, each curve against its checksum. */
#include "cube/read_values.h"

#include "core/error.h"
#include "cube/integrity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Value i of an array of the field's type. */
static double value_at(enum dmumu_cube_type type, const void *values, size_t i)
{
    switch (type) {
    case DMUMU_CUBE_F64:
        return ((const double *)values)[i];
    case DMUMU_CUBE_F32:
        return ((const float *)values)[i];
    default:
        return ((const uint8_t *)values)[i];
    }
}

static void take_value(struct dmumu_cube_info_range *range, double value)
{
    if (isnan(value)) {
        range->n_nan++;
        return;
    }
    range->min = range->n_numbers > 0 && range->min < value ? range->min : value;
    range->max = range->n_numbers > 0 && range->max > value ? range->max : value;
    range->sum += value;
    range->n_numbers++;
}

static void take_quality(struct dmumu_cube_info *info, uint8_t quality)
{
    if (quality < DMUMU_N_QUALITIES) {
        info->quality[quality]++;
    } else {
        info->n_unknown_quality++;
    }
}

/* A run of curves and the buffers for it. */
struct slab {
    uint64_t first;
    size_t count;
    void *values;               /* [count][n_rigidity] of the largest type */
    uint8_t *state;             /* [count] */
    uint32_t *sum, *stored_sum; /* [count] checksums: of the values as read, and as written with them */
    struct dmumu_crc32_table table;
};

static void slab_free(struct slab *slab)
{
    free(slab->values);
    free(slab->state);
    free(slab->sum);
    free(slab->stored_sum);
}

/* Buffers for `most` curves; free them with slab_free, on failure too. */
static bool slab_new(size_t most, size_t n_rigidity, struct slab *slab)
{
    *slab = (struct slab){
        .values = malloc(most * n_rigidity * sizeof(double)),
        .state = malloc(most),
        .sum = malloc(most * sizeof(uint32_t)),
        .stored_sum = malloc(most * sizeof(uint32_t)),
    };
    dmumu_crc32_table_fill(&slab->table);
    return slab->values != NULL && slab->state != NULL && slab->sum != NULL && slab->stored_sum != NULL;
}

/* The values of one variable that belong to points that are done. */
static void take_values(const struct slab *slab, enum dmumu_cube_variable variable, size_t row,
                        struct dmumu_cube_info *info)
{
    const enum dmumu_cube_type type = dmumu_cube_variable_field(variable)->type;
    for (size_t i = 0; i < slab->count * row; i++) {
        if (slab->state[i / row] != DMUMU_CUBE_DONE) {
            continue;
        }
        take_value(&info->range[variable], value_at(type, slab->values, i));
        if (variable == DMUMU_CUBE_QUALITY) {
            take_quality(info, ((const uint8_t *)slab->values)[i]);
        }
    }
}

/* Every variable of a slab whose states are read. */
static enum dmumu_status take_slab(const struct dmumu_cube_layout *layout, struct slab *slab,
                                   struct dmumu_cube_info *info, struct dmumu_error *error)
{
    memset(slab->sum, 0, slab->count * sizeof *slab->sum);
    for (int v = 0; v < DMUMU_CUBE_N_VARIABLES; v++) {
        const enum dmumu_cube_variable variable = (enum dmumu_cube_variable)v;
        const size_t row = dmumu_cube_layout_row(layout, variable);
        if (layout->variable[v] < 0) {
            continue;
        }
        const enum dmumu_status status =
            dmumu_cube_layout_read(layout, variable, slab->first, slab->count, slab->values, error);
        if (status != DMUMU_OK) {
            return status;
        }
        take_values(slab, variable, row, info);
        if (variable != DMUMU_CUBE_STATE) {
            dmumu_cube_checksum_add(&slab->table, dmumu_cube_variable_field(variable)->type, slab->count, row,
                                    slab->values, slab->sum);
        }
    }
    return DMUMU_OK;
}

/* Do the values of the slab's points that are done have the checksums that were written with them? */
static enum dmumu_status check_sums(const struct dmumu_cube_layout *layout, const struct slab *slab,
                                    struct dmumu_error *error)
{
    if (layout->variable[DMUMU_CUBE_CHECKSUM] < 0) {
        return DMUMU_OK;
    }
    const enum dmumu_status status =
        dmumu_cube_layout_read(layout, DMUMU_CUBE_CHECKSUM, slab->first, slab->count, slab->stored_sum, error);
    for (size_t i = 0; status == DMUMU_OK && i < slab->count; i++) {
        const unsigned long long curve = slab->first + i;
        if (slab->state[i] == DMUMU_CUBE_DONE && slab->sum[i] != slab->stored_sum[i]) {
            return dmumu_error_set(error, DMUMU_ERROR_FILE,
                                   "damaged, or changed by another program: the values of curve %llu do not have the "
                                   "checksum that was written with them",
                                   curve);
        }
    }
    return status;
}

/* Which curves of a slab are done. The ledger comes first: a point that is done now keeps its data. */
static enum dmumu_status read_states(const struct dmumu_cube_layout *layout, struct slab *slab, uint64_t *n_done,
                                     struct dmumu_error *error)
{
    const enum dmumu_status status =
        dmumu_cube_layout_read(layout, DMUMU_CUBE_STATE, slab->first, slab->count, slab->state, error);
    *n_done = 0;
    for (size_t i = 0; status == DMUMU_OK && i < slab->count; i++) {
        const unsigned long long curve = slab->first + i;
        if (slab->state[i] >= DMUMU_CUBE_N_STATES) {
            return dmumu_error_set(error, DMUMU_ERROR_FILE, "damaged: the state of curve %llu is %d, which is none",
                                   curve, slab->state[i]);
        }
        *n_done += slab->state[i] == DMUMU_CUBE_DONE;
    }
    return status;
}

/* One slab: which of its curves are done, and then their values. */
static enum dmumu_status read_slab(const struct dmumu_cube_layout *layout, struct slab *slab,
                                   struct dmumu_cube_info *info, struct dmumu_error *error)
{
    uint64_t n_done = 0;
    enum dmumu_status status = read_states(layout, slab, &n_done, error);
    info->n_done += n_done;
    if (status == DMUMU_OK && n_done > 0) {
        status = take_slab(layout, slab, info, error);
        status = status == DMUMU_OK ? check_sums(layout, slab, error) : status;
    }
    return status;
}

enum dmumu_status dmumu_cube_values_read_slab(const struct dmumu_cube_layout *layout, uint64_t first,
                                              struct dmumu_cube_info *info, struct dmumu_error *error)
{
    const uint64_t step = dmumu_cube_layout_slab(layout), left = layout->n_curves - first;
    const size_t count = (size_t)(left < step ? left : step);
    enum dmumu_status status = DMUMU_OK;
    struct slab slab;
    if (!slab_new(count, layout->n[DMUMU_CUBE_N_AXES - 1], &slab)) {
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for %zu curves", count);
    } else {
        slab.first = first;
        slab.count = count;
        status = read_slab(layout, &slab, info, error);
    }
    slab_free(&slab);
    return status;
}

enum dmumu_status dmumu_cube_values_read(const struct dmumu_cube_layout *layout, struct dmumu_cube_info *info,
                                         struct dmumu_error *error)
{
    const uint64_t step = dmumu_cube_layout_slab(layout);
    enum dmumu_status status = DMUMU_OK;
    for (uint64_t first = 0; status == DMUMU_OK && first < layout->n_curves; first += step) {
        status = dmumu_cube_values_read_slab(layout, first, info, error);
    }
    return status;
}
