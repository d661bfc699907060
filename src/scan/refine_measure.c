/* Refine, the work: curves of a plan by the kernel, beside look-ups. One set of tables per M_A, threads over its curves. */
#include "scan/refine.h"

#include "core/error.h"

#include <stdlib.h>

/* What all threads share. */
struct work {
    const struct dmumu_cube *cube;
    const struct dmumu_cube_axis *rigidity;
    const double *between_gv; /* [n - 1] owned: the middles of the cells of rigidity */
    const struct dmumu_refine_task *task;
    struct dmumu_refine_errors *errors;
};

/* What a thread has of its own; arrays of as many values as any curve has. */
struct bench {
    struct dmumu_workspace *workspace;
    double *values; /* owned: all that follow but quality */
    double drawn_gv[DMUMU_REFINE_RIGIDITIES];
    double *d_lookup_cm2_s;
    struct dmumu_curve curve;
};

static void bench_free(struct bench *bench)
{
    dmumu_workspace_free(bench->workspace);
    free(bench->values);
    free(bench->curve.quality);
}

static enum dmumu_status bench_new(size_t n, struct bench *bench, struct dmumu_error *error)
{
    double *values = calloc(n, 4 * sizeof *values);
    uint8_t *quality = calloc(n, sizeof *quality);
    *bench = (struct bench){.values = values, .curve.quality = quality};
    if (!values || !quality)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for a curve");
    bench->d_lookup_cm2_s = values;
    bench->curve.d_cm2_s = values + n;
    bench->curve.rel_error = values + 2 * n;
    bench->curve.mu_star = values + 3 * n;
    return dmumu_workspace_new(&bench->workspace, error);
}

/* The rigidities of a curve; returns their number. */
static size_t rigidities_of(const struct work *work, const struct dmumu_refine_task *task, struct bench *bench,
                            const double **rigidity_gv)
{
    if (task->axis == DMUMU_REFINE_ANYWHERE) {
        dmumu_refine_rigidities(work->rigidity, task->cell, bench->drawn_gv);
        *rigidity_gv = bench->drawn_gv;
        return DMUMU_REFINE_RIGIDITIES;
    }
    const bool between = task->axis == DMUMU_AXIS_RIGIDITY;
    *rigidity_gv = between ? work->between_gv : work->rigidity->values;
    return between ? work->rigidity->n - 1 : work->rigidity->n;
}

/* The cell that value i of a curve is in. */
static size_t cell_of(const struct dmumu_refine_task *task, size_t i)
{
    switch (task->axis) {
    case DMUMU_REFINE_ANYWHERE:
        return 0;
    case DMUMU_AXIS_RIGIDITY:
        return i;
    default:
        return task->cell;
    }
}

static enum dmumu_status compare(const struct work *work, const struct dmumu_refine_task *task,
                                 struct dmumu_tables *tables, struct bench *bench, struct dmumu_error *error)
{
    const double *rigidity_gv = NULL;
    const size_t n = rigidities_of(work, task, bench, &rigidity_gv);
    enum dmumu_status status =
        dmumu_curve_compute(tables, &task->point, n, rigidity_gv, &bench->curve, bench->workspace, error);
    if (status == DMUMU_OK)
        status = dmumu_cube_eval(work->cube, &task->point, n, rigidity_gv, bench->d_lookup_cm2_s, error);
    if (status != DMUMU_OK)
        return status;
#pragma omp critical
    for (size_t i = 0; i < n; i++)
        dmumu_refine_errors_add(work->errors, task->axis, cell_of(task, i), bench->d_lookup_cm2_s[i],
                                bench->curve.d_cm2_s[i]);
    return DMUMU_OK;
}

/* Tasks first .. end - 1, all of one M_A. */
static enum dmumu_status compare_mach(const struct work *work, size_t first, size_t end, struct dmumu_tables *tables,
                                      struct dmumu_error *error)
{
    enum dmumu_status worst = DMUMU_OK;
#pragma omp parallel default(none) shared(work, first, end, tables, error, worst)
    {
        struct bench bench;
        struct dmumu_error mine = {.status = DMUMU_OK};
        enum dmumu_status status = bench_new(work->rigidity->n + DMUMU_REFINE_RIGIDITIES, &bench, &mine);
#pragma omp for schedule(dynamic, 1)
        for (size_t i = first; i < end; i++)
            if (status == DMUMU_OK)
                status = compare(work, &work->task[i], tables, &bench, &mine);
        bench_free(&bench);
#pragma omp critical
        if (status != DMUMU_OK) {
            worst = status;
            if (error)
                *error = mine;
        }
    }
    return worst;
}

enum dmumu_status dmumu_refine_measure(const struct dmumu_cube *cube, const struct dmumu_model *model,
                                       const struct dmumu_refine_plan *plan, size_t first, size_t end,
                                       struct dmumu_refine_errors *errors, struct dmumu_error *error)
{
    const struct dmumu_cube_axis *rigidity = &dmumu_cube_about(cube)->axis[DMUMU_AXIS_RIGIDITY];
    double *between_gv = malloc(rigidity->n * sizeof *between_gv);
    if (!between_gv)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for rigidities");
    for (size_t cell = 0; cell + 1 < rigidity->n; cell++)
        between_gv[cell] = dmumu_refine_middle(rigidity, cell);
    const struct work work = {cube, rigidity, between_gv, plan->task, errors};
    enum dmumu_status status = DMUMU_OK;
    for (size_t next = first; status == DMUMU_OK && first < end; first = next) {
        const double mach = plan->task[first].point.alfven_mach;
        while (next < end && plan->task[next].point.alfven_mach == mach)
            next++;
        struct dmumu_tables *tables = NULL;
        status = dmumu_tables_new(model, mach, &tables, error);
        if (status == DMUMU_OK)
            status = compare_mach(&work, first, next, tables, error);
        dmumu_tables_free(tables);
    }
    free(between_gv);
    return status;
}
