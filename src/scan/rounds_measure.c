/* Rounds, the measure: see rounds_measure.h. */
#include "scan/rounds_measure.h"

#include <math.h>

/* Collective. */
static void add_up(const struct dmumu_team *team, struct dmumu_refine_errors *errors)
{
    for (int id = 0; id < DMUMU_N_AXES; ++id) {
        struct dmumu_refine_cells *cells = &errors->axis[id];
        for (size_t cell = 0; cell < cells->n; ++cell)
            cells->worst[cell] = isnan(cells->worst[cell]) ? -1.0 : cells->worst[cell];
        dmumu_team_largest(team, cells->n, cells->worst);
        dmumu_team_sum(team, cells->n, cells->points);
        dmumu_team_sum(team, cells->n, cells->over);
        dmumu_team_sum(team, 1, &cells->skipped);
        for (size_t cell = 0; cell < cells->n; ++cell)
            cells->worst[cell] = cells->worst[cell] < 0.0 ? (double)NAN : cells->worst[cell];
    }
}

/* This rank's share of the curves: neighbours, since those of one M_A share tables. */
static enum dmumu_status measure_share(const struct dmumu_team *team, const struct dmumu_cube *cube,
                                       const struct dmumu_model *model, struct dmumu_refine_errors *errors,
                                       struct dmumu_error *error)
{
    const size_t size = (size_t)team->size, rank = (size_t)team->rank;
    struct dmumu_refine_plan plan;
    enum dmumu_status status = dmumu_refine_plan_new(dmumu_cube_about(cube)->axis, DMUMU_REFINE_SAMPLE, &plan, error);
    if (status == DMUMU_OK)
        status =
            dmumu_refine_measure(cube, model, &plan, plan.n * rank / size, plan.n * (rank + 1) / size, errors, error);
    dmumu_refine_plan_free(&plan);
    return status;
}

enum dmumu_status dmumu_rounds_measure(const struct dmumu_team *team, const char *path, const struct dmumu_model *model,
                                       double tolerance, struct dmumu_refine_errors *errors, struct dmumu_error *error)
{
    struct dmumu_cube *cube = NULL;
    *errors = (struct dmumu_refine_errors){0};
    enum dmumu_status status = dmumu_cube_open(path, NULL, &cube, error);
    if (status == DMUMU_OK)
        status = dmumu_refine_errors_new(dmumu_cube_about(cube)->axis, tolerance, errors, error);
    if (status == DMUMU_OK)
        status = measure_share(team, cube, model, errors, error);
    dmumu_cube_close(cube);
    status = dmumu_team_agree(team, status, error);
    if (status == DMUMU_OK)
        add_up(team, errors);
    return status;
}
