/* dmumu refine: how far look-ups are from the kernel between a cube's nodes, and the input of the next, finer scan. */
#include "cmd_refine.h"

#include "cmd_output.h"
#include "cube/read.h"
#include "cube/refinement.h"
#include "scan/config.h"
#include "scan/refine.h"
#include "scan/refine_cuts.h"
#include "scan/refine_record.h"

#include <math.h>
#include <stdlib.h>

static const char COMMAND[] = "refine";

/* The cube, what it is made of, and what was found out. */
struct refining {
    const struct dmumu_refine_arguments *arguments;
    struct dmumu_cube_source *source;           /* owned */
    const struct dmumu_cube_source_info *about; /* of the source */
    struct dmumu_config config;                 /* owned: the cube's own, then the next one */
    struct dmumu_refine_errors errors;          /* owned */
    struct dmumu_refine_summary summary[DMUMU_N_AXES];
    enum dmumu_refine_verdict verdict;
    struct dmumu_grid next; /* owned; with DMUMU_REFINE_CUT */
    struct dmumu_refine_record record;
};

/* ---- the cube ---------------------------------------------------------------------------------------------------- */

/* Is the kernel of this program the one that the cube was made with? */
static enum dmumu_status check_physics(const struct refining *refining, struct dmumu_error *error)
{
    char *physics = dmumu_config_physics_text(&refining->config.model);
    if (!physics) {
        snprintf(error->message, sizeof error->message, "out of memory");
        return DMUMU_ERROR_MEMORY;
    }
    const enum dmumu_status status = dmumu_cube_source_has_physics(refining->source, physics, error);
    free(physics);
    return status;
}

static int open_source(struct refining *refining)
{
    struct dmumu_error error = {0};
    const char *path = refining->arguments->cube;
    enum dmumu_status done = dmumu_cube_probe(path, &error);
    if (done == DMUMU_OK)
        done = dmumu_cube_source_open(path, &refining->source, &error);
    if (done == DMUMU_OK) {
        refining->about = dmumu_cube_source_about(refining->source);
        done = dmumu_config_read_text(refining->about->configuration, path, true, &refining->config, &error);
    }
    if (done == DMUMU_OK)
        done = check_physics(refining, &error);
    if (done != DMUMU_OK)
        return dmumu_cmd_failed(COMMAND, "%s", error.message);
    if (refining->arguments->goal.tolerance < refining->config.model.tolerance)
        return dmumu_cmd_usage(COMMAND,
                               "--to: '%.60s' is below model.tolerance of %.200s, which is %g: its values have that "
                               "error, and no grid makes it smaller",
                               refining->arguments->to, path, refining->config.model.tolerance);
    return DMUMU_EXIT_OK;
}

static enum dmumu_status measure_with(struct refining *refining, const struct dmumu_cube *cube,
                                      struct dmumu_error *error)
{
    const struct dmumu_cube_axis *axis = dmumu_cube_about(cube)->axis;
    struct dmumu_refine_plan plan;
    enum dmumu_status done = dmumu_refine_plan_new(axis, refining->arguments->sample_size, &plan, error);
    if (done == DMUMU_OK)
        done = dmumu_refine_errors_new(axis, refining->arguments->goal.tolerance, &refining->errors, error);
    if (done == DMUMU_OK) {
        fprintf(stderr, "dmumu refine: %zu curves to compute between the nodes\n", plan.n);
        done = dmumu_refine_measure(cube, &refining->config.model, &plan, 0, plan.n, &refining->errors, error);
    }
    dmumu_refine_plan_free(&plan);
    for (int id = DMUMU_AXIS_ALFVEN_MACH; done == DMUMU_OK && id < DMUMU_N_AXES; id++)
        done = dmumu_refine_summarise(&refining->errors, (enum dmumu_axis_id)id, &refining->summary[id], error);
    if (done == DMUMU_OK)
        done = dmumu_refine_next(refining->about->axis, &refining->errors, &refining->arguments->goal, &refining->next,
                                 &refining->verdict, error);
    if (done == DMUMU_OK)
        done = dmumu_refine_record_new(refining->about, &refining->errors, refining->arguments->sample_size,
                                       &refining->arguments->goal, refining->verdict, 0, refining->arguments->command,
                                       &refining->record, error);
    return done;
}

