/* Curves: arrays by the table of fields (see curves.h). */
#include "cube/curves.h"

#include <stdlib.h>
#include <string.h>

static bool is_kept(enum dmumu_cube_variable variable, const bool modes[static DMUMU_N_MODES])
{
    return variable != DMUMU_CUBE_STATE && dmumu_cube_field_present(dmumu_cube_variable_field(variable), modes);
}

static size_t row_of(enum dmumu_cube_variable variable, size_t n_rigidity)
{
    return dmumu_cube_variable_field(variable)->n_axes == DMUMU_CUBE_N_AXES ? n_rigidity : 1;
}

size_t dmumu_cube_curves_bytes(size_t n_rigidity, const bool modes[static DMUMU_N_MODES])
{
    size_t bytes = sizeof(uint64_t);
    for (int v = 0; v < DMUMU_CUBE_N_VARIABLES; v++) {
        const enum dmumu_cube_variable variable = (enum dmumu_cube_variable)v;
        if (is_kept(variable, modes)) {
            bytes += row_of(variable, n_rigidity) * dmumu_cube_type_size(dmumu_cube_variable_field(variable)->type);
        }
    }
    return bytes;
}

/* Plain malloc: the pages of a large, hardly used array are never touched. */
bool dmumu_cube_curves_new(size_t capacity, size_t n_rigidity, const bool modes[static DMUMU_N_MODES],
                           struct dmumu_cube_curves *curves)
{
    *curves = (struct dmumu_cube_curves){.capacity = capacity, .n_rigidity = n_rigidity};
    curves->curve = malloc(capacity * sizeof *curves->curve);
    bool done = curves->curve != NULL;
    for (int v = 0; v < DMUMU_CUBE_N_VARIABLES; v++) {
        const enum dmumu_cube_variable variable = (enum dmumu_cube_variable)v;
        if (is_kept(variable, modes)) {
            const size_t size = dmumu_cube_type_size(dmumu_cube_variable_field(variable)->type);
            curves->value[v] = malloc(capacity * row_of(variable, n_rigidity) * size);
            done = done && curves->value[v] != NULL;
        }
    }
    if (!done) {
        dmumu_cube_curves_free(curves);
    }
    return done;
}

void dmumu_cube_curves_free(struct dmumu_cube_curves *curves)
{
    free(curves->curve);
    for (int v = 0; v < DMUMU_CUBE_N_VARIABLES; v++) {
        free(curves->value[v]);
    }
    *curves = (struct dmumu_cube_curves){.capacity = 0};
}

size_t dmumu_cube_curves_row(const struct dmumu_cube_curves *curves, enum dmumu_cube_variable variable)
{
    return row_of(variable, curves->n_rigidity);
}

void *dmumu_cube_curves_at(const struct dmumu_cube_curves *curves, enum dmumu_cube_variable variable, size_t i)
{
    const size_t size = dmumu_cube_type_size(dmumu_cube_variable_field(variable)->type);
    return (char *)curves->value[variable] + i * row_of(variable, curves->n_rigidity) * size;
}

void dmumu_cube_curves_unset(struct dmumu_cube_curves *curves, size_t i)
{
    memset(dmumu_cube_curves_at(curves, DMUMU_CUBE_QUALITY, i), DMUMU_CUBE_UNSET_U8, curves->n_rigidity);
}

struct dmumu_cube_batch dmumu_cube_curves_batch(const struct dmumu_cube_curves *curves)
{
    struct dmumu_cube_batch batch = {.n = curves->n, .curve = curves->curve};
    for (int v = 0; v < DMUMU_CUBE_N_VARIABLES; v++) {
        const struct dmumu_cube_field *field = dmumu_cube_variable_field((enum dmumu_cube_variable)v);
        if (curves->value[v] != NULL && field->batch_offset != SIZE_MAX) {
            memcpy((char *)&batch + field->batch_offset, &curves->value[v], sizeof curves->value[v]);
        }
    }
    return batch;
}
