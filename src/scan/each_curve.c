/* Each curve: see each_curve.h. */
#include "scan/each_curve.h"

#include "core/error.h"

#include <stdlib.h>

enum { CURVES_AT_ONCE = 4096, RIGIDITY_AXIS = DMUMU_CUBE_N_AXES - 1 };

struct reading {
    const struct dmumu_cube_source *source;
    const struct dmumu_cube_source_info *about;
    size_t *rigidity_to;          /* [rigidities of the cube] their own index: all are taken */
    struct dmumu_cube_pair *pair; /* [CURVES_AT_ONCE] */
    struct dmumu_cube_curves curves;
};

static bool allocate(struct reading *reading)
{
    static const bool no_modes[DMUMU_N_MODES] = {false};
    const size_t n_rigidity = reading->about->axis[RIGIDITY_AXIS].n;
    const size_t n_curves = (size_t)reading->about->n_curves;
    const size_t at_once = n_curves < CURVES_AT_ONCE ? n_curves : CURVES_AT_ONCE;
    reading->rigidity_to = malloc((n_rigidity + 1) * sizeof *reading->rigidity_to);
    reading->pair = malloc((at_once + 1) * sizeof *reading->pair);
    if (!reading->rigidity_to || !reading->pair ||
        !dmumu_cube_curves_new(at_once, n_rigidity, no_modes, &reading->curves)) {
        return false;
    }
    for (size_t i = 0; i < n_rigidity; i++) {
        reading->rigidity_to[i] = i;
    }
    return true;
}

/* The next curves that are done, as many as fit; *next goes on behind them. */
static size_t choose(struct reading *reading, uint64_t *next)
{
    size_t n = 0;
    for (; *next < reading->about->n_curves && n < reading->curves.capacity; (*next)++) {
        if (reading->about->state[*next] == DMUMU_CUBE_DONE) {
            dmumu_cube_curves_unset(&reading->curves, n);
            reading->pair[n] = (struct dmumu_cube_pair){*next, n};
            n++;
        }
    }
    return n;
}

static enum dmumu_status visit_all(struct reading *reading, dmumu_each_curve_visit *visit, void *context,
                                   struct dmumu_error *error)
{
    enum dmumu_status status = DMUMU_OK;
    for (uint64_t next = 0; status == DMUMU_OK && next < reading->about->n_curves;) {
        const size_t n = choose(reading, &next);
        status =
            dmumu_cube_source_take(reading->source, n, reading->pair, reading->rigidity_to, &reading->curves, error);
        for (size_t i = 0; status == DMUMU_OK && i < n; i++) {
            status =
                visit(context, reading->pair[i].from, dmumu_cube_curves_at(&reading->curves, DMUMU_CUBE_D, i), error);
        }
    }
    return status;
}

enum dmumu_status dmumu_each_curve(const struct dmumu_cube_source *source, dmumu_each_curve_visit *visit, void *context,
                                   struct dmumu_error *error)
{
    struct reading reading = {.source = source, .about = dmumu_cube_source_about(source)};
    const enum dmumu_status status =
        allocate(&reading) ? visit_all(&reading, visit, context, error)
                           : dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the curves of the cube");
    free(reading.rigidity_to);
    free(reading.pair);
    dmumu_cube_curves_free(&reading.curves);
    return status;
}
