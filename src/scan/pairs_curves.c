/* Pairs, their curves: see pairs_curves.h. */
#include "scan/pairs_curves.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>

enum { CURVES_AT_ONCE = 4096, RIGIDITY_AXIS = DMUMU_CUBE_N_AXES - 1 };

/* A rigidity between two of the cube's: ln D = (1 - part) ln D[low] + part ln D[low + 1]. */
struct place {
    size_t low;
    double part;
};

/* What a reading works with. */
struct work {
    const struct dmumu_cube_source *source;
    const struct dmumu_cube_source_info *about;
    uint64_t first, n_points; /* curves of the region */
    size_t n_nodes;
    struct place *place;    /* [n_nodes] */
    size_t lowest, highest; /* rigidities of the cube that are needed */
    size_t *rigidity_to;    /* [rigidities of the cube] */
    struct dmumu_cube_pair *pair;
    struct dmumu_cube_curves read;
    double *ln_d; /* [rigidities of the cube] */
};

static enum dmumu_status out_of_memory(struct dmumu_error *error)
{
    return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the curves of the cube");
}

static enum dmumu_status find_region(struct work *work, enum dmumu_region region, struct dmumu_error *error)
{
    const struct dmumu_cube_axis *axis = &work->about->axis[0];
    size_t i = 0;
    while (i < axis->n && axis->values[i] != (double)region) {
        i++;
    }
    if (i == axis->n) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT,
                               "%.200s has no %s: pairs need both regions, disk and halo, on the cube's axis",
                               work->about->path, dmumu_region_name(region));
    }
    work->n_points = work->about->n_curves / axis->n;
    work->first = i * work->n_points;
    return DMUMU_OK;
}

static enum dmumu_status find_places(struct work *work, const double rigidity_gv[], struct dmumu_error *error)
{
    const struct dmumu_cube_axis *axis = &work->about->axis[RIGIDITY_AXIS];
    work->lowest = axis->n;
    for (size_t node = 0; node < work->n_nodes; node++) {
        const double here_gv = rigidity_gv[node];
        if (axis->n < 2 || here_gv < axis->values[0] || here_gv > axis->values[axis->n - 1]) {
            return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT,
                                   "%.200s: D is wanted at %.4g GV, and its rigidities go from %g to %g; a narrower "
                                   "--range, or a wider scan",
                                   work->about->path, here_gv, axis->values[0], axis->values[axis->n - 1]);
        }
        size_t low = 0;
        while (low + 2 < axis->n && axis->values[low + 1] <= here_gv) {
            low++;
        }
        work->place[node].low = low;
        work->place[node].part = log(here_gv / axis->values[low]) / log(axis->values[low + 1] / axis->values[low]);
        work->lowest = low < work->lowest ? low : work->lowest;
        work->highest = low + 1 > work->highest ? low + 1 : work->highest;
    }
    return DMUMU_OK;
}

static bool allocate(struct work *work, struct dmumu_pairs_curves *curves)
{
    static const bool no_modes[DMUMU_N_MODES] = {false};
    const size_t n_cube = work->about->axis[RIGIDITY_AXIS].n;
    const size_t n_points = (size_t)work->n_points;
    const size_t at_once = n_points < CURVES_AT_ONCE ? n_points : CURVES_AT_ONCE;
    work->rigidity_to = malloc((n_cube + 1) * sizeof *work->rigidity_to);
    work->pair = malloc((at_once + 1) * sizeof *work->pair);
    work->ln_d = malloc((n_cube + 1) * sizeof *work->ln_d);
    curves->point = malloc((n_points + 1) * sizeof *curves->point);
    curves->d_cm2_s = calloc(n_points + 1, work->n_nodes * sizeof *curves->d_cm2_s);
    if (!work->rigidity_to || !work->pair || !work->ln_d || !curves->point || !curves->d_cm2_s ||
        !dmumu_cube_curves_new(at_once, n_cube, no_modes, &work->read)) {
        return false;
    }
    for (size_t i = 0; i < n_cube; i++) {
        work->rigidity_to[i] = i;
    }
    return true;
}

/* One curve, if it has all the values. */
static void keep_curve(const struct work *work, const double d_cm2_s[], uint32_t point,
                       struct dmumu_pairs_curves *curves)
{
    for (size_t i = work->lowest; i <= work->highest; i++) {
        if (!(d_cm2_s[i] > 0.0 && isfinite(d_cm2_s[i]))) {
            return;
        }
        work->ln_d[i] = log(d_cm2_s[i]);
    }
    double *const kept = &curves->d_cm2_s[curves->n * work->n_nodes];
    for (size_t node = 0; node < work->n_nodes; node++) {
        const struct place place = work->place[node];
        kept[node] = exp((1.0 - place.part) * work->ln_d[place.low] + place.part * work->ln_d[place.low + 1]);
    }
    curves->point[curves->n++] = point;
}

static enum dmumu_status read_all(struct work *work, struct dmumu_pairs_curves *curves, struct dmumu_error *error)
{
    enum dmumu_status status = DMUMU_OK;
    for (uint64_t next = 0; status == DMUMU_OK && next < work->n_points;) {
        size_t n = 0;
        for (; next < work->n_points && n < work->read.capacity; next++) {
            if (work->about->state[work->first + next] == DMUMU_CUBE_DONE) {
                dmumu_cube_curves_unset(&work->read, n);
                work->pair[n] = (struct dmumu_cube_pair){work->first + next, n};
                n++;
            }
        }
        status = dmumu_cube_source_take(work->source, n, work->pair, work->rigidity_to, &work->read, error);
        for (size_t i = 0; status == DMUMU_OK && i < n; i++) {
            keep_curve(work, dmumu_cube_curves_at(&work->read, DMUMU_CUBE_D, i),
                       (uint32_t)(work->pair[i].from - work->first), curves);
        }
    }
    return status;
}

enum dmumu_status dmumu_pairs_curves_read(const struct dmumu_cube_source *source, enum dmumu_region region,
                                          size_t n_nodes, const double rigidity_gv[], struct dmumu_pairs_curves *curves,
                                          struct dmumu_error *error)
{
    *curves = (struct dmumu_pairs_curves){.n_nodes = n_nodes};
    struct work work = {.source = source, .about = dmumu_cube_source_about(source), .n_nodes = n_nodes};
    enum dmumu_status status = find_region(&work, region, error);
    if (status == DMUMU_OK && work.n_points > UINT32_MAX) {
        status = dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "more than 2^32 points in a region");
    }
    work.place = calloc(n_nodes + 1, sizeof *work.place);
    if (status == DMUMU_OK && !work.place) {
        (void)out_of_memory(error);
        status = DMUMU_ERROR_MEMORY;
    }
    if (status == DMUMU_OK && work.place) {
        status = find_places(&work, rigidity_gv, error);
    }
    if (status == DMUMU_OK && !allocate(&work, curves)) {
        (void)out_of_memory(error);
        status = DMUMU_ERROR_MEMORY;
    }
    if (status == DMUMU_OK) {
        status = read_all(&work, curves, error);
    }
    free(work.place);
    free(work.rigidity_to);
    free(work.pair);
    free(work.ln_d);
    dmumu_cube_curves_free(&work.read);
    return status;
}

void dmumu_pairs_curves_free(struct dmumu_pairs_curves *curves)
{
    free(curves->point);
    free(curves->d_cm2_s);
    *curves = (struct dmumu_pairs_curves){0};
}
