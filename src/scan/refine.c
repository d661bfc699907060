/* Refine: see refine.h. The curves are computed in refine_measure.c. */
#include "scan/refine.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>

static const double NARROWEST = 1e-6;

static enum dmumu_status out_of_memory(struct dmumu_error *error)
{
    return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the interpolation errors");
}

/* The value at `part` of `parts` steps from one node to the next. */
static double between(const struct dmumu_cube_axis *axis, size_t cell, size_t part, size_t parts)
{
    const double from = axis->values[cell], to = axis->values[cell + 1];
    const double share = (double)part / (double)parts;
    return axis->log_spaced ? from * pow(to / from, share) : from + (to - from) * share;
}

double dmumu_refine_middle(const struct dmumu_cube_axis *axis, size_t cell)
{
    return between(axis, cell, 1, 2);
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
    *media = sample > 0 && sample < n ? sample : n;
    return id == DMUMU_AXIS_RIGIDITY ? *media * (cells > 0) : *media * cells;
}

enum dmumu_status dmumu_refine_plan_new(const struct dmumu_cube_axis axis[static DMUMU_N_AXES], size_t sample,
                                        struct dmumu_refine_plan *plan, struct dmumu_error *error)
{
    size_t n = 0, media = 0;
    for (int id = DMUMU_AXIS_ALFVEN_MACH; id < DMUMU_N_AXES; id++)
        n += tasks_of(axis, id, sample, &media);
    *plan = (struct dmumu_refine_plan){.task = calloc(n + 1, sizeof *plan->task)};
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
        errors->n_cells[id] = cells_of(axis, id);
        errors->worst[id] = malloc((errors->n_cells[id] + 1) * sizeof *errors->worst[id]);
        if (!errors->worst[id])
            return out_of_memory(error);
        for (size_t cell = 0; cell < errors->n_cells[id]; cell++)
            errors->worst[id][cell] = (double)NAN;
    }
    return DMUMU_OK;
}

void dmumu_refine_errors_free(struct dmumu_refine_errors *errors)
{
    for (int id = 0; id < DMUMU_N_AXES; id++)
        free(errors->worst[id]);
    *errors = (struct dmumu_refine_errors){0};
}

void dmumu_refine_errors_add(struct dmumu_refine_errors *errors, enum dmumu_axis_id axis, size_t cell,
                             double d_lookup_cm2_s, double d_kernel_cm2_s)
{
    const double difference = fabs(log(d_lookup_cm2_s / d_kernel_cm2_s));
    if (!isfinite(difference)) {
        errors->n_skipped[axis]++;
        return;
    }
    errors->n_points[axis]++;
    errors->n_over[axis] += difference > errors->target;
    errors->worst[axis][cell] = fmax(errors->worst[axis][cell], difference);
}

static int ascending(const void *a, const void *b)
{
    const double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

enum dmumu_status dmumu_refine_summarise(const struct dmumu_refine_errors *errors, enum dmumu_axis_id axis,
                                         struct dmumu_refine_summary *summary, struct dmumu_error *error)
{
    const size_t cells = errors->n_cells[axis];
    const double *worst = errors->worst[axis];
    double *known = malloc((cells + 1) * sizeof *known);
    if (!known)
        return out_of_memory(error);
    *summary = (struct dmumu_refine_summary){.worst = (double)NAN, .median = (double)NAN};
    size_t n = 0;
    for (size_t cell = 0; cell < cells; cell++) {
        if (isnan(worst[cell])) {
            summary->n_unknown++;
            continue;
        }
        known[n++] = worst[cell];
        summary->n_over += worst[cell] > errors->target;
        if (n == 1 || worst[cell] > summary->worst) {
            summary->worst = worst[cell];
            summary->worst_cell = cell;
        }
    }
    qsort(known, n, sizeof *known, ascending);
    if (n > 0)
        summary->median = (known[(n - 1) / 2] + known[n / 2]) / 2;
    free(known);
    return DMUMU_OK;
}

/* ---- the new axes ------------------------------------------------------------------------------------------------ */

size_t dmumu_refine_parts(double error, double target)
{
    if (!(error > target))
        return 1;
    const double parts = ceil(cbrt(error / target));
    if (parts >= DMUMU_REFINE_MOST_PARTS)
        return DMUMU_REFINE_MOST_PARTS;
    return parts > 2 ? (size_t)parts : 2;
}

static size_t parts_of(const struct dmumu_cube_axis *axis, size_t cell, double error, double target)
{
    const size_t parts = dmumu_refine_parts(error, target);
    const double from = axis->values[cell], to = axis->values[cell + 1];
    return (to - from) / (double)parts < NARROWEST * fmax(fabs(from), fabs(to)) ? 1 : parts;
}

enum dmumu_status dmumu_refine_axis(const struct dmumu_cube_axis *axis, const double errors[], double target,
                                    struct dmumu_axis *finer, struct dmumu_error *error)
{
    size_t n = 1;
    for (size_t cell = 0; cell + 1 < axis->n; cell++)
        n += parts_of(axis, cell, errors[cell], target);
    *finer = (struct dmumu_axis){.values = malloc(n * sizeof *finer->values), .log_spaced = axis->log_spaced};
    if (!finer->values)
        return out_of_memory(error);
    for (size_t cell = 0; cell + 1 < axis->n; cell++) {
        const size_t parts = parts_of(axis, cell, errors[cell], target);
        finer->values[finer->n++] = axis->values[cell];
        for (size_t part = 1; part < parts; part++)
            finer->values[finer->n++] = between(axis, cell, part, parts);
    }
    finer->values[finer->n++] = axis->values[axis->n - 1];
    return DMUMU_OK;
}