static int measure(struct refining *refining)
{
    struct dmumu_error error = {0};
    struct dmumu_cube *cube = NULL;
    enum dmumu_status done = dmumu_cube_open(refining->arguments->cube, NULL, &cube, &error);
    if (done == DMUMU_OK)
        done = measure_with(refining, cube, &error);
    dmumu_cube_close(cube);
    return done == DMUMU_OK ? DMUMU_EXIT_OK : dmumu_cmd_failed(COMMAND, "%s", error.message);
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static void print_error(double error)
{
    if (isnan(error))
        printf(" %9s", "-");
    else
        printf(" %9.2e", error);
}

static void print_axis(const struct refining *refining, int id)
{
    const struct dmumu_refine_summary *summary = &refining->summary[id];
    const struct dmumu_refine_cells *cells = &refining->errors.axis[id];
    const double *values = refining->about->axis[id].values;
    char place[64] = "-";
    if (!isnan(summary->worst))
        snprintf(place, sizeof place, "%.4g..%.4g", values[summary->worst_cell], values[summary->worst_cell + 1]);
    printf("%-16s %6zu", dmumu_axis_name((enum dmumu_axis_id)id), cells->n);
    print_error(summary->worst);
    printf("  %-19s %6zu", place, summary->n_over);
    print_error(summary->median);
    printf(" %8zu %9llu %9llu %9llu\n", summary->n_unknown, (unsigned long long)summary->points,
           (unsigned long long)summary->points_over, (unsigned long long)cells->skipped);
}

static void print_table(const struct refining *refining)
{
    size_t cells = 0, over = 0, unknown = 0;
    dmumu_cmd_print(stdout, refining->arguments->cube);
    printf(": |ln D_lookup - ln D_kernel| in the middle of the cells; target %g\n",
           refining->arguments->goal.tolerance);
    printf("%-16s %6s %9s  %-19s %6s %9s %8s %9s %9s %9s\n", "axis", "cells", "worst", "in", "over", "median",
           "no value", "points", "over", "skipped");
    for (int id = DMUMU_AXIS_ALFVEN_MACH; id < DMUMU_N_AXES; id++) {
        print_axis(refining, id);
        cells += refining->errors.axis[id].n;
        over += refining->summary[id].n_over;
        unknown += refining->summary[id].n_unknown;
    }
    if (over > 0)
        printf("%zu of %zu cells are over the target\n", over, cells);
    else if (unknown == cells)
        printf("no cell has a value to compare\n");
    else if (unknown > 0)
        printf("all %zu cells that have values are within the target; %zu have none\n", cells - unknown, unknown);
    else
        printf("all %zu cells are within the target\n", cells);
    printf("%s\n%s\n", refining->record.lookups, refining->record.verdict);
}

/* ---- what is written --------------------------------------------------------------------------------------------- */

static int write_errors(const struct refining *refining)
{
    const struct dmumu_refine_arguments *arguments = refining->arguments;
    const struct dmumu_refinement *refinement = &refining->record.refinement;
    struct dmumu_error error = {0};
    enum dmumu_status done = DMUMU_OK;
    if (arguments->errors)
        done = dmumu_refinement_write(arguments->errors, arguments->overwrite, refinement, &error);
    else if (!arguments->keep)
        done = dmumu_refinement_store(arguments->cube, refinement, &error);
    return done == DMUMU_OK ? DMUMU_EXIT_OK : dmumu_cmd_failed(COMMAND, "%s", error.message);
}

static double values_of(const struct dmumu_grid *grid)
{
    double values = 1;
    for (int id = 0; id < DMUMU_N_AXES; id++)
        values *= (double)grid->axis[id].n;
    return values;
}

/* The configuration with the cube's own coordinates and new ones, for a single scan. */
static int make_next(struct refining *refining)
{
    struct dmumu_error error = {0};
    double old = 1;
    for (int id = 0; id < DMUMU_N_AXES; id++)
        old *= (double)refining->about->axis[id].n;
    dmumu_grid_free(&refining->config.grid);
    refining->config.grid = refining->next;
    refining->next = (struct dmumu_grid){0};
    refining->config.lookup = (struct dmumu_lookup_goal){0};
    const struct dmumu_grid *grid = &refining->config.grid;
    const struct dmumu_axis *axis = grid->axis;
    printf("next grid: %zu x %zu x %zu x %zu x %zu, %.0f values of which %.0f are new\n", axis[0].n, axis[1].n,
           axis[2].n, axis[3].n, axis[4].n, values_of(grid), values_of(grid) - old);
    return dmumu_config_renew_text(&refining->config, &error) == DMUMU_OK
               ? DMUMU_EXIT_OK
               : dmumu_cmd_failed(COMMAND, "%s", error.message);
}

static int write_next(struct refining *refining)
{
    const struct dmumu_refine_arguments *arguments = refining->arguments;
    struct dmumu_output output;
    int status = make_next(refining);
    if (status != DMUMU_EXIT_OK)
        return status;
    if (!arguments->output) {
        puts("-o NEXT.yaml writes its input");
        return DMUMU_EXIT_OK;
    }
    status = dmumu_output_open(COMMAND, arguments->output, arguments->overwrite, &output);
    if (status != DMUMU_EXIT_OK)
        return status;
    fputs("# From dmumu refine: dmumu scan THIS --reuse CUBE.h5 -o NEXT.h5 computes the new points alone.\n",
          output.file);
    fputs(refining->config.text, output.file);
    return dmumu_output_commit(COMMAND, &output);
}

static int answer(struct refining *refining)
{
    int status = open_source(refining);
    if (status != DMUMU_EXIT_OK || !refining->about)
        return status;
    status = measure(refining);
    if (status == DMUMU_EXIT_OK)
        status = write_errors(refining);
    if (status == DMUMU_EXIT_OK)
        print_table(refining);
    if (status == DMUMU_EXIT_OK && refining->verdict == DMUMU_REFINE_CUT)
        status = write_next(refining);
    return status == DMUMU_EXIT_OK ? dmumu_cmd_flush(COMMAND, status) : status;
}

int dmumu_cmd_refine(int argc, char **argv)
{
    struct dmumu_refine_arguments arguments = {0};
    struct refining refining = {.arguments = &arguments};
    int status = dmumu_refine_arguments_parse(argc, argv, &arguments);
    if (status == DMUMU_EXIT_OK)
        status = arguments.help ? dmumu_refine_help() : answer(&refining);
    dmumu_refine_record_free(&refining.record);
    dmumu_grid_free(&refining.next);
    dmumu_refine_errors_free(&refining.errors);
    dmumu_config_free(&refining.config);
    dmumu_cube_source_close(refining.source);
    free(arguments.command);
    return status;
}
