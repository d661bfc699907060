/* Refine: see refine.h. The curves are computed in refine_measure.c. */
#include "scan/refine.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>

static enum dmumu_status out_of_memory(struct dmumu_error *error)
{
    return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the interpolation errors");
}

double dmumu_refine_between(const struct dmumu_cube_axis *axis, double from, double to, double share)
{
    return axis->log_spaced ? from * pow(to / from, share) : from + (to - from) * share;
}

double dmumu_refine_middle(const struct dmumu_cube_axis *axis, size_t cell)
{
    return dmumu_refine_between(axis, axis->values[cell], axis->values[cell + 1], 0.5);
}

/* ---- the plan ---------------------------------------------------------------------------------------------------- */

/* Numbers without order (Steele, Lea & Flood 2014, OOPSLA 49, 453: SplitMix64). */
static uint64_t scramble(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Number `i` of a sample of `wanted` out of n, one in each of so many equal parts; all where n are wanted. */
static size_t drawn(size_t n, size_t wanted, size_t i, uint64_t seed)
{
    const size_t first = (size_t)((double)n * (double)i / (double)wanted);
    const size_t end = i + 1 == wanted ? n : (size_t)((double)n * (double)(i + 1) / (double)wanted);
    return first + (size_t)(scramble(seed ^ scramble(i)) % (end - first));
}

/* The value at a share of a whole axis. */
static double along(const struct dmumu_cube_axis *axis, double share)
{
    return dmumu_refine_between(axis, axis->values[0], axis->values[axis->n - 1], share);
}

/* A place in part i of n equal parts of 0 .. 1, as drawn for a seed. */
static double place_in(size_t n, size_t i, uint64_t seed)
{
    return ((double)i + (double)(scramble(seed) >> 11) * 0x1p-53) / (double)n;
}

void dmumu_refine_rigidities(const struct dmumu_cube_axis *rigidity, size_t medium,
                             double rigidity_gv[static DMUMU_REFINE_RIGIDITIES])
{
    for (size_t i = 0; i < DMUMU_REFINE_RIGIDITIES; i++) {
        const uint64_t seed = scramble(medium + 1) ^ scramble((uint64_t)DMUMU_AXIS_RIGIDITY << 32 | i);
        rigidity_gv[i] = along(rigidity, place_in(DMUMU_REFINE_RIGIDITIES, i, seed));
    }
}

static size_t cells_of(const struct dmumu_cube_axis axis[static DMUMU_N_AXES], int id)
{
    return id == DMUMU_AXIS_REGION ? 0 : axis[id].n - 1;
}

/* How many media the nodes of the axes but `without` and rigidity make. */
static size_t media_without(const struct dmumu_cube_axis axis[static DMUMU_N_AXES], int without)
{
    size_t n = 1;
    for (int id = 0; id < DMUMU_AXIS_RIGIDITY; id++)
        n *= id == without ? 1 : axis[id].n;
    return n;
}

/* Medium number `medium` of these, in the middle of a cell of `id` where that is not rigidity. */
static struct dmumu_point point_of(const struct dmumu_cube_axis axis[static DMUMU_N_AXES], int id, size_t cell,
                                   size_t medium)
{
    double value[DMUMU_AXIS_RIGIDITY];
    for (int other = DMUMU_AXIS_RIGIDITY - 1; other >= 0; other--) {
        if (other == id) {
            value[other] = dmumu_refine_middle(&axis[other], cell);
        } else {
            value[other] = axis[other].values[medium % axis[other].n];
            medium /= axis[other].n;
        }
    }
    return (struct dmumu_point){.region = (enum dmumu_region)value[DMUMU_AXIS_REGION],
                                .alfven_mach = value[DMUMU_AXIS_ALFVEN_MACH],
                                .beta = value[DMUMU_AXIS_BETA],
                                .injection_scale_pc = value[DMUMU_AXIS_INJECTION_SCALE]};
}

/* Medium number i of the look-ups anywhere. Media of one Mach number have one in each part of L. */
static struct dmumu_point anywhere(const struct dmumu_cube_axis axis[static DMUMU_N_AXES], size_t i)
{
    const size_t mach = i / DMUMU_REFINE_MEDIA, medium = i % DMUMU_REFINE_MEDIA, n_regions = axis[DMUMU_AXIS_REGION].n;
    const uint64_t mach_seed = scramble((uint64_t)DMUMU_AXIS_ALFVEN_MACH << 32 | mach);
    const uint64_t beta_seed = scramble((uint64_t)DMUMU_AXIS_BETA << 32 | i);
    const uint64_t scale_seed = scramble((uint64_t)DMUMU_AXIS_INJECTION_SCALE << 32 | i);
    return (struct dmumu_point){
        .region = (enum dmumu_region)axis[DMUMU_AXIS_REGION].values[i % n_regions],
        .alfven_mach = along(&axis[DMUMU_AXIS_ALFVEN_MACH], place_in(DMUMU_REFINE_MACHS, mach, mach_seed)),
        .beta = along(&axis[DMUMU_AXIS_BETA], place_in(1, 0, beta_seed)),
        .injection_scale_pc =
            along(&axis[DMUMU_AXIS_INJECTION_SCALE], place_in(DMUMU_REFINE_MEDIA, medium, scale_seed))};
}

/* Ascending in M_A. The order among equals does not matter: errors are counted in any order. */
static int by_mach(const void *a, const void *b)
{
    const struct dmumu_refine_task *one = a, *other = b;
    if (one->point.alfven_mach != other->point.alfven_mach)
        return one->point.alfven_mach < other->point.alfven_mach ? -1 : 1;
    return 0;
}

static size_t tasks_of(const struct dmumu_cube_axis axis[static DMUMU_N_AXES], int id, size_t sample, size_t *media)
{
    const size_t n = media_without(axis, id), cells = cells_of(axis, id);
    const size_t wanted = id == DMUMU_AXIS_RIGIDITY ? sample * DMUMU_REFINE_RIGIDITY_MEDIA : sample;
    *media = wanted > 0 && wanted < n ? wanted : n;
    return id == DMUMU_AXIS_RIGIDITY ? *media * (cells > 0) : *media * cells;
}

enum dmumu_status dmumu_refine_plan_new(const struct dmumu_cube_axis axis[static DMUMU_N_AXES], size_t sample,
                                        struct dmumu_refine_plan *plan, struct dmumu_error *error)
{
    size_t n = 0, media = 0;
    for (int id = DMUMU_AXIS_ALFVEN_MACH; id < DMUMU_N_AXES; id++)
        n += tasks_of(axis, id, sample, &media);
    n += DMUMU_REFINE_MACHS * DMUMU_REFINE_MEDIA;
    *plan = (struct dmumu_refine_plan){.task = calloc(n, sizeof *plan->task)};
    if (!plan->task)
        return out_of_memory(error);
    for (int id = DMUMU_AXIS_ALFVEN_MACH; id < DMUMU_N_AXES; id++) {
        const size_t tasks = tasks_of(axis, id, sample, &media);
        for (size_t i = 0; i < tasks; i++) {
            const size_t cell = i / media;
            const uint64_t seed = scramble(((uint64_t)id << 32) + cell);
            const size_t medium = drawn(media_without(axis, id), media, i % media, seed);
            plan->task[plan->n++] =
                (struct dmumu_refine_task){(enum dmumu_axis_id)id, cell, point_of(axis, id, cell, medium)};
        }
    }
    for (size_t i = 0; i < DMUMU_REFINE_MACHS * DMUMU_REFINE_MEDIA; i++)
        plan->task[plan->n++] = (struct dmumu_refine_task){DMUMU_REFINE_ANYWHERE, i, anywhere(axis, i)};
    qsort(plan->task, plan->n, sizeof *plan->task, by_mach);
    return DMUMU_OK;
}

void dmumu_refine_plan_free(struct dmumu_refine_plan *plan)
{
    free(plan->task);
    *plan = (struct dmumu_refine_plan){0};
}

/* ---- the errors -------------------------------------------------------------------------------------------------- */

enum dmumu_status dmumu_refine_errors_new(const struct dmumu_cube_axis axis[static DMUMU_N_AXES], double target,
                                          struct dmumu_refine_errors *errors, struct dmumu_error *error)
{
    *errors = (struct dmumu_refine_errors){.target = target};
    for (int id = 0; id < DMUMU_N_AXES; id++) {
        struct dmumu_refine_cells *cells = &errors->axis[id];
        cells->n = id == DMUMU_REFINE_ANYWHERE ? 1 : cells_of(axis, id);
        cells->worst = malloc((cells->n + 1) * sizeof *cells->worst);
        cells->points = calloc(cells->n + 1, sizeof *cells->points);
        cells->over = calloc(cells->n + 1, sizeof *cells->over);
        if (!cells->worst || !cells->points || !cells->over)
            return out_of_memory(error);
        for (size_t cell = 0; cell < cells->n; cell++)
            cells->worst[cell] = (double)NAN;
    }
    return DMUMU_OK;
}

void dmumu_refine_errors_free(struct dmumu_refine_errors *errors)
{
    for (int id = 0; id < DMUMU_N_AXES; id++) {
        free(errors->axis[id].worst);
        free(errors->axis[id].points);
        free(errors->axis[id].over);
    }
    *errors = (struct dmumu_refine_errors){0};
}

void dmumu_refine_errors_add(struct dmumu_refine_errors *errors, enum dmumu_axis_id axis, size_t cell,
                             double d_lookup_cm2_s, double d_kernel_cm2_s)
{
    struct dmumu_refine_cells *cells = &errors->axis[axis];
    double difference = fabs(log(d_lookup_cm2_s / d_kernel_cm2_s));
    if (axis == DMUMU_REFINE_ANYWHERE && !isnan(d_lookup_cm2_s) && isnan(d_kernel_cm2_s))
        difference = (double)INFINITY;
    if (isnan(difference)) {
        cells->skipped++;
        return;
    }
    cells->points[cell]++;
    cells->over[cell] += difference > errors->target;
    cells->worst[cell] = fmax(cells->worst[cell], difference);
}

static int ascending(const void *a, const void *b)
{
    const double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

enum dmumu_status dmumu_refine_summarise(const struct dmumu_refine_errors *errors, enum dmumu_axis_id axis,
                                         struct dmumu_refine_summary *summary, struct dmumu_error *error)
{
    const struct dmumu_refine_cells *cells = &errors->axis[axis];
    double *known = malloc((cells->n + 1) * sizeof *known);
    if (!known)
        return out_of_memory(error);
    *summary = (struct dmumu_refine_summary){.worst = (double)NAN, .median = (double)NAN};
    size_t n = 0;
    for (size_t cell = 0; cell < cells->n; cell++) {
        summary->points += cells->points[cell];
        summary->points_over += cells->over[cell];
        if (isnan(cells->worst[cell])) {
            summary->n_unknown++;
            continue;
        }
        known[n++] = cells->worst[cell];
        summary->n_over += cells->worst[cell] > errors->target;
        if (n == 1 || cells->worst[cell] > summary->worst) {
            summary->worst = cells->worst[cell];
            summary->worst_cell = cell;
        }
    }
    qsort(known, n, sizeof *known, ascending);
    if (n > 0)
        summary->median = (known[(n - 1) / 2] + known[n / 2]) / 2;
    free(known);
    return DMUMU_OK;
}
